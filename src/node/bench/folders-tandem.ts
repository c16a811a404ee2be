// Tandem's half of the folder benchmark: a Linux guest with an empty folder in memory. Prints a line of JSON for each line of the
// guest's serial port.
//
// usage: node --import tsx folders-tandem.ts SCRIPT virtiofs|tandemd auto|never

import { readFileSync } from "node:fs";
import { recogniseKernel } from "../../worker/boot/image";
import { Machine } from "../../worker/machine";
import { MemoryRoot } from "../../worker/services/shared-folders/memory-root";
import { coreModule } from "../core-module";
import { FOLDER_GUEST, FolderMeter } from "./folders-meter";

const [, , script = "", way = "", cache = ""] = process.argv;
const MOUNTS: Readonly<Record<string, string>> = {
  virtiofs: "modprobe virtio_pci; modprobe virtiofs; mount -t virtiofs share /mnt; cd /mnt",
  tandemd: "folders; cd /host/share",
};

const { memory, kernel, initrd, append } = FOLDER_GUEST;
const root = new MemoryRoot();
root.put(["bench.sh"], readFileSync(script));
const image = await recogniseKernel(readFileSync(kernel));
const meter = new FolderMeter(
  MOUNTS[way] ?? "",
  (text: string) => machine.serialInput(new TextEncoder().encode(text)),
  () => machine.stats().instructions,
);
const machine: Machine = new Machine(
  {
    module: coreModule(),
    memory,
    drives: {},
    append,
    onTripleFault: "stop",
    modules: [],
    initrd: readFileSync(initrd),
    ...(image && { kernel: image }),
  },
  (event) => {
    if (event.type === "serial") meter.take(event.bytes);
  },
);
machine.folders.attach(root, { name: "share", cache: cache === "never" ? "never" : "auto" });
machine.start();

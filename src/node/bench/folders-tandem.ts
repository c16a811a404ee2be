// Tandem's half of the folder benchmark: a Linux guest with an empty folder in memory. Prints a line of JSON for each line of the
// guest's serial port.
//
// usage: node --import tsx folders-tandem.ts SCRIPT

import { readFileSync } from "node:fs";
import { recogniseKernel } from "../../worker/boot/image";
import { Machine } from "../../worker/machine";
import { MemoryRoot } from "../../worker/services/shared-folders/memory-root";
import { coreModule } from "../core-module";
import { FOLDER_GUEST, FolderMeter } from "./folders-meter";

const { memory, kernel, initrd, append } = FOLDER_GUEST;
const root = new MemoryRoot();
root.put(["bench.sh"], readFileSync(process.argv[2] ?? ""));
const image = await recogniseKernel(readFileSync(kernel));
const meter = new FolderMeter(
  "folders; cd /host/share",
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
machine.folders.attach(root, { name: "share" });
machine.start();

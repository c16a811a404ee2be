// v86's half of the folder benchmark: the same Linux guest, and v86's own file system in memory over virtio-9p.
//
// usage: node --import tsx folders-v86.ts SCRIPT [OPTIONS-OF-MOUNT]

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { V86 } from "v86";
import { FOLDER_GUEST, FolderMeter } from "./folders-meter";

const [, , script = "", options] = process.argv;
const MOUNT_OPTIONS = `trans=virtio,version=9p2000.L${options ? `,${options}` : ""}`;
const MOUNT = `modprobe virtio_pci; modprobe 9pnet_virtio; mkdir /host; mount -t 9p -o ${MOUNT_OPTIONS} host9p /host && cd /host`;

function file(path: string): { buffer: ArrayBuffer } {
  return { buffer: new Uint8Array(readFileSync(path)).buffer };
}

const emulator = new V86({
  wasm_path: fileURLToPath(import.meta.resolve("v86/build/v86.wasm")),
  memory_size: FOLDER_GUEST.memory << 20,
  vga_memory_size: 8 << 20,
  autostart: true,
  disable_speaker: true,
  bios: file(".cache/firmware/bios-256k.bin"),
  vga_bios: file(".cache/firmware/vgabios-stdvga.bin"),
  bzimage: file(FOLDER_GUEST.kernel),
  initrd: file(FOLDER_GUEST.initrd),
  cmdline: FOLDER_GUEST.append,
  filesystem: {},
});
emulator.add_listener("emulator-ready", () => {
  void emulator.create_file("bench.sh", new Uint8Array(readFileSync(script)));
});
const meter = new FolderMeter(MOUNT, (text) => emulator.serial0_send(text));
emulator.add_listener("serial0-output-byte", (byte: number) => meter.take([byte]));

// Runs one image on v86 in Node and copies its serial port to stdout: the other half of bench.ts.
//
// usage: node v86-runner.mjs {"jit":true,"memory":128,"multiboot":F | "kernel":F,"initrd":F,"append":S,"bios":F,"vgaBios":F}

import { readFileSync } from "node:fs";
import { V86 } from "v86";

const options = JSON.parse(process.argv[2]);

function file(path) {
  const bytes = readFileSync(path);
  return { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) };
}

const settings = {
  wasm_path: new URL(import.meta.resolve("v86/build/v86.wasm")).pathname,
  memory_size: options.memory << 20,
  vga_memory_size: 8 << 20,
  autostart: true,
  disable_jit: !options.jit,
  disable_speaker: true,
  net_device: { type: "none" },
};
if (options.bios) settings.bios = file(options.bios);
if (options.vgaBios) settings.vga_bios = file(options.vgaBios);
if (options.multiboot) settings.multiboot = file(options.multiboot);
if (options.kernel) settings.bzimage = file(options.kernel);
if (options.initrd) settings.initrd = file(options.initrd);
if (options.append) settings.cmdline = options.append;

const emulator = new V86(settings);
emulator.add_listener("serial0-output-byte", (byte) => process.stdout.write(Buffer.from([byte])));

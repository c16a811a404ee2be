// Linux/x86 boot protocol with a BIOS: for kernels that can only be started through their real-mode code (old
// kernels, before version 2.05; iPXE). SeaBIOS finds an option ROM that boots: it copies the real-mode code into place and jumps there.

import type { Core } from "../core";
import { TandemError } from "../../shared/errors";
import { GuestMemory, MIB } from "./guest-memory";
import { initrdAddress, parseLinux, prepareHeader } from "./linux";

/** The ROM's name in fw_cfg; the boot order names it. */
export const BOOT_ROM_FILE = "genroms/tandem-linux.rom";
export const BOOT_ORDER = `/rom@${BOOT_ROM_FILE}\n\0`;

const REAL_MODE_ADDRESS = 0x1_0000;
/** Real-mode code, heap and stack up to COMMAND_LINE_OFFSET, then the command line. */
const REAL_MODE_SIZE = 0xf000;
const COMMAND_LINE_OFFSET = 0xe000;
const HEAP_END = COMMAND_LINE_OFFSET - 0x400; // the rest is stack
const COMMAND_LINE_MAX = REAL_MODE_SIZE - COMMAND_LINE_OFFSET - 1;

const ROM_SIZE = 512;
const ROM_PNP_POINTER = 0x1a;
const ROM_PNP = 0x20;
const ROM_PRODUCT = 0x48;
const ROM_DESCRIPTORS = 0x60; // repeated in the code below
const ROM_BOOT = 0x90;
const PNP_SIZE = 0x20;
const DESCRIPTOR_WRITABLE = 0x93;

/** `cld`; the table for BIOS function 15h/87h goes to 0:7C00h, since the BIOS writes to it; then the copy and the jump. */
const BOOT_CODE = [
  ...[0xfc, 0x31, 0xc0, 0x8e, 0xc0, 0xbf, 0x00, 0x7c], // es:di = 0:7C00h
  ...[0x0e, 0x1f, 0xbe, ROM_DESCRIPTORS, 0x00, 0xb9, 0x18, 0x00, 0xf3, 0xa5], // 24 words from cs
  ...[0xbe, 0x00, 0x7c, 0xb9, 0x00, REAL_MODE_SIZE >> 9, 0xb4, 0x87, 0xcd, 0x15], // cx: words
  ...[0xfa, 0xb8, 0x00, 0x10, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xe0, 0x8e, 0xe8, 0x8e, 0xd0],
  ...[0xbc, 0x00, 0xe0, 0xea, 0x00, 0x00, 0x20, 0x10], // sp = E000h, jmp 1020h:0
];

/** Puts everything into memory; returns the ROM that goes on from there when the BIOS boots from it. */
export function loadLinuxRealMode(
  core: Core,
  file: Uint8Array,
  initrd: Uint8Array | undefined,
  commandLine: string,
): Uint8Array {
  const image = parseLinux(file);
  if (image.setup.length > HEAP_END)
    throw new TandemError("kernel-bad", "The kernel's real-mode code is too long.");
  if (commandLine.length > COMMAND_LINE_MAX)
    throw new TandemError("bad-config", `"append" is longer than ${COMMAND_LINE_MAX} characters.`);
  const memory = new GuestMemory(core);
  memory.write(MIB, image.kernel);
  const store = alignUp(MIB + image.kernel.length, MIB);
  memory.view(store, REAL_MODE_SIZE).fill(0);
  memory.write(store, image.setup);
  memory.writeText(store + COMMAND_LINE_OFFSET, commandLine);

  const header = memory.dataView(store, REAL_MODE_SIZE);
  let ramDisk = { address: 0, length: 0 };
  if (initrd) {
    // The BIOS keeps the last of the RAM for itself.
    const address = initrdAddress(image, initrd.length, memory.size - MIB);
    memory.write(address, initrd);
    ramDisk = { address, length: initrd.length };
  }
  prepareHeader(header, REAL_MODE_ADDRESS + COMMAND_LINE_OFFSET, HEAP_END, ramDisk);
  return bootRom(store);
}

function bootRom(source: number): Uint8Array {
  const rom = new Uint8Array(ROM_SIZE);
  const view = new DataView(rom.buffer);
  view.setUint16(0, 0xaa55, true);
  rom[2] = ROM_SIZE / 512;
  rom[3] = 0xcb; // initialisation: retf
  view.setUint16(ROM_PNP_POINTER, ROM_PNP, true);

  rom.set(text("$PnP"), ROM_PNP);
  rom[ROM_PNP + 4] = 1; // revision
  rom[ROM_PNP + 5] = PNP_SIZE / 16;
  view.setUint16(ROM_PNP + 0x10, ROM_PRODUCT, true);
  view.setUint16(ROM_PNP + 0x1a, ROM_BOOT, true); // bootstrap entry
  rom[ROM_PNP + 9] = checksum(rom.subarray(ROM_PNP, ROM_PNP + PNP_SIZE));
  rom.set(text("Tandem Linux loader"), ROM_PRODUCT);

  const descriptor = (index: number, base: number): void => {
    const at = ROM_DESCRIPTORS + index * 8;
    view.setUint16(at, 0xffff, true);
    view.setUint16(at + 2, base & 0xffff, true);
    rom[at + 4] = base >>> 16;
    rom[at + 5] = DESCRIPTOR_WRITABLE;
    rom[at + 7] = base >>> 24;
  };
  descriptor(2, source);
  descriptor(3, REAL_MODE_ADDRESS);
  rom.set(BOOT_CODE, ROM_BOOT);
  rom[ROM_SIZE - 1] = checksum(rom);
  return rom;
}

function checksum(bytes: Uint8Array): number {
  return -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
}

function text(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

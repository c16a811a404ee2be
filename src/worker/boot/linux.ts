// Linux/x86 boot protocol (Documentation/arch/x86/boot.rst): a bzImage started at its 32-bit entry, without firmware.
//
// Not implemented: zImage (a kernel below 640 KiB), EFI hand-over.

import type { Core } from "../core";
import { TandemError } from "../../shared/errors";
import { enterProtectedMode, FLAT_GDT } from "./entry";
import { type LinearFramebuffer, videoModeOf, type VideoModeSetter } from "./video-mode";
import { GuestMemory, memoryMap, MIB } from "./guest-memory";

// Setup header, offsets in the image and in the zero page alike.
const SETUP_SECTS = 0x1f1;
const VIDEO_MODE = 0x1fa;
const BOOT_FLAG = 0x1fe;
const JUMP_LENGTH = 0x201;
const MAGIC = 0x202;
const VERSION = 0x206;
const TYPE_OF_LOADER = 0x210;
const LOADFLAGS = 0x211;
const CODE32_START = 0x214;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const HEAP_END_POINTER = 0x224;
const COMMAND_LINE_POINTER = 0x228;
const INITRD_ADDRESS_MAX = 0x22c;
const COMMAND_LINE_SIZE = 0x238;
const SETUP_DATA = 0x250;
const INIT_SIZE = 0x260;

const BOOT_FLAG_VALUE = 0xaa55;
const MAGIC_VALUE = 0x5372_6448; // "HdrS"
const LOADED_HIGH = 0x01;
const CAN_USE_HEAP = 0x80;
const LOADER_UNDEFINED = 0xff;
const VIDEO_NORMAL = 0xffff;

// The rest of the zero page.
const SCREEN_MODE = 0x06;
const SCREEN_COLUMNS = 0x07;
const SCREEN_LINES = 0x0e;
const SCREEN_IS_VGA = 0x0f;
const SCREEN_POINTS = 0x10;
const SCREEN_LINEAR = 0x23; // for SCREEN_IS_VGA
const SCREEN_WIDTH = 0x12;
const SCREEN_HEIGHT = 0x14;
const SCREEN_DEPTH = 0x16;
const SCREEN_ADDRESS = 0x18;
const SCREEN_MEMORY = 0x1c; // in units of 64 KiB
const SCREEN_PITCH = 0x24;
const SCREEN_COLORS = 0x26; // size and position of red, green, blue
const SCREEN_PAGES = 0x32;
const COLORS_565 = [5, 11, 6, 5, 5, 0];
const COLORS_888 = [8, 16, 8, 8, 8, 0];
/** wasm/layout.ts: VRAM_SIZE. */
const VIDEO_MEMORY = 0x100_0000;
const SCREEN_EXTENDED_MEMORY = 0x02;
const ALTERNATIVE_MEMORY = 0x1e0;
const E820_ENTRIES = 0x1e8;
const E820_TABLE = 0x2d0;
const E820_ENTRY_SIZE = 20;

const SECTOR = 512;
/** Since this version the kernel has a 32-bit entry that every loader may use (2.05: relocatable kernels, Linux 2.6.20). */
const VERSION_32_BIT_ENTRY = 0x0205;
const VERSION_INITRD_MAX = 0x0203;
const VERSION_COMMAND_LINE_SIZE = 0x0206;
const VERSION_SETUP_DATA = 0x0209;
const VERSION_INIT_SIZE = 0x020a;

const HEAP_END = 0xe000;
const KERNEL_ADDRESS = MIB;
const GDT_ADDRESS = 0x1000;
const STACK_ADDRESS = 0x1_0000;
const ZERO_PAGE = 0x1_0000;
const ZERO_PAGE_SIZE = 4096;
const COMMAND_LINE_ADDRESS = 0x2_0000;
const SEED_ADDRESS = 0x2_2000;

// A node of the list that begins at SETUP_DATA: the next one's address (8 bytes, 0), type, length, data.
const NODE_TYPE = 8;
const NODE_LENGTH = 12;
const NODE_DATA = 16;
const NODE_RNG_SEED = 9;
/** As many bytes as the kernel's generator is seeded with. */
const SEED_SIZE = 32;

/** Whether an image is a Linux kernel: the boot sector's mark and the header's. */
export function isLinuxKernel(image: Uint8Array): boolean {
  if (image.length < 0x260) return false;
  const view = viewOf(image);
  return (
    view.getUint16(BOOT_FLAG, true) === BOOT_FLAG_VALUE &&
    view.getUint32(MAGIC, true) === MAGIC_VALUE
  );
}

export interface LinuxImage {
  view: DataView;
  version: number;
  /** The boot sector and the real-mode code. */
  setup: Uint8Array;
  /** What goes to 1 MiB. */
  kernel: Uint8Array;
  /** Can be started without its real-mode code. */
  has32BitEntry: boolean;
}

/** @throws TandemError kernel-bad, image-truncated */
export function parseLinux(image: Uint8Array): LinuxImage {
  if (!isLinuxKernel(image))
    throw new TandemError("kernel-bad", "The kernel is neither a Linux bzImage nor multiboot.");
  const view = viewOf(image);
  const version = view.getUint16(VERSION, true);
  if (!(view.getUint8(LOADFLAGS) & LOADED_HIGH))
    throw new TandemError(
      "kernel-bad",
      "The kernel is an old zImage, which loads below 640 KiB; only bzImages can be started.",
    );
  const setupBytes = (1 + (view.getUint8(SETUP_SECTS) || 4)) * SECTOR;
  if (image.length <= setupBytes)
    throw new TandemError(
      "image-truncated",
      `The kernel ends after ${image.length} bytes, within its set-up code: it is not complete.`,
    );
  return {
    view,
    version,
    setup: image.subarray(0, setupBytes),
    kernel: image.subarray(setupBytes),
    // iPXE says 2.07, but has only real-mode code.
    has32BitEntry: version >= VERSION_32_BIT_ENTRY && view.getUint32(CODE32_START, true) !== 0,
  };
}

/** Where the RAM disk goes: as high as the kernel reads it, on a page of its own. */
export function initrdAddress(image: LinuxImage, length: number, ramBytes: number): number {
  const highest =
    image.version >= VERSION_INITRD_MAX
      ? image.view.getUint32(INITRD_ADDRESS_MAX, true)
      : 0x37ff_ffff;
  const address = (Math.min(highest + 1, ramBytes) - length) & ~0xfff;
  const kernelEnd =
    KERNEL_ADDRESS +
    Math.max(
      image.kernel.length,
      image.version >= VERSION_INIT_SIZE ? image.view.getUint32(INIT_SIZE, true) : 0,
    );
  if (address < kernelEnd) {
    const needed = Math.ceil((kernelEnd + length) / MIB);
    throw new TandemError(
      "image-too-large",
      `The kernel and its RAM disk need at least ${needed} MiB of memory, but the machine has ${ramBytes / MIB}.`,
    );
  }
  return address;
}

/** Puts kernel, RAM disk and command line into memory and points the CPU at the kernel. */
export function loadLinux(
  core: Core,
  file: Uint8Array,
  initrd: Uint8Array | undefined,
  commandLine: string,
  setVideoMode: VideoModeSetter,
): void {
  const image = parseLinux(file);
  if (!image.has32BitEntry)
    throw new TandemError(
      "firmware-missing",
      "This kernel is started through its real-mode code, which needs a BIOS: set firmware.",
    );
  const memory = new GuestMemory(core);
  memory.write(KERNEL_ADDRESS, image.kernel);
  memory.write(GDT_ADDRESS, FLAT_GDT);

  const limit =
    image.version >= VERSION_COMMAND_LINE_SIZE
      ? image.view.getUint32(COMMAND_LINE_SIZE, true)
      : 255;
  if (commandLine.length > limit)
    throw new TandemError(
      "bad-config",
      `"append" has ${commandLine.length} characters; this kernel takes ${limit}.`,
    );
  memory.writeText(COMMAND_LINE_ADDRESS, commandLine);

  const page = memory.dataView(ZERO_PAGE, ZERO_PAGE_SIZE);
  memory.view(ZERO_PAGE, ZERO_PAGE_SIZE).fill(0);
  const headerEnd = MAGIC + image.view.getUint8(JUMP_LENGTH);
  memory.write(ZERO_PAGE + SETUP_SECTS, image.setup.subarray(SETUP_SECTS, headerEnd));

  let ramDisk = { address: 0, length: 0 };
  if (initrd) {
    const address = initrdAddress(image, initrd.length, memory.size);
    memory.write(address, initrd);
    ramDisk = { address, length: initrd.length };
  }
  prepareHeader(page, COMMAND_LINE_ADDRESS, HEAP_END, ramDisk);
  if (image.version >= VERSION_SETUP_DATA) giveSeed(memory, page);
  const wanted = videoModeOf(commandLine);
  const picture = wanted && setVideoMode(wanted.width, wanted.height, wanted.depth);
  if (picture) setPicture(page, picture);
  else setScreen(page);
  setMemoryMap(page, memory.size);
  enterProtectedMode(core, KERNEL_ADDRESS, GDT_ADDRESS, { esi: ZERO_PAGE, esp: STACK_ADDRESS });
}

/** What a loader writes into the setup header. */
export function prepareHeader(
  header: DataView,
  commandLine: number,
  heapEnd: number,
  ramDisk: { address: number; length: number },
): void {
  header.setUint8(TYPE_OF_LOADER, LOADER_UNDEFINED);
  header.setUint8(LOADFLAGS, header.getUint8(LOADFLAGS) | CAN_USE_HEAP);
  header.setUint16(HEAP_END_POINTER, heapEnd - SECTOR, true); // counted from the end of the boot sector
  header.setUint16(VIDEO_MODE, VIDEO_NORMAL, true);
  header.setUint32(COMMAND_LINE_POINTER, commandLine, true);
  header.setUint32(RAMDISK_IMAGE, ramDisk.address, true);
  header.setUint32(RAMDISK_SIZE, ramDisk.length, true);
}

/**
 * Random numbers of the host's: a kernel alone in a machine without noise waits half a minute until it has some of its own, and with
 * it each program that wants them (an X server for its cookies).
 */
function giveSeed(memory: GuestMemory, page: DataView): void {
  const node = memory.dataView(SEED_ADDRESS, NODE_DATA + SEED_SIZE);
  node.setBigUint64(0, 0n, true);
  node.setUint32(NODE_TYPE, NODE_RNG_SEED, true);
  node.setUint32(NODE_LENGTH, SEED_SIZE, true);
  const seed = crypto.getRandomValues(new Uint8Array(SEED_SIZE));
  memory.write(SEED_ADDRESS + NODE_DATA, seed);
  page.setBigUint64(SETUP_DATA, BigInt(SEED_ADDRESS), true);
}

/** The colour text screen of 80 by 25 that the VGA starts with. */
function setScreen(page: DataView): void {
  page.setUint8(SCREEN_MODE, 3);
  page.setUint8(SCREEN_COLUMNS, 80);
  page.setUint8(SCREEN_LINES, 25);
  page.setUint8(SCREEN_IS_VGA, 1);
  page.setUint16(SCREEN_POINTS, 16, true);
}

/** For the kernel's vesafb. */
function setPicture(page: DataView, picture: LinearFramebuffer): void {
  page.setUint8(SCREEN_IS_VGA, SCREEN_LINEAR);
  page.setUint16(SCREEN_WIDTH, picture.width, true);
  page.setUint16(SCREEN_HEIGHT, picture.height, true);
  page.setUint16(SCREEN_DEPTH, picture.depth, true);
  page.setUint32(SCREEN_ADDRESS, picture.address, true);
  page.setUint32(SCREEN_MEMORY, VIDEO_MEMORY >>> 16, true);
  page.setUint16(SCREEN_PITCH, picture.pitch, true);
  page.setUint16(SCREEN_PAGES, 1, true);
  if (picture.depth === 8) return; // a palette
  const colors = picture.depth === 16 ? COLORS_565 : COLORS_888;
  colors.forEach((value, index) => page.setUint8(SCREEN_COLORS + index, value));
}

function setMemoryMap(page: DataView, ramBytes: number): void {
  const extendedKib = (ramBytes - MIB) / 1024;
  page.setUint16(SCREEN_EXTENDED_MEMORY, Math.min(extendedKib, 0xffff), true);
  page.setUint32(ALTERNATIVE_MEMORY, extendedKib, true);
  const ranges = memoryMap(ramBytes);
  page.setUint8(E820_ENTRIES, ranges.length);
  ranges.forEach((range, index) => {
    const entry = E820_TABLE + index * E820_ENTRY_SIZE;
    page.setBigUint64(entry, BigInt(range.start), true);
    page.setBigUint64(entry + 8, BigInt(range.length), true);
    page.setUint32(entry + 16, range.type, true);
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

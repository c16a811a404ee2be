// Multiboot specification 0.6.96: an ELF32 kernel, or one with load addresses in its header, started without firmware.
//
// Not implemented: the symbol table, drives, the ROM configuration table, APM.

import type { Core } from "../core";
import { TandemError } from "../../shared/errors";
import { enterProtectedMode, FLAT_GDT } from "./entry";
import type { LinearFramebuffer, VideoModeSetter } from "./video-mode";
import { GuestMemory, LOW_MEMORY_END, memoryMap, MIB } from "./guest-memory";

const HEADER_MAGIC = 0x1bad_b002;
const LOADER_MAGIC = 0x2bad_b002;
const HEADER_SEARCH = 8192;

const HEADER_VIDEO = 1 << 2;
/** Bits 0-15 must be understood by the loader. */
const HEADER_MUST_UNDERSTAND = 0xffff & ~0x7;
const HEADER_ADDRESSES = 1 << 16;

const INFO_MEMORY = 1 << 0;
const INFO_COMMAND_LINE = 1 << 2;
const INFO_MODULES = 1 << 3;
const INFO_MEMORY_MAP = 1 << 6;
const INFO_LOADER_NAME = 1 << 9;
const INFO_FRAMEBUFFER = 1 << 12;

const FRAMEBUFFER_RGB = 1;
const FRAMEBUFFER_TEXT = 2;

const INFO_SIZE = 116;
const GDT_ADDRESS = 0x1000;
const INFO_ADDRESS = 0x2000;
const TEXT_ADDRESS = 0x3000;
const TEXT_END = 0x8_0000;
const STACK_ADDRESS = 0x9_0000;
const PAGE = 4096;

/** A file that goes into memory as it is, with the text that the kernel sees beside it. */
export interface BootModule {
  bytes: Uint8Array;
  commandLine: string;
}

interface Header {
  offset: number;
  flags: number;
}

/** @returns where the header is, or undefined when this is no multiboot image */
export function findMultibootHeader(image: Uint8Array): Header | undefined {
  const view = viewOf(image);
  const end = Math.min(image.length, HEADER_SEARCH) - 12;
  for (let offset = 0; offset <= end; offset += 4) {
    if (view.getUint32(offset, true) !== HEADER_MAGIC) continue;
    const flags = view.getUint32(offset + 4, true);
    const checksum = view.getUint32(offset + 8, true);
    if (((HEADER_MAGIC + flags + checksum) & 0xffff_ffff) === 0) return { offset, flags };
  }
  return undefined;
}

/** Puts the kernel and its modules into memory and points the CPU at the kernel. */
export function loadMultiboot(
  core: Core,
  image: Uint8Array,
  modules: BootModule[],
  commandLine: string,
  setVideoMode: VideoModeSetter,
): void {
  const header = findMultibootHeader(image);
  if (!header) throw new TandemError("kernel-bad", "The kernel has no multiboot header.");
  if (header.flags & HEADER_MUST_UNDERSTAND)
    throw new TandemError(
      "kernel-bad",
      `The kernel asks its loader for something unknown (multiboot flags ${header.flags.toString(16)}).`,
    );
  const memory = new GuestMemory(core);
  const loaded =
    header.flags & HEADER_ADDRESSES
      ? loadByAddresses(memory, image, header)
      : loadElf(memory, image);

  memory.write(GDT_ADDRESS, FLAT_GDT);
  let text = TEXT_ADDRESS;
  const place = (value: string): number => {
    const address = text;
    if (address + value.length + 1 > TEXT_END)
      throw new TandemError("bad-config", `"append" is too long for the kernel.`);
    text += memory.writeText(address, value);
    return address;
  };
  const table = (bytes: number): number => {
    const address = (text + 3) & ~3;
    text = address + bytes;
    return address;
  };

  const info = memory.dataView(INFO_ADDRESS, INFO_SIZE);
  memory.view(INFO_ADDRESS, INFO_SIZE).fill(0);
  const word = (offset: number, value: number): void => info.setUint32(offset, value, true);
  let flags = INFO_MEMORY | INFO_COMMAND_LINE | INFO_MODULES | INFO_MEMORY_MAP | INFO_LOADER_NAME;
  word(4, LOW_MEMORY_END >>> 10);
  word(8, (memory.size - MIB) >>> 10);
  word(16, place(commandLine));
  word(64, place("Tandem"));

  let free = alignUp(loaded.end, PAGE);
  const moduleTable = table(modules.length * 16);
  word(20, modules.length);
  word(24, moduleTable);
  modules.forEach((module, index) => {
    memory.write(free, module.bytes);
    const entry = memory.dataView(moduleTable + index * 16, 16);
    entry.setUint32(0, free, true);
    entry.setUint32(4, free + module.bytes.length, true);
    entry.setUint32(8, place(module.commandLine), true);
    entry.setUint32(12, 0, true);
    free = alignUp(free + module.bytes.length, PAGE);
  });

  const ranges = memoryMap(memory.size);
  const mapEntry = 24;
  const map = table(ranges.length * mapEntry);
  word(44, ranges.length * mapEntry);
  word(48, map);
  ranges.forEach((range, index) => {
    const entry = memory.dataView(map + index * mapEntry, mapEntry);
    entry.setUint32(0, mapEntry - 4, true); // the size field does not count itself
    entry.setBigUint64(4, BigInt(range.start), true);
    entry.setBigUint64(12, BigInt(range.length), true);
    entry.setUint32(20, range.type, true);
  });

  if (header.flags & HEADER_VIDEO) {
    const view = viewOf(image);
    const field = (offset: number): number =>
      header.offset + 48 <= image.length ? view.getUint32(header.offset + offset, true) : 0;
    const graphics = field(32) === 0;
    const picture = graphics ? setVideoMode(field(36) || 1024, field(40) || 768, 32) : undefined;
    flags |= INFO_FRAMEBUFFER;
    if (picture) setFramebuffer(info, picture);
    else setTextScreen(info);
  }
  word(0, flags);

  enterProtectedMode(core, loaded.entry, GDT_ADDRESS, {
    eax: LOADER_MAGIC,
    ebx: INFO_ADDRESS,
    esp: STACK_ADDRESS,
  });
}

function setFramebuffer(info: DataView, picture: LinearFramebuffer): void {
  info.setBigUint64(88, BigInt(picture.address), true);
  info.setUint32(96, picture.pitch, true);
  info.setUint32(100, picture.width, true);
  info.setUint32(104, picture.height, true);
  info.setUint8(108, picture.depth);
  info.setUint8(109, FRAMEBUFFER_RGB);
  // Position and size of red, green, blue.
  [16, 8, 8, 8, 0, 8].forEach((value, index) => info.setUint8(110 + index, value));
}

function setTextScreen(info: DataView): void {
  info.setBigUint64(88, 0xb8000n, true);
  info.setUint32(96, 160, true);
  info.setUint32(100, 80, true);
  info.setUint32(104, 25, true);
  info.setUint8(108, 16);
  info.setUint8(109, FRAMEBUFFER_TEXT);
}

interface Loaded {
  entry: number;
  /** The first byte behind the kernel. */
  end: number;
}

/** The header says where the file goes (the "a.out kludge"). */
function loadByAddresses(memory: GuestMemory, image: Uint8Array, header: Header): Loaded {
  if (header.offset + 32 > image.length) throw truncated();
  const view = viewOf(image);
  const field = (offset: number): number => view.getUint32(header.offset + offset, true);
  const headerAddress = field(12);
  const loadAddress = field(16);
  const loadEnd = field(20);
  const bssEnd = field(24);
  const start = header.offset - (headerAddress - loadAddress);
  if (start < 0) throw new TandemError("kernel-bad", "The kernel's load addresses are wrong.");
  const length = loadEnd === 0 ? image.length - start : loadEnd - loadAddress;
  if (start + length > image.length) throw truncated();
  memory.write(loadAddress, image.subarray(start, start + length));
  let end = loadAddress + length;
  if (bssEnd > end) {
    memory.view(end, bssEnd - end).fill(0);
    end = bssEnd;
  }
  return { entry: field(28), end };
}

const ELF_MAGIC = 0x464c_457f;
const ELF_CLASS_32 = 1;
const ELF_LOAD = 1;

function loadElf(memory: GuestMemory, image: Uint8Array): Loaded {
  const view = viewOf(image);
  if (image.length < 52 || view.getUint32(0, true) !== ELF_MAGIC)
    throw new TandemError("kernel-bad", "The multiboot kernel is not an ELF file.");
  if (view.getUint8(4) !== ELF_CLASS_32)
    throw new TandemError(
      "kernel-bad",
      "The multiboot kernel is a 64-bit ELF file; this machine runs 32-bit ones.",
    );
  const headers = view.getUint32(28, true);
  const headerSize = view.getUint16(42, true);
  const count = view.getUint16(44, true);
  if (headers + headerSize * count > image.length) throw truncated();
  let entry = view.getUint32(24, true);
  let translated = false;
  let end = 0;
  for (let index = 0; index < count; index++) {
    const at = headers + index * headerSize;
    if (view.getUint32(at, true) !== ELF_LOAD) continue;
    const offset = view.getUint32(at + 4, true);
    const linear = view.getUint32(at + 8, true);
    const physical = view.getUint32(at + 12, true);
    const fileSize = view.getUint32(at + 16, true);
    const memorySize = view.getUint32(at + 20, true);
    if (offset + fileSize > image.length) throw truncated();
    memory.view(physical, memorySize).fill(0);
    memory.write(physical, image.subarray(offset, offset + fileSize));
    // The entry is a linear address; there is no paging yet.
    if (!translated && entry >= linear && entry < linear + memorySize) {
      entry = entry - linear + physical;
      translated = true;
    }
    end = Math.max(end, physical + memorySize);
  }
  if (end === 0) throw new TandemError("kernel-bad", "The multiboot kernel has nothing to load.");
  return { entry, end };
}

function truncated(): TandemError {
  return new TandemError("image-truncated", "The multiboot kernel is not complete.");
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

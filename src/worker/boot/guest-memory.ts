// Guest memory as a boot loader fills it, before the first instruction.

import type { Core } from "../core";
import { TandemError } from "../../shared/errors";

export const MIB = 0x10_0000;

/** Conventional memory ends here; the last KiB below 640 KiB is what a BIOS keeps for itself. */
export const LOW_MEMORY_END = 0x9_fc00;

export class GuestMemory {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  get size(): number {
    return this.#core.exports.ramBytes() >>> 0;
  }

  write(address: number, bytes: Uint8Array): void {
    this.view(address, bytes.length).set(bytes);
  }

  /** @throws TandemError image-too-large when RAM ends before */
  view(address: number, length: number): Uint8Array {
    if (address + length > this.size) {
      const needed = Math.ceil((address + length) / MIB);
      throw new TandemError(
        "image-too-large",
        `The kernel and its RAM disk need ${needed} MiB of memory, but the machine has ${this.size / MIB}.`,
      );
    }
    return this.#core.bytes((this.#core.exports.ramAddress() >>> 0) + address, length);
  }

  dataView(address: number, length: number): DataView {
    const bytes = this.view(address, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Writes a text in Latin-1 with a 0 behind it; returns the bytes used. */
  writeText(address: number, text: string): number {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
    this.write(address, bytes);
    this.view(address + bytes.length, 1)[0] = 0;
    return bytes.length + 1;
  }
}

/** A range of the physical address space as e820 and multiboot tell it. */
export interface MemoryRange {
  start: number;
  length: number;
  type: typeof RANGE_USABLE | typeof RANGE_RESERVED;
}
export const RANGE_USABLE = 1;
export const RANGE_RESERVED = 2;

export function memoryMap(ramBytes: number): MemoryRange[] {
  return [
    { start: 0, length: LOW_MEMORY_END, type: RANGE_USABLE },
    { start: LOW_MEMORY_END, length: 0xa_0000 - LOW_MEMORY_END, type: RANGE_RESERVED },
    { start: 0xf_0000, length: 0x1_0000, type: RANGE_RESERVED },
    { start: MIB, length: ramBytes - MIB, type: RANGE_USABLE },
  ];
}

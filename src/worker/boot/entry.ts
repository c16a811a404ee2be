// The CPU as a boot loader hands it to a 32-bit kernel: protected mode, flat segments, no paging, no interrupts.

import type { Core } from "../core";

/** Segment registers by number (wasm/cpu/state.ts). */
const ES = 0;
const CS = 1;
const SS = 2;
const DS = 3;
const FS = 4;
const GS = 5;
const LDTR = 6;
const TR = 7;

const GDT = 0;
const IDT = 1;

export const FLAT_CODE = 0x10;
export const FLAT_DATA = 0x18;

const ATTRIBUTES_CODE = 0xc09b; // G, D, present, code, readable, accessed
const ATTRIBUTES_DATA = 0xc093; // G, B, present, data, writable, accessed
const ATTRIBUTES_LDT = 0x0082;
const ATTRIBUTES_TSS = 0x008b; // busy, 32 bits
const LIMIT_ALL = 0xffff_ffff;

const CR0_PE = 1;
const CR0_ET = 0x10;
const EFLAGS_NONE = 2; // bit 1 is always set

/** The GDT that goes with the segments: null, null, code at 10h, data at 18h. */
export const FLAT_GDT = Uint8Array.from([
  ...Array<number>(16).fill(0),
  ...[0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0],
  ...[0xff, 0xff, 0, 0, 0, 0x93, 0xcf, 0],
]);

/** EAX ECX EDX EBX ESP EBP ESI EDI; what is not named is 0. */
export interface EntryRegisters {
  eax?: number;
  ebx?: number;
  esp?: number;
  esi?: number;
}

/** Sets the CPU to run at `eip`. `gdt` is where FLAT_GDT lies. */
export function enterProtectedMode(
  core: Core,
  eip: number,
  gdt: number,
  registers: EntryRegisters,
): void {
  const { setRegister, setSegment, setControlRegister, setDescriptorTable, setEip, setEflags } =
    core.exports;
  setControlRegister(0, CR0_PE | CR0_ET);
  setDescriptorTable(GDT, gdt, FLAT_GDT.length - 1);
  setDescriptorTable(IDT, 0, 0);
  setSegment(CS, FLAT_CODE, 0, LIMIT_ALL, ATTRIBUTES_CODE);
  for (const index of [ES, SS, DS, FS, GS]) {
    setSegment(index, FLAT_DATA, 0, LIMIT_ALL, ATTRIBUTES_DATA);
  }
  setSegment(LDTR, 0, 0, 0xffff, ATTRIBUTES_LDT);
  setSegment(TR, 0, 0, 0xffff, ATTRIBUTES_TSS);
  const { eax = 0, ebx = 0, esp = 0, esi = 0 } = registers;
  [eax, 0, 0, ebx, esp, 0, esi, 0].forEach((value, index) => setRegister(index, value));
  setEflags(EFLAGS_NONE);
  setEip(eip);
}

// A core that runs one instruction at a time on states given from outside: what all vector formats need.

import { readFileSync } from "node:fs";
import { Core, defaultHost } from "../../worker/core";

export const EAX = 0;
export const ESP = 4;
export const ESI = 6;
export const EIP = 8;
export const EFLAGS = 9;

export const CS = 1;
export const SS = 2;
export const LDTR = 6;
export const TR = 7;

export const FLAG_RF = 1 << 16;
export const FLAG_VM = 1 << 17;

const RAM_BYTES = 32 << 20;
const PAGE = 4096;
const CODE_LINE = 64;

/** wasm/cpu/state.ts. */
const HARNESS_TRANSLATE = 4;

/** Fields of the x87's state (wasm/cpu/x87/state.ts) and of the SSE state (wasm/cpu/sse/state.ts). */
const FPU_CONTROL = 0x80;
const FPU_STATUS = 0x84;
const FPU_TAGS = 0x88;
const MXCSR = 0x100;

/** Descriptor attributes (bits 40-55 without the limit's) of what real mode and virtual-8086 mode load. */
const ATTRIBUTES_REAL = 0x93;
const ATTRIBUTES_VM86 = 0xf3;

/** What `SEGMENT_NAMES` and the vectors' own numbering agree on. */
export const SEGMENT_NAMES = ["ES", "CS", "SS", "DS", "FS", "GS"];
export const REGISTER_NAMES = ["EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI", "EIP", "EFLAGS"]; // prettier-ignore

export interface Outcome {
  /** The instruction is about to deliver an exception; the next fields say which. */
  fault: boolean;
  vector: number;
  code: number;
  cr2: number;
}

/** What a case names, in the words of the failure report: empty when it passed. */
export type Differences = string[];

export function hex(value: number, digits = 0): string {
  return (value >>> 0).toString(16).padStart(digits, "0");
}

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "hex");
}

/** The byte that every region of the hardware vectors holds before a case: a hash of its address. */
export function backgroundByte(address: number): number {
  return Math.imul(address, 0x9e3779b1) >>> 24;
}

/** x87 and SSE state in the vectors' terms. */
export interface FloatState {
  control: number;
  status: number;
  /** Bit i: physical register i is valid, as FXSAVE stores it. */
  tags: number;
  mxcsr: number;
}

export class Harness {
  readonly core: Core;
  readonly ram: Uint8Array;
  readonly view: DataView;
  /** What memory holds between cases. */
  readonly pristine: Uint8Array;
  readonly #state: DataView;
  readonly #fpu: number;
  readonly #xmm: number;

  /** HARNESS_* of wasm/cpu/state.ts that hold for all cases. */
  readonly bits: number;

  /** `translate`: instructions are executed translated, where they can be. */
  constructor(file: string, translate = false) {
    this.bits = translate ? HARNESS_TRANSLATE : 0;
    const module = new WebAssembly.Module(readFileSync(file));
    this.core = Core.create(module, RAM_BYTES, { ...defaultHost(), now: () => 0 });
    const { exports, memory } = this.core;
    this.ram = new Uint8Array(memory.buffer, exports.ramAddress(), RAM_BYTES);
    this.view = new DataView(memory.buffer, exports.ramAddress(), RAM_BYTES);
    this.pristine = new Uint8Array(RAM_BYTES);
    this.#state = new DataView(memory.buffer);
    this.#fpu = exports.FPU_STATE.value as number;
    this.#xmm = exports.XMM_STATE.value as number;
    exports.makeBare();
    exports.setStepping(1);
  }

  // Memory. The vectors' regions lie in RAM at the same physical as linear address.

  /** Fills part of memory, and what it is restored to, with the background. */
  setBackground(start: number, length: number): void {
    for (let i = start; i < start + length; i++) this.pristine[i] = backgroundByte(i);
    this.ram.set(this.pristine.subarray(start, start + length), start);
  }

  /** Sets memory and what it is restored to. */
  setPristine(address: number, bytes: Uint8Array): void {
    this.pristine.set(bytes, address);
    this.ram.set(bytes, address);
  }

  patch(address: number, bytes: Uint8Array): void {
    this.ram.set(bytes, address);
    this.forgetCode(address, bytes.length);
  }

  restore(address: number, length: number): void {
    this.ram.set(this.pristine.subarray(address, address + length), address);
    this.forgetCode(address, length);
  }

  /** Memory was changed behind the core's back: it must decode these lines again. */
  forgetCode(address: number, length: number): void {
    const { writePhysical } = this.core.exports;
    const end = address + length;
    for (let at = address; at < end; at = (at & -CODE_LINE) + CODE_LINE) {
      writePhysical(at, 1, this.ram[at]!);
    }
  }

  /** Where memory in the range differs from its pristine state: first such address, or -1. */
  firstStray(start: number, length: number): number {
    const now = this.ram.subarray(start, start + length);
    const before = this.pristine.subarray(start, start + length);
    if (Buffer.compare(now, before) === 0) return -1;
    for (let i = 0; i < length; i++) if (now[i] !== before[i]) return start + i;
    return -1;
  }

  // Paging: page tables written by the harness.

  /** Writes a page-table entry: present, accessed, dirty, and the given flags. */
  static pageEntry(physical: number, flags: number): number {
    return (physical | flags | 0x61) >>> 0;
  }

  mapPage(
    directory: number,
    table: number,
    linear: number,
    physical: number,
    user: boolean,
    write: boolean,
  ): void {
    const flags = (user ? 4 : 0) | (write ? 2 : 0);
    this.view.setUint32(directory + (linear >>> 22) * 4, Harness.pageEntry(table, 6), true);
    const index = (linear >>> 12) & 1023;
    this.view.setUint32(table + index * 4, Harness.pageEntry(physical, flags), true);
  }

  /** Maps a range whose linear pages lie one after another in physical memory. */
  mapRange(
    directory: number,
    table: number,
    linear: number,
    physical: number,
    length: number,
    user: boolean,
    write: boolean,
  ): void {
    for (let i = 0; i < length; i += PAGE) {
      this.mapPage(directory, table, linear + i, physical + i, user, write);
    }
  }

  // Registers.

  /** EAX to EDI, EIP, EFLAGS. */
  setRegisters(values: ArrayLike<number>): void {
    const { setRegister, setEip, setEflags } = this.core.exports;
    for (let i = 0; i < 8; i++) setRegister(i, values[i]!);
    setEip(values[EIP]!);
    setEflags(values[EFLAGS]!);
  }

  register(index: number): number {
    const { exports } = this.core;
    if (index === EIP) return exports.getEip() >>> 0;
    if (index === EFLAGS) return exports.getEflags() >>> 0;
    return exports.getRegister(index) >>> 0;
  }

  /** EIP as an exception saves it: of the instruction for faults, behind it for traps. */
  savedEip(vector: number | undefined): number {
    const { exports } = this.core;
    const trap = vector === undefined || vector === 1 || vector === 3 || vector === 4;
    return (trap ? exports.getEip() : exports.getFaultEip()) >>> 0;
  }

  /** A segment register from a descriptor's two dwords. */
  setSegmentFrom(index: number, selector: number, low: number, high: number): void {
    const base = ((low >>> 16) | ((high & 0xff) << 16) | (high & 0xff00_0000)) >>> 0;
    const limit20 = (low & 0xffff) | (high & 0xf_0000);
    const limit = high & 0x80_0000 ? ((limit20 << 12) | 0xfff) >>> 0 : limit20;
    this.core.exports.setSegment(index, selector, base, limit, (high >>> 8) & 0xf0ff);
  }

  /** A null selector: nothing can be reached through it. */
  setNullSegment(index: number, selector: number): void {
    this.core.exports.setSegment(index, selector, 0, 0, 0);
  }

  setRealSegment(index: number, selector: number, vm86 = false): void {
    const attributes = vm86 ? ATTRIBUTES_VM86 : ATTRIBUTES_REAL;
    this.core.exports.setSegment(index, selector, selector << 4, 0xffff, attributes);
  }

  // x87 and SSE.

  setFloat(state: FloatState): void {
    this.#state.setUint32(this.#fpu + FPU_CONTROL, state.control, true);
    this.#state.setUint32(this.#fpu + FPU_STATUS, state.status, true);
    this.#state.setUint32(this.#fpu + FPU_TAGS, state.tags, true);
    this.#state.setUint32(this.#xmm + MXCSR, state.mxcsr, true);
  }

  float(): FloatState {
    return {
      control: this.#state.getUint32(this.#fpu + FPU_CONTROL, true),
      status: this.#state.getUint32(this.#fpu + FPU_STATUS, true),
      tags: this.#state.getUint32(this.#fpu + FPU_TAGS, true),
      mxcsr: this.#state.getUint32(this.#xmm + MXCSR, true),
    };
  }

  get mxcsr(): number {
    return this.#state.getUint32(this.#xmm + MXCSR, true);
  }

  /** Address of physical register i in the core's memory: 8 bytes of significand, then sign and exponent. */
  #floatRegister(index: number): number {
    return this.#fpu + (index & 7) * 16;
  }

  setFloatRegister(physical: number, low: number, middle: number, top: number): void {
    const at = this.#floatRegister(physical);
    this.#state.setUint32(at, low, true);
    this.#state.setUint32(at + 4, middle, true);
    this.#state.setUint32(at + 8, top, true);
  }

  setFloatRegisterBytes(physical: number, bytes: Uint8Array | null): void {
    const at = this.#floatRegister(physical);
    if (!bytes) {
      this.setFloatRegister(physical, 0, 0, 0);
      return;
    }
    for (let i = 0; i < 10; i++) this.#state.setUint8(at + i, bytes[i]!);
  }

  floatRegister(physical: number): Uint8Array {
    return this.core.bytes(this.#floatRegister(physical), 10);
  }

  setXmm(index: number, bytes: Uint8Array | null): void {
    const target = this.core.bytes(this.#xmm + index * 16, 16);
    if (bytes) target.set(bytes);
    else target.fill(0);
  }

  /** Low 8 bytes; the rest becomes 0. */
  setXmmWords(index: number, low: number, high: number): void {
    const at = this.#xmm + index * 16;
    this.#state.setUint32(at, low, true);
    this.#state.setUint32(at + 4, high, true);
    this.#state.setUint32(at + 8, 0, true);
    this.#state.setUint32(at + 12, 0, true);
  }

  xmm(index: number): Uint8Array {
    return this.core.bytes(this.#xmm + index * 16, 16);
  }

  // Running.

  /** Executes one instruction (a repeated string instruction to its end). */
  step(): Outcome {
    return this.#outcome(this.core.stepOnce().fault);
  }

  /** Looks at the next instruction, which may fault. */
  fetch(): Outcome {
    return this.#outcome(this.core.fetchNext().fault);
  }

  /** Delivers the exception that `step` returned. */
  deliver(): Outcome {
    return this.#outcome(this.core.deliverFault().fault);
  }

  #outcome(fault: boolean): Outcome {
    const { exports } = this.core;
    if (!fault) return { fault: false, vector: -1, code: 0, cr2: 0 };
    return {
      fault: true,
      vector: exports.getFaultVector(),
      code: exports.getFaultCode() >>> 0,
      cr2: exports.getControlRegister(2) >>> 0,
    };
  }
}

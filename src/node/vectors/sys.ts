// The system-level vectors: rings, gates, task switches, virtual-8086 mode, paging bits. Expected results come from two
// emulators that agree; a list of exceptions (../vectors-exceptions.json) names those the manual contradicts.

import { readFileSync } from "node:fs";
import {
  bytesOf,
  type Differences,
  EAX,
  ESP,
  FLAG_VM,
  type Harness,
  hex,
  LDTR,
  SS,
  TR,
} from "./harness";
import { type Case, compareException, compareRegisters } from "./hw";

export interface SystemCase extends Omit<Case, "cr"> {
  id: number;
  m: "cpl0" | "cpl3" | "vm86";
  cr?: [number, number];
  CR?: [number, number];
  LT?: [number, number];
  ignEAX?: boolean | number;
}

interface Environment {
  regions: [number, number][];
  init: [number, string][];
  cr0: number;
  cr3: number;
  cr4: number;
  gdtr: [number, number];
  idtr: [number, number];
  ldtr: number;
  tr: number;
}

const PHYSICAL_MASK = 0x01ff_ffff; // 0xC0000000 + physical, or physical itself
const GDT = 0x20_0000;
const LDT = 0x20_0400;
const LDT_BIT = 4;
/** The harness of the vectors' authors kept its own things there while in user mode. */
const HIDDEN_PAGE = 0x20_6000;
const HIDDEN_BELOW_STACK = 72;
/** Bytes of the frame and of saved registers that the recording left below the stack of a case at CPL 0. */
const RECORDING_FRAME = 24;
/** Harness bits of wasm/cpu/state.ts; the vectors below are watched, those above go through their gates. */
const STOP_AT_INTERRUPT = 2;
const DELIVERED_VECTORS = 0x40;
const TYPE_BUSY = 0x200;

export class SystemMachine {
  readonly regions: [number, number][];
  readonly #harness: Harness;
  readonly #environment: Environment;
  readonly #expected: Uint8Array;

  constructor(harness: Harness, directory: string) {
    this.#harness = harness;
    this.#environment = JSON.parse(readFileSync(`${directory}/env.json`, "utf8")) as Environment;
    this.regions = this.#environment.regions;
    this.#expected = new Uint8Array(harness.ram.length);
    for (const [start, length] of this.regions) harness.setBackground(start, length);
    for (const [address, text] of this.#environment.init) {
      harness.setPristine(address, bytesOf(text));
    }
  }

  #descriptor(selector: number): [number, number] {
    const table = selector & LDT_BIT ? LDT : GDT;
    const at = table + (selector & ~7);
    return [this.#harness.view.getUint32(at, true), this.#harness.view.getUint32(at + 4, true)];
  }

  #load(index: number, selector: number): void {
    if (selector < 4) {
      this.#harness.setNullSegment(index, selector);
      return;
    }
    const [low, high] = this.#descriptor(selector);
    this.#harness.setSegmentFrom(index, selector, low, index === TR ? high | TYPE_BUSY : high);
  }

  run(vector: SystemCase): Differences {
    const harness = this.#harness;
    const { exports } = harness.core;
    const environment = this.#environment;
    for (const [address, text] of vector.M ?? []) harness.patch(address, bytesOf(text));
    exports.clearHalted();
    exports.setHarness(harness.bits | STOP_AT_INTERRUPT | (DELIVERED_VECTORS << 8));
    exports.setEflags(2);
    exports.setControlRegister(2, 0);
    exports.setControlRegister(0, 0x11);
    exports.setControlRegister(4, vector.cr?.[1] ?? environment.cr4);
    exports.setControlRegister(3, environment.cr3);
    exports.setControlRegister(0, vector.cr?.[0] ?? environment.cr0);
    exports.setDescriptorTable(0, environment.gdtr[0], environment.gdtr[1]);
    exports.setDescriptorTable(1, environment.idtr[0], environment.idtr[1]);
    this.#load(LDTR, environment.ldtr);
    this.#load(TR, environment.tr);
    for (let i = 0; i < 6; i++) {
      if (vector.m === "vm86") harness.setRealSegment(i, vector.s[i]!, true);
      else this.#load(i, vector.s[i]!);
    }
    harness.setRegisters(vector.r);
    if (vector.p) {
      const [control, status, tags, mxcsr] = vector.p;
      harness.setFloat({ control, status, tags, mxcsr });
    } else {
      harness.setFloat({ control: 0x37f, status: 0, tags: 0, mxcsr: 0x1f80 });
    }
    let differences: Differences;
    try {
      const initialStack = this.#stack();
      let outcome = harness.step();
      // What recorded the cases could not stop behind STI and MOV SS: a NOP follows.
      if (!outcome.fault && /^STI|NOP/.test(vector.f)) {
        exports.clearHalted();
        outcome = harness.step();
      }
      if (!outcome.fault && vector.f.startsWith("JMP EAX")) outcome = harness.fetch();
      const plain = { ...vector, cr: undefined };
      differences = compareException(plain, outcome, false);
      compareRegisters(plain, harness, false, differences, vector.ignEAX ? EAX : vector.ur);
      this.#compareSystem(vector, differences);
      this.#compareMemory(vector, differences, vector.m === "cpl0" ? initialStack : undefined);
    } catch (error) {
      differences = [`the core failed: ${error instanceof Error ? error.message : String(error)}`];
    }
    for (const [start, length] of this.regions) {
      if (harness.firstStray(start, length) >= 0) harness.restore(start, length);
    }
    return differences;
  }

  #compareSystem(vector: SystemCase, differences: Differences): void {
    const { getControlRegister, getSegmentSelector } = this.#harness.core.exports;
    const initial = vector.cr ?? [this.#environment.cr0, this.#environment.cr4];
    const [cr0, cr4] = vector.CR ?? initial;
    const check = (name: string, found: number, expected: number): void => {
      if (found !== expected) differences.push(`${name} ${hex(found)}, expected ${hex(expected)}`);
    };
    check("CR0", getControlRegister(0) >>> 0, cr0);
    check("CR4", getControlRegister(4) >>> 0, cr4);
    const [ldtr, tr] = vector.LT ?? [this.#environment.ldtr, this.#environment.tr];
    check("LDTR", getSegmentSelector(LDTR) & 0xffff, ldtr);
    check("TR", getSegmentSelector(TR) & 0xffff, tr);
  }

  /** Physical address of the top of the stack. */
  #stack(): number {
    const { exports } = this.#harness.core;
    return (exports.getSegmentBase(SS) + (exports.getRegister(ESP) >>> 0)) & PHYSICAL_MASK;
  }

  /**
   * All of memory is compared: N lists everything a case changes. A case that begins at CPL 0 (`recorded`: its stack then) and
   * ends on another stack also lists the frame of the trap by which its recording began.
   */
  #compareMemory(vector: SystemCase, differences: Differences, recorded: number | undefined): void {
    const harness = this.#harness;
    const { exports } = harness.core;
    const expected = this.#expected;
    for (const [start, length] of this.regions) {
      expected.set(harness.pristine.subarray(start, start + length), start);
    }
    for (const [address, text] of vector.M ?? []) expected.set(bytesOf(text), address);
    for (const [address, text] of vector.N ?? []) expected.set(bytesOf(text), address);
    const cpl = exports.getCpl();
    const virtual = (exports.getEflags() & FLAG_VM) !== 0;
    const stack = this.#stack();
    const left = recorded !== undefined && (cpl !== 0 || Math.abs(stack - recorded) > 4096);
    for (const [start, length] of this.regions) {
      const now = harness.ram.subarray(start, start + length);
      const wanted = expected.subarray(start, start + length);
      if (Buffer.compare(now, wanted) === 0) continue;
      for (let i = 0; i < length; i++) {
        if (now[i] === wanted[i]) continue;
        const at = start + i;
        if (cpl === 0 && !virtual && (at & ~3) < stack && at >= stack - HIDDEN_BELOW_STACK)
          continue;
        if (left && at < recorded && at >= recorded - RECORDING_FRAME) continue;
        if (cpl !== 0 && at >= HIDDEN_PAGE && at < HIDDEN_PAGE + 4096) continue;
        if (vector.I?.some(([from, count]) => at >= from && at < from + count)) continue;
        if (differences.length > 20) return;
        differences.push(`byte at ${hex(at)} ${hex(now[i]!, 2)}, expected ${hex(wanted[i]!, 2)}`);
      }
    }
  }
}

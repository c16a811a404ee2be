// The vectors made on real hardware: ring 3 with paging, and the real-mode classes.

import { readFileSync } from "node:fs";
import { compareXmm, compareFloatRegister } from "./float";
import {
  bytesOf,
  CS,
  type Differences,
  EFLAGS,
  EIP,
  FLAG_RF,
  type FloatState,
  Harness,
  hex,
  LDTR,
  REGISTER_NAMES,
  SEGMENT_NAMES,
  TR,
} from "./harness";

/** Bytes as [linear address, hex]. */
type Patch = [number, string];

/** The fields of a line that hw and sys have in common; meanings in the vectors' README. */
export interface Case {
  f: string;
  c: string;
  r: number[];
  s: number[];
  M?: Patch[];
  p?: [number, number, number, number];
  st?: (string | 0)[];
  x?: (string | 0)[];
  R: Record<string, number>;
  S?: Record<string, number>;
  N?: Patch[];
  P?: [number, number, number, number];
  T?: Record<string, string>;
  X?: Record<string, string>;
  e?: [number, number?, number?];
  u?: number;
  pu?: number;
  I?: [number, number][];
  ur?: number;
  cr?: number | [number, number];
  tol?: "x87" | "rcp";
  w?: unknown;
}

interface Environment {
  ldt: Record<string, string>;
  gdt: Record<string, string>;
  regions: [number, number, string][];
  rm_regions: [number, number, string][];
  gdt_limit: number;
  ldt_limit: number;
}

/** The tables' linear home; out of the cases' reach. */
const TABLES_LINEAR = 0xc000_0000;
const TABLES = 0x180_0000; // physical, as all of the following
const GDT = 0x0000;
const LDT = 0x0400;
const IDT = 0x0800;
const TSS = 0x1000;
const DIRECTORY = 0x181_0000;
const USER_TABLE = 0x181_1000;
const SYSTEM_TABLE = 0x181_2000;

const CR0 = 0x8005_0033;
const CR0_REAL = 0x0005_0032;
const CR4 = 0x600; // OSFXSR, OSXMMEXCPT
const LDT_SELECTOR = 0x30;
const TSS_SELECTOR = 0x38;
const TSS_LIMIT = 103;
/** INT3, INTO and INT n stop as faults do (wasm/cpu/state.ts). */
const HARNESS_STOP_AT_INTERRUPT = 2;

const GATE_32 = 0x8e00;
const GATE_DPL3 = 0x6000;

const FLOAT_DEFAULT: FloatState = { control: 0x37f, status: 0, tags: 0, mxcsr: 0x1f80 };

/** A whole-memory comparison after so many cases finds what wrote where it should not. */
export const STRAY_CHECK_INTERVAL = 64;

export class HardwareMachine {
  readonly regions: [number, number][];
  readonly #harness: Harness;
  readonly #environment: Environment;
  readonly #descriptors = new Map<number, [number, number]>();
  #mode: "protected" | "real" | undefined;
  #floatUsed = true;

  constructor(harness: Harness, directory: string) {
    this.#harness = harness;
    this.#environment = JSON.parse(readFileSync(`${directory}/env.json`, "utf8")) as Environment;
    const { regions, rm_regions, ldt, gdt } = this.#environment;
    this.regions = [...regions, ...rm_regions].map(([start, length]) => [start, length]);
    for (const [start, length] of this.regions) harness.setBackground(start, length);
    for (const [selector, text] of [...Object.entries(ldt), ...Object.entries(gdt)]) {
      const raw = Buffer.from(text, "hex");
      this.#descriptors.set(Number(selector), [raw.readUInt32LE(0), raw.readUInt32LE(4)]);
    }
    this.#writeTables();
  }

  #writeTables(): void {
    const harness = this.#harness;
    const { regions, ldt, gdt } = this.#environment;
    harness.ram.fill(0, TABLES, SYSTEM_TABLE + 4096);
    for (const [selector, text] of Object.entries(ldt)) {
      harness.ram.set(bytesOf(text), TABLES + LDT + (Number(selector) & ~7));
    }
    for (const [selector, text] of Object.entries(gdt)) {
      harness.ram.set(bytesOf(text), TABLES + GDT + (Number(selector) & ~7));
    }
    for (let vector = 0; vector < 256; vector++) {
      const open = vector === 3 || vector === 4;
      const at = TABLES + IDT + vector * 8;
      harness.view.setUint32(at, 0x0008_0000, true);
      harness.view.setUint32(at + 4, open ? GATE_32 | GATE_DPL3 : GATE_32, true);
    }
    harness.view.setUint16(TABLES + TSS + 102, TSS_LIMIT + 1, true); // no I/O bitmap: no port is allowed
    for (const [start, length, access] of regions) {
      harness.mapRange(DIRECTORY, USER_TABLE, start, start, length, true, access === "rw");
    }
    harness.mapRange(DIRECTORY, SYSTEM_TABLE, TABLES_LINEAR, TABLES, 0x4000, false, true);
  }

  #enter(mode: "protected" | "real"): void {
    if (this.#mode === mode) return;
    this.#mode = mode;
    const { exports } = this.#harness.core;
    exports.setHarness(HARNESS_STOP_AT_INTERRUPT | this.#harness.bits);
    exports.setControlRegister(4, CR4);
    exports.setControlRegister(3, DIRECTORY);
    exports.setControlRegister(0, mode === "protected" ? CR0 : CR0_REAL);
    exports.setEflags(2);
    if (mode === "protected") {
      exports.setDescriptorTable(0, TABLES_LINEAR + GDT, this.#environment.gdt_limit);
      exports.setDescriptorTable(1, TABLES_LINEAR + IDT, 0x7ff);
      const ldtLimit = this.#environment.ldt_limit;
      exports.setSegment(LDTR, LDT_SELECTOR, TABLES_LINEAR + LDT, ldtLimit, 0x82);
      exports.setSegment(TR, TSS_SELECTOR, TABLES_LINEAR + TSS, TSS_LIMIT, 0x8b);
    } else {
      exports.setDescriptorTable(1, 0, 0x3ff);
    }
  }

  #setSegment(index: number, selector: number): void {
    if (this.#mode === "real") {
      this.#harness.setRealSegment(index, selector);
      return;
    }
    const descriptor = this.#descriptors.get(selector);
    if (selector < 4 || !descriptor) this.#harness.setNullSegment(index, selector);
    else this.#harness.setSegmentFrom(index, selector, descriptor[0], descriptor[1]);
  }

  /** Runs a case; what differs from the processor's result is returned. */
  run(vector: Case, real: boolean, checkStray: boolean): Differences {
    const harness = this.#harness;
    this.#enter(real ? "real" : "protected");
    harness.core.exports.clearHalted();
    for (const [address, text] of vector.M ?? []) harness.patch(address, bytesOf(text));
    for (let i = 0; i < 6; i++) this.#setSegment(i, vector.s[i]!);
    harness.setRegisters(vector.r);
    this.#loadFloat(vector);
    let differences: Differences;
    try {
      const outcome = harness.step();
      differences = compareException(vector, outcome, real);
      compareRegisters(vector, harness, real, differences);
      compareMemory(vector, harness, differences);
      if (vector.p) compareFloat(vector, harness, differences);
    } catch (error) {
      differences = [`the core failed: ${error instanceof Error ? error.message : String(error)}`];
    }
    for (const [address, text] of vector.M ?? []) harness.restore(address, text.length >> 1);
    for (const [address, text] of vector.N ?? []) harness.restore(address, text.length >> 1);
    for (const [address, length] of vector.I ?? []) harness.restore(address, length);
    if (checkStray || differences.length) this.#repair(differences);
    return differences;
  }

  /** Memory that differs from its background now was written without being listed. */
  #repair(differences: Differences): void {
    const harness = this.#harness;
    for (const [start, length] of this.regions) {
      const stray = harness.firstStray(start, length);
      if (stray < 0) continue;
      differences.push(`memory at ${hex(stray)} was written`);
      harness.restore(start, length);
    }
  }

  #loadFloat(vector: Case): void {
    const harness = this.#harness;
    if (!vector.p) {
      if (this.#floatUsed) harness.setFloat(FLOAT_DEFAULT);
      this.#floatUsed = false;
      return;
    }
    this.#floatUsed = true;
    const [control, status, tags, mxcsr] = vector.p;
    harness.setFloat({ control, status, tags, mxcsr });
    const top = (status >>> 11) & 7;
    for (let i = 0; i < 8; i++) {
      const text = vector.st?.[i];
      harness.setFloatRegisterBytes((top + i) & 7, text ? bytesOf(text) : null);
    }
    for (let i = 0; i < 8; i++) {
      const text = vector.x?.[i];
      harness.setXmm(i, text ? bytesOf(text) : null);
    }
  }
}

export function compareException(
  vector: Case,
  outcome: { fault: boolean; vector: number; code: number; cr2: number },
  real: boolean,
): Differences {
  const differences: Differences = [];
  const expected = vector.e;
  if (!expected) {
    if (outcome.fault) {
      differences.push(`exception ${outcome.vector} (code ${hex(outcome.code)}), expected none`);
    }
    return differences;
  }
  const [number, code, cr2] = expected;
  if (!outcome.fault) differences.push(`no exception, expected ${number}`);
  else if (outcome.vector !== number) {
    differences.push(`exception ${outcome.vector}, expected ${number}`);
  } else {
    if (code !== undefined && !real && outcome.code !== code) {
      differences.push(`error code ${hex(outcome.code)}, expected ${hex(code)}`);
    }
    if (cr2 !== undefined && !vector.cr && outcome.cr2 !== cr2) {
      differences.push(`CR2 ${hex(outcome.cr2)}, expected ${hex(cr2)}`);
    }
  }
  return differences;
}

export function compareRegisters(
  vector: Case,
  harness: Harness,
  real: boolean,
  differences: Differences,
  ignoredRegister = vector.ur ?? -1,
): void {
  for (let i = 0; i <= EFLAGS; i++) {
    if (i === ignoredRegister) continue;
    let expected = vector.R[i] ?? vector.r[i]!;
    let found = i === EIP ? harness.savedEip(vector.e?.[0]) : harness.register(i);
    let name = REGISTER_NAMES[i]!;
    if (i === EFLAGS) {
      const ignored = (vector.u ?? 0) | FLAG_RF;
      expected = (expected & ~ignored) >>> 0;
      found = (found & ~ignored) >>> 0;
      if (ignored !== FLAG_RF) name += ` (but ${hex(vector.u ?? 0)})`;
    }
    if (found !== expected)
      differences.push(`${name} ${hex(found, 8)}, expected ${hex(expected, 8)}`);
  }
  const { getSegmentSelector } = harness.core.exports;
  for (let i = 0; i < 6; i++) {
    const expected = vector.S?.[i] ?? vector.s[i]!;
    const found = getSegmentSelector(i) & 0xffff;
    if (found === expected || (!real && i !== CS && found < 4 && expected < 4)) continue;
    differences.push(`${SEGMENT_NAMES[i]} ${hex(found, 4)}, expected ${hex(expected, 4)}`);
  }
}

function isIgnored(vector: Case, address: number): boolean {
  for (const [start, length] of vector.I ?? []) {
    if (address >= start && address < start + length) return true;
  }
  return false;
}

/** Memory named in M and N; what is named nowhere is found by comparing all of it now and then. */
function compareMemory(vector: Case, harness: Harness, differences: Differences): void {
  const written = new Map<number, number>();
  for (const [address, text] of vector.N ?? []) {
    const bytes = bytesOf(text);
    for (let i = 0; i < bytes.length; i++) written.set(address + i, bytes[i]!);
  }
  const check = (address: number, expected: number): void => {
    const found = harness.ram[address]!;
    if (found === expected || isIgnored(vector, address) || differences.length > 20) return;
    differences.push(`byte at ${hex(address)} ${hex(found, 2)}, expected ${hex(expected, 2)}`);
  };
  for (const [address, expected] of written) check(address, expected);
  const patches = vector.M ?? [];
  for (let patch = 0; patch < patches.length; patch++) {
    const [address, text] = patches[patch]!;
    const bytes = bytesOf(text);
    for (let i = 0; i < bytes.length; i++) {
      const at = address + i;
      if (written.has(at)) continue;
      if (harness.ram[at] === bytes[i]) continue;
      if (patches.slice(patch + 1).some(([a, t]) => at >= a && at < a + t.length / 2)) continue;
      check(at, bytes[i]!);
    }
  }
}

function compareFloat(vector: Case, harness: Harness, differences: Differences): void {
  const expected = vector.P ?? vector.p!;
  const found = harness.float();
  const ignored = vector.pu ?? 0;
  if (found.control !== expected[0]) {
    differences.push(`FCW ${hex(found.control, 4)}, expected ${hex(expected[0], 4)}`);
  }
  if ((found.status & ~ignored) !== (expected[1] & ~ignored)) {
    differences.push(
      `FSW ${hex(found.status, 4)}, expected ${hex(expected[1], 4)} (but ${hex(ignored)})`,
    );
  }
  if (found.tags !== expected[2]) {
    differences.push(`tags ${hex(found.tags, 2)}, expected ${hex(expected[2], 2)}`);
  }
  if (found.mxcsr !== expected[3]) {
    differences.push(`MXCSR ${hex(found.mxcsr, 4)}, expected ${hex(expected[3], 4)}`);
  }
  const top = (vector.p![1] >>> 11) & 7;
  // Where a transcendental instruction can leave a result: beside the old top of the stack.
  const results = [(top - 1) & 7, top, (top + 1) & 7];
  for (let i = 0; i < 8; i++) {
    const changed = vector.T?.[i];
    if (expected[2] & (1 << i)) {
      const text = changed ?? vector.st?.[(i - top) & 7];
      const value = text ? bytesOf(text) : new Uint8Array(10);
      const tolerated = vector.tol === "x87" && results.includes(i);
      const message = compareFloatRegister(harness.floatRegister(i), value, tolerated);
      if (message) differences.push(`R${i} ${message}`);
    }
    const wanted = vector.X?.[i] ?? vector.x?.[i];
    const value = wanted ? bytesOf(wanted) : new Uint8Array(16);
    const message = compareXmm(harness.xmm(i), value, vector.tol === "rcp");
    if (message) differences.push(`XMM${i} ${message}`);
  }
}

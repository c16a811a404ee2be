// 80286 real-mode tests of the SingleStepTests project.
//
// A case is the instruction and the HLT behind it; an exception is delivered through the interrupt table, and its handler
// is a HLT as well.

import { bytesOf, CS, type Differences, EFLAGS, EIP, type Harness, hex } from "./harness";

export interface Case286 {
  o: string;
  n: string;
  b: string;
  i: number[];
  m: [number, string][];
  f: Record<string, number>;
  w: [number, string][];
  e?: [number, number];
  u?: number;
}

/** Positions in `i`. */
const NAMES = ["AX", "BX", "CX", "DX", "CS", "SS", "DS", "ES", "SP", "BP", "SI", "DI", "IP", "FLAGS"]; // prettier-ignore
/** Register (as in Harness.setRegisters) or segment number of each. */
const REGISTERS = [0, 3, 1, 2, -1, -1, -1, -1, 4, 5, 6, 7, EIP, EFLAGS];
const SEGMENTS = [-1, -1, -1, -1, 1, 2, 3, 0, -1, -1, -1, -1, -1, -1];
const POSITION_FLAGS = 13;
/** Bits 12-15 cannot be set in real mode on an 80286. */
const FLAGS_MASK = 0x0fff;

/** These are delivered as part of the instruction. */
const SOFTWARE_INTERRUPTS = new Set(["CC", "CD", "CE"]);

const CR0_REAL = 0x12;
const HALT = 0xf4;
const MEMORY = 0x11_0000;

export class Machine286 {
  readonly #harness: Harness;
  readonly #registers = new Uint32Array(10);
  #entered = false;

  constructor(harness: Harness) {
    this.#harness = harness;
  }

  #enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    const { exports } = this.#harness.core;
    this.#harness.ram.fill(0, 0, MEMORY);
    this.#harness.pristine.fill(0, 0, MEMORY);
    exports.setHarness(this.#harness.bits);
    exports.setEflags(2);
    exports.setControlRegister(0, CR0_REAL);
    exports.setControlRegister(4, 0);
    exports.setDescriptorTable(1, 0, 0x3ff);
    for (const segment of [4, 5]) this.#harness.setRealSegment(segment, 0);
    this.#harness.setFloat({ control: 0x37f, status: 0, tags: 0, mxcsr: 0x1f80 });
  }

  run(vector: Case286, checkStray: boolean): Differences {
    this.#enter();
    const harness = this.#harness;
    const { exports } = harness.core;
    const registers = this.#registers;
    exports.clearHalted();
    for (let position = 0; position < NAMES.length; position++) {
      const value = vector.i[position]!;
      const segment = SEGMENTS[position]!;
      if (segment >= 0) harness.setRealSegment(segment, value);
      else
        registers[REGISTERS[position]!] = position === POSITION_FLAGS ? value & FLAGS_MASK : value;
    }
    for (const [address, text] of vector.m) harness.patch(address, bytesOf(text));
    harness.setRegisters(registers);
    const differences: Differences = [];
    try {
      let outcome = harness.step();
      const raised = outcome.fault ? outcome.vector : -1;
      for (let nested = 0; outcome.fault && nested < 3; nested++) {
        outcome = harness.deliver();
      }
      if (raised >= 0 && raised !== vector.e?.[0]) {
        differences.push(`exception ${raised}, expected ${vector.e?.[0] ?? "none"}`);
      }
      if (raised < 0 && vector.e && !SOFTWARE_INTERRUPTS.has(vector.o)) {
        differences.push(`no exception, expected ${vector.e[0]}`);
      }
      this.#compare(vector, differences);
    } catch (error) {
      differences.push(
        `the core failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    for (const [address, text] of vector.m) harness.restore(address, text.length >> 1);
    for (const [address, text] of vector.w) harness.restore(address, text.length >> 1);
    if (checkStray || differences.length) {
      const stray = harness.firstStray(0, MEMORY);
      if (stray >= 0) {
        differences.push(`memory at ${hex(stray)} was written`);
        harness.restore(0, MEMORY);
      }
    }
    return differences;
  }

  #compare(vector: Case286, differences: Differences): void {
    const harness = this.#harness;
    const { exports } = harness.core;
    const halted = exports.getHalted() !== 0;
    const cs = exports.getSegmentBase(CS) >>> 0;
    let ip = exports.getEip() & 0xffff;
    if (!halted && harness.ram[cs + ip] === HALT) ip++; // the HLT behind the instruction
    const ignored = vector.u ?? 0;
    for (let position = 0; position < NAMES.length; position++) {
      let expected = vector.f[position] ?? vector.i[position]!;
      const segment = SEGMENTS[position]!;
      let found: number;
      if (segment >= 0) found = exports.getSegmentSelector(segment) & 0xffff;
      else if (REGISTERS[position] === EIP) found = ip & 0xffff;
      else found = harness.register(REGISTERS[position]!) & 0xffff;
      if (position === POSITION_FLAGS) {
        expected &= FLAGS_MASK & ~ignored;
        found &= FLAGS_MASK & ~ignored;
      }
      if (found !== expected) {
        differences.push(`${NAMES[position]} ${hex(found, 4)}, expected ${hex(expected, 4)}`);
      }
    }
    const written = new Set<number>();
    // The sample gives the even address of the bus cycle.
    const pushed = vector.e?.[1] ?? NaN;
    const flagsAt = vector.w.some(([address]) => address === pushed) ? pushed : pushed + 1;
    for (const [address, text] of vector.w) {
      const bytes = bytesOf(text);
      for (let i = 0; i < bytes.length; i++) {
        const at = address + i;
        written.add(at);
        let mask = 0xff;
        if (at === flagsAt) mask = ~ignored & 0xff;
        else if (at === flagsAt + 1) mask = ~(ignored >> 8) & 0x0f;
        if ((harness.ram[at]! & mask) !== (bytes[i]! & mask)) {
          differences.push(
            `byte at ${hex(at)} ${hex(harness.ram[at]!, 2)}, expected ${hex(bytes[i]!, 2)}`,
          );
        }
      }
    }
    const inMemory = new Map<number, number>();
    for (const [address, text] of vector.m) {
      const bytes = bytesOf(text);
      for (let i = 0; i < bytes.length; i++) inMemory.set(address + i, bytes[i]!);
    }
    for (const [address, expected] of inMemory) {
      const found = harness.ram[address]!;
      if (found === expected || written.has(address)) continue;
      differences.push(`byte at ${hex(address)} ${hex(found, 2)}, expected ${hex(expected, 2)}`);
    }
  }
}

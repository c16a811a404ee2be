// What programs rely on beyond what the hardware vectors show (npm run vectors, classes mmx* and sse*): MXCSR seen over time.

import { expect, test } from "vitest";
import { testMachine } from "../../testing/machine";

const CODE = 0x1000;
const DATA = 0x2000;
const CR4_OSFXSR = 1 << 9;
const CR4_OSXMMEXCPT = 1 << 10;
const SIMD_EXCEPTION = 19;
const INVALID_OPCODE = 6;

const MXCSR_PE = 0x20;
const MXCSR_UE = 0x10;
const MXCSR_DEFAULT = 0x1f80;
const ROUND_UP = 2 << 13;
const FLUSH_TO_ZERO = 1 << 15;

// Real mode; [DI] is the memory operand.
const LDMXCSR = [0x0f, 0xae, 0x15];
const ADDSD_XMM0_XMM1 = [0xf2, 0x0f, 0x58, 0xc1];
const MULSD_XMM0_XMM1 = [0xf2, 0x0f, 0x59, 0xc1];
const ADDPS_XMM0_XMM1 = [0x0f, 0x58, 0xc1];
const FXSAVE = [0x0f, 0xae, 0x05];
const EMMS = [0x0f, 0x77];
const MOVQ_MM3_MEMORY = [0x0f, 0x6f, 0x1d];

function sseMachine(cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT) {
  const { core } = testMachine();
  const { exports } = core;
  exports.reset();
  exports.setControlRegister(0, 0x22);
  exports.setControlRegister(4, cr4);
  exports.setSegment(1, 0, 0, 0xffff, 0x93);
  exports.setSegment(3, 0, 0, 0xffff, 0x93);
  exports.setHarness(1);
  const view = () => new DataView(core.memory.buffer);
  const xmm = Number(exports.XMM_STATE.value);
  return {
    /** Runs one instruction; the number of the exception, or undefined. */
    run(code: number[]): number | undefined {
      code.forEach((byte, i) => exports.writePhysical(CODE + i, 1, byte));
      exports.setEip(CODE);
      exports.setRegister(7, DATA);
      return core.stepOnce().fault ? exports.getFaultVector() : undefined;
    },
    poke: (offset: number, value: number) => exports.writePhysical(DATA + offset, 4, value),
    peek: (offset: number) => exports.readPhysical(DATA + offset, 4) >>> 0,
    setMxcsr: (value: number) => view().setUint32(xmm + 256, value, true),
    mxcsr: () => view().getUint32(xmm + 256, true),
    setDouble: (register: number, value: number) =>
      view().setFloat64(xmm + 16 * register, value, true),
    double: (register: number) => view().getFloat64(xmm + 16 * register, true),
    setSingles: (register: number, values: number[]) =>
      values.forEach((value, i) => view().setFloat32(xmm + 16 * register + 4 * i, value, true)),
    singles: (register: number) =>
      [0, 4, 8, 12].map((offset) => view().getFloat32(xmm + 16 * register + offset, true)),
  };
}

test("inexact is set by the first rounded sum and stays", () => {
  const machine = sseMachine();
  machine.setMxcsr(MXCSR_DEFAULT);
  machine.setDouble(0, 1);
  machine.setDouble(1, 2);
  machine.run(ADDSD_XMM0_XMM1);
  expect(machine.double(0)).toBe(3);
  expect(machine.mxcsr()).toBe(MXCSR_DEFAULT);
  machine.setDouble(1, 2 ** -60);
  machine.run(ADDSD_XMM0_XMM1);
  expect(machine.double(0)).toBe(3);
  expect(machine.mxcsr()).toBe(MXCSR_DEFAULT | MXCSR_PE);
  machine.setDouble(1, 4);
  machine.run(ADDSD_XMM0_XMM1);
  expect(machine.double(0)).toBe(7);
  expect(machine.mxcsr()).toBe(MXCSR_DEFAULT | MXCSR_PE);
});

test("rounding up is obeyed while inexact is already set", () => {
  const machine = sseMachine();
  machine.setMxcsr(MXCSR_DEFAULT | MXCSR_PE | ROUND_UP);
  machine.setDouble(0, 1);
  machine.setDouble(1, 2 ** -60);
  machine.run(ADDSD_XMM0_XMM1);
  expect(machine.double(0)).toBe(1 + 2 ** -52);
});

test("flush-to-zero gives 0 and underflow where the product is a denormal", () => {
  const machine = sseMachine();
  machine.setMxcsr(MXCSR_DEFAULT | MXCSR_PE | FLUSH_TO_ZERO);
  machine.setDouble(0, 2 ** -600);
  machine.setDouble(1, 2 ** -460);
  machine.run(MULSD_XMM0_XMM1);
  expect(machine.double(0)).toBe(0);
  expect(machine.mxcsr()).toBe(MXCSR_DEFAULT | MXCSR_PE | FLUSH_TO_ZERO | MXCSR_UE);
});

test("an unmasked inexact leaves the destination and is #XM, or #UD before the system asked for #XM", () => {
  for (const [cr4, vector] of [
    [CR4_OSFXSR | CR4_OSXMMEXCPT, SIMD_EXCEPTION],
    [CR4_OSFXSR, INVALID_OPCODE],
  ] as const) {
    const machine = sseMachine(cr4);
    machine.setMxcsr(0x0f80);
    machine.setSingles(0, [1, 2, 3, 4]);
    machine.setSingles(1, [1, 2, 3, 2 ** -30]);
    expect(machine.run(ADDPS_XMM0_XMM1)).toBe(vector);
    expect(machine.singles(0)).toEqual([1, 2, 3, 4]);
    expect(machine.mxcsr()).toBe(0x0f80 | MXCSR_PE);
  }
});

test("without CR4.OSFXSR SSE does not exist, MMX does", () => {
  const machine = sseMachine(0);
  expect(machine.run(ADDPS_XMM0_XMM1)).toBe(INVALID_OPCODE);
  expect(machine.run(MOVQ_MM3_MEMORY)).toBeUndefined();
});

test("LDMXCSR refuses bits that do not exist", () => {
  const machine = sseMachine();
  machine.poke(0, 0x0001_1f80);
  expect(machine.run(LDMXCSR)).toBe(13);
  machine.poke(0, 0x9f80);
  expect(machine.run(LDMXCSR)).toBeUndefined();
  expect(machine.mxcsr()).toBe(0x9f80);
});

test("FXSAVE shows an MMX register as a NaN of the x87, and EMMS empties all", () => {
  const machine = sseMachine();
  machine.poke(0, 0x55667788);
  machine.poke(4, 0x11223344);
  machine.run(MOVQ_MM3_MEMORY);
  machine.run(FXSAVE);
  expect(machine.peek(4) & 0xff).toBe(0xff);
  expect(machine.peek(32 + 3 * 16)).toBe(0x55667788);
  expect(machine.peek(32 + 3 * 16 + 4)).toBe(0x11223344);
  expect(machine.peek(32 + 3 * 16 + 8)).toBe(0xffff);
  machine.run(EMMS);
  machine.run(FXSAVE);
  expect(machine.peek(4) & 0xff).toBe(0);
});

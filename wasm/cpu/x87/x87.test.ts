// What programs rely on beyond what the hardware vectors show (npm run vectors, classes x87* and testfloat): how the FPU is
// found, and how its exceptions reach the system.

import { expect, test } from "vitest";
import { testMachine } from "../../testing/machine";

const CODE = 0x1000;
const DATA = 0x2000;
const CR0_TS = 0x08;
const CR0_NE = 0x20;
const DEVICE_NOT_AVAILABLE = 7;
const MATH_FAULT = 16;

const FSW_ZE = 0x04;
const FCW_ZM = 0x04;
const FCW_INIT = 0x037f;

const PORT_FERR_CLEAR = 0xf0;
const PIC_SLAVE = 0xa0;
const PIC_READ_REQUESTS = 0x0a;
const IRQ_13 = 1 << 5;

// Real mode; [DI] is the memory operand.
const FNINIT = [0xdb, 0xe3];
const FNCLEX = [0xdb, 0xe2];
const FNSTCW = [0xd9, 0x3d];
const FLDCW = [0xd9, 0x2d];
const FNSTSW = [0xdd, 0x3d];
const FLDZ = [0xd9, 0xee];
const FLD1 = [0xd9, 0xe8];
const FDIV_ST_ST1 = [0xd8, 0xf1];
const FWAIT = [0x9b];
const FSTP_M64 = [0xdd, 0x1d];
const FLDPI = [0xd9, 0xeb];
const FSIN = [0xd9, 0xfe];

function x87Machine(cr0 = 0) {
  const { core, inb, outb } = testMachine();
  const { exports } = core;
  exports.reset();
  exports.setControlRegister(0, 0x10 | cr0);
  exports.setSegment(1, 0, 0, 0xffff, 0x93);
  exports.setSegment(3, 0, 0, 0xffff, 0x93);
  exports.setHarness(1);
  const run = (code: number[]): number | undefined => {
    code.forEach((byte, i) => exports.writePhysical(CODE + i, 1, byte));
    exports.setEip(CODE);
    exports.setRegister(7, DATA);
    return core.stepOnce().fault ? exports.getFaultVector() : undefined;
  };
  return {
    /** Runs one instruction; the number of the exception, or undefined. */
    run,
    outb,
    poke: (value: number) => exports.writePhysical(DATA, 2, value),
    peek: () => exports.readPhysical(DATA, 2) & 0xffff,
    peekDouble(): number {
      const bytes = new DataView(new ArrayBuffer(8));
      bytes.setUint32(0, exports.readPhysical(DATA, 4), true);
      bytes.setUint32(4, exports.readPhysical(DATA + 4, 4), true);
      return bytes.getFloat64(0, true);
    },
    isFerrRaised(): boolean {
      outb(PIC_SLAVE, PIC_READ_REQUESTS);
      return (inb(PIC_SLAVE) & IRQ_13) !== 0;
    },
    /** Divides 1 by 0 with the exception unmasked. */
    divideByZero(): void {
      run(FNINIT);
      exports.writePhysical(DATA, 2, FCW_INIT & ~FCW_ZM);
      for (const code of [FLDCW, FLDZ, FLD1, FDIV_ST_ST1]) expect(run(code)).toBeUndefined();
    },
  };
}

test("FNINIT leaves 037Fh and 0, by which programs know that there is an FPU", () => {
  const { run, poke, peek } = x87Machine();
  run(FNINIT);
  poke(0x5a5a);
  run(FNSTSW);
  expect(peek()).toBe(0);
  run(FNSTCW);
  expect(peek()).toBe(FCW_INIT);
});

test("DOS: an unmasked exception raises IRQ 13, and writing port F0h takes it back", () => {
  const { divideByZero, run, outb, isFerrRaised } = x87Machine();
  expect(isFerrRaised()).toBe(false);
  divideByZero();
  expect(isFerrRaised()).toBe(true);
  run(FNCLEX);
  outb(PORT_FERR_CLEAR, 0);
  expect(isFerrRaised()).toBe(false);
});

test("with CR0.NE the next waiting instruction raises #MF, and FNSTSW can look before", () => {
  const { divideByZero, run, peek, isFerrRaised } = x87Machine(CR0_NE);
  divideByZero();
  expect(run(FNSTSW)).toBeUndefined();
  expect(peek() & FSW_ZE).toBe(FSW_ZE);
  expect(run(FLD1)).toBe(MATH_FAULT);
  expect(run(FWAIT)).toBe(MATH_FAULT);
  expect(isFerrRaised()).toBe(false);
  run(FNCLEX);
  expect(run(FWAIT)).toBeUndefined();
});

test("a task switch is noticed: with CR0.TS each instruction raises #NM, WAIT does not", () => {
  const { run } = x87Machine(CR0_TS | CR0_NE);
  expect(run(FLD1)).toBe(DEVICE_NOT_AVAILABLE);
  expect(run(FNSTCW)).toBe(DEVICE_NOT_AVAILABLE);
  expect(run(FWAIT)).toBeUndefined();
});

test("the sine of pi is as small as a pi of 66 bits makes it", () => {
  const { run, peekDouble } = x87Machine();
  for (const code of [FNINIT, FLDPI, FSIN, FSTP_M64]) run(code);
  // FLDPI rounds up in bit -62; the pi of the reduction goes on for two bits, 11b: a quarter of that unit is between them.
  expect(peekDouble()).toBe(-(2 ** -64));
});

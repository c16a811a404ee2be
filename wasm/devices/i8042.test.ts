import { expect, test } from "vitest";
import { type TestMachine, testMachine } from "../testing/machine";

/** Waits as a driver does, then reads; undefined when nothing comes. */
function readByte(machine: TestMachine): number | undefined {
  for (let i = 0; i < 20; i++) {
    if (machine.inb(0x64) & 1) return machine.inb(0x60);
    machine.advance(0.1);
  }
  return undefined;
}

function readAll(machine: TestMachine): number[] {
  const bytes: number[] = [];
  for (let byte = readByte(machine); byte !== undefined; byte = readByte(machine)) bytes.push(byte);
  return bytes;
}

function setMode({ outb }: TestMachine, mode: number): void {
  outb(0x64, 0x60);
  outb(0x60, mode);
}

function irqs({ inb, outb }: TestMachine): number {
  outb(0x20, 0x0a);
  outb(0xa0, 0x0a);
  return inb(0x20) | (inb(0xa0) << 8);
}

test("the self test passes and sets the system flag", () => {
  const machine = testMachine();
  machine.outb(0x64, 0xaa);
  expect(machine.inb(0x64) & 5).toBe(5);
  expect(machine.inb(0x60)).toBe(0x55);
  expect(machine.inb(0x64) & 1).toBe(0);
});

test("both ports pass their tests, and the command byte can be read back", () => {
  const machine = testMachine();
  machine.outb(0x64, 0xab);
  expect(machine.inb(0x60)).toBe(0);
  machine.outb(0x64, 0xa9);
  expect(machine.inb(0x60)).toBe(0);
  setMode(machine, 0x61);
  machine.outb(0x64, 0x20);
  expect(machine.inb(0x60)).toBe(0x61);
  machine.outb(0x64, 0xa7);
  machine.outb(0x64, 0x20);
  expect(machine.inb(0x60)).toBe(0x61);
  machine.outb(0x64, 0xa8);
  machine.outb(0x64, 0x20);
  expect(machine.inb(0x60)).toBe(0x41);
});

test("a key interrupts, and the next byte comes only after this one was read", () => {
  const machine = testMachine();
  machine.core.exports.keyboardKey(0x1e, 1);
  machine.core.exports.keyboardKey(0x1e, 0);
  machine.advance(2);
  expect(irqs(machine) & 2).toBe(2);
  machine.advance(50);
  expect(machine.inb(0x60)).toBe(0x1e);
  expect(irqs(machine) & 2).toBe(0);
  expect(machine.inb(0x60)).toBe(0x1e); // a chained handler reads it again
  expect(readByte(machine)).toBe(0x9e);
});

test("translation off gives set 2", () => {
  const machine = testMachine();
  setMode(machine, 0x01);
  machine.core.exports.keyboardKey(0x1e, 1);
  machine.core.exports.keyboardKey(0x1e, 0);
  expect(readAll(machine)).toEqual([0x1c, 0xf0, 0x1c]);
});

test("a disabled keyboard keeps its bytes until it is enabled", () => {
  const machine = testMachine();
  machine.outb(0x64, 0xad);
  machine.core.exports.keyboardKey(0x1e, 1);
  expect(readByte(machine)).toBeUndefined();
  machine.outb(0x64, 0xae);
  expect(readByte(machine)).toBe(0x1e);
});

test("a byte written as the mouse's is marked so and raises IRQ 12", () => {
  const machine = testMachine();
  setMode(machine, 0x03);
  machine.outb(0x64, 0xd3);
  machine.outb(0x60, 0x5a);
  expect(machine.inb(0x64) & 0x21).toBe(0x21);
  expect(irqs(machine) & 0x1000).toBe(0x1000);
  expect(machine.inb(0x60)).toBe(0x5a);
  machine.outb(0x64, 0xd2);
  machine.outb(0x60, 0xa5);
  expect(machine.inb(0x64) & 0x21).toBe(0x01);
  expect(machine.inb(0x60)).toBe(0xa5);
});

test("HIMEM switches A20 through the output port", () => {
  const machine = testMachine();
  machine.outb(0x64, 0xd0);
  expect(machine.inb(0x60) & 3).toBe(3);
  machine.outb(0x64, 0xd1);
  machine.outb(0x60, 0xdd);
  expect(machine.inb(0x92) & 2).toBe(0);
  machine.outb(0x64, 0xd1);
  machine.outb(0x60, 0xdf);
  expect(machine.inb(0x92) & 2).toBe(2);
});

test("an answer of the controller does not overwrite a key", () => {
  const machine = testMachine();
  machine.core.exports.keyboardKey(0x1e, 1);
  machine.advance(2);
  machine.outb(0x64, 0xaa);
  expect(machine.inb(0x60)).toBe(0x1e);
  expect(machine.inb(0x60)).toBe(0x55);
});

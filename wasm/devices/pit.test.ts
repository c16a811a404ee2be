import { expect, test } from "vitest";
import { type TestMachine, testMachine } from "../testing/machine";

const TICKS_PER_MS = 1193.182;

function load(machine: TestMachine, control: number, counter: number, count: number): void {
  machine.outb(0x43, control);
  machine.outb(0x40 + counter, count & 0xff);
  machine.outb(0x40 + counter, count >> 8);
}

function latched(machine: TestMachine, counter: number): number {
  machine.outb(0x43, counter << 6);
  const low = machine.inb(0x40 + counter);
  return low | (machine.inb(0x40 + counter) << 8);
}

/** Accepts one timer interrupt by polling the interrupt controller; tells whether there was one. */
function takeInterrupt({ inb, outb }: TestMachine): boolean {
  outb(0x20, 0x0c);
  if (inb(0x20) !== 0x80) return false;
  outb(0x20, 0x20);
  return true;
}

function initialisePic({ outb }: TestMachine): void {
  for (const value of [0x11, 0x08, 4, 1, 0xfe]) outb(value === 0x11 ? 0x20 : 0x21, value);
}

test("a rate generator counts down at 1.193182 MHz and starts over", () => {
  const machine = testMachine();
  load(machine, 0x34, 0, 10000);
  machine.advance(4);
  expect(Math.abs(latched(machine, 0) - (10000 - 4 * TICKS_PER_MS))).toBeLessThan(3);
  machine.advance(6);
  expect(Math.abs(latched(machine, 0) - (20000 - 10 * TICKS_PER_MS))).toBeLessThan(3);
});

test("a square wave counts in steps of two, and its output is high for the first half", () => {
  const machine = testMachine();
  load(machine, 0xb6, 2, 10000);
  machine.outb(0x61, 1);
  machine.advance(3);
  expect(Math.abs(latched(machine, 2) - (10000 - 6 * TICKS_PER_MS))).toBeLessThan(5);
  expect(machine.inb(0x61) & 0x20).toBe(0x20);
  machine.advance(3);
  expect(machine.inb(0x61) & 0x20).toBe(0);
});

test("Linux calibrates the TSC against counter 2: OUT2 in port 61h rises when mode 0 has counted out", () => {
  const machine = testMachine();
  machine.outb(0x61, (machine.inb(0x61) & ~2) | 1);
  load(machine, 0xb0, 2, 11932); // 10 ms
  expect(machine.inb(0x61) & 0x20).toBe(0);
  machine.advance(9.9);
  expect(machine.inb(0x61) & 0x20).toBe(0);
  machine.advance(0.2);
  expect(machine.inb(0x61) & 0x20).toBe(0x20);
});

test("gate 2 stops and resumes a count", () => {
  const machine = testMachine();
  machine.outb(0x61, 1);
  load(machine, 0xb0, 2, 50000);
  machine.advance(10);
  machine.outb(0x61, 0);
  const stopped = latched(machine, 2);
  machine.advance(10);
  expect(latched(machine, 2)).toBe(stopped);
  machine.outb(0x61, 1);
  machine.advance(1);
  expect(Math.abs(stopped - latched(machine, 2) - TICKS_PER_MS)).toBeLessThan(3);
});

test("a one-shot of counter 2 starts with each rising gate", () => {
  const machine = testMachine();
  load(machine, 0xb2, 2, 5966); // 5 ms
  expect(machine.inb(0x61) & 0x20).toBe(0x20);
  machine.outb(0x61, 1);
  machine.advance(1);
  expect(machine.inb(0x61) & 0x20).toBe(0);
  machine.outb(0x61, 0);
  machine.outb(0x61, 1);
  machine.advance(4.5);
  expect(machine.inb(0x61) & 0x20).toBe(0);
  machine.advance(1);
  expect(machine.inb(0x61) & 0x20).toBe(0x20);
});

test("a latched count stands still until both bytes are read", () => {
  const machine = testMachine();
  load(machine, 0x34, 0, 60000);
  machine.outb(0x43, 0);
  const low = machine.inb(0x40);
  machine.advance(5);
  machine.outb(0x43, 0);
  const value = low | (machine.inb(0x40) << 8);
  expect(value).toBeGreaterThanOrEqual(59998);
  machine.advance(1);
  expect(latched(machine, 0)).toBeLessThan(60001 - 5 * TICKS_PER_MS);
});

test("a read-back command gives status, then count", () => {
  const machine = testMachine();
  machine.outb(0x43, 0x34);
  machine.outb(0x43, 0xe2);
  expect(machine.inb(0x40)).toBe(0xf4); // OUT high, no count yet
  load(machine, 0x34, 0, 5000);
  machine.advance(1);
  machine.outb(0x43, 0xc2);
  expect(machine.inb(0x40)).toBe(0xb4);
  const count = machine.inb(0x40) | (machine.inb(0x40) << 8);
  expect(Math.abs(count - (5000 - TICKS_PER_MS))).toBeLessThan(3);
});

test("BCD counters count in decimal", () => {
  const machine = testMachine();
  load(machine, 0x35, 0, 0x5000);
  machine.advance(1);
  const value = Number.parseInt(latched(machine, 0).toString(16), 10);
  expect(Math.abs(value - (5000 - TICKS_PER_MS))).toBeLessThan(3);
});

test("the periodic interrupt does not drift", () => {
  const machine = testMachine();
  initialisePic(machine);
  load(machine, 0x34, 0, 1193); // almost 1 ms
  let interrupts = 0;
  for (let i = 0; i < 10_000; i++) {
    machine.advance(0.1);
    if (takeInterrupt(machine)) interrupts++;
  }
  expect(interrupts).toBe(Math.floor((1000 * TICKS_PER_MS - 1) / 1193));
});

test("mode 0 interrupts once", () => {
  const machine = testMachine();
  initialisePic(machine);
  load(machine, 0x30, 0, 1193);
  expect(takeInterrupt(machine)).toBe(false);
  machine.advance(1.1);
  expect(takeInterrupt(machine)).toBe(true);
  machine.advance(200, 1);
  expect(takeInterrupt(machine)).toBe(false);
});

test("Linux programs its one-shot timer in mode 4, again and again", () => {
  const machine = testMachine();
  initialisePic(machine);
  takeInterrupt(machine);
  for (let i = 0; i < 3; i++) {
    load(machine, 0x38, 0, 2386);
    machine.advance(1.9);
    expect(takeInterrupt(machine)).toBe(false);
    machine.advance(0.2);
    expect(takeInterrupt(machine)).toBe(true);
  }
});

test("a new count in mode 2 takes over at the end of the period", () => {
  const machine = testMachine();
  load(machine, 0x34, 0, 10000);
  machine.advance(1);
  machine.outb(0x40, 2000 & 0xff);
  machine.outb(0x40, 2000 >> 8);
  expect(latched(machine, 0)).toBeGreaterThan(8000);
  machine.advance(7.5);
  expect(latched(machine, 0)).toBeLessThanOrEqual(2000);
});

test("after a long sleep of the host only a few interrupts are made up for", () => {
  const machine = testMachine();
  initialisePic(machine);
  load(machine, 0x34, 0, 1193);
  machine.advance(60_000);
  let interrupts = 0;
  for (let i = 0; i < 400; i++) {
    if (takeInterrupt(machine)) interrupts++;
    machine.advance(0.1);
  }
  expect(interrupts).toBeGreaterThan(40);
  expect(interrupts).toBeLessThan(40 + 70);
});

test("a short delay of the host loses no tick", () => {
  const machine = testMachine();
  initialisePic(machine);
  load(machine, 0x34, 0, 1193);
  machine.advance(8);
  let interrupts = 0;
  for (let i = 0; i < 200; i++) {
    if (takeInterrupt(machine)) interrupts++;
    machine.advance(0.1);
  }
  expect(interrupts).toBeGreaterThanOrEqual(27);
  expect(interrupts).toBeLessThanOrEqual(28);
});

test("the refresh bit of port 61h toggles about every 15 microseconds", () => {
  const machine = testMachine();
  let changes = 0;
  let last = machine.inb(0x61) & 0x10;
  for (let i = 0; i < 1000; i++) {
    machine.advance(0.005);
    const now = machine.inb(0x61) & 0x10;
    if (now !== last) changes++;
    last = now;
  }
  expect(Math.abs(changes - 331)).toBeLessThan(5);
});

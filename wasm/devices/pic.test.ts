import { expect, test } from "vitest";
import { type TestMachine, testMachine } from "../testing/machine";

const MASTER = 0x20;
const SLAVE = 0xa0;

/** A PC's set-up: vectors 08h and 70h, slave on input 2, and IRQs made by the timer, the RTC and the poll command. */
function initialise(machine: TestMachine, icw4 = 1): void {
  const { outb } = machine;
  for (const [port, vector, cascade] of [
    [MASTER, 0x08, 4],
    [SLAVE, 0x70, 2],
  ] as const) {
    outb(port, 0x11);
    outb(port + 1, vector);
    outb(port + 1, cascade);
    outb(port + 1, icw4);
    outb(port + 1, 0);
  }
}

/** IRQ 0: counter 0 counts out. */
function timerInterrupt(machine: TestMachine): void {
  machine.outb(0x43, 0x10);
  machine.outb(0x40, 10);
  machine.advance(1);
}

/** IRQ 8: the clock's update-ended interrupt. */
function clockInterrupt(machine: TestMachine): void {
  machine.outb(0x70, 0x0c);
  machine.inb(0x71);
  machine.outb(0x70, 0x0b);
  machine.outb(0x71, 0x12);
  machine.advance(1000);
}

/** What an interrupt acknowledge would accept: the poll command does the same without a vector. */
function poll(machine: TestMachine, port: number): number {
  machine.outb(port, 0x0c);
  return machine.inb(port);
}

function readIrr(machine: TestMachine, port: number): number {
  machine.outb(port, 0x0a);
  return machine.inb(port);
}

function readIsr(machine: TestMachine, port: number): number {
  machine.outb(port, 0x0b);
  return machine.inb(port);
}

test("the mask register can be read back after initialisation", () => {
  const machine = testMachine();
  initialise(machine);
  machine.outb(0x21, 0xb8);
  machine.outb(0xa1, 0x8e);
  expect(machine.inb(0x21)).toBe(0xb8);
  expect(machine.inb(0xa1)).toBe(0x8e);
});

test("a request is seen in IRR, moves to ISR when accepted and leaves it with an EOI", () => {
  const machine = testMachine();
  initialise(machine);
  timerInterrupt(machine);
  expect(readIrr(machine, MASTER)).toBe(0x01);
  expect(poll(machine, MASTER)).toBe(0x80);
  expect(readIrr(machine, MASTER)).toBe(0);
  expect(readIsr(machine, MASTER)).toBe(0x01);
  machine.outb(MASTER, 0x20);
  expect(readIsr(machine, MASTER)).toBe(0);
});

test("a masked request waits until it is unmasked", () => {
  const machine = testMachine();
  initialise(machine);
  machine.outb(0x21, 0x01);
  timerInterrupt(machine);
  expect(poll(machine, MASTER)).toBe(0);
  machine.outb(0x21, 0x00);
  expect(poll(machine, MASTER)).toBe(0x80);
});

test("a slave's request arrives through input 2 of the master", () => {
  const machine = testMachine();
  initialise(machine);
  machine.outb(0x21, 0x01);
  clockInterrupt(machine);
  expect(readIrr(machine, SLAVE)).toBe(0x01);
  expect(readIrr(machine, MASTER) & 0x04).toBe(0x04);
  expect(poll(machine, MASTER)).toBe(0x82);
  expect(poll(machine, SLAVE)).toBe(0x80);
  expect(readIsr(machine, SLAVE)).toBe(0x01);
  machine.outb(SLAVE, 0x60);
  machine.outb(MASTER, 0x62);
  expect(readIsr(machine, MASTER)).toBe(0);
});

test("an interrupt in service holds lower ones back, and its EOI lets them through", () => {
  const machine = testMachine();
  initialise(machine);
  timerInterrupt(machine);
  poll(machine, MASTER);
  clockInterrupt(machine);
  expect(poll(machine, MASTER)).toBe(0);
  machine.outb(MASTER, 0x20);
  expect(poll(machine, MASTER)).toBe(0x82);
});

test("special mask mode lets lower interrupts in while a masked one is in service", () => {
  const machine = testMachine();
  initialise(machine);
  timerInterrupt(machine);
  poll(machine, MASTER);
  clockInterrupt(machine);
  machine.outb(0x21, 0x01);
  expect(poll(machine, MASTER)).toBe(0);
  machine.outb(MASTER, 0x68);
  expect(poll(machine, MASTER)).toBe(0x82);
});

test("rotation on EOI gives the served input the lowest priority", () => {
  const machine = testMachine();
  initialise(machine);
  timerInterrupt(machine);
  poll(machine, MASTER);
  machine.outb(MASTER, 0xa0);
  timerInterrupt(machine);
  clockInterrupt(machine);
  expect(poll(machine, MASTER)).toBe(0x82);
});

test("automatic EOI leaves nothing in service", () => {
  const machine = testMachine();
  initialise(machine, 3);
  timerInterrupt(machine);
  expect(poll(machine, MASTER)).toBe(0x80);
  expect(readIsr(machine, MASTER)).toBe(0);
});

test("a request that goes away before it is accepted is forgotten", () => {
  const machine = testMachine();
  initialise(machine);
  clockInterrupt(machine);
  machine.outb(0x70, 0x0c);
  machine.inb(0x71);
  expect(readIrr(machine, SLAVE)).toBe(0);
});

test("ELCR keeps the timer, keyboard, cascade, clock and coprocessor lines on edges", () => {
  const { inb, outb } = testMachine();
  outb(0x4d0, 0xff);
  outb(0x4d1, 0xff);
  expect(inb(0x4d0)).toBe(0xf8);
  expect(inb(0x4d1)).toBe(0xde);
});

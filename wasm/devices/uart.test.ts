import { expect, test } from "vitest";
import { type TestMachine, type TestMachineOptions, testMachine } from "../testing/machine";

const COM1 = 0x3f8;

/** 115200 baud, FIFOs with a trigger level of 8, OUT2 on. */
function openPort(options?: TestMachineOptions): TestMachine {
  const machine = testMachine(options);
  const { outb } = machine;
  outb(COM1 + 3, 0x83);
  outb(COM1, 1);
  outb(COM1 + 1, 0);
  outb(COM1 + 3, 0x03);
  outb(COM1 + 2, 0x87);
  outb(COM1 + 4, 0x0b);
  return machine;
}

function send({ core }: TestMachine, text: string): number {
  let taken = 0;
  for (const character of text) taken += core.exports.serialInput(0, character.charCodeAt(0));
  return taken;
}

/** Whether IRQ 4 asks for service. */
function irq({ inb, outb }: TestMachine): boolean {
  outb(0x20, 0x0a);
  return (inb(0x20) & 0x10) !== 0;
}

test("what the guest writes leaves at once, and the transmitter is empty again", () => {
  let text = "";
  const machine = openPort({
    host: { serialOutput: (port, byte) => (text += `${port}${String.fromCharCode(byte)}`) },
  });
  machine.outb(COM1, 0x41);
  expect(machine.inb(COM1 + 5)).toBe(0x60);
  machine.outb(0x2f8, 0x42);
  expect(text).toBe("0A1B");
});

test("a 16550A is recognised by its FIFO bits, its scratch register and its divisor", () => {
  const { inb, outb } = testMachine();
  outb(COM1 + 7, 0x5a);
  expect(inb(COM1 + 7)).toBe(0x5a);
  outb(COM1 + 2, 1);
  expect(inb(COM1 + 2) & 0xc0).toBe(0xc0);
  outb(COM1 + 2, 0);
  expect(inb(COM1 + 2) & 0xc0).toBe(0);
  outb(COM1 + 3, 0x80);
  outb(COM1, 0x34);
  outb(COM1 + 1, 0x12);
  expect([inb(COM1), inb(COM1 + 1)]).toEqual([0x34, 0x12]);
});

test("the interrupt enable register has four bits, as autoconfiguration checks", () => {
  const { inb, outb } = testMachine();
  outb(COM1 + 1, 0xff);
  expect(inb(COM1 + 1)).toBe(0x0f);
});

test("input waits in the FIFO and a full one tells the host to wait", () => {
  const machine = openPort();
  expect(machine.core.exports.serialRoom(0)).toBe(16);
  expect(send(machine, "0123456789abcdefXY")).toBe(16);
  expect(machine.inb(COM1 + 5) & 1).toBe(1);
  let text = "";
  while (machine.inb(COM1 + 5) & 1) text += String.fromCharCode(machine.inb(COM1));
  expect(text).toBe("0123456789abcdef");
});

test("received data interrupts at the trigger level", () => {
  const machine = openPort();
  machine.outb(COM1 + 1, 0x01);
  send(machine, "1234567");
  expect(irq(machine)).toBe(false);
  send(machine, "8");
  expect(irq(machine)).toBe(true);
  expect(machine.inb(COM1 + 2)).toBe(0xc4);
});

test("a few bytes interrupt after a time-out, which a read ends", () => {
  const machine = openPort();
  machine.outb(COM1 + 1, 0x01);
  send(machine, "hi");
  expect(machine.inb(COM1 + 2)).toBe(0xc1);
  machine.advance(1);
  expect(machine.inb(COM1 + 2)).toBe(0xcc);
  machine.inb(COM1);
  expect(machine.inb(COM1 + 2)).toBe(0xc1);
});

test("Linux's transmit test: enabling the empty interrupt raises it, reading the ID takes it back", () => {
  const machine = openPort();
  machine.outb(COM1 + 1, 0x02);
  expect(irq(machine)).toBe(true);
  expect(machine.inb(COM1 + 2)).toBe(0xc2);
  expect(machine.inb(COM1 + 2)).toBe(0xc1);
  machine.outb(COM1, 0x41);
  expect(machine.inb(COM1 + 2)).toBe(0xc2);
  machine.outb(COM1 + 1, 0x00);
  machine.outb(COM1 + 1, 0x02);
  expect(machine.inb(COM1 + 2)).toBe(0xc2);
});

test("received data goes before the empty transmitter", () => {
  const machine = openPort();
  machine.outb(COM1 + 2, 0x01);
  machine.outb(COM1 + 1, 0x03);
  send(machine, "x");
  expect(machine.inb(COM1 + 2)).toBe(0xc4);
  machine.inb(COM1);
  expect(machine.inb(COM1 + 2)).toBe(0xc2);
});

test("without OUT2 the interrupt line stays quiet", () => {
  const machine = openPort();
  machine.outb(COM1 + 4, 0x03);
  machine.outb(COM1 + 1, 0x02);
  expect(irq(machine)).toBe(false);
});

test("loopback connects outputs to inputs", () => {
  let sent = 0;
  const machine = openPort({ host: { serialOutput: () => sent++ } });
  machine.outb(COM1 + 4, 0x1a);
  expect(machine.inb(COM1 + 6) & 0xf0).toBe(0x90);
  machine.outb(COM1, 0x77);
  expect(machine.inb(COM1)).toBe(0x77);
  expect(sent).toBe(0);
});

test("the cable is connected: CTS, DSR and DCD are on", () => {
  expect(testMachine().inb(COM1 + 6)).toBe(0xb0);
});

import { expect, test } from "vitest";
import { MachineEvent } from "../protocol/events";
import { type TestMachine, type TestMachineOptions, testMachine } from "../testing/machine";

const FUNCTION = 0x8000_0b00;

/** As SeaBIOS sets it up: ports at 600h. */
function machineWithPm(options?: TestMachineOptions): TestMachine {
  const machine = testMachine(options);
  const { outb, outl } = machine;
  outl(0xcf8, FUNCTION + 0x40);
  outl(0xcfc, 0x601);
  outl(0xcf8, FUNCTION + 0x80);
  outb(0xcfc, 1);
  return machine;
}

/** Whether IRQ 9 asks for service. */
function sci({ inb, outb }: TestMachine): boolean {
  outb(0xa0, 0x0a);
  return (inb(0xa0) & 2) !== 0;
}

test("the function is found, and says that SMM needs no set-up", () => {
  const { inl, outl } = testMachine();
  outl(0xcf8, FUNCTION);
  expect(inl(0xcfc)).toBe(0x7113_8086);
  outl(0xcf8, FUNCTION + 0x58);
  expect(inl(0xcfc)).toBe(0x0200_0000);
});

test("the PM timer counts 3.579545 MHz in 24 bits", () => {
  const machine = machineWithPm();
  const before = machine.inl(0x608);
  machine.advance(100);
  const after = machine.inl(0x608);
  expect(Math.abs(((after - before) & 0xff_ffff) - 357_954)).toBeLessThan(3);
  machine.advance(5000);
  expect(machine.inl(0x608)).toBeLessThan(0x100_0000);
});

test("the ports move with their base", () => {
  const machine = machineWithPm();
  machine.outl(0xcf8, FUNCTION + 0x40);
  expect(machine.inl(0xcfc)).toBe(0x601);
  machine.outl(0xcfc, 0x4001);
  expect(machine.inl(0x608)).toBe(0xffff_ffff);
  expect(machine.inw(0x4004)).toBe(0);
});

test("ACPI is switched on and off by the SMI command port", () => {
  const machine = machineWithPm();
  expect(machine.inw(0x604) & 1).toBe(0);
  machine.outb(0xb2, 0xf1);
  expect(machine.inw(0x604) & 1).toBe(1);
  machine.outb(0xb2, 0xf0);
  expect(machine.inw(0x604) & 1).toBe(0);
});

test("the power button raises the SCI until its status is cleared", () => {
  const machine = machineWithPm();
  machine.outb(0xb2, 0xf1);
  machine.outb(0x4d1, 0x02);
  machine.outw(0x602, 0x0100);
  machine.core.exports.pressPowerButton();
  expect(machine.inw(0x600) & 0x0100).toBe(0x0100);
  expect(sci(machine)).toBe(true);
  machine.outw(0x600, 0x0100);
  expect(sci(machine)).toBe(false);
});

test("the timer's overflow raises the SCI about every 2.3 seconds", () => {
  const machine = machineWithPm();
  machine.outb(0xb2, 0xf1);
  machine.outb(0x4d1, 0x02);
  machine.outw(0x600, 0x0001);
  machine.outw(0x602, 0x0001);
  machine.advance(2400, 10);
  expect(machine.inw(0x600) & 1).toBe(1);
  expect(sci(machine)).toBe(true);
  machine.outw(0x600, 0x0001);
  expect(sci(machine)).toBe(false);
});

test("writing S5 with the sleep bit turns the machine off", () => {
  const events: number[] = [];
  const machine = machineWithPm({ host: { event: (kind) => events.push(kind) } });
  machine.outw(0x604, 0x0001);
  expect(events).not.toContain(MachineEvent.PowerOff);
  machine.outw(0x604, 0x2001);
  expect(events).toContain(MachineEvent.PowerOff);
});

test("general-purpose events keep their enable bits", () => {
  const { inb, outb } = testMachine();
  outb(0xafe2, 0x02);
  expect([0xafe0, 0xafe1, 0xafe2, 0xafe3].map(inb)).toEqual([0, 0, 2, 0]);
});

test("an SMBus transfer ends with a device error", () => {
  const { inb, outb, outl } = testMachine();
  outl(0xcf8, FUNCTION + 0x90);
  outl(0xcfc, 0xb101);
  outl(0xcf8, FUNCTION + 0xd0);
  outb(0xcfe, 1);
  expect(inb(0xb100)).toBe(0);
  outb(0xb102, 0x48);
  expect(inb(0xb100)).toBe(0x06);
  outb(0xb100, 0x06);
  expect(inb(0xb100)).toBe(0);
});

import { expect, test } from "vitest";
import { testMachine } from "../testing/machine";

const BARS = [
  { name: "IDE bus master", fn: 0x8000_0900, bar: 0x20 },
  { name: "UHCI", fn: 0x8000_0a00, bar: 0x20 },
  { name: "Tandem port", fn: 0x8000_2800, bar: 0x10 },
] as const;

test.each(BARS)("$name: a BAR over another device's ports leaves them to it", ({ fn, bar }) => {
  const machine = testMachine();
  const config = (register: number, value: number): void => {
    machine.outl(0xcf8, fn + register);
    machine.outl(0xcfc, value);
  };
  const before = [machine.inb(0x21), machine.inb(0x3f8 + 5)];
  config(0x04, 1);
  for (const base of [0x0020, 0x03e0, 0x0cc0]) {
    config(bar, base);
    expect([machine.inb(0x21), machine.inb(0x3f8 + 5)]).toEqual(before);
  }
  config(bar, 0xc000);
  expect([machine.inb(0x21), machine.inb(0x3f8 + 5)]).toEqual(before);
  machine.outl(0xcf8, 0x8000_0000);
  expect(machine.inl(0xcfc)).toBe(0x1237_8086);
});

test.each(BARS)(
  "$name: a BAR can move over all ports without using up the machine",
  ({ fn, bar }) => {
    const machine = testMachine();
    const config = (register: number, value: number): void => {
      machine.outl(0xcf8, fn + register);
      machine.outl(0xcfc, value);
    };
    config(0x04, 1);
    for (let round = 0; round < 3; round++)
      for (let port = 0x1000; port < 0x1_0000; port += 0x40) config(bar, port);
    machine.outl(0xcf8, fn);
    expect(machine.inl(0xcfc) & 0xffff).not.toBe(0xffff);
    expect(machine.inl(0x5a40)).toBe(0x314d_4454);
  },
);

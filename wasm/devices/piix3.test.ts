import { expect, test } from "vitest";
import { testMachine } from "../testing/machine";

const ISA_BRIDGE = 0x8000_0800;

test("the ISA bridge is found at 00:01.0 and says that it has more functions", () => {
  const { inb, inl, outl } = testMachine();
  outl(0xcf8, ISA_BRIDGE);
  expect(inl(0xcfc)).toBe(0x7000_8086);
  outl(0xcf8, ISA_BRIDGE + 0x08);
  expect(inl(0xcfc) >>> 16).toBe(0x0601);
  outl(0xcf8, ISA_BRIDGE + 0x0c);
  expect(inb(0xcfe)).toBe(0x80);
});

test("PIRQ routes are off after a reset and keep only their bits", () => {
  const { inl, outl } = testMachine();
  outl(0xcf8, ISA_BRIDGE + 0x60);
  expect(inl(0xcfc)).toBe(0x8080_8080);
  outl(0xcfc, 0xff0b_0a7a);
  expect(inl(0xcfc)).toBe(0x8f0b_0a0a);
});

test("HIMEM switches A20 by port 92h", () => {
  const { inb, outb } = testMachine();
  expect(inb(0x92) & 2).toBe(2);
  outb(0x92, inb(0x92) & ~2);
  expect(inb(0x92) & 2).toBe(0);
  outb(0x92, inb(0x92) | 2);
  expect(inb(0x92) & 2).toBe(2);
});

test("the reset control register can be read between its two writes", () => {
  const { inb, outb } = testMachine();
  outb(0xcf9, 2);
  expect(inb(0xcf9)).toBe(2);
});

import { expect, test } from "vitest";
import { testMachine } from "../testing/machine";

test("address and count are written and read low byte first, and the flip-flop can be cleared", () => {
  const { inb, outb } = testMachine();
  outb(0x0c, 0);
  outb(0x04, 0x34);
  outb(0x04, 0x12);
  outb(0x05, 0xff);
  outb(0x05, 0x01);
  expect([inb(0x04), inb(0x04)]).toEqual([0x34, 0x12]);
  expect(inb(0x05)).toBe(0xff);
  outb(0x0c, 0);
  expect([inb(0x05), inb(0x05)]).toEqual([0xff, 0x01]);
});

test("the word controller has its registers at even ports", () => {
  const { inb, outb } = testMachine();
  outb(0xd8, 0);
  outb(0xc4, 0x78);
  outb(0xc4, 0x56);
  expect([inb(0xc4), inb(0xc4)]).toEqual([0x78, 0x56]);
});

test("a BIOS finds the page registers by writing and reading them", () => {
  const { inb, outb } = testMachine();
  for (let port = 0x81; port <= 0x8f; port++) outb(port, port ^ 0x5a);
  for (let port = 0x81; port <= 0x8f; port++) expect(inb(port)).toBe(port ^ 0x5a);
});

test("all channels are masked after a master clear", () => {
  const { inb, outb } = testMachine();
  outb(0x0e, 0);
  expect(inb(0x0f) & 15).toBe(0);
  outb(0x0a, 6);
  expect(inb(0x0f) & 15).toBe(4);
  outb(0x0d, 0);
  expect(inb(0x0f) & 15).toBe(15);
});

test("a software request shows in the status", () => {
  const { inb, outb } = testMachine();
  outb(0x09, 0x06);
  expect(inb(0x08)).toBe(0x40);
});

import { expect, test } from "vitest";
import { type TestMachine, testMachine } from "../testing/machine";

function select({ outl }: TestMachine, register: number): void {
  outl(0xcf8, 0x8000_0000 + (register & 0xfc));
}

function machineWithRom(length: number): TestMachine {
  const machine = testMachine({ megabytes: 4 });
  const { core } = machine;
  const rom = core.bytes(core.exports.SYSTEM_ROM.value as number, length);
  for (let i = 0; i < length; i++) rom[i] = (i >> 12) + 1; // the number of the page
  core.exports.setSystemRom(length);
  return machine;
}

test("the host bridge is found by configuration mechanism 1, in all widths", () => {
  const machine = testMachine();
  select(machine, 0);
  expect(machine.inl(0xcf8)).toBe(0x8000_0000);
  expect(machine.inl(0xcfc)).toBe(0x1237_8086);
  expect(machine.inw(0xcfe)).toBe(0x1237);
  expect(machine.inb(0xcfd)).toBe(0x80);
  select(machine, 8);
  expect(machine.inb(0xcfc)).toBe(2);
  select(machine, 0x2c);
  expect(machine.inl(0xcfc)).toBe(0x1100_1af4);
});

test("a function that is not there reads as all ones", () => {
  const { inl, outl } = testMachine();
  outl(0xcf8, 0x8000_f800);
  expect(inl(0xcfc)).toBe(0xffff_ffff);
  outl(0xcf8, 0);
  expect(inl(0xcfc)).toBe(0xffff_ffff);
});

test("after power-on the ROM lies below 1 MiB and ends at 4 GiB", () => {
  const { core } = machineWithRom(0x4_0000);
  const { readPhysical } = core.exports;
  expect(readPhysical(0xffff_fff0, 1)).toBe(0x40);
  expect(readPhysical(0xfffc_0000, 1)).toBe(0x01);
  expect(readPhysical(0xf_fff0, 1)).toBe(0x40);
  expect(readPhysical(0xe_0000, 1)).toBe(0x21);
  core.exports.writePhysical(0xf_fff0, 1, 0x55);
  expect(readPhysical(0xf_fff0, 1)).toBe(0x40);
});

test("a ROM of 64 KiB is found at F0000h only", () => {
  const { readPhysical } = machineWithRom(0x1_0000).core.exports;
  expect(readPhysical(0xf_0000, 1)).toBe(0x01);
  expect(readPhysical(0xe_f000, 1) & 0xff).toBe(0xff);
});

test("SeaBIOS shadows itself: PAM lets writes through to RAM, then reads", () => {
  const machine = machineWithRom(0x4_0000);
  const { readPhysical, writePhysical } = machine.core.exports;
  select(machine, 0x59);
  machine.outb(0xcfd, 0x20); // F0000h: write RAM, read ROM
  writePhysical(0xf_0000, 1, 0x77);
  expect(readPhysical(0xf_0000, 1)).toBe(0x31);
  machine.outb(0xcfd, 0x10); // read RAM only
  expect(readPhysical(0xf_0000, 1)).toBe(0x77);
  writePhysical(0xf_0000, 1, 0x78);
  expect(readPhysical(0xf_0000, 1)).toBe(0x77);
});

test("each nibble of a PAM register rules 16 KiB", () => {
  const machine = testMachine();
  const { readPhysical, writePhysical } = machine.core.exports;
  select(machine, 0x5a);
  machine.outb(0xcfe, 0x30); // C4000h-C7FFFh
  for (const address of [0xc_0000, 0xc_4000, 0xc_8000]) writePhysical(address, 1, 0x12);
  expect([0xc_0000, 0xc_4000, 0xc_8000].map((address) => readPhysical(address, 1) & 0xff)).toEqual([
    0xff, 0x12, 0xff,
  ]);
});

test("a reset brings the ROM back", () => {
  const machine = machineWithRom(0x2_0000);
  select(machine, 0x59);
  machine.outb(0xcfd, 0x30);
  machine.reset();
  expect(machine.core.exports.readPhysical(0xf_0000, 1)).toBe(0x11);
});

test("locked SMRAM stays closed until a reset", () => {
  const machine = testMachine();
  select(machine, 0x72);
  machine.outb(0xcfe, 0x4a);
  expect(machine.inb(0xcfe)).toBe(0x4a);
  machine.outb(0xcfe, 0x1a);
  machine.outb(0xcfe, 0x4a);
  expect(machine.inb(0xcfe)).toBe(0x1a);
});

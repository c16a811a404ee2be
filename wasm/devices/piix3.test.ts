import { expect, test } from "vitest";
import { MachineEvent as CoreEvent, ResetCause } from "../protocol/events";
import { testMachine } from "../testing/machine";

const [CS, EBX] = [1, 3];
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

const STOPPED = 3;
const ROUTES_OFF = 0x8080_8080;

test.each([
  ["8042 command FEh", ResetCause.Keyboard, [[0x64, 0xfe]]],
  [
    "the 8042's output port",
    ResetCause.Keyboard,
    [
      [0x64, 0xd1],
      [0x60, 0xde],
    ],
  ],
  [
    "port 92h",
    ResetCause.Port92,
    [
      [0x92, 2],
      [0x92, 3],
    ],
  ],
  [
    "port CF9h without bit 1",
    ResetCause.PortCf9,
    [
      [0xcf9, 0],
      [0xcf9, 4],
    ],
  ],
] as const)("%s resets the CPU alone, for software of the 286", (_, cause, writes) => {
  const told: number[][] = [];
  const { core, inl, outb, outl } = testMachine({
    host: { event: (...event) => void told.push(event) },
  });
  const { exports } = core;
  outl(0xcf8, ISA_BRIDGE + 0x60);
  outl(0xcfc, 0x0a0a_0a0a);
  exports.writePhysical(0x1234, 4, 0x5678_9abc);
  exports.setControlRegister(0, 0x11);
  exports.setRegister(0, 77);
  for (const [port, value] of writes) outb(port, value);
  expect(core.run(100)).toBe(STOPPED);
  expect(told.at(-1)).toEqual([CoreEvent.Reset, cause, 1]);
  expect(exports.getControlRegister(0) & 1).toBe(0);
  expect(exports.getRegister(0)).toBe(0);
  expect(exports.getEip()).toBe(0xfff0);
  expect(inl(0xcfc)).toBe(0x0a0a_0a0a);
  expect(exports.readPhysical(0x1234, 4)).toBe(0x5678_9abc);
});

test("port CF9h with bit 1 resets everything", () => {
  const { core, inl, outb, outl } = testMachine();
  outl(0xcf8, ISA_BRIDGE + 0x60);
  outl(0xcfc, 0x0a0a_0a0a);
  outb(0xcf9, 2);
  outb(0xcf9, 6);
  expect(core.run(100)).toBe(STOPPED);
  outl(0xcf8, ISA_BRIDGE + 0x60);
  expect(inl(0xcfc)).toBe(ROUTES_OFF);
});

test("firmware takes software of the 286 back to where its shutdown code says", () => {
  const { core } = testMachine();
  const { exports } = core;
  // 4 KB of firmware: mov al,0Fh; out 70h,al; in al,71h; cmp al,0Ah; jne $; jmp far [467h]
  const rom = new Uint8Array(4096).fill(0xf4);
  rom.set([0xb0, 0x0f, 0xe6, 0x70, 0xe4, 0x71, 0x3c, 0x0a, 0x75, 0xfe, 0x31, 0xc0, 0x8e, 0xd8, 0xff, 0x2e, 0x67, 0x04], 0); // prettier-ignore
  rom.set([0xe9, 0x0d, 0xf0], 0xff0); // jmp F000
  core.bytes(exports.SYSTEM_ROM.value as number, 4096).set(rom);
  exports.setSystemRom(4096);
  exports.reset();
  exports.setSegment(CS, 0, 0, 0xffff, 0x93);
  exports.setEip(0x1000);
  // mov al,0Fh; out 70h,al; mov al,0Ah; out 71h,al; mov al,FEh; out 64h,al; hlt
  const code = [0xb0, 0x0f, 0xe6, 0x70, 0xb0, 0x0a, 0xe6, 0x71, 0xb0, 0xfe, 0xe6, 0x64, 0xf4];
  code.forEach((byte, n) => exports.writePhysical(0x1000 + n, 1, byte));
  exports.writePhysical(0x467, 4, 0x0200_0010); // 0200:0010
  [0xbb, 0xcd, 0xab, 0xf4].forEach((byte, n) => exports.writePhysical(0x2010 + n, 1, byte)); // mov bx,ABCDh; hlt
  expect(core.run(100)).toBe(STOPPED);
  core.run(100);
  expect(exports.getHalted()).toBe(1);
  expect(exports.getRegister(EBX)).toBe(0xabcd);
});

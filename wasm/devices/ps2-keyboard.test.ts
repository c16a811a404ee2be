import { expect, test } from "vitest";
import { MachineEvent } from "../protocol/events";
import { type TestMachine, type TestMachineOptions, testMachine } from "../testing/machine";

/** A keyboard without translation: what it really sends. */
function rawKeyboard(options?: TestMachineOptions): TestMachine {
  const machine = testMachine(options);
  machine.outb(0x64, 0x60);
  machine.outb(0x60, 0x00);
  return machine;
}

function readAll(machine: TestMachine): number[] {
  const bytes: number[] = [];
  for (let idle = 0; idle < 20; idle++) {
    if (machine.inb(0x64) & 1) {
      bytes.push(machine.inb(0x60));
      idle = 0;
    }
    machine.advance(0.1);
  }
  return bytes;
}

function command(machine: TestMachine, ...bytes: number[]): number[] {
  return bytes.flatMap((byte) => {
    machine.outb(0x60, byte);
    return readAll(machine);
  });
}

function type(machine: TestMachine, key: number): number[] {
  machine.core.exports.keyboardKey(key, 1);
  machine.core.exports.keyboardKey(key, 0);
  return readAll(machine);
}

test("SeaBIOS resets it: acknowledge, then the self test's result", () => {
  expect(command(rawKeyboard(), 0xff)).toEqual([0xfa, 0xaa]);
});

test("Linux identifies it, raw and translated", () => {
  expect(command(rawKeyboard(), 0xf2)).toEqual([0xfa, 0xab, 0x83]);
  expect(command(testMachine(), 0xf2)).toEqual([0xfa, 0xab, 0x41]);
});

test("echo, resend and unknown commands", () => {
  const machine = rawKeyboard();
  expect(command(machine, 0xee)).toEqual([0xee]);
  expect(command(machine, 0xfe)).toEqual([0xee]);
  expect(command(machine, 0x10)).toEqual([0xfe]);
});

test("the LEDs reach the host", () => {
  const leds: number[] = [];
  const machine = rawKeyboard({
    host: { event: (kind, a) => kind === MachineEvent.KeyboardLeds && leds.push(a) },
  });
  expect(command(machine, 0xed, 0x06)).toEqual([0xfa, 0xfa]);
  expect(leds).toEqual([6]);
});

test("a key in all three sets", () => {
  const machine = rawKeyboard();
  expect(type(machine, 0xe048)).toEqual([0xe0, 0x75, 0xe0, 0xf0, 0x75]);
  expect(command(machine, 0xf0, 1)).toEqual([0xfa, 0xfa]);
  expect(type(machine, 0xe048)).toEqual([0xe0, 0x48, 0xe0, 0xc8]);
  command(machine, 0xf0, 3);
  expect(command(machine, 0xf0, 0)).toEqual([0xfa, 0xfa, 3]);
  expect(type(machine, 0xe048)).toEqual([0x63]);
  command(machine, 0xfa);
  expect(type(machine, 0xe048)).toEqual([0x63, 0xf0, 0x63]);
});

test("every key of set 1 survives the way through set 2 and the 8042's translation", () => {
  const machine = testMachine();
  for (let key = 1; key <= 0x58; key++) {
    if (key === 0x55) continue; // no such key
    expect(type(machine, key)).toEqual([key, key | 0x80]);
  }
});

test("Pause sends everything when it goes down; with Control it is Break", () => {
  const machine = testMachine();
  expect(type(machine, 0xe11d)).toEqual([0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5]);
  machine.core.exports.keyboardKey(0x1d, 1);
  readAll(machine);
  expect(type(machine, 0xe11d)).toEqual([0xe0, 0x46, 0xe0, 0xc6]);
});

test("Print Screen comes inside a shift; with Alt it is SysRq", () => {
  const machine = testMachine();
  expect(type(machine, 0xe037)).toEqual([0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa]);
  machine.core.exports.keyboardKey(0x38, 1);
  readAll(machine);
  expect(type(machine, 0xe037)).toEqual([0x54, 0xd4]);
});

test("a keyboard that does not scan drops keys", () => {
  const machine = testMachine();
  expect(command(machine, 0xf5)).toEqual([0xfa]);
  expect(type(machine, 0x1e)).toEqual([]);
  expect(command(machine, 0xf4)).toEqual([0xfa]);
  expect(type(machine, 0x1e)).toEqual([0x1e, 0x9e]);
});

test("typed ahead: a full buffer refuses keys and loses none it took", () => {
  const machine = testMachine();
  let taken = 0;
  while (machine.core.exports.keyboardKey(0x1e, 1)) taken++;
  expect(taken).toBeGreaterThan(16);
  expect(machine.core.exports.keyboardKey(0x1e, 0)).toBe(1);
  const bytes = readAll(machine);
  expect(bytes).toEqual([...Array<number>(taken).fill(0x1e), 0x9e]);
});

import { expect, test } from "vitest";
import { MachineEvent } from "../protocol/events";
import { PointerDevice } from "../protocol/input";
import { type TestMachine, type TestMachineOptions, testMachine } from "../testing/machine";

function openMouse(options?: TestMachineOptions): TestMachine {
  const machine = testMachine(options);
  machine.outb(0x64, 0x60);
  machine.outb(0x60, 0x43);
  return machine;
}

function readAll(machine: TestMachine): number[] {
  const bytes: number[] = [];
  for (let idle = 0; idle < 20; idle++) {
    if (machine.inb(0x64) & 1) {
      expect(machine.inb(0x64) & 0x20).toBe(0x20);
      bytes.push(machine.inb(0x60));
      idle = 0;
    }
    machine.advance(0.1);
  }
  return bytes;
}

function command(machine: TestMachine, ...bytes: number[]): number[] {
  return bytes.flatMap((byte) => {
    machine.outb(0x64, 0xd4);
    machine.outb(0x60, byte);
    return readAll(machine);
  });
}

const WHEEL = [0xf3, 200, 0xf3, 100, 0xf3, 80];
const EXPLORER = [0xf3, 200, 0xf3, 200, 0xf3, 80];
const HORIZONTAL = [0xf3, 200, 0xf3, 80, 0xf3, 40];

test("a reset ends with the self test's result and the ID", () => {
  expect(command(openMouse(), 0xff)).toEqual([0xfa, 0xaa, 0x00]);
});

test("motion and buttons come in three bytes, y upwards", () => {
  const machine = openMouse();
  expect(command(machine, 0xf4)).toEqual([0xfa]);
  machine.core.exports.pointerMotion(5, 3, 0);
  expect(readAll(machine)).toEqual([0x28, 5, 0xfd]);
  machine.core.exports.pointerMotion(-1, -2, 0);
  expect(readAll(machine)).toEqual([0x18, 0xff, 2]);
  machine.core.exports.pointerButtons(5, 0);
  expect(readAll(machine)).toEqual([0x0d, 0, 0]);
});

test("nothing is sent until it is enabled, and motion before that is forgotten", () => {
  const machine = openMouse();
  machine.core.exports.pointerMotion(5, 5, 0);
  expect(readAll(machine)).toEqual([]);
  command(machine, 0xf4);
  expect(readAll(machine)).toEqual([]);
});

test("Linux finds a wheel and then an Explorer mouse by the magic rates", () => {
  const machine = openMouse();
  command(machine, ...WHEEL);
  expect(command(machine, 0xf2)).toEqual([0xfa, 3]);
  command(machine, ...EXPLORER);
  expect(command(machine, 0xf2)).toEqual([0xfa, 4]);
});

test("the wheel turns down with positive numbers", () => {
  const machine = openMouse();
  command(machine, ...WHEEL, 0xf4);
  machine.core.exports.pointerWheel(1, 0, 0);
  expect(readAll(machine)).toEqual([0x08, 0, 0, 1]);
  machine.core.exports.pointerWheel(-2, 0, 0);
  expect(readAll(machine)).toEqual([0x08, 0, 0, 0xfe]);
});

test("an Explorer mouse has five buttons and a second wheel", () => {
  const machine = openMouse();
  command(machine, ...WHEEL, ...EXPLORER, ...HORIZONTAL, 0xf4);
  machine.core.exports.pointerButtons(0x18, 0);
  expect(readAll(machine)).toEqual([0x08, 0, 0, 0x30]);
  machine.core.exports.pointerWheel(0, 1, 0);
  expect(readAll(machine)).toEqual([0x08, 0, 0, 0x7f]);
});

test("motion waits and adds up while the guest is busy; buttons keep their order and place", () => {
  const machine = openMouse();
  command(machine, 0xf4);
  const { pointerMotion, pointerButtons } = machine.core.exports;
  for (let i = 0; i < 10; i++) pointerMotion(1, 0, 0);
  pointerButtons(1, 0);
  pointerButtons(0, 0);
  for (let i = 0; i < 10; i++) pointerMotion(0, 1, 0);
  pointerButtons(1, 0);
  const bytes = readAll(machine);
  expect(bytes).toEqual([0x08, 10, 0, 0x09, 0, 0, 0x08, 0, 0, 0x28, 0, 0xf6, 0x09, 0, 0]);
});

test("long motions are split, none of it is lost", () => {
  const machine = openMouse();
  command(machine, 0xf4);
  machine.core.exports.pointerMotion(600, 0, 0);
  expect(readAll(machine)).toEqual([0x08, 255, 0, 0x08, 255, 0, 0x08, 90, 0]);
});

test("remote mode sends a packet when it is asked for", () => {
  const machine = openMouse();
  command(machine, 0xf0);
  machine.core.exports.pointerMotion(7, 0, 0);
  expect(readAll(machine)).toEqual([]);
  expect(command(machine, 0xeb)).toEqual([0xfa, 0x08, 7, 0]);
  expect(command(machine, 0xeb)).toEqual([0xfa, 0x08, 0, 0]);
});

test("the status request tells mode, resolution and rate", () => {
  const machine = openMouse();
  command(machine, 0xe8, 3, 0xf3, 60, 0xf4);
  machine.core.exports.pointerButtons(1, 0);
  readAll(machine);
  expect(command(machine, 0xe9)).toEqual([0xfa, 0x24, 3, 60]);
});

test("wrap mode echoes until it is left", () => {
  const machine = openMouse();
  command(machine, 0xee);
  expect(command(machine, 0xf4)).toEqual([0xf4]);
  expect(command(machine, 0xec)).toEqual([0xfa]);
  expect(command(machine, 0xf2)).toEqual([0xfa, 0]);
});

test("the page learns when the guest wants a pointer", () => {
  const wanted: number[] = [];
  const machine = openMouse({
    host: { event: (kind, a) => kind === MachineEvent.PointerWanted && wanted.push(a) },
  });
  command(machine, 0xf4, 0xf5);
  expect(wanted).toEqual([1, 0]);
});

test("no change of buttons is lost: a full queue takes nothing more, and later goes on", () => {
  const machine = openMouse();
  command(machine, 0xf4);
  const { pointerButtons, pointerMotion } = machine.core.exports;
  let changes = 0;
  while (pointerButtons((changes + 1) & 1, 0)) changes++;
  expect(changes).toBeGreaterThan(10);
  expect(pointerMotion(1, 0, 0)).toBe(0);
  expect(readAll(machine).filter((_byte, index) => index % 3 === 0)).toEqual(
    Array.from({ length: changes }, (_unused, index) => 0x08 | ((index + 1) & 1)),
  );
  expect(pointerButtons((changes + 1) & 1, 0)).toBe(1);
  expect(readAll(machine)).toEqual([0x08 | ((changes + 1) & 1), 0, 0]);
});

test("the host learns when the guest has read the packet of a numbered input", () => {
  const taken: number[][] = [];
  const machine = openMouse({
    host: { event: (kind, a, b) => kind === MachineEvent.InputTaken && taken.push([a, b]) },
  });
  command(machine, 0xf4);
  const { pointerMotion, pointerReports, pointerInterrupts } = machine.core.exports;
  pointerMotion(1, 1, 7);
  pointerMotion(1, 1, 8);
  machine.advance(1);
  machine.inb(0x60);
  expect(taken).toEqual([]);
  readAll(machine);
  expect(taken).toEqual([[PointerDevice.Ps2Mouse, 8]]);
  expect(pointerReports(PointerDevice.Ps2Mouse)).toBe(1);
  expect(pointerInterrupts(PointerDevice.Ps2Mouse)).toBeGreaterThanOrEqual(3);
});

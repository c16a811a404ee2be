import { expect, test } from "vitest";
import { MachineEvent } from "../protocol/events";
import { PointerDevice, PointerMode, PointerRoute } from "../protocol/input";
import { type TestMachine, testMachine } from "../testing/machine";

function machineWithEvents(): TestMachine & { pointer: number[][] } {
  const pointer: number[][] = [];
  const machine = testMachine({
    host: { event: (kind, a, b) => kind === MachineEvent.Pointer && pointer.push([a, b]) },
  });
  machine.outb(0x64, 0x60);
  machine.outb(0x60, 0x43);
  return { ...machine, pointer };
}

function toMouse(machine: TestMachine, byte: number): void {
  machine.outb(0x64, 0xd4);
  machine.outb(0x60, byte);
}

function read(machine: TestMachine, count: number): number[] {
  return Array.from({ length: count }, () => {
    machine.advance(1);
    return machine.inb(0x60);
  });
}

test("the host learns what the guest listens to, and that it ceased", () => {
  const machine = machineWithEvents();
  expect(machine.pointer).toEqual([]);
  toMouse(machine, 0xf4);
  expect(machine.pointer).toEqual([[PointerMode.Relative, PointerDevice.Ps2Mouse]]);
  machine.core.exports.pointerRoute(PointerRoute.Relative);
  toMouse(machine, 0xf5);
  expect(machine.pointer.slice(1)).toEqual([[PointerMode.Relative, PointerDevice.None]]);
});

test("what is given while nobody listens is taken and forgotten, but held buttons are told later", () => {
  const machine = machineWithEvents();
  const { pointerButtons, pointerMotion } = machine.core.exports;
  expect(pointerMotion(5, 5, 0)).toBe(1);
  expect(pointerButtons(1, 0)).toBe(1);
  toMouse(machine, 0xf4);
  expect(read(machine, 1)).toEqual([0xfa]);
  pointerMotion(2, 0, 0);
  expect(read(machine, 6)).toEqual([0x09, 0, 0, 0x09, 2, 0]);
});

test("positions move a mouse by their difference in pixels, from the second one on", () => {
  const machine = machineWithEvents();
  const { frameWidth, pointerPosition } = machine.core.exports;
  toMouse(machine, 0xf4);
  read(machine, 1);
  pointerPosition(0.5, 0.5, 0);
  const width = frameWidth();
  expect(width).toBeGreaterThan(600);
  pointerPosition(310 / width, 0.5, 0);
  const left = width / 2 - 310;
  expect(read(machine, 3)).toEqual([0x18, 0x100 - left, 0]);
  pointerPosition(Number.NaN, 0.5, 0);
  expect(read(machine, 6)).toEqual([0x18, 1, 0, 0x18, 0x100 - (310 - 255), 0]);
});

import { expect, test } from "vitest";
import { type TestMachine, testMachine } from "../testing/machine";

/** A guest that executes JMP to itself for ever, and a clock that only the test moves. */
function busyGuest(): { machine: TestMachine; time: { now: number } } {
  const time = { now: 1000 };
  const machine = testMachine({ host: { now: () => time.now } });
  const { core } = machine;
  core.bytes(core.exports.SYSTEM_ROM.value as number, 0x1_0000).set([0xeb, 0xfe], 0xfff0);
  core.exports.setSystemRom(0x1_0000);
  machine.reset();
  return { machine, time };
}

function guestTime({ core }: TestMachine): number {
  return core.exports.guestMilliseconds();
}

test("a guest cut off by the end of a slice does not see the gap, and catches up while it runs", () => {
  const { machine, time } = busyGuest();
  machine.core.run(1000);
  const before = guestTime(machine);
  time.now += 20;
  machine.core.exports.runTimers();
  expect(guestTime(machine)).toBeCloseTo(before, 6);
  machine.core.run(1000);
  expect(guestTime(machine)).toBeLessThan(before + 0.11);
  time.now += 1; // another gap
  machine.core.run(1000);
  expect(guestTime(machine)).toBeLessThan(before + 1);
});

test("a lag that is too long is skipped", () => {
  const { machine, time } = busyGuest();
  machine.core.run(1000);
  const before = guestTime(machine);
  time.now += 5000;
  machine.core.run(1000);
  expect(guestTime(machine)).toBeCloseTo(before + 5000, 0);
});

test("where the host's clock is coarse, time goes on with the instructions executed, but not for long", () => {
  const { machine } = busyGuest();
  const before = guestTime(machine);
  machine.core.run(1000);
  const after = guestTime(machine);
  expect(after).toBeGreaterThan(before);
  for (let i = 0; i < 100; i++) machine.core.run(1000);
  expect(guestTime(machine)).toBeLessThan(before + 0.11);
});

test("time passes freely for a machine that does not execute", () => {
  const { machine, time } = busyGuest();
  const before = guestTime(machine);
  time.now += 50;
  expect(guestTime(machine)).toBeCloseTo(before + 50, 6);
});

test("time stands still while the machine is paused", () => {
  const { machine, time } = busyGuest();
  machine.core.exports.pauseClock();
  const before = guestTime(machine);
  time.now += 50;
  machine.core.exports.resumeClock();
  expect(guestTime(machine)).toBeCloseTo(before, 6);
  time.now += 10;
  expect(guestTime(machine)).toBeCloseTo(before + 10, 6);
});

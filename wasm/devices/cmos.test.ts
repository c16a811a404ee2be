import { expect, test } from "vitest";
import { type TestMachine, testMachine } from "../testing/machine";

/** Power-on at Sunday 2002-06-30 23:59:58.5. */
function machineAt(time: number = Date.UTC(2002, 5, 30, 23, 59, 58, 500)): TestMachine {
  return testMachine({ megabytes: 32, host: { wallClock: () => time } });
}

function read({ inb, outb }: TestMachine, index: number): number {
  outb(0x70, index);
  return inb(0x71);
}

function write({ outb }: TestMachine, index: number, value: number): void {
  outb(0x70, index);
  outb(0x71, value);
}

function time(machine: TestMachine): string {
  return [0x32, 9, 8, 7, 6, 4, 2, 0]
    .map((index) => read(machine, index).toString(16).padStart(2, "0"))
    .join(" ");
}

test("a reset stops its interrupts and keeps the RAM", () => {
  const machine = testMachine();
  write(machine, 0x0b, 0x42); // periodic interrupt on, 24-hour mode
  write(machine, 0x40, 0x99);
  machine.reset();
  expect(read(machine, 0x0b)).toBe(0x02);
  expect(read(machine, 0x40)).toBe(0x99);
});

test("the clock starts at the host's time and goes over midnight and the month's end", () => {
  const machine = machineAt();
  expect(time(machine)).toBe("20 02 06 30 01 23 59 58");
  machine.advance(2000);
  expect(time(machine)).toBe("20 02 07 01 02 00 00 00");
});

test.each([
  [Date.UTC(2000, 1, 29), "20 00 02 29 03 00 00 00"],
  [Date.UTC(1999, 11, 31, 12), "19 99 12 31 06 12 00 00"],
  [Date.UTC(2024, 2, 1, 1, 2, 3), "20 24 03 01 06 01 02 03"],
])("the date of %i is right", (at, expected) => {
  expect(time(machineAt(at))).toBe(expected);
});

test("12-hour and binary formats", () => {
  const machine = machineAt(Date.UTC(2002, 5, 30, 13, 45, 30));
  write(machine, 0x0b, 0x00);
  expect(read(machine, 4)).toBe(0x81);
  write(machine, 0x0b, 0x06);
  expect(read(machine, 4)).toBe(13);
  expect(read(machine, 2)).toBe(45);
});

test("a time set by the guest goes on from there", () => {
  const machine = machineAt();
  write(machine, 0x0b, 0x82);
  for (const [index, value] of [
    [0x32, 0x19],
    [9, 0x95],
    [8, 0x08],
    [7, 0x24],
    [4, 0x10],
    [2, 0x20],
    [0, 0x30],
  ] as const)
    write(machine, index, value);
  machine.advance(5000);
  expect(time(machine).startsWith("19 95 08 24")).toBe(true);
  expect(read(machine, 0)).toBe(0x30);
  write(machine, 0x0b, 0x02);
  machine.advance(3000);
  expect(time(machine)).toBe("19 95 08 24 05 10 20 33");
});

test("update in progress is shown before the second changes, never for long", () => {
  const machine = machineAt(Date.UTC(2002, 0, 1));
  machine.advance(990);
  expect(read(machine, 0x0a) & 0x80).toBe(0);
  machine.advance(8.5);
  expect(read(machine, 0x0a) & 0x80).toBe(0x80);
  expect(read(machine, 0)).toBe(0);
  machine.advance(2);
  expect(read(machine, 0x0a) & 0x80).toBe(0);
  expect(read(machine, 0)).toBe(1);
});

test("the update-ended flag comes once a second and is cleared by reading it", () => {
  const machine = machineAt(Date.UTC(2002, 0, 1));
  read(machine, 0x0c);
  machine.advance(1001);
  expect(read(machine, 0x0c) & 0x10).toBe(0x10);
  expect(read(machine, 0x0c) & 0x10).toBe(0);
});

test("the alarm interrupts at its time", () => {
  const machine = machineAt(Date.UTC(2002, 0, 1, 0, 0, 0));
  write(machine, 1, 0x03);
  write(machine, 3, 0xff);
  write(machine, 5, 0xff);
  write(machine, 0x0b, 0x22);
  read(machine, 0x0c);
  machine.advance(2500, 100);
  expect(read(machine, 0x0c) & 0xa0).toBe(0);
  machine.advance(600, 100);
  expect(read(machine, 0x0c) & 0xa0).toBe(0xa0);
});

test("the periodic interrupt comes at the chosen rate", () => {
  const machine = machineAt();
  write(machine, 0x0a, 0x26); // 1024 Hz
  write(machine, 0x0b, 0x42);
  read(machine, 0x0c);
  let interrupts = 0;
  for (let i = 0; i < 10_000; i++) {
    machine.advance(0.1);
    if (read(machine, 0x0c) & 0x80) interrupts++;
  }
  expect(interrupts).toBeGreaterThanOrEqual(1023);
  expect(interrupts).toBeLessThanOrEqual(1024);
});

test("DOS polls the periodic flag without its interrupt", () => {
  const machine = machineAt();
  read(machine, 0x0c);
  expect(read(machine, 0x0c) & 0x40).toBe(0);
  machine.advance(1);
  expect(read(machine, 0x0c) & 0xc0).toBe(0x40);
});

test("SeaBIOS finds the memory size", () => {
  const machine = testMachine({ megabytes: 32 });
  expect(read(machine, 0x34) | (read(machine, 0x35) << 8)).toBe((16 << 20) / 65536);
  expect(read(machine, 0x30) | (read(machine, 0x31) << 8)).toBe(31 * 1024);
  expect(read(machine, 0x15) | (read(machine, 0x16) << 8)).toBe(640);
});

test("the host sets the boot order", () => {
  const machine = testMachine();
  machine.core.exports.setCmos(0x3d, 0x21);
  expect(read(machine, 0x3d)).toBe(0x21);
});

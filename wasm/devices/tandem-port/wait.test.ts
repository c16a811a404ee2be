// WAIT as a guest program meets it: a few bytes of real-mode code that read it in a loop.

import { expect, test } from "vitest";
import { ISA_BASE, Register, RequestStatus, Status } from "../../protocol/tandem-port";
import { PointerCommand } from "../../protocol/pointer";
import { complete, type TandemDriver, tandemMachine, words } from "../../testing/tandem";
import type { TestMachine } from "../../testing/machine";

const HALTED = 1; // RunResult of cpu/run.ts
const ROM_SIZE = 0x1_0000;
const WAIT_PORT = ISA_BASE + Register.Wait;

// Where the programs keep what the tests look at.
const RESULT = 0x500; // u32: what WAIT read
const WAITS = 0x504; // u8: how often it came back
const INTERRUPTS = 0x505;
const TRAPS = 0x506;

const FAR_JUMP = [0xea, 0x00, 0x00, 0x00, 0xf0];
const low = (value: number): number[] => [value & 0xff, value >> 8];
const increment = (address: number): number[] => [0xfe, 0x06, ...low(address)]; // inc byte [address]
const IRET = 0xcf;
const STI = 0xfb;
const CLI = 0xfa;

/** in eax, dx; mov [RESULT], eax; inc byte [WAITS]; again */
const WAIT_LOOP = [
  ...[0xba, ...low(WAIT_PORT)],
  ...[0x66, 0xed, 0x66, 0xa3, ...low(RESULT), ...increment(WAITS)],
  ...[0xeb, 0xf4],
];
const HANDLER = 0x400;
const TRAP_HANDLER = 0x480;

interface Guest {
  machine: TestMachine;
  driver: TandemDriver;
  run(budget?: number): number;
  byte(address: number): number;
  result(): number;
}

function guest(code: number[]): Guest & ReturnType<typeof tandemMachine> {
  const tandem = tandemMachine();
  const { machine, driver } = tandem;
  const { core } = machine;
  const rom = core.bytes(core.exports.SYSTEM_ROM.value as number, ROM_SIZE);
  rom.set(code, 0);
  // IRQ 0: count, EOI. Single step: count, and clear TF in the flags to return to.
  rom.set([...increment(INTERRUPTS), 0x50, 0xb0, 0x20, 0xe6, 0x20, 0x58, IRET], HANDLER);
  const clearTrap = [0x89, 0xe5, 0x81, 0x66, 0x04, 0xff, 0xfe];
  rom.set([...increment(TRAPS), ...clearTrap, IRET], TRAP_HANDLER);
  rom.set(FAR_JUMP, 0xfff0);
  core.exports.setSystemRom(ROM_SIZE);
  machine.reset();
  const ram = driver.ram;
  const view = new DataView(ram.buffer, ram.byteOffset);
  view.setUint32(0x08 * 4, 0xf000_0000 + HANDLER, true);
  view.setUint32(0x01 * 4, 0xf000_0000 + TRAP_HANDLER, true);
  return {
    ...tandem,
    run: (budget = 1000) => core.run(budget),
    byte: (address) => ram[address] ?? 0,
    result: () => view.getUint32(RESULT, true),
  };
}

/** PIC: IRQ 0 at vector 8; PIT: once, after so many milliseconds. */
function startTimer({ outb }: TestMachine, milliseconds: number): void {
  for (const [port, value] of [
    [0x20, 0x11],
    [0x21, 0x08],
    [0x21, 0x04],
    [0x21, 0x01],
    [0x21, 0xfe],
    [0x43, 0x30],
  ] as const)
    outb(port, value);
  const count = Math.round(1193.182 * milliseconds);
  outb(0x40, count & 0xff);
  outb(0x40, count >> 8);
}

test("a WAIT stands still, costs nothing, and ends after 20 ms", () => {
  const { run, byte, result, machine } = guest(WAIT_LOOP);
  const { exports } = machine.core;
  expect(run()).toBe(HALTED);
  const executed = exports.instructionsExecuted();
  expect(run()).toBe(HALTED);
  expect(exports.instructionsExecuted()).toBe(executed);
  expect(byte(WAITS)).toBe(0);
  expect(exports.millisecondsToNextTimer(100)).toBeLessThanOrEqual(20);
  machine.advance(19);
  expect(run()).toBe(HALTED);
  expect(byte(WAITS)).toBe(0);
  machine.advance(1.1);
  expect(run()).toBe(HALTED); // in the next one
  expect(byte(WAITS)).toBe(1);
  expect(result()).toBe(0);
});

test("input for the guest ends it, and it reads the status as it is then", () => {
  const { run, byte, result, machine, driver } = guest(WAIT_LOOP);
  driver.hello();
  run();
  machine.core.exports.pointerPosition(0.5, 0.5, 0);
  expect(run()).toBe(HALTED);
  expect(byte(WAITS)).toBe(1);
  expect(result()).toBe(Status.Pointer);
  // The same news does not end the next one.
  expect(run()).toBe(HALTED);
  expect(byte(WAITS)).toBe(1);
});

test("an answer of the host ends it, also one that came before the WAIT", () => {
  const { run, byte, result, machine, driver, requests } = guest(WAIT_LOOP);
  driver.hello();
  const ask = (): void => {
    expect(driver.request(PointerCommand.CursorShow, words(1)).status).toBe(RequestStatus.Pending);
  };
  const answer = (): void => {
    complete(machine.core, requests.pop()?.token ?? 0, RequestStatus.Ok);
  };
  ask();
  run();
  expect(byte(WAITS)).toBe(0);
  answer();
  run();
  expect(byte(WAITS)).toBe(1);
  expect(result()).toBe(Status.Request);
  machine.reset();
  driver.hello();
  ask();
  answer();
  expect(run()).toBe(HALTED);
  expect(byte(WAITS)).toBe(2);
});

test("an interrupt ends it; the instruction completes once, behind the handler", () => {
  const { run, byte, machine } = guest([STI, ...WAIT_LOOP]);
  startTimer(machine, 5);
  expect(run()).toBe(HALTED);
  machine.advance(6);
  expect(run()).toBe(HALTED);
  expect(byte(INTERRUPTS)).toBe(1);
  expect(byte(WAITS)).toBe(1);
});

test("an interrupt that the guest does not accept does not end it", () => {
  const { run, byte, machine } = guest([CLI, ...WAIT_LOOP]);
  startTimer(machine, 5);
  run();
  machine.advance(6);
  expect(run()).toBe(HALTED);
  expect(byte(WAITS)).toBe(0);
  machine.advance(15);
  run();
  expect(byte(WAITS)).toBe(1);
  expect(byte(INTERRUPTS)).toBe(0);
});

test("an interrupt right behind STI, with WAIT in its shadow, is not lost", () => {
  // mov dx; again: sti; in al, dx; inc [WAITS]; jmp again
  const code = [0xba, ...low(WAIT_PORT), STI, 0xec, ...increment(WAITS), 0xeb, 0xf8];
  const { run, byte, machine } = guest(code);
  startTimer(machine, 5);
  machine.advance(6);
  expect(run()).toBe(HALTED);
  expect(byte(INTERRUPTS)).toBe(1);
  expect(byte(WAITS)).toBe(1);
});

test("REP INS of WAIT stores each value once", () => {
  // push ds; pop es; mov di, RESULT; mov cx, 3; mov dx; rep insw; inc [WAITS]; hlt
  const code = [
    ...[0x1e, 0x07, 0xbf, ...low(0x600), 0xb9, ...low(3), 0xba, ...low(WAIT_PORT)],
    ...[0xf3, 0x6d, ...increment(WAITS), CLI, 0xf4],
  ];
  const { run, byte, machine, driver } = guest(code);
  driver.ram.fill(0xee, 0x600, 0x610);
  for (let i = 0; i < 3; i++) {
    expect(run()).toBe(HALTED);
    expect(byte(WAITS)).toBe(0);
    expect(byte(0x600 + 2 * i)).toBe(0xee);
    machine.advance(21);
  }
  run();
  expect(byte(WAITS)).toBe(1);
  expect([...driver.ram.subarray(0x600, 0x608)]).toEqual([0, 0, 0, 0, 0, 0, 0xee, 0xee]);
});

test("a single step over WAIT traps once, when it is done", () => {
  // mov dx; pushf; pop ax; or ah, 1; push ax; popf; in al, dx; cli; hlt
  const code = [
    ...[0xba, ...low(WAIT_PORT), 0xbc, ...low(0x4000)],
    ...[0x9c, 0x58, 0x80, 0xcc, 0x01, 0x50, 0x9d, 0xec, CLI, 0xf4],
  ];
  const { run, byte, machine } = guest(code);
  expect(run()).toBe(HALTED);
  expect(byte(TRAPS)).toBe(0);
  machine.advance(21);
  expect(run()).toBe(HALTED);
  expect(byte(TRAPS)).toBe(1);
});

test("a reset ends it", () => {
  const { run, byte, machine } = guest(WAIT_LOOP);
  run();
  machine.reset();
  expect(run()).toBe(HALTED);
  machine.advance(21);
  run();
  expect(byte(WAITS)).toBe(1);
});

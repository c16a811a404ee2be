import { expect, test } from "vitest";
import { MachineEvent } from "../../protocol/events";
import { PointerDevice, UsbDevice } from "../../protocol/input";
import {
  ACTIVE,
  BABBLE,
  COMMAND,
  CONFIG,
  CONTROL_QUEUE,
  DEPTH_FIRST,
  FRAME,
  INTERRUPT_QUEUE,
  INTERRUPTS,
  IOC,
  LIST,
  NAKED,
  Pid,
  PORT1,
  PORT2,
  pollEvery,
  QUEUE,
  REPORT_BUFFER,
  REPORT_TRANSFER,
  SHORT,
  STALLED,
  STATUS,
  TERMINATE,
  THREE_ERRORS,
  TIMED_OUT,
  UsbDriver,
} from "../../testing/usb";

const HALTED = 0x20;
const RESUME_DETECTED = 4;
const NOTHING_SOON = 30;
/** The clock on the board has a second to go until it is updated. */
const NO_OTHER_TIMERS = { host: { wallClock: () => 0 } };

/** Whether the controller asks for an interrupt: with PIRQ D on line 11, through the second interrupt controller. */
function interruptLine({ machine }: UsbDriver): boolean {
  machine.outb(0xa0, 0x0a);
  return (machine.inb(0xa0) & 8) !== 0;
}

function routeInterrupt({ machine }: UsbDriver): void {
  machine.outl(0xcf8, 0x8000_0860);
  machine.outb(0xcff, 11);
  machine.outb(0x4d1, 8);
}

test("the controller is found at 00:01.2 with 32 ports and INTD#", () => {
  const { inb, inl, outl } = new UsbDriver().machine;
  outl(0xcf8, CONFIG);
  expect(inl(0xcfc)).toBe(0x7020_8086);
  outl(0xcf8, CONFIG + 8);
  expect(inl(0xcfc) >>> 8).toBe(0x0c_0300);
  outl(0xcf8, CONFIG + 0x20);
  outl(0xcfc, 0xffff_ffff);
  expect(inl(0xcfc)).toBe(0xffff_ffe1);
  outl(0xcf8, CONFIG + 0x3c);
  expect(inb(0xcfd)).toBe(4);
  outl(0xcf8, CONFIG + 0x60);
  expect(inb(0xcfc)).toBe(0x10);
});

test("Linux clears the legacy emulation", () => {
  const { inw, outl, outw } = new UsbDriver().machine;
  outl(0xcf8, CONFIG + 0xc0);
  expect(inw(0xcfc)).toBe(0x2000);
  outw(0xcfc, 0x8f00);
  expect(inw(0xcfc)).toBe(0);
  outw(0xcfc, 0xffff);
  expect(inw(0xcfc)).toBe(0x20bf);
});

test("there are two ports, and the third one is not there", () => {
  const driver = new UsbDriver().start();
  const { inw } = driver.machine;
  expect(inw(PORT1)).toBe(0x80);
  expect(inw(PORT2)).toBe(0x80);
  expect(inw(PORT2 + 2)).toBe(0xff7f);
});

test("frames are counted only while it runs, and the number can be set only while it does not", () => {
  const driver = new UsbDriver().start();
  const { inw, outw } = driver.machine;
  driver.frames(5);
  expect(inw(FRAME)).toBe(5);
  outw(FRAME, 100);
  expect(inw(FRAME)).toBe(5);
  expect(inw(STATUS)).toBe(0);
  outw(COMMAND, 0);
  expect(inw(STATUS)).toBe(HALTED);
  driver.frames(5);
  expect(inw(FRAME)).toBe(5);
  outw(FRAME, 0x7ff);
  outw(COMMAND, 1);
  driver.frames(2);
  expect(inw(FRAME)).toBe(1);
});

test("a reset of the controller finds what is plugged again", () => {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Mouse);
  driver.start().resetPort(PORT1);
  const { inw, outw } = driver.machine;
  expect(inw(PORT1)).toBe(0x97);
  outw(COMMAND, 2);
  expect(inw(COMMAND)).toBe(0);
  expect(inw(PORT1)).toBe(0x93);
  driver.machine.reset();
  driver.start();
  expect(inw(PORT1)).toBe(0x93);
});

test("a port tells of plugging, unplugging, and that it was switched off by it", () => {
  const driver = new UsbDriver().start();
  const { inw, outw } = driver.machine;
  const { usbPlug } = driver.machine.core.exports;
  outw(PORT1, 4);
  expect(inw(PORT1)).toBe(0x80);
  usbPlug(UsbDevice.Tablet, 1);
  expect(inw(PORT1)).toBe(0x93);
  outw(PORT1, 2);
  expect(inw(PORT1)).toBe(0x91);
  driver.resetPort(PORT1);
  expect(inw(PORT1)).toBe(0x95);
  usbPlug(UsbDevice.Tablet, 0);
  expect(inw(PORT1)).toBe(0x8a);
  outw(PORT1, 0x0a);
  expect(inw(PORT1)).toBe(0x80);
});

test("a port that is reset answers to nothing, and neither does one that is off", () => {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Mouse);
  driver.start();
  expect(driver.control(0, [0x80, 6, 0x0100, 0, 8])).toBeUndefined();
  driver.machine.outw(PORT1, 0x200);
  driver.machine.outw(PORT1, 0x204);
  expect(driver.control(0, [0x80, 6, 0x0100, 0, 8])).toBeUndefined();
  driver.machine.outw(PORT1, 0);
  driver.machine.outw(PORT1, 4);
  expect(driver.control(0, [0x80, 6, 0x0100, 0, 8])).toHaveLength(8);
});

test("plugging twice is plugging once, and what does not exist cannot be plugged", () => {
  const driver = new UsbDriver();
  const { usbPlug } = driver.machine.core.exports;
  expect(usbPlug(UsbDevice.Mouse, 1)).toBe(1);
  expect(usbPlug(UsbDevice.Mouse, 1)).toBe(1);
  expect(usbPlug(UsbDevice.Tablet, 0)).toBe(1);
  driver.start();
  expect(driver.machine.inw(PORT2) & 1).toBe(0);
  for (const number of [3, 9, -1]) expect(usbPlug(number, 1)).toBe(0);
});

test("an interrupt comes with the transfer that asks for it, and goes when it is acknowledged", () => {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Mouse);
  driver.start().configure(PORT1, 1);
  routeInterrupt(driver);
  const { inw, outw } = driver.machine;
  outw(STATUS, 0xffff);
  driver.ask(1);
  driver.frames(3);
  expect(driver.read(REPORT_TRANSFER + 4) & (ACTIVE | NAKED)).toBe((ACTIVE | NAKED) >>> 0);
  expect(inw(STATUS)).toBe(0);
  outw(INTERRUPTS, 4);
  driver.machine.core.exports.pointerMotion(1, 1, 0);
  driver.frames(1);
  expect(inw(STATUS)).toBe(1);
  expect(interruptLine(driver)).toBe(true);
  expect(driver.read(REPORT_TRANSFER + 4)).toBe((THREE_ERRORS | IOC | 4) >>> 0);
  expect(driver.read(INTERRUPT_QUEUE + 4)).toBe(TERMINATE);
  expect(driver.bytes(REPORT_BUFFER, 3)).toEqual([0, 1, 1]);
  outw(STATUS, 1);
  expect(interruptLine(driver)).toBe(false);
});

test("Linux gets an interrupt at the next frame from a descriptor at rest", () => {
  const driver = new UsbDriver().start();
  const { inw, outw } = driver.machine;
  driver.putTransfer(REPORT_TRANSFER, { pid: Pid.In, address: 127, endpoint: 0, toggle: 0, length: 0, buffer: 0, control: IOC }); // prettier-ignore
  driver.write(INTERRUPT_QUEUE + 4, REPORT_TRANSFER);
  driver.frames(1);
  expect(inw(STATUS)).toBe(1);
  expect(driver.read(INTERRUPT_QUEUE + 4)).toBe(REPORT_TRANSFER);
  driver.write(REPORT_TRANSFER + 4, 0);
  outw(STATUS, 1);
  driver.frames(2);
  expect(inw(STATUS)).toBe(0);
});

test("a short packet stops its queue and is told when the transfer wants that", () => {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Mouse);
  driver.start().configure(PORT1, 1);
  const { inw, outw } = driver.machine;
  outw(STATUS, 0xffff);
  driver.ask(1, ACTIVE | THREE_ERRORS | SHORT);
  driver.machine.core.exports.pointerMotion(1, 1, 0);
  driver.frames(1); // asked for the first time: the guest listens from now on
  driver.machine.core.exports.pointerMotion(1, 1, 0);
  driver.frames(1);
  expect(driver.read(REPORT_TRANSFER + 4) & ACTIVE).toBe(0);
  expect(driver.read(INTERRUPT_QUEUE + 4)).toBe(REPORT_TRANSFER);
  expect(inw(STATUS)).toBe(1);
});

test("the data toggle: a packet with the wrong one is thrown away", () => {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Keyboard);
  driver.start().configure(PORT1, 1);
  driver.reports(1);
  const { keyboardKey } = driver.machine.core.exports;
  const ask = (toggle: number): boolean => {
    driver.putTransfer(REPORT_TRANSFER, { pid: Pid.In, address: 1, endpoint: 1, toggle, length: 8, buffer: REPORT_BUFFER }); // prettier-ignore
    driver.write(INTERRUPT_QUEUE + 4, REPORT_TRANSFER);
    driver.frames(1);
    return (driver.read(REPORT_TRANSFER + 4) & ACTIVE) === 0;
  };
  keyboardKey(0x1e, 1);
  expect(ask(0)).toBe(true);
  keyboardKey(0x1e, 0);
  expect(ask(0)).toBe(false);
  keyboardKey(0x1f, 1);
  expect(ask(0)).toBe(true);
  expect(driver.bytes(REPORT_BUFFER + 2, 1)).toEqual([0x16]);
});

test("a packet longer than was asked for is babble", () => {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Mouse);
  driver.start().configure(PORT1, 1);
  driver.reports(1);
  driver.machine.core.exports.pointerMotion(1, 1, 0);
  driver.writeBytes(REPORT_BUFFER, [0xee, 0xee, 0xee, 0xee]);
  driver.putTransfer(REPORT_TRANSFER, { pid: Pid.In, address: 1, endpoint: 1, toggle: 0, length: 2, buffer: REPORT_BUFFER }); // prettier-ignore
  driver.write(INTERRUPT_QUEUE + 4, REPORT_TRANSFER);
  driver.frames(1);
  expect(driver.read(REPORT_TRANSFER + 4) & (ACTIVE | STALLED | BABBLE)).toBe(STALLED | BABBLE);
  expect(driver.bytes(REPORT_BUFFER, 2)).toEqual([0xee, 0xee]);
  expect(driver.machine.inw(STATUS) & 2).toBe(2);
});

test("a device that was unplugged in the middle of a transfer times out three times", () => {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Mouse);
  driver.start().configure(PORT1, 1);
  driver.machine.outw(STATUS, 0xffff);
  driver.ask(1);
  driver.frames(2);
  driver.machine.core.exports.usbPlug(UsbDevice.Mouse, 0);
  driver.frames(2);
  expect(driver.read(REPORT_TRANSFER + 4) & (ACTIVE | TIMED_OUT)).toBe(ACTIVE | TIMED_OUT);
  driver.frames(1);
  expect(driver.read(REPORT_TRANSFER + 4) & (ACTIVE | TIMED_OUT | STALLED)).toBe(
    TIMED_OUT | STALLED,
  );
  expect(driver.machine.inw(STATUS)).toBe(3);
});

test("an address without memory is a system error, an impossible descriptor a process error: it halts", () => {
  const driver = new UsbDriver();
  driver.start();
  const { inw, outl, outw } = driver.machine;
  driver.write(CONTROL_QUEUE, 0x7000_0000 | QUEUE);
  driver.frames(1);
  expect(inw(STATUS)).toBe(HALTED | 8);
  expect(inw(COMMAND) & 1).toBe(0);
  outw(STATUS, 8);
  driver.start();
  driver.putTransfer(REPORT_TRANSFER, { pid: 0x5a, address: 1, endpoint: 1, toggle: 0, length: 8, buffer: 0 }); // prettier-ignore
  driver.write(INTERRUPT_QUEUE + 4, REPORT_TRANSFER);
  driver.frames(1);
  expect(inw(STATUS)).toBe(HALTED | 0x10);
  outw(STATUS, 0x10);
  driver.start();
  outl(LIST, 0xffff_f000);
  driver.frames(1);
  expect(inw(STATUS)).toBe(HALTED | 8);
});

test("a queue that leads back to itself ends the frame once nothing moves", () => {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Mouse);
  driver.start().configure(PORT1, 1);
  driver.reports(1);
  driver.write(INTERRUPT_QUEUE, CONTROL_QUEUE | QUEUE);
  expect(driver.control(1, [0x80, 6, 0x0200, 0, 255])).toHaveLength(34);
  expect(driver.machine.inw(STATUS) & HALTED).toBe(0);
});

test("without bus mastering it leaves memory alone", () => {
  const driver = new UsbDriver().start();
  driver.machine.outl(0xcf8, CONFIG + 4);
  driver.machine.outw(0xcfc, 1);
  driver.write(CONTROL_QUEUE, 0x7000_0000 | QUEUE);
  driver.frames(3);
  expect(driver.machine.inw(FRAME)).toBe(3);
  expect(driver.machine.inw(STATUS)).toBe(0);
});

// --- Suspend and resume ---

test("a suspended device wakes the guest when it was told to", () => {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Keyboard);
  driver.start().configure(PORT1, 1);
  routeInterrupt(driver);
  driver.reports(1);
  driver.control(1, [0x00, 3, 1, 0, 0]);
  const { inw, outw } = driver.machine;
  outw(INTERRUPTS, 2);
  outw(STATUS, 0xffff);
  outw(PORT1, 0x1006);
  outw(COMMAND, 8); // global suspend, stopped
  expect(inw(PORT1)).toBe(0x1095);
  driver.machine.core.exports.keyboardKey(0x1e, 1);
  expect(inw(PORT1)).toBe(0x10c5);
  expect(inw(STATUS)).toBe(HALTED | RESUME_DETECTED);
  expect(inw(COMMAND)).toBe(0x18);
  expect(interruptLine(driver)).toBe(true);
  outw(COMMAND, 0);
  outw(STATUS, RESUME_DETECTED);
  outw(PORT1, 0x1004);
  expect(inw(PORT1)).toBe(0x95);
  outw(COMMAND, 1);
  expect(driver.reports(1)).toEqual([[0, 0, 4, 0, 0, 0, 0, 0]]);
});

test("without remote wakeup a suspended device is not listened to", () => {
  const seen: number[] = [];
  const driver = new UsbDriver({
    host: { event: (kind, _a, b) => kind === MachineEvent.Pointer && seen.push(b) },
  });
  driver.plug(UsbDevice.Mouse);
  driver.start().configure(PORT1, 1);
  driver.reports(1);
  driver.machine.outw(PORT1, 0x1004);
  expect(seen).toEqual([2, 0]);
  driver.machine.outw(PORT1, 4);
  expect(seen).toEqual([2, 0, 2]);
});

test("plugging something in ends a global suspension", () => {
  const driver = new UsbDriver().start();
  driver.machine.outw(COMMAND, 8);
  driver.plug(UsbDevice.Mouse);
  expect(driver.machine.inw(COMMAND)).toBe(0x18);
  expect(driver.machine.inw(STATUS)).toBe(HALTED | RESUME_DETECTED);
});

// --- A guest that sleeps ---

test("an idle schedule lets the host sleep; what a device has wakes it for the very frame that asks", () => {
  const driver = new UsbDriver(NO_OTHER_TIMERS);
  driver.plug(UsbDevice.Tablet);
  driver.start().configure(PORT1, 1);
  const { millisecondsToNextTimer, pointerPosition } = driver.machine.core.exports;
  driver.machine.inw(STATUS);
  driver.machine.outw(STATUS, 1);
  pollEvery(driver, 8);
  driver.ask(1);
  driver.frames(9);
  const idle = (): number => millisecondsToNextTimer(NOTHING_SOON);
  expect(idle()).toBe(NOTHING_SOON);
  pointerPosition(0.5, 0.5, 0);
  const number = driver.machine.inw(FRAME);
  const frames = 8 - (number & 7);
  expect(idle()).toBeCloseTo((frames & 7) + 1, 1);
  driver.machine.advance(idle());
  expect(driver.answer()).toHaveLength(7);
  // The frames that were slept through have been counted.
  driver.machine.advance(500);
  expect(driver.machine.inw(FRAME)).toBe((number + (frames & 7) + 1 + 500) & 0x7ff);
});

test("a guest that sleeps and has long not asked does not listen; one that is slow to ask does", () => {
  const seen: number[] = [];
  const driver = new UsbDriver({
    host: { event: (kind, _a, b) => kind === MachineEvent.Pointer && seen.push(b) },
  });
  driver.plug(UsbDevice.Mouse);
  driver.start().configure(PORT1, 1);
  driver.reports(1);
  driver.machine.outw(STATUS, 1);
  const { millisecondsToNextTimer } = driver.machine.core.exports;
  driver.write(INTERRUPT_QUEUE + 4, TERMINATE);
  driver.machine.advance(100);
  millisecondsToNextTimer(NOTHING_SOON);
  expect(seen).toEqual([PointerDevice.UsbMouse]);
  driver.machine.advance(200);
  millisecondsToNextTimer(NOTHING_SOON);
  expect(seen).toEqual([PointerDevice.UsbMouse, PointerDevice.None]);
});

test("what the guest has just put into the schedule keeps the host awake", () => {
  const driver = new UsbDriver(NO_OTHER_TIMERS);
  driver.plug(UsbDevice.Mouse);
  driver.start().configure(PORT1, 1);
  driver.machine.outw(STATUS, 1);
  const { millisecondsToNextTimer } = driver.machine.core.exports;
  const idle = (): number => millisecondsToNextTimer(NOTHING_SOON);
  driver.ask(1);
  expect(idle()).toBe(NOTHING_SOON);
  driver.write(REPORT_TRANSFER + 4, IOC); // at rest, with an interrupt
  expect(idle()).toBeLessThanOrEqual(1);
  driver.frames(1);
  expect(idle()).toBe(NOTHING_SOON); // nothing new until it is acknowledged
  driver.machine.outw(STATUS, 1);
  expect(idle()).toBeLessThanOrEqual(1);
  driver.putTransfer(REPORT_TRANSFER, { pid: Pid.Setup, address: 1, endpoint: 0, toggle: 0, length: 8, buffer: 0 }); // prettier-ignore
  expect(idle()).toBeLessThanOrEqual(1);
  driver.machine.outw(COMMAND, 0);
  expect(idle()).toBe(NOTHING_SOON);
});

test("a keyboard that repeats its report wakes the guest in time", () => {
  const driver = new UsbDriver(NO_OTHER_TIMERS);
  driver.plug(UsbDevice.Keyboard);
  driver.start().configure(PORT1, 1);
  driver.control(1, [0x21, 10, 0x0500, 0, 0]); // 20 ms
  driver.reports(1);
  driver.machine.core.exports.keyboardKey(0x1e, 1);
  driver.reports(1);
  driver.machine.outw(STATUS, 1);
  const idle = driver.machine.core.exports.millisecondsToNextTimer(NOTHING_SOON);
  expect(idle).toBeGreaterThan(15);
  expect(idle).toBeLessThan(22);
});

// --- Hostile guests ---

/** Numbers that look random and are the same each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

test("20,000 random schedules and register writes do not hang it or touch what is not theirs", () => {
  const driver = new UsbDriver({ megabytes: 4 });
  driver.plug(UsbDevice.Mouse);
  driver.plug(UsbDevice.Keyboard);
  driver.start().configure(PORT1, 1);
  driver.configure(PORT2, 2);
  const { machine } = driver;
  const { millisecondsToNextTimer, pointerMotion, keyboardKey, usbPlug } = machine.core.exports;
  const next = random(7);
  const below = (limit: number): number => (next() >>> 8) % limit;
  const PLACES = 64;
  const place = (): number => 0x20_0000 + below(PLACES) * 16;
  const link = (): number => {
    const kind = below(400);
    if (kind === 0) return next();
    return place() | [0, QUEUE, QUEUE, DEPTH_FIRST, TERMINATE, QUEUE | DEPTH_FIRST][kind % 6]!;
  };
  const word = (kind: number): number => {
    const token =
      (below(64) << 21) |
      (below(2) << 19) |
      (below(2) << 15) |
      (below(3) << 8) |
      [Pid.In, Pid.Out, Pid.Setup, Pid.In][below(4)]!;
    const control = (ACTIVE | (next() & 0x3f00_0000)) >>> 0;
    return [link(), below(2) ? control : link(), token >>> 0, place()][kind]!;
  };
  let ran = 0;
  for (let i = 0; i < 20_000; i++) {
    for (let j = 0; j < 12; j++) {
      const field = below(4);
      driver.write(place() + field * 4, word(below(200) ? field : below(4)));
    }
    if (below(50) === 0) {
      for (let j = 0; j < 1024; j++) driver.write(0x10_0000 + j * 4, link());
    }
    if (below(20) === 0) machine.outw(COMMAND + 2 * below(16), next() & 0xffff);
    if (below(100) === 0) machine.outb(COMMAND + below(32), next() & 0xff);
    if (below(100) === 0) machine.outl(LIST, next());
    if (below(200) === 0) usbPlug(below(3), below(2));
    if (machine.inw(STATUS) & HALTED) {
      machine.outl(LIST, 0x10_0000);
      machine.outw(COMMAND, 1);
    }
    if (below(10) === 0) {
      machine.outw(PORT1, 4);
      machine.outw(PORT2, 4);
    }
    pointerMotion(1, 1, 0);
    keyboardKey(0x1e, i & 1);
    millisecondsToNextTimer(10);
    machine.advance(1);
    ran += machine.inw(STATUS) & HALTED ? 0 : 1;
    machine.outw(STATUS, 0x1f);
  }
  // It is as it was, for a guest that begins anew.
  expect(ran).toBeGreaterThan(5000);
  machine.outw(COMMAND, 2);
  usbPlug(UsbDevice.Mouse, 0);
  usbPlug(UsbDevice.Tablet, 0);
  usbPlug(UsbDevice.Keyboard, 0);
  usbPlug(UsbDevice.Mouse, 1);
  driver.start().configure(PORT1, 9);
  expect(driver.control(9, [0x80, 6, 0x0100, 0, 18])).toHaveLength(18);
});

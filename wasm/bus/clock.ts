// Guest time and the timers that devices set on it.
//
// Guest time is host time in nanoseconds since power-on. It stands still while the machine is paused and never runs
// backwards. It is read from the host whenever a device asks for the time.
//
// While the host attends to other things, between two slices of a busy guest or in the middle of one, guest time stands still
// too, and then catches up, the faster the more it lags: code that measures one timer against another (Linux and its TSC) would take the
// gap for a broken timer. A gap in the middle shows as instructions that took much longer than usual. A lag of more than
// MAXIMUM_LAG is skipped at once, and a halted guest has no lag.

import { cpu } from "../cpu/state";
import { hostNow } from "../host";
import { addDevice, Device } from "./devices";

/** One deadline each. Add at the end. */
export enum Timer {
  Pit0 = 0,
  Rtc = 1,
  PmTimer = 2,
  Floppy = 3,
  Ide0 = 4,
  Ide1 = 5,
  Uart0 = 6,
  Uart1 = 7,
  Ps2 = 8,
  Vga = 9,
  RtcUpdate = 10,
  RtcAlarm = 11,
  Floppy2 = 12,
  Ps2Mouse = 13,
  Pit2 = 14,
  TandemWait = 15,
  Uhci = 16,
  COUNT = 24,
}

export const NEVER: u64 = 0xffff_ffff_ffff_ffff;
export const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

@unmanaged
class ClockState {
  now: u64; // guest nanoseconds at the last look
  hostBase: f64; // host milliseconds that correspond to guest time 0
  next: u64; // the earliest deadline
  paused: u32;
  attached: u32;
  real: u64; // where guest time would be without lag, at the last look
  phase: u32;
  pace: u32; // nanoseconds that 1024 instructions usually take
  instructions: u64; // executed at the last look
  sliceReal: u64; // `real` and `instructions` as the slice began
  sliceInstructions: u64;
  base: u64; // guest time at the last look at which the host's clock had moved
}

/** What the guest is doing. */
enum Phase {
  Idle = 0, // halted, or not started: time simply passes
  Executing = 1,
  Suspended = 2, // cut off by the end of a slice
}

const MAXIMUM_LAG: u64 = 500_000_000;
/** Guest time that lags goes at twice the pace, and once more for each of these. */
const LAG_STEP: u64 = 50_000_000;
/** Instructions that take so many times longer than usual, and this much more, were interrupted by the host. */
const GAP_FACTOR: u64 = 4;
const GAP_MINIMUM: u64 = 1000;
const COARSE: u64 = 100_000;
const PACE_START: u32 = 20_000;
const PACE_MINIMUM: u32 = 2_000;
const TIMERS = <i32>Timer.COUNT;
const STATE_SIZE = TIMERS * 8 + <i32>offsetof<ClockState>();
const STATE = memory.data(STATE_SIZE, 8); // u64 deadline per timer, then the fields
const clock = changetype<ClockState>(STATE + TIMERS * 8);
const HANDLERS = memory.data(TIMERS * 4, 8); // u32 function index per timer
const SLEEP_HANDLERS = memory.data(TIMERS * 4, 8); // the same, 0 for none

export function attachClock(): void {
  addDevice(Device.Clock, STATE, STATE_SIZE, resetClock);
  memory.fill(STATE, 0xff, TIMERS * 8);
  clock.next = NEVER;
  clock.hostBase = hostNow();
  clock.pace = PACE_START;
}

/** Time goes on over a reset; who needs a timer sets it anew. */
function resetClock(): void {}

/** Registers what happens when a timer's deadline has passed; it gets the deadline, to set the next one without drift. */
export function onTimer(timer: Timer, handler: (deadline: u64) => void): void {
  store<u32>(HANDLERS + ((<usize>timer) << 2), load<u32>(changetype<usize>(handler)));
}

/**
 * A timer that matters only to a guest that executes: before the host sleeps, `wakeAt` tells the guest time at which it must
 * run all the same. Its handler is called late then.
 */
export function onSleep(timer: Timer, wakeAt: () => u64): void {
  store<u32>(SLEEP_HANDLERS + ((<usize>timer) << 2), load<u32>(changetype<usize>(wakeAt)));
}

export class Clock {
  /** Guest time now, in nanoseconds, read from the host. */
  static now(): u64 {
    if (clock.paused || clock.phase == Phase.Suspended) return clock.now;
    const real = Clock.host();
    const executing = clock.phase == Phase.Executing;
    const usual = ((cpu.instructions - clock.instructions) * clock.pace) >>> 10;
    if (real <= clock.real) {
      // A browser's clock may stand still for 100 microseconds; the instructions executed tell how much of it has passed.
      if (executing) advance(clock.base + min<u64>(usual, COARSE));
      return clock.now;
    }
    const lag = clock.real - clock.base;
    let passed = real - clock.real;
    if (executing) passed = min<u64>(passed, GAP_FACTOR * usual + GAP_MINIMUM);
    clock.base += passed + min<u64>(lag, passed * (1 + lag / LAG_STEP));
    if (clock.base > real || clock.base + MAXIMUM_LAG < real) clock.base = real;
    clock.real = real;
    clock.instructions = cpu.instructions;
    advance(clock.base);
    return clock.now;
  }

  /** Where guest time would be without lag. */
  private static host(): u64 {
    const milliseconds = hostNow() - clock.hostBase;
    return milliseconds > 0 ? <u64>(milliseconds * 1e6) : 0;
  }

  /** CPU: begins or, after a fault, goes on to execute. What the host did meanwhile becomes lag. */
  static beginSlice(): void {
    if (clock.phase == Phase.Suspended) {
      const real = Clock.host();
      if (real > clock.real) clock.real = real;
      if (clock.real > clock.base + MAXIMUM_LAG) clock.base = clock.real;
      advance(clock.base);
    }
    if (clock.phase != Phase.Executing) {
      clock.sliceReal = clock.real;
      clock.sliceInstructions = cpu.instructions;
      clock.instructions = cpu.instructions;
    }
    clock.phase = Phase.Executing;
  }

  /** CPU: stops executing; `busy` when the guest would go on. */
  static endSlice(busy: bool): void {
    Clock.now();
    if (busy) {
      clock.phase = Phase.Suspended;
      learnPace();
    } else {
      clock.phase = Phase.Idle;
      clock.base = clock.real;
      advance(clock.base);
    }
  }

  /** Guest time at the last look: no call to the host. */
  static last(): u64 {
    return clock.now;
  }

  /** Sets the deadline of a timer in guest nanoseconds (NEVER to stop it). */
  static set(timer: Timer, deadline: u64): void {
    store<u64>(STATE + ((<usize>timer) << 3), deadline);
    let next: u64 = NEVER;
    for (let i: usize = 0; i < <usize>TIMERS; i++) {
      const candidate = load<u64>(STATE + (i << 3));
      if (candidate < next) next = candidate;
    }
    clock.next = next;
  }

  static cancel(timer: Timer): void {
    Clock.set(timer, NEVER);
  }

  static deadline(timer: Timer): u64 {
    return load<u64>(STATE + ((<usize>timer) << 3));
  }

  /** The earliest deadline, or NEVER. */
  static next(): u64 {
    return clock.next;
  }

  /** Reads the time and calls the handlers of all timers that are due. A handler sets its own next deadline. */
  static runTimers(): void {
    const now = Clock.now();
    if (now < clock.next) return;
    for (let i = 0; i < TIMERS; i++) {
      const deadline = load<u64>(STATE + ((<usize>i) << 3));
      if (deadline <= now) {
        Clock.set(i, NEVER);
        call_indirect<void>(load<u32>(HANDLERS + ((<usize>i) << 2)), deadline);
      }
    }
  }
}

/** Time never runs backwards, also where an estimate was too high. */
function advance(time: u64): void {
  if (time > clock.now) clock.now = time;
}

/** A slice that was interrupted counts as twice the usual at most. */
function learnPace(): void {
  const instructions = cpu.instructions - clock.sliceInstructions;
  if (instructions < 1024) return;
  const sample = ((clock.real - clock.sliceReal) << 10) / instructions;
  const bounded = <u32>min<u64>(sample, 2 * <u64>clock.pace);
  clock.pace = max<u32>((7 * clock.pace + bounded) >>> 3, PACE_MINIMUM);
}

/** Host: stops guest time. */
export function pauseClock(): void {
  Clock.now();
  clock.paused = 1;
}

/** Host: guest time goes on from where it stood. Also after a restore. */
export function resumeClock(): void {
  clock.paused = 0;
  clock.hostBase = hostNow() - <f64>clock.now / 1e6;
  clock.real = clock.now;
  clock.base = clock.now;
}

/** Host: milliseconds by which guest time is behind where it will have caught up. */
export function clockLag(): f64 {
  const now = Clock.now();
  return clock.real > now ? <f64>(clock.real - now) / 1e6 : 0;
}

/** Host: milliseconds of guest time that a guest which sleeps has nothing to do, at most `limit`. */
export function millisecondsToNextTimer(limit: f64): f64 {
  const now = Clock.now();
  let next: u64 = NEVER;
  for (let i: usize = 0; i < <usize>TIMERS; i++) {
    let deadline = load<u64>(STATE + (i << 3));
    if (deadline >= next) continue;
    const wakeAt = load<u32>(SLEEP_HANDLERS + (i << 2));
    if (wakeAt) deadline = call_indirect<u64>(wakeAt);
    next = min<u64>(next, deadline);
  }
  if (next <= now) return 0;
  if (next == NEVER) return limit;
  return min<f64>(limit, <f64>(next - now) / 1e6);
}

/** Host: calls what is due. */
export function runTimers(): void {
  Clock.runTimers();
}

// Guest time and the timers that devices set on it.
//
// Guest time is host time in nanoseconds since power-on. It stands still while the machine is paused and never runs
// backwards. It is read from the host once per poll (`Clock.update`) and whenever a device asks for the exact time.

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
  COUNT = 16,
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
}
const TIMERS = <i32>Timer.COUNT;
const STATE_SIZE = TIMERS * 8 + <i32>offsetof<ClockState>();
const STATE = memory.data(STATE_SIZE, 8); // u64 deadline per timer, then the fields
const clock = changetype<ClockState>(STATE + TIMERS * 8);
const HANDLERS = memory.data(TIMERS * 4, 8); // u32 function index per timer

export function attachClock(): void {
  addDevice(Device.Clock, STATE, STATE_SIZE, resetClock);
  memory.fill(STATE, 0xff, TIMERS * 8);
  clock.next = NEVER;
  clock.hostBase = hostNow();
}

/** Time goes on over a reset; who needs a timer sets it anew. */
function resetClock(): void {}

/** Registers what happens when a timer's deadline has passed; it gets the deadline, to set the next one without drift. */
export function onTimer(timer: Timer, handler: (deadline: u64) => void): void {
  store<u32>(HANDLERS + ((<usize>timer) << 2), load<u32>(changetype<usize>(handler)));
}

export class Clock {
  /** Guest time now, in nanoseconds, read from the host. */
  static now(): u64 {
    if (clock.paused) return clock.now;
    const milliseconds = hostNow() - clock.hostBase;
    if (milliseconds > 0) {
      const now = <u64>(milliseconds * 1e6);
      if (now > clock.now) clock.now = now;
    }
    return clock.now;
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

/** Host: stops guest time. */
export function pauseClock(): void {
  Clock.now();
  clock.paused = 1;
}

/** Host: guest time goes on from where it stood. Also after a restore. */
export function resumeClock(): void {
  clock.paused = 0;
  clock.hostBase = hostNow() - <f64>clock.now / 1e6;
}

/** Host: milliseconds of guest time until the next deadline, at most `limit`. */
export function millisecondsToNextTimer(limit: f64): f64 {
  const now = Clock.now();
  if (clock.next <= now) return 0;
  if (clock.next == NEVER) return limit;
  return min<f64>(limit, <f64>(clock.next - now) / 1e6);
}

/** Host: calls what is due. */
export function runTimers(): void {
  Clock.runTimers();
}

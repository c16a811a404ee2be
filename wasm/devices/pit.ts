// Interval timer: 8254, three counters at 40h-43h and the system control port 61h. 1193182 Hz, IRQ 0.
//
// Counts are computed from guest time when they are looked at; only counter 0 has timer events, for its IRQ. A host that was
// asleep leaves at most CATCH_UP_TICKS interrupts to make up for, delivered at four times their rate and each only after the
// one before was accepted; the rest is lost.
// In the periodic modes the IRQ line stays high until shortly before the next period, so that no request is dropped by a
// guest that keeps interrupts off for half a period.
//
// Not implemented: parity and channel check of port 61h (the enable bits are stored).

import { Clock, NANOSECONDS_PER_SECOND, onTimer, Timer } from "../bus/clock";
import { addDevice, Device } from "../bus/devices";
import { Irq } from "../bus/irq";
import { onRead, onWrite } from "../bus/ports";

const PORT_COUNTER: u16 = 0x40;
const PORT_CONTROL: u16 = 0x43;
const PORT_SYSTEM: u16 = 0x61;

const IRQ_TIMER = 0;
const FREQUENCY: u64 = 1_193_182;
const CATCH_UP_TICKS: u64 = 64;
const NEVER_TICK: u64 = 0xffff_ffff_ffff_ffff;
/** The refresh toggle of port 61h changes with every DRAM refresh: counter 1 divides by 18. */
const REFRESH_TICKS: u64 = 18;

const ACCESS_LOW = 1;
const ACCESS_HIGH = 2;
const ACCESS_BOTH = 3;

const READ_BACK_NO_COUNT: u32 = 0x20;
const READ_BACK_NO_STATUS: u32 = 0x10;
const STATUS_OUT: u32 = 0x80;
const STATUS_NULL: u32 = 0x40;

const SYSTEM_GATE2: u32 = 0x01;
const SYSTEM_WRITABLE: u32 = 0x0f;
const SYSTEM_REFRESH: u32 = 0x10;
const SYSTEM_OUT2: u32 = 0x20;

@unmanaged
class Counter {
  start: u64; // tick at which the running count began
  switchAt: u64; // periodic modes: tick at which `nextCount` takes over, else NEVER_TICK
  pausedAfter: u64; // gate low: ticks that had been counted
  count: u32; // 1-65536
  nextCount: u32;
  mode: u32;
  access: u32;
  bcd: u32;
  gate: u32;
  counting: u32; // a count has been loaded (and, in modes 1 and 5, triggered)
  loaded: u32; // a count has been written since the control word
  writeHigh: u32; // the next byte written is the high one
  readHigh: u32;
  writeLow: u32; // low byte, waiting for the high one
  latched: u32; // bytes of a latched count not yet read: 0-2
  latch: u32;
  statusLatched: u32;
  status: u32;
  control: u32; // low six bits of the control word, for the status
}
const COUNTER_SIZE = <i32>offsetof<Counter>();

@unmanaged
class PitState {
  nextRise: u64; // tick of counter 0's next interrupt, NEVER_TICK for none
  system: u32; // port 61h as written
}
const STATE_SIZE = 3 * COUNTER_SIZE + <i32>offsetof<PitState>();
const STATE = memory.data(STATE_SIZE, 8);
const pit = changetype<PitState>(STATE + <usize>(3 * COUNTER_SIZE));

function counterAt(index: u32): Counter {
  return changetype<Counter>(STATE + <usize>index * <usize>COUNTER_SIZE);
}

export function attachPit(): void {
  addDevice(Device.Pit, STATE, STATE_SIZE, reset);
  onTimer(Timer.Pit0, tick);
  for (let i: u16 = 0; i < 3; i++) {
    onRead(PORT_COUNTER + i, 1, readCounter);
    onWrite(PORT_COUNTER + i, 1, writeCounter);
  }
  onWrite(PORT_CONTROL, 1, writeControl);
  onRead(PORT_SYSTEM, 1, readSystem);
  onWrite(PORT_SYSTEM, 1, writeSystem);
}

/** The 8254 has no RESET pin; the counters are put where a BIOS finds them, stopped. */
function reset(): void {
  memory.fill(STATE, 0, STATE_SIZE);
  for (let i: u32 = 0; i < 3; i++) {
    const counter = counterAt(i);
    counter.mode = 3;
    counter.access = ACCESS_BOTH;
    counter.count = 0x10000;
    counter.gate = i < 2 ? 1 : 0;
    counter.switchAt = NEVER_TICK;
  }
  pit.nextRise = NEVER_TICK;
  Clock.cancel(Timer.Pit0);
}

function ticksOf(time: u64): u64 {
  const seconds = time / NANOSECONDS_PER_SECOND;
  return (
    seconds * FREQUENCY + ((time % NANOSECONDS_PER_SECOND) * FREQUENCY) / NANOSECONDS_PER_SECOND
  );
}

/** The first nanosecond at which the tick has come. */
function timeOf(ticks: u64): u64 {
  const part = (ticks % FREQUENCY) * NANOSECONDS_PER_SECOND + FREQUENCY - 1;
  return (ticks / FREQUENCY) * NANOSECONDS_PER_SECOND + part / FREQUENCY;
}

function isPeriodic(counter: Counter): bool {
  return counter.mode == 2 || counter.mode == 3;
}

/** A count written to a running periodic counter takes over when its time has come. */
function settle(counter: Counter, now: u64): void {
  if (now < counter.switchAt) return;
  // Mode 3 switches at half cycles: a count that begins with the low half is in the middle of its own cycle.
  const low = counter.mode == 3 && (counter.switchAt - counter.start) % counter.count != 0;
  counter.start = counter.switchAt - (low ? <u64>((counter.nextCount + 1) >>> 1) : 0);
  counter.count = counter.nextCount;
  counter.switchAt = NEVER_TICK;
}

function elapsed(counter: Counter, now: u64): u64 {
  if (!counter.gate && counter.mode != 1 && counter.mode != 5) return counter.pausedAfter;
  return now > counter.start ? now - counter.start : 0;
}

function output(counter: Counter, now: u64): bool {
  if (!counter.counting) return counter.mode != 0;
  const ticks = elapsed(counter, now);
  const count = <u64>counter.count;
  switch (counter.mode) {
    case 0:
    case 1:
      return ticks >= count;
    case 2:
      return !counter.gate || ticks % count != count - 1;
    case 3:
      return !counter.gate || ticks % count < (count + 1) >>> 1;
    default:
      return ticks != count;
  }
}

function currentCount(counter: Counter, now: u64): u32 {
  const count = <u64>counter.count;
  let value = <u32>count;
  if (counter.counting) {
    const ticks = elapsed(counter, now);
    if (counter.mode == 2) {
      value = <u32>(count - (ticks % count));
    } else if (counter.mode == 3) {
      const half = (count + 1) >>> 1;
      const phase = ticks % count;
      value = <u32>((count & ~1) - 2 * (phase < half ? phase : phase - half));
    } else {
      const modulus: u64 = counter.bcd ? 10000 : 0x10000;
      value = <u32>((count + modulus - (ticks % modulus)) % modulus);
    }
  }
  return counter.bcd ? toBcd(value % 10000) : value & 0xffff;
}

function toBcd(value: u32): u32 {
  return (
    (value % 10) |
    (((value / 10) % 10) << 4) |
    (((value / 100) % 10) << 8) |
    (((value / 1000) % 10) << 12)
  );
}

function fromBcd(value: u32): u32 {
  return (
    (value & 15) + 10 * ((value >>> 4) & 15) + 100 * ((value >>> 8) & 15) + 1000 * (value >>> 12)
  );
}

// --- Interrupts of counter 0 ---

/** The tick of the first rising edge of OUT after `now`. */
function nextRise(counter: Counter, now: u64): u64 {
  if (!counter.counting) return NEVER_TICK;
  const count = <u64>counter.count;
  switch (counter.mode) {
    case 0: {
      const rise = counter.start + count;
      return rise > now ? rise : NEVER_TICK;
    }
    case 2:
    case 3: {
      const periods = now < counter.start ? 0 : (now - counter.start) / count;
      return counter.start + (periods + 1) * count;
    }
    case 4: {
      const rise = counter.start + count + 1;
      return rise > now ? rise : NEVER_TICK;
    }
    default:
      return NEVER_TICK;
  }
}

/**
 * Sets the timer after counter 0 was programmed. Only counting raises the IRQ line: an edge of OUT that programming alone
 * makes would be a tick too many. */
function schedule(now: u64): void {
  const counter = counterAt(0);
  if (!output(counter, now)) Irq.lower(IRQ_TIMER);
  pit.nextRise = nextRise(counter, now);
  if (counter.switchAt != NEVER_TICK && counter.switchAt < pit.nextRise) {
    pit.nextRise = counter.switchAt;
  }
  Clock.set(Timer.Pit0, pit.nextRise == NEVER_TICK ? NEVER_TICK : timeOf(pit.nextRise));
}

function tick(_deadline: u64): void {
  const counter = counterAt(0);
  const now = ticksOf(Clock.last());
  const rise = pit.nextRise;
  const halfCycle = counter.mode == 3 && (rise - counter.start) % counter.count != 0;
  settle(counter, rise);
  const isLate = isPeriodic(counter) && rise + counter.count < now;
  if (isLate && Irq.isRequested(IRQ_TIMER)) {
    // The guest has not got to the tick before this one, which the host held up too.
    const behind = (now - rise) / counter.count;
    if (behind > CATCH_UP_TICKS) pit.nextRise += (behind - CATCH_UP_TICKS) * counter.count;
    Clock.set(Timer.Pit0, timeOf(now + (counter.count >>> 2) + 1));
    return;
  }
  if (!halfCycle) {
    Irq.lower(IRQ_TIMER);
    Irq.raise(IRQ_TIMER);
  }

  let next = nextRise(counter, rise);
  let at = next;
  if (next != NEVER_TICK && isPeriodic(counter)) {
    const count = <u64>counter.count;
    if (next + CATCH_UP_TICKS * count < now)
      next += ((now - next) / count - CATCH_UP_TICKS) * count;
    // Late: the guest gets time to handle this interrupt before it sees the next one.
    at = max<u64>(next, min<u64>(now + (count >>> 2), next + CATCH_UP_TICKS * count));
  }
  if (counter.switchAt != NEVER_TICK && counter.switchAt < next) {
    next = counter.switchAt;
    at = next;
  }
  pit.nextRise = next;
  Clock.set(Timer.Pit0, next == NEVER_TICK ? NEVER_TICK : timeOf(at));
}

// --- Ports ---

function writeControl(_port: u16, value: u32): void {
  const now = ticksOf(Clock.now());
  if (value >>> 6 == 3) {
    for (let i: u32 = 0; i < 3; i++) {
      if (!(value & (2 << i))) continue;
      const counter = counterAt(i);
      settle(counter, now);
      if (!(value & READ_BACK_NO_STATUS)) latchStatus(counter, now);
      if (!(value & READ_BACK_NO_COUNT)) latchCount(counter, now);
    }
    return;
  }
  const index = value >>> 6;
  const counter = counterAt(index);
  const access = (value >>> 4) & 3;
  settle(counter, now);
  if (!access) {
    latchCount(counter, now);
    return;
  }
  counter.control = value & 0x3f;
  counter.access = access;
  counter.mode = (value >>> 1) & 7;
  if (counter.mode > 5) counter.mode -= 4;
  counter.bcd = value & 1;
  counter.counting = 0;
  counter.loaded = 0;
  counter.switchAt = NEVER_TICK;
  counter.writeHigh = 0;
  counter.readHigh = 0;
  counter.latched = 0;
  counter.statusLatched = 0;
  if (index == 0) schedule(now);
}

/** A second latch command before the first one's count was read does nothing. */
function latchCount(counter: Counter, now: u64): void {
  if (counter.latched) return;
  counter.latch = currentCount(counter, now);
  counter.latched = counter.access == ACCESS_BOTH ? 2 : 1;
}

function latchStatus(counter: Counter, now: u64): void {
  if (counter.statusLatched) return;
  const isNull = !counter.loaded || counter.switchAt != NEVER_TICK;
  counter.status =
    counter.control | (output(counter, now) ? STATUS_OUT : 0) | (isNull ? STATUS_NULL : 0);
  counter.statusLatched = 1;
}

function readCounter(port: u16): u32 {
  const counter = counterAt(<u32>(port - PORT_COUNTER));
  if (counter.statusLatched) {
    counter.statusLatched = 0;
    return counter.status;
  }
  if (counter.latched) {
    const high =
      counter.access == ACCESS_HIGH || (counter.access == ACCESS_BOTH && counter.latched == 1);
    counter.latched--;
    return high ? counter.latch >>> 8 : counter.latch & 0xff;
  }
  const now = ticksOf(Clock.now());
  settle(counter, now);
  const value = currentCount(counter, now);
  if (counter.access == ACCESS_LOW) return value & 0xff;
  if (counter.access == ACCESS_HIGH) return value >>> 8;
  counter.readHigh ^= 1;
  return counter.readHigh ? value & 0xff : value >>> 8;
}

function writeCounter(port: u16, value: u32): void {
  const index = <u32>(port - PORT_COUNTER);
  const counter = counterAt(index);
  const byte = value & 0xff;
  if (counter.access == ACCESS_BOTH && !counter.writeHigh) {
    counter.writeLow = byte;
    counter.writeHigh = 1;
    // In mode 0 the first byte stops the count and takes OUT low.
    if (counter.mode == 0) {
      counter.counting = 0;
      if (index == 0) schedule(ticksOf(Clock.now()));
    }
    return;
  }
  counter.writeHigh = 0;
  let count = byte;
  if (counter.access == ACCESS_HIGH) count = byte << 8;
  else if (counter.access == ACCESS_BOTH) count = (byte << 8) | counter.writeLow;
  if (counter.bcd) {
    count = fromBcd(count);
    if (!count) count = 10000;
  } else if (!count) {
    count = 0x10000;
  }
  loadCount(counter, count);
  if (index == 0) schedule(ticksOf(Clock.last()));
}

function loadCount(counter: Counter, count: u32): void {
  const now = ticksOf(Clock.now());
  settle(counter, now);
  counter.loaded = 1;
  if (counter.mode == 1 || counter.mode == 5) {
    // Waits for the gate; a running one-shot is not disturbed.
    counter.nextCount = count;
    if (!counter.counting) counter.count = count;
    return;
  }
  if (isPeriodic(counter) && counter.counting && counter.gate) {
    counter.nextCount = count;
    counter.switchAt = endOfCycle(counter, now);
    return;
  }
  counter.count = count;
  counter.nextCount = count;
  counter.counting = 1;
  counter.start = now + 1; // the count is loaded with the next clock
  counter.pausedAfter = 0;
}

/** When a new count takes over: at the end of the period, in mode 3 of the half cycle. */
function endOfCycle(counter: Counter, now: u64): u64 {
  const count = <u64>counter.count;
  const ticks = elapsed(counter, now);
  const begin = now - (ticks % count);
  const half = (count + 1) >>> 1;
  if (counter.mode == 3 && ticks % count < half) return begin + half;
  return begin + count;
}

function setGate(counter: Counter, level: u32): void {
  if (level == counter.gate) return;
  const now = ticksOf(Clock.now());
  settle(counter, now);
  if (!level) {
    counter.pausedAfter = elapsed(counter, now);
    counter.gate = 0;
    return;
  }
  counter.gate = 1;
  if (!counter.loaded) return;
  switch (counter.mode) {
    case 0:
    case 4:
      counter.start = now - counter.pausedAfter;
      break;
    case 1:
    case 5:
      counter.counting = 1;
      counter.count = counter.nextCount;
      counter.start = now + 1;
      break;
    default:
      counter.count = counter.nextCount;
      counter.switchAt = NEVER_TICK;
      counter.start = now + 1;
      break;
  }
}

function readSystem(_port: u16): u32 {
  const now = ticksOf(Clock.now());
  const counter = counterAt(2);
  settle(counter, now);
  const refresh = (now / REFRESH_TICKS) & 1 ? SYSTEM_REFRESH : 0;
  return pit.system | refresh | (output(counter, now) ? SYSTEM_OUT2 : 0);
}

function writeSystem(_port: u16, value: u32): void {
  pit.system = value & SYSTEM_WRITABLE;
  setGate(counterAt(2), value & SYSTEM_GATE2);
}

// CMOS RAM and real-time clock, MC146818. Ports 70h/71h, the second 128 bytes at 72h/73h; IRQ 8.
//
// The clock shows the host's wall clock at power-on, plus guest time, plus what the guest has set since.
//
// Not implemented: daylight saving (DSE), the square wave, NMI disable in port 70h, a weekday that differs from the date's.

import { Clock, NANOSECONDS_PER_SECOND, onTimer, Timer } from "../bus/clock";
import { addDevice, Device } from "../bus/devices";
import { Irq } from "../bus/irq";
import { onRead, onWrite } from "../bus/ports";
import { hostWallClock } from "../host";
import { ramBytes } from "../memory/physical";

const PORT_INDEX: u16 = 0x70;
const PORT_DATA: u16 = 0x71;
const PORT_INDEX_HIGH: u16 = 0x72;
const PORT_DATA_HIGH: u16 = 0x73;

const IRQ_RTC = 8;

const REG_SECONDS: u32 = 0;
const REG_SECONDS_ALARM: u32 = 1;
const REG_MINUTES: u32 = 2;
const REG_MINUTES_ALARM: u32 = 3;
const REG_HOURS: u32 = 4;
const REG_HOURS_ALARM: u32 = 5;
const REG_WEEKDAY: u32 = 6;
const REG_DAY: u32 = 7;
const REG_MONTH: u32 = 8;
const REG_YEAR: u32 = 9;
const REG_A: u32 = 0x0a;
const REG_B: u32 = 0x0b;
const REG_C: u32 = 0x0c;
const REG_D: u32 = 0x0d;
const REG_CENTURY: u32 = 0x32;

const A_UPDATE_IN_PROGRESS: u32 = 0x80;
const A_DIVIDER_32768_HZ: u32 = 0x20;
const A_DIVIDER_RESET: u32 = 0x60; // both bits: the divider stands still
const A_RATE: u32 = 0x0f;
const A_RATE_1024_HZ: u32 = 0x06;

const B_SET: u32 = 0x80;
const B_PERIODIC: u32 = 0x40;
const B_ALARM: u32 = 0x20;
const B_UPDATE: u32 = 0x10;
const B_SQUARE_WAVE: u32 = 0x08;
const B_BINARY: u32 = 0x04;
const B_24_HOURS: u32 = 0x02;

const C_INTERRUPT: u32 = 0x80;
const C_PERIODIC: u32 = 0x40;
const C_ALARM: u32 = 0x20;
const C_UPDATE: u32 = 0x10;
const D_VALID: u32 = 0x80;

const HOURS_PM: u32 = 0x80;
/** An alarm byte with both high bits set matches always. */
const ALARM_ANY: u32 = 0xc0;

const CRYSTAL: u64 = 32768;
/** From UIP's rise to the end of the update cycle: 244 + 1984 microseconds. */
const UPDATE_LENGTH: i64 = 2_228_000;
const SECOND: i64 = 1_000_000_000;
const HALF_SECOND: i64 = 500_000_000;
const DAY_SECONDS: i64 = 86400;

const RAM_SIZE = 256;

@unmanaged
class CmosState {
  offset: i64; // nanoseconds since 1970 at guest time 0
  periodsSeen: u64; // periodic edges that register C has already told of
  index: u32;
  indexHigh: u32;
}
const STATE_SIZE = RAM_SIZE + <i32>offsetof<CmosState>();
const STATE = memory.data(STATE_SIZE, 8); // the RAM, then the fields
const cmos = changetype<CmosState>(STATE + RAM_SIZE);

export function attachCmos(): void {
  addDevice(Device.Cmos, STATE, STATE_SIZE, reset);
  onTimer(Timer.Rtc, periodicTick);
  onTimer(Timer.RtcUpdate, secondTick);
  onWrite(PORT_INDEX, 1, writeIndex);
  onRead(PORT_DATA, 1, readData);
  onWrite(PORT_DATA, 1, writeData);
  onRead(PORT_INDEX_HIGH, 1, readIndexHigh);
  onWrite(PORT_INDEX_HIGH, 1, writeIndexHigh);
  onRead(PORT_DATA_HIGH, 1, readDataHigh);
  onWrite(PORT_DATA_HIGH, 1, writeDataHigh);

  cmos.offset = <i64>hostWallClock() * 1_000_000 - <i64>Clock.now();
  setRegister(REG_A, A_DIVIDER_32768_HZ | A_RATE_1024_HZ);
  setRegister(REG_B, B_24_HOURS);
  setRegister(REG_D, D_VALID);
  setRegister(0x14, 0x06); // equipment: VGA, mouse, coprocessor
  setMemorySize();
  scheduleUpdate();
}

/** What SeaBIOS (and a BIOS's set-up) expects to find about the RAM. */
function setMemorySize(): void {
  const kilobytes = ramBytes() >>> 10;
  const extended = min<u32>(kilobytes > 1024 ? kilobytes - 1024 : 0, 0xffff);
  const above16M = kilobytes > 16384 ? (kilobytes - 16384) >>> 6 : 0;
  setWord(0x15, min<u32>(kilobytes, 640));
  setWord(0x17, extended);
  setWord(0x30, extended);
  setWord(0x34, above16M);
}

function setWord(index: u32, value: u32): void {
  setRegister(index, value & 0xff);
  setRegister(index + 1, value >>> 8);
}

/** The RESET pin stops the interrupts; RAM and time are battery-backed. */
function reset(): void {
  setRegister(REG_B, register(REG_B) & ~(B_PERIODIC | B_ALARM | B_UPDATE | B_SQUARE_WAVE));
  setRegister(REG_C, 0);
  Clock.cancel(Timer.Rtc);
  Irq.lower(IRQ_RTC);
}

/** Host: sets a byte of CMOS RAM (floppy types, boot order, disk translation), before power-on. */
export function setCmos(index: i32, value: i32): void {
  setRegister((<u32>index) & 0xff, <u32>value);
}

function register(index: u32): u32 {
  return <u32>load<u8>(STATE + <usize>index);
}

function setRegister(index: u32, value: u32): void {
  store<u8>(STATE + <usize>index, <u8>value);
}

// --- Time ---

function isRunning(): bool {
  return !(register(REG_B) & B_SET) && (register(REG_A) & A_DIVIDER_RESET) != A_DIVIDER_RESET;
}

/** Nanoseconds since 1970 as the clock shows it. */
function rtcTime(): i64 {
  return cmos.offset + <i64>Clock.now();
}

function isTimeRegister(index: u32): bool {
  return index == REG_CENTURY || (index <= REG_YEAR && (index >= REG_WEEKDAY || (index & 1) == 0));
}

/** A number as the registers hold it. */
function encode(value: u32): u32 {
  return register(REG_B) & B_BINARY ? value : ((value / 10) << 4) | (value % 10);
}

function decode(value: u32): u32 {
  return register(REG_B) & B_BINARY ? value : (value >>> 4) * 10 + (value & 15);
}

function encodeHours(hours: u32): u32 {
  if (register(REG_B) & B_24_HOURS) return encode(hours);
  const twelve = hours % 12 == 0 ? 12 : hours % 12;
  return encode(twelve) | (hours >= 12 ? HOURS_PM : 0);
}

function decodeHours(value: u32): u32 {
  if (register(REG_B) & B_24_HOURS) return decode(value);
  return (decode(value & ~HOURS_PM) % 12) + (value & HOURS_PM ? 12 : 0);
}

/** Writes the time into the registers. The date is counted from 1 March, so that leap days come last. */
function showTime(): void {
  const seconds = rtcTime() / SECOND;
  const days = seconds / DAY_SECONDS;
  const second = <u32>(seconds % DAY_SECONDS);

  const shifted = days + 719468; // days since 1 March of the year 0
  const era = shifted / 146097;
  const dayOfEra = <u32>(shifted % 146097);
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const monthFromMarch = (5 * dayOfYear + 2) / 153;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = <u32>era * 400 + yearOfEra + (month <= 2 ? 1 : 0);

  setRegister(REG_SECONDS, encode(second % 60));
  setRegister(REG_MINUTES, encode((second / 60) % 60));
  setRegister(REG_HOURS, encodeHours(second / 3600));
  setRegister(REG_WEEKDAY, encode(<u32>((days + 4) % 7) + 1)); // 1970 began on a Thursday
  setRegister(REG_DAY, encode(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1));
  setRegister(REG_MONTH, encode(month));
  setRegister(REG_YEAR, encode(year % 100));
  setRegister(REG_CENTURY, encode(year / 100));
}

/** Takes the time from the registers; `fraction` is how far the running second is. */
function takeTime(fraction: i64): void {
  const year = decode(register(REG_CENTURY)) * 100 + decode(register(REG_YEAR));
  const month = decode(register(REG_MONTH));
  const yearFromMarch = <i64>year - (month <= 2 ? 1 : 0);
  const era = yearFromMarch / 400;
  const yearOfEra = yearFromMarch % 400;
  const dayOfYear = (153 * <i64>((month + 9) % 12) + 2) / 5 + <i64>decode(register(REG_DAY)) - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  const days = era * 146097 + dayOfEra - 719468;
  const second =
    decodeHours(register(REG_HOURS)) * 3600 +
    decode(register(REG_MINUTES)) * 60 +
    decode(register(REG_SECONDS));
  cmos.offset = (days * DAY_SECONDS + <i64>second) * SECOND + fraction - <i64>Clock.now();
}

// --- Interrupts ---

function raise(flags: u32): void {
  let value = register(REG_C) | flags;
  if (value & register(REG_B) & (C_PERIODIC | C_ALARM | C_UPDATE)) value |= C_INTERRUPT;
  setRegister(REG_C, value);
  if (value & C_INTERRUPT) Irq.raise(IRQ_RTC);
}

/** The next end of an update cycle. */
function scheduleUpdate(): void {
  if (!isRunning()) {
    Clock.cancel(Timer.RtcUpdate);
    return;
  }
  Clock.set(Timer.RtcUpdate, Clock.now() + <u64>(SECOND - (rtcTime() % SECOND)));
}

function alarmMatches(alarm: u32, now: u32): bool {
  const wanted = register(alarm);
  return (wanted & ALARM_ANY) == ALARM_ANY || wanted == register(now);
}

function secondTick(_deadline: u64): void {
  showTime();
  const alarm =
    alarmMatches(REG_SECONDS_ALARM, REG_SECONDS) &&
    alarmMatches(REG_MINUTES_ALARM, REG_MINUTES) &&
    alarmMatches(REG_HOURS_ALARM, REG_HOURS);
  raise(C_UPDATE | (alarm ? C_ALARM : 0));
  scheduleUpdate();
}

/** Length of the periodic interrupt in crystal ticks, 0 for none. */
function periodTicks(): u64 {
  const rate = register(REG_A) & A_RATE;
  if (!rate) return 0;
  return (<u64>1) << (rate <= 2 ? rate + 6 : rate - 1);
}

/** Periodic edges since power-on. */
function periodsNow(): u64 {
  const period = periodTicks();
  if (!period) return 0;
  const now = Clock.now();
  const part = ((now % NANOSECONDS_PER_SECOND) * CRYSTAL) / NANOSECONDS_PER_SECOND;
  return ((now / NANOSECONDS_PER_SECOND) * CRYSTAL + part) / period;
}

function schedulePeriodic(): void {
  const period = periodTicks();
  if (!period || !(register(REG_B) & B_PERIODIC)) {
    Clock.cancel(Timer.Rtc);
    return;
  }
  const edge = (periodsNow() + 1) * period;
  const part = ((edge % CRYSTAL) * NANOSECONDS_PER_SECOND + CRYSTAL - 1) / CRYSTAL;
  Clock.set(Timer.Rtc, (edge / CRYSTAL) * NANOSECONDS_PER_SECOND + part);
}

/** Edges missed while the host was asleep are gone: a guest sees one flag however many there were. */
function periodicTick(_deadline: u64): void {
  cmos.periodsSeen = periodsNow();
  raise(C_PERIODIC);
  schedulePeriodic();
}

/** Reading register C takes the flags and the interrupt back. */
function readFlags(): u32 {
  const periods = periodsNow();
  if (periods != cmos.periodsSeen) {
    // Without its interrupt the periodic flag has no timer.
    cmos.periodsSeen = periods;
    setRegister(REG_C, register(REG_C) | C_PERIODIC);
  }
  const flags = register(REG_C);
  setRegister(REG_C, 0);
  Irq.lower(IRQ_RTC);
  return flags;
}

// --- Ports ---

function writeIndex(_port: u16, value: u32): void {
  cmos.index = value & 0x7f;
}

function readData(_port: u16): u32 {
  const index = cmos.index;
  if (index == REG_C) return readFlags();
  if (isTimeRegister(index)) {
    if (isRunning()) showTime();
    return register(index);
  }
  if (index == REG_A && isRunning() && rtcTime() % SECOND >= SECOND - UPDATE_LENGTH) {
    return register(REG_A) | A_UPDATE_IN_PROGRESS;
  }
  return register(index);
}

function writeData(_port: u16, value: u32): void {
  const index = cmos.index;
  const byte = value & 0xff;
  if (index == REG_A) {
    writeRegisterA(byte & ~A_UPDATE_IN_PROGRESS);
  } else if (index == REG_B) {
    writeRegisterB(byte);
  } else if (isTimeRegister(index)) {
    if (isRunning()) {
      const fraction = rtcTime() % SECOND;
      showTime();
      setRegister(index, byte);
      takeTime(fraction);
      scheduleUpdate();
    } else {
      setRegister(index, byte);
    }
  } else if (index != REG_C && index != REG_D) {
    setRegister(index, byte);
  }
}

function writeRegisterA(value: u32): void {
  const before = isRunning();
  if (before) showTime();
  setRegister(REG_A, value);
  // A divider that starts again makes its first update half a second later.
  if (!before && isRunning()) takeTime(HALF_SECOND);
  cmos.periodsSeen = periodsNow();
  schedulePeriodic();
  scheduleUpdate();
}

function writeRegisterB(value: u32): void {
  const before = isRunning();
  const fraction = rtcTime() % SECOND;
  if (before) showTime();
  const format = (register(REG_B) ^ value) & (B_BINARY | B_24_HOURS);
  // SET aborts an update in progress and clears the update interrupt's enable.
  setRegister(REG_B, value & B_SET ? value & ~B_UPDATE : value);
  if (!before && isRunning()) takeTime(fraction);
  if (before && format && isRunning()) showTime();
  if (register(REG_C) & value & (C_PERIODIC | C_ALARM | C_UPDATE)) raise(0);
  schedulePeriodic();
  scheduleUpdate();
}

function readIndexHigh(_port: u16): u32 {
  return cmos.indexHigh;
}
function writeIndexHigh(_port: u16, value: u32): void {
  cmos.indexHigh = value & 0x7f;
}
function readDataHigh(_port: u16): u32 {
  return register(0x80 | cmos.indexHigh);
}
function writeDataHigh(_port: u16, value: u32): void {
  setRegister(0x80 | cmos.indexHigh, value & 0xff);
}

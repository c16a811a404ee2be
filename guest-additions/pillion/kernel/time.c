// Time: the power management timer counts it, the real-time clock wakes the machine four times a second, and the interval timer
// (8254, IRQ 0) ticks a hundred times a second while somebody needs it. An idle machine has four interrupts a second.

#include "kernel.h"

#define PIT_COUNTER 0x40
#define PIT_COMMAND 0x43
#define PIT_RATE_GENERATOR 0x34 // counter 0, low and high byte, mode 2
#define PIT_ONE_SHOT 0x30       // mode 0: with no count it stands still
#define PIT_FREQUENCY 1193182
#define TICKS_PER_SECOND 100
#define IRQ_TIMER 0

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_STATUS_A 0x0a
#define CMOS_STATUS_B 0x0b
#define CMOS_STATUS_C 0x0c
#define CMOS_CENTURY 0x32
#define STATUS_A_UPDATING 0x80
#define STATUS_A_4_HZ 0x2e
#define STATUS_B_24_HOURS 0x02
#define STATUS_B_BINARY 0x04
#define STATUS_B_PERIODIC 0x40
#define STATUS_B_INTERRUPTS 0x70
#define IRQ_CLOCK 8

/** The power management timer runs at 3.579545 MHz and has 24 bits. */
#define PM_MASK 0xffffff
#define MICROSECOND_FRACTION 20
#define MICROSECONDS_PER_COUNT 292935 // times 2^-20
#define MILLISECOND_FRACTION 30
#define MILLISECONDS_PER_COUNT 299967 // times 2^-30

#define SECONDS_PER_DAY 86400
#define DAYS_PER_400_YEARS 146097
#define DAYS_PER_100_YEARS 36524
#define DAYS_FROM_MARCH_1600 135080 // until 1970-01-01

static u32 lastCount;
static u64 microsecondSum; // with MICROSECOND_FRACTION bits behind the point
static u64 millisecondSum;
static u32 ticks;
static u32 tickUsers;
static u32 setSeconds; // local time, by setClock; 0 before
static u32 setAt;      // the milliseconds() when it was so late

static void look(void) {
  u16 port = powerTimerPort();
  if (!port) return;
  u32 count = in32(port) & PM_MASK;
  u32 passed = (count - lastCount) & PM_MASK;
  lastCount = count;
  microsecondSum += (u64)passed * MICROSECONDS_PER_COUNT;
  millisecondSum += (u64)passed * MILLISECONDS_PER_COUNT;
}

u32 microseconds(void) {
  u32 flags = disableInterrupts();
  look();
  u32 value = (u32)(microsecondSum >> MICROSECOND_FRACTION);
  restoreInterrupts(flags);
  return value;
}

u32 milliseconds(void) {
  u32 flags = disableInterrupts();
  look();
  u32 value = (u32)(millisecondSum >> MILLISECOND_FRACTION);
  restoreInterrupts(flags);
  return value;
}

u32 slowTicks(void) {
  return ticks;
}

static u8 readCmos(u8 index) {
  out8(CMOS_INDEX, index);
  return in8(CMOS_DATA);
}

static void writeCmos(u8 index, u8 value) {
  out8(CMOS_INDEX, index);
  out8(CMOS_DATA, value);
}

static void clockIrq(void) {
  if (!readCmos(CMOS_STATUS_C)) return;
  ticks++;
  look();
  if (!powerTimerPort()) {
    microsecondSum += (u64)250000 << MICROSECOND_FRACTION;
    millisecondSum += (u64)250 << MILLISECOND_FRACTION;
  }
}

/** Its only work is to end a HLT. */
static void timerIrq(void) {}

void needTicks(TickUser user, bool needed) {
  u32 flags = disableInterrupts();
  u32 before = tickUsers;
  tickUsers = needed ? tickUsers | user : tickUsers & ~user;
  if (!before != !tickUsers) {
    if (tickUsers) {
      u16 count = PIT_FREQUENCY / TICKS_PER_SECOND;
      out8(PIT_COMMAND, PIT_RATE_GENERATOR);
      out8(PIT_COUNTER, count & 0xff);
      out8(PIT_COUNTER, count >> 8);
    } else {
      out8(PIT_COMMAND, PIT_ONE_SHOT);
    }
    maskIrq(IRQ_TIMER, !tickUsers);
  }
  restoreInterrupts(flags);
}

void startTime(void) {
  if (powerTimerPort()) lastCount = in32(powerTimerPort()) & PM_MASK;
  onIrq(IRQ_TIMER, timerIrq);
  maskIrq(IRQ_TIMER, true);
  out8(PIT_COMMAND, PIT_ONE_SHOT);
  writeCmos(CMOS_STATUS_A, STATUS_A_4_HZ);
  u8 statusB = readCmos(CMOS_STATUS_B) & ~STATUS_B_INTERRUPTS;
  writeCmos(CMOS_STATUS_B, statusB | STATUS_B_PERIODIC);
  onIrq(IRQ_CLOCK, clockIrq);
  readCmos(CMOS_STATUS_C);
}

static u8 fromBcd(u8 value, u8 statusB) {
  return statusB & STATUS_B_BINARY ? value : (value >> 4) * 10 + (value & 15);
}

void setClock(u32 seconds, u32 rest) {
  u32 flags = disableInterrupts();
  setSeconds = seconds;
  // As if it had been set on the whole second.
  setAt = milliseconds() - rest;
  restoreInterrupts(flags);
}

u32 clockSeconds(u32 *rest) {
  *rest = 0;
  if (!setSeconds) return 0;
  u32 flags = disableInterrupts();
  u32 passed = milliseconds() - setAt;
  // The counter wraps after 49 days.
  setSeconds += passed / 1000;
  setAt += passed / 1000 * 1000;
  *rest = passed % 1000;
  u32 seconds = setSeconds;
  restoreInterrupts(flags);
  return seconds;
}

/** Of the days since 1970. Years begin in March here, so that the day that is sometimes missing is their last. */
static Date dateOf(u32 seconds) {
  u32 days = seconds / SECONDS_PER_DAY + DAYS_FROM_MARCH_1600;
  u32 second = seconds % SECONDS_PER_DAY;
  u32 period = days % DAYS_PER_400_YEARS;
  u32 year = (period - period / (4 * 365) + period / DAYS_PER_100_YEARS - period / (DAYS_PER_400_YEARS - 1)) / 365;
  u32 day = period - (365 * year + year / 4 - year / 100);
  u32 month = (5 * day + 2) / 153; // 0 is March
  return (Date){
      .year = 1600 + days / DAYS_PER_400_YEARS * 400 + year + (month >= 10),
      .month = month < 10 ? month + 3 : month - 9,
      .day = day - (153 * month + 2) / 5 + 1,
      .hour = second / 3600,
      .minute = second / 60 % 60,
      .second = second % 60,
  };
}

static Date readCmosDate(void) {
  u32 flags = disableInterrupts();
  for (u32 tries = 0; tries < 10000 && (readCmos(CMOS_STATUS_A) & STATUS_A_UPDATING); tries++) {
  }
  u8 statusB = readCmos(CMOS_STATUS_B);
  u8 hour = readCmos(4);
  bool afternoon = !(statusB & STATUS_B_24_HOURS) && (hour & 0x80);
  Date date = {
      .second = fromBcd(readCmos(0), statusB),
      .minute = fromBcd(readCmos(2), statusB),
      .hour = fromBcd(hour & 0x7f, statusB),
      .day = fromBcd(readCmos(7), statusB),
      .month = fromBcd(readCmos(8), statusB),
      .year = fromBcd(readCmos(CMOS_CENTURY), statusB) * 100 + fromBcd(readCmos(9), statusB),
  };
  restoreInterrupts(flags);
  if (!(statusB & STATUS_B_24_HOURS)) date.hour = date.hour % 12 + (afternoon ? 12 : 0);
  return date;
}

Date readDate(void) {
  u32 rest;
  u32 seconds = clockSeconds(&rest);
  return seconds ? dateOf(seconds) : readCmosDate();
}

// The daemon waits in one place: for files, for times, and for the port.

#include "loop.h"
#include "port.h"

#define WATCHED_MAX 96
#define TIMERS_MAX 32
#define FOREVER 0x7fffffff

struct PollEntry {
  i32 file;
  u16 events;
  u16 happened;
};

static struct PollEntry entries[WATCHED_MAX];
static struct {
  Ready ready;
  void *context;
} receivers[WATCHED_MAX];
static u32 watchedCount;

static struct {
  Due due;
  void *context;
  u32 time;
} timers[TIMERS_MAX];

static bool stopped;
static i32 stopResult;

bool watch(i32 file, u32 events, Ready ready, void *context) {
  u32 at = 0;
  while (at < watchedCount && entries[at].file != file) at++;
  if (at == WATCHED_MAX) return false;
  if (at == watchedCount) {
    watchedCount++;
    entries[at].happened = 0;
  }
  entries[at].file = file;
  entries[at].events = (u16)events;
  receivers[at].ready = ready;
  receivers[at].context = context;
  return true;
}

void unwatch(i32 file) {
  for (u32 at = 0; at < watchedCount; at++) {
    if (entries[at].file != file) continue;
    watchedCount--;
    entries[at] = entries[watchedCount];
    receivers[at] = receivers[watchedCount];
    return;
  }
}

u32 millisecondsNow(void) {
  i32 time[2];
  syscall3(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (u32)time, 0);
  return (u32)time[0] * 1000 + (u32)time[1] / 1000000;
}

void later(u32 milliseconds, Due due, void *context) {
  u32 chosen = TIMERS_MAX;
  for (u32 at = 0; at < TIMERS_MAX; at++) {
    if (timers[at].due == due && timers[at].context == context) {
      chosen = at;
      break;
    }
    if (!timers[at].due && chosen == TIMERS_MAX) chosen = at;
  }
  if (chosen == TIMERS_MAX) return;
  timers[chosen].due = milliseconds ? due : 0;
  timers[chosen].context = context;
  timers[chosen].time = millisecondsNow() + milliseconds;
}

/** Calls what is due; returns the milliseconds to the next. */
static i32 runTimers(void) {
  i32 next = FOREVER;
  for (u32 at = 0; at < TIMERS_MAX; at++) {
    if (!timers[at].due) continue;
    i32 left = (i32)(timers[at].time - millisecondsNow());
    if (left <= 0) {
      Due due = timers[at].due;
      timers[at].due = 0;
      due(timers[at].context);
    } else if (left < next) {
      next = left;
    }
  }
  return next;
}

static i32 wait(i32 milliseconds) {
  return syscall3(SYS_POLL, (u32)entries, watchedCount, milliseconds == FOREVER ? (u32)-1 : (u32)milliseconds);
}

/** A receiver may watch and unwatch, which moves the entries: one that was moved is called by the next round. */
static void callReady(void) {
  for (u32 at = 0; at < watchedCount; at++) {
    u32 happened = entries[at].happened;
    entries[at].happened = 0;
    if (happened) receivers[at].ready(receivers[at].context, happened);
  }
}

i32 loop(void) {
  while (!stopped) {
    i32 next = runTimers();
    portTake();
    if (stopped) break;
    if (portExpectsAnswers()) {
      if (wait(0) > 0) {
        callReady();
        continue;
      }
      // Others may run before the machine stands still for the host.
      syscall3(SYS_SCHED_YIELD, 0, 0, 0);
      portStandStill();
      continue;
    }
    i32 limit = portSleeps();
    if (wait(limit < next ? limit : next) > 0) callReady();
    portWakes();
  }
  return stopResult;
}

void stop(i32 result) {
  stopped = true;
  stopResult = result;
}

// The host's time, over the Tandem port. What the numbers mean stands in wasm/protocol/time.ts.

#pragma once

#include "tandem.h"

typedef struct {
  u64 nanoseconds;   // since 1970, UTC
  i32 offsetMinutes; // local time is UTC and so much more
} TandemTime;

/** Returns a RequestStatus. To be asked for at the start, and again after TANDEM_EVENT_TIME_STEPPED. */
i32 tandemTime(TandemPort *port, TandemTime *time);
/** The time zone's name, ended by a zero; empty where the host has none. */
i32 tandemTimeZone(TandemPort *port, char name[TANDEM_TIME_ZONE_MAX + 1]);
/** Whole seconds and the rest, without the division of 64 bits that guests without a library lack. Until the year 2106. */
u32 tandemTimeSeconds(TandemTime time, u32 *nanoseconds);

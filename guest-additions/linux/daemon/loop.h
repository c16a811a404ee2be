// The daemon waits in one place: for files, for times, and for the port.

#pragma once

#include "../lib/system.h"

/** `happened`: POLLIN, POLLOUT, POLLHUP, POLLERR. */
typedef void (*Ready)(void *context, u32 happened);
typedef void (*Due)(void *context);

/** Calls when the file is ready for one of the events. One file is watched once; watching it again changes the events. */
bool watch(i32 file, u32 events, Ready ready, void *context);
void unwatch(i32 file);

/** Calls once after so many milliseconds; a later call for the same context replaces it, 0 milliseconds take it back. */
void later(u32 milliseconds, Due due, void *context);
u32 millisecondsNow(void);

/** Until `stop`. Returns what that was given. */
i32 loop(void);
void stop(i32 result);

// What programs of the guest copy, for the host.

#pragma once

#include "../lib/system.h"

/** With a new connection to the X server: the selections that are the host's as well. */
void requestorBegin(const u32 *selections, u32 count);
void requestorEvent(const u8 *event);
/** The host wants what was offered last in this format. */
void requestorWanted(u32 id, u32 format);

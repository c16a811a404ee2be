// The host's data for programs of the guest: this program owns the selections while the host has something.

#pragma once

#include "../lib/system.h"

#define SELECTION_COUNT 2

/** With a new connection to the X server; the selections' atoms. */
void ownerBegin(const u32 *selections);
/** What the host offers under this number now; formats 0: nothing. */
void ownerOffers(u32 serial, u32 formats);
void ownerEvent(const u8 *event);

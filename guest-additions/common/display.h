// The size that the host has room for, over the Tandem port. What the numbers mean stands in wasm/protocol/display.ts.

#pragma once

#include "tandem.h"

typedef struct {
  u32 width, height; // pixels; 0: the guest may choose
  u32 scale;         // percent: how large the user likes things
} TandemDisplayHint;

/** These return a RequestStatus. To be asked for at the start, and again after TANDEM_EVENT_DISPLAY_HINT. */
i32 tandemDisplayHint(TandemPort *port, TandemDisplayHint *hint);
/** The guest has set this mode. */
i32 tandemDisplayInfo(TandemPort *port, u32 width, u32 height, u32 depth);

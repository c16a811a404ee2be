// Channels on the Tandem port, for guests whose physical addresses are linear ones; wasm/protocol/channels.ts says what the numbers mean.
//
// Nothing here waits: a guest looks again after Event.Channel, at all of its channels.

#pragma once

#include "tandem.h"

typedef struct {
  u32 phase, readable, room;
} TandemChannelState;

/** A channel of this name, which waits for the host. Returns its number, or a RequestStatus below 0. */
i32 tandemChannelOpen(TandemPort *port, const char *name);
/** How many bytes there were, TANDEM_BODY_MAX at most; 0: the stream has ended. TANDEM_REQUEST_STATUS_AGAIN: none now. */
i32 tandemChannelRead(TandemPort *port, u32 channel, void *bytes, u32 room);
/** How many bytes were taken, perhaps not all. TANDEM_REQUEST_STATUS_AGAIN: there is no room now. */
i32 tandemChannelWrite(TandemPort *port, u32 channel, const void *bytes, u32 size);
/** Nothing more is written; the host's bytes still come. */
i32 tandemChannelEnd(TandemPort *port, u32 channel);
/** The number is gone; what was written still arrives, unless there are words that say why not. */
i32 tandemChannelClose(TandemPort *port, u32 channel, const char *words);
i32 tandemChannelState(TandemPort *port, u32 channel, TandemChannelState *state);

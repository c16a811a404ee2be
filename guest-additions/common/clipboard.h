// The shared clipboard on the Tandem port, for guests whose physical addresses are linear ones; wasm/protocol/clipboard.ts says what the
// numbers mean. Data goes straight between the host and the guest's memory.

#pragma once

#include "tandem.h"

typedef struct {
  u32 serial, formats, directions, paste, wanted, wantedFormat;
} TandemClipboard;

i32 tandemClipboardState(TandemPort *port, TandemClipboard *state);
/** How many bytes the host's data has in this format; the host gets it ready. */
i32 tandemClipboardSize(TandemPort *port, u32 serial, u32 format, u32 *size);
/** All of it. */
i32 tandemClipboardFetch(TandemPort *port, u32 serial, u32 format, void *target, u32 size);
/** `serial`: that of the newest offer; afterwards, of this one. */
i32 tandemClipboardOffer(TandemPort *port, u32 formats, u32 *serial);
/** The answer to `wanted`; null data: it cannot be had. */
i32 tandemClipboardSupply(TandemPort *port, u32 wanted, const void *data, u32 size);

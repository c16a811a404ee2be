// Driver of the Tandem port for guests that run with physical addresses equal to linear ones. What the numbers mean stands in
// wasm/protocol/tandem-port.ts and pointer.ts.
//
//   TandemPort port;
//   if (tandemFind(&port, TANDEM_ISA_BASE) && tandemHello(&port, SYSTEM, VERSION, TANDEM_FEATURE_POINTER) == 0) ...
//
// Requests are made in the foreground, not in interrupt handlers; the pointer's registers may be read anywhere. tandemRequest() waits
// for its answer, one at a time. What may take the host long goes by tandemStart() in a block of its own, any number of them.

#pragma once

#include "io.h"
#include "protocol.gen.h"

#define TANDEM_BODY_MAX 4096

typedef struct {
  u16 base;
  u16 offered;  // Feature bits of the machine
  u16 features; // of the session: what was asked for and is there
  u32 session;  // 0 before HELLO
  u8 block[TANDEM_REQUEST_HEADER_SIZE + TANDEM_BODY_MAX] __attribute__((aligned(4)));
} TandemPort;

/** Whether the port is at these addresses: TANDEM_ISA_BASE, or BAR 0 of the PCI function. */
bool tandemFind(TandemPort *port, u16 base);

/** Sends a command and waits for its end. Returns a RequestStatus: 0 when all went well. The answer's body is in tandemReply(). */
i32 tandemRequest(TandemPort *port, u16 command, const void *body, u32 size);
/** The same for an answer of up to `room` bytes; without it there is room for what the core's own commands answer. */
i32 tandemRequestFor(TandemPort *port, u16 command, const void *body, u32 size, u32 room);
const void *tandemReply(const TandemPort *port);
u32 tandemReplySize(const TandemPort *port);

/**
 * Sends a command and returns at once. The block has room for a header and `room` bytes, which hold the request's body and get the
 * answer's; it stays the port's until tandemState() is no longer TANDEM_REQUEST_STATUS_PENDING. Its end raises IrqCause Request.
 */
void tandemStart(TandemPort *port, void *block, u16 command, u32 room);
i32 tandemState(const TandemPort *port, const void *block);

i32 tandemHello(TandemPort *port, u32 system, u32 version, u32 features);
i32 tandemBye(TandemPort *port);
i32 tandemEventMask(TandemPort *port, u32 kinds);

static inline u16 tandemRead16(const TandemPort *port, u16 offset) {
  return in16(port->base + offset);
}
static inline u32 tandemEvent(const TandemPort *port) {
  return in32(port->base + TANDEM_REGISTER_EVENT);
}
static inline u8 tandemEventKind(u32 event) {
  return event >> 24;
}
static inline u32 tandemEventPayload(u32 event) {
  return event & 0xffffff;
}
static inline void tandemSetIrqMask(const TandemPort *port, u16 causes) {
  out16(port->base + TANDEM_REGISTER_IRQ_MASK, causes);
}
static inline u16 tandemIrqCause(const TandemPort *port) {
  return in16(port->base + TANDEM_REGISTER_IRQ_CAUSE);
}
static inline void tandemClearIrq(const TandemPort *port, u16 causes) {
  out16(port->base + TANDEM_REGISTER_IRQ_CAUSE, causes);
}

// ---- pointer ----

typedef struct {
  u16 sequence;
  u16 x, y;           // normalised
  u16 pixelX, pixelY; // of the current mode
  u16 state;          // TANDEM_POINTER_STATE_...
  i16 dx, dy;
  i8 wheel, wheelHorizontal;
} TandemPointer;

/** The state at one moment; call again while its state has TANDEM_POINTER_STATE_MORE. */
TandemPointer tandemLatch(const TandemPort *port);
i32 tandemPointerMode(TandemPort *port, u32 mode);
/** Four bytes a pixel, alpha in the highest, not premultiplied. */
i32 tandemCursorShape(TandemPort *port, u16 width, u16 height, u16 hotX, u16 hotY, const u32 *argb);
/** Rows of whole bytes, highest bit left. AND 0: black, with XOR white; AND 1: the screen, with XOR its inverse. */
i32 tandemCursorMasks(TandemPort *port, u16 width, u16 height, u16 hotX, u16 hotY, const u8 *andMask, const u8 *xorMask);
i32 tandemCursorShow(TandemPort *port, bool shown);
i32 tandemCursorWarp(TandemPort *port, u32 x, u32 y);
i32 tandemCursorPosition(TandemPort *port, u32 x, u32 y);
i32 tandemGrab(TandemPort *port, bool wanted);

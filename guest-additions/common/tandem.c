// Driver of the Tandem port: request blocks and the pointer.

#include "tandem.h"

/** One WAIT lasts up to 20 ms. */
#define WAITS_MAX 250

static u32 get32(const TandemPort *port, u32 offset) {
  return *(const volatile u32 *)(port->block + offset);
}

static void set32(TandemPort *port, u32 offset, u32 value) {
  *(volatile u32 *)(port->block + offset) = value;
}

bool tandemFind(TandemPort *port, u16 base) {
  port->base = base;
  port->session = 0;
  port->features = 0;
  if (in32(base + TANDEM_REGISTER_ID) != TANDEM_SIGNATURE) return false;
  if (in16(base + TANDEM_REGISTER_VERSION) >> 8 != TANDEM_VERSION >> 8) return false;
  port->offered = in16(base + TANDEM_REGISTER_FEATURES);
  return true;
}

static u32 tagOf(const TandemPort *port) {
  return (u32)(uintptr_t)port->block;
}

/** Takes back the request that the host does not answer: from then on nobody writes into its block. */
static void cancel(const TandemPort *port) {
  u32 block[TANDEM_REQUEST_HEADER_SIZE / 4 + 1] = {0};
  block[TANDEM_REQUEST_SIZE / 4] = sizeof block;
  block[TANDEM_REQUEST_COMMAND / 4] = TANDEM_COMMAND_CANCEL;
  block[TANDEM_REQUEST_SESSION / 4] = port->session;
  block[TANDEM_REQUEST_HEADER_SIZE / 4] = tagOf(port);
  out32(port->base + TANDEM_REGISTER_DOORBELL, (u32)(uintptr_t)block); // answered at once
}

i32 tandemRequest(TandemPort *port, u16 command, const void *body, u32 size) {
  return tandemRequestFor(port, command, body, size, TANDEM_HELLO_REPLY_SIZE);
}

i32 tandemRequestFor(TandemPort *port, u16 command, const void *body, u32 size, u32 room) {
  if (size > TANDEM_BODY_MAX || room > TANDEM_BODY_MAX) return TANDEM_REQUEST_STATUS_TOO_BIG;
  u8 *target = port->block + TANDEM_REQUEST_HEADER_SIZE;
  for (u32 i = 0; i < size; i++) target[i] = ((const u8 *)body)[i];
  // The size is that of the room, for the answer; what a command does not read of it does not matter.
  set32(port, TANDEM_REQUEST_SIZE, TANDEM_REQUEST_HEADER_SIZE + (room > size ? room : size));
  set32(port, TANDEM_REQUEST_COMMAND, command); // and no flags
  set32(port, TANDEM_REQUEST_TAG, tagOf(port));
  set32(port, TANDEM_REQUEST_STATUS, TANDEM_REQUEST_STATUS_PENDING);
  set32(port, TANDEM_REQUEST_SESSION, port->session);
  set32(port, TANDEM_REQUEST_REPLY_SIZE, 0);
  out32(port->base + TANDEM_REGISTER_DOORBELL, (u32)(uintptr_t)port->block);
  for (u32 waits = 0; waits < WAITS_MAX; waits++) {
    i32 status = (i32)get32(port, TANDEM_REQUEST_STATUS);
    if (status != TANDEM_REQUEST_STATUS_PENDING) return status;
    in32(port->base + TANDEM_REGISTER_WAIT);
  }
  cancel(port);
  return TANDEM_REQUEST_STATUS_BUSY;
}

u32 tandemReplySize(const TandemPort *port) {
  return get32(port, TANDEM_REQUEST_REPLY_SIZE);
}

const void *tandemReply(const TandemPort *port) {
  return port->block + TANDEM_REQUEST_HEADER_SIZE;
}

static u32 *field(void *block, u32 offset) {
  return (u32 *)((u8 *)block + offset);
}

void tandemStart(TandemPort *port, void *block, u16 command, u32 room) {
  *field(block, TANDEM_REQUEST_SIZE) = TANDEM_REQUEST_HEADER_SIZE + room;
  *field(block, TANDEM_REQUEST_COMMAND) = command | (u32)TANDEM_REQUEST_FLAG_NOTIFY << 16;
  *field(block, TANDEM_REQUEST_TAG) = (u32)(uintptr_t)block;
  *field(block, TANDEM_REQUEST_STATUS) = TANDEM_REQUEST_STATUS_PENDING;
  *field(block, TANDEM_REQUEST_SESSION) = port->session;
  *field(block, TANDEM_REQUEST_REPLY_SIZE) = 0;
  out32(port->base + TANDEM_REGISTER_DOORBELL, (u32)(uintptr_t)block);
}

i32 tandemState(const TandemPort *port, const void *block) {
  const volatile u32 *header = block;
  i32 status = (i32)header[TANDEM_REQUEST_STATUS / 4];
  // Another HELLO has ended the session meanwhile: nobody will answer.
  bool lost = status == TANDEM_REQUEST_STATUS_PENDING && header[TANDEM_REQUEST_SESSION / 4] != port->session;
  return lost ? TANDEM_REQUEST_STATUS_RESTART : status;
}

i32 tandemHello(TandemPort *port, u32 system, u32 version, u32 features) {
  u32 body[] = {system, version, features};
  port->session = 0;
  port->features = 0;
  i32 status = tandemRequest(port, TANDEM_COMMAND_HELLO, body, sizeof body);
  if (status != TANDEM_REQUEST_STATUS_OK) return status;
  const u32 *reply = tandemReply(port);
  port->session = reply[TANDEM_HELLO_REPLY_SESSION / 4];
  port->features = reply[TANDEM_HELLO_REPLY_FEATURES / 4];
  return status;
}

i32 tandemBye(TandemPort *port) {
  i32 status = tandemRequest(port, TANDEM_COMMAND_BYE, 0, 0);
  port->session = 0;
  return status;
}

i32 tandemEventMask(TandemPort *port, u32 kinds) {
  return tandemRequest(port, TANDEM_COMMAND_EVENT_MASK, &kinds, sizeof kinds);
}

TandemPointer tandemLatch(const TandemPort *port) {
  TandemPointer pointer;
  pointer.sequence = tandemRead16(port, TANDEM_REGISTER_POINTER_SEQUENCE);
  pointer.state = tandemRead16(port, TANDEM_REGISTER_POINTER_BUTTONS);
  pointer.x = tandemRead16(port, TANDEM_REGISTER_POINTER_X);
  pointer.y = tandemRead16(port, TANDEM_REGISTER_POINTER_Y);
  pointer.pixelX = tandemRead16(port, TANDEM_REGISTER_POINTER_PIXEL_X);
  pointer.pixelY = tandemRead16(port, TANDEM_REGISTER_POINTER_PIXEL_Y);
  pointer.dx = (i16)tandemRead16(port, TANDEM_REGISTER_POINTER_DELTA_X);
  pointer.dy = (i16)tandemRead16(port, TANDEM_REGISTER_POINTER_DELTA_Y);
  u16 wheel = tandemRead16(port, TANDEM_REGISTER_POINTER_WHEEL);
  pointer.wheel = (i8)(wheel & 0xff);
  pointer.wheelHorizontal = (i8)(wheel >> 8);
  return pointer;
}

i32 tandemPointerMode(TandemPort *port, u32 mode) {
  return tandemRequest(port, TANDEM_POINTER_COMMAND_MODE, &mode, sizeof mode);
}

i32 tandemCursorShape(TandemPort *port, u16 width, u16 height, u16 hotX, u16 hotY, const u32 *argb) {
  u32 pixels = (u32)width * height;
  u32 size = TANDEM_CURSOR_SHAPE_PICTURE + pixels * 4;
  if (size > TANDEM_BODY_MAX) return TANDEM_REQUEST_STATUS_TOO_BIG;
  u32 body[TANDEM_BODY_MAX / 4];
  body[0] = width | (u32)height << 16;
  body[1] = hotX | (u32)hotY << 16;
  body[2] = TANDEM_CURSOR_FORMAT_ARGB;
  for (u32 i = 0; i < pixels; i++) body[TANDEM_CURSOR_SHAPE_PICTURE / 4 + i] = argb[i];
  return tandemRequest(port, TANDEM_POINTER_COMMAND_CURSOR_SHAPE, body, size);
}

i32 tandemCursorMasks(TandemPort *port, u16 width, u16 height, u16 hotX, u16 hotY, const u8 *andMask, const u8 *xorMask) {
  u32 plane = (width + 7u) / 8 * height;
  u32 size = TANDEM_CURSOR_SHAPE_PICTURE + plane * 2;
  if (size > TANDEM_BODY_MAX) return TANDEM_REQUEST_STATUS_TOO_BIG;
  u32 body[TANDEM_BODY_MAX / 4];
  body[0] = width | (u32)height << 16;
  body[1] = hotX | (u32)hotY << 16;
  body[2] = TANDEM_CURSOR_FORMAT_MONO;
  u8 *picture = (u8 *)body + TANDEM_CURSOR_SHAPE_PICTURE;
  for (u32 i = 0; i < plane; i++) {
    picture[i] = andMask[i];
    picture[plane + i] = xorMask[i];
  }
  return tandemRequest(port, TANDEM_POINTER_COMMAND_CURSOR_SHAPE, body, size);
}

i32 tandemCursorShow(TandemPort *port, bool shown) {
  u32 body = shown;
  return tandemRequest(port, TANDEM_POINTER_COMMAND_CURSOR_SHOW, &body, sizeof body);
}

static i32 sendPlace(TandemPort *port, u16 command, u32 x, u32 y) {
  u32 body[] = {x, y};
  return tandemRequest(port, command, body, sizeof body);
}

i32 tandemCursorWarp(TandemPort *port, u32 x, u32 y) {
  return sendPlace(port, TANDEM_POINTER_COMMAND_CURSOR_WARP, x, y);
}

i32 tandemCursorPosition(TandemPort *port, u32 x, u32 y) {
  return sendPlace(port, TANDEM_POINTER_COMMAND_CURSOR_POSITION, x, y);
}

i32 tandemGrab(TandemPort *port, bool wanted) {
  u32 body = wanted;
  return tandemRequest(port, TANDEM_POINTER_COMMAND_GRAB, &body, sizeof body);
}

// The cursor: its shape goes to the host, who draws it where the host's pointer is; the X server then draws none.
//
// While the host has captured its pointer, or gives it to another device, the server draws the cursor. So it does with one that is too
// large for the host, and with one that it does not show: Xorg's SECURITY extension keeps a cursor from us whose program has ended, as
// xsetroot does at once.
//
// Not implemented: a program that moves the pointer itself does not move the host's.

#include "cursor.h"
#include "../lib/text.h"
#include "daemon.h"
#include "x.h"

#define PIXEL 4
#define SHAPE_MAX (TANDEM_CURSOR_SHAPE_PICTURE + TANDEM_CURSOR_SIZE_MAX * TANDEM_CURSOR_SIZE_MAX * PIXEL)
#define PIECE_MAX (TOOL_BODY_MAX - TANDEM_CURSOR_PIECE_DATA)

/** Of TANDEM_POINTER_COMMAND_CURSOR_SHAPE. */
static u8 shape[SHAPE_MAX] __attribute__((aligned(4)));
static bool isHidden;

static void hide(bool hidden) {
  if (hidden == isHidden) return;
  isHidden = hidden;
  xHideCursor(hidden);
}

/** X has colors multiplied by their opacity, the port has not. */
static u32 straight(u32 argb) {
  u32 alpha = argb >> 24, result = alpha << 24;
  if (!alpha) return 0;
  for (u32 shift = 0; shift < 24; shift += 8) {
    u32 value = ((argb >> shift & 0xff) * 255 + alpha / 2) / alpha;
    result |= (value > 255 ? 255 : value) << shift;
  }
  return result;
}

/** Without width and height: the host shows none. */
static void sendShape(u32 width, u32 height, u32 hotX, u32 hotY) {
  u32 head[3] = {width | height << 16, hotX | hotY << 16, TANDEM_CURSOR_FORMAT_ARGB};
  copyBytes(shape, head, sizeof head);
  u32 total = TANDEM_CURSOR_SHAPE_PICTURE + width * height * PIXEL;
  if (total <= TOOL_BODY_MAX) {
    daemonAsk(TANDEM_POINTER_COMMAND_CURSOR_SHAPE, shape, total, 0, 0);
    return;
  }
  for (u32 at = 0, size; at < total; at += size) {
    u8 piece[TOOL_BODY_MAX];
    size = total - at < PIECE_MAX ? total - at : PIECE_MAX;
    set32(piece, TANDEM_CURSOR_PIECE_TOTAL, total);
    set32(piece, TANDEM_CURSOR_PIECE_OFFSET, at);
    set32(piece, TANDEM_CURSOR_PIECE_LENGTH, size);
    copyBytes(piece + TANDEM_CURSOR_PIECE_DATA, shape + at, size);
    if (daemonAsk(TANDEM_POINTER_COMMAND_CURSOR_PIECE, piece, TANDEM_CURSOR_PIECE_DATA + size, 0, 0)) return;
  }
}

static bool isForHost(const XCursor *cursor) {
  return daemonPointerMode() == TANDEM_POINTER_MODE_ABSOLUTE && cursor->width && cursor->width <= TANDEM_CURSOR_SIZE_MAX &&
         cursor->height && cursor->height <= TANDEM_CURSOR_SIZE_MAX && cursor->hotX < cursor->width && cursor->hotY < cursor->height;
}

void cursorChanged(void) {
  XCursor cursor;
  if (!xCursor(&cursor) || !isForHost(&cursor)) {
    sendShape(0, 0, 0, 0);
    hide(false);
    return;
  }
  u8 *at = shape + TANDEM_CURSOR_SHAPE_PICTURE;
  for (u32 i = 0; i < cursor.width * cursor.height; i++) set32(at, i * PIXEL, straight(cursor.argb[i]));
  sendShape(cursor.width, cursor.height, cursor.hotX, cursor.hotY);
  hide(true);
}

void cursorBegin(void) {
  isHidden = false;
  xWatchCursor();
  cursorChanged();
}

void cursorEnd(void) {
  sendShape(0, 0, 0, 0);
}

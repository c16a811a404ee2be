// The cursor: its shapes, and the sprite when Pillion draws it itself.
//
// The test cursor (command line cursor=test) is 12 by 12 pixels, four squares of 6 by 6: magenta (FF00FF) at the upper left and
// the lower right, green (00FF00) at the others; its hot spot is pixel (6, 6), the first of the lower right square. No other pixel
// of the desktop has these colours. So with the box of such pixels found in a picture, x = left + 6 when left > 0, else right - 5
// (right is the last column in the box), and the same for y; exact everywhere, at the edges too.

#pragma once

#include "draw.h"

typedef enum { CURSOR_ARROW, CURSOR_TEXT, CURSOR_HAND, CURSOR_CROSS, CURSOR_MOVE, CURSOR_TEST, CURSOR_COUNT } CursorKind;

#define CURSOR_MAX 24
/** A pixel of a shape that shows the inverse of what is under it: to be seen on every ground. */
#define CURSOR_INVERTS 0x01000000

typedef struct {
  i32 width, height, hotX, hotY;
  bool inverts; // some of its pixels do
  u32 pixels[CURSOR_MAX * CURSOR_MAX]; // opaque (FF in the high byte), 0, or CURSOR_INVERTS
} CursorImage;

/** Which shape, as the desktop wants it. */
void setCursorKind(CursorKind kind);
void setTestCursor(bool on);
/** Whether the sprite is on the screen; else the host shows the shape. */
void setCursorDrawn(bool drawn);
void moveCursor(i32 x, i32 y);
/** Changes when another shape is to be shown. */
const CursorImage *cursorImage(void);
/** Copies a part of the back buffer to the screen, the cursor on top. */
void present(Rect part);

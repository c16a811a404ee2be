// A column of rows of which a part is to be seen, with a bar that shows which.

#pragma once

#include "window.h"

#define SCROLL_WIDTH 12

typedef struct {
  i32 first, total, visible; // rows
  Rect track;
  bool held;
  i32 grip; // where the thumb is held
} Scroll;

/** Keeps `first` where there is something to be seen. */
void setScroll(Scroll *scroll, Rect track, i32 total, i32 visible);
bool scrollTo(Scroll *scroll, i32 first);
/** So that this row is to be seen. */
bool scrollToRow(Scroll *scroll, i32 row);
void drawScroll(Surface *on, const Scroll *scroll, Colour background);
/** The event was the bar's, or the wheel's; `moved`: another row is the first. */
bool scrollPointer(Scroll *scroll, const PointerEvent *event, bool *moved);

// Scrolling: the wheel, the thumb, and clicks beside it.

#include "scroll.h"

#define WHEEL_ROWS 3
#define THUMB_MIN 24

bool scrollTo(Scroll *scroll, i32 first) {
  i32 before = scroll->first;
  scroll->first = limit(first, 0, larger(0, scroll->total - scroll->visible));
  return scroll->first != before;
}

void setScroll(Scroll *scroll, Rect track, i32 total, i32 visible) {
  scroll->track = track;
  scroll->total = total;
  scroll->visible = larger(1, visible);
  scrollTo(scroll, scroll->first);
}

bool scrollToRow(Scroll *scroll, i32 row) {
  if (row < scroll->first) return scrollTo(scroll, row);
  if (row >= scroll->first + scroll->visible) return scrollTo(scroll, row - scroll->visible + 1);
  return false;
}

static Rect thumbOf(const Scroll *scroll) {
  Rect track = scroll->track;
  if (scroll->total <= scroll->visible) return rect(track.x, track.y, track.width, 0);
  i32 height = larger(THUMB_MIN, track.height * scroll->visible / scroll->total);
  i32 y = (track.height - height) * scroll->first / (scroll->total - scroll->visible);
  return rect(track.x, track.y + y, track.width, height);
}

void drawScroll(Surface *on, const Scroll *scroll, Colour background) {
  fillRect(on, scroll->track, background);
  Rect thumb = thumbOf(scroll);
  if (thumb.height) fillRound(on, inset(thumb, 3), 3, scroll->held ? INK_SOFT : 0xb9c1d1, 256);
}

bool scrollPointer(Scroll *scroll, const PointerEvent *event, bool *moved) {
  *moved = false;
  if (event->kind == POINTER_WHEEL) {
    *moved = scrollTo(scroll, scroll->first + event->wheel * WHEEL_ROWS);
    return true;
  }
  if (event->kind == POINTER_UP && scroll->held) {
    scroll->held = false;
    *moved = true; // its colour
    return true;
  }
  Rect thumb = thumbOf(scroll);
  if (event->kind == POINTER_DOWN && event->changed == 1 && contains(scroll->track, event->x, event->y)) {
    if (contains(thumb, event->x, event->y)) {
      scroll->held = true;
      scroll->grip = event->y - thumb.y;
      *moved = true;
    } else {
      *moved = scrollTo(scroll, scroll->first + (event->y < thumb.y ? -scroll->visible : scroll->visible));
    }
    return true;
  }
  if (!scroll->held) return false;
  i32 way = scroll->track.height - thumb.height;
  i32 at = event->y - scroll->grip - scroll->track.y;
  if (way > 0) *moved = scrollTo(scroll, (at * (scroll->total - scroll->visible) + way / 2) / way);
  return true;
}

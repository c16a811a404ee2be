// Drawing on surfaces: rectangles, rounded ones, discs, lines, text. Everything is cut to the surface's clip.

#pragma once

#include "art.h"

typedef u32 Colour; // 0x00RRGGBB

typedef struct {
  i32 x, y, width, height;
} Rect;

typedef struct {
  u32 *pixels;
  i32 width, height, stride;
  Rect clip;
} Surface;

static inline i32 smaller(i32 a, i32 b) {
  return a < b ? a : b;
}
static inline i32 larger(i32 a, i32 b) {
  return a > b ? a : b;
}
static inline i32 limit(i32 value, i32 low, i32 high) {
  return value < low ? low : value > high ? high : value;
}
static inline Rect rect(i32 x, i32 y, i32 width, i32 height) {
  return (Rect){x, y, width, height};
}

bool isEmpty(Rect r);
bool contains(Rect r, i32 x, i32 y);
bool covers(Rect outer, Rect inner);
Rect intersection(Rect a, Rect b);
Rect unionOf(Rect a, Rect b);
Rect inset(Rect r, i32 by);
Rect moved(Rect r, i32 dx, i32 dy);

Surface surfaceOf(u32 *pixels, i32 width, i32 height, i32 stride);
/** Weight 0 to 256 of `over`. */
Colour mix(Colour under, Colour over, u32 weight);

void fillRect(Surface *on, Rect r, Colour colour);
/** Smooth corners; `weight` 0 to 256 is how opaque it is. */
void fillRound(Surface *on, Rect r, i32 radius, Colour colour, u32 weight);
/** A line of one pixel around it. */
void strokeRound(Surface *on, Rect r, i32 radius, Colour line, Colour inside);
/** Centre and radius in sixteenths of a pixel. */
void fillDisc(Surface *on, i32 x, i32 y, i32 radius, Colour colour, u32 weight);
/** A line with round ends, smooth; everything in sixteenths of a pixel. Returns what it has touched, in pixels. */
Rect drawLine(Surface *on, i32 x0, i32 y0, i32 x1, i32 y1, i32 width, Colour colour);
void drawIcon(Surface *on, const Icon *icon, i32 x, i32 y, Colour colour);

/**
 * Texts are UTF-8, or the bytes of art.h. Fonts have Latin letters; for others stands a box. `y` is the top of the line. Returns
 * where the pen ends.
 */
i32 drawText(Surface *on, const Font *font, i32 x, i32 y, Colour colour, const char *text);
i32 textWidth(const Font *font, const char *text);
void drawTextCentred(Surface *on, const Font *font, Rect in, Colour colour, const char *text);
void drawTextRight(Surface *on, const Font *font, i32 right, i32 y, Colour colour, const char *text);
/** The text's first character; moves behind it. Bytes that are no UTF-8 are characters of their own. */
u32 takeCharacter(const char **text);
i32 characterWidth(const Font *font, u32 character);
/** Draws what has room, with dots when that is not all. */
void drawTextWithin(Surface *on, const Font *font, i32 x, i32 y, i32 width, Colour colour, const char *text);

/** Whole part of the square root. */
u32 squareRoot(u32 value);
/** Of value times 2^-16; times 2^16. */
i32 logarithm2(u32 value);

// Drawing on surfaces. Coverage is computed from distances, so all shapes have smooth edges.

#include "draw.h"

bool isEmpty(Rect r) {
  return r.width <= 0 || r.height <= 0;
}

bool contains(Rect r, i32 x, i32 y) {
  return x >= r.x && y >= r.y && x < r.x + r.width && y < r.y + r.height;
}

bool covers(Rect outer, Rect inner) {
  return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width &&
         inner.y + inner.height <= outer.y + outer.height;
}

Rect intersection(Rect a, Rect b) {
  i32 x = larger(a.x, b.x);
  i32 y = larger(a.y, b.y);
  i32 right = smaller(a.x + a.width, b.x + b.width);
  i32 bottom = smaller(a.y + a.height, b.y + b.height);
  return rect(x, y, larger(0, right - x), larger(0, bottom - y));
}

Rect unionOf(Rect a, Rect b) {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  i32 x = smaller(a.x, b.x);
  i32 y = smaller(a.y, b.y);
  i32 right = larger(a.x + a.width, b.x + b.width);
  i32 bottom = larger(a.y + a.height, b.y + b.height);
  return rect(x, y, right - x, bottom - y);
}

Rect inset(Rect r, i32 by) {
  return rect(r.x + by, r.y + by, r.width - 2 * by, r.height - 2 * by);
}

Rect moved(Rect r, i32 dx, i32 dy) {
  return rect(r.x + dx, r.y + dy, r.width, r.height);
}

Surface surfaceOf(u32 *pixels, i32 width, i32 height, i32 stride) {
  return (Surface){pixels, width, height, stride, {0, 0, width, height}};
}

Colour mix(Colour under, Colour over, u32 weight) {
  u32 rest = 256 - weight;
  u32 redBlue = ((under & 0xff00ff) * rest + (over & 0xff00ff) * weight) >> 8;
  u32 green = ((under & 0x00ff00) * rest + (over & 0x00ff00) * weight) >> 8;
  return (redBlue & 0xff00ff) | (green & 0x00ff00);
}

static inline u32 *pixelAt(const Surface *on, i32 x, i32 y) {
  return on->pixels + y * on->stride + x;
}

void fillRect(Surface *on, Rect r, Colour colour) {
  Rect part = intersection(r, on->clip);
  for (i32 y = part.y; y < part.y + part.height; y++)
    fill32(pixelAt(on, part.x, y), colour, (u32)part.width);
}

static void blendRow(Surface *on, Rect part, i32 y, Colour colour, u32 weight) {
  u32 *pixel = pixelAt(on, part.x, y);
  if (weight >= 256) {
    fill32(pixel, colour, (u32)part.width);
    return;
  }
  for (i32 i = 0; i < part.width; i++, pixel++) *pixel = mix(*pixel, colour, weight);
}

/** Sixteenths: the distance of a point from another. */
static i32 distance(i32 dx, i32 dy) {
  return (i32)squareRoot((u32)(dx * dx + dy * dy));
}

/** Coverage 0 to 256 of a pixel whose centre is so many sixteenths inside of an edge. */
static u32 edge(i32 inside) {
  return (u32)limit((inside + 8) * 16, 0, 256);
}

/** The same for a disc, by the distances from its centre; most pixels need no root. */
static u32 discEdge(i32 radius, i32 dx, i32 dy) {
  i32 square = dx * dx + dy * dy;
  i32 outer = radius + 8;
  if (square >= outer * outer) return 0;
  i32 inner = radius - 8;
  if (inner > 0 && square <= inner * inner) return 256;
  return edge(radius - distance(dx, dy));
}

static void blendPixel(Surface *on, i32 x, i32 y, Colour colour, u32 weight) {
  if (!weight || !contains(on->clip, x, y)) return;
  u32 *pixel = pixelAt(on, x, y);
  *pixel = weight >= 256 ? colour : mix(*pixel, colour, weight);
}

void fillRound(Surface *on, Rect r, i32 radius, Colour colour, u32 weight) {
  Rect part = intersection(r, on->clip);
  if (isEmpty(part)) return;
  radius = smaller(radius, smaller(r.width, r.height) / 2);
  for (i32 y = part.y; y < part.y + part.height; y++) {
    i32 fromTop = y - r.y;
    i32 fromBottom = r.y + r.height - 1 - y;
    i32 up = radius - smaller(fromTop, fromBottom);
    if (up <= 0) {
      blendRow(on, part, y, colour, weight);
      continue;
    }
    Rect middle = intersection(part, rect(r.x + radius, y, r.width - 2 * radius, 1));
    if (!isEmpty(middle)) blendRow(on, middle, y, colour, weight);
    for (i32 column = 0; column < radius; column++) {
      u32 cover = discEdge(radius * 16, (radius - column) * 16 - 8, up * 16 - 8);
      if (!cover) continue;
      cover = cover * weight >> 8;
      blendPixel(on, r.x + column, y, colour, cover);
      blendPixel(on, r.x + r.width - 1 - column, y, colour, cover);
    }
  }
}

void strokeRound(Surface *on, Rect r, i32 radius, Colour line, Colour inside) {
  fillRound(on, r, radius, line, 256);
  fillRound(on, inset(r, 1), radius - 1, inside, 256);
}

void fillDisc(Surface *on, i32 x, i32 y, i32 radius, Colour colour, u32 weight) {
  Rect box = rect((x - radius) / 16 - 1, (y - radius) / 16 - 1, radius / 8 + 3, radius / 8 + 3);
  Rect part = intersection(box, on->clip);
  for (i32 row = part.y; row < part.y + part.height; row++) {
    i32 dy = row * 16 + 8 - y;
    if (dy > radius + 16 || dy < -radius - 16) continue;
    for (i32 column = part.x; column < part.x + part.width; column++) {
      u32 cover = discEdge(radius, column * 16 + 8 - x, dy);
      if (cover) blendPixel(on, column, row, colour, cover * weight >> 8);
    }
  }
}

Rect drawLine(Surface *on, i32 x0, i32 y0, i32 x1, i32 y1, i32 width, Colour colour) {
  i32 half = width / 2;
  i32 left = (smaller(x0, x1) - half) / 16 - 1;
  i32 top = (smaller(y0, y1) - half) / 16 - 1;
  Rect box = rect(left, top, (larger(x0, x1) + half) / 16 + 2 - left, (larger(y0, y1) + half) / 16 + 2 - top);
  Rect part = intersection(box, on->clip);
  i32 dx = x1 - x0;
  i32 dy = y1 - y0;
  i32 length = distance(dx, dy);
  if (!length) {
    fillDisc(on, x0, y0, half, colour, 256);
    return part;
  }
  // Products with the length: along runs from 0 to its square, across is at most the half width times it.
  i32 far = (half + 8) * length;
  i32 full = (half - 8) * length;
  i32 square = length * length;
  for (i32 row = part.y; row < part.y + part.height; row++) {
    i32 py = row * 16 + 8 - y0;
    i32 first = part.x;
    i32 end = part.x + part.width;
    if (dy) {
      // Where across is small enough, with a pixel to spare for the rounding.
      i32 size = dy < 0 ? -dy : dy;
      i32 middle = (py * dx / dy + x0) / 16;
      i32 reach = far / size / 16 + 2;
      first = larger(first, middle - reach);
      end = smaller(end, middle + reach + 1);
    }
    i32 px = first * 16 + 8 - x0;
    i32 along = px * dx + py * dy;
    i32 across = px * dy - py * dx;
    u32 *pixel = pixelAt(on, first, row);
    for (i32 x = first; x < end; x++, pixel++, px += 16, along += dx * 16, across += dy * 16) {
      i32 size = across < 0 ? -across : across;
      if (size > far) continue;
      u32 cover;
      if (along < 0) cover = discEdge(half, px, py);
      else if (along > square) cover = discEdge(half, px - dx, py - dy);
      else cover = size <= full ? 256 : edge(half - size / length);
      if (cover >= 256) *pixel = colour;
      else if (cover) *pixel = mix(*pixel, colour, cover);
    }
  }
  return part;
}

/** Colours a mask of four bits a pixel. */
static void drawMask(Surface *on, const u8 *bitmap, Rect r, Colour colour) {
  Rect part = intersection(r, on->clip);
  for (i32 y = part.y; y < part.y + part.height; y++) {
    u32 index = (u32)((y - r.y) * r.width + part.x - r.x);
    u32 *pixel = pixelAt(on, part.x, y);
    for (i32 i = 0; i < part.width; i++, index++, pixel++) {
      u32 alpha = bitmap[index >> 1] >> ((index & 1) * 4) & 15;
      if (alpha == 15) *pixel = colour;
      else if (alpha) *pixel = mix(*pixel, colour, alpha * 17);
    }
  }
}

void drawIcon(Surface *on, const Icon *icon, i32 x, i32 y, Colour colour) {
  drawMask(on, icon->bitmap, rect(x, y, icon->size, icon->size), colour);
}

static const Glyph *glyphOf(const Font *font, char character) {
  u8 code = (u8)character;
  if (code < FIRST_CHARACTER || code > LAST_CHARACTER) code = '?';
  return &font->glyphs[code - FIRST_CHARACTER];
}

i32 drawText(Surface *on, const Font *font, i32 x, i32 y, Colour colour, const char *text) {
  for (; *text; text++) {
    const Glyph *glyph = glyphOf(font, *text);
    Rect r = rect(x + glyph->left, y + font->ascent + glyph->top + 1, glyph->width, glyph->height);
    if (glyph->width) drawMask(on, font->bitmap + glyph->offset, r, colour);
    x += glyph->advance;
  }
  return x;
}

i32 characterWidth(const Font *font, char character) {
  return glyphOf(font, character)->advance;
}

i32 textWidth(const Font *font, const char *text) {
  i32 width = 0;
  for (; *text; text++) width += glyphOf(font, *text)->advance;
  return width;
}

void drawTextCentred(Surface *on, const Font *font, Rect in, Colour colour, const char *text) {
  i32 x = in.x + (in.width - textWidth(font, text)) / 2;
  drawText(on, font, x, in.y + (in.height - font->lineHeight) / 2, colour, text);
}

void drawTextRight(Surface *on, const Font *font, i32 right, i32 y, Colour colour, const char *text) {
  drawText(on, font, right - textWidth(font, text), y, colour, text);
}

u32 squareRoot(u32 value) {
  if (!value) return 0;
  u32 root = 0;
  for (u32 bit = 1u << ((31 - __builtin_clz(value)) & ~1); bit; bit >>= 2) {
    if (value >= root + bit) {
      value -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return root;
}

i32 logarithm2(u32 value) {
  if (!value) return 0;
  i32 whole = 31 - __builtin_clz(value);
  // The mantissa, 1 to 2 with 31 bits behind the point, is squared again and again: each carry is a bit of the logarithm.
  u64 mantissa = (u64)value << (31 - whole);
  i32 result = (whole - 16) << 16;
  for (i32 bit = 1 << 15; bit; bit >>= 1) {
    mantissa = mantissa * mantissa >> 31;
    if (mantissa >> 32) {
      mantissa >>= 1;
      result += bit;
    }
  }
  return result;
}

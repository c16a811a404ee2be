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

// ---- text ----

/** A letter and the mark on it. */
typedef struct {
  u8 letter, mark;
} Composed;

/** U+00C0 to U+017F: letters, and their marks; "-" for none. */
static const char letters[] = "AAAAAA\1CEEEEIIIIDNOOOOO\2\3UUUUYP\4aaaaaa\5ceeeeiiiidnooooo:\6uuuuypy"
                              "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiI\7IiJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTt"
                              "UuUuUuUuUuUuWwYyYZzZzZzs";
static const char letterMarks[] = "gactdr-,gacdgacd-tgactd--gacda--gactdr-,gacdgacd-tgactd--gacda-d"
                                  "mmbb,,aacc..vvvv--mmbb..,,vvccbb..,,cc--ttmmbb,,.---cc,,-aa,,vv..--aa,,vv---mmbbaa--aa,,vvaacc,,vv,,vv--"
                                  "ttmmbbrraa,,ccccdaa..vv-";
/** What the small numbers among the letters stand for. */
static const u8 letterSpecials[] = {0, 'A', GLYPH_CAPITAL_O_STROKE, 'O', GLYPH_SHARP_S, GLYPH_AE, GLYPH_O_STROKE, GLYPH_DOTLESS_I};

static u8 markOf(char name) {
  static const char names[] = "agcdtrvmb.,";
  for (u32 i = 0; names[i]; i++)
    if (names[i] == name) return (u8)(GLYPH_ACUTE + i);
  return 0;
}

static Composed composedOf(u32 code) {
  if (code >= FIRST_CHARACTER && code <= 0x7e) return (Composed){(u8)code, 0};
  // The bytes of art.h, which are control characters as code points.
  if (code >= 0x7f && code <= LAST_CHARACTER) return (Composed){(u8)code, 0};
  if (code >= 0xc0 && code <= 0x17f) {
    u8 letter = (u8)letters[code - 0xc0];
    u8 mark = markOf(letterMarks[code - 0xc0]);
    if (code == 0xd7) letter = 0x81;
    else if (code == 0xd8) letter = GLYPH_CAPITAL_O_STROKE;
    else if (code == 0xf7) letter = ':';
    else if (letter < COUNT(letterSpecials)) letter = letterSpecials[letter];
    if (mark && mark != GLYPH_CEDILLA && letter == 'i') letter = GLYPH_DOTLESS_I;
    return (Composed){letter, mark};
  }
  switch (code) {
    case 0xa0:
      return (Composed){' ', 0};
    case 0xab:
    case 0xbb:
    case 0x201c:
    case 0x201d:
    case 0x201e:
      return (Composed){GLYPH_QUOTE, 0};
    case 0xb0:
      return (Composed){0x82, 0};
    case 0xb5:
    case 0x3bc:
      return (Composed){0x84, 0};
    case 0xb7:
      return (Composed){0x7f, 0};
    case 0x2010:
    case 0x2011:
      return (Composed){'-', 0};
    case 0x2013:
    case 0x2014:
    case 0x2212:
      return (Composed){0x83, 0};
    case 0x2018:
    case 0x2019:
      return (Composed){GLYPH_APOSTROPHE, 0};
    case 0x2022:
      return (Composed){GLYPH_BULLET, 0};
    case 0x2026:
      return (Composed){GLYPH_ELLIPSIS, 0};
    case 0x20ac:
      return (Composed){GLYPH_EURO, 0};
    case 0x2192:
      return (Composed){0x80, 0};
    case 0x2713:
      return (Composed){GLYPH_TICK, 0};
    default:
      return (Composed){GLYPH_UNKNOWN, 0};
  }
}

u32 takeCharacter(const char **text) {
  const u8 *at = (const u8 *)*text;
  u32 lead = *at;
  u32 more = lead >= 0xf0 && lead < 0xf5 ? 3 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xc2 && lead < 0xe0 ? 1 : 0;
  u32 code = more ? lead & (0x3fu >> more) : lead;
  for (u32 i = 1; i <= more; i++) {
    if ((at[i] & 0xc0) != 0x80) {
      more = 0;
      code = lead;
      break;
    }
    code = code << 6 | (at[i] & 0x3f);
  }
  *text += more + 1;
  return code;
}

static const Glyph *glyphOf(const Font *font, u8 code) {
  return &font->glyphs[code - FIRST_CHARACTER];
}

static void drawGlyph(Surface *on, const Font *font, u8 code, i32 x, i32 y, Colour colour) {
  const Glyph *glyph = glyphOf(font, code);
  Rect r = rect(x + glyph->left, y + font->ascent + glyph->top + 1, glyph->width, glyph->height);
  if (glyph->width) drawMask(on, font->bitmap + glyph->offset, r, colour);
}

static i32 drawCharacter(Surface *on, const Font *font, i32 x, i32 y, Colour colour, u32 code) {
  Composed composed = composedOf(code);
  i32 advance = glyphOf(font, composed.letter)->advance;
  drawGlyph(on, font, composed.letter, x, y, colour);
  if (composed.mark) {
    bool tall = (composed.letter >= 'A' && composed.letter <= 'Z') || strchr("bdfhklt", composed.letter);
    i32 up = tall && composed.mark != GLYPH_CEDILLA ? font->ascent / 4 : 0;
    drawGlyph(on, font, composed.mark, x + (advance - glyphOf(font, composed.mark)->advance) / 2, y - up, colour);
  }
  return x + advance;
}

i32 drawText(Surface *on, const Font *font, i32 x, i32 y, Colour colour, const char *text) {
  while (*text) x = drawCharacter(on, font, x, y, colour, takeCharacter(&text));
  return x;
}

i32 characterWidth(const Font *font, u32 character) {
  return glyphOf(font, composedOf(character).letter)->advance;
}

i32 textWidth(const Font *font, const char *text) {
  i32 width = 0;
  while (*text) width += characterWidth(font, takeCharacter(&text));
  return width;
}

void drawTextWithin(Surface *on, const Font *font, i32 x, i32 y, i32 width, Colour colour, const char *text) {
  bool fits = textWidth(font, text) <= width;
  i32 end = x + width - (fits ? 0 : characterWidth(font, 0x2026));
  while (*text) {
    const char *next = text;
    u32 code = takeCharacter(&next);
    if (x + characterWidth(font, code) > end) break;
    x = drawCharacter(on, font, x, y, colour, code);
    text = next;
  }
  if (!fits) drawCharacter(on, font, x, y, colour, 0x2026);
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

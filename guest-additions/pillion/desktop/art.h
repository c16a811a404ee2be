// Tables made by art/generate.mjs.

#pragma once

#include "../kernel/kernel.h"

/** Offset into the bitmap; where the picture lies from the pen and the baseline; its size; how far the pen goes. */
typedef struct {
  u16 offset;
  i8 left, top;
  u8 width, height, advance;
} Glyph;

/** Four bits of coverage a pixel, two pixels a byte, the left one lower, rows without padding. */
typedef struct {
  const Glyph *glyphs;
  const u8 *bitmap;
  u8 ascent, lineHeight;
} Font;

typedef struct {
  const u8 *bitmap;
  u8 size;
} Icon;

#define FIRST_CHARACTER 0x20
#define LAST_CHARACTER 0x84

/** Characters beyond ASCII, for use in texts. */
#define CHAR_DOT "\x7f"
#define CHAR_ARROW "\x80"
#define CHAR_TIMES "\x81"
#define CHAR_DEGREE "\x82"
#define CHAR_DASH "\x83"
#define CHAR_MICRO "\x84"

extern const Font fontRegular, fontBold, fontLarge;
extern const Icon iconWelcome, iconPaint, iconTargets, iconInspector, iconSystem, iconNotes;
extern const Icon iconClose, iconMinimise, iconCheck, iconLogo;

#define DUNE_COUNT 3
#define DUNE_COLUMNS 1024
extern const u16 dunes[DUNE_COUNT][DUNE_COLUMNS];

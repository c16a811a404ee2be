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
/** Behind these: marks above letters, then what fonts have beyond Latin letters; see art/glyphs.mjs. */
enum {
  GLYPH_ACUTE = LAST_CHARACTER + 1,
  GLYPH_GRAVE,
  GLYPH_CIRCUMFLEX,
  GLYPH_DIAERESIS,
  GLYPH_TILDE,
  GLYPH_RING,
  GLYPH_CARON,
  GLYPH_MACRON,
  GLYPH_BREVE,
  GLYPH_DOT_ABOVE,
  GLYPH_CEDILLA,
  GLYPH_DOTLESS_I,
  GLYPH_SHARP_S,
  GLYPH_AE,
  GLYPH_O_STROKE,
  GLYPH_CAPITAL_O_STROKE,
  GLYPH_EURO,
  GLYPH_BULLET,
  GLYPH_ELLIPSIS,
  GLYPH_APOSTROPHE,
  GLYPH_QUOTE,
  GLYPH_TICK,
  GLYPH_UNKNOWN,
};

/** Characters beyond ASCII, for use in texts. */
#define CHAR_DOT "\x7f"
#define CHAR_ARROW "\x80"
#define CHAR_TIMES "\x81"
#define CHAR_DEGREE "\x82"
#define CHAR_DASH "\x83"
#define CHAR_MICRO "\x84"

extern const Font fontRegular, fontBold, fontLarge;
extern const Icon iconWelcome, iconPaint, iconTargets, iconInspector, iconSystem, iconNotes, iconFiles, iconViewer, iconLook, iconOther;
extern const Icon iconClose, iconMinimise, iconCheck, iconLogo;

/** Of windows; both are also in art/generate.mjs. */
#define WINDOW_RADIUS 11
#define SHADOW 22
#define SHADOW_TABLE (WINDOW_RADIUS + SHADOW + 1)

/** How dark a shadow is, 0 to 255, by the distances from the centre of a round corner. */
extern const u8 shadowCorner[SHADOW_TABLE * SHADOW_TABLE];
/** How much of a corner's pixel is the window, 0 to 256, from the corner inwards. */
extern const u16 cornerCover[WINDOW_RADIUS * WINDOW_RADIUS];

/** The dunes are drawn for a picture of this size. */
#define DUNE_COUNT 3
#define DUNE_COLUMNS 1024
#define DUNE_ROWS 768

typedef struct {
  u16 row, start, length;
} DuneRun;

/** Runs of whole pixels down to row `bottom`, where all is dune; above them in each column the row that is covered in part. */
typedef struct {
  const DuneRun *runs;
  u16 runCount, bottom;
  u16 edge[DUNE_COLUMNS];
  u8 cover[DUNE_COLUMNS];
} Dune;

extern const Dune dunes[DUNE_COUNT];

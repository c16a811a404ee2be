// Shapes of the cursor, drawn as text: X ink, . white, ^ the inverse of what is under it, space nothing.

#include "cursor.h"

#include "../drivers/display.h"
#include "compositor.h"

#define INK 0xff14171f
#define WHITE 0xffffffff
#define TEST_SIZE 12
#define TEST_MAGENTA 0xffff00ff
#define TEST_GREEN 0xff00ff00

typedef struct {
  u8 hotX, hotY;
  const char *rows[CURSOR_MAX];
} Drawing;

static const Drawing drawings[] = {
    [CURSOR_ARROW] = {1, 1, {
        "..           ",
        ".X.          ",
        ".XX.         ",
        ".XXX.        ",
        ".XXXX.       ",
        ".XXXXX.      ",
        ".XXXXXX.     ",
        ".XXXXXXX.    ",
        ".XXXXXXXX.   ",
        ".XXXXXXXXX.  ",
        ".XXXXXXXXXX. ",
        ".XXXXXXXXXXX.",
        ".XXXXXXX.....",
        ".XXXX.XX.    ",
        ".XXX. .XX.   ",
        ".XX.  .XX.   ",
        ".X.    .XX.  ",
        "..     .XX.  ",
        "        ..   "}},
    [CURSOR_TEXT] = {4, 9, {
        "^^^^ ^^^^",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "    ^    ",
        "^^^^ ^^^^"}},
    [CURSOR_HAND] = {5, 1, {
        "    ..           ",
        "   .XX.          ",
        "   .XX.          ",
        "   .XX.          ",
        "   .XX.          ",
        "   .XX...        ",
        "   .XX.XX...     ",
        "   .XX.XX.XX..   ",
        "   .XX.XX.XX.X.  ",
        "...XXXXXXXXX.XX. ",
        ".XX.XXXXXXXXXXX. ",
        ".XXXXXXXXXXXXXX. ",
        " .XXXXXXXXXXXXX. ",
        "  .XXXXXXXXXXXX. ",
        "  .XXXXXXXXXXX.  ",
        "   .XXXXXXXXXX.  ",
        "   .XXXXXXXXX.   ",
        "    .XXXXXXXX.   ",
        "    ..........   "}},
    [CURSOR_CROSS] = {8, 8, {
        "       ...       ",
        "       .X.       ",
        "       .X.       ",
        "       .X.       ",
        "       .X.       ",
        "       ...       ",
        "                 ",
        "......     ......",
        ".XXXX.  X  .XXXX.",
        "......     ......",
        "                 ",
        "       ...       ",
        "       .X.       ",
        "       .X.       ",
        "       .X.       ",
        "       .X.       ",
        "       ...       "}},
    [CURSOR_MOVE] = {9, 9, {
        "         .         ",
        "        .X.        ",
        "       .XXX.       ",
        "      .XXXXX.      ",
        "      ...X...      ",
        "        .X.        ",
        "   ..   .X.   ..   ",
        "  .X.   .X.   .X.  ",
        " .XX.....X.....XX. ",
        ".XXXXXXXXXXXXXXXXX.",
        " .XX.....X.....XX. ",
        "  .X.   .X.   .X.  ",
        "   ..   .X.   ..   ",
        "        .X.        ",
        "      ...X...      ",
        "      .XXXXX.      ",
        "       .XXX.       ",
        "        .X.        ",
        "         .         "}},
};

static CursorImage images[CURSOR_COUNT];
static CursorKind current;
static bool testCursor, drawn;
static i32 cursorX, cursorY;

static void makeImage(CursorKind kind) {
  CursorImage *image = &images[kind];
  const Drawing *drawing = &drawings[kind];
  for (i32 y = 0; y < CURSOR_MAX && drawing->rows[y]; y++) {
    image->height = y + 1;
    image->width = larger(image->width, (i32)strlen(drawing->rows[y]));
  }
  for (i32 y = 0; y < image->height; y++)
    for (i32 x = 0; x < (i32)strlen(drawing->rows[y]); x++) {
      char mark = drawing->rows[y][x];
      image->pixels[y * image->width + x] = mark == 'X' ? INK : mark == '.' ? WHITE : mark == '^' ? CURSOR_INVERTS : 0;
      if (mark == '^') image->inverts = true;
    }
  image->hotX = drawing->hotX;
  image->hotY = drawing->hotY;
}

static void makeTestImage(void) {
  CursorImage *image = &images[CURSOR_TEST];
  image->width = image->height = TEST_SIZE;
  image->hotX = image->hotY = TEST_SIZE / 2;
  for (i32 y = 0; y < TEST_SIZE; y++)
    for (i32 x = 0; x < TEST_SIZE; x++) {
      bool same = (x < TEST_SIZE / 2) == (y < TEST_SIZE / 2);
      image->pixels[y * TEST_SIZE + x] = same ? TEST_MAGENTA : TEST_GREEN;
    }
}

const CursorImage *cursorImage(void) {
  CursorKind kind = testCursor ? CURSOR_TEST : current;
  if (!images[kind].width) {
    if (kind == CURSOR_TEST) makeTestImage();
    else makeImage(kind);
  }
  return &images[kind];
}

static Rect spriteBox(void) {
  const CursorImage *image = cursorImage();
  return rect(cursorX - image->hotX, cursorY - image->hotY, image->width, image->height);
}

static void copyToScreen(Rect part) {
  const u32 *source = backBuffer.pixels + part.y * backBuffer.stride + part.x;
  u32 *target = screen.pixels + part.y * screen.stride + part.x;
  for (i32 row = 0; row < part.height; row++) {
    copy32(target, source, (u32)part.width);
    source += backBuffer.stride;
    target += screen.stride;
  }
}

/** Draws the sprite where it meets the part: each pixel is written once, from the back buffer and the sprite. */
static void drawSprite(Rect part) {
  const CursorImage *image = cursorImage();
  Rect box = spriteBox();
  part = intersection(part, box);
  for (i32 y = part.y; y < part.y + part.height; y++) {
    const u32 *shape = image->pixels + (y - box.y) * image->width - box.x;
    const u32 *under = backBuffer.pixels + y * backBuffer.stride;
    u32 *target = screen.pixels + y * screen.stride;
    for (i32 x = part.x; x < part.x + part.width; x++) {
      target[x] = shape[x] == CURSOR_INVERTS ? under[x] ^ 0xffffff : shape[x] ? shape[x] & 0xffffff : under[x];
    }
  }
}

static Rect onScreen(Rect part) {
  return intersection(part, rect(0, 0, screen.width, screen.height));
}

void present(Rect part) {
  part = onScreen(part);
  if (isEmpty(part)) return;
  Rect sprite = drawn ? intersection(part, spriteBox()) : rect(0, 0, 0, 0);
  if (isEmpty(sprite)) {
    copyToScreen(part);
    return;
  }
  // Around the sprite, so that it never vanishes from the screen for a moment.
  i32 right = part.x + part.width;
  i32 bottom = part.y + part.height;
  i32 spriteRight = sprite.x + sprite.width;
  i32 spriteBottom = sprite.y + sprite.height;
  copyToScreen(rect(part.x, part.y, part.width, sprite.y - part.y));
  copyToScreen(rect(part.x, sprite.y, sprite.x - part.x, sprite.height));
  drawSprite(sprite);
  copyToScreen(rect(spriteRight, sprite.y, right - spriteRight, sprite.height));
  copyToScreen(rect(part.x, spriteBottom, part.width, bottom - spriteBottom));
}

/** Shows the sprite at its new place, then repairs what the old one covered. */
static void replaceSprite(Rect old) {
  if (!drawn) {
    present(old);
    return;
  }
  drawSprite(onScreen(spriteBox()));
  present(old);
}

void moveCursor(i32 x, i32 y) {
  if (x == cursorX && y == cursorY) return;
  Rect old = spriteBox();
  cursorX = x;
  cursorY = y;
  if (drawn) replaceSprite(old);
}

void setCursorKind(CursorKind kind) {
  if (kind == current) return;
  Rect old = spriteBox();
  current = kind;
  if (drawn) replaceSprite(old);
}

void setTestCursor(bool on) {
  if (on == testCursor) return;
  Rect old = spriteBox();
  testCursor = on;
  if (drawn) replaceSprite(old);
}

void setCursorDrawn(bool on) {
  if (on == drawn) return;
  Rect old = spriteBox();
  drawn = on;
  replaceSprite(old);
}

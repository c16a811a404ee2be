// Notes: a small text window. Typing, backspace, delete, arrows, home and end; a click places the caret.

#include "apps.h"

#define TEXT_MAX 2000
#define MARGIN 18
#define ROW 20
#define ROWS_MAX 64

static char text[TEXT_MAX] = "Type here. ";
static u32 length, caret;
/** Where each row begins; rows end at line feeds and where the window does. */
static u32 rows[ROWS_MAX + 1];
static u32 rowCount;

static Rect page(const Window *window) {
  return rect(MARGIN, TITLE_HEIGHT + 14, window->frame.width - 2 * MARGIN, window->frame.height - TITLE_HEIGHT - 24);
}

static void layOut(const Window *window) {
  i32 width = page(window).width;
  rowCount = 0;
  rows[rowCount++] = 0;
  i32 x = 0;
  u32 lastSpace = 0;
  for (u32 i = 0; i < length && rowCount < ROWS_MAX; i++) {
    if (text[i] == '\n') {
      rows[rowCount++] = i + 1;
      x = 0;
      lastSpace = 0;
      continue;
    }
    if (text[i] == ' ') lastSpace = i + 1;
    x += characterWidth(&fontRegular, text[i]);
    if (x <= width) continue;
    u32 start = lastSpace > rows[rowCount - 1] ? lastSpace : i;
    rows[rowCount++] = start;
    x = 0;
    for (u32 k = start; k <= i; k++) x += characterWidth(&fontRegular, text[k]);
  }
  rows[rowCount] = length + 1;
}

static u32 rowOf(u32 position) {
  u32 row = 0;
  while (row + 1 < rowCount && rows[row + 1] <= position) row++;
  return row;
}

static u32 rowEnd(u32 row) {
  u32 end = row + 1 < rowCount ? rows[row + 1] : length;
  return end > rows[row] && text[end - 1] == '\n' ? end - 1 : end;
}

static i32 columnX(u32 row, u32 position) {
  i32 x = 0;
  for (u32 i = rows[row]; i < position; i++) x += characterWidth(&fontRegular, text[i]);
  return x;
}

static u32 positionAt(u32 row, i32 x) {
  u32 end = rowEnd(row);
  for (u32 i = rows[row]; i < end; i++) {
    i32 width = characterWidth(&fontRegular, text[i]);
    if (x < width / 2) return i;
    x -= width;
  }
  return end;
}

static void draw(Window *window) {
  Surface *surface = &window->surface;
  fillRect(surface, contentOf(window), 0xfffdf6);
  layOut(window);
  Rect area = page(window);
  surface->clip = area;
  for (u32 row = 0; row < rowCount; row++) {
    i32 x = area.x;
    i32 y = area.y + (i32)row * ROW;
    for (u32 i = rows[row]; i < rowEnd(row); i++) {
      char one[2] = {text[i], 0};
      x = drawText(surface, &fontRegular, x, y, INK, one);
    }
  }
  u32 row = rowOf(caret);
  fillRect(surface, rect(area.x + columnX(row, caret), area.y + (i32)row * ROW + 1, 2, 17), ACCENT);
  surface->clip = rect(0, 0, surface->width, surface->height);
}

static bool open(Window *window) {
  (void)window;
  if (!length) {
    length = strlen(text);
    caret = length;
  }
  return true;
}

static void insert(char character) {
  if (length >= TEXT_MAX - 1) return;
  memmove(text + caret + 1, text + caret, length - caret);
  text[caret++] = character;
  length++;
}

static void removeAt(u32 position) {
  if (position >= length) return;
  memmove(text + position, text + position + 1, length - position - 1);
  length--;
}

static bool key(Window *window, const KeyEvent *event) {
  if (!event->pressed) return false;
  u32 row = rowOf(caret);
  i32 x = columnX(row, caret);
  switch (event->key) {
    case KEY_BACKSPACE:
      if (caret) removeAt(--caret);
      break;
    case KEY_DELETE:
      removeAt(caret);
      break;
    case KEY_LEFT:
      if (caret) caret--;
      break;
    case KEY_RIGHT:
      if (caret < length) caret++;
      break;
    case KEY_UP:
      if (row) caret = positionAt(row - 1, x);
      break;
    case KEY_DOWN:
      if (row + 1 < rowCount) caret = positionAt(row + 1, x);
      break;
    case KEY_HOME:
      caret = rows[row];
      break;
    case KEY_END:
      caret = rowEnd(row);
      break;
    default:
      if (!event->character) return false;
      insert(event->character == '\t' ? ' ' : event->character);
      break;
  }
  redraw(window);
  return true;
}

static void pointer(Window *window, const PointerEvent *event) {
  if (event->kind != POINTER_DOWN || event->changed != 1) return;
  Rect area = page(window);
  u32 row = (u32)limit((event->y - area.y) / ROW, 0, (i32)rowCount - 1);
  caret = positionAt(row, event->x - area.x);
  redraw(window);
}

static CursorKind cursor(Window *window, i32 x, i32 y) {
  (void)window, (void)x, (void)y;
  return CURSOR_TEXT;
}

const char *notesText(void) {
  text[length] = 0;
  return text;
}

const App notesApp = {
    .name = "notes",
    .title = "Notes",
    .icon = &iconNotes,
    .tile = 0xe09a1a,
    .place = {560, 420, 380, 240},
    .open = open,
    .draw = draw,
    .key = key,
    .pointer = pointer,
    .cursor = cursor,
};

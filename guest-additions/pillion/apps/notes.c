// Notes: a text editor. Typing, arrows (with control by words), home, end, page up and down, selection with shift or the mouse,
// control-A all, control-S saves; cut, copy and paste with control-X, C, V or the buttons.
// A file that is opened while there are changes that were not saved waits until the user has saved or given them up.
//
// Not implemented: undo, search; letters beyond Latin are shown as boxes, and kept.

#include "notes.h"

#include "../desktop/clipboard.h"
#include "../desktop/scroll.h"
#include "apps.h"

#define TEXT_FIRST 4096
#define MARGIN 18
#define ROW 20
#define BAR 44
#define TAB_STOP 32
#define PAPER_YELLOW 0xfffdf6
#define SELECTED 0xcfe0ff

#define FOOT 38

enum { SAVE, DISCARD, KEEP, CUT, COPY, PASTE };

static char *text;
static u32 length, capacity;
static u32 caret, anchor; // what lies between them is selected
/** Where each row begins; rows end at line feeds and where the window does. */
static u32 *rows;
static u32 rowCount, rowRoom;
static i32 laidOutWidth; // 0: anew
static i32 wantedX = -1; // of a caret that goes up and down
static bool dragging;
static Scroll scroll;
static NotesFile file;
static char windowTitle[NOTES_NAME_MAX + 4];
/** Counts what was changed: as it is, as it is on the disk, and as it was given to be saved. */
static u32 version, savedVersion, savingVersion;
/** What is opened when the changes of this note have been saved or given up. */
static struct {
  NotesFile file;
  char *text; // null: nothing waits
  u32 length;
} next;

static Window *self(void) {
  return windowNamed("notes");
}

static bool isModified(void) {
  return version != savedVersion;
}

static bool hasBar(void) {
  return file.save || next.text;
}

static Rect page(const Window *window) {
  i32 top = TITLE_HEIGHT + (hasBar() ? BAR : 14);
  return rect(MARGIN, top, window->frame.width - 2 * MARGIN, window->frame.height - top - FOOT - 4);
}

// ---- the text ----

static bool reserve(u32 wanted) {
  if (wanted + 1 <= capacity) return true;
  if (wanted > NOTES_MAX) return false;
  u32 room = capacity ? capacity : TEXT_FIRST;
  while (room < wanted + 1) room *= 2;
  char *larger = allocate(room);
  if (!larger) return false;
  memcpy(larger, text, length);
  release(text);
  text = larger;
  capacity = room;
  return true;
}

static bool prepare(void) {
  static const char first[] = "Type here. ";
  if (text) return true;
  if (!reserve(TEXT_FIRST - 1)) return false;
  memcpy(text, first, sizeof first - 1);
  length = caret = anchor = sizeof first - 1;
  return true;
}

static u32 selectionStart(void) {
  return caret < anchor ? caret : anchor;
}

static u32 selectionEnd(void) {
  return caret < anchor ? anchor : caret;
}

static bool isContinuation(u32 position) {
  return position < length && ((u8)text[position] & 0xc0) == 0x80;
}

static u32 before(u32 position) {
  if (!position) return 0;
  position--;
  while (position && isContinuation(position)) position--;
  return position;
}

static u32 behind(u32 position) {
  if (position >= length) return length;
  position++;
  while (isContinuation(position)) position++;
  return position;
}

static void showModified(void) {
  format(windowTitle, sizeof windowTitle, "%s%s", file.name[0] ? file.name : "Notes", isModified() && file.save ? " *" : "");
  if (self()) self()->title = windowTitle;
}

static void edited(void) {
  laidOutWidth = 0;
  text[length] = 0;
  wantedX = -1;
  version++;
  showModified();
}

/** Takes out and puts in at one place. */
static bool replace(u32 start, u32 end, const char *with, u32 count) {
  if (!reserve(length - (end - start) + count)) {
    notify("This text is as long as a note can be.");
    return false;
  }
  memmove(text + start + count, text + end, length - end);
  memcpy(text + start, with, count);
  length = length - (end - start) + count;
  caret = anchor = start + count;
  edited();
  return true;
}

// ---- rows ----

static i32 widthAt(const char **at, i32 x) {
  u32 code = takeCharacter(at);
  if (code == '\t') return TAB_STOP - x % TAB_STOP;
  return code == '\r' ? 0 : characterWidth(&fontRegular, code);
}

static bool addRow(u32 start) {
  if (rowCount + 1 >= rowRoom) {
    u32 room = rowRoom ? rowRoom * 2 : 64;
    u32 *more = allocate(room * sizeof *rows);
    if (!more) return false;
    memcpy(more, rows, rowCount * sizeof *rows);
    release(rows);
    rows = more;
    rowRoom = room;
  }
  rows[rowCount++] = start;
  return true;
}

static void layOut(const Window *window) {
  i32 width = page(window).width - SCROLL_WIDTH;
  if (width == laidOutWidth && rows) return;
  laidOutWidth = width;
  rowCount = 0;
  addRow(0);
  i32 x = 0;
  u32 space = 0;  // behind the last one of this row
  i32 spaceX = 0; // and how far it is from the left
  const char *end = text + length;
  for (const char *at = text; at < end;) {
    u32 position = (u32)(at - text);
    if (*at == '\n') {
      at++;
      if (!addRow(position + 1)) break;
      x = 0;
      space = 0;
      continue;
    }
    bool isSpace = *at == ' ' || *at == '\t';
    i32 wide = widthAt(&at, x);
    if (x + wide > width && !isSpace && x) {
      u32 start = space > rows[rowCount - 1] ? space : position;
      x = start == position ? 0 : x - spaceX;
      if (!addRow(start)) break;
      space = 0;
    }
    x += wide;
    if (isSpace) {
      space = position + 1;
      spaceX = x;
    }
  }
  rows[rowCount] = length + 1;
}

static u32 rowOf(u32 position) {
  u32 low = 0;
  u32 high = rowCount;
  while (low + 1 < high) {
    u32 middle = (low + high) / 2;
    if (rows[middle] <= position) low = middle;
    else high = middle;
  }
  return low;
}

static u32 rowEnd(u32 row) {
  u32 end = row + 1 < rowCount ? rows[row + 1] : length;
  return end > rows[row] && text[end - 1] == '\n' ? end - 1 : end;
}

static i32 columnX(u32 row, u32 position) {
  i32 x = 0;
  for (const char *at = text + rows[row]; at < text + position;) x += widthAt(&at, x);
  return x;
}

static u32 positionAt(u32 row, i32 wanted) {
  i32 x = 0;
  u32 end = rowEnd(row);
  for (const char *at = text + rows[row]; at < text + end;) {
    u32 position = (u32)(at - text);
    i32 width = widthAt(&at, x);
    if (wanted < x + width / 2) return position;
    x += width;
  }
  // The end of a row that goes on in the next one is the next one's beginning.
  return row + 1 < rowCount && end == rows[row + 1] && end > rows[row] ? before(end) : end;
}

// ---- what it looks like ----

static void drawRow(Surface *surface, u32 row, i32 left, i32 y) {
  i32 x = 0;
  u32 from = selectionStart();
  u32 to = selectionEnd();
  const char *end = text + rowEnd(row);
  for (const char *at = text + rows[row]; at < end;) {
    u32 position = (u32)(at - text);
    char one[8] = {0};
    const char *start = at;
    i32 width = widthAt(&at, x);
    if (position >= from && position < to) fillRect(surface, rect(left + x, y, width, ROW), SELECTED);
    memcpy(one, start, (size_t)(at - start));
    if (*start != '\t' && *start != '\r') drawText(surface, &fontRegular, left + x, y, INK, one);
    x += width;
  }
}

static const char *barWords(void) {
  if (next.text) return "Not saved!";
  return file.readOnly ? "This folder is read-only" : isModified() ? "Changed" : "Saved";
}

static void draw(Window *window) {
  Surface *surface = &window->surface;
  fillRect(surface, contentOf(window), PAPER_YELLOW);
  layOut(window);
  Rect area = page(window);
  setScroll(&scroll, rect(window->frame.width - SCROLL_WIDTH - 4, area.y, SCROLL_WIDTH, area.height), (i32)rowCount, area.height / ROW);
  if (hasBar()) {
    fillRect(surface, rect(0, TITLE_HEIGHT, window->frame.width, BAR - 8), PAPER);
    drawTextRight(surface, &fontRegular, window->frame.width - MARGIN, TITLE_HEIGHT + 9, next.text ? BAD : INK_SOFT, barWords());
  }
  surface->clip = intersection(area, surface->clip);
  for (i32 line = 0; line <= scroll.visible && scroll.first + line < (i32)rowCount; line++)
    drawRow(surface, (u32)(scroll.first + line), area.x, area.y + line * ROW);
  u32 row = rowOf(caret);
  i32 y = area.y + ((i32)row - scroll.first) * ROW;
  fillRect(surface, rect(area.x + columnX(row, caret), y + 1, 2, 17), ACCENT);
  surface->clip = rect(0, 0, surface->width, surface->height);
  drawScroll(surface, &scroll, PAPER_YELLOW);
}

static void showCaret(Window *window) {
  layOut(window);
  Rect area = page(window);
  setScroll(&scroll, scroll.track, (i32)rowCount, area.height / ROW);
  scrollToRow(&scroll, (i32)rowOf(caret));
  redraw(window);
}

static void placeButton(Window *window) {
  window->controlCount = 0;
  i32 x = MARGIN;
  if (file.save && !file.readOnly) {
    addControl(window, rect(x, TITLE_HEIGHT + 4, 76, 28), CONTROL_PRIMARY, SAVE, "Save");
    x += 82;
  }
  if (next.text) {
    addControl(window, rect(x, TITLE_HEIGHT + 4, 76, 28), CONTROL_BUTTON, DISCARD, "Discard");
    addControl(window, rect(x + 82, TITLE_HEIGHT + 4, 76, 28), CONTROL_BUTTON, KEEP, "Keep");
  }
  static const char *const labels[] = {"Cut", "Copy", "Paste"};
  for (u32 i = 0; i < COUNT(labels); i++)
    addControl(window, rect(MARGIN + (i32)i * 74, window->frame.height - FOOT + 4, 68, 28), CONTROL_BUTTON, CUT + i, labels[i]);
}

static bool open(Window *window) {
  if (!prepare()) return false;
  laidOutWidth = 0;
  showModified();
  placeButton(window);
  return true;
}

static void save(void) {
  if (!file.save || file.readOnly) return;
  savingVersion = version;
  file.save(&file.place, text, length);
}

static void showBar(void) {
  laidOutWidth = 0;
  showModified();
  Window *window = self();
  if (!window || !window->surface.pixels) return;
  placeButton(window);
  redraw(window);
}

static bool takeNote(const NotesFile *of, const char *with, u32 count) {
  if (!prepare() || !replace(0, length, with, count)) return false;
  file = *of;
  savedVersion = savingVersion = version;
  caret = anchor = 0;
  scroll.first = 0;
  showBar();
  return true;
}

/** The note that waited comes in place of this one, or never. */
static void endWaiting(bool take) {
  if (!next.text) return;
  if (take) takeNote(&next.file, next.text, next.length);
  release(next.text);
  next.text = NULL;
  showBar();
}

static void edit(Window *window, Edit what) {
  u32 size;
  if (what == EDIT_PASTE) {
    const char *pasted = pasteText(&size);
    if (pasted) insertNotes(pasted, size);
    return;
  }
  const char *selected = notesSelection(&size);
  if (!selected) {
    notify("Nothing is selected.");
    return;
  }
  if (!copyToClipboard(TANDEM_CLIPBOARD_FORMAT_TEXT, selected, size) || what == EDIT_COPY) return;
  replace(selectionStart(), selectionEnd(), "", 0);
  showCaret(window);
}

static void control(Window *window, Control *which) {
  if (which->id == SAVE) save();
  else if (which->id == DISCARD || which->id == KEEP) endWaiting(which->id == DISCARD);
  else edit(window, which->id == CUT ? EDIT_CUT : which->id == COPY ? EDIT_COPY : EDIT_PASTE);
}

// ---- keys ----

static bool isWordAt(u32 position) {
  u8 byte = (u8)text[position];
  return byte > ' ';
}

static u32 wordLeft(u32 position) {
  while (position && !isWordAt(position - 1)) position--;
  while (position && isWordAt(position - 1)) position--;
  return position;
}

static u32 wordRight(u32 position) {
  while (position < length && isWordAt(position)) position++;
  while (position < length && !isWordAt(position)) position++;
  return position;
}

static void goRows(i32 by) {
  u32 row = rowOf(caret);
  if (wantedX < 0) wantedX = columnX(row, caret);
  i32 target = (i32)row + by;
  if (target < 0) caret = 0;
  else if (target >= (i32)rowCount) caret = length;
  else caret = positionAt((u32)target, wantedX);
}

static void erase(u32 from, u32 to) {
  if (caret != anchor) replace(selectionStart(), selectionEnd(), "", 0);
  else if (from != to) replace(from, to, "", 0);
}

/** Moves the caret; false for other keys. */
static bool moveKey(const KeyEvent *event) {
  bool vertical = event->key == KEY_UP || event->key == KEY_DOWN || event->key == KEY_PAGE_UP || event->key == KEY_PAGE_DOWN;
  if (!vertical) wantedX = -1;
  switch (event->key) {
    case KEY_LEFT:
      if (caret != anchor && !event->shift) caret = selectionStart();
      else caret = event->control ? wordLeft(caret) : before(caret);
      break;
    case KEY_RIGHT:
      if (caret != anchor && !event->shift) caret = selectionEnd();
      else caret = event->control ? wordRight(caret) : behind(caret);
      break;
    case KEY_UP:
      goRows(-1);
      break;
    case KEY_DOWN:
      goRows(1);
      break;
    case KEY_PAGE_UP:
      goRows(-scroll.visible);
      break;
    case KEY_PAGE_DOWN:
      goRows(scroll.visible);
      break;
    case KEY_HOME:
      caret = event->control ? 0 : rows[rowOf(caret)];
      break;
    case KEY_END: {
      u32 row = rowOf(caret);
      u32 end = rowEnd(row);
      caret = event->control ? length : row + 1 < rowCount && end == rows[row + 1] ? before(end) : end;
      break;
    }
    default:
      return false;
  }
  if (!event->shift) anchor = caret;
  return true;
}

static bool key(Window *window, const KeyEvent *event) {
  if (!event->pressed) return false;
  layOut(window);
  if (!moveKey(event)) {
    if (event->control && event->key == KEY_A) {
      anchor = 0;
      caret = length;
    } else if (event->control && event->key == KEY_A + 's' - 'a') {
      save();
    } else if (event->key == KEY_BACKSPACE) {
      erase(event->control ? wordLeft(caret) : before(caret), caret);
    } else if (event->key == KEY_DELETE) {
      erase(caret, event->control ? wordRight(caret) : behind(caret));
    } else if (event->character) {
      insertNotes(&event->character, 1);
    } else {
      return false;
    }
  }
  showCaret(window);
  return true;
}

static void pointer(Window *window, const PointerEvent *event) {
  bool moved;
  if (scrollPointer(&scroll, event, &moved)) {
    if (moved) redraw(window);
    return;
  }
  if (event->kind == POINTER_UP) dragging = false;
  bool down = event->kind == POINTER_DOWN && event->changed == 1;
  if (!down && !(event->kind == POINTER_MOVE && dragging)) return;
  layOut(window);
  Rect area = page(window);
  if (down && event->y >= area.y + area.height) return;
  i32 line = event->y < area.y ? -1 : (event->y - area.y) / ROW;
  u32 row = (u32)limit(scroll.first + line, 0, (i32)rowCount - 1);
  u32 at = positionAt(row, event->x - area.x);
  if (!down && at == caret) return;
  caret = at;
  if (down) anchor = caret;
  if (down) dragging = true;
  wantedX = -1;
  showCaret(window);
}

static CursorKind cursor(Window *window, i32 x, i32 y) {
  Rect area = page(window);
  return contains(scroll.track, x, y) || y < area.y || y >= area.y + area.height ? CURSOR_ARROW : CURSOR_TEXT;
}

// ---- for others ----

const char *notesText(void) {
  return prepare() ? text : "";
}

u32 notesLength(void) {
  return prepare() ? length : 0;
}

const char *notesSelection(u32 *selected) {
  *selected = prepare() ? selectionEnd() - selectionStart() : 0;
  return *selected ? text + selectionStart() : NULL;
}

bool insertNotes(const char *with, u32 count) {
  if (!prepare() || !replace(selectionStart(), selectionEnd(), with, count)) return false;
  Window *window = self();
  if (window && window->surface.pixels) showCaret(window);
  return true;
}

bool openNote(const NotesFile *of, const char *with, u32 count) {
  if (count > NOTES_MAX) return false;
  endWaiting(false);
  if (!isModified()) {
    if (!takeNote(of, with, count)) return false;
  } else {
    next.text = allocate(count + 1);
    if (!next.text) return false;
    memcpy(next.text, with, count);
    next.length = count;
    next.file = *of;
    showBar();
  }
  openWindow(self());
  return true;
}

void notesSaved(const char *problem) {
  if (problem) {
    notify(problem);
    return;
  }
  savedVersion = savingVersion;
  if (!isModified()) endWaiting(true);
  showModified();
  if (self()) redraw(self());
}

const App notesApp = {
    .name = "notes",
    .title = "Notes",
    .icon = &iconNotes,
    .tile = 0xe09a1a,
    .place = {560, 400, 380, 270},
    .open = open,
    .draw = draw,
    .control = control,
    .key = key,
    .pointer = pointer,
    .cursor = cursor,
    .edit = edit,
};

// Files: the folders that the host shares. Browse, open, edit, new, rename, copy, delete, take what is dropped, give to the host.
//
// Keys: arrows, page up and down, home, end, Enter opens, Backspace goes up, F2 renames, Delete deletes, F5 looks again, letters go to
// the next name that begins so.
//
// Not implemented: more than one selected file (a whole directory can be copied); times are UTC.

#include "files.h"

#include "../../common/png.h"
#include "../desktop/scroll.h"
#include "../drivers/tandem-port.h"
#include "apps.h"
#include "notes.h"
#include "viewer.h"

#define MARGIN 14
#define TOP (TITLE_HEIGHT + 50)
#define HEADER 24
#define ROW 24
#define BOTTOM 78 // buttons and the line of words
#define SIZE_RIGHT 250
#define DATE_LEFT 176
#define WORDS_MAX 160
#define FIELD_MAX 256
#define DOUBLE_CLICK 500000 // microseconds
#define LOOK_TICKS 4        // quarters of a second between two looks at a folder
#define ROW_CHOSEN 0xe4ecfd

enum { UP, MEASURE, STOP, OPEN, NEW_FOLDER, NEW_TEXT, RENAME, COPY, PASTE, DELETE, SAVE, ACCEPT, CANCEL };
typedef enum { ASK_NOTHING, ASK_FOLDER, ASK_TEXT, ASK_NAME, ASK_DELETE } Question;

static bool atRoots = true;
static Place here;
static char rootName[FIELD_MAX];
static bool readOnly;
static Listing listing;
static u32 shownHash;
static i32 chosen = -1;
static SortKey sortKey;
static bool sortDown;
static Scroll scroll;
static u64 freeBytes;

static char words[WORDS_MAX]; // of what was done last; empty: what is in the folder
static bool failed;
static Question question;
static char field[FIELD_MAX];
static bool fieldFresh; // all of it goes with the first key
static Place copied;
static bool hasCopied, copiedDirectory;

static bool looking, lookAgain;
static u32 generation; // of the place that is shown
static u32 lookTicks;
static u32 lastClick;
static i32 lastClicked = -1;
static i32 hovered = -1;
static char wantedName[FIELD_MAX]; // to be chosen when it appears

static Window *self(void) {
  return windowNamed("files");
}

static void refreshWindow(void) {
  Window *window = self();
  if (window && isVisible(window)) redraw(window);
}

static void say(bool problem, const char *pattern, ...) __attribute__((format(printf, 2, 3)));
static void say(bool problem, const char *pattern, ...) {
  __builtin_va_list values;
  __builtin_va_start(values, pattern);
  formatList(words, sizeof words, pattern, values);
  __builtin_va_end(values);
  failed = problem;
  if (logsClicks()) serialPrint("FILES %s\n", words);
}

static const Entry *entryAt(i32 index) {
  return index >= 0 && index < (i32)listing.count ? &listing.entries[index] : NULL;
}

static const char *nameAt(i32 index) {
  return entryName(&listing, &listing.entries[index]);
}

static i32 indexOf(const char *name) {
  for (u32 i = 0; i < listing.count; i++)
    if (strcmp(nameAt((i32)i), name) == 0) return (i32)i;
  return -1;
}

static bool isDirectory(const Entry *entry) {
  return entry->kind == TANDEM_FOLDER_KIND_DIRECTORY;
}

// ---- looking ----

static void layControls(Window *window);

/** Sorts, and keeps what is chosen. */
static void arrange(void) {
  char name[FIELD_MAX] = "";
  if (wantedName[0]) format(name, sizeof name, "%s", wantedName);
  else if (entryAt(chosen)) format(name, sizeof name, "%s", nameAt(chosen));
  sortListing(&listing, sortKey, sortDown);
  chosen = name[0] ? indexOf(name) : -1;
  if (chosen >= 0 && wantedName[0]) {
    wantedName[0] = 0;
    scrollToRow(&scroll, chosen);
  }
}

static void takeListing(Listing *fresh, i32 status) {
  u32 hash = listingHash(fresh) ^ (u32)status;
  if (hash == shownHash && !status && !wantedName[0]) {
    releaseListing(fresh);
    return;
  }
  shownHash = hash;
  // Which was chosen is told by its name, which goes with the old list.
  if (entryAt(chosen) && !wantedName[0]) format(wantedName, sizeof wantedName, "%s", nameAt(chosen));
  releaseListing(&listing);
  listing = *fresh;
  arrange();
  wantedName[0] = 0;
  if (status) say(true, "This folder cannot be read: %s.", folderWords(status));
  Window *window = self();
  if (!window || !window->surface.pixels) return;
  layControls(window);
  refreshWindow();
}

/** The root that is shown: whether it is still there, and may be written. */
static bool lookAtRoot(FolderCall *call) {
  Listing roots;
  bool there = false;
  if (!readListing(call, true, NULL, &roots))
    for (u32 i = 0; i < roots.count; i++)
      if (roots.entries[i].number == here.folder) {
        there = true;
        readOnly = (roots.entries[i].mode & TANDEM_FOLDER_FLAG_READ_ONLY) != 0;
      }
  releaseListing(&roots);
  return there;
}

static void look(void *unused) {
  (void)unused;
  FolderCall *call = newCall();
  Place *place = allocate(sizeof *place);
  while (call && place && lookAgain) {
    lookAgain = false;
    u32 of = generation;
    bool roots = atRoots;
    *place = here;
    bool wasReadOnly = readOnly;
    bool there = roots || lookAtRoot(call);
    Listing fresh;
    i32 status = readListing(call, roots || !there, place, &fresh);
    if (!status && !roots && there && !freeBytes) {
      folderSpace(call, place->folder);
      if (!await(call)) freeBytes = folderFree(call);
    }
    if (of != generation) {
      releaseListing(&fresh);
      lookAgain = true;
      continue;
    }
    if (!there) {
      atRoots = true;
      generation++;
      readOnly = false;
      say(true, "The host has taken the folder \"%s\" away.", rootName);
    }
    if (wasReadOnly != readOnly) shownHash = 0;
    takeListing(&fresh, status);
  }
  release(place);
  endCall(call);
  looking = false;
}

static void lookSoon(void) {
  lookAgain = true;
  lookTicks = 0;
  if (!looking && tandemPresent()) looking = startTask(look, NULL);
}

void filesChanged(void) {
  Window *window = self();
  if (window && window->open) lookSoon();
}

static void goTo(void) {
  generation++;
  chosen = hovered = lastClicked = -1;
  scroll.first = 0;
  words[0] = 0;
  question = ASK_NOTHING;
  freeBytes = 0;
  shownHash = 0;
  releaseListing(&listing);
  lookSoon();
  Window *window = self();
  layControls(window);
  refreshWindow();
}

static void goUp(void) {
  if (atRoots) return;
  if (!here.path[0]) {
    atRoots = true;
    readOnly = false;
    format(wantedName, sizeof wantedName, "%s", rootName);
  } else {
    const char *name = nameOf(here.path);
    format(wantedName, sizeof wantedName, "%s", name);
    here.path[name > here.path ? name - here.path - 1 : 0] = 0;
  }
  goTo();
}

static void enter(const Entry *entry) {
  const char *name = entryName(&listing, entry);
  if (atRoots) {
    if (entry->mode & TANDEM_FOLDER_FLAG_NOT_READY) {
      say(true, "\"%s\" is not ready: %s.", name, folderWords(TANDEM_REQUEST_STATUS_ACCESS));
      refreshWindow();
      return;
    }
    format(rootName, sizeof rootName, "%s", name);
    here = (Place){.folder = entry->number};
    readOnly = (entry->mode & TANDEM_FOLDER_FLAG_READ_ONLY) != 0;
    atRoots = false;
  } else {
    Place inner;
    if (!placeWithin(&inner, &here, name)) return;
    here = inner;
  }
  goTo();
}

// ---- one file ----

/** What a task works on; one at a time. */
static struct {
  bool busy;
  enum { WORK_SHOW, WORK_FOLDER, WORK_TEXT, WORK_RENAME, WORK_STORE } kind;
  Place place, target;
  bool readOnly;
  char *text;
  u32 length;
} work;

static bool isText(const u8 *bytes, u32 length) {
  for (u32 i = 0; i < length; i++)
    if (bytes[i] < 9 || (bytes[i] > 13 && bytes[i] < 27)) return false;
  return true;
}

static void storeText(const Place *place, const char *text, u32 length);

const char *showFile(const char *name, const Place *place, u8 *bytes, u32 length, bool isReadOnly) {
  const char *problem = NULL;
  if (isPicture(bytes, length)) {
    problem = showPictureFile(name, bytes, length);
  } else if (!isText(bytes, length)) {
    problem = "Pillion has no program for this kind of file.";
  } else {
    NotesFile file = {.save = place ? storeText : NULL, .readOnly = isReadOnly};
    format(file.name, sizeof file.name, "%s", name);
    if (place) file.place = *place;
    if (!openNote(&file, (const char *)bytes, length)) problem = "This text is too long for the notes.";
  }
  release(bytes);
  return problem;
}

static i32 makeNew(bool folder) {
  FolderCall *call = newCall();
  if (!call) return TANDEM_REQUEST_STATUS_NO_MEMORY;
  if (folder) folderMakeDirectory(call, work.place.folder, work.place.path);
  else
    folderOpen(call, work.place.folder, work.place.path,
               TANDEM_FOLDER_OPEN_FLAG_WRITE | TANDEM_FOLDER_OPEN_FLAG_CREATE | TANDEM_FOLDER_OPEN_FLAG_EXCLUSIVE);
  i32 status = await(call);
  if (!status && !folder) {
    folderClose(call, folderHandle(call));
    status = await(call);
  }
  endCall(call);
  return status;
}

static i32 renameOne(void) {
  FolderCall *call = newCall();
  if (!call) return TANDEM_REQUEST_STATUS_NO_MEMORY;
  folderRename(call, work.place.folder, work.place.path, work.target.path, true);
  i32 status = await(call);
  endCall(call);
  return status;
}

static void perform(void *unused) {
  (void)unused;
  const char *name = nameOf(work.place.path);
  i32 status = 0;
  switch (work.kind) {
    case WORK_SHOW: {
      u8 *bytes;
      u32 length;
      status = readFile(&work.place, SHOWN_MAX, &bytes, &length);
      const char *problem = status ? NULL : showFile(name, &work.place, bytes, length, work.readOnly);
      if (status) say(true, "\"%s\" could not be read: %s.", name, folderWords(status));
      else if (problem) say(true, "\"%s\": %s", name, problem);
      else words[0] = 0;
      break;
    }
    case WORK_FOLDER:
    case WORK_TEXT:
      status = makeNew(work.kind == WORK_FOLDER);
      if (status) say(true, "\"%s\" could not be made: %s.", name, folderWords(status));
      else say(false, "\"%s\" was made.", name);
      format(wantedName, sizeof wantedName, "%s", name);
      break;
    case WORK_RENAME:
      status = renameOne();
      if (status) say(true, "\"%s\" could not be renamed: %s.", name, folderWords(status));
      else say(false, "Renamed to \"%s\".", nameOf(work.target.path));
      format(wantedName, sizeof wantedName, "%s", nameOf(status ? work.place.path : work.target.path));
      break;
    case WORK_STORE:
      status = writeFile(&work.place, work.text, work.length);
      release(work.text);
      if (status) say(true, "\"%s\" could not be saved: %s.", name, folderWords(status));
      else say(false, "\"%s\" was saved.", name);
      notesSaved(status ? words : NULL);
      break;
  }
  work.busy = false;
  freeBytes = 0;
  lookSoon();
  refreshWindow();
}

static bool begin(void) {
  if (work.busy) {
    say(true, "Something else is still under way.");
    refreshWindow();
    return false;
  }
  return true;
}

static void run(void) {
  work.busy = startTask(perform, NULL);
  if (!work.busy) say(true, "There is not enough memory for that now.");
}

static void storeText(const Place *place, const char *text, u32 length) {
  if (!begin()) {
    notesSaved("Something else is still under way.");
    return;
  }
  work.kind = WORK_STORE;
  work.place = *place;
  work.text = allocate(length + 1);
  work.length = length;
  if (!work.text) {
    notesSaved("There is not enough memory to save this.");
    return;
  }
  memcpy(work.text, text, length);
  run();
}

static void openChosen(void) {
  const Entry *entry = entryAt(chosen);
  if (!entry) return;
  if (isDirectory(entry)) {
    enter(entry);
    return;
  }
  if (!begin()) return;
  work.kind = WORK_SHOW;
  work.readOnly = readOnly;
  if (placeWithin(&work.place, &here, nameAt(chosen))) run();
}

// ---- jobs ----

static void start(JobKind kind, const Place *from, bool directory, const Place *to) {
  question = ASK_NOTHING;
  if (startJob(kind, from, directory, to)) words[0] = 0;
  else say(true, "Something else is still under way.");
}

void jobEnded(const char *result) {
  bool problem = startsWith(result, "Not") || startsWith(result, "It could") || startsWith(result, "That did");
  if (result[0]) say(problem, "%s", result);
  freeBytes = 0;
  Window *window = self();
  if (window && window->open) {
    layControls(window);
    lookSoon();
    refreshWindow();
  } else if (result[0]) {
    notify(result);
  }
}

void filesDropped(void) {
  // A job that is under way looks for drops at its end.
  if (!jobProgress()->running) startJob(JOB_DROP, NULL, false, NULL);
  Window *window = self();
  if (window && window->surface.pixels) layControls(window);
}

bool dropTarget(i32 x, i32 y, Place *place) {
  Window *window = self();
  Window *top = NULL;
  for (u32 i = stackHeight; i > 0 && !top; i--)
    if (contains(stack[i - 1]->frame, x, y)) top = stack[i - 1];
  if (!top || top != window) return false;
  i32 row = scroll.first + (y - window->frame.y - TOP - HEADER) / ROW;
  bool inRows = y - window->frame.y >= TOP + HEADER && y < window->frame.y + window->frame.height - BOTTOM;
  const Entry *entry = inRows ? entryAt(row) : NULL;
  if (atRoots) {
    if (!entry || entry->mode & TANDEM_FOLDER_FLAG_NOT_READY) return false;
    *place = (Place){.folder = entry->number};
    return true;
  }
  if (entry && isDirectory(entry)) return placeWithin(place, &here, nameAt(row));
  *place = here;
  return true;
}

// ---- questions ----

static void ask(Question which, const char *first) {
  question = which;
  format(field, sizeof field, "%s", first);
  fieldFresh = true;
  words[0] = 0;
}

static void accept(void) {
  Question asked = question;
  question = ASK_NOTHING;
  if (asked == ASK_DELETE) {
    const Entry *entry = entryAt(indexOf(field));
    Place place;
    if (entry && placeWithin(&place, &here, field)) start(JOB_DELETE, &place, isDirectory(entry), NULL);
    return;
  }
  if (!field[0] || !begin()) return;
  const char *target = asked == ASK_NAME && entryAt(chosen) ? nameAt(chosen) : field;
  if (strchr(field, '/') || !placeWithin(&work.place, &here, target) || !placeWithin(&work.target, &here, field)) {
    say(true, "This name cannot be used.");
    return;
  }
  if (asked == ASK_NAME && strcmp(target, field) == 0) return;
  work.kind = asked == ASK_FOLDER ? WORK_FOLDER : asked == ASK_TEXT ? WORK_TEXT : WORK_RENAME;
  run();
}

static void fieldKey(const KeyEvent *event) {
  size_t length = strlen(field);
  if (event->key == KEY_ESCAPE) {
    question = ASK_NOTHING;
  } else if (event->key == KEY_ENTER) {
    accept();
  } else if (question == ASK_DELETE) {
    return;
  } else if (event->key == KEY_BACKSPACE) {
    if (fieldFresh) length = 0;
    while (length && ((u8)field[length - 1] & 0xc0) == 0x80) length--;
    field[length ? length - 1 : 0] = 0;
    fieldFresh = false;
  } else if (event->key == KEY_END || event->key == KEY_RIGHT) {
    fieldFresh = false;
  } else if (event->character >= ' ') {
    if (fieldFresh) length = 0;
    fieldFresh = false;
    if (length + 2 > sizeof field) return;
    field[length] = event->character;
    field[length + 1] = 0;
  }
}

// ---- what it looks like ----

static void place(Window *window, i32 *x, i32 width, u32 id, const char *label, bool there) {
  if (!there) return;
  addControl(window, rect(*x, window->frame.height - BOTTOM + 6, width, 30), CONTROL_BUTTON, id, label);
  *x += width + 6;
}

static void layControls(Window *window) {
  if (!window || !window->surface.pixels) return;
  window->controlCount = 0;
  window->hovered = window->pressed = -1;
  i32 width = window->frame.width;
  bool busy = jobProgress()->running;
  Control *up = addControl(window, rect(MARGIN, TITLE_HEIGHT + 10, 56, 30), CONTROL_BUTTON, UP, "Up");
  up->hidden = atRoots;
  if (!atRoots && !readOnly && !busy)
    addControl(window, rect(width - MARGIN - 86, TITLE_HEIGHT + 10, 86, 30), CONTROL_BUTTON, MEASURE, "Measure");
  if (question != ASK_NOTHING) {
    bool deletes = question == ASK_DELETE;
    i32 y = window->frame.height - BOTTOM + 6;
    addControl(window, rect(width - MARGIN - 178, y, 86, 30), CONTROL_PRIMARY, ACCEPT, deletes ? "Delete" : "OK");
    addControl(window, rect(width - MARGIN - 86, y, 86, 30), CONTROL_BUTTON, CANCEL, deletes ? "Keep" : "Cancel");
    return;
  }
  i32 x = MARGIN;
  const Entry *entry = entryAt(chosen);
  bool writable = !atRoots && !readOnly;
  if (busy) {
    place(window, &x, 86, STOP, "Stop", true);
    return;
  }
  place(window, &x, 58, OPEN, "Open", entry != NULL);
  place(window, &x, 92, NEW_FOLDER, "New folder", writable);
  place(window, &x, 76, NEW_TEXT, "New text", writable);
  place(window, &x, 76, RENAME, "Rename", writable && entry);
  place(window, &x, 56, COPY, "Copy", !atRoots && entry);
  place(window, &x, 60, PASTE, "Paste", writable && hasCopied);
  place(window, &x, 66, DELETE, "Delete", writable && entry);
  place(window, &x, 106, SAVE, "Save to host", !atRoots && entry && !isDirectory(entry));
}

static void drawHeader(Window *window) {
  Surface *surface = &window->surface;
  i32 width = window->frame.width;
  i32 left = atRoots ? MARGIN + 4 : MARGIN + 70;
  i32 y = TITLE_HEIGHT + 16;
  char text[FIELD_MAX];
  if (atRoots) {
    drawText(surface, &fontBold, left, y, INK, "Shared folders");
  } else {
    format(text, sizeof text, "%s%s%s", rootName, here.path[0] ? " / " : "", here.path);
    i32 room = width - left - 110 - (readOnly ? 20 : 0);
    drawTextWithin(surface, &fontBold, left, y, room, INK, text);
    if (readOnly) drawTextRight(surface, &fontRegular, width - MARGIN, y, BAD, "read-only");
  }
  fillRect(surface, rect(0, TOP, width, HEADER), PAPER);
  fillRect(surface, rect(0, TOP + HEADER - 1, width, 1), LINE);
  const char *mark = sortDown ? " -" : " +";
  format(text, sizeof text, "Name%s", sortKey == SORT_NAME ? mark : "");
  drawText(surface, &fontRegular, 42, TOP + 2, INK_SOFT, text);
  if (atRoots) return;
  format(text, sizeof text, "Size%s", sortKey == SORT_SIZE ? mark : "");
  drawTextRight(surface, &fontRegular, width - SIZE_RIGHT + 50, TOP + 2, INK_SOFT, text);
  format(text, sizeof text, "Changed (UTC)%s", sortKey == SORT_DATE ? mark : "");
  drawText(surface, &fontRegular, width - DATE_LEFT, TOP + 2, INK_SOFT, text);
}

static const Icon *iconOf(const char *name, bool directory, Colour *colour) {
  size_t length = strlen(name);
  const char *ending = length > 4 ? name + length - 4 : "";
  *colour = directory ? 0xd99a1e : INK_SOFT;
  if (directory) return &iconFiles;
  if (compareNames(ending, ".png") == 0 || compareNames(ending, ".bmp") == 0 || compareNames(ending, ".PNG") == 0) {
    *colour = 0x7a4fd0;
    return &iconViewer;
  }
  if (compareNames(ending, ".txt") == 0) return &iconNotes;
  return &iconOther;
}

static Rect rowPlace(const Window *window, i32 index) {
  return rect(4, TOP + HEADER + (index - scroll.first) * ROW, window->frame.width - 8 - SCROLL_WIDTH, ROW);
}

static void drawRow(Window *window, i32 index) {
  Surface *surface = &window->surface;
  Rect row = rowPlace(window, index);
  const Entry *entry = &listing.entries[index];
  const char *name = nameAt(index);
  if (index == chosen) fillRound(surface, row, 6, ROW_CHOSEN, 256);
  else if (index == hovered) fillRound(surface, row, 6, 0xf1f4fa, 256);
  Colour colour;
  const Icon *icon = iconOf(name, isDirectory(entry), &colour);
  drawIcon(surface, icon, MARGIN, row.y + 2, colour);
  i32 width = window->frame.width;
  char text[FIELD_MAX];
  if (atRoots) {
    drawTextWithin(surface, &fontRegular, 42, row.y + 3, width - 250, INK, name);
    const char *state = entry->mode & TANDEM_FOLDER_FLAG_NOT_READY   ? "needs permission again"
                        : entry->mode & TANDEM_FOLDER_FLAG_READ_ONLY ? "read-only"
                                                                     : "read and write";
    drawTextRight(surface, &fontRegular, width - 30, row.y + 3, INK_SOFT, state);
    return;
  }
  drawTextWithin(surface, &fontRegular, 42, row.y + 3, width - SIZE_RIGHT - 60, INK, name);
  if (!isDirectory(entry)) {
    formatSize(text, sizeof text, entry->length);
    drawTextRight(surface, &fontRegular, width - SIZE_RIGHT + 50, row.y + 3, INK_SOFT, text);
  }
  formatTime(text, sizeof text, entry->modified);
  drawText(surface, &fontRegular, width - DATE_LEFT, row.y + 3, INK_SOFT, text);
}

static void drawQuestion(Window *window) {
  static const char *const labels[] = {"", "New folder:", "New text:", "New name:", ""};
  Surface *surface = &window->surface;
  i32 y = window->frame.height - BOTTOM + 6;
  i32 right = window->frame.width - MARGIN - 190;
  char text[FIELD_MAX + 40];
  if (question == ASK_DELETE) {
    const Entry *entry = entryAt(indexOf(field));
    bool all = entry && isDirectory(entry);
    format(text, sizeof text, "Delete \"%s\"%s for good?", field, all ? " and all that is in it" : "");
    drawTextWithin(surface, &fontBold, MARGIN, y + 6, right - MARGIN, INK, text);
    return;
  }
  i32 x = drawText(surface, &fontRegular, MARGIN, y + 6, INK_SOFT, labels[question]) + 8;
  Rect box = rect(x, y, right - x, 30);
  strokeRound(surface, box, 6, ACCENT, CARD);
  Rect inner = inset(box, 6);
  i32 wide = textWidth(&fontRegular, field);
  i32 shift = larger(0, wide - inner.width + 4);
  surface->clip = inner;
  if (fieldFresh) fillRect(surface, rect(inner.x, inner.y, wide, inner.height), 0xcfe0ff);
  drawText(surface, &fontRegular, inner.x - shift, inner.y, INK, field);
  fillRect(surface, rect(inner.x + wide - shift, inner.y + 1, 2, inner.height - 2), ACCENT);
  surface->clip = rect(0, 0, surface->width, surface->height);
}

static Rect wordsPlace(const Window *window) {
  return rect(0, window->frame.height - 36, window->frame.width, 36);
}

static void drawWords(Window *window) {
  Surface *surface = &window->surface;
  Rect line = wordsPlace(window);
  fillRect(surface, line, PAPER);
  char text[WORDS_MAX];
  Colour colour = INK_SOFT;
  if (jobProgress()->running) {
    formatProgress(text, sizeof text);
    colour = ACCENT_DARK;
  } else if (words[0]) {
    format(text, sizeof text, "%s", words);
    colour = failed ? BAD : GOOD;
  } else {
    u64 bytes = 0;
    for (u32 i = 0; i < listing.count; i++) bytes += isDirectory(&listing.entries[i]) ? 0 : listing.entries[i].length;
    char size[24], room[24];
    formatSize(size, sizeof size, bytes);
    formatSize(room, sizeof room, freeBytes);
    if (atRoots) format(text, sizeof text, "%u %s", listing.count, listing.count == 1 ? "folder" : "folders");
    else format(text, sizeof text, "%u %s, %s%s%s", listing.count, listing.count == 1 ? "item" : "items", size, freeBytes ? "; free: " : "",
                freeBytes ? room : "");
  }
  drawTextWithin(surface, &fontRegular, MARGIN, line.y + 8, line.width - 2 * MARGIN, colour, text);
}

static void draw(Window *window) {
  Surface *surface = &window->surface;
  Rect content = contentOf(window);
  fillRect(surface, content, PAPER);
  i32 top = TOP + HEADER;
  i32 height = window->frame.height - BOTTOM - top;
  fillRect(surface, rect(0, top, window->frame.width, height), CARD);
  setScroll(&scroll, rect(window->frame.width - SCROLL_WIDTH - 2, top, SCROLL_WIDTH, height), (i32)listing.count, height / ROW);
  drawHeader(window);
  surface->clip = rect(0, top, window->frame.width, height);
  for (i32 i = scroll.first; i < (i32)listing.count && i <= scroll.first + scroll.visible; i++) drawRow(window, i);
  surface->clip = rect(0, 0, surface->width, surface->height);
  if (!listing.count && !looking) {
    const char *empty = !tandemPresent() ? "This machine has no shared folders."
                        : atRoots        ? "The host shares no folder. Share one with the page's folder menu."
                                         : "This folder is empty. Drop files here.";
    drawTextCentred(surface, &fontRegular, rect(0, top, window->frame.width, height), INK_FAINT, empty);
  }
  drawScroll(surface, &scroll, CARD);
  fillRect(surface, rect(0, top + height, window->frame.width, 1), LINE);
  if (question != ASK_NOTHING) drawQuestion(window);
  drawWords(window);
}

static void redo(Window *window) {
  layControls(window);
  redraw(window);
}

static void choose(Window *window, i32 index) {
  if (!listing.count) return;
  chosen = limit(index, 0, (i32)listing.count - 1);
  scrollToRow(&scroll, chosen);
  words[0] = 0;
  redo(window);
}

// ---- the hand and the keys ----

static void startCopy(void) {
  hasCopied = placeWithin(&copied, &here, nameAt(chosen));
  copiedDirectory = isDirectory(entryAt(chosen));
  say(false, "\"%s\" will be copied where you paste it.", nameAt(chosen));
}

static void act(u32 id) {
  const Entry *entry = entryAt(chosen);
  Place chosenPlace;
  if (entry && !atRoots && !placeWithin(&chosenPlace, &here, nameAt(chosen))) return;
  switch (id) {
    case UP:
      goUp();
      break;
    case MEASURE:
      start(JOB_MEASURE, NULL, false, &here);
      break;
    case STOP:
      stopJob();
      break;
    case OPEN:
      openChosen();
      break;
    case NEW_FOLDER:
      ask(ASK_FOLDER, "New folder");
      break;
    case NEW_TEXT:
      ask(ASK_TEXT, "New text.txt");
      break;
    case RENAME:
      if (entry) ask(ASK_NAME, nameAt(chosen));
      break;
    case COPY:
      if (entry) startCopy();
      break;
    case PASTE:
      if (hasCopied) start(JOB_COPY, &copied, copiedDirectory, &here);
      break;
    case DELETE:
      if (entry) ask(ASK_DELETE, nameAt(chosen));
      break;
    case SAVE:
      if (entry) start(JOB_SAVE, &chosenPlace, false, NULL);
      break;
    case ACCEPT:
      accept();
      break;
    case CANCEL:
      question = ASK_NOTHING;
      break;
  }
}

static void control(Window *window, Control *which) {
  act(which->id);
  redo(window);
}

static void sortBy(SortKey key) {
  sortDown = key == sortKey && !sortDown;
  sortKey = key;
  arrange();
}

static void clickHeader(Window *window, i32 x) {
  if (x < window->frame.width - SIZE_RIGHT - 10) sortBy(SORT_NAME);
  else sortBy(x < window->frame.width - DATE_LEFT - 10 ? SORT_SIZE : SORT_DATE);
  redo(window);
}

static i32 rowAt(const Window *window, i32 x, i32 y) {
  i32 top = TOP + HEADER;
  if (y < top || y >= window->frame.height - BOTTOM || x >= window->frame.width - SCROLL_WIDTH) return -1;
  i32 index = scroll.first + (y - top) / ROW;
  return index < (i32)listing.count ? index : -1;
}

static void pointer(Window *window, const PointerEvent *event) {
  bool moved;
  if (scrollPointer(&scroll, event, &moved)) {
    if (moved) redraw(window);
    return;
  }
  i32 row = event->kind == POINTER_LEAVE ? -1 : rowAt(window, event->x, event->y);
  if (event->kind == POINTER_MOVE || event->kind == POINTER_LEAVE) {
    if (row == hovered) return;
    hovered = row;
    redraw(window);
  }
  if (event->kind != POINTER_DOWN || event->changed != 1) return;
  if (event->y >= TOP && event->y < TOP + HEADER && !atRoots) clickHeader(window, event->x);
  if (row < 0 || question != ASK_NOTHING) return;
  bool twice = row == lastClicked && event->time - lastClick < DOUBLE_CLICK;
  lastClick = event->time;
  lastClicked = twice ? -1 : row;
  choose(window, row);
  if (twice) openChosen();
}

/** The next name that begins so. */
static void chooseLetter(Window *window, char letter) {
  char wanted[2] = {letter, 0};
  for (u32 i = 1; i <= listing.count; i++) {
    i32 index = (chosen + (i32)i + (i32)listing.count) % (i32)listing.count;
    char first[2] = {nameAt(index)[0], 0};
    if (compareNames(first, wanted) && (first[0] ^ wanted[0]) != 32) continue;
    choose(window, index);
    return;
  }
}

static bool key(Window *window, const KeyEvent *event) {
  if (!event->pressed) return false;
  if (question != ASK_NOTHING) {
    fieldKey(event);
    redo(window);
    return true;
  }
  bool writable = !atRoots && !readOnly && !jobProgress()->running;
  switch (event->key) {
    case KEY_UP:
      choose(window, chosen - 1);
      break;
    case KEY_DOWN:
      choose(window, chosen + 1);
      break;
    case KEY_PAGE_UP:
      choose(window, chosen - scroll.visible);
      break;
    case KEY_PAGE_DOWN:
      choose(window, chosen + scroll.visible);
      break;
    case KEY_HOME:
      choose(window, 0);
      break;
    case KEY_END:
      choose(window, (i32)listing.count - 1);
      break;
    case KEY_ENTER:
      openChosen();
      break;
    case KEY_BACKSPACE:
      goUp();
      break;
    case KEY_F5:
      lookSoon();
      break;
    case KEY_F2:
      if (writable) act(RENAME);
      break;
    case KEY_DELETE:
      if (writable) act(DELETE);
      break;
    default:
      if (event->control && event->key == KEY_A + 'c' - 'a' && !atRoots) act(COPY);
      else if (event->control && event->key == KEY_A + 'v' - 'a' && writable) act(PASTE);
      else if (event->character > ' ') chooseLetter(window, event->character);
      else return false;
  }
  redo(window);
  return true;
}

static bool open(Window *window) {
  shownHash = 0;
  layControls(window);
  lookSoon();
  return true;
}

static void tick(Window *window) {
  if (jobProgress()->running) {
    drawWords(window);
    changed(window, wordsPlace(window));
    if (window->controlCount && window->controls[window->controlCount - 1].id != STOP && question == ASK_NOTHING) redo(window);
  }
  // Where the browser does not tell of the host's changes, looking does.
  if (++lookTicks >= LOOK_TICKS) lookSoon();
}

void printFiles(void) {
  Window *window = self();
  char path[FIELD_MAX];
  format(path, sizeof path, "%s%s%s", atRoots ? "" : rootName, !atRoots && here.path[0] ? "/" : "", atRoots ? "" : here.path);
  serialPrint("FILES /%s count=%u readonly=%d busy=%d\n", path, listing.count, readOnly, jobProgress()->running || work.busy);
  for (u32 i = 0; i < listing.count; i++) {
    Rect row = rowPlace(window, (i32)i);
    serialPrint("FILE %d %d %s %u ", window->frame.x + 60, window->frame.y + row.y + ROW / 2,
                isDirectory(&listing.entries[i]) ? "directory" : "file", (u32)listing.entries[i].length);
    serialWrite(nameAt((i32)i));
    serialWrite("\n");
  }
  serialPrint("SAYS %s\n", words);
}

const App filesApp = {
    .name = "files",
    .title = "Files",
    .icon = &iconFiles,
    .tile = 0xd9822b,
    .place = {40, 40, 680, 480},
    .open = open,
    .draw = draw,
    .control = control,
    .key = key,
    .pointer = pointer,
    .tick = tick,
};

// The picture viewer: PNG and BMP, fitted into the window or as large as they are; then the hand or the arrows move them.

#include "viewer.h"

#include "../../common/png.h"
#include "../desktop/clipboard.h"
#include "apps.h"

#define BAR 46
#define STEP 40
#define NAME_MAX 80
#define CHECK 8 // squares that show what is transparent
#define BACK 0x20283a

enum { FIT, COPY, PASTE };

static Picture picture;
static char name[NAME_MAX];
static bool actualSize;
static i32 left, top; // of what is to be seen, at actual size
static i32 dragX, dragY;
static bool dragging;

static Rect area(const Window *window) {
  return rect(0, TITLE_HEIGHT, window->frame.width, window->frame.height - TITLE_HEIGHT - BAR);
}

static Colour shade(u32 pixel, i32 x, i32 y) {
  u32 alpha = pixel >> 24;
  if (alpha == 255) return pixel & 0xffffff;
  Colour under = ((x / CHECK + y / CHECK) & 1) ? 0xc9cfdb : CARD;
  return mix(under, pixel & 0xffffff, alpha + (alpha >> 7));
}

/** The mean of the pixels that become one, as far as four tell. */
static u32 sample(u32 x, u32 y, u32 step) {
  u32 half = step >> 17; // half a step in whole pixels
  u32 red = 0, green = 0, blue = 0, alpha = 0;
  for (u32 i = 0; i < 4; i++) {
    u32 atX = (x >> 16) + (i & 1 ? half : 0);
    u32 atY = (y >> 16) + (i & 2 ? half : 0);
    if (atX >= picture.width) atX = picture.width - 1;
    if (atY >= picture.height) atY = picture.height - 1;
    u32 pixel = picture.pixels[atY * picture.width + atX];
    alpha += pixel >> 24;
    red += pixel >> 16 & 0xff;
    green += pixel >> 8 & 0xff;
    blue += pixel & 0xff;
  }
  return alpha / 4 << 24 | red / 4 << 16 | green / 4 << 8 | blue / 4;
}

static void drawFitted(Surface *surface, Rect room) {
  // Never enlarged: one step is at least one pixel of the picture.
  u32 stepX = picture.width * 65536u / (u32)room.width;
  u32 stepY = picture.height * 65536u / (u32)room.height;
  u32 step = stepX > stepY ? stepX : stepY;
  if (step < 65536) step = 65536;
  i32 width = smaller(room.width, (i32)(((picture.width << 16) + step - 1) / step));
  i32 height = smaller(room.height, (i32)(((picture.height << 16) + step - 1) / step));
  i32 x0 = room.x + (room.width - width) / 2;
  i32 y0 = room.y + (room.height - height) / 2;
  for (i32 y = 0; y < height; y++) {
    u32 *to = surface->pixels + (y0 + y) * surface->stride + x0;
    const u32 *row = picture.pixels + y * (i32)picture.width;
    for (i32 x = 0; x < width; x++)
      to[x] = shade(step == 65536 ? row[x] : sample((u32)x * step, (u32)y * step, step), x, y);
  }
}

static void drawActual(Surface *surface, Rect room) {
  left = limit(left, 0, larger(0, (i32)picture.width - room.width));
  top = limit(top, 0, larger(0, (i32)picture.height - room.height));
  i32 width = smaller(room.width, (i32)picture.width);
  i32 height = smaller(room.height, (i32)picture.height);
  i32 x0 = room.x + (room.width - width) / 2;
  i32 y0 = room.y + (room.height - height) / 2;
  for (i32 y = 0; y < height; y++) {
    u32 *to = surface->pixels + (y0 + y) * surface->stride + x0;
    const u32 *row = picture.pixels + (u32)(top + y) * picture.width + left;
    for (i32 x = 0; x < width; x++) to[x] = shade(row[x], x, y);
  }
}

static void draw(Window *window) {
  Surface *surface = &window->surface;
  Rect room = area(window);
  fillRect(surface, room, BACK);
  Rect bar = rect(0, room.y + room.height, window->frame.width, BAR);
  fillRect(surface, bar, PAPER);
  if (!picture.pixels) {
    drawTextCentred(surface, &fontRegular, room, 0xaab4cc, "Open a PNG or BMP picture from Files, or paste one.");
    return;
  }
  if (actualSize) drawActual(surface, room);
  else drawFitted(surface, room);
  char words[48];
  format(words, sizeof words, "%u " CHAR_TIMES " %u pixels", picture.width, picture.height);
  drawText(surface, &fontRegular, 14, bar.y + 14, INK_SOFT, words);
}

static bool open(Window *window) {
  Rect place = rect(window->frame.width - 124, window->frame.height - BAR + 8, 110, 30);
  addControl(window, place, CONTROL_BUTTON, FIT, actualSize ? "Fit window" : "Actual size");
  addControl(window, rect(place.x - 76, place.y, 70, 30), CONTROL_BUTTON, PASTE, "Paste");
  addControl(window, rect(place.x - 152, place.y, 70, 30), CONTROL_BUTTON, COPY, "Copy");
  window->title = name[0] ? name : window->app->title;
  return true;
}

static void copyPicture(void) {
  if (!picture.pixels) {
    notify("There is no picture to copy.");
    return;
  }
  u8 *file = allocate(pngSizeMax(picture.width, picture.height));
  if (!file) {
    notify("There is not enough memory for the clipboard.");
    return;
  }
  copyToClipboard(TANDEM_CLIPBOARD_FORMAT_PNG, file, pngEncode(file, picture.pixels, picture.width, picture.height, picture.width, true));
  release(file);
}

static void edit(Window *window, Edit what) {
  (void)window;
  if (what != EDIT_PASTE) {
    copyPicture();
    return;
  }
  u32 size;
  const u8 *file = pasteFromClipboard(TANDEM_CLIPBOARD_FORMAT_PNG, &size);
  const char *problem = file ? showPictureFile("From the clipboard", file, size) : NULL;
  if (problem) notify(problem);
}

static void control(Window *window, Control *which) {
  if (which->id != FIT) {
    edit(window, which->id == COPY ? EDIT_COPY : EDIT_PASTE);
    return;
  }
  actualSize = !actualSize;
  which->label = actualSize ? "Fit window" : "Actual size";
  redraw(window);
}

static void pan(Window *window, i32 x, i32 y) {
  left += x;
  top += y;
  redraw(window);
}

static bool key(Window *window, const KeyEvent *event) {
  if (!event->pressed || !actualSize) return false;
  if (event->key == KEY_LEFT) pan(window, -STEP, 0);
  else if (event->key == KEY_RIGHT) pan(window, STEP, 0);
  else if (event->key == KEY_UP) pan(window, 0, -STEP);
  else if (event->key == KEY_DOWN) pan(window, 0, STEP);
  else return false;
  return true;
}

static void pointer(Window *window, const PointerEvent *event) {
  if (!actualSize) return;
  if (event->kind == POINTER_WHEEL) pan(window, 0, event->wheel * STEP);
  if (event->kind == POINTER_UP) dragging = false;
  if (event->kind == POINTER_MOVE && dragging) pan(window, dragX - event->x, dragY - event->y);
  if (event->kind == POINTER_DOWN && event->changed == 1 && contains(area(window), event->x, event->y)) dragging = true;
  dragX = event->x;
  dragY = event->y;
}

static CursorKind cursor(Window *window, i32 x, i32 y) {
  return actualSize && contains(area(window), x, y) ? CURSOR_MOVE : CURSOR_ARROW;
}

const Picture *viewerPicture(void) {
  return &picture;
}

bool showPicture(const char *title, u32 *pixels, u32 width, u32 height) {
  release(picture.pixels);
  picture = (Picture){pixels, width, height};
  format(name, sizeof name, "%s", title);
  left = top = 0;
  Window *window = windowNamed("viewer");
  if (!openWindow(window)) {
    release(picture.pixels);
    picture = (Picture){0};
    return false;
  }
  window->title = name;
  redraw(window);
  return true;
}

const char *showPictureFile(const char *title, const u8 *bytes, u32 length) {
  PictureInfo info;
  const char *problem = pictureInfo(bytes, length, &info);
  if (problem) return problem;
  u32 *pixels = allocate(info.width * info.height * 4);
  u8 *work = info.workSize ? allocate(info.workSize) : NULL;
  if (!pixels || (info.workSize && !work)) {
    release(pixels);
    release(work);
    return "There is not enough memory for this picture.";
  }
  problem = pictureDecode(bytes, length, &info, pixels, work);
  release(work);
  showPicture(title, pixels, info.width, info.height);
  return problem;
}

const App viewerApp = {
    .name = "viewer",
    .title = "Picture",
    .icon = &iconViewer,
    .tile = 0x7a4fd0,
    .place = {300, 90, 560, 470},
    .open = open,
    .draw = draw,
    .control = control,
    .key = key,
    .pointer = pointer,
    .cursor = cursor,
    .edit = edit,
};

// Paint: a canvas, eight colours, three sizes. Lines join the samples of the pointer, with round ends.

#include "apps.h"

#define COLOURS 8
#define SIZES 3
#define CANVAS_TOP (TITLE_HEIGHT + 52)
#define MARGIN 14

enum { CLEAR = 100, SIZE = 200 };

static const Colour colours[COLOURS] = {0x1c2333, 0x2f6fed, 0x12a4a4, 0x2e9d5b, 0xf2b01e, 0xee7a30, 0xd6435c, 0x8a4fd0};
static const i32 widths[SIZES] = {3, 7, 16};
static const char *const sizeNames[SIZES] = {"S", "M", "L"};

static u32 colour = 1;
static u32 size = 1;
static bool drawing;
static i32 lastX, lastY;
static bool begun; // the canvas is there: a redraw keeps it

static Rect canvas(const Window *window) {
  return rect(MARGIN, CANVAS_TOP, window->frame.width - 2 * MARGIN, window->frame.height - CANVAS_TOP - MARGIN);
}

static void clear(Window *window) {
  Surface *surface = &window->surface;
  strokeRound(surface, inset(canvas(window), -1), 7, LINE, CARD);
  changed(window, inset(canvas(window), -1));
}

static bool open(Window *window) {
  for (u32 i = 0; i < COLOURS; i++) {
    Control *swatch = addControl(window, rect(12 + (i32)i * 31, TITLE_HEIGHT + 11, 30, 30), CONTROL_SWATCH, i, NULL);
    swatch->colour = colours[i];
    swatch->checked = i == colour;
  }
  for (u32 i = 0; i < SIZES; i++) {
    Control *button = addControl(window, rect(276 + (i32)i * 38, TITLE_HEIGHT + 11, 32, 30), CONTROL_BUTTON, SIZE + i, sizeNames[i]);
    button->checked = i == size;
  }
  addControl(window, rect(window->frame.width - MARGIN - 68, TITLE_HEIGHT + 11, 68, 30), CONTROL_BUTTON, CLEAR, "Clear");
  begun = false;
  drawing = false;
  return true;
}

/** In sixteenths of a pixel, but for the width. */
static void stroke(Window *window, i32 x0, i32 y0, i32 x1, i32 y1, Colour ink, i32 width) {
  Surface *surface = &window->surface;
  surface->clip = canvas(window);
  Rect part = drawLine(surface, x0, y0, x1, y1, width * 16, ink);
  surface->clip = rect(0, 0, surface->width, surface->height);
  changed(window, part);
}

/** A small picture to begin with, so that one sees what the window is for. */
static void greet(Window *window) {
  static const i8 wave[] = {22, 10, -4, -16, -24, -27, -24, -16, -4, 10, 24, 36, 44, 47, 44, 36, 24, 10, -4, -16, -24, -27, -26};
  Rect area = canvas(window);
  Surface *surface = &window->surface;
  surface->clip = area;
  fillDisc(surface, (area.x + 330) * 16, (area.y + 84) * 16, 34 * 16, colours[4], 256);
  surface->clip = rect(0, 0, surface->width, surface->height);
  for (i32 row = 0; row < 3; row++) {
    i32 y = (area.y + 112 + row * 44) * 16;
    for (i32 i = 1; i + 2 < (i32)COUNT(wave); i++) {
      i32 x = (area.x + 12 + i * 19) * 16;
      // A point between two, on the curve through four.
      i32 between = 9 * (wave[i] + wave[i + 1]) - (wave[i - 1] + wave[i + 2]);
      stroke(window, x, y + wave[i] * 16, x + 19 * 8, y + between, colours[1 + row], widths[1]);
      stroke(window, x + 19 * 8, y + between, x + 19 * 16, y + wave[i + 1] * 16, colours[1 + row], widths[1]);
    }
  }
}

static void draw(Window *window) {
  Surface *surface = &window->surface;
  Rect content = contentOf(window);
  if (!begun) {
    begun = true;
    fillRect(surface, content, PAPER);
    clear(window);
    greet(window);
    return;
  }
  fillRect(surface, rect(content.x, content.y, content.width, CANVAS_TOP - content.y - 1), PAPER);
}

static void control(Window *window, Control *pressed) {
  if (pressed->id == CLEAR) {
    clear(window);
    return;
  }
  bool isSize = pressed->id >= SIZE;
  if (isSize) size = pressed->id - SIZE;
  else colour = pressed->id;
  for (u32 i = 0; i < window->controlCount; i++) {
    Control *other = &window->controls[i];
    if (other->id == CLEAR || (other->id >= SIZE) != isSize) continue;
    other->checked = other->id == pressed->id;
  }
  redraw(window);
}

static void pointer(Window *window, const PointerEvent *event) {
  if (event->kind == POINTER_DOWN && event->changed <= 2 && contains(canvas(window), event->x, event->y)) {
    drawing = true;
    lastX = event->x;
    lastY = event->y;
  } else if (event->kind != POINTER_MOVE && event->kind != POINTER_DOWN) {
    if (event->kind == POINTER_UP && !(event->buttons & 3)) drawing = false;
    return;
  }
  if (!drawing) return;
  // The right button rubs out.
  bool rubs = (event->buttons & 3) == 2;
  stroke(window, lastX * 16 + 8, lastY * 16 + 8, event->x * 16 + 8, event->y * 16 + 8, rubs ? CARD : colours[colour],
         rubs ? 28 : widths[size]);
  lastX = event->x;
  lastY = event->y;
}

static CursorKind cursor(Window *window, i32 x, i32 y) {
  return contains(canvas(window), x, y) ? CURSOR_CROSS : CURSOR_ARROW;
}

const App paintApp = {
    .name = "paint",
    .title = "Paint",
    .icon = &iconPaint,
    .tile = 0xd6435c,
    .place = {516, 72, 470, 372},
    .open = open,
    .draw = draw,
    .pointer = pointer,
    .control = control,
    .cursor = cursor,
};

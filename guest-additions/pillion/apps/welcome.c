// Welcome: what the visitor sees, in two sentences.

#include "../drivers/pointer.h"
#include "apps.h"

enum { OPEN_PAINT = 1, OPEN_TARGETS, OPEN_INSPECTOR };

static bool open(Window *window) {
  i32 y = window->frame.height - 56;
  addControl(window, rect(28, y, 122, 36), CONTROL_PRIMARY, OPEN_PAINT, "Paint");
  addControl(window, rect(160, y, 122, 36), CONTROL_BUTTON, OPEN_TARGETS, "Hit targets");
  addControl(window, rect(292, y, 122, 36), CONTROL_BUTTON, OPEN_INSPECTOR, "Look inside");
  return true;
}

/** Two sentences: what this is, and how the pointer comes in. */
static const char *const about[] = {
    "This is a whole PC, emulated in your web page; what it",
    "runs is Pillion, a small system written for it.",
};
static const char *const integrated[] = {
    "Its driver talks to the page around it, so your own",
    "pointer glides in and out: no capture, no lag, no drift.",
};
static const char *const tablet[] = {
    "Your pointer reaches it as a USB tablet: the place is right,",
    "but polling, drawing and showing take their time.",
};
static const char *const relative[] = {
    "It has an ordinary mouse, so it sees only motion: click to",
    "let it have your pointer, and press Esc to get it back.",
};

static const char *const *pointerLines(void) {
  const PointerState *pointer = pointerState();
  if (pointer->source == SOURCE_USB_TABLET) return tablet;
  return pointer->relative ? relative : integrated;
}

static void draw(Window *window) {
  Surface *surface = &window->surface;
  fillRect(surface, contentOf(window), PAPER);
  fillRound(surface, rect(28, 62, 60, 60), 16, window->app->tile, 256);
  drawIcon(surface, &iconLogo, 36, 68, CARD);
  drawText(surface, &fontLarge, 104, 61, INK, "Hello.");
  drawText(surface, &fontRegular, 105, 98, INK_SOFT, "Take a seat: you are in tandem with a PC.");
  const char *const *second = pointerLines();
  for (i32 i = 0; i < 2; i++) {
    drawText(surface, &fontRegular, 28, 142 + i * 21, INK, about[i]);
    drawText(surface, &fontRegular, 28, 188 + i * 21, INK, second[i]);
  }
}

static void control(Window *window, Control *pressed) {
  (void)window;
  static const char *const names[] = {[OPEN_PAINT] = "paint", [OPEN_TARGETS] = "targets", [OPEN_INSPECTOR] = "inspector"};
  Window *other = windowNamed(names[pressed->id]);
  if (other) openWindow(other);
}

const App welcomeApp = {
    .name = "welcome",
    .title = "Welcome",
    .icon = &iconWelcome,
    .tile = 0x2f6fed,
    .place = {44, 40, 442, 300},
    .open = open,
    .draw = draw,
    .control = control,
};

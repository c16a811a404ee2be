// Pointer inspector: which device and driver, what comes from them, and what becomes of it.

#include "../drivers/pointer.h"
#include "../drivers/tandem-port.h"
#include "../drivers/usb.h"
#include "apps.h"

#define ROW 22
#define LABEL_X 20
#define VALUE_X 150
#define TOP (TITLE_HEIGHT + 62)
#define ROWS 7

enum { ACCELERATION = 1 };

/** Counts at the last four slow ticks: the rates are over one second. */
static u32 pastReports[4], pastIrqs[4];
static u32 reportsPerSecond, irqsPerSecond;
static Window *shown;

static u32 total(const u32 *counts) {
  u32 sum = 0;
  for (u32 i = 0; i < SOURCE_COUNT; i++) sum += counts[i];
  return sum;
}

static const char *modeText(const PointerState *pointer) {
  switch (pointer->source) {
    case SOURCE_TANDEM:
      return pointer->relative ? "Tandem port " CHAR_DASH " captured" : "Tandem port " CHAR_DASH " integrated";
    case SOURCE_USB_TABLET:
      return "USB tablet " CHAR_DASH " absolute";
    case SOURCE_USB_MOUSE:
      return "USB mouse " CHAR_DASH " relative";
    case SOURCE_PS2:
      return "PS/2 mouse " CHAR_DASH " relative";
    default:
      return "No pointer";
  }
}

static void drawRow(Window *window, u32 row, const char *label, const char *value) {
  Surface *surface = &window->surface;
  i32 y = TOP + (i32)row * ROW;
  if (label) drawText(surface, &fontRegular, LABEL_X, y, INK_SOFT, label);
  Rect place = rect(VALUE_X, y, window->frame.width - VALUE_X - 20, 18);
  fillRect(surface, place, PAPER);
  drawText(surface, &fontRegular, VALUE_X, y, INK, value);
}

static void drawValues(Window *window, bool labels) {
  const PointerState *pointer = pointerState();
  char text[80];
  Surface *surface = &window->surface;
  Rect head = rect(LABEL_X, TITLE_HEIGHT + 14, window->frame.width - 2 * LABEL_X, 34);
  fillRound(surface, head, 10, pointer->source == SOURCE_TANDEM && !pointer->relative ? 0xe3f4ea : 0xfdf0dc, 256);
  fillDisc(surface, (head.x + 18) * 16, (head.y + 17) * 16, 5 * 16, pointer->source == SOURCE_TANDEM ? GOOD : 0xd98a1f, 256);
  drawText(surface, &fontBold, head.x + 34, head.y + 8, INK, modeText(pointer));

  u32 row = 0;
  format(text, sizeof text, "%u a second", reportsPerSecond);
  drawRow(window, row++, labels ? "Reports" : NULL, text);
  bool usb = pointer->source == SOURCE_USB_MOUSE || pointer->source == SOURCE_USB_TABLET;
  if (usb) format(text, sizeof text, "%u a second, polled every %u ms", irqsPerSecond, usbPollInterval());
  else format(text, sizeof text, "%u a second", irqsPerSecond);
  drawRow(window, row++, labels ? "Interrupts" : NULL, text);
  if (pointer->last.absolute) format(text, sizeof text, "%d, %d", pointer->last.rawX, pointer->last.rawY);
  else format(text, sizeof text, "%s%d, %s%d counts", pointer->last.dx > 0 ? "+" : "", pointer->last.dx, pointer->last.dy > 0 ? "+" : "", pointer->last.dy);
  drawRow(window, row++, labels ? "Last report" : NULL, text);
  format(text, sizeof text, "%d, %d", pointer->x, pointer->y);
  drawRow(window, row++, labels ? "Cursor" : NULL, text);
  u32 buttons = pointer->buttons;
  format(text, sizeof text, "%s%s%s%s%s", buttons & 1 ? "left " : "", buttons & 4 ? "middle " : "", buttons & 2 ? "right " : "",
         buttons & 0x18 ? "side " : "", buttons ? "" : "none");
  drawRow(window, row++, labels ? "Buttons" : NULL, text);
  format(text, sizeof text, "%d", pointer->wheelTotal);
  drawRow(window, row++, labels ? "Wheel" : NULL, text);
  drawRow(window, row++, labels ? "Drawn by" : NULL, pointer->hostDraws ? "your browser" : "Pillion");
}

static bool open(Window *window) {
  Control *check = addControl(window, rect(LABEL_X, TOP + ROWS * ROW + 8, 320, 24), CONTROL_CHECK, ACCELERATION, "Accelerate relative motion");
  check->checked = pointerState()->acceleration;
  shown = window;
  return true;
}

static void draw(Window *window) {
  window->controls[0].checked = pointerState()->acceleration;
  fillRect(&window->surface, contentOf(window), PAPER);
  drawValues(window, true);
}

static void control(Window *window, Control *pressed) {
  (void)window;
  setAcceleration(pressed->checked);
}

static void tick(Window *window) {
  const PointerState *pointer = pointerState();
  u32 slot = slowTicks() % COUNT(pastReports);
  u32 reports = total(pointer->reports);
  u32 irqs = total(pointer->irqs);
  reportsPerSecond = reports - pastReports[slot];
  irqsPerSecond = irqs - pastIrqs[slot];
  pastReports[slot] = reports;
  pastIrqs[slot] = irqs;
  static u32 signature;
  const u32 facts[] = {reportsPerSecond, irqsPerSecond, (u32)pointer->x, (u32)pointer->y, pointer->buttons,
                       (u32)pointer->wheelTotal, pointer->source, pointer->relative, pointer->hostDraws};
  u32 now = 0;
  for (u32 i = 0; i < COUNT(facts); i++) now = now * 31 + facts[i];
  if (now == signature) return;
  signature = now;
  drawValues(window, false);
  changed(window, rect(0, TITLE_HEIGHT, window->frame.width, TOP + ROWS * ROW - TITLE_HEIGHT));
}

const App inspectorApp = {
    .name = "inspector",
    .title = "Pointer",
    .icon = &iconInspector,
    .tile = 0x12a4a4,
    .place = {74, 368, 360, 302},
    .open = open,
    .draw = draw,
    .control = control,
    .tick = tick,
};

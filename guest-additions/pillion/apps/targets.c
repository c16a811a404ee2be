// Targets: Fitts's task. Hit circles of changing size and distance; time, errors and throughput are shown at the end.
//
// The throughput is the mean of log2(distance / width + 1) / time over all targets, in bits a second: the usual measure of a
// pointing device. The distance is from where the last target was hit.

#include "apps.h"

#define ROUND 12
#define MARGIN 20
#define AREA_TOP (TITLE_HEIGHT + 46)

enum { START = 1 };

static struct {
  bool running, done;
  u32 index, errors;
  i32 x, y, radius; // the target
  i32 fromX, fromY;
  u32 shownAt, startedAt, finishedAt;
  u32 bits; // sum of bits a second, times 2^16
  u32 random;
} task = {.random = 12345};

static Rect area(const Window *window) {
  return rect(MARGIN, AREA_TOP, window->frame.width - 2 * MARGIN, window->frame.height - AREA_TOP - MARGIN);
}

static u32 randomBelow(u32 bound) {
  task.random = task.random * 1664525 + 1013904223;
  return (task.random >> 16) % bound;
}

static void nextTarget(const Window *window) {
  static const i32 radii[] = {9, 14, 20, 28};
  Rect within = area(window);
  task.radius = radii[randomBelow(COUNT(radii))];
  i32 room = 2 * task.radius + 12;
  for (u32 tries = 0; tries < 20; tries++) {
    task.x = within.x + room / 2 + (i32)randomBelow((u32)(within.width - room));
    task.y = within.y + room / 2 + (i32)randomBelow((u32)(within.height - room));
    i32 dx = task.x - task.fromX;
    i32 dy = task.y - task.fromY;
    if (dx * dx + dy * dy > 110 * 110) break;
  }
  if (logsClicks()) serialPrint("UI target %d %d\n", window->frame.x + task.x, window->frame.y + task.y);
}

static void drawHead(Window *window) {
  Surface *surface = &window->surface;
  char text[100];
  fillRect(surface, rect(MARGIN, TITLE_HEIGHT + 8, window->frame.width - 2 * MARGIN - 96, 32), PAPER);
  if (task.running) format(text, sizeof text, "Target %u of %u   missed %u", task.index + 1, ROUND, task.errors);
  else format(text, sizeof text, "Hit %u circles, as fast as you can.", ROUND);
  drawText(surface, &fontRegular, MARGIN, TITLE_HEIGHT + 15, INK_SOFT, text);
}

static void drawResult(Window *window) {
  Surface *surface = &window->surface;
  Rect within = area(window);
  char text[100];
  u32 tenths = task.bits / ROUND * 10 >> 16;
  format(text, sizeof text, "%u.%u bit/s", tenths / 10, tenths % 10);
  Rect line = rect(within.x, within.y + within.height / 2 - 46, within.width, 40);
  drawTextCentred(surface, &fontLarge, line, INK, text);
  u32 each = (task.finishedAt - task.startedAt) / 1000 / ROUND;
  format(text, sizeof text, "%u ms a target, %u missed", each, task.errors);
  drawTextCentred(surface, &fontRegular, moved(line, 0, 40), INK_SOFT, text);
}

static void draw(Window *window) {
  Surface *surface = &window->surface;
  fillRect(surface, contentOf(window), PAPER);
  drawHead(window);
  Rect within = area(window);
  strokeRound(surface, inset(within, -1), 8, LINE, CARD);
  if (task.running) {
    fillDisc(surface, task.x * 16 + 8, task.y * 16 + 8, task.radius * 16, ACCENT, 256);
    fillDisc(surface, task.x * 16 + 8, task.y * 16 + 8, task.radius * 6, CARD, 256);
  } else if (task.done) {
    drawResult(window);
  } else {
    drawTextCentred(surface, &fontRegular, within, INK_FAINT, "Press Start.");
  }
}

static bool open(Window *window) {
  addControl(window, rect(window->frame.width - MARGIN - 84, TITLE_HEIGHT + 8, 84, 32), CONTROL_PRIMARY, START, "Start");
  task.running = false;
  return true;
}

static void control(Window *window, Control *pressed) {
  (void)pressed;
  task.running = true;
  task.done = false;
  task.index = task.errors = task.bits = 0;
  task.fromX = window->frame.width - MARGIN - 42;
  task.fromY = TITLE_HEIGHT + 24;
  task.random ^= microseconds();
  task.startedAt = task.shownAt = microseconds();
  nextTarget(window);
  redraw(window);
}

static void hit(Window *window, const PointerEvent *event) {
  i32 dx = task.x - task.fromX;
  i32 dy = task.y - task.fromY;
  u32 distance = squareRoot((u32)(dx * dx + dy * dy) << 8); // sixteenths of a pixel
  u32 difficulty = (u32)logarithm2((distance << 16) / ((u32)task.radius * 32) + 0x10000);
  u32 time = event->time - task.shownAt;
  u32 thousandths = time / 1000 ? time / 1000 : 1;
  task.bits += (difficulty >> 4) * 1000 / thousandths << 4;
  task.fromX = event->x;
  task.fromY = event->y;
  task.shownAt = event->time;
  if (++task.index < ROUND) {
    nextTarget(window);
    return;
  }
  task.running = false;
  task.done = true;
  task.finishedAt = event->time;
  u32 tenths = task.bits / ROUND * 10 >> 16;
  serialPrint("TARGETS time=%u errors=%u throughput=%u.%u\n", (task.finishedAt - task.startedAt) / 1000, task.errors, tenths / 10, tenths % 10);
}

static void pointer(Window *window, const PointerEvent *event) {
  if (!task.running || event->kind != POINTER_DOWN || event->changed != 1) return;
  i32 dx = event->x - task.x;
  i32 dy = event->y - task.y;
  if (dx * dx + dy * dy <= task.radius * task.radius) hit(window, event);
  else if (contains(area(window), event->x, event->y)) task.errors++;
  redraw(window);
}

const App targetsApp = {
    .name = "targets",
    .title = "Targets",
    .icon = &iconTargets,
    .tile = 0x2e9d5b,
    .place = {250, 110, 540, 450},
    .open = open,
    .draw = draw,
    .pointer = pointer,
    .control = control,
};

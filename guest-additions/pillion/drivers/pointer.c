// The pointer: reports of all devices in one queue, ballistics, the choice of the device, the cursor's place.
//
// Acceleration, in relative modes only and for each report and axis by itself, as systems of the 1990s did it: a report of more
// than 6 counts on an axis counts twice, one of more than 10 three times. So the way depends on speed and on the rate of reports,
// and a hand that goes out fast and comes back slowly does not come back to where the cursor was. Without acceleration a count
// is a pixel.

#include "pointer.h"

#include "../desktop/window.h"
#include "display.h"
#include "ps2.h"
#include "tandem-port.h"
#include "usb.h"

#define QUEUE_SIZE 512
#define THRESHOLD_DOUBLE 6
#define THRESHOLD_TRIPLE 10

static PointerReport queue[QUEUE_SIZE];
static volatile u32 head, tail;
static PointerState state;
static PointerSource choice; // SOURCE_NONE: automatic
static bool guestDraws, logged, truth;
static const CursorImage *toldImage;
static bool toldShown;
static i32 toldX = -1, toldY = -1;
static void (*grabber)(i32 dx, i32 dy, u32 buttons);
/** Where a device that gives places was last, while it is grabbed. */
static i32 grabX, grabY;

static const char *const names[] = {"none", "ps2", "usb-mouse", "usb-tablet", "tandem"};

const char *sourceName(PointerSource source) {
  return names[source];
}

const PointerState *pointerState(void) {
  return &state;
}

static u32 waiting(void) {
  return (head + QUEUE_SIZE - tail) % QUEUE_SIZE;
}

bool pointerHasRoom(void) {
  return waiting() < QUEUE_SIZE / 2;
}

/** Takes a later report into one that waits. */
static void merge(PointerReport *into, const PointerReport *report) {
  i32 dx = into->dx + report->dx;
  i32 dy = into->dy + report->dy;
  i32 wheel = into->wheel + report->wheel;
  *into = *report;
  into->dx = dx;
  into->dy = dy;
  into->wheel = wheel;
}

void postPointer(PointerReport *report) {
  u32 flags = disableInterrupts();
  report->time = microseconds();
  state.reports[report->source]++;
  u32 used = waiting();
  PointerReport *last = &queue[(head + QUEUE_SIZE - 1) % QUEUE_SIZE];
  bool alike = last->source == report->source && last->absolute == report->absolute && last->buttons == report->buttons;
  // While the desktop is far behind, motion is added up, so that there is room for all changes of buttons.
  if ((used > QUEUE_SIZE / 2 && alike) || used == QUEUE_SIZE - 1) {
    merge(last, report);
  } else {
    queue[head] = *report;
    head = (head + 1) % QUEUE_SIZE;
  }
  restoreInterrupts(flags);
}

void countPointerIrq(PointerSource source) {
  state.irqs[source]++;
}

bool pointerWaits(void) {
  return head != tail;
}

static i32 accelerated(i32 counts) {
  i32 size = counts < 0 ? -counts : counts;
  if (!state.acceleration) return counts;
  return size > THRESHOLD_TRIPLE ? counts * 3 : size > THRESHOLD_DOUBLE ? counts * 2 : counts;
}

/** Who draws the cursor, and which shape; tells the host when that is new. */
static void updateCursor(void) {
  state.hostDraws = state.source == SOURCE_TANDEM && !state.relative && !guestDraws && !grabber;
  setCursorDrawn(!state.hostDraws && !grabber);
  const CursorImage *image = cursorImage();
  if (state.hostDraws != toldShown || (state.hostDraws && image != toldImage)) {
    tellCursor(image, state.hostDraws);
    toldShown = state.hostDraws;
    toldImage = image;
  }
}

static void useSource(PointerSource source, bool relative) {
  if (source == state.source && relative == state.relative) return;
  bool announced = source != state.source;
  state.source = source;
  state.relative = relative;
  updateCursor();
  redrawTaskbar();
  Window *welcome = windowNamed("welcome"); // it tells how the pointer comes in
  if (welcome) redraw(welcome);
  if (announced) serialPrint("POINTER driver=%s\n", names[source]);
}

static PointerSource best(void) {
  if (choice != SOURCE_NONE) return choice;
  if (tandemGetsPointer()) return SOURCE_TANDEM;
  return usbTabletPresent() ? SOURCE_USB_TABLET : usbMousePresent() ? SOURCE_USB_MOUSE : SOURCE_PS2;
}

void choosePointerSource(void) {
  PointerSource source = best();
  bool relative = source == SOURCE_TANDEM ? tandemIsRelative() : source != SOURCE_USB_TABLET;
  useSource(source, relative);
}

void placePointer(i32 x, i32 y) {
  state.x = limit(x, 0, screen.width - 1);
  state.y = limit(y, 0, screen.height - 1);
  moveCursor(state.x, state.y);
  desktopPointer(state.x, state.y, state.buttons, 0, microseconds());
  if (state.hostDraws) tellWarp(state.x, state.y);
}

void grabPointer(void (*by)(i32 dx, i32 dy, u32 buttons)) {
  grabber = by;
  grabX = state.x;
  grabY = state.y;
  grabTandem(true);
  takeTandemEvents(); // the mode is another now
  updateCursor();
}

void ungrabPointer(void) {
  if (!grabber) return;
  grabber = NULL;
  grabTandem(false);
  takeTandemEvents();
  updateCursor();
  placePointer(state.x, state.y);
}

bool pointerIsGrabbed(void) {
  return grabber != NULL;
}

static void giveGrabber(const PointerReport *report) {
  i32 dx = report->absolute ? report->x - grabX : report->dx;
  i32 dy = report->absolute ? report->y - grabY : report->dy;
  if (report->absolute) {
    grabX = report->x;
    grabY = report->y;
  }
  state.buttons = report->buttons;
  state.last = *report;
  grabber(dx, dy, report->buttons);
}

void scalePointer(i32 oldWidth, i32 oldHeight) {
  state.x = limit(state.x * screen.width / oldWidth, 0, screen.width - 1);
  state.y = limit(state.y * screen.height / oldHeight, 0, screen.height - 1);
  moveCursor(state.x, state.y);
  if (!grabber) desktopPointer(state.x, state.y, state.buttons, 0, microseconds());
}

static void apply(const PointerReport *report) {
  if (!isChosen(report->source)) return;
  if (grabber) {
    giveGrabber(report);
    return;
  }
  // All devices are welcome, as everywhere; the one that was used last is "the" pointer.
  useSource(report->source, !report->absolute);
  i32 x = report->absolute ? report->x : state.x + accelerated(report->dx);
  i32 y = report->absolute ? report->y : state.y + accelerated(report->dy);
  state.x = limit(x, 0, screen.width - 1);
  state.y = limit(y, 0, screen.height - 1);
  state.buttons = report->buttons;
  state.wheelTotal += report->wheel;
  state.last = *report;
  desktopPointer(state.x, state.y, state.buttons, report->wheel, report->time);
  if (logged)
    serialPrint("P %u %d %d %x %d %s\n", report->time, state.x, state.y, report->buttons, report->wheel, names[report->source]);
}

void takePointer(void) {
  bool moved = pointerWaits();
  while (pointerWaits()) {
    PointerReport report = queue[tail];
    tail = (tail + 1) % QUEUE_SIZE;
    apply(&report);
  }
  resumeTandem();
  if (moved) moveCursor(state.x, state.y);
  updateCursor();
  if (truth && (state.x != toldX || state.y != toldY)) {
    toldX = state.x;
    toldY = state.y;
    tellPosition(state.x, state.y);
  }
}

void setAcceleration(bool on) {
  state.acceleration = on;
  serialPrint("ACCELERATION %s\n", on ? "on" : "off");
  Window *inspector = windowNamed("inspector"); // has a box for it
  if (inspector) redraw(inspector);
}

bool isChosen(PointerSource source) {
  return choice == SOURCE_NONE || choice == source;
}

bool setPointerChoice(const char *name) {
  PointerSource wanted = SOURCE_NONE;
  if (strcmp(name, "auto") != 0) {
    for (u32 i = SOURCE_PS2; i < SOURCE_COUNT; i++)
      if (strcmp(name, names[i]) == 0) wanted = (PointerSource)i;
    if (wanted == SOURCE_NONE) return false;
  }
  choice = wanted;
  useTandemPointer(isChosen(SOURCE_TANDEM));
  toldImage = NULL; // a new session knows nothing
  toldX = -1;
  usePs2Mouse(isChosen(SOURCE_PS2));
  useUsbPointers(isChosen(SOURCE_USB_MOUSE), isChosen(SOURCE_USB_TABLET));
  return true;
}

void setPointerLog(bool on) {
  logged = on;
}

void setGuestDraws(bool on) {
  guestDraws = on;
  toldImage = NULL;
}

void startPointer(void) {
  const char *name = option("pointer", "auto");
  if (!setPointerChoice(name)) serialPrint("UNKNOWN pointer=%s\n", name);
  state.acceleration = !optionIs("accel", "off");
  state.relative = true;
  truth = !optionIs("truth", "off");
  logged = optionIs("log", "pointer");
  guestDraws = optionIs("draw", "guest");
  setTestCursor(optionIs("cursor", "test"));
  state.x = screen.width / 2;
  state.y = screen.height / 2;
  moveCursor(state.x, state.y);
}

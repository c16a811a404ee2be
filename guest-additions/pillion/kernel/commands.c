// Commands on the serial port. Each is answered by one line or more.

#include "commands.h"

#include "../apps/apps.h"
#include "../apps/files.h"
#include "../apps/notes.h"
#include "../apps/viewer.h"
#include "../desktop/clipboard.h"
#include "../desktop/cursor.h"
#include "../desktop/window.h"
#include "../drivers/display.h"
#include "../drivers/pointer.h"
#include "../drivers/tandem-port.h"
#include "../drivers/usb.h"

typedef struct {
  const char *name;
  const char *help;
  void (*run)(const char *rest);
} Command;

static void answer(bool ok) {
  serialWrite(ok ? "OK\n" : "WHAT?\n");
}

static bool isOn(const char *rest) {
  return strcmp(rest, "on") == 0;
}

static void where(const char *rest) {
  (void)rest;
  const PointerState *pointer = pointerState();
  serialPrint("WHERE %d %d buttons=%x driver=%s\n", pointer->x, pointer->y, pointer->buttons, sourceName(pointer->source));
}

static void status(const char *rest) {
  (void)rest;
  const PointerState *pointer = pointerState();
  serialPrint("STATUS driver=%s relative=%d hostdraws=%d accel=%d keys=%u poll=%u heap=%u\n", sourceName(pointer->source), pointer->relative,
              pointer->hostDraws, pointer->acceleration, keysTyped(), usbPollInterval(), heapFree());
  for (u32 i = SOURCE_PS2; i < SOURCE_COUNT; i++)
    serialPrint("DEVICE %s reports=%u irqs=%u\n", sourceName((PointerSource)i), pointer->reports[i], pointer->irqs[i]);
}

static void acceleration(const char *rest) {
  setAcceleration(isOn(rest));
}

/** `home`, `home corner` or `home centre`. */
static void home(const char *rest) {
  bool corner = strcmp(rest, "centre") != 0;
  placePointer(corner ? 0 : screen.width / 2, corner ? 0 : screen.height / 2);
  where("");
}

static void choose(const char *rest) {
  bool known = setPointerChoice(rest);
  if (known) choosePointerSource();
  answer(known);
}

static void testCursor(const char *rest) {
  setTestCursor(strcmp(rest, "test") == 0);
  answer(true);
}

static void draw(const char *rest) {
  setGuestDraws(strcmp(rest, "guest") == 0);
  answer(true);
}

static void logging(const char *rest) {
  setPointerLog(strcmp(rest, "pointer") == 0);
  answer(true);
}

static void listWindows(const char *rest) {
  (void)rest;
  for (u32 i = 0; i < windowCount(); i++) {
    const Window *window = windowAt(i);
    serialPrint("WINDOW %s %d %d %d %d level=%d\n", window->app->name, window->frame.x, window->frame.y, window->frame.width,
                window->frame.height, windowLevel(window));
  }
  answer(true);
}

static void listControls(const char *rest) {
  const Window *window = windowNamed(rest);
  for (u32 i = 0; window && i < window->controlCount; i++) {
    const Control *control = &window->controls[i];
    if (control->hidden) continue;
    serialPrint("CONTROL %u %d %d %d %d %d %s\n", control->id, control->place.x, control->place.y, control->place.width,
                control->place.height, control->checked, control->label ? control->label : "");
  }
  answer(window != NULL);
}

static void openNamed(const char *rest) {
  Window *window = windowNamed(rest);
  answer(window && openWindow(window));
}

static void closeNamed(const char *rest) {
  Window *window = windowNamed(rest);
  if (window) closeWindow(window);
  answer(window != NULL);
}

static void tellTime(const char *rest) {
  (void)rest;
  u32 fraction;
  u32 seconds = clockSeconds(&fraction);
  Date date = readDate();
  serialPrint("TIME %04u-%02u-%02uT%02u:%02u:%02u seconds=%u.%03u set=%u\n", date.year, date.month, date.day, date.hour, date.minute,
              date.second, seconds, fraction, tandemTimesAsked());
}

static void text(const char *rest) {
  (void)rest;
  serialWrite("TEXT ");
  serialWrite(notesText());
  serialWrite("\n");
}

static void files(const char *rest) {
  (void)rest;
  printFiles();
  answer(true);
}

/** Its size, and a sum over its pixels that a test can make as well. */
static void picture(const char *rest) {
  (void)rest;
  const Picture *shown = viewerPicture();
  u32 sum = 0;
  for (u32 i = 0; i < shown->width * shown->height; i++) sum = (sum ^ shown->pixels[i]) * 0x01000193;
  serialPrint("PICTURE %u %u %08x\n", shown->width, shown->height, sum);
}

void shutDown(void) {
  serialWrite("BYE\n");
  powerOff();
}

void restart(void) {
  serialWrite("BYE\n");
  resetMachine();
}

static void quit(const char *rest) {
  (void)rest;
  shutDown();
}

static void panicNow(const char *rest) {
  if (strcmp(rest, "exception") == 0) __asm__ volatile("ud2");
  panic("Somebody asked for it.");
}

static void help(const char *rest);

/** `clip`, `clip fetch` or `clip offer`. */
static void clip(const char *rest) {
  if (strcmp(rest, "fetch") == 0) fetchClipboard();
  else if (strcmp(rest, "offer") == 0) offerClipboard();
  tellClipboard();
}

static const Command commands[] = {
    {"where", "the cursor's place", where},
    {"status", "drivers and their counts", status},
    {"accel", "on | off", acceleration},
    {"home", "corner | centre: the cursor goes there", home},
    {"pointer", "auto | ps2 | usb-mouse | usb-tablet | tandem", choose},
    {"cursor", "test | normal", testCursor},
    {"draw", "guest | host: who draws the cursor in integrated mode", draw},
    {"log", "pointer | off", logging},
    {"windows", "names, places and order", listWindows},
    {"controls", "WINDOW: its buttons", listControls},
    {"open", "WINDOW", openNamed},
    {"close", "WINDOW", closeNamed},
    {"time", "local time, and how often it was set by the host's", tellTime},
    {"text", "what stands in the notes", text},
    {"files", "what the Files window shows: places, kinds, sizes, names", files},
    {"picture", "size of the picture that is shown, and a check sum", picture},
    {"clip", "fetch | offer: what the host has on its clipboard; the same as ours", clip},
    {"look", "start | stop: the window that grabs the pointer; says where it looks", lookCommand},
    {"quit", "switches off", quit},
    {"panic", "the last screen; exception: by an exception", panicNow},
    {"help", "this", help},
};

static void help(const char *rest) {
  (void)rest;
  for (u32 i = 0; i < COUNT(commands); i++) serialPrint("%s %s\n", commands[i].name, commands[i].help);
}

void runCommand(const char *line) {
  for (u32 i = 0; i < COUNT(commands); i++) {
    size_t length = strlen(commands[i].name);
    if (!startsWith(line, commands[i].name) || (line[length] && line[length] != ' ')) continue;
    commands[i].run(line[length] ? line + length + 1 : "");
    return;
  }
  answer(false);
}

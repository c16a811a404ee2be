// The pointer, by /dev/uinput: a tablet while the host's cursor is the guest's, a mouse while the host has captured it.
//
// Button changes are kept in order by the port: each latch has at most one, with the place where it happened. A button that is held
// when the device changes is let go on the one and pressed on the other.

#include "pointer.h"
#include "../lib/text.h"
#include "port.h"

#define UI_SET_EVBIT 0x40045564
#define UI_SET_KEYBIT 0x40045565
#define UI_SET_RELBIT 0x40045566
#define UI_SET_ABSBIT 0x40045567
#define UI_DEV_SETUP 0x405c5503
#define UI_ABS_SETUP 0x401c5504
#define UI_DEV_CREATE 0x5501
#define EV_SYN 0
#define EV_KEY 1
#define EV_REL 2
#define EV_ABS 3
#define SYN_REPORT 0
#define REL_X 0
#define REL_Y 1
#define REL_HWHEEL 6
#define REL_WHEEL 8
#define REL_WHEEL_HIGH_RESOLUTION 11
#define REL_HWHEEL_HIGH_RESOLUTION 12
#define ABS_X 0
#define ABS_Y 1
#define ABS_LAST 0xffff
#define BTN_LEFT 0x110
#define BUTTONS 5
#define BUTTON_MASK 0x1f
/** Of a wheel's notch. */
#define HIGH_RESOLUTION 120
#define BUS_VIRTUAL 6

struct Setup {
  u16 bus, vendor, product, version;
  char name[80];
  u32 effects;
};

struct AbsoluteSetup {
  u16 code, unused;
  i32 value, least, most, fuzz, flat, resolution;
};

struct InputEvent {
  u32 seconds, microseconds; // the kernel's own
  u16 type, code;
  i32 value;
};

#define EVENTS_MAX 16
#define STATES_AT_ONCE 8
#define PAUSE_NANOSECONDS 2000000

typedef struct {
  i32 file;
  u32 held; // buttons
  struct InputEvent events[EVENTS_MAX];
  u32 count;
} Device;

static Device tablet, mouse;
static u16 lastX, lastY;

static void post(Device *device, u16 type, u16 code, i32 value) {
  device->events[device->count++] = (struct InputEvent){0, 0, type, code, value};
}

static void flush(Device *device) {
  if (!device->count) return;
  post(device, EV_SYN, SYN_REPORT, 0);
  writeFile(device->file, device->events, device->count * sizeof *device->events);
  device->count = 0;
}

/** Left, right, middle, side, extra: as the port has them. */
static void postButtons(Device *device, u32 buttons) {
  u32 changed = device->held ^ buttons;
  for (u16 i = 0; i < BUTTONS; i++)
    if (changed >> i & 1) post(device, EV_KEY, BTN_LEFT + i, buttons >> i & 1);
  device->held = buttons;
}

static void postWheel(Device *device, u16 code, u16 highResolution, i32 notches) {
  if (!notches) return;
  post(device, EV_REL, code, notches);
  post(device, EV_REL, highResolution, notches * HIGH_RESOLUTION);
}

static u16 portRead(u32 offset) {
  return in16(TANDEM_ISA_BASE + offset);
}

/** What is held on the one goes on on the other, before anything else happens there: the state may tell of the button that was let go. */
static void carry(Device *from, Device *to) {
  if (!from->held) return;
  postButtons(to, from->held);
  postButtons(from, 0);
  flush(from);
  flush(to);
}

/** Takes one state of the port. Returns whether there are more. */
static bool takeState(void) {
  portRead(TANDEM_REGISTER_POINTER_SEQUENCE); // latches the rest
  u16 state = portRead(TANDEM_REGISTER_POINTER_BUTTONS);
  bool relative = state & TANDEM_POINTER_STATE_RELATIVE;
  Device *device = relative ? &mouse : &tablet, *other = relative ? &tablet : &mouse;
  carry(other, device);
  if (relative) {
    i16 x = (i16)portRead(TANDEM_REGISTER_POINTER_DELTA_X), y = (i16)portRead(TANDEM_REGISTER_POINTER_DELTA_Y);
    if (x) post(device, EV_REL, REL_X, x);
    if (y) post(device, EV_REL, REL_Y, y);
  } else if (state & TANDEM_POINTER_STATE_ABSOLUTE) {
    u16 x = portRead(TANDEM_REGISTER_POINTER_X), y = portRead(TANDEM_REGISTER_POINTER_Y);
    if (x != lastX) post(device, EV_ABS, ABS_X, x);
    if (y != lastY) post(device, EV_ABS, ABS_Y, y);
    lastX = x;
    lastY = y;
  }
  u16 wheel = portRead(TANDEM_REGISTER_POINTER_WHEEL);
  // Linux counts a wheel away from the user.
  postWheel(device, REL_WHEEL, REL_WHEEL_HIGH_RESOLUTION, -(i8)(wheel & 0xff));
  postWheel(device, REL_HWHEEL, REL_HWHEEL_HIGH_RESOLUTION, (i8)(wheel >> 8));
  postButtons(device, state & BUTTON_MASK);
  flush(device);
  return state & TANDEM_POINTER_STATE_MORE;
}

/** Who reads the device has a short queue, and is given the time to empty it. Nobody clicks that fast, but a busy guest falls behind. */
static void takeStates(void) {
  static const u32 pause[2] = {0, PAUSE_NANOSECONDS};
  for (u32 count = 1; takeState(); count++)
    if (count % STATES_AT_ONCE == 0) syscall3(SYS_NANOSLEEP, (u32)pause, 0, 0);
}

static bool openDevice(Device *device, const char *name, bool isTablet) {
  device->file = openFile("/dev/uinput", O_WRONLY | O_NONBLOCK);
  if (device->file < 0) return false;
#define SET(what, value) syscall3(SYS_IOCTL, (u32)device->file, what, value)
  SET(UI_SET_EVBIT, EV_KEY);
  SET(UI_SET_EVBIT, EV_REL);
  for (u32 i = 0; i < BUTTONS; i++) SET(UI_SET_KEYBIT, BTN_LEFT + i);
  SET(UI_SET_RELBIT, REL_WHEEL);
  SET(UI_SET_RELBIT, REL_WHEEL_HIGH_RESOLUTION);
  SET(UI_SET_RELBIT, REL_HWHEEL);
  SET(UI_SET_RELBIT, REL_HWHEEL_HIGH_RESOLUTION);
  if (isTablet) {
    SET(UI_SET_EVBIT, EV_ABS);
    for (u16 axis = ABS_X; axis <= ABS_Y; axis++) {
      struct AbsoluteSetup setup = {.code = axis, .most = ABS_LAST};
      SET(UI_SET_ABSBIT, axis);
      SET(UI_ABS_SETUP, (u32)&setup);
    }
  } else {
    SET(UI_SET_RELBIT, REL_X);
    SET(UI_SET_RELBIT, REL_Y);
  }
  struct Setup setup = {.bus = BUS_VIRTUAL, .vendor = TANDEM_PCI_VENDOR, .product = TANDEM_PCI_DEVICE, .version = isTablet + 1};
  put(setup.name, name);
  SET(UI_DEV_SETUP, (u32)&setup);
  return SET(UI_DEV_CREATE, 0) >= 0;
#undef SET
}

static const Service service = {.features = TANDEM_FEATURE_POINTER, .pointer = takeStates};

void pointerOpen(void) {
  if (openDevice(&tablet, "Tandem Tablet", true) && openDevice(&mouse, "Tandem Mouse", false)) portAdd(&service);
}

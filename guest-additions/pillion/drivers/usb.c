// USB devices: reset, address, descriptors, configuration (USB 1.1, chapter 9), then a mouse, a tablet or a keyboard.
//
// Everything goes in small steps from the main loop, so that the desktop never waits. Ports are looked at four times a second:
// UHCI has no interrupt for them. The interrupt endpoint is polled at the largest power of two that the descriptor's interval
// allows, as real systems do: 10 ms becomes 8.
//
// Not implemented: hubs, devices with several interfaces (the first HID interface is used), other classes.

#include "usb.h"

#include "display.h"
#include "hid.h"
#include "keyboard.h"
#include "pointer.h"
#include "uhci.h"

#define DEBOUNCE_TIME 40 // milliseconds
#define RESET_TIME 50
#define RECOVERY_TIME 12
#define TRANSFER_TIME 1000
#define DESCRIPTOR_MAX 256
#define REPEAT_DELAY 450
#define REPEAT_INTERVAL 40
#define ROLLOVER 6

#define REQUEST_GET_DESCRIPTOR 6
#define REQUEST_SET_ADDRESS 5
#define REQUEST_SET_CONFIGURATION 9
#define REQUEST_SET_IDLE 10
#define REQUEST_SET_PROTOCOL 11
#define TO_DEVICE 0x00
#define FROM_DEVICE 0x80
#define FROM_INTERFACE 0x81
#define CLASS_TO_INTERFACE 0x21
#define DESCRIPTOR_DEVICE 1
#define DESCRIPTOR_CONFIGURATION 2
#define DESCRIPTOR_INTERFACE 4
#define DESCRIPTOR_ENDPOINT 5
#define DESCRIPTOR_HID 0x21
#define DESCRIPTOR_REPORT 0x22
#define CLASS_HID 3
#define PROTOCOL_KEYBOARD 1
#define SUBCLASS_BOOT 1

typedef enum {
  STAGE_EMPTY,
  STAGE_DEBOUNCE,
  STAGE_RESET,
  STAGE_RECOVERY,
  STAGE_FIRST_DESCRIPTOR, // from here on: a control transfer is under way
  STAGE_ADDRESS,
  STAGE_ADDRESS_SETTLES,
  STAGE_DEVICE_DESCRIPTOR,
  STAGE_CONFIGURATION_SIZE,
  STAGE_CONFIGURATION,
  STAGE_REPORT_DESCRIPTOR,
  STAGE_CONFIGURE,
  STAGE_PROTOCOL,
  STAGE_IDLE,
  STAGE_READY,
  STAGE_IGNORED, // not ours, not wanted, or broken
} Stage;

typedef enum { KIND_NONE, KIND_MOUSE, KIND_TABLET, KIND_KEYBOARD } Kind;

typedef struct {
  Stage stage;
  u32 due; // milliseconds: when the stage ends, or a transfer has taken too long
  bool lowSpeed;
  u8 address, maxPacket, configuration, interface, subclass, protocol, endpoint, reportSize;
  u16 reportDescriptorSize;
  u32 interval;
  Kind kind;
  HidPointer pointer;
  u8 keys[ROLLOVER], modifiers;
} UsbDevice;

static UsbDevice devices[USB_PORTS];
static UsbDevice *current; // being set up; one at a time
static u8 data[DESCRIPTOR_MAX] __attribute__((aligned(16)));
static bool present, running;
static bool wantsMouse = true, wantsTablet = true;
static volatile bool lookAtPorts;
static u8 repeating;
static u32 repeatAt;

static u32 portOf(const UsbDevice *device) {
  return (u32)(device - devices);
}

// ---- reports, in the interrupt ----

static void takePointerReport(UsbDevice *device, const u8 *report, u32 length) {
  const HidPointer *layout = &device->pointer;
  if (layout->reportId && report[0] != layout->reportId) return;
  bool absolute = !layout->x.relative;
  i32 x = hidValue(&layout->x, report, length);
  i32 y = hidValue(&layout->y, report, length);
  PointerReport taken = {
      .source = absolute ? SOURCE_USB_TABLET : SOURCE_USB_MOUSE,
      .absolute = absolute,
      .buttons = hidButtons(layout, report, length),
      .wheel = -hidValue(&layout->wheel, report, length), // HID: away from the user is positive
  };
  if (absolute) {
    // The device's last value is the last pixel, rounded to the nearest.
    i32 rangeX = layout->x.maximum - layout->x.minimum;
    i32 rangeY = layout->y.maximum - layout->y.minimum;
    taken.rawX = x;
    taken.rawY = y;
    taken.x = rangeX > 0 ? ((x - layout->x.minimum) * (screen.width - 1) + rangeX / 2) / rangeX : 0;
    taken.y = rangeY > 0 ? ((y - layout->y.minimum) * (screen.height - 1) + rangeY / 2) / rangeY : 0;
  } else {
    taken.dx = x;
    taken.dy = y;
  }
  countPointerIrq(taken.source);
  postPointer(&taken);
}

static bool holds(const u8 *keys, u8 key) {
  for (u32 i = 0; i < ROLLOVER; i++)
    if (keys[i] == key) return true;
  return false;
}

static void takeKeys(UsbDevice *device, const u8 *report, u32 length) {
  if (length < 2 + ROLLOVER) return;
  const u8 *keys = report + 2;
  if (keys[0] == 1) return; // too many keys at once
  u8 changedModifiers = report[0] ^ device->modifiers;
  for (u32 bit = 0; bit < 8; bit++)
    if (changedModifiers >> bit & 1) postKey((u8)(KEY_CONTROL_LEFT + bit), report[0] >> bit & 1);
  for (u32 i = 0; i < ROLLOVER; i++) {
    u8 key = device->keys[i];
    if (key > 3 && !holds(keys, key)) {
      postKey(key, false);
      if (key == repeating) repeating = 0;
    }
  }
  for (u32 i = 0; i < ROLLOVER; i++) {
    if (keys[i] <= 3 || holds(device->keys, keys[i])) continue;
    postKey(keys[i], true);
    repeating = keys[i];
    repeatAt = milliseconds() + REPEAT_DELAY;
  }
  device->modifiers = report[0];
  memcpy(device->keys, keys, ROLLOVER);
}

static void takeReport(u32 port, const u8 *report, i32 length) {
  UsbDevice *device = &devices[port];
  if (length < 0) {
    lookAtPorts = true;
  } else if (device->kind == KIND_KEYBOARD) {
    takeKeys(device, report, (u32)length);
  } else {
    takePointerReport(device, report, (u32)length);
  }
}

// ---- setting a device up ----

static void request(UsbDevice *device, Stage stage, SetupPacket setup) {
  device->stage = stage;
  device->due = milliseconds() + TRANSFER_TIME;
  if (setup.length > sizeof data) setup.length = sizeof data;
  u8 address = stage > STAGE_ADDRESS ? device->address : 0;
  startControl(address, device->lowSpeed, device->maxPacket, &setup, data);
}

static void getDescriptor(UsbDevice *device, Stage stage, u8 type, u16 length) {
  request(device, stage, (SetupPacket){FROM_DEVICE, REQUEST_GET_DESCRIPTOR, (u16)(type << 8), 0, length});
}

static void finish(UsbDevice *device, Stage stage) {
  device->stage = stage;
  current = NULL;
}

static bool isWanted(Kind kind) {
  return kind == KIND_KEYBOARD || (kind == KIND_MOUSE && wantsMouse) || (kind == KIND_TABLET && wantsTablet);
}

/** The first HID interface and its endpoint for reports. */
static bool readConfiguration(UsbDevice *device, u32 length) {
  bool inside = false;
  device->configuration = data[5];
  for (u32 at = 0; at + 2 <= length && data[at] >= 2; at += data[at]) {
    const u8 *descriptor = data + at;
    if (at + descriptor[0] > length) break;
    if (descriptor[1] == DESCRIPTOR_INTERFACE && descriptor[0] >= 9) {
      if (inside) break;
      inside = descriptor[5] == CLASS_HID;
      device->interface = descriptor[2];
      device->subclass = descriptor[6];
      device->protocol = descriptor[7];
    } else if (inside && descriptor[1] == DESCRIPTOR_HID && descriptor[0] >= 9) {
      device->reportDescriptorSize = (u16)(descriptor[7] | descriptor[8] << 8);
    } else if (inside && descriptor[1] == DESCRIPTOR_ENDPOINT && descriptor[0] >= 7) {
      bool interruptIn = (descriptor[2] & 0x80) && (descriptor[3] & 3) == 3;
      if (!interruptIn || device->endpoint) continue;
      device->endpoint = descriptor[2] & 0x0f;
      device->reportSize = descriptor[4];
      device->interval = descriptor[6] ? descriptor[6] : 1;
    }
  }
  return inside && device->endpoint && device->reportSize;
}

static void start(UsbDevice *device) {
  u32 interval = 1;
  while (interval * 2 <= device->interval && interval < 32) interval *= 2;
  device->interval = interval;
  finish(device, STAGE_READY);
  openPipe(portOf(device), device->address, device->lowSpeed, device->endpoint, device->reportSize, interval);
  static const char *const names[] = {"device", "mouse", "tablet", "keyboard"};
  serialPrint("USB %s at port %u, every %u ms\n", names[device->kind], portOf(device) + 1, interval);
  choosePointerSource();
}

/** The transfer of a stage has ended: the next stage begins. */
static void advance(UsbDevice *device, bool succeeded) {
  // A device need not know these two requests.
  bool mayFail = device->stage == STAGE_PROTOCOL || device->stage == STAGE_IDLE;
  if (!succeeded && !mayFail) {
    serialPrint("USB device at port %u does not answer (stage %u)\n", portOf(device) + 1, device->stage);
    finish(device, STAGE_IGNORED);
    return;
  }
  u32 length = controlLength();
  switch (device->stage) {
    case STAGE_FIRST_DESCRIPTOR:
      device->maxPacket = data[7] >= 8 && data[7] <= 64 ? data[7] : 8;
      request(device, STAGE_ADDRESS, (SetupPacket){TO_DEVICE, REQUEST_SET_ADDRESS, device->address, 0, 0});
      break;
    case STAGE_ADDRESS:
      device->stage = STAGE_ADDRESS_SETTLES;
      device->due = milliseconds() + 3;
      break;
    case STAGE_DEVICE_DESCRIPTOR:
      getDescriptor(device, STAGE_CONFIGURATION_SIZE, DESCRIPTOR_CONFIGURATION, 9);
      break;
    case STAGE_CONFIGURATION_SIZE:
      getDescriptor(device, STAGE_CONFIGURATION, DESCRIPTOR_CONFIGURATION, (u16)(data[2] | data[3] << 8));
      break;
    case STAGE_CONFIGURATION:
      if (!readConfiguration(device, length)) {
        finish(device, STAGE_IGNORED);
        break;
      }
      request(device, STAGE_REPORT_DESCRIPTOR,
              (SetupPacket){FROM_INTERFACE, REQUEST_GET_DESCRIPTOR, DESCRIPTOR_REPORT << 8, device->interface, device->reportDescriptorSize});
      break;
    case STAGE_REPORT_DESCRIPTOR: {
      bool isPointer = parsePointerDescriptor(data, length, &device->pointer);
      if (device->subclass == SUBCLASS_BOOT && device->protocol == PROTOCOL_KEYBOARD) device->kind = KIND_KEYBOARD;
      else if (isPointer) device->kind = device->pointer.x.relative ? KIND_MOUSE : KIND_TABLET;
      if (!isWanted(device->kind)) {
        finish(device, STAGE_IGNORED);
        break;
      }
      request(device, STAGE_CONFIGURE, (SetupPacket){TO_DEVICE, REQUEST_SET_CONFIGURATION, device->configuration, 0, 0});
      break;
    }
    case STAGE_CONFIGURE:
      if (device->subclass == SUBCLASS_BOOT) {
        // A keyboard's boot reports are known; a mouse's reports are as its descriptor says.
        u16 protocol = device->kind == KIND_KEYBOARD ? 0 : 1;
        request(device, STAGE_PROTOCOL, (SetupPacket){CLASS_TO_INTERFACE, REQUEST_SET_PROTOCOL, protocol, device->interface, 0});
        break;
      }
      // fall through
    case STAGE_PROTOCOL:
      request(device, STAGE_IDLE, (SetupPacket){CLASS_TO_INTERFACE, REQUEST_SET_IDLE, 0, device->interface, 0});
      break;
    case STAGE_IDLE:
      start(device);
      break;
    default:
      break;
  }
}

static void step(UsbDevice *device) {
  u32 now = milliseconds();
  bool due = (i32)(now - device->due) >= 0;
  u32 port = portOf(device);
  switch (device->stage) {
    case STAGE_EMPTY:
    case STAGE_READY:
    case STAGE_IGNORED:
      break;
    case STAGE_DEBOUNCE:
      if (!due || current) break;
      current = device;
      uhciSetReset(port, true);
      device->stage = STAGE_RESET;
      device->due = now + RESET_TIME;
      break;
    case STAGE_RESET:
      if (!due) break;
      uhciSetReset(port, false);
      for (u32 since = microseconds(); microseconds() - since < 20;) {
      }
      uhciEnablePort(port);
      device->stage = STAGE_RECOVERY;
      device->due = now + RECOVERY_TIME;
      break;
    case STAGE_RECOVERY:
      if (!due) break;
      uhciAcknowledgeChange(port);
      uhciEnablePort(port);
      device->lowSpeed = (uhciPort(port) & PORT_LOW_SPEED) != 0;
      device->maxPacket = 8;
      getDescriptor(device, STAGE_FIRST_DESCRIPTOR, DESCRIPTOR_DEVICE, 8);
      break;
    case STAGE_ADDRESS_SETTLES:
      if (due) getDescriptor(device, STAGE_DEVICE_DESCRIPTOR, DESCRIPTOR_DEVICE, 18);
      break;
    default: {
      TransferState state = controlState();
      if (state == TRANSFER_PENDING && due) cancelControl();
      if (state != TRANSFER_PENDING || due) advance(device, state == TRANSFER_DONE);
      break;
    }
  }
}

static void plugIn(UsbDevice *device) {
  u8 address = (u8)(portOf(device) + 1);
  *device = (UsbDevice){.stage = STAGE_DEBOUNCE, .due = milliseconds() + DEBOUNCE_TIME, .address = address};
}

static void takeOut(UsbDevice *device) {
  if (device->stage == STAGE_READY) {
    closePipe(portOf(device));
    if (device->kind == KIND_KEYBOARD) {
      repeating = 0;
      for (u32 i = 0; i < ROLLOVER; i++)
        if (device->keys[i] > 3) postKey(device->keys[i], false);
      for (u32 bit = 0; bit < 8; bit++)
        if (device->modifiers >> bit & 1) postKey((u8)(KEY_CONTROL_LEFT + bit), false);
    }
    serialPrint("USB device at port %u is gone\n", portOf(device) + 1);
  }
  if (current == device) {
    cancelControl();
    current = NULL;
  }
  device->stage = STAGE_EMPTY;
  device->kind = KIND_NONE;
  choosePointerSource();
}

void pollUsbPorts(void) {
  if (!present) return;
  lookAtPorts = false;
  bool anybody = false;
  for (u32 port = 0; port < USB_PORTS; port++) {
    UsbDevice *device = &devices[port];
    u16 status = uhciPort(port);
    bool connected = status & PORT_CONNECTED;
    bool isReset = device->stage == STAGE_RESET;
    if (status & PORT_CHANGED) uhciAcknowledgeChange(port);
    if (device->stage != STAGE_EMPTY && (!connected || ((status & PORT_CHANGED) && !isReset))) takeOut(device);
    if (device->stage == STAGE_EMPTY && connected) plugIn(device);
    anybody = anybody || device->stage != STAGE_EMPTY;
  }
  if (anybody != running) {
    running = anybody;
    runUhci(running);
  }
}

static void repeatKey(void) {
  u8 key = repeating;
  if (key && (i32)(milliseconds() - repeatAt) >= 0) {
    postKey(key, true);
    repeatAt = milliseconds() + REPEAT_INTERVAL;
  }
  needTicks(TICK_KEYS, key != 0);
}

void updateUsb(void) {
  if (!present) return;
  if (lookAtPorts) pollUsbPorts();
  bool busy = false;
  for (u32 port = 0; port < USB_PORTS; port++) {
    step(&devices[port]);
    busy = busy || (devices[port].stage > STAGE_EMPTY && devices[port].stage < STAGE_READY);
  }
  needTicks(TICK_USB, busy);
  repeatKey();
}

void useUsbPointers(bool mouse, bool tablet) {
  if (mouse == wantsMouse && tablet == wantsTablet) return;
  wantsMouse = mouse;
  wantsTablet = tablet;
  // What is plugged in is looked at anew; a device that is not wanted any more loses its configuration by a reset.
  for (u32 port = 0; port < USB_PORTS; port++) {
    UsbDevice *device = &devices[port];
    if (device->stage == STAGE_EMPTY || device->kind == KIND_KEYBOARD) continue;
    takeOut(device);
  }
  if (present) pollUsbPorts();
}

void startUsb(void) {
  present = startUhci(takeReport);
  pollUsbPorts();
}

static UsbDevice *find(Kind kind) {
  for (u32 port = 0; port < USB_PORTS; port++)
    if (devices[port].stage == STAGE_READY && devices[port].kind == kind) return &devices[port];
  return NULL;
}

bool usbMousePresent(void) {
  return find(KIND_MOUSE) != NULL;
}
bool usbTabletPresent(void) {
  return find(KIND_TABLET) != NULL;
}

u32 usbPollInterval(void) {
  UsbDevice *device = find(KIND_TABLET);
  if (!device) device = find(KIND_MOUSE);
  return device ? device->interval : 0;
}

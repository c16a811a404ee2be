// 8042 controller with a keyboard (scan code set 1, as the controller translates it) and a mouse: standard, IntelliMouse (wheel)
// or Explorer (five buttons, two wheels), whichever the mouse lets itself be switched to.

#include "ps2.h"

#include "keyboard.h"
#include "pointer.h"

#define DATA 0x60
#define COMMAND 0x64
#define STATUS_OUTPUT 0x01
#define STATUS_INPUT 0x02
#define STATUS_MOUSE 0x20

#define READ_MODE 0x20
#define WRITE_MODE 0x60
#define ENABLE_KEYBOARD 0xae
#define ENABLE_MOUSE 0xa8
#define WRITE_MOUSE 0xd4
#define MODE_KEYBOARD_IRQ 0x01
#define MODE_MOUSE_IRQ 0x02
#define MODE_KEYBOARD_OFF 0x10
#define MODE_MOUSE_OFF 0x20
#define MODE_TRANSLATE 0x40

#define KEYBOARD_ENABLE 0xf4
#define MOUSE_SET_DEFAULTS 0xf6
#define MOUSE_ENABLE 0xf4
#define MOUSE_DISABLE 0xf5
#define MOUSE_RATE 0xf3
#define MOUSE_ID 0xf2
#define ACKNOWLEDGE 0xfa
#define ID_WHEEL 3
#define ID_EXPLORER 4

#define PACKET_ALWAYS 0x08
#define PACKET_X_SIGN 0x10
#define PACKET_Y_SIGN 0x20
#define PACKET_HORIZONTAL 0xc0 // in the fourth byte of an Explorer: what is not the vertical wheel

#define IRQ_KEYBOARD 1
#define IRQ_MOUSE 12
/** Microseconds that an answer may take. */
#define PATIENCE 25000
/** A packet's bytes follow each other within this time; a later one begins a new packet. */
#define PACKET_GAP 500000

static bool mousePresent, mouseWanted, mouseEnabled;
static u8 mouseId;
static u8 packet[4];
static u32 packetLength, packetTime;
static bool extended;

/** Set 1 codes to usages; second table: after E0h. */
static const u8 usages[0x60] = {
    0x00, 0x29, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2d, 0x2e, 0x2a, 0x2b, // Esc 1 .. Tab
    0x14, 0x1a, 0x08, 0x15, 0x17, 0x1c, 0x18, 0x0c, 0x12, 0x13, 0x2f, 0x30, 0x28, 0xe0, 0x04, 0x16, // Q .. S
    0x07, 0x09, 0x0a, 0x0b, 0x0d, 0x0e, 0x0f, 0x33, 0x34, 0x35, 0xe1, 0x31, 0x1d, 0x1b, 0x06, 0x19, // D .. V
    0x05, 0x11, 0x10, 0x36, 0x37, 0x38, 0xe5, 0x55, 0xe2, 0x2c, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, // B .. F5
    0x3f, 0x40, 0x41, 0x42, 0x43, 0x53, 0x47, 0x5f, 0x60, 0x61, 0x56, 0x5c, 0x5d, 0x5e, 0x57, 0x59, // F6 .. keypad 1
    0x5a, 0x5b, 0x62, 0x63, 0x00, 0x00, 0x64, 0x44, 0x45};
static const u8 usagesExtended[0x60] = {
    [0x1c] = 0x58, [0x1d] = 0xe4, [0x35] = 0x54, [0x38] = 0xe6, [0x47] = 0x4a, [0x48] = 0x52,
    [0x49] = 0x4b, [0x4b] = 0x50, [0x4d] = 0x4f, [0x4f] = 0x4d, [0x50] = 0x51, [0x51] = 0x4e,
    [0x52] = 0x49, [0x53] = 0x4c, [0x5b] = 0xe3, [0x5c] = 0xe7, [0x5d] = 0x65};

static bool waitToWrite(void) {
  u32 since = microseconds();
  while (in8(COMMAND) & STATUS_INPUT)
    if (microseconds() - since > PATIENCE) return false;
  return true;
}

/** -1 when nothing comes. */
static i32 waitToRead(void) {
  u32 since = microseconds();
  while (!(in8(COMMAND) & STATUS_OUTPUT))
    if (microseconds() - since > PATIENCE) return -1;
  return in8(DATA);
}

static void command(u8 value) {
  if (waitToWrite()) out8(COMMAND, value);
}

static void write(u8 value) {
  if (waitToWrite()) out8(DATA, value);
}

static void drain(void) {
  for (u32 i = 0; i < 64 && (in8(COMMAND) & STATUS_OUTPUT); i++) in8(DATA);
}

/** Sends a byte to the mouse; whether it has acknowledged it. */
static bool tellMouse(u8 value) {
  command(WRITE_MOUSE);
  write(value);
  for (u32 i = 0; i < 8; i++) {
    i32 answer = waitToRead();
    if (answer == ACKNOWLEDGE) return true;
    if (answer < 0) return false;
  }
  return false;
}

static u8 identify(u8 first, u8 second, u8 third) {
  u8 rates[] = {first, second, third};
  for (u32 i = 0; i < COUNT(rates); i++)
    if (!tellMouse(MOUSE_RATE) || !tellMouse(rates[i])) return 0;
  if (!tellMouse(MOUSE_ID)) return 0;
  i32 id = waitToRead();
  return id < 0 ? 0 : (u8)id;
}

static void takePacket(void) {
  PointerReport report = {.source = SOURCE_PS2, .buttons = packet[0] & 7};
  report.dx = packet[1] - (packet[0] & PACKET_X_SIGN ? 256 : 0);
  report.dy = -(packet[2] - (packet[0] & PACKET_Y_SIGN ? 256 : 0));
  if (mouseId == ID_WHEEL) {
    report.wheel = (i8)packet[3];
  } else if (mouseId == ID_EXPLORER && !(packet[3] & PACKET_HORIZONTAL)) {
    report.wheel = (i8)(packet[3] << 4) >> 4;
    report.buttons |= packet[3] >> 1 & 0x18;
  }
  postPointer(&report);
}

static void takeMouseByte(u8 value) {
  u32 now = microseconds();
  if (packetLength && now - packetTime > PACKET_GAP) packetLength = 0;
  packetTime = now;
  // Out of step: the first byte of a packet has this bit.
  if (packetLength == 0 && !(value & PACKET_ALWAYS)) return;
  packet[packetLength++] = value;
  if (packetLength < (mouseId == ID_WHEEL || mouseId == ID_EXPLORER ? 4u : 3u)) return;
  packetLength = 0;
  takePacket();
}

static void takeKeyboardByte(u8 value) {
  if (value == 0xe0) {
    extended = true;
    return;
  }
  const u8 *table = extended ? usagesExtended : usages;
  extended = false;
  u8 code = value & 0x7f;
  if (code < sizeof usages && table[code]) postKey(table[code], !(value & 0x80));
}

static void take(void) {
  u8 status = in8(COMMAND);
  if (!(status & STATUS_OUTPUT)) return;
  u8 value = in8(DATA);
  if (status & STATUS_MOUSE) takeMouseByte(value);
  else takeKeyboardByte(value);
}

static void mouseIrq(void) {
  countPointerIrq(SOURCE_PS2);
  take();
}

void usePs2Mouse(bool use) {
  mouseWanted = use;
  if (!mousePresent || use == mouseEnabled) return;
  u32 flags = disableInterrupts();
  tellMouse(use ? MOUSE_ENABLE : MOUSE_DISABLE);
  mouseEnabled = use;
  packetLength = 0;
  restoreInterrupts(flags);
}

void startPs2(void) {
  if (in8(COMMAND) == 0xff) return;
  drain();
  command(READ_MODE);
  i32 mode = waitToRead();
  if (mode < 0) return;
  mode &= ~(MODE_KEYBOARD_IRQ | MODE_MOUSE_IRQ | MODE_KEYBOARD_OFF);
  mode |= MODE_TRANSLATE;
  // Some firmware leaves the keyboard switched off.
  command(ENABLE_KEYBOARD);
  write(KEYBOARD_ENABLE);
  waitToRead();
  // It is quiet while answers of the mouse are awaited.
  command(WRITE_MODE);
  write((u8)mode | MODE_KEYBOARD_OFF);
  command(ENABLE_MOUSE);
  mode &= ~MODE_MOUSE_OFF;
  mousePresent = tellMouse(MOUSE_SET_DEFAULTS);
  if (mousePresent) {
    mouseId = identify(200, 100, 80);
    if (mouseId == ID_WHEEL && identify(200, 200, 80) == ID_EXPLORER) mouseId = ID_EXPLORER;
    tellMouse(MOUSE_RATE);
    tellMouse(100);
    usePs2Mouse(mouseWanted);
    mode |= MODE_MOUSE_IRQ;
    onIrq(IRQ_MOUSE, mouseIrq);
  }
  drain();
  command(WRITE_MODE);
  write((u8)mode | MODE_KEYBOARD_IRQ);
  onIrq(IRQ_KEYBOARD, take);
}

// One connection to an X server, without Xlib.

#include "x.h"
#include "../lib/text.h"

#define SOCK_STREAM 1
#define SOCKET_PATH "/tmp/.X11-unix/X"

#define OP_CREATE_WINDOW 1
#define OP_CHANGE_ATTRIBUTES 2
#define OP_INTERN_ATOM 16
#define OP_CHANGE_PROPERTY 18
#define OP_GET_PROPERTY 20
#define OP_SET_OWNER 22
#define OP_GET_OWNER 23
#define OP_CONVERT 24
#define OP_SEND_EVENT 25
#define OP_QUERY_EXTENSION 98
#define OP_GET_KEYBOARD_MAPPING 101

#define FIXES_VERSION 0
#define FIXES_SELECT_SELECTION 2
#define FIXES_SELECT_CURSOR 3
#define FIXES_GET_CURSOR 4
#define FIXES_HIDE_CURSOR 29
#define FIXES_SHOW_CURSOR 30
/** Since this one cursors can be hidden. */
#define FIXES_MAJOR_MIN 4
#define FIXES_MAJOR 5
#define SELECTION_MASK_ALL 7 // a new owner, the owner's window destroyed, the owner's connection closed
#define CURSOR_MASK_DISPLAY 1

#define TEST_FAKE_INPUT 2
#define KEY_PRESS 2
#define KEY_RELEASE 3
#define KEYSYM_SHIFT_LEFT 0xffe1

#define REPLACE 0
#define APPEND 2
#define ANY_TYPE 0
#define INPUT_ONLY 2
#define ATTRIBUTE_EVENT_MASK 0x800
#define MASK_STRUCTURE 0x20000
#define MASK_PROPERTY_CHANGE 0x400000

#define BYTE_ORDER_LITTLE 'l'
#define PROTOCOL_MAJOR 11
#define COOKIE_NAME "MIT-MAGIC-COOKIE-1"
#define COOKIE_SIZE 16
/** Families of addresses in the file of cookies. */
#define FAMILY_LOCAL 256
#define FAMILY_WILD 65535

/** Of the reply that comes when a connection is accepted, behind its first 8 bytes. */
#define SETUP_RESOURCE_BASE 4
#define SETUP_VENDOR_LENGTH 16
#define SETUP_REQUEST_MAX 18
#define SETUP_FORMATS 21
#define SETUP_KEYCODES 26
#define SETUP_SIZE 32
#define SETUP_FORMAT_SIZE 8

/** The largest reply: a cursor of 256 by 256 pixels. Of larger ones the rest is passed over. */
#define REPLY_MAX (256 * 256 * 4 + X_PACKET)
#define WAITING_MAX 1024

static i32 server = -1;
static bool gone;
static u32 root, window, timeAtom;
static u32 fixes, fixesEvent, test;
static u32 firstKey, keyCount;
static u8 reply[REPLY_MAX] __attribute__((aligned(4)));
static u32 replySize;
static u32 sequence; // of the newest request
static u8 waiting[WAITING_MAX][X_PACKET];
static u32 waitingHead, waitingCount;

i32 xFile(void) {
  return server;
}
u32 xWindow(void) {
  return window;
}
u32 xFixesEvent(void) {
  return fixesEvent;
}
bool xHasGone(void) {
  return gone;
}
bool xHasWaiting(void) {
  return waitingCount;
}

static u32 get16(const u8 *memory, u32 offset) {
  return memory[offset] | (u32)memory[offset + 1] << 8;
}

static u32 padded(u32 size) {
  return (size + 3) & ~3u;
}

// ---- bytes ----

static bool readAll(void *target, u32 size) {
  u8 *at = target;
  while (size && !gone) {
    i32 got = readFile(server, at, size);
    if (got == -EINTR) continue;
    if (got <= 0) gone = true;
    else at += got, size -= (u32)got;
  }
  return !gone;
}

static void writeAll(const void *bytes, u32 size) {
  const u8 *at = bytes;
  while (size && !gone) {
    i32 done = writeFile(server, at, size);
    if (done == -EINTR) continue;
    if (done <= 0) gone = true;
    else at += done, size -= (u32)done;
  }
}

static void writePadded(const void *bytes, u32 size) {
  static const u8 zeros[4];
  writeAll(bytes, size);
  writeAll(zeros, padded(size) - size);
}

/** A request of whole words; `moreBytes` follow by writePadded. */
static void request(u32 opcode, u32 detail, u32 words, const u32 *body, u32 moreBytes) {
  sequence++;
  u32 head = opcode | detail << 8 | (1 + words + padded(moreBytes) / 4) << 16;
  writeAll(&head, sizeof head);
  writeAll(body, words * 4);
}

static void keepEvent(void) {
  if (waitingCount == WAITING_MAX) return;
  copyBytes(waiting[(waitingHead + waitingCount) % WAITING_MAX], reply, X_PACKET);
  waitingCount++;
}

static void readReply(void) {
  u32 rest = get32(reply, 4) * 4;
  u32 fits = rest < REPLY_MAX - X_PACKET ? rest : REPLY_MAX - X_PACKET;
  replySize = X_PACKET + fits;
  readAll(reply + X_PACKET, fits);
  for (u8 passed[X_PACKET]; fits < rest && !gone; fits += 4) readAll(passed, 4);
}

typedef enum { PACKET_ERROR, PACKET_REPLY, PACKET_EVENT } Packet;

/** The next packet into `reply`: a reply with all that belongs to it. */
static Packet readPacket(void) {
  if (!readAll(reply, X_PACKET)) return PACKET_ERROR;
  if (reply[0] > PACKET_REPLY) return PACKET_EVENT;
  if (reply[0] == PACKET_REPLY) readReply();
  return (Packet)reply[0];
}

/** Waits for the reply to the request just made. False: an error came instead; one of an older request is passed over. */
static bool await(void) {
  for (;;) {
    Packet packet = readPacket();
    if (gone) return false;
    if (packet == PACKET_EVENT) keepEvent();
    else if (get16(reply, 2) == (sequence & 0xffff)) return packet == PACKET_REPLY;
  }
}

bool xEvent(u8 *event) {
  while (!waitingCount && !gone) {
    struct {
      i32 file;
      i16 wanted, happened;
    } look = {server, POLLIN, 0};
    if (syscall3(SYS_POLL, (u32)&look, 1, 0) <= 0) return false;
    if (readPacket() == PACKET_EVENT) keepEvent(); // an error of a window that has gone meanwhile is passed over
  }
  if (!waitingCount) return false;
  copyBytes(event, waiting[waitingHead], X_PACKET);
  waitingHead = (waitingHead + 1) % WAITING_MAX;
  waitingCount--;
  return true;
}

// ---- the connection ----

const char *environmentVariable(const char *name) {
  u32 length = lengthOf(name);
  for (char **at = environment; *at; at++) {
    u32 i = 0;
    while (i < length && (*at)[i] == name[i]) i++;
    if (i == length && (*at)[i] == '=') return *at + length + 1;
  }
  return 0;
}

static i32 openCookies(void) {
  char path[256];
  const char *name = environmentVariable("XAUTHORITY");
  if (!name) {
    const char *home = environmentVariable("HOME");
    if (!home || lengthOf(home) > 200) return -ENOENT;
    put(put(path, home), "/.Xauthority");
    name = path;
  }
  return openFile(name, O_RDONLY);
}

typedef struct {
  const u8 *bytes;
  u32 length;
} Field;

/** A big-endian length, then so many bytes. False: the file ends before. */
static bool takeField(const u8 **at, const u8 *end, Field *field) {
  if (end - *at < 2) return false;
  *field = (Field){*at + 2, (u32)(*at)[0] << 8 | (*at)[1]};
  if ((u32)(end - field->bytes) < field->length) return false;
  *at = field->bytes + field->length;
  return true;
}

/** The cookie for a display of this computer, by the display's number; the file is Xauthority's: family, address, number, name, data. */
static bool findCookie(const char *display, u8 *cookie) {
  static u8 file[16384];
  i32 handle = openCookies();
  if (handle < 0) return false;
  i32 size = readFile(handle, file, sizeof file);
  closeFile(handle);
  const u8 *at = file, *end = file + (size > 0 ? size : 0);
  while (end - at >= 2) {
    u32 family = (u32)at[0] << 8 | at[1];
    Field address, number, name, data;
    at += 2;
    if (!takeField(&at, end, &address) || !takeField(&at, end, &number) || !takeField(&at, end, &name) || !takeField(&at, end, &data))
      return false;
    if ((family != FAMILY_LOCAL && family != FAMILY_WILD) || data.length != COOKIE_SIZE) continue;
    bool isOurs = true; // an entry without a number is for all
    for (u32 i = 0; i < number.length; i++) isOurs = isOurs && display[i] == number.bytes[i];
    if (!isOurs || (number.length && display[number.length])) continue;
    copyBytes(cookie, data.bytes, COOKIE_SIZE);
    return true;
  }
  return false;
}

/** The greeting, and what the server says of itself. */
static const char *setUp(const char *display) {
  static const char name[] = COOKIE_NAME;
  u8 cookie[COOKIE_SIZE];
  bool hasCookie = findCookie(display, cookie);
  u32 head[3] = {BYTE_ORDER_LITTLE | PROTOCOL_MAJOR << 16, hasCookie ? (sizeof name - 1) << 16 : 0, hasCookie ? COOKIE_SIZE : 0};
  writeAll(head, sizeof head);
  writePadded(name, hasCookie ? sizeof name - 1 : 0);
  writePadded(cookie, hasCookie ? COOKIE_SIZE : 0);
  if (!readAll(reply, 8) || reply[0] != 1) return "the X server refuses";
  u32 size = get16(reply, 6) * 4;
  if (size < SETUP_SIZE || size > REPLY_MAX || !readAll(reply, size)) return "the X server refuses";
  u32 screen = SETUP_SIZE + padded(get16(reply, SETUP_VENDOR_LENGTH)) + SETUP_FORMAT_SIZE * reply[SETUP_FORMATS];
  if (screen + 4 > size || get16(reply, SETUP_REQUEST_MAX) * 4 < X_PART_MAX + X_PACKET) return "the X server takes short requests only";
  window = get32(reply, SETUP_RESOURCE_BASE);
  root = get32(reply, screen);
  firstKey = reply[SETUP_KEYCODES];
  keyCount = reply[SETUP_KEYCODES + 1] - firstKey + 1u;
  return 0;
}

/** An extension's opcode, 0 where the server has none. */
static u32 extension(const char *name, u32 *firstEvent) {
  u32 length = lengthOf(name);
  request(OP_QUERY_EXTENSION, 0, 1, &length, length);
  writePadded(name, length);
  if (!await() || !reply[8]) return 0;
  *firstEvent = reply[10];
  return reply[9];
}

static const char *findExtensions(void) {
  u32 unused;
  test = extension("XTEST", &unused);
  fixes = extension("XFIXES", &fixesEvent);
  if (!fixes) return "the X server has no XFIXES";
  u32 version[2] = {FIXES_MAJOR, 0};
  request(fixes, FIXES_VERSION, 2, version, 0);
  return await() && get32(reply, 8) >= FIXES_MAJOR_MIN ? 0 : "the X server's XFIXES is too old";
}

static void createWindow(void) {
  u32 body[8] = {window, root, 0, 1 | 1 << 16, INPUT_ONLY << 16, 0, ATTRIBUTE_EVENT_MASK, MASK_PROPERTY_CHANGE};
  request(OP_CREATE_WINDOW, 0, 8, body, 0);
}

/** ":0", also with "unix" in front and a screen behind, which are of no importance: the number into `number`. */
static bool readDisplay(const char *display, char *number, u32 size) {
  while (*display && *display != ':') display++;
  if (*display++ != ':') return false;
  u32 length = 0;
  while (length < size - 1 && display[length] >= '0' && display[length] <= '9') {
    number[length] = display[length];
    length++;
  }
  number[length] = 0;
  return length && (!display[length] || display[length] == '.');
}

const char *xConnect(const char *display) {
  struct UnixAddress address = {.family = AF_UNIX};
  char number[8];
  if (!readDisplay(display, number, sizeof number)) return "not a display of this computer, like :0";
  put(put(address.path, SOCKET_PATH), number);
  gone = false;
  waitingCount = 0;
  sequence = 0;
  server = syscall3(SYS_SOCKET, AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0);
  if (server < 0) return "no socket";
  const char *problem = syscall3(SYS_CONNECT, (u32)server, (u32)&address, sizeof address) < 0 ? "no X server is there" : setUp(number);
  if (!problem) problem = findExtensions();
  if (problem) {
    xDisconnect();
    return problem;
  }
  createWindow();
  timeAtom = xAtom("TANDEM_TIME");
  return 0;
}

void xDisconnect(void) {
  if (server >= 0) closeFile(server);
  server = -1;
  gone = true;
}

// ---- atoms, time, selections ----

u32 xAtom(const char *name) {
  u32 length = lengthOf(name);
  request(OP_INTERN_ATOM, 0, 1, &length, length);
  writePadded(name, length);
  return await() ? get32(reply, 8) : 0;
}

static void changeProperty(u32 target, u32 mode, u32 property, u32 type, u32 format, const void *bytes, u32 size) {
  u32 body[5] = {target, property, type, format, size / (format / 8)};
  request(OP_CHANGE_PROPERTY, mode, 5, body, size);
  writePadded(bytes, size);
}

/** ICCCM 2.1: nothing is appended to a property, and the event about it has the time. */
u32 xTime(void) {
  changeProperty(window, APPEND, timeAtom, X_ATOM_INTEGER, 32, 0, 0);
  while (!gone) {
    if (readPacket() != PACKET_EVENT) continue;
    if ((reply[0] & 0x7f) == X_PROPERTY_NOTIFY && get32(reply, X_PROPERTY_ATOM) == timeAtom) return get32(reply, X_PROPERTY_TIME);
    keepEvent();
  }
  return 0;
}

u32 xOwner(u32 selection) {
  request(OP_GET_OWNER, 0, 1, &selection, 0);
  return await() ? get32(reply, 8) : 0;
}

void xOwn(u32 selection, bool own, u32 time) {
  u32 body[3] = {own ? window : 0, selection, time};
  request(OP_SET_OWNER, 0, 3, body, 0);
}

void xConvert(u32 selection, u32 target, u32 property, u32 time) {
  u32 body[5] = {window, selection, target, property, time};
  request(OP_CONVERT, 0, 5, body, 0);
}

void xAnswerSelection(const u8 *asked, u32 property) {
  u32 requestor = get32(asked, X_REQUEST_REQUESTOR);
  u32 body[10] = {requestor, 0, X_SELECTION_NOTIFY, get32(asked, X_REQUEST_TIME), requestor,
                  get32(asked, X_REQUEST_SELECTION), get32(asked, X_REQUEST_TARGET), property};
  request(OP_SEND_EVENT, 0, 10, body, 0);
}

void xWatchSelection(u32 selection) {
  u32 body[3] = {window, selection, SELECTION_MASK_ALL};
  request(fixes, FIXES_SELECT_SELECTION, 3, body, 0);
}

// ---- properties ----

XProperty xProperty(u32 of, u32 property, u32 offset, bool remove) {
  u32 body[5] = {of, property, ANY_TYPE, offset / 4, X_PART_MAX / 4};
  request(OP_GET_PROPERTY, remove, 5, body, 0);
  if (!await()) return (XProperty){0};
  u32 size = get32(reply, 16) * (reply[1] / 8u);
  if (size > replySize - X_PACKET) size = replySize - X_PACKET;
  return (XProperty){get32(reply, 8), size, get32(reply, 12), reply + X_PACKET};
}

void xSetProperty(u32 target, u32 property, u32 type, u32 format, const void *bytes, u32 size) {
  changeProperty(target, REPLACE, property, type, format, bytes, size);
}

void xWatchWindow(u32 other, bool watch) {
  if (other == window) return;
  u32 body[3] = {other, ATTRIBUTE_EVENT_MASK, watch ? MASK_PROPERTY_CHANGE | MASK_STRUCTURE : 0};
  request(OP_CHANGE_ATTRIBUTES, 0, 3, body, 0);
}

// ---- the cursor ----

void xWatchCursor(void) {
  u32 body[2] = {root, CURSOR_MASK_DISPLAY};
  request(fixes, FIXES_SELECT_CURSOR, 2, body, 0);
}

void xHideCursor(bool hide) {
  request(fixes, hide ? FIXES_HIDE_CURSOR : FIXES_SHOW_CURSOR, 1, &root, 0);
}

bool xCursor(XCursor *cursor) {
  request(fixes, FIXES_GET_CURSOR, 0, 0, 0);
  if (!await()) return false;
  *cursor = (XCursor){get16(reply, 12), get16(reply, 14), get16(reply, 16), get16(reply, 18), (const u32 *)(reply + X_PACKET)};
  return 4 * cursor->width * cursor->height <= replySize - X_PACKET;
}

// ---- keys ----

static void fakeKey(u32 kind, u32 keycode) {
  u32 body[8] = {kind | keycode << 8, 0, root};
  request(test, TEST_FAKE_INPUT, 8, body, 0);
}

/** In the first group without modifiers; 0: no key has it. */
static u32 keycodeOf(u32 keysym) {
  for (u32 key = 0, perKey = reply[1]; key < keyCount; key++)
    if (get32(reply, X_PACKET + key * perKey * 4) == keysym) return firstKey + key;
  return 0;
}

void xShiftAnd(u32 keysym) {
  u32 body = firstKey | keyCount << 8;
  if (!test) return;
  request(OP_GET_KEYBOARD_MAPPING, 0, 1, &body, 0);
  if (!await()) return;
  u32 shift = keycodeOf(KEYSYM_SHIFT_LEFT), key = keycodeOf(keysym);
  if (!shift || !key) return;
  fakeKey(KEY_PRESS, shift);
  fakeKey(KEY_PRESS, key);
  fakeKey(KEY_RELEASE, key);
  fakeKey(KEY_RELEASE, shift);
}

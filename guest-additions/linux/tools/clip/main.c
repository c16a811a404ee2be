// tandem-clip: the clipboard of the host's user on Linux's console, through the running tandemd.
//
//   tandem-clip [-t TYPE]      prints what the user has copied; TYPE: text/plain (the standard), text/html, image/png
//   tandem-clip -i [-t TYPE]   gives standard input to the user's clipboard, and stays in the background until there is something newer
//   tandem-clip -l             lists the types that there are
//
// Ends with 0; 1: there is nothing of that type, or the user does not allow it; 2: wrong options.

#include "../../../common/protocol.gen.h"
#include "../../lib/daemon-socket.h"
#include "../../lib/text.h"

#define TAG 1
#define PIECE (TOOL_BODY_MAX - TANDEM_CLIPBOARD_DATA_DATA)
#define SUPPLY_PIECE (TOOL_BODY_MAX - TANDEM_CLIPBOARD_SUPPLY_DATA)
#define CANNOT 0xffffffffu
#define READ_SIZE 65536

static const struct {
  const char *name;
  u32 format;
} TYPES[] = {
    {"text/plain", TANDEM_CLIPBOARD_FORMAT_TEXT},
    {"text/html", TANDEM_CLIPBOARD_FORMAT_HTML},
    {"image/png", TANDEM_CLIPBOARD_FORMAT_PNG},
};
#define TYPE_COUNT (sizeof TYPES / sizeof *TYPES)

static i32 daemonSocket;
static u8 packet[TOOL_HEADER_SIZE + TOOL_BODY_MAX];
static u8 *const body = packet + TOOL_HEADER_SIZE;
static bool hasEvent;
static u8 content[TANDEM_CLIPBOARD_SIZE_MAX];
static u32 contentSize;

static u32 formatNamed(const char *name) {
  for (u32 i = 0; i < TYPE_COUNT; i++)
    if (isSame(name, TYPES[i].name)) return TYPES[i].format;
  return 0;
}

/** Reads one packet of the daemon. False: the daemon has gone. */
static bool receive(void) {
  i32 size;
  do size = readFile(daemonSocket, packet, sizeof packet);
  while (size == -EINTR);
  return size >= TOOL_HEADER_SIZE;
}

/** The command whose body is in the packet; its answer takes the place. Events that come between are noted. */
static i32 ask(u32 command, u32 size) {
  set32(packet, 0, command);
  set32(packet, 4, TAG);
  if (writeFile(daemonSocket, packet, TOOL_HEADER_SIZE + size) < 0) return TANDEM_REQUEST_STATUS_IO;
  for (;;) {
    if (!receive()) return TANDEM_REQUEST_STATUS_IO;
    if ((i32)get32(packet, 0) != TOOL_EVENT) return (i32)get32(packet, 0);
    hasEvent = true;
  }
}

static const char *wordsFor(i32 status) {
  switch (status) {
  case TANDEM_REQUEST_STATUS_ACCESS:
    return "the host's user or browser does not allow it";
  case TANDEM_REQUEST_STATUS_TOO_BIG:
    return "more than the clipboard carries";
  case TANDEM_REQUEST_STATUS_NO_ENTRY:
    return "it has just changed";
  case TANDEM_REQUEST_STATUS_NO_COMMAND:
    return "this host shares no clipboard";
  default:
    return "the host does not answer as it should";
  }
}

static i32 failed(i32 status) {
  return fail("clipboard", wordsFor(status));
}

static bool writeAll(const u8 *bytes, u32 size) {
  while (size) {
    i32 written = writeFile(1, bytes, size);
    if (written == -EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    size -= (u32)written;
  }
  return true;
}

static i32 list(void) {
  i32 status = ask(TANDEM_CLIPBOARD_COMMAND_STATE, 0);
  if (status < 0) return failed(status);
  u32 formats = get32(body, TANDEM_CLIPBOARD_STATE_FORMATS);
  for (u32 i = 0; i < TYPE_COUNT; i++) {
    char line[16];
    if (!(formats & TYPES[i].format)) continue;
    char *end = put(put(line, TYPES[i].name), "\n");
    writeAll((const u8 *)line, (u32)(end - line));
  }
  return 0;
}

static i32 print(u32 format) {
  i32 status = ask(TANDEM_CLIPBOARD_COMMAND_STATE, 0);
  if (status < 0) return failed(status);
  u32 serial = get32(body, TANDEM_CLIPBOARD_STATE_SERIAL);
  if (!(get32(body, TANDEM_CLIPBOARD_STATE_FORMATS) & format)) return fail("clipboard", "the host's user has copied nothing of this type");
  u32 total = 1;
  for (u32 at = 0; at < total;) {
    set32(body, TANDEM_CLIPBOARD_FETCH_SERIAL, serial);
    set32(body, TANDEM_CLIPBOARD_FETCH_FORMAT, format);
    set32(body, TANDEM_CLIPBOARD_FETCH_OFFSET, at);
    set32(body, TANDEM_CLIPBOARD_FETCH_LENGTH, PIECE);
    set32(body, TANDEM_CLIPBOARD_FETCH_PAGES, 0);
    status = ask(TANDEM_CLIPBOARD_COMMAND_FETCH, TANDEM_CLIPBOARD_FETCH_DATA);
    if (status < 0) return failed(status);
    total = get32(body, TANDEM_CLIPBOARD_DATA_TOTAL);
    u32 length = get32(body, TANDEM_CLIPBOARD_DATA_LENGTH);
    if (length > PIECE || (!length && total)) return failed(TANDEM_REQUEST_STATUS_IO);
    if (!writeAll(body + TANDEM_CLIPBOARD_DATA_DATA, length)) return 1; // who reads has gone
    at += length;
  }
  return 0;
}

static bool readInput(void) {
  for (;;) {
    u32 room = sizeof content - contentSize;
    u8 more;
    i32 size = readFile(0, room ? content + contentSize : &more, room > READ_SIZE ? READ_SIZE : room ? room : 1);
    if (size == -EINTR) continue;
    if (size <= 0) return size == 0;
    if (!room) return false;
    contentSize += (u32)size;
  }
}

/** Hands over what the host waits for. False: it is not the host's any more. */
static bool supply(u32 wanted, u32 format, u32 offered) {
  bool has = format == offered;
  u32 at = 0;
  do {
    u32 length = has ? contentSize - at : 0;
    if (length > SUPPLY_PIECE) length = SUPPLY_PIECE;
    set32(body, TANDEM_CLIPBOARD_SUPPLY_WANTED, wanted);
    set32(body, TANDEM_CLIPBOARD_SUPPLY_TOTAL, has ? contentSize : CANNOT);
    set32(body, TANDEM_CLIPBOARD_SUPPLY_OFFSET, at);
    set32(body, TANDEM_CLIPBOARD_SUPPLY_LENGTH, length);
    set32(body, TANDEM_CLIPBOARD_SUPPLY_PAGES, 0);
    copyBytes(body + TANDEM_CLIPBOARD_SUPPLY_DATA, content + at, length);
    if (ask(TANDEM_CLIPBOARD_COMMAND_SUPPLY, TANDEM_CLIPBOARD_SUPPLY_DATA + length) < 0) return true; // nobody waits any more
    at += length;
  } while (has && at < contentSize);
  return true;
}

/** Until somebody else copies something, or the daemon goes. */
static void serve(u32 serial, u32 format) {
  for (;;) {
    hasEvent = false;
    if (ask(TANDEM_CLIPBOARD_COMMAND_STATE, 0) < 0 || get32(body, TANDEM_CLIPBOARD_STATE_SERIAL) != serial) return;
    u32 wanted = get32(body, TANDEM_CLIPBOARD_STATE_WANTED);
    if (wanted) supply(wanted, get32(body, TANDEM_CLIPBOARD_STATE_WANTED_FORMAT), format);
    else if (!hasEvent && !receive()) return;
  }
}

static i32 give(u32 format) {
  if (!readInput()) return fail("standard input", "cannot be read, or is more than the 16 MiB that the clipboard carries");
  set32(body, 0, 1u << TANDEM_EVENT_CLIPBOARD);
  i32 status = ask(TOOL_COMMAND_EVENTS, 4);
  if (status < 0) return failed(status);
  do {
    status = ask(TANDEM_CLIPBOARD_COMMAND_STATE, 0);
    if (status < 0) return failed(status);
    set32(body, TANDEM_CLIPBOARD_OFFER_SEEN, get32(body, TANDEM_CLIPBOARD_STATE_SERIAL));
    set32(body, TANDEM_CLIPBOARD_OFFER_FORMATS, format);
    status = ask(TANDEM_CLIPBOARD_COMMAND_OFFER, TANDEM_CLIPBOARD_OFFER_SIZE);
  } while (status == TANDEM_REQUEST_STATUS_AGAIN);
  if (status < 0) return failed(status);
  u32 serial = get32(body, 0);
  i32 child = syscall3(SYS_FORK, 0, 0, 0);
  if (child != 0) return child < 0 ? fail("background", "no process for it") : 0;
  syscall3(SYS_SETSID, 0, 0, 0);
  // A shell that waits for the output's end goes on.
  for (i32 file = 0; file < 3; file++) closeFile(file);
  serve(serial, format);
  return 0;
}

i32 run(i32 count, char **arguments) {
  programName = "tandem-clip";
  u32 format = TANDEM_CLIPBOARD_FORMAT_TEXT;
  bool input = false, lists = false, wrong = false;
  for (i32 i = 1; i < count; i++) {
    if (isSame(arguments[i], "-i")) input = true;
    else if (isSame(arguments[i], "-l")) lists = true;
    else if (isSame(arguments[i], "-t") && i + 1 < count) format = formatNamed(arguments[++i]);
    else wrong = true;
  }
  if (wrong || !format) {
    say("usage: tandem-clip [-i | -l] [-t text/plain | text/html | image/png]\n");
    return 2;
  }
  daemonSocket = connectToDaemon();
  if (daemonSocket < 0) return fail(TOOL_SOCKET, "tandemd does not run");
  return lists ? list() : input ? give(format) : print(format);
}

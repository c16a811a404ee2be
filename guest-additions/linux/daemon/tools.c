// The daemon's end of the socket through which tools use the port.
//
// Any user of the guest may use it: what it gives away is the desktop's, and the host asks its own user before it tells secrets.
// Folders and commands run by the host are not to be had here; a channel is that of the tool which has opened it.

#include "tools.h"
#include "../lib/text.h"
#include "channels.h"
#include "folders.h"
#include "loop.h"
#include "port.h"

#define TOOLS_MAX 12
#define BACKLOG 8
#define EVERYBODY 0666
#define SOL_SOCKET 1
#define SO_PEERCRED 17
#define SYS_GETSOCKOPT 365

typedef struct {
  i32 file; // 0: free
  u32 events;
  u32 requests;
  bool isRoot;
  bool hasCursor; // has told the host how to draw it
} Tool;

/** A block's answer goes to the tool, unless another has its place by then. */
typedef struct {
  Tool *tool;
  Block *block; // 0: free
  u32 tag;
  u32 command;
  u32 channel;
} Request;

static Tool tools[TOOLS_MAX];
static Request requests[TOOLS_MAX * TOOL_REQUESTS_MAX];
static u8 packet[TOOL_HEADER_SIZE + TOOL_BODY_MAX];
static i32 listener = -1;
static Service service;

static void ready(void *context, u32 happened);

/** Which services a tool may ask: any user's. Those that know page lists are cut below, or stay closed. */
static bool isOpenToTools(u32 command) {
  switch (command >> 8) {
  case 0x01:
    return command != TANDEM_POINTER_COMMAND_MODE;
  case 0x03:
  case 0x04:
  case 0x05:
  case 0x07:
    return true;
  default:
    return false;
  }
}

/**
 * A tool does not say where in the machine's memory the data is: that is any process's memory, and the kernel's. What it sends comes
 * in the packet, and so does the answer.
 */
static void keepInPacket(Block *block, u32 command) {
  if (command == TANDEM_CLIPBOARD_COMMAND_FETCH) set32(bodyOf(block), TANDEM_CLIPBOARD_FETCH_PAGES, 0);
  if (command == TANDEM_CLIPBOARD_COMMAND_SUPPLY) set32(bodyOf(block), TANDEM_CLIPBOARD_SUPPLY_PAGES, 0);
}

static void wantEvents(void) {
  u32 events = 0;
  for (u32 i = 0; i < TOOLS_MAX; i++)
    if (tools[i].file) events |= tools[i].events;
  if (events == service.events) return;
  service.events = events;
  portWantEvents();
}

static void released(Block *block, i32 status) {
  (void)status;
  portRelease(block);
}

/** However a tool ends, the host does not go on to draw a cursor of its. */
static void takeCursorBack(Tool *tool) {
  Block *block = tool->hasCursor ? portBlock() : 0;
  tool->hasCursor = false;
  if (!block) return;
  clearBytes(bodyOf(block), TANDEM_CURSOR_SHAPE_PICTURE);
  portSend(block, TANDEM_POINTER_COMMAND_CURSOR_SHAPE, TANDEM_CURSOR_SHAPE_PICTURE, false, released, 0);
}

static void drop(Tool *tool) {
  unwatch(tool->file);
  closeFile(tool->file);
  tool->file = 0;
  for (u32 i = 0; i < TOOLS_MAX * TOOL_REQUESTS_MAX; i++) {
    if (!requests[i].block || requests[i].tool != tool) continue;
    requests[i].tool = 0;
    portCancel(requests[i].block);
  }
  channelsDrop(tool);
  takeCursorBack(tool);
  wantEvents();
}

static void answer(Tool *tool, i32 status, u32 tag, const void *body, u32 length) {
  set32(packet, 0, (u32)status);
  set32(packet, 4, tag);
  if (length) copyBytes(packet + TOOL_HEADER_SIZE, body, length);
  i32 written = writeFile(tool->file, packet, TOOL_HEADER_SIZE + length);
  // One that does not read is not waited for. Of events there are many before this one then, and one is enough to look.
  if (written < 0 && !(written == -EAGAIN && status == TOOL_EVENT)) drop(tool);
}

/** Errors have a body as well: words. */
static u32 answerSize(const Block *block, i32 status) {
  u32 size = status == TANDEM_REQUEST_STATUS_TOO_BIG ? 0 : replySize(block);
  return size < TOOL_BODY_MAX ? size : TOOL_BODY_MAX;
}

/** Who has a channel changes with it. */
static bool isNoted(u32 command) {
  return command == TANDEM_CHANNEL_COMMAND_OPEN || command == TANDEM_CHANNEL_COMMAND_CLOSE;
}

static void done(Block *block, i32 status) {
  Request *request = block->context;
  Tool *tool = request->tool;
  u32 length = answerSize(block, status);
  request->block = 0;
  if (tool) {
    if (isNoted(request->command) && status == TANDEM_REQUEST_STATUS_OK)
      channelsNote(tool, request->command, request->channel, block);
    tool->requests--;
    if (tool->requests == TOOL_REQUESTS_MAX - 1) watch(tool->file, POLLIN, ready, tool);
    answer(tool, status, request->tag, bodyOf(block), length);
  }
  portRelease(block);
}

static void forward(Tool *tool, u32 command, u32 tag, u32 length) {
  Request *request = requests;
  while (request->block) request++; // there are as many as all tools together may have
  Block *block = portHasSpare() ? portBlock() : 0;
  if (!block) {
    answer(tool, TANDEM_REQUEST_STATUS_AGAIN, tag, 0, 0);
    return;
  }
  request->tool = tool;
  request->tag = tag;
  request->block = block;
  request->command = command;
  request->channel = length >= 4 ? get32(packet, TOOL_HEADER_SIZE) : 0;
  copyBytes(bodyOf(block), packet + TOOL_HEADER_SIZE, length);
  if (length < BODY_MAX) bodyOf(block)[length] = 0; // the end of a text; what lies behind it is another's
  keepInPacket(block, command);
  if (command == TANDEM_POINTER_COMMAND_CURSOR_SHAPE || command == TANDEM_POINTER_COMMAND_CURSOR_PIECE) tool->hasCursor = true;
  tool->requests++;
  if (tool->requests == TOOL_REQUESTS_MAX) watch(tool->file, 0, ready, tool);
  portSend(block, (u16)command, BODY_MAX, false, done, request);
}

static i32 mountFor(const Tool *tool, u32 length) {
  if (!tool->isRoot) return TANDEM_REQUEST_STATUS_NOT_PERMITTED;
  if (length < 6 || packet[TOOL_HEADER_SIZE + length - 1]) return TANDEM_REQUEST_STATUS_INVALID;
  const char *why = foldersMount((const char *)packet + TOOL_HEADER_SIZE + 4, get32(packet, TOOL_HEADER_SIZE));
  return why ? TANDEM_REQUEST_STATUS_IO : TANDEM_REQUEST_STATUS_OK;
}

static void ready(void *context, u32 happened) {
  (void)happened;
  Tool *tool = context;
  i32 size = readFile(tool->file, packet, sizeof packet);
  if (size == -EAGAIN || size == -EINTR) return;
  if (size < TOOL_HEADER_SIZE) {
    drop(tool);
    return;
  }
  u32 command = get32(packet, 0), tag = get32(packet, 4), length = (u32)size - TOOL_HEADER_SIZE;
  if (command == TOOL_COMMAND_EVENTS && length >= 4) {
    tool->events = get32(packet, TOOL_HEADER_SIZE);
    wantEvents();
    answer(tool, TANDEM_REQUEST_STATUS_OK, tag, 0, 0);
  } else if (command == TOOL_COMMAND_MOUNT) {
    answer(tool, mountFor(tool, length), tag, 0, 0);
  } else if (command >> 8 == 0x07 && !channelsAllow(tool, command, packet + TOOL_HEADER_SIZE, length)) {
    answer(tool, TANDEM_REQUEST_STATUS_NO_ENTRY, tag, 0, 0);
  } else if (isOpenToTools(command)) {
    forward(tool, command, tag, length);
  } else {
    answer(tool, TANDEM_REQUEST_STATUS_NO_COMMAND, tag, 0, 0);
  }
}

static void connected(void *context, u32 happened) {
  (void)context, (void)happened;
  i32 file = syscall5(SYS_ACCEPT4, (u32)listener, 0, 0, O_NONBLOCK | O_CLOEXEC, 0);
  if (file < 0) return;
  Tool *tool = tools;
  while (tool < tools + TOOLS_MAX && tool->file) tool++;
  if (tool == tools + TOOLS_MAX) {
    closeFile(file);
    return;
  }
  u32 credentials[3] = {0, 1, 1}; // process, user, group
  u32 size = sizeof credentials;
  syscall5(SYS_GETSOCKOPT, (u32)file, SOL_SOCKET, SO_PEERCRED, (u32)credentials, (u32)&size);
  tool->file = file;
  tool->events = 0;
  tool->requests = 0;
  tool->isRoot = credentials[1] == 0;
  tool->hasCursor = false;
  watch(file, POLLIN, ready, tool);
}

static void tell(u32 event) {
  for (u32 i = 0; i < TOOLS_MAX; i++)
    if (tools[i].file && (tools[i].events >> (event >> 24) & 1 || event == TOOL_EVENT_NEW_SESSION))
      answer(&tools[i], TOOL_EVENT, 0, &event, sizeof event);
}

static void begin(void) {
  channelsForget();
  tell(TOOL_EVENT_NEW_SESSION);
}

static void event(u32 kind, u32 payload) {
  tell(kind << 24 | payload);
}

const char *toolsOpen(u32 features) {
  struct UnixAddress address = toolAddress();
  listener = syscall3(SYS_SOCKET, AF_UNIX, SOCK_SEQPACKET | O_CLOEXEC, 0);
  syscall3(SYS_MKDIR, (u32) "/run", 0755, 0);
  syscall3(SYS_UNLINK, (u32)TOOL_SOCKET, 0, 0); // of a daemon that was killed
  if (listener < 0 || syscall3(SYS_BIND, (u32)listener, (u32)&address, sizeof address) < 0) return "cannot be made";
  syscall3(SYS_CHMOD, (u32)TOOL_SOCKET, EVERYBODY, 0);
  if (syscall3(SYS_LISTEN, (u32)listener, BACKLOG, 0) < 0) return "cannot be listened to";
  watch(listener, POLLIN, connected, 0);
  service = (Service){.features = features, .begin = begin, .event = event};
  portAdd(&service);
  return 0;
}

void toolsClose(void) {
  syscall3(SYS_UNLINK, (u32)TOOL_SOCKET, 0, 0);
}

// The host, through tandemd's socket.

#include "daemon.h"
#include "../lib/text.h"

#define EVENT_KINDS (1u << TANDEM_EVENT_CLIPBOARD | 1u << TANDEM_EVENT_POINTER_MODE)

static i32 file = -1;
static bool gone;
static u32 lastTag, news, pointerMode = TANDEM_POINTER_MODE_ABSOLUTE;
static u8 packet[TOOL_HEADER_SIZE + TOOL_BODY_MAX] __attribute__((aligned(4)));

i32 daemonFile(void) {
  return file;
}
bool daemonHasGone(void) {
  return gone;
}
u32 daemonPointerMode(void) {
  return pointerMode;
}

bool daemonHasNews(void) {
  return news;
}

u32 daemonNews(void) {
  u32 kinds = news;
  news = 0;
  return kinds;
}

static void note(u32 event) {
  u32 kind = event >> 24;
  news |= 1u << kind;
  if (kind == TANDEM_EVENT_POINTER_MODE) pointerMode = event & 0xffffff;
}

/** One packet; events are noted. Returns the size of an answer, and 0 for anything else. */
static u32 receive(void) {
  i32 size;
  do size = readFile(file, packet, sizeof packet);
  while (size == -EINTR);
  if (size < TOOL_HEADER_SIZE) gone = true;
  if (gone || get32(packet, 0) != TOOL_EVENT) return gone ? 0 : (u32)size;
  note(get32(packet, TOOL_HEADER_SIZE));
  return 0;
}

void daemonTake(void) {
  receive();
}

i32 daemonAsk(u32 command, const void *body, u32 size, const u8 **answer, u32 *answerSize) {
  u32 tag = ++lastTag;
  set32(packet, 0, command);
  set32(packet, 4, tag);
  copyBytes(packet + TOOL_HEADER_SIZE, body, size);
  if (writeFile(file, packet, TOOL_HEADER_SIZE + size) < 0) gone = true;
  u32 got = 0;
  while (!gone && !(got = receive())) {}
  if (gone) return TANDEM_REQUEST_STATUS_IO;
  if (answer) {
    *answer = packet + TOOL_HEADER_SIZE;
    *answerSize = got - TOOL_HEADER_SIZE;
  }
  return (i32)get32(packet, 0);
}

bool daemonConnect(void) {
  file = connectToDaemon();
  u32 events = EVENT_KINDS;
  return file >= 0 && !daemonAsk(TOOL_COMMAND_EVENTS, &events, sizeof events, 0, 0);
}

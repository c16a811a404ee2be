// Which tool has which channel.

#include "channels.h"
#include "../lib/text.h"
#include "loop.h"

/** Milliseconds until there may be a free block. */
#define BLOCK_LATER 10

static struct {
  const void *tool; // 0: has gone, and the host is to be told
  u32 number;       // 0: free
} channels[TANDEM_CHANNELS_MAX];

static const char WORDS[] = "The program in the guest has ended.";

bool channelsAllow(const void *tool, u32 command, const u8 *body, u32 length) {
  if (command == TANDEM_CHANNEL_COMMAND_OPEN || command == TANDEM_CHANNEL_COMMAND_LIST) return true;
  for (u32 i = 0; i < TANDEM_CHANNELS_MAX && length >= 4; i++)
    if (channels[i].number && channels[i].tool == tool && channels[i].number == get32(body, 0)) return true;
  return false;
}

void channelsNote(const void *tool, u32 command, u32 channel, const Block *answer) {
  u32 wanted = command == TANDEM_CHANNEL_COMMAND_CLOSE ? channel : 0;
  for (u32 i = 0; i < TANDEM_CHANNELS_MAX; i++) {
    if (channels[i].number != wanted) continue;
    channels[i].tool = tool;
    channels[i].number = wanted ? 0 : get32(bodyOf(answer), 0);
    return;
  }
}

static void told(Block *block, i32 status) {
  (void)status;
  portRelease(block);
}

static void closeLost(void *context) {
  (void)context;
  for (u32 i = 0; i < TANDEM_CHANNELS_MAX; i++) {
    if (!channels[i].number || channels[i].tool) continue;
    Block *block = portBlock();
    if (!block) {
      later(BLOCK_LATER, closeLost, 0);
      return;
    }
    set32(bodyOf(block), TANDEM_CHANNEL_CLOSE_CHANNEL, channels[i].number);
    set32(bodyOf(block), TANDEM_CHANNEL_CLOSE_FAILED, 1);
    copyBytes(bodyOf(block) + TANDEM_CHANNEL_CLOSE_WORDS, WORDS, sizeof WORDS);
    channels[i].number = 0;
    portSend(block, TANDEM_CHANNEL_COMMAND_CLOSE, TANDEM_CHANNEL_CLOSE_WORDS + sizeof WORDS, false, told, 0);
  }
}

void channelsDrop(const void *tool) {
  for (u32 i = 0; i < TANDEM_CHANNELS_MAX; i++)
    if (channels[i].number && channels[i].tool == tool) channels[i].tool = 0;
  closeLost(0);
}

void channelsForget(void) {
  for (u32 i = 0; i < TANDEM_CHANNELS_MAX; i++) channels[i].number = 0;
}

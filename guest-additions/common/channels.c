#include "channels.h"

#define WRITE_MAX (TANDEM_BODY_MAX - TANDEM_CHANNEL_WRITE_BYTES)

static u32 lengthOfText(const char *text, u32 most) {
  u32 length = 0;
  while (length < most && text[length]) length++;
  return length;
}

static void copy(void *to, const void *from, u32 size) {
  for (u32 i = 0; i < size; i++) ((u8 *)to)[i] = ((const u8 *)from)[i];
}

i32 tandemChannelOpen(TandemPort *port, const char *name) {
  u32 body[1 + TANDEM_CHANNEL_NAME_MAX / 4] = {0};
  u32 length = lengthOfText(name, TANDEM_CHANNEL_NAME_MAX);
  copy(body + TANDEM_CHANNEL_OPEN_NAME / 4, name, length);
  i32 status = tandemRequest(port, TANDEM_CHANNEL_COMMAND_OPEN, body, TANDEM_CHANNEL_OPEN_NAME + TANDEM_CHANNEL_NAME_MAX);
  return status == TANDEM_REQUEST_STATUS_OK ? *(const i32 *)tandemReply(port) : status;
}

i32 tandemChannelRead(TandemPort *port, u32 channel, void *bytes, u32 room) {
  u32 most = room < TANDEM_BODY_MAX ? room : TANDEM_BODY_MAX;
  u32 body[] = {channel, TANDEM_CHANNEL_FLAG_NO_WAIT, most};
  i32 status = tandemRequestFor(port, TANDEM_CHANNEL_COMMAND_READ, body, sizeof body, most);
  if (status != TANDEM_REQUEST_STATUS_OK) return status;
  u32 length = tandemReplySize(port);
  copy(bytes, tandemReply(port), length);
  return (i32)length;
}

i32 tandemChannelWrite(TandemPort *port, u32 channel, const void *bytes, u32 size) {
  static u32 body[TANDEM_BODY_MAX / 4];
  u32 length = size < WRITE_MAX ? size : WRITE_MAX;
  body[TANDEM_CHANNEL_WRITE_CHANNEL / 4] = channel;
  body[TANDEM_CHANNEL_WRITE_FLAGS / 4] = TANDEM_CHANNEL_FLAG_NO_WAIT;
  body[TANDEM_CHANNEL_WRITE_LENGTH / 4] = length;
  copy(body + TANDEM_CHANNEL_WRITE_BYTES / 4, bytes, length);
  i32 status = tandemRequest(port, TANDEM_CHANNEL_COMMAND_WRITE, body, TANDEM_CHANNEL_WRITE_BYTES + length);
  return status == TANDEM_REQUEST_STATUS_OK ? *(const i32 *)tandemReply(port) : status;
}

i32 tandemChannelEnd(TandemPort *port, u32 channel) {
  return tandemRequest(port, TANDEM_CHANNEL_COMMAND_END, &channel, sizeof channel);
}

i32 tandemChannelClose(TandemPort *port, u32 channel, const char *words) {
  u32 body[(TANDEM_CHANNEL_CLOSE_WORDS + TANDEM_CHANNEL_WORDS_MAX) / 4] = {channel, words != 0};
  u32 length = words ? lengthOfText(words, TANDEM_CHANNEL_WORDS_MAX) : 0;
  copy(body + TANDEM_CHANNEL_CLOSE_WORDS / 4, words, length);
  return tandemRequest(port, TANDEM_CHANNEL_COMMAND_CLOSE, body, TANDEM_CHANNEL_CLOSE_WORDS + length);
}

i32 tandemChannelState(TandemPort *port, u32 channel, TandemChannelState *state) {
  i32 status = tandemRequest(port, TANDEM_CHANNEL_COMMAND_STATE, &channel, sizeof channel);
  if (status == TANDEM_REQUEST_STATUS_OK) *state = *(const TandemChannelState *)tandemReply(port);
  return status;
}

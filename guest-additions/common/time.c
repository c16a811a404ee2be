// Asks the host for the time.

#include "time.h"

i32 tandemTime(TandemPort *port, TandemTime *time) {
  i32 status = tandemRequest(port, TANDEM_TIME_COMMAND_GET, 0, 0);
  if (status != TANDEM_REQUEST_STATUS_OK) return status;
  const u32 *reply = tandemReply(port);
  time->nanoseconds = (u64)reply[TANDEM_TIME_REPLY_NANOSECONDS / 4 + 1] << 32 | reply[TANDEM_TIME_REPLY_NANOSECONDS / 4];
  time->offsetMinutes = (i32)reply[TANDEM_TIME_REPLY_OFFSET_MINUTES / 4];
  return status;
}

i32 tandemTimeZone(TandemPort *port, char name[TANDEM_TIME_ZONE_MAX + 1]) {
  i32 status = tandemRequestFor(port, TANDEM_TIME_COMMAND_ZONE, 0, 0, TANDEM_TIME_ZONE_MAX);
  u32 length = status == TANDEM_REQUEST_STATUS_OK ? tandemReplySize(port) : 0;
  const char *reply = tandemReply(port);
  for (u32 i = 0; i < length; i++) name[i] = reply[i];
  name[length] = 0;
  return status;
}

u32 tandemTimeSeconds(TandemTime time, u32 *nanoseconds) {
  u32 seconds;
  __asm__("divl %4" : "=a"(seconds), "=d"(*nanoseconds) : "a"((u32)time.nanoseconds), "d"((u32)(time.nanoseconds >> 32)), "r"(1000000000));
  return seconds;
}

// The guest's clock follows the host's: set when a session begins, and when the port says that the two went apart.
//
// The time zone is the guest's own business.

#include "time.h"
#include "port.h"

#define NANOSECONDS 1000000000u
/** Of nanoseconds; below that a step would do more harm than good. */
#define TOLERATED 50000000

struct TimeSpec {
  i32 seconds, nanoseconds;
};

static void answered(Block *block, i32 status) {
  struct TimeSpec host, guest;
  const u8 *body = bodyOf(block);
  u32 low = get32(body, TANDEM_TIME_REPLY_NANOSECONDS), high = get32(body, TANDEM_TIME_REPLY_NANOSECONDS + 4);
  portRelease(block);
  if (status != TANDEM_REQUEST_STATUS_OK || high >= NANOSECONDS) return;
  // 64 bits by 32, as the processor has it.
  __asm__("divl %4" : "=a"(host.seconds), "=d"(host.nanoseconds) : "a"(low), "d"(high), "r"(NANOSECONDS));
  syscall3(SYS_CLOCK_GETTIME, CLOCK_REALTIME, (u32)&guest, 0);
  i32 seconds = host.seconds - guest.seconds;
  i32 apart = host.nanoseconds - guest.nanoseconds;
  if (seconds == 1) apart += (i32)NANOSECONDS;
  if (seconds == -1) apart -= (i32)NANOSECONDS;
  if (seconds < -1 || seconds > 1 || apart > TOLERATED || apart < -TOLERATED)
    syscall3(SYS_CLOCK_SETTIME, CLOCK_REALTIME, (u32)&host, 0);
}

static void begin(void) {
  Block *block = portBlock();
  if (block) portSend(block, TANDEM_TIME_COMMAND_GET, TANDEM_TIME_REPLY_SIZE, false, answered, 0);
}

static void event(u32 kind, u32 payload) {
  (void)kind, (void)payload;
  begin();
}

static const Service service = {
    .features = TANDEM_FEATURE_TIME,
    .events = 1u << TANDEM_EVENT_TIME_STEPPED,
    .begin = begin,
    .event = event,
};

void timeOpen(void) {
  portAdd(&service);
}

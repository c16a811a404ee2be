// Shutting down and restarting when the host wishes it: by the commands that every system has, so that its own way is gone.

#include "power.h"
#include "child.h"
#include "port.h"

static void told(Block *block, i32 status) {
  (void)status;
  portRelease(block);
}

static void event(u32 kind, u32 wish) {
  (void)kind;
  Program program = {.files = {-1, -1, -1}};
  if (wish == TANDEM_POWER_WISH_SHUT_DOWN) program.command = "poweroff || shutdown -h now || halt -p";
  else if (wish == TANDEM_POWER_WISH_RESTART) program.command = "reboot || shutdown -r now";
  if (!program.command || childStart(&program) < 0) return; // the host tries the power button
  Block *block = portBlock();
  if (!block) return;
  set32(bodyOf(block), 0, wish);
  portSend(block, TANDEM_POWER_COMMAND_BEGUN, 4, false, told, 0);
}

static const Service service = {.events = 1u << TANDEM_EVENT_POWER, .event = event};

void powerOpen(void) {
  portAdd(&service);
}

// Asks the host for the size of the picture, and tells it.

#include "display.h"

i32 tandemDisplayHint(TandemPort *port, TandemDisplayHint *hint) {
  i32 status = tandemRequest(port, TANDEM_DISPLAY_COMMAND_HINT, 0, 0);
  if (status != TANDEM_REQUEST_STATUS_OK) return status;
  const u32 *reply = tandemReply(port);
  hint->width = reply[TANDEM_DISPLAY_HINT_WIDTH / 4];
  hint->height = reply[TANDEM_DISPLAY_HINT_HEIGHT / 4];
  hint->scale = reply[TANDEM_DISPLAY_HINT_SCALE / 4];
  return status;
}

i32 tandemDisplayInfo(TandemPort *port, u32 width, u32 height, u32 depth) {
  u32 body[] = {width, height, depth};
  return tandemRequest(port, TANDEM_DISPLAY_COMMAND_INFO, body, sizeof body);
}

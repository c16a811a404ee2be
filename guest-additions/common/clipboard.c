#include "clipboard.h"

#define CANNOT 0xffffffffu

i32 tandemClipboardState(TandemPort *port, TandemClipboard *state) {
  *state = (TandemClipboard){0};
  i32 status = tandemRequest(port, TANDEM_CLIPBOARD_COMMAND_STATE, state, sizeof *state);
  if (status == TANDEM_REQUEST_STATUS_OK) *state = *(const TandemClipboard *)tandemReply(port);
  return status;
}

static i32 fetch(TandemPort *port, u32 serial, u32 format, u32 offset, void *target, u32 length, u32 *total, u32 *taken) {
  // One page of the list holds the whole piece.
  u32 body[] = {serial, format, offset, length, 1, (u32)(uintptr_t)target, length};
  i32 status = tandemRequest(port, TANDEM_CLIPBOARD_COMMAND_FETCH, body, sizeof body);
  const u32 *reply = tandemReply(port);
  if (status == TANDEM_REQUEST_STATUS_OK) {
    *total = reply[TANDEM_CLIPBOARD_DATA_TOTAL / 4];
    *taken = reply[TANDEM_CLIPBOARD_DATA_LENGTH / 4];
  }
  return status;
}

i32 tandemClipboardSize(TandemPort *port, u32 serial, u32 format, u32 *size) {
  u32 taken;
  u8 nothing;
  return fetch(port, serial, format, 0, &nothing, 0, size, &taken);
}

i32 tandemClipboardFetch(TandemPort *port, u32 serial, u32 format, void *target, u32 size) {
  for (u32 at = 0; at < size;) {
    u32 left = size - at;
    u32 total, taken;
    u32 length = left < TANDEM_CLIPBOARD_TRANSFER_MAX ? left : TANDEM_CLIPBOARD_TRANSFER_MAX;
    i32 status = fetch(port, serial, format, at, (u8 *)target + at, length, &total, &taken);
    if (status != TANDEM_REQUEST_STATUS_OK) return status;
    if (!taken || taken > length) return TANDEM_REQUEST_STATUS_IO;
    at += taken;
  }
  return TANDEM_REQUEST_STATUS_OK;
}

i32 tandemClipboardOffer(TandemPort *port, u32 formats, u32 *serial) {
  u32 body[] = {formats, *serial};
  i32 status = tandemRequest(port, TANDEM_CLIPBOARD_COMMAND_OFFER, body, sizeof body);
  if (status == TANDEM_REQUEST_STATUS_OK) *serial = *(const u32 *)tandemReply(port);
  return status;
}

i32 tandemClipboardSupply(TandemPort *port, u32 wanted, const void *data, u32 size) {
  u32 at = 0;
  do {
    u32 left = size - at;
    u32 length = left < TANDEM_CLIPBOARD_TRANSFER_MAX ? left : TANDEM_CLIPBOARD_TRANSFER_MAX;
    u32 body[] = {wanted, data ? size : CANNOT, at, data ? length : 0, 1, (u32)(uintptr_t)data + at, length};
    i32 status = tandemRequest(port, TANDEM_CLIPBOARD_COMMAND_SUPPLY, body, sizeof body);
    if (status != TANDEM_REQUEST_STATUS_OK || !data) return status;
    at += length;
  } while (at < size);
  return TANDEM_REQUEST_STATUS_OK;
}

// The one clipboard of host and guest, between the host's offers and those of programs.
//
// What the host has goes to both selections of X: CLIPBOARD, and PRIMARY for programs that paste with the middle button. Programs' PRIMARY
// goes to the host only when that is wanted: whoever selects a word to replace it would lose what the host has.

#include "clipboard.h"
#include "daemon.h"
#include "owner.h"
#include "requestor.h"
#include "targets.h"
#include "x.h"

#define KEYSYM_INSERT 0xff63

/** Of the newest offer, and of the last that a program here made; 0: none. */
static u32 serial, ownSerial;
static u32 lastWanted;

void clipboardOffer(u32 formats) {
  if (!formats && ownSerial != serial) return; // it is somebody else's by now
  u32 body[] = {formats, serial};
  const u8 *answer;
  u32 size;
  // Refused with AGAIN: the host has copied something since, and its event is on the way.
  if (daemonAsk(TANDEM_CLIPBOARD_COMMAND_OFFER, body, sizeof body, &answer, &size) || size < 4) return;
  serial = get32(answer, 0);
  ownSerial = formats ? serial : 0;
  ownerOffers(serial, 0);
}

void clipboardLook(void) {
  const u8 *state;
  u32 size;
  if (daemonAsk(TANDEM_CLIPBOARD_COMMAND_STATE, 0, 0, &state, &size) || size < TANDEM_CLIPBOARD_STATE_SIZE) return;
  u32 newest = get32(state, TANDEM_CLIPBOARD_STATE_SERIAL), formats = get32(state, TANDEM_CLIPBOARD_STATE_FORMATS);
  u32 wanted = get32(state, TANDEM_CLIPBOARD_STATE_WANTED), format = get32(state, TANDEM_CLIPBOARD_STATE_WANTED_FORMAT);
  bool isToBePasted = get32(state, TANDEM_CLIPBOARD_STATE_PASTE);
  if (newest != serial) {
    serial = newest;
    ownerOffers(serial, formats);
  }
  if (isToBePasted) xShiftAnd(KEYSYM_INSERT); // which all kinds of programs take, terminals as well
  if (wanted == lastWanted || serial != ownSerial) return;
  lastWanted = wanted;
  if (wanted) requestorWanted(wanted, format);
}

void clipboardEvent(const u8 *event) {
  ownerEvent(event);
  requestorEvent(event);
}

void clipboardBegin(bool primary) {
  u32 selections[SELECTION_COUNT] = {xAtom("CLIPBOARD"), X_ATOM_PRIMARY};
  serial = ownSerial = 0;
  targetsBegin();
  ownerBegin(selections);
  clipboardLook();
  requestorBegin(selections, primary ? 2 : 1);
}

void clipboardEnd(void) {
  clipboardOffer(0);
}

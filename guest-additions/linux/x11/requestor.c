// What programs of the guest copy, for the host: the requestor's part of ICCCM 2.
//
// A new owner is asked for its TARGETS, and these are offered to the host; data is asked for when the host wants it. Each answer has a
// property of its own, so that a late one is not taken for another's.

#include "requestor.h"
#include "../lib/text.h"
#include "clipboard.h"
#include "daemon.h"
#include "memory.h"
#include "targets.h"
#include "x.h"

#define SELECTIONS_MAX 2
#define FORMATS 3
#define PROPERTIES 4
#define PIECE_MAX (TOOL_BODY_MAX - TANDEM_CLIPBOARD_SUPPLY_DATA)
#define CANNOT 0xffffffff

static u32 targetsAtom, incrAtom, listProperty, properties[PROPERTIES];
static u32 selections[SELECTIONS_MAX], selectionCount;

/** Whose owner copied last; 0: nobody. */
static u32 selection, since;
/** What that owner has, for each of the host's formats. */
static const Target *targets[FORMATS];

/** What the host waits for. */
static struct {
  u32 id; // 0: nothing
  const Target *target;
  u32 property;
  bool isInParts;
  u8 *bytes;
  u32 size;
} want;

// ---- the host's side ----

static bool supplyPiece(u32 total, u32 at, u32 size) {
  u8 body[TOOL_BODY_MAX];
  u32 head[] = {want.id, total, at, size, 0};
  _Static_assert(sizeof head == TANDEM_CLIPBOARD_SUPPLY_DATA, "five words");
  copyBytes(body, head, sizeof head);
  copyBytes(body + sizeof head, want.bytes + at, size);
  return !daemonAsk(TANDEM_CLIPBOARD_COMMAND_SUPPLY, body, sizeof head + size, 0, 0);
}

static void endWant(void) {
  freeMemory(want.bytes, TANDEM_CLIPBOARD_SIZE_MAX);
  want.id = 0;
  want.bytes = 0;
}

static void supply(void) {
  u32 at = 0, size;
  do {
    size = want.size - at < PIECE_MAX ? want.size - at : PIECE_MAX;
    if (!supplyPiece(want.size, at, size)) break; // nobody waits any more
    at += size;
  } while (at < want.size);
  endWant();
}

static void cannot(void) {
  supplyPiece(CANNOT, 0, 0);
  endWant();
}

// ---- the programs' side ----

static void appendByte(u8 byte) {
  if (want.size < TANDEM_CLIPBOARD_SIZE_MAX) want.bytes[want.size] = byte;
  want.size++;
}

/** Beyond the limit it is only counted. */
static void append(const u8 *bytes, u32 size) {
  for (u32 i = 0; i < size; i++) {
    if (!want.target->isLatin1 || bytes[i] < 0x80) {
      appendByte(bytes[i]);
    } else {
      appendByte(0xc0 | bytes[i] >> 6);
      appendByte(0x80 | (bytes[i] & 0x3f));
    }
  }
}

/** All of the property, which then goes. Returns how much there was; `type` is 0 when there was none. */
static u32 take(u32 *type) {
  u32 size = 0;
  for (;;) {
    XProperty part = xProperty(xWindow(), want.property, size, true);
    *type = part.type;
    if (!part.type || part.type == incrAtom) return 0;
    append(part.bytes, part.size);
    size += part.size;
    if (!part.left) return size;
  }
}

static void finish(void) {
  if (want.size > TANDEM_CLIPBOARD_SIZE_MAX) cannot();
  else supply();
}

static void dataArrived(u32 property) {
  u32 type = 0;
  if (property) take(&type);
  if (!type) cannot();
  else if (type == incrAtom) want.isInParts = true;
  else finish();
}

/** ICCCM 2.7.2: the last part is empty. */
static void partArrived(void) {
  u32 type;
  if (!take(&type)) finish();
}

static void listArrived(u32 property) {
  static const u32 NAMES[FORMATS] = {TANDEM_CLIPBOARD_FORMAT_TEXT, TANDEM_CLIPBOARD_FORMAT_HTML, TANDEM_CLIPBOARD_FORMAT_PNG};
  if (!property) return;
  XProperty list = xProperty(xWindow(), listProperty, 0, true);
  u32 formats = 0;
  for (u32 i = 0; i < FORMATS; i++) {
    targets[i] = bestTarget(NAMES[i], list.bytes, list.size / 4);
    if (targets[i]) formats |= NAMES[i];
  }
  if (formats) clipboardOffer(formats);
}

static void ownerChanged(u32 changed, u32 owner, u32 time) {
  bool isShared = false;
  for (u32 i = 0; i < selectionCount; i++) isShared = isShared || selections[i] == changed;
  if (!isShared || owner == xWindow()) return;
  if (owner) {
    selection = changed;
    since = time;
    xConvert(selection, targetsAtom, listProperty, since);
  } else if (selection == changed) {
    selection = 0;
    clipboardOffer(0);
  }
}

void requestorEvent(const u8 *event) {
  u32 kind = event[0] & 0x7f;
  if (kind == X_SELECTION_NOTIFY) {
    u32 target = get32(event, X_NOTIFY_TARGET), property = get32(event, X_NOTIFY_PROPERTY);
    if (target == targetsAtom) listArrived(property);
    else if (want.id && target == targetAtom(want.target) && (!property || property == want.property)) dataArrived(property);
  } else if (kind == X_PROPERTY_NOTIFY) {
    bool isPart = want.isInParts && get32(event, X_PROPERTY_WINDOW) == xWindow() && get32(event, X_PROPERTY_ATOM) == want.property;
    if (want.id && isPart && event[X_PROPERTY_STATE] != X_PROPERTY_DELETED) partArrived();
  } else if (kind == xFixesEvent() + X_FIXES_SELECTION_NOTIFY) {
    ownerChanged(get32(event, X_FIXES_SELECTION), get32(event, X_FIXES_OWNER), get32(event, X_FIXES_TIME));
  }
}

void requestorWanted(u32 id, u32 format) {
  endWant();
  want.id = id;
  want.target = 0;
  want.size = 0;
  want.isInParts = false;
  want.property = properties[id % PROPERTIES];
  for (u32 i = 0; i < FORMATS; i++)
    if (targets[i] && targets[i]->format == format) want.target = targets[i];
  if (selection && want.target) want.bytes = newMemory(TANDEM_CLIPBOARD_SIZE_MAX);
  if (want.bytes) xConvert(selection, targetAtom(want.target), want.property, since);
  else cannot();
}

void requestorBegin(const u32 *atoms, u32 count) {
  static const char *const NAMES[PROPERTIES] = {"TANDEM_DATA_0", "TANDEM_DATA_1", "TANDEM_DATA_2", "TANDEM_DATA_3"};
  endWant();
  selection = 0;
  targetsAtom = xAtom("TARGETS");
  incrAtom = xAtom("INCR");
  listProperty = xAtom("TANDEM_TARGETS");
  for (u32 i = 0; i < PROPERTIES; i++) properties[i] = xAtom(NAMES[i]);
  selectionCount = count;
  for (u32 i = 0; i < count; i++) {
    selections[i] = atoms[i];
    xWatchSelection(atoms[i]);
    u32 owner = xOwner(atoms[i]);
    if (owner) ownerChanged(atoms[i], owner, xTime());
  }
}

// The host's data for programs of the guest: the owner's part of ICCCM 2, with TARGETS, MULTIPLE, TIMESTAMP, and INCR for what is large.
//
// Data is fetched from the host when a program pastes. While the host's user thinks about whether that is allowed, all else waits.

#include "owner.h"
#include "../lib/text.h"
#include "daemon.h"
#include "memory.h"
#include "targets.h"
#include "x.h"

#define TRANSFERS_MAX 8
/** One for each transfer, and what is kept for the next program: the formats, and text in Latin-1. */
#define DATA_MAX (TRANSFERS_MAX + 4)
#define PIECE_MAX (TOOL_BODY_MAX - TANDEM_CLIPBOARD_DATA_DATA)
#define PAIRS_MAX 32

static u32 targetsAtom, multipleAtom, timestampAtom, incrAtom;
static struct {
  u32 atom;
  u32 since; // the server's time
  bool isOurs;
} selections[SELECTION_COUNT];
static u32 serial, formats;

/** Data of the host's: of this offer, or of an older one that a program still reads. */
typedef struct {
  u8 *bytes; // 0: free
  u32 room, size;
  u32 serial, format;
  bool isLatin1;
  u32 readers;
} Datum;
static Datum data[DATA_MAX];

/** A program takes part after part: it deletes the property, and gets the next one there. */
typedef struct {
  Datum *datum; // 0: free
  u32 window, property, type, at;
} Transfer;
static Transfer transfers[TRANSFERS_MAX];

// ---- the data ----

static void drop(Datum *datum) {
  freeMemory(datum->bytes, datum->room);
  datum->bytes = 0;
}

static Datum *newDatum(u32 format, bool isLatin1, u32 room) {
  for (Datum *datum = data; datum < data + DATA_MAX; datum++) {
    if (datum->bytes) continue;
    *datum = (Datum){newMemory(room + 1), room + 1, 0, serial, format, isLatin1, 0};
    return datum->bytes ? datum : 0;
  }
  return 0;
}

static void dropOld(void) {
  for (Datum *datum = data; datum < data + DATA_MAX; datum++)
    if (datum->bytes && !datum->readers && datum->serial != serial) drop(datum);
}

static Datum *existing(u32 format, bool isLatin1) {
  for (Datum *datum = data; datum < data + DATA_MAX; datum++)
    if (datum->bytes && datum->serial == serial && datum->format == format && datum->isLatin1 == isLatin1) return datum;
  return 0;
}

/** One piece; false: it cannot be had. `total` is of the whole. */
static bool fetchPiece(u32 format, u32 at, u32 *total, const u8 **bytes, u32 *size) {
  u32 body[] = {serial, format, at, PIECE_MAX, 0};
  const u8 *answer;
  u32 answerSize;
  _Static_assert(sizeof body == TANDEM_CLIPBOARD_FETCH_DATA, "five words");
  if (daemonAsk(TANDEM_CLIPBOARD_COMMAND_FETCH, body, sizeof body, &answer, &answerSize)) return false;
  if (answerSize < TANDEM_CLIPBOARD_DATA_DATA) return false;
  *total = get32(answer, TANDEM_CLIPBOARD_DATA_TOTAL);
  *size = get32(answer, TANDEM_CLIPBOARD_DATA_LENGTH);
  *bytes = answer + TANDEM_CLIPBOARD_DATA_DATA;
  return *total <= TANDEM_CLIPBOARD_SIZE_MAX && *size <= answerSize - TANDEM_CLIPBOARD_DATA_DATA;
}

static Datum *fetch(u32 format) {
  Datum *datum = 0;
  u32 total, size, at = 0;
  do {
    const u8 *bytes;
    bool isThere = fetchPiece(format, at, &total, &bytes, &size);
    if (isThere && !datum) datum = newDatum(format, false, total);
    if (!datum) return 0;
    if (!isThere || size > datum->room - 1 - at || (!size && at < total)) {
      drop(datum);
      return 0;
    }
    copyBytes(datum->bytes + at, bytes, size);
    at += size;
  } while (at < total);
  datum->size = at;
  return datum;
}

/** From UTF-8; letters that Latin-1 does not have become question marks. */
static Datum *toLatin1(const Datum *text) {
  Datum *datum = newDatum(text->format, true, text->size);
  if (!datum) return 0;
  for (u32 at = 0; at < text->size;) {
    u32 letter = text->bytes[at++];
    if (letter >= 0xc0) letter = letter <= 0xc3 && at < text->size ? (letter & 3) << 6 | (text->bytes[at] & 0x3f) : '?';
    while (at < text->size && (text->bytes[at] & 0xc0) == 0x80) at++;
    datum->bytes[datum->size++] = (u8)letter;
  }
  return datum;
}

static Datum *dataFor(const Target *target) {
  dropOld();
  Datum *datum = existing(target->format, target->isLatin1);
  if (datum) return datum;
  datum = existing(target->format, false);
  if (!datum) datum = fetch(target->format);
  return datum && target->isLatin1 ? toLatin1(datum) : datum;
}

// ---- the programs ----

static bool beginTransfer(u32 window, u32 property, u32 type, Datum *datum) {
  for (Transfer *transfer = transfers; transfer < transfers + TRANSFERS_MAX; transfer++) {
    if (transfer->datum) continue;
    *transfer = (Transfer){datum, window, property, type, 0};
    datum->readers++;
    xWatchWindow(window, true);
    xSetProperty(window, property, incrAtom, 32, &datum->size, 4);
    return true;
  }
  return false;
}

static void endTransfer(Transfer *transfer) {
  u32 window = transfer->window;
  transfer->datum->readers--;
  transfer->datum = 0;
  for (u32 i = 0; i < TRANSFERS_MAX; i++)
    if (transfers[i].datum && transfers[i].window == window) return;
  xWatchWindow(window, false);
}

/** ICCCM 2.7.2: behind the last part comes an empty one. */
static void partTaken(u32 window, u32 property) {
  for (Transfer *transfer = transfers; transfer < transfers + TRANSFERS_MAX; transfer++) {
    if (!transfer->datum || transfer->window != window || transfer->property != property) continue;
    u32 left = transfer->datum->size - transfer->at;
    u32 size = left < X_PART_MAX ? left : X_PART_MAX;
    xSetProperty(window, property, transfer->type, 8, transfer->datum->bytes + transfer->at, size);
    transfer->at += size;
    if (!size) endTransfer(transfer);
    return;
  }
}

static void windowGone(u32 window) {
  for (Transfer *transfer = transfers; transfer < transfers + TRANSFERS_MAX; transfer++)
    if (transfer->datum && transfer->window == window) endTransfer(transfer);
}

static bool give(u32 window, u32 property, u32 type, Datum *datum) {
  if (datum->size > X_PART_MAX) return beginTransfer(window, property, type, datum);
  xSetProperty(window, property, type, 8, datum->bytes, datum->size);
  return true;
}

static void giveTargets(u32 window, u32 property) {
  u32 list[TARGETS_MAX + 3] = {targetsAtom, multipleAtom, timestampAtom};
  u32 count = 3 + targetsFor(formats, list + 3);
  xSetProperty(window, property, X_ATOM_ATOM, 32, list, count * 4);
}

/** Puts what is asked for into the property. False: it cannot be had. */
static bool convert(u32 selection, u32 window, u32 target, u32 property) {
  if (target == targetsAtom) {
    giveTargets(window, property);
    return true;
  }
  if (target == timestampAtom) {
    xSetProperty(window, property, X_ATOM_INTEGER, 32, &selections[selection].since, 4);
    return true;
  }
  const Target *known = targetNamed(target);
  Datum *datum = known && (formats & known->format) ? dataFor(known) : 0;
  return datum && give(window, property, targetType(known), datum);
}

/** ICCCM 2.6.2: the property has pairs of target and property; of what cannot be had, None takes the place. */
static bool convertMany(u32 selection, u32 window, u32 property) {
  u32 pairs[2 * PAIRS_MAX];
  XProperty list = xProperty(window, property, 0, false);
  if (!list.type || list.left || list.size > sizeof pairs) return false;
  u32 count = list.size / 8, type = list.type;
  copyBytes(pairs, list.bytes, list.size);
  for (u32 *pair = pairs; pair < pairs + 2 * count; pair += 2)
    if (!pair[1] || pair[0] == multipleAtom || !convert(selection, window, pair[0], pair[1])) pair[0] = pair[1] = 0;
  xSetProperty(window, property, type, 32, pairs, count * 8);
  return true;
}

static u32 selectionNamed(u32 atom) {
  u32 selection = 0;
  while (selection < SELECTION_COUNT && selections[selection].atom != atom) selection++;
  return selection;
}

static bool answer(const u8 *event, u32 property) {
  u32 selection = selectionNamed(get32(event, X_REQUEST_SELECTION));
  u32 window = get32(event, X_REQUEST_REQUESTOR), target = get32(event, X_REQUEST_TARGET), time = get32(event, X_REQUEST_TIME);
  if (selection == SELECTION_COUNT || !selections[selection].isOurs) return false;
  if (time && (i32)(time - selections[selection].since) < 0) return false; // meant for an owner before
  if (target == multipleAtom) return get32(event, X_REQUEST_PROPERTY) && convertMany(selection, window, property);
  return convert(selection, window, target, property);
}

void ownerEvent(const u8 *event) {
  u32 kind = event[0] & 0x7f;
  if (kind == X_SELECTION_REQUEST) {
    u32 property = get32(event, X_REQUEST_PROPERTY);
    if (!property) property = get32(event, X_REQUEST_TARGET); // ICCCM 2.2: of old programs
    xAnswerSelection(event, answer(event, property) ? property : 0);
  } else if (kind == X_SELECTION_CLEAR) {
    u32 selection = selectionNamed(get32(event, X_NOTIFY_SELECTION));
    if (selection < SELECTION_COUNT) selections[selection].isOurs = false;
  } else if (kind == X_PROPERTY_NOTIFY && event[X_PROPERTY_STATE] == X_PROPERTY_DELETED) {
    partTaken(get32(event, X_PROPERTY_WINDOW), get32(event, X_PROPERTY_ATOM));
  } else if (kind == X_DESTROY_NOTIFY) {
    windowGone(get32(event, X_DESTROY_WINDOW));
  }
}

void ownerOffers(u32 number, u32 offered) {
  serial = number;
  formats = offered;
  u32 time = xTime();
  for (u32 i = 0; i < SELECTION_COUNT; i++) {
    if (!offered && !selections[i].isOurs) continue;
    xOwn(selections[i].atom, offered, time);
    selections[i].since = time;
    selections[i].isOurs = offered && xOwner(selections[i].atom) == xWindow();
  }
}

void ownerBegin(const u32 *atoms) {
  for (Datum *datum = data; datum < data + DATA_MAX; datum++) {
    datum->readers = 0;
    drop(datum);
  }
  for (u32 i = 0; i < TRANSFERS_MAX; i++) transfers[i].datum = 0;
  for (u32 i = 0; i < SELECTION_COUNT; i++) {
    selections[i].atom = atoms[i];
    selections[i].isOurs = false;
  }
  targetsAtom = xAtom("TARGETS");
  multipleAtom = xAtom("MULTIPLE");
  timestampAtom = xAtom("TIMESTAMP");
  incrAtom = xAtom("INCR");
}

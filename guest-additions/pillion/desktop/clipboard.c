#include "clipboard.h"

#include "../drivers/tandem-port.h"
#include "html-text.h"

#define HASH_FIRST 0x811c9dc5u
#define HASH_FACTOR 0x01000193u

typedef struct {
  u8 *bytes; // null: not here
  u32 size;
} Datum;

/** What the clipboard holds, as far as it is here. */
static Datum data[CLIP_FORMATS];
/** The words of the HTML. */
static Datum words;
static bool own; // this desktop has made the newest offer
static TandemClipboard state;

static void forget(void) {
  for (u32 i = 0; i < CLIP_FORMATS; i++) release(data[i].bytes);
  memset(data, 0, sizeof data);
  release(words.bytes);
  words = (Datum){0};
}

static u32 held(void) {
  u32 formats = 0;
  for (u32 i = 0; i < CLIP_FORMATS; i++)
    if (data[i].bytes) formats |= 1u << i;
  return formats;
}

u32 clipboardFormats(void) {
  return own ? held() : state.formats;
}

static u32 indexOf(u32 format) {
  u32 index = 0;
  while (index < CLIP_FORMATS && 1u << index != format) index++;
  return index;
}

static void supply(TandemPort *port) {
  u32 index = indexOf(state.wantedFormat);
  bool has = own && index < CLIP_FORMATS && data[index].bytes;
  tandemClipboardSupply(port, state.wanted, has ? data[index].bytes : NULL, has ? data[index].size : 0);
}

/** Looks at the host's state. Says whether the user wants its offer to be pasted. */
static bool look(void) {
  TandemPort *port = tandemClipboardPort();
  u32 before = state.serial;
  if (!port || tandemClipboardState(port, &state) != TANDEM_REQUEST_STATUS_OK) return false;
  if (state.serial != before) {
    // What was copied here stays here, unless there is something newer.
    if (state.formats || !own) forget();
    if (state.formats) own = false;
  }
  if (state.wanted) supply(port);
  return state.paste != 0;
}

void startClipboard(void) {
  look();
  // The host has forgotten what was copied before.
  if (own && held()) offerClipboard();
}

void takeClipboardEvent(void) {
  if (!look()) return;
  Window *window = stackHeight ? stack[stackHeight - 1] : NULL;
  if (!window || !window->app->edit) window = windowNamed(state.formats & ~TANDEM_CLIPBOARD_FORMAT_PNG ? "notes" : "viewer");
  if (openWindow(window)) window->app->edit(window, EDIT_PASTE);
}

bool offerClipboard(void) {
  TandemPort *port = tandemClipboardPort();
  own = true;
  if (!port) return false;
  i32 status = tandemClipboardOffer(port, held(), &state.serial);
  if (status == TANDEM_REQUEST_STATUS_AGAIN) {
    // The host has copied something at the same time; the user has done it here.
    tandemClipboardState(port, &state);
    status = tandemClipboardOffer(port, held(), &state.serial);
  }
  state.formats = 0;
  return status == TANDEM_REQUEST_STATUS_OK;
}

static bool keep(Datum *datum, u32 size) {
  *datum = (Datum){allocate(size + 1), size};
  if (datum->bytes) datum->bytes[size] = 0;
  else notify("There is not enough memory for the clipboard.");
  return datum->bytes != NULL;
}

bool copyToClipboard(u32 format, const void *from, u32 size) {
  Datum copy;
  u32 index = indexOf(format);
  if (!keep(&copy, size)) return false;
  memcpy(copy.bytes, from, size);
  forget();
  data[index] = copy;
  offerClipboard();
  return true;
}

static const char *problemOf(i32 status) {
  switch (status) {
    case TANDEM_REQUEST_STATUS_ACCESS:
      return "The host does not hand over its clipboard.";
    case TANDEM_REQUEST_STATUS_TOO_BIG:
      return "What is on the host's clipboard is too large.";
    default:
      return "The clipboard has changed. Paste again.";
  }
}

static const Datum *obtain(u32 format) {
  u32 index = indexOf(format);
  if (index == CLIP_FORMATS) return NULL;
  Datum *datum = &data[index];
  if (datum->bytes) return datum;
  TandemPort *port = tandemClipboardPort();
  if (own || !port || !(state.formats & format)) return NULL;
  u32 size;
  i32 status = tandemClipboardSize(port, state.serial, format, &size);
  if (status == TANDEM_REQUEST_STATUS_OK && !keep(datum, size)) return NULL;
  if (status == TANDEM_REQUEST_STATUS_OK) status = tandemClipboardFetch(port, state.serial, format, datum->bytes, size);
  if (status == TANDEM_REQUEST_STATUS_OK) return datum;
  release(datum->bytes);
  *datum = (Datum){0};
  notify(problemOf(status));
  return NULL;
}

const u8 *pasteFromClipboard(u32 format, u32 *size) {
  if (!(clipboardFormats() & format)) {
    notify(format == TANDEM_CLIPBOARD_FORMAT_PNG ? "There is no picture on the clipboard." : "There is no text on the clipboard.");
    return NULL;
  }
  const Datum *datum = obtain(format);
  *size = datum ? datum->size : 0;
  return datum ? datum->bytes : NULL;
}

const char *pasteText(u32 *size) {
  u32 formats = clipboardFormats();
  if (formats & TANDEM_CLIPBOARD_FORMAT_TEXT || !(formats & TANDEM_CLIPBOARD_FORMAT_HTML))
    return (const char *)pasteFromClipboard(TANDEM_CLIPBOARD_FORMAT_TEXT, size);
  const Datum *html = obtain(TANDEM_CLIPBOARD_FORMAT_HTML);
  if (!html) return NULL;
  if (!words.bytes) {
    if (!keep(&words, html->size)) return NULL;
    words.size = textOfHtml((char *)words.bytes, (const char *)html->bytes, html->size);
  }
  *size = words.size;
  return (const char *)words.bytes;
}

// ---- for tests ----

void fetchClipboard(void) {
  for (u32 i = 0; i < CLIP_FORMATS; i++) {
    const Datum *datum = clipboardFormats() & 1u << i ? obtain(1u << i) : NULL;
    if (!datum) continue;
    u32 hash = HASH_FIRST;
    for (u32 k = 0; k < datum->size; k++) hash = (hash ^ datum->bytes[k]) * HASH_FACTOR;
    serialPrint("CLIP %u %u %08x\n", 1u << i, datum->size, hash);
  }
}

void tellClipboard(void) {
  serialPrint("CLIPBOARD serial=%u formats=%x own=%d directions=%x\n", state.serial, clipboardFormats(), own, state.directions);
}

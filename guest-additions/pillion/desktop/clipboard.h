// The desktop's clipboard, which is the host's as well: what is copied here is offered to the host, and what the host offers is
// fetched when it is pasted.

#pragma once

#include "../../common/clipboard.h"
#include "window.h"

/** In the order of the bits of TANDEM_CLIPBOARD_FORMAT_. */
enum { CLIP_TEXT, CLIP_HTML, CLIP_PNG, CLIP_FORMATS };

/** A session with the host has begun: what was offered before is looked at. */
void startClipboard(void);
/** The host has something new to say. */
void takeClipboardEvent(void);

/** Bits of TANDEM_CLIPBOARD_FORMAT_: what can be pasted. */
u32 clipboardFormats(void);
/** Puts a copy of it on the clipboard, in place of all that was there. */
bool copyToClipboard(u32 format, const void *data, u32 size);
/** What is to be pasted, with a zero behind it; null, and a notice, when it cannot be had. It stays until the clipboard changes. */
const u8 *pasteFromClipboard(u32 format, u32 *size);
/** Text, or the words of HTML. */
const char *pasteText(u32 *size);

/** For tests: fetches all that the host offers; then offers it as its own. Lines on the serial port. */
void fetchClipboard(void);
bool offerClipboard(void);
void tellClipboard(void);

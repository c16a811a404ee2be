// The X11 protocol, as far as clipboard and cursor need it: one connection without Xlib; requests, replies, events.
//
// X Window System Protocol, version 11; X Fixes Extension, version 5.0; X Test Extension, version 2.2.

#pragma once

#include "../lib/system.h"

#define X_PACKET 32

// Events, with the offsets of what they carry.
#define X_DESTROY_NOTIFY 17
#define X_DESTROY_WINDOW 8
#define X_PROPERTY_NOTIFY 28
#define X_PROPERTY_WINDOW 4
#define X_PROPERTY_ATOM 8
#define X_PROPERTY_TIME 12
#define X_PROPERTY_STATE 16
#define X_PROPERTY_DELETED 1
#define X_SELECTION_CLEAR 29
#define X_SELECTION_REQUEST 30
#define X_REQUEST_TIME 4
#define X_REQUEST_REQUESTOR 12
#define X_REQUEST_SELECTION 16
#define X_REQUEST_TARGET 20
#define X_REQUEST_PROPERTY 24
#define X_SELECTION_NOTIFY 31
#define X_NOTIFY_SELECTION 12
#define X_NOTIFY_TARGET 16
#define X_NOTIFY_PROPERTY 20
/** Of XFIXES, from `xFixesEvent` on. */
#define X_FIXES_SELECTION_NOTIFY 0
#define X_FIXES_OWNER 8
#define X_FIXES_SELECTION 12
#define X_FIXES_TIME 16
#define X_FIXES_CURSOR_NOTIFY 1

#define X_ATOM_PRIMARY 1
#define X_ATOM_ATOM 4
#define X_ATOM_INTEGER 19
/** Bytes of one property change that every server takes. */
#define X_PART_MAX 0x10000

/** Null: it is not set. */
const char *environmentVariable(const char *name);
/** Connects to a display (":0"; also "unix:0.0"). Null, or what went wrong, in words. */
const char *xConnect(const char *display);
void xDisconnect(void);
i32 xFile(void);
/** Our own, which is never seen. */
u32 xWindow(void);
u32 xFixesEvent(void);
/** The next event into 32 bytes; false: there is none now. */
bool xEvent(u8 *event);
/** There is one that came while a reply was awaited. */
bool xHasWaiting(void);
/** The server has gone. */
bool xHasGone(void);
/** The server's time, for what is to happen now. */
u32 xTime(void);
u32 xAtom(const char *name);

/** 0: nobody. */
u32 xOwner(u32 selection);
/** Takes the selection, or gives it up. */
void xOwn(u32 selection, bool own, u32 time);
void xConvert(u32 selection, u32 target, u32 property, u32 time);
/** The answer to a selection request; property 0: refused. */
void xAnswerSelection(const u8 *request, u32 property);
/** Tells of owners of this selection from now on. */
void xWatchSelection(u32 selection);

typedef struct {
  u32 type; // 0: there is none
  u32 size, left; // bytes here, and behind them
  const u8 *bytes; // good until the next call
} XProperty;
/** At most 64 KiB of it. `remove`: together with its end it goes away. */
XProperty xProperty(u32 window, u32 property, u32 offset, bool remove);
/** `format`: bits of an item. */
void xSetProperty(u32 window, u32 property, u32 type, u32 format, const void *bytes, u32 size);
/** Tells when properties of another's window change and when it goes, or no more. */
void xWatchWindow(u32 window, bool watch);

void xWatchCursor(void);
/** The server draws no cursor until it is told to, or this program ends. */
void xHideCursor(bool hide);
typedef struct {
  u32 width, height, hotX, hotY;
  const u32 *argb; // premultiplied; good until the next call
} XCursor;
bool xCursor(XCursor *cursor);

/** Presses a key with Shift and lets both go. */
void xShiftAnd(u32 keysym);

// Pillion at the Tandem port: pointer in interrupts, cursor and truth in requests.

#pragma once

#include "../../common/tandem.h"
#include "../desktop/cursor.h"
#include "../kernel/kernel.h"

/** `pointer`: the port is the pointer device; else it only carries what Pillion tells. */
void startTandem(bool pointer);
bool tandemPresent(void);
/** For requests of others; null when there is none. */
TandemPort *tandemPort(void);
/** The host can send positions here. */
bool tandemHasPointer(void);
/** It does. */
bool tandemGetsPointer(void);
/** Asks the host to capture the pointer and to send motion; or no longer. */
void grabTandem(bool wanted);
/** Another choice while running. */
void useTandemPointer(bool pointer);
/** In the foreground: events of the host. */
void takeTandemEvents(void);
/** Channels have more to be done: they get another turn in the next round of the loop. */
void channelsWait(void);
/** In the foreground: makes the screen as large as the host wishes, if that is new. */
void takeDisplaySize(void);
/** The desktop has taken all reports: more may come. */
void resumeTandem(void);
void tellCursor(const CursorImage *image, bool shown);
void tellPosition(i32 x, i32 y);
void tellWarp(i32 x, i32 y);
/** Null: the host shares no clipboard. */
TandemPort *tandemClipboardPort(void);
u16 tandemFeatures(void);
/** The host has captured the pointer: it sends motion instead of places. */
bool tandemIsRelative(void);
u16 tandemBase(void);
/** How often the clock was set by the host's. */
u32 tandemTimesAsked(void);

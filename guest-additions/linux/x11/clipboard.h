// The one clipboard of host and guest, between the host's offers and those of programs.

#pragma once

#include "../lib/system.h"

/** With a new connection to the X server. `primary`: what is only selected goes to the host as well. */
void clipboardBegin(bool primary);
void clipboardEvent(const u8 *event);
/** The host has something new, or wants something. */
void clipboardLook(void);
/** A program has copied something; formats 0: it has gone. */
void clipboardOffer(u32 formats);
/** The X server has gone, and its programs with it. */
void clipboardEnd(void);

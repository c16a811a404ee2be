// The cursor: its shape goes to the host, who draws it where the host's pointer is; the X server then draws none.

#pragma once

#include "../lib/system.h"

/** With a new connection to the X server. */
void cursorBegin(void);
/** The shape has changed, or the way in which the host gives its pointer. */
void cursorChanged(void);
/** The X server has gone, and its cursor with it. */
void cursorEnd(void);

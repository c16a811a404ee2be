// The daemon's end of the socket through which tools use the port; ../lib/daemon-socket.h says what goes over it.

#pragma once

#include "../lib/daemon-socket.h"

/** `features`: of the port, that tools use. Returns what is wrong, or 0. */
const char *toolsOpen(u32 features);
void toolsClose(void);

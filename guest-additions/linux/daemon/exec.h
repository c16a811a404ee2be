// Commands that the host runs here.

#pragma once

#include "../lib/system.h"

void execOpen(void);
/** A process of anybody's has ended. */
void execEnded(i32 process, i32 code, i32 signal);

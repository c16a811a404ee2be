// Memory for data whose size is known only when it comes.

#pragma once

#include "../lib/system.h"

/** Zeroed; it takes room only where it is written. 0: there is not so much. */
u8 *newMemory(u32 size);
void freeMemory(u8 *memory, u32 size);

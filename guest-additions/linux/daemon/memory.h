// Memory that the host reaches: it stays where it is, and its physical addresses are known.

#pragma once

#include "../lib/system.h"

#define PAGE 4096

/** So many pages, zeroed, and the physical address of each; 0 when the kernel does not give or tell them. */
u8 *lockedPages(u32 count, u32 *addresses);
/** Ordinary memory, zeroed; 0 when there is none. */
void *plainMemory(u32 size);

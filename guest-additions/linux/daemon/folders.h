// Shared folders: the messages of /dev/fuse, carried over the port.

#pragma once

#include "../lib/system.h"

/** Before the port is opened. Returns what is wrong, or 0. */
const char *foldersOpen(void);
/** Mounts the folder with this number, or all of them (0), as directories of one. Returns what is wrong, or 0. */
const char *foldersMount(const char *directory, u32 folder);
/** Lets go of all; what still uses them is told. */
void foldersClose(void);

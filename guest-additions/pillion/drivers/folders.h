// The host's folders and dropped files, for tasks: each call returns when the host has answered, and the desktop goes on meanwhile.

#pragma once

#include "../../common/drag-and-drop.h"
#include "../kernel/kernel.h"

/** A file or directory. */
typedef struct {
  u32 folder;
  char path[FOLDER_PATH_MAX];
} Place;

/** A call whose answer has room for a part of a directory; to be released with endCall(). Null without memory or host. */
FolderCall *newCall(void);
void endCall(FolderCall *call);
/** In a task: gives way until the call has its answer, and returns its status. */
i32 await(FolderCall *call);

/** The place of a name in a directory; false when it is too long. */
bool placeWithin(Place *to, const Place *directory, const char *name);
const char *nameOf(const char *path);

/** In a task: the bytes are of the heap. TOO_BIG for more than `most`. */
i32 readFile(const Place *place, u32 most, u8 **bytes, u32 *length);
/** In a task: makes or replaces a file. When it is 0, the host has it. */
i32 writeFile(const Place *place, const void *bytes, u32 length);

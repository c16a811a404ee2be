// Files that the user has dropped on the machine's screen, and files for the host to offer as downloads; see
// wasm/protocol/drag-and-drop.ts. Calls and their results are as in shared-folders.h.

#pragma once

#include "shared-folders.h"

typedef struct {
  u32 number;
  u32 items;
  u32 x, y; // pixels of the screen
} Drop;

typedef struct {
  u64 length, modified;
  const char *name; // not ended by a zero
  u32 nameLength;
} DropItem;

/** What was dropped; no entry: nothing that was not taken. */
void dropTake(FolderCall *call);
Drop dropTaken(const FolderCall *call);
void dropItem(FolderCall *call, u32 drop, u32 index);
DropItem dropItemOf(const FolderCall *call);
/** folderTransferred() tells how much there was. */
void dropRead(FolderCall *call, u32 drop, u32 index, u64 position, void *to, u32 length);
/** It is done with. `words`: what became of it, for the user. */
void dropFinish(FolderCall *call, u32 drop, bool taken, const char *words);

void saveBegin(FolderCall *call, const char *name);
u32 saveNumber(const FolderCall *call);
/** What follows the bytes before. */
void saveWrite(FolderCall *call, u32 save, const void *from, u32 length);
/** `complete`: the host offers it; else it is forgotten. */
void saveEnd(FolderCall *call, u32 save, bool complete);

// Shared folders by path, for guests without FUSE; see wasm/protocol/shared-folders.ts.
//
// Each call begins one operation and returns at once. When folderResult() is no longer TANDEM_REQUEST_STATUS_PENDING, the answer can
// be read from the call, until it begins another one. Many calls may be under way, each with a block of its own.
//
//   u8 block[FOLDER_CALL_MIN] aligned to 4;
//   FolderCall call = {&port, block, sizeof block};
//   folderList(&call, folder, "photos", 0);
//   ... folderResult(&call) == 0 ...
//   for (FolderItem item = folderFirst(&call); item.name; item = folderNext(&item)) ...
//
// Paths are UTF-8 with "/" between names; "" is the folder itself.

#pragma once

#include "tandem.h"

#define FOLDER_PATH_MAX 1024
/** A block for anything; larger ones hold more of a directory at once. */
#define FOLDER_CALL_MIN (TANDEM_REQUEST_HEADER_SIZE + 64 + 2 * FOLDER_PATH_MAX)

typedef struct {
  TandemPort *port;
  u8 *block;
  u32 size;
  i32 refused; // a status that needed no host: the path is too long
} FolderCall;

typedef struct {
  u32 kind; // TANDEM_FOLDER_KIND_...
  u32 mode; // of a root: TANDEM_FOLDER_FLAG_...
  u64 length, modified;
  u64 number;
} FolderAttributes;

typedef struct {
  FolderAttributes attributes;
  const char *name; // not ended by a zero; null: there are no more in this answer
  u32 nameLength;
  const u8 *next;
  u32 left;
} FolderItem;

/** The folders; a root's attributes.number is what the others take as `folder`. */
void folderRoots(FolderCall *call, u32 cursor);
void folderList(FolderCall *call, u32 folder, const char *path, u32 cursor);
void folderStatus(FolderCall *call, u32 folder, const char *path);
/** Flags: TANDEM_FOLDER_OPEN_FLAG_... */
void folderOpen(FolderCall *call, u32 folder, const char *path, u32 flags);
/** At most TANDEM_FOLDER_TRANSFER_MAX bytes; the memory is the host's until the end. */
void folderRead(FolderCall *call, u32 handle, u64 position, void *to, u32 length);
void folderWrite(FolderCall *call, u32 handle, u64 position, const void *from, u32 length);
/** When it has succeeded, what was written is on the host. */
void folderClose(FolderCall *call, u32 handle);
void folderMakeDirectory(FolderCall *call, u32 folder, const char *path);
void folderRemoveDirectory(FolderCall *call, u32 folder, const char *path);
void folderDelete(FolderCall *call, u32 folder, const char *path);
/** `keep`: fails when the target is there. */
void folderRename(FolderCall *call, u32 folder, const char *from, const char *to, bool keep);
/** A file, by the host. */
void folderCopy(FolderCall *call, u32 folder, const char *from, u32 toFolder, const char *to, bool keep);
void folderSpace(FolderCall *call, u32 folder);

i32 folderResult(const FolderCall *call);
/** In words, for the user. */
const char *folderWords(i32 status);

// ---- answers ----

FolderItem folderFirst(const FolderCall *call);
FolderItem folderNext(const FolderItem *item);
/** What the next call of folderRoots() or folderList() takes; 0: there are no more. */
u32 folderCursor(const FolderCall *call);
u32 folderHandle(const FolderCall *call);
/** Of folderOpen() and folderStatus(). */
FolderAttributes folderAttributesOpened(const FolderCall *call);
FolderAttributes folderAttributes(const FolderCall *call);
/** Of folderRead() and folderWrite(). */
u32 folderTransferred(const FolderCall *call);
u64 folderFree(const FolderCall *call);

// Requests about shared folders, and their answers taken apart.

#include "shared-folders.h"

static u8 *body(const FolderCall *call) {
  return call->block + TANDEM_REQUEST_HEADER_SIZE;
}

static void put32(const FolderCall *call, u32 offset, u32 value) {
  *(u32 *)(body(call) + offset) = value;
}

static u32 get32(const u8 *at) {
  return *(const u32 *)at;
}

static u64 get64(const u8 *at) {
  return *(const u64 *)at;
}

static u32 lengthOf(const char *text) {
  u32 length = 0;
  while (text[length]) length++;
  return length;
}

/** Bytes from `offset` on; false when there is no room. */
static bool putText(FolderCall *call, u32 offset, const char *text) {
  u32 length = lengthOf(text);
  if (TANDEM_REQUEST_HEADER_SIZE + offset + length + 1 > call->size) {
    call->refused = TANDEM_FOLDER_STATUS_NAME_TOO_LONG;
    return false;
  }
  for (u32 i = 0; i <= length; i++) body(call)[offset + i] = (u8)text[i];
  return true;
}

/** The whole block is room for the answer. */
static void start(FolderCall *call, u16 command) {
  call->refused = 0;
  tandemStart(call->port, call->block, command, call->size - TANDEM_REQUEST_HEADER_SIZE);
}

static void startWithPath(FolderCall *call, u16 command, u32 offset, const char *path) {
  if (putText(call, offset, path)) start(call, command);
}

static void list(FolderCall *call, u32 folder, u32 cursor) {
  put32(call, TANDEM_FOLDER_LIST_REQUEST_FOLDER, folder);
  put32(call, TANDEM_FOLDER_LIST_REQUEST_CURSOR, cursor);
  put32(call, TANDEM_FOLDER_LIST_REQUEST_ROOM, call->size - TANDEM_REQUEST_HEADER_SIZE);
}

void folderRoots(FolderCall *call, u32 cursor) {
  put32(call, 0, cursor);
  put32(call, 4, call->size - TANDEM_REQUEST_HEADER_SIZE);
  start(call, TANDEM_FOLDER_COMMAND_ROOTS);
}

void folderList(FolderCall *call, u32 folder, const char *path, u32 cursor) {
  list(call, folder, cursor);
  startWithPath(call, TANDEM_FOLDER_COMMAND_LIST, TANDEM_FOLDER_LIST_REQUEST_PATH, path);
}

static void atPath(FolderCall *call, u16 command, u32 folder, const char *path) {
  put32(call, 0, folder);
  startWithPath(call, command, 4, path);
}

void folderStatus(FolderCall *call, u32 folder, const char *path) {
  atPath(call, TANDEM_FOLDER_COMMAND_STATUS, folder, path);
}

void folderMakeDirectory(FolderCall *call, u32 folder, const char *path) {
  atPath(call, TANDEM_FOLDER_COMMAND_MAKE_DIRECTORY, folder, path);
}

void folderRemoveDirectory(FolderCall *call, u32 folder, const char *path) {
  atPath(call, TANDEM_FOLDER_COMMAND_REMOVE_DIRECTORY, folder, path);
}

void folderDelete(FolderCall *call, u32 folder, const char *path) {
  atPath(call, TANDEM_FOLDER_COMMAND_DELETE, folder, path);
}

void folderOpen(FolderCall *call, u32 folder, const char *path, u32 flags) {
  put32(call, TANDEM_FOLDER_OPEN_FOLDER, folder);
  put32(call, TANDEM_FOLDER_OPEN_FLAGS, flags);
  put32(call, TANDEM_FOLDER_OPEN_INLINE, 0);
  startWithPath(call, TANDEM_FOLDER_COMMAND_OPEN, TANDEM_FOLDER_OPEN_PATH, path);
}

static void transfer(FolderCall *call, u16 command, u32 handle, u64 position, const void *memory, u32 length) {
  put32(call, TANDEM_FOLDER_TRANSFER_HANDLE, handle);
  put32(call, TANDEM_FOLDER_TRANSFER_LENGTH, length);
  put32(call, TANDEM_FOLDER_TRANSFER_POSITION, (u32)position);
  put32(call, TANDEM_FOLDER_TRANSFER_POSITION + 4, (u32)(position >> 32));
  put32(call, TANDEM_FOLDER_TRANSFER_PAGES, 1);
  put32(call, TANDEM_FOLDER_TRANSFER_DATA, (u32)(uintptr_t)memory);
  put32(call, TANDEM_FOLDER_TRANSFER_DATA + 4, length);
  start(call, command);
}

void folderRead(FolderCall *call, u32 handle, u64 position, void *to, u32 length) {
  transfer(call, TANDEM_FOLDER_COMMAND_READ, handle, position, to, length);
}

void folderWrite(FolderCall *call, u32 handle, u64 position, const void *from, u32 length) {
  transfer(call, TANDEM_FOLDER_COMMAND_WRITE, handle, position, from, length);
}

void folderClose(FolderCall *call, u32 handle) {
  put32(call, 0, handle);
  start(call, TANDEM_FOLDER_COMMAND_CLOSE);
}

static void twoPaths(FolderCall *call, u16 command, u32 folder, const char *from, u32 toFolder, const char *to, bool keep) {
  u32 length = lengthOf(from);
  put32(call, TANDEM_FOLDER_RENAME_FOLDER, folder);
  put32(call, TANDEM_FOLDER_RENAME_TARGET_FOLDER, toFolder);
  put32(call, TANDEM_FOLDER_RENAME_FLAGS, keep);
  put32(call, TANDEM_FOLDER_RENAME_PATH_LENGTH, length);
  if (putText(call, TANDEM_FOLDER_RENAME_PATHS, from)) startWithPath(call, command, TANDEM_FOLDER_RENAME_PATHS + length, to);
}

void folderRename(FolderCall *call, u32 folder, const char *from, const char *to, bool keep) {
  twoPaths(call, TANDEM_FOLDER_COMMAND_RENAME, folder, from, folder, to, keep);
}

void folderCopy(FolderCall *call, u32 folder, const char *from, u32 toFolder, const char *to, bool keep) {
  twoPaths(call, TANDEM_FOLDER_COMMAND_COPY, folder, from, toFolder, to, keep);
}

void folderSpace(FolderCall *call, u32 folder) {
  put32(call, 0, folder);
  start(call, TANDEM_FOLDER_COMMAND_SPACE);
}

i32 folderResult(const FolderCall *call) {
  return call->refused ? call->refused : tandemState(call->port, call->block);
}

const char *folderWords(i32 status) {
  switch (status) {
    case TANDEM_REQUEST_STATUS_OK:
      return "done";
    case TANDEM_REQUEST_STATUS_NO_ENTRY:
      return "it is not there any more";
    case TANDEM_REQUEST_STATUS_NOT_PERMITTED:
    case TANDEM_REQUEST_STATUS_ACCESS:
      return "the host needs permission again";
    case TANDEM_REQUEST_STATUS_BUSY:
      return "it is being used";
    case TANDEM_REQUEST_STATUS_EXISTS:
      return "there is one of this name already";
    case TANDEM_REQUEST_STATUS_INVALID:
    case TANDEM_FOLDER_STATUS_BAD_NAME:
      return "this name cannot be used";
    case TANDEM_REQUEST_STATUS_CANCELED:
      return "stopped";
    case TANDEM_REQUEST_STATUS_RESTART:
    case TANDEM_REQUEST_STATUS_BAD_SESSION:
    case TANDEM_FOLDER_STATUS_BAD_HANDLE:
      return "the connection to the host was made anew";
    case TANDEM_REQUEST_STATUS_AGAIN:
    case TANDEM_FOLDER_STATUS_TOO_MANY_FILES:
      return "the host is too busy";
    case TANDEM_REQUEST_STATUS_NO_COMMAND:
      return "this machine cannot do it";
    case TANDEM_FOLDER_STATUS_NOT_READY:
      return "the folder is not ready: look at the host's page";
    case TANDEM_FOLDER_STATUS_NOT_DIRECTORY:
      return "this is no folder";
    case TANDEM_FOLDER_STATUS_IS_DIRECTORY:
      return "this is a folder";
    case TANDEM_REQUEST_STATUS_TOO_BIG:
    case TANDEM_FOLDER_STATUS_FILE_TOO_BIG:
      return "it is too large";
    case TANDEM_REQUEST_STATUS_NO_MEMORY:
      return "there is not enough memory";
    case TANDEM_FOLDER_STATUS_NO_SPACE:
      return "the disk is full";
    case TANDEM_FOLDER_STATUS_READ_ONLY:
      return "the folder is read-only";
    case TANDEM_FOLDER_STATUS_NAME_TOO_LONG:
      return "the name is too long";
    case TANDEM_FOLDER_STATUS_NOT_EMPTY:
      return "the folder is not empty";
    case TANDEM_FOLDER_STATUS_OTHER_FOLDER:
      return "it is in another folder";
    default:
      return "the host could not read or write it";
  }
}

static FolderAttributes attributesAt(const u8 *at) {
  return (FolderAttributes){
      .kind = get32(at + TANDEM_FOLDER_ATTRIBUTES_KIND),
      .mode = get32(at + TANDEM_FOLDER_ATTRIBUTES_MODE),
      .length = get64(at + TANDEM_FOLDER_ATTRIBUTES_LENGTH),
      .modified = get64(at + TANDEM_FOLDER_ATTRIBUTES_MODIFIED),
      .number = get64(at + TANDEM_FOLDER_ATTRIBUTES_NUMBER),
  };
}

static FolderItem itemAt(const u8 *at, u32 left) {
  if (!left) return (FolderItem){.name = NULL};
  return (FolderItem){
      .attributes = attributesAt(at + TANDEM_FOLDER_ENTRY_ATTRIBUTES),
      .name = (const char *)at + TANDEM_FOLDER_ENTRY_NAME,
      .nameLength = get32(at + TANDEM_FOLDER_ENTRY_NAME_LENGTH),
      .next = at + get32(at + TANDEM_FOLDER_ENTRY_SIZE),
      .left = left - 1,
  };
}

FolderItem folderFirst(const FolderCall *call) {
  return itemAt(body(call) + TANDEM_FOLDER_LIST_ENTRIES, get32(body(call) + TANDEM_FOLDER_LIST_COUNT));
}

FolderItem folderNext(const FolderItem *item) {
  return itemAt(item->next, item->left);
}

u32 folderCursor(const FolderCall *call) {
  return get32(body(call) + TANDEM_FOLDER_LIST_NEXT);
}

u32 folderHandle(const FolderCall *call) {
  return get32(body(call) + TANDEM_FOLDER_OPENED_HANDLE);
}

FolderAttributes folderAttributesOpened(const FolderCall *call) {
  return attributesAt(body(call) + TANDEM_FOLDER_OPENED_ATTRIBUTES);
}

FolderAttributes folderAttributes(const FolderCall *call) {
  return attributesAt(body(call));
}

u32 folderTransferred(const FolderCall *call) {
  return get32(body(call));
}

u64 folderFree(const FolderCall *call) {
  return get64(body(call) + TANDEM_FOLDER_SPACE_FREE);
}

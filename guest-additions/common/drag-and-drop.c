// Requests about files that are dropped and saved.

#include "drag-and-drop.h"

static u8 *body(const FolderCall *call) {
  return call->block + TANDEM_REQUEST_HEADER_SIZE;
}

static void put32(const FolderCall *call, u32 offset, u32 value) {
  *(u32 *)(body(call) + offset) = value;
}

static u32 get32(const FolderCall *call, u32 offset) {
  return *(const u32 *)(body(call) + offset);
}

static u64 get64(const FolderCall *call, u32 offset) {
  return *(const u64 *)(body(call) + offset);
}

static void putText(const FolderCall *call, u32 offset, const char *text) {
  u32 room = call->size - TANDEM_REQUEST_HEADER_SIZE - offset;
  u32 i = 0;
  for (; text[i] && i + 1 < room; i++) body(call)[offset + i] = (u8)text[i];
  body(call)[offset + i] = 0;
}

static void start(FolderCall *call, u16 command) {
  call->refused = 0;
  tandemStart(call->port, call->block, command, call->size - TANDEM_REQUEST_HEADER_SIZE);
}

void dropTake(FolderCall *call) {
  start(call, TANDEM_DROP_COMMAND_TAKE);
}

Drop dropTaken(const FolderCall *call) {
  return (Drop){get32(call, TANDEM_DROP_TAKEN_DROP), get32(call, TANDEM_DROP_TAKEN_ITEMS), get32(call, TANDEM_DROP_TAKEN_X),
                get32(call, TANDEM_DROP_TAKEN_Y)};
}

void dropItem(FolderCall *call, u32 drop, u32 index) {
  put32(call, TANDEM_DROP_READ_DROP, drop);
  put32(call, TANDEM_DROP_READ_INDEX, index);
  start(call, TANDEM_DROP_COMMAND_ITEM);
}

DropItem dropItemOf(const FolderCall *call) {
  return (DropItem){get64(call, TANDEM_DROP_ITEM_LENGTH), get64(call, TANDEM_DROP_ITEM_MODIFIED),
                    (const char *)body(call) + TANDEM_DROP_ITEM_NAME, get32(call, TANDEM_DROP_ITEM_NAME_LENGTH)};
}

void dropRead(FolderCall *call, u32 drop, u32 index, u64 position, void *to, u32 length) {
  put32(call, TANDEM_DROP_READ_DROP, drop);
  put32(call, TANDEM_DROP_READ_INDEX, index);
  put32(call, TANDEM_DROP_READ_POSITION, (u32)position);
  put32(call, TANDEM_DROP_READ_POSITION + 4, (u32)(position >> 32));
  put32(call, TANDEM_DROP_READ_LENGTH, length);
  put32(call, TANDEM_DROP_READ_PAGES, 1);
  put32(call, TANDEM_DROP_READ_DATA, (u32)(uintptr_t)to);
  put32(call, TANDEM_DROP_READ_DATA + 4, length);
  start(call, TANDEM_DROP_COMMAND_READ);
}

void dropFinish(FolderCall *call, u32 drop, bool taken, const char *words) {
  put32(call, TANDEM_DROP_FINISH_DROP, drop);
  put32(call, TANDEM_DROP_FINISH_TAKEN, taken);
  putText(call, TANDEM_DROP_FINISH_WORDS, words);
  start(call, TANDEM_DROP_COMMAND_FINISH);
}

void saveBegin(FolderCall *call, const char *name) {
  putText(call, 0, name);
  start(call, TANDEM_SAVE_COMMAND_BEGIN);
}

u32 saveNumber(const FolderCall *call) {
  return get32(call, 0);
}

void saveWrite(FolderCall *call, u32 save, const void *from, u32 length) {
  put32(call, TANDEM_SAVE_WRITE_SAVE, save);
  put32(call, TANDEM_SAVE_WRITE_LENGTH, length);
  put32(call, TANDEM_SAVE_WRITE_PAGES, 1);
  put32(call, TANDEM_SAVE_WRITE_DATA, (u32)(uintptr_t)from);
  put32(call, TANDEM_SAVE_WRITE_DATA + 4, length);
  start(call, TANDEM_SAVE_COMMAND_WRITE);
}

void saveEnd(FolderCall *call, u32 save, bool complete) {
  put32(call, 0, save);
  put32(call, 4, complete);
  start(call, TANDEM_SAVE_COMMAND_END);
}

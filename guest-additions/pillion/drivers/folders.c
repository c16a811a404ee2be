// Calls about folders that wait as tasks do.

#include "folders.h"

#include "tandem-port.h"

#define CALL_SIZE 16384

typedef struct {
  FolderCall call;
  u8 block[CALL_SIZE] __attribute__((aligned(4)));
} OwnCall;

FolderCall *newCall(void) {
  TandemPort *port = tandemPort();
  if (!port) return NULL;
  OwnCall *own = allocate(sizeof *own);
  if (!own) return NULL;
  own->call = (FolderCall){port, own->block, CALL_SIZE, 0};
  return &own->call;
}

void endCall(FolderCall *call) {
  release(call);
}

i32 await(FolderCall *call) {
  giveWay(false);
  for (;;) {
    i32 status = folderResult(call);
    if (status != TANDEM_REQUEST_STATUS_PENDING) return status;
    giveWay(true);
  }
}

bool placeWithin(Place *to, const Place *directory, const char *name) {
  size_t length = strlen(directory->path);
  if (length + strlen(name) + 2 > FOLDER_PATH_MAX) return false;
  to->folder = directory->folder;
  format(to->path, FOLDER_PATH_MAX, "%s%s%s", directory->path, length ? "/" : "", name);
  return true;
}

const char *nameOf(const char *path) {
  const char *name = path;
  for (; *path; path++)
    if (*path == '/') name = path + 1;
  return name;
}

static i32 readOpened(FolderCall *call, u32 handle, u8 *bytes, u32 *length) {
  u32 done = 0;
  while (done < *length) {
    u32 part = *length - done < TANDEM_FOLDER_TRANSFER_MAX ? *length - done : TANDEM_FOLDER_TRANSFER_MAX;
    folderRead(call, handle, done, bytes + done, part);
    i32 status = await(call);
    if (status) return status;
    if (!folderTransferred(call)) break;
    done += folderTransferred(call);
  }
  *length = done;
  return 0;
}

i32 readFile(const Place *place, u32 most, u8 **bytes, u32 *length) {
  *bytes = NULL;
  FolderCall *call = newCall();
  if (!call) return TANDEM_REQUEST_STATUS_NO_MEMORY;
  folderOpen(call, place->folder, place->path, TANDEM_FOLDER_OPEN_FLAG_READ);
  i32 status = await(call);
  if (!status) {
    u32 handle = folderHandle(call);
    FolderAttributes attributes = folderAttributesOpened(call);
    *length = (u32)attributes.length;
    if (attributes.length > most) status = TANDEM_FOLDER_STATUS_FILE_TOO_BIG;
    else if (!(*bytes = allocate(*length + 1))) status = TANDEM_REQUEST_STATUS_NO_MEMORY;
    else status = readOpened(call, handle, *bytes, length);
    folderClose(call, handle);
    await(call);
  }
  endCall(call);
  if (status) {
    release(*bytes);
    *bytes = NULL;
  } else {
    (*bytes)[*length] = 0;
  }
  return status;
}

i32 writeFile(const Place *place, const void *bytes, u32 length) {
  FolderCall *call = newCall();
  if (!call) return TANDEM_REQUEST_STATUS_NO_MEMORY;
  u32 flags = TANDEM_FOLDER_OPEN_FLAG_WRITE | TANDEM_FOLDER_OPEN_FLAG_CREATE | TANDEM_FOLDER_OPEN_FLAG_TRUNCATE;
  folderOpen(call, place->folder, place->path, flags);
  i32 status = await(call);
  if (!status) {
    u32 handle = folderHandle(call);
    for (u32 done = 0; done < length && !status;) {
      u32 part = length - done < TANDEM_FOLDER_TRANSFER_MAX ? length - done : TANDEM_FOLDER_TRANSFER_MAX;
      folderWrite(call, handle, done, (const u8 *)bytes + done, part);
      status = await(call);
      done += part;
    }
    folderClose(call, handle);
    i32 closed = await(call);
    if (!status) status = closed;
  }
  endCall(call);
  return status;
}

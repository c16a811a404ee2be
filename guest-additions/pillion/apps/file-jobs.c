// What takes time: copies and deletes whole directories, gives files to the host, takes those that were dropped, measures.
//
// Files up to a mebibyte are copied by the host in one request, larger ones in parts, so that it can be seen how far it is.

#include "files.h"

#include "../desktop/window.h"

#define DEPTH_MAX 48
#define BUFFER_MAX (1u << 20)
#define BUFFER_MIN (64u << 10)
#define SMALL_COPY (1u << 20)
#define WORDS_MAX 120
#define NAME_MAX 256
#define MEASURE_BYTES (8u << 20)
/** Milliseconds for which each is repeated, and those in which a guest's time has caught up. */
#define MEASURE_TIME 500
#define MEASURE_SETTLE 20
#define MEASURE_NAME ".tandem-measure"

static Progress progress;
static volatile bool stopped;
static JobKind kind;
static Place from, to;
static bool isDirectory;
static u8 *buffer;
static u32 bufferSize;

const Progress *jobProgress(void) {
  return &progress;
}

void stopJob(void) {
  stopped = true;
}

/** Millionths of a second would overflow with large numbers: thousandths are enough. */
static u32 rate(u64 amount, u32 milliseconds) {
  if (!milliseconds) milliseconds = 1;
  while (amount >> 32) {
    amount >>= 1;
    milliseconds = (milliseconds + 1) / 2;
  }
  return divide(amount, milliseconds);
}

static int formatRate(char *text, size_t size, u64 bytes, u32 milliseconds) {
  u32 kilobytes = rate(bytes, milliseconds); // bytes a millisecond
  return format(text, size, "%u.%u MB/s", kilobytes / 1000, kilobytes % 1000 / 100);
}

int formatProgress(char *text, size_t size) {
  u32 passed = milliseconds() - progress.start;
  char speed[24];
  formatRate(speed, sizeof speed, progress.bytes, passed);
  return format(text, size, "%s: %u files, %s, %u files/s", progress.doing, progress.files, speed,
                rate((u64)progress.files * 1000, passed));
}

static bool prepareBuffer(void) {
  for (bufferSize = BUFFER_MAX; bufferSize >= BUFFER_MIN; bufferSize /= 2)
    if ((buffer = allocate(bufferSize))) return true;
  return false;
}

// ---- one file ----

/** Where bytes come from and go to: a file's handle, a dropped file, or what the host saves. */
typedef struct {
  enum { END_FILE, END_DROP, END_SAVE } kind;
  u32 number, index;
} End;

static i32 pump(FolderCall *call, End source, End target, u64 length) {
  for (u64 done = 0; done < length;) {
    if (stopped) return TANDEM_REQUEST_STATUS_CANCELED;
    u32 part = length - done < bufferSize ? (u32)(length - done) : bufferSize;
    if (source.kind == END_DROP) dropRead(call, source.number, source.index, done, buffer, part);
    else folderRead(call, source.number, done, buffer, part);
    i32 status = await(call);
    if (status) return status;
    part = folderTransferred(call);
    if (!part) break; // it has become shorter
    if (target.kind == END_SAVE) saveWrite(call, target.number, buffer, part);
    else folderWrite(call, target.number, done, buffer, part);
    status = await(call);
    if (status) return status;
    done += part;
    progress.bytes += part;
  }
  return 0;
}

#define MAKE (TANDEM_FOLDER_OPEN_FLAG_WRITE | TANDEM_FOLDER_OPEN_FLAG_CREATE | TANDEM_FOLDER_OPEN_FLAG_TRUNCATE)

/** Into a new file; one that did not come to its end is deleted. */
static i32 pumpInto(FolderCall *call, End source, const Place *place, u64 length) {
  folderOpen(call, place->folder, place->path, MAKE);
  i32 status = await(call);
  if (status) return status;
  u32 handle = folderHandle(call);
  status = pump(call, source, (End){END_FILE, handle, 0}, length);
  folderClose(call, handle);
  i32 closed = await(call);
  if (!status) status = closed;
  if (status) {
    folderDelete(call, place->folder, place->path);
    await(call);
  }
  return status;
}

static i32 copyFile(FolderCall *call, const Place *source, const Place *target, u64 length) {
  i32 status;
  if (length <= SMALL_COPY) {
    folderCopy(call, source->folder, source->path, target->folder, target->path, false);
    status = await(call);
    if (!status) progress.bytes += length;
  } else {
    folderOpen(call, source->folder, source->path, TANDEM_FOLDER_OPEN_FLAG_READ);
    status = await(call);
    if (status) return status;
    u32 handle = folderHandle(call);
    status = pumpInto(call, (End){END_FILE, handle, 0}, target, length);
    folderClose(call, handle);
    await(call);
  }
  if (!status) progress.files++;
  return status;
}

/** A name that is not taken: "name", "name 2", "name 3", before the ending. */
static i32 freePlace(FolderCall *call, const Place *directory, const char *name, Place *place) {
  char tried[NAME_MAX];
  size_t length = strlen(name);
  size_t stem = length;
  for (size_t i = length; i > 1; i--)
    if (name[i - 1] == '.') {
      stem = i - 1;
      break;
    }
  for (u32 number = 1; number < 1000; number++) {
    format(tried, sizeof tried, "%s", name);
    if (number > 1 && stem < sizeof tried - 8) format(tried + stem, sizeof tried - stem, " %u%s", number, name + stem);
    if (!placeWithin(place, directory, tried)) return TANDEM_FOLDER_STATUS_NAME_TOO_LONG;
    folderStatus(call, place->folder, place->path);
    i32 status = await(call);
    if (status == TANDEM_REQUEST_STATUS_NO_ENTRY) return 0;
    if (status) return status;
  }
  return TANDEM_REQUEST_STATUS_EXISTS;
}

// ---- whole directories ----

typedef struct {
  Place source, target;
  Listing listing;
} Level;

typedef i32 (*Visit)(FolderCall *call, Level *level, u32 depth);

static i32 inLevel(FolderCall *call, const Place *source, const Place *target, u32 depth, Visit visit) {
  if (depth > DEPTH_MAX) return TANDEM_FOLDER_STATUS_NAME_TOO_LONG;
  Level *level = allocate(sizeof *level);
  if (!level) return TANDEM_REQUEST_STATUS_NO_MEMORY;
  level->source = *source;
  if (target) level->target = *target;
  i32 status = readListing(call, false, &level->source, &level->listing);
  if (!status) status = visit(call, level, depth);
  releaseListing(&level->listing);
  release(level);
  return status;
}

/** Goes to an entry and back by changing the level's paths; their lengths are told. */
static bool step(Level *level, const char *name, u32 *sourceEnd, u32 *targetEnd) {
  *sourceEnd = strlen(level->source.path);
  *targetEnd = strlen(level->target.path);
  Place *both[] = {&level->source, &level->target};
  for (u32 i = 0; i < 2; i++) {
    size_t length = strlen(both[i]->path);
    if (length + strlen(name) + 2 > FOLDER_PATH_MAX) return false;
    format(both[i]->path + length, FOLDER_PATH_MAX - length, "%s%s", length ? "/" : "", name);
  }
  return true;
}

static void stepBack(Level *level, u32 sourceEnd, u32 targetEnd) {
  level->source.path[sourceEnd] = 0;
  level->target.path[targetEnd] = 0;
}

static i32 copyLevel(FolderCall *call, Level *level, u32 depth) {
  folderMakeDirectory(call, level->target.folder, level->target.path);
  i32 status = await(call);
  for (u32 i = 0; i < level->listing.count && !status; i++) {
    const Entry *entry = &level->listing.entries[i];
    if (stopped) return TANDEM_REQUEST_STATUS_CANCELED;
    u32 sourceEnd, targetEnd;
    bool fits = step(level, entryName(&level->listing, entry), &sourceEnd, &targetEnd);
    if (!fits) status = TANDEM_FOLDER_STATUS_NAME_TOO_LONG;
    else if (entry->kind == TANDEM_FOLDER_KIND_DIRECTORY) status = inLevel(call, &level->source, &level->target, depth + 1, copyLevel);
    else status = copyFile(call, &level->source, &level->target, entry->length);
    stepBack(level, sourceEnd, targetEnd);
  }
  return status;
}

static i32 deleteFile(FolderCall *call, const Place *place) {
  folderDelete(call, place->folder, place->path);
  i32 status = await(call);
  if (!status) progress.files++;
  return status;
}

static i32 deleteLevel(FolderCall *call, Level *level, u32 depth) {
  i32 status = 0;
  for (u32 i = 0; i < level->listing.count && !status; i++) {
    const Entry *entry = &level->listing.entries[i];
    if (stopped) return TANDEM_REQUEST_STATUS_CANCELED;
    u32 sourceEnd, targetEnd;
    bool fits = step(level, entryName(&level->listing, entry), &sourceEnd, &targetEnd);
    if (!fits) status = TANDEM_FOLDER_STATUS_NAME_TOO_LONG;
    else if (entry->kind == TANDEM_FOLDER_KIND_DIRECTORY) status = inLevel(call, &level->source, NULL, depth + 1, deleteLevel);
    else status = deleteFile(call, &level->source);
    stepBack(level, sourceEnd, targetEnd);
  }
  if (status) return status;
  folderRemoveDirectory(call, level->source.folder, level->source.path);
  return await(call);
}

// ---- the jobs ----

static void summary(char *words, const char *done, i32 status) {
  char size[24], speed[24];
  u32 passed = milliseconds() - progress.start;
  formatSize(size, sizeof size, progress.bytes);
  formatRate(speed, sizeof speed, progress.bytes, passed);
  if (status) format(words, WORDS_MAX, "Not everything was %s: %s.", done, folderWords(status));
  else if (progress.bytes)
    format(words, WORDS_MAX, "%u %s %s, %s at %s, %u files/s.", progress.files, progress.files == 1 ? "file" : "files", done, size, speed,
           rate((u64)progress.files * 1000, passed));
  else format(words, WORDS_MAX, "%u %s %s.", progress.files, progress.files == 1 ? "file" : "files", done);
}

static i32 copyJob(FolderCall *call) {
  Place *target = allocate(sizeof *target);
  if (!target) return TANDEM_REQUEST_STATUS_NO_MEMORY;
  // A directory into itself would not come to an end.
  size_t length = strlen(from.path);
  bool inside = isDirectory && to.folder == from.folder && startsWith(to.path, from.path) && (!to.path[length] || to.path[length] == '/');
  i32 status = inside ? TANDEM_REQUEST_STATUS_INVALID : freePlace(call, &to, nameOf(from.path), target);
  if (!status && isDirectory) {
    status = inLevel(call, &from, target, 0, copyLevel);
  } else if (!status) {
    folderStatus(call, from.folder, from.path);
    status = await(call);
    if (!status) status = copyFile(call, &from, target, folderAttributes(call).length);
  }
  release(target);
  return status;
}

static i32 saveJob(FolderCall *call) {
  folderOpen(call, from.folder, from.path, TANDEM_FOLDER_OPEN_FLAG_READ);
  i32 status = await(call);
  if (status) return status;
  u32 handle = folderHandle(call);
  u64 length = folderAttributesOpened(call).length;
  saveBegin(call, nameOf(from.path));
  status = await(call);
  if (!status) {
    u32 save = saveNumber(call);
    status = length > TANDEM_SAVE_SIZE_MAX ? TANDEM_FOLDER_STATUS_FILE_TOO_BIG
                                           : pump(call, (End){END_FILE, handle, 0}, (End){END_SAVE, save, 0}, length);
    saveEnd(call, save, status == 0);
    i32 ended = await(call);
    if (!status) status = ended;
  }
  folderClose(call, handle);
  await(call);
  if (!status) progress.files++;
  return status;
}

/** A guest's time stands still while the host works for it, and has caught up after a halt. */
static u32 settledMilliseconds(void) {
  u32 start = milliseconds();
  needTicks(TICK_MEASURE, true);
  while (milliseconds() - start < MEASURE_SETTLE) giveWay(true);
  needTicks(TICK_MEASURE, false);
  return milliseconds();
}

typedef struct {
  u64 amount;
  u32 time; // milliseconds
} Measured;

static i32 passBytes(FolderCall *call, const Place *place, bool writing) {
  folderOpen(call, place->folder, place->path, writing ? MAKE : TANDEM_FOLDER_OPEN_FLAG_READ);
  i32 status = await(call);
  if (status) return status;
  u32 handle = folderHandle(call);
  for (u32 done = 0; done < MEASURE_BYTES && !status; done += bufferSize) {
    if (writing) folderWrite(call, handle, done, buffer, bufferSize);
    else folderRead(call, handle, done, buffer, bufferSize);
    status = stopped ? TANDEM_REQUEST_STATUS_CANCELED : await(call);
    progress.bytes += bufferSize;
  }
  if (status == TANDEM_REQUEST_STATUS_CANCELED) await(call);
  folderClose(call, handle);
  i32 closed = await(call);
  return status ? status : closed;
}

static i32 timeBytes(FolderCall *call, const Place *place, bool writing, Measured *measured) {
  u32 start = settledMilliseconds();
  i32 status = 0;
  for (measured->amount = 0; !status && milliseconds() - start < MEASURE_TIME; measured->amount += MEASURE_BYTES)
    status = passBytes(call, place, writing);
  measured->time = settledMilliseconds() - start;
  return status;
}

static i32 timeFiles(FolderCall *call, const Place *directory, Measured *measured) {
  Place *place = allocate(sizeof *place);
  if (!place) return TANDEM_REQUEST_STATUS_NO_MEMORY;
  u32 start = settledMilliseconds();
  i32 status = 0;
  for (measured->amount = 0; !status && milliseconds() - start < MEASURE_TIME; measured->amount++) {
    char name[32];
    format(name, sizeof name, MEASURE_NAME "-%u", (u32)measured->amount);
    placeWithin(place, directory, name);
    status = writeFile(place, "small", 5);
    if (!status) status = deleteFile(call, place);
  }
  measured->time = settledMilliseconds() - start;
  release(place);
  return status;
}

static i32 measureJob(FolderCall *call, char *words) {
  Place *place = allocate(sizeof *place);
  if (!place) return TANDEM_REQUEST_STATUS_NO_MEMORY;
  Measured writing = {0, 0}, reading = {0, 0}, files = {0, 0};
  i32 status = placeWithin(place, &to, MEASURE_NAME) ? 0 : TANDEM_FOLDER_STATUS_NAME_TOO_LONG;
  memset(buffer, 0x5a, bufferSize);
  if (!status) status = timeBytes(call, place, true, &writing);
  if (!status) status = timeBytes(call, place, false, &reading);
  folderDelete(call, place->folder, place->path);
  await(call);
  if (!status) status = timeFiles(call, &to, &files);
  release(place);
  char written[24], read[24];
  formatRate(written, sizeof written, writing.amount, writing.time);
  formatRate(read, sizeof read, reading.amount, reading.time);
  if (!status)
    format(words, WORDS_MAX, "8 MB: written at %s, read at %s. Small files: %u made and deleted a second.", written, read,
           rate(files.amount * 1000, files.time));
  return status;
}

// ---- what was dropped ----

static bool firstWritable(FolderCall *call, Place *place) {
  Listing roots;
  bool found = false;
  i32 status = readListing(call, true, NULL, &roots);
  for (u32 i = 0; i < roots.count && !status && !found; i++) {
    if (roots.entries[i].mode & (TANDEM_FOLDER_FLAG_READ_ONLY | TANDEM_FOLDER_FLAG_NOT_READY)) continue;
    *place = (Place){.folder = roots.entries[i].number};
    found = true;
  }
  releaseListing(&roots);
  return found;
}

static i32 takeName(FolderCall *call, const Drop *drop, u32 index, char *name, u64 *length) {
  dropItem(call, drop->number, index);
  i32 status = await(call);
  if (status) return status;
  DropItem item = dropItemOf(call);
  u32 count = item.nameLength < NAME_MAX - 1 ? item.nameLength : NAME_MAX - 1;
  memcpy(name, item.name, count);
  name[count] = 0;
  *length = item.length;
  return 0;
}

/** A single picture or text that was not dropped on a folder is shown. Null: it was. */
static const char *showDropped(FolderCall *call, const Drop *drop, const char *name, u64 length) {
  if (length > SHOWN_MAX) return "it is too large to be shown";
  u8 *bytes = allocate((u32)length + 1);
  if (!bytes) return "there is not enough memory";
  u32 done = 0;
  while (done < length) {
    u32 part = (u32)length - done < BUFFER_MAX ? (u32)length - done : BUFFER_MAX;
    dropRead(call, drop->number, 0, done, bytes + done, part);
    i32 status = await(call);
    if (status || !folderTransferred(call)) {
      release(bytes);
      return folderWords(status ? status : TANDEM_REQUEST_STATUS_IO);
    }
    done += folderTransferred(call);
  }
  bytes[done] = 0;
  return showFile(name, NULL, bytes, done, true);
}

static void takeDrop(FolderCall *call, const Drop *drop, char *words) {
  char name[NAME_MAX];
  u64 length = 0;
  Place *places = allocate(2 * sizeof(Place));
  i32 status = places ? 0 : TANDEM_REQUEST_STATUS_NO_MEMORY;
  bool onFolder = places && dropTarget((i32)drop->x, (i32)drop->y, &places[0]);
  bool shown = false;
  if (!status && !onFolder && drop->items == 1 && !takeName(call, drop, 0, name, &length)) {
    shown = !showDropped(call, drop, name, length);
    if (shown) format(words, WORDS_MAX, "\"%s\" is shown in Pillion.", name);
  }
  if (!status && !shown && !onFolder && !firstWritable(call, &places[0])) {
    status = TANDEM_REQUEST_STATUS_NO_ENTRY;
    format(words, WORDS_MAX, "Pillion can show texts, PNG and BMP, and has no shared folder to copy files to.");
  } else if (!shown) {
    for (u32 i = 0; i < drop->items && !status; i++) {
      status = takeName(call, drop, i, name, &length);
      if (!status) status = freePlace(call, &places[0], name, &places[1]);
      if (!status) status = pumpInto(call, (End){END_DROP, drop->number, i}, &places[1], length);
      if (!status) progress.files++;
    }
    summary(words, "copied", status);
  }
  release(places);
  dropFinish(call, drop->number, status == 0, words);
  await(call);
}

static void dropJob(FolderCall *call, char *words) {
  for (;;) {
    dropTake(call);
    if (await(call)) return;
    Drop drop = dropTaken(call);
    takeDrop(call, &drop, words);
  }
}

static void job(void *unused) {
  (void)unused;
  static const char *const done[] = {"copied", "deleted", "given to the host"};
  static char words[WORDS_MAX];
  words[0] = 0;
  FolderCall *call = newCall();
  i32 status = call && prepareBuffer() ? 0 : TANDEM_REQUEST_STATUS_NO_MEMORY;
  if (status) {
    format(words, sizeof words, "That did not work: %s.", folderWords(status));
  } else if (kind == JOB_DROP) {
    dropJob(call, words);
  } else if (kind == JOB_MEASURE) {
    status = measureJob(call, words);
    if (status) format(words, sizeof words, "It could not be measured: %s.", folderWords(status));
  } else {
    if (kind == JOB_COPY) status = copyJob(call);
    else if (kind == JOB_SAVE) status = saveJob(call);
    else status = isDirectory ? inLevel(call, &from, NULL, 0, deleteLevel) : deleteFile(call, &from);
    summary(words, done[kind], status);
  }
  release(buffer);
  buffer = NULL;
  endCall(call);
  progress.running = false;
  jobEnded(words);
}

bool startJob(JobKind which, const Place *source, bool directory, const Place *target) {
  static const char *const doing[] = {"Copying", "Deleting", "Saving", "Measuring", "Taking"};
  if (progress.running) return false;
  progress = (Progress){true, doing[which], 0, 0, milliseconds()};
  stopped = false;
  kind = which;
  isDirectory = directory;
  if (source) from = *source;
  if (target) to = *target;
  if (startTask(job, NULL)) return true;
  progress.running = false;
  return false;
}

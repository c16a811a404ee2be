// A file system, exercised: random operations in one directory, in step with a model in memory of what a file system is.
//
//   file-exerciser DIRECTORY OPERATIONS SEED
//
// Prints "DIFFERENCE …" at the first one and ends with 1. Else it prints what the directory must hold, a line "MODEL size hash path"
// for each file and "MODEL directory path" for each directory, and then "EXERCISED n operations". The same seed does the same.
//
// "DONE n operations" is said on the way. Every so often the kernel is told to forget what it has cached, so that the next look goes to the file system itself.
//
// Static and without a C library, so that it runs in any Linux for i386.

#include "system.h"

#define NODES 512
#define SLOT (512 * 1024)
#define SIZE_MAX (400 * 1000)
#define OPEN_MAX 12
#define DEPTH 3
#define PATH_MAX 1024
#define FORGET_EVERY 400
#define TELL_EVERY 5000
#define PAGE 4096
#define HALF_NAME "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef012345678901234"

static const char *const NAMES[] = {"a", "b", "c", "d", "longer name.txt", " spaces ", "ünï☃", "名前.txt", "😀", HALF_NAME HALF_NAME "L"};
#define NAME_COUNT (sizeof NAMES / sizeof *NAMES)

typedef enum { FREE, A_FILE, A_DIRECTORY } Kind;

typedef struct {
  Kind kind;
  bool isLinked;
  i32 parent;
  u32 name;
  u32 opens;
  u32 size; // of a file; its bytes are in its slot, and zeros behind them
} Node;

typedef struct {
  i32 file; // of the kernel; -1 unused
  i32 node;
  u32 position;
  bool appends;
} Open;

static Node nodes[NODES]; // the first is the directory that everything happens in
static Open opens[OPEN_MAX];
static u8 *slots;
static u8 buffer[SLOT];
static const char *top;
static u32 state;
static u32 count; // of operations
static const char *operation = "";

// ---- words ----

static u32 lengthOf(const char *text) {
  u32 length = 0;
  while (text[length]) length++;
  return length;
}

static char *put(char *target, const char *text) {
  while (*text) *target++ = *text++;
  *target = 0;
  return target;
}

static char *putNumber(char *target, u32 value) {
  if (value >= 10) target = putNumber(target, value / 10);
  *target++ = '0' + value % 10;
  *target = 0;
  return target;
}

static char *putSigned(char *target, i32 value) {
  if (value < 0) *target++ = '-';
  return putNumber(target, value < 0 ? -(u32)value : (u32)value);
}

static void print(const char *text) {
  u32 left = lengthOf(text);
  while (left) {
    i32 written = call3(SYS_WRITE, 1, (u32)text, left);
    if (written <= 0) return;
    text += written;
    left -= written;
  }
}

static u32 readNumber(const char *text) {
  u32 value = 0;
  for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (*text - '0');
  return value;
}

static void leave(u32 code) {
  call3(1, code, 0, 0);
  for (;;) {}
}

static void differs(const char *what, i32 got, i32 wanted, const char *path) {
  static char line[4 * PATH_MAX];
  char *end = putNumber(put(line, "DIFFERENCE in operation "), count);
  end = put(put(put(end, ", "), operation), ": ");
  end = putSigned(put(put(end, what), " "), got);
  end = putSigned(put(end, " instead of "), wanted);
  put(put(put(end, " "), path), "\n");
  print(line);
  leave(1);
}

static void same(const char *what, i32 got, i32 wanted, const char *path) {
  if (got != wanted) differs(what, got, wanted, path);
}

// ---- bytes ----

static void copy(u8 *target, const u8 *source, u32 length) {
  __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(length) : : "memory");
}

static void zero(u8 *target, u32 length) {
  __asm__ volatile("rep stosb" : "+D"(target), "+c"(length) : "a"(0) : "memory");
}

static void sameBytes(const u8 *got, const u8 *wanted, u32 length, u32 position, const char *path) {
  u32 at = 0;
  while (at + 4 <= length && *(const u32 *)(got + at) == *(const u32 *)(wanted + at)) at += 4;
  while (at < length && got[at] == wanted[at]) at++;
  if (at == length) return;
  static char what[64];
  putNumber(put(what, "byte at "), position + at);
  differs(what, got[at], wanted[at], path);
}

// ---- choices ----

static u32 random(u32 below) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % below;
}

// ---- the model ----

static u8 *bytesOf(i32 node) {
  return slots + (u32)node * SLOT;
}

static i32 child(i32 directory, u32 name) {
  for (i32 i = 1; i < NODES; i++)
    if (nodes[i].isLinked && nodes[i].parent == directory && nodes[i].name == name) return i;
  return -1;
}

static bool isEmpty(i32 directory) {
  for (i32 i = 1; i < NODES; i++)
    if (nodes[i].isLinked && nodes[i].parent == directory) return false;
  return true;
}

/** Also for itself. */
static bool isAbove(i32 above, i32 node) {
  for (; node > 0; node = nodes[node].parent)
    if (node == above) return true;
  return above == 0;
}

static u32 depthOf(i32 node) {
  u32 depth = 0;
  for (; node > 0; node = nodes[node].parent) depth++;
  return depth;
}

static i32 add(Kind kind, i32 parent, u32 name) {
  for (i32 i = 1; i < NODES; i++) {
    if (nodes[i].kind != FREE) continue;
    nodes[i] = (Node){.kind = kind, .isLinked = true, .parent = parent, .name = name};
    return i;
  }
  return -1;
}

static void dropIfUnused(i32 node) {
  if (nodes[node].isLinked || nodes[node].opens) return;
  if (nodes[node].kind == A_FILE) call3(SYS_MADVISE, (u32)bytesOf(node), SLOT, MADV_DONTNEED);
  nodes[node].kind = FREE;
}

static void unlinkNode(i32 node) {
  nodes[node].isLinked = false;
  dropIfUnused(node);
}

static void resize(i32 node, u32 size) {
  if (size < nodes[node].size) zero(bytesOf(node) + size, nodes[node].size - size);
  nodes[node].size = size;
}

static void writeModel(i32 node, u32 position, const u8 *data, u32 length) {
  copy(bytesOf(node) + position, data, length);
  if (position + length > nodes[node].size) nodes[node].size = position + length;
}

static char *pathOf(i32 node, char *target) {
  if (node == 0) return put(target, top);
  char *end = pathOf(nodes[node].parent, target);
  return put(put(end, "/"), NAMES[nodes[node].name]);
}

/** A directory that is there, a name, and what has it: -1 for nothing. */
typedef struct {
  i32 parent;
  u32 name;
  i32 node;
  char path[PATH_MAX];
} Place;

static void choose(Place *place) {
  i32 directory = 0;
  for (u32 depth = random(DEPTH); depth; depth--) {
    i32 next = child(directory, random(NAME_COUNT));
    if (next >= 0 && nodes[next].kind == A_DIRECTORY) directory = next;
  }
  place->parent = directory;
  place->name = random(NAME_COUNT);
  place->node = child(directory, place->name);
  put(put(pathOf(directory, place->path), "/"), NAMES[place->name]);
}

static bool isFile(const Place *place) {
  return place->node >= 0 && nodes[place->node].kind == A_FILE;
}

static bool isDirectory(const Place *place) {
  return place->node >= 0 && nodes[place->node].kind == A_DIRECTORY;
}

static Open *unusedOpen(void) {
  for (u32 i = 0; i < OPEN_MAX; i++)
    if (opens[i].file < 0) return &opens[i];
  return 0;
}

static Open *someOpen(void) {
  Open *open = &opens[random(OPEN_MAX)];
  return open->file < 0 ? 0 : open;
}

static u32 makeBytes(void) {
  u32 length = 1 + (random(5) ? random(300) : random(70000));
  u32 value = random(256);
  // In words: the bytes differ from one place to the next, and from one call to the next.
  u32 word = value * 0x01010101u + 0x03020100u;
  for (u32 at = 0; at < length; at += 4, word += 0x04040404u + (at & 0x1fff ? 0 : 0x01000000u)) *(u32 *)(buffer + at) = word;
  return length;
}

// ---- operations ----

static void openFile(Open *open, i32 file, i32 node, bool appends) {
  *open = (Open){.file = file, .node = node, .appends = appends};
  nodes[node].opens++;
}

static void doCreate(void) {
  Place place;
  Open *open = unusedOpen();
  choose(&place);
  if (!open) return;
  bool exclusive = random(2);
  bool truncates = random(2);
  i32 wanted = place.node < 0 ? 0 : exclusive ? -EEXIST : isDirectory(&place) ? -EISDIR : 0;
  u32 flags = O_RDWR | O_CREAT | O_LARGEFILE | (exclusive ? O_EXCL : 0) | (truncates ? O_TRUNC : 0);
  i32 node = place.node;
  if (!wanted && node < 0 && (node = add(A_FILE, place.parent, place.name)) < 0) return; // the model is full
  i32 file = call3(SYS_OPEN, (u32)place.path, flags, 0644);
  same("open", file < 0 ? file : 0, wanted, place.path);
  if (wanted) return;
  if (truncates) resize(node, 0);
  openFile(open, file, node, false);
}

static void doOpen(void) {
  Place place;
  Open *open = unusedOpen();
  choose(&place);
  if (!open || isDirectory(&place)) return;
  bool appends = !random(4);
  i32 file = call3(SYS_OPEN, (u32)place.path, O_RDWR | O_LARGEFILE | (appends ? O_APPEND : 0), 0);
  same("open", file < 0 ? file : 0, place.node < 0 ? -ENOENT : 0, place.path);
  if (file >= 0) openFile(open, file, place.node, appends);
}

static void doClose(void) {
  Open *open = someOpen();
  if (!open) return;
  same("close", call3(SYS_CLOSE, open->file, 0, 0), 0, "");
  nodes[open->node].opens--;
  dropIfUnused(open->node);
  open->file = -1;
}

static u32 readable(i32 node, u32 position, u32 length) {
  u32 size = nodes[node].size;
  return position >= size ? 0 : length < size - position ? length : size - position;
}

static void doRead(void) {
  Open *open = someOpen();
  if (!open) return;
  u32 length = random(20000);
  u32 wanted = readable(open->node, open->position, length);
  same("read", call3(SYS_READ, open->file, (u32)buffer, length), wanted, "");
  sameBytes(buffer, bytesOf(open->node) + open->position, wanted, open->position, "");
  open->position += wanted;
}

static void doReadAt(void) {
  Open *open = someOpen();
  if (!open) return;
  u32 position = random(nodes[open->node].size + 1000);
  u32 length = random(20000);
  u32 wanted = readable(open->node, position, length);
  same("pread", call5(SYS_PREAD64, open->file, (u32)buffer, length, position, 0), wanted, "");
  sameBytes(buffer, bytesOf(open->node) + position, wanted, position, "");
}

/** The whole file, by its name. */
static void doReadWhole(void) {
  Place place;
  choose(&place);
  if (!isFile(&place)) return;
  i32 file = call3(SYS_OPEN, (u32)place.path, O_RDONLY | O_LARGEFILE, 0);
  same("open", file < 0 ? file : 0, 0, place.path);
  u32 size = nodes[place.node].size;
  u32 done = 0;
  for (i32 got; (got = call3(SYS_READ, file, (u32)buffer + done, SLOT - done)) != 0; done += got)
    if (got < 0) differs("read", got, size, place.path);
  same("length", done, size, place.path);
  sameBytes(buffer, bytesOf(place.node), size, 0, place.path);
  same("close", call3(SYS_CLOSE, file, 0, 0), 0, place.path);
}

/** Also a file that is deleted. */
static void doReadMapped(void) {
  Open *open = someOpen();
  if (!open || !nodes[open->node].size) return;
  u32 size = nodes[open->node].size;
  i32 pages = mapPages(size, PROT_READ, random(2) ? MAP_SHARED : MAP_PRIVATE, open->file, 0);
  if (isError(pages)) differs("mmap", pages, 0, "");
  sameBytes((u8 *)pages, bytesOf(open->node), size, 0, "");
  // Behind the end of a file, its last page has zeros.
  for (u32 at = size; at % PAGE; at++) same("byte behind the end", ((u8 *)pages)[at], 0, "");
  same("munmap", call3(SYS_MUNMAP, pages, size, 0), 0, "");
}

static void doWriteMapped(void) {
  Open *open = someOpen();
  if (!open || !nodes[open->node].size) return;
  u32 size = nodes[open->node].size;
  u32 length = makeBytes();
  u32 position = random(size);
  if (length > size - position) length = size - position;
  i32 pages = mapPages(size, PROT_READ_WRITE, MAP_SHARED, open->file, 0);
  if (isError(pages)) differs("mmap", pages, 0, "");
  copy((u8 *)pages + position, buffer, length);
  if (random(2)) same("msync", call3(SYS_MSYNC, pages, size, MS_SYNC), 0, "");
  same("munmap", call3(SYS_MUNMAP, pages, size, 0), 0, "");
  writeModel(open->node, position, buffer, length);
}

static void doWrite(void) {
  Open *open = someOpen();
  if (!open) return;
  u32 length = makeBytes();
  u32 position = open->appends ? nodes[open->node].size : open->position;
  if (position + length > SIZE_MAX) return;
  same("write", call3(SYS_WRITE, open->file, (u32)buffer, length), length, "");
  writeModel(open->node, position, buffer, length);
  open->position = position + length;
}

static void doWriteAt(void) {
  Open *open = someOpen();
  if (!open || open->appends) return;
  u32 length = makeBytes();
  u32 position = random(nodes[open->node].size + (random(4) ? 1 : 100000));
  if (position + length > SIZE_MAX) return;
  same("pwrite", call5(SYS_PWRITE64, open->file, (u32)buffer, length, position, 0), length, "");
  writeModel(open->node, position, buffer, length);
}

static void doAppend(void) {
  Open *open = someOpen();
  if (!open) return;
  u32 length = makeBytes();
  u32 position = nodes[open->node].size;
  if (position + length > SIZE_MAX) return;
  u64 result;
  same("seek to the end", call5(SYS_LLSEEK, open->file, 0, 0, (u32)&result, 2), 0, "");
  same("end", (u32)result, position, "");
  same("write", call3(SYS_WRITE, open->file, (u32)buffer, length), length, "");
  writeModel(open->node, position, buffer, length);
  open->position = position + length;
}

static void doSeek(void) {
  Open *open = someOpen();
  if (!open) return;
  u64 result;
  same("position", call5(SYS_LLSEEK, open->file, 0, 0, (u32)&result, 1) ?: (i32)result, open->position, "");
  open->position = random(nodes[open->node].size + (random(4) ? 2000 : 100000));
  same("seek", call5(SYS_LLSEEK, open->file, 0, open->position, (u32)&result, 0), 0, "");
}

static u32 someSize(i32 node) {
  u32 size = nodes[node].size;
  return random(3) ? random(size + 5000 < SIZE_MAX ? size + 5000 : SIZE_MAX) : random(random(2) ? SIZE_MAX : 2000);
}

static void doTruncate(void) {
  Open *open = someOpen();
  if (!open) return;
  u32 size = someSize(open->node);
  same("ftruncate", call3(SYS_FTRUNCATE64, open->file, size, 0), 0, "");
  resize(open->node, size);
}

static void doTruncatePath(void) {
  Place place;
  choose(&place);
  u32 size = isFile(&place) ? someSize(place.node) : 0;
  i32 wanted = place.node < 0 ? -ENOENT : isDirectory(&place) ? -EISDIR : 0;
  same("truncate", call3(SYS_TRUNCATE64, (u32)place.path, size, 0), wanted, place.path);
  if (!wanted) resize(place.node, size);
}

static void doSync(void) {
  Open *open = someOpen();
  if (open) same("fsync", call3(random(2) ? SYS_FSYNC : SYS_FDATASYNC, open->file, 0, 0), 0, "");
}

static void doUnlink(void) {
  Place place;
  choose(&place);
  i32 wanted = place.node < 0 ? -ENOENT : isDirectory(&place) ? -EISDIR : 0;
  same("unlink", call3(SYS_UNLINK, (u32)place.path, 0, 0), wanted, place.path);
  if (!wanted) unlinkNode(place.node);
}

static void doMakeDirectory(void) {
  Place place;
  choose(&place);
  i32 wanted = place.node >= 0 ? -EEXIST : 0;
  i32 node = wanted ? 0 : add(A_DIRECTORY, place.parent, place.name);
  if (node < 0) return;
  same("mkdir", call3(SYS_MKDIR, (u32)place.path, 0755, 0), wanted, place.path);
}

static void doRemoveDirectory(void) {
  Place place;
  choose(&place);
  i32 wanted = place.node < 0 ? -ENOENT : isFile(&place) ? -ENOTDIR : isEmpty(place.node) ? 0 : -ENOTEMPTY;
  same("rmdir", call3(SYS_RMDIR, (u32)place.path, 0, 0), wanted, place.path);
  if (!wanted) unlinkNode(place.node);
}

/** In the order in which Linux looks. */
static i32 renameError(const Place *from, const Place *to, bool noReplace) {
  if (from->node < 0) return -ENOENT;
  if (to->node >= 0 && noReplace) return -EEXIST;
  if (isDirectory(from) && isAbove(from->node, to->parent)) return -EINVAL;
  if (isDirectory(to) && isAbove(to->node, from->parent)) return -ENOTEMPTY;
  if (to->node < 0 || to->node == from->node) return 0;
  if (isDirectory(from)) return isFile(to) ? -ENOTDIR : isEmpty(to->node) ? 0 : -ENOTEMPTY;
  return isDirectory(to) ? -EISDIR : 0;
}

/** Of the deepest thing below it. */
static u32 heightOf(i32 node) {
  u32 height = 0;
  for (i32 i = 1; i < NODES; i++)
    if (nodes[i].isLinked && isAbove(node, i) && depthOf(i) - depthOf(node) > height) height = depthOf(i) - depthOf(node);
  return height;
}

static void doRename(void) {
  static Place from, to;
  choose(&from);
  choose(&to);
  bool noReplace = !random(4);
  i32 wanted = renameError(&from, &to, noReplace);
  // Paths would become too long for the model.
  if (!wanted && depthOf(to.parent) + 1 + heightOf(from.node) > DEPTH) return;
  i32 got = call5(SYS_RENAMEAT2, AT_FDCWD, (u32)from.path, AT_FDCWD, (u32)to.path, noReplace ? RENAME_NOREPLACE : 0);
  same("rename", got, wanted, from.path);
  if (wanted || to.node == from.node) return;
  if (to.node >= 0) unlinkNode(to.node);
  nodes[from.node].parent = to.parent;
  nodes[from.node].name = to.name;
}

static void doList(void) {
  Place place;
  choose(&place);
  i32 directory = isDirectory(&place) ? place.node : place.parent;
  char path[PATH_MAX];
  pathOf(directory, path);
  i32 file = call3(SYS_OPEN, (u32)path, O_RDONLY | O_DIRECTORY | O_LARGEFILE, 0);
  same("open directory", file < 0 ? file : 0, 0, path);
  u32 found[NAME_COUNT] = {0};
  u32 dots = 0;
  u32 room = random(2) ? 400 : 4096;
  for (i32 length; (length = call3(SYS_GETDENTS64, file, (u32)buffer, room)) != 0;) {
    if (length < 0) differs("getdents", length, 0, path);
    for (i32 at = 0; at < length; at += *(u16 *)(buffer + at + 16)) {
      const char *name = (const char *)buffer + at + 19;
      if (name[0] == '.') {
        dots++;
        continue;
      }
      u32 number = 0;
      while (number < NAME_COUNT) {
        const char *known = NAMES[number];
        u32 i = 0;
        while (known[i] && known[i] == name[i]) i++;
        if (known[i] == name[i]) break;
        number++;
      }
      if (number == NAME_COUNT) differs("an unknown name", 0, 0, name);
      found[number]++;
      i32 node = child(directory, number);
      if (node < 0) differs("listed, and not there", 1, 0, name);
      same("kind", buffer[at + 18] == DT_DIR, nodes[node].kind == A_DIRECTORY, name);
    }
  }
  same("dots", dots, 2, path);
  for (u32 number = 0; number < NAME_COUNT; number++) same("listed", found[number], child(directory, number) >= 0, NAMES[number]);
  same("close", call3(SYS_CLOSE, file, 0, 0), 0, path);
}

static void sameStatus(const Status *status, i32 node, const char *path) {
  same("kind", (status->mode & S_IFMT) == S_IFDIR, nodes[node].kind == A_DIRECTORY, path);
  if (nodes[node].kind == A_FILE) same("size", status->size[0], nodes[node].size, path);
}

static void doStatus(void) {
  Place place;
  Status status;
  choose(&place);
  same("stat", call3(SYS_STAT64, (u32)place.path, (u32)&status, 0), place.node < 0 ? -ENOENT : 0, place.path);
  if (place.node >= 0) sameStatus(&status, place.node, place.path);
}

/** A file that is open, and may be deleted or have another name by now. */
static void doStatusOpen(void) {
  Status status;
  Open *open = someOpen();
  if (!open) return;
  same("fstat", call3(SYS_FSTAT64, open->file, (u32)&status, 0), 0, "");
  sameStatus(&status, open->node, "");
}

static void forget(void) {
  call3(SYS_SYNC, 0, 0, 0);
  i32 file = call3(SYS_OPEN, (u32) "/proc/sys/vm/drop_caches", O_WRONLY, 0);
  if (file < 0) return;
  call3(SYS_WRITE, file, (u32) "3", 1);
  call3(SYS_CLOSE, file, 0, 0);
}

#define OPERATION(name) {#name, do##name}
static const struct {
  const char *name;
  void (*run)(void);
} OPERATIONS[] = {
    OPERATION(Create),     OPERATION(Create),     OPERATION(Open),     OPERATION(Open),          OPERATION(Close),
    OPERATION(Close),      OPERATION(Read),       OPERATION(Read),     OPERATION(ReadAt),        OPERATION(ReadAt),
    OPERATION(ReadWhole),  OPERATION(ReadMapped), OPERATION(Write),    OPERATION(Write),         OPERATION(WriteAt),
    OPERATION(WriteAt),    OPERATION(Append),     OPERATION(Append),   OPERATION(WriteMapped),   OPERATION(Seek),
    OPERATION(Seek),       OPERATION(Truncate),   OPERATION(TruncatePath), OPERATION(Sync),      OPERATION(Unlink),
    OPERATION(Unlink),     OPERATION(Rename),     OPERATION(Rename),     OPERATION(MakeDirectory), OPERATION(RemoveDirectory), OPERATION(List),
    OPERATION(List),       OPERATION(Status),     OPERATION(Status),   OPERATION(StatusOpen),
};
#define OPERATION_COUNT (sizeof OPERATIONS / sizeof *OPERATIONS)

static void closeAll(void) {
  operation = "close all";
  for (u32 i = 0; i < OPEN_MAX; i++) {
    if (opens[i].file < 0) continue;
    same("close", call3(SYS_CLOSE, opens[i].file, 0, 0), 0, "");
    opens[i].file = -1;
  }
  call3(SYS_SYNC, 0, 0, 0);
}

static u32 hashOf(const u8 *data, u32 length) {
  u32 hash = 2166136261u; // FNV-1a
  for (u32 i = 0; i < length; i++) hash = (hash ^ data[i]) * 16777619u;
  return hash;
}

static void printModel(void) {
  static char line[2 * PATH_MAX];
  for (i32 i = 1; i < NODES; i++) {
    if (!nodes[i].isLinked) continue;
    char *end = put(line, "MODEL ");
    if (nodes[i].kind == A_DIRECTORY) {
      end = put(end, "directory ");
    } else {
      end = put(putNumber(end, nodes[i].size), " ");
      end = put(putNumber(end, hashOf(bytesOf(i), nodes[i].size)), " ");
    }
    put(pathOf(i, end), "\n");
    print(line);
  }
}

static void tell(const char *what, u32 number) {
  static char line[64];
  put(putNumber(put(line, what), number), " operations\n");
  print(line);
}

i32 run(i32 arguments, char **values) {
  if (arguments != 4) {
    print("usage: file-exerciser DIRECTORY OPERATIONS SEED\n");
    return 2;
  }
  top = values[1];
  u32 operations = readNumber(values[2]);
  state = readNumber(values[3]) ?: 1;
  i32 memory = mapPages(NODES * SLOT, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (isError(memory)) {
    print("not enough memory\n");
    return 2;
  }
  slots = (u8 *)memory;
  nodes[0] = (Node){.kind = A_DIRECTORY, .isLinked = true, .parent = -1};
  for (u32 i = 0; i < OPEN_MAX; i++) opens[i].file = -1;
  for (count = 1; count <= operations; count++) {
    u32 number = random(OPERATION_COUNT);
    operation = OPERATIONS[number].name;
    OPERATIONS[number].run();
    if (count % FORGET_EVERY == 0) forget();
    if (count % TELL_EVERY == 0) tell("DONE ", count);
  }
  closeAll();
  printModel();
  tell("EXERCISED ", operations);
  return 0;
}

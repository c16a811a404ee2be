// Shared folders: the messages of /dev/fuse, carried over the port.
//
// Each message has a slot while it is under way: a buffer whose pages the host reads and writes, and a block that lists them. The
// kernel's own read-ahead and write-back keep several slots busy at once.

#include "folders.h"
#include "../lib/text.h"
#include "loop.h"
#include "memory.h"
#include "port.h"

#define MOUNTS_MAX 8
#define SLOTS_MAX 4
/** The largest WRITE of FUSE, and a page for what stands before its data. */
#define BUFFER_PAGES (TANDEM_FOLDER_TRANSFER_MAX / PAGE + 1)
#define BUFFER_SIZE (BUFFER_PAGES * PAGE)
/** Before the data of a WRITE, and of a READ's answer. The data begin with a page, so that the kernel takes them page by page. */
#define FUSE_WRITE_HEADERS_SIZE 80
#define FUSE_OUT_HEADER_SIZE 16
#define MESSAGE_AT (PAGE - FUSE_WRITE_HEADERS_SIZE)
#define READ_ANSWER_AT (PAGE - FUSE_OUT_HEADER_SIZE)
#define MESSAGE_MAX (BUFFER_SIZE - MESSAGE_AT)
/** Of answers to other messages than those that ask for a number of bytes. */
#define SHORT_ANSWER_MAX PAGE
#define FUSE_OPCODE 4
#define FUSE_OPCODE_READ 15
#define FUSE_OPCODE_INIT 26
#define FUSE_OPCODE_READ_DIRECTORY 28
#define FUSE_OPCODE_READ_DIRECTORY_PLUS 44
#define FUSE_READ_SIZE 56
#define INIT_MAX 128
/** Linux reads 128 KiB ahead, unless it is told that more is welcome. */
#define READ_AHEAD_KIB "1024"
#define MOUNTS_TEXT_MAX 16384

typedef struct {
  char directory[64];
  i32 device; // negative: free
  u32 folder;
  /** The kernel's first message: a new session of the host needs it again. */
  u8 init[INIT_MAX];
  u32 initLength;
} Mount;

typedef struct {
  u8 *buffer;
  u32 at;                  // where in it the message lies, and then the answer
  u32 pages[BUFFER_PAGES]; // physical addresses
  Mount *mount;            // 0: free
  i32 device;
} Slot;

static Mount mounts[MOUNTS_MAX];
static Slot slots[SLOTS_MAX];
static u32 slotCount;

static void readable(void *context, u32 happened);

static Slot *freeSlot(void) {
  for (u32 i = 0; i < slotCount; i++)
    if (!slots[i].mount) return &slots[i];
  return 0;
}

/** The kernel's messages wait where there is no slot for them. */
static void watchMounts(bool listening) {
  for (u32 i = 0; i < MOUNTS_MAX; i++)
    if (mounts[i].device >= 0) watch(mounts[i].device, listening ? POLLIN : 0, readable, &mounts[i]);
}

static void unmounted(Mount *mount) {
  unwatch(mount->device);
  closeFile(mount->device);
  mount->device = -1;
  mount->initLength = 0;
}

/** The answer when the host gave none: its error. */
static u32 refuse(u8 *buffer, i32 error) {
  set32(buffer, 0, FUSE_OUT_HEADER_SIZE);
  set32(buffer, 4, (u32)error); // the message's number behind it stays
  return FUSE_OUT_HEADER_SIZE;
}

static void answered(Block *block, i32 status) {
  Slot *slot = block->context;
  u8 *message = slot->buffer + slot->at;
  u32 length = status == TANDEM_REQUEST_STATUS_OK ? get32(bodyOf(block), 0) : refuse(message, status);
  // What the kernel no longer waits for, it does not take: that is no error.
  if (length > 0 && slot->mount->device == slot->device) writeFile(slot->device, message, length);
  portRelease(block);
  bool wasFull = !freeSlot();
  slot->mount = 0;
  if (wasFull) watchMounts(true);
}

/** Bytes that the answer may have. Of INIT: the most that any message may have. */
static u32 capacityFor(const u8 *message) {
  u32 asked;
  switch (get32(message, FUSE_OPCODE)) {
    case FUSE_OPCODE_INIT:
      return MESSAGE_MAX;
    case FUSE_OPCODE_READ:
    case FUSE_OPCODE_READ_DIRECTORY:
    case FUSE_OPCODE_READ_DIRECTORY_PLUS:
      asked = get32(message, FUSE_READ_SIZE);
      return asked < MESSAGE_MAX - FUSE_WRITE_HEADERS_SIZE ? asked + FUSE_OUT_HEADER_SIZE : MESSAGE_MAX - FUSE_WRITE_HEADERS_SIZE + FUSE_OUT_HEADER_SIZE;
    default:
      return SHORT_ANSWER_MAX;
  }
}

/** Lists as many pages as message and answer need: most are short. */
static void forward(Slot *slot, Block *block, u32 length) {
  u8 *message = slot->buffer + MESSAGE_AT;
  u32 capacity = capacityFor(message);
  slot->at = MESSAGE_AT;
  if (get32(message, FUSE_OPCODE) == FUSE_OPCODE_READ && length == FUSE_WRITE_HEADERS_SIZE) {
    u32 copy[FUSE_WRITE_HEADERS_SIZE / 4];
    slot->at = READ_ANSWER_AT;
    copyBytes(copy, message, length);
    copyBytes(slot->buffer + slot->at, copy, length);
  }
  u32 end = slot->at + (capacity > length ? capacity : length);
  u32 count = (end + PAGE - 1) / PAGE;
  u8 *body = bodyOf(block);
  set32(body, TANDEM_FOLDER_FUSE_FOLDER, slot->mount->folder);
  set32(body, TANDEM_FOLDER_FUSE_LENGTH, length);
  set32(body, TANDEM_FOLDER_FUSE_CAPACITY, capacity);
  set32(body, TANDEM_FOLDER_FUSE_PAGES, count);
  u32 at = TANDEM_FOLDER_FUSE_DATA;
  for (u32 i = 0; i < count; i++, at += 8) {
    u32 skipped = i ? 0 : slot->at;
    set32(body, at, slot->pages[i] + skipped);
    set32(body, at + 4, PAGE - skipped);
  }
  portSend(block, TANDEM_FOLDER_COMMAND_FUSE_PAGES, at, true, answered, slot);
}

static void readable(void *context, u32 happened) {
  (void)happened;
  Mount *mount = context;
  Slot *slot = freeSlot();
  Block *block = slot ? portBlock() : 0;
  if (!block) {
    watchMounts(false);
    return;
  }
  u8 *message = slot->buffer + MESSAGE_AT;
  i32 length = readFile(mount->device, message, MESSAGE_MAX);
  if (length <= 0) {
    portRelease(block);
    if (length == -ENODEV) unmounted(mount);
    return; // else a request that was taken back
  }
  if (get32(message, FUSE_OPCODE) == FUSE_OPCODE_INIT && length <= INIT_MAX) {
    copyBytes(mount->init, message, (u32)length);
    mount->initLength = (u32)length;
  }
  slot->mount = mount;
  slot->device = mount->device;
  if (!freeSlot()) watchMounts(false);
  forward(slot, block, (u32)length);
}

/** The kernel knows nothing of the host's new session: what it has open is gone ("stale"), and names are looked up anew. */
static void begin(void) {
  for (u32 i = 0; i < MOUNTS_MAX; i++) {
    Mount *mount = &mounts[i];
    if (mount->device < 0 || !mount->initLength) continue;
    Block *block = portBlock();
    if (!block) return;
    u8 *body = bodyOf(block);
    set32(body, TANDEM_FOLDER_FUSE_FOLDER, mount->folder);
    set32(body, TANDEM_FOLDER_FUSE_LENGTH, mount->initLength);
    set32(body, TANDEM_FOLDER_FUSE_CAPACITY, MESSAGE_MAX);
    set32(body, TANDEM_FOLDER_FUSE_PAGES, 0);
    copyBytes(body + TANDEM_FOLDER_FUSE_DATA, mount->init, mount->initLength);
    portAsk(block, TANDEM_FOLDER_COMMAND_FUSE, TANDEM_FOLDER_FUSE_DATA + mount->initLength);
    portRelease(block);
  }
}

static const Service service = {.features = TANDEM_FEATURE_SHARED_FOLDERS, .begin = begin};

const char *foldersOpen(void) {
  for (u32 i = 0; i < MOUNTS_MAX; i++) mounts[i].device = -1;
  while (slotCount < SLOTS_MAX) {
    Slot *slot = &slots[slotCount];
    slot->buffer = lockedPages(BUFFER_PAGES, slot->pages);
    if (!slot->buffer) break;
    slotCount++;
  }
  if (!slotCount) return "no memory that can be locked and found by /proc/self/pagemap";
  portAdd(&service);
  return 0;
}

static const char *skipWords(const char *at, u32 count) {
  for (; count; count--) {
    while (*at && *at != ' ' && *at != '\n') at++;
    if (*at == ' ') at++;
  }
  return at;
}

/** Whether this word stands there. */
static bool isWord(const char *at, const char *word) {
  while (*word && *at == *word) at++, word++;
  return !*word && *at == ' ';
}

/** The file system must not be asked here: it waits for us. So its device number is taken from the list of mounts. */
static void readFarAhead(const char *directory) {
  static char text[MOUNTS_TEXT_MAX];
  i32 file = openFile("/proc/self/mountinfo", O_RDONLY);
  if (file < 0) return;
  u32 length = 0;
  for (i32 got; (got = readFile(file, text + length, sizeof text - 1 - length)) > 0;) length += (u32)got;
  closeFile(file);
  text[length] = 0;
  const char *device = 0;
  for (const char *line = text; *line;) {
    if (isWord(skipWords(line, 4), directory)) device = skipWords(line, 2);
    while (*line && *line++ != '\n') {}
  }
  if (!device) return;
  char path[64];
  char *end = put(path, "/sys/class/bdi/");
  while (*device != ' ' && end < path + 32) *end++ = *device++;
  put(end, "/read_ahead_kb");
  writeLine(path, READ_AHEAD_KIB);
}

const char *foldersMount(const char *directory, u32 folder) {
  if (!(portFeatures() & TANDEM_FEATURE_SHARED_FOLDERS)) return "the machine has no shared folders";
  Mount *mount = mounts;
  while (mount < mounts + MOUNTS_MAX && mount->device >= 0) mount++;
  if (mount == mounts + MOUNTS_MAX || lengthOf(directory) >= sizeof mount->directory) return "too many, or too long a name";
  i32 device = openFile("/dev/fuse", O_RDWR | O_NONBLOCK);
  if (device < 0) return "/dev/fuse is not there: modprobe fuse";
  i32 made = syscall3(SYS_MKDIR, (u32)directory, 0755, 0);
  char options[128];
  char *end = putNumber(put(options, "fd="), (u32)device);
  end = put(end, ",rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions,max_read=");
  putNumber(end, TANDEM_FOLDER_TRANSFER_MAX);
  i32 mounted = syscall5(SYS_MOUNT, (u32) "tandem", (u32)directory, (u32) "fuse", MS_NOSUID | MS_NODEV, (u32)options);
  if (mounted < 0) {
    closeFile(device);
    return made < 0 && made != -EEXIST ? "cannot be made" : "cannot be mounted on";
  }
  put(mount->directory, directory);
  mount->folder = folder;
  mount->device = device;
  mount->initLength = 0;
  watch(device, freeSlot() ? POLLIN : 0, readable, mount);
  readFarAhead(directory);
  return 0;
}

void foldersClose(void) {
  for (u32 i = 0; i < MOUNTS_MAX; i++)
    if (mounts[i].device >= 0) syscall3(SYS_UMOUNT2, (u32)mounts[i].directory, MNT_DETACH, 0);
}

// Tandem's daemon for Linux on i386: shared folders, by carrying the messages of /dev/fuse over the Tandem port.
//
//   tandemd DIRECTORY [NUMBER]   mounts all folders, or the one with this number, and serves until it is unmounted
//
// Static and without a C library. Needs root: it uses ports, locked memory whose physical addresses it tells the host, and mount.
//
// Missing: everything else that the port offers (pointer, clipboard, time), more than one request at a time, and a new start of
// the session when the machine was restored from a snapshot.

#include "../common/protocol.gen.h"
#include "system.h"

#define DRIVER_VERSION 1
#define PAGE 4096
/** The largest WRITE of FUSE, and a page for what stands before its data. */
#define BUFFER_PAGES (TANDEM_FOLDER_TRANSFER_MAX / PAGE + 1)
#define BUFFER_SIZE (BUFFER_PAGES * PAGE)
#define PAGE_PRESENT_HIGH 0x80000000u
#define FRAME_HIGH 0x007fffffu

static u8 *block; // one page, for the request
static u8 *buffer;
static u32 blockAddress;
static u32 pages[BUFFER_PAGES]; // physical addresses
static u32 session;

// ---- words ----

static u32 lengthOf(const char *text) {
  u32 length = 0;
  while (text[length]) length++;
  return length;
}

static void say(const char *text) {
  syscall3(SYS_WRITE, 2, (u32)text, lengthOf(text));
}

static i32 fail(const char *what, const char *why) {
  say("tandemd: ");
  say(what);
  say(": ");
  say(why);
  say("\n");
  return 1;
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

static bool readNumber(const char *text, u32 *value) {
  *value = 0;
  if (!*text) return false;
  for (; *text; text++) {
    if (*text < '0' || *text > '9') return false;
    *value = *value * 10 + (*text - '0');
  }
  return true;
}

// ---- memory that the host reaches ----

/** Compaction would move locked pages; the host knows them by their physical addresses. */
static void keepPagesInPlace(void) {
  i32 file = syscall3(SYS_OPEN, (u32) "/proc/sys/vm/compact_unevictable_allowed", O_WRONLY, 0);
  if (file < 0) return; // a kernel without compaction
  syscall3(SYS_WRITE, file, (u32) "0", 1);
  syscall3(SYS_CLOSE, file, 0, 0);
}

static bool findPages(u8 *memory, u32 count, u32 *addresses) {
  i32 file = syscall3(SYS_OPEN, (u32) "/proc/self/pagemap", O_RDONLY, 0);
  if (file < 0) return false;
  bool found = true;
  for (u32 i = 0; i < count && found; i++) {
    u32 entry[2];
    u32 at = ((u32)memory / PAGE + i) * sizeof entry;
    found = syscall5(SYS_PREAD64, file, (u32)entry, sizeof entry, at, 0) == sizeof entry && (entry[1] & PAGE_PRESENT_HIGH);
    // The port's addresses have 32 bits.
    if ((entry[1] & FRAME_HIGH) || entry[0] >> 20 || !entry[0]) found = false;
    addresses[i] = entry[0] * PAGE;
  }
  syscall3(SYS_CLOSE, file, 0, 0);
  return found;
}

static bool prepareMemory(void) {
  u32 size = PAGE + BUFFER_SIZE;
  i32 memory = mapMemory(size);
  if ((u32)memory > 0xfffff000u) return false;
  block = (u8 *)memory;
  buffer = block + PAGE;
  syscall3(SYS_MADVISE, memory, size, MADV_NOHUGEPAGE);
  keepPagesInPlace();
  if (syscall3(SYS_MLOCK, memory, size, 0) < 0) return false;
  for (u32 at = 0; at < size; at += PAGE) block[at] = 0;
  return findPages(block, 1, &blockAddress) && findPages(buffer, BUFFER_PAGES, pages);
}

// ---- the port ----

static void set32(u32 offset, u32 value) {
  *(volatile u32 *)(block + offset) = value;
}

static u32 get32(u32 offset) {
  return *(volatile u32 *)(block + offset);
}

/** The request whose body is in the block. Returns its status. */
static i32 request(u16 command, u32 size) {
  set32(TANDEM_REQUEST_SIZE, TANDEM_REQUEST_HEADER_SIZE + size);
  set32(TANDEM_REQUEST_COMMAND, command);
  set32(TANDEM_REQUEST_TAG, 0);
  set32(TANDEM_REQUEST_STATUS, TANDEM_REQUEST_STATUS_PENDING);
  set32(TANDEM_REQUEST_SESSION, session);
  out32(TANDEM_ISA_BASE + TANDEM_REGISTER_DOORBELL, blockAddress);
  i32 status;
  while ((status = (i32)get32(TANDEM_REQUEST_STATUS)) == TANDEM_REQUEST_STATUS_PENDING) {
    // Others may run before the machine stands still for the host.
    syscall3(SYS_SCHED_YIELD, 0, 0, 0);
    in32(TANDEM_ISA_BASE + TANDEM_REGISTER_WAIT);
  }
  return status;
}

static u32 body(u32 offset) {
  return TANDEM_REQUEST_HEADER_SIZE + offset;
}

static bool hello(void) {
  if (in32(TANDEM_ISA_BASE + TANDEM_REGISTER_ID) != TANDEM_SIGNATURE) return false;
  set32(body(TANDEM_HELLO_REQUEST_GUEST_SYSTEM), TANDEM_GUEST_SYSTEM_LINUX);
  set32(body(TANDEM_HELLO_REQUEST_DRIVER_VERSION), DRIVER_VERSION);
  set32(body(TANDEM_HELLO_REQUEST_FEATURES), TANDEM_FEATURE_SHARED_FOLDERS);
  if (request(TANDEM_COMMAND_HELLO, TANDEM_HELLO_REPLY_SIZE) != TANDEM_REQUEST_STATUS_OK) return false;
  if (!(get32(body(TANDEM_HELLO_REPLY_FEATURES)) & TANDEM_FEATURE_SHARED_FOLDERS)) return false;
  session = get32(body(TANDEM_HELLO_REPLY_SESSION));
  return true;
}

// ---- FUSE ----

/** The host's answer to the message in the buffer: its length, 0 for none, or a negative status. */
static i32 forward(u32 folder, u32 length) {
  set32(body(TANDEM_FOLDER_FUSE_FOLDER), folder);
  set32(body(TANDEM_FOLDER_FUSE_LENGTH), length);
  set32(body(TANDEM_FOLDER_FUSE_CAPACITY), BUFFER_SIZE);
  set32(body(TANDEM_FOLDER_FUSE_PAGES), BUFFER_PAGES);
  u32 at = body(TANDEM_FOLDER_FUSE_DATA);
  for (u32 i = 0; i < BUFFER_PAGES; i++, at += 8) {
    set32(at, pages[i]);
    set32(at + 4, PAGE);
  }
  i32 status = request(TANDEM_FOLDER_COMMAND_FUSE_PAGES, at - TANDEM_REQUEST_HEADER_SIZE);
  return status == TANDEM_REQUEST_STATUS_OK ? (i32)get32(body(0)) : status;
}

/** The answer when the host gave none: its error. */
static u32 refuse(i32 error) {
  u32 *header = (u32 *)buffer;
  u32 unique[2] = {header[2], header[3]};
  header[0] = 16;
  header[1] = (u32)error;
  header[2] = unique[0];
  header[3] = unique[1];
  return 16;
}

static i32 serve(i32 device, u32 folder) {
  for (;;) {
    i32 length = syscall3(SYS_READ, device, (u32)buffer, BUFFER_SIZE);
    if (length == -ENOENT || length == -EINTR) continue; // a request that was taken back
    if (length == -ENODEV) return 0;                     // unmounted
    if (length < 0) return fail("/dev/fuse", "cannot be read");
    i32 answer = forward(folder, length);
    if (answer < 0) answer = refuse(answer);
    // What the kernel no longer waits for, it does not take: that is no error.
    if (answer > 0) syscall3(SYS_WRITE, device, (u32)buffer, answer);
  }
}

i32 run(i32 count, char **arguments) {
  u32 folder = 0;
  if (count < 2 || count > 3 || (count == 3 && !readNumber(arguments[2], &folder)))
    return fail("usage", "tandemd DIRECTORY [NUMBER]");
  const char *directory = arguments[1];
  if (syscall3(SYS_IOPL, 3, 0, 0) < 0) return fail("ports", "only root may use them");
  if (!prepareMemory()) return fail("memory", "cannot be locked, or found by /proc/self/pagemap");
  if (!hello()) return fail("Tandem port", "not there, or without shared folders");
  i32 device = syscall3(SYS_OPEN, (u32) "/dev/fuse", O_RDWR, 0);
  if (device < 0) return fail("/dev/fuse", "not there: modprobe fuse");
  i32 made = syscall3(SYS_MKDIR, (u32)directory, 0755, 0);
  if (made < 0 && made != -EEXIST) return fail(directory, "cannot be made");
  char options[128];
  char *end = putNumber(put(options, "fd="), device);
  end = put(end, ",rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions,max_read=");
  putNumber(end, TANDEM_FOLDER_TRANSFER_MAX);
  i32 mounted = syscall5(SYS_MOUNT, (u32) "tandem", (u32)directory, (u32) "fuse", MS_NOSUID | MS_NODEV, (u32)options);
  if (mounted < 0) return fail(directory, "cannot be mounted on");
  return serve(device, folder);
}

// Memory that the host reaches: it stays where it is, and its physical addresses are known.

#include "memory.h"
#include "../lib/text.h"

#define PAGE_PRESENT_HIGH 0x80000000u
#define FRAME_HIGH 0x007fffffu
#define NO_MEMORY 0xfffff000u

/** Compaction would move locked pages; the host knows them by their physical addresses. */
static void keepPagesInPlace(void) {
  writeLine("/proc/sys/vm/compact_unevictable_allowed", "0"); // not there in a kernel without compaction
}

static bool findPages(u8 *memory, u32 count, u32 *addresses) {
  i32 file = openFile("/proc/self/pagemap", O_RDONLY);
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
  closeFile(file);
  return found;
}

static u8 *map(u32 size) {
  u32 arguments[] = {0, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_POPULATED, (u32)-1, 0};
  u32 memory = (u32)syscall3(SYS_MMAP, (u32)arguments, 0, 0);
  return memory > NO_MEMORY ? 0 : (u8 *)memory;
}

u8 *lockedPages(u32 count, u32 *addresses) {
  u32 size = count * PAGE;
  u8 *memory = map(size);
  if (!memory) return 0;
  syscall3(SYS_MADVISE, (u32)memory, size, MADV_NOHUGEPAGE);
  // A child that shared the pages would keep them, and leave copies elsewhere to the daemon.
  syscall3(SYS_MADVISE, (u32)memory, size, MADV_DONTFORK);
  keepPagesInPlace();
  if (syscall3(SYS_MLOCK, (u32)memory, size, 0) < 0) return 0;
  clearBytes(memory, size);
  return findPages(memory, count, addresses) ? memory : 0;
}

void *plainMemory(u32 size) {
  return map(size);
}

// Memory for data whose size is known only when it comes.

#include "memory.h"

#define SYS_MUNMAP 91
#define MAP_PRIVATE_ANONYMOUS 0x22
#define ERRORS 0xfffff000u

u8 *newMemory(u32 size) {
  u32 arguments[] = {0, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, (u32)-1, 0};
  u32 memory = (u32)syscall3(SYS_MMAP, (u32)arguments, 0, 0);
  return memory > ERRORS ? 0 : (u8 *)memory;
}

void freeMemory(u8 *memory, u32 size) {
  if (memory) syscall3(SYS_MUNMAP, (u32)memory, size, 0);
}

// Linux's system calls for i386, as far as they are used: there is no C library in the daemon.

#pragma once

#include "../common/io.h"

#define SYS_EXIT 1
#define SYS_READ 3
#define SYS_WRITE 4
#define SYS_OPEN 5
#define SYS_CLOSE 6
#define SYS_MOUNT 21
#define SYS_MKDIR 39
#define SYS_IOPL 110
#define SYS_MLOCK 150
#define SYS_SCHED_YIELD 158
#define SYS_PREAD64 180
#define SYS_MMAP2 192
#define SYS_MADVISE 219

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define MS_NOSUID 2
#define MS_NODEV 4
#define PROT_READ_WRITE 3
#define MAP_PRIVATE_ANONYMOUS_POPULATED 0x8022
#define MADV_NOHUGEPAGE 15

#define EINTR 4
#define ENOENT 2
#define EEXIST 17
#define ENODEV 19

static inline i32 syscall5(u32 number, u32 a, u32 b, u32 c, u32 d, u32 e) {
  i32 result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
  return result;
}

static inline i32 syscall3(u32 number, u32 a, u32 b, u32 c) {
  return syscall5(number, a, b, c, 0, 0);
}

i32 mapMemory(u32 size);

// Linux's system calls for i386, as far as the exerciser uses them, and their errors.

#pragma once

typedef _Bool bool;
#define true 1
#define false 0
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

#define SYS_READ 3
#define SYS_WRITE 4
#define SYS_OPEN 5
#define SYS_CLOSE 6
#define SYS_UNLINK 10
#define SYS_SYNC 36
#define SYS_MKDIR 39
#define SYS_RMDIR 40
#define SYS_MMAP 90
#define SYS_MUNMAP 91
#define SYS_FSYNC 118
#define SYS_LLSEEK 140
#define SYS_MSYNC 144
#define SYS_FDATASYNC 148
#define SYS_PREAD64 180
#define SYS_PWRITE64 181
#define SYS_TRUNCATE64 193
#define SYS_FTRUNCATE64 194
#define SYS_STAT64 195
#define SYS_FSTAT64 197
#define SYS_MADVISE 219
#define SYS_GETDENTS64 220
#define SYS_RENAMEAT2 353

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_CREAT 0100
#define O_EXCL 0200
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_LARGEFILE 0100000
#define O_DIRECTORY 0200000
#define AT_FDCWD -100
#define RENAME_NOREPLACE 1
#define PROT_READ 1
#define PROT_READ_WRITE 3
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_ANONYMOUS 0x20
#define MAP_NORESERVE 0x4000
#define MADV_DONTNEED 4
#define MS_SYNC 4
#define S_IFMT 0170000
#define S_IFDIR 0040000
#define DT_DIR 4

#define ENOENT 2
#define EEXIST 17
#define ENOTDIR 20
#define EISDIR 21
#define EINVAL 22
#define ENOTEMPTY 39

/** struct stat64, as far as it is looked at. */
typedef struct {
  u8 before[16];
  u32 mode; // 16
  u32 links;
  u8 between[20];
  u32 size[2]; // 44; the compiler would align a u64
  u8 after[44];
} Status;

static inline i32 call5(u32 number, u32 a, u32 b, u32 c, u32 d, u32 e) {
  i32 result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
  return result;
}

static inline i32 call3(u32 number, u32 a, u32 b, u32 c) {
  return call5(number, a, b, c, 0, 0);
}

/** The old form of mmap, whose arguments lie in memory: the new one has more than registers. */
static inline i32 mapPages(u32 size, u32 protection, u32 flags, i32 file, u32 position) {
  u32 arguments[] = {0, size, protection, flags, (u32)file, position};
  return call3(SYS_MMAP, (u32)arguments, 0, 0);
}

static inline bool isError(i32 result) {
  return (u32)result > 0xfffff000u;
}

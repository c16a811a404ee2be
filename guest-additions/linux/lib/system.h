// Linux's system calls for i386, as far as they are used: there is no C library in these programs.

#pragma once

#include "../../common/io.h"

#define SYS_EXIT 1
#define SYS_FORK 2
#define SYS_READ 3
#define SYS_WRITE 4
#define SYS_OPEN 5
#define SYS_CLOSE 6
#define SYS_UNLINK 10
#define SYS_EXECVE 11
#define SYS_CHDIR 12
#define SYS_CHMOD 15
#define SYS_MOUNT 21
#define SYS_ACCESS 33
#define SYS_SYNC 36
#define SYS_KILL 37
#define SYS_MKDIR 39
#define SYS_UMOUNT2 52
#define SYS_IOCTL 54
#define SYS_DUP2 63
#define SYS_SETSID 66
#define SYS_REBOOT 88
#define SYS_MMAP 90
#define SYS_IOPL 110
#define SYS_WAIT4 114
#define SYS_MLOCK 150
#define SYS_SCHED_YIELD 158
#define SYS_NANOSLEEP 162
#define SYS_POLL 168
#define SYS_RT_SIGPROCMASK 175
#define SYS_PREAD64 180
#define SYS_PWRITE64 181
#define SYS_MADVISE 219
#define SYS_FCNTL64 221
#define SYS_CLOCK_SETTIME 264
#define SYS_CLOCK_GETTIME 265
#define SYS_SIGNALFD4 327
#define SYS_PIPE2 331
#define SYS_SOCKET 359
#define SYS_BIND 361
#define SYS_CONNECT 362
#define SYS_LISTEN 363
#define SYS_ACCEPT4 364

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_NONBLOCK 0x800
#define O_CLOEXEC 0x80000
#define MS_NOSUID 2
#define MS_NODEV 4
#define MNT_DETACH 2
#define PROT_READ_WRITE 3
#define MAP_PRIVATE_ANONYMOUS_POPULATED 0x8022
#define MADV_DONTFORK 10
#define MADV_NOHUGEPAGE 15
#define AF_UNIX 1
#define SOCK_SEQPACKET 5
#define F_SETFL 4
#define POLLIN 0x001
#define POLLOUT 0x004
#define POLLERR 0x008
#define POLLHUP 0x010
#define SIG_BLOCK 0
#define SIG_SETMASK 2
#define SIGINT 2
#define SIGKILL 9
#define SIGPIPE 13
#define SIGTERM 15
#define SIGCHLD 17
#define WNOHANG 1
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1

#define ENOENT 2
#define EINTR 4
#define EAGAIN 11
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22

static inline i32 syscall5(u32 number, u32 a, u32 b, u32 c, u32 d, u32 e) {
  i32 result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
  return result;
}

static inline i32 syscall3(u32 number, u32 a, u32 b, u32 c) {
  return syscall5(number, a, b, c, 0, 0);
}

static inline i32 openFile(const char *path, u32 flags) {
  return syscall3(SYS_OPEN, (u32)path, flags | O_CLOEXEC, 0);
}
static inline i32 readFile(i32 file, void *target, u32 size) {
  return syscall3(SYS_READ, file, (u32)target, size);
}
static inline i32 writeFile(i32 file, const void *bytes, u32 size) {
  return syscall3(SYS_WRITE, file, (u32)bytes, size);
}
static inline void closeFile(i32 file) {
  syscall3(SYS_CLOSE, file, 0, 0);
}

struct UnixAddress {
  u16 family;
  char path[62];
};

static inline u32 get32(const u8 *memory, u32 offset) {
  return *(const volatile u32 *)(memory + offset);
}
static inline void set32(u8 *memory, u32 offset, u32 value) {
  *(volatile u32 *)(memory + offset) = value;
}

/** As execve wants it; set before `run`. */
extern char **environment;

/** The program: what `main` is elsewhere. */
i32 run(i32 count, char **arguments);

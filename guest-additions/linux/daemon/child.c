// Programs that the daemon starts.

#include "child.h"
#include "../lib/text.h"
#include "loop.h"

#define VARIABLES_MAX 128
#define SIGNAL_INFO_SIZE 128
#define STANDARD_FILES 3
#define EXIT_NOT_FOUND 127

static Ended childEnded;
static i32 signals;

static void collect(void *context, u32 happened) {
  (void)context, (void)happened;
  u8 info[SIGNAL_INFO_SIZE];
  while (readFile(signals, info, sizeof info) > 0) continue;
  i32 process, status;
  while ((process = syscall5(SYS_WAIT4, (u32)-1, (u32)&status, WNOHANG, 0, 0)) > 0) {
    i32 signal = status & 0x7f;
    childEnded(process, signal ? -1 : status >> 8 & 0xff, signal);
  }
}

bool childrenOpen(Ended ended) {
  childEnded = ended;
  u32 set[2] = {1u << (SIGCHLD - 1), 0};
  syscall5(SYS_RT_SIGPROCMASK, SIG_BLOCK, (u32)set, 0, sizeof set, 0);
  signals = syscall5(SYS_SIGNALFD4, (u32)-1, (u32)set, sizeof set, O_CLOEXEC | O_NONBLOCK, 0);
  return signals >= 0 && watch(signals, POLLIN, collect, 0);
}

/** Whether both are values of the same variable. */
static bool isSameVariable(const char *one, const char *other) {
  while (*one && *one != '=' && *one == *other) one++, other++;
  return *one == '=' && *other == '=';
}

static void addVariable(char **variables, u32 *count, char *variable) {
  for (u32 i = 0; i < *count; i++)
    if (isSameVariable(variables[i], variable)) return;
  if (*count < VARIABLES_MAX) variables[(*count)++] = variable;
}

/** The program's own first, then the daemon's, then what every program needs. */
static void gatherVariables(char **variables, const Program *program) {
  u32 count = 0;
  const char *end = program->environment + program->environmentSize;
  for (const char *at = program->environment; at < end; at += lengthOf(at) + 1) addVariable(variables, &count, (char *)at);
  for (char **at = environment; *at; at++) addVariable(variables, &count, *at);
  addVariable(variables, &count, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  addVariable(variables, &count, "HOME=/root");
  variables[count] = 0;
}

static void become(const Program *program) {
  char *variables[VARIABLES_MAX + 1];
  gatherVariables(variables, program);
  syscall3(SYS_IOPL, 0, 0, 0); // a child would keep it
  syscall3(SYS_SETSID, 0, 0, 0);
  for (i32 i = 0; i < STANDARD_FILES; i++) {
    i32 file = program->files[i];
    if (file < 0) file = syscall3(SYS_OPEN, (u32) "/dev/null", O_RDWR, 0);
    syscall3(SYS_DUP2, (u32)file, (u32)i, 0);
  }
  u32 none[2] = {0, 0};
  syscall5(SYS_RT_SIGPROCMASK, SIG_SETMASK, (u32)none, 0, sizeof none, 0);
  const char *directory = program->directory;
  if (directory && *directory && syscall3(SYS_CHDIR, (u32)directory, 0, 0) < 0) {
    fail(directory, "no such directory");
    return;
  }
  const char *arguments[] = {"sh", "-c", program->command, 0};
  syscall3(SYS_EXECVE, (u32) "/bin/sh", (u32)arguments, (u32)variables);
  fail("/bin/sh", "cannot be run");
}

i32 childStart(const Program *program) {
  i32 process = syscall3(SYS_FORK, 0, 0, 0);
  if (process != 0) return process;
  become(program);
  for (;;) syscall3(SYS_EXIT, EXIT_NOT_FOUND, 0, 0);
}

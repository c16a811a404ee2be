// Programs that the daemon starts.

#pragma once

#include "../lib/system.h"

typedef struct {
  const char *command;     // for /bin/sh
  const char *directory;   // 0 or empty: where the daemon is
  const char *environment; // NAME=VALUE, each with a 0, as many bytes as
  u32 environmentSize;
  i32 files[3]; // standard input, output, errors; negative: /dev/null
} Program;

/** `signal`: that ended it, else 0; then `code` is what it returned. */
typedef void (*Ended)(i32 process, i32 code, i32 signal);

/** Once, before the others. */
bool childrenOpen(Ended ended);
/** The process, which has a session and a process group of its own; negative: why not. */
i32 childStart(const Program *program);

// Tandem's daemon for Linux on i386: what the host offers over the Tandem port, given to the guest's own interfaces.
//
//   tandemd [OPTION…] [DIRECTORY [NUMBER]]…
//
// Mounts all shared folders at DIRECTORY, or the one with this number, and serves the tools' socket (lib/daemon-socket.h) until it is told
// to end (SIGTERM). Where another tandemd runs, that one is asked to mount, and this one ends.
//
// Static and without a C library. Needs root: it uses ports, locked memory whose physical addresses it tells the host, and mount.
//
// A part is a file with a Service (port.h) and functions that the loop (loop.h) calls; this one reads the options and starts them.

#include "../lib/text.h"
#include "child.h"
#include "exec.h"
#include "folders.h"
#include "loop.h"
#include "pointer.h"
#include "port.h"
#include "power.h"
#include "time.h"
#include "tools.h"

#define DIRECTORIES_MAX 8
#define SIGNAL_INFO_SIZE 128

static const struct {
  const char *name;
  const char *meaning;
} HELP[] = {
    {"--exec", "the host may run commands, as root"},
    {"--no-pointer", "the pointer stays with PS/2 and USB"},
    {"--no-power", "the host may not shut down or restart the guest"},
    {"--no-time", "the guest's clock is its own"},
    {"--no-tools", "no socket for tools"},
};

static struct {
  const char *directory;
  u32 folder;
} wanted[DIRECTORIES_MAX];
static u32 wantedCount;
static bool exec, noPointer, noPower, noTime, noTools;

static i32 usage(void) {
  say("usage: tandemd [OPTION...] [DIRECTORY [NUMBER]]...\n");
  for (u32 i = 0; i < sizeof HELP / sizeof *HELP; i++) {
    say("  ");
    say(HELP[i].name);
    say("  ");
    say(HELP[i].meaning);
    say("\n");
  }
  return 2;
}

static bool readOptions(i32 count, char **arguments) {
  for (i32 i = 1; i < count; i++) {
    const char *word = arguments[i];
    u32 number;
    if (isSame(word, "--exec")) exec = true;
    else if (isSame(word, "--no-pointer")) noPointer = true;
    else if (isSame(word, "--no-power")) noPower = true;
    else if (isSame(word, "--no-time")) noTime = true;
    else if (isSame(word, "--no-tools")) noTools = true;
    else if (word[0] == '-') return false;
    else if (wantedCount && readNumber(word, &number)) wanted[wantedCount - 1].folder = number;
    else if (wantedCount == DIRECTORIES_MAX) return false;
    else wanted[wantedCount++].directory = word;
  }
  return true;
}

/** Asks the daemon that runs. */
static i32 mountThere(i32 tandemd) {
  for (u32 i = 0; i < wantedCount; i++) {
    u8 packet[128];
    u32 size = lengthOf(wanted[i].directory) + 1;
    if (size > sizeof packet - TOOL_HEADER_SIZE - 4) return fail(wanted[i].directory, "too long a name");
    set32(packet, 0, TOOL_COMMAND_MOUNT);
    set32(packet, 4, i);
    set32(packet, TOOL_HEADER_SIZE, wanted[i].folder);
    copyBytes(packet + TOOL_HEADER_SIZE + 4, wanted[i].directory, size);
    writeFile(tandemd, packet, TOOL_HEADER_SIZE + 4 + size);
    if (readFile(tandemd, packet, sizeof packet) < TOOL_HEADER_SIZE || get32(packet, 0))
      return fail(wanted[i].directory, "cannot be mounted by the tandemd that runs already");
  }
  return wantedCount ? 0 : fail("tandemd", "runs already");
}

static void signaled(void *context, u32 happened) {
  (void)happened;
  u8 info[SIGNAL_INFO_SIZE];
  readFile((i32)(u32)context, info, sizeof info);
  stop(0);
}

/** The signals that end the daemon come as a file. One that a broken connection sends is of no use. */
static void watchSignals(void) {
  u32 ending[2] = {1u << (SIGTERM - 1) | 1u << (SIGINT - 1), 0};
  u32 blocked[2] = {ending[0] | 1u << (SIGPIPE - 1), 0};
  syscall5(SYS_RT_SIGPROCMASK, SIG_BLOCK, (u32)blocked, 0, sizeof blocked, 0);
  i32 file = syscall5(SYS_SIGNALFD4, (u32)-1, (u32)ending, sizeof ending, O_CLOEXEC | O_NONBLOCK, 0);
  if (file >= 0) watch(file, POLLIN, signaled, (void *)file);
}

i32 run(i32 count, char **arguments) {
  programName = "tandemd";
  if (!readOptions(count, arguments)) return usage();
  if (syscall3(SYS_IOPL, 3, 0, 0) < 0) return fail("ports", "only root may use them");
  i32 tandemd = connectToDaemon();
  if (tandemd >= 0) return mountThere(tandemd);
  watchSignals();
  const char *why = foldersOpen();
  if (why) return fail("folders", why);
  if (!childrenOpen(execEnded)) return fail("signals", "cannot be read");
  if (!noPointer) pointerOpen();
  if (!noPower) powerOpen();
  if (!noTime) timeOpen();
  if (exec) execOpen();
  if (!noTools && (why = toolsOpen(TANDEM_FEATURE_CLIPBOARD | TANDEM_FEATURE_CHANNELS))) return fail(TOOL_SOCKET, why);
  if ((why = portOpen())) return fail("Tandem port", why);
  i32 result = 0;
  for (u32 i = 0; i < wantedCount && !result; i++)
    if ((why = foldersMount(wanted[i].directory, wanted[i].folder))) result = fail(wanted[i].directory, why);
  if (!result) result = loop();
  foldersClose();
  toolsClose();
  portClose();
  return result;
}

// tandem-channel: a channel of the host's page on Linux's console, through the running tandemd.
//
//   tandem-channel [OPTION…] NAME            standard input goes to the page, what the page sends to standard output
//   tandem-channel [OPTION…] NAME COMMAND    the channel is the command's standard input and output
//   tandem-channel --list                    names that the page has opened and no program has taken
//
// It waits until the page opens the name (`pc.channel("NAME")`), and ends when both streams have. Ends with 0, or as the command has;
// 1: the channel has failed; 2: wrong options; 3: the page did not come.

#include "../../../common/protocol.gen.h"
#include "../../lib/daemon-socket.h"
#include "../../lib/text.h"

#define TAG 1
#define WRITE_PIECE (TOOL_BODY_MAX - TANDEM_CHANNEL_WRITE_BYTES)
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_NOBODY 3
#define EXIT_NOT_FOUND 127
#define EXIT_BY_SIGNAL 128
#define FOREVER (-1)

static const struct {
  const char *name;
  const char *meaning;
} HELP[] = {
    {"-s", "only sends: ends with standard input"},
    {"-r", "only receives"},
    {"-w SECONDS", "waits no longer for the page; 0: not at all"},
    {"-k", "with COMMAND: opens the channel again when it is over, for the next"},
    {"--list", "names that the page has opened and no program has taken"},
};

struct PollEntry {
  i32 file;
  u16 events;
  u16 happened;
};

typedef struct {
  u8 bytes[TOOL_BODY_MAX];
  u32 from, to;
} Piece;

static i32 daemonSocket;
static u8 packet[TOOL_HEADER_SIZE + TOOL_BODY_MAX];
static u8 *const body = packet + TOOL_HEADER_SIZE;
static u32 bodySize;
static bool hasEvent;
/** There was an event since the channel's state was looked at. */
static bool hasNews;

static const char *name;
static const char *command;
static i32 patience = FOREVER; // milliseconds
static bool sendsOnly, receivesOnly, keeps;

static u32 channel;
/** Where the bytes come from and go to. */
static i32 input, output;
static Piece toPage, fromPage;
static bool inputEnded, pageEnded, pageClosed, endSent, outputGone;
/** Another channel cannot be opened. */
static bool lost;

static u32 now(void) {
  i32 time[2];
  syscall3(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (u32)time, 0);
  return (u32)time[0] * 1000 + (u32)time[1] / 1000000;
}

// ---- the daemon ----

/** Reads one packet. False: the daemon has gone. */
static bool receive(void) {
  i32 size;
  do size = readFile(daemonSocket, packet, sizeof packet);
  while (size == -EINTR);
  bodySize = size > TOOL_HEADER_SIZE ? (u32)size - TOOL_HEADER_SIZE : 0;
  return size >= TOOL_HEADER_SIZE;
}

/** The command whose body is in the packet; its answer takes the place. Events that come between are noted. */
static i32 ask(u32 number, u32 size) {
  set32(packet, 0, number);
  set32(packet, 4, TAG);
  if (writeFile(daemonSocket, packet, TOOL_HEADER_SIZE + size) < 0) return TANDEM_REQUEST_STATUS_IO;
  for (;;) {
    if (!receive()) return TANDEM_REQUEST_STATUS_IO;
    if ((i32)get32(packet, 0) != TOOL_EVENT) return (i32)get32(packet, 0);
    hasEvent = hasNews = true;
  }
}

static i32 askChannel(u32 number, u32 size) {
  set32(body, 0, channel);
  return ask(number, size);
}

static i32 failed(i32 status) {
  static char words[TANDEM_CHANNEL_WORDS_MAX + 1];
  switch (status) {
  case TANDEM_REQUEST_STATUS_RESET:
    copyBytes(words, body, bodySize);
    return fail(name, bodySize ? words : "the page has given up");
  case TANDEM_REQUEST_STATUS_PIPE:
    return fail(name, "the page reads no more");
  case TANDEM_REQUEST_STATUS_EXISTS:
    return fail(name, "another program has this channel");
  case TANDEM_REQUEST_STATUS_NO_MEMORY:
    return fail(name, "there are too many channels");
  case TANDEM_REQUEST_STATUS_INVALID:
    return fail(name, "a name has 1 to 64 bytes and no control characters");
  case TANDEM_REQUEST_STATUS_NO_COMMAND:
    return fail(name, "this host has no channels");
  case TANDEM_REQUEST_STATUS_NO_ENTRY:
  case TANDEM_REQUEST_STATUS_IO:
    return fail(name, "the connection to the host was lost");
  default:
    return fail(name, "the host does not answer as it should");
  }
}

// ---- opening ----

static i32 list(void) {
  i32 status = ask(TANDEM_CHANNEL_COMMAND_LIST, 0);
  if (status < 0) return failed(status);
  for (u32 i = 0; i < bodySize; i++)
    if (!body[i]) body[i] = '\n';
  writeFile(1, body, bodySize);
  return 0;
}

static i32 open(void) {
  set32(body, 0, 1u << TANDEM_EVENT_CHANNEL);
  i32 status = ask(TOOL_COMMAND_EVENTS, 4);
  if (status < 0) return status;
  u32 length = lengthOf(name);
  if (length > TANDEM_CHANNEL_NAME_MAX) return TANDEM_REQUEST_STATUS_INVALID;
  set32(body, TANDEM_CHANNEL_OPEN_FLAGS, 0);
  put((char *)body + TANDEM_CHANNEL_OPEN_NAME, name);
  status = ask(TANDEM_CHANNEL_COMMAND_OPEN, TANDEM_CHANNEL_OPEN_NAME + length + 1);
  if (status == TANDEM_REQUEST_STATUS_OK) channel = get32(body, 0);
  return status;
}

/** Sleeps until the daemon says something. False: not in this time. */
static bool waitForNews(i32 milliseconds) {
  struct PollEntry entry = {daemonSocket, POLLIN, 0};
  return hasEvent || syscall3(SYS_POLL, (u32)&entry, 1, (u32)milliseconds) > 0;
}

/** Returns a status; Again: the page did not come in time. */
static i32 waitForPage(void) {
  u32 start = now();
  for (;;) {
    hasEvent = false;
    i32 status = askChannel(TANDEM_CHANNEL_COMMAND_STATE, 4);
    if (status < 0 || get32(body, TANDEM_CHANNEL_STATE_PHASE) != TANDEM_CHANNEL_PHASE_WAITING) return status;
    i32 left = patience == FOREVER ? FOREVER : patience - (i32)(now() - start);
    if (patience != FOREVER && left <= 0) return TANDEM_REQUEST_STATUS_AGAIN;
    if (waitForNews(left) && !hasEvent && !receive()) return TANDEM_REQUEST_STATUS_IO;
  }
}

/** `words`: why it has failed; null: all went well. */
static void close(const char *words) {
  char *at = (char *)body + TANDEM_CHANNEL_CLOSE_WORDS;
  set32(body, TANDEM_CHANNEL_CLOSE_FAILED, words != 0);
  char *end = put(at, words ? words : "");
  askChannel(TANDEM_CHANNEL_COMMAND_CLOSE, (u32)(end + 1 - (char *)body));
}

// ---- the streams ----

static u32 waiting(const Piece *piece) {
  return piece->to - piece->from;
}

static void closeOutput(void) {
  if (output >= 0) closeFile(output);
  output = -1;
}

/** From the page. Returns a status; Again: there is nothing now. */
static i32 readPage(void) {
  set32(body, TANDEM_CHANNEL_READ_FLAGS, TANDEM_CHANNEL_FLAG_NO_WAIT);
  set32(body, TANDEM_CHANNEL_READ_MAXIMUM, TOOL_BODY_MAX);
  i32 status = askChannel(TANDEM_CHANNEL_COMMAND_READ, TANDEM_CHANNEL_READ_SIZE);
  if (status != TANDEM_REQUEST_STATUS_OK) return status;
  if (!bodySize) {
    pageEnded = hasNews = true;
    closeOutput();
  } else if (!outputGone) {
    copyBytes(fromPage.bytes, body, bodySize);
    fromPage.from = 0;
    fromPage.to = bodySize;
  }
  return status;
}

static i32 writePage(void) {
  u32 length = waiting(&toPage);
  set32(body, TANDEM_CHANNEL_WRITE_FLAGS, TANDEM_CHANNEL_FLAG_NO_WAIT);
  set32(body, TANDEM_CHANNEL_WRITE_LENGTH, length);
  copyBytes(body + TANDEM_CHANNEL_WRITE_BYTES, toPage.bytes + toPage.from, length);
  i32 status = askChannel(TANDEM_CHANNEL_COMMAND_WRITE, TANDEM_CHANNEL_WRITE_BYTES + length);
  if (status == TANDEM_REQUEST_STATUS_OK) toPage.from += get32(body, 0);
  return status;
}

static void readInput(void) {
  i32 size = readFile(input, toPage.bytes, WRITE_PIECE);
  if (size == -EINTR || size == -EAGAIN) return;
  toPage.from = 0;
  toPage.to = size > 0 ? (u32)size : 0;
  if (size <= 0) inputEnded = true;
}

/** A pipe that is ready takes this much at once. */
static void writeOutput(void) {
  i32 size = writeFile(output, fromPage.bytes + fromPage.from, waiting(&fromPage));
  if (size == -EINTR || size == -EAGAIN) return;
  if (size > 0) {
    fromPage.from += (u32)size;
    return;
  }
  outputGone = true;
  fromPage.from = fromPage.to;
  closeOutput();
}

/** For who does not read, or has read all, when there is news. Returns a status. */
static i32 lookAtState(void) {
  hasNews = false;
  i32 status = askChannel(TANDEM_CHANNEL_COMMAND_STATE, 4);
  if (status < 0) return status;
  u32 phase = get32(body, TANDEM_CHANNEL_STATE_PHASE);
  pageClosed = phase == TANDEM_CHANNEL_PHASE_OVER;
  if (phase != TANDEM_CHANNEL_PHASE_FAILED) return 0;
  bodySize = 0; // no words
  return TANDEM_REQUEST_STATUS_RESET;
}

/** Whether nothing is left to be done: a command whose input has gone may still write, and nobody else. */
static bool isThrough(void) {
  if (pageClosed || (outputGone && !command)) return !waiting(&fromPage);
  if (sendsOnly) return inputEnded && !waiting(&toPage);
  bool received = (pageEnded && !waiting(&fromPage)) || outputGone;
  return endSent && received;
}

/** Both ways as far as they go without waiting. Returns a status. */
static i32 carry(void) {
  bool mayRead = !sendsOnly, mayWrite = true;
  hasEvent = false;
  while ((mayRead && !pageEnded && !waiting(&fromPage)) || (mayWrite && waiting(&toPage))) {
    i32 status = 0;
    if (mayRead && !pageEnded && !waiting(&fromPage)) {
      status = readPage();
      if (status == TANDEM_REQUEST_STATUS_AGAIN) mayRead = false;
      else if (status < 0) return status;
    }
    if (mayWrite && waiting(&toPage)) {
      status = writePage();
      if (status == TANDEM_REQUEST_STATUS_AGAIN) mayWrite = false;
      else if (status < 0) return status;
    }
  }
  if (inputEnded && !waiting(&toPage) && !endSent && !sendsOnly) {
    endSent = true;
    i32 status = askChannel(TANDEM_CHANNEL_COMMAND_END, 4);
    if (status < 0) return status;
  }
  return hasNews && (sendsOnly || pageEnded) ? lookAtState() : 0;
}

static i32 sleep(void) {
  struct PollEntry entries[] = {
      {daemonSocket, POLLIN, 0},
      {!inputEnded && !waiting(&toPage) ? input : -1, POLLIN, 0},
      {waiting(&fromPage) ? output : -1, POLLOUT, 0},
  };
  if (hasEvent) return 0;
  syscall3(SYS_POLL, (u32)entries, sizeof entries / sizeof *entries, (u32)FOREVER);
  if (entries[0].happened) {
    if (!receive()) return TANDEM_REQUEST_STATUS_IO;
    hasNews = true;
  }
  if (entries[1].happened) readInput();
  if (entries[2].happened) writeOutput();
  return 0;
}

/** Until both streams are over. Returns a status. */
static i32 relay(void) {
  toPage = fromPage = (Piece){0};
  inputEnded = receivesOnly;
  pageEnded = pageClosed = endSent = outputGone = false;
  for (;;) {
    i32 status = carry();
    if (status < 0) return status;
    if (isThrough()) return 0;
    status = sleep();
    if (status < 0) return status;
  }
}

// ---- a command ----

static i32 startCommand(void) {
  i32 toCommand[2], fromCommand[2];
  if (syscall3(SYS_PIPE2, (u32)toCommand, O_CLOEXEC, 0) < 0 || syscall3(SYS_PIPE2, (u32)fromCommand, O_CLOEXEC, 0) < 0) return -1;
  i32 process = syscall3(SYS_FORK, 0, 0, 0);
  if (process == 0) {
    u32 none[2] = {0, 0};
    syscall5(SYS_RT_SIGPROCMASK, SIG_SETMASK, (u32)none, 0, sizeof none, 0);
    syscall3(SYS_DUP2, (u32)toCommand[0], 0, 0);
    syscall3(SYS_DUP2, (u32)fromCommand[1], 1, 0);
    const char *arguments[] = {"sh", "-c", command, 0};
    syscall3(SYS_EXECVE, (u32) "/bin/sh", (u32)arguments, (u32)environment);
    for (;;) syscall3(SYS_EXIT, EXIT_NOT_FOUND, 0, 0);
  }
  closeFile(toCommand[0]);
  closeFile(fromCommand[1]);
  input = fromCommand[0];
  output = toCommand[1];
  return process;
}

/** How it has ended, as shells say it. */
static i32 endCommand(i32 process, bool killed) {
  closeOutput();
  closeFile(input);
  if (killed) syscall3(SYS_KILL, (u32)process, SIGTERM, 0);
  i32 status;
  while (syscall5(SYS_WAIT4, (u32)process, (u32)&status, 0, 0, 0) == -EINTR) continue;
  return status & 0x7f ? EXIT_BY_SIGNAL + (status & 0x7f) : status >> 8 & 0xff;
}

// ---- all of it ----

/** One channel from its opening to its end. Returns the program's exit code. */
static i32 serve(void) {
  i32 status = open();
  lost = status < 0;
  if (lost) return failed(status);
  status = command || patience != FOREVER ? waitForPage() : 0;
  if (status == TANDEM_REQUEST_STATUS_AGAIN) {
    close(0);
    fail(name, "the page has not opened this channel");
    return EXIT_NOBODY;
  }
  if (status < 0) return failed(status);
  i32 process = command ? startCommand() : 0;
  if (process < 0) {
    close("There is no process for the command.");
    return fail(command, "no process for it");
  }
  status = relay();
  lost = status == TANDEM_REQUEST_STATUS_IO;
  i32 result = status < 0 ? failed(status) : !command && outputGone ? EXIT_FAILED : 0;
  close(0);
  if (!command) return result;
  i32 ended = endCommand(process, status < 0);
  return result ? result : ended;
}

static i32 usage(void) {
  say("usage: tandem-channel [OPTION...] NAME [COMMAND]\n");
  for (u32 i = 0; i < sizeof HELP / sizeof *HELP; i++) {
    say("  ");
    say(HELP[i].name);
    say("  ");
    say(HELP[i].meaning);
    say("\n");
  }
  return EXIT_USAGE;
}

/** False: wrong ones. */
static bool readOptions(i32 count, char **arguments, bool *lists) {
  for (i32 i = 1; i < count; i++) {
    const char *word = arguments[i];
    u32 seconds;
    if (name && command) return false;
    if (name) command = word;
    else if (isSame(word, "-s")) sendsOnly = true;
    else if (isSame(word, "-r")) receivesOnly = true;
    else if (isSame(word, "-k")) keeps = true;
    else if (isSame(word, "--list")) *lists = true;
    else if (isSame(word, "-w") && i + 1 < count && readNumber(arguments[i + 1], &seconds) && seconds < 1000000) patience = (i32)seconds * 1000, i++;
    else if (word[0] == '-') return false;
    else name = word;
  }
  if (*lists) return !name;
  return name && !(sendsOnly && receivesOnly) && !(command && (sendsOnly || receivesOnly)) && (command || !keeps);
}

i32 run(i32 count, char **arguments) {
  programName = "tandem-channel";
  bool lists = false;
  if (!readOptions(count, arguments, &lists)) return usage();
  daemonSocket = connectToDaemon();
  if (daemonSocket < 0) return fail(TOOL_SOCKET, "tandemd does not run");
  u32 blocked[2] = {1u << (SIGPIPE - 1), 0};
  syscall5(SYS_RT_SIGPROCMASK, SIG_BLOCK, (u32)blocked, 0, sizeof blocked, 0);
  if (lists) {
    name = "channels";
    return list();
  }
  for (;;) {
    input = 0;
    output = 1;
    i32 result = serve();
    if (!keeps || lost) return result;
  }
}

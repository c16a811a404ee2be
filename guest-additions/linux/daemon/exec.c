// Commands that the host runs here: the agent of protocol/exec.ts.
//
// A command has ended when its shell has: what it has written by then is sent; what it has left running in the background is let go.

#include "exec.h"
#include "../lib/text.h"
#include "child.h"
#include "loop.h"
#include "port.h"

#define CHUNK_MAX (BODY_MAX - TANDEM_EXEC_OUTPUT_BYTES)
/** Milliseconds until there may be a free block. */
#define BLOCK_LATER 10
#define EXIT_NOT_STARTED 127

typedef struct Job Job;

typedef struct {
  Job *job;
  u32 number; // 1 output, 2 errors
  i32 file;   // negative: at its end
  bool sending;
} Stream;

struct Job {
  u32 number; // 0: free
  i32 process;
  Stream streams[2];
  i32 input;    // negative: none, or at its end
  Block *asked; // for input
  bool ended;
  i32 code, signal;
};

static Job jobs[TANDEM_EXEC_JOBS_MAX];
static bool nextIsAsked;

static void askNext(void *context);
static void askInput(void *context, u32 happened);
static void readable(void *context, u32 happened);

// ---- the end ----

static void exitTold(Block *block, i32 status) {
  (void)status;
  portRelease(block);
}

static void tellExit(void *context) {
  Job *job = context;
  Block *block = portBlock();
  if (!block) {
    later(BLOCK_LATER, tellExit, job);
    return;
  }
  u8 *body = bodyOf(block);
  set32(body, TANDEM_EXEC_EXIT_JOB, job->number);
  set32(body, TANDEM_EXEC_EXIT_CODE, (u32)job->code);
  set32(body, TANDEM_EXEC_EXIT_SIGNAL, (u32)job->signal);
  job->number = 0;
  portSend(block, TANDEM_EXEC_COMMAND_EXIT, TANDEM_EXEC_EXIT_SIZE, false, exitTold, 0);
}

static void closeStream(Stream *stream) {
  if (stream->file < 0) return;
  unwatch(stream->file);
  closeFile(stream->file);
  stream->file = -1;
}

static void closeInput(Job *job) {
  if (job->asked) portCancel(job->asked);
  if (job->input < 0) return;
  unwatch(job->input);
  closeFile(job->input);
  job->input = -1;
}

static void finishWhenThrough(Job *job) {
  if (!job->ended || job->streams[0].file >= 0 || job->streams[1].file >= 0) return;
  if (job->streams[0].sending || job->streams[1].sending) return;
  closeInput(job);
  tellExit(job);
}

static void kill(const Job *job, u32 signal) {
  if (job->ended) return;
  // One that has only just begun has no group yet.
  if (syscall3(SYS_KILL, (u32)-job->process, signal, 0) < 0) syscall3(SYS_KILL, (u32)job->process, signal, 0);
}

// ---- what it writes ----

static void sent(Block *block, i32 status) {
  Stream *stream = block->context;
  portRelease(block);
  stream->sending = false;
  // Nobody wants it any more.
  if (status == TANDEM_REQUEST_STATUS_NO_ENTRY) kill(stream->job, SIGKILL);
}

/** Sends one piece. Returns whether there may be more at once. */
static bool sendPiece(Stream *stream) {
  Block *block = portBlock();
  if (!block) return false;
  u8 *body = bodyOf(block);
  i32 length = readFile(stream->file, body + TANDEM_EXEC_OUTPUT_BYTES, CHUNK_MAX);
  if (length <= 0) {
    portRelease(block);
    // One whose shell has ended has nothing more to say.
    if (length == 0 || (length != -EINTR && length != -EAGAIN) || stream->job->ended) closeStream(stream);
    return false;
  }
  set32(body, TANDEM_EXEC_OUTPUT_JOB, stream->job->number);
  set32(body, TANDEM_EXEC_OUTPUT_STREAM, stream->number);
  stream->sending = true;
  portSend(block, TANDEM_EXEC_COMMAND_OUTPUT, TANDEM_EXEC_OUTPUT_BYTES + (u32)length, false, sent, stream);
  return !stream->sending;
}

static void drain(void *context) {
  Job *job = context;
  for (u32 i = 0; i < 2; i++) {
    Stream *stream = &job->streams[i];
    while (stream->file >= 0 && !stream->sending && sendPiece(stream)) continue;
  }
  finishWhenThrough(job);
  if (job->number && job->ended) later(BLOCK_LATER, drain, job); // the host takes its time
}

static void readable(void *context, u32 happened) {
  (void)happened;
  Stream *stream = context;
  if (!stream->sending) sendPiece(stream);
  finishWhenThrough(stream->job);
}

void execEnded(i32 process, i32 code, i32 signal) {
  for (Job *job = jobs; job < jobs + TANDEM_EXEC_JOBS_MAX; job++) {
    if (!job->number || job->ended || job->process != process) continue;
    job->ended = true;
    job->code = code;
    job->signal = signal;
    drain(job);
    return;
  }
}

// ---- what it reads ----

static void inputCame(Block *block, i32 status) {
  Job *job = block->context;
  job->asked = 0;
  u32 length = replySize(block);
  bool went = status == TANDEM_REQUEST_STATUS_OK && length > 0 && job->input >= 0;
  // A pipe that is ready takes PIPE_BUF bytes at once.
  if (went) went = writeFile(job->input, bodyOf(block), length) == (i32)length;
  portRelease(block);
  if (went) watch(job->input, POLLOUT, askInput, job);
  else closeInput(job);
}

/** The pipe has room. */
static void askInput(void *context, u32 happened) {
  Job *job = context;
  if (happened & POLLERR) {
    closeInput(job);
    return;
  }
  Block *block = portBlock();
  if (!block) return;
  unwatch(job->input); // until there is something
  job->asked = block;
  set32(bodyOf(block), 0, job->number);
  portSend(block, TANDEM_EXEC_COMMAND_INPUT, BODY_MAX, false, inputCame, job);
}

// ---- orders ----

/** A pipe of which the daemon's end does not block, and the child's end does. False: there is none. */
static bool openPipe(i32 *ours, i32 *theirs, bool weRead) {
  i32 ends[2];
  if (syscall3(SYS_PIPE2, (u32)ends, O_CLOEXEC, 0) < 0) return false;
  *ours = ends[weRead ? 0 : 1];
  *theirs = ends[weRead ? 1 : 0];
  syscall3(SYS_FCNTL64, (u32)*ours, F_SETFL, O_NONBLOCK);
  return true;
}

static void closeIfOpen(i32 file) {
  if (file >= 0) closeFile(file);
}

static void start(const u8 *order) {
  Job *job = jobs;
  while (job < jobs + TANDEM_EXEC_JOBS_MAX && job->number) job++;
  if (job == jobs + TANDEM_EXEC_JOBS_MAX) return; // the host does not do that
  // The block's page is not there in a child.
  static char command[TANDEM_EXEC_ORDER_MAX], directory[TANDEM_EXEC_ORDER_MAX], variables[TANDEM_EXEC_ORDER_MAX];
  u32 commandLength = get32(order, TANDEM_EXEC_ORDER_COMMAND_LENGTH);
  u32 directoryLength = get32(order, TANDEM_EXEC_ORDER_DIRECTORY_LENGTH);
  u32 environmentLength = get32(order, TANDEM_EXEC_ORDER_ENVIRONMENT_LENGTH);
  const char *texts = (const char *)order + TANDEM_EXEC_ORDER_TEXTS;
  copyBytes(command, texts, commandLength);
  command[commandLength] = 0;
  copyBytes(directory, texts + commandLength, directoryLength);
  directory[directoryLength] = 0;
  copyBytes(variables, texts + commandLength + directoryLength, environmentLength);
  *job = (Job){.number = get32(order, TANDEM_EXEC_ORDER_JOB), .input = -1};
  Program program = {command, directory, variables, environmentLength, {-1, -1, -1}};
  for (u32 i = 0; i < 2; i++) {
    job->streams[i] = (Stream){job, i + 1, -1, false};
    openPipe(&job->streams[i].file, &program.files[i + 1], true);
  }
  bool hasInput = get32(order, TANDEM_EXEC_ORDER_FLAGS) & TANDEM_EXEC_FLAG_INPUT;
  if (hasInput) openPipe(&job->input, &program.files[0], false);
  job->process = childStart(&program);
  for (u32 i = 0; i < 3; i++) closeIfOpen(program.files[i]);
  for (u32 i = 0; i < 2; i++)
    if (job->streams[i].file >= 0) watch(job->streams[i].file, POLLIN, readable, &job->streams[i]);
  if (job->process < 0) {
    job->ended = true;
    job->code = EXIT_NOT_STARTED;
    drain(job);
    return;
  }
  if (job->input >= 0) watch(job->input, POLLOUT, askInput, job);
}

static void obey(const u8 *order) {
  u32 number = get32(order, TANDEM_EXEC_ORDER_JOB);
  if (get32(order, TANDEM_EXEC_ORDER_KIND) == TANDEM_EXEC_ORDER_KIND_START) {
    start(order);
    return;
  }
  for (u32 i = 0; i < TANDEM_EXEC_JOBS_MAX; i++)
    if (jobs[i].number && jobs[i].number == number) kill(&jobs[i], get32(order, TANDEM_EXEC_ORDER_FLAGS));
}

/** Asks again only when the order has been obeyed, but not from within itself. */
static void ordered(Block *block, i32 status) {
  nextIsAsked = false;
  if (status == TANDEM_REQUEST_STATUS_OK) obey(bodyOf(block));
  portRelease(block);
  later(1, askNext, 0);
}

static void askNext(void *context) {
  (void)context;
  if (nextIsAsked) return;
  Block *block = portBlock();
  if (!block) {
    later(BLOCK_LATER, askNext, 0);
    return;
  }
  nextIsAsked = true;
  portSend(block, TANDEM_EXEC_COMMAND_NEXT, TANDEM_EXEC_ORDER_MAX, false, ordered, 0);
}

/** In a new session nobody waits for what runs. */
static void begin(void) {
  for (u32 i = 0; i < TANDEM_EXEC_JOBS_MAX; i++)
    if (jobs[i].number) kill(&jobs[i], SIGKILL);
  askNext(0);
}

static const Service service = {.features = TANDEM_FEATURE_EXEC, .begin = begin};

void execOpen(void) {
  portAdd(&service);
}

// tandem-x11: the host's clipboard and cursor for the programs of an X server, through the running tandemd.
//
//   tandem-x11 [--stay] [--primary] [DISPLAY]
//
// Ends with the X server, and with tandemd.
//   --stay     waits for an X server, and for the next one when that has ended
//   --primary  what is only selected goes to the host's clipboard as well
//
// Static and without Xlib; the display is one of this computer (":0"; without it $DISPLAY), by its cookie of $XAUTHORITY.
// Ends with 0; 1: tandemd or the X server is not there, or has this program already; 2: wrong options.
//
// Not implemented: displays over a network, several screens, cursors that move by themselves (each of their pictures is sent).

#include "../lib/text.h"
#include "clipboard.h"
#include "cursor.h"
#include "daemon.h"
#include "x.h"

#define RETRY_MILLISECONDS 1000

static bool stays, takesPrimary;

/** A broken connection is seen when it is read. */
static void ignoreBrokenPipes(void) {
  u32 blocked[2] = {1u << (SIGPIPE - 1), 0};
  syscall5(SYS_RT_SIGPROCMASK, SIG_BLOCK, (u32)blocked, 0, sizeof blocked, 0);
}

/** Waits for packets of the host, and of the X server if there is one. */
static void waitForNews(i32 server, i32 milliseconds) {
  struct {
    i32 file;
    i16 wanted, happened;
  } files[2] = {{daemonFile(), POLLIN, 0}, {server, POLLIN, 0}};
  syscall3(SYS_POLL, (u32)files, server < 0 ? 1 : 2, (u32)milliseconds);
  if (files[0].happened) daemonTake();
}

/** Of a display only one may have the selections for the host: two would offer each other's data to the host for ever. */
static bool isFirst(void) {
  u32 mark = xAtom("_TANDEM_X11");
  if (xOwner(mark)) return false;
  xOwn(mark, true, xTime());
  return xOwner(mark) == xWindow();
}

static void takeNews(void) {
  u32 kinds = daemonNews();
  bool isNewSession = kinds >> TOOL_EVENT_NEW_SESSION & 1; // the host has forgotten all
  if (isNewSession || kinds >> TANDEM_EVENT_POINTER_MODE & 1) cursorChanged();
  if (isNewSession) clipboardBegin(takesPrimary);
  else if (kinds >> TANDEM_EVENT_CLIPBOARD & 1) clipboardLook();
}

/** Of a cursor that changes often, the newest shape is enough. */
static void takeEvents(void) {
  u8 event[X_PACKET] __attribute__((aligned(4)));
  bool hasNewCursor = false;
  while (xEvent(event)) {
    if ((event[0] & 0x7f) == xFixesEvent() + X_FIXES_CURSOR_NOTIFY) hasNewCursor = true;
    else clipboardEvent(event);
  }
  if (hasNewCursor) cursorChanged();
}

/** Until the X server or the daemon ends. */
static void serve(void) {
  cursorBegin();
  clipboardBegin(takesPrimary);
  while (!daemonHasGone() && !xHasGone()) {
    takeEvents();
    takeNews();
    // Each of the two may have brought news of the other while it waited for an answer.
    if (!xHasWaiting() && !daemonHasNews()) waitForNews(xFile(), -1);
  }
  if (daemonHasGone()) return;
  clipboardEnd();
  cursorEnd();
}

static bool readOptions(i32 count, char **arguments, const char **display) {
  *display = environmentVariable("DISPLAY");
  for (i32 i = 1; i < count; i++) {
    if (isSame(arguments[i], "--stay")) stays = true;
    else if (isSame(arguments[i], "--primary")) takesPrimary = true;
    else if (arguments[i][0] == '-') return false;
    else *display = arguments[i];
  }
  return *display;
}

i32 run(i32 count, char **arguments) {
  programName = "tandem-x11";
  const char *display;
  if (!readOptions(count, arguments, &display)) {
    say("usage: tandem-x11 [--stay] [--primary] [DISPLAY]\n");
    return 2;
  }
  ignoreBrokenPipes();
  if (!daemonConnect()) return fail(TOOL_SOCKET, "tandemd does not run");
  do {
    const char *problem = xConnect(display);
    if (!problem && !isFirst()) problem = "tandem-x11 runs there already";
    if (!problem) serve();
    else if (!stays) return fail(display, problem);
    else waitForNews(-1, RETRY_MILLISECONDS);
    xDisconnect();
  } while (stays && !daemonHasGone());
  return 0;
}

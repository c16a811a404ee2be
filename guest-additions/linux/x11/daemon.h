// The host, through tandemd's socket.

#pragma once

#include "../../common/protocol.gen.h"
#include "../lib/daemon-socket.h"

/** False: tandemd does not run. */
bool daemonConnect(void);
i32 daemonFile(void);
bool daemonHasGone(void);
/** Sends a command and waits for its answer: the body is at `answer`, and good until the next call. `answer` may be 0. */
i32 daemonAsk(u32 command, const void *body, u32 size, const u8 **answer, u32 *answerSize);
/** Takes a packet that has come by itself. */
void daemonTake(void);
bool daemonHasNews(void);
/** Kinds of events that came since the last call, a bit each. */
u32 daemonNews(void);
/** TANDEM_POINTER_MODE_...: how the host gives its pointer. */
u32 daemonPointerMode(void);

// The Tandem port as a process sees it: many request blocks under way at once, a session that begins anew when it has to, and events.

#pragma once

#include "../../common/protocol.gen.h"
#include "../lib/system.h"
#include "memory.h"

/** Of one block, and so of what a command and its answer may have. More goes by page lists. */
#define BODY_MAX (PAGE - TANDEM_REQUEST_HEADER_SIZE)

typedef struct Block Block;
/** The answer is there, or the error: the block is still the caller's. May be called before `portSend` returns. */
typedef void (*Done)(Block *block, i32 status);

struct Block {
  u8 *memory;
  u32 address;
  Done done;
  void *context;
  u16 command;
  bool taken;
  bool pending;
  bool prompt;
};

static inline u8 *bodyOf(const Block *block) {
  return block->memory + TANDEM_REQUEST_HEADER_SIZE;
}
static inline u32 replySize(const Block *block) {
  return get32(block->memory, TANDEM_REQUEST_REPLY_SIZE);
}

/** A part of the daemon. */
typedef struct {
  /** Bits of TANDEM_FEATURE_... that it uses. */
  u32 features;
  /** Bit n: events of kind n are wanted. */
  u32 events;
  /** A session has begun, the first or a new one; blocks under way are sent again after this. */
  void (*begin)(void);
  void (*event)(u32 kind, u32 payload);
  /** The pointer's registers have changed. */
  void (*pointer)(void);
} Service;

/** Before `portOpen`. */
void portAdd(const Service *service);
/** Returns what is wrong, or 0. */
const char *portOpen(void);
/** Says good-bye to the host. */
void portClose(void);
/** Of those asked for, what the machine has. */
u32 portFeatures(void);
/** Changes the events that a service wants. */
void portWantEvents(void);

/** A free block; 0 when all are in use. */
Block *portBlock(void);
void portRelease(Block *block);
/** Whether there are blocks enough for what may keep one for long. */
bool portHasSpare(void);
/**
 * Sends the block with `size` bytes of body, which is also the room for the answer. `prompt`: the answer is a matter of
 * milliseconds and somebody waits for it.
 */
void portSend(Block *block, u16 command, u32 size, bool prompt, Done done, void *context);
/** Sends and waits; for what the host answers at once. */
i32 portAsk(Block *block, u16 command, u32 size);
/** The host is told that nobody waits; `done` is called with the answer, mostly "canceled". */
void portCancel(Block *block);

// ---- for the loop ----

/** Takes the answers and events that are there. */
void portTake(void);
/** Whether it is better to stand still for the host than to sleep. */
bool portExpectsAnswers(void);
/** The processor waits until something happens, at most 20 ms. */
void portStandStill(void);
/** Before the process sleeps; returns the most milliseconds that it may. */
i32 portSleeps(void);
void portWakes(void);

// The Tandem port as a process sees it: many request blocks under way at once, a session that begins anew when it has to, and events.
//
// The host completes a block in place. Most answers are there when the doorbell returns; for others the daemon sleeps until the
// port's interrupt, which uio_pci_generic hands on as a file, or looks from time to time where that module is missing.

#include "port.h"
#include "../lib/text.h"
#include "interrupt.h"
#include "loop.h"

#define DRIVER_VERSION 2
#define BLOCKS 28
/** For folders and what is short, whatever tools do. */
#define BLOCKS_KEPT 16
#define SERVICES_MAX 12
/** Standing still for so long without an answer, it is not prompt: others may want the processor. */
#define STILL_MAX 4
/** Without an interrupt: how often to look for events, and for answers. */
#define LOOK_FOR_EVENTS 100
#define LOOK_FOR_ANSWERS 20

static Block blocks[BLOCKS];
static Block *hello;
static const Service *services[SERVICES_MAX];
static u32 serviceCount;
static u32 session;
static u32 features;
static u32 pendingCount;
static u32 promptCount;
static u32 stillCount;
/** A block was answered with the news that the session is no more. */
static bool lost;

static u16 portRead16(u32 offset) {
  return in16(TANDEM_ISA_BASE + offset);
}
static u32 portRead32(u32 offset) {
  return in32(TANDEM_ISA_BASE + offset);
}

void portAdd(const Service *service) {
  if (serviceCount < SERVICES_MAX) services[serviceCount++] = service;
}

u32 portFeatures(void) {
  return features;
}

// ---- blocks ----

Block *portBlock(void) {
  for (u32 i = 0; i < BLOCKS; i++) {
    if (blocks[i].taken) continue;
    blocks[i].taken = true;
    return &blocks[i];
  }
  return 0;
}

bool portHasSpare(void) {
  u32 spare = 0;
  for (u32 i = 0; i < BLOCKS; i++) spare += !blocks[i].taken;
  return spare > BLOCKS_KEPT;
}

void portRelease(Block *block) {
  block->taken = false;
}

static i32 statusOf(const Block *block) {
  return (i32)get32(block->memory, TANDEM_REQUEST_STATUS);
}

static void ring(Block *block) {
  set32(block->memory, TANDEM_REQUEST_STATUS, TANDEM_REQUEST_STATUS_PENDING);
  set32(block->memory, TANDEM_REQUEST_SESSION, session);
  set32(block->memory, TANDEM_REQUEST_REPLY_SIZE, 0);
  out32(TANDEM_ISA_BASE + TANDEM_REGISTER_DOORBELL, block->address);
}

static void fill(Block *block, u16 command, u32 size) {
  block->command = command;
  set32(block->memory, TANDEM_REQUEST_SIZE, TANDEM_REQUEST_HEADER_SIZE + size);
  set32(block->memory, TANDEM_REQUEST_COMMAND, command | TANDEM_REQUEST_FLAG_NOTIFY << 16);
  set32(block->memory, TANDEM_REQUEST_TAG, (u32)(block - blocks) + 1);
}

/** Whether the status says that the host has forgotten the session. */
static bool isLost(i32 status) {
  return status == TANDEM_REQUEST_STATUS_BAD_SESSION || status == TANDEM_REQUEST_STATUS_RESTART;
}

static void finish(Block *block, i32 status) {
  block->pending = false;
  pendingCount--;
  if (block->prompt) promptCount--;
  stillCount = 0;
  block->done(block, status);
}

static void look(Block *block) {
  i32 status = statusOf(block);
  if (status == TANDEM_REQUEST_STATUS_PENDING) return;
  if (isLost(status)) lost = true; // it is sent again
  else finish(block, status);
}

void portSend(Block *block, u16 command, u32 size, bool prompt, Done done, void *context) {
  block->done = done;
  block->context = context;
  block->prompt = prompt;
  block->pending = true;
  pendingCount++;
  if (prompt) {
    promptCount++;
    stillCount = 0;
  }
  fill(block, command, size);
  ring(block);
  look(block);
}

i32 portAsk(Block *block, u16 command, u32 size) {
  block->prompt = true;
  fill(block, command, size);
  ring(block);
  i32 status;
  while ((status = statusOf(block)) == TANDEM_REQUEST_STATUS_PENDING) portRead32(TANDEM_REGISTER_WAIT);
  return status;
}

void portCancel(Block *block) {
  if (!block->pending) return;
  set32(bodyOf(hello), 0, get32(block->memory, TANDEM_REQUEST_TAG));
  portAsk(hello, TANDEM_COMMAND_CANCEL, 4);
  look(block);
}

// ---- the session ----

void portWantEvents(void) {
  u32 mask = 1u << TANDEM_EVENT_RESTORED;
  for (u32 i = 0; i < serviceCount; i++) mask |= services[i]->events;
  set32(bodyOf(hello), 0, mask);
  portAsk(hello, TANDEM_COMMAND_EVENT_MASK, 4);
}

static bool sayHello(void) {
  u32 wanted = 0;
  for (u32 i = 0; i < serviceCount; i++) wanted |= services[i]->features;
  u8 *body = bodyOf(hello);
  set32(body, TANDEM_HELLO_REQUEST_GUEST_SYSTEM, TANDEM_GUEST_SYSTEM_LINUX);
  set32(body, TANDEM_HELLO_REQUEST_DRIVER_VERSION, DRIVER_VERSION);
  set32(body, TANDEM_HELLO_REQUEST_FEATURES, wanted);
  session = 0;
  if (portAsk(hello, TANDEM_COMMAND_HELLO, TANDEM_HELLO_REPLY_SIZE) != TANDEM_REQUEST_STATUS_OK) return false;
  session = get32(body, TANDEM_HELLO_REPLY_SESSION);
  features = get32(body, TANDEM_HELLO_REPLY_FEATURES);
  portWantEvents();
  for (u32 i = 0; i < serviceCount; i++)
    if (services[i]->begin) services[i]->begin();
  return true;
}

/** The host has forgotten this driver: a new session, and in it what was under way. */
static void renew(void) {
  lost = false;
  bool again[BLOCKS];
  for (u32 i = 0; i < BLOCKS; i++) again[i] = blocks[i].pending;
  if (!sayHello()) {
    stop(fail("Tandem port", "no longer there"));
    return;
  }
  for (u32 i = 0; i < BLOCKS; i++)
    if (again[i] && blocks[i].pending) ring(&blocks[i]);
}

const char *portOpen(void) {
  if (portRead32(TANDEM_REGISTER_ID) != TANDEM_SIGNATURE || portRead16(TANDEM_REGISTER_VERSION) >> 8 != TANDEM_VERSION >> 8)
    return "not there";
  u32 addresses[BLOCKS];
  u8 *memory = lockedPages(BLOCKS, addresses);
  if (!memory) return "no memory that can be locked and found by /proc/self/pagemap";
  for (u32 i = 0; i < BLOCKS; i++) {
    blocks[i].memory = memory + i * PAGE;
    blocks[i].address = addresses[i];
  }
  hello = portBlock();
  if (!sayHello()) return "does not answer";
  openInterrupt();
  return 0;
}

void portClose(void) {
  closeInterrupt();
  portAsk(hello, TANDEM_COMMAND_BYE, 0);
}

// ---- for the loop ----

static void takeEvents(void) {
  u32 event;
  while ((event = portRead32(TANDEM_REGISTER_EVENT)) != 0) {
    u32 kind = event >> 24;
    if (kind == TANDEM_EVENT_RESTORED) {
      lost = true;
      continue;
    }
    for (u32 i = 0; i < serviceCount; i++)
      if (services[i]->events >> kind & 1) services[i]->event(kind, event & 0xffffff);
  }
}

void portTake(void) {
  u32 status = portRead16(TANDEM_REGISTER_STATUS);
  if (status & TANDEM_STATUS_RESTORED) lost = true;
  if (status & TANDEM_STATUS_EVENT) takeEvents();
  if (status & TANDEM_STATUS_POINTER)
    for (u32 i = 0; i < serviceCount; i++)
      if (services[i]->pointer) services[i]->pointer();
  for (u32 i = 0; i < BLOCKS && pendingCount; i++)
    if (blocks[i].pending) look(&blocks[i]);
  if (lost) renew();
}

bool portExpectsAnswers(void) {
  return promptCount && stillCount < STILL_MAX;
}

void portStandStill(void) {
  stillCount++;
  allowInterrupt(false);
  portRead32(TANDEM_REGISTER_WAIT);
}

/** An answer that comes between the last look and the sleep raises the interrupt, which then ends the sleep at once. */
i32 portSleeps(void) {
  bool hasInterrupt = allowInterrupt(pendingCount > 0);
  for (u32 i = 0; i < BLOCKS && pendingCount; i++)
    if (blocks[i].pending && statusOf(&blocks[i]) != TANDEM_REQUEST_STATUS_PENDING) return 0;
  if (hasInterrupt) return 0x7fffffff;
  return pendingCount ? LOOK_FOR_ANSWERS : LOOK_FOR_EVENTS;
}

void portWakes(void) {
  stillCount = 0;
}

// What the desktop serves over channels of the page, one page at a time each:
//   echo    gives back what comes, to the end
//   notes   what comes is typed into Notes; behind its end the whole note goes back
//
// Nothing waits here: each takes what there is, a piece in a round, and what the host has no room for yet stays.

#include "channels.h"

#include "../../common/channels.h"
#include "../desktop/window.h"
#include "../drivers/tandem-port.h"
#include "notes.h"

#define PIECE 65536
/** Writes in one round, so that the desktop goes on. */
#define ROUND 32

typedef struct Service Service;

struct Service {
  const char *name;
  /** What has come; false: it cannot be taken. */
  bool (*take)(Service *service, u32 size);
  /** The page's stream has ended; false: something cannot be had. */
  bool (*end)(Service *service);
  u32 channel; // 0: none
  u8 *piece;
  /** What is to be sent: the piece, or memory of its own. */
  const u8 *answer;
  u8 *owned;
  u32 sent, size;
  bool ended, answered; // the page's stream, and what comes behind it
};

static bool sendPiece(Service *service, u32 size) {
  service->answer = service->piece;
  service->sent = 0;
  service->size = size;
  return true;
}

static bool sendNothing(Service *service) {
  (void)service;
  return true;
}

static bool typeIntoNotes(Service *service, u32 size) {
  Window *window = windowNamed("notes");
  if (window && !isVisible(window)) openWindow(window);
  return insertNotes((const char *)service->piece, size);
}

static bool sendNote(Service *service) {
  u32 size = notesLength();
  service->owned = allocate(size + 1);
  if (!service->owned) return false;
  memcpy(service->owned, notesText(), size);
  service->answer = service->owned;
  service->sent = 0;
  service->size = size;
  return true;
}

static u8 echoPiece[PIECE], notesPiece[PIECE];

static Service services[] = {
    {.name = "echo", .piece = echoPiece, .take = sendPiece, .end = sendNothing},
    {.name = "notes", .piece = notesPiece, .take = typeIntoNotes, .end = sendNote},
};

static void openService(Service *service) {
  release(service->owned);
  service->owned = NULL;
  service->sent = service->size = 0;
  service->ended = service->answered = false;
  i32 channel = tandemChannelOpen(tandemPort(), service->name);
  service->channel = channel > 0 ? (u32)channel : 0;
}

/** This page has done; the next may come. */
static void renewService(Service *service, const char *problem) {
  tandemChannelClose(tandemPort(), service->channel, problem);
  openService(service);
}

/** False: nothing can be done now. */
static bool sendSome(Service *service) {
  i32 taken = tandemChannelWrite(tandemPort(), service->channel, service->answer + service->sent, service->size - service->sent);
  if (taken == TANDEM_REQUEST_STATUS_AGAIN) return false;
  if (taken < 0) renewService(service, NULL); // the page has gone
  else service->sent += (u32)taken;
  return true;
}

/** Takes all that there is, up to a piece: what is done with it may take long each time. False: nothing. */
static bool takeSome(Service *service) {
  u32 size = 0;
  i32 read = 0;
  while (size < PIECE && !service->ended) {
    read = tandemChannelRead(tandemPort(), service->channel, service->piece + size, PIECE - size);
    if (read < 0) break;
    size += (u32)read;
    service->ended = !read;
  }
  if (read == TANDEM_REQUEST_STATUS_AGAIN && !size) return false;
  if (read < 0 && read != TANDEM_REQUEST_STATUS_AGAIN) {
    renewService(service, NULL);
    return true;
  }
  bool done = !size || service->take(service, size);
  if (!done) renewService(service, "There is no room for it.");
  return true;
}

/** False: nothing can be done now. */
static bool step(Service *service) {
  if (service->sent < service->size) return sendSome(service);
  if (!service->ended) return takeSome(service);
  if (!service->answered) {
    service->answered = true;
    if (!service->end(service)) renewService(service, "There is not enough memory.");
  } else {
    renewService(service, NULL);
  }
  return true;
}

static bool hasChannels(void) {
  TandemPort *port = tandemPort();
  return port && (port->features & TANDEM_FEATURE_CHANNELS);
}

void startChannels(void) {
  if (!hasChannels()) return;
  for (u32 i = 0; i < COUNT(services); i++) openService(&services[i]);
}

void takeChannels(void) {
  if (!hasChannels()) return;
  bool more = false;
  for (u32 i = 0; i < COUNT(services); i++) {
    Service *service = &services[i];
    u32 steps = 0;
    while (service->channel && steps < ROUND && step(service)) steps++;
    more |= steps == ROUND;
  }
  if (more) channelsWait();
}

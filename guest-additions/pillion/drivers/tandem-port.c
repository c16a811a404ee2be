// The Tandem port: found as a PCI function (for its interrupt line) or at its fixed place (polled in the foreground).

#include "tandem-port.h"

#include "../../common/display.h"
#include "../../common/time.h"
#include "../apps/channels.h"
#include "../apps/files.h"
#include "../desktop/clipboard.h"
#include "../desktop/window.h"
#include "../kernel/commands.h"
#include "display.h"
#include "pointer.h"

#define DRIVER_VERSION 1
#define LINE_NONE 0xff
#define EVENTS_MAX 16

static TandemPort port;
static bool found, asPointer, hasIrq;
static volatile bool relative, eventWaits;
/** The host gives its pointer to another device. */
static bool elsewhere;
/** The desktop is behind: the port keeps what comes until it has caught up. */
static volatile bool held;
static u32 timesAsked;
static bool sizeWaits, sizeTaken, channelsWaiting;

/** The causes that interrupt. */
static u16 wanted(void) {
  return TANDEM_IRQ_CAUSE_EVENT | TANDEM_IRQ_CAUSE_REQUEST | (asPointer && !held ? TANDEM_IRQ_CAUSE_POINTER : 0);
}

static void setIrqMask(void) {
  tandemSetIrqMask(&port, hasIrq ? wanted() : 0);
}

static bool takeState(void) {
  TandemPointer pointer = tandemLatch(&port);
  bool absolute = (pointer.state & TANDEM_POINTER_STATE_ABSOLUTE) != 0;
  if (pointer.state & (TANDEM_POINTER_STATE_ABSOLUTE | TANDEM_POINTER_STATE_RELATIVE))
    relative = (pointer.state & TANDEM_POINTER_STATE_RELATIVE) != 0;
  PointerReport report = {
      .source = SOURCE_TANDEM,
      .absolute = absolute && !relative,
      .buttons = pointer.state & 0x1f,
      .x = pointer.pixelX,
      .y = pointer.pixelY,
      .rawX = pointer.x,
      .rawY = pointer.y,
      .wheel = pointer.wheel,
  };
  if (!report.absolute) {
    report.dx = pointer.dx;
    report.dy = pointer.dy;
  }
  if (absolute || relative) postPointer(&report);
  return (pointer.state & TANDEM_POINTER_STATE_MORE) != 0;
}

static void takeStates(void) {
  bool more = true;
  while (more && pointerHasRoom()) more = takeState();
  if (!more) return;
  held = true;
  setIrqMask();
}

static void takeIrq(void) {
  u16 cause = tandemIrqCause(&port) & wanted();
  if (!cause) return;
  countPointerIrq(SOURCE_TANDEM);
  // The pointer's cause goes when its last state has been latched; until then the line stays active.
  tandemClearIrq(&port, cause & ~TANDEM_IRQ_CAUSE_POINTER);
  if (cause & TANDEM_IRQ_CAUSE_EVENT) eventWaits = true;
  if (cause & TANDEM_IRQ_CAUSE_REQUEST) wakeTasks();
  if (cause & TANDEM_IRQ_CAUSE_POINTER) takeStates();
}

/** The host's clock went on while this machine stood still, or somebody has set it. */
static void askTime(void) {
  TandemTime time;
  if (!(port.features & TANDEM_FEATURE_TIME) || tandemTime(&port, &time) != TANDEM_REQUEST_STATUS_OK) return;
  u32 nanoseconds;
  u32 seconds = tandemTimeSeconds(time, &nanoseconds);
  setClock(seconds + (u32)(time.offsetMinutes * 60), nanoseconds / 1000000);
  timesAsked++;
}

void takeDisplaySize(void) {
  TandemDisplayHint hint;
  if (!sizeWaits) return;
  sizeWaits = false;
  if (!(port.features & TANDEM_FEATURE_DISPLAY) || tandemDisplayHint(&port, &hint) != TANDEM_REQUEST_STATUS_OK) return;
  // Without a wish the size stays as it was started with, until there has been one.
  if (hint.width || sizeTaken) resizeDesktop((i32)hint.width, (i32)hint.height);
  sizeTaken = true;
  tandemDisplayInfo(&port, (u32)screen.width, (u32)screen.height, 32);
}

static void hello(void) {
  u32 events = 1 << TANDEM_EVENT_POINTER_MODE | 1 << TANDEM_EVENT_RESTORED | 1 << TANDEM_EVENT_TIME_STEPPED | 1 << TANDEM_EVENT_POWER |
               1 << TANDEM_EVENT_CLIPBOARD | 1 << TANDEM_EVENT_FOLDERS | 1 << TANDEM_EVENT_DROP |
               1 << TANDEM_EVENT_DISPLAY_HINT | 1 << TANDEM_EVENT_CHANNEL;
  // Without its feature the host gives the pointer to another device; where the cursor is can be told all the same.
  u32 features = TANDEM_FEATURE_CLIPBOARD | TANDEM_FEATURE_TIME | TANDEM_FEATURE_SHARED_FOLDERS | TANDEM_FEATURE_DRAG_AND_DROP |
                 TANDEM_FEATURE_CHANNELS;
  if (canChangeMode()) features |= TANDEM_FEATURE_DISPLAY;
  if (asPointer) features |= TANDEM_FEATURE_POINTER;
  tandemHello(&port, TANDEM_GUEST_SYSTEM_PILLION, DRIVER_VERSION, features);
  tandemEventMask(&port, events);
  askTime();
  sizeWaits = true;
  if (asPointer) tandemPointerMode(&port, TANDEM_POINTER_MODE_AUTOMATIC);
  elsewhere = false;
  held = false;
  setIrqMask();
  needTicks(TICK_POINTER, asPointer && !hasIrq);
  startClipboard();
  startChannels();
}

void startTandem(bool pointer) {
  bool isa = optionIs("tandem", "isa"); // as without PCI
  const PciFunction *function = isa ? NULL : pciFind(TANDEM_PCI_VENDOR, TANDEM_PCI_DEVICE);
  u16 base = TANDEM_ISA_BASE;
  if (function) {
    pciEnable(function);
    u16 bar = pciRead(function, PCI_BAR0) & 0xfffc;
    if (bar) base = bar;
  }
  found = tandemFind(&port, base);
  if (!found) return;
  asPointer = pointer;
  if (function && function->line && function->line != LINE_NONE && function->line < 16) {
    hasIrq = true;
    onIrq(function->line, takeIrq);
  }
  hello();
}

TandemPort *tandemPort(void) {
  return found ? &port : NULL;
}

bool tandemPresent(void) {
  return found;
}

bool tandemHasPointer(void) {
  return found && asPointer && (port.features & TANDEM_FEATURE_POINTER);
}

void useTandemPointer(bool pointer) {
  if (!found || pointer == asPointer) return;
  asPointer = pointer;
  hello();
}

void resumeTandem(void) {
  if (!held) return;
  held = false;
  setIrqMask();
}

static void takePowerWish(u32 wish) {
  tandemRequest(&port, TANDEM_POWER_COMMAND_BEGUN, &wish, sizeof wish);
  if (wish == TANDEM_POWER_WISH_SHUT_DOWN) shutDown();
  if (wish == TANDEM_POWER_WISH_RESTART) restart();
}

void channelsWait(void) {
  channelsWaiting = true;
  wakeTasks(); // the loop does not sleep
}

void takeTandemEvents(void) {
  if (!found) return;
  if (channelsWaiting) {
    channelsWaiting = false;
    takeChannels();
  }
  if (!hasIrq) wakeTasks();
  if (hasIrq && !eventWaits) return;
  eventWaits = false;
  if (!hasIrq && asPointer && (tandemRead16(&port, TANDEM_REGISTER_STATUS) & TANDEM_STATUS_POINTER)) takeStates();
  for (u32 i = 0; i < EVENTS_MAX; i++) {
    u32 event = tandemEvent(&port);
    switch (tandemEventKind(event)) {
      case TANDEM_EVENT_NONE:
        return;
      case TANDEM_EVENT_POINTER_MODE:
        relative = tandemEventPayload(event) == TANDEM_POINTER_MODE_RELATIVE;
        elsewhere = tandemEventPayload(event) == TANDEM_POINTER_MODE_ELSEWHERE;
        choosePointerSource();
        break;
      case TANDEM_EVENT_RESTORED:
        hello();
        choosePointerSource();
        wakeTasks(); // whose requests nobody will answer now
        break;
      case TANDEM_EVENT_DISPLAY_HINT:
        sizeWaits = true;
        break;
      case TANDEM_EVENT_TIME_STEPPED:
        askTime();
        redrawTaskbar();
        break;
      case TANDEM_EVENT_CLIPBOARD:
        takeClipboardEvent();
        break;
      case TANDEM_EVENT_POWER:
        takePowerWish(tandemEventPayload(event));
        break;
      case TANDEM_EVENT_FOLDERS:
        filesChanged();
        break;
      case TANDEM_EVENT_DROP:
        filesDropped();
        break;
      case TANDEM_EVENT_CHANNEL:
        takeChannels();
        break;
      default:
        break;
    }
  }
}

bool tandemGetsPointer(void) {
  return tandemHasPointer() && !elsewhere;
}

void grabTandem(bool wanted) {
  if (!tandemHasPointer()) return;
  tandemPointerMode(&port, wanted ? TANDEM_POINTER_MODE_RELATIVE : TANDEM_POINTER_MODE_AUTOMATIC);
  tandemGrab(&port, wanted);
}

/** A shape with pixels that invert has two masks: only they can say that. */
static void tellMasks(const CursorImage *image) {
  u8 andMask[CURSOR_MAX * ((CURSOR_MAX + 7) / 8)] = {0};
  u8 xorMask[sizeof andMask] = {0};
  u32 stride = ((u32)image->width + 7) / 8;
  for (i32 y = 0; y < image->height; y++)
    for (i32 x = 0; x < image->width; x++) {
      u32 pixel = image->pixels[y * image->width + x];
      u32 at = (u32)y * stride + (u32)x / 8;
      u8 bit = 0x80 >> (x & 7);
      if (!pixel || pixel == CURSOR_INVERTS) andMask[at] |= bit;
      if (pixel == CURSOR_INVERTS || (pixel & 0x80)) xorMask[at] |= bit; // a light pixel is white
    }
  tandemCursorMasks(&port, (u16)image->width, (u16)image->height, (u16)image->hotX, (u16)image->hotY, andMask, xorMask);
}

void tellCursor(const CursorImage *image, bool shown) {
  if (!tandemHasPointer()) return;
  if (shown && image->inverts) tellMasks(image);
  else if (shown)
    tandemCursorShape(&port, (u16)image->width, (u16)image->height, (u16)image->hotX, (u16)image->hotY, image->pixels);
  tandemCursorShow(&port, shown);
}

void tellPosition(i32 x, i32 y) {
  if (found) tandemCursorPosition(&port, (u32)x, (u32)y);
}

void tellWarp(i32 x, i32 y) {
  if (tandemHasPointer()) tandemCursorWarp(&port, (u32)x, (u32)y);
}

TandemPort *tandemClipboardPort(void) {
  return found && (port.features & TANDEM_FEATURE_CLIPBOARD) ? &port : NULL;
}

u16 tandemFeatures(void) {
  return found ? port.offered : 0;
}

bool tandemIsRelative(void) {
  return relative;
}

u32 tandemTimesAsked(void) {
  return timesAsked;
}

u16 tandemBase(void) {
  return port.base;
}

// UHCI (PIIX3 function 2 and relatives): a frame list with a tree of queue heads for intervals of 1 to 32 frames, behind them
// the one for control transfers.
//
// Not implemented: isochronous and bulk transfers, more than one interrupt endpoint a device, suspend.

#include "uhci.h"

#include "pointer.h"

#define PCI_CLASS_UHCI 0x0c0300
#define PCI_BAR4 0x20
#define PCI_LEGACY 0xc0
#define LEGACY_CLEAR 0x8f00  // no traps for a BIOS's keyboard emulation
#define LEGACY_PIRQ 0x2000   // interrupts go to the PCI line

#define COMMAND 0x00
#define STATUS 0x02
#define INTERRUPTS 0x04
#define FRAME_NUMBER 0x06
#define FRAME_BASE 0x08
#define PORT1 0x10
#define COMMAND_RUN 0x0001
#define COMMAND_RESET 0x0002
#define COMMAND_CONFIGURED 0x0040
#define COMMAND_MAX_64 0x0080
#define STATUS_MASK 0x001f
#define INTERRUPTS_ALL 0x000f
#define FRAMES 1024
#define PORT_WRITE_1_TO_CLEAR 0x000a

#define LINK_END 1
#define LINK_QUEUE 2
#define LINK_DEPTH 4

#define TD_ACTUAL 0x7ff
#define TD_ERRORS 0x00760000 // stalled, buffer error, babble, time-out, bit stuffing
#define TD_ACTIVE (1u << 23)
#define TD_INTERRUPT (1u << 24)
#define TD_LOW_SPEED (1u << 26)
#define TD_THREE_TRIES (3u << 27)
#define TD_SHORT_DETECT (1u << 29)
#define TOKEN_TOGGLE (1u << 19)
#define PID_IN 0x69
#define PID_OUT 0xe1
#define PID_SETUP 0x2d

#define CONTROL_TDS 40
#define LEVELS 6 // intervals 1, 2, 4, 8, 16, 32
#define REPORT_MAX 64

typedef struct __attribute__((aligned(16))) {
  volatile u32 link, element;
} QueueHead;

typedef struct __attribute__((aligned(16))) {
  volatile u32 link, control, token, buffer;
} Transfer;

static struct {
  QueueHead queue;
  Transfer transfer;
  u8 data[REPORT_MAX];
  bool open;
  u32 level;
  u32 toggle;
  u8 maxPacket;
  u32 control, token; // what the transfer is set to each time
} pipes[USB_PORTS];

static u32 frameList[FRAMES] __attribute__((aligned(4096)));
static QueueHead levels[LEVELS];
static QueueHead controlQueue;
static Transfer controlTransfers[CONTROL_TDS];
static SetupPacket controlSetup;
static u32 controlCount;
static bool controlActive;
static u32 controlBytes;
static u16 base;
static ReportHandler onReport;

static u32 queueLink(const QueueHead *queue) {
  return (u32)queue | LINK_QUEUE;
}

// ---- interrupt pipes ----

static void armPipe(u32 port) {
  Transfer *transfer = &pipes[port].transfer;
  transfer->link = LINK_END;
  transfer->token = pipes[port].token | (pipes[port].toggle ? TOKEN_TOGGLE : 0);
  transfer->buffer = (u32)pipes[port].data;
  transfer->control = pipes[port].control;
  pipes[port].queue.element = (u32)transfer;
}

static void lookAtPipe(u32 port) {
  if (!pipes[port].open) return;
  u32 control = pipes[port].transfer.control;
  if (control & TD_ACTIVE) return;
  if (control & TD_ERRORS) {
    pipes[port].queue.element = LINK_END;
    pipes[port].open = false;
    onReport(port, pipes[port].data, -1);
    return;
  }
  pipes[port].toggle ^= 1;
  i32 length = (i32)((control + 1) & TD_ACTUAL);
  onReport(port, pipes[port].data, length);
  if (pipes[port].open) armPipe(port);
}

void openPipe(u32 port, u8 address, bool lowSpeed, u8 endpoint, u8 maxPacket, u32 interval) {
  u32 level = 0;
  while (level + 1 < LEVELS && (2u << level) <= interval) level++;
  if (maxPacket > REPORT_MAX) maxPacket = REPORT_MAX;
  pipes[port].level = level;
  pipes[port].toggle = 0;
  pipes[port].maxPacket = maxPacket;
  pipes[port].control = TD_ACTIVE | TD_INTERRUPT | TD_THREE_TRIES | (lowSpeed ? TD_LOW_SPEED : 0);
  pipes[port].token = PID_IN | (u32)address << 8 | (u32)endpoint << 15 | (u32)(maxPacket - 1) << 21;
  armPipe(port);
  pipes[port].open = true;
  pipes[port].queue.link = levels[level].link;
  levels[level].link = queueLink(&pipes[port].queue);
}

void closePipe(u32 port) {
  u32 flags = disableInterrupts();
  pipes[port].open = false;
  pipes[port].transfer.control = 0;
  pipes[port].queue.element = LINK_END;
  QueueHead *before = &levels[pipes[port].level];
  u32 wanted = queueLink(&pipes[port].queue);
  for (u32 i = 0; i < USB_PORTS + 1; i++) {
    if (before->link == wanted) {
      before->link = pipes[port].queue.link;
      break;
    }
    if ((before->link & LINK_END) || !(before->link & LINK_QUEUE)) break;
    before = (QueueHead *)(before->link & ~0xfu);
  }
  restoreInterrupts(flags);
}

// ---- control transfers ----

static void addTransfer(u32 control, u32 token, const void *buffer) {
  Transfer *transfer = &controlTransfers[controlCount++];
  transfer->control = control | TD_ACTIVE | TD_THREE_TRIES;
  transfer->token = token;
  transfer->buffer = (u32)buffer;
  transfer->link = (u32)(transfer + 1) | LINK_DEPTH;
}

static u32 tokenOf(u8 pid, u8 address, u32 length, bool toggle) {
  return pid | (u32)address << 8 | (toggle ? TOKEN_TOGGLE : 0) | ((length - 1) & TD_ACTUAL) << 21;
}

void startControl(u8 address, bool lowSpeed, u8 maxPacket, const SetupPacket *setup, u8 *data) {
  u32 speed = lowSpeed ? TD_LOW_SPEED : 0;
  bool in = (setup->requestType & 0x80) != 0;
  u8 pid = in ? PID_IN : PID_OUT;
  controlSetup = *setup;
  controlCount = 0;
  controlBytes = 0;
  addTransfer(speed, tokenOf(PID_SETUP, address, sizeof controlSetup, false), &controlSetup);
  bool toggle = true;
  for (u32 done = 0; done < setup->length && controlCount < CONTROL_TDS - 1; toggle = !toggle) {
    u32 part = setup->length - done;
    if (part > maxPacket) part = maxPacket;
    addTransfer(speed | (in ? TD_SHORT_DETECT : 0), tokenOf(pid, address, part, toggle), data + done);
    done += part;
  }
  bool statusIn = !in || !setup->length;
  addTransfer(speed | TD_INTERRUPT, tokenOf(statusIn ? PID_IN : PID_OUT, address, 0, true), NULL);
  controlTransfers[controlCount - 1].link = LINK_END;
  controlActive = true;
  controlQueue.element = (u32)controlTransfers;
}

TransferState controlState(void) {
  if (!controlActive) return TRANSFER_FAILED;
  u32 length = 0;
  for (u32 i = 0; i < controlCount; i++) {
    u32 control = controlTransfers[i].control;
    if (control & TD_ACTIVE) return TRANSFER_PENDING;
    if (control & TD_ERRORS) {
      cancelControl();
      return TRANSFER_FAILED;
    }
    bool isData = i > 0 && i + 1 < controlCount;
    if (!isData) continue;
    u32 actual = (control + 1) & TD_ACTUAL;
    length += actual;
    u32 wanted = ((controlTransfers[i].token >> 21) + 1) & TD_ACTUAL;
    // A short packet ends the data; the queue stands at it until it is sent on.
    if (actual < wanted && (controlTransfers[controlCount - 1].control & TD_ACTIVE)) {
      controlQueue.element = (u32)&controlTransfers[controlCount - 1];
      return TRANSFER_PENDING;
    }
    if (actual < wanted) break;
  }
  controlBytes = length;
  cancelControl();
  return TRANSFER_DONE;
}

void cancelControl(void) {
  controlQueue.element = LINK_END;
  controlActive = false;
}

u32 controlLength(void) {
  return controlBytes;
}

// ---- the controller ----

static void takeIrq(void) {
  u16 status = in16(base + STATUS) & STATUS_MASK;
  if (!status) return;
  out16(base + STATUS, status);
  for (u32 port = 0; port < USB_PORTS; port++) lookAtPipe(port);
}

bool startUhci(ReportHandler handler) {
  const PciFunction *function = pciFindClass(PCI_CLASS_UHCI);
  if (!function) return false;
  u16 bar = pciRead(function, PCI_BAR4) & 0xffe0;
  if (!bar || !function->line || function->line > 15) return false;
  base = bar;
  onReport = handler;
  pciEnable(function);
  pciWrite16(function, PCI_LEGACY, LEGACY_CLEAR);
  out16(base + COMMAND, COMMAND_RESET);
  for (u32 since = microseconds(); (in16(base + COMMAND) & COMMAND_RESET) && microseconds() - since < 10000;) {
  }
  out16(base + INTERRUPTS, 0);
  out16(base + COMMAND, 0);

  controlQueue.link = LINK_END;
  controlQueue.element = LINK_END;
  for (u32 level = 0; level < LEVELS; level++) {
    levels[level].link = queueLink(level ? &levels[level - 1] : &controlQueue);
    levels[level].element = LINK_END;
  }
  for (u32 frame = 0; frame < FRAMES; frame++) {
    u32 level = (u32)__builtin_ctz(frame | 1u << (LEVELS - 1));
    frameList[frame] = queueLink(&levels[level]);
  }
  for (u32 port = 0; port < USB_PORTS; port++) pipes[port].queue.element = LINK_END;
  out32(base + FRAME_BASE, (u32)frameList);
  out16(base + FRAME_NUMBER, 0);
  out16(base + STATUS, STATUS_MASK);
  out16(base + INTERRUPTS, INTERRUPTS_ALL);
  pciWrite16(function, PCI_LEGACY, LEGACY_PIRQ);
  onIrq(function->line, takeIrq);
  return true;
}

void runUhci(bool run) {
  u16 command = run ? COMMAND_RUN | COMMAND_CONFIGURED | COMMAND_MAX_64 : COMMAND_CONFIGURED;
  out16(base + COMMAND, command);
}

u16 uhciPort(u32 port) {
  return in16(base + PORT1 + port * 2);
}

static void writePort(u32 port, u16 set, u16 clear) {
  u16 value = uhciPort(port) & ~PORT_WRITE_1_TO_CLEAR;
  out16(base + PORT1 + port * 2, (value | set) & ~clear);
}

void uhciAcknowledgeChange(u32 port) {
  writePort(port, PORT_WRITE_1_TO_CLEAR, 0);
}

void uhciSetReset(u32 port, bool reset) {
  writePort(port, reset ? PORT_RESET : 0, reset ? 0 : PORT_RESET);
}

void uhciEnablePort(u32 port) {
  writePort(port, PORT_ENABLED, 0);
}

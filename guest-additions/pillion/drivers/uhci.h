// UHCI host controller: two ports, one control transfer at a time, one interrupt pipe a port.

#pragma once

#include "../kernel/kernel.h"

#define USB_PORTS 2

typedef struct __attribute__((packed)) {
  u8 requestType, request;
  u16 value, index, length;
} SetupPacket;

typedef enum { TRANSFER_PENDING, TRANSFER_DONE, TRANSFER_FAILED } TransferState;

typedef enum { PORT_CONNECTED = 0x0001, PORT_CHANGED = 0x0002, PORT_ENABLED = 0x0004, PORT_LOW_SPEED = 0x0100, PORT_RESET = 0x0200 } PortBits;

/** Called in the interrupt for each report: its port and length, -1 for an error (the pipe is dead then). */
typedef void (*ReportHandler)(u32 port, const u8 *data, i32 length);

bool startUhci(ReportHandler handler);
/** Frames are only made while somebody is there. */
void runUhci(bool run);

u16 uhciPort(u32 port);
void uhciAcknowledgeChange(u32 port);
void uhciSetReset(u32 port, bool reset);
void uhciEnablePort(u32 port);

/** Begins a control transfer; `data` must stay until it is over. */
void startControl(u8 address, bool lowSpeed, u8 maxPacket, const SetupPacket *setup, u8 *data);
TransferState controlState(void);
void cancelControl(void);
/** Bytes of data that the last one carried. */
u32 controlLength(void);

/** Asks the endpoint for a report every `interval` frames (a power of two). */
void openPipe(u32 port, u8 address, bool lowSpeed, u8 endpoint, u8 maxPacket, u32 interval);
void closePipe(u32 port);

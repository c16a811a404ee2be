// What the IDE controller and its drives remember, and the few steps that all of them share: interrupts, the end of a
// command, requests to the host.

import { Irq } from "../../bus/irq";
import { hostDiskRequest, hostEvent } from "../../host";
import { DiskOperation } from "../../protocol/disk";
import { MachineEvent } from "../../protocol/events";
import { finishRequest } from "./transfer";

export const CHANNELS = 2;
export const DRIVES = 4;

export const STATUS_BUSY: u32 = 0x80;
export const STATUS_READY: u32 = 0x40;
export const STATUS_SEEK_COMPLETE: u32 = 0x10;
export const STATUS_DATA_REQUEST: u32 = 0x08;
export const STATUS_ERROR: u32 = 0x01;
export const STATUS_IDLE: u32 = STATUS_READY | STATUS_SEEK_COMPLETE;

export const ERROR_UNCORRECTABLE: u32 = 0x40;
export const ERROR_ID_NOT_FOUND: u32 = 0x10;
export const ERROR_ABORTED: u32 = 0x04;

export const CONTROL_NO_INTERRUPT: u32 = 0x02;
export const CONTROL_SOFT_RESET: u32 = 0x04;
export const CONTROL_HIGH_ORDER: u32 = 0x80;

export const DEVICE_SLAVE: u32 = 0x10;
export const DEVICE_LBA: u32 = 0x40;

/** Interrupt reason of a PACKET command, in the sector count register. */
export const REASON_COMMAND: u32 = 1;
export const REASON_DATA_IN: u32 = 2;
export const REASON_STATUS: u32 = 3;

export const BUS_MASTER_START: u32 = 0x01;
export const BUS_MASTER_ACTIVE: u32 = 0x01;
export const BUS_MASTER_ERROR: u32 = 0x02;
export const BUS_MASTER_INTERRUPT: u32 = 0x04;

export const BUFFER_SIZE: u32 = 0x2_0000;

export enum DriveKind {
  None = 0,
  Disk = 1,
  CdRom = 2,
}

/** What a channel is in the middle of. */
export enum Phase {
  Idle = 0,
  /** No data: the host's answer ends the command. */
  Command = 1,
  PioIn = 2,
  PioOut = 3,
  DmaIn = 4,
  DmaOut = 5,
  /** The 12 bytes of a packet are being written. */
  Packet = 6,
}

@unmanaged
export class DriveState {
  kind: u32;
  status: u32;
  error: u32;
  // Registers that LBA48 writes twice: the previous byte in bits 8-15.
  features: u32;
  count: u32;
  lbaLow: u32;
  lbaMid: u32;
  lbaHigh: u32;
  lbaExtended: u32; // the command in progress is a 48-bit one

  sectors: u64; // of 512 bytes, or 2048 for a CD
  heads: u32; // of the translation in use
  sectorsPerTrack: u32;
  multiple: u32; // sectors per block of READ/WRITE MULTIPLE, 0: not set
  transferMode: u32; // as set by SET FEATURES
  writeCache: u32;

  medium: u32; // CD: a disc is in
  trayOpen: u32;
  locked: u32;
  senseKey: u32;
  senseCode: u32; // additional sense code << 8 | qualifier
  attention: u32; // senseCode of a pending unit attention, 0: none
  mediaEvent: u32; // GET EVENT STATUS NOTIFICATION: event code not yet told
  readOnly: u32;
}

@unmanaged
export class ChannelState {
  number: u32;
  device: u32;
  control: u32;
  interrupt: u32; // the selected drive asks for one
  line: u32; // level of the IRQ line

  phase: u32; // Phase
  drive: u32; // number of the drive that is busy, 0-3
  packet: u32; // the command in progress came in a packet
  sectorSize: u32; // of what `remaining` counts, as the guest gets them
  position: u64; // next sector to ask the host for
  remaining: u32; // sectors not yet asked for
  cursor: u32; // in the buffer
  blockEnd: u32; // where the current DRQ block ends
  end: u32; // of valid data in the buffer
  blockSize: u32;

  requested: u32; // a request waits for pumpRequests
  requestOperation: u32;
  requestPosition: f64;
  requestLength: u32;
  requestOffset: u32; // in the buffer
  pending: u32; // the host has a request
  pumping: u32;
  result: u32;
  resetting: u32; // a reset waits for the host's answer

  busMasterCommand: u32;
  busMasterStatus: u32;
  prdTable: u32; // register
  prdNext: u32; // address of the next entry
  prdAddress: u32; // within the current entry
  prdLeft: u32;
  prdLast: u32;
}

/** Drives, then channels, then their buffers. */
const CHANNELS_AT = DRIVES * <i32>offsetof<DriveState>();
const BUFFERS_AT = CHANNELS_AT + CHANNELS * <i32>offsetof<ChannelState>();
export const STATE_SIZE = BUFFERS_AT + CHANNELS * <i32>BUFFER_SIZE;
export const STATE = memory.data(STATE_SIZE, 16);

export class Ide {
  @inline static drive(number: u32): DriveState {
    return changetype<DriveState>(STATE + <usize>(number * offsetof<DriveState>()));
  }

  @inline static channel(number: u32): ChannelState {
    return changetype<ChannelState>(
      STATE + <usize>CHANNELS_AT + <usize>(number * offsetof<ChannelState>()),
    );
  }

  /** Core address of a channel's buffer. */
  @inline static buffer(channel: ChannelState): usize {
    return STATE + <usize>BUFFERS_AT + <usize>(channel.number * BUFFER_SIZE);
  }

  /** The drive that the device register selects, there or not. */
  @inline static selected(channel: ChannelState): DriveState {
    return Ide.drive(channel.number * 2 + (channel.device & DEVICE_SLAVE ? 1 : 0));
  }

  @inline static active(channel: ChannelState): DriveState {
    return Ide.drive(channel.drive);
  }
}

/** Brings the IRQ line to what drive and nIEN make of it. */
export function updateInterrupt(channel: ChannelState): void {
  const level: u32 = channel.interrupt && !(channel.control & CONTROL_NO_INTERRUPT) ? 1 : 0;
  if (level == channel.line) return;
  channel.line = level;
  if (level) channel.busMasterStatus |= BUS_MASTER_INTERRUPT;
  Irq.set(14 + <i32>channel.number, <i32>level);
}

export function raiseInterrupt(channel: ChannelState): void {
  channel.interrupt = 1;
  updateInterrupt(channel);
}

export function clearInterrupt(channel: ChannelState): void {
  channel.interrupt = 0;
  updateInterrupt(channel);
}

/** A command has ended well. */
export function complete(channel: ChannelState, drive: DriveState): void {
  channel.phase = Phase.Idle;
  drive.status = STATUS_IDLE;
  drive.error = 0;
  if (channel.packet) drive.count = REASON_STATUS;
  raiseInterrupt(channel);
}

/** A command has ended with bits in the error register. */
export function fail(channel: ChannelState, drive: DriveState, error: u32): void {
  channel.phase = Phase.Idle;
  drive.status = STATUS_IDLE | STATUS_ERROR;
  drive.error = error;
  if (channel.packet) drive.count = REASON_STATUS;
  raiseInterrupt(channel);
}

/** Asks the host for a piece of the medium; `finishRequest` gets the answer, perhaps before this returns. */
export function requestHost(
  channel: ChannelState,
  operation: u32,
  position: f64,
  length: u32,
  offset: u32,
): void {
  channel.requested = 1;
  channel.requestOperation = operation;
  channel.requestPosition = position;
  channel.requestLength = length;
  channel.requestOffset = offset;
  Ide.active(channel).status = STATUS_BUSY;
  if (!channel.pumping) pumpRequests(channel);
}

/** A loop, so that a host which answers at once does not nest a long transfer into a deep stack. */
function pumpRequests(channel: ChannelState): void {
  channel.pumping = 1;
  while (channel.requested) {
    channel.requested = 0;
    channel.pending = 1;
    const operation = <i32>channel.requestOperation;
    hostEvent(
      MachineEvent.DiskActivity,
      <i32>channel.drive,
      operation == <i32>DiskOperation.Read ? 0 : 1,
    );
    hostDiskRequest(
      <i32>channel.drive,
      operation,
      channel.requestPosition,
      <i32>channel.requestLength,
      Ide.buffer(channel) + <usize>channel.requestOffset,
    );
    if (channel.pending) break;
    finishRequest(channel, channel.result);
  }
  channel.pumping = 0;
}

/** The host's answer to a drive's request (0-3). */
export function answerRequest(drive: u32, status: u32): void {
  const channel = Ide.channel(drive >> 1);
  if (!channel.pending || channel.drive != drive) return;
  channel.pending = 0;
  channel.result = status;
  if (!channel.pumping) finishRequest(channel, status);
}

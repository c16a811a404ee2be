// Data on their way: between the host and a channel's buffer in chunks of up to 128 KB, between buffer and guest through
// the data port in DRQ blocks or by bus master. Disk and CD-ROM share it.

import { DiskOperation, DiskStatus } from "../../protocol/disk";
import { failAta, storeAddress } from "./ata";
import { acceptPacket, expandSectors, failPacketRead, hostSectorOffset } from "./atapi";
import { continueDma } from "./bus-master";
import { finishReset } from "./controller";
import {
  BUFFER_SIZE,
  ChannelState,
  complete,
  DriveKind,
  DriveState,
  Ide,
  Phase,
  raiseInterrupt,
  REASON_DATA_IN,
  requestHost,
  STATUS_BUSY,
  STATUS_DATA_REQUEST,
  STATUS_IDLE,
} from "./state";

const DISK_SECTOR: u32 = 512;
const CD_SECTOR: u32 = 2048;

/** Asks for (or, writing, hands over) the next chunk. */
export function fetchChunk(channel: ChannelState): void {
  const cd = Ide.active(channel).kind == DriveKind.CdRom;
  const hostSector = cd ? CD_SECTOR : DISK_SECTOR;
  const offset = hostSectorOffset(channel);
  const sectors = min<u32>(channel.remaining, (BUFFER_SIZE - offset) / hostSector);
  const position = <f64>channel.position * <f64>hostSector;
  channel.cursor = 0;
  channel.end = sectors * channel.sectorSize;
  channel.remaining -= sectors;
  channel.position += sectors;
  requestHost(channel, DiskOperation.Read, position, sectors * hostSector, offset);
}

/** Begins to collect the next chunk of a write. */
function collectChunk(channel: ChannelState): void {
  const sectors = min<u32>(channel.remaining, BUFFER_SIZE / DISK_SECTOR);
  channel.cursor = 0;
  channel.end = sectors * DISK_SECTOR;
  channel.remaining -= sectors;
}

/** A write command on a disk: the guest's data first. */
export function startWrite(channel: ChannelState, drive: DriveState): void {
  collectChunk(channel);
  if (channel.phase == <u32>Phase.DmaOut) {
    drive.status = STATUS_BUSY;
    continueDma(channel);
  } else {
    // The first block is asked for without an interrupt.
    channel.blockEnd = min<u32>(channel.blockSize, channel.end);
    drive.status = STATUS_IDLE | STATUS_DATA_REQUEST;
  }
}

/** The chunk is complete in the buffer: to the host with it. */
export function storeChunk(channel: ChannelState): void {
  const position = <f64>channel.position * <f64>DISK_SECTOR;
  channel.position += channel.end / DISK_SECTOR;
  requestHost(channel, DiskOperation.Write, position, channel.end, 0);
}

/** Data that are complete in the buffer, `length` bytes, go to the guest as the command asked for them. */
export function deliver(channel: ChannelState, length: u32): void {
  channel.cursor = 0;
  channel.end = length;
  if (channel.phase == <u32>Phase.DmaIn) continueDma(channel);
  else nextBlockIn(channel);
}

function nextBlockIn(channel: ChannelState): void {
  const drive = Ide.active(channel);
  const length = min<u32>(channel.blockSize, channel.end - channel.cursor);
  channel.blockEnd = channel.cursor + length;
  drive.status = STATUS_IDLE | STATUS_DATA_REQUEST;
  if (channel.packet) {
    drive.count = REASON_DATA_IN;
    drive.lbaMid = length & 0xff;
    drive.lbaHigh = length >>> 8;
  }
  raiseInterrupt(channel);
}

/** The command's data have all been moved. */
export function endTransfer(channel: ChannelState): void {
  const drive = Ide.active(channel);
  if (!channel.packet && channel.position) {
    storeAddress(channel, drive, channel.position - 1);
    drive.count = 0;
  }
  if (channel.phase == <u32>Phase.PioIn && !channel.packet) {
    // The interrupt of a PIO read comes with each block, not after the last.
    channel.phase = Phase.Idle;
    drive.status = STATUS_IDLE;
    drive.error = 0;
  } else {
    complete(channel, drive);
  }
}

/** The host has answered. */
export function finishRequest(channel: ChannelState, status: u32): void {
  const drive = Ide.active(channel);
  if (channel.resetting) {
    channel.resetting = 0;
    finishReset(channel);
    return;
  }
  if (status != <u32>DiskStatus.Ok) {
    if (channel.packet) failPacketRead(channel, drive, status);
    else failAta(channel, drive, status);
    return;
  }
  switch (channel.phase) {
    case Phase.PioIn:
    case Phase.DmaIn:
      if (channel.packet) expandSectors(channel);
      deliver(channel, channel.end);
      break;
    case Phase.PioOut:
      if (channel.remaining) {
        startWrite(channel, drive);
        raiseInterrupt(channel);
      } else {
        endTransfer(channel);
      }
      break;
    case Phase.DmaOut:
      if (channel.remaining) startWrite(channel, drive);
      else endTransfer(channel);
      break;
    case Phase.Command:
      complete(channel, drive);
      break;
    default:
      break;
  }
}

/** The guest has moved all of a DRQ block. */
function endBlock(channel: ChannelState): void {
  const drive = Ide.active(channel);
  switch (channel.phase) {
    case Phase.PioIn:
      if (channel.cursor < channel.end) nextBlockIn(channel);
      else if (channel.remaining) fetchChunk(channel);
      else endTransfer(channel);
      break;
    case Phase.PioOut:
      if (channel.cursor < channel.end) {
        channel.blockEnd = min<u32>(channel.cursor + channel.blockSize, channel.end);
        raiseInterrupt(channel);
      } else {
        storeChunk(channel);
      }
      break;
    case Phase.Packet:
      acceptPacket(channel, drive);
      break;
    default:
      break;
  }
}

/** The data port. `channel.cursor` never passes `blockEnd`, so a guest that reads on gets the pull-ups. */
export class DataPort {
  @inline static read16(channel: ChannelState): u32 {
    const cursor = channel.cursor;
    if (channel.phase != <u32>Phase.PioIn || cursor >= channel.blockEnd) return 0xffff;
    const value = <u32>load<u16>(Ide.buffer(channel) + <usize>cursor);
    channel.cursor = cursor + 2;
    if (cursor + 2 >= channel.blockEnd) endOdd(channel);
    return value;
  }

  @inline static read32(channel: ChannelState): u32 {
    const cursor = channel.cursor;
    if (channel.phase == <u32>Phase.PioIn && cursor + 4 < channel.blockEnd) {
      channel.cursor = cursor + 4;
      return load<u32>(Ide.buffer(channel) + <usize>cursor);
    }
    return readTail(channel);
  }

  @inline static write16(channel: ChannelState, value: u32): void {
    const cursor = channel.cursor;
    if (!isWritable(channel) || cursor >= channel.blockEnd) return;
    store<u16>(Ide.buffer(channel) + <usize>cursor, <u16>value);
    channel.cursor = cursor + 2;
    if (cursor + 2 >= channel.blockEnd) endBlock(channel);
  }
}

/** A block of odd length has a pad byte. */
function endOdd(channel: ChannelState): void {
  channel.cursor = channel.blockEnd;
  endBlock(channel);
}

function readTail(channel: ChannelState): u32 {
  const low = DataPort.read16(channel);
  return low | (DataPort.read16(channel) << 16);
}

function isWritable(channel: ChannelState): bool {
  const phase = channel.phase;
  return (
    (phase == <u32>Phase.PioOut || phase == <u32>Phase.Packet) &&
    (Ide.active(channel).status & STATUS_DATA_REQUEST) != 0
  );
}

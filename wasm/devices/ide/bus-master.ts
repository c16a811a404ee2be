// The bus master of the IDE controller ("Programming Interface for Bus Master IDE Controller", revision 1.0): command,
// status and descriptor table registers of each channel, in I/O space at BAR 4.
//
// Not implemented: the direction bit does not stop a transfer that goes the other way; the command decides.

import { onRead, onWrite, removePort } from "../../bus/ports";
import { Physical } from "../../memory/physical";
import {
  BUS_MASTER_ACTIVE,
  BUS_MASTER_ERROR,
  BUS_MASTER_INTERRUPT,
  BUS_MASTER_START,
  ChannelState,
  CHANNELS,
  Ide,
  Phase,
} from "./state";
import { endTransfer, fetchChunk, storeChunk } from "./transfer";

const REGISTERS: u32 = 8; // per channel
const COMMAND_MASK: u32 = 0x09;
const STATUS_CAPABLE: u32 = 0x60; // drive 0 and 1 can do DMA: written by the BIOS, for the operating system
const PRD_LAST: u32 = 0x8000_0000;

/** Puts the registers at an I/O address, or takes them away. */
export function mapBusMaster(base: u32, present: bool): void {
  for (let i: u32 = 0; i < REGISTERS * <u32>CHANNELS; i++) {
    const port = <u16>(base + i);
    if (!present) {
      removePort(port);
      continue;
    }
    onRead(port, 1, readRegister);
    onWrite(port, 1, writeRegister);
    if ((i & 7) == 4) {
      onRead(port, 4, readTable);
      onWrite(port, 4, writeTable);
    }
  }
}

export function resetBusMaster(channel: ChannelState): void {
  channel.busMasterCommand = 0;
  channel.busMasterStatus = 0;
  channel.prdTable = 0;
  channel.prdLeft = 0;
  channel.prdLast = 0;
}

// BAR 4 is aligned to 16 bytes, so bit 3 of the port tells the channel.
function channelOf(port: u16): ChannelState {
  return Ide.channel(((<u32>port) >> 3) & 1);
}

function readRegister(port: u16): u32 {
  const channel = channelOf(port);
  const register = (<u32>port) & 7;
  if (register == 0) return channel.busMasterCommand;
  if (register == 2) return channel.busMasterStatus;
  if (register >= 4) return (channel.prdTable >>> ((register - 4) << 3)) & 0xff;
  return 0;
}

function writeRegister(port: u16, value: u32): void {
  const channel = channelOf(port);
  const register = (<u32>port) & 7;
  if (register == 0) {
    writeCommand(channel, value & COMMAND_MASK);
  } else if (register == 2) {
    const cleared = value & (BUS_MASTER_ERROR | BUS_MASTER_INTERRUPT);
    channel.busMasterStatus =
      (channel.busMasterStatus & ~(cleared | STATUS_CAPABLE)) | (value & STATUS_CAPABLE);
  } else if (register >= 4) {
    const shift = (register - 4) << 3;
    const mask: u32 = (<u32>0xff) << shift;
    channel.prdTable = ((channel.prdTable & ~mask) | ((value & 0xff) << shift)) & ~3;
  }
}

function readTable(port: u16): u32 {
  return channelOf(port).prdTable;
}

function writeTable(port: u16, value: u32): void {
  channelOf(port).prdTable = value & ~3;
}

function writeCommand(channel: ChannelState, value: u32): void {
  const started = value & ~channel.busMasterCommand & BUS_MASTER_START;
  channel.busMasterCommand = value;
  if (started) {
    channel.busMasterStatus |= BUS_MASTER_ACTIVE;
    channel.prdNext = channel.prdTable;
    channel.prdLeft = 0;
    channel.prdLast = 0;
    if (!channel.pending) continueDma(channel);
  } else if (!(value & BUS_MASTER_START)) {
    channel.busMasterStatus &= ~BUS_MASTER_ACTIVE;
  }
}

/** Moves data between the buffer and the descriptors until either ends; returns the bytes moved. */
function moveData(channel: ChannelState, buffer: usize, length: u32, toMemory: bool): u32 {
  let moved: u32 = 0;
  while (moved < length) {
    if (channel.prdLeft == 0) {
      if (channel.prdLast) break;
      const size = Physical.read32(channel.prdNext + 4);
      channel.prdAddress = Physical.read32(channel.prdNext) & ~1;
      channel.prdLeft = size & 0xfffe ? size & 0xfffe : 0x1_0000;
      channel.prdLast = size & PRD_LAST ? 1 : 0;
      channel.prdNext += 8;
    }
    const part = min<u32>(length - moved, channel.prdLeft);
    if (toMemory) Physical.copyIn(channel.prdAddress, buffer + <usize>moved, part);
    else Physical.copyOut(buffer + <usize>moved, channel.prdAddress, part);
    channel.prdAddress += part;
    channel.prdLeft -= part;
    moved += part;
  }
  return moved;
}

/** Goes on with a DMA command when both the drive and the bus master are ready. */
export function continueDma(channel: ChannelState): void {
  const toMemory = channel.phase == <u32>Phase.DmaIn;
  if (!toMemory && channel.phase != <u32>Phase.DmaOut) return;
  if (!(channel.busMasterStatus & BUS_MASTER_ACTIVE)) return;
  const buffer = Ide.buffer(channel) + <usize>channel.cursor;
  channel.cursor += moveData(channel, buffer, channel.end - channel.cursor, toMemory);
  const exhausted = channel.prdLast != 0 && channel.prdLeft == 0;
  // Descriptors that end with the data or before them end the bus master's work.
  if (exhausted) channel.busMasterStatus &= ~BUS_MASTER_ACTIVE;
  if (channel.cursor < channel.end) return;
  if (!toMemory) storeChunk(channel);
  else if (channel.remaining) fetchChunk(channel);
  else endTransfer(channel);
}

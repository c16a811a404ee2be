// DMA controllers: two 8237A (channels 0-3 at 00h-0Fh, 4-7 at C0h-DFh) with page registers at 81h-8Fh.
//
// A device moves a block at a time (bus/dma.ts), so request modes differ only in that cascade mode moves nothing.
//
// Not implemented: memory to memory, software requests (stored, shown in the status), rotating priority, address hold.

import { addDevice, Device } from "../bus/devices";
import { Dma, setDmaController } from "../bus/dma";
import { onRead, onWrite } from "../bus/ports";
import { Physical } from "../memory/physical";

const PORT_FIRST: u16 = 0x00;
const PORT_SECOND: u16 = 0xc0;
const PORT_PAGES: u16 = 0x81; // to 8Fh; 80h is the POST code's

const REG_STATUS_COMMAND: u32 = 8;
const REG_REQUEST: u32 = 9;
const REG_MASK: u32 = 10;
const REG_MODE: u32 = 11;
const REG_CLEAR_FLIP_FLOP: u32 = 12;
const REG_MASTER_CLEAR: u32 = 13; // read: temporary register
const REG_CLEAR_MASK: u32 = 14;
const REG_ALL_MASK: u32 = 15;

const COMMAND_DISABLED: u32 = 0x04;

const MODE_TYPE: u32 = 0x0c;
const MODE_TO_MEMORY: u32 = 0x04;
const MODE_FROM_MEMORY: u32 = 0x08;
const MODE_AUTOINIT: u32 = 0x10;
const MODE_DECREMENT: u32 = 0x20;
const MODE_CASCADE: u32 = 0xc0;

const FIRST_WORD_CHANNEL: u32 = 4;

@unmanaged
class Channel {
  baseAddress: u32;
  baseCount: u32;
  address: u32;
  count: u32;
  mode: u32;
}
const CHANNEL_SIZE = <i32>offsetof<Channel>();

@unmanaged
class Chip {
  command: u32;
  mask: u32;
  requests: u32;
  terminal: u32; // channels that reached terminal count since the status was read
  highByte: u32; // flip-flop: the next byte is the high one
}
const CHIP_SIZE = <i32>offsetof<Chip>();

const PAGES_SIZE = 16;
const STATE_SIZE = PAGES_SIZE + 8 * CHANNEL_SIZE + 2 * CHIP_SIZE;
const STATE = memory.data(STATE_SIZE, 8); // page registers by the low four bits of the port, channels, chips
const CHANNELS = STATE + PAGES_SIZE;
const CHIPS = CHANNELS + <usize>(8 * CHANNEL_SIZE);

function channelAt(number: u32): Channel {
  return changetype<Channel>(CHANNELS + <usize>number * <usize>CHANNEL_SIZE);
}

function chipAt(number: u32): Chip {
  return changetype<Chip>(CHIPS + <usize>number * <usize>CHIP_SIZE);
}

export function attachDma(): void {
  addDevice(Device.Dma, STATE, STATE_SIZE, reset);
  setDmaController(transfer);
  for (let i: u16 = 0; i < 16; i++) {
    onRead(PORT_FIRST + i, 1, read);
    onWrite(PORT_FIRST + i, 1, write);
    onRead(PORT_SECOND + 2 * i, 1, read);
    onWrite(PORT_SECOND + 2 * i, 1, write);
  }
  for (let i: u16 = 0; i < 15; i++) {
    onRead(PORT_PAGES + i, 1, readPage);
    onWrite(PORT_PAGES + i, 1, writePage);
  }
}

function reset(): void {
  memory.fill(STATE, 0, STATE_SIZE);
  masterClear(chipAt(0));
  masterClear(chipAt(1));
}

function masterClear(chip: Chip): void {
  chip.command = 0;
  chip.mask = 15;
  chip.requests = 0;
  chip.terminal = 0;
  chip.highByte = 0;
}

// --- Transfer ---

/** The board wires the page registers in this order: 87h, 83h, 81h, 82h, 8Fh, 8Bh, 89h, 8Ah. */
function pageOf(channel: u32): u32 {
  const port = (0xa9bf_2137 >>> (channel << 2)) & 15;
  return <u32>load<u8>(STATE + <usize>port);
}

/** Bus address of the channel's current unit. Word channels count words, and their page register's bit 0 is not used. */
function busAddress(number: u32, channel: Channel): u32 {
  const page = pageOf(number);
  if (number < FIRST_WORD_CHANNEL) return (page << 16) | channel.address;
  return ((page & 0xfe) << 16) | (channel.address << 1);
}

function transfer(number: i32, buffer: usize, length: i32, toMemory: i32): i32 {
  const index = (<u32>number) & 7;
  const chip = chipAt(index >>> 2);
  const bit: u32 = 1 << (index & 3);
  const channel = channelAt(index);
  Dma.setTerminalCount(false);
  if (chip.mask & bit || chip.command & COMMAND_DISABLED) return 0;
  if ((channel.mode & MODE_CASCADE) == MODE_CASCADE) return 0;

  const type = channel.mode & MODE_TYPE;
  const shift: u32 = index < FIRST_WORD_CHANNEL ? 0 : 1;
  const units = min<u32>((<u32>length) >>> shift, channel.count + 1);
  let done: u32 = 0;
  while (done < units) {
    // As far as the 16-bit address goes without wrapping; downwards unit by unit.
    const decrement = (channel.mode & MODE_DECREMENT) != 0;
    const run = decrement ? 1 : min<u32>(units - done, 0x1_0000 - channel.address);
    const at = buffer + <usize>(done << shift);
    const bus = busAddress(index, channel);
    if (type == MODE_TO_MEMORY && toMemory) Physical.copyIn(bus, at, run << shift);
    else if (type == MODE_FROM_MEMORY && !toMemory) Physical.copyOut(at, bus, run << shift);
    channel.address = (decrement ? channel.address - 1 : channel.address + run) & 0xffff;
    done += run;
  }
  if (units > channel.count) {
    chip.terminal |= bit;
    chip.requests &= ~bit;
    Dma.setTerminalCount(true);
    if (channel.mode & MODE_AUTOINIT) {
      channel.address = channel.baseAddress;
      channel.count = channel.baseCount;
    } else {
      channel.count = 0xffff;
      chip.mask |= bit;
    }
  } else {
    channel.count -= units;
  }
  return <i32>(units << shift);
}

// --- Ports ---

function chipNumber(port: u16): u32 {
  return port >= PORT_SECOND ? 1 : 0;
}

function registerNumber(port: u16): u32 {
  return port >= PORT_SECOND ? (<u32>(port - PORT_SECOND)) >>> 1 : <u32>port;
}

function read(port: u16): u32 {
  const number = chipNumber(port);
  const chip = chipAt(number);
  const register = registerNumber(port);
  if (register < 8) {
    const channel = channelAt((number << 2) | (register >>> 1));
    const value = register & 1 ? channel.count : channel.address;
    chip.highByte ^= 1;
    return chip.highByte ? value & 0xff : value >>> 8;
  }
  if (register == REG_STATUS_COMMAND) {
    const status = chip.terminal | (chip.requests << 4);
    chip.terminal = 0;
    return status;
  }
  if (register == REG_ALL_MASK) return chip.mask | 0xf0;
  if (register == REG_MASTER_CLEAR) return 0;
  return 0xff;
}

function write(port: u16, value: u32): void {
  const number = chipNumber(port);
  const chip = chipAt(number);
  const register = registerNumber(port);
  if (register < 8) {
    writeByte(chip, channelAt((number << 2) | (register >>> 1)), register & 1, value & 0xff);
    return;
  }
  const bit: u32 = 1 << (value & 3);
  switch (register) {
    case REG_STATUS_COMMAND:
      chip.command = value & 0xff;
      break;
    case REG_REQUEST:
      chip.requests = value & 4 ? chip.requests | bit : chip.requests & ~bit;
      break;
    case REG_MASK:
      chip.mask = value & 4 ? chip.mask | bit : chip.mask & ~bit;
      break;
    case REG_MODE:
      channelAt((number << 2) | (value & 3)).mode = value & 0xfc;
      break;
    case REG_CLEAR_FLIP_FLOP:
      chip.highByte = 0;
      break;
    case REG_MASTER_CLEAR:
      masterClear(chip);
      break;
    case REG_CLEAR_MASK:
      chip.mask = 0;
      break;
    default:
      chip.mask = value & 15;
      break;
  }
}

/** A write sets base and current register at once. */
function writeByte(chip: Chip, channel: Channel, isCount: u32, byte: u32): void {
  const before = isCount ? channel.baseCount : channel.baseAddress;
  const value = chip.highByte ? (before & 0xff) | (byte << 8) : (before & 0xff00) | byte;
  chip.highByte ^= 1;
  if (isCount) {
    channel.baseCount = value;
    channel.count = value;
  } else {
    channel.baseAddress = value;
    channel.address = value;
  }
}

function readPage(port: u16): u32 {
  return <u32>load<u8>(STATE + <usize>(port & 15));
}

function writePage(port: u16, value: u32): void {
  store<u8>(STATE + <usize>(port & 15), <u8>value);
}

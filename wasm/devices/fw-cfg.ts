// Firmware configuration as QEMU has it: selector 510h, data 511h, DMA 514h-51Bh. How SeaBIOS learns of RAM and boot order.
//
// Files come from the host before power-on; `etc/e820` is made here. Items that do not exist read as zeros.
//
// Not implemented: writing to items.

import { addDevice, Device } from "../bus/devices";
import { onRead, onWrite } from "../bus/ports";
import { FIRMWARE_FILES, FIRMWARE_FILES_END } from "../layout";
import { Physical, ramBytes } from "../memory/physical";

const PORT_SELECTOR: u16 = 0x510;
const PORT_DATA: u16 = 0x511;
const PORT_DMA_HIGH: u16 = 0x514;
const PORT_DMA_LOW: u16 = 0x518;

const KEY_SIGNATURE: u32 = 0x00;
const KEY_ID: u32 = 0x01;
const KEY_RAM_SIZE: u32 = 0x03;
const KEY_CPU_COUNT: u32 = 0x05;
const KEY_CPU_MAXIMUM: u32 = 0x0f;
const KEY_DIRECTORY: u32 = 0x19;
const KEY_FIRST_FILE: u32 = 0x20;

const SIGNATURE: u32 = 0x554d4551; // "QEMU"
const ID_TRADITIONAL_AND_DMA: u32 = 3;
const DMA_SIGNATURE_HIGH: u32 = 0x51454d55; // "QEMU CFG", as a big-endian number
const DMA_SIGNATURE_LOW: u32 = 0x20434647;

const DMA_ERROR: u32 = 0x01;
const DMA_READ: u32 = 0x02;
const DMA_SKIP: u32 = 0x04;
const DMA_SELECT: u32 = 0x08;
const DMA_WRITE: u32 = 0x10;

/** Directory, all numbers big-endian: u32 count, then per file u32 size, u16 key, u16 reserved, name with a final 0. */
const NAME_SIZE: u32 = 56;
const ENTRY_SIZE: u32 = 64;
const CAPACITY: u32 = 32;
const DIRECTORY_SIZE = 4 + 64 * 32;

const E820_RAM: u32 = 1;

@unmanaged
class FwCfgState {
  key: u32;
  offset: u32;
  dmaHigh: u32;
  files: u32;
  dataEnd: u32; // where the next file's data goes
}
const STATE_SIZE = DIRECTORY_SIZE + 4 * 32 + <i32>offsetof<FwCfgState>();
const STATE = memory.data(STATE_SIZE, 8); // the directory, u32 data address per file, then the fields
const DIRECTORY = STATE;
const ADDRESSES = STATE + DIRECTORY_SIZE;
const fwCfg = changetype<FwCfgState>(STATE + DIRECTORY_SIZE + 4 * 32);

/** A small item's bytes while they are read. */
const ITEM = memory.data(8, 8);
const DESCRIPTOR = memory.data(16, 8);
const SCRATCH = memory.data(32, 8); // data and name of the file made here

export function attachFwCfg(): void {
  addDevice(Device.FwCfg, STATE, STATE_SIZE, reset);
  fwCfg.dataEnd = <u32>FIRMWARE_FILES;
  onWrite(PORT_SELECTOR, 2, writeSelector);
  onRead(PORT_DATA, 1, readData);
  onRead(PORT_DMA_HIGH, 4, readDmaHigh);
  onRead(PORT_DMA_LOW, 4, readDmaLow);
  onWrite(PORT_DMA_HIGH, 4, writeDmaHigh);
  onWrite(PORT_DMA_LOW, 4, writeDmaLow);

  // One e820 entry: all RAM; SeaBIOS takes its own parts away.
  store<u64>(SCRATCH, 0);
  store<u64>(SCRATCH, ramBytes(), 8);
  store<u32>(SCRATCH, E820_RAM, 16);
  const name = SCRATCH + 20;
  store<u32>(name, 0x2f637465); // "etc/"
  store<u32>(name, 0x30323865, 4); // "e820"
  addFirmwareFile(name, 8, SCRATCH, 20);
}

function reset(): void {
  fwCfg.key = 0;
  fwCfg.offset = 0;
  fwCfg.dmaHigh = 0;
}

/** Host: adds a file or replaces one of the same name; name and data are copied. Returns 0 when there is no room. */
export function addFirmwareFile(
  namePointer: usize,
  nameLength: u32,
  dataPointer: usize,
  dataLength: u32,
): i32 {
  if (nameLength >= NAME_SIZE || dataLength > <u32>FIRMWARE_FILES_END - fwCfg.dataEnd) return 0;
  let index: u32 = 0;
  while (index < fwCfg.files && !hasName(index, namePointer, nameLength)) index++;
  if (index == CAPACITY) return 0;
  if (index == fwCfg.files) fwCfg.files++;

  const entry = entryAt(index);
  memory.fill(entry, 0, ENTRY_SIZE);
  store<u32>(entry, bswap<u32>(dataLength));
  store<u16>(entry, bswap<u16>(<u16>(KEY_FIRST_FILE + index)), 4);
  memory.copy(entry + 8, namePointer, nameLength);
  store<u32>(ADDRESSES + ((<usize>index) << 2), fwCfg.dataEnd);
  memory.copy(<usize>fwCfg.dataEnd, dataPointer, dataLength);
  fwCfg.dataEnd += (dataLength + 7) & ~7;
  store<u32>(DIRECTORY, bswap<u32>(fwCfg.files));
  return 1;
}

function entryAt(index: u32): usize {
  return DIRECTORY + 4 + <usize>(index * ENTRY_SIZE);
}

function hasName(index: u32, name: usize, length: u32): bool {
  const stored = entryAt(index) + 8;
  return memory.compare(stored, name, length) == 0 && load<u8>(stored + length) == 0;
}

// --- Items ---

function itemAddress(key: u32): usize {
  if (key == KEY_DIRECTORY) return DIRECTORY;
  if (key >= KEY_FIRST_FILE) return <usize>load<u32>(ADDRESSES + ((key - KEY_FIRST_FILE) << 2));
  store<u64>(ITEM, 0);
  if (key == KEY_SIGNATURE) store<u32>(ITEM, SIGNATURE);
  else if (key == KEY_ID) store<u32>(ITEM, ID_TRADITIONAL_AND_DMA);
  else if (key == KEY_RAM_SIZE) store<u64>(ITEM, ramBytes());
  else if (key == KEY_CPU_COUNT || key == KEY_CPU_MAXIMUM) store<u16>(ITEM, 1);
  return ITEM;
}

function itemSize(key: u32): u32 {
  if (key == KEY_DIRECTORY) return 4 + fwCfg.files * ENTRY_SIZE;
  if (key < KEY_FIRST_FILE) return 8;
  const index = key - KEY_FIRST_FILE;
  return index < fwCfg.files ? bswap<u32>(load<u32>(entryAt(index))) : 0;
}

function select(key: u32): void {
  fwCfg.key = key & 0xffff;
  fwCfg.offset = 0;
}

function writeSelector(_port: u16, value: u32): void {
  select(value);
}

function readData(_port: u16): u32 {
  const offset = fwCfg.offset;
  if (offset >= itemSize(fwCfg.key)) return 0;
  fwCfg.offset = offset + 1;
  return <u32>load<u8>(itemAddress(fwCfg.key) + <usize>offset);
}

// --- DMA: the guest gives the address of a descriptor {u32 control, u32 length, u64 address}, big-endian ---

function readDmaHigh(_port: u16): u32 {
  return bswap<u32>(DMA_SIGNATURE_HIGH);
}
function readDmaLow(_port: u16): u32 {
  return bswap<u32>(DMA_SIGNATURE_LOW);
}
function writeDmaHigh(_port: u16, value: u32): void {
  fwCfg.dmaHigh = bswap<u32>(value);
}

function writeDmaLow(_port: u16, value: u32): void {
  const descriptor = bswap<u32>(value);
  const high = fwCfg.dmaHigh;
  fwCfg.dmaHigh = 0;
  if (high) return; // nothing lies above 4 GiB
  Physical.copyOut(DESCRIPTOR, descriptor, 16);
  const failed = transfer(
    bswap<u32>(load<u32>(DESCRIPTOR)),
    bswap<u32>(load<u32>(DESCRIPTOR, 4)),
    bswap<u64>(load<u64>(DESCRIPTOR, 8)),
  );
  store<u32>(DESCRIPTOR, failed ? bswap<u32>(DMA_ERROR) : 0);
  Physical.copyIn(descriptor, DESCRIPTOR, 4);
}

function transfer(control: u32, length: u32, address: u64): bool {
  if (control & DMA_SELECT) select(control >>> 16);
  if (control & DMA_WRITE) return true;
  const size = itemSize(fwCfg.key);
  const left = fwCfg.offset < size ? size - fwCfg.offset : 0;
  const part = min<u32>(left, length);
  if (control & DMA_READ) {
    if (address >>> 32) return true;
    const target = <u32>address;
    Physical.copyIn(target, itemAddress(fwCfg.key) + <usize>fwCfg.offset, part);
    // Behind its end an item reads as zeros; no reader of ours asks for more than RAM.
    const rest = min<u32>(length - part, ramBytes());
    for (let i: u32 = 0; i < rest; i++) Physical.write(target + part + i, 1, 0);
  } else if (!(control & DMA_SKIP)) {
    return false;
  }
  fwCfg.offset += part;
  return false;
}

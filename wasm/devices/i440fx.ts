// PCI host bridge: Intel 440FX (82441FX), 8086:1237 at 00:00.0. Configuration ports CF8h-CFFh, PAM registers, system ROM.
//
// Not implemented: SMM. The SMRAM register (72h) stores its bits, but A0000h-BFFFFh always belongs to the video card.

import { addDevice, Device } from "../bus/devices";
import { addPciFunction, Pci, pciFunction } from "../bus/pci";
import { onRead, onWrite } from "../bus/ports";
import { RAM, SYSTEM_ROM, SYSTEM_ROM_MAX } from "../layout";
import { mapSplit } from "../memory/physical";

const PORT_ADDRESS: u16 = 0xcf8;
const PORT_DATA: u16 = 0xcfc;

const REG_PAM = 0x59;
const PAM_REGISTERS = 7;
const PAM_READ: u32 = 1;
const PAM_WRITE: u32 = 2;

const REG_SMRAM = 0x72;
const SMRAM_LOCKED: u32 = 0x10;
const SMRAM_OPEN: u32 = 0x40;
const SMRAM_RESET: u32 = 0x02;

const SEGMENT: u32 = 0x4000;
const SEGMENTS_BASE: u32 = 0xc_0000;
const LAST_SEGMENT_BASE: u32 = 0xf_0000;
const FIRMWARE_BASE: u32 = 0xe_0000;
const MEGABYTE: u32 = 0x10_0000;

const CONFIG_SIZE = 256;

@unmanaged
class I440fxState {
  romBytes: u32;
}
const STATE_SIZE = CONFIG_SIZE + <i32>offsetof<I440fxState>();
const STATE = memory.data(STATE_SIZE, 8); // configuration space, then the fields
const CONFIG = STATE;
const bridge = changetype<I440fxState>(STATE + CONFIG_SIZE);
const WRITABLE = memory.data(CONFIG_SIZE, 8);

export function attachI440fx(): void {
  addDevice(Device.I440fx, STATE, STATE_SIZE, reset);
  addPciFunction(pciFunction(0, 0), CONFIG, WRITABLE, configWritten);

  store<u32>(CONFIG, 0x1237_8086);
  store<u16>(CONFIG, 0x0280, 0x06); // fast back-to-back, medium timing
  store<u32>(CONFIG, 0x0600_0002, 0x08); // host bridge, revision 2
  store<u32>(CONFIG, 0x1100_1af4, 0x2c); // says "QEMU" to SeaBIOS

  store<u16>(WRITABLE, 0x0100, 0x04); // SERR#
  store<u8>(WRITABLE, 0xf8, 0x0d); // latency timer
  memory.fill(WRITABLE + 0x50, 0xff, 0x20); // configuration, DRAM timing, PAM, DRAM row boundaries
  store<u16>(WRITABLE, 0xffff, 0x70);
  store<u8>(WRITABLE, 0xff, 0x90);

  onWrite(PORT_ADDRESS, 4, writeAddress);
  onRead(PORT_ADDRESS, 4, readAddress);
  for (let i: u16 = 0; i < 4; i++) {
    onRead(PORT_DATA + i, 1, readData8);
    onWrite(PORT_DATA + i, 1, writeData8);
  }
  for (let i: u16 = 0; i < 3; i++) {
    onRead(PORT_DATA + i, 2, readData16);
    onWrite(PORT_DATA + i, 2, writeData16);
  }
  onRead(PORT_DATA, 4, readData32);
  onWrite(PORT_DATA, 4, writeData32);
}

function reset(): void {
  store<u16>(CONFIG, 0x0006, 0x04); // memory space, bus master
  store<u8>(CONFIG, 0, 0x0d);
  memory.fill(CONFIG + 0x50, 0, 0x50);
  store<u8>(CONFIG, <u8>SMRAM_RESET, REG_SMRAM);
  store<u8>(WRITABLE, 0x7f, REG_SMRAM); // not locked
  mapSegments();
}

/**
 * Host: the system ROM's bytes are at SYSTEM_ROM. It ends at 4 GiB; its last 128 KiB also lie below 1 MiB,
 * where PAM does not give RAM.
 */
export function setSystemRom(length: u32): void {
  bridge.romBytes = min<u32>(length, SYSTEM_ROM_MAX) & ~0xfff;
  const size = bridge.romBytes;
  if (size) mapSplit(0 - size, size, SYSTEM_ROM, 0);
  mapSegments();
}

// --- PAM ---

/** C0000h to EFFFFh in steps of 16 KiB, low nibbles first, then F0000h, which 59h's high nibble rules. */
function mapSegments(): void {
  for (let i: u32 = 0; i < 12; i++) {
    const register = load<u8>(CONFIG + (REG_PAM + 1) + (i >>> 1));
    mapSegment(SEGMENTS_BASE + i * SEGMENT, SEGMENT, (<u32>register) >>> ((i & 1) << 2));
  }
  mapSegment(LAST_SEGMENT_BASE, 4 * SEGMENT, (<u32>load<u8>(CONFIG + REG_PAM)) >>> 4);
}

function mapSegment(address: u32, size: u32, pam: u32): void {
  const read = pam & PAM_READ ? RAM + address : romAt(address);
  const write = pam & PAM_WRITE ? RAM + address : 0;
  mapSplit(address, size, read, write);
}

/** Host address of the ROM's copy below 1 MiB, 0 where there is none. */
function romAt(address: u32): usize {
  const fromEnd = MEGABYTE - address;
  if (address < FIRMWARE_BASE || bridge.romBytes < fromEnd) return 0;
  return SYSTEM_ROM + bridge.romBytes - fromEnd;
}

function configWritten(offset: i32, size: i32): void {
  if (offset < REG_PAM + PAM_REGISTERS && offset + size > REG_PAM) mapSegments();
  if (offset <= REG_SMRAM && offset + size > REG_SMRAM) {
    const smram = <u32>load<u8>(CONFIG, REG_SMRAM);
    if (smram & SMRAM_LOCKED) {
      store<u8>(CONFIG, <u8>(smram & ~SMRAM_OPEN), REG_SMRAM);
      store<u8>(WRITABLE, 0, REG_SMRAM);
    }
  }
}

// --- Configuration ports ---

function writeAddress(_port: u16, value: u32): void {
  Pci.setAddress(value);
}
function readAddress(_port: u16): u32 {
  return Pci.address();
}
function readData8(port: u16): u32 {
  return Pci.readConfig(<u32>(port - PORT_DATA), 1);
}
function readData16(port: u16): u32 {
  return Pci.readConfig(<u32>(port - PORT_DATA), 2);
}
function readData32(_port: u16): u32 {
  return Pci.readConfig(0, 4);
}
function writeData8(port: u16, value: u32): void {
  Pci.writeConfig(<u32>(port - PORT_DATA), 1, value);
}
function writeData16(port: u16, value: u32): void {
  Pci.writeConfig(<u32>(port - PORT_DATA), 2, value);
}
function writeData32(_port: u16, value: u32): void {
  Pci.writeConfig(0, 4, value);
}

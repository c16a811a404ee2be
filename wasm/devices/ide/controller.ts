// PIIX3 IDE controller, PCI function 1 (8086:7010), with its two channels at the compatible ports:
// 1F0h-1F7h, 3F6h, IRQ 14 and 170h-177h, 376h, IRQ 15. Up to four drives, disks (ata.ts) and CD-ROMs (atapi.ts).
//
// Not implemented: the timing registers (kept, without effect).

import { addDevice, Device } from "../../bus/devices";
import { addPciFunction, pciFunction } from "../../bus/pci";
import { onRead, onWrite } from "../../bus/ports";
import { putSignature, resetDisk, runAtaCommand } from "./ata";
import { changeMedium, requestEject, resetCdRom, runAtapiCommand } from "./atapi";
import { mapBusMaster, resetBusMaster } from "./bus-master";
import {
  answerRequest,
  CHANNELS,
  ChannelState,
  clearInterrupt,
  CONTROL_HIGH_ORDER,
  CONTROL_SOFT_RESET,
  DriveKind,
  DRIVES,
  DriveState,
  Ide,
  Phase,
  raiseInterrupt,
  STATE,
  STATE_SIZE,
  STATUS_BUSY,
  STATUS_DATA_REQUEST,
  STATUS_IDLE,
  updateInterrupt,
} from "./state";
import { DataPort } from "./transfer";

const PCI_COMMAND: usize = 0x04;
const PCI_COMMAND_IO: u32 = 1;
const PCI_BAR4: usize = 0x20;
const BAR_IO: u32 = 1;
const CONFIG_SIZE = 256;
const IDETIM_DECODE: u32 = 0x8000_8000; // both channels answer, even when no BIOS has set it

const DIAGNOSTIC_PASSED: u32 = 1;
const NO_CHANNEL: u32 = 0x7f; // the cable pulls D7 low, the others float high

const CONFIG = memory.data(CONFIG_SIZE, 16);
const MAPPED_AT = memory.data(4, 4); // the bus master's place at the moment, as the port map knows it
const WRITABLE = memory.data(CONFIG_SIZE, 16);

export function attachIde(): void {
  addDevice(Device.Ide, STATE, STATE_SIZE, reset);
  addDevice(Device.IdePci, CONFIG, CONFIG_SIZE, resetPci);
  store<u32>(CONFIG, 0x7010_8086);
  store<u32>(CONFIG, 0x0280_0000, 0x04);
  store<u32>(CONFIG, 0x0101_8000, 0x08); // IDE, compatible ports, bus master
  store<u16>(WRITABLE, 0x0005, PCI_COMMAND);
  // The data sheet ties the upper half to 0. SeaBIOS then takes the size for 4 GB and gives up.
  store<u32>(WRITABLE, 0xffff_fff0, PCI_BAR4);
  store<u8>(WRITABLE, 0xff, 0x0d); // latency timer
  memory.fill(WRITABLE + 0x40, 0xff, 5); // IDETIM and SIDETIM
  addPciFunction(pciFunction(1, 1), CONFIG, WRITABLE, configWritten);
  for (let i: u32 = 0; i < <u32>CHANNELS; i++) {
    Ide.channel(i).number = i;
    attachChannel(i == 0 ? 0x1f0 : 0x170, i == 0 ? 0x3f6 : 0x376);
  }
}

function attachChannel(base: u16, control: u16): void {
  onRead(base, 1, readData8);
  onRead(base, 2, readData16);
  onRead(base, 4, readData32);
  onWrite(base, 2, writeData16);
  onWrite(base, 4, writeData32);
  for (let i: u16 = 1; i < 8; i++) {
    onRead(base + i, 1, readRegister);
    onWrite(base + i, 1, writeRegister);
  }
  onRead(control, 1, readAlternateStatus);
  onWrite(control, 1, writeControl);
}

// The primary channel's ports all have bit 7 set, the secondary's clear.
function channelOf(port: u16): ChannelState {
  return Ide.channel((<u32>port) & 0x80 ? 0 : 1);
}

function resetPci(): void {
  store<u16>(CONFIG, 0, PCI_COMMAND);
  store<u32>(CONFIG, BAR_IO, PCI_BAR4);
  store<u32>(CONFIG, IDETIM_DECODE, 0x40);
  store<u8>(CONFIG, 0, 0x44);
  remapBusMaster();
}

function configWritten(_offset: i32, _size: i32): void {
  remapBusMaster();
}

function remapBusMaster(): void {
  const base = load<u32>(CONFIG, PCI_BAR4) & 0xfff0;
  const enabled = load<u16>(CONFIG, PCI_COMMAND) & (<u16>PCI_COMMAND_IO);
  const wanted = enabled ? base : 0;
  const mapped = load<u32>(MAPPED_AT);
  if (wanted == mapped) return;
  if (mapped) mapBusMaster(mapped, false);
  if (wanted) mapBusMaster(wanted, true);
  store<u32>(MAPPED_AT, wanted);
}

function reset(): void {
  for (let i: u32 = 0; i < <u32>CHANNELS; i++) {
    const channel = Ide.channel(i);
    channel.control = 0;
    resetBusMaster(channel);
    for (let j: u32 = 0; j < 2; j++) {
      const drive = Ide.drive(i * 2 + j);
      resetDisk(drive);
      resetCdRom(drive);
    }
    startReset(channel);
    if (!channel.resetting) finishReset(channel);
  }
}

/** Drives are busy until the host has answered what it was asked before: it owns the buffer until then. */
function startReset(channel: ChannelState): void {
  channel.phase = Phase.Idle;
  channel.requested = 0;
  channel.resetting = channel.pending;
  for (let i: u32 = 0; i < 2; i++) Ide.drive(channel.number * 2 + i).status = STATUS_BUSY;
  clearInterrupt(channel);
}

export function finishReset(channel: ChannelState): void {
  if (channel.control & CONTROL_SOFT_RESET) return; // writeControl ends it
  channel.device = 0;
  for (let i: u32 = 0; i < 2; i++) resetDrive(Ide.drive(channel.number * 2 + i));
}

function resetDrive(drive: DriveState): void {
  putSignature(drive);
  drive.error = DIAGNOSTIC_PASSED;
  drive.status = drive.kind == DriveKind.Disk ? STATUS_IDLE : 0;
}

/** EXECUTE DEVICE DIAGNOSTIC: both drives, whichever is selected. */
export function diagnose(channel: ChannelState): void {
  finishReset(channel);
  raiseInterrupt(channel);
}

/** DEVICE RESET, a command of packet drives: only this one, and without an interrupt. */
export function resetDevice(channel: ChannelState, drive: DriveState): void {
  if (channel.pending) {
    startReset(channel);
    return;
  }
  channel.phase = Phase.Idle;
  channel.device &= 0x10;
  resetDrive(drive);
}

function isEmpty(channel: ChannelState): bool {
  const first = channel.number * 2;
  return !Ide.drive(first).kind && !Ide.drive(first + 1).kind;
}

function readData8(port: u16): u32 {
  return DataPort.read16(channelOf(port)) & 0xff;
}

function readData16(port: u16): u32 {
  return DataPort.read16(channelOf(port));
}

function readData32(port: u16): u32 {
  return DataPort.read32(channelOf(port));
}

function writeData16(port: u16, value: u32): void {
  DataPort.write16(channelOf(port), value);
}

function writeData32(port: u16, value: u32): void {
  const channel = channelOf(port);
  DataPort.write16(channel, value);
  DataPort.write16(channel, value >>> 16);
}

function readRegister(port: u16): u32 {
  const channel = channelOf(port);
  const drive = Ide.selected(channel);
  const register = (<u32>port) & 7;
  if (!drive.kind) {
    if (isEmpty(channel)) return NO_CHANNEL;
    return register == 6 ? channel.device | 0xa0 : 0;
  }
  const shift: u32 = channel.control & CONTROL_HIGH_ORDER ? 8 : 0;
  switch (register) {
    case 1:
      return drive.error;
    case 2:
      return (drive.count >>> shift) & 0xff;
    case 3:
      return (drive.lbaLow >>> shift) & 0xff;
    case 4:
      return (drive.lbaMid >>> shift) & 0xff;
    case 5:
      return (drive.lbaHigh >>> shift) & 0xff;
    case 6:
      return channel.device | 0xa0;
    default:
      clearInterrupt(channel);
      return drive.status;
  }
}

function readAlternateStatus(port: u16): u32 {
  const channel = channelOf(port);
  const drive = Ide.selected(channel);
  if (!drive.kind) return isEmpty(channel) ? NO_CHANNEL : 0;
  return drive.status;
}

function writeControl(port: u16, value: u32): void {
  const channel = channelOf(port);
  const before = channel.control;
  channel.control = value;
  if (value & ~before & CONTROL_SOFT_RESET) {
    startReset(channel);
  } else if (before & ~value & CONTROL_SOFT_RESET && !channel.resetting) {
    finishReset(channel);
  }
  updateInterrupt(channel);
}

/** Two bytes deep, for LBA48: the previous one moves up. */
function push(before: u32, value: u32): u32 {
  return ((before & 0xff) << 8) | value;
}

function writeRegister(port: u16, value: u32): void {
  const channel = channelOf(port);
  const register = (<u32>port) & 7;
  channel.control &= ~CONTROL_HIGH_ORDER;
  if (register == 7) {
    writeCommand(channel, value);
    return;
  }
  if (register == 6) {
    channel.device = value & 0x5f;
    return;
  }
  // Both drives see what is written, whichever is selected.
  for (let i: u32 = 0; i < 2; i++) {
    const drive = Ide.drive(channel.number * 2 + i);
    if (drive.status & STATUS_BUSY) continue;
    if (register == 1) drive.features = push(drive.features, value);
    else if (register == 2) drive.count = push(drive.count, value);
    else if (register == 3) drive.lbaLow = push(drive.lbaLow, value);
    else if (register == 4) drive.lbaMid = push(drive.lbaMid, value);
    else drive.lbaHigh = push(drive.lbaHigh, value);
  }
}

function writeCommand(channel: ChannelState, command: u32): void {
  const drive = Ide.selected(channel);
  if (command == 0x90 && !isEmpty(channel) && !channel.pending) {
    clearInterrupt(channel);
    channel.phase = Phase.Idle;
    channel.packet = 0;
    diagnose(channel);
    return;
  }
  if (!drive.kind) return;
  if (command == 0x08 && drive.kind == DriveKind.CdRom) {
    resetDevice(channel, drive);
    return;
  }
  if (channel.pending || drive.status & STATUS_BUSY) return;
  clearInterrupt(channel);
  channel.drive = channel.number * 2 + (channel.device & 0x10 ? 1 : 0);
  channel.packet = 0;
  channel.phase = Phase.Idle;
  drive.status &= ~STATUS_DATA_REQUEST;
  if (drive.kind == DriveKind.CdRom) runAtapiCommand(channel, drive, command);
  else runAtaCommand(channel, drive, command);
}

/** Host: the answer to hostDiskRequest for drives 0-3. */
export function completeIde(drive: i32, status: i32): void {
  answerRequest(<u32>drive, <u32>status);
}

/** Host: plugs a drive in. kind: 0 disk, 1 CD-ROM (with a disc when it has a size). For a machine that is off. */
export function attachIdeDrive(number: i32, kind: i32, sizeBytes: f64): void {
  if (number < 0 || number >= DRIVES) return;
  const drive = Ide.drive(<u32>number);
  drive.kind = kind == 1 ? DriveKind.CdRom : DriveKind.Disk;
  drive.readOnly = 0;
  const sectorSize: f64 = kind == 1 ? 2048 : 512;
  drive.sectors = <u64>Math.ceil(sizeBytes / sectorSize);
  drive.medium = drive.sectors ? 1 : 0;
  resetDisk(drive);
  resetCdRom(drive);
  resetDrive(drive);
}

export function hasIdeDrive(number: i32): bool {
  return Ide.drive(<u32>number).kind != DriveKind.None;
}

/** Host: takes a drive out. */
export function detachIdeDrive(number: i32): void {
  if (number < 0 || number >= DRIVES) return;
  const drive = Ide.drive(<u32>number);
  drive.kind = DriveKind.None;
  drive.sectors = 0;
  drive.medium = 0;
}

/** Host: puts a disc in and closes the tray; a disk drive gets another size and may be read-only. */
export function insertIdeMedium(number: i32, sizeBytes: f64, readOnly: i32): void {
  if (number < 0 || number >= DRIVES) return;
  const drive = Ide.drive(<u32>number);
  if (drive.kind == DriveKind.CdRom) {
    changeMedium(drive, <u64>Math.ceil(sizeBytes / 2048));
  } else if (drive.kind == DriveKind.Disk) {
    drive.sectors = <u64>Math.ceil(sizeBytes / 512);
    drive.readOnly = readOnly ? 1 : 0;
  }
}

/** Host: takes the disc out. Returns 0 when the guest has locked the tray and `force` is 0: the guest is asked. */
export function ejectIdeMedium(number: i32, force: i32): i32 {
  if (number < 0 || number >= DRIVES) return 0;
  const drive = Ide.drive(<u32>number);
  return drive.kind == DriveKind.CdRom ? requestEject(drive, force != 0) : 0;
}

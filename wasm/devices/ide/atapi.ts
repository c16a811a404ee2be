// ATAPI CD-ROM drive (SFF-8020i, MMC-3): a data disc of one track in a tray. Discs above 900 MB are taken for DVDs.
//
// Not implemented: audio, MODE SELECT, READ DVD STRUCTURE, error correction codes in raw sectors, overlapped commands.

import { hostEvent } from "../../host";
import { DiskStatus } from "../../protocol/disk";
import { MachineEvent } from "../../protocol/events";
import { putIdentity, putSignature, setFeatures } from "./ata";
import {
  ChannelState,
  complete,
  DriveState,
  ERROR_ABORTED,
  fail,
  Ide,
  Phase,
  REASON_COMMAND,
  STATUS_DATA_REQUEST,
  STATUS_IDLE,
} from "./state";
import { deliver, fetchChunk } from "./transfer";

const PACKET_SIZE: u32 = 12;
const PACKET_AT: usize = 0x1_f000; // in the buffer, above every answer
const SECTOR: u32 = 2048;
const RAW_SECTOR: u32 = 2352;
const RAW_OFFSET: u32 = 0x1_0000; // raw sectors are made from data further up in the buffer
const CD_SECTORS_MAX: u64 = 450_000;
const LEAD_IN: u32 = 150; // sectors before address 0, in minutes:seconds:frames

const FEATURE_DMA: u32 = 1;

// Sense key << 16 | additional code << 8 | qualifier.
const NOT_READY_BECOMING: u32 = 0x02_3a01; // no medium, tray closed
const NOT_READY_TRAY_OPEN: u32 = 0x02_3a02;
const MEDIUM_ERROR_READ: u32 = 0x03_1100;
const ILLEGAL_COMMAND: u32 = 0x05_2000;
const ILLEGAL_ADDRESS: u32 = 0x05_2100;
const ILLEGAL_FIELD: u32 = 0x05_2400;
const ILLEGAL_SAVING: u32 = 0x05_3900;
const ILLEGAL_LOCKED: u32 = 0x05_5302;
const ILLEGAL_TRACK_MODE: u32 = 0x05_6400;
const ATTENTION_MEDIUM: u32 = 0x2800;

const MEDIA_EVENT_EJECT_REQUEST: u32 = 1;
const MEDIA_EVENT_NEW: u32 = 2;
const MEDIA_EVENT_REMOVAL: u32 = 3;

const PROFILE_CD: u32 = 0x0008;
const PROFILE_DVD: u32 = 0x0010;

// Byte 4 of START STOP UNIT.
const START: u32 = 1;
const LOAD_EJECT: u32 = 2;

const TRACK_DATA: u32 = 0x14; // ADR 1, data track
const LEAD_OUT: u32 = 0xaa;

const SPEED: u16 = 7056; // kB/s: 40 times

// "TANDEM  CD-ROM          1.0 ": vendor, product, revision.
const INQUIRY_TEXT = memory.data<u8>([
  0x54, 0x41, 0x4e, 0x44, 0x45, 0x4d, 0x20, 0x20, 0x43, 0x44, 0x2d, 0x52, 0x4f, 0x4d, 0x20, 0x20,
  0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x31, 0x2e, 0x30, 0x20,
]);

class Big {
  static put16(address: usize, value: u32): void {
    store<u16>(address, bswap<u16>(<u16>value));
  }
  static put32(address: usize, value: u32): void {
    store<u32>(address, bswap<u32>(value));
  }
  static get16(address: usize): u32 {
    return <u32>bswap<u16>(load<u16>(address));
  }
  static get32(address: usize): u32 {
    return bswap<u32>(load<u32>(address));
  }
}

/** The registers tell a packet drive by this. */
export function packetSignature(): u32 {
  return 0xeb14;
}

export function resetCdRom(drive: DriveState): void {
  drive.locked = 0;
  drive.senseKey = 0;
  drive.senseCode = 0;
  drive.attention = 0;
  drive.mediaEvent = 0;
}

/** A disc is put in by the host. */
export function changeMedium(drive: DriveState, sectors: u64): void {
  drive.sectors = sectors;
  drive.medium = sectors ? 1 : 0;
  drive.trayOpen = 0;
  drive.attention = ATTENTION_MEDIUM;
  drive.mediaEvent = MEDIA_EVENT_NEW;
}

/** The button at the tray. */
export function requestEject(drive: DriveState, force: bool): i32 {
  if (drive.locked && !force) {
    drive.mediaEvent = MEDIA_EVENT_EJECT_REQUEST;
    return 0;
  }
  removeMedium(drive);
  return 1;
}

function removeMedium(drive: DriveState): void {
  drive.sectors = 0;
  drive.medium = 0;
  drive.trayOpen = 1;
  drive.locked = 0;
  drive.attention = 0;
  drive.mediaEvent = MEDIA_EVENT_REMOVAL;
}

/** Ends a packet with CHECK CONDITION; the guest asks for the reason with REQUEST SENSE. */
function check(channel: ChannelState, drive: DriveState, sense: u32): void {
  drive.senseKey = sense >>> 16;
  drive.senseCode = sense & 0xffff;
  fail(channel, drive, (drive.senseKey << 4) | ERROR_ABORTED);
}

/** The host could not read. */
export function failPacketRead(channel: ChannelState, drive: DriveState, status: u32): void {
  const gone = status == <u32>DiskStatus.NoMedium;
  check(channel, drive, gone ? NOT_READY_BECOMING : MEDIUM_ERROR_READ);
}

/** A byte written to the command register while a CD-ROM is selected. */
export function runAtapiCommand(channel: ChannelState, drive: DriveState, command: u32): void {
  switch (command) {
    case 0xa0: // PACKET
      channel.packet = 1;
      channel.phase = Phase.Packet;
      channel.cursor = 0;
      channel.end = PACKET_SIZE;
      channel.blockEnd = PACKET_SIZE;
      drive.count = REASON_COMMAND;
      drive.status = STATUS_IDLE | STATUS_DATA_REQUEST;
      return;
    case 0xa1:
      return identifyPacket(channel);
    case 0xef:
      return setFeatures(channel, drive);
    case 0xe5: // CHECK POWER MODE
      drive.count = 0xff;
      return complete(channel, drive);
    case 0xe0: // STANDBY and IDLE, immediate and not, SLEEP, FLUSH CACHE
    case 0xe1:
    case 0xe2:
    case 0xe3:
    case 0xe6:
    case 0xe7:
      return complete(channel, drive);
    case 0xec: // IDENTIFY DEVICE and READ SECTORS tell what this is by the signature
    case 0x20:
      putSignature(drive);
      return fail(channel, drive, ERROR_ABORTED);
    default:
      return fail(channel, drive, ERROR_ABORTED);
  }
}

function identifyPacket(channel: ChannelState): void {
  const page = Ide.buffer(channel);
  putIdentity(page, channel.drive, true);
  store<u16>(page, 0x85c0); // packet device, CD-ROM, removable, answers within 50 us, packets of 12 bytes
  store<u16>(page + 82 * 2, 0x4210); // NOP, DEVICE RESET, PACKET
  store<u16>(page + 85 * 2, 0x4210);
  channel.phase = Phase.PioIn;
  channel.remaining = 0;
  channel.position = 0;
  channel.blockSize = 512;
  deliver(channel, 512);
}

/** All 12 bytes are here. */
export function acceptPacket(channel: ChannelState, drive: DriveState): void {
  const buffer = Ide.buffer(channel);
  memory.copy(buffer + PACKET_AT, buffer, PACKET_SIZE);
  const packet = buffer + PACKET_AT;
  const limit = (drive.lbaMid & 0xff) | ((drive.lbaHigh & 0xff) << 8);
  // Odd limits lose their last byte; 0 is taken for the most, as drives do that do not refuse it.
  channel.blockSize = limit > 1 ? limit & 0xfffe : 0xfffe;
  channel.phase = drive.features & FEATURE_DMA ? Phase.DmaIn : Phase.PioIn;
  channel.remaining = 0;
  runPacket(channel, drive, packet);
}

/** Commands that are answered without regard to a pending unit attention. */
function isInformative(command: u32): bool {
  return command == 0x12 || command == 0x03 || command == 0x4a || command == 0x46;
}

function needsMedium(command: u32): bool {
  switch (command) {
    case 0x00: // TEST UNIT READY
    case 0x25: // READ CAPACITY
    case 0x28: // READ
    case 0xa8:
    case 0xbe: // READ CD
    case 0xb9:
    case 0x2b: // SEEK
    case 0x2f: // VERIFY
    case 0x42: // READ SUB-CHANNEL
    case 0x43: // READ TOC
    case 0x51: // READ DISC INFORMATION
    case 0x52: // READ TRACK INFORMATION
      return true;
    default:
      return false;
  }
}

function runPacket(channel: ChannelState, drive: DriveState, packet: usize): void {
  const command = <u32>load<u8>(packet);
  if (drive.attention && !isInformative(command)) {
    const attention = drive.attention;
    drive.attention = 0;
    return check(channel, drive, 0x06_0000 | attention);
  }
  if (!drive.medium && needsMedium(command)) {
    return check(channel, drive, drive.trayOpen ? NOT_READY_TRAY_OPEN : NOT_READY_BECOMING);
  }
  if (command != 0x03) {
    drive.senseKey = 0;
    drive.senseCode = 0;
  }
  switch (command) {
    case 0x00: // TEST UNIT READY
    case 0x35: // SYNCHRONIZE CACHE
    case 0x4e: // STOP PLAY
    case 0xbb: // SET CD SPEED
      return complete(channel, drive);
    case 0x03:
      return requestSense(channel, drive, packet);
    case 0x12:
      return inquiry(channel, drive, packet);
    case 0x1a:
      return modeSense(channel, drive, packet, 4, <u32>load<u8>(packet, 4));
    case 0x5a:
      return modeSense(channel, drive, packet, 8, Big.get16(packet + 7));
    case 0x1b:
      return startStop(channel, drive, <u32>load<u8>(packet, 4));
    case 0x1e: // PREVENT/ALLOW MEDIUM REMOVAL
      drive.locked = load<u8>(packet, 4) & 1;
      return complete(channel, drive);
    case 0x25:
      return readCapacity(channel, drive);
    case 0x28:
      return readSectors(channel, drive, Big.get32(packet + 2), Big.get16(packet + 7), SECTOR);
    case 0xa8:
      return readSectors(channel, drive, Big.get32(packet + 2), Big.get32(packet + 6), SECTOR);
    case 0x2b: // SEEK, VERIFY
    case 0x2f:
      if (<u64>Big.get32(packet + 2) >= drive.sectors) {
        return check(channel, drive, ILLEGAL_ADDRESS);
      }
      return complete(channel, drive);
    case 0x42:
      return readSubChannel(channel, drive, packet);
    case 0x43:
      return readToc(channel, drive, packet);
    case 0x46:
      return getConfiguration(channel, drive, packet);
    case 0x4a:
      return getEventStatus(channel, drive, packet);
    case 0x51:
      return readDiscInformation(channel, packet);
    case 0x52:
      return readTrackInformation(channel, drive, packet);
    case 0xb9:
      return readCdMsf(channel, drive, packet);
    case 0xbe: {
      const count = ((<u32>load<u8>(packet, 6)) << 16) | Big.get16(packet + 7);
      return readCd(channel, drive, packet, Big.get32(packet + 2), count);
    }
    case 0xbd:
      return mechanismStatus(channel, drive, packet);
    default:
      return check(channel, drive, ILLEGAL_COMMAND);
  }
}

/** Sends an answer from the start of the buffer, as much as the guest has room for. */
function answer(channel: ChannelState, length: u32, room: u32): void {
  const size = min<u32>(length, room);
  if (size) deliver(channel, size);
  else complete(channel, Ide.active(channel));
}

function answerBuffer(channel: ChannelState, size: u32): usize {
  const buffer = Ide.buffer(channel);
  memory.fill(buffer, 0, size);
  return buffer;
}

function requestSense(channel: ChannelState, drive: DriveState, packet: usize): void {
  const sense = answerBuffer(channel, 18);
  if (!drive.senseKey && drive.attention) {
    drive.senseKey = 6;
    drive.senseCode = drive.attention;
    drive.attention = 0;
  }
  store<u8>(sense, 0x70);
  store<u8>(sense, <u8>drive.senseKey, 2);
  store<u8>(sense, 10, 7);
  store<u8>(sense, <u8>(drive.senseCode >>> 8), 12);
  store<u8>(sense, <u8>drive.senseCode, 13);
  drive.senseKey = 0;
  drive.senseCode = 0;
  answer(channel, 18, <u32>load<u8>(packet, 4));
}

function inquiry(channel: ChannelState, drive: DriveState, packet: usize): void {
  if (load<u8>(packet, 1) & 1 || load<u8>(packet, 2)) return check(channel, drive, ILLEGAL_FIELD);
  const room = <u32>load<u8>(packet, 4);
  const data = answerBuffer(channel, 36);
  store<u8>(data, 5); // CD-ROM
  store<u8>(data, 0x80, 1); // removable
  store<u8>(data, 0x21, 3); // ATAPI
  store<u8>(data, 31, 4);
  memory.copy(data + 8, INQUIRY_TEXT, 28);
  answer(channel, 36, room);
}

/** Writes one mode page, returns its length; 0 for one that this drive does not have. */
function putModePage(page: usize, code: u32, drive: DriveState, changeable: bool): u32 {
  let size: u32 = 0;
  if (code == 0x01) size = 12;
  else if (code == 0x0e) size = 16;
  else if (code == 0x2a) size = 22;
  if (!size) return 0;
  memory.fill(page, 0, size);
  store<u8>(page, <u8>code);
  store<u8>(page, <u8>(size - 2), 1);
  if (changeable) return size;
  if (code == 0x01) {
    store<u8>(page, 5, 3); // read retries
  } else if (code == 0x0e) {
    store<u8>(page, 4, 2); // immediate
  } else {
    store<u8>(page, 0x0b, 2); // reads CD-R, CD-RW, DVD
    store<u8>(page, 0x70, 4); // mode 2 forms 1 and 2, multisession
    store<u8>(page, <u8>(0x29 | (drive.locked ? 2 : 0)), 6); // tray, eject, lock
    Big.put16(page + 8, SPEED);
    Big.put16(page + 12, 128); // kB of buffer
    Big.put16(page + 14, SPEED);
  }
  return size;
}

function modeSense(
  channel: ChannelState,
  drive: DriveState,
  packet: usize,
  header: u32,
  room: u32,
): void {
  const code = (<u32>load<u8>(packet, 2)) & 0x3f;
  const control = (<u32>load<u8>(packet, 2)) >>> 6;
  if (control == 3) return check(channel, drive, ILLEGAL_SAVING);
  const data = answerBuffer(channel, header);
  const changeable = control == 1;
  let size = header;
  if (code == 0x3f) {
    size += putModePage(data + size, 0x01, drive, changeable);
    size += putModePage(data + size, 0x0e, drive, changeable);
    size += putModePage(data + size, 0x2a, drive, changeable);
  } else {
    const page = putModePage(data + size, code, drive, changeable);
    if (!page) return check(channel, drive, ILLEGAL_FIELD);
    size += page;
  }
  const mediumType: u32 = drive.medium ? 0x01 : drive.trayOpen ? 0x71 : 0x70;
  if (header == 8) {
    Big.put16(data, size - 2);
    store<u8>(data, <u8>mediumType, 2);
  } else {
    store<u8>(data, <u8>(size - 1));
    store<u8>(data, <u8>mediumType, 1);
  }
  answer(channel, size, room);
}

function startStop(channel: ChannelState, drive: DriveState, action: u32): void {
  // A power condition in the high bits makes the low ones void.
  if (action & 0xf0 || !(action & LOAD_EJECT)) return complete(channel, drive);
  if (action & START) {
    if (drive.trayOpen) {
      drive.trayOpen = 0;
      hostEvent(MachineEvent.TrayClose, <i32>channel.drive, 0);
    }
  } else {
    if (drive.locked) return check(channel, drive, ILLEGAL_LOCKED);
    if (!drive.trayOpen) {
      removeMedium(drive);
      hostEvent(MachineEvent.TrayOpen, <i32>channel.drive, 0);
    }
  }
  complete(channel, drive);
}

function readCapacity(channel: ChannelState, drive: DriveState): void {
  const data = answerBuffer(channel, 8);
  Big.put32(data, <u32>(drive.sectors - 1));
  Big.put32(data + 4, SECTOR);
  answer(channel, 8, 8);
}

function readSectors(
  channel: ChannelState,
  drive: DriveState,
  address: u32,
  count: u32,
  sectorSize: u32,
): void {
  if (<u64>address + <u64>count > drive.sectors) return check(channel, drive, ILLEGAL_ADDRESS);
  if (!count) return complete(channel, drive);
  channel.position = <u64>address;
  channel.remaining = count;
  channel.sectorSize = sectorSize;
  // Whole sectors per block where the guest's limit allows it.
  if (channel.blockSize >= sectorSize) channel.blockSize -= channel.blockSize % sectorSize;
  fetchChunk(channel);
}

function readCd(
  channel: ChannelState,
  drive: DriveState,
  packet: usize,
  address: u32,
  count: u32,
): void {
  const type = ((<u32>load<u8>(packet, 1)) >>> 2) & 7;
  if (type == 1) return check(channel, drive, ILLEGAL_TRACK_MODE); // audio
  const fields = (<u32>load<u8>(packet, 9)) & 0xf8;
  if (fields == 0x10) return readSectors(channel, drive, address, count, SECTOR);
  if (fields == 0xf8) return readSectors(channel, drive, address, count, RAW_SECTOR);
  if (fields == 0) return complete(channel, drive);
  check(channel, drive, ILLEGAL_FIELD);
}

function sectorOfMsf(packet: usize): i32 {
  const seconds = <i32>load<u8>(packet) * 60 + <i32>load<u8>(packet, 1);
  return seconds * 75 + <i32>load<u8>(packet, 2) - <i32>LEAD_IN;
}

function readCdMsf(channel: ChannelState, drive: DriveState, packet: usize): void {
  const first = sectorOfMsf(packet + 3);
  const end = sectorOfMsf(packet + 6);
  if (first < 0 || end < first) return check(channel, drive, ILLEGAL_FIELD);
  readCd(channel, drive, packet, <u32>first, <u32>(end - first));
}

/** Where in the buffer the host's data go: raw sectors are expanded towards the front. */
export function hostSectorOffset(channel: ChannelState): u32 {
  return channel.sectorSize == RAW_SECTOR ? RAW_OFFSET : 0;
}

/** Makes raw sectors (mode 1) of the data that the host has put in. */
export function expandSectors(channel: ChannelState): void {
  if (channel.sectorSize != RAW_SECTOR) return;
  const buffer = Ide.buffer(channel);
  const count = channel.end / RAW_SECTOR;
  const first = <u32>channel.position - count;
  for (let i: u32 = 0; i < count; i++) {
    const raw = buffer + <usize>(i * RAW_SECTOR);
    memory.copy(raw + 16, buffer + <usize>(RAW_OFFSET + i * SECTOR), SECTOR);
    memory.fill(raw, 0xff, 12); // sync
    store<u8>(raw, 0);
    store<u8>(raw, 0, 11);
    putMsf(raw + 12, first + i + LEAD_IN, true);
    store<u8>(raw, 1, 15); // mode
    memory.fill(raw + 16 + <usize>SECTOR, 0, RAW_SECTOR - SECTOR - 16);
  }
}

function putMsf(at: usize, frames: u32, bcd: bool): void {
  putDigits(at, frames / (60 * 75), bcd);
  putDigits(at + 1, (frames / 75) % 60, bcd);
  putDigits(at + 2, frames % 75, bcd);
}

function putDigits(at: usize, value: u32, bcd: bool): void {
  store<u8>(at, <u8>(bcd ? ((value / 10) << 4) | (value % 10) : value));
}

/** An address of four bytes, as a sector number or as minutes, seconds and frames. */
function putAddress(at: usize, sector: u32, msf: bool): void {
  if (msf) {
    store<u8>(at, 0);
    putMsf(at + 1, sector + LEAD_IN, false);
  } else {
    Big.put32(at, sector);
  }
}

/** A track descriptor of TOC formats 0 and 1. */
function putTrack(at: usize, track: u32, sector: u32, msf: bool): void {
  store<u32>(at, 0);
  store<u8>(at, <u8>TRACK_DATA, 1);
  store<u8>(at, <u8>track, 2);
  putAddress(at + 4, sector, msf);
}

/** An entry of the full TOC: a point, and what is said about it. */
function putPoint(at: usize, point: u32, minutes: u32, seconds: u32, frames: u32): void {
  memory.fill(at, 0, 11);
  store<u8>(at, 1); // session
  store<u8>(at, <u8>TRACK_DATA, 1);
  store<u8>(at, <u8>point, 3);
  store<u8>(at, <u8>minutes, 8);
  store<u8>(at, <u8>seconds, 9);
  store<u8>(at, <u8>frames, 10);
}

function readToc(channel: ChannelState, drive: DriveState, packet: usize): void {
  const msf = (load<u8>(packet, 1) & 2) != 0;
  const track = <u32>load<u8>(packet, 6);
  const room = Big.get16(packet + 7);
  // Drives before MMC had the format in the last byte.
  let format = (<u32>load<u8>(packet, 2)) & 0x0f;
  if (!format) format = (<u32>load<u8>(packet, 9)) >>> 6;
  const data = answerBuffer(channel, 64);
  const end = <u32>drive.sectors;
  let size: u32 = 4;
  store<u8>(data, 1, 2); // first and last track, or session
  store<u8>(data, 1, 3);
  if (format == 0) {
    if (track > 1 && track != LEAD_OUT) return check(channel, drive, ILLEGAL_FIELD);
    if (track <= 1) {
      putTrack(data + size, 1, 0, msf);
      size += 8;
    }
    putTrack(data + size, LEAD_OUT, end, msf);
    size += 8;
  } else if (format == 1) {
    putTrack(data + size, 1, 0, msf);
    size += 8;
  } else if (format == 2) {
    const frames = end + LEAD_IN;
    putPoint(data + size, 0xa0, 1, 0, 0); // first track
    putPoint(data + size + 11, 0xa1, 1, 0, 0); // last track
    putPoint(data + size + 22, 0xa2, frames / (60 * 75), (frames / 75) % 60, frames % 75);
    putPoint(data + size + 33, 1, 0, 2, 0);
    size += 44;
  } else {
    return check(channel, drive, ILLEGAL_FIELD);
  }
  Big.put16(data, size - 2);
  answer(channel, size, room);
}

function readSubChannel(channel: ChannelState, drive: DriveState, packet: usize): void {
  const msf = (load<u8>(packet, 1) & 2) != 0;
  const wanted = (load<u8>(packet, 2) & 0x40) != 0;
  const format = <u32>load<u8>(packet, 3);
  const room = Big.get16(packet + 7);
  const data = answerBuffer(channel, 24);
  store<u8>(data, 0x15, 1); // no audio status to return
  if (!wanted) return answer(channel, 4, room);
  if (format == 0 || format > 3) return check(channel, drive, ILLEGAL_FIELD);
  const size: u32 = format == 1 ? 16 : 24;
  Big.put16(data + 2, size - 4);
  store<u8>(data, <u8>format, 4);
  if (format == 1) {
    store<u8>(data, <u8>TRACK_DATA, 5);
    store<u8>(data, 1, 6);
    store<u8>(data, 1, 7);
    putAddress(data + 8, 0, msf);
    putAddress(data + 12, 0, msf);
  }
  answer(channel, size, room);
}

function profile(drive: DriveState): u32 {
  if (!drive.medium) return 0;
  return drive.sectors > CD_SECTORS_MAX ? PROFILE_DVD : PROFILE_CD;
}

/** Writes a feature descriptor's head; returns the place after its `extra` bytes. */
function putFeature(at: usize, code: u32, flags: u32, extra: u32): usize {
  Big.put16(at, code);
  store<u8>(at, <u8>flags, 2);
  store<u8>(at, <u8>extra, 3);
  memory.fill(at + 4, 0, extra);
  return at + 4 + <usize>extra;
}

/** One feature by its number; nothing for one that this drive does not have. */
function putFeatureNumber(at: usize, code: u32, drive: DriveState): usize {
  const current = profile(drive);
  const readable: u32 = current ? 1 : 0;
  let end = at;
  switch (code) {
    case 0x000: // profile list
      end = putFeature(at, code, 0x03, 8);
      Big.put16(at + 4, PROFILE_DVD);
      store<u8>(at, current == PROFILE_DVD ? 1 : 0, 6);
      Big.put16(at + 8, PROFILE_CD);
      store<u8>(at, current == PROFILE_CD ? 1 : 0, 10);
      break;
    case 0x001: // core
      end = putFeature(at, code, 0x0b, 8);
      Big.put32(at + 4, 2); // ATAPI
      store<u8>(at, 1, 8); // device busy events
      break;
    case 0x003: // removable medium
      end = putFeature(at, code, 0x03, 4);
      store<u8>(at, 0x29, 4); // tray, eject, lock
      break;
    case 0x010: // random readable
      end = putFeature(at, code, readable, 8);
      Big.put32(at + 4, SECTOR);
      Big.put16(at + 8, 16);
      break;
    case 0x01d: // multi-read
      end = putFeature(at, code, current == PROFILE_CD ? 1 : 0, 0);
      break;
    case 0x01e: // CD read
      end = putFeature(at, code, 0x08 | (current == PROFILE_CD ? 1 : 0), 4);
      break;
    case 0x01f: // DVD read
      end = putFeature(at, code, current == PROFILE_DVD ? 1 : 0, 0);
      break;
    case 0x100: // power management
      end = putFeature(at, code, 0x03, 0);
      break;
    default:
      break;
  }
  return end;
}

function getConfiguration(channel: ChannelState, drive: DriveState, packet: usize): void {
  const kind = (<u32>load<u8>(packet, 1)) & 3;
  const first = Big.get16(packet + 2);
  const room = Big.get16(packet + 7);
  if (kind == 3) return check(channel, drive, ILLEGAL_FIELD);
  const data = answerBuffer(channel, 8);
  Big.put16(data + 6, profile(drive));
  let at = data + 8;
  const last: u32 = kind == 2 ? first : 0x100;
  for (let code = first; code <= last; code++) {
    const end = putFeatureNumber(at, code, drive);
    // Kind 1 asks for what is current only.
    if (end != at && (kind != 1 || load<u8>(at, 2) & 1)) at = end;
  }
  const size = <u32>(at - data);
  Big.put32(data, size - 4);
  answer(channel, size, room);
}

function getEventStatus(channel: ChannelState, drive: DriveState, packet: usize): void {
  const MEDIA_CLASS: u32 = 4;
  const room = Big.get16(packet + 7);
  const classes = <u32>load<u8>(packet, 4);
  // Only polling; a queue of events would need overlapped commands.
  if (!(load<u8>(packet, 1) & 1)) return check(channel, drive, ILLEGAL_FIELD);
  const data = answerBuffer(channel, 8);
  store<u8>(data, <u8>((<u32>1) << MEDIA_CLASS), 3);
  if (!(classes & ((<u32>1) << MEDIA_CLASS))) {
    Big.put16(data, 2);
    store<u8>(data, 0x80, 2); // no event of the classes asked for
    return answer(channel, 4, room);
  }
  Big.put16(data, 6);
  store<u8>(data, <u8>MEDIA_CLASS, 2);
  store<u8>(data, <u8>drive.mediaEvent, 4);
  store<u8>(data, <u8>((drive.trayOpen ? 1 : 0) | (drive.medium ? 2 : 0)), 5);
  if (room > 4) drive.mediaEvent = 0;
  answer(channel, 8, room);
}

function readDiscInformation(channel: ChannelState, packet: usize): void {
  const room = Big.get16(packet + 7);
  const data = answerBuffer(channel, 34);
  Big.put16(data, 32);
  store<u8>(data, 0x0e, 2); // complete, last session complete
  store<u8>(data, 1, 3); // first track
  store<u8>(data, 1, 4); // sessions
  store<u8>(data, 1, 5); // first and last track of the last session
  store<u8>(data, 1, 6);
  store<u8>(data, 0x20, 7); // unrestricted use
  memory.fill(data + 16, 0xff, 8); // no further lead-in, lead-out
  answer(channel, 34, room);
}

function readTrackInformation(channel: ChannelState, drive: DriveState, packet: usize): void {
  const room = Big.get16(packet + 7);
  const type = (<u32>load<u8>(packet, 1)) & 3;
  const address = Big.get32(packet + 2);
  if (type == 1 ? address > 1 : type == 0 && <u64>address >= drive.sectors) {
    return check(channel, drive, ILLEGAL_FIELD);
  }
  const data = answerBuffer(channel, 28);
  Big.put16(data, 26);
  store<u8>(data, 1, 2); // track
  store<u8>(data, 1, 3); // session
  store<u8>(data, 4, 5); // data track
  store<u8>(data, 1, 6); // data mode 1
  Big.put32(data + 24, <u32>drive.sectors);
  answer(channel, 28, room);
}

function mechanismStatus(channel: ChannelState, drive: DriveState, packet: usize): void {
  const room = Big.get16(packet + 8);
  const data = answerBuffer(channel, 8);
  store<u8>(data, drive.trayOpen ? 0x10 : 0, 1);
  answer(channel, 8, room);
}

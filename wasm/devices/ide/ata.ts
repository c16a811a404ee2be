// ATA hard disk (ATA/ATAPI-6): IDENTIFY, PIO and DMA with CHS, 28- and 48-bit addresses, power and set-up commands.
//
// Not implemented: SMART, security, SET MAX, overlapped and queued commands, APM, 8-bit transfers.

import { DiskOperation, DiskStatus } from "../../protocol/disk";
import { packetSignature } from "./atapi";
import { diagnose } from "./controller";
import {
  ChannelState,
  complete,
  DEVICE_LBA,
  DriveKind,
  DriveState,
  ERROR_ABORTED,
  ERROR_ID_NOT_FOUND,
  ERROR_UNCORRECTABLE,
  fail,
  Ide,
  Phase,
  requestHost,
  STATUS_BUSY,
} from "./state";
import { deliver, fetchChunk, startWrite } from "./transfer";

const SECTOR: u32 = 512;
const MULTIPLE_MAX: u32 = 16; // sectors per block; a power of two, so that blocks never straddle a chunk
const LBA28_SECTORS: u64 = 0x0fff_ffff;
const CHS_CYLINDERS_MAX: u64 = 16383;

const FEATURE_WRITE_CACHE: u32 = 0x02;
const FEATURE_TRANSFER_MODE: u32 = 0x03;
const FEATURE_NO_READ_AHEAD: u32 = 0x55;
const FEATURE_NO_REVERT: u32 = 0x66;
const FEATURE_NO_WRITE_CACHE: u32 = 0x82;
const FEATURE_READ_AHEAD: u32 = 0xaa;
const FEATURE_REVERT: u32 = 0xcc;

const MODE_MULTIWORD_DMA: u32 = 0x20;
const MODE_ULTRA_DMA: u32 = 0x40;

const CAPABILITIES: u16 = 0x0b00; // DMA, LBA, IORDY
const WORDS_VALID: u16 = 0x0007; // 54-58, 64-70, 88
const MULTIWORD_MODES: u32 = 0x07;
const ULTRA_MODES: u32 = 0x07;
const CYCLE_TIME: u16 = 120; // nanoseconds, of multiword DMA mode 2 and PIO mode 4
const COMMANDS_NOP_CACHE_POWER: u16 = 0x4028;
const COMMANDS_FLUSH_LBA48: u16 = 0x7400;
const COMMANDS_VALID: u16 = 0x4000;

// "Tandem hard disk" and "Tandem CD-ROM" in 40 bytes, "1.0" in 8, "TANDEM-0000" in 20; blanks are added.
const MODEL_DISK = memory.data<u8>([
  0x54, 0x61, 0x6e, 0x64, 0x65, 0x6d, 0x20, 0x68, 0x61, 0x72, 0x64, 0x20, 0x64, 0x69, 0x73, 0x6b,
]);
const MODEL_CD = memory.data<u8>([
  0x54, 0x61, 0x6e, 0x64, 0x65, 0x6d, 0x20, 0x43, 0x44, 0x2d, 0x52, 0x4f, 0x4d,
]);
const FIRMWARE = memory.data<u8>([0x31, 0x2e, 0x30]);
const SERIAL = memory.data<u8>([0x54, 0x41, 0x4e, 0x44, 0x45, 0x4d, 0x2d, 0x30, 0x30, 0x30, 0x30]);

/** The translation that the drive has at power-on and tells in IDENTIFY. */
class Geometry {
  @inline static heads(_drive: DriveState): u32 {
    return 16;
  }
  @inline static sectors(_drive: DriveState): u32 {
    return 63;
  }
  static cylinders(drive: DriveState): u32 {
    const perCylinder = <u64>(Geometry.heads(drive) * Geometry.sectors(drive));
    return <u32>max<u64>(1, min<u64>(CHS_CYLINDERS_MAX, drive.sectors / perCylinder));
  }
}

/** Power-on and hardware reset. */
export function resetDisk(drive: DriveState): void {
  drive.heads = Geometry.heads(drive);
  drive.sectorsPerTrack = Geometry.sectors(drive);
  drive.multiple = 0;
  drive.transferMode = MODE_MULTIWORD_DMA | 2;
  drive.writeCache = 1;
}

/** The address in the registers, as a sector number. */
function addressOf(channel: ChannelState, drive: DriveState, extended: bool): u64 {
  const low = drive.lbaLow & 0xff;
  const bytes = <u64>(low | ((drive.lbaMid & 0xff) << 8) | ((drive.lbaHigh & 0xff) << 16));
  if (extended) {
    return (
      bytes |
      ((<u64>(drive.lbaLow >>> 8)) << 24) |
      ((<u64>(drive.lbaMid >>> 8)) << 32) |
      ((<u64>(drive.lbaHigh >>> 8)) << 40)
    );
  }
  const head = <u64>(channel.device & 0x0f);
  if (channel.device & DEVICE_LBA) return bytes | (head << 24);
  if (low == 0) return u64.MAX_VALUE; // CHS sectors count from 1
  if (low > drive.sectorsPerTrack || head >= <u64>drive.heads) return u64.MAX_VALUE;
  return ((bytes >>> 8) * drive.heads + head) * drive.sectorsPerTrack + low - 1;
}

/** The registers after a command: where it ended, in the form the command used. */
export function storeAddress(channel: ChannelState, drive: DriveState, sector: u64): void {
  if (channel.device & DEVICE_LBA) {
    // The high bytes of an LBA48 command are kept; the low 28 bits of others too.
    const extended = drive.lbaExtended != 0;
    drive.lbaLow = (<u32>(sector & 0xff)) | (extended ? (<u32>((sector >>> 24) & 0xff)) << 8 : 0);
    drive.lbaMid =
      (<u32>((sector >>> 8) & 0xff)) | (extended ? (<u32>((sector >>> 32) & 0xff)) << 8 : 0);
    drive.lbaHigh =
      (<u32>((sector >>> 16) & 0xff)) | (extended ? (<u32>((sector >>> 40) & 0xff)) << 8 : 0);
    if (!extended) channel.device = (channel.device & 0xf0) | (<u32>((sector >>> 24) & 0x0f));
  } else {
    const track = sector / drive.sectorsPerTrack;
    const cylinder = <u32>(track / drive.heads);
    drive.lbaLow = <u32>(sector % drive.sectorsPerTrack) + 1;
    drive.lbaMid = cylinder & 0xff;
    drive.lbaHigh = (cylinder >>> 8) & 0xff;
    channel.device = (channel.device & 0xf0) | (<u32>(track % drive.heads));
  }
}

/** The sector count of a command; 0 means the most. */
function countOf(drive: DriveState, extended: bool): u32 {
  if (extended) return drive.count & 0xffff ? drive.count & 0xffff : 0x1_0000;
  return drive.count & 0xff ? drive.count & 0xff : 256;
}

/** The host could not do it. */
export function failAta(channel: ChannelState, drive: DriveState, status: u32): void {
  const sectors = channel.end / SECTOR;
  if (channel.phase != <u32>Phase.Command && channel.position >= sectors) {
    storeAddress(channel, drive, channel.position - sectors);
  }
  fail(channel, drive, status == <u32>DiskStatus.Error ? ERROR_UNCORRECTABLE : ERROR_ABORTED);
}

/** Takes the address and count from the registers; false when they do not lie on the disk. */
function locate(channel: ChannelState, drive: DriveState, extended: bool): bool {
  const address = addressOf(channel, drive, extended);
  const count = countOf(drive, extended);
  drive.lbaExtended = extended ? 1 : 0;
  if (address >= drive.sectors || drive.sectors - address < <u64>count) {
    fail(channel, drive, ERROR_ID_NOT_FOUND);
    return false;
  }
  channel.position = address;
  channel.remaining = count;
  channel.sectorSize = SECTOR;
  return true;
}

function read(channel: ChannelState, drive: DriveState, extended: bool, blockSectors: u32): void {
  if (!blockSectors) return fail(channel, drive, ERROR_ABORTED);
  if (!locate(channel, drive, extended)) return;
  channel.phase = Phase.PioIn;
  channel.blockSize = blockSectors * SECTOR;
  fetchChunk(channel);
}

function write(channel: ChannelState, drive: DriveState, extended: bool, blockSectors: u32): void {
  if (!blockSectors || drive.readOnly) return fail(channel, drive, ERROR_ABORTED);
  if (!locate(channel, drive, extended)) return;
  channel.phase = Phase.PioOut;
  channel.blockSize = blockSectors * SECTOR;
  startWrite(channel, drive);
}

function readDma(channel: ChannelState, drive: DriveState, extended: bool): void {
  if (!locate(channel, drive, extended)) return;
  channel.phase = Phase.DmaIn;
  fetchChunk(channel);
}

function writeDma(channel: ChannelState, drive: DriveState, extended: bool): void {
  if (drive.readOnly) return fail(channel, drive, ERROR_ABORTED);
  if (!locate(channel, drive, extended)) return;
  channel.phase = Phase.DmaOut;
  drive.status = STATUS_BUSY;
  startWrite(channel, drive);
}

function verify(channel: ChannelState, drive: DriveState, extended: bool): void {
  if (!locate(channel, drive, extended)) return;
  storeAddress(channel, drive, channel.position + <u64>channel.remaining - 1);
  drive.count = 0;
  complete(channel, drive);
}

function seek(channel: ChannelState, drive: DriveState): void {
  if (addressOf(channel, drive, false) >= drive.sectors) fail(channel, drive, ERROR_ID_NOT_FOUND);
  else complete(channel, drive);
}

function flush(channel: ChannelState): void {
  channel.phase = Phase.Command;
  requestHost(channel, DiskOperation.Flush, 0, 0, 0);
}

function setMultiple(channel: ChannelState, drive: DriveState): void {
  const sectors = drive.count & 0xff;
  if (sectors > MULTIPLE_MAX || sectors & (sectors - 1)) return fail(channel, drive, ERROR_ABORTED);
  drive.multiple = sectors;
  complete(channel, drive);
}

function initializeParameters(channel: ChannelState, drive: DriveState): void {
  const sectors = drive.count & 0xff;
  if (!sectors) return fail(channel, drive, ERROR_ABORTED);
  drive.sectorsPerTrack = sectors;
  drive.heads = (channel.device & 0x0f) + 1;
  complete(channel, drive);
}

/** Also of CD-ROM drives. */
export function setFeatures(channel: ChannelState, drive: DriveState): void {
  const mode = drive.count & 0xff;
  switch (drive.features & 0xff) {
    case FEATURE_WRITE_CACHE:
      drive.writeCache = 1;
      break;
    case FEATURE_NO_WRITE_CACHE:
      drive.writeCache = 0;
      break;
    case FEATURE_TRANSFER_MODE: {
      const family = mode & 0xf8;
      const number = mode & 7;
      if (family == MODE_MULTIWORD_DMA || family == MODE_ULTRA_DMA) {
        if (number > 2) return fail(channel, drive, ERROR_ABORTED);
        drive.transferMode = mode;
      } else if (family > 8 || number > 4) {
        return fail(channel, drive, ERROR_ABORTED);
      }
      break;
    }
    case FEATURE_READ_AHEAD:
    case FEATURE_NO_READ_AHEAD:
    case FEATURE_REVERT:
    case FEATURE_NO_REVERT:
      break;
    default:
      return fail(channel, drive, ERROR_ABORTED);
  }
  complete(channel, drive);
}

function readNativeMax(channel: ChannelState, drive: DriveState, extended: bool): void {
  drive.lbaExtended = extended ? 1 : 0;
  const last = drive.sectors - 1;
  if (extended) {
    channel.device |= DEVICE_LBA;
    storeAddress(channel, drive, last);
  } else {
    channel.device |= DEVICE_LBA;
    storeAddress(channel, drive, min<u64>(last, LBA28_SECTORS));
  }
  complete(channel, drive);
}

/** An ATA string: two characters per word, the first in the high byte, padded with blanks. */
function putText(words: usize, text: usize, length: u32, size: u32): void {
  for (let i: u32 = 0; i < size; i++) {
    const character: u32 = i < length ? <u32>load<u8>(text + <usize>i) : 0x20;
    store<u8>(words + <usize>(i ^ 1), <u8>character);
  }
}

/** What IDENTIFY DEVICE and IDENTIFY PACKET DEVICE have in common. */
export function putIdentity(page: usize, number: u32, cd: bool): void {
  const drive = Ide.drive(number);
  memory.fill(page, 0, SECTOR);
  putText(page + 20, SERIAL, 11, 20);
  store<u8>(page + 20 + (10 ^ 1), <u8>(0x31 + number));
  putText(page + 46, FIRMWARE, 3, 8);
  if (cd) putText(page + 54, MODEL_CD, 13, 40);
  else putText(page + 54, MODEL_DISK, 16, 40);
  store<u16>(page + 49 * 2, CAPABILITIES);
  store<u16>(page + 51 * 2, 0x0200);
  store<u16>(page + 52 * 2, 0x0200);
  store<u16>(page + 53 * 2, WORDS_VALID);
  const selected: u32 = (<u32>0x100) << (drive.transferMode & 7);
  const family = drive.transferMode & 0xf8;
  store<u16>(page + 63 * 2, <u16>(MULTIWORD_MODES | (family == MODE_MULTIWORD_DMA ? selected : 0)));
  store<u16>(page + 64 * 2, 0x0003); // PIO modes 3 and 4
  for (let word: usize = 65; word <= 68; word++) store<u16>(page + word * 2, CYCLE_TIME);
  store<u16>(page + 80 * 2, 0x007e); // ATA-1 to ATA/ATAPI-6
  store<u16>(page + 83 * 2, COMMANDS_VALID);
  store<u16>(page + 84 * 2, COMMANDS_VALID);
  store<u16>(page + 87 * 2, COMMANDS_VALID);
  store<u16>(page + 88 * 2, <u16>(ULTRA_MODES | (family == MODE_ULTRA_DMA ? selected : 0)));
}

function identify(channel: ChannelState, drive: DriveState): void {
  const page = Ide.buffer(channel);
  putIdentity(page, channel.drive, false);
  const cylinders = Geometry.cylinders(drive);
  store<u16>(page, 0x0040); // fixed disk
  store<u16>(page + 1 * 2, <u16>cylinders);
  store<u16>(page + 3 * 2, <u16>Geometry.heads(drive));
  store<u16>(page + 4 * 2, <u16>(SECTOR * Geometry.sectors(drive)));
  store<u16>(page + 5 * 2, <u16>SECTOR);
  store<u16>(page + 6 * 2, <u16>Geometry.sectors(drive));
  store<u16>(page + 20 * 2, 3); // dual-ported buffer with cache, of 256 sectors
  store<u16>(page + 21 * 2, 256);
  store<u16>(page + 22 * 2, 4);
  store<u16>(page + 47 * 2, <u16>(0x8000 | MULTIPLE_MAX));
  store<u16>(page + 48 * 2, 1); // 32-bit port accesses
  const perCylinder = drive.heads * drive.sectorsPerTrack;
  const current = <u32>min<u64>(65535, drive.sectors / <u64>perCylinder);
  const capacity = min<u64>(<u64>current * <u64>perCylinder, drive.sectors);
  store<u16>(page + 54 * 2, <u16>current);
  store<u16>(page + 55 * 2, <u16>drive.heads);
  store<u16>(page + 56 * 2, <u16>drive.sectorsPerTrack);
  store<u32>(page + 57 * 2, <u32>capacity);
  if (drive.multiple) store<u16>(page + 59 * 2, <u16>(0x100 | drive.multiple));
  store<u32>(page + 60 * 2, <u32>min<u64>(drive.sectors, LBA28_SECTORS));
  store<u16>(page + 82 * 2, COMMANDS_NOP_CACHE_POWER);
  store<u16>(page + 83 * 2, COMMANDS_FLUSH_LBA48);
  store<u16>(
    page + 85 * 2,
    drive.writeCache ? COMMANDS_NOP_CACHE_POWER : COMMANDS_NOP_CACHE_POWER & ~0x20,
  );
  store<u16>(page + 86 * 2, COMMANDS_FLUSH_LBA48 & ~COMMANDS_VALID);
  // Cable and reset result, as device 0 or device 1 tells it.
  store<u16>(page + 93 * 2, channel.drive & 1 ? 0x4b00 : 0x400b);
  store<u64>(page + 100 * 2, drive.sectors);
  channel.phase = Phase.PioIn;
  channel.remaining = 0;
  channel.position = 0;
  channel.blockSize = SECTOR;
  deliver(channel, SECTOR);
}

/** A byte written to the command register while a disk is selected. */
export function runAtaCommand(channel: ChannelState, drive: DriveState, command: u32): void {
  const family = command & 0xf0;
  if (family == 0x10) return complete(channel, drive); // RECALIBRATE
  if (family == 0x70) return seek(channel, drive);
  switch (command) {
    case 0x20: // READ SECTORS
    case 0x21:
      return read(channel, drive, false, 1);
    case 0x24:
      return read(channel, drive, true, 1);
    case 0xc4: // READ MULTIPLE
      return read(channel, drive, false, drive.multiple);
    case 0x29:
      return read(channel, drive, true, drive.multiple);
    case 0x30: // WRITE SECTORS
    case 0x31:
      return write(channel, drive, false, 1);
    case 0x34:
      return write(channel, drive, true, 1);
    case 0xc5: // WRITE MULTIPLE
      return write(channel, drive, false, drive.multiple);
    case 0x39:
      return write(channel, drive, true, drive.multiple);
    case 0xc8: // READ DMA
    case 0xc9:
      return readDma(channel, drive, false);
    case 0x25:
      return readDma(channel, drive, true);
    case 0xca: // WRITE DMA
    case 0xcb:
      return writeDma(channel, drive, false);
    case 0x35:
      return writeDma(channel, drive, true);
    case 0x40: // READ VERIFY
    case 0x41:
      return verify(channel, drive, false);
    case 0x42:
      return verify(channel, drive, true);
    case 0x90:
      return diagnose(channel);
    case 0x91:
      return initializeParameters(channel, drive);
    case 0x94: // STANDBY and IDLE, immediate and not, SLEEP; then their older codes
    case 0x95:
    case 0x96:
    case 0x97:
    case 0x99:
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3:
    case 0xe6:
      return complete(channel, drive);
    case 0x98: // CHECK POWER MODE: always active
    case 0xe5:
      drive.count = 0xff;
      return complete(channel, drive);
    case 0xc6:
      return setMultiple(channel, drive);
    case 0xe7: // FLUSH CACHE
    case 0xea:
      return flush(channel);
    case 0xec:
      return identify(channel, drive);
    case 0xef:
      return setFeatures(channel, drive);
    case 0xf8: // READ NATIVE MAX ADDRESS
      return readNativeMax(channel, drive, false);
    case 0x27:
      return readNativeMax(channel, drive, true);
    default:
      return fail(channel, drive, ERROR_ABORTED);
  }
}

/** What a drive leaves in its registers after a reset or diagnostics. */
export function putSignature(drive: DriveState): void {
  drive.count = 1;
  drive.lbaLow = 1;
  const signature = drive.kind == DriveKind.CdRom ? packetSignature() : 0;
  drive.lbaMid = signature & 0xff;
  drive.lbaHigh = signature >>> 8;
}

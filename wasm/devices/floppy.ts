// Floppy controller, Intel 82077AA, with two drives. Ports 3F2h-3F5h and 3F7h, IRQ 6, DMA channel 2 or programmed I/O.
// Media of 160 KB to 2.88 MB, told by the size of the image.
//
// Not implemented: SCAN commands, deleted data marks, sector sizes other than 512, formatting to another geometry,
// status registers A and B (they are the PS/2's). A motor that is off does not stop a transfer.

import { Clock, onTimer, Timer } from "../bus/clock";
import { addDevice, Device } from "../bus/devices";
import { Dma } from "../bus/dma";
import { Irq } from "../bus/irq";
import { onRead, onWrite } from "../bus/ports";
import { hostDiskRequest, hostEvent } from "../host";
import { DiskOperation, DiskStatus, Drive } from "../protocol/disk";
import { MachineEvent } from "../protocol/events";

const PORT_DIGITAL_OUTPUT: u16 = 0x3f2;
const PORT_TAPE: u16 = 0x3f3;
const PORT_STATUS: u16 = 0x3f4; // written: data rate select
const PORT_DATA: u16 = 0x3f5;
const PORT_DIGITAL_INPUT: u16 = 0x3f7; // written: configuration control

const IRQ_LINE = 6;
const DMA_CHANNEL = 2;

const DOR_ENABLED: u32 = 0x04; // 0: reset
const DOR_DMA_GATE: u32 = 0x08; // lets IRQ and DMA request out
const DSR_RESET: u32 = 0x80;
const DIR_CHANGED: u32 = 0x80;

const MSR_REQUEST: u32 = 0x80;
const MSR_TO_HOST: u32 = 0x40;
const MSR_NON_DMA: u32 = 0x20;
const MSR_BUSY: u32 = 0x10;

const ST0_ABNORMAL: u32 = 0x40;
const ST0_INVALID: u32 = 0x80;
const ST0_READY_CHANGED: u32 = 0xc0;
const ST0_SEEK_END: u32 = 0x20;
const ST0_EQUIPMENT: u32 = 0x10; // recalibration found no track 0
const ST1_END_OF_CYLINDER: u32 = 0x80;
const ST1_DATA_ERROR: u32 = 0x20;
const ST1_OVERRUN: u32 = 0x10;
const ST1_NO_DATA: u32 = 0x04;
const ST1_NOT_WRITABLE: u32 = 0x02;
const ST1_NO_ADDRESS_MARK: u32 = 0x01;
const ST2_DATA_ERROR: u32 = 0x20;
const ST2_WRONG_CYLINDER: u32 = 0x10;
const ST3_ALWAYS: u32 = 0x28; // ready, two-sided
const ST3_WRITE_PROTECTED: u32 = 0x40;
const ST3_TRACK_0: u32 = 0x10;

const COMMAND_MULTI_TRACK: u32 = 0x80;
const COMMAND_LOCK: u32 = 0x80;
const SPECIFY_NON_DMA: u32 = 0x01;
const CONFIGURE_IMPLIED_SEEK: u32 = 0x40;
const CONFIGURE_DEFAULT: u32 = 0x20; // FIFO off

const RATE_500: u32 = 0;
const RATE_300: u32 = 1;
const RATE_250: u32 = 2;
const RATE_1000: u32 = 3;

const SECTOR: u32 = 512;
const SECTOR_SIZE_CODE: u32 = 2;
const CYLINDERS_MAX: u32 = 85; // where the head stops

// Shorter than the real ones, but never instant: drivers prepare for the interrupt after they have given the command.
const DELAY_RESET: u64 = 20_000;
const DELAY_STEP: u64 = 100_000;
const DELAY_SETTLE: u64 = 100_000;
const DELAY_SECTOR: u64 = 50_000;
const DELAY_NO_INDEX: u64 = 400_000_000; // two turns without an address mark

const BUFFER_SIZE = 36 * 512;
const DRIVES = 2;

enum Phase {
  Command = 0,
  Execution = 1,
  DataIn = 2, // programmed I/O
  DataOut = 3,
  Result = 4,
}

/** What the execution timer does when it fires. */
enum Action {
  None = 0,
  /** The sectors of a read are in the buffer: to the guest with them. */
  Deliver = 1,
  /** Take the sectors of a write, or the addresses of a format, from the guest. */
  Collect = 2,
  /** The host has stored what was written. */
  Stored = 3,
  Finish = 4,
}

@unmanaged
class FloppyDriveState {
  present: u32;
  size: u32; // bytes of the image, 0: no medium
  readOnly: u32;
  changed: u32;
  cylinder: u32; // where the head is
  cylinders: u32;
  heads: u32;
  sectors: u32; // per track
  seeking: u32; // 1: until the timer, 2: until SENSE INTERRUPT STATUS
  target: u32;
  st0: u32; // for SENSE INTERRUPT STATUS
}

@unmanaged
class FloppyState {
  digitalOutput: u32;
  rate: u32;
  tape: u32;
  phase: u32;
  irq: u32; // the controller asks for an interrupt
  resetting: u32;
  resetPolls: u32; // SENSE INTERRUPT STATUS answers that a reset has left to give

  commandLength: u32; // bytes so far
  resultLength: u32;
  resultNext: u32;
  command: u64; // first eight bytes; the ninth, DTL, is not used
  result0: u64; // up to 16 bytes
  result1: u64;

  // The data command in progress.
  action: u32;
  drive: u32;
  cylinder: u32;
  head: u32;
  sector: u32;
  run: u32; // sectors on this track that the buffer holds
  cursor: u32;
  end: u32;
  stop: u32; // terminal count was reached
  st0: u32;
  st1: u32;
  st2: u32;

  pending: u32; // the host has a request
  specify0: u32;
  specify1: u32;
  configure: u32;
  precompensation: u32;
  perpendicular: u32;
  locked: u32;
}

const DRIVES_AT = <i32>offsetof<FloppyState>();
const BUFFER_AT = DRIVES_AT + DRIVES * <i32>offsetof<FloppyDriveState>();
const STATE_SIZE = BUFFER_AT + BUFFER_SIZE;
const STATE = memory.data(STATE_SIZE, 8);
const BUFFER = STATE + <usize>BUFFER_AT;
const fdc = changetype<FloppyState>(STATE);

class Floppy {
  @inline static drive(number: u32): FloppyDriveState {
    return changetype<FloppyDriveState>(
      STATE + <usize>DRIVES_AT + <usize>((number & 1) * offsetof<FloppyDriveState>()),
    );
  }

  /** A byte of the command. */
  @inline static argument(index: usize): u32 {
    return <u32>load<u8>(STATE + offsetof<FloppyState>("command") + index);
  }

  @inline static putResult(value: u32): void {
    const at = STATE + offsetof<FloppyState>("result0") + <usize>fdc.resultLength;
    store<u8>(at, <u8>value);
    fdc.resultLength++;
  }
}

export function attachFloppy(): void {
  addDevice(Device.Floppy, STATE, STATE_SIZE, reset);
  onRead(PORT_DIGITAL_OUTPUT, 1, readDigitalOutput);
  onWrite(PORT_DIGITAL_OUTPUT, 1, writeDigitalOutput);
  onRead(PORT_TAPE, 1, readTape);
  onWrite(PORT_TAPE, 1, writeTape);
  onRead(PORT_STATUS, 1, readStatus);
  onWrite(PORT_STATUS, 1, writeDataRate);
  onRead(PORT_DATA, 1, readData);
  onWrite(PORT_DATA, 1, writeData);
  onRead(PORT_DIGITAL_INPUT, 1, readDigitalInput);
  onWrite(PORT_DIGITAL_INPUT, 1, writeConfigurationControl);
  onTimer(Timer.Floppy, onExecutionTimer);
  onTimer(Timer.Floppy2, onSeekTimer);
}

/** As the chip comes out of RESET: held in reset by the digital output register. */
function reset(): void {
  fdc.digitalOutput = 0;
  fdc.rate = RATE_250;
  fdc.tape = 0;
  fdc.locked = 0;
  startReset();
  Clock.cancel(Timer.Floppy2);
}

/** RESET pin, DOR bit 2 or DSR bit 7. Media and head positions stay. */
function startReset(): void {
  fdc.phase = Phase.Command;
  fdc.commandLength = 0;
  fdc.action = Action.None;
  fdc.resetting = 1;
  fdc.resetPolls = 0;
  if (!fdc.locked) {
    fdc.configure = CONFIGURE_DEFAULT;
    fdc.precompensation = 0;
  }
  fdc.perpendicular &= 0x3c; // the drives' own bits stay, GAP and WGATE go
  for (let i: u32 = 0; i < <u32>DRIVES; i++) Floppy.drive(i).seeking = 0;
  Clock.cancel(Timer.Floppy);
  setIrq(0);
}

function finishReset(): void {
  fdc.resetting = 0;
  fdc.resetPolls = 4;
  setIrq(1);
}

function setIrq(level: u32): void {
  fdc.irq = level;
  updateIrq();
}

function updateIrq(): void {
  Irq.set(IRQ_LINE, fdc.irq && fdc.digitalOutput & DOR_DMA_GATE ? 1 : 0);
}

function readDigitalOutput(_port: u16): u32 {
  return fdc.digitalOutput;
}

function writeDigitalOutput(_port: u16, value: u32): void {
  const before = fdc.digitalOutput;
  fdc.digitalOutput = value;
  if (before & ~value & DOR_ENABLED) {
    startReset();
    Clock.cancel(Timer.Floppy2);
  } else if (value & ~before & DOR_ENABLED) {
    startTimer(Timer.Floppy2, DELAY_RESET);
  }
  updateIrq();
}

function readTape(_port: u16): u32 {
  return fdc.tape;
}

function writeTape(_port: u16, value: u32): void {
  fdc.tape = value & 3;
}

function readStatus(_port: u16): u32 {
  if (fdc.resetting) return 0;
  let status: u32 = 0;
  for (let i: u32 = 0; i < <u32>DRIVES; i++) if (Floppy.drive(i).seeking) status |= 1 << i;
  switch (fdc.phase) {
    case Phase.Command:
      return status | MSR_REQUEST | (fdc.commandLength ? MSR_BUSY : 0);
    case Phase.DataIn:
      return status | MSR_REQUEST | MSR_TO_HOST | MSR_NON_DMA | MSR_BUSY;
    case Phase.DataOut:
      return status | MSR_REQUEST | MSR_NON_DMA | MSR_BUSY;
    case Phase.Result:
      return status | MSR_REQUEST | MSR_TO_HOST | MSR_BUSY;
    default:
      return status | MSR_BUSY;
  }
}

function writeDataRate(_port: u16, value: u32): void {
  fdc.rate = value & 3;
  if (value & DSR_RESET) {
    startReset();
    if (fdc.digitalOutput & DOR_ENABLED) startTimer(Timer.Floppy2, DELAY_RESET);
  }
}

function readDigitalInput(_port: u16): u32 {
  const number = fdc.digitalOutput & 3;
  if (number >= <u32>DRIVES) return 0;
  const drive = Floppy.drive(number);
  // Only a drive whose motor runs is selected.
  const selected = fdc.digitalOutput & ((<u32>0x10) << number);
  return selected && drive.present && (drive.changed || !drive.size) ? DIR_CHANGED : 0;
}

function writeConfigurationControl(_port: u16, value: u32): void {
  fdc.rate = value & 3;
}

function readData(_port: u16): u32 {
  if (fdc.phase == <u32>Phase.DataIn) {
    const value = <u32>load<u8>(BUFFER + <usize>fdc.cursor);
    fdc.cursor++;
    if (fdc.cursor == fdc.end) endRun();
    return value;
  }
  if (fdc.phase != <u32>Phase.Result) return 0;
  const at = STATE + offsetof<FloppyState>("result0") + <usize>fdc.resultNext;
  const value = <u32>load<u8>(at);
  if (fdc.resultNext == 0) setIrq(0);
  fdc.resultNext++;
  if (fdc.resultNext == fdc.resultLength) fdc.phase = Phase.Command;
  return value;
}

function writeData(_port: u16, value: u32): void {
  if (fdc.resetting) return;
  if (fdc.phase == <u32>Phase.DataOut) {
    store<u8>(BUFFER + <usize>fdc.cursor, <u8>value);
    fdc.cursor++;
    if (fdc.cursor == fdc.end) storeRun();
    return;
  }
  if (fdc.phase != <u32>Phase.Command) return;
  if (fdc.commandLength < 8) {
    store<u8>(STATE + offsetof<FloppyState>("command") + <usize>fdc.commandLength, <u8>value);
  }
  fdc.commandLength++;
  if (fdc.commandLength == commandBytes(Floppy.argument(0))) {
    fdc.commandLength = 0;
    runCommand(Floppy.argument(0));
  }
}

/** How many bytes a command has. */
function commandBytes(command: u32): u32 {
  switch (command & 0x1f) {
    case 0x02: // READ TRACK
    case 0x05: // WRITE DATA
    case 0x06: // READ DATA
    case 0x09: // WRITE DELETED DATA
    case 0x0c: // READ DELETED DATA
    case 0x16: // VERIFY
      return 9;
    case 0x0d: // FORMAT TRACK
      return 6;
    case 0x13: // CONFIGURE
      return 4;
    case 0x03: // SPECIFY
    case 0x0f: // SEEK, RELATIVE SEEK
      return 3;
    case 0x04: // SENSE DRIVE STATUS
    case 0x07: // RECALIBRATE
    case 0x0a: // READ ID
    case 0x12: // PERPENDICULAR MODE
      return 2;
    default:
      return 1;
  }
}

function startResult(): void {
  fdc.resultLength = 0;
  fdc.resultNext = 0;
  fdc.phase = Phase.Result;
}

function answer(value: u32): void {
  startResult();
  Floppy.putResult(value);
}

function runCommand(command: u32): void {
  switch (command & 0x1f) {
    case 0x02:
    case 0x06:
    case 0x0c:
    case 0x16:
      return startTransfer(Action.Deliver);
    case 0x05:
    case 0x09:
      return startTransfer(Action.Collect);
    case 0x0d:
      return startFormat();
    case 0x03:
      fdc.specify0 = Floppy.argument(1);
      fdc.specify1 = Floppy.argument(2);
      return;
    case 0x04:
      return senseDrive();
    case 0x07:
      return startSeek(Floppy.argument(1) & 3, 0);
    case 0x08:
      return senseInterrupt();
    case 0x0a:
      return readId();
    case 0x0e:
      return dumpRegisters();
    case 0x0f:
      return seek(command);
    case 0x10: // VERSION: an enhanced controller
      return answer(0x90);
    case 0x12:
      fdc.perpendicular = Floppy.argument(1) & 0x3f;
      return;
    case 0x13:
      fdc.configure = Floppy.argument(2);
      fdc.precompensation = Floppy.argument(3);
      return;
    case 0x14:
      fdc.locked = command & COMMAND_LOCK ? 1 : 0;
      return answer(fdc.locked << 4);
    default:
      return answer(ST0_INVALID);
  }
}

function senseDrive(): void {
  const select = Floppy.argument(1) & 7;
  let status = ST3_ALWAYS | select;
  if ((select & 3) < <u32>DRIVES) {
    const drive = Floppy.drive(select & 3);
    if (drive.present && drive.cylinder == 0) status |= ST3_TRACK_0;
    if (drive.readOnly || !drive.size) status |= ST3_WRITE_PROTECTED;
  }
  answer(status);
}

function dumpRegisters(): void {
  startResult();
  Floppy.putResult(Floppy.drive(0).cylinder);
  Floppy.putResult(Floppy.drive(1).cylinder);
  Floppy.putResult(0);
  Floppy.putResult(0);
  Floppy.putResult(fdc.specify0);
  Floppy.putResult(fdc.specify1);
  Floppy.putResult(fdc.end / SECTOR);
  Floppy.putResult((fdc.locked << 7) | fdc.perpendicular);
  Floppy.putResult(fdc.configure);
  Floppy.putResult(fdc.precompensation);
}

// ---- seeking ----

function seek(command: u32): void {
  const number = Floppy.argument(1) & 3;
  const value = Floppy.argument(2);
  if (!(command & 0x80)) return startSeek(number, value);
  const current = Floppy.drive(number).cylinder; // RELATIVE SEEK: in or out
  startSeek(number, command & 0x40 ? current + value : current > value ? current - value : 0);
}

function startSeek(number: u32, target: u32): void {
  if (number >= <u32>DRIVES) number = 1; // there are only two cables
  const drive = Floppy.drive(number);
  const distance = target > drive.cylinder ? target - drive.cylinder : drive.cylinder - target;
  drive.seeking = 1;
  drive.target = min<u32>(target, CYLINDERS_MAX);
  drive.st0 = ST0_SEEK_END | (Floppy.argument(1) & 7);
  if (!drive.present && target == 0) drive.st0 |= ST0_ABNORMAL | ST0_EQUIPMENT;
  const steps = <u64>min<u32>(distance, CYLINDERS_MAX);
  startTimer(Timer.Floppy2, DELAY_SETTLE + steps * DELAY_STEP);
}

/** The end of a reset or of seeks. */
function onSeekTimer(_deadline: u64): void {
  if (fdc.resetting) {
    // The host owns the buffer until it has answered.
    if (fdc.pending) startTimer(Timer.Floppy2, DELAY_RESET);
    else finishReset();
    return;
  }
  for (let i: u32 = 0; i < <u32>DRIVES; i++) {
    const drive = Floppy.drive(i);
    if (drive.seeking != 1) continue;
    drive.seeking = 2;
    drive.cylinder = drive.target;
    if (drive.size) drive.changed = 0;
    setIrq(1);
  }
}

function senseInterrupt(): void {
  if (fdc.resetPolls) {
    const number = 4 - fdc.resetPolls;
    fdc.resetPolls--;
    setIrq(0);
    startResult();
    Floppy.putResult(ST0_READY_CHANGED | number);
    Floppy.putResult(Floppy.drive(number).cylinder);
    return;
  }
  for (let i: u32 = 0; i < <u32>DRIVES; i++) {
    const drive = Floppy.drive(i);
    if (drive.seeking != 2) continue;
    drive.seeking = 0;
    setIrq(0);
    startResult();
    Floppy.putResult(drive.st0);
    Floppy.putResult(drive.cylinder);
    return;
  }
  answer(ST0_INVALID);
}

// ---- data ----

function startTimer(timer: Timer, delay: u64): void {
  Clock.set(timer, Clock.now() + delay);
}

function schedule(action: Action, delay: u64): void {
  fdc.action = action;
  Clock.set(Timer.Floppy, Clock.now() + delay);
}

/** The medium can be read at the rate that is set. */
function isRateRight(drive: FloppyDriveState): bool {
  if (drive.sectors > 21) return fdc.rate == RATE_1000;
  if (drive.sectors > 9) return fdc.rate == RATE_500;
  return fdc.rate == RATE_250 || fdc.rate == RATE_300;
}

function isReadable(number: u32, head: u32): bool {
  if (number >= <u32>DRIVES) return false;
  const drive = Floppy.drive(number);
  return drive.size != 0 && head < drive.heads && isRateRight(drive) && inside(drive);
}

function inside(drive: FloppyDriveState): bool {
  return drive.cylinder < drive.cylinders;
}

function failLater(st1: u32, st2: u32, delay: u64): void {
  fdc.st0 |= ST0_ABNORMAL;
  fdc.st1 |= st1;
  fdc.st2 |= st2;
  schedule(Action.Finish, delay);
}

function select(): void {
  const argument = Floppy.argument(1);
  fdc.phase = Phase.Execution;
  fdc.drive = argument & 3;
  fdc.head = (argument >>> 2) & 1;
  fdc.st0 = argument & 7;
  fdc.st1 = 0;
  fdc.st2 = 0;
  fdc.stop = 0;
}

function readId(): void {
  select();
  if (!isReadable(fdc.drive, fdc.head)) {
    fdc.cylinder = 0;
    fdc.sector = 1;
    return failLater(ST1_NO_ADDRESS_MARK, 0, DELAY_NO_INDEX);
  }
  const drive = Floppy.drive(fdc.drive);
  fdc.cylinder = drive.cylinder;
  // The disk turns: the next sector under the head, at 5 turns a second.
  fdc.sector = <u32>((Clock.now() / 1_000_000 / (200 / drive.sectors)) % drive.sectors) + 1;
  schedule(Action.Finish, DELAY_SECTOR);
}

function startTransfer(action: Action): void {
  select();
  const command = Floppy.argument(0) & 0x1f;
  fdc.cylinder = Floppy.argument(2);
  fdc.head = Floppy.argument(3);
  fdc.sector = command == 0x02 ? 1 : Floppy.argument(4);
  const drive = Floppy.drive(fdc.drive);
  if (fdc.configure & CONFIGURE_IMPLIED_SEEK && fdc.drive < <u32>DRIVES) {
    drive.cylinder = min<u32>(fdc.cylinder, CYLINDERS_MAX);
    if (drive.size) drive.changed = 0;
  }
  const side = (Floppy.argument(1) >>> 2) & 1;
  if (!isReadable(fdc.drive, side)) return failLater(ST1_NO_ADDRESS_MARK, 0, DELAY_NO_INDEX);
  if (action == Action.Collect && drive.readOnly)
    return failLater(ST1_NOT_WRITABLE, 0, DELAY_SECTOR);
  if (fdc.cylinder != drive.cylinder) {
    return failLater(ST1_NO_DATA, ST2_WRONG_CYLINDER, DELAY_SETTLE);
  }
  if (fdc.head != side || Floppy.argument(5) != SECTOR_SIZE_CODE) {
    return failLater(ST1_NO_DATA, 0, DELAY_SETTLE);
  }
  startRun(action);
}

/** The rest of a track: as many sectors as the command's EOT and the track allow. */
function startRun(action: Action): void {
  const drive = Floppy.drive(fdc.drive);
  const last = min<u32>(Floppy.argument(6), drive.sectors);
  if (fdc.sector == 0 || fdc.sector > drive.sectors) {
    return failLater(ST1_NO_DATA, 0, DELAY_SETTLE);
  }
  // An EOT before the first sector lets the drive run on to the end of the track, as the chip does.
  fdc.run = (last < fdc.sector ? drive.sectors : last) - fdc.sector + 1;
  fdc.cursor = 0;
  fdc.end = fdc.run * SECTOR;
  if (action == Action.Collect) return schedule(Action.Collect, DELAY_SETTLE);
  const position = runPosition();
  const length = position < drive.size ? min<u32>(fdc.end, drive.size - position) : 0;
  memory.fill(BUFFER, 0, fdc.end); // an image may be shorter than its medium
  requestHost(DiskOperation.Read, position, length);
}

/** Where in the image the run begins. */
function runPosition(): u32 {
  const drive = Floppy.drive(fdc.drive);
  const track = fdc.cylinder * drive.heads + fdc.head;
  return (track * drive.sectors + fdc.sector - 1) * SECTOR;
}

function requestHost(operation: DiskOperation, position: u32, length: u32): void {
  fdc.pending = 1;
  fdc.action = operation == DiskOperation.Read ? Action.Deliver : Action.Stored;
  const number = <i32>fdc.drive + <i32>Drive.FloppyA;
  if (!length) return completeFloppy(number, DiskStatus.Ok);
  hostEvent(MachineEvent.DiskActivity, number, operation == DiskOperation.Read ? 0 : 1);
  hostDiskRequest(number, operation, <f64>position, <i32>length, BUFFER);
}

/** Host: the answer to hostDiskRequest for drives 4 and 5. */
export function completeFloppy(number: i32, status: i32): void {
  if (!fdc.pending || number != <i32>fdc.drive + <i32>Drive.FloppyA) return;
  fdc.pending = 0;
  if (fdc.resetting || fdc.phase != <u32>Phase.Execution) return;
  if (status == <i32>DiskStatus.ReadOnly) return failLater(ST1_NOT_WRITABLE, 0, DELAY_SECTOR);
  if (status != <i32>DiskStatus.Ok) {
    return failLater(ST1_DATA_ERROR, ST2_DATA_ERROR, DELAY_SECTOR);
  }
  schedule(<Action>fdc.action, DELAY_SETTLE + <u64>fdc.run * DELAY_SECTOR);
}

function onExecutionTimer(_deadline: u64): void {
  const action = fdc.action;
  fdc.action = Action.None;
  switch (action) {
    case Action.Deliver:
      return deliver();
    case Action.Collect:
      return collect();
    case Action.Stored:
      return endRun();
    case Action.Finish:
      return finish();
    default:
      return;
  }
}

function isDma(): bool {
  return !(fdc.specify1 & SPECIFY_NON_DMA);
}

function deliver(): void {
  if ((Floppy.argument(0) & 0x1f) == 0x16) return endRun(); // VERIFY: nothing is moved
  if (!isDma()) {
    fdc.phase = Phase.DataIn;
    setIrq(1);
    return;
  }
  const moved = <u32>Dma.transfer(DMA_CHANNEL, BUFFER, <i32>fdc.end, true);
  endDma(moved);
  endRun();
}

/** What a transfer by DMA has left: the place, and whether the controller may go on. */
function endDma(moved: u32): void {
  fdc.cursor = moved;
  if (Dma.terminalCount()) {
    fdc.stop = 1;
  } else if (moved < fdc.end) {
    fdc.stop = 1;
    fdc.st0 |= ST0_ABNORMAL;
    fdc.st1 |= ST1_OVERRUN;
  }
}

function collect(): void {
  if (!isDma()) {
    fdc.phase = Phase.DataOut;
    setIrq(1);
    return;
  }
  endDma(<u32>Dma.transfer(DMA_CHANNEL, BUFFER, <i32>fdc.end, false));
  storeRun();
}

/** What the guest has given goes to the host, whole sectors. */
function storeRun(): void {
  fdc.phase = Phase.Execution;
  setIrq(0);
  if ((Floppy.argument(0) & 0x1f) == 0x0d) return storeFormat();
  const drive = Floppy.drive(fdc.drive);
  const sectors = (fdc.cursor + SECTOR - 1) / SECTOR;
  const length = sectors * SECTOR;
  memory.fill(BUFFER + <usize>fdc.cursor, 0, length - fdc.cursor);
  const position = runPosition();
  if (position + length > drive.size)
    return failLater(ST1_DATA_ERROR, ST2_DATA_ERROR, DELAY_SECTOR);
  requestHost(DiskOperation.Write, position, length);
}

/** A run has been moved: on with the other side, or the end. */
function endRun(): void {
  fdc.phase = Phase.Execution;
  setIrq(0);
  const command = Floppy.argument(0);
  if ((command & 0x1f) == 0x0d) return finish();
  const whole = fdc.cursor == fdc.end || (command & 0x1f) == 0x16;
  const sectors = whole ? fdc.run : (fdc.cursor + SECTOR - 1) / SECTOR;
  fdc.sector += sectors;
  const multi = (command & COMMAND_MULTI_TRACK) != 0;
  const drive = Floppy.drive(fdc.drive);
  if (fdc.sector > Floppy.argument(6) || fdc.sector > drive.sectors) {
    if (!fdc.stop && fdc.sector <= Floppy.argument(6)) {
      return failLater(ST1_NO_DATA, 0, DELAY_SETTLE); // EOT lies behind the track's last sector
    }
    const more = multi && fdc.head == 0 && drive.heads > 1;
    fdc.sector = 1;
    if (more) {
      fdc.head = 1;
      fdc.st0 |= 4;
    } else {
      fdc.cylinder++;
      if (multi) fdc.head = 0;
    }
    if (!fdc.stop && more) {
      const write = (command & 0x1f) == 0x05 || (command & 0x1f) == 0x09;
      return startRun(write ? Action.Collect : Action.Deliver);
    }
    // Without a terminal count the chip runs into the end of the cylinder. VERIFY ends there as planned.
    if (!fdc.stop && (command & 0x1f) != 0x16) {
      fdc.st0 |= ST0_ABNORMAL;
      fdc.st1 |= ST1_END_OF_CYLINDER;
    }
  }
  finish();
}

function finish(): void {
  startResult();
  Floppy.putResult(fdc.st0);
  Floppy.putResult(fdc.st1);
  Floppy.putResult(fdc.st2);
  Floppy.putResult(fdc.cylinder);
  Floppy.putResult(fdc.head);
  Floppy.putResult(fdc.sector);
  Floppy.putResult(SECTOR_SIZE_CODE);
  setIrq(1);
}

// ---- formatting ----

/** FORMAT TRACK: the guest gives four bytes of address per sector; all sectors are filled with one byte. */
function startFormat(): void {
  select();
  const drive = Floppy.drive(fdc.drive);
  fdc.cylinder = drive.cylinder;
  fdc.sector = 1;
  fdc.run = Floppy.argument(3);
  if (!isReadable(fdc.drive, fdc.head)) return failLater(ST1_NO_ADDRESS_MARK, 0, DELAY_NO_INDEX);
  if (drive.readOnly) return failLater(ST1_NOT_WRITABLE, 0, DELAY_SECTOR);
  if (Floppy.argument(2) != SECTOR_SIZE_CODE || !fdc.run || fdc.run > drive.sectors) {
    return failLater(ST1_NO_DATA, 0, DELAY_SECTOR);
  }
  fdc.cursor = 0;
  fdc.end = fdc.run * 4;
  schedule(Action.Collect, DELAY_SETTLE);
}

function storeFormat(): void {
  const length = fdc.run * SECTOR;
  const position = runPosition();
  if (position + length > Floppy.drive(fdc.drive).size) {
    return failLater(ST1_DATA_ERROR, ST2_DATA_ERROR, DELAY_SECTOR);
  }
  memory.fill(BUFFER, <u8>Floppy.argument(5), length);
  requestHost(DiskOperation.Write, position, length);
}

// ---- media ----

function setGeometry(drive: FloppyDriveState, cylinders: u32, heads: u32, sectors: u32): void {
  drive.cylinders = cylinders;
  drive.heads = heads;
  drive.sectors = sectors;
}

/** The standard format of that size, else the smallest of the 3.5" and 5.25" ones that holds the image. */
function chooseGeometry(drive: FloppyDriveState, bytes: u32): void {
  const kilobytes = (bytes + 1023) >>> 10;
  if (kilobytes <= 160) setGeometry(drive, 40, 1, 8);
  else if (kilobytes <= 180) setGeometry(drive, 40, 1, 9);
  else if (kilobytes <= 320) setGeometry(drive, 40, 2, 8);
  else if (kilobytes <= 360) setGeometry(drive, 40, 2, 9);
  else if (kilobytes <= 720) setGeometry(drive, 80, 2, 9);
  else if (kilobytes == 1200) setGeometry(drive, 80, 2, 15);
  else if (kilobytes <= 1440) setGeometry(drive, 80, 2, 18);
  else if (kilobytes <= 1680) setGeometry(drive, 80, 2, 21);
  else if (kilobytes <= 1722) setGeometry(drive, 82, 2, 21);
  else setGeometry(drive, 80, 2, 36);
}

/** Host: builds a drive in (0: A, 1: B), puts a medium in, or takes it out (0 bytes). */
export function setFloppyMedium(number: u32, sizeBytes: f64, readOnly: bool): void {
  const drive = Floppy.drive(number);
  drive.present = 1;
  drive.size = sizeBytes > 0 && sizeBytes < 0x40_0000 ? <u32>sizeBytes : 0;
  drive.readOnly = readOnly ? 1 : 0;
  drive.changed = 1;
  if (drive.size) chooseGeometry(drive, drive.size);
}

/** Host: takes a drive out. */
export function removeFloppyDrive(number: u32): void {
  const drive = Floppy.drive(number);
  drive.present = 0;
  drive.size = 0;
}

// Interrupt controllers: two 8259A, master at 20h-21h, slave at A0h-A1h on its input 2; edge/level by ELCR, 4D0h-4D1h.
//
// Not implemented: 8080 mode, buffered mode, LTIM of ICW1 (the PIIX3 ignores it too: the ELCR takes its place).

import { addDevice, Device } from "../bus/devices";
import { Irq, setInterruptController } from "../bus/irq";
import { onRead, onWrite } from "../bus/ports";

const PORT_MASTER: u16 = 0x20;
const PORT_SLAVE: u16 = 0xa0;
const PORT_ELCR: u16 = 0x4d0;

const CASCADE = 2;
const CASCADE_BIT: u32 = 1 << CASCADE;

const ICW1: u32 = 0x10;
const ICW1_NEEDS_ICW4: u32 = 0x01;
const ICW1_SINGLE: u32 = 0x02;
const ICW4_AUTO_EOI: u32 = 0x02;
const ICW4_FULLY_NESTED: u32 = 0x10;

const OCW3: u32 = 0x08;
const OCW3_READ: u32 = 0x02;
const OCW3_READ_ISR: u32 = 0x01;
const OCW3_POLL: u32 = 0x04;
const OCW3_SET_SPECIAL_MASK: u32 = 0x40;
const OCW3_SPECIAL_MASK: u32 = 0x20;

/** Lines whose mode is fixed to edge: 0, 1, 2 and 8, 13. */
const ELCR_MASTER_WRITABLE: u32 = 0xf8;
const ELCR_SLAVE_WRITABLE: u32 = 0xde;

@unmanaged
class Chip {
  lines: u32; // levels at the inputs
  edges: u32; // rising edges not yet acknowledged
  mask: u32; // IMR
  service: u32; // ISR
  level: u32; // ELCR: level-triggered inputs
  vectorBase: u32;
  top: u32; // the input with the highest priority
  expect: u32; // next ICW at the data port (2-4), 0 when initialised
  icw1: u32;
  autoEoi: u32;
  rotateOnAutoEoi: u32;
  fullyNested: u32; // special fully nested mode
  specialMask: u32;
  readService: u32; // a read gives ISR, not IRR
  poll: u32; // the next read is an acknowledge
}
const CHIP_SIZE = <i32>offsetof<Chip>();
const STATE_SIZE = 2 * CHIP_SIZE;
const STATE = memory.data(STATE_SIZE, 8);
const master = changetype<Chip>(STATE);
const slave = changetype<Chip>(STATE + <usize>CHIP_SIZE);

export function attachPic(): void {
  addDevice(Device.Pic, STATE, STATE_SIZE, reset);
  setInterruptController(setLine, acknowledge, isRequested);
  onRead(PORT_MASTER, 1, readMasterCommand);
  onRead(PORT_MASTER + 1, 1, readMasterData);
  onWrite(PORT_MASTER, 1, writeMasterCommand);
  onWrite(PORT_MASTER + 1, 1, writeMasterData);
  onRead(PORT_SLAVE, 1, readSlaveCommand);
  onRead(PORT_SLAVE + 1, 1, readSlaveData);
  onWrite(PORT_SLAVE, 1, writeSlaveCommand);
  onWrite(PORT_SLAVE + 1, 1, writeSlaveData);
  onRead(PORT_ELCR, 1, readElcrMaster);
  onRead(PORT_ELCR + 1, 1, readElcrSlave);
  onWrite(PORT_ELCR, 1, writeElcrMaster);
  onWrite(PORT_ELCR + 1, 1, writeElcrSlave);
}

/** The 8259A has no RESET pin, but the PIIX3 that holds them has: bus/irq.ts has just released all lines. */
function reset(): void {
  memory.fill(STATE, 0, STATE_SIZE);
  Irq.setIntr(0);
}

function setLine(line: i32, level: i32): void {
  const chip = line < 8 ? master : slave;
  const bit: u32 = 1 << (line & 7);
  if (level) {
    chip.lines |= bit;
    chip.edges |= bit;
  } else {
    // The request must stay until it is acknowledged (data sheet, "Edge and level triggered modes").
    chip.lines &= ~bit;
    chip.edges &= ~bit;
  }
  update();
}

function isRequested(line: i32): i32 {
  const chip = line < 8 ? master : slave;
  return chip.edges & (1 << (line & 7)) ? 1 : 0;
}

/** IRR: what asks for service. The slave's output is followed like a level. */
function requests(chip: Chip): u32 {
  const irr = (chip.edges & ~chip.level) | (chip.lines & chip.level);
  return chip == master ? (irr & ~CASCADE_BIT) | (pendingInput(slave) >= 0 ? CASCADE_BIT : 0) : irr;
}

/** The input with the highest priority among `bits`, -1 for none. */
function highest(chip: Chip, bits: u32): i32 {
  if (!bits) return -1;
  let input = chip.top;
  while (!(bits & (1 << input))) input = (input + 1) & 7;
  return <i32>input;
}

/** How far from the top priority an input is: 0 (first) to 7. */
function rank(chip: Chip, input: i32): i32 {
  return <i32>((<u32>input - chip.top) & 7);
}

/** The input that the chip would interrupt for now, -1 for none. */
function pendingInput(chip: Chip): i32 {
  const input = highest(chip, requests(chip) & ~chip.mask);
  if (input < 0) return -1;
  let service = chip.service;
  if (chip.specialMask) service &= ~chip.mask;
  // In special fully nested mode a slave in service is not locked out from asking again.
  if (chip.fullyNested && chip == master && input == CASCADE) service &= ~CASCADE_BIT;
  const current = highest(chip, service);
  return current >= 0 && rank(chip, current) <= rank(chip, input) ? -1 : input;
}

function update(): void {
  Irq.setIntr(pendingInput(master) >= 0 ? 1 : 0);
}

/** Takes an input into service. */
function accept(chip: Chip, input: i32): void {
  const bit: u32 = 1 << input;
  chip.edges &= ~bit;
  if (!chip.autoEoi) chip.service |= bit;
  else if (chip.rotateOnAutoEoi) chip.top = (<u32>input + 1) & 7;
}

/** The CPU's acknowledge cycles: a request that went away in between gives the spurious vectors 7 and 15. */
function acknowledge(): i32 {
  const input = pendingInput(master);
  if (input < 0) {
    update();
    return <i32>(master.vectorBase | 7);
  }
  let vector = master.vectorBase | (<u32>input);
  if (input == CASCADE) {
    const second = pendingInput(slave);
    if (second >= 0) accept(slave, second);
    vector = slave.vectorBase | (second < 0 ? 7 : <u32>second);
  }
  accept(master, input);
  update();
  return <i32>vector;
}

function endOfInterrupt(chip: Chip, input: i32, rotate: bool): void {
  if (input < 0) return;
  chip.service &= ~(1 << input);
  if (rotate) chip.top = (<u32>input + 1) & 7;
}

function writeCommand(chip: Chip, value: u32): void {
  if (value & ICW1) {
    chip.icw1 = value;
    chip.expect = 2;
    chip.edges = 0;
    chip.mask = 0;
    chip.service = 0;
    chip.top = 0;
    chip.autoEoi = 0;
    chip.rotateOnAutoEoi = 0;
    chip.fullyNested = 0;
    chip.specialMask = 0;
    chip.readService = 0;
    chip.poll = 0;
  } else if (value & OCW3) {
    if (value & OCW3_SET_SPECIAL_MASK) chip.specialMask = value & OCW3_SPECIAL_MASK;
    if (value & OCW3_POLL) chip.poll = 1;
    else if (value & OCW3_READ) chip.readService = value & OCW3_READ_ISR;
  } else {
    writeOcw2(chip, value);
  }
  update();
}

function writeOcw2(chip: Chip, value: u32): void {
  const named = <i32>(value & 7);
  // A masked interrupt in service is passed over by a non-specific EOI in special mask mode.
  const service = chip.specialMask ? chip.service & ~chip.mask : chip.service;
  switch (value >>> 5) {
    case 0: // rotate in automatic EOI mode: off
      chip.rotateOnAutoEoi = 0;
      break;
    case 4: // rotate in automatic EOI mode: on
      chip.rotateOnAutoEoi = 1;
      break;
    case 1: // non-specific EOI
      endOfInterrupt(chip, highest(chip, service), false);
      break;
    case 5: // rotate on non-specific EOI
      endOfInterrupt(chip, highest(chip, service), true);
      break;
    case 3: // specific EOI
      endOfInterrupt(chip, named, false);
      break;
    case 7: // rotate on specific EOI
      endOfInterrupt(chip, named, true);
      break;
    case 6: // set priority
      chip.top = (<u32>named + 1) & 7;
      break;
    default:
      break;
  }
}

function writeData(chip: Chip, value: u32): void {
  switch (chip.expect) {
    case 0:
      chip.mask = value & 0xff;
      break;
    case 2:
      chip.vectorBase = value & 0xf8;
      chip.expect = !(chip.icw1 & ICW1_SINGLE) ? 3 : chip.icw1 & ICW1_NEEDS_ICW4 ? 4 : 0;
      break;
    case 3: // who is the slave is wired
      chip.expect = chip.icw1 & ICW1_NEEDS_ICW4 ? 4 : 0;
      break;
    default:
      chip.autoEoi = value & ICW4_AUTO_EOI;
      chip.fullyNested = value & ICW4_FULLY_NESTED;
      chip.expect = 0;
      break;
  }
  update();
}

function readPoll(chip: Chip): u32 {
  chip.poll = 0;
  const input = pendingInput(chip);
  if (input < 0) return 0;
  accept(chip, input);
  update();
  return 0x80 | (<u32>input);
}

function readCommand(chip: Chip): u32 {
  if (chip.poll) return readPoll(chip);
  return chip.readService ? chip.service : requests(chip);
}

function readData(chip: Chip): u32 {
  return chip.poll ? readPoll(chip) : chip.mask;
}

function readMasterCommand(_port: u16): u32 {
  return readCommand(master);
}
function readMasterData(_port: u16): u32 {
  return readData(master);
}
function writeMasterCommand(_port: u16, value: u32): void {
  writeCommand(master, value);
}
function writeMasterData(_port: u16, value: u32): void {
  writeData(master, value);
}
function readSlaveCommand(_port: u16): u32 {
  return readCommand(slave);
}
function readSlaveData(_port: u16): u32 {
  return readData(slave);
}
function writeSlaveCommand(_port: u16, value: u32): void {
  writeCommand(slave, value);
}
function writeSlaveData(_port: u16, value: u32): void {
  writeData(slave, value);
}

function readElcrMaster(_port: u16): u32 {
  return master.level;
}
function readElcrSlave(_port: u16): u32 {
  return slave.level;
}
function writeElcrMaster(_port: u16, value: u32): void {
  master.level = value & ELCR_MASTER_WRITABLE;
  update();
}
function writeElcrSlave(_port: u16, value: u32): void {
  slave.level = value & ELCR_SLAVE_WRITABLE;
  update();
}

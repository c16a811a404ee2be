// The Tandem port: how a guest's driver talks to its machine. PCI function 1234:7464 at 00:05.0 (BAR 0), the same registers at 5A40h.
//
// protocol/tandem-port.ts says what the registers and requests are; tandem-port/ does it.
//
// Not implemented: SNAPSHOT_READY and restored machines; a line of its own for guests without PCI.

import { addDevice, Device } from "../bus/devices";
import { Clock, onTimer, Timer } from "../bus/clock";
import { addPciFunction } from "../bus/pci";
import { onRead, onWrite, removePort } from "../bus/ports";
import { Stall } from "../bus/stall";
import { hostRandom } from "../host";
import { ISA_BASE, PCI_DEVICE, PCI_VENDOR } from "../protocol/tandem-port";
import { FUNCTION, updateInterrupt, waitTimeOut } from "./tandem-port/events";
import { attachPointerSink } from "./tandem-port/pointer";
import { readRegister, writeRegister } from "./tandem-port/registers";
import { endSession } from "./tandem-port/requests";
import {
  CONFIG,
  CONFIG_SIZE,
  PioPhase,
  PORTS,
  STATE,
  STATE_SIZE,
  tandem,
} from "./tandem-port/state";

const CONFIG_COMMAND = 0x04;
const CONFIG_REVISION = 0x08;
const CONFIG_BAR0 = 0x10;
const CONFIG_SUBSYSTEM = 0x2c;
const CONFIG_LINE = 0x3c;
const CONFIG_PIN = 0x3d;
const COMMAND_IO: u16 = 0x0001;
const COMMAND_INTERRUPT_DISABLE: u16 = 0x0400;
const CLASS_OTHER_SYSTEM_PERIPHERAL: u32 = 0x08_8000;
const BAR_IO: u32 = 1;

const WRITABLE = memory.data(<i32>CONFIG_SIZE, 8);

export function attachTandemPort(): void {
  addDevice(Device.TandemPort, STATE, STATE_SIZE, reset);
  onTimer(Timer.TandemWait, waitTimeOut);
  attachPointerSink();
  tandem.epochLow = <u32>hostRandom();
  tandem.epochHigh = <u32>hostRandom();

  store<u32>(CONFIG, PCI_VENDOR | (PCI_DEVICE << 16));
  store<u32>(CONFIG, CLASS_OTHER_SYSTEM_PERIPHERAL << 8, CONFIG_REVISION);
  store<u32>(CONFIG, PCI_VENDOR | (PCI_DEVICE << 16), CONFIG_SUBSYSTEM);
  store<u8>(CONFIG, 1, CONFIG_PIN);
  store<u16>(WRITABLE, COMMAND_IO | COMMAND_INTERRUPT_DISABLE, CONFIG_COMMAND);
  store<u32>(WRITABLE, ~(PORTS - 1), CONFIG_BAR0);
  store<u8>(WRITABLE, 0xff, CONFIG_LINE);
  addPciFunction(FUNCTION, CONFIG, WRITABLE, configWritten);
  mapPorts(ISA_BASE);
}

/** The driver is gone. What is in the FIFO and in the interrupt registers goes with it. */
function reset(): void {
  endSession(false);
  store<u16>(CONFIG, 0, CONFIG_COMMAND);
  store<u32>(CONFIG, BAR_IO, CONFIG_BAR0);
  store<u8>(CONFIG, 0, CONFIG_LINE);
  tandem.doorbell = 0;
  tandem.event = 0;
  tandem.irqCause = 0;
  tandem.irqMask = 0;
  tandem.requestDone = 0;
  tandem.happened = 0;
  tandem.pioPhase = PioPhase.Idle;
  Clock.cancel(Timer.TandemWait);
  Stall.finish();
  configWritten(CONFIG_COMMAND, 2);
}

function configWritten(_offset: i32, _size: i32): void {
  const enabled = load<u16>(CONFIG, CONFIG_COMMAND) & COMMAND_IO;
  const wanted = enabled ? load<u32>(CONFIG, CONFIG_BAR0) & 0xffff & ~(PORTS - 1) : 0;
  if (wanted != tandem.mapped) {
    if (tandem.mapped) for (let i: u32 = 0; i < PORTS; i++) removePort(<u16>(tandem.mapped + i));
    if (wanted) mapPorts(wanted);
    tandem.mapped = wanted;
  }
  updateInterrupt();
}

function mapPorts(base: u32): void {
  for (let i: u32 = 0; i < PORTS; i++) mapPort(<u16>(base + i));
}

/** An access that reaches beyond the last register is split by the bus. */
function mapPort(port: u16): void {
  const offset = offsetOf(port);
  onRead(port, 1, read8);
  onWrite(port, 1, write8);
  if (offset + 2 > PORTS) return;
  onRead(port, 2, read16);
  onWrite(port, 2, write16);
  if (offset + 4 > PORTS) return;
  onRead(port, 4, read32);
  onWrite(port, 4, write32);
}

/** Both places are aligned to their size. */
function offsetOf(port: u16): u32 {
  return (<u32>port) & (PORTS - 1);
}

function read8(port: u16): u32 {
  return readRegister(offsetOf(port), 1);
}
function read16(port: u16): u32 {
  return readRegister(offsetOf(port), 2);
}
function read32(port: u16): u32 {
  return readRegister(offsetOf(port), 4);
}
function write8(port: u16, value: u32): void {
  writeRegister(offsetOf(port), 1, value);
}
function write16(port: u16, value: u32): void {
  writeRegister(offsetOf(port), 2, value);
}
function write32(port: u16, value: u32): void {
  writeRegister(offsetOf(port), 4, value);
}

/** Host: whether nobody looks at the machine. */
export function setDetached(detached: i32): void {
  tandem.detached = detached ? 1 : 0;
}

// Virtio 1.x over PCI (Virtio 1.2, 4.1): functions 1AF4h:1040h + kind at 00:08.0, 00:09.0, …, added by the host before power-on.
//
// All registers are in BAR 0, 4 KB of memory: common configuration, ISR, the device's own configuration, and a doorbell for each
// queue. The same can be reached through configuration space (PCI_CFG capability), as firmware does.
//
// Not implemented: the interface of before 1.0, MSI-X (INTA# instead), packed queues, resetting one queue, devices whose own
// configuration changes or can be written.

import { addDevice, Device } from "../../bus/devices";
import { addPciFunction, onConfigRead, Pci } from "../../bus/pci";
import { addHandler, mapHandler, uncover } from "../../memory/physical";
import {
  FIRST_DEVICE,
  functionOf,
  setIsr,
  STATUS_DRIVER_OK,
  STATUS_NEEDS_RESET,
  stop,
  updateInterrupt,
} from "./interrupt";
import { FEATURE_EVENT_INDEX, FEATURE_INDIRECT, isUsable } from "./queue";
import {
  CONFIG_SIZE,
  DEVICE_CONFIG_SIZE,
  Place,
  PLACES,
  Queue,
  QUEUE_SIZE_MAX,
  STATE,
  STATE_SIZE,
  Virtio,
} from "./state";

const VENDOR: u32 = 0x1af4;
const FIRST_ID: u32 = 0x1040;
const SUBSYSTEM: u32 = 0x1100_1af4;
const REVISION: u32 = 1;

const CONFIG_COMMAND: usize = 0x04;
const CONFIG_STATUS: usize = 0x06;
const CONFIG_REVISION: usize = 0x08;
const CONFIG_BAR0: usize = 0x10;
const CONFIG_SUBSYSTEM: usize = 0x2c;
const CONFIG_CAPABILITIES: usize = 0x34;
const CONFIG_LINE: usize = 0x3c;
const CONFIG_PIN: usize = 0x3d;
const COMMAND_MEMORY: u32 = 0x0002;
const COMMAND_WRITABLE: u16 = 0x0406; // memory, bus master, interrupt disable
const PCI_STATUS_CAPABILITIES: u16 = 0x0010;

const CAPABILITY_VENDOR: u8 = 0x09;
const CAPABILITY_SIZE: u32 = 16;
/** Of those with another field behind. */
const CAPABILITY_LONG: u32 = 20;
enum Capability {
  Common = 1,
  Notify = 2,
  Isr = 3,
  Device = 4,
  Access = 5,
}
const FIRST_CAPABILITY: usize = 0x40;
/** The last one: the others lie before it, in the order of their numbers. */
const ACCESS: usize = 0x84;
const ACCESS_BAR: usize = ACCESS + 4;
const ACCESS_OFFSET: usize = ACCESS + 8;
const ACCESS_LENGTH: usize = ACCESS + 12;
const ACCESS_DATA: usize = ACCESS + 16;

const BAR_SIZE: u32 = 0x1000;
const COMMON: u32 = 0x000;
const COMMON_SIZE: u32 = 0x38;
const ISR: u32 = 0x100;
const ISR_SIZE: u32 = 1;
const DEVICE: u32 = 0x200;
const NOTIFY: u32 = 0x300;
const NOTIFY_STEP: u32 = 4;

const NO_VECTOR: u32 = 0xffff;
const FEATURES: u32 = FEATURE_INDIRECT | FEATURE_EVENT_INDEX;
/** Features 32-63: VERSION_1. */
const FEATURES_HIGH: u32 = 1;
const STATUS_FEATURES_OK: u32 = 0x08;

/** Offsets in the common configuration. */
enum Common {
  DeviceFeatureSelect = 0x00,
  DeviceFeature = 0x04,
  DriverFeatureSelect = 0x08,
  DriverFeature = 0x0c,
  ConfigVector = 0x10,
  Queues = 0x12,
  Status = 0x14,
  QueueSelect = 0x16,
  QueueSize = 0x18,
  QueueEnable = 0x1c,
  QueueTable = 0x20,
  QueueTableHigh = 0x24,
  QueueDriver = 0x28,
  QueueDriverHigh = 0x2c,
  QueueDevice = 0x30,
  QueueDeviceHigh = 0x34,
}

const WRITABLE = memory.data(<i32>CONFIG_SIZE, 8);

@unmanaged
class Transport {
  handler: u32;
}
const transport = changetype<Transport>(memory.data(offsetof<Transport>(), 8));

export function attachVirtio(): void {
  addDevice(Device.Virtio, STATE, <i32>STATE_SIZE, reset);
  transport.handler = addHandler(read, write);
  store<u16>(WRITABLE, COMMAND_WRITABLE, CONFIG_COMMAND);
  store<u32>(WRITABLE, ~(BAR_SIZE - 1), CONFIG_BAR0);
  store<u8>(WRITABLE, 0xff, CONFIG_LINE);
  store<u8>(WRITABLE, 0xff, ACCESS_BAR);
  memory.fill(WRITABLE + ACCESS_OFFSET, 0xff, 12); // offset, length, data
}

/**
 * Adds a function. `id` of the kind of device, `features` 0-23 beside the transport's, `notified(place, queue)`: there may be requests,
 * `wasReset(place)`: what is under way is not wanted any more. Returns the place, -1 when there is no room.
 */
export function addVirtio(
  id: u32,
  pciClass: u32,
  queues: u32,
  features: u32,
  configLength: u32,
  notified: (place: i32, queue: i32) => void,
  wasReset: (place: i32) => void,
): i32 {
  let place = 0;
  while (place < PLACES && Place.virtio(place).id) place++;
  if (place == PLACES) return -1;
  const virtio = Place.virtio(place);
  virtio.id = id;
  virtio.queues = queues;
  virtio.offered = features | FEATURES;
  virtio.configLength = configLength;
  virtio.onNotify = load<u32>(changetype<usize>(notified));
  virtio.onReset = load<u32>(changetype<usize>(wasReset));

  const config = Place.config(place);
  store<u32>(config, VENDOR | ((FIRST_ID + id) << 16));
  store<u16>(config, PCI_STATUS_CAPABILITIES, CONFIG_STATUS);
  store<u32>(config, REVISION | (pciClass << 8), CONFIG_REVISION);
  store<u32>(config, SUBSYSTEM, CONFIG_SUBSYSTEM);
  store<u8>(config, <u8>FIRST_CAPABILITY, CONFIG_CAPABILITIES);
  store<u8>(config, 1, CONFIG_PIN);
  const notifySize = <u32>queues * NOTIFY_STEP;
  let at = FIRST_CAPABILITY;
  at = addCapability(config, at, Capability.Common, CAPABILITY_SIZE, COMMON, COMMON_SIZE);
  store<u32>(config + at, NOTIFY_STEP, CAPABILITY_SIZE);
  at = addCapability(config, at, Capability.Notify, CAPABILITY_LONG, NOTIFY, notifySize);
  at = addCapability(config, at, Capability.Isr, CAPABILITY_SIZE, ISR, ISR_SIZE);
  at = addCapability(config, at, Capability.Device, CAPABILITY_SIZE, DEVICE, configLength);
  at = addCapability(config, at, Capability.Access, CAPABILITY_LONG, 0, 0);
  store<u8>(config, 0, ACCESS + 1); // the last one

  const fn = functionOf(place);
  addPciFunction(fn, config, WRITABLE, configWritten);
  onConfigRead(fn, configRead);
  resetPlace(place);
  return place;
}

/** Returns where the next one goes. */
function addCapability(
  config: usize,
  at: usize,
  kind: u32,
  size: u32,
  offset: u32,
  length: u32,
): usize {
  const next = at + <usize>size;
  store<u8>(config + at, CAPABILITY_VENDOR);
  store<u8>(config + at, <u8>next, 1);
  store<u8>(config + at, <u8>size, 2);
  store<u8>(config + at, <u8>kind, 3);
  store<u32>(config + at, offset, 8);
  store<u32>(config + at, length, 12);
  return next;
}

// --- Reset ---

function reset(): void {
  for (let place = 0; place < PLACES; place++) {
    if (!Place.virtio(place).id) continue;
    const config = Place.config(place);
    store<u16>(config, 0, CONFIG_COMMAND);
    store<u32>(config, 0, CONFIG_BAR0);
    store<u8>(config, 0, CONFIG_LINE);
    map(place);
    resetPlace(place);
  }
}

/** Also what a driver does by writing 0 to the status. */
function resetPlace(place: i32): void {
  const virtio = Place.virtio(place);
  virtio.status = 0;
  virtio.deviceSelect = 0;
  virtio.driverSelect = 0;
  virtio.accepted = 0;
  virtio.acceptedHigh = 0;
  virtio.queueSelect = 0;
  virtio.generation++;
  for (let index = 0; index < <i32>virtio.queues; index++) Place.clearQueue(place, index);
  setIsr(place, 0);
  call_indirect<void>(virtio.onReset, place);
}

// --- Configuration space ---

function placeOfConfig(): i32 {
  return (Pci.selectedFunction() >> 3) - FIRST_DEVICE;
}

function configWritten(offset: i32, size: i32): void {
  const place = placeOfConfig();
  map(place);
  updateInterrupt(place);
  if (!touchesAccess(offset, size)) return;
  const config = Place.config(place);
  const length = accessLength(config);
  if (length) writeRegister(place, load<u32>(config, ACCESS_OFFSET), length, accessData(config));
}

function configRead(offset: i32, size: i32): void {
  if (!touchesAccess(offset, size)) return;
  const place = placeOfConfig();
  const config = Place.config(place);
  const length = accessLength(config);
  if (!length) return;
  const value = readRegister(place, load<u32>(config, ACCESS_OFFSET), length);
  store<u32>(config, value, ACCESS_DATA);
}

function touchesAccess(offset: i32, size: i32): bool {
  return offset + size > <i32>ACCESS_DATA && offset < <i32>ACCESS_DATA + 4;
}

/** Bytes of an access through configuration space; 0 where it is none (4.1.4.9.1). */
function accessLength(config: usize): i32 {
  const length = load<u32>(config, ACCESS_LENGTH);
  const offset = load<u32>(config, ACCESS_OFFSET);
  if (load<u8>(config, ACCESS_BAR) || (length != 1 && length != 2 && length != 4)) return 0;
  return offset & (length - 1) || offset > BAR_SIZE - length ? 0 : <i32>length;
}

function accessData(config: usize): u32 {
  const length = load<u32>(config, ACCESS_LENGTH);
  const data = load<u32>(config, ACCESS_DATA);
  return length == 4 ? data : data & ((1 << (length << 3)) - 1);
}

function map(place: i32): void {
  const virtio = Place.virtio(place);
  const config = Place.config(place);
  const enabled = ((<u32>load<u16>(config, CONFIG_COMMAND)) & COMMAND_MEMORY) != 0;
  let wanted = enabled ? load<u32>(config, CONFIG_BAR0) & ~(BAR_SIZE - 1) : 0;
  if (wanted + BAR_SIZE < wanted) wanted = 0; // its size is being probed
  if (wanted == virtio.mapped) return;
  if (virtio.mapped) uncover(virtio.mapped, BAR_SIZE);
  virtio.mapped = wanted;
  if (wanted) mapHandler(wanted, BAR_SIZE, transport.handler);
}

// --- Registers ---

function placeAt(address: u32): i32 {
  const base = address & ~(BAR_SIZE - 1);
  for (let place = 0; place < PLACES; place++) if (Place.virtio(place).mapped == base) return place;
  return -1;
}

function read(address: u32, size: i32): u32 {
  const place = placeAt(address);
  return place < 0 ? 0xffff_ffff : readRegister(place, address & (BAR_SIZE - 1), size);
}

function write(address: u32, size: i32, value: u32): void {
  const place = placeAt(address);
  if (place >= 0) writeRegister(place, address & (BAR_SIZE - 1), size, value);
}

function readRegister(place: i32, offset: u32, size: i32): u32 {
  if (offset == ISR) return takeIsr(place);
  const shift = (offset & 3) << 3;
  const word = offset & ~3;
  let value: u64 = readWord(place, word);
  if (<i32>(offset & 3) + size > 4) value |= (<u64>readWord(place, word + 4)) << 32;
  value >>= shift;
  return size == 4 ? <u32>value : (<u32>value) & ((1 << (size << 3)) - 1);
}

function takeIsr(place: i32): u32 {
  const isr = Place.virtio(place).isr;
  setIsr(place, 0);
  return isr;
}

function readWord(place: i32, offset: u32): u32 {
  if (offset < COMMON_SIZE) return readCommon(place, offset);
  if (offset < DEVICE || offset >= DEVICE + <u32>DEVICE_CONFIG_SIZE) return 0;
  return load<u32>(Place.deviceConfig(place) + <usize>(offset - DEVICE));
}

function readCommon(place: i32, offset: u32): u32 {
  const virtio = Place.virtio(place);
  switch (offset) {
    case Common.DeviceFeatureSelect:
      return virtio.deviceSelect;
    case Common.DeviceFeature:
      if (virtio.deviceSelect == 0) return virtio.offered;
      return virtio.deviceSelect == 1 ? FEATURES_HIGH : 0;
    case Common.DriverFeatureSelect:
      return virtio.driverSelect;
    case Common.DriverFeature:
      if (virtio.driverSelect == 0) return virtio.accepted;
      return virtio.driverSelect == 1 ? virtio.acceptedHigh : 0;
    case Common.ConfigVector:
      return NO_VECTOR | (virtio.queues << 16);
    case Common.Status: // then the generation of the configuration, which never changes
      return virtio.status | (virtio.queueSelect << 16);
    default:
      break;
  }
  if (virtio.queueSelect >= virtio.queues) return offset == Common.QueueSize ? NO_VECTOR << 16 : 0; // a size of 0: there is none
  const queue = Place.queue(place, <i32>virtio.queueSelect);
  switch (offset) {
    case Common.QueueSize:
      return queue.size | (NO_VECTOR << 16);
    case Common.QueueEnable: // then the number of its doorbell
      return queue.enabled | (virtio.queueSelect << 16);
    case Common.QueueTable:
      return queue.table;
    case Common.QueueTableHigh:
      return queue.tableHigh;
    case Common.QueueDriver:
      return queue.driver;
    case Common.QueueDriverHigh:
      return queue.driverHigh;
    case Common.QueueDevice:
      return queue.device;
    default:
      return queue.deviceHigh;
  }
}

/** Registers are written whole (4.1.3.1). */
function writeRegister(place: i32, offset: u32, _size: i32, value: u32): void {
  const virtio = Place.virtio(place);
  if (offset < COMMON_SIZE) {
    writeCommon(place, offset, value);
    return;
  }
  const queue = (offset - NOTIFY) / NOTIFY_STEP;
  if (offset < NOTIFY || queue >= virtio.queues || !(virtio.status & STATUS_DRIVER_OK)) return;
  call_indirect<void>(virtio.onNotify, place, <i32>queue);
}

function writeCommon(place: i32, offset: u32, value: u32): void {
  const virtio = Place.virtio(place);
  switch (offset) {
    case Common.DeviceFeatureSelect:
      virtio.deviceSelect = value;
      break;
    case Common.DriverFeatureSelect:
      virtio.driverSelect = value;
      break;
    case Common.DriverFeature:
      if (virtio.status & STATUS_FEATURES_OK) break;
      if (virtio.driverSelect == 0) virtio.accepted = value;
      if (virtio.driverSelect == 1) virtio.acceptedHigh = value;
      break;
    case Common.Status:
      writeStatus(place, value & 0xff);
      break;
    case Common.QueueSelect:
      virtio.queueSelect = value & 0xffff;
      break;
    default:
      if (virtio.queueSelect < virtio.queues) writeQueue(place, offset, value);
      break;
  }
}

/** A driver only adds bits, but for 0, which resets. */
function writeStatus(place: i32, value: u32): void {
  const virtio = Place.virtio(place);
  if (!value) {
    resetPlace(place);
    return;
  }
  if (value & STATUS_FEATURES_OK && !acceptsFeatures(virtio)) value &= ~STATUS_FEATURES_OK;
  virtio.status |= value & ~STATUS_NEEDS_RESET;
}

function acceptsFeatures(virtio: Virtio): bool {
  return !(virtio.accepted & ~virtio.offered) && virtio.acceptedHigh == FEATURES_HIGH;
}

function writeQueue(place: i32, offset: u32, value: u32): void {
  const queue = Place.queue(place, <i32>Place.virtio(place).queueSelect);
  if (queue.enabled) return;
  switch (offset) {
    case Common.QueueSize:
      queue.size = value & 0xffff;
      break;
    case Common.QueueEnable:
      if (value & 1) enable(place, queue);
      break;
    case Common.QueueTable:
      queue.table = value;
      break;
    case Common.QueueTableHigh:
      queue.tableHigh = value;
      break;
    case Common.QueueDriver:
      queue.driver = value;
      break;
    case Common.QueueDriverHigh:
      queue.driverHigh = value;
      break;
    case Common.QueueDevice:
      queue.device = value;
      break;
    case Common.QueueDeviceHigh:
      queue.deviceHigh = value;
      break;
    default:
      break;
  }
}

/** A size is a power of two (2.7); where the queue lies is looked at again whenever it is used. */
function enable(place: i32, queue: Queue): void {
  const size = queue.size;
  if (!size || size > QUEUE_SIZE_MAX || size & (size - 1) || !isUsable(queue)) stop(place);
  else queue.enabled = 1;
}

// USB: a device's control endpoint, with the standard requests of chapter 9 and the class requests of HID, and the way of a
// packet to an endpoint.

import { Clock } from "../../bus/clock";
import {
  hasBootProtocol,
  CONTROL_PACKET,
  copyDescriptor,
  TYPE_HID,
  TYPE_REPORT,
} from "./descriptors";
import { Hid } from "./hid";
import { Hub } from "./hub";
import {
  CONTROL_BUFFER_SIZE,
  controlBuffer,
  DISCARDED,
  HUB,
  NAK,
  PACKET,
  Stage,
  STALL,
  TIMEOUT,
  UsbState,
} from "./state";

const REQUEST_IN: u32 = 0x80;
const TO_DEVICE: u32 = 0x00; // bits 0-6 of the request type
const TO_INTERFACE: u32 = 0x01;
const TO_ENDPOINT: u32 = 0x02;
const CLASS: u32 = 0x20;
const CLASS_TO_INTERFACE: u32 = 0x21;

const GET_STATUS: u32 = 0;
const CLEAR_FEATURE: u32 = 1;
const SET_FEATURE: u32 = 3;
const SET_ADDRESS: u32 = 5;
const GET_DESCRIPTOR: u32 = 6;
const GET_CONFIGURATION: u32 = 8;
const SET_CONFIGURATION: u32 = 9;
const GET_INTERFACE: u32 = 10;
const SET_INTERFACE: u32 = 11;

const HID_GET_REPORT: u32 = 1;
const HID_GET_IDLE: u32 = 2;
const HID_GET_PROTOCOL: u32 = 3;
const HID_SET_REPORT: u32 = 9;
const HID_SET_IDLE: u32 = 10;
const HID_SET_PROTOCOL: u32 = 11;

const FEATURE_HALT: u32 = 0;
const FEATURE_REMOTE_WAKEUP: u32 = 1;
const STATUS_REMOTE_WAKEUP: u16 = 0x02;
const ENDPOINT_1_IN: u32 = 0x81;

/** What a request comes to, besides a number of bytes. */
const DONE: i32 = 0;
const REFUSED: i32 = -1;

export class Usb {
  /** The port was reset, or the plug pulled: the default address, not configured. */
  static reset(device: UsbState): void {
    device.address = 0;
    device.nextAddress = 0;
    device.configuration = 0;
    device.remoteWakeup = 0;
    device.stage = Stage.Idle;
    device.suspended = 0;
    Hid.reset(device);
  }

  /** SETUP: eight bytes at PACKET. Never refused. */
  static setup(device: UsbState): void {
    device.requestType = <u32>load<u8>(PACKET);
    device.request = <u32>load<u8>(PACKET, 1);
    device.value = <u32>load<u16>(PACKET, 2);
    device.index = <u32>load<u16>(PACKET, 4);
    const length = <u32>load<u16>(PACKET, 6);
    device.offset = 0;
    device.nextAddress = 0;
    device.controlToggle = 1;
    if (device.requestType & REQUEST_IN) {
      const answer = read(device);
      device.length = min<u32>(<u32>answer, length);
      device.stage = answer < 0 ? Stage.Stalled : length ? Stage.DataIn : Stage.StatusIn;
    } else if (length) {
      device.length = length;
      device.stage = length > <u32>CONTROL_BUFFER_SIZE ? Stage.Stalled : Stage.DataOut;
    } else {
      device.length = 0;
      execute(device);
    }
  }

  /** IN: puts a packet of at most `room` bytes to PACKET. Returns its length, or why there is none. */
  static give(device: UsbState, endpoint: u32, toggle: u32, time: u64): i32 {
    if (endpoint == 1 && device.configuration) return giveReport(device, toggle, time);
    if (endpoint) return TIMEOUT;
    const expected = device.controlToggle;
    if (device.stage == Stage.DataIn) {
      const count = min<u32>(CONTROL_PACKET, device.length - device.offset);
      memory.copy(PACKET, controlBuffer(device) + <usize>device.offset, count);
      device.offset += count;
      device.controlToggle ^= 1;
      return toggle == expected ? <i32>count : DISCARDED;
    }
    if (device.stage != Stage.StatusIn) return STALL;
    if (!toggle) return DISCARDED; // the status stage is DATA1
    device.stage = Stage.Idle;
    if (device.nextAddress) device.address = device.nextAddress - 1;
    device.nextAddress = 0;
    return 0;
  }

  /** OUT: takes `length` bytes from PACKET. Returns `length`, or why it did not. */
  static take(device: UsbState, endpoint: u32, toggle: u32, length: u32): i32 {
    if (endpoint) return TIMEOUT;
    if (device.stage == Stage.DataIn) {
      device.stage = Stage.Idle; // the host has read enough: this is the status stage
      return <i32>length;
    }
    if (device.stage != Stage.DataOut) return STALL;
    if (toggle != device.controlToggle) return <i32>length; // sent once more
    const count = min<u32>(length, device.length - device.offset);
    memory.copy(controlBuffer(device) + <usize>device.offset, PACKET, count);
    device.offset += count;
    device.controlToggle ^= 1;
    if (device.offset == device.length) execute(device);
    return <i32>length;
  }
}

function giveReport(device: UsbState, toggle: u32, time: u64): i32 {
  Hid.seen(device, time);
  if (device.halted) return STALL;
  if (!Hid.hasReport(device, time)) return NAK;
  const expected = device.toggle;
  const length = Hid.takeReport(device, time);
  device.toggle ^= 1;
  return toggle == expected ? length : DISCARDED;
}

/** Carries a request without data to the host out; the status stage tells how it went. */
function execute(device: UsbState): void {
  device.stage = write(device) == DONE ? Stage.StatusIn : Stage.Stalled;
}

// --- Requests that read ---

/** Puts the answer into the control buffer; returns its length or REFUSED. */
function read(device: UsbState): i32 {
  const target = controlBuffer(device);
  const type = device.requestType & 0x7f;
  if (device.number == HUB && type & CLASS) return Hub.read(device, target);
  switch (type) {
    case TO_DEVICE:
      return readDevice(device, target);
    case TO_INTERFACE:
      return readInterface(device, target);
    case TO_ENDPOINT:
      if (device.request != GET_STATUS || !isEndpoint(device)) return REFUSED;
      store<u16>(target, <u16>(device.index == ENDPOINT_1_IN ? device.halted : 0));
      return 2;
    case CLASS_TO_INTERFACE:
      return readClass(device, target);
    default:
      return REFUSED;
  }
}

function readDevice(device: UsbState, target: usize): i32 {
  switch (device.request) {
    case GET_STATUS:
      store<u16>(target, device.remoteWakeup ? STATUS_REMOTE_WAKEUP : 0);
      return 2;
    case GET_DESCRIPTOR:
      if (device.value >>> 8 >= TYPE_HID) return REFUSED;
      return descriptor(device, target);
    case GET_CONFIGURATION:
      store<u8>(target, <u8>device.configuration);
      return 1;
    default:
      return REFUSED;
  }
}

function readInterface(device: UsbState, target: usize): i32 {
  if (device.index) return REFUSED;
  switch (device.request) {
    case GET_STATUS:
      store<u16>(target, 0);
      return 2;
    case GET_DESCRIPTOR: {
      const type = device.value >>> 8;
      return type == TYPE_HID || type == TYPE_REPORT ? descriptor(device, target) : REFUSED;
    }
    case GET_INTERFACE:
      store<u8>(target, 0);
      return device.configuration ? 1 : REFUSED;
    default:
      return REFUSED;
  }
}

function descriptor(device: UsbState, target: usize): i32 {
  const value = device.value;
  return copyDescriptor(target, device.number, value >>> 8, value & 0xff, device.interval);
}

function readClass(device: UsbState, target: usize): i32 {
  if (device.index) return REFUSED;
  switch (device.request) {
    case HID_GET_REPORT:
      return Hid.readReport(device, target, device.value >>> 8);
    case HID_GET_IDLE:
      store<u8>(target, <u8>device.idle);
      return 1;
    case HID_GET_PROTOCOL:
      store<u8>(target, <u8>device.protocol);
      return hasBootProtocol(device.number) ? 1 : REFUSED;
    default:
      return REFUSED;
  }
}

/** Whether the index of the request names an endpoint that there is. */
function isEndpoint(device: UsbState): bool {
  if (device.index == ENDPOINT_1_IN) return device.configuration != 0;
  return !(device.index & 0xff7f);
}

// --- Requests that write ---

function write(device: UsbState): i32 {
  if (device.number == HUB && device.requestType & CLASS) {
    return Hub.write(device) ? DONE : REFUSED;
  }
  switch (device.requestType) {
    case TO_DEVICE:
      return writeDevice(device);
    case TO_INTERFACE:
      if (device.request != SET_INTERFACE || device.index || device.value) return REFUSED;
      device.halted = 0;
      device.toggle = 0;
      return device.configuration ? DONE : REFUSED;
    case TO_ENDPOINT:
      return writeEndpoint(device);
    case CLASS_TO_INTERFACE:
      return writeClass(device);
    default:
      return REFUSED;
  }
}

function writeDevice(device: UsbState): i32 {
  switch (device.request) {
    case SET_ADDRESS:
      if (device.value > 127) return REFUSED;
      device.nextAddress = device.value + 1;
      return DONE;
    case SET_CONFIGURATION:
      if (device.value > 1) return REFUSED;
      device.configuration = device.value;
      Hid.configured(device);
      return DONE;
    case CLEAR_FEATURE:
    case SET_FEATURE:
      if (device.value != FEATURE_REMOTE_WAKEUP) return REFUSED;
      device.remoteWakeup = device.request == SET_FEATURE ? 1 : 0;
      Hid.update(device);
      return DONE;
    default:
      return REFUSED;
  }
}

function writeEndpoint(device: UsbState): i32 {
  if (device.value != FEATURE_HALT || !isEndpoint(device)) return REFUSED;
  if (device.request != CLEAR_FEATURE && device.request != SET_FEATURE) return REFUSED;
  if (device.index == ENDPOINT_1_IN) {
    device.halted = device.request == SET_FEATURE ? 1 : 0;
    if (!device.halted) device.toggle = 0;
  }
  return DONE;
}

function writeClass(device: UsbState): i32 {
  if (device.index) return REFUSED;
  switch (device.request) {
    case HID_SET_REPORT:
      return Hid.writeReport(device, device.value >>> 8) ? DONE : REFUSED;
    case HID_SET_IDLE:
      device.idle = device.value >>> 8;
      device.reportedAt = Clock.last();
      return DONE;
    case HID_SET_PROTOCOL:
      if (!hasBootProtocol(device.number) || device.value > 1) return REFUSED;
      device.protocol = device.value;
      return DONE;
    default:
      return REFUSED;
  }
}

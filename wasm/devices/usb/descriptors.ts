// What the USB devices say about themselves: identity, configuration, names, layout of their reports (HID 1.11).

import { UsbDevice } from "../../protocol/input";
import { HUB } from "./state";

/** Of pid.codes, whose products 1 to 16 are for tests: no system has a driver for this very device. */
const VENDOR: u16 = 0x1209;
const PRODUCT_MOUSE: u16 = 0x0001; // and the others by their number
const VERSION: u16 = 0x0100;

export const TYPE_DEVICE: u32 = 0x01;
export const TYPE_CONFIGURATION: u32 = 0x02;
export const TYPE_STRING: u32 = 0x03;
export const TYPE_HID: u32 = 0x21;
export const TYPE_REPORT: u32 = 0x22;

export const CONTROL_PACKET: u32 = 8; // bytes of endpoint 0
export const REPORT_PACKET: u32 = 8; // bytes of endpoint 1 at most

const CLASS_HUB: u8 = 0x09;

const STRING_VENDOR: u8 = 1;
const STRING_PRODUCT: u8 = 2;
const LANGUAGE_ENGLISH: u16 = 0x0409;

const DEVICE_SIZE: u32 = 18;
const HID_OFFSET: u32 = 18; // in the configuration
const HID_SIZE: u32 = 9;
const INTERVAL_OFFSET: u32 = 33;
const CONFIGURATION_SIZE: u32 = 34;

// prettier-ignore
const DEVICE = memory.data<u8>([
  18, 0x01, 0x10, 0x01, // USB 1.1
  0, 0, 0, 8, // the class is the interface's; 8 bytes a packet
  0, 0, 0, 0, 0, 0, // vendor, product and version follow
  1, 2, 0, 1, // strings, no serial number, one configuration
]);

// prettier-ignore
const HUB_CONFIGURATION = memory.data<u8>([
  9, 0x02, 25, 0, 1, 1, 0, 0xe0, 0, // powered by itself, remote wakeup
  9, 0x04, 0, 0, 1, 0x09, 0, 0, 0, // hub
  7, 0x05, 0x81, 0x03, 1, 0, 255, // endpoint 1 in, interrupt
]);
const HUB_CONFIGURATION_SIZE: u32 = 25;

// prettier-ignore
const CONFIGURATION = memory.data<u8>([
  9, 0x02, 34, 0, 1, 1, 0, 0xa0, 50, // powered by the bus, remote wakeup, 100 mA
  9, 0x04, 0, 0, 1, 0x03, 0, 0, 0, // HID; subclass and protocol are the device's
  9, 0x21, 0x11, 0x01, 0, 1, 0x22, 0, 0, // HID 1.11, the report descriptor's length
  7, 0x05, 0x81, 0x03, 8, 0, 10, // endpoint 1 in, interrupt
]);
const INTERFACE_SUBCLASS: u32 = 15;
const INTERFACE_PROTOCOL: u32 = 16;
const REPORT_LENGTH: u32 = 25;

/** Buttons 1 to 5 and three bits of padding. */
// prettier-ignore
const MOUSE_REPORT = memory.data<u8>([
  0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, // generic desktop, mouse: application
  0x09, 0x01, 0xa1, 0x00, // pointer: physical
  0x05, 0x09, 0x19, 0x01, 0x29, 0x05, 0x15, 0x00, 0x25, 0x01, // buttons 1-5
  0x95, 0x05, 0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x03, 0x81, 0x01,
  0x05, 0x01, 0x09, 0x30, 0x09, 0x31, 0x09, 0x38, // X, Y, wheel
  0x15, 0x81, 0x25, 0x7f, 0x75, 0x08, 0x95, 0x03, 0x81, 0x06, // relative
  0x05, 0x0c, 0x0a, 0x38, 0x02, 0x95, 0x01, 0x81, 0x06, // consumer: AC pan
  0xc0, 0xc0,
]);
const MOUSE_REPORT_SIZE: u32 = 61;

// prettier-ignore
const TABLET_REPORT = memory.data<u8>([
  0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, // a mouse: systems know no other absolute pointer without a driver
  0x09, 0x01, 0xa1, 0x00,
  0x05, 0x09, 0x19, 0x01, 0x29, 0x05, 0x15, 0x00, 0x25, 0x01,
  0x95, 0x05, 0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x03, 0x81, 0x01,
  0x05, 0x01, 0x09, 0x30, 0x09, 0x31, // X, Y
  0x15, 0x00, 0x26, 0xff, 0x7f, 0x35, 0x00, 0x46, 0xff, 0x7f, // 0 to 7FFFh
  0x75, 0x10, 0x95, 0x02, 0x81, 0x02, // absolute
  0x09, 0x38, 0x15, 0x81, 0x25, 0x7f, 0x35, 0x00, 0x45, 0x00, 0x75, 0x08, 0x95, 0x01, 0x81, 0x06, // wheel
  0x05, 0x0c, 0x0a, 0x38, 0x02, 0x95, 0x01, 0x81, 0x06,
  0xc0, 0xc0,
]);
const TABLET_REPORT_SIZE: u32 = 81;

// prettier-ignore
const KEYBOARD_REPORT = memory.data<u8>([
  0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, // generic desktop, keyboard: application
  0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, // modifiers
  0x75, 0x01, 0x95, 0x08, 0x81, 0x02,
  0x95, 0x01, 0x75, 0x08, 0x81, 0x01,
  0x05, 0x08, 0x19, 0x01, 0x29, 0x05, 0x95, 0x05, 0x75, 0x01, 0x91, 0x02, // LEDs
  0x95, 0x01, 0x75, 0x03, 0x91, 0x01,
  0x05, 0x07, 0x19, 0x00, 0x2a, 0xff, 0x00, 0x15, 0x00, 0x26, 0xff, 0x00, // six keys
  0x95, 0x06, 0x75, 0x08, 0x81, 0x00,
  0xc0,
]);
const KEYBOARD_REPORT_SIZE: u32 = 65;

function reportAddress(device: u32): usize {
  if (device == UsbDevice.Mouse) return MOUSE_REPORT;
  return device == UsbDevice.Tablet ? TABLET_REPORT : KEYBOARD_REPORT;
}

function reportSize(device: u32): u32 {
  if (device == UsbDevice.Mouse) return MOUSE_REPORT_SIZE;
  return device == UsbDevice.Tablet ? TABLET_REPORT_SIZE : KEYBOARD_REPORT_SIZE;
}

/** Whether firmware can use it without reading its report descriptor. */
export function hasBootProtocol(device: u32): bool {
  return device == UsbDevice.Mouse || device == UsbDevice.Keyboard;
}

/** Copies a descriptor to `target` (256 bytes); returns its length, -1 when there is none. */
export function copyDescriptor(
  target: usize,
  device: u32,
  type: u32,
  index: u32,
  interval: u32,
): i32 {
  switch (type) {
    case TYPE_DEVICE:
      memory.copy(target, DEVICE, DEVICE_SIZE);
      store<u16>(target, VENDOR, 8);
      store<u16>(target, PRODUCT_MOUSE + <u16>device, 10);
      store<u16>(target, VERSION, 12);
      if (device == HUB) store<u8>(target, CLASS_HUB, 4);
      return <i32>DEVICE_SIZE;
    case TYPE_CONFIGURATION:
      if (index) return -1;
      copyConfiguration(target, device, interval);
      return <i32>(device == HUB ? HUB_CONFIGURATION_SIZE : CONFIGURATION_SIZE);
    case TYPE_HID:
      if (device == HUB) return -1;
      copyConfiguration(target, device, interval);
      memory.copy(target, target + <usize>HID_OFFSET, HID_SIZE);
      return <i32>HID_SIZE;
    case TYPE_REPORT:
      if (device == HUB) return -1;
      memory.copy(target, reportAddress(device), reportSize(device));
      return <i32>reportSize(device);
    case TYPE_STRING:
      return copyString(target, device, index);
    default:
      return -1;
  }
}

function copyConfiguration(target: usize, device: u32, interval: u32): void {
  if (device == HUB) {
    memory.copy(target, HUB_CONFIGURATION, HUB_CONFIGURATION_SIZE);
    return;
  }
  memory.copy(target, CONFIGURATION, CONFIGURATION_SIZE);
  if (hasBootProtocol(device)) {
    store<u8>(target + <usize>INTERFACE_SUBCLASS, 1);
    store<u8>(target + <usize>INTERFACE_PROTOCOL, device == UsbDevice.Keyboard ? 1 : 2);
  }
  store<u8>(target + <usize>REPORT_LENGTH, <u8>reportSize(device));
  store<u8>(target + <usize>INTERVAL_OFFSET, <u8>interval);
}

function copyString(target: usize, device: u32, index: u32): i32 {
  if (index == 0) {
    store<u16>(target, 0x0304);
    store<u16>(target, LANGUAGE_ENGLISH, 2);
    return 4;
  }
  if (index == STRING_VENDOR) return putString(target, "Tandem");
  if (index != STRING_PRODUCT) return -1;
  if (device == UsbDevice.Mouse) return putString(target, "USB Mouse");
  if (device == UsbDevice.Tablet) return putString(target, "USB Tablet");
  return putString(target, device == HUB ? "USB Hub" : "USB Keyboard");
}

/** A literal lies in memory as UTF-16, which is what USB wants. */
function putString(target: usize, text: string): i32 {
  const bytes = text.length << 1;
  store<u8>(target, <u8>(bytes + 2));
  store<u8>(target, <u8>TYPE_STRING, 1);
  memory.copy(target + 2, changetype<usize>(text), bytes);
  return bytes + 2;
}

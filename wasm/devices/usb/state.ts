// USB: the state of the devices, and the packet on the wire.

import { UsbDevice } from "../../protocol/input";

/** The ones that the host plugs in, and a hub for when they are more than ports. */
export const USB_DEVICES = <u32>UsbDevice.COUNT + 1;
export const HUB = <u32>UsbDevice.COUNT;

export const ROOT_PORTS: u32 = 2;
export const HUB_PORTS: u32 = 4;

/** What a device answers when it has not taken or given so many bytes. */
export const NAK: i32 = -1;
export const STALL: i32 = -2;
/** Nobody is there. */
export const TIMEOUT: i32 = -3;
/** It sent its packet once more, or one that the controller did not expect: acknowledged, and thrown away. */
export const DISCARDED: i32 = -4;

/** What comes next on the control endpoint. */
export enum Stage {
  Idle = 0,
  DataIn = 1,
  DataOut = 2,
  StatusIn = 3,
  Stalled = 4,
}

export const CONTROL_BUFFER_SIZE = 256;

/** A device: what USB knows of it, then what HID does. Endpoint 1 is its only other one. */
@unmanaged
export class UsbState {
  number: u32; // UsbDevice, or HUB
  port: u32; // from 1: root ports, then those of the hub; 0 while it is not plugged
  address: u32;
  nextAddress: u32; // address + 1, from the end of SET_ADDRESS on; 0 for none
  configuration: u32;
  remoteWakeup: u32;
  halted: u32; // endpoint 1
  toggle: u32; // DATA0 or DATA1 comes next, endpoint 1
  controlToggle: u32;
  stage: Stage;
  requestType: u32;
  request: u32;
  value: u32;
  index: u32;
  length: u32; // bytes of the data stage
  offset: u32; // that have been moved
  interval: u32; // milliseconds between two polls, as it asks for in its descriptor
  reachable: u32; // the controller runs and its port is on
  suspended: u32;
  polled: u32; // the guest asks for reports
  silent: u32; // frames since it did
  protocol: u32; // 1 report, 0 boot
  idle: u32; // repeat the last report so often, in units of 4 ms; 0 for never
  reportedAt: u64; // guest time
  seenAt: u64; // guest time at which it was last asked for a report, or would have been
}
export const USB_STATE_SIZE = <i32>offsetof<UsbState>();

const DEVICE_SIZE = USB_STATE_SIZE + CONTROL_BUFFER_SIZE;
export const STATE_SIZE = <i32>USB_DEVICES * DEVICE_SIZE;
export const STATE = memory.data(STATE_SIZE, 8); // per device: its fields, then the data of a control transfer

/** Bytes of the packet under way; the longest that a controller may ask for. */
export const PACKET = memory.data(1280, 8);

export function usbDevice(number: u32): UsbState {
  return changetype<UsbState>(STATE + <usize>(number * <u32>DEVICE_SIZE));
}

export function controlBuffer(device: UsbState): usize {
  return changetype<usize>(device) + <usize>USB_STATE_SIZE;
}

@unmanaged
class Wire {
  resume: u32; // function index: (port) => void, of the controller, like the others
  changed: u32; // function index: () => void
  reset: u32; // function index: (port) => void
}
const wire = changetype<Wire>(memory.data(offsetof<Wire>(), 8));

/** The controller announces what it does when a device signals resume, when ports are switched, and to reset one's device. */
export function setWire(
  resume: (port: u32) => void,
  changed: () => void,
  reset: (port: u32) => void,
): void {
  wire.resume = load<u32>(changetype<usize>(resume));
  wire.changed = load<u32>(changetype<usize>(changed));
  wire.reset = load<u32>(changetype<usize>(reset));
}

/** What can be reached has changed. */
export function changed(): void {
  call_indirect<void>(wire.changed);
}

/** The device at a port is reset. */
export function resetPortOf(port: u32): void {
  call_indirect<void>(wire.reset, port);
}

/** A device has something for a guest that has suspended it. */
export function signalResume(device: UsbState): void {
  if (device.suspended && device.remoteWakeup) call_indirect<void>(wire.resume, device.port);
}

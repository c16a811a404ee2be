// USB hub with four ports, for more devices than the controller has ports (USB 1.1, chapter 11). Powered by itself.
//
// A reset of a port takes no longer than the request for it.
//
// Not implemented: indicators, over-current, the electrical test of a port.

import { changed, HUB_PORTS, resetPortOf, ROOT_PORTS, UsbState } from "./state";

const TYPE_HUB: u32 = 0x29;
const DESCRIPTOR_SIZE = 9;
const NO_POWER_SWITCHING: u16 = 0x0012; // and no over-current protection

const REQUEST_GET_STATUS: u32 = 0;
const REQUEST_CLEAR_FEATURE: u32 = 1;
const REQUEST_SET_FEATURE: u32 = 3;
const REQUEST_GET_DESCRIPTOR: u32 = 6;
const READ_HUB: u32 = 0xa0;
const READ_PORT: u32 = 0xa3;
const WRITE_HUB: u32 = 0x20;
const WRITE_PORT: u32 = 0x23;

const FEATURE_ENABLE: u32 = 1;
const FEATURE_SUSPEND: u32 = 2;
const FEATURE_RESET: u32 = 4;
const FEATURE_POWER: u32 = 8;
/** The first of five features that clear the change bits, in their order. */
const FEATURE_CHANGES: u32 = 16;
const CHANGES: u32 = 5;
const HUB_FEATURES: u32 = 2;

const STATUS_CONNECTED: u32 = 0x0001;
const STATUS_ENABLED: u32 = 0x0002;
const STATUS_SUSPENDED: u32 = 0x0004;
const STATUS_POWERED: u32 = 0x0100;

const CHANGE_CONNECTED: u32 = 0x01;
const CHANGE_SUSPENDED: u32 = 0x04;
const CHANGE_RESET: u32 = 0x10;

@unmanaged
class HubPort {
  plugged: u32;
  status: u32;
  change: u32;
}
const PORT_SIZE = <i32>offsetof<HubPort>();
export const HUB_STATE_SIZE = <i32>HUB_PORTS * PORT_SIZE;
export const HUB_STATE = memory.data(HUB_STATE_SIZE, 8);

/** @param number from 1 */
function portOf(number: u32): HubPort {
  return changetype<HubPort>(HUB_STATE + <usize>((number - 1) * <u32>PORT_SIZE));
}

export class Hub {
  /** Power goes from the ports: their devices are found anew once the hub is configured. */
  static reset(): void {
    for (let number: u32 = 1; number <= HUB_PORTS; number++) {
      const port = portOf(number);
      port.status = 0;
      port.change = 0;
    }
    changed();
  }

  static plug(number: u32): void {
    const port = portOf(number);
    port.plugged = 1;
    if (!(port.status & STATUS_POWERED)) return;
    port.status |= STATUS_CONNECTED;
    port.change |= CHANGE_CONNECTED;
  }

  static unplug(number: u32): void {
    const port = portOf(number);
    port.plugged = 0;
    if (!(port.status & STATUS_POWERED)) return;
    port.status = STATUS_POWERED;
    port.change |= CHANGE_CONNECTED;
  }

  static isOn(number: u32): bool {
    return (portOf(number).status & STATUS_ENABLED) != 0;
  }

  static isSuspended(number: u32): bool {
    return (portOf(number).status & STATUS_SUSPENDED) != 0;
  }

  /** A device wakes its port. */
  static resume(number: u32): void {
    const port = portOf(number);
    if (!(port.status & STATUS_SUSPENDED)) return;
    port.status &= ~STATUS_SUSPENDED;
    port.change |= CHANGE_SUSPENDED;
    changed();
  }

  static hasReport(): bool {
    return changes() != 0;
  }

  /** The ports with a change: a bit each, from bit 1 on. */
  static report(target: usize): i32 {
    store<u8>(target, <u8>changes());
    return 1;
  }

  /** A request that reads: the length of what was put to `target`, -1 to refuse. */
  static read(device: UsbState, target: usize): i32 {
    if (device.requestType == READ_HUB) {
      if (device.request == REQUEST_GET_DESCRIPTOR && device.value >>> 8 == TYPE_HUB) {
        return copyHubDescriptor(target);
      }
      store<u32>(target, 0); // local power is good
      return device.request == REQUEST_GET_STATUS ? 4 : -1;
    }
    if (device.requestType != READ_PORT || device.request != REQUEST_GET_STATUS) return -1;
    if (!isPort(device.index)) return -1;
    const port = portOf(device.index);
    store<u16>(target, <u16>port.status);
    store<u16>(target, <u16>port.change, 2);
    return 4;
  }

  /** A request that writes; false to refuse. */
  static write(device: UsbState): bool {
    const feature = device.value;
    const set = device.request == REQUEST_SET_FEATURE;
    if (!set && device.request != REQUEST_CLEAR_FEATURE) return false;
    if (device.requestType == WRITE_HUB) return feature < HUB_FEATURES;
    if (device.requestType != WRITE_PORT || !isPort(device.index)) return false;
    return set ? setFeature(device.index, feature) : clearFeature(device.index, feature);
  }
}

function isPort(index: u32): bool {
  return index >= 1 && index <= HUB_PORTS;
}

function changes(): u32 {
  let bits: u32 = 0;
  for (let number: u32 = 1; number <= HUB_PORTS; number++) {
    if (portOf(number).change) bits |= 1 << number;
  }
  return bits;
}

function copyHubDescriptor(target: usize): i32 {
  store<u8>(target, <u8>DESCRIPTOR_SIZE);
  store<u8>(target, <u8>TYPE_HUB, 1);
  store<u8>(target, <u8>HUB_PORTS, 2);
  store<u16>(target, NO_POWER_SWITCHING, 3);
  store<u8>(target, 1, 5); // 2 ms until power is good
  store<u8>(target, 0, 6); // no current of the bus
  store<u8>(target, 0, 7); // everything can be pulled out
  store<u8>(target, 0xff, 8);
  return DESCRIPTOR_SIZE;
}

function setFeature(number: u32, feature: u32): bool {
  const port = portOf(number);
  switch (feature) {
    case FEATURE_POWER:
      if (!(port.status & STATUS_POWERED)) {
        port.status |= STATUS_POWERED;
        if (port.plugged) Hub.plug(number);
      }
      return true;
    case FEATURE_RESET:
      if (!(port.status & STATUS_CONNECTED)) return true;
      resetPortOf(ROOT_PORTS + number);
      port.status = (port.status | STATUS_ENABLED) & ~STATUS_SUSPENDED;
      port.change |= CHANGE_RESET;
      break;
    case FEATURE_SUSPEND:
      if (port.status & STATUS_ENABLED) port.status |= STATUS_SUSPENDED;
      break;
    default:
      return false;
  }
  changed();
  return true;
}

function clearFeature(number: u32, feature: u32): bool {
  const port = portOf(number);
  if (feature >= FEATURE_CHANGES && feature < FEATURE_CHANGES + CHANGES) {
    port.change &= ~(1 << (feature - FEATURE_CHANGES));
    return true;
  }
  switch (feature) {
    case FEATURE_ENABLE:
      port.status &= ~STATUS_ENABLED;
      break;
    case FEATURE_SUSPEND:
      Hub.resume(number);
      return true;
    case FEATURE_POWER:
      port.status = 0;
      port.change = 0;
      break;
    default:
      return false;
  }
  changed();
  return true;
}

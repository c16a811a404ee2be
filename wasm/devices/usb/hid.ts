// USB: what the devices have in common at endpoint 1: when they have a report, when they repeat one, when the guest listens.
// All are of the HID class but the hub, whose report is about its ports.

import { Keys } from "../../bus/keys";
import { Listening, Pointer } from "../../bus/pointer";
import { PointerDevice, UsbDevice } from "../../protocol/input";
import { Hub } from "./hub";
import { Keyboard } from "./keyboard";
import { Mouse } from "./mouse";
import { controlBuffer, HUB, PACKET, UsbState } from "./state";
import { Tablet } from "./tablet";

export const NEVER: u64 = 0xffff_ffff_ffff_ffff;
const IDLE_UNIT: u64 = 4_000_000;
const REPORT_INPUT: u32 = 1;
const REPORT_OUTPUT: u32 = 2;
const PROTOCOL_REPORT: u32 = 1;
/** A guest that polls does so at least every 255 frames. */
const SILENT_FRAMES: u32 = 1024;
const SILENT_TIME: u64 = 250_000_000;

export class Hid {
  static reset(device: UsbState): void {
    device.protocol = PROTOCOL_REPORT;
    device.idle = 0;
    Hid.configured(device);
  }

  static configured(device: UsbState): void {
    if (device.number == HUB) Hub.reset();
    device.halted = 0;
    device.toggle = 0;
    device.polled = 0;
    Hid.update(device);
  }

  /** The guest has asked for a report. */
  static seen(device: UsbState, time: u64): void {
    device.silent = 0;
    device.seenAt = time;
    if (device.polled) return;
    device.polled = 1;
    Hid.update(device);
  }

  /** The guest sleeps without having asked. A driver may be slow to ask again; it gets SILENT_TIME. */
  static unseen(device: UsbState, time: u64): void {
    if (device.polled && time > device.seenAt + SILENT_TIME) Hid.forget(device);
  }

  /** The guest does not ask for reports any more. */
  static forget(device: UsbState): void {
    device.polled = 0;
    Hid.update(device);
  }

  /** A frame has passed. */
  static frame(device: UsbState): void {
    if (device.polled && ++device.silent > SILENT_FRAMES) Hid.forget(device);
  }

  /** Looks whether the guest listens. What a guest that does not will find later is nothing old. */
  static update(device: UsbState): void {
    if (device.number == HUB) return;
    const reached: bool = device.reachable != 0 && (!device.suspended || device.remoteWakeup != 0);
    const listens: bool = reached && device.polled != 0 && device.configuration != 0;
    if (!device.polled) clear(device.number);
    switch (device.number) {
      case UsbDevice.Mouse:
        Pointer.listen(PointerDevice.UsbMouse, listens ? Listening.Motion : Listening.No);
        break;
      case UsbDevice.Tablet:
        Pointer.listen(PointerDevice.UsbTablet, listens ? Listening.Position : Listening.No);
        break;
      default:
        Keys.listen(listens);
        break;
    }
  }

  /** The guest time from which on there is a report: 0 for now, NEVER. */
  static readyAt(device: UsbState): u64 {
    if (device.halted || hasNews(device.number)) return 0;
    return device.idle ? device.reportedAt + <u64>device.idle * IDLE_UNIT : NEVER;
  }

  static hasReport(device: UsbState, time: u64): bool {
    return Hid.readyAt(device) <= time;
  }

  /** Puts the next report to PACKET; returns its length. */
  static takeReport(device: UsbState, time: u64): i32 {
    device.reportedAt = time;
    switch (device.number) {
      case HUB:
        return Hub.report(PACKET);
      case UsbDevice.Mouse:
        return Mouse.report(PACKET, device.protocol != PROTOCOL_REPORT);
      case UsbDevice.Tablet:
        return Tablet.report(PACKET);
      default:
        return Keyboard.report(PACKET);
    }
  }

  /** The device's interrupt transfer has ended with an interrupt. */
  static interrupted(device: UsbState): void {
    if (device.number == UsbDevice.Mouse) Pointer.interrupted(PointerDevice.UsbMouse);
    else if (device.number == UsbDevice.Tablet) Pointer.interrupted(PointerDevice.UsbTablet);
  }

  /** GET_REPORT: length of what was put to `target`, -1 when there is none of that type. */
  static readReport(device: UsbState, target: usize, type: u32): i32 {
    if (type == REPORT_OUTPUT && device.number == UsbDevice.Keyboard) {
      store<u8>(target, <u8>Keyboard.leds());
      return 1;
    }
    if (type != REPORT_INPUT) return -1;
    switch (device.number) {
      case UsbDevice.Mouse:
        return Mouse.look(target);
      case UsbDevice.Tablet:
        return Tablet.look(target);
      default:
        return Keyboard.look(target);
    }
  }

  /** SET_REPORT with its data in the control buffer. */
  static writeReport(device: UsbState, type: u32): bool {
    if (type != REPORT_OUTPUT || device.number != UsbDevice.Keyboard || !device.length)
      return false;
    Keyboard.setLeds(<u32>load<u8>(controlBuffer(device)));
    return true;
  }
}

function hasNews(device: u32): bool {
  if (device == HUB) return Hub.hasReport();
  if (device == UsbDevice.Mouse) return Mouse.hasReport();
  return device == UsbDevice.Tablet ? Tablet.hasReport() : Keyboard.hasReport();
}

function clear(device: u32): void {
  if (device == UsbDevice.Mouse) Mouse.clear();
  else if (device == UsbDevice.Tablet) Tablet.clear();
  else Keyboard.clear();
}

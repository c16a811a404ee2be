// USB mouse: relative, five buttons, two wheels; three bytes of it in the boot protocol.
//
// What a byte cannot hold is reported the next time.

import { Pointer, setPointerDevice } from "../../bus/pointer";
import { PointerDevice, UsbDevice } from "../../protocol/input";
import { limited, Movements, MOVEMENTS_SIZE } from "./movements";
import { signalResume, usbDevice } from "./state";

const BUTTONS: u32 = 0x1f;
const REPORT_SIZE = 5;
const BOOT_REPORT_SIZE = 3;

export const MOUSE_STATE_SIZE = MOVEMENTS_SIZE;
export const MOUSE_STATE = memory.data(MOUSE_STATE_SIZE, 8);
const queue = changetype<Movements>(MOUSE_STATE);

export function attachMouse(): void {
  setPointerDevice(PointerDevice.UsbMouse, move, place, press, turn);
}

export class Mouse {
  static clear(): void {
    Movements.clear(queue);
  }

  static hasReport(): bool {
    return queue.count != 0;
  }

  /** Puts a report to `target`; returns its length. */
  static report(target: usize, boot: bool): i32 {
    store<u64>(target, 0);
    if (!queue.count) {
      store<u8>(target, <u8>queue.reported);
      return boot ? BOOT_REPORT_SIZE : REPORT_SIZE;
    }
    const movement = Movements.at(queue, 0);
    const dx = limited(movement.x);
    const dy = limited(movement.y);
    movement.x -= dx;
    movement.y -= dy;
    store<u8>(target, <u8>movement.buttons);
    store<i8>(target, <i8>dx, 1);
    store<i8>(target, <i8>dy, 2);
    if (boot) {
      movement.wheel = 0;
      movement.pan = 0;
    }
    const wheel = limited(movement.wheel);
    const pan = limited(movement.pan);
    movement.wheel -= wheel;
    movement.pan -= pan;
    store<i8>(target, <i8>-wheel, 3); // up is positive here
    store<i8>(target, <i8>pan, 4);
    queue.reported = movement.buttons;
    const id = movement.id;
    movement.id = 0;
    if (!movement.x && !movement.y && !movement.wheel && !movement.pan) Movements.drop(queue);
    Pointer.taken(PointerDevice.UsbMouse, id);
    return boot ? BOOT_REPORT_SIZE : REPORT_SIZE;
  }

  /** The same without anything being reported by it, for GET_REPORT. */
  static look(target: usize): i32 {
    store<u64>(target, 0);
    store<u8>(target, <u8>queue.reported);
    return REPORT_SIZE;
  }
}

function move(dx: i32, dy: i32, id: u32): i32 {
  const movement = Movements.current(queue);
  if (!movement) return 0;
  movement.x += dx;
  movement.y += dy;
  if (id) movement.id = id;
  signalResume(usbDevice(UsbDevice.Mouse));
  return 1;
}

/** A mouse has no place. */
function place(_id: u32): i32 {
  return 1;
}

function press(buttons: u32, id: u32): i32 {
  const mask = buttons & BUTTONS;
  if (mask == queue.buttons) return 1;
  const movement = Movements.append(queue, mask);
  if (!movement) return 0;
  movement.id = id;
  signalResume(usbDevice(UsbDevice.Mouse));
  return 1;
}

function turn(vertical: i32, horizontal: i32, id: u32): i32 {
  const movement = Movements.current(queue);
  if (!movement) return 0;
  movement.wheel += vertical;
  movement.pan += horizontal;
  if (id) movement.id = id;
  signalResume(usbDevice(UsbDevice.Mouse));
  return 1;
}

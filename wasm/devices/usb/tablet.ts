// USB tablet: an absolute position from 0 to 7FFFh each way, five buttons, two wheels.

import { Pointer, setPointerDevice } from "../../bus/pointer";
import { PointerDevice, UsbDevice } from "../../protocol/input";
import { limited, Movement, Movements, MOVEMENTS_SIZE } from "./movements";
import { signalResume, usbDevice } from "./state";

const BUTTONS: u32 = 0x1f;
const REPORT_SIZE = 7;

@unmanaged
class TabletState {
  x: u32; // in the last report
  y: u32;
}
export const TABLET_STATE_SIZE = MOVEMENTS_SIZE + <i32>offsetof<TabletState>();
export const TABLET_STATE = memory.data(TABLET_STATE_SIZE, 8); // the queue, then the fields
const queue = changetype<Movements>(TABLET_STATE);
const tablet = changetype<TabletState>(TABLET_STATE + MOVEMENTS_SIZE);

export function attachTablet(): void {
  setPointerDevice(PointerDevice.UsbTablet, move, place, press, turn);
}

export class Tablet {
  static clear(): void {
    Movements.clear(queue);
  }

  static hasReport(): bool {
    return queue.count != 0;
  }

  /** Puts a report to `target`; returns its length. */
  static report(target: usize): i32 {
    let wheel = 0;
    let pan = 0;
    if (queue.count) {
      const movement = Movements.at(queue, 0);
      wheel = limited(movement.wheel);
      pan = limited(movement.pan);
      movement.wheel -= wheel;
      movement.pan -= pan;
      tablet.x = <u32>movement.x;
      tablet.y = <u32>movement.y;
      queue.reported = movement.buttons;
      const id = movement.id;
      movement.id = 0;
      if (!movement.wheel && !movement.pan) Movements.drop(queue);
      Pointer.taken(PointerDevice.UsbTablet, id);
    }
    put(target, wheel, pan);
    return REPORT_SIZE;
  }

  /** The same without anything being reported by it, for GET_REPORT. */
  static look(target: usize): i32 {
    put(target, 0, 0);
    return REPORT_SIZE;
  }
}

function put(target: usize, wheel: i32, pan: i32): void {
  store<u8>(target, <u8>queue.reported);
  store<u16>(target, <u16>tablet.x, 1);
  store<u16>(target, <u16>tablet.y, 3);
  store<i8>(target, <i8>-wheel, 5); // up is positive here
  store<i8>(target, <i8>pan, 6);
}

/** An entry is about where the hand is now. */
function here(movement: Movement, id: u32): void {
  movement.x = Pointer.tabletX();
  movement.y = Pointer.tabletY();
  if (id) movement.id = id;
  signalResume(usbDevice(UsbDevice.Tablet));
}

/** The hub makes positions of motion. */
function move(_dx: i32, _dy: i32, _id: u32): i32 {
  return 1;
}

function place(id: u32): i32 {
  const movement = Movements.current(queue);
  if (!movement) return 0;
  here(movement, id);
  return 1;
}

function press(buttons: u32, id: u32): i32 {
  const mask = buttons & BUTTONS;
  if (mask == queue.buttons) return 1;
  const movement = Movements.append(queue, mask);
  if (!movement) return 0;
  here(movement, id);
  return 1;
}

function turn(vertical: i32, horizontal: i32, id: u32): i32 {
  const movement = Movements.current(queue);
  if (!movement) return 0;
  movement.wheel += vertical;
  movement.pan += horizontal;
  here(movement, id);
  return 1;
}

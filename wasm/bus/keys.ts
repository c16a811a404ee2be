// The keys: to the USB keyboard while the guest listens to it, else to the PS/2 keyboard. A key that is held stays with the
// keyboard that it went down on.
//
// Keys are codes of set 1, extended ones with E000h; Pause is E11Dh.

import { addDevice, Device } from "./devices";

const KEYS: u32 = 256;
const KEY_PAUSE: u32 = 0xe11d;
const ON_PS2: u8 = 1;
const ON_USB: u8 = 2;

@unmanaged
class KeysState {
  usbListens: u32;
}
const STATE_SIZE = 256 + <i32>offsetof<KeysState>();
const STATE = memory.data(STATE_SIZE, 8); // where each key is held, then the fields
const keys = changetype<KeysState>(STATE + 256);

@unmanaged
class Keyboards {
  ps2: u32; // function index: (key, pressed) => taken
  usb: u32;
}
const keyboards = changetype<Keyboards>(memory.data(offsetof<Keyboards>(), 8));

export function attachKeys(): void {
  addDevice(Device.Keys, STATE, STATE_SIZE, reset);
}

/** The keyboards forget what was held. */
function reset(): void {
  memory.fill(STATE, 0, KEYS);
}

/** The keyboards announce themselves. */
export function setPs2Keys(key: (key: i32, pressed: i32) => i32): void {
  keyboards.ps2 = load<u32>(changetype<usize>(key));
}
export function setUsbKeys(key: (key: i32, pressed: i32) => i32): void {
  keyboards.usb = load<u32>(changetype<usize>(key));
}

export class Keys {
  /** The guest's driver of the USB keyboard has begun or ceased to listen. */
  static listen(usb: bool): void {
    const listens: u32 = usb ? 1 : 0;
    if (listens == keys.usbListens) return;
    keys.usbListens = listens;
    if (usb) return;
    for (let key: usize = 0; key < <usize>KEYS; key++) {
      if (load<u8>(STATE + key) == ON_USB) store<u8>(STATE + key, 0);
    }
  }
}

/** Where it is noted which keyboard holds a key. */
function place(key: u32): usize {
  if (key == KEY_PAUSE) return STATE + 0xff;
  return STATE + <usize>((key & 0x7f) | (key > 0xff ? 0x80 : 0));
}

/** Host: a key goes down (again) or up. Returns 0 when there is no room: try again later. */
export function keyboardKey(key: i32, pressed: i32): i32 {
  const held = place(<u32>key);
  let keyboard = load<u8>(held);
  if (!keyboard) keyboard = keys.usbListens ? ON_USB : ON_PS2;
  const give = keyboard == ON_USB ? keyboards.usb : keyboards.ps2;
  if (!call_indirect<i32>(give, key, pressed)) return 0;
  store<u8>(held, pressed ? keyboard : 0);
  return 1;
}

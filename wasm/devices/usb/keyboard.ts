// USB keyboard: boot protocol, modifiers and six keys at a time, five LEDs.
//
// Keys come from the host as codes of set 1, like those of the PS/2 keyboard. Each press and release gets a report of its own.
// The guest repeats held keys itself, so that the host's repetition is dropped. More than six keys: rollover error, as on a real one.

import { hostEvent } from "../../host";
import { MachineEvent } from "../../protocol/events";
import { UsbDevice } from "../../protocol/input";
import { usageOfSet1 } from "./key-usages";
import { signalResume, usbDevice } from "./state";

const QUEUE_SIZE: u32 = 64;
/** Room that only releases may use: a key refused on its way up would hang. */
const RESERVED: u32 = 24;
const HELD_SIZE: u32 = 32;
const REPORTED_KEYS: u32 = 6;
const REPORT_SIZE = 8;
const ROLLOVER: u8 = 0x01;
const USAGE_MODIFIERS: u32 = 0xe0; // left Control, Shift, Alt, GUI, then right
const EVENT_PRESSED: u32 = 0x100;

const LED_NUM: u32 = 0x01;
const LED_CAPS: u32 = 0x02;
const LED_SCROLL: u32 = 0x04;

@unmanaged
class KeyboardState {
  head: u32;
  count: u32;
  modifiers: u32; // bits as in the report
  held: u32; // how many keys are down besides
  leds: u32;
}
const QUEUE_BYTES = 2 * 64;
export const KEYBOARD_STATE_SIZE = QUEUE_BYTES + 32 + <i32>offsetof<KeyboardState>();
export const KEYBOARD_STATE = memory.data(KEYBOARD_STATE_SIZE, 8); // u16 events, usages of held keys, then the fields
const HELD = KEYBOARD_STATE + QUEUE_BYTES;
const keyboard = changetype<KeyboardState>(HELD + 32);

export class Keyboard {
  static clear(): void {
    keyboard.count = 0;
    keyboard.modifiers = 0;
    keyboard.held = 0;
  }

  static hasReport(): bool {
    return keyboard.count != 0;
  }

  /** Puts a report to `target`, with the next key in it; returns its length. */
  static report(target: usize): i32 {
    if (keyboard.count) {
      apply(<u32>load<u16>(KEYBOARD_STATE + ((<usize>keyboard.head) << 1)));
      keyboard.head = (keyboard.head + 1) % QUEUE_SIZE;
      keyboard.count--;
    }
    return Keyboard.look(target);
  }

  /** The keys that are down as the guest knows. */
  static look(target: usize): i32 {
    store<u64>(target, 0);
    store<u8>(target, <u8>keyboard.modifiers);
    if (keyboard.held > REPORTED_KEYS) memory.fill(target + 2, ROLLOVER, REPORTED_KEYS);
    else memory.copy(target + 2, HELD, keyboard.held);
    return REPORT_SIZE;
  }

  static leds(): u32 {
    return keyboard.leds;
  }

  static setLeds(leds: u32): void {
    keyboard.leds = leds & 0x1f;
    const scroll = leds & LED_SCROLL ? 1 : 0;
    const num = leds & LED_NUM ? 2 : 0;
    const caps = leds & LED_CAPS ? 4 : 0;
    hostEvent(MachineEvent.KeyboardLeds, scroll | num | caps, 0);
  }

  /** A key by its set-1 code goes down (again) or up. Returns 0 when there is no room. */
  static key(code: u32, pressed: bool): i32 {
    const usage = usageOfSet1(code);
    if (!usage) return 1;
    if (QUEUE_SIZE - keyboard.count <= (pressed ? RESERVED : 0)) return 0;
    if (wasPressed(usage) == pressed) return 1;
    const place = (keyboard.head + keyboard.count) % QUEUE_SIZE;
    store<u16>(
      KEYBOARD_STATE + ((<usize>place) << 1),
      <u16>(usage | (pressed ? EVENT_PRESSED : 0)),
    );
    keyboard.count++;
    signalResume(usbDevice(UsbDevice.Keyboard));
    return 1;
  }
}

/** Whether a key is down once all that waits has been reported. */
function wasPressed(usage: u32): bool {
  for (let i = keyboard.count; i > 0; i--) {
    const place = (keyboard.head + i - 1) % QUEUE_SIZE;
    const event = <u32>load<u16>(KEYBOARD_STATE + ((<usize>place) << 1));
    if ((event & 0xff) == usage) return (event & EVENT_PRESSED) != 0;
  }
  if (usage >= USAGE_MODIFIERS) return (keyboard.modifiers & (1 << (usage - USAGE_MODIFIERS))) != 0;
  return indexOf(usage) < keyboard.held;
}

/** The place among the held keys; their number when it is not there. */
function indexOf(usage: u32): u32 {
  let index: u32 = 0;
  while (index < keyboard.held && <u32>load<u8>(HELD + <usize>index) != usage) index++;
  return index;
}

function apply(event: u32): void {
  const usage = event & 0xff;
  const pressed = (event & EVENT_PRESSED) != 0;
  if (usage >= USAGE_MODIFIERS) {
    const bit: u32 = 1 << (usage - USAGE_MODIFIERS);
    keyboard.modifiers = pressed ? keyboard.modifiers | bit : keyboard.modifiers & ~bit;
    return;
  }
  const index = indexOf(usage);
  if (pressed) {
    if (index < keyboard.held || keyboard.held == HELD_SIZE) return;
    store<u8>(HELD + <usize>keyboard.held, <u8>usage);
    keyboard.held++;
  } else if (index < keyboard.held) {
    keyboard.held--;
    const at = HELD + <usize>index;
    memory.copy(at, at + 1, keyboard.held - index);
  }
}

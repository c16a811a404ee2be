// PS/2 keyboard: 101/102 keys plus the Windows keys, scan code sets 1, 2 and 3.
//
// Keys come from the host as codes of set 1, extended ones with E000h; Pause is E11Dh. Repetition is the host's: it presses
// again. A key that finds the buffer full is refused, and the host tries again, so that nothing typed ahead is lost.
//
// Not implemented: the fake shift codes around navigation keys, set 3's key types one by one (FBh to FDh are acknowledged).

import { addDevice, Device } from "../bus/devices";
import { setPs2Keys } from "../bus/keys";
import { Ps2, Ps2Port, setPs2Device } from "../bus/ps2";
import { hostEvent } from "../host";
import { MachineEvent } from "../protocol/events";
import { set2OfSet1, set3OfSet1 } from "./scan-codes";

const KEY_EXTENDED: u32 = 0xe000;
const KEY_PAUSE: u32 = 0xe11d;
const KEY_BREAK: u32 = 0xe046; // Pause with Control
const KEY_PRINT_SCREEN: u32 = 0xe037;
const KEY_SYSRQ: u32 = 0x54; // Print Screen with Alt
const CODE_CONTROL: u32 = 0x1d;
const CODE_LEFT_SHIFT: u32 = 0x2a;
const CODE_RIGHT_SHIFT: u32 = 0x36;
const CODE_ALT: u32 = 0x38;
const CODE_CAPS_LOCK: u32 = 0x3a;

const ACKNOWLEDGE: u32 = 0xfa;
const RESEND: u32 = 0xfe;
const SELF_TEST_PASSED: u32 = 0xaa;
const ECHO: u32 = 0xee;
const ID_LOW: u32 = 0xab;
const ID_HIGH: u32 = 0x83;

const COMMAND_LEDS: u32 = 0xed;
const COMMAND_SCAN_SET: u32 = 0xf0;
const COMMAND_RATE: u32 = 0xf3;

const MODIFIER_CONTROL: u32 = 1; // left; right is the next bit
const MODIFIER_SHIFT: u32 = 4;
const MODIFIER_ALT: u32 = 16;

const QUEUE_SIZE: u32 = 128;
const ANSWERS_SIZE: u32 = 16;
/** The longest sequence of one key: Pause in set 2. */
const LONGEST: u32 = 8;
/** Room that only releases may use: a key refused on its way up would hang. */
const RESERVED: u32 = 48;

@unmanaged
class KeyboardState {
  head: u32;
  count: u32;
  answersHead: u32;
  answersCount: u32;
  scanSet: u32;
  scanning: u32;
  makeBreak: u32; // set 3: all keys send break codes
  parameterFor: u32;
  lastSent: u32;
  leds: u32;
  rate: u32;
  modifiers: u32;
  sysRq: u32; // Print Screen went down as SysRq
}
const STATE_SIZE = <i32>QUEUE_SIZE + <i32>ANSWERS_SIZE + <i32>offsetof<KeyboardState>();
const STATE = memory.data(STATE_SIZE, 8); // scan codes to send, answers to commands, then the fields
const QUEUE = STATE;
const ANSWERS = STATE + QUEUE_SIZE;
const keyboard = changetype<KeyboardState>(STATE + QUEUE_SIZE + ANSWERS_SIZE);

export function attachPs2Keyboard(): void {
  addDevice(Device.Ps2Keyboard, STATE, STATE_SIZE, reset);
  setPs2Device(Ps2Port.Keyboard, receive, take);
  setPs2Keys(pressKey);
}

/** The keyboard has no RESET line; it stays powered, but what it was about to say is stale. */
function reset(): void {
  setDefaults();
  keyboard.scanning = 1;
  keyboard.count = 0;
  keyboard.answersCount = 0;
  keyboard.parameterFor = 0;
}

function setDefaults(): void {
  keyboard.scanSet = 2;
  keyboard.makeBreak = 0;
  keyboard.rate = 0x2b;
}

// --- To the PC ---

function queue(byte: u32): void {
  if (keyboard.count == QUEUE_SIZE) return;
  store<u8>(QUEUE + <usize>((keyboard.head + keyboard.count) % QUEUE_SIZE), <u8>byte);
  keyboard.count++;
}

function answer(byte: u32): void {
  if (keyboard.answersCount == ANSWERS_SIZE) return;
  const at = (keyboard.answersHead + keyboard.answersCount) % ANSWERS_SIZE;
  store<u8>(ANSWERS + <usize>at, <u8>byte);
  keyboard.answersCount++;
  Ps2.wake();
}

/** Answers go before scan codes. */
function take(): i32 {
  if (keyboard.answersCount) {
    keyboard.lastSent = <u32>load<u8>(ANSWERS + <usize>keyboard.answersHead);
    keyboard.answersHead = (keyboard.answersHead + 1) % ANSWERS_SIZE;
    keyboard.answersCount--;
  } else if (keyboard.count && !keyboard.parameterFor) {
    keyboard.lastSent = <u32>load<u8>(QUEUE + <usize>keyboard.head);
    keyboard.head = (keyboard.head + 1) % QUEUE_SIZE;
    keyboard.count--;
  } else {
    return -1;
  }
  return <i32>keyboard.lastSent;
}

// --- Keys ---

/** A key goes down (again) or up. Returns 0 when there is no room: try again later. */
function pressKey(key: i32, pressed: i32): i32 {
  const needed = pressed ? RESERVED + LONGEST : LONGEST;
  if (QUEUE_SIZE - keyboard.count < needed) return 0;
  let code = <u32>key;
  noteModifier(code, pressed != 0);
  if (!keyboard.scanning) return 1;

  if (code == KEY_PAUSE && keyboard.modifiers & (3 * MODIFIER_CONTROL)) code = KEY_BREAK;
  if (code == KEY_PRINT_SCREEN) {
    if (pressed) keyboard.sysRq = keyboard.modifiers & (3 * MODIFIER_ALT);
    if (keyboard.sysRq) code = KEY_SYSRQ;
  }

  if (keyboard.scanSet == 3) {
    sendSet3(code, pressed != 0);
  } else if (code == KEY_PAUSE || code == KEY_BREAK) {
    // Both are sent at once, with their release, when the key goes down.
    if (pressed) sendPause(code == KEY_BREAK);
  } else if (code == KEY_PRINT_SCREEN && !(keyboard.modifiers & 15)) {
    // Without Control and Shift it comes inside a shift of its own.
    const shift = KEY_EXTENDED | CODE_LEFT_SHIFT;
    send(pressed ? shift : code, pressed != 0);
    send(pressed ? code : shift, pressed != 0);
  } else {
    send(code, pressed != 0);
  }
  Ps2.wake();
  return 1;
}

function noteModifier(key: u32, pressed: bool): void {
  let bit: u32 = 0;
  const right: u32 = key & KEY_EXTENDED ? 1 : 0;
  const code = key & 0xff;
  if (code == CODE_CONTROL && key != KEY_PAUSE) bit = MODIFIER_CONTROL << right;
  else if (code == CODE_ALT) bit = MODIFIER_ALT << right;
  else if (key == CODE_LEFT_SHIFT) bit = MODIFIER_SHIFT;
  else if (key == CODE_RIGHT_SHIFT) bit = MODIFIER_SHIFT << 1;
  keyboard.modifiers = pressed ? keyboard.modifiers | bit : keyboard.modifiers & ~bit;
}

/** One key in set 1 or 2. */
function send(key: u32, pressed: bool): void {
  const code = key & 0x7f;
  if (key & KEY_EXTENDED) queue(0xe0);
  if (keyboard.scanSet == 1) {
    queue(pressed ? code : code | 0x80);
  } else {
    if (!pressed) queue(0xf0);
    queue(set2OfSet1(code));
  }
}

function sendPause(isBreak: bool): void {
  if (isBreak) {
    send(KEY_BREAK, true);
    send(KEY_BREAK, false);
  } else if (keyboard.scanSet == 1) {
    queue(0xe1);
    queue(0x1d);
    queue(0x45);
    queue(0xe1);
    queue(0x9d);
    queue(0xc5);
  } else {
    queue(0xe1);
    queue(0x14);
    queue(0x77);
    queue(0xe1);
    queue(0xf0);
    queue(0x14);
    queue(0xf0);
    queue(0x77);
  }
}

/** In set 3 only modifiers send break codes, until F8h or FAh asks for all. */
function sendSet3(key: u32, pressed: bool): void {
  const low = key & 0x7f;
  const extended = (key & KEY_EXTENDED) != 0;
  let code = set3OfSet1(low, extended);
  if (key == KEY_PAUSE || key == KEY_BREAK) code = 0x62;
  if (key == KEY_SYSRQ) code = 0x57;
  if (!code) return;
  const isModifier =
    low == CODE_CONTROL ||
    low == CODE_ALT ||
    (!extended && (low == CODE_LEFT_SHIFT || low == CODE_RIGHT_SHIFT || low == CODE_CAPS_LOCK));
  if (!pressed && !isModifier && !keyboard.makeBreak) return;
  if (!pressed) queue(0xf0);
  queue(code);
}

// --- Commands ---

function receive(byte: u32): void {
  const command = keyboard.parameterFor;
  keyboard.parameterFor = 0;
  if (command && byte < COMMAND_LEDS) {
    receiveParameter(command, byte);
    return;
  }
  switch (byte) {
    case ECHO:
      answer(ECHO);
      break;
    case COMMAND_LEDS:
    case COMMAND_SCAN_SET:
    case COMMAND_RATE:
    case 0xfb: // set 3, one key: typematic, make and break, make only
    case 0xfc:
    case 0xfd:
      keyboard.parameterFor = byte;
      answer(ACKNOWLEDGE);
      break;
    case 0xf2: // identify
      answer(ACKNOWLEDGE);
      answer(ID_LOW);
      answer(ID_HIGH);
      break;
    case 0xf4: // scan
      keyboard.count = 0;
      keyboard.scanning = 1;
      answer(ACKNOWLEDGE);
      break;
    case 0xf5: // defaults, do not scan
    case 0xf6: // defaults
      keyboard.count = 0;
      setDefaults();
      keyboard.scanning = byte == 0xf6 ? 1 : 0;
      answer(ACKNOWLEDGE);
      break;
    case 0xf7: // set 3, all keys: typematic, make and break, make only, both
    case 0xf8:
    case 0xf9:
    case 0xfa:
      keyboard.makeBreak = byte & 1 ? 0 : 1;
      if (byte == 0xf7) keyboard.makeBreak = 0;
      answer(ACKNOWLEDGE);
      break;
    case 0xfe: // resend
      answer(keyboard.lastSent);
      break;
    case 0xff:
      keyboard.count = 0;
      keyboard.answersCount = 0;
      setDefaults();
      keyboard.scanning = 1;
      answer(ACKNOWLEDGE);
      answer(SELF_TEST_PASSED);
      break;
    default:
      answer(RESEND);
      break;
  }
}

function receiveParameter(command: u32, byte: u32): void {
  if (command == COMMAND_SCAN_SET && byte > 3) {
    answer(RESEND);
    return;
  }
  answer(ACKNOWLEDGE);
  if (command == COMMAND_LEDS) {
    keyboard.leds = byte & 7;
    hostEvent(MachineEvent.KeyboardLeds, <i32>keyboard.leds, 0);
  } else if (command == COMMAND_RATE) {
    keyboard.rate = byte & 0x7f;
  } else if (command == COMMAND_SCAN_SET) {
    if (byte) {
      keyboard.count = 0;
      keyboard.scanSet = byte;
    } else {
      answer(keyboard.scanSet);
    }
  }
}

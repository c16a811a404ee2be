// PS/2 mouse: standard (3 bytes), with a wheel (IntelliMouse, ID 3), and with five buttons and two wheels (Explorer, ID 4).
//
// It also sends packets for VMware's pointer (bus/ps2.ts): drivers of that wait for the mouse's interrupt. They tell of a step to
// the right, then to the left, since some systems pass over a packet without motion.
//
// Motion that the PC is too slow for is added up; a change of buttons always gets a packet of its own, in its place.
//
// Not implemented: the sample rate's limit (the cable's speed is the limit; the rate is stored and reported).

import { addDevice, Device } from "../bus/devices";
import { Listening, Pointer, setPointerDevice } from "../bus/pointer";
import { Ps2, Ps2Port, setPs2Device, watchPs2Mouse } from "../bus/ps2";
import { hostEvent } from "../host";
import { MachineEvent } from "../protocol/events";
import { PointerDevice } from "../protocol/input";

const ACKNOWLEDGE: u32 = 0xfa;
const RESEND: u32 = 0xfe;
const ERROR: u32 = 0xfc;
const SELF_TEST_PASSED: u32 = 0xaa;

const COMMAND_RESOLUTION: u32 = 0xe8;
const COMMAND_RATE: u32 = 0xf3;
const COMMAND_RESET: u32 = 0xff;
const COMMAND_WRAP_OFF: u32 = 0xec;

const ID_STANDARD: u32 = 0;
const ID_WHEEL: u32 = 3;
const ID_EXPLORER: u32 = 4;

/** The last three sample rates, one byte each, that change what the mouse is: 200, 100, 80 and so on. */
const RATES_WHEEL: u32 = 0xc8_64_50;
const RATES_EXPLORER: u32 = 0xc8_c8_50;
const RATES_HORIZONTAL: u32 = 0xc8_50_28;

const PACKET_ALWAYS: u32 = 0x08;
const PACKET_X_SIGN: u32 = 0x10;
const PACKET_Y_SIGN: u32 = 0x20;
/** Byte 4 of an Explorer packet that carries the horizontal wheel in six bits. */
const PACKET_HORIZONTAL: u32 = 0x40;

const STATUS_REMOTE: u32 = 0x40;
const STATUS_ENABLED: u32 = 0x20;
const STATUS_SCALING: u32 = 0x10;

const BUTTONS: u32 = 0x1f; // left, right, middle, back, forward
const QUEUE_SIZE: u32 = 32;
const ANSWERS_SIZE: u32 = 16;

/** Something to report: buttons as they are after it, motion that led there. y counts down, as on the host's screen. */
@unmanaged
class Movement {
  dx: i32;
  dy: i32;
  wheel: i32;
  horizontal: i32;
  buttons: u32;
  id: u32; // the host's number of the newest input in it
}
const MOVEMENT_SIZE = <i32>offsetof<Movement>();

@unmanaged
class MouseState {
  head: u32; // the first movement to report
  count: u32;
  answersHead: u32;
  answersCount: u32;
  packet: u32; // bytes of the packet being sent, first one lowest
  packetBytes: u32; // how many are left
  buttons: u32; // as the host said last
  reported: u32; // buttons in the last packet
  id: u32;
  horizontal: u32; // the horizontal wheel has been unlocked
  rates: u32; // the last three sample rates
  rate: u32;
  resolution: u32;
  scaling: u32;
  remote: u32;
  wrap: u32;
  enabled: u32;
  parameterFor: u32;
  lastSent: u32;
  packetId: u32;
  ending: u32; // the PC is about to read a packet's last byte
  nudged: u32; // what is being sent is for VMware's pointer
  nudgeLeft: u32; // the next such packet goes to the left
}
const STATE_SIZE =
  <i32>QUEUE_SIZE * MOVEMENT_SIZE + <i32>ANSWERS_SIZE + <i32>offsetof<MouseState>();
const STATE = memory.data(STATE_SIZE, 8); // movements, answers to commands, then the fields
const ANSWERS = STATE + <usize>QUEUE_SIZE * <usize>MOVEMENT_SIZE;
const mouse = changetype<MouseState>(ANSWERS + ANSWERS_SIZE);

export function attachPs2Mouse(): void {
  addDevice(Device.Ps2Mouse, STATE, STATE_SIZE, reset);
  setPs2Device(Ps2Port.Mouse, receive, take);
  watchPs2Mouse(interrupted, byteRead);
  setPointerDevice(PointerDevice.Ps2Mouse, move, position, press, turn);
}

/** The mouse has no RESET line; a new start of the PC finds it as after power-on. */
function reset(): void {
  setDefaults();
  mouse.id = ID_STANDARD;
  mouse.horizontal = 0;
  mouse.rates = 0;
  mouse.answersCount = 0;
  mouse.parameterFor = 0;
  mouse.wrap = 0;
}

function setDefaults(): void {
  mouse.rate = 100;
  mouse.resolution = 2;
  mouse.scaling = 0;
  setListening(0, 0);
  clearMovements();
}

function setListening(enabled: u32, remote: u32): void {
  mouse.remote = remote;
  if (enabled != mouse.enabled) {
    mouse.enabled = enabled;
    hostEvent(MachineEvent.PointerWanted, <i32>enabled, 0);
  }
  const listening = enabled || remote;
  if (!listening) mouse.buttons = 0;
  Pointer.listen(PointerDevice.Ps2Mouse, listening ? Listening.Motion : Listening.No);
}

function clearMovements(): void {
  mouse.count = 0;
  mouse.packetBytes = 0;
  mouse.ending = 0;
  mouse.reported = mouse.buttons;
}

// --- From the host ---

/** The mouse moved; right and down are positive. */
function move(dx: i32, dy: i32, id: u32): i32 {
  const movement = current();
  if (!movement) return 0;
  movement.dx += dx;
  movement.dy += dy;
  if (id) movement.id = id;
  Ps2.wake();
  return 1;
}

/** A mouse has no place. */
function position(_id: u32): i32 {
  return 1;
}

/** Notches of the wheels; down and right are positive. */
function turn(vertical: i32, horizontal: i32, id: u32): i32 {
  const movement = current();
  if (!movement) return 0;
  movement.wheel += vertical;
  movement.horizontal += horizontal;
  if (id) movement.id = id;
  Ps2.wake();
  return 1;
}

/** The buttons that are down. */
function press(buttons: u32, id: u32): i32 {
  const mask = buttons & BUTTONS;
  if (mask == mouse.buttons) return 1;
  const movement = append(mask);
  if (!movement) return 0;
  mouse.buttons = mask;
  movement.id = id;
  Ps2.wake();
  return 1;
}

function movementAt(index: u32): Movement {
  const place = (mouse.head + index) % QUEUE_SIZE;
  return changetype<Movement>(STATE + <usize>place * <usize>MOVEMENT_SIZE);
}

/** A new entry, null when there is no room. */
function append(buttons: u32): Movement | null {
  if (mouse.count == QUEUE_SIZE) return null;
  mouse.count++;
  const fresh = movementAt(mouse.count - 1);
  memory.fill(changetype<usize>(fresh), 0, <usize>MOVEMENT_SIZE);
  fresh.buttons = buttons;
  return fresh;
}

/** The entry that motion belongs to. What follows a change of buttons must not be reported before it. */
function current(): Movement | null {
  if (mouse.count) {
    const last = movementAt(mouse.count - 1);
    const before = mouse.count > 1 ? movementAt(mouse.count - 2).buttons : mouse.reported;
    if (last.buttons == before) return last;
  }
  return append(mouse.buttons);
}

// --- Packets ---

/** Takes as much of a sum as a field holds. */
function limit(value: i32, low: i32, high: i32): i32 {
  return min<i32>(max<i32>(value, low), high);
}

function scaled(value: i32): i32 {
  if (!mouse.scaling || mouse.remote) return value;
  const size = value < 0 ? -value : value;
  const result =
    size <= 1 ? size : size == 2 ? 1 : size == 3 ? 3 : size == 4 ? 6 : size == 5 ? 9 : 2 * size;
  return value < 0 ? -result : result;
}

function isEmpty(movement: Movement): bool {
  return !movement.dx && !movement.dy && !movement.wheel && !movement.horizontal;
}

/** Makes the next packet from the first movement, and drops the movement once nothing of it is left. */
function makePacket(): void {
  if (!mouse.count) {
    // Remote mode: nothing happened.
    append(mouse.buttons);
  }
  const movement = movementAt(0);
  const bound = mouse.scaling && !mouse.remote ? 127 : 255;
  const dx = limit(movement.dx, -bound, bound);
  const dy = limit(movement.dy, -bound, bound);
  movement.dx -= dx;
  movement.dy -= dy;
  const x = <u32>scaled(dx);
  const y = <u32>scaled(-dy);
  let first = PACKET_ALWAYS | (movement.buttons & 7);
  if (<i32>x < 0) first |= PACKET_X_SIGN;
  if (<i32>y < 0) first |= PACKET_Y_SIGN;
  mouse.packet = first | ((x & 0xff) << 8) | ((y & 0xff) << 16);
  mouse.packetBytes = 3;
  if (mouse.id == ID_WHEEL) {
    const wheel = limit(movement.wheel, -8, 7);
    movement.wheel -= wheel;
    movement.horizontal = 0;
    mouse.packet |= ((<u32>wheel) & 0xff) << 24;
    mouse.packetBytes = 4;
  } else if (mouse.id == ID_EXPLORER) {
    mouse.packet |= explorerByte(movement) << 24;
    mouse.packetBytes = 4;
  } else {
    movement.wheel = 0;
    movement.horizontal = 0;
  }
  mouse.reported = movement.buttons;
  mouse.packetId = movement.id;
  movement.id = 0;
  if (isEmpty(movement)) {
    mouse.head = (mouse.head + 1) % QUEUE_SIZE;
    mouse.count--;
  }
}

/** Vertical wheel and buttons 4 and 5, or the horizontal wheel, whose left is positive. */
function explorerByte(movement: Movement): u32 {
  if (!mouse.horizontal) movement.horizontal = 0;
  if (movement.horizontal && !movement.wheel && movement.buttons == mouse.reported) {
    const notches = limit(-movement.horizontal, -32, 31);
    movement.horizontal += notches;
    return PACKET_HORIZONTAL | ((<u32>notches) & 0x3f);
  }
  const wheel = limit(movement.wheel, -8, 7);
  movement.wheel -= wheel;
  return ((<u32>wheel) & 0x0f) | ((movement.buttons & 0x18) << 1);
}

function answer(byte: u32): void {
  if (mouse.answersCount == ANSWERS_SIZE) return;
  const at = (mouse.answersHead + mouse.answersCount) % ANSWERS_SIZE;
  store<u8>(ANSWERS + <usize>at, <u8>byte);
  mouse.answersCount++;
  Ps2.wake();
}

/** Answers go first; a packet once begun is sent to its end unless a command cut it off. */
function take(): i32 {
  if (mouse.answersCount) {
    mouse.nudged = 0;
    mouse.lastSent = <u32>load<u8>(ANSWERS + <usize>mouse.answersHead);
    mouse.answersHead = (mouse.answersHead + 1) % ANSWERS_SIZE;
    mouse.answersCount--;
    return <i32>mouse.lastSent;
  }
  if (!mouse.packetBytes) {
    if (!mouse.enabled || mouse.remote || mouse.wrap) return -1;
    mouse.nudged = !mouse.count && Ps2.takeNudge() ? 1 : 0;
    if (mouse.nudged) makeNudge();
    else if (mouse.count) makePacket();
    else return -1;
  }
  mouse.lastSent = mouse.packet & 0xff;
  mouse.packet >>>= 8;
  mouse.packetBytes--;
  mouse.ending = mouse.packetBytes ? 0 : 1;
  return <i32>mouse.lastSent;
}

function makeNudge(): void {
  mouse.packet = PACKET_ALWAYS | (mouse.reported & 7);
  mouse.packet |= mouse.nudgeLeft ? PACKET_X_SIGN | 0xff00 : 0x0100;
  mouse.nudgeLeft ^= 1;
  mouse.packetBytes = mouse.id == ID_STANDARD ? 3 : 4;
}

function interrupted(): void {
  Pointer.interrupted(mouse.nudged ? PointerDevice.VmMouse : PointerDevice.Ps2Mouse);
}

/** The PC has read a byte. */
function byteRead(): void {
  if (!mouse.ending) return;
  mouse.ending = 0;
  if (!mouse.nudged) Pointer.taken(PointerDevice.Ps2Mouse, mouse.packetId);
}

// --- Commands ---

function receive(byte: u32): void {
  // A command cuts a packet off; the PC would take its rest for an answer.
  mouse.packetBytes = 0;
  if (mouse.wrap && byte != COMMAND_RESET && byte != COMMAND_WRAP_OFF) {
    answer(byte);
    return;
  }
  const command = mouse.parameterFor;
  mouse.parameterFor = 0;
  if (command) {
    receiveParameter(command, byte);
    return;
  }
  switch (byte) {
    case 0xe6: // scaling 1:1 and 2:1
    case 0xe7:
      mouse.scaling = byte & 1;
      answer(ACKNOWLEDGE);
      break;
    case COMMAND_RESOLUTION:
    case COMMAND_RATE:
      mouse.parameterFor = byte;
      answer(ACKNOWLEDGE);
      break;
    case 0xe9:
      sendStatus();
      break;
    case 0xea: // stream mode
      setListening(mouse.enabled, 0);
      clearMovements();
      answer(ACKNOWLEDGE);
      break;
    case 0xeb: // read a packet now
      answer(ACKNOWLEDGE);
      makePacket();
      Ps2.wake();
      break;
    case COMMAND_WRAP_OFF:
      mouse.wrap = 0;
      answer(ACKNOWLEDGE);
      break;
    case 0xee:
      mouse.wrap = 1;
      answer(ACKNOWLEDGE);
      break;
    case 0xf0: // remote mode
      setListening(mouse.enabled, 1);
      clearMovements();
      answer(ACKNOWLEDGE);
      break;
    case 0xf2:
      answer(ACKNOWLEDGE);
      answer(mouse.id);
      break;
    case 0xf4:
      clearMovements();
      setListening(1, mouse.remote);
      answer(ACKNOWLEDGE);
      break;
    case 0xf5:
      setListening(0, mouse.remote);
      answer(ACKNOWLEDGE);
      break;
    case 0xf6:
      setDefaults();
      answer(ACKNOWLEDGE);
      break;
    case 0xfe:
      answer(mouse.lastSent);
      break;
    case COMMAND_RESET:
      reset();
      answer(ACKNOWLEDGE);
      answer(SELF_TEST_PASSED);
      answer(ID_STANDARD);
      break;
    default:
      answer(RESEND);
      break;
  }
}

function sendStatus(): void {
  // Left is bit 2 here, right bit 0, middle bit 1.
  const buttons = mouse.buttons;
  answer(ACKNOWLEDGE);
  answer(
    (mouse.remote ? STATUS_REMOTE : 0) |
      (mouse.enabled ? STATUS_ENABLED : 0) |
      (mouse.scaling ? STATUS_SCALING : 0) |
      ((buttons & 1) << 2) |
      ((buttons & 4) >>> 1) |
      ((buttons & 2) >>> 1),
  );
  answer(mouse.resolution);
  answer(mouse.rate);
}

function isRate(rate: u32): bool {
  return (
    rate == 10 || rate == 20 || rate == 40 || rate == 60 || rate == 80 || rate == 100 || rate == 200
  );
}

function receiveParameter(command: u32, byte: u32): void {
  if (command == COMMAND_RESOLUTION ? byte > 3 : !isRate(byte)) {
    answer(ERROR);
    return;
  }
  answer(ACKNOWLEDGE);
  if (command == COMMAND_RESOLUTION) {
    mouse.resolution = byte;
    return;
  }
  mouse.rate = byte;
  mouse.rates = ((mouse.rates << 8) | byte) & 0xff_ffff;
  if (mouse.rates == RATES_WHEEL && mouse.id == ID_STANDARD) mouse.id = ID_WHEEL;
  else if (mouse.rates == RATES_EXPLORER && mouse.id != ID_STANDARD) mouse.id = ID_EXPLORER;
  else if (mouse.rates == RATES_HORIZONTAL && mouse.id == ID_EXPLORER) mouse.horizontal = 1;
}

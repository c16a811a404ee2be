// VMware's absolute pointer ("vmmouse"): packets that the guest's driver takes from the port when its PS/2 mouse interrupts.
//
// The driver says first that it wants positions or motion. Who wants positions gets them whatever the host's hand does, until the
// host decides for a mouse (the user's pointer is captured): then packets of motion come, which are marked.
// For each packet the PS/2 mouse is asked to send one, so that drivers which take one packet an interrupt come along.
// A position that the guest has not taken yet is overwritten by the next; a change of buttons keeps a packet of its own.
//
// Not implemented: side buttons and the horizontal wheel, which the packets have no room for.

import { Caller, Register } from "../../bus/caller";
import { addDevice, Device } from "../../bus/devices";
import { Listening, Pointer, setPointerDevice } from "../../bus/pointer";
import { Ps2, setPs2Nudge } from "../../bus/ps2";
import { PointerDevice } from "../../protocol/input";
import {
  PACKET_WORDS,
  PacketFlag,
  POINTER_ERROR,
  POINTER_VERSION,
  PointerRequest,
  PointerRestriction,
} from "../../protocol/vmport";

const BUTTON_LEFT: u32 = 1;
const BUTTON_RIGHT: u32 = 2;
const BUTTON_MIDDLE: u32 = 4;
const BUTTONS: u32 = BUTTON_LEFT | BUTTON_RIGHT | BUTTON_MIDDLE;

const CAPACITY: u32 = 256;
const MOTION_MAX = 0x7fff; // as many drivers keep it
const WHEEL_MAX = 127;
/** The registers that words are read into, in this order. */
const WORDS_MAX: u32 = 4;

@unmanaged
class Packet {
  flags: u32;
  x: i32;
  y: i32; // of motion: down is positive, as on the host's screen
  z: i32;
  id: u32; // the host's number of the newest input in it
  changes: u32; // the buttons are others than before
}
const PACKET_SIZE = <i32>offsetof<Packet>();

@unmanaged
class VmMouse {
  on: u32;
  version: u32; // POINTER_VERSION waits to be read, before the packets
  head: u32;
  count: u32;
  taken: u32; // words of the first packet that have been read
  buttons: u32; // as the host said last
  nudges: u32; // packets for which the PS/2 mouse has still to send one
  restriction: u32;
}
const STATE_SIZE = <i32>CAPACITY * PACKET_SIZE + <i32>offsetof<VmMouse>();
const STATE = memory.data(STATE_SIZE, 8); // the packets, then the fields
const mouse = changetype<VmMouse>(STATE + <usize>CAPACITY * <usize>PACKET_SIZE);

export function attachVmMouse(): void {
  addDevice(Device.VmMouse, STATE, STATE_SIZE, reset);
  setPointerDevice(PointerDevice.VmMouse, motion, position, press, turn);
  setPs2Nudge(takeNudge);
}

function reset(): void {
  disable();
  mouse.restriction = PointerRestriction.Any;
}

function disable(): void {
  mouse.on = 0;
  Pointer.listen(PointerDevice.VmMouse, Listening.No);
  clear();
}

function clear(): void {
  mouse.version = 0;
  mouse.count = 0;
  mouse.taken = 0;
  mouse.nudges = 0;
  mouse.buttons = 0;
}

// --- From the host, through the hub. They return whether there was room ---

function motion(dx: i32, dy: i32, id: u32): i32 {
  const packet = current(PacketFlag.Relative);
  if (!packet) return 0;
  packet.x = added(packet.x, dx, MOTION_MAX);
  packet.y = added(packet.y, dy, MOTION_MAX);
  if (id) packet.id = id;
  nudge();
  return 1;
}

function position(id: u32): i32 {
  const packet = current(0);
  if (!packet) return 0;
  if (id) packet.id = id;
  nudge();
  return 1;
}

function press(buttons: u32, id: u32): i32 {
  const bits = buttons & BUTTONS;
  if (bits == mouse.buttons) return 1;
  if (mouse.count == CAPACITY) return 0;
  mouse.buttons = bits;
  const packet = append(kindNow());
  packet.changes = 1;
  packet.id = id;
  nudge();
  return 1;
}

function turn(vertical: i32, _horizontal: i32, id: u32): i32 {
  if (!vertical) return 1;
  const packet = current(kindNow());
  if (!packet) return 0;
  packet.z = added(packet.z, vertical, WHEEL_MAX);
  if (id) packet.id = id;
  nudge();
  return 1;
}

/** Saturates: a guest that looks away for so long loses motion, but no sign. */
function added(sum: i32, value: i32, bound: i32): i32 {
  const limited = min<i32>(max<i32>(value, -bound), bound);
  return min<i32>(max<i32>(sum + limited, -bound), bound);
}

function kindNow(): u32 {
  return Pointer.getsMotion(PointerDevice.VmMouse) ? PacketFlag.Relative : 0;
}

function packetAt(index: u32): Packet {
  const place = (mouse.head + index) % CAPACITY;
  return changetype<Packet>(STATE + <usize>place * <usize>PACKET_SIZE);
}

/** The packet that more of this kind goes into, null when there is no room. */
function current(kind: u32): Packet | null {
  if (mouse.count > 1 || (mouse.count == 1 && !mouse.taken)) {
    const last = packetAt(mouse.count - 1);
    if (!last.changes && (last.flags & PacketFlag.Relative) == kind) {
      place(last, kind);
      return last;
    }
  }
  return mouse.count == CAPACITY ? null : append(kind);
}

function append(kind: u32): Packet {
  const packet = packetAt(mouse.count++);
  memory.fill(changetype<usize>(packet), 0, <usize>PACKET_SIZE);
  packet.flags = kind | flagsOf(mouse.buttons);
  place(packet, kind);
  return packet;
}

function place(packet: Packet, kind: u32): void {
  if (kind) return;
  packet.x = <i32>Pointer.x();
  packet.y = <i32>Pointer.y();
}

function flagsOf(buttons: u32): u32 {
  return (
    (buttons & BUTTON_LEFT ? PacketFlag.Left : 0) |
    (buttons & BUTTON_RIGHT ? PacketFlag.Right : 0) |
    (buttons & BUTTON_MIDDLE ? PacketFlag.Middle : 0)
  );
}

/** As many interrupts as there are packets; a driver that missed one catches up. */
function nudge(): void {
  mouse.nudges = max<u32>(mouse.nudges, mouse.count);
  Ps2.wake();
}

/** The PS/2 mouse could send a packet: whether it should, although it was not moved. */
function takeNudge(): bool {
  if (!mouse.nudges) return false;
  mouse.nudges--;
  return true;
}

// --- To the guest ---

/** Whether the caller may speak to the pointer. */
export function isAllowed(): bool {
  if (mouse.restriction == PointerRestriction.Any) return true;
  const highest: u32 = mouse.restriction == PointerRestriction.Kernel ? 0 : Caller.ioPrivilege();
  return Caller.privilege() <= highest;
}

export function restrict(restriction: u32): void {
  if (restriction <= <u32>PointerRestriction.IoPrivilege) mouse.restriction = restriction;
}

export function request(command: u32): void {
  switch (command) {
    case PointerRequest.Enable:
      // Who begins anew does not want what is left from before; Linux takes the first word for the version.
      disable();
      mouse.on = 1;
      mouse.version = 1;
      break;
    case PointerRequest.Disable:
      disable();
      break;
    case PointerRequest.Relative:
      if (mouse.on) Pointer.listen(PointerDevice.VmMouse, Listening.Motion);
      break;
    case PointerRequest.Absolute:
      if (mouse.on) Pointer.listen(PointerDevice.VmMouse, Listening.PositionUnlessCaptured);
      break;
  }
}

export function isAbsolute(): bool {
  return Pointer.isListening(PointerDevice.VmMouse) && !kindNow();
}

function waiting(): u32 {
  return mouse.version + mouse.count * PACKET_WORDS - mouse.taken;
}

export function status(): u32 {
  return mouse.on ? waiting() : <u32>POINTER_ERROR;
}

/** Words into the registers; what is asked for beyond what there is switches the pointer off, as drivers know it from others. */
export function read(words: u32): u32 {
  if (!mouse.on || words == 0 || words > WORDS_MAX || words > waiting()) {
    disable();
    return <u32>POINTER_ERROR;
  }
  const first = nextWord();
  if (words > 1) Caller.set(Register.Ebx, nextWord());
  if (words > 2) Caller.set(Register.Ecx, nextWord());
  if (words > 3) Caller.set(Register.Edx, nextWord());
  return first;
}

function nextWord(): u32 {
  if (mouse.version) {
    mouse.version = 0;
    return POINTER_VERSION;
  }
  const packet = packetAt(0);
  const word = wordOf(packet, mouse.taken++);
  if (mouse.taken == PACKET_WORDS) {
    mouse.taken = 0;
    mouse.head = (mouse.head + 1) % CAPACITY;
    // Nothing is left to interrupt for.
    if (!--mouse.count) mouse.nudges = 0;
    Pointer.taken(PointerDevice.VmMouse, packet.id);
  }
  return word;
}

function wordOf(packet: Packet, index: u32): u32 {
  switch (index) {
    case 0:
      return packet.flags;
    case 1:
      return <u32>packet.x;
    case 2:
      return <u32>(packet.flags & PacketFlag.Relative ? -packet.y : packet.y);
    default:
      return <u32>packet.z;
  }
}

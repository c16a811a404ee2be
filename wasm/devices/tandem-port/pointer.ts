// The pointer on the Tandem port: what the host's hand does, as registers that are latched together.
//
// A change of buttons closes a moment: its position and the motion before it stay with it until the guest has latched it.

import { Listening, Pointer, setPointerDevice, setPointerWatcher } from "../../bus/pointer";
import { PointerDevice } from "../../protocol/input";
import { PointerMode, PointerState } from "../../protocol/pointer";
import { Event, Feature, IrqCause } from "../../protocol/tandem-port";
import { clearCauses, raiseCause, raiseEvent } from "./events";
import { latched, MOMENT_SIZE, momentAt, MOMENTS, now, tandem } from "./state";

const BUTTONS: u32 =
  PointerState.Left |
  PointerState.Right |
  PointerState.Middle |
  PointerState.Back |
  PointerState.Forward;
const KIND: u32 = PointerState.Absolute | PointerState.Relative;

export function attachPointerSink(): void {
  setPointerDevice(PointerDevice.Tandem, motion, position, buttons, wheel);
  setPointerWatcher(tellMode);
}

/** The session has begun or ended, or the driver wants something else. */
export function listen(): void {
  const wanted = tandem.session && tandem.features & Feature.Pointer;
  if (!wanted) clear();
  Pointer.listen(PointerDevice.Tandem, wanted ? listening() : Listening.No);
}

/** What the host uses: a driver that draws its own cursor must know before the hand has moved. */
export function tellMode(): void {
  if (!Pointer.isListening(PointerDevice.Tandem)) return;
  raiseEvent(Event.PointerMode, mode());
}

function mode(): u32 {
  if (!Pointer.isChosen(PointerDevice.Tandem)) return PointerMode.Elsewhere;
  return Pointer.isRelative() ? PointerMode.Relative : PointerMode.Absolute;
}

function listening(): Listening {
  if (tandem.wanted == PointerMode.Relative) return Listening.Motion;
  return tandem.wanted == PointerMode.Absolute ? Listening.Position : Listening.Either;
}

function clear(): void {
  memory.fill(changetype<usize>(now), 0, MOMENT_SIZE);
  memory.fill(changetype<usize>(latched), 0, MOMENT_SIZE);
  tandem.momentsCount = 0;
  tandem.touched = 0;
  tandem.raised = 0;
  clearCauses(IrqCause.Pointer);
}

// --- From the host, through the hub. They return whether there was room ---

function motion(dx: i32, dy: i32, id: u32): i32 {
  now.deltaX = added(now.deltaX, dx, 0x7fff);
  now.deltaY = added(now.deltaY, dy, 0x7fff);
  setKind(PointerState.Relative);
  touch(id);
  return 1;
}

function position(id: u32): i32 {
  const moved = Pointer.pixelX() != now.pixelX || Pointer.pixelY() != now.pixelY;
  const sameKind = (now.bits & KIND) == PointerState.Absolute;
  now.pixelX = Pointer.pixelX();
  now.pixelY = Pointer.pixelY();
  now.x = Pointer.x();
  now.y = Pointer.y();
  setKind(PointerState.Absolute);
  if (moved || !sameKind || id) touch(id);
  return 1;
}

function buttons(bits: u32, id: u32): i32 {
  if ((bits & BUTTONS) == (now.bits & BUTTONS)) return 1;
  if (tandem.momentsCount == MOMENTS) return 0;
  now.bits = (now.bits & ~BUTTONS) | (bits & BUTTONS);
  stamp(id);
  const moment = momentAt(tandem.momentsCount++);
  memory.copy(changetype<usize>(moment), changetype<usize>(now), MOMENT_SIZE);
  startAnew();
  announce();
  return 1;
}

function wheel(vertical: i32, horizontal: i32, id: u32): i32 {
  now.wheel = added(now.wheel, vertical, 0x7f);
  now.horizontal = added(now.horizontal, horizontal, 0x7f);
  touch(id);
  return 1;
}

/** Saturates: a guest that looks away for so long loses motion, but no sign. */
function added(sum: i32, value: i32, bound: i32): i32 {
  const limited = min<i32>(max<i32>(value, -bound), bound);
  return min<i32>(max<i32>(sum + limited, -bound), bound);
}

function setKind(kind: u32): void {
  if ((now.bits & KIND) == kind) return;
  now.bits = (now.bits & ~KIND) | kind;
  const mode = kind == PointerState.Relative ? PointerMode.Relative : PointerMode.Absolute;
  raiseEvent(Event.PointerMode, mode);
}

function stamp(id: u32): void {
  now.sequence = ++tandem.sequence & 0xffff;
  if (id) now.id = id;
}

function touch(id: u32): void {
  stamp(id);
  tandem.touched = 1;
  announce();
}

/** What was taken is not reported twice. */
function startAnew(): void {
  now.deltaX = 0;
  now.deltaY = 0;
  now.wheel = 0;
  now.horizontal = 0;
  now.id = 0;
  tandem.touched = 0;
}

/** One interrupt, then none until the guest has looked. */
function announce(): void {
  if (tandem.raised) return;
  tandem.raised = 1;
  if (tandem.irqMask & IrqCause.Pointer) Pointer.interrupted(PointerDevice.Tandem);
  raiseCause(IrqCause.Pointer);
}

// --- To the guest ---

/** The oldest change of buttons that waits, else the newest state. */
export function latch(): void {
  const hasMoment = tandem.momentsCount != 0;
  const isNew = hasMoment || tandem.touched;
  const source = hasMoment ? momentAt(0) : now;
  memory.copy(changetype<usize>(latched), changetype<usize>(source), MOMENT_SIZE);
  if (hasMoment) {
    tandem.momentsHead = (tandem.momentsHead + 1) % MOMENTS;
    tandem.momentsCount--;
    if (tandem.momentsCount || tandem.touched) latched.bits |= PointerState.More;
  } else {
    startAnew();
  }
  if (!(latched.bits & PointerState.More)) {
    tandem.raised = 0;
    clearCauses(IrqCause.Pointer);
  }
  if (isNew) Pointer.taken(PointerDevice.Tandem, latched.id);
}

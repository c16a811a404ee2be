// The pointer: what the host's hand does, given to the one device that the guest listens to and the host has chosen.
//
// A device registers its entry points and says when its guest's driver listens, and to what: motion or positions. Where hand and
// device differ, the hub converts: motion moves the position of an absolute device; positions move a mouse by the difference,
// which follows the hand only as long as the guest does not accelerate.
// Everything is given in order and a change of buttons is never merged away: a device whose queue is full answers 0, so does
// the export, and the host gives the same again later.
//
// The host may number what it gives (`id`, 0 for none). The newest number that went into a report travels with it; the device
// names it when the guest has taken the report.

import { hostEvent } from "../host";
import { MachineEvent } from "../protocol/events";
import { PointerDevice, PointerMode, PointerRoute } from "../protocol/input";
import { addDevice, Device } from "./devices";

/** What a driver listens to. */
export enum Listening {
  No = 0,
  Motion = 1,
  Position = 2,
  Either = 3, // as it comes from the host
  PositionUnlessCaptured = 4, // motion while the host has chosen a mouse
}

const DEVICES = <i32>PointerDevice.COUNT;
/** Buttons of a device that has just begun to listen: it is told, whatever it thinks. */
const UNKNOWN: u32 = 0xffff_ffff;
const POSITION_MAX: u32 = 0xffff;
const TABLET_MAX: u32 = 0x7fff;

@unmanaged
class Sink {
  motion: u32; // function index: (dx, dy, id) => taken
  position: u32; // function index: (id) => taken; Pointer.x() and the like tell where
  buttons: u32; // function index: (bits, id) => taken
  wheel: u32; // function index: (vertical, horizontal, id) => taken
}
const SINK_SIZE = <i32>offsetof<Sink>();
const SINKS = memory.data(DEVICES * SINK_SIZE, 8);

@unmanaged
class DeviceState {
  reports: u64; // that the guest took
  interrupts: u64; // that the device raised
  listening: u32;
  held: u32; // buttons as the device was told last
}
const DEVICE_SIZE = <i32>offsetof<DeviceState>();

@unmanaged
class PointerHub {
  route: u32;
  device: u32; // that the host's hand moves now
  mode: u32;
  buttons: u32; // as the host said last
  width: u32; // of the picture, as the position was given
  height: u32;
  pixelX: u32;
  pixelY: u32;
  known: u32; // a position has been given since the device was chosen
  measure: u32; // function index: () => width << 16 | height of the picture
  watcher: u32; // function index: () => void, after another choice
}
const STATE_SIZE = DEVICES * DEVICE_SIZE + <i32>offsetof<PointerHub>();
const STATE = memory.data(STATE_SIZE, 8); // a DeviceState each, then the hub's fields
const hub = changetype<PointerHub>(STATE + <usize>(DEVICES * DEVICE_SIZE));

export function attachPointer(): void {
  addDevice(Device.Pointer, STATE, STATE_SIZE, reset);
}

/** The devices say for themselves that nobody listens any more; the host's choice stays. */
function reset(): void {}

/** A device announces itself. */
export function setPointerDevice(
  device: PointerDevice,
  motion: (dx: i32, dy: i32, id: u32) => i32,
  position: (id: u32) => i32,
  buttons: (bits: u32, id: u32) => i32,
  wheel: (vertical: i32, horizontal: i32, id: u32) => i32,
): void {
  const sink = sinkOf(device);
  sink.motion = load<u32>(changetype<usize>(motion));
  sink.position = load<u32>(changetype<usize>(position));
  sink.buttons = load<u32>(changetype<usize>(buttons));
  sink.wheel = load<u32>(changetype<usize>(wheel));
}

/** The display announces how it measures its picture: width << 16 | height, 0 before there is one. */
export function setPictureMeter(measure: () => u32): void {
  hub.measure = load<u32>(changetype<usize>(measure));
}

/** The Tandem port's driver wants to know whom the host has chosen, before anything is given. */
export function setPointerWatcher(watcher: () => void): void {
  hub.watcher = load<u32>(changetype<usize>(watcher));
}

function sinkOf(device: u32): Sink {
  return changetype<Sink>(SINKS + <usize>device * <usize>SINK_SIZE);
}

function stateOf(device: u32): DeviceState {
  return changetype<DeviceState>(STATE + <usize>device * <usize>DEVICE_SIZE);
}

/** For devices. */
export class Pointer {
  /** The guest's driver has begun or ceased to listen. */
  static listen(device: PointerDevice, listening: Listening): void {
    const state = stateOf(device);
    if (state.listening == <u32>listening) return;
    state.listening = listening;
    state.held = UNKNOWN;
    choose();
  }

  static isListening(device: PointerDevice): bool {
    return stateOf(device).listening != Listening.No;
  }

  /** Whether motion is what the device is given now. */
  static getsMotion(device: PointerDevice): bool {
    return takesMotion(device);
  }

  /** The host's hand moves this one. */
  static isChosen(device: PointerDevice): bool {
    return hub.device == <u32>device;
  }

  /** The chosen one gets motion, not positions. */
  static isRelative(): bool {
    return hub.mode == PointerMode.Relative;
  }

  /** The guest has taken a report; `id` as it came with what is in it. */
  static taken(device: PointerDevice, id: u32): void {
    stateOf(device).reports++;
    if (id) hostEvent(MachineEvent.InputTaken, device, <i32>id);
  }

  /** The device has raised its interrupt. */
  static interrupted(device: PointerDevice): void {
    stateOf(device).interrupts++;
  }

  /** The position in pixels of the picture. */
  static pixelX(): u32 {
    return hub.pixelX;
  }
  static pixelY(): u32 {
    return hub.pixelY;
  }

  /** The middle of that pixel, the picture being 65536 wide and high. */
  static x(): u32 {
    return normalised(hub.pixelX, hub.width);
  }
  static y(): u32 {
    return normalised(hub.pixelY, hub.height);
  }

  /** The same as a USB tablet has it: 0 is the first pixel, 7FFFh the last. */
  static tabletX(): u32 {
    return scaled(hub.pixelX, hub.width);
  }
  static tabletY(): u32 {
    return scaled(hub.pixelY, hub.height);
  }
}

function normalised(pixel: u32, size: u32): u32 {
  return min<u32>(<u32>(((<u64>pixel * 2 + 1) << 15) / max<u32>(size, 1)), POSITION_MAX);
}

function scaled(pixel: u32, size: u32): u32 {
  if (size < 2) return 0;
  return (pixel * TABLET_MAX) / (size - 1);
}

// --- Which device ---

/** The place of a device in the host's choice, 0 for never. */
function rank(device: u32): u32 {
  const relative = hub.route == PointerRoute.Relative;
  switch (device) {
    case PointerDevice.Ps2Mouse:
      return relative ? 3 : 1;
    case PointerDevice.UsbMouse:
      return relative ? 5 : 2;
    case PointerDevice.VmMouse:
      // Before the PS/2 mouse, whose packets such a driver takes for mere signals.
      return 4;
    case PointerDevice.UsbTablet:
      return relative ? 0 : hub.route == PointerRoute.Absolute ? 5 : 3;
    case PointerDevice.Tandem:
      if (relative) return stateOf(device).listening & Listening.Motion ? 2 : 0;
      return hub.route == PointerRoute.Absolute ? 3 : 5;
    default:
      return 0;
  }
}

function takesMotion(device: u32): bool {
  const listening = stateOf(device).listening;
  if (listening == Listening.PositionUnlessCaptured) return hub.route == PointerRoute.Relative;
  return (listening & Listening.Motion) != 0;
}

function takesPosition(device: u32): bool {
  const listening = stateOf(device).listening;
  if (listening == Listening.PositionUnlessCaptured) return hub.route != PointerRoute.Relative;
  return (listening & Listening.Position) != 0;
}

function choose(): void {
  let device: u32 = PointerDevice.None;
  let best: u32 = 0;
  for (let candidate: u32 = 1; candidate < <u32>DEVICES; candidate++) {
    if (stateOf(candidate).listening == Listening.No) continue;
    const place = rank(candidate);
    if (place <= best) continue;
    best = place;
    device = candidate;
  }
  let mode: u32 = PointerMode.Relative;
  const either = takesMotion(device) && hub.route == PointerRoute.Relative;
  if (takesPosition(device) && !either) {
    mode = device == PointerDevice.Tandem ? PointerMode.Integrated : PointerMode.Absolute;
  }
  if (device == hub.device && mode == hub.mode) return;
  hub.device = device;
  hub.mode = mode;
  hub.known = 0;
  if (hub.watcher) call_indirect<void>(hub.watcher);
  hostEvent(MachineEvent.Pointer, <i32>mode, <i32>device);
}

/**
 * Before anything is given to a device: the one before it lets go of its buttons, and it learns which are down.
 * Returns whether it has taken that.
 */
function settle(): bool {
  if (hub.mode != PointerMode.Relative) measure();
  for (let device: u32 = 1; device < <u32>DEVICES; device++) {
    const listening = stateOf(device).listening != Listening.No;
    if (device != hub.device && listening) giveButtons(device, 0, 0);
  }
  return hub.device == PointerDevice.None || giveButtons(hub.device, hub.buttons, 0);
}

function giveButtons(device: u32, buttons: u32, id: u32): bool {
  const state = stateOf(device);
  if (state.held == buttons) return true;
  if (!call_indirect<i32>(sinkOf(device).buttons, buttons, id)) return false;
  state.held = buttons;
  return true;
}

// --- From the host ---

/** Host: one of PointerRoute. */
export function pointerRoute(route: i32): void {
  hub.route = <u32>route;
  choose();
}

/** Host: the hand moved by so many counts; right and down are positive. 0: not taken, there is no room. */
export function pointerMotion(dx: i32, dy: i32, id: i32): i32 {
  if (!settle()) return 0;
  if (hub.device == PointerDevice.None) return 1;
  const sink = sinkOf(hub.device);
  if (takesMotion(hub.device)) {
    return call_indirect<i32>(sink.motion, dx, dy, id);
  }
  measure();
  const x = hub.pixelX;
  const y = hub.pixelY;
  hub.pixelX = moved(x, dx, hub.width);
  hub.pixelY = moved(y, dy, hub.height);
  if (call_indirect<i32>(sink.position, id)) return 1;
  hub.pixelX = x;
  hub.pixelY = y;
  return 0;
}

/** Host: the hand is at this place of the picture; 0 is its left or upper edge, 1 the right or lower one. 0: not taken. */
export function pointerPosition(x: f64, y: f64, id: i32): i32 {
  if (!settle()) return 0;
  measure();
  const oldX = hub.pixelX;
  const oldY = hub.pixelY;
  const wasKnown = hub.known;
  hub.pixelX = pixelOf(x, hub.width);
  hub.pixelY = pixelOf(y, hub.height);
  hub.known = 1;
  if (hub.device == PointerDevice.None) return 1;
  const sink = sinkOf(hub.device);
  let taken = 1;
  if (takesPosition(hub.device)) {
    taken = call_indirect<i32>(sink.position, id);
  } else if (wasKnown) {
    const dx = <i32>(hub.pixelX - oldX);
    const dy = <i32>(hub.pixelY - oldY);
    if (dx || dy) taken = call_indirect<i32>(sink.motion, dx, dy, id);
  }
  if (!taken) {
    hub.pixelX = oldX;
    hub.pixelY = oldY;
    hub.known = wasKnown;
  }
  return taken;
}

/** Host: the buttons that are down: bit 0 left, 1 right, 2 middle, 3 back, 4 forward. 0: not taken. */
export function pointerButtons(buttons: i32, id: i32): i32 {
  if (!settle()) return 0;
  if (hub.device != PointerDevice.None && !giveButtons(hub.device, <u32>buttons, id)) return 0;
  hub.buttons = <u32>buttons;
  return 1;
}

/** Host: notches of the wheels; down and right are positive. 0: not taken. */
export function pointerWheel(vertical: i32, horizontal: i32, id: i32): i32 {
  if (!settle()) return 0;
  if (hub.device == PointerDevice.None) return 1;
  return call_indirect<i32>(sinkOf(hub.device).wheel, vertical, horizontal, id);
}

/** Host: reports of a PointerDevice that the guest has taken, and interrupts that it raised. */
export function pointerReports(device: i32): f64 {
  return <f64>stateOf(<u32>device % DEVICES).reports;
}
export function pointerInterrupts(device: i32): f64 {
  return <f64>stateOf(<u32>device % DEVICES).interrupts;
}

/** Looks at the picture; a position keeps its place in a picture of another size. It begins in the middle, as systems have it. */
function measure(): void {
  const size = hub.measure ? call_indirect<u32>(hub.measure) : 0;
  const width = size ? size >>> 16 : 640;
  const height = size ? size & 0xffff : 480;
  if (width == hub.width && height == hub.height) return;
  if (hub.width) {
    hub.pixelX = (hub.pixelX * width) / hub.width;
    hub.pixelY = (hub.pixelY * height) / hub.height;
  } else {
    hub.pixelX = width >>> 1;
    hub.pixelY = height >>> 1;
  }
  hub.width = width;
  hub.height = height;
}

/** Not-a-number and what lies outside go to an edge. */
function pixelOf(fraction: f64, size: u32): u32 {
  if (!(fraction > 0)) return 0;
  return min<u32>(<u32>(min<f64>(fraction, 1) * <f64>size), size - 1);
}

function moved(pixel: u32, by: i32, size: u32): u32 {
  const bounded = min<i32>(max<i32>(by, -65536), 65536);
  return <u32>min<i32>(max<i32>(<i32>pixel + bounded, 0), <i32>size - 1);
}

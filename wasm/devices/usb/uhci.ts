// USB controller: PIIX3 function 2 (8086:7020 at 00:01.2), UHCI 1.1. 32 ports at BAR 4, INTD#, two root ports.
//
// A frame is a millisecond. While the guest sleeps, frames in which nothing can happen cost nothing: they are skipped, and the
// clock is told when the next one has something to do (bus/clock.ts asks for that before the host sleeps).
//
// Not implemented: debug mode (SWDBG), the length of a frame (SOFMOD is stored), legacy emulation of a PS/2 keyboard by SMI
// (LEGSUP is stored). Resume and reset take no longer than the guest makes them; a low-speed device cannot be plugged.

import { Clock, onSleep, onTimer, Timer } from "../../bus/clock";
import { addDevice, Device } from "../../bus/devices";
import { setUsbKeys } from "../../bus/keys";
import { addPciFunction, Pci } from "../../bus/pci";
import { onRead, onWrite, removePort } from "../../bus/ports";
import { Usb } from "./control";
import { Hid } from "./hid";
import { Hub, HUB_STATE, HUB_STATE_SIZE } from "./hub";
import { Keyboard, KEYBOARD_STATE, KEYBOARD_STATE_SIZE } from "./keyboard";
import { attachMouse, MOUSE_STATE, MOUSE_STATE_SIZE } from "./mouse";
import {
  FRAME_COMPLETE,
  FRAME_ERROR,
  FRAME_PROCESS_ERROR,
  FRAME_SHORT,
  FRAME_SYSTEM_ERROR,
  FRAMES,
  Schedule,
} from "./schedule";
import {
  HUB,
  HUB_PORTS,
  ROOT_PORTS,
  setWire,
  STATE,
  STATE_SIZE,
  USB_DEVICES,
  usbDevice,
  UsbState,
} from "./state";
import { attachTablet, TABLET_STATE, TABLET_STATE_SIZE } from "./tablet";

const FUNCTION: i32 = (1 << 3) | 2; // 00:01.2
const PIN_D = 4;
const CONFIG_SIZE = 256;
const PCI_COMMAND: usize = 0x04;
const PCI_COMMAND_IO: u32 = 1;
const PCI_COMMAND_MASTER: u32 = 4;
const PCI_BAR4: usize = 0x20;
const PCI_LEGSUP: usize = 0xc0;
const LEGSUP_PIRQ: u32 = 0x2000;

const PORTS: u32 = 32;
const REG_COMMAND: u32 = 0x00;
const REG_STATUS: u32 = 0x02;
const REG_INTERRUPTS: u32 = 0x04;
const REG_FRAME: u32 = 0x06;
const REG_LIST: u32 = 0x08;
const REG_LIST_HIGH: u32 = 0x0a;
const REG_SOFMOD: u32 = 0x0c;
const REG_PORT1: u32 = 0x10;
const REG_PORT2: u32 = 0x12;

const COMMAND_RUN: u32 = 0x01;
const COMMAND_RESET: u32 = 0x02;
const COMMAND_GLOBAL_RESET: u32 = 0x04;
const COMMAND_GLOBAL_SUSPEND: u32 = 0x08;
const COMMAND_GLOBAL_RESUME: u32 = 0x10;
const COMMAND_WRITABLE: u32 = 0xff;

const STATUS_INTERRUPT: u32 = 0x01;
const STATUS_ERROR: u32 = 0x02;
const STATUS_RESUME: u32 = 0x04;
const STATUS_SYSTEM_ERROR: u32 = 0x08;
const STATUS_PROCESS_ERROR: u32 = 0x10;
const STATUS_HALTED: u32 = 0x20;
const STATUS_CLEARABLE: u32 = 0x1f;

const INTERRUPT_ERROR: u32 = 0x01;
const INTERRUPT_RESUME: u32 = 0x02;
const INTERRUPT_COMPLETE: u32 = 0x04;
const INTERRUPT_SHORT: u32 = 0x08;

const FRAME_MASK: u32 = 0x7ff;
const SOFMOD_DEFAULT: u32 = 64;

const PORT_CONNECTED: u32 = 0x0001;
const PORT_CONNECT_CHANGE: u32 = 0x0002;
const PORT_ENABLED: u32 = 0x0004;
const PORT_ENABLE_CHANGE: u32 = 0x0008;
const PORT_LINE_IDLE: u32 = 0x0010; // D+ high: a full-speed device at rest
const PORT_RESUME: u32 = 0x0040;
const PORT_ALWAYS: u32 = 0x0080;
const PORT_RESET: u32 = 0x0200;
const PORT_SUSPEND: u32 = 0x1000;
const PORT_WRITABLE: u32 = PORT_ENABLED | PORT_RESUME | PORT_RESET | PORT_SUSPEND;
const NO_PORT: u32 = 0xff7f; // how software finds out that there are only two

const FRAME_NANOSECONDS: u64 = 1_000_000;
/** Frames that a host which was late makes up for; those before them are lost. */
const CATCH_UP_FRAMES: u64 = 32;

@unmanaged
class UhciState {
  nextFrameAt: u64; // guest time, while it runs
  base: u32; // I/O ports as mapped, 0 for none
  command: u32;
  status: u32;
  causes: u32; // FRAME_COMPLETE and FRAME_SHORT behind STATUS_INTERRUPT
  interrupts: u32;
  frame: u32;
  list: u32;
  sofmod: u32;
  port1: u32;
  port2: u32;
}
const CONTROLLER_SIZE = CONFIG_SIZE + <i32>offsetof<UhciState>();
const CONTROLLER = memory.data(CONTROLLER_SIZE, 8); // configuration space, then the fields
const CONFIG = CONTROLLER;
const uhci = changetype<UhciState>(CONTROLLER + CONFIG_SIZE);
const WRITABLE = memory.data(CONFIG_SIZE, 8);

const INTERVAL_DEFAULT: u32 = 10;

export function attachUhci(): void {
  addDevice(Device.Uhci, CONTROLLER, CONTROLLER_SIZE, reset);
  addDevice(Device.UsbDevices, STATE, STATE_SIZE, resetDevices);
  addDevice(Device.UsbMouse, MOUSE_STATE, MOUSE_STATE_SIZE, nothing);
  addDevice(Device.UsbTablet, TABLET_STATE, TABLET_STATE_SIZE, nothing);
  addDevice(Device.UsbKeyboard, KEYBOARD_STATE, KEYBOARD_STATE_SIZE, nothing);
  addDevice(Device.UsbHub, HUB_STATE, HUB_STATE_SIZE, nothing);
  addPciFunction(FUNCTION, CONFIG, WRITABLE, configWritten);
  onTimer(Timer.Uhci, framesDue);
  onSleep(Timer.Uhci, wakeAt);
  setWire(resumeFromPort, update, resetPort);
  setUsbKeys(key);
  attachMouse();
  attachTablet();
  for (let i: u32 = 0; i < USB_DEVICES; i++) {
    usbDevice(i).number = i;
    usbDevice(i).interval = INTERVAL_DEFAULT;
  }

  store<u32>(CONFIG, 0x7020_8086);
  store<u16>(CONFIG, 0x0280, 0x06);
  store<u32>(CONFIG, 0x0c03_0001, 0x08); // USB, UHCI, revision 1
  store<u32>(CONFIG, 0x1100_1af4, 0x2c);
  store<u8>(CONFIG, <u8>PIN_D, 0x3d);
  store<u8>(CONFIG, 0x10, 0x60); // USB 1.0

  store<u16>(WRITABLE, 0x0005, PCI_COMMAND);
  store<u8>(WRITABLE, 0xff, 0x0d); // latency timer
  // The upper half is tied to 0 in the data sheet; see the IDE controller.
  store<u32>(WRITABLE, 0xffff_ffe0, PCI_BAR4);
  store<u8>(WRITABLE, 0xff, 0x3c);
  store<u16>(WRITABLE, 0x20bf, PCI_LEGSUP);
}

function nothing(): void {}

function reset(): void {
  store<u16>(CONFIG, 0, PCI_COMMAND);
  store<u8>(CONFIG, 0, 0x0d);
  store<u32>(CONFIG, 1, PCI_BAR4);
  store<u8>(CONFIG, 0, 0x3c);
  store<u16>(CONFIG, <u16>LEGSUP_PIRQ, PCI_LEGSUP);
  map();
  resetController();
}

/** The controller's reset drives theirs, and has come before. */
function resetDevices(): void {
  for (let i: u32 = 0; i < USB_DEVICES; i++) Usb.reset(usbDevice(i));
}

function resetController(): void {
  uhci.command = 0;
  uhci.status = 0;
  uhci.causes = 0;
  uhci.interrupts = 0;
  uhci.frame = 0;
  uhci.list = 0;
  uhci.sofmod = SOFMOD_DEFAULT;
  uhci.port1 = 0;
  uhci.port2 = 0;
  for (let i: u32 = 0; i < USB_DEVICES; i++) {
    const port = usbDevice(i).port;
    if (port && port <= ROOT_PORTS) setPort(port, PORT_CONNECTED | PORT_CONNECT_CHANGE);
  }
  update();
}

// --- Configuration space and I/O ports ---

function configWritten(_offset: i32, _size: i32): void {
  map();
  updateInterrupt();
}

function map(): void {
  const enabled = (<u32>load<u16>(CONFIG, PCI_COMMAND)) & PCI_COMMAND_IO;
  const base = enabled ? load<u32>(CONFIG, PCI_BAR4) & 0xffe0 : 0;
  if (base == uhci.base) return;
  if (uhci.base) {
    for (let i: u32 = 0; i < PORTS; i++) removePort(<u16>(uhci.base + i));
  }
  uhci.base = base;
  if (!base) return;
  for (let i: u32 = 0; i < PORTS; i++) {
    const port = <u16>(base + i);
    onRead(port, 1, readByte);
    onWrite(port, 1, writeByte);
    if (i & 1) continue;
    onRead(port, 2, readWord);
    onWrite(port, 2, writeWord);
  }
}

function readWord(port: u16): u32 {
  return readRegister((<u32>port - uhci.base) & (PORTS - 1));
}

function readByte(port: u16): u32 {
  const offset = (<u32>port - uhci.base) & (PORTS - 1);
  return (readRegister(offset & ~1) >>> ((offset & 1) << 3)) & 0xff;
}

function writeWord(port: u16, value: u32): void {
  writeRegister((<u32>port - uhci.base) & (PORTS - 1), value & 0xffff);
}

/** The other half stays as it is; of bits that a one clears, none is written there. */
function writeByte(port: u16, value: u32): void {
  const offset = (<u32>port - uhci.base) & (PORTS - 1);
  const register = offset & ~1;
  const shift = (offset & 1) << 3;
  let other = readRegister(register) & (0xff << (shift ^ 8));
  if (register == REG_STATUS) other = 0;
  if (register == REG_PORT1 || register == REG_PORT2) {
    other &= ~(PORT_CONNECT_CHANGE | PORT_ENABLE_CHANGE);
  }
  writeRegister(register, other | ((value & 0xff) << shift));
}

function readRegister(register: u32): u32 {
  switch (register) {
    case REG_COMMAND:
      return uhci.command;
    case REG_STATUS:
      return uhci.status | (isRunning() ? 0 : STATUS_HALTED);
    case REG_INTERRUPTS:
      return uhci.interrupts;
    case REG_FRAME:
      if (isRunning() && Clock.now() >= uhci.nextFrameAt) runFrames();
      return uhci.frame;
    case REG_LIST:
      return uhci.list & 0xffff;
    case REG_LIST_HIGH:
      return uhci.list >>> 16;
    case REG_SOFMOD:
      return uhci.sofmod;
    case REG_PORT1:
    case REG_PORT2: {
      const port = portRegister(1 + ((register - REG_PORT1) >>> 1));
      const idle = port & PORT_CONNECTED && !(port & (PORT_RESET | PORT_RESUME));
      return port | PORT_ALWAYS | (idle ? PORT_LINE_IDLE : 0);
    }
    default:
      return register > REG_PORT2 ? NO_PORT : 0;
  }
}

function writeRegister(register: u32, value: u32): void {
  switch (register) {
    case REG_COMMAND:
      writeCommand(value & COMMAND_WRITABLE);
      break;
    case REG_STATUS:
      uhci.status &= ~(value & STATUS_CLEARABLE);
      if (value & STATUS_INTERRUPT) uhci.causes = 0;
      updateInterrupt();
      break;
    case REG_INTERRUPTS:
      uhci.interrupts = value & 0x0f;
      updateInterrupt();
      break;
    case REG_FRAME:
      if (!isRunning()) uhci.frame = value & FRAME_MASK;
      break;
    case REG_LIST:
      uhci.list = (uhci.list & 0xffff_0000) | (value & 0xf000);
      break;
    case REG_LIST_HIGH:
      uhci.list = (uhci.list & 0xffff) | (value << 16);
      break;
    case REG_SOFMOD:
      uhci.sofmod = value & 0x7f;
      break;
    case REG_PORT1:
    case REG_PORT2:
      writePort(1 + ((register - REG_PORT1) >>> 1), value);
      break;
  }
}

// --- Running ---

function isRunning(): bool {
  return (uhci.command & COMMAND_RUN) != 0;
}

function writeCommand(value: u32): void {
  const before = uhci.command;
  if (value & COMMAND_RESET) {
    resetController();
    resetDevices();
    return;
  }
  if (value & COMMAND_GLOBAL_RESET) {
    if (!(before & COMMAND_GLOBAL_RESET)) {
      resetController();
      resetDevices();
    }
    uhci.command = COMMAND_GLOBAL_RESET;
    return;
  }
  uhci.command = value;
  if (value & ~before & COMMAND_RUN) {
    uhci.nextFrameAt = Clock.now() + FRAME_NANOSECONDS;
    Clock.set(Timer.Uhci, uhci.nextFrameAt);
  }
  update();
}

/** After a change of what is on: the timer, the devices, the interrupt. */
function update(): void {
  if (!isRunning()) Clock.cancel(Timer.Uhci);
  for (let i: u32 = 0; i < USB_DEVICES; i++) {
    const device = usbDevice(i);
    device.reachable = isReachable(device.port) ? 1 : 0;
    device.suspended = isSuspended(device.port) ? 1 : 0;
    Hid.update(device);
  }
  updateInterrupt();
}

/** Whether a port is on, and the way to it. */
function isReachable(port: u32): bool {
  if (!port) return false;
  if (port > ROOT_PORTS) return isReachable(usbDevice(HUB).port) && Hub.isOn(port - ROOT_PORTS);
  if (!(portRegister(port) & PORT_ENABLED)) return false;
  return isRunning() || (uhci.command & COMMAND_GLOBAL_SUSPEND) != 0;
}

function isSuspended(port: u32): bool {
  if (!port) return false;
  if (port > ROOT_PORTS) {
    return Hub.isSuspended(port - ROOT_PORTS) || isSuspended(usbDevice(HUB).port);
  }
  return ((portRegister(port) & PORT_SUSPEND) | (uhci.command & COMMAND_GLOBAL_SUSPEND)) != 0;
}

function framesDue(_deadline: u64): void {
  runFrames();
}

/** Runs the frames that have begun. */
function runFrames(): void {
  const now = Clock.last();
  if (now >= uhci.nextFrameAt) {
    let due = (now - uhci.nextFrameAt) / FRAME_NANOSECONDS + 1;
    if (due > CATCH_UP_FRAMES) {
      skip(due - CATCH_UP_FRAMES);
      due = CATCH_UP_FRAMES;
    }
    while (due-- && isRunning()) runFrame();
  }
  if (isRunning()) Clock.set(Timer.Uhci, uhci.nextFrameAt);
}

function skip(frames: u64): void {
  uhci.frame = (uhci.frame + <u32>frames) & FRAME_MASK;
  uhci.nextFrameAt += frames * FRAME_NANOSECONDS;
}

function runFrame(): void {
  if ((<u32>load<u16>(CONFIG, PCI_COMMAND)) & PCI_COMMAND_MASTER) {
    for (let i: u32 = 0; i < USB_DEVICES; i++) Hid.frame(usbDevice(i));
    const result = Schedule.run(uhci.list, uhci.frame, uhci.nextFrameAt);
    if (result) tell(result);
  }
  skip(1);
}

/** A frame's results become status bits; errors that cannot be gone on from stop the controller. */
function tell(result: u32): void {
  const causes = result & (FRAME_COMPLETE | FRAME_SHORT);
  uhci.causes |= causes;
  if (causes) uhci.status |= STATUS_INTERRUPT;
  if (result & FRAME_ERROR) uhci.status |= STATUS_ERROR;
  if (result & FRAME_SYSTEM_ERROR) uhci.status |= STATUS_SYSTEM_ERROR;
  if (result & FRAME_PROCESS_ERROR) uhci.status |= STATUS_PROCESS_ERROR;
  if (result & (FRAME_SYSTEM_ERROR | FRAME_PROCESS_ERROR)) {
    uhci.command &= ~COMMAND_RUN;
    update();
  }
  updateInterrupt();
}

function updateInterrupt(): void {
  const status = uhci.status;
  const enabled = uhci.interrupts;
  const level =
    (uhci.causes & FRAME_COMPLETE && enabled & INTERRUPT_COMPLETE) ||
    (uhci.causes & FRAME_SHORT && enabled & INTERRUPT_SHORT) ||
    (status & STATUS_ERROR && enabled & INTERRUPT_ERROR) ||
    (status & STATUS_RESUME && enabled & INTERRUPT_RESUME) ||
    status & (STATUS_SYSTEM_ERROR | STATUS_PROCESS_ERROR);
  const routed = (<u32>load<u16>(CONFIG, PCI_LEGSUP)) & LEGSUP_PIRQ;
  Pci.setInterrupt(FUNCTION, PIN_D, level && routed ? 1 : 0);
}

/** Before the host sleeps: the guest time at which a frame has something to do although the guest sleeps. */
function wakeAt(): u64 {
  if (!isRunning()) return ~(<u64>0);
  if (!((<u32>load<u16>(CONFIG, PCI_COMMAND)) & PCI_COMMAND_MASTER)) return ~(<u64>0);
  const complete = (uhci.causes & FRAME_COMPLETE) != 0;
  const quiet = Schedule.quietFrames(
    uhci.list,
    uhci.frame,
    uhci.nextFrameAt,
    FRAME_NANOSECONDS,
    complete,
  );
  return uhci.nextFrameAt + <u64>quiet * FRAME_NANOSECONDS;
}

// --- Root ports ---

function portRegister(port: u32): u32 {
  return port == 1 ? uhci.port1 : uhci.port2;
}

function setPort(port: u32, value: u32): void {
  if (port == 1) uhci.port1 = value;
  else uhci.port2 = value;
}

function writePort(port: u32, value: u32): void {
  let register = portRegister(port);
  register &= ~(value & (PORT_CONNECT_CHANGE | PORT_ENABLE_CHANGE));
  const before = register;
  register = (register & ~PORT_WRITABLE) | (value & PORT_WRITABLE);
  if (!(register & PORT_CONNECTED)) register &= ~PORT_ENABLED;
  if (register & PORT_RESET) {
    register &= ~(PORT_ENABLED | PORT_SUSPEND | PORT_RESUME);
    if (!(before & PORT_RESET)) resetPort(port);
  } else if (before & PORT_RESUME && !(register & PORT_RESUME)) {
    register &= ~PORT_SUSPEND; // the end of resume ends the suspension
  }
  setPort(port, register);
  update();
}

function resetPort(port: u32): void {
  const device = deviceAtPort(port);
  if (device) Usb.reset(device);
}

/** A device of a suspended port signals. */
function resumeFromPort(port: u32): void {
  if (port > ROOT_PORTS) {
    Hub.resume(port - ROOT_PORTS);
    const hub = usbDevice(HUB);
    if (hub.suspended && hub.remoteWakeup) resumeFromPort(hub.port);
    return;
  }
  const register = portRegister(port);
  if (register & PORT_SUSPEND) setPort(port, register | PORT_RESUME);
  resumeGlobally();
}

/** Plugging, unplugging and resume end a global suspension. */
function resumeGlobally(): void {
  if (!(uhci.command & COMMAND_GLOBAL_SUSPEND)) return;
  uhci.command |= COMMAND_GLOBAL_RESUME;
  uhci.status |= STATUS_RESUME;
  updateInterrupt();
}

// --- From the host ---

/**
 * Host: plugs a UsbDevice in or pulls it out, while the machine runs or before. When both ports are taken, the device of the
 * second one moves to a hub, together with the new one. 0: there is no such device.
 */
export function usbPlug(number: i32, on: i32): i32 {
  if (<u32>number >= HUB) return 0;
  const device = usbDevice(<u32>number);
  if ((device.port != 0) == (on != 0)) return 1;
  if (on) plug(device);
  else unplug(device);
  update();
  resumeGlobally();
  return 1;
}

function plug(device: UsbState): void {
  const hub = usbDevice(HUB);
  let port = hub.port ? freePort(ROOT_PORTS + 1, ROOT_PORTS + HUB_PORTS) : 0;
  if (!port) port = freePort(1, ROOT_PORTS);
  if (!port) {
    const other = deviceAtPort(ROOT_PORTS)!;
    pull(other);
    put(hub, ROOT_PORTS);
    put(other, ROOT_PORTS + 1);
    port = ROOT_PORTS + 2;
  }
  put(device, port);
}

/** A hub that is not needed any more goes too. */
function unplug(device: UsbState): void {
  pull(device);
  const hub = usbDevice(HUB);
  if (!hub.port) return;
  for (let port = ROOT_PORTS + 1; port <= ROOT_PORTS + HUB_PORTS; port++) {
    if (deviceAtPort(port)) return;
  }
  pull(hub);
}

function put(device: UsbState, port: u32): void {
  device.port = port;
  if (port > ROOT_PORTS) Hub.plug(port - ROOT_PORTS);
  else setPort(port, PORT_CONNECTED | PORT_CONNECT_CHANGE);
  Usb.reset(device);
}

function pull(device: UsbState): void {
  const port = device.port;
  if (port > ROOT_PORTS) {
    Hub.unplug(port - ROOT_PORTS);
  } else {
    const enabled = portRegister(port) & PORT_ENABLED;
    setPort(port, PORT_CONNECT_CHANGE | (enabled ? PORT_ENABLE_CHANGE : 0));
  }
  device.port = 0;
  Usb.reset(device);
}

function deviceAtPort(port: u32): UsbState | null {
  for (let i: u32 = 0; i < USB_DEVICES; i++) {
    if (usbDevice(i).port == port) return usbDevice(i);
  }
  return null;
}

function freePort(first: u32, last: u32): u32 {
  for (let port = first; port <= last; port++) {
    if (!deviceAtPort(port)) return port;
  }
  return 0;
}

/** Host: how many milliseconds (1-255) pass between two polls, as the devices ask for when they are configured next. */
export function usbSetInterval(milliseconds: i32): void {
  const interval = <u32>min<i32>(max<i32>(milliseconds, 1), 255);
  for (let i: u32 = 0; i < USB_DEVICES; i++) usbDevice(i).interval = interval;
}

function key(code: i32, pressed: i32): i32 {
  return Keyboard.key(<u32>code, pressed != 0);
}

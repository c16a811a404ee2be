// Keyboard controller: 8042 with a PS/2 mouse port. Ports 60h (data) and 64h (status, command); IRQ 1 and 12.
//
// The next byte of a device appears BYTE_TIME after the previous one was read, so that a DOS interrupt handler which reads
// port 60h twice, or chains to one that does, sees the same byte.
//
// Not implemented: the 8042's RAM but its command byte, the password.

import { Clock, onTimer, Timer } from "../bus/clock";
import { addDevice, Device } from "../bus/devices";
import { Irq } from "../bus/irq";
import { onRead, onWrite } from "../bus/ports";
import { Power } from "../bus/power";
import { Ps2, Ps2Port, setPs2Controller } from "../bus/ps2";
import { isA20, setA20 } from "../memory/physical";
import { ResetCause } from "../protocol/events";
import { set1OfSet2 } from "./scan-codes";

const PORT_DATA: u16 = 0x60;
const PORT_COMMAND: u16 = 0x64;

const IRQ_KEYBOARD = 1;
const IRQ_MOUSE = 12;

const STATUS_OUTPUT_FULL: u32 = 0x01;
const STATUS_SYSTEM: u32 = 0x04;
const STATUS_COMMAND: u32 = 0x08; // the last write went to port 64h
const STATUS_UNLOCKED: u32 = 0x10;
const STATUS_MOUSE: u32 = 0x20;

/** Command byte. */
const MODE_KEYBOARD_IRQ: u32 = 0x01;
const MODE_MOUSE_IRQ: u32 = 0x02;
const MODE_SYSTEM: u32 = 0x04;
const MODE_KEYBOARD_OFF: u32 = 0x10;
const MODE_MOUSE_OFF: u32 = 0x20;
const MODE_TRANSLATE: u32 = 0x40;

const OUTPUT_NO_RESET: u32 = 0x01;
const OUTPUT_A20: u32 = 0x02;

const SELF_TEST_PASSED: u32 = 0x55;
const PORT_TEST_PASSED: u32 = 0x00;
/** Input port: not locked, colour display, no manufacturing jumper. */
const INPUT_PORT: u32 = 0xb0;

const BREAK_PREFIX: u32 = 0xf0;
const BREAK_BIT: u32 = 0x80;

/** A cable sends about 1100 bytes a second; a little faster keeps a mouse smooth. */
const BYTE_TIME: u64 = 500_000;

enum Origin {
  Controller = 0,
  Keyboard = 1,
  Mouse = 2,
}

@unmanaged
class I8042State {
  output: u32; // the byte at port 60h
  outputFull: u32;
  origin: u32; // whose byte it is
  waiting: u32; // an answer of the controller that waits for the buffer, + 100h; 0 for none
  waitingOrigin: u32;
  mode: u32; // command byte
  parameterFor: u32; // the command that the next byte at port 60h belongs to
  lastWasCommand: u32;
  breakPrefix: u32; // translation has seen F0h
  readyAt: u64; // when the next byte of a device may appear
}
const STATE_SIZE = <i32>offsetof<I8042State>();
const STATE = memory.data(STATE_SIZE, 8);
const controller = changetype<I8042State>(STATE);

export function attachI8042(): void {
  addDevice(Device.I8042, STATE, STATE_SIZE, reset);
  setPs2Controller(wake);
  onTimer(Timer.Ps2, byteTimer);
  onRead(PORT_DATA, 1, readData);
  onWrite(PORT_DATA, 1, writeData);
  onRead(PORT_COMMAND, 1, readStatus);
  onWrite(PORT_COMMAND, 1, writeCommand);
}

/** A BIOS sets the mode up; without one (a kernel booted directly) keyboard and mouse must work. */
function reset(): void {
  memory.fill(STATE, 0, STATE_SIZE);
  controller.mode = MODE_KEYBOARD_IRQ | MODE_MOUSE_IRQ | MODE_TRANSLATE;
  Clock.cancel(Timer.Ps2);
}

// --- Output buffer ---

function updateIrq(): void {
  const full = controller.outputFull != 0;
  const mouse = controller.origin == Origin.Mouse;
  const keyboardIrq = full && !mouse && (controller.mode & MODE_KEYBOARD_IRQ) != 0;
  const mouseIrq = full && mouse && (controller.mode & MODE_MOUSE_IRQ) != 0;
  Irq.set(IRQ_KEYBOARD, keyboardIrq ? 1 : 0);
  Irq.set(IRQ_MOUSE, mouseIrq ? 1 : 0);
}

function put(byte: u32, origin: Origin): void {
  controller.output = byte;
  controller.origin = origin;
  controller.outputFull = 1;
  updateIrq();
  if (origin == Origin.Mouse && controller.mode & MODE_MOUSE_IRQ) Ps2.mouseInterrupted();
}

/** An answer of the controller itself. It does not wait for the cable, but never overwrites a device's byte. */
function answer(byte: u32, origin: Origin): void {
  if (controller.outputFull) {
    controller.waiting = byte | 0x100;
    controller.waitingOrigin = origin;
  } else {
    put(byte, origin);
  }
}

/** A device has something to send. */
function wake(): void {
  if (controller.outputFull || Clock.deadline(Timer.Ps2) != ~(<u64>0)) return;
  Clock.set(Timer.Ps2, max<u64>(Clock.now(), controller.readyAt));
}

function byteTimer(_deadline: u64): void {
  if (controller.outputFull) return;
  if (!(controller.mode & MODE_KEYBOARD_OFF) && takeKeyboard()) return;
  if (controller.mode & MODE_MOUSE_OFF) return;
  const byte = Ps2.take(Ps2Port.Mouse);
  if (byte >= 0) put(<u32>byte, Origin.Mouse);
}

function takeKeyboard(): bool {
  for (;;) {
    const byte = Ps2.take(Ps2Port.Keyboard);
    if (byte < 0) return false;
    if (!(controller.mode & MODE_TRANSLATE)) {
      put(<u32>byte, Origin.Keyboard);
      return true;
    }
    // F0h is swallowed: the byte after it gets the high bit.
    if (<u32>byte == BREAK_PREFIX) {
      controller.breakPrefix = BREAK_BIT;
      continue;
    }
    const code = set1OfSet2(<u32>byte) | controller.breakPrefix;
    controller.breakPrefix = 0;
    put(code, Origin.Keyboard);
    return true;
  }
}

function readData(_port: u16): u32 {
  const byte = controller.output;
  if (!controller.outputFull) return byte;
  controller.outputFull = 0;
  updateIrq();
  if (controller.origin == Origin.Mouse) Ps2.mouseRead();
  if (controller.waiting) {
    const waiting = controller.waiting & 0xff;
    controller.waiting = 0;
    put(waiting, controller.waitingOrigin);
  } else {
    controller.readyAt = Clock.now() + BYTE_TIME;
    wake();
  }
  return byte;
}

function readStatus(_port: u16): u32 {
  let status = STATUS_UNLOCKED | (controller.mode & MODE_SYSTEM ? STATUS_SYSTEM : 0);
  if (controller.outputFull) status |= STATUS_OUTPUT_FULL;
  if (controller.outputFull && controller.origin == Origin.Mouse) status |= STATUS_MOUSE;
  if (controller.lastWasCommand) status |= STATUS_COMMAND;
  return status;
}

// --- Commands ---

function setMode(mode: u32): void {
  controller.mode = mode & 0x7f;
  updateIrq();
  wake();
}

function readOutputPort(): u32 {
  const full = controller.outputFull != 0;
  const mouse = controller.origin == Origin.Mouse;
  return (
    0xc0 |
    OUTPUT_NO_RESET |
    (isA20() ? OUTPUT_A20 : 0) |
    (full && !mouse ? 0x10 : 0) |
    (full && mouse ? 0x20 : 0)
  );
}

function writeOutputPort(value: u32): void {
  setA20((value & OUTPUT_A20) != 0);
  if (!(value & OUTPUT_NO_RESET)) Power.resetCpu(ResetCause.Keyboard);
}

function writeCommand(_port: u16, value: u32): void {
  const command = value & 0xff;
  controller.lastWasCommand = 1;
  controller.parameterFor = 0;
  switch (command) {
    case 0x20: // read the command byte
      answer(controller.mode, Origin.Controller);
      break;
    case 0x60: // write the command byte
    case 0xd1: // write the output port
    case 0xd2: // write the output buffer as if it came from the keyboard
    case 0xd3: // ... from the mouse
    case 0xd4: // send to the mouse
      controller.parameterFor = command;
      break;
    case 0xa1: // version
      answer(0, Origin.Controller);
      break;
    case 0xa4: // is a password installed
      answer(0xf1, Origin.Controller);
      break;
    case 0xa7:
      setMode(controller.mode | MODE_MOUSE_OFF);
      break;
    case 0xa8:
      setMode(controller.mode & ~MODE_MOUSE_OFF);
      break;
    case 0xa9:
    case 0xab:
      answer(PORT_TEST_PASSED, Origin.Controller);
      break;
    case 0xaa:
      controller.mode |= MODE_SYSTEM;
      answer(SELF_TEST_PASSED, Origin.Controller);
      break;
    case 0xad:
      setMode(controller.mode | MODE_KEYBOARD_OFF);
      break;
    case 0xae:
      setMode(controller.mode & ~MODE_KEYBOARD_OFF);
      break;
    case 0xc0:
      answer(INPUT_PORT, Origin.Controller);
      break;
    case 0xd0:
      answer(readOutputPort(), Origin.Controller);
      break;
    case 0xdd: // A20 off and on in one step, as many chip sets have it
      setA20(false);
      break;
    case 0xdf:
      setA20(true);
      break;
    case 0xe0: // test inputs: clock and data idle
      answer(0, Origin.Controller);
      break;
    default:
      // Pulse the output lines whose bits are 0; bit 0 is the reset.
      if (command >= 0xf0 && !(command & 1)) Power.resetCpu(ResetCause.Keyboard);
      break;
  }
}

function writeData(_port: u16, value: u32): void {
  const byte = value & 0xff;
  const command = controller.parameterFor;
  controller.lastWasCommand = 0;
  controller.parameterFor = 0;
  switch (command) {
    case 0x60:
      setMode(byte);
      break;
    case 0xd1:
      writeOutputPort(byte);
      break;
    case 0xd2:
      answer(byte, Origin.Keyboard);
      break;
    case 0xd3:
      answer(byte, Origin.Mouse);
      break;
    case 0xd4:
      Ps2.send(Ps2Port.Mouse, byte);
      break;
    default:
      // The controller opens the keyboard's clock line to send.
      controller.mode &= ~MODE_KEYBOARD_OFF;
      Ps2.send(Ps2Port.Keyboard, byte);
      wake();
      break;
  }
}

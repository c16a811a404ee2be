// The two PS/2 cables between the controller (8042) and its devices.
//
// A device says that it has something to send; the controller takes one byte when it is ready for it.

/** The two ends at the controller. */
export enum Ps2Port {
  Keyboard = 0,
  Mouse = 1,
}

@unmanaged
class Ps2Bus {
  wake: u32; // function index: () => void, the controller
  keyboardReceive: u32; // function index: (byte) => void, controller to device
  keyboardTake: u32; // function index: () => next byte, -1 for none
  mouseReceive: u32;
  mouseTake: u32;
  mouseRead: u32; // function index: () => void
  mouseInterrupted: u32; // function index: () => void
  nudge: u32; // function index: () => bool
}
const bus = changetype<Ps2Bus>(memory.data(offsetof<Ps2Bus>(), 8));

/** A device announces itself. */
export function setPs2Device(port: Ps2Port, receive: (byte: u32) => void, take: () => i32): void {
  const receiveIndex = load<u32>(changetype<usize>(receive));
  const takeIndex = load<u32>(changetype<usize>(take));
  if (port == Ps2Port.Keyboard) {
    bus.keyboardReceive = receiveIndex;
    bus.keyboardTake = takeIndex;
  } else {
    bus.mouseReceive = receiveIndex;
    bus.mouseTake = takeIndex;
  }
}

/** The mouse wants to know when its byte has interrupted the PC, and when the PC has read it. */
export function watchPs2Mouse(interrupted: () => void, read: () => void): void {
  bus.mouseInterrupted = load<u32>(changetype<usize>(interrupted));
  bus.mouseRead = load<u32>(changetype<usize>(read));
}

/** Another pointer, whose driver waits for the mouse's interrupt: `take` says whether the mouse should send a packet for it. */
export function setPs2Nudge(take: () => bool): void {
  bus.nudge = load<u32>(changetype<usize>(take));
}

/** The controller announces itself; `wake` is called when a device may have a byte. */
export function setPs2Controller(wake: () => void): void {
  bus.wake = load<u32>(changetype<usize>(wake));
}

export class Ps2 {
  /** Device: there is a byte to take. */
  static wake(): void {
    if (bus.wake) call_indirect<void>(bus.wake);
  }

  /** Controller: sends a byte to a device. */
  static send(port: Ps2Port, byte: u32): void {
    const receive = port == Ps2Port.Keyboard ? bus.keyboardReceive : bus.mouseReceive;
    if (receive) call_indirect<void>(receive, byte);
  }

  /** Mouse: whether it should send a packet although it has not moved. */
  static takeNudge(): bool {
    return bus.nudge ? call_indirect<bool>(bus.nudge) : false;
  }

  /** Controller: the mouse's byte raises the interrupt. */
  static mouseInterrupted(): void {
    if (bus.mouseInterrupted) call_indirect<void>(bus.mouseInterrupted);
  }

  /** Controller: the PC has read the byte that came from the mouse. */
  static mouseRead(): void {
    if (bus.mouseRead) call_indirect<void>(bus.mouseRead);
  }

  /** Controller: the device's next byte, -1 for none. */
  static take(port: Ps2Port): i32 {
    const take = port == Ps2Port.Keyboard ? bus.keyboardTake : bus.mouseTake;
    return take ? call_indirect<i32>(take) : -1;
  }
}

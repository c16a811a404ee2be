// Input between host and core: which devices there are, and how the host wants them used.

/** What can carry the pointer. `a` or `b` of MachineEvent, and the argument of the statistics. */
export enum PointerDevice {
  None = 0,
  Ps2Mouse = 1,
  UsbMouse = 2,
  UsbTablet = 3,
  Tandem = 4,
  VmMouse = 5,
  COUNT = 6,
}

/** The host's choice, for `pointerRoute`. */
export enum PointerRoute {
  /** The best that the guest listens to: Tandem port, VMware's port, tablet, USB mouse, PS/2 mouse. */
  Auto = 0,
  /** A mouse: USB, VMware's port by deltas, PS/2; the Tandem port's deltas when there is no other. */
  Relative = 1,
  /** The tablet, then VMware's port; anything else only while the guest does not listen to it. */
  Absolute = 2,
  /** The Tandem port; anything else only while the guest does not listen to it. */
  Integrated = 3,
}

/** What the guest listens to now, for MachineEvent.Pointer. */
export enum PointerMode {
  Relative = 0,
  Absolute = 1,
  Integrated = 2,
}

/** For `usbPlug`. */
export enum UsbDevice {
  Mouse = 0,
  Tablet = 1,
  Keyboard = 2,
  COUNT = 3,
}

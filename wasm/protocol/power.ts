// Switching a guest off cleanly. Commands 0600h to 060Fh.
//
// The host raises Event.Power (tandem-port.ts) where the driver has asked for it, and presses the ACPI power button elsewhere.

/** Payload of Event.Power. */
export enum PowerWish {
  ShutDown = 1,
  Restart = 2,
}

export enum PowerCommand {
  Begun = 0x0601, // body: u32 PowerWish: the guest has begun to do it
}

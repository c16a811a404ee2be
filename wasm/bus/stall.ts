// A read that stands still: the device holds the CPU in the middle of an IN until something happens, as a slow chip holds READY.
//
// The CPU leaves its run loop as for HLT and repeats the whole instruction afterwards, so an interrupt may come in between.

import { cpu, PENDING_STALL } from "../cpu/state";
import { addDevice, Device } from "./devices";

@unmanaged
class StallState {
  begun: u32; // the access that comes next is the repetition
}
const state = changetype<StallState>(memory.data(offsetof<StallState>(), 8));

export function attachStall(): void {
  addDevice(Device.Stall, changetype<usize>(state), offsetof<StallState>(), reset);
}

function reset(): void {
  state.begun = 0;
}

export class Stall {
  /** Device, in a read: the CPU stands still until `end` or an interrupt; what is read now does not count. */
  static begin(): void {
    state.begun = 1;
    cpu.pending |= PENDING_STALL;
  }

  /** Device: whether the read is the repetition of one that stood still. */
  static hasBegun(): bool {
    return state.begun != 0;
  }

  /** Device: the CPU goes on, to repeat its read. */
  static end(): void {
    cpu.pending &= ~PENDING_STALL;
  }

  /** Device: what is read now counts. Also where the access was not the CPU's, which cannot stand still. */
  static finish(): void {
    cpu.pending &= ~PENDING_STALL;
    state.begun = 0;
  }
}

// Reset and power, as devices ask for them.

import { cpu, PENDING_INIT, PENDING_RESET, PENDING_STOP } from "../cpu/state";
import { hostEvent } from "../host";
import { MachineEvent, ResetCause } from "../protocol/events";

@unmanaged
class PowerState {
  cause: u32;
  off: u32;
}
const power = changetype<PowerState>(memory.data(offsetof<PowerState>(), 8));

export class Power {
  /** The whole machine resets before the next block. */
  static reset(cause: ResetCause): void {
    power.cause = cause;
    cpu.pending |= PENDING_RESET;
  }

  /** The CPU alone resets before the next block: devices and memory go on as they are. */
  static resetCpu(cause: ResetCause): void {
    power.cause = cause;
    cpu.pending |= PENDING_INIT;
  }

  static off(): void {
    power.off = 1;
    cpu.pending |= PENDING_STOP;
    hostEvent(MachineEvent.PowerOff, 0, 0);
  }

  static isOff(): bool {
    return power.off != 0;
  }

  static on(): void {
    power.off = 0;
  }

  static resetCause(): u32 {
    return power.cause;
  }
}

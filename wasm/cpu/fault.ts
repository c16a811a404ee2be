// Raising exceptions: note what happened, then leave all wasm frames through the host, which calls `handleFault`.
//
// An instruction raises before it has written any register, so that the one at `cpu.instruction` can start again.

import { hostUnwind } from "../host";
import { cpu } from "./state";

export enum Vector {
  DivideError = 0,
  Debug = 1,
  Nmi = 2,
  Breakpoint = 3,
  Overflow = 4,
  BoundRange = 5,
  InvalidOpcode = 6,
  DeviceNotAvailable = 7,
  DoubleFault = 8,
  CoprocessorSegment = 9,
  InvalidTss = 10,
  SegmentNotPresent = 11,
  StackFault = 12,
  GeneralProtection = 13,
  PageFault = 14,
  MathFault = 16,
  AlignmentCheck = 17,
  MachineCheck = 18,
  SimdException = 19,
}

export class Fault {
  /** Raises an exception without error code. Never returns. */
  static raise(vector: Vector): void {
    cpu.faultVector = vector;
    cpu.faultCode = 0;
    cpu.faultHasCode = 0;
    hostUnwind();
    unreachable();
  }

  /** Raises an exception with error code. Never returns. */
  static raiseCode(vector: Vector, code: u32): void {
    cpu.faultVector = vector;
    cpu.faultCode = code;
    cpu.faultHasCode = 1;
    hostUnwind();
    unreachable();
  }

  /** #GP(code). */
  static protection(code: u32 = 0): void {
    Fault.raiseCode(Vector.GeneralProtection, code);
  }

  /** #UD. */
  static undefined(): void {
    Fault.raise(Vector.InvalidOpcode);
  }

  /** #PF: sets CR2. code: SDM vol. 3, 4.7. */
  static page(address: u32, code: u32): void {
    cpu.cr2 = address;
    Fault.raiseCode(Vector.PageFault, code);
  }
}

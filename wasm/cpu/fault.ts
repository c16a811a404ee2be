// Raising exceptions.
//
// An instruction raises before it has written any register, so that the one at `cpu.instruction` can start again. There are
// two ways. `raise` notes what happened and leaves all wasm frames through the host, which calls `handleFault`: it never
// returns, and takes microseconds. `note` is for the hot operations and others whose faults must be quick (demand paging): it
// keeps a copy of the registers and lets the operation run to its end, cut off from memory; the block ends behind it, and
// `settleFault` puts the registers back before the exception is delivered.

import { hostUnwind } from "../host";
import { selectNoTlb } from "../memory/tlb";
import { cancelLeave, leaveBlock } from "./leave";
import { FIRST_ENDING } from "./operations.gen";
import { cpu, CpuState, PENDING_FAULT, REGISTERS } from "./state";

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

const REGISTER_BYTES: usize = 8 * 8;
/** EIP, EFLAGS and what the arithmetic flags come from: the first fields of CpuState. */
const FLAGS_BYTES: usize = offsetof<CpuState>("pending");
/** Registers and flags from before the operation that faulted. */
const NOTED = memory.data(8 * 8 + 32, 8);

export class Fault {
  /** Raises an exception without error code. Never returns. */
  static raise(vector: Vector): void {
    Fault.describe(vector, 0, 0);
    Fault.unwind();
  }

  /** Raises an exception with error code. Never returns. */
  static raiseCode(vector: Vector, code: u32): void {
    Fault.describe(vector, code, 1);
    Fault.unwind();
  }

  /** #GP(code). */
  static protection(code: u32 = 0): void {
    Fault.raiseCode(Vector.GeneralProtection, code);
  }

  /** #UD. */
  static undefined(): void {
    Fault.raise(Vector.InvalidOpcode);
  }

  /** Writes down what `unwind` or `note` is about. The first exception of an instruction stays. */
  static describe(vector: Vector, code: u32, hasCode: u32): void {
    if (cpu.pending & PENDING_FAULT) return;
    cpu.faultVector = vector;
    cpu.faultCode = code;
    cpu.faultHasCode = hasCode;
  }

  /** The same for #PF, with CR2. code: SDM vol. 3, 4.7. */
  static describePage(address: u32, code: u32): void {
    if (cpu.pending & PENDING_FAULT) return;
    cpu.cr2 = address;
    Fault.describe(Vector.PageFault, code, 1);
  }

  /** Leaves for the host with the exception described. Never returns. */
  static unwind(): void {
    settleFault();
    hostUnwind();
    unreachable();
  }

  /** The operation at cpu.instruction has met the exception described, and will return without effect. */
  static note(): void {
    if (Fault.isNoted()) return;
    copyRegisters(NOTED, REGISTERS, NOTED + REGISTER_BYTES, changetype<usize>(cpu));
    cpu.notedRecord = cpu.instruction;
    cpu.notedRead = cpu.tlbRead;
    cpu.notedWrite = cpu.tlbWrite;
    cpu.pending |= PENDING_FAULT;
    selectNoTlb();
    if (<u32>load<u16>(cpu.instruction) < FIRST_ENDING) leaveBlock(0);
  }

  /** For handlers that have done nothing yet and return at once: a quick `raise`. */
  static noteRaise(vector: Vector): void {
    Fault.describe(vector, 0, 0);
    Fault.note();
  }

  /** The same for #GP(0): what monitors of virtual 8086 mode live from. */
  static noteProtection(): void {
    Fault.describe(Vector.GeneralProtection, 0, 1);
    Fault.note();
  }

  /** An exception was noted: the rest of the operation sees no memory. */
  @inline static isNoted(): bool {
    return (cpu.pending & PENDING_FAULT) != 0;
  }
}

/** Word by word: memory.copy is a call out of wasm. */
function copyRegisters(to: usize, from: usize, flagsTo: usize, flagsFrom: usize): void {
  for (let k: usize = 0; k < REGISTER_BYTES; k += 8) store<u32>(to + k, load<u32>(from + k));
  for (let k: usize = 0; k < FLAGS_BYTES; k += 4) store<u32>(flagsTo + k, load<u32>(flagsFrom + k));
}

/** When an exception was noted: as if its instruction had not run. */
export function settleFault(): void {
  if (!Fault.isNoted()) return;
  copyRegisters(REGISTERS, NOTED, changetype<usize>(cpu), NOTED + REGISTER_BYTES);
  cancelLeave();
  cpu.instruction = cpu.notedRecord;
  cpu.tlbRead = cpu.notedRead;
  cpu.tlbWrite = cpu.notedWrite;
  cpu.pending &= ~PENDING_FAULT;
}

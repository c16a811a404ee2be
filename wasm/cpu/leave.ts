// Leaving a block behind the instruction that is running, at no cost to those that do not.
//
// The record behind it becomes a LEAVE for one time: the loop that runs records needs no test of its own.

import { Instruction, INSTRUCTION_SIZE } from "./instruction";
import { LEAVE } from "./operations.gen";
import { cpu } from "./state";

/** The block ends behind the instruction at cpu.instruction, which does not end it by itself; execution goes on at `eip`. */
export function leaveBlock(eip: u32): void {
  cpu.leaveEip = eip;
  if (cpu.leaveRecord) return;
  const next = cpu.instruction + INSTRUCTION_SIZE;
  cpu.leaveRecord = next;
  cpu.leaveOperation = load<u16>(next);
  store<u16>(next, LEAVE);
}

/** The record becomes again what it was. */
export function cancelLeave(): void {
  if (!cpu.leaveRecord) return;
  store<u16>(cpu.leaveRecord, <u16>cpu.leaveOperation);
  cpu.leaveRecord = 0;
}

/** The operation LEAVE. */
export function leaveHere(_i: Instruction): void {
  cancelLeave();
  cpu.eip = cpu.leaveEip;
}

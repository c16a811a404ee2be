// Leaving a block behind the instruction that is running, at no cost to those that do not.
//
// The record behind it becomes a LEAVE for one time: the loop that runs records needs no test of its own.

import { Instruction, INSTRUCTION_SIZE } from "./instruction";
import { FIRST_ENDING, LEAVE } from "./operations.gen";
import { cpu } from "./state";

/** The block ends behind the instruction at cpu.instruction; it goes on there unless cpu.eip is changed afterwards. */
export function leaveBlock(): void {
  if (<u32>load<u16>(cpu.instruction) >= FIRST_ENDING) return;
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
export function leaveHere(i: Instruction): void {
  cancelLeave();
  cpu.eip = i.eip;
}

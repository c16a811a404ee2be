// Operations that do nothing, or nothing but fault.

import { Fault, Vector } from "../fault";
import { Instruction } from "../instruction";

/** #UD: UD2 and everything the opcode map leaves out. */
export function undefinedOpcode(_i: Instruction): void {
  Fault.noteRaise(Vector.InvalidOpcode);
}

/** Hints and multi-byte NOPs: the operand is not accessed. */
export function nothing(_i: Instruction): void {}

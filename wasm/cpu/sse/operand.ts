// Operands of MMX and SSE instructions: slots of registers, or memory.

import { Fault } from "../fault";
import {
  Instruction,
  INSTRUCTION_OPERAND_PREFIX,
  INSTRUCTION_REP,
  INSTRUCTION_REPNE,
} from "../instruction";
import { effectiveAddress, isMemory, operandAddress } from "../operands";
import { cpu, SEGMENT_FLAT, Segments } from "../state";
import { Memory } from "../../memory/memory";
import { Slot, SLOT_SOURCE } from "./state";

/** The prefix that selects among instructions of one opcode. F2 and F3 hide 66. */
export const PREFIX_NONE: u32 = 0;
export const PREFIX_66: u32 = 1;
export const PREFIX_F3: u32 = 2;
export const PREFIX_F2: u32 = 3;

export function prefix(i: Instruction): u32 {
  if (i.flags & INSTRUCTION_REPNE) return PREFIX_F2;
  if (i.flags & INSTRUCTION_REP) return PREFIX_F3;
  return i.flags & INSTRUCTION_OPERAND_PREFIX ? PREFIX_66 : PREFIX_NONE;
}

/** Address of an operand that must be aligned to 16 bytes. Misalignment is told before the segment's limit. */
export function alignedAddress(i: Instruction, size: u32, write: bool): u32 {
  const base = i.segment == SEGMENT_FLAT ? 0 : Segments.of(i.segment).base;
  if ((base + effectiveAddress(i)) & 15) Fault.protection(0);
  return operandAddress(i, size, write);
}

/** A slot with the 16 bytes at an address: guest memory itself where it can be. Only to be read. */
export function read128(address: u32): usize {
  const entry = load<u32>(cpu.tlbRead + ((<usize>(address >>> 12)) << 2));
  if (((address | entry) & 0xfff) <= 0xff0) return <usize>(address + entry);
  const low = Memory.readPacked64(address);
  const high = Memory.readPacked64(address + 8);
  store<u64>(SLOT_SOURCE, low);
  store<u64>(SLOT_SOURCE, high, 8);
  return SLOT_SOURCE;
}

/** Writes all 16 bytes or, when it faults, none. */
export function write128(address: u32, slot: usize): void {
  const low = load<u64>(slot);
  const high = load<u64>(slot, 8);
  if ((address & 0xfff) > 0xff0) Memory.probeWrite(address, 16);
  Memory.writePacked64(address, low);
  Memory.writePacked64(address + 8, high);
}

/** The source of a packed operation: xmm or aligned m128. */
export function source128(i: Instruction): usize {
  return isMemory(i) ? read128(alignedAddress(i, 16, false)) : Slot.xmm(i.rm);
}

/** A scalar source: xmm or m64. */
export function source64(i: Instruction): usize {
  if (!isMemory(i)) return Slot.xmm(i.rm);
  store<u64>(SLOT_SOURCE, Memory.read64(operandAddress(i, 8, false)));
  store<u64>(SLOT_SOURCE, 0, 8);
  return SLOT_SOURCE;
}

/** A scalar source: xmm or m32. */
export function source32(i: Instruction): usize {
  if (!isMemory(i)) return Slot.xmm(i.rm);
  store<u64>(SLOT_SOURCE, <u64>Memory.read32(operandAddress(i, 4, false)));
  store<u64>(SLOT_SOURCE, 0, 8);
  return SLOT_SOURCE;
}

/** The value of an MMX source: mm or m64. */
export function sourceMm(i: Instruction): u64 {
  if (isMemory(i)) return Memory.read64(operandAddress(i, 8, false));
  return load<u64>(Slot.mm(i.rm));
}

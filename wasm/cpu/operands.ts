// Operands of a decoded instruction, for operations that are run by a plain handler function.
//
// A handler is `(i: Instruction) => void`. When it starts, cpu.eip is already the next instruction's; it changes cpu.eip to
// jump. It does all its memory accesses before it writes a register, since a fault starts the instruction again.

import { Memory } from "../memory/memory";
import {
  Instruction,
  INSTRUCTION_ADDRESS32,
  INSTRUCTION_MEMORY,
  INSTRUCTION_OPERAND32,
} from "./instruction";
import { Fault } from "./fault";
import { ATTRIBUTE_BIG, checkSegment } from "./segments";
import { CS, ESP, Registers, SEGMENT_FLAT, Segments, SS } from "./state";

/** Offset of the memory operand within its segment. */
export function effectiveAddress(i: Instruction): u32 {
  const address =
    Registers.get32(i.base) + (Registers.get32(i.index) << i.scale) + <u32>i.displacement;
  return i.flags & INSTRUCTION_ADDRESS32 ? address : address & 0xffff;
}

/** Linear address of `size` bytes at an offset in a segment (SEGMENT_FLAT: as it is); raises #GP or #SS. */
export function linearAddress(segment: u32, offset: u32, size: u32, write: bool): u32 {
  if (segment == SEGMENT_FLAT) return offset;
  return checkSegment(segment, offset, size, write);
}

/** Linear address of the memory operand, checked for `size` bytes. */
export function operandAddress(i: Instruction, size: u32, write: bool): u32 {
  return linearAddress(i.segment, effectiveAddress(i), size, write);
}

export function isMemory(i: Instruction): bool {
  return (i.flags & INSTRUCTION_MEMORY) != 0;
}

export function isOperand32(i: Instruction): bool {
  return (i.flags & INSTRUCTION_OPERAND32) != 0;
}

/** The E operand: register or memory. */
export function readE8(i: Instruction): u32 {
  return isMemory(i) ? Memory.read8(operandAddress(i, 1, false)) : Registers.get8(i.rm);
}
export function readE16(i: Instruction): u32 {
  return isMemory(i) ? Memory.read16(operandAddress(i, 2, false)) : Registers.get16(i.rm);
}
export function readE32(i: Instruction): u32 {
  return isMemory(i) ? Memory.read32(operandAddress(i, 4, false)) : Registers.get32(i.rm);
}
export function writeE8(i: Instruction, value: u32): void {
  if (isMemory(i)) Memory.write8(operandAddress(i, 1, true), value);
  else Registers.set8(i.rm, value);
}
export function writeE16(i: Instruction, value: u32): void {
  if (isMemory(i)) Memory.write16(operandAddress(i, 2, true), value);
  else Registers.set16(i.rm, value);
}
export function writeE32(i: Instruction, value: u32): void {
  if (isMemory(i)) Memory.write32(operandAddress(i, 4, true), value);
  else Registers.set32(i.rm, value);
}

/** E operand of the operand size. */
export function readEv(i: Instruction): u32 {
  return isOperand32(i) ? readE32(i) : readE16(i);
}
export function writeEv(i: Instruction, value: u32): void {
  if (isOperand32(i)) writeE32(i, value);
  else writeE16(i, value);
}
/** G operand (ModRM.reg) of the operand size. */
export function readGv(i: Instruction): u32 {
  return isOperand32(i) ? Registers.get32(i.reg) : Registers.get16(i.reg);
}
export function writeGv(i: Instruction, value: u32): void {
  if (isOperand32(i)) Registers.set32(i.reg, value);
  else Registers.set16(i.reg, value);
}

/**
 * Read-modify-write: address of the memory operand, its write fault raised first (#GP of a read-only segment, #PF).
 * Then read and write it with Memory.
 */
export function modifyAddress(i: Instruction, size: u32): u32 {
  const address = operandAddress(i, size, true);
  Memory.probeWrite(address, size);
  return address;
}

/** Linear address of an offset already computed for a record whose segment is not flat. */
export function segmentedAddress(i: Instruction, offset: u32, size: u32, write: bool): u32 {
  if (!(i.flags & INSTRUCTION_ADDRESS32)) offset &= 0xffff;
  return linearAddress(i.segment, offset, size, write);
}

/** A near jump's target beyond the limit of CS is #GP(0). */
export function checkTarget(target: u32): void {
  if (target > Segments.of(CS).limit) Fault.protection();
}

function isStack32(): bool {
  return (Segments.of(SS).attributes & ATTRIBUTE_BIG) != 0;
}

function setStackPointer(value: u32): void {
  if (isStack32()) Registers.set32(ESP, value);
  else Registers.set16(ESP, value);
}

/** Pushes 2 or 4 bytes on any stack, with its checks. */
export function pushSegmented(value: u32, size: i32): void {
  const mask: u32 = isStack32() ? 0xffff_ffff : 0xffff;
  const top = (Registers.get32(ESP) - <u32>size) & mask;
  const address = checkSegment(SS, top, size, true);
  if (size == 4) Memory.write32(address, value);
  else Memory.write16(address, value);
  setStackPointer(top);
}

/** Pops 2 or 4 bytes from any stack, with its checks. */
export function popSegmented(size: i32): u32 {
  const mask: u32 = isStack32() ? 0xffff_ffff : 0xffff;
  const top = Registers.get32(ESP) & mask;
  const address = checkSegment(SS, top, size, false);
  const value = size == 4 ? Memory.read32(address) : Memory.read16(address);
  setStackPointer((top + <u32>size) & mask);
  return value;
}

/** Writes what a push would write, and leaves ESP alone. */
export function writeStackTop(value: u32, size: i32): void {
  const mask: u32 = isStack32() ? 0xffff_ffff : 0xffff;
  const address = checkSegment(SS, (Registers.get32(ESP) - <u32>size) & mask, size, true);
  if (size == 4) Memory.write32(address, value);
  else Memory.write16(address, value);
}

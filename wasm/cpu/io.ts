// IN and OUT with their permission: IOPL, or the bitmap in the TSS.

import { Ports } from "../bus/ports";
import { Memory } from "../memory/memory";
import { collectPortBreakpoint } from "./debug";
import { TYPE_32 } from "./descriptors";
import { Fault } from "./fault";
import { Instruction } from "./instruction";
import { isOperand32 } from "./operands";
import { ioPrivilege, isVm86 } from "./segments";
import {
  cpu,
  CR0_PE,
  EAX,
  EDX,
  PENDING_DEBUG,
  PENDING_STALL,
  Registers,
  Segments,
  TR,
} from "./state";

/** Offset in a 32-bit TSS of the word that says where its I/O bitmap begins. */
const TSS_BITMAP: u32 = 102;

/** Whether `size` bytes at `port` may be accessed; else #GP(0) is noted. */
export function hasIoPermission(port: u32, size: u32): bool {
  if (cpu.cr0 & CR0_PE && (cpu.cpl > ioPrivilege() || isVm86()) && !isInBitmap(port, size)) {
    Fault.noteProtection();
    return false;
  }
  collectPortBreakpoint(port, size);
  return true;
}

function isInBitmap(port: u32, size: u32): bool {
  const task = Segments.of(TR);
  if (!(task.attributes & TYPE_32) || task.limit < TSS_BITMAP + 1) return false;
  const at = Memory.systemRead16(task.base + TSS_BITMAP) + (port >>> 3);
  // Two bytes are always read, so the bitmap ends with a byte of ones.
  if (at + 1 > task.limit) return false;
  const bits = Memory.systemRead16(task.base + at) >>> (port & 7);
  return (bits & ((1 << size) - 1)) == 0;
}

function accessSize(i: Instruction): u32 {
  return i.opcode & 1 ? (isOperand32(i) ? 4 : 2) : 1;
}

function input(i: Instruction, port: u32): void {
  const size = accessSize(i);
  if (!hasIoPermission(port, size)) return;
  const value = Ports.read(port, <i32>size);
  if (standsStill(i)) return;
  if (size == 4) Registers.set32(EAX, value);
  else if (size == 2) Registers.set16(EAX, value);
  else Registers.set8(EAX, value);
}

/** Whether the device holds the CPU (bus/stall.ts): then the instruction has done nothing yet, and runs again. */
export function standsStill(i: Instruction): bool {
  if (!(cpu.pending & PENDING_STALL)) return false;
  cpu.eip = i.eip;
  cpu.debugTrap = 0;
  cpu.pending &= ~PENDING_DEBUG;
  return true;
}

function output(i: Instruction, port: u32): void {
  const size = accessSize(i);
  if (!hasIoPermission(port, size)) return;
  const value = Registers.get32(EAX);
  Ports.write(port, <i32>size, size == 4 ? value : size == 2 ? value & 0xffff : value & 0xff);
}

export function inImmediate(i: Instruction): void {
  input(i, (<u32>i.immediate) & 0xff);
}
export function inDx(i: Instruction): void {
  input(i, Registers.get16(EDX));
}
export function outImmediate(i: Instruction): void {
  output(i, (<u32>i.immediate) & 0xff);
}
export function outDx(i: Instruction): void {
  output(i, Registers.get16(EDX));
}

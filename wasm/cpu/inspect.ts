// The CPU's registers as a host sees and sets them: boot loaders that start a kernel directly, the vectors runner, tools.
//
// The setters put state in place without the checks an instruction makes. Each leaves a consistent whole: CPL, mode and
// translations follow, so the order of calls does not matter.

import { flushTlb } from "../memory/tlb";
import { loadPointers, tryTranslateFetch } from "../memory/paging";
import { pointAtNext } from "./blocks";
import { Fault } from "./fault";
import { Flags } from "./flags";
import { Instruction } from "./instruction";
import { updateMode, updateRights } from "./segments";
import {
  CPL_USER,
  cpu,
  CR0_PE,
  CS,
  FLAG_VM,
  FPU_STATE as FPU,
  MSR_STATE as MSR,
  Registers,
  Segments,
  SS,
  XMM_STATE as XMM,
} from "./state";

export const FPU_STATE: usize = FPU;
export const XMM_STATE: usize = XMM;
export const MSR_STATE: usize = MSR;

/** CPL is the DPL of SS; virtual 8086 mode runs at 3, real mode at 0. */
function derive(): void {
  if (!(cpu.cr0 & CR0_PE)) cpu.cpl = 0;
  else if (cpu.eflags & FLAG_VM) cpu.cpl = CPL_USER;
  else cpu.cpl = (Segments.of(SS).attributes >>> 5) & 3;
  updateMode();
}

/** General register 0-7: EAX ECX EDX EBX ESP EBP ESI EDI. */
export function getRegister(index: i32): u32 {
  return Registers.get32(<u32>index);
}
export function setRegister(index: i32, value: u32): void {
  Registers.set32(<u32>index, value);
}

export function getEip(): u32 {
  return cpu.eip;
}
export function setEip(value: u32): void {
  cpu.eip = value;
}

export function getEflags(): u32 {
  return Flags.get();
}
export function setEflags(value: u32): void {
  Flags.set(value);
  derive();
}

export function getCpl(): u32 {
  return cpu.cpl;
}

/** Segment register 0-7: ES CS SS DS FS GS LDTR TR; attributes as in cpu/state.ts. */
export function setSegment(
  index: i32,
  selector: u32,
  base: u32,
  limit: u32,
  attributes: u32,
): void {
  const segment = Segments.of(<u32>index);
  segment.selector = selector;
  segment.base = base;
  segment.limit = limit;
  segment.attributes = attributes;
  updateRights(segment);
  derive();
}
export function getSegmentSelector(index: i32): u32 {
  return Segments.of(<u32>index).selector;
}
export function getSegmentBase(index: i32): u32 {
  return Segments.of(<u32>index).base;
}
export function getSegmentLimit(index: i32): u32 {
  return Segments.of(<u32>index).limit;
}
export function getSegmentAttributes(index: i32): u32 {
  return Segments.of(<u32>index).attributes;
}

/** CR0, CR2, CR3 or CR4. With PAE on, the four page-directory pointers are read from where CR3 points. */
export function setControlRegister(number: i32, value: u32): void {
  if (number == 0) cpu.cr0 = value;
  else if (number == 2) cpu.cr2 = value;
  else if (number == 3) cpu.cr3 = value;
  else if (number == 4) cpu.cr4 = value;
  loadPointers();
  flushTlb(true);
  derive();
}
export function getControlRegister(number: i32): u32 {
  if (number == 0) return cpu.cr0;
  if (number == 2) return cpu.cr2;
  if (number == 3) return cpu.cr3;
  return cpu.cr4;
}

/** DR0-DR3, DR6, DR7. */
export function setDebugRegister(number: i32, value: u32): void {
  if (number == 0) cpu.dr0 = value;
  else if (number == 1) cpu.dr1 = value;
  else if (number == 2) cpu.dr2 = value;
  else if (number == 3) cpu.dr3 = value;
  else if (number == 6) cpu.dr6 = value;
  else if (number == 7) cpu.dr7 = value;
  derive();
}
export function getDebugRegister(number: i32): u32 {
  if (number == 0) return cpu.dr0;
  if (number == 1) return cpu.dr1;
  if (number == 2) return cpu.dr2;
  if (number == 3) return cpu.dr3;
  if (number == 6) return cpu.dr6;
  return cpu.dr7;
}

/** which: 0 the GDT, 1 the IDT. */
export function setDescriptorTable(which: i32, base: u32, limit: u32): void {
  if (which == 0) {
    cpu.gdtBase = base;
    cpu.gdtLimit = limit;
  } else {
    cpu.idtBase = base;
    cpu.idtLimit = limit;
  }
}
export function getDescriptorTableBase(which: i32): u32 {
  return which == 0 ? cpu.gdtBase : cpu.idtBase;
}
export function getDescriptorTableLimit(which: i32): u32 {
  return which == 0 ? cpu.gdtLimit : cpu.idtLimit;
}

/** The exception that unwound last: vector, error code, and whether it has one. */
export function getFaultVector(): i32 {
  return cpu.faultVector;
}
export function getFaultCode(): u32 {
  return cpu.faultCode;
}
export function getFaultHasCode(): u32 {
  return cpu.faultHasCode;
}
/** Raises the fault, if any, of fetching the instruction at cpu.eip. */
export function probeFetch(): void {
  pointAtNext();
  if (tryTranslateFetch(Segments.of(CS).base + cpu.eip, cpu.cpl == CPL_USER) < 0) Fault.unwind();
}

/** EIP of the instruction that raised it. */
export function getFaultEip(): u32 {
  return cpu.instruction ? changetype<Instruction>(cpu.instruction).eip : cpu.eip;
}

/** HARNESS_* of cpu/state.ts. */
export function setHarness(bits: u32): void {
  cpu.harness = bits;
}
/** Blocks of one instruction. */
export function setStepping(on: i32): void {
  cpu.stepping = on ? 1 : 0;
  updateMode();
}

/** 1 after HLT. */
export function getHalted(): u32 {
  return cpu.halted;
}
/** Ends HLT and a shutdown, and forgets an event that was being delivered: the harness starts afresh. */
export function clearHalted(): void {
  cpu.halted = 0;
  cpu.shutdown = 0;
  cpu.delivering = 0;
  cpu.inhibit = 0;
  cpu.debugTrap = 0;
}
/** 1 behind STI, MOV SS and POP SS: no event before the next instruction is done. */
export function getInhibit(): u32 {
  return cpu.inhibit;
}
export function getShutdown(): u32 {
  return cpu.shutdown;
}

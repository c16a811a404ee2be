// x87 registers, in the CPU's block at FPU_STATE: eight physical registers of 16 bytes, then the fields.
//
// MMX register i is the mantissa of physical register i; ST(i) is physical register (TOP + i) & 7.

import { FPU_STATE } from "../state";

/** Physical register i: mantissa (u64) at FPU_REGISTERS + 16 * i, sign and exponent (u16) behind it at + 8. */
export const FPU_REGISTERS: usize = FPU_STATE;
export const FPU_FIELDS: usize = FPU_STATE + 0x80;

@unmanaged
export class FpuState {
  fcw: u32; // control word
  fsw: u32; // status word, TOP included
  tags: u32; // abridged as in FXSAVE: bit i set = physical register i is not empty
  fop: u32; // last opcode: low 3 bits of the first byte, then ModRM
  fip: u32;
  fcs: u32;
  fdp: u32;
  fds: u32;
  ferr: u32; // 1: IRQ 13 is raised, until port F0h is written
}

export const fpu = changetype<FpuState>(FPU_FIELDS);

/** Exceptions: the same bits in status word and (as masks) control word. */
export const FPU_IE: u32 = 0x01; // invalid operation
export const FPU_DE: u32 = 0x02; // denormal operand
export const FPU_ZE: u32 = 0x04; // division by zero
export const FPU_OE: u32 = 0x08; // overflow
export const FPU_UE: u32 = 0x10; // underflow
export const FPU_PE: u32 = 0x20; // precision
export const FPU_EXCEPTIONS: u32 = 0x3f;

export const FSW_SF: u32 = 0x40; // stack fault
export const FSW_ES: u32 = 0x80; // an unmasked exception is pending
export const FSW_C0: u32 = 0x100;
export const FSW_C1: u32 = 0x200;
export const FSW_C1_SHIFT: u32 = 9;
export const FSW_C2: u32 = 0x400;
export const FSW_TOP_SHIFT: u32 = 11;
export const FSW_TOP: u32 = 7 << 11;
export const FSW_C3: u32 = 0x4000;
export const FSW_B: u32 = 0x8000; // copy of ES

export const FCW_RC_SHIFT: u32 = 10;
export const FCW_INIT: u32 = 0x037f;

/** The bits of the control word that can be written; bit 6 always reads as 1. */
const FCW_WRITABLE: u32 = 0x1f3f;
const FCW_ONES: u32 = 0x40;

/** The RESET pin: all registers +0, not what FNINIT does. */
export function resetX87(): void {
  memory.fill(FPU_REGISTERS, 0, 0x80 + offsetof<FpuState>());
  fpu.fcw = FCW_ONES;
  fpu.tags = 0xff;
}

/** FNINIT: registers keep their contents but are empty. */
export function initializeX87(): void {
  fpu.fcw = FCW_INIT;
  fpu.fsw = 0;
  fpu.tags = 0;
  fpu.fop = 0;
  fpu.fip = 0;
  fpu.fcs = 0;
  fpu.fdp = 0;
  fpu.fds = 0;
}

/** ES and B follow from flags and masks. Call after either was loaded. */
export function updateErrorSummary(): void {
  if (fpu.fsw & ~fpu.fcw & FPU_EXCEPTIONS) fpu.fsw |= FSW_ES | FSW_B;
  else fpu.fsw &= ~(FSW_ES | FSW_B);
}

/** FLDCW, FLDENV, FRSTOR, FXRSTOR. */
export function loadControlWord(value: u32): void {
  fpu.fcw = (value & FCW_WRITABLE) | FCW_ONES;
  updateErrorSummary();
}

/** Any MMX instruction but EMMS: all registers valid, TOP = 0. */
export function enterMmx(): void {
  fpu.tags = 0xff;
  fpu.fsw &= ~FSW_TOP;
}

/** An MMX instruction wrote its register: the exponent reads as all ones. */
export function writeMmx(index: u32, value: u64): void {
  const slot = FPU_REGISTERS + ((<usize>index) << 4);
  store<u64>(slot, value);
  store<u16>(slot, 0xffff, 8);
}
export function readMmx(index: u32): u64 {
  return load<u64>(FPU_REGISTERS + ((<usize>index) << 4));
}

/** The stack, seen from TOP. */
export class Stack {
  /** Address of ST(index). */
  @inline static slot(index: u32): usize {
    return FPU_REGISTERS + ((<usize>(((fpu.fsw >>> FSW_TOP_SHIFT) + index) & 7)) << 4);
  }
  /** Bit of ST(index) in the tag byte. */
  @inline static bit(index: u32): u32 {
    return (<u32>1) << (((fpu.fsw >>> FSW_TOP_SHIFT) + index) & 7);
  }
  @inline static isEmpty(index: u32): bool {
    return (fpu.tags & Stack.bit(index)) == 0;
  }
  /** Moves TOP by `step` (modulo 8). */
  @inline static turn(step: u32): void {
    fpu.fsw = (fpu.fsw & ~FSW_TOP) | ((fpu.fsw + (step << FSW_TOP_SHIFT)) & FSW_TOP);
  }
  @inline static pop(): void {
    fpu.tags &= ~Stack.bit(0);
    Stack.turn(1);
  }
}

// XMM registers, MXCSR and the MMX view of the x87 registers; the checks that come before any instruction of the set.

import { Fault, Vector } from "../fault";
import { cpu, CR0_EM, CR0_TS, CR4_OSFXSR, CR4_OSXMMEXCPT, XMM_STATE } from "../state";
import { fpuCheck } from "../x87/execute";
import { FPU_REGISTERS } from "../x87/state";

/** MXCSR exception flags; the masks are the same bits shifted left by MXCSR_MASK_SHIFT. */
export const MXCSR_IE: u32 = 1 << 0;
export const MXCSR_DE: u32 = 1 << 1;
export const MXCSR_ZE: u32 = 1 << 2;
export const MXCSR_OE: u32 = 1 << 3;
export const MXCSR_UE: u32 = 1 << 4;
export const MXCSR_PE: u32 = 1 << 5;
export const MXCSR_FLAGS: u32 = 0x3f;
export const MXCSR_DAZ: u32 = 1 << 6;
export const MXCSR_MASK_SHIFT: u32 = 7;
export const MXCSR_MASKS: u32 = 0x1f80;
export const MXCSR_OM: u32 = 1 << 10;
export const MXCSR_UM: u32 = 1 << 11;
export const MXCSR_RC: u32 = 3 << 13;
export const MXCSR_RC_SHIFT: u32 = 13;
export const MXCSR_FTZ: u32 = 1 << 15;
/** The bits that exist; writing any other is #GP(0). FXSAVE stores it as MXCSR_MASK. */
export const MXCSR_VALID: u32 = 0xffff;

const MXCSR_RESET: u32 = 0x1f80;

export const ROUND_NEAREST: u32 = 0;
export const ROUND_DOWN: u32 = 1;
export const ROUND_UP: u32 = 2;
export const ROUND_ZERO: u32 = 3;

@unmanaged
class SseControl {
  mxcsr: u32;
}
export const sse = changetype<SseControl>(XMM_STATE + 16 * 16);

/** Slots of 16 bytes for operands that are in no register. */
const SCRATCH = memory.data(16 * 4, 16);
/** A source that was read from memory. */
export const SLOT_SOURCE: usize = SCRATCH;
/** A packed result, until all of its elements are known to raise nothing. */
export const SLOT_RESULT: usize = SCRATCH + 16;
/** Rearranged operands. */
export const SLOT_A: usize = SCRATCH + 32;
export const SLOT_B: usize = SCRATCH + 48;

/** Addresses of registers. */
export class Slot {
  @inline static xmm(index: u32): usize {
    return XMM_STATE + ((<usize>(index & 7)) << 4);
  }
  /** MM i is the mantissa of the physical x87 register i. */
  @inline static mm(index: u32): usize {
    return FPU_REGISTERS + ((<usize>(index & 7)) << 4);
  }
}

/** RESET: as after power-on, XMM registers 0 and all exceptions masked. */
export function resetSse(): void {
  memory.fill(XMM_STATE, 0, 16 * 16);
  sse.mxcsr = MXCSR_RESET;
}

/** #UD and #NM of instructions on XMM registers. */
export function checkSse(): void {
  if (cpu.cr0 & CR0_EM || !(cpu.cr4 & CR4_OSFXSR)) Fault.undefined();
  if (cpu.cr0 & CR0_TS) Fault.raise(Vector.DeviceNotAvailable);
}

/** #UD, #NM and #MF of instructions on MMX registers. */
export function checkMmx(): void {
  if (cpu.cr0 & CR0_EM) Fault.undefined();
  fpuCheck();
}

/** #XM, or #UD while the system has not said that it handles it. */
export function raiseSimdException(): void {
  if (cpu.cr4 & CR4_OSXMMEXCPT) Fault.raise(Vector.SimdException);
  Fault.undefined();
}

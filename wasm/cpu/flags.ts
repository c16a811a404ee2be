// EFLAGS, the arithmetic ones evaluated lazily from the last operation: {kind, a, b, result}.
//
// Operands of 8 and 16 bits are kept shifted to the top of 32 bits, so that each condition has one formula for all sizes;
// only parity and auxiliary carry need to know the shift, which is part of the kind.

import { cpu, FLAGS_ARITHMETIC } from "./state";

/** All arithmetic flags are in cpu.eflags. */
export const FLAGS_RAW: u32 = 0;
/** result = a + b */
export const FLAGS_ADD: u32 = 1;
/** result = a - b */
export const FLAGS_SUB: u32 = 2;
/** CF = OF = AF = 0; ZF, SF, PF from result. */
export const FLAGS_LOGIC: u32 = 3;
/** CF = bit 0 of a, AF = bit 4 of a, OF = bit 31 of b; ZF, SF, PF from result. */
export const FLAGS_EXPLICIT: u32 = 4;
export const FLAGS_KIND: u32 = 0xff;
/** The operands' shift to the top (0, 16 or 24) stands in bits 8-15 of the kind. */
export const FLAGS_SHIFT: u32 = 8;

function parity(value: u32): u32 {
  // Bit n of 9669h is set when the four bits of n have even parity.
  return (0x9669 >>> ((value ^ (value >>> 4)) & 15)) & 1;
}

export class Flags {
  static cf(): u32 {
    const kind = cpu.flagsKind & FLAGS_KIND;
    if (kind == FLAGS_SUB) return cpu.flagsA < cpu.flagsB ? 1 : 0;
    if (kind == FLAGS_ADD) return cpu.flagsResult < cpu.flagsA ? 1 : 0;
    if (kind == FLAGS_EXPLICIT) return cpu.flagsA & 1;
    if (kind == FLAGS_RAW) return cpu.eflags & 1;
    return 0;
  }

  static of(): u32 {
    const kind = cpu.flagsKind & FLAGS_KIND;
    if (kind == FLAGS_SUB) {
      return ((cpu.flagsA ^ cpu.flagsB) & (cpu.flagsA ^ cpu.flagsResult)) >>> 31;
    }
    if (kind == FLAGS_ADD) {
      return ((cpu.flagsA ^ cpu.flagsResult) & (cpu.flagsB ^ cpu.flagsResult)) >>> 31;
    }
    if (kind == FLAGS_EXPLICIT) return cpu.flagsB >>> 31;
    if (kind == FLAGS_RAW) return (cpu.eflags >>> 11) & 1;
    return 0;
  }

  @inline static zf(): u32 {
    if (cpu.flagsKind == FLAGS_RAW) return (cpu.eflags >>> 6) & 1;
    return cpu.flagsResult == 0 ? 1 : 0;
  }

  @inline static sf(): u32 {
    if (cpu.flagsKind == FLAGS_RAW) return (cpu.eflags >>> 7) & 1;
    return cpu.flagsResult >>> 31;
  }

  static pf(): u32 {
    if (cpu.flagsKind == FLAGS_RAW) return (cpu.eflags >>> 2) & 1;
    return parity(cpu.flagsResult >>> (cpu.flagsKind >>> FLAGS_SHIFT));
  }

  static af(): u32 {
    const kind = cpu.flagsKind & FLAGS_KIND;
    if (kind == FLAGS_SUB || kind == FLAGS_ADD) {
      const shift = cpu.flagsKind >>> FLAGS_SHIFT;
      return ((cpu.flagsA ^ cpu.flagsB ^ cpu.flagsResult) >>> (4 + shift)) & 1;
    }
    if (kind == FLAGS_EXPLICIT || kind == FLAGS_RAW) {
      return ((kind == FLAGS_RAW ? cpu.eflags : cpu.flagsA) >>> 4) & 1;
    }
    return 0;
  }

  /** CF or ZF: unsigned less or equal after a comparison. */
  static belowOrEqual(): u32 {
    if ((cpu.flagsKind & FLAGS_KIND) == FLAGS_SUB) return cpu.flagsA <= cpu.flagsB ? 1 : 0;
    return Flags.cf() | Flags.zf();
  }

  /** SF differs from OF: signed less after a comparison. */
  static less(): u32 {
    if ((cpu.flagsKind & FLAGS_KIND) == FLAGS_SUB) {
      return <i32>cpu.flagsA < <i32>cpu.flagsB ? 1 : 0;
    }
    return Flags.sf() ^ Flags.of();
  }

  /** EFLAGS whole, bit 1 set; does not change how they are kept. */
  static get(): u32 {
    if (cpu.flagsKind == FLAGS_RAW) return cpu.eflags | 2;
    const kind = cpu.flagsKind & FLAGS_KIND;
    const shift = cpu.flagsKind >>> FLAGS_SHIFT;
    const a = cpu.flagsA;
    const b = cpu.flagsB;
    const result = cpu.flagsResult;
    let flags = (cpu.eflags & ~FLAGS_ARITHMETIC) | 2;
    flags |= parity(result >>> shift) << 2;
    flags |= (result == 0 ? 1 : 0) << 6;
    flags |= (result >>> 31) << 7;
    if (kind == FLAGS_EXPLICIT) return flags | (a & 0x11) | ((b >>> 31) << 11);
    if (kind == FLAGS_LOGIC) return flags;
    flags |= (((a ^ b ^ result) >>> (4 + shift)) & 1) << 4;
    if (kind == FLAGS_SUB) {
      return flags | (a < b ? 1 : 0) | ((((a ^ b) & (a ^ result)) >>> 31) << 11);
    }
    return flags | (result < a ? 1 : 0) | ((((a ^ result) & (b ^ result)) >>> 31) << 11);
  }

  /**
   * Sets all of EFLAGS as given: no privilege rules here. When TF, VM, AC or IF may have changed, the caller also calls
   * updateMode() (segments.ts) and ends the block.
   */
  static set(value: u32): void {
    cpu.eflags = value | 2;
    cpu.flagsKind = FLAGS_RAW;
  }

  /** Replaces the flags in `mask` (arithmetic ones) by those of `value`. */
  static change(mask: u32, value: u32): void {
    Flags.set((Flags.get() & ~mask) | (value & mask));
  }

  /** Flags after a logical operation on `size` bytes: result not shifted. */
  static logic(result: u32, size: u32): void {
    const shift = 32 - (size << 3);
    cpu.flagsKind = FLAGS_LOGIC | (shift << FLAGS_SHIFT);
    cpu.flagsResult = result << shift;
  }

  /** CF, OF (`of` is a word of the language), AF given as 0 or 1; ZF, SF, PF from the result of `size` bytes. */
  static explicit(cf: u32, overflow: u32, af: u32, result: u32, size: u32): void {
    const shift = 32 - (size << 3);
    cpu.flagsKind = FLAGS_EXPLICIT | (shift << FLAGS_SHIFT);
    cpu.flagsA = cf | (af << 4);
    cpu.flagsB = overflow << 31;
    cpu.flagsResult = result << shift;
  }
}

export class Condition {
  /** The condition of Jcc, SETcc, CMOVcc: 0 or 1 (SDM vol. 1, appendix B). Folds to one test where the code is constant. */
  @inline static test(code: u32): u32 {
    const kind = code >>> 1;
    let value: u32;
    if (kind == 0) value = Flags.of();
    else if (kind == 1) value = Flags.cf();
    else if (kind == 2) value = Flags.zf();
    else if (kind == 3) value = Flags.belowOrEqual();
    else if (kind == 4) value = Flags.sf();
    else if (kind == 5) value = Flags.pf();
    else if (kind == 6) value = Flags.less();
    else value = Flags.zf() | Flags.less();
    return value ^ (code & 1);
  }
}

/** The same for a code known only at run time. */
export function condition(code: u32): u32 {
  return Condition.test(code);
}

// What nearly all x87 code does, without detours: normal numbers, rounding to nearest at 53 or 64 bits, nothing unmasked.
//
// Each function returns false when its case is not so plain; it has changed nothing then, and the general code takes over.

import { divide128, EXPONENT, multiplyHigh, result, SIGN, TOP_BIT } from "./float80";
import { fpu, FPU_PE, FPU_REGISTERS, FSW_C1, FSW_C1_SHIFT, FSW_TOP, FSW_TOP_SHIFT } from "./state";

/** Precision and rounding control. */
const CONTROL: u32 = 0xf00;
const CONTROL_EXTENDED: u32 = 0x300;
const CONTROL_DOUBLE: u32 = 0x200;
const ROUNDING: u32 = 0xc00;
const DOUBLE_REST: u64 = 0x7ff;
const DOUBLE_HALF: u64 = 0x400;
const DOUBLE_UNIT: u64 = 0x800;
const DOUBLE_EXPONENT_OFFSET: u32 = 15360; // 16383 - 1023
const SINGLE_EXPONENT_OFFSET: u32 = 16256; // 16383 - 127

class Normal {
  @inline static both(am: u64, ae: u32, bm: u64, be: u32): bool {
    return (am & bm) >> 63 != 0 && (ae & EXPONENT) - 1 < 0x7ffe && (be & EXPONENT) - 1 < 0x7ffe;
  }
}

/** Rounds and stores at `target`, a register in use. */
function storeRounded(target: usize, sign: u32, exponent: i32, high: u64, low: u64): bool {
  if (<u32>(exponent - 1) >= 0x7ffd) return false;
  const fcw = fpu.fcw;
  const control = fcw & CONTROL;
  let status = fpu.fsw & ~FSW_C1;
  if (control == CONTROL_EXTENDED) {
    if (low) {
      if (!(fcw & FPU_PE)) return false;
      const up: u64 = (low >> 63) & (low << 1 ? 1 : high & 1);
      status |= FPU_PE | ((<u32>up) << FSW_C1_SHIFT);
      high += up;
      if (high == 0) {
        high = TOP_BIT;
        exponent++;
      }
    }
  } else if (control == CONTROL_DOUBLE) {
    const rest = high & DOUBLE_REST;
    if (rest | low) {
      if (!(fcw & FPU_PE)) return false;
      status |= FPU_PE;
      high -= rest;
      if (rest > DOUBLE_HALF || (rest == DOUBLE_HALF && (low | (high & DOUBLE_UNIT)) != 0)) {
        status |= FSW_C1;
        high += DOUBLE_UNIT;
        if (high == 0) {
          high = TOP_BIT;
          exponent++;
        }
      }
    }
  } else return false;
  store<u64>(target, high);
  store<u16>(target, <u16>((sign << 15) | (<u32>exponent)), 8);
  fpu.fsw = status;
  return true;
}

function sum(target: usize, am: u64, ae: u32, bm: u64, be: u32): bool {
  let ea = <i32>(ae & EXPONENT);
  let eb = <i32>(be & EXPONENT);
  let sign = ae >>> 15;
  if (ea < eb || (ea == eb && am < bm)) {
    const e = ea;
    ea = eb;
    eb = e;
    const m = am;
    am = bm;
    bm = m;
    sign = be >>> 15;
  }
  const shift = u64(ea - eb);
  let low: u64 = 0;
  if (shift) {
    if (shift > 63) {
      // All of b lies below a's unit: only that it is there matters, and whether it is half a unit or more.
      if (shift > 65) low = 1;
      else low = shift == 64 ? bm : (bm >> 1) | (bm & 1);
      bm = 0;
    } else {
      low = bm << (64 - shift);
      bm = bm >> shift;
    }
  }
  if (((ae ^ be) & SIGN) == 0) {
    const total = am + bm;
    if (total < am) {
      low = (total << 63) | (low >> 1) | (low & 1);
      return storeRounded(target, sign, ea + 1, (total >> 1) | TOP_BIT, low);
    }
    return storeRounded(target, sign, ea, total, low);
  }
  let high = am - bm - (low ? 1 : 0);
  low = 0 - low;
  if (high >> 63 == 0) {
    if (high == 0) {
      if (low == 0) return false;
      high = low;
      low = 0;
      ea -= 64;
    }
    const zeros = clz(high);
    if (zeros) {
      high = (high << zeros) | (low >> (64 - zeros));
      low <<= zeros;
      ea -= <i32>zeros;
    }
  }
  return storeRounded(target, sign, ea, high, low);
}

function product(target: usize, am: u64, ae: u32, bm: u64, be: u32): bool {
  const sign = (ae ^ be) >>> 15;
  const exponent = <i32>(ae & EXPONENT) + <i32>(be & EXPONENT) - 16383;
  const high = multiplyHigh(am, bm);
  const low = am * bm;
  if (high >> 63) return storeRounded(target, sign, exponent + 1, high, low);
  return storeRounded(target, sign, exponent, (high << 1) | (low >> 63), low << 1);
}

function quotient(target: usize, am: u64, ae: u32, bm: u64, be: u32): bool {
  const sign = (ae ^ be) >>> 15;
  let exponent = <i32>(ae & EXPONENT) - <i32>(be & EXPONENT) + 16383;
  let low: u64 = 0;
  if (am >= bm) {
    low = am << 63;
    am >>= 1;
  } else {
    exponent--;
  }
  const digits = divide128(am, low, bm);
  const remainder = result.mantissa2;
  let fraction: u64 = 0;
  if (remainder) {
    const rest = bm - remainder;
    fraction = remainder > rest ? TOP_BIT | 1 : remainder == rest ? TOP_BIT : 1;
  }
  return storeRounded(target, sign, exponent, digits, fraction);
}

/** a `operation` b (ModRM.reg of D8) into the register at `target`. */
export function fastArithmetic(
  operation: u32,
  am: u64,
  ae: u32,
  bm: u64,
  be: u32,
  target: usize,
): bool {
  if (!Normal.both(am, ae, bm, be)) return false;
  switch (operation) {
    case 0:
      return sum(target, am, ae, bm, be);
    case 1:
      return product(target, am, ae, bm, be);
    case 4:
      return sum(target, am, ae, bm, be ^ SIGN);
    case 5:
      return sum(target, am, ae ^ SIGN, bm, be);
    case 6:
      return quotient(target, am, ae, bm, be);
    case 7:
      return quotient(target, bm, be, am, ae);
    default:
      return false;
  }
}

/** a `operation` the m32 number `bits`. */
export function fastArithmeticSingle(
  operation: u32,
  am: u64,
  ae: u32,
  bits: u32,
  target: usize,
): bool {
  const e = (bits >>> 23) & 0xff;
  if (e - 1 >= 0xfe) return false;
  const sign = (bits >>> 31) << 15;
  const bm = TOP_BIT | (((<u64>bits) << 41) >> 1);
  return fastArithmetic(operation, am, ae, bm, sign | (e + SINGLE_EXPONENT_OFFSET), target);
}

/** a `operation` the m64 number `bits`. */
export function fastArithmeticDouble(
  operation: u32,
  am: u64,
  ae: u32,
  bits: u64,
  target: usize,
): bool {
  const e = (<u32>(bits >> 52)) & 0x7ff;
  if (e - 1 >= 0x7fe) return false;
  const sign = (<u32>(bits >> 63)) << 15;
  const bm = TOP_BIT | ((bits << 12) >> 1);
  return fastArithmetic(operation, am, ae, bm, sign | (e + DOUBLE_EXPONENT_OFFSET), target);
}

/** Pushes a number that needs no look. */
export function fastPush(mantissa: u64, exponent: u32): bool {
  const status = fpu.fsw;
  const top = ((status >>> FSW_TOP_SHIFT) + 7) & 7;
  const bit = (<u32>1) << top;
  if (fpu.tags & bit) return false;
  fpu.tags |= bit;
  const slot = FPU_REGISTERS + ((<usize>top) << 4);
  store<u64>(slot, mantissa);
  store<u16>(slot, <u16>exponent, 8);
  fpu.fsw = (status & ~(FSW_TOP | FSW_C1)) | (top << FSW_TOP_SHIFT);
  return true;
}

/** FLD m64 of a normal number or 0. */
export function fastPushDouble(bits: u64): bool {
  const e = (<u32>(bits >> 52)) & 0x7ff;
  const sign = (<u32>(bits >> 63)) << 15;
  if (e - 1 < 0x7fe) {
    return fastPush(TOP_BIT | ((bits << 12) >> 1), sign | (e + DOUBLE_EXPONENT_OFFSET));
  }
  return bits << 1 == 0 && fastPush(0, sign);
}

/** FLD m32 of a normal number or 0. */
export function fastPushSingle(bits: u32): bool {
  const e = (bits >>> 23) & 0xff;
  const sign = (bits >>> 31) << 15;
  if (e - 1 < 0xfe) {
    return fastPush(TOP_BIT | (((<u64>bits) << 41) >> 1), sign | (e + SINGLE_EXPONENT_OFFSET));
  }
  return bits << 1 == 0 && fastPush(0, sign);
}

/** Whether a number is a double as it is, or can be rounded to one plainly; `roundedDouble` and `noteRounding` then follow. */
export function isPlainDouble(mantissa: u64, exponent: u32): bool {
  return (
    mantissa >> 63 != 0 &&
    (exponent & EXPONENT) - DOUBLE_EXPONENT_OFFSET - 1 < 0x7fd &&
    (fpu.fcw & (ROUNDING | FPU_PE)) == FPU_PE
  );
}

/** The number as a double; a carry out of the mantissa raises the exponent by itself. */
export function roundedDouble(mantissa: u64, exponent: u32): u64 {
  const kept = (mantissa & ~TOP_BIT) >> 11;
  const bits =
    ((<u64>(exponent >>> 15)) << 63) |
    ((<u64>((exponent & EXPONENT) - DOUBLE_EXPONENT_OFFSET)) << 52) |
    kept;
  return bits + roundUp(mantissa);
}

/** 1 when the low 11 bits of the mantissa round up. */
function roundUp(mantissa: u64): u64 {
  const rest = mantissa & DOUBLE_REST;
  return rest > DOUBLE_HALF || (rest == DOUBLE_HALF && (mantissa & DOUBLE_UNIT) != 0) ? 1 : 0;
}

/** The status word after roundedDouble was stored. */
export function noteRounding(mantissa: u64): void {
  let status = fpu.fsw & ~FSW_C1;
  if (mantissa & DOUBLE_REST) status |= FPU_PE | ((<u32>roundUp(mantissa)) << FSW_C1_SHIFT);
  fpu.fsw = status;
}

// Arithmetic on 80-bit floating-point numbers, rounded as the x87 control word says.
//
// A number is a mantissa (u64) and a word of sign (bit 15) and biased exponent. Operations leave theirs in `result`, and add
// the exceptions met to `result.flags`. When an exception that precedes the operation (IE, DE, ZE) is unmasked the value in
// `result` means nothing: the caller does not store it.

import {
  FCW_RC_SHIFT,
  fpu,
  FPU_DE,
  FPU_IE,
  FPU_OE,
  FPU_PE,
  FPU_UE,
  FPU_ZE,
  FSW_C0,
  FSW_C2,
  FSW_C3,
} from "./state";

@unmanaged
class Result {
  mantissa: u64;
  mantissa2: u64; // high half of products, remainder of divisions
  exponent: u32; // with the sign in bit 15
  flags: u32; // FPU_* exceptions
  roundedUp: u32; // C1
  quotient: u32; // low bits of the quotient of `remainder`; then 8 if the reduction is only partial
}

export const result = changetype<Result>(memory.data(offsetof<Result>(), 8));

export const TOP_BIT: u64 = (<u64>1) << 63;
const QUIET_BIT: u64 = (<u64>1) << 62;
const ALL_ONES: u64 = ~(<u64>0);
export const SIGN: u32 = 0x8000;
export const EXPONENT: u32 = 0x7fff;
export const BIAS: i32 = 16383;

/** What the exponent is shifted by when overflow or underflow is unmasked. */
const UNMASKED_SHIFT: i32 = 24576;

const ROUND_NEAREST: u32 = 0;
const ROUND_DOWN: u32 = 1;
const ROUND_UP: u32 = 2;

const LOW_32: u64 = 0xffff_ffff;

class Round {
  @inline static mode(): u32 {
    return (fpu.fcw >>> FCW_RC_SHIFT) & 3;
  }
  /** Bits of the mantissa that the precision control drops: 0, 11 or 40. */
  @inline static dropped(): u32 {
    const control = (fpu.fcw >>> 8) & 3;
    return control >= 2 ? (control == 3 ? 0 : 11) : control == 0 ? 40 : 0;
  }
  /** Whether a fraction (of one unit, scaled by 2^64) below a number with this low bit rounds away from zero. */
  @inline static away(sign: u32, odd: bool, fraction: u64): bool {
    const mode = Round.mode();
    if (mode == ROUND_NEAREST) return fraction > TOP_BIT || (fraction == TOP_BIT && odd);
    if (mode == ROUND_DOWN) return sign != 0 && fraction != 0;
    if (mode == ROUND_UP) return sign == 0 && fraction != 0;
    return false;
  }
}

class Set {
  @inline static value(mantissa: u64, exponent: u32): void {
    result.mantissa = mantissa;
    result.exponent = exponent;
  }
  /** Real indefinite. */
  @inline static indefinite(): void {
    Set.value(TOP_BIT | QUIET_BIT, SIGN | EXPONENT);
  }
  @inline static invalid(): void {
    result.flags |= FPU_IE;
    Set.indefinite();
  }
}

/** Real indefinite with the invalid exception. */
export function setInvalid(): void {
  Set.invalid();
}
export function setResult(mantissa: u64, exponent: u32): void {
  Set.value(mantissa, exponent);
}

/** value >> count in 64 bits with what falls out or'ed into the lowest bit. */
function shiftJam(value: u64, count: u32): u64 {
  if (count == 0) return value;
  if (count > 63) return value ? 1 : 0;
  return (value >> (<u64>count)) | (value << u64(64 - count) ? 1 : 0);
}

/** High half of a 64 x 64 bit product. */
export function multiplyHigh(a: u64, b: u64): u64 {
  const aLow = a & LOW_32;
  const aHigh = a >> 32;
  const bLow = b & LOW_32;
  const bHigh = b >> 32;
  const low = aLow * bLow;
  const middle1 = aHigh * bLow + (low >> 32);
  const middle2 = aLow * bHigh + (middle1 & LOW_32);
  return aHigh * bHigh + (middle1 >> 32) + (middle2 >> 32);
}

/** (high:low) / divisor, divisor with its top bit set and greater than high; the remainder is left in result.mantissa2. */
export function divide128(high: u64, low: u64, divisor: u64): u64 {
  const dHigh = divisor >> 32;
  const dLow = divisor & LOW_32;
  let remainder = high;
  let quotient: u64 = 0;
  for (let digits = 0; digits < 2; digits++) {
    const next = digits == 0 ? low >> 32 : low & LOW_32;
    let digit = remainder / dHigh;
    let rest = remainder - digit * dHigh;
    while (digit > LOW_32 || digit * dLow > ((rest << 32) | next)) {
      digit--;
      rest += dHigh;
      if (rest > LOW_32) break;
    }
    remainder = ((remainder << 32) | next) - digit * divisor;
    quotient = (quotient << 32) | digit;
  }
  result.mantissa2 = remainder;
  return quotient;
}

/** Precision and rounding control: to nearest, with all 64 bits, and with 53. */
const CONTROL: u32 = 0xf00;
const CONTROL_EXTENDED: u32 = 0x300;
const CONTROL_DOUBLE: u32 = 0x200;
const DOUBLE_REST: u64 = 0x7ff;
const DOUBLE_HALF: u64 = 0x400;
const DOUBLE_UNIT: u64 = 0x800;

/** Rounds high:low (top bit of `high` set) x 2^(exponent - BIAS - 63) to the precision of the control word. */
export function roundPack(sign: u32, exponent: i32, high: u64, low: u64): void {
  const control = fpu.fcw & CONTROL;
  // The usual settings first, where neither overflow nor underflow threatens.
  if (<u32>(exponent - 1) < 0x7ffd) {
    if (control == CONTROL_EXTENDED) {
      if (low) {
        result.flags |= FPU_PE;
        if (low >= TOP_BIT && (low > TOP_BIT || (high & 1) != 0)) {
          result.roundedUp = 1;
          if (++high == 0) {
            high = TOP_BIT;
            exponent++;
          }
        }
      }
      Set.value(high, (sign << 15) | (<u32>exponent));
      return;
    }
    if (control == CONTROL_DOUBLE) {
      const rest = high & DOUBLE_REST;
      if (rest | low) {
        result.flags |= FPU_PE;
        high -= rest;
        if (rest > DOUBLE_HALF || (rest == DOUBLE_HALF && (low | (high & DOUBLE_UNIT)) != 0)) {
          result.roundedUp = 1;
          high += DOUBLE_UNIT;
          if (high == 0) {
            high = TOP_BIT;
            exponent++;
          }
        }
      }
      Set.value(high, (sign << 15) | (<u32>exponent));
      return;
    }
  }
  roundTo(sign, exponent, high, low, Round.dropped());
}

/** The same with `dropped` bits (0, 11 or 40) of the mantissa always 0. */
export function roundTo(sign: u32, exponent: i32, high: u64, low: u64, dropped: u32): void {
  let kept = high;
  let fraction = low;
  let unit: u64 = 1;
  if (dropped) {
    const d = <u64>dropped;
    unit = (<u64>1) << d;
    kept = high & ~(unit - 1);
    fraction = (high << (64 - d)) | (low >> d) | (low << (64 - d) ? 1 : 0);
  }
  let up: u32 = 0;
  let rounded = exponent;
  if (fraction && Round.away(sign, (kept & unit) != 0, fraction)) {
    up = 1;
    kept += unit;
    if (kept == 0) {
      kept = TOP_BIT;
      rounded++;
    }
  }
  if (<u32>(rounded - 1) < 0x7ffe) {
    if (fraction) result.flags |= FPU_PE;
    result.roundedUp = up;
    Set.value(kept, (sign << 15) | (<u32>rounded));
    return;
  }
  if (rounded > 0) {
    result.flags |= FPU_OE;
    if (!(fpu.fcw & FPU_OE)) {
      if (fraction) result.flags |= FPU_PE;
      result.roundedUp = up;
      rounded -= UNMASKED_SHIFT;
      if (rounded >= 0x7fff) Set.value(TOP_BIT, (sign << 15) | EXPONENT);
      else Set.value(kept, (sign << 15) | (<u32>rounded));
      return;
    }
    result.flags |= FPU_PE;
    const mode = Round.mode();
    const infinite =
      mode == ROUND_NEAREST || (mode == ROUND_DOWN && sign) || (mode == ROUND_UP && !sign);
    result.roundedUp = infinite ? 1 : 0;
    if (infinite) Set.value(TOP_BIT, (sign << 15) | EXPONENT);
    else Set.value(~(unit - 1), (sign << 15) | 0x7ffe);
    return;
  }
  if (!(fpu.fcw & FPU_UE)) {
    result.flags |= FPU_UE;
    if (fraction) result.flags |= FPU_PE;
    result.roundedUp = up;
    rounded += UNMASKED_SHIFT;
    if (rounded <= 0) Set.value(0, sign << 15);
    else Set.value(kept, (sign << 15) | (<u32>rounded));
    return;
  }
  // Denormal: shift to exponent 1 and round there.
  const shift = <u32>(1 - exponent);
  if (shift < 64) {
    const s = <u64>shift;
    fraction = (low >> s) | (low << (64 - s) ? 1 : 0) | (high << (64 - s));
    kept = high >> s;
  } else {
    fraction = shiftJam(high, shift - 64) | (low ? 1 : 0);
    kept = 0;
  }
  if (dropped) {
    const d = <u64>dropped;
    fraction = (fraction >> d) | (kept << (64 - d)) | (fraction << (64 - d) ? 1 : 0);
    kept &= ~(unit - 1);
  }
  up = 0;
  if (fraction) {
    result.flags |= FPU_UE | FPU_PE;
    if (Round.away(sign, (kept & unit) != 0, fraction)) {
      up = 1;
      kept += unit;
    }
  }
  result.roundedUp = up;
  Set.value(kept, (sign << 15) | (kept >> 63 ? 1 : 0));
}

class Kind {
  @inline static isNormal(mantissa: u64, exponent: u32): bool {
    return mantissa >> 63 != 0 && (exponent & EXPONENT) - 1 < 0x7ffe;
  }
  /** Pseudo-NaN, pseudo-infinity or unnormal. */
  @inline static isUnsupported(mantissa: u64, exponent: u32): bool {
    return mantissa >> 63 == 0 && (exponent & EXPONENT) != 0;
  }
  @inline static isNan(mantissa: u64, exponent: u32): bool {
    return (exponent & EXPONENT) == EXPONENT && mantissa << 1 != 0;
  }
  @inline static isSignaling(mantissa: u64): bool {
    return (mantissa & QUIET_BIT) == 0;
  }
  @inline static isInfinite(exponent: u32): bool {
    return (exponent & EXPONENT) == EXPONENT;
  }
  /** Denormal or pseudo-denormal; the number is not 0. */
  @inline static isDenormal(mantissa: u64, exponent: u32): bool {
    return (exponent & EXPONENT) == 0 && mantissa != 0;
  }
}

export function isUnsupported(mantissa: u64, exponent: u32): bool {
  return Kind.isUnsupported(mantissa, exponent);
}
export function isNan(mantissa: u64, exponent: u32): bool {
  return Kind.isNan(mantissa, exponent);
}
export function isSignalingNan(mantissa: u64, exponent: u32): bool {
  return Kind.isNan(mantissa, exponent) && Kind.isSignaling(mantissa);
}
export function isDenormal(mantissa: u64, exponent: u32): bool {
  return Kind.isDenormal(mantissa, exponent);
}

/** Operands that are unsupported or NaN: sets the result and returns true. */
export function propagate(am: u64, ae: u32, bm: u64, be: u32): bool {
  if (Kind.isUnsupported(am, ae) || Kind.isUnsupported(bm, be)) {
    Set.invalid();
    return true;
  }
  const aNan = Kind.isNan(am, ae);
  const bNan = Kind.isNan(bm, be);
  if (!aNan && !bNan) return false;
  const aSignals = aNan && Kind.isSignaling(am);
  const bSignals = bNan && Kind.isSignaling(bm);
  if (aSignals || bSignals) result.flags |= FPU_IE;
  let first = aNan;
  if (aNan && bNan) {
    if (aSignals != bSignals) first = bSignals;
    else if (am != bm) first = am > bm;
    else first = ae < be;
  }
  Set.value((first ? am : bm) | QUIET_BIT, first ? ae : be);
  return true;
}

/** The same for operations with one operand. */
export function propagateOne(am: u64, ae: u32): bool {
  if (Kind.isUnsupported(am, ae)) {
    Set.invalid();
    return true;
  }
  if (!Kind.isNan(am, ae)) return false;
  if (Kind.isSignaling(am)) result.flags |= FPU_IE;
  Set.value(am | QUIET_BIT, ae);
  return true;
}

/** Notes denormal operands. */
export function noteDenormal(am: u64, ae: u32): void {
  if (Kind.isDenormal(am, ae)) result.flags |= FPU_DE;
}

function addNormal(am: u64, ae: u32, bm: u64, be: u32): void {
  addScaled(am, ae >>> 15, <i32>(ae & EXPONENT), bm, be >>> 15, <i32>(be & EXPONENT));
}

function addSpecial(am: u64, ae: u32, bm: u64, be: u32): void {
  const aInfinite = Kind.isInfinite(ae);
  const bInfinite = Kind.isInfinite(be);
  if (aInfinite && bInfinite && (ae ^ be) & SIGN) {
    Set.invalid();
    return;
  }
  noteDenormal(am, ae);
  noteDenormal(bm, be);
  if (aInfinite || bInfinite) {
    Set.value(TOP_BIT, aInfinite ? ae : be);
  } else if (am == 0 && bm == 0) {
    const zero = ae == be ? ae : Round.mode() == ROUND_DOWN ? SIGN : 0;
    Set.value(0, zero);
  } else if (am == 0) {
    roundNumber(bm, be);
  } else if (bm == 0) {
    roundNumber(am, ae);
  } else {
    const zerosA = clz(am);
    const zerosB = clz(bm);
    const ea = <i32>max<u32>(ae & EXPONENT, 1) - <i32>zerosA;
    const eb = <i32>max<u32>(be & EXPONENT, 1) - <i32>zerosB;
    addScaled(am << zerosA, ae >>> 15, ea, bm << zerosB, be >>> 15, eb);
  }
}

/** Sum of two numbers with their top bits set and exponents that may be out of range. */
function addScaled(am: u64, signA: u32, ea: i32, bm: u64, signB: u32, eb: i32): void {
  let sign = signA;
  if (ea < eb || (ea == eb && am < bm)) {
    const e = ea;
    ea = eb;
    eb = e;
    const m = am;
    am = bm;
    bm = m;
    sign = signB;
  }
  const shift = <u32>(ea - eb);
  let low: u64 = 0;
  if (shift) {
    if (shift < 64) {
      low = bm << u64(64 - shift);
      bm = bm >> (<u64>shift);
    } else {
      low = shiftJam(bm, shift - 64);
      bm = 0;
    }
  }
  if (signA == signB) {
    const sum = am + bm;
    if (sum < am)
      roundPack(sign, ea + 1, (sum >> 1) | TOP_BIT, (sum << 63) | (low >> 1) | (low & 1));
    else roundPack(sign, ea, sum, low);
    return;
  }
  let high = am - bm - (low ? 1 : 0);
  low = 0 - low;
  if (high == 0) {
    if (low == 0) {
      Set.value(0, Round.mode() == ROUND_DOWN ? SIGN : 0);
      return;
    }
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
  roundPack(sign, ea, high, low);
}

/** A number that is finite and not 0, rounded to the precision of the control word. */
function roundNumber(mantissa: u64, exponent: u32): void {
  const zeros = clz(mantissa);
  const e = <i32>max<u32>(exponent & EXPONENT, 1);
  roundPack((exponent >>> 15) & 1, e - <i32>zeros, mantissa << zeros, 0);
}

export function add(am: u64, ae: u32, bm: u64, be: u32): void {
  if (Kind.isNormal(am, ae) && Kind.isNormal(bm, be)) addNormal(am, ae, bm, be);
  else if (!propagate(am, ae, bm, be)) addSpecial(am, ae, bm, be);
}

export function subtract(am: u64, ae: u32, bm: u64, be: u32): void {
  if (Kind.isNormal(am, ae) && Kind.isNormal(bm, be)) addNormal(am, ae, bm, be ^ SIGN);
  else if (!propagate(am, ae, bm, be)) addSpecial(am, ae, bm, be ^ SIGN);
}

/** Normal number times normal number, both given with an exponent that may be out of range. */
function multiplyScaled(sign: u32, exponent: i32, am: u64, bm: u64): void {
  const high = multiplyHigh(am, bm);
  const low = am * bm;
  if (high >> 63) roundPack(sign, exponent + 1, high, low);
  else roundPack(sign, exponent, (high << 1) | (low >> 63), low << 1);
}

export function multiply(am: u64, ae: u32, bm: u64, be: u32): void {
  const sign = ((ae ^ be) >>> 15) & 1;
  let ea = <i32>(ae & EXPONENT);
  let eb = <i32>(be & EXPONENT);
  if (!(Kind.isNormal(am, ae) && Kind.isNormal(bm, be))) {
    if (propagate(am, ae, bm, be)) return;
    const aInfinite = Kind.isInfinite(ae);
    const bInfinite = Kind.isInfinite(be);
    if ((aInfinite && bm == 0) || (bInfinite && am == 0)) {
      Set.invalid();
      return;
    }
    noteDenormal(am, ae);
    noteDenormal(bm, be);
    if (aInfinite || bInfinite) {
      Set.value(TOP_BIT, (sign << 15) | EXPONENT);
      return;
    }
    if (am == 0 || bm == 0) {
      Set.value(0, sign << 15);
      return;
    }
    if (ea == 0) ea = 1;
    if (eb == 0) eb = 1;
    const zerosA = clz(am);
    const zerosB = clz(bm);
    am <<= zerosA;
    bm <<= zerosB;
    ea -= <i32>zerosA;
    eb -= <i32>zerosB;
  }
  multiplyScaled(sign, ea + eb - BIAS, am, bm);
}

export function divide(am: u64, ae: u32, bm: u64, be: u32): void {
  const sign = ((ae ^ be) >>> 15) & 1;
  let ea = <i32>(ae & EXPONENT);
  let eb = <i32>(be & EXPONENT);
  if (!(Kind.isNormal(am, ae) && Kind.isNormal(bm, be))) {
    if (propagate(am, ae, bm, be)) return;
    const aInfinite = Kind.isInfinite(ae);
    const bInfinite = Kind.isInfinite(be);
    if ((aInfinite && bInfinite) || (am == 0 && bm == 0)) {
      Set.invalid();
      return;
    }
    if (bm == 0) {
      if (!aInfinite) {
        result.flags |= FPU_ZE;
      }
      Set.value(TOP_BIT, (sign << 15) | EXPONENT);
      return;
    }
    noteDenormal(am, ae);
    noteDenormal(bm, be);
    if (aInfinite) {
      Set.value(TOP_BIT, (sign << 15) | EXPONENT);
      return;
    }
    if (bInfinite || am == 0) {
      Set.value(0, sign << 15);
      return;
    }
    if (ea == 0) ea = 1;
    if (eb == 0) eb = 1;
    const zerosA = clz(am);
    const zerosB = clz(bm);
    am <<= zerosA;
    bm <<= zerosB;
    ea -= <i32>zerosA;
    eb -= <i32>zerosB;
  }
  let exponent = ea - eb + BIAS;
  let low: u64 = 0;
  if (am >= bm) {
    low = am << 63;
    am >>= 1;
  } else {
    exponent--;
  }
  const quotient = divide128(am, low, bm);
  const remainder = result.mantissa2;
  let fraction: u64 = 0;
  if (remainder) {
    const rest = bm - remainder;
    fraction = remainder > rest ? TOP_BIT | 1 : remainder == rest ? TOP_BIT : 1;
  }
  roundPack(sign, exponent, quotient, fraction);
}

export function squareRoot(am: u64, ae: u32): void {
  let ea = <i32>(ae & EXPONENT);
  if (!Kind.isNormal(am, ae) || ae & SIGN) {
    if (propagateOne(am, ae)) return;
    if (am == 0) {
      Set.value(am, ae);
      return;
    }
    if (ae & SIGN) {
      Set.invalid();
      return;
    }
    if (Kind.isInfinite(ae)) {
      Set.value(am, ae);
      return;
    }
    result.flags |= FPU_DE;
    if (ea == 0) ea = 1;
    const zeros = clz(am);
    am <<= zeros;
    ea -= <i32>zeros;
  }
  // root = floor(sqrt(high:low)), high:low in [2^126, 2^128).
  const power = ea - BIAS;
  let high = am;
  let low: u64 = 0;
  if (!(power & 1)) {
    high = am >> 1;
    low = am << 63;
  }
  const estimate = Math.sqrt(<f64>high) * 4294967296.0;
  let root: u64 = estimate >= 18446744073709551616.0 ? ALL_ONES : <u64>estimate;
  // rest = high:low - root^2, about 2^76 at most; one Newton step, then single steps.
  let squareLow = root * root;
  let restHigh = <i64>(high - multiplyHigh(root, root) - (low < squareLow ? 1 : 0));
  let restLow = low - squareLow;
  const rest = <f64>restHigh * 18446744073709551616.0 + <f64>restLow;
  const step = <i64>Math.floor(rest / (2.0 * <f64>root));
  const next = root + <u64>step;
  if (step >= 0 && next < root) root = ALL_ONES;
  else root = next;
  squareLow = root * root;
  restHigh = <i64>(high - multiplyHigh(root, root) - (low < squareLow ? 1 : 0));
  restLow = low - squareLow;
  while (restHigh < 0) {
    root--;
    // rest += 2 * root + 1
    const twice = (root << 1) | 1;
    const sum = restLow + twice;
    restHigh += <i64>(root >> 63) + (sum < twice ? 1 : 0);
    restLow = sum;
  }
  while (<u64>restHigh > root >> 63 || (<u64>restHigh == root >> 63 && restLow > root << 1)) {
    const twice = (root << 1) | 1;
    restHigh -= <i64>(root >> 63) + (restLow < twice ? 1 : 0);
    restLow -= twice;
    root++;
  }
  // The root's fraction is above one half exactly when rest > root.
  let fraction: u64 = 0;
  if (restHigh || restLow) fraction = restHigh || restLow > root ? TOP_BIT | 1 : 1;
  roundPack(0, (power >> 1) + BIAS, root, fraction);
}

/** Condition codes of a comparison; `quiet`: QNaNs are no invalid operands. */
export function compare(am: u64, ae: u32, bm: u64, be: u32, quiet: bool): u32 {
  if (Kind.isUnsupported(am, ae) || Kind.isUnsupported(bm, be)) {
    result.flags |= FPU_IE;
    return FSW_C3 | FSW_C2 | FSW_C0;
  }
  const aNan = Kind.isNan(am, ae);
  const bNan = Kind.isNan(bm, be);
  if (aNan || bNan) {
    if (!quiet || (aNan && Kind.isSignaling(am)) || (bNan && Kind.isSignaling(bm))) {
      result.flags |= FPU_IE;
    }
    return FSW_C3 | FSW_C2 | FSW_C0;
  }
  noteDenormal(am, ae);
  noteDenormal(bm, be);
  if (am == 0 && bm == 0) return FSW_C3;
  const aNegative = (ae & SIGN) != 0;
  if (((ae ^ be) & SIGN) != 0) return aNegative ? FSW_C0 : 0;
  const ea = am == 0 ? 0 : max<u32>(ae & EXPONENT, 1);
  const eb = bm == 0 ? 0 : max<u32>(be & EXPONENT, 1);
  if (ea == eb && am == bm) return FSW_C3;
  const below = ea < eb || (ea == eb && am < bm);
  return below != aNegative ? FSW_C0 : 0;
}

/** FRNDINT. */
export function roundToInteger(am: u64, ae: u32): void {
  if (propagateOne(am, ae)) return;
  const e = <i32>(ae & EXPONENT) - BIAS;
  if (am == 0 || e >= 63) {
    Set.value(am, ae);
    return;
  }
  noteDenormal(am, ae);
  const sign = ae >>> 15;
  let kept: u64 = 0;
  let fraction: u64 = 0;
  if (e >= 0) {
    kept = am >> (<u64>(63 - e));
    fraction = am << u64(e + 1);
  } else {
    fraction = shiftJam(am, <u32>(-1 - e));
  }
  if (fraction) {
    result.flags |= FPU_PE;
    if (Round.away(sign, (kept & 1) != 0, fraction)) {
      result.roundedUp = 1;
      kept++;
    }
  }
  if (kept == 0) {
    Set.value(0, sign << 15);
    return;
  }
  const zeros = clz(kept);
  Set.value(kept << zeros, (sign << 15) | (<u32>(BIAS + 63 - <i32>zeros)));
}

/** The number as a signed integer of `bits` bits; INVALID_INTEGER of that size when it does not fit. */
export function toInteger(am: u64, ae: u32, bits: u32, truncate: bool): i64 {
  const indefinite: i64 = <i64>(ALL_ONES << u64(bits - 1));
  const magnitude = toMagnitude(am, ae, truncate);
  if (!(result.flags & FPU_IE)) {
    const limit = (<u64>1) << u64(bits - 1);
    const negative = (ae & SIGN) != 0;
    if (magnitude < limit) return negative ? -(<i64>magnitude) : <i64>magnitude;
    if (magnitude == limit && negative) return indefinite;
  }
  result.flags = FPU_IE;
  result.roundedUp = 0;
  return indefinite;
}

/** Magnitude rounded to an integer below 2^64; else IE. */
export function toMagnitude(am: u64, ae: u32, truncate: bool): u64 {
  const e = <i32>(ae & EXPONENT) - BIAS;
  if (Kind.isUnsupported(am, ae) || e > 63) {
    result.flags |= FPU_IE;
    return 0;
  }
  let kept: u64 = 0;
  let fraction: u64 = 0;
  if (e == 63) {
    kept = am;
  } else if (e >= 0) {
    kept = am >> (<u64>(63 - e));
    fraction = am << u64(e + 1);
  } else {
    fraction = shiftJam(am, <u32>(-1 - e));
  }
  if (fraction) {
    result.flags |= FPU_PE;
    if (!truncate && Round.away(ae >>> 15, (kept & 1) != 0, fraction)) {
      result.roundedUp = 1;
      kept++;
    }
  }
  return kept;
}

export function fromInteger(value: i64): void {
  if (value == 0) {
    Set.value(0, 0);
    return;
  }
  const magnitude: u64 = value < 0 ? 0 - <u64>value : <u64>value;
  const zeros = clz(magnitude);
  Set.value(magnitude << zeros, (value < 0 ? SIGN : 0) | (<u32>(BIAS + 63 - <i32>zeros)));
}

/** A 64-bit number widened: DE for denormals, IE for signaling NaNs, which become quiet. */
export function fromDouble(bits: u64): void {
  const sign = (<u32>(bits >> 63)) << 15;
  const e = (<u32>(bits >> 52)) & 0x7ff;
  const fraction = (bits << 12) >> 1;
  if (e - 1 < 0x7fe) {
    Set.value(TOP_BIT | fraction, sign | (e + 15360));
  } else if (e) {
    if (fraction && !(fraction & QUIET_BIT)) {
      result.flags |= FPU_IE;
      Set.value(TOP_BIT | QUIET_BIT | fraction, sign | EXPONENT);
    } else Set.value(TOP_BIT | fraction, sign | EXPONENT);
  } else if (fraction) {
    result.flags |= FPU_DE;
    const zeros = clz(fraction);
    Set.value(fraction << zeros, sign | (<u32>(15361 - <i32>zeros)));
  } else Set.value(0, sign);
}

/** The same for a 32-bit number. */
export function fromSingle(bits: u32): void {
  const sign = (bits >>> 31) << 15;
  const e = (bits >>> 23) & 0xff;
  const fraction = ((<u64>bits) << 41) >> 1;
  if (e - 1 < 0xfe) {
    Set.value(TOP_BIT | fraction, sign | (e + 16256));
  } else if (e) {
    if (fraction && !(fraction & QUIET_BIT)) {
      result.flags |= FPU_IE;
      Set.value(TOP_BIT | QUIET_BIT | fraction, sign | EXPONENT);
    } else Set.value(TOP_BIT | fraction, sign | EXPONENT);
  } else if (fraction) {
    result.flags |= FPU_DE;
    const zeros = clz(fraction);
    Set.value(fraction << zeros, sign | (<u32>(16257 - <i32>zeros)));
  } else Set.value(0, sign);
}

export function toDouble(am: u64, ae: u32): u64 {
  return toNarrow(am, ae, 11, 1023, 0x7ff);
}
export function toSingle(am: u64, ae: u32): u32 {
  return <u32>toNarrow(am, ae, 40, 127, 0xff);
}

/** IEEE number of a mantissa shorter by `dropped` bits, rounded. Unmasked OE or UE: the caller does not store. */
function toNarrow(am: u64, ae: u32, dropped: u32, bias: i32, top: u32): u64 {
  const d = <u64>dropped;
  const sign = ae >>> 15;
  const place: u64 = 63 - d; // of the exponent
  const signBit = (<u64>sign) << (dropped == 11 ? 63 : 31);
  const infinity = (<u64>top) << place;
  if (Kind.isUnsupported(am, ae)) {
    result.flags |= FPU_IE;
    return ((<u64>1) << (dropped == 11 ? 63 : 31)) | infinity | ((<u64>1) << (place - 1));
  }
  if (Kind.isInfinite(ae)) {
    if (am << 1 == 0) return signBit | infinity;
    if (Kind.isSignaling(am)) result.flags |= FPU_IE;
    return signBit | infinity | (((am | QUIET_BIT) << 1) >> (d + 1));
  }
  if (am == 0) return signBit;
  let e = <i32>max<u32>(ae & EXPONENT, 1);
  const zeros = clz(am);
  am <<= zeros;
  e += bias - BIAS - <i32>zeros;
  let fraction = am << (64 - d);
  let kept = am >> d;
  let up: u32 = 0;
  let rounded = e;
  if (Round.away(sign, (kept & 1) != 0, fraction)) {
    up = 1;
    kept++;
    if (kept >> (64 - d)) {
      kept >>= 1;
      rounded++;
    }
  }
  if (rounded >= <i32>top) {
    result.flags |= FPU_OE;
    if (!(fpu.fcw & FPU_OE)) {
      if (fraction) {
        result.flags |= FPU_PE;
        result.roundedUp = up;
      }
      return 0;
    }
    result.flags |= FPU_PE;
    const mode = Round.mode();
    if (mode == ROUND_NEAREST || (mode == ROUND_DOWN && sign) || (mode == ROUND_UP && !sign)) {
      result.roundedUp = 1;
      return signBit | infinity;
    }
    return signBit | (infinity - 1);
  }
  if (rounded > 0) {
    if (fraction) result.flags |= FPU_PE;
    result.roundedUp = up;
    return signBit | ((<u64>rounded) << place) | (kept & ~(TOP_BIT >> d));
  }
  if (!(fpu.fcw & FPU_UE)) {
    result.flags |= FPU_UE;
    if (fraction) {
      result.flags |= FPU_PE;
      result.roundedUp = up;
    }
    return 0;
  }
  am = shiftJam(am, <u32>(1 - e));
  kept = am >> d;
  fraction = am << (64 - d);
  if (fraction) {
    result.flags |= FPU_UE | FPU_PE;
    if (Round.away(sign, (kept & 1) != 0, fraction)) {
      result.roundedUp = 1;
      kept++;
    }
  }
  return signBit | kept; // a carry into bit `place` is the smallest normal number
}

/** FSCALE: a x 2^trunc(b). */
export function scale(am: u64, ae: u32, bm: u64, be: u32): void {
  if (propagate(am, ae, bm, be)) return;
  const bNegative = (be & SIGN) != 0;
  if (Kind.isInfinite(be)) {
    if (bNegative ? Kind.isInfinite(ae) : am == 0) {
      Set.invalid();
      return;
    }
    noteDenormal(am, ae);
    if (bNegative) Set.value(0, ae & SIGN);
    else Set.value(TOP_BIT, (ae & SIGN) | EXPONENT);
    return;
  }
  noteDenormal(am, ae);
  noteDenormal(bm, be);
  if (am == 0 || Kind.isInfinite(ae)) {
    Set.value(am, ae);
    return;
  }
  const e = <i32>(be & EXPONENT) - BIAS;
  let count = 0;
  if (e >= 17) count = 0x20000;
  else if (e >= 0) count = <i32>(bm >> (<u64>(63 - e)));
  if (bNegative) count = -count;
  const zeros = clz(am);
  const ea = <i32>max<u32>(ae & EXPONENT, 1) - <i32>zeros;
  roundTo(ae >>> 15, ea + count, am << zeros, 0, 0);
}

/** FXTRACT: the exponent of a as a number in result, its significand in result.mantissa2 and result.quotient. */
export function extract(am: u64, ae: u32): void {
  if (propagateOne(am, ae)) {
    result.mantissa2 = result.mantissa;
    result.quotient = result.exponent;
    return;
  }
  result.mantissa2 = am;
  result.quotient = ae;
  if (am == 0) {
    result.flags |= FPU_ZE;
    Set.value(TOP_BIT, SIGN | EXPONENT);
    return;
  }
  if (Kind.isInfinite(ae)) {
    Set.value(TOP_BIT, EXPONENT);
    return;
  }
  noteDenormal(am, ae);
  const zeros = clz(am);
  const e = <i32>max<u32>(ae & EXPONENT, 1) - <i32>zeros;
  fromInteger(e - BIAS);
  result.mantissa2 = am << zeros;
  result.quotient = (ae & SIGN) | (<u32>BIAS);
}

/** FPREM (nearest = false) and FPREM1: see result.quotient. */
export function remainder(am: u64, ae: u32, bm: u64, be: u32, nearest: bool): void {
  result.quotient = 0;
  if (propagate(am, ae, bm, be)) return;
  if (Kind.isInfinite(ae) || bm == 0) {
    Set.invalid();
    return;
  }
  noteDenormal(am, ae);
  noteDenormal(bm, be);
  if (am == 0) {
    Set.value(am, ae);
    return;
  }
  const zerosA = clz(am);
  let ea = <i32>max<u32>(ae & EXPONENT, 1) - <i32>zerosA;
  let sign = ae >>> 15;
  if (Kind.isInfinite(be)) {
    roundTo(sign, ea, am << zerosA, 0, 0);
    return;
  }
  am <<= zerosA;
  const zerosB = clz(bm);
  const eb = <i32>max<u32>(be & EXPONENT, 1) - <i32>zerosB;
  bm <<= zerosB;
  let distance = ea - eb;
  if (distance < -1 || (distance < 0 && !nearest)) {
    roundTo(sign, ea, am, 0, 0);
    return;
  }
  let quotient: u64 = 0;
  if (distance >= 64) {
    // Not all at once: 32 to 63 bits of the quotient, which are lost.
    const count = <u32>((distance & 31) | 32);
    const steps = <u64>count;
    let rest = am;
    if (rest >= bm) rest -= bm;
    divide128(rest >> (64 - steps), rest << steps, bm);
    result.quotient = 8;
    packRemainder(sign, ea - <i32>count, result.mantissa2);
    return;
  }
  let rest = am;
  let exponent = ea;
  if (distance >= 0) {
    if (rest >= bm) {
      rest -= bm;
      quotient = 1;
    }
    if (distance) {
      const steps = <u64>distance;
      quotient = (quotient << steps) | divide128(rest >> (64 - steps), rest << steps, bm);
      rest = result.mantissa2;
    }
    exponent = eb;
  }
  if (nearest) {
    // rest (x 2^exponent) against half of b: b - rest is nearer when rest > b - rest, or equal and the quotient odd.
    if (distance < 0) {
      // a is in [b/4, b): its unit is half of b's.
      if (rest > bm) {
        // b - a = (2 * bm - am) units of a's exponent
        rest = bm - rest + bm;
        sign ^= 1;
        quotient = 1;
      }
    } else {
      const other = bm - rest;
      if (rest > other || (rest == other && quotient & 1)) {
        rest = other;
        sign ^= 1;
        quotient++;
      }
    }
  }
  result.quotient = (<u32>quotient) & 7;
  packRemainder(sign, exponent, rest);
}

function packRemainder(sign: u32, exponent: i32, rest: u64): void {
  if (rest == 0) {
    Set.value(0, sign << 15);
    return;
  }
  const zeros = clz(rest);
  roundTo(sign, exponent - <i32>zeros, rest << zeros, 0, 0);
}

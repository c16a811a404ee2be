// Binary32 and binary64 arithmetic in integers: exact results and flags in all rounding modes, with denormals-are-zero and
// flush-to-zero. Values are their bits; a binary32 stands in the low half. Finite numbers are taken apart into an exponent and
// a 64-bit significand with its leading bit at 63.

import {
  MXCSR_DAZ,
  MXCSR_DE,
  MXCSR_FTZ,
  MXCSR_IE,
  MXCSR_OE,
  MXCSR_OM,
  MXCSR_PE,
  MXCSR_RC,
  MXCSR_RC_SHIFT,
  MXCSR_UE,
  MXCSR_UM,
  MXCSR_ZE,
  ROUND_DOWN,
  ROUND_NEAREST,
  ROUND_UP,
  sse,
} from "./state";

export enum Operation {
  Add,
  Mul,
  Sub,
  Min,
  Div,
  Max,
  Sqrt,
}

@unmanaged
class Raised {
  /** Seen before computing: invalid, denormal operand, division by zero. */
  before: u32;
  /** Seen in the result: overflow, underflow, inexact. */
  after: u32;
}
/** Exceptions of all elements of the instruction so far. */
export const raised = changetype<Raised>(memory.data(offsetof<Raised>(), 8));

const SIGN64: u64 = 0x8000_0000_0000_0000;
const INFINITY64: u64 = 0x7ff0_0000_0000_0000;
const QUIET64: u64 = 0x0008_0000_0000_0000;
const DEFAULT64: u64 = 0xfff8_0000_0000_0000;
const MIN_NORMAL64: u64 = 0x0010_0000_0000_0000;
const INFINITY32: u64 = 0x7f80_0000;
const QUIET32: u64 = 0x0040_0000;
const DEFAULT32: u64 = 0xffc0_0000;
const MIN_NORMAL32: u64 = 0x0080_0000;

function signBit(double: bool): u64 {
  return double ? SIGN64 : 0x8000_0000;
}
export function infinity(double: bool): u64 {
  return double ? INFINITY64 : INFINITY32;
}
function quietBit(double: bool): u64 {
  return double ? QUIET64 : QUIET32;
}
export function defaultNan(double: bool): u64 {
  return double ? DEFAULT64 : DEFAULT32;
}
export function magnitude(bits: u64, double: bool): u64 {
  return bits & (signBit(double) - 1);
}
export function isNan(bits: u64, double: bool): bool {
  return magnitude(bits, double) > infinity(double);
}
export function isSignallingNan(bits: u64, double: bool): bool {
  return isNan(bits, double) && !(bits & quietBit(double));
}
/** Also true for 0. */
function isSubnormal(bits: u64, double: bool): bool {
  return magnitude(bits, double) < (double ? MIN_NORMAL64 : MIN_NORMAL32);
}
export function isDenormal(bits: u64, double: bool): bool {
  return isSubnormal(bits, double) && magnitude(bits, double) != 0;
}
export function quiet(bits: u64, double: bool): u64 {
  return bits | quietBit(double);
}

/** An operand as the instruction sees it: a denormal is 0 when MXCSR says so. */
export function operand(bits: u64, double: bool): u64 {
  return sse.mxcsr & MXCSR_DAZ && isSubnormal(bits, double) ? bits & signBit(double) : bits;
}

function rounding(): u32 {
  return (sse.mxcsr & MXCSR_RC) >>> MXCSR_RC_SHIFT;
}

/** Unbiased exponent of a finite number that is not 0. */
function exponent(bits: u64, double: bool): i32 {
  const size = double ? 52 : 23;
  const biased = <i32>(magnitude(bits, double) >> (<u64>size));
  const bias = double ? 1023 : 127;
  if (biased) return biased - bias;
  return 63 - size - <i32>clz(magnitude(bits, double)) + 1 - bias;
}

/** Significand of the same, leading bit at 63. */
function significand(bits: u64, double: bool): u64 {
  const value = magnitude(bits, double);
  return isSubnormal(bits, double) ? value << clz(value) : (value << (double ? 11 : 40)) | SIGN64;
}

/** Shifts right, any bit lost stays seen in bit 0. */
function shiftSticky(value: u64, count: i32): u64 {
  if (count <= 0) return value;
  if (count > 63) return value != 0 ? 1 : 0;
  const bits = <u64>count;
  const lost = value & (((<u64>1) << bits) - 1);
  return (value >> bits) | (lost ? 1 : 0);
}

/** Whether rounding takes the magnitude up: `lost` are the `bits` low bits cut off, `odd` the bit above them. */
function roundsUp(sign: u64, lost: u64, bits: u64, odd: bool): bool {
  if (!lost) return false;
  const mode = rounding();
  if (mode == ROUND_NEAREST) {
    const half = (<u64>1) << (bits - 1);
    return lost > half || (lost == half && odd);
  }
  return mode == (sign ? ROUND_DOWN : ROUND_UP);
}

/**
 * The number `significand / 2^63 * 2^exponent` (leading bit at 63, bit 0 sticky) in the format, with its exceptions noted.
 * sign: not 0 for negative.
 */
function pack(sign: u64, exponent: i32, significand: u64, double: bool): u64 {
  const signed: u64 = sign ? signBit(double) : 0;
  const cut: u64 = double ? 11 : 40;
  const size: u64 = 63 - cut;
  const bias = double ? 1023 : 127;
  const lostMask = ((<u64>1) << cut) - 1;
  const lost = significand & lostMask;
  let kept = significand >> cut;
  let high = exponent; // with unbounded range
  if (roundsUp(sign, lost, cut, (kept & 1) != 0)) {
    kept++;
    if (kept >> (size + 1)) {
      kept >>= 1;
      high++;
    }
  }
  if (high > bias) {
    // With the exception not masked, inexact speaks of the number with unbounded exponent.
    raised.after |= MXCSR_OE | (lost || sse.mxcsr & MXCSR_OM ? MXCSR_PE : 0);
    const mode = rounding();
    const toInfinity = mode == ROUND_NEAREST || mode == (sign ? ROUND_DOWN : ROUND_UP);
    return signed | (infinity(double) - (toInfinity ? 0 : 1));
  }
  if (high >= 1 - bias) {
    if (lost) raised.after |= MXCSR_PE;
    return signed | ((<u64>(high + bias)) << size) | (kept & (((<u64>1) << size) - 1));
  }
  // Tiny after rounding.
  if (!(sse.mxcsr & MXCSR_UM)) {
    raised.after |= MXCSR_UE | (lost ? MXCSR_PE : 0);
    return signed; // never stored
  }
  if (sse.mxcsr & MXCSR_FTZ) {
    raised.after |= MXCSR_UE | MXCSR_PE;
    return signed;
  }
  const shifted = shiftSticky(significand, 1 - bias - exponent);
  const lostHere = shifted & lostMask;
  let value = shifted >> cut;
  if (lostHere) raised.after |= MXCSR_UE | MXCSR_PE;
  if (roundsUp(sign, lostHere, cut, (value & 1) != 0)) value++;
  return signed | value;
}

/** A NaN of the two operands, quiet: the first if it is one. Notes invalid for a signalling one. */
export function propagateNan(a: u64, b: u64, double: bool): u64 {
  if (isSignallingNan(a, double) || isSignallingNan(b, double)) raised.before |= MXCSR_IE;
  return quiet(isNan(a, double) ? a : b, double);
}

function invalid(double: bool): u64 {
  raised.before |= MXCSR_IE;
  return defaultNan(double);
}

export function noteDenormal(bits: u64, double: bool): void {
  if (isDenormal(bits, double)) raised.before |= MXCSR_DE;
}

/** One element of ADD to MAX. */
export function compute(operation: Operation, first: u64, second: u64, double: bool): u64 {
  const a = operand(first, double);
  const b = operand(second, double);
  if (operation == Operation.Min || operation == Operation.Max) {
    return minimum(a, b, double, operation == Operation.Max);
  }
  if (isNan(a, double) || isNan(b, double)) return propagateNan(a, b, double);
  if (operation == Operation.Mul) return multiply(a, b, double);
  if (operation == Operation.Div) return divide(a, b, double);
  return add(a, operation == Operation.Sub ? b ^ signBit(double) : b, double);
}

function add(a: u64, b: u64, double: bool): u64 {
  const signA = a & signBit(double);
  const signB = b & signBit(double);
  const magnitudeA = magnitude(a, double);
  const magnitudeB = magnitude(b, double);
  if (magnitudeA == infinity(double) && magnitudeB == infinity(double) && signA != signB) {
    return invalid(double);
  }
  noteDenormal(a, double);
  noteDenormal(b, double);
  if (magnitudeA == infinity(double)) return a;
  if (magnitudeB == infinity(double)) return b;
  const zero = rounding() == ROUND_DOWN ? signBit(double) : 0;
  if (!magnitudeA && !magnitudeB) return signA == signB ? a : zero;
  if (!magnitudeA) return pack(signB, exponent(b, double), significand(b, double), double);
  if (!magnitudeB) return pack(signA, exponent(a, double), significand(a, double), double);
  const swap = magnitudeB > magnitudeA;
  const large = swap ? b : a;
  const small = swap ? a : b;
  const sign = large & signBit(double);
  let top = exponent(large, double);
  const distance = top - exponent(small, double);
  const x = significand(large, double) >> 1;
  const y = shiftSticky(significand(small, double) >> 1, distance);
  const sum = signA == signB ? x + y : x - y;
  if (!sum) return zero;
  const shift = clz(sum);
  top += 1 - <i32>shift;
  return pack(sign, top, sum << shift, double);
}

function multiply(a: u64, b: u64, double: bool): u64 {
  const sign = (a ^ b) & signBit(double);
  const magnitudeA = magnitude(a, double);
  const magnitudeB = magnitude(b, double);
  if (magnitudeA == infinity(double) || magnitudeB == infinity(double)) {
    if (!magnitudeA || !magnitudeB) return invalid(double);
    noteDenormal(a, double);
    noteDenormal(b, double);
    return sign | infinity(double);
  }
  noteDenormal(a, double);
  noteDenormal(b, double);
  if (!magnitudeA || !magnitudeB) return sign;
  const x = significand(a, double);
  const y = significand(b, double);
  // 64 x 64 = 128 bits; the low 32 bits of each are few, but denormals need them all.
  const xl = x & 0xffff_ffff;
  const xh = x >> 32;
  const yl = y & 0xffff_ffff;
  const yh = y >> 32;
  const ll = xl * yl;
  const lh = xl * yh;
  const hl = xh * yl;
  const middle = (ll >> 32) + (lh & 0xffff_ffff) + (hl & 0xffff_ffff);
  const low = (middle << 32) | (ll & 0xffff_ffff);
  let high = xh * yh + (lh >> 32) + (hl >> 32) + (middle >> 32);
  let top = exponent(a, double) + exponent(b, double) + 1;
  let rest = low;
  if (!(high & SIGN64)) {
    high = (high << 1) | (low >> 63);
    rest = low << 1;
    top--;
  }
  return pack(sign, top, high | (rest ? 1 : 0), double);
}

function divide(a: u64, b: u64, double: bool): u64 {
  const sign = (a ^ b) & signBit(double);
  const magnitudeA = magnitude(a, double);
  const magnitudeB = magnitude(b, double);
  if (magnitudeA == infinity(double)) {
    if (magnitudeB == infinity(double)) return invalid(double);
    noteDenormal(b, double);
    return sign | infinity(double);
  }
  if (!magnitudeB) {
    if (!magnitudeA) return invalid(double);
    raised.before |= MXCSR_ZE;
    return sign | infinity(double);
  }
  noteDenormal(a, double);
  noteDenormal(b, double);
  if (magnitudeB == infinity(double) || !magnitudeA) return sign;
  let top = exponent(a, double) - exponent(b, double);
  let rest = significand(a, double) >> 1;
  const divisor = significand(b, double) >> 1;
  if (rest < divisor) {
    rest <<= 1;
    top--;
  }
  let quotient: u64 = 0;
  for (let i = 0; i < 63; i++) {
    quotient <<= 1;
    if (rest >= divisor) {
      rest -= divisor;
      quotient |= 1;
    }
    rest <<= 1;
  }
  return pack(sign, top, (quotient << 1) | (rest ? 1 : 0), double);
}

export function squareRoot(value: u64, double: bool): u64 {
  const a = operand(value, double);
  if (isNan(a, double)) return propagateNan(a, a, double);
  if (!magnitude(a, double)) return a;
  if (a & signBit(double)) return invalid(double);
  noteDenormal(a, double);
  if (a == infinity(double)) return a;
  const top = exponent(a, double);
  let radicand = significand(a, double) >> (top & 1 ? 0 : 1);
  let root: u64 = 0;
  let rest: u64 = 0;
  for (let i = 0; i < 58; i++) {
    rest = (rest << 2) | (radicand >> 62);
    radicand <<= 2;
    root <<= 1;
    const trial = (root << 1) | 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1;
    }
  }
  return pack(0, top >> 1, (root << 6) | (rest ? 1 : 0), double);
}

/** MIN and MAX: the second operand when either is a NaN or both are 0. */
function minimum(a: u64, b: u64, double: bool, maximum: bool): u64 {
  if (isNan(a, double) || isNan(b, double)) {
    raised.before |= MXCSR_IE;
    return b;
  }
  noteDenormal(a, double);
  noteDenormal(b, double);
  const order = compareOrdered(a, b, double);
  return (maximum ? order > 0 : order < 0) ? a : b;
}

/** -1, 0 or 1; neither is a NaN. */
export function compareOrdered(a: u64, b: u64, double: bool): i32 {
  const x = magnitude(a, double);
  const y = magnitude(b, double);
  const signedX = a & signBit(double) ? -(<i64>x) : <i64>x;
  const signedY = b & signBit(double) ? -(<i64>y) : <i64>y;
  return signedX < signedY ? -1 : signedX > signedY ? 1 : 0;
}

export const UNORDERED = 2;

/** Compares as COMIS (signalling: any NaN is invalid) and UCOMIS: -1, 0, 1 or UNORDERED. */
export function compare(first: u64, second: u64, double: bool, signalling: bool): i32 {
  const a = operand(first, double);
  const b = operand(second, double);
  if (isNan(a, double) || isNan(b, double)) {
    if (signalling || isSignallingNan(a, double) || isSignallingNan(b, double)) {
      raised.before |= MXCSR_IE;
    }
    return UNORDERED;
  }
  noteDenormal(a, double);
  noteDenormal(b, double);
  return compareOrdered(a, b, double);
}

/** Binary64 to binary32. */
export function narrow(value: u64): u32 {
  const a = operand(value, true);
  const sign = a & SIGN64;
  const signed: u32 = sign ? 0x8000_0000 : 0;
  if (isNan(a, true)) {
    if (isSignallingNan(a, true)) raised.before |= MXCSR_IE;
    return signed | (<u32>INFINITY32) | (<u32>QUIET32) | (<u32>((a << 12) >> 41));
  }
  noteDenormal(a, true);
  if (magnitude(a, true) == INFINITY64) return signed | (<u32>INFINITY32);
  if (!magnitude(a, true)) return signed;
  return <u32>pack(sign, exponent(a, true), significand(a, true), false);
}

/** Binary32 to binary64: exact. */
export function widen(value: u32): u64 {
  const a = operand(<u64>value, false);
  const sign: u64 = a & 0x8000_0000 ? SIGN64 : 0;
  const size = magnitude(a, false);
  if (isNan(a, false)) {
    if (isSignallingNan(a, false)) raised.before |= MXCSR_IE;
    return sign | INFINITY64 | QUIET64 | ((size << 29) & (QUIET64 - 1));
  }
  noteDenormal(a, false);
  if (size == INFINITY32) return sign | INFINITY64;
  if (!size) return sign;
  const fraction = (significand(a, false) >> 11) & (MIN_NORMAL64 - 1);
  return sign | ((<u64>(exponent(a, false) + 1023)) << 52) | fraction;
}

/** A 32-bit integer as binary32. */
export function fromInteger(value: i32): u32 {
  if (!value) return 0;
  const size: u64 = value < 0 ? <u64>-(<i64>value) : <u64>value;
  const shift = clz(size);
  return <u32>pack(value < 0 ? 1 : 0, 63 - <i32>shift, size << shift, false);
}

// Packed and scalar floating point. Each operation works on two slots, destination and source; a scalar one leaves the rest
// of the destination alone.
//
// With all exceptions masked and rounding to nearest, wasm computes what the processor does as long as operands and result
// are normal numbers or zeros and the inexact flag is already set or provably not due. Everything else goes through exact.ts.

import { Flags } from "../flags";
import { FLAG_CF, FLAG_PF, FLAG_ZF, FLAGS_ARITHMETIC } from "../state";
import {
  compare,
  compute,
  fromInteger,
  narrow,
  Operation,
  raised,
  squareRoot,
  UNORDERED,
  widen,
} from "./exact";
import { shuffleDwords } from "./integer";
import {
  MXCSR_DAZ,
  MXCSR_FLAGS,
  MXCSR_IE,
  MXCSR_MASK_SHIFT,
  MXCSR_MASKS,
  MXCSR_PE,
  MXCSR_RC,
  MXCSR_RC_SHIFT,
  raiseSimdException,
  ROUND_DOWN,
  ROUND_NEAREST,
  ROUND_UP,
  SLOT_A,
  SLOT_B,
  SLOT_RESULT,
  sse,
} from "./state";

function start(): void {
  raised.before = 0;
  raised.after = 0;
}

/** Records the exceptions of the instruction; raises #XM (and does not return) when one is not masked. */
function finish(): void {
  const masks = (sse.mxcsr >>> MXCSR_MASK_SHIFT) & MXCSR_FLAGS;
  const before = raised.before;
  if (before & ~masks) {
    sse.mxcsr |= before;
    raiseSimdException();
  }
  const after = raised.after;
  sse.mxcsr |= before | after;
  if (after & ~masks) raiseSimdException();
}

/** All exceptions masked, rounding to nearest: wasm's arithmetic applies. */
function isPlain(): bool {
  return (sse.mxcsr & (MXCSR_MASKS | MXCSR_RC)) == MXCSR_MASKS;
}

// Elements.

/** Neither 0, denormal, infinite nor NaN, nor the smallest normal number (which a tiny result may have rounded to). */
function isNormal32(bits: u32): bool {
  return (bits & 0x7fff_ffff) - 0x0080_0001 < 0x7f80_0000 - 0x0080_0001;
}
function isNormal64(bits: u64): bool {
  return (bits & 0x7fff_ffff_ffff_ffff) - 0x0010_0000_0000_0001 < 0x7fe0_0000_0000_0000 - 1;
}
function isZero32(bits: u32): bool {
  return bits << 1 == 0;
}
function isZero64(bits: u64): bool {
  return bits << 1 == 0;
}

/** Whether the product of two normal numbers fits in 53 bits, seen from their trailing zeros alone. */
function isShortProduct(a: u64, b: u64): bool {
  const zerosA = ctz(a | HIDDEN_BIT);
  const zerosB = ctz(b | HIDDEN_BIT);
  return zerosA + zerosB > 52 || zerosA == 52 || zerosB == 52;
}
const HIDDEN_BIT: u64 = 0x0010_0000_0000_0000;

function element32(operation: Operation, a: u32, b: u32): u32 {
  if (isPlain() && (isNormal32(a) || isZero32(a)) && (isNormal32(b) || isZero32(b))) {
    const x = reinterpret<f32>(a);
    const y = reinterpret<f32>(b);
    if (operation == Operation.Min) return x < y ? a : b;
    if (operation == Operation.Max) return x > y ? a : b;
    let result: f32;
    let exact: bool;
    let zero: bool; // a result of 0 is the true one
    if (operation == Operation.Add || operation == Operation.Sub) {
      const z = operation == Operation.Sub ? -y : y;
      result = x + z;
      exact = <f64>result - <f64>x == <f64>z && <f64>result - <f64>z == <f64>x;
      zero = true;
    } else if (operation == Operation.Mul) {
      result = x * y;
      exact = <f64>result == <f64>x * <f64>y;
      zero = isZero32(a) || isZero32(b);
    } else {
      result = x / y;
      exact = <f64>result * <f64>y == <f64>x;
      zero = isZero32(a);
    }
    const bits = reinterpret<u32>(result);
    if (isNormal32(bits)) {
      if (exact || sse.mxcsr & MXCSR_PE) return bits;
    } else if (zero && isZero32(bits)) {
      return bits;
    }
  }
  return <u32>compute(operation, <u64>a, <u64>b, false);
}

function element64(operation: Operation, a: u64, b: u64): u64 {
  if (isPlain() && (isNormal64(a) || isZero64(a)) && (isNormal64(b) || isZero64(b))) {
    const x = reinterpret<f64>(a);
    const y = reinterpret<f64>(b);
    if (operation == Operation.Min) return x < y ? a : b;
    if (operation == Operation.Max) return x > y ? a : b;
    let result: f64;
    let exact: bool;
    let zero: bool;
    if (operation == Operation.Add || operation == Operation.Sub) {
      const z = operation == Operation.Sub ? -y : y;
      result = x + z;
      const part = result - x;
      exact = x - (result - part) + (z - part) == 0;
      zero = true;
    } else if (operation == Operation.Mul) {
      result = x * y;
      exact = isShortProduct(a, b);
      zero = isZero64(a) || isZero64(b);
    } else {
      result = x / y;
      exact = result * y == x && isShortProduct(reinterpret<u64>(result), b);
      zero = isZero64(a);
    }
    const bits = reinterpret<u64>(result);
    if (isNormal64(bits)) {
      if (exact || sse.mxcsr & MXCSR_PE) return bits;
    } else if (zero && isZero64(bits)) {
      return bits;
    }
  }
  return compute(operation, a, b, true);
}

function root32(a: u32): u32 {
  if (isPlain() && isNormal32(a) && !(a >>> 31)) {
    const x = reinterpret<f32>(a);
    const result = sqrt<f32>(x);
    if (sse.mxcsr & MXCSR_PE || <f64>result * <f64>result == <f64>x) {
      return reinterpret<u32>(result);
    }
  }
  return <u32>squareRoot(<u64>a, false);
}

function root64(a: u64): u64 {
  if (isPlain() && isNormal64(a) && !(a >> 63) && sse.mxcsr & MXCSR_PE) {
    return reinterpret<u64>(sqrt<f64>(reinterpret<f64>(a)));
  }
  return squareRoot(a, true);
}

// Whole instructions.

/** All lanes at once, where every lane is plain and inexact is already set. */
class Fast {
  static areNormal32(value: v128): v128 {
    const size = v128.and(value, i32x4.splat(0x7fff_ffff));
    return v128.and(
      i32x4.gt_s(size, i32x4.splat(0x0080_0000)),
      i32x4.lt_s(size, i32x4.splat(0x7f80_0000)),
    );
  }
  static areZero32(value: v128): v128 {
    return i32x4.eq(v128.and(value, i32x4.splat(0x7fff_ffff)), i32x4.splat(0));
  }
  static areNormal64(value: v128): v128 {
    const size = v128.and(value, i64x2.splat(0x7fff_ffff_ffff_ffff));
    return v128.and(
      i64x2.gt_s(size, i64x2.splat(0x0010_0000_0000_0000)),
      i64x2.lt_s(size, i64x2.splat(0x7ff0_0000_0000_0000)),
    );
  }
  static areZero64(value: v128): v128 {
    return i64x2.eq(v128.and(value, i64x2.splat(0x7fff_ffff_ffff_ffff)), i64x2.splat(0));
  }

  /** False when the elements must be looked at one by one. */
  static compute32(operation: Operation, result: usize, left: usize, right: usize): bool {
    if (!isPlain() || !(sse.mxcsr & MXCSR_PE)) return false;
    const a = v128.load(left);
    const b = v128.load(right);
    const zeroA = Fast.areZero32(a);
    const zeroB = Fast.areZero32(b);
    const operands = v128.and(
      v128.or(Fast.areNormal32(a), zeroA),
      v128.or(Fast.areNormal32(b), zeroB),
    );
    if (!i32x4.all_true(operands)) return false;
    let value: v128;
    if (operation == Operation.Min) {
      v128.store(result, f32x4.pmin(b, a));
      return true;
    }
    if (operation == Operation.Max) {
      v128.store(result, f32x4.pmax(b, a));
      return true;
    }
    let zero: v128; // lanes where a result of 0 is the true one
    if (operation == Operation.Mul) {
      value = f32x4.mul(a, b);
      zero = v128.or(zeroA, zeroB);
    } else if (operation == Operation.Div) {
      value = f32x4.div(a, b);
      zero = v128.andnot(zeroA, zeroB);
    } else {
      value = operation == Operation.Add ? f32x4.add(a, b) : f32x4.sub(a, b);
      zero = Fast.areZero32(value);
    }
    if (!i32x4.all_true(v128.or(Fast.areNormal32(value), zero))) return false;
    v128.store(result, value);
    return true;
  }

  static compute64(operation: Operation, result: usize, left: usize, right: usize): bool {
    if (!isPlain() || !(sse.mxcsr & MXCSR_PE)) return false;
    const a = v128.load(left);
    const b = v128.load(right);
    const zeroA = Fast.areZero64(a);
    const zeroB = Fast.areZero64(b);
    const operands = v128.and(
      v128.or(Fast.areNormal64(a), zeroA),
      v128.or(Fast.areNormal64(b), zeroB),
    );
    if (!i64x2.all_true(operands)) return false;
    let value: v128;
    if (operation == Operation.Min) {
      v128.store(result, f64x2.pmin(b, a));
      return true;
    }
    if (operation == Operation.Max) {
      v128.store(result, f64x2.pmax(b, a));
      return true;
    }
    let zero: v128;
    if (operation == Operation.Mul) {
      value = f64x2.mul(a, b);
      zero = v128.or(zeroA, zeroB);
    } else if (operation == Operation.Div) {
      value = f64x2.div(a, b);
      zero = v128.andnot(zeroA, zeroB);
    } else {
      value = operation == Operation.Add ? f64x2.add(a, b) : f64x2.sub(a, b);
      zero = Fast.areZero64(value);
    }
    if (!i64x2.all_true(v128.or(Fast.areNormal64(value), zero))) return false;
    v128.store(result, value);
    return true;
  }
}

/** Four elements: result = a op b. */
function packed32(operation: Operation, result: usize, a: usize, b: usize): void {
  if (Fast.compute32(operation, result, a, b)) return;
  start();
  for (let i: usize = 0; i < 16; i += 4) {
    store<u32>(SLOT_RESULT + i, element32(operation, load<u32>(a + i), load<u32>(b + i)));
  }
  finish();
  v128.store(result, v128.load(SLOT_RESULT));
}

function packed64(operation: Operation, result: usize, a: usize, b: usize): void {
  if (Fast.compute64(operation, result, a, b)) return;
  start();
  const low = element64(operation, load<u64>(a), load<u64>(b));
  const high = element64(operation, load<u64>(a, 8), load<u64>(b, 8));
  finish();
  store<u64>(result, low);
  store<u64>(result, high, 8);
}

function scalar32(operation: Operation, dst: usize, src: usize): void {
  start();
  const result = element32(operation, load<u32>(dst), load<u32>(src));
  finish();
  store<u32>(dst, result);
}

function scalar64(operation: Operation, dst: usize, src: usize): void {
  start();
  const result = element64(operation, load<u64>(dst), load<u64>(src));
  finish();
  store<u64>(dst, result);
}

export function addps(dst: usize, src: usize): void {
  packed32(Operation.Add, dst, dst, src);
}
export function addss(dst: usize, src: usize): void {
  scalar32(Operation.Add, dst, src);
}
export function addpd(dst: usize, src: usize): void {
  packed64(Operation.Add, dst, dst, src);
}
export function addsd(dst: usize, src: usize): void {
  scalar64(Operation.Add, dst, src);
}

export function mulps(dst: usize, src: usize): void {
  packed32(Operation.Mul, dst, dst, src);
}
export function mulss(dst: usize, src: usize): void {
  scalar32(Operation.Mul, dst, src);
}
export function mulpd(dst: usize, src: usize): void {
  packed64(Operation.Mul, dst, dst, src);
}
export function mulsd(dst: usize, src: usize): void {
  scalar64(Operation.Mul, dst, src);
}

export function subps(dst: usize, src: usize): void {
  packed32(Operation.Sub, dst, dst, src);
}
export function subss(dst: usize, src: usize): void {
  scalar32(Operation.Sub, dst, src);
}
export function subpd(dst: usize, src: usize): void {
  packed64(Operation.Sub, dst, dst, src);
}
export function subsd(dst: usize, src: usize): void {
  scalar64(Operation.Sub, dst, src);
}

export function minps(dst: usize, src: usize): void {
  packed32(Operation.Min, dst, dst, src);
}
export function minss(dst: usize, src: usize): void {
  scalar32(Operation.Min, dst, src);
}
export function minpd(dst: usize, src: usize): void {
  packed64(Operation.Min, dst, dst, src);
}
export function minsd(dst: usize, src: usize): void {
  scalar64(Operation.Min, dst, src);
}

export function divps(dst: usize, src: usize): void {
  packed32(Operation.Div, dst, dst, src);
}
export function divss(dst: usize, src: usize): void {
  scalar32(Operation.Div, dst, src);
}
export function divpd(dst: usize, src: usize): void {
  packed64(Operation.Div, dst, dst, src);
}
export function divsd(dst: usize, src: usize): void {
  scalar64(Operation.Div, dst, src);
}

export function maxps(dst: usize, src: usize): void {
  packed32(Operation.Max, dst, dst, src);
}
export function maxss(dst: usize, src: usize): void {
  scalar32(Operation.Max, dst, src);
}
export function maxpd(dst: usize, src: usize): void {
  packed64(Operation.Max, dst, dst, src);
}
export function maxsd(dst: usize, src: usize): void {
  scalar64(Operation.Max, dst, src);
}

export function sqrtps(dst: usize, src: usize): void {
  start();
  for (let i: usize = 0; i < 16; i += 4) store<u32>(SLOT_RESULT + i, root32(load<u32>(src + i)));
  finish();
  v128.store(dst, v128.load(SLOT_RESULT));
}
export function sqrtss(dst: usize, src: usize): void {
  start();
  const result = root32(load<u32>(src));
  finish();
  store<u32>(dst, result);
}
export function sqrtpd(dst: usize, src: usize): void {
  start();
  const low = root64(load<u64>(src));
  const high = root64(load<u64>(src, 8));
  finish();
  store<u64>(dst, low);
  store<u64>(dst, high, 8);
}
export function sqrtsd(dst: usize, src: usize): void {
  start();
  const result = root64(load<u64>(src));
  finish();
  store<u64>(dst, result);
}

// SSE3: differences beside sums, sums of neighbours. Operands are rearranged for the plain operations.

const ORDER_EVEN: u32 = 0x88; // elements 0 and 2 of each
const ORDER_ODD: u32 = 0xdd;

function neighbours32(operation: Operation, dst: usize, src: usize): void {
  shuffleDwords(SLOT_A, dst, src, ORDER_EVEN);
  shuffleDwords(SLOT_B, dst, src, ORDER_ODD);
  packed32(operation, dst, SLOT_A, SLOT_B);
}

function neighbours64(operation: Operation, dst: usize, src: usize): void {
  start();
  const low = element64(operation, load<u64>(dst), load<u64>(dst, 8));
  const high = element64(operation, load<u64>(src), load<u64>(src, 8));
  finish();
  store<u64>(dst, low);
  store<u64>(dst, high, 8);
}

export function haddps(dst: usize, src: usize): void {
  neighbours32(Operation.Add, dst, src);
}
export function hsubps(dst: usize, src: usize): void {
  neighbours32(Operation.Sub, dst, src);
}
export function haddpd(dst: usize, src: usize): void {
  neighbours64(Operation.Add, dst, src);
}
export function hsubpd(dst: usize, src: usize): void {
  neighbours64(Operation.Sub, dst, src);
}

export function addsubps(dst: usize, src: usize): void {
  start();
  for (let i: usize = 0; i < 16; i += 4) {
    const operation = i & 4 ? Operation.Add : Operation.Sub;
    store<u32>(SLOT_RESULT + i, element32(operation, load<u32>(dst + i), load<u32>(src + i)));
  }
  finish();
  v128.store(dst, v128.load(SLOT_RESULT));
}

export function addsubpd(dst: usize, src: usize): void {
  start();
  const low = element64(Operation.Sub, load<u64>(dst), load<u64>(src));
  const high = element64(Operation.Add, load<u64>(dst, 8), load<u64>(src, 8));
  finish();
  store<u64>(dst, low);
  store<u64>(dst, high, 8);
}

// Comparisons.

/** CMPccPS and its like: bit 2 of the predicate inverts; 1 and 2 (LT, LE) take any NaN as invalid. */
function holds(predicate: u32, a: u64, b: u64, double: bool): bool {
  const kind = predicate & 3;
  const order = compare(a, b, double, kind == 1 || kind == 2);
  let result: bool;
  if (kind == 0) result = order == 0;
  else if (kind == 1) result = order == -1;
  else if (kind == 2) result = order == -1 || order == 0;
  else result = order == UNORDERED;
  return predicate & 4 ? !result : result;
}

export function cmpps(dst: usize, src: usize, predicate: u32): void {
  start();
  for (let i: usize = 0; i < 16; i += 4) {
    const held = holds(predicate, <u64>load<u32>(dst + i), <u64>load<u32>(src + i), false);
    store<u32>(SLOT_RESULT + i, held ? 0xffff_ffff : 0);
  }
  finish();
  v128.store(dst, v128.load(SLOT_RESULT));
}
export function cmpss(dst: usize, src: usize, predicate: u32): void {
  start();
  const held = holds(predicate, <u64>load<u32>(dst), <u64>load<u32>(src), false);
  finish();
  store<u32>(dst, held ? 0xffff_ffff : 0);
}
export function cmppd(dst: usize, src: usize, predicate: u32): void {
  start();
  const low = holds(predicate, load<u64>(dst), load<u64>(src), true);
  const high = holds(predicate, load<u64>(dst, 8), load<u64>(src, 8), true);
  finish();
  store<u64>(dst, low ? <u64>-1 : 0);
  store<u64>(dst, high ? <u64>-1 : 0, 8);
}
export function cmpsd(dst: usize, src: usize, predicate: u32): void {
  start();
  const held = holds(predicate, load<u64>(dst), load<u64>(src), true);
  finish();
  store<u64>(dst, held ? <u64>-1 : 0);
}

function setOrder(order: i32): void {
  let flags: u32 = 0;
  if (order == UNORDERED) flags = FLAG_ZF | FLAG_PF | FLAG_CF;
  else if (order == 0) flags = FLAG_ZF;
  else if (order < 0) flags = FLAG_CF;
  Flags.change(FLAGS_ARITHMETIC, flags);
}

/** COMISS (signalling) and UCOMISS. */
export function comiss(dst: usize, src: usize, signalling: bool): void {
  start();
  const order = compare(<u64>load<u32>(dst), <u64>load<u32>(src), false, signalling);
  finish();
  setOrder(order);
}
export function comisd(dst: usize, src: usize, signalling: bool): void {
  start();
  const order = compare(load<u64>(dst), load<u64>(src), true, signalling);
  finish();
  setOrder(order);
}

// Approximations: 12 bits are promised, these have more. No exceptions; denormals count as 0.

function isTiny(bits: u32): bool {
  return (bits & 0x7f80_0000) == 0;
}
function quietNan(bits: u32): u32 {
  return bits | 0x0040_0000;
}

function reciprocal(bits: u32): u32 {
  if ((bits & 0x7fff_ffff) > 0x7f80_0000) return quietNan(bits);
  if (isTiny(bits)) return (bits & 0x8000_0000) | 0x7f80_0000;
  const result = reinterpret<u32>(<f32>1 / reinterpret<f32>(bits));
  return isTiny(result) ? result & 0x8000_0000 : result;
}

function reciprocalRoot(bits: u32): u32 {
  if ((bits & 0x7fff_ffff) > 0x7f80_0000) return quietNan(bits);
  if (isTiny(bits)) return (bits & 0x8000_0000) | 0x7f80_0000;
  if (bits >>> 31) return 0xffc0_0000;
  return reinterpret<u32>(<f32>1 / sqrt<f32>(reinterpret<f32>(bits)));
}

export function rcpss(dst: usize, src: usize): void {
  store<u32>(dst, reciprocal(load<u32>(src)));
}
export function rcpps(dst: usize, src: usize): void {
  for (let i: usize = 0; i < 16; i += 4) store<u32>(dst + i, reciprocal(load<u32>(src + i)));
}
export function rsqrtss(dst: usize, src: usize): void {
  store<u32>(dst, reciprocalRoot(load<u32>(src)));
}
export function rsqrtps(dst: usize, src: usize): void {
  for (let i: usize = 0; i < 16; i += 4) store<u32>(dst + i, reciprocalRoot(load<u32>(src + i)));
}

// Conversions. Integers out of range, infinities and NaNs become 80000000h with invalid.

const INTEGER_INDEFINITE: i32 = i32.MIN_VALUE;

function toInteger(value: f64, truncate: bool): i32 {
  const mode = (sse.mxcsr & MXCSR_RC) >>> MXCSR_RC_SHIFT;
  let whole: f64;
  if (truncate) whole = trunc<f64>(value);
  else if (mode == ROUND_NEAREST) whole = nearest<f64>(value);
  else if (mode == ROUND_DOWN) whole = floor<f64>(value);
  else if (mode == ROUND_UP) whole = ceil<f64>(value);
  else whole = trunc<f64>(value);
  if (!(whole >= -2147483648.0 && whole <= 2147483647.0)) {
    raised.before |= MXCSR_IE;
    return INTEGER_INDEFINITE;
  }
  if (whole != value) raised.after |= MXCSR_PE;
  return <i32>whole;
}

function toInteger32(bits: u32, truncate: bool): i32 {
  if (isTiny(bits) && sse.mxcsr & MXCSR_DAZ) return 0;
  return toInteger(<f64>reinterpret<f32>(bits), truncate);
}
function toInteger64(bits: u64, truncate: bool): i32 {
  if (!((bits >> 52) & 0x7ff) && sse.mxcsr & MXCSR_DAZ) return 0;
  return toInteger(reinterpret<f64>(bits), truncate);
}

/** CVTSS2SI and CVTTSS2SI: the result. */
export function cvtss2si(src: usize, truncate: bool): u32 {
  start();
  const result = toInteger32(load<u32>(src), truncate);
  finish();
  return <u32>result;
}
export function cvtsd2si(src: usize, truncate: bool): u32 {
  start();
  const result = toInteger64(load<u64>(src), truncate);
  finish();
  return <u32>result;
}

/** CVTPS2PI and CVTTPS2PI: two integers. */
export function cvtps2pi(src: usize, truncate: bool): u64 {
  start();
  const low = <u32>toInteger32(load<u32>(src), truncate);
  const high = <u32>toInteger32(load<u32>(src, 4), truncate);
  finish();
  return (<u64>low) | ((<u64>high) << 32);
}
export function cvtpd2pi(src: usize, truncate: bool): u64 {
  start();
  const low = <u32>toInteger64(load<u64>(src), truncate);
  const high = <u32>toInteger64(load<u64>(src, 8), truncate);
  finish();
  return (<u64>low) | ((<u64>high) << 32);
}
/** CVTPD2DQ and CVTTPD2DQ. */
export function cvtpd2dq(dst: usize, src: usize, truncate: bool): void {
  store<u64>(dst, cvtpd2pi(src, truncate));
  store<u64>(dst, 0, 8);
}
/** CVTPS2DQ and CVTTPS2DQ. */
export function cvtps2dq(dst: usize, src: usize, truncate: bool): void {
  start();
  for (let i: usize = 0; i < 16; i += 4) {
    store<i32>(SLOT_RESULT + i, toInteger32(load<u32>(src + i), truncate));
  }
  finish();
  v128.store(dst, v128.load(SLOT_RESULT));
}

export function cvtsi2ss(dst: usize, value: u32): void {
  start();
  const result = fromInteger(<i32>value);
  finish();
  store<u32>(dst, result);
}
export function cvtsi2sd(dst: usize, value: u32): void {
  store<f64>(dst, <f64>(<i32>value));
}
export function cvtpi2ps(dst: usize, src: usize): void {
  start();
  const low = fromInteger(load<i32>(src));
  const high = fromInteger(load<i32>(src, 4));
  finish();
  store<u32>(dst, low);
  store<u32>(dst, high, 4);
}
export function cvtdq2ps(dst: usize, src: usize): void {
  start();
  for (let i: usize = 0; i < 16; i += 4) {
    store<u32>(SLOT_RESULT + i, fromInteger(load<i32>(src + i)));
  }
  finish();
  v128.store(dst, v128.load(SLOT_RESULT));
}
/** CVTDQ2PD and CVTPI2PD. */
export function cvtdq2pd(dst: usize, src: usize): void {
  const low = <f64>load<i32>(src);
  const high = <f64>load<i32>(src, 4);
  store<f64>(dst, low);
  store<f64>(dst, high, 8);
}

export function cvtps2pd(dst: usize, src: usize): void {
  start();
  const low = widen(load<u32>(src));
  const high = widen(load<u32>(src, 4));
  finish();
  store<u64>(dst, low);
  store<u64>(dst, high, 8);
}
export function cvtss2sd(dst: usize, src: usize): void {
  start();
  const result = widen(load<u32>(src));
  finish();
  store<u64>(dst, result);
}
export function cvtpd2ps(dst: usize, src: usize): void {
  start();
  const low = narrow(load<u64>(src));
  const high = narrow(load<u64>(src, 8));
  finish();
  store<u32>(dst, low);
  store<u32>(dst, high, 4);
  store<u64>(dst, 0, 8);
}
export function cvtsd2ss(dst: usize, src: usize): void {
  start();
  const result = narrow(load<u64>(src));
  finish();
  store<u32>(dst, result);
}

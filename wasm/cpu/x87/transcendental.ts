// x87 transcendental functions: F2XM1 FYL2X FYL2XP1 FPATAN FSIN FCOS FPTAN.
//
// Each reduces its argument with a table to a small one, sums a short series in pairs of f64 (about 104 bits), and rounds once
// to 64 bits: wrong by a little more than half a unit in the last place. f64 is the same on every host, so the results are too.

import {
  BIAS,
  EXPONENT,
  isDenormal,
  isNan,
  isUnsupported,
  multiplyHigh,
  propagate,
  propagateOne,
  result,
  roundTo,
  setInvalid,
  setResult,
  SIGN,
  TOP_BIT,
} from "./float80";
import { FPU_DE, FPU_PE, FPU_UE, FPU_ZE } from "./state";
import {
  ARC_TANGENTS,
  HALF_PI,
  HALF_PI_REST,
  LN_2,
  LN_2_REST,
  LOG2_E,
  LOG2_E_REST,
  LOGARITHMS,
  PI,
  PI_REST,
  POWERS_OF_TWO,
  SINES,
  SIXTH,
  SIXTH_REST,
  THIRD,
  THIRD_REST,
} from "./transcendental-tables";

/** The sum of two f64, the second below half a unit of the first. */
@unmanaged
class Wide {
  high: f64;
  low: f64;
}
const wide = changetype<Wide>(memory.data(offsetof<Wide>(), 8)); // what the last operation gave
const argument = changetype<Wide>(memory.data(offsetof<Wide>(), 8));

@unmanaged
class Trigonometry {
  sineHigh: f64;
  sineLow: f64;
  cosineHigh: f64;
  cosineLow: f64;
  quadrant: u32;
}
const trigonometry = changetype<Trigonometry>(memory.data(offsetof<Trigonometry>(), 8));

const SPLITTER: f64 = 134217729.0; // 2^27 + 1
const LOG_FIRST = 45; // first row of LOGARITHMS
const LOG_ROW: usize = 24;

class Sum {
  /** a + b where a is the larger. */
  @inline static quick(a: f64, b: f64): void {
    const sum = a + b;
    wide.low = b - (sum - a);
    wide.high = sum;
  }
}

function addWide(ah: f64, al: f64, bh: f64, bl: f64): void {
  const sum = ah + bh;
  const v = sum - ah;
  let error = ah - (sum - v) + (bh - v);
  const lows = al + bl;
  const w = lows - al;
  const lowError = al - (lows - w) + (bl - w);
  error += lows;
  const sum2 = sum + error;
  error = error - (sum2 - sum) + lowError;
  Sum.quick(sum2, error);
}

function multiplyWide(ah: f64, al: f64, bh: f64, bl: f64): void {
  const product = ah * bh;
  let t = SPLITTER * ah;
  const a1 = t - (t - ah);
  const a2 = ah - a1;
  t = SPLITTER * bh;
  const b1 = t - (t - bh);
  const b2 = bh - b1;
  const error = a1 * b1 - product + a1 * b2 + a2 * b1 + a2 * b2 + (ah * bl + al * bh);
  Sum.quick(product, error);
}

function divideWide(ah: f64, al: f64, bh: f64, bl: f64): void {
  const q1 = ah / bh;
  multiplyWide(bh, bl, q1, 0);
  addWide(ah, al, -wide.high, -wide.low);
  const rh = wide.high;
  const rl = wide.low;
  const q2 = rh / bh;
  multiplyWide(bh, bl, q2, 0);
  addWide(rh, rl, -wide.high, -wide.low);
  const q3 = wide.high / bh;
  Sum.quick(q1, q2);
  addWide(wide.high, wide.low, q3, 0);
}

/** The mantissa as a number in [1, 2) into `wide`. */
function widen(mantissa: u64): void {
  const high = <f64>(mantissa >> 11) * (1.0 / 4503599627370496.0); // 2^-52
  const low = <f64>(mantissa & 0x7ff) * (1.0 / 9223372036854775808.0); // 2^-63
  Sum.quick(high, low);
}

/** 2^exponent, exponent within f64's normal range. */
function powerOfTwo(exponent: i32): f64 {
  return reinterpret<f64>((<u64>(exponent + 1023)) << 52);
}

/** Rounds wide x 2^shift, always as inexact. The sign bit `sign` is added to the number's own. */
function pack(sign: u32, shift: i32): void {
  let high = wide.high;
  let low = wide.low;
  if (high < 0) {
    high = -high;
    low = -low;
    sign ^= 1;
  }
  const bits = reinterpret<u64>(high);
  const e = <i32>(bits >> 52) - 1023;
  const mantissa = (bits & 0xf_ffff_ffff_ffff) | 0x10_0000_0000_0000;
  // The low part in units of 2^(e - 115), shifted to those of 2^(e - 127).
  const rest = <i64>(low * powerOfTwo(115 - e));
  let top = (mantissa << 11) + <u64>(rest >> 52);
  let bottom = (<u64>rest) << 12;
  let exponent = e + shift + BIAS;
  if (top >> 63 == 0) {
    top = (top << 1) | (bottom >> 63);
    bottom <<= 1;
    exponent--;
  }
  roundTo(sign, exponent, top, bottom | 1, 0);
}

class Argument {
  /** Biased exponent after normalizing; the mantissa must be shifted by its leading zeros. */
  @inline static exponent(mantissa: u64, exponent: u32): i32 {
    return <i32>max<u32>(exponent & EXPONENT, 1) - <i32>clz(mantissa);
  }
}

/** F2XM1: 2^a - 1, a in [-1, 1]; outside, where the manual leaves it open, a comes back. */
export function exponential2Minus1(am: u64, ae: u32): void {
  if (propagateOne(am, ae)) return;
  const sign = ae >>> 15;
  if (am == 0) {
    setResult(0, ae);
    return;
  }
  if ((ae & EXPONENT) == EXPONENT) {
    if (sign) setResult(TOP_BIT, SIGN | (<u32>BIAS));
    else setResult(am, ae);
    return;
  }
  if (isDenormal(am, ae)) result.flags |= FPU_DE;
  const e = Argument.exponent(am, ae) - BIAS;
  am <<= clz(am);
  if (e >= 0) {
    result.flags |= FPU_PE; // even for 1 and -1
    if (am == TOP_BIT && e == 0) setResult(TOP_BIT, sign ? SIGN | (<u32>(BIAS - 1)) : <u32>BIAS);
    else setResult(am, ae);
    return;
  }
  widen(am);
  if (e < -110) {
    multiplyWide(wide.high, wide.low, LN_2, LN_2_REST);
    pack(sign, e);
    return;
  }
  const scale = sign ? -powerOfTwo(e) : powerOfTwo(e);
  const xh = wide.high * scale;
  const xl = wide.low * scale;
  const k = Math.floor(xh * 32.0 + 0.5);
  addWide(xh, xl, -k * 0.03125, 0);
  multiplyWide(wide.high, wide.low, LN_2, LN_2_REST);
  const yh = wide.high;
  const yl = wide.low;
  // e^y - 1 = y + y^2 (1/2 + y (1/6 + y (1/24 + ...)))
  const series =
    1.0 / 24 + yh * (1.0 / 120 + yh * (1.0 / 720 + yh * (1.0 / 5040 + yh * (1.0 / 40320))));
  Sum.quick(SIXTH, yh * series + SIXTH_REST);
  multiplyWide(wide.high, wide.low, yh, yl);
  addWide(0.5, 0, wide.high, wide.low);
  multiplyWide(wide.high, wide.low, yh, yl);
  multiplyWide(wide.high, wide.low, yh, yl);
  addWide(yh, yl, wide.high, wide.low);
  if (k != 0) {
    const row = POWERS_OF_TWO + ((<usize>(<i32>k + 32)) << 4);
    const th = load<f64>(row);
    const tl = load<f64>(row, 8);
    const ph = wide.high;
    const pl = wide.low;
    addWide(1.0, 0, th, tl);
    multiplyWide(wide.high, wide.low, ph, pl);
    addWide(th, tl, wide.high, wide.low);
  }
  pack(0, 0);
}

/** log2((1 + rh + rl) / c) + (base of c), where 1 + r is the number times c; into `wide`. */
function logarithmOf(rh: f64, rl: f64, baseHigh: f64, baseLow: f64): void {
  // ln(1 + r) = 2 (s + s^3 / 3 + s^5 / 5 ...), s = r / (2 + r)
  addWide(2.0, 0, rh, rl);
  divideWide(rh, rl, wide.high, wide.low);
  const sh = wide.high;
  const sl = wide.low;
  multiplyWide(sh, sl, sh, sl);
  const zh = wide.high;
  const zl = wide.low;
  const series =
    1.0 / 5 + zh * (1.0 / 7 + zh * (1.0 / 9 + zh * (1.0 / 11 + zh * (1.0 / 13 + zh / 15))));
  Sum.quick(THIRD, zh * series + THIRD_REST);
  multiplyWide(wide.high, wide.low, zh, zl);
  multiplyWide(wide.high, wide.low, sh, sl);
  addWide(sh, sl, wide.high, wide.low);
  multiplyWide(wide.high, wide.low, 2.0 * LOG2_E, 2.0 * LOG2_E_REST);
  addWide(baseHigh, baseLow, wide.high, wide.low);
}

/** log2 of m x 2^e, m in [0.7, 1.42] given as a pair of f64; into `wide`. */
function logarithm(mh: f64, ml: f64, e: i32): void {
  const row = LOGARITHMS + <usize>(<i32>(mh * 64.0) - LOG_FIRST) * LOG_ROW;
  const c = load<f64>(row);
  multiplyWide(mh, ml, c, 0);
  addWide(wide.high, wide.low, -1.0, 0);
  const rh = wide.high;
  const rl = wide.low;
  addWide(<f64>e, 0, load<f64>(row, 8), load<f64>(row, 16));
  logarithmOf(rh, rl, wide.high, wide.low);
}

/** wide times the finite number b, rounded. */
function timesNumber(bm: u64, be: u32, shift: i32): void {
  const e = Argument.exponent(bm, be) - BIAS;
  const high = wide.high;
  const low = wide.low;
  widen(bm << clz(bm));
  multiplyWide(high, low, wide.high, wide.low);
  pack(be >>> 15, e + shift);
}

function noteDenormals(am: u64, ae: u32, bm: u64, be: u32): void {
  if (isDenormal(am, ae) || isDenormal(bm, be)) result.flags |= FPU_DE;
}

/** FYL2X: b x log2(a). */
export function logarithm2(am: u64, ae: u32, bm: u64, be: u32): void {
  if (propagate(am, ae, bm, be)) return;
  const bSign = be & SIGN;
  const bInfinite = (be & EXPONENT) == EXPONENT;
  const one = am == TOP_BIT && (ae & EXPONENT) == <u32>BIAS;
  if (am == 0) {
    if (bm == 0) {
      setInvalid();
    } else {
      if (!bInfinite) result.flags |= FPU_ZE;
      setResult(TOP_BIT, (bSign ^ SIGN) | EXPONENT);
    }
    return;
  }
  if (ae & SIGN) {
    setInvalid();
    return;
  }
  if ((ae & EXPONENT) == EXPONENT) {
    if (bm == 0) {
      setInvalid();
      return;
    }
    noteDenormals(am, ae, bm, be);
    setResult(TOP_BIT, bSign | EXPONENT);
    return;
  }
  const below = (ae & EXPONENT) < <u32>BIAS;
  if (bInfinite) {
    if (one) {
      setInvalid();
      return;
    }
    noteDenormals(am, ae, bm, be);
    setResult(TOP_BIT, (below ? bSign ^ SIGN : bSign) | EXPONENT);
    return;
  }
  noteDenormals(am, ae, bm, be);
  if (one || bm == 0) {
    setResult(0, below ? bSign ^ SIGN : bSign);
    return;
  }
  let e = Argument.exponent(am, ae) - BIAS;
  am <<= clz(am);
  if (am == TOP_BIT) {
    timesInteger(e, bm, be);
    return;
  }
  widen(am);
  let mh = wide.high;
  let ml = wide.low;
  if (mh > 1.4140625) {
    mh *= 0.5;
    ml *= 0.5;
    e++;
  }
  logarithm(mh, ml, e);
  timesNumber(bm, be, 0);
}

/** b x n, exact but for one rounding. */
function timesInteger(n: i32, bm: u64, be: u32): void {
  const sign = (be >>> 15) ^ (n < 0 ? 1 : 0);
  const magnitude: u64 = n < 0 ? <u64>-n : <u64>n;
  const zeros = clz(magnitude);
  const exponent = Argument.exponent(bm, be);
  const mantissa = bm << clz(bm);
  const factor = magnitude << zeros;
  const high = multiplyHigh(mantissa, factor);
  const low = mantissa * factor;
  const e = exponent + 63 - <i32>zeros;
  if (high >> 63) roundTo(sign, e + 1, high, low, 0);
  else roundTo(sign, e, (high << 1) | (low >> 63), low << 1, 0);
}

/** FYL2XP1: b x log2(a + 1). */
export function logarithm2Plus1(am: u64, ae: u32, bm: u64, be: u32): void {
  if (propagate(am, ae, bm, be)) return;
  const bSign = be & SIGN;
  const aSign = ae & SIGN;
  const bInfinite = (be & EXPONENT) == EXPONENT;
  if ((ae & EXPONENT) == EXPONENT) {
    if (aSign || bm == 0) setInvalid();
    else {
      noteDenormals(am, ae, bm, be);
      setResult(TOP_BIT, bSign | EXPONENT);
    }
    return;
  }
  if (bInfinite) {
    if (am == 0) {
      setInvalid();
      return;
    }
    noteDenormals(am, ae, bm, be);
    setResult(TOP_BIT, (bSign ^ aSign) | EXPONENT);
    return;
  }
  noteDenormals(am, ae, bm, be);
  if (am == 0 || bm == 0) {
    setResult(0, bSign ^ aSign);
    return;
  }
  let e = Argument.exponent(am, ae) - BIAS;
  am <<= clz(am);
  if (aSign && e >= 0) {
    // Not above -1; Intel defines the function only for |a| < 1 - sqrt(1/2).
    setResult(am, ae);
    result.flags |= FPU_PE;
    return;
  }
  widen(am);
  if (e < -110) {
    multiplyWide(wide.high, wide.low, LOG2_E, LOG2_E_REST);
    timesNumber(bm, be ^ aSign, e);
    return;
  }
  const far = e > 100;
  if (!far) {
    const scale = aSign ? -powerOfTwo(e) : powerOfTwo(e);
    const rh = wide.high * scale;
    const rl = wide.low * scale;
    if (e < -6) {
      logarithmOf(rh, rl, 0, 0);
      timesNumber(bm, be, 0);
      return;
    }
    addWide(1.0, 0, rh, rl);
    e = 0;
  }
  let mh = wide.high;
  let ml = wide.low;
  const own = <i32>((reinterpret<u64>(mh) >> 52) & 0x7ff) - 1023;
  const down = powerOfTwo(-own);
  mh *= down;
  ml *= down;
  e += own;
  if (mh > 1.4140625) {
    mh *= 0.5;
    ml *= 0.5;
    e++;
  }
  logarithm(mh, ml, e);
  timesNumber(bm, be, 0);
}

/** An angle of `quarters` x pi/4 with a sign. */
function angle(quarters: i32, sign: u32): void {
  const e = quarters == 1 ? -1 : quarters == 2 ? 0 : 1;
  if (quarters == 3) multiplyWide(PI, PI_REST, 0.75, 0);
  else {
    wide.high = HALF_PI * (quarters == 1 ? 0.5 : quarters == 2 ? 1.0 : 2.0);
    wide.low = HALF_PI_REST * (quarters == 1 ? 0.5 : quarters == 2 ? 1.0 : 2.0);
  }
  if (e < 2) pack(sign, 0);
}

/** FPATAN: angle of the point (a, b), that is arctan(b / a). */
export function arcTangent(am: u64, ae: u32, bm: u64, be: u32): void {
  if (propagate(am, ae, bm, be)) return;
  noteDenormals(am, ae, bm, be);
  const sign = be >>> 15;
  const left = (ae & SIGN) != 0;
  const aInfinite = (ae & EXPONENT) == EXPONENT;
  const bInfinite = (be & EXPONENT) == EXPONENT;
  if (bInfinite) {
    angle(aInfinite ? (left ? 3 : 1) : 2, sign);
    return;
  }
  if (aInfinite || bm == 0) {
    if (left) angle(4, sign);
    else setResult(0, be & SIGN);
    return;
  }
  if (am == 0) {
    angle(2, sign);
    return;
  }
  let ea = Argument.exponent(am, ae);
  let eb = Argument.exponent(bm, be);
  am <<= clz(am);
  bm <<= clz(bm);
  // The smaller of the two over the larger.
  const steep = eb > ea || (eb == ea && bm > am);
  const distance = steep ? ea - eb : eb - ea;
  widen(steep ? am : bm);
  let nh = wide.high;
  let nl = wide.low;
  widen(steep ? bm : am);
  const dh = wide.high;
  const dl = wide.low;
  if (distance < -110) {
    // The arc is its tangent, and next to pi or pi/2 it only decides the rounding.
    divideWide(nh, nl, dh, dl);
    if (!steep && !left) {
      pack(sign, distance);
      return;
    }
    angle(steep ? 2 : 4, sign);
    return;
  }
  const scale = powerOfTwo(distance);
  nh *= scale;
  nl *= scale;
  const k = Math.floor((nh / dh) * 64.0 + 0.5);
  let baseHigh: f64 = 0;
  let baseLow: f64 = 0;
  if (k != 0) {
    const c = k * 0.015625;
    multiplyWide(dh, dl, c, 0);
    addWide(nh, nl, -wide.high, -wide.low);
    const uh = wide.high;
    const ul = wide.low;
    multiplyWide(nh, nl, c, 0);
    addWide(dh, dl, wide.high, wide.low);
    divideWide(uh, ul, wide.high, wide.low);
    const row = ARC_TANGENTS + ((<usize>(<i32>k)) << 4);
    baseHigh = load<f64>(row);
    baseLow = load<f64>(row, 8);
  } else {
    divideWide(nh, nl, dh, dl);
  }
  const uh = wide.high;
  const ul = wide.low;
  // arctan(u) = u - u^3 / 3 + u^5 / 5 ...
  multiplyWide(uh, ul, uh, ul);
  const zh = wide.high;
  const zl = wide.low;
  const series = 1.0 / 5 - zh * (1.0 / 7 - zh * (1.0 / 9 - zh * (1.0 / 11 - zh * (1.0 / 13))));
  Sum.quick(-THIRD, zh * series - THIRD_REST);
  multiplyWide(wide.high, wide.low, zh, zl);
  multiplyWide(wide.high, wide.low, uh, ul);
  addWide(uh, ul, wide.high, wide.low);
  if (k != 0) addWide(baseHigh, baseLow, wide.high, wide.low);
  if (steep) {
    if (left) addWide(HALF_PI, HALF_PI_REST, wide.high, wide.low);
    else addWide(HALF_PI, HALF_PI_REST, -wide.high, -wide.low);
  } else if (left) {
    addWide(PI, PI_REST, -wide.high, -wide.low);
  }
  pack(sign, 0);
}

// The processor's pi has 66 bits: pi/2 = QUARTER x 2^-65, where QUARTER = 3:243F6A8885A308D3h.
const QUARTER_HIGH: u64 = 3;
const QUARTER_LOW: u64 = ((<u64>0x243f_6a88) << 32) | 0x85a3_08d3;
const QUARTER_AS_F64: f64 = 57952155664616980000.0;
const REDUCTION_STEP = 30; // bits of the quotient at a time

/** Reduces m x 2^e by multiples of pi/2 to [-pi/4, pi/4] in `argument`; returns the number of quarters modulo 4. */
function reduce(mantissa: u64, e: i32): u32 {
  if (e < -1) {
    widen(mantissa);
    const scale = powerOfTwo(e);
    argument.high = wide.high * scale;
    argument.low = wide.low * scale;
    return 0;
  }
  let high: u64 = 0;
  let low = mantissa;
  let left = e + 2;
  let quotient: u32 = 0;
  while (left > 0) {
    const step = min<i32>(left, REDUCTION_STEP);
    const s = <u64>step;
    left -= step;
    high = (high << s) | (low >> (64 - s));
    low <<= s;
    const estimate = (<f64>high * 18446744073709551616.0 + <f64>low) / QUARTER_AS_F64;
    let digit = <u64>estimate;
    // rest = high:low - digit * QUARTER
    let productHigh = multiplyHigh(digit, QUARTER_LOW) + digit * QUARTER_HIGH;
    let productLow = digit * QUARTER_LOW;
    if (productHigh > high || (productHigh == high && productLow > low)) {
      digit--;
      productHigh -= QUARTER_HIGH + (productLow < QUARTER_LOW ? 1 : 0);
      productLow -= QUARTER_LOW;
    }
    high -= productHigh + (low < productLow ? 1 : 0);
    low -= productLow;
    if (high > QUARTER_HIGH || (high == QUARTER_HIGH && low >= QUARTER_LOW)) {
      digit++;
      high -= QUARTER_HIGH + (low < QUARTER_LOW ? 1 : 0);
      low -= QUARTER_LOW;
    }
    quotient = (step < 30 ? quotient << step : 0) + <u32>digit;
  }
  let negative = false;
  // 2 x rest > QUARTER: go to the next multiple.
  const twiceHigh = (high << 1) | (low >> 63);
  if (twiceHigh > QUARTER_HIGH || (twiceHigh == QUARTER_HIGH && low << 1 > QUARTER_LOW)) {
    const borrow: u64 = QUARTER_LOW < low ? 1 : 0;
    high = QUARTER_HIGH - high - borrow;
    low = QUARTER_LOW - low;
    negative = true;
    quotient++;
  }
  // high is 0 or 1 now. Three exact pieces.
  const unit = 1.0 / 36893488147419103232.0; // 2^-65
  const top = (<f64>high * 18446744073709551616.0 + <f64>(low & ~(<u64>0xffff_ffff))) * unit;
  Sum.quick(top, <f64>(low & 0xffff_ffff) * unit);
  argument.high = negative ? -wide.high : wide.high;
  argument.low = negative ? -wide.low : wide.low;
  return quotient & 3;
}

/** Sine and cosine of `argument`. */
function computeSineAndCosine(): void {
  const xh = argument.high;
  const negative = xh < 0;
  const ah = negative ? -xh : xh;
  const al = negative ? -argument.low : argument.low;
  const k = Math.floor(ah * 32.0 + 0.5);
  addWide(ah, al, -k * 0.03125, 0);
  const th = wide.high;
  const tl = wide.low;
  multiplyWide(th, tl, th, tl);
  const zh = wide.high;
  const zl = wide.low;
  // sin t = t + t z (-1/6 + z (1/120 - ...)), cos t - 1 = z (-1/2 + z (1/24 - ...)), z = t^2
  const sineSeries = 1.0 / 120 - zh * (1.0 / 5040 - zh * (1.0 / 362880 - zh * (1.0 / 39916800)));
  Sum.quick(-SIXTH, zh * sineSeries - SIXTH_REST);
  multiplyWide(wide.high, wide.low, zh, zl);
  multiplyWide(wide.high, wide.low, th, tl);
  addWide(th, tl, wide.high, wide.low);
  const sh = wide.high;
  const sl = wide.low;
  const cosineSeries = 1.0 / 24 - zh * (1.0 / 720 - zh * (1.0 / 40320 - zh * (1.0 / 3628800)));
  Sum.quick(-0.5, zh * cosineSeries);
  multiplyWide(wide.high, wide.low, zh, zl);
  const ch = wide.high;
  const cl = wide.low;
  if (k == 0) {
    trigonometry.sineHigh = negative ? -sh : sh;
    trigonometry.sineLow = negative ? -sl : sl;
    addWide(1.0, 0, ch, cl);
    trigonometry.cosineHigh = wide.high;
    trigonometry.cosineLow = wide.low;
    return;
  }
  const row = SINES + ((<usize>(<i32>k)) << 5);
  const tableSineHigh = load<f64>(row);
  const tableSineLow = load<f64>(row, 8);
  const tableCosineHigh = load<f64>(row, 16);
  const tableCosineLow = load<f64>(row, 24);
  multiplyWide(tableSineHigh, tableSineLow, ch, cl);
  let ph = wide.high;
  let pl = wide.low;
  multiplyWide(tableCosineHigh, tableCosineLow, sh, sl);
  addWide(ph, pl, wide.high, wide.low);
  addWide(tableSineHigh, tableSineLow, wide.high, wide.low);
  trigonometry.sineHigh = negative ? -wide.high : wide.high;
  trigonometry.sineLow = negative ? -wide.low : wide.low;
  multiplyWide(tableCosineHigh, tableCosineLow, ch, cl);
  ph = wide.high;
  pl = wide.low;
  multiplyWide(tableSineHigh, tableSineLow, sh, sl);
  addWide(ph, pl, -wide.high, -wide.low);
  addWide(tableCosineHigh, tableCosineLow, wide.high, wide.low);
  trigonometry.cosineHigh = wide.high;
  trigonometry.cosineLow = wide.low;
}

const TRIGONOMETRIC_DONE: u32 = 0; // `result` is set
const TRIGONOMETRIC_FAR: u32 = 1; // 2^63 or more
const TRIGONOMETRIC_TINY: u32 = 2; // so small that the series has one term
const TRIGONOMETRIC_GO: u32 = 3; // `trigonometry` is set

const TINY = -33;

/** What the trigonometric functions have in common. */
function prepare(am: u64, ae: u32): u32 {
  if (isUnsupported(am, ae) || isNan(am, ae)) {
    propagateOne(am, ae);
    return TRIGONOMETRIC_DONE;
  }
  if ((ae & EXPONENT) == EXPONENT) {
    setInvalid();
    return TRIGONOMETRIC_DONE;
  }
  if (am == 0) return TRIGONOMETRIC_TINY;
  if (isDenormal(am, ae)) result.flags |= FPU_DE;
  const e = Argument.exponent(am, ae) - BIAS;
  if (e >= 63) return TRIGONOMETRIC_FAR;
  if (e < TINY) return TRIGONOMETRIC_TINY;
  trigonometry.quadrant = reduce(am << clz(am), e);
  computeSineAndCosine();
  return TRIGONOMETRIC_GO;
}

/** Sine and tangent of so small an argument are the argument, called inexact. */
function tiny(am: u64, ae: u32): void {
  if (am == 0) {
    setResult(0, ae);
    return;
  }
  roundTo(ae >>> 15, Argument.exponent(am, ae), am << clz(am), 0, 0);
  result.flags |= FPU_PE | ((result.exponent & EXPONENT) == 0 ? FPU_UE : 0);
}

function setWideToSine(): void {
  wide.high = trigonometry.sineHigh;
  wide.low = trigonometry.sineLow;
}
function setWideToCosine(): void {
  wide.high = trigonometry.cosineHigh;
  wide.low = trigonometry.cosineLow;
}

/** FSIN. False: the argument is out of range. */
export function sine(am: u64, ae: u32): bool {
  const state = prepare(am, ae);
  if (state == TRIGONOMETRIC_FAR) return false;
  if (state == TRIGONOMETRIC_TINY) tiny(am, ae);
  if (state == TRIGONOMETRIC_GO) {
    if (trigonometry.quadrant & 1) setWideToCosine();
    else setWideToSine();
    pack((ae >>> 15) ^ (trigonometry.quadrant >>> 1), 0);
  }
  return true;
}

/** FCOS. */
export function cosine(am: u64, ae: u32): bool {
  const state = prepare(am, ae);
  if (state == TRIGONOMETRIC_FAR) return false;
  if (state == TRIGONOMETRIC_TINY) {
    setResult(TOP_BIT, <u32>BIAS);
    if (am) result.flags |= FPU_PE;
  }
  if (state == TRIGONOMETRIC_GO) {
    const quadrant = trigonometry.quadrant;
    if (quadrant & 1) setWideToSine();
    else setWideToCosine();
    pack((quadrant >>> 1) ^ (quadrant & 1), 0);
  }
  return true;
}

/** FPTAN. */
export function tangent(am: u64, ae: u32): bool {
  const state = prepare(am, ae);
  if (state == TRIGONOMETRIC_FAR) return false;
  if (state == TRIGONOMETRIC_TINY) tiny(am, ae);
  if (state == TRIGONOMETRIC_GO) {
    const t = trigonometry;
    if (t.quadrant & 1) divideWide(-t.cosineHigh, -t.cosineLow, t.sineHigh, t.sineLow);
    else divideWide(t.sineHigh, t.sineLow, t.cosineHigh, t.cosineLow);
    pack(ae >>> 15, 0);
  }
  return true;
}

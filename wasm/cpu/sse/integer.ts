// Packed integers. Each operation works on two 16-byte slots, destination and source, and leaves its result in the first.
//
// MMX uses the same operations on copies: its 64 bits are the low half of a slot. Only those that pack or interleave see a
// difference; execute.ts arranges the operands for them.

/** Lanes as one value. */
class Lanes {
  @inline static get(slot: usize): v128 {
    return v128.load(slot);
  }
  @inline static set(slot: usize, value: v128): void {
    v128.store(slot, value);
  }
}

export function paddb(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.add(Lanes.get(dst), Lanes.get(src)));
}

export function paddw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.add(Lanes.get(dst), Lanes.get(src)));
}

export function paddd(dst: usize, src: usize): void {
  Lanes.set(dst, i32x4.add(Lanes.get(dst), Lanes.get(src)));
}

export function paddq(dst: usize, src: usize): void {
  Lanes.set(dst, i64x2.add(Lanes.get(dst), Lanes.get(src)));
}

export function psubb(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.sub(Lanes.get(dst), Lanes.get(src)));
}

export function psubw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.sub(Lanes.get(dst), Lanes.get(src)));
}

export function psubd(dst: usize, src: usize): void {
  Lanes.set(dst, i32x4.sub(Lanes.get(dst), Lanes.get(src)));
}

export function psubq(dst: usize, src: usize): void {
  Lanes.set(dst, i64x2.sub(Lanes.get(dst), Lanes.get(src)));
}

export function paddsb(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.add_sat_s(Lanes.get(dst), Lanes.get(src)));
}

export function paddsw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.add_sat_s(Lanes.get(dst), Lanes.get(src)));
}

export function paddusb(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.add_sat_u(Lanes.get(dst), Lanes.get(src)));
}

export function paddusw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.add_sat_u(Lanes.get(dst), Lanes.get(src)));
}

export function psubsb(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.sub_sat_s(Lanes.get(dst), Lanes.get(src)));
}

export function psubsw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.sub_sat_s(Lanes.get(dst), Lanes.get(src)));
}

export function psubusb(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.sub_sat_u(Lanes.get(dst), Lanes.get(src)));
}

export function psubusw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.sub_sat_u(Lanes.get(dst), Lanes.get(src)));
}

export function pminub(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.min_u(Lanes.get(dst), Lanes.get(src)));
}

export function pmaxub(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.max_u(Lanes.get(dst), Lanes.get(src)));
}

export function pminsw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.min_s(Lanes.get(dst), Lanes.get(src)));
}

export function pmaxsw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.max_s(Lanes.get(dst), Lanes.get(src)));
}

export function pavgb(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.avgr_u(Lanes.get(dst), Lanes.get(src)));
}

export function pavgw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.avgr_u(Lanes.get(dst), Lanes.get(src)));
}

export function pcmpeqb(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.eq(Lanes.get(dst), Lanes.get(src)));
}

export function pcmpeqw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.eq(Lanes.get(dst), Lanes.get(src)));
}

export function pcmpeqd(dst: usize, src: usize): void {
  Lanes.set(dst, i32x4.eq(Lanes.get(dst), Lanes.get(src)));
}

export function pcmpgtb(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.gt_s(Lanes.get(dst), Lanes.get(src)));
}

export function pcmpgtw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.gt_s(Lanes.get(dst), Lanes.get(src)));
}

export function pcmpgtd(dst: usize, src: usize): void {
  Lanes.set(dst, i32x4.gt_s(Lanes.get(dst), Lanes.get(src)));
}

export function pand(dst: usize, src: usize): void {
  Lanes.set(dst, v128.and(Lanes.get(dst), Lanes.get(src)));
}

export function pandn(dst: usize, src: usize): void {
  Lanes.set(dst, v128.andnot(Lanes.get(src), Lanes.get(dst)));
}

export function por(dst: usize, src: usize): void {
  Lanes.set(dst, v128.or(Lanes.get(dst), Lanes.get(src)));
}

export function pxor(dst: usize, src: usize): void {
  Lanes.set(dst, v128.xor(Lanes.get(dst), Lanes.get(src)));
}

export function pmullw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.mul(Lanes.get(dst), Lanes.get(src)));
}

export function pmaddwd(dst: usize, src: usize): void {
  Lanes.set(dst, i32x4.dot_i16x8_s(Lanes.get(dst), Lanes.get(src)));
}

export function packsswb(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.narrow_i16x8_s(Lanes.get(dst), Lanes.get(src)));
}

export function packuswb(dst: usize, src: usize): void {
  Lanes.set(dst, i8x16.narrow_i16x8_u(Lanes.get(dst), Lanes.get(src)));
}

export function packssdw(dst: usize, src: usize): void {
  Lanes.set(dst, i16x8.narrow_i32x4_s(Lanes.get(dst), Lanes.get(src)));
}

export function punpcklbw(dst: usize, src: usize): void {
  Lanes.set(
    dst,
    i8x16.shuffle(
      Lanes.get(dst),
      Lanes.get(src),
      0,
      16,
      1,
      17,
      2,
      18,
      3,
      19,
      4,
      20,
      5,
      21,
      6,
      22,
      7,
      23,
    ),
  );
}

export function punpckhbw(dst: usize, src: usize): void {
  Lanes.set(
    dst,
    i8x16.shuffle(
      Lanes.get(dst),
      Lanes.get(src),
      8,
      24,
      9,
      25,
      10,
      26,
      11,
      27,
      12,
      28,
      13,
      29,
      14,
      30,
      15,
      31,
    ),
  );
}

export function punpcklwd(dst: usize, src: usize): void {
  Lanes.set(
    dst,
    i8x16.shuffle(
      Lanes.get(dst),
      Lanes.get(src),
      0,
      1,
      16,
      17,
      2,
      3,
      18,
      19,
      4,
      5,
      20,
      21,
      6,
      7,
      22,
      23,
    ),
  );
}

export function punpckhwd(dst: usize, src: usize): void {
  Lanes.set(
    dst,
    i8x16.shuffle(
      Lanes.get(dst),
      Lanes.get(src),
      8,
      9,
      24,
      25,
      10,
      11,
      26,
      27,
      12,
      13,
      28,
      29,
      14,
      15,
      30,
      31,
    ),
  );
}

export function punpckldq(dst: usize, src: usize): void {
  Lanes.set(
    dst,
    i8x16.shuffle(
      Lanes.get(dst),
      Lanes.get(src),
      0,
      1,
      2,
      3,
      16,
      17,
      18,
      19,
      4,
      5,
      6,
      7,
      20,
      21,
      22,
      23,
    ),
  );
}

export function punpckhdq(dst: usize, src: usize): void {
  Lanes.set(
    dst,
    i8x16.shuffle(
      Lanes.get(dst),
      Lanes.get(src),
      8,
      9,
      10,
      11,
      24,
      25,
      26,
      27,
      12,
      13,
      14,
      15,
      28,
      29,
      30,
      31,
    ),
  );
}

export function punpcklqdq(dst: usize, src: usize): void {
  Lanes.set(
    dst,
    i8x16.shuffle(
      Lanes.get(dst),
      Lanes.get(src),
      0,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      16,
      17,
      18,
      19,
      20,
      21,
      22,
      23,
    ),
  );
}

export function punpckhqdq(dst: usize, src: usize): void {
  Lanes.set(
    dst,
    i8x16.shuffle(
      Lanes.get(dst),
      Lanes.get(src),
      8,
      9,
      10,
      11,
      12,
      13,
      14,
      15,
      24,
      25,
      26,
      27,
      28,
      29,
      30,
      31,
    ),
  );
}

/** High halves of the 32-bit products. */
function highHalves(low: v128, high: v128): v128 {
  return i8x16.shuffle(low, high, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31);
}

export function pmulhw(dst: usize, src: usize): void {
  const a = Lanes.get(dst);
  const b = Lanes.get(src);
  Lanes.set(dst, highHalves(i32x4.extmul_low_i16x8_s(a, b), i32x4.extmul_high_i16x8_s(a, b)));
}

export function pmulhuw(dst: usize, src: usize): void {
  const a = Lanes.get(dst);
  const b = Lanes.get(src);
  Lanes.set(dst, highHalves(i32x4.extmul_low_i16x8_u(a, b), i32x4.extmul_high_i16x8_u(a, b)));
}

export function pmuludq(dst: usize, src: usize): void {
  const low = i64x2.splat(0xffff_ffff);
  Lanes.set(dst, i64x2.mul(v128.and(Lanes.get(dst), low), v128.and(Lanes.get(src), low)));
}

export function psadbw(dst: usize, src: usize): void {
  const a = Lanes.get(dst);
  const b = Lanes.get(src);
  const difference = i8x16.sub(i8x16.max_u(a, b), i8x16.min_u(a, b));
  const fours = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(difference));
  const sums = i64x2.add(fours, i64x2.shr_u(fours, 32));
  Lanes.set(dst, v128.and(sums, i64x2.splat(0xffff_ffff)));
}

// Shifts: by the low 64 bits of the source, or by an immediate. A count beyond the lane gives 0, or its sign everywhere.

export function shiftLeftW(dst: usize, count: u64): void {
  Lanes.set(dst, count > 15 ? i64x2.splat(0) : i16x8.shl(Lanes.get(dst), <i32>count));
}
export function shiftLeftD(dst: usize, count: u64): void {
  Lanes.set(dst, count > 31 ? i64x2.splat(0) : i32x4.shl(Lanes.get(dst), <i32>count));
}
export function shiftLeftQ(dst: usize, count: u64): void {
  Lanes.set(dst, count > 63 ? i64x2.splat(0) : i64x2.shl(Lanes.get(dst), <i32>count));
}
export function shiftRightW(dst: usize, count: u64): void {
  Lanes.set(dst, count > 15 ? i64x2.splat(0) : i16x8.shr_u(Lanes.get(dst), <i32>count));
}
export function shiftRightD(dst: usize, count: u64): void {
  Lanes.set(dst, count > 31 ? i64x2.splat(0) : i32x4.shr_u(Lanes.get(dst), <i32>count));
}
export function shiftRightQ(dst: usize, count: u64): void {
  Lanes.set(dst, count > 63 ? i64x2.splat(0) : i64x2.shr_u(Lanes.get(dst), <i32>count));
}
export function shiftSignW(dst: usize, count: u64): void {
  Lanes.set(dst, i16x8.shr_s(Lanes.get(dst), count > 15 ? 15 : <i32>count));
}
export function shiftSignD(dst: usize, count: u64): void {
  Lanes.set(dst, i32x4.shr_s(Lanes.get(dst), count > 31 ? 31 : <i32>count));
}

/** PSLLDQ: the whole register, by bytes. */
export function shiftLeftBytes(dst: usize, count: u64): void {
  const low = load<u64>(dst);
  const high = load<u64>(dst, 8);
  const bits = <u64>((count & 7) << 3);
  if (count > 15) {
    Lanes.set(dst, i64x2.splat(0));
  } else if (count > 7) {
    store<u64>(dst, 0);
    store<u64>(dst, low << bits, 8);
  } else if (count) {
    store<u64>(dst, low << bits);
    store<u64>(dst, (high << bits) | (low >> (64 - bits)), 8);
  }
}

/** PSRLDQ. */
export function shiftRightBytes(dst: usize, count: u64): void {
  const low = load<u64>(dst);
  const high = load<u64>(dst, 8);
  const bits = <u64>((count & 7) << 3);
  if (count > 15) {
    Lanes.set(dst, i64x2.splat(0));
  } else if (count > 7) {
    store<u64>(dst, high >> bits);
    store<u64>(dst, 0, 8);
  } else if (count) {
    store<u64>(dst, (low >> bits) | (high << (64 - bits)));
    store<u64>(dst, high >> bits, 8);
  }
}

// Shuffles: two bits of the order choose each element of the result.

export function shuffleWords(value: u64, order: u32): u64 {
  return (
    ((value >> ((order & 3) << 4)) & 0xffff) |
    (((value >> (((order >>> 2) & 3) << 4)) & 0xffff) << 16) |
    (((value >> (((order >>> 4) & 3) << 4)) & 0xffff) << 32) |
    (((value >> (((order >>> 6) & 3) << 4)) & 0xffff) << 48)
  );
}

export function pshuflw(dst: usize, src: usize, order: u32): void {
  const low = shuffleWords(load<u64>(src), order);
  const high = load<u64>(src, 8);
  store<u64>(dst, low);
  store<u64>(dst, high, 8);
}

export function pshufhw(dst: usize, src: usize, order: u32): void {
  const low = load<u64>(src);
  const high = shuffleWords(load<u64>(src, 8), order);
  store<u64>(dst, low);
  store<u64>(dst, high, 8);
}

/** PSHUFD and SHUFPS: the low two elements come from `low`, the high two from `high`. */
export function shuffleDwords(dst: usize, low: usize, high: usize, order: u32): void {
  const a = load<u32>(low + ((<usize>(order & 3)) << 2));
  const b = load<u32>(low + ((<usize>((order >>> 2) & 3)) << 2));
  const c = load<u32>(high + ((<usize>((order >>> 4) & 3)) << 2));
  const d = load<u32>(high + ((<usize>((order >>> 6) & 3)) << 2));
  store<u32>(dst, a);
  store<u32>(dst, b, 4);
  store<u32>(dst, c, 8);
  store<u32>(dst, d, 12);
}

export function shufpd(dst: usize, src: usize, order: u32): void {
  const low = load<u64>(dst + ((<usize>(order & 1)) << 3));
  const high = load<u64>(src + ((<usize>((order >>> 1) & 1)) << 3));
  store<u64>(dst, low);
  store<u64>(dst, high, 8);
}

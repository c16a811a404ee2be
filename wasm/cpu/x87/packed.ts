// Packed decimal: 18 digits, two in a byte, and a sign byte (FBLD, FBSTP).

import { EXPONENT, fromInteger, result, setResult, SIGN, toMagnitude } from "./float80";
import { FPU_IE } from "./state";

const TOO_LARGE: u64 = 1_000_000_000_000_000_000;

/** The number of 10 bytes of packed decimal into `result`. Digits above 9 count as what they are worth. */
export function fromPacked(low: u64, high: u32): void {
  let value: u64 = ((high >>> 4) & 15) * 10 + (high & 15);
  for (let shift = 60; shift >= 0; shift -= 4) {
    value = value * 10 + ((low >> (<u64>shift)) & 15);
  }
  fromInteger(<i64>value);
  if (high & SIGN) result.exponent |= SIGN;
}

/** The packed decimal of a number: eight bytes in result.mantissa, two in result.exponent. */
export function toPacked(mantissa: u64, exponent: u32): void {
  let value = toMagnitude(mantissa, exponent, false);
  if ((exponent & EXPONENT) == EXPONENT || value >= TOO_LARGE || result.flags & FPU_IE) {
    result.flags = FPU_IE;
    result.roundedUp = 0;
    setResult((<u64>0xc000_0000) << 32, 0xffff); // packed decimal indefinite
    return;
  }
  let low: u64 = 0;
  for (let shift = 0; shift < 64; shift += 4) {
    low |= (value % 10) << u64(shift);
    value /= 10;
  }
  setResult(low, (exponent & SIGN) | (<u32>(value % 10)) | ((<u32>(value / 10)) << 4));
}

// SHL SHR SAR of a 32-bit register by a constant: the shifts of compiled code. All others are in handlers/shift.ts.

import { FLAGS_EXPLICIT } from "../flags";
import { Instruction } from "../instruction";
import { V } from "../value";

export const SHL = 4;
export const SHR = 5;
export const SAR = 7;

export class Shift {
  /** Operands as the hardware leaves OF for counts above 1: the formula of the last single shift. */
  @inline static ri<T>(i: Instruction, kind: i32): void {
    const count = (<u32>i.immediate) & 31;
    if (count == 0) return;
    const value = V.keep<T>(V.register<T>(i.rm, 4));
    const n = V.literal<T>(count);
    const before = V.literal<T>(count - 1);
    const one = V.literal<T>(1);
    let result: T;
    let carry: T;
    let overflow: T;
    if (kind == SHL) {
      result = V.keep<T>(V.shl<T>(value, n));
      carry = V.keep<T>(V.shr<T>(V.shl<T>(value, before), V.literal<T>(31)));
      overflow = V.xor<T>(result, V.shl<T>(carry, V.literal<T>(31)));
    } else if (kind == SHR) {
      result = V.keep<T>(V.shr<T>(value, n));
      carry = V.and<T>(V.shr<T>(value, before), one);
      overflow = V.xor<T>(V.shl<T>(result, one), result);
    } else {
      result = V.keep<T>(V.sar<T>(value, n));
      carry = V.and<T>(V.sar<T>(value, before), one);
      overflow = V.literal<T>(0);
    }
    V.flags<T>(FLAGS_EXPLICIT, 4, carry, overflow, result);
    V.setRegister<T>(i.rm, 4, result);
  }
}

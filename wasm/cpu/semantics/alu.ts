// ADD OR ADC SBB AND SUB XOR CMP TEST, INC DEC NEG NOT, in all operand forms (SDM vol. 2).
//
// Forms: rr register, register - rm register, memory - mr memory, register - ri register, immediate - mi memory, immediate;
// r, m: one operand. `size` in bytes is a constant at each use.

import { FLAGS_ADD, FLAGS_EXPLICIT, FLAGS_LOGIC, FLAGS_SUB } from "../flags";
import { Instruction } from "../instruction";
import { V } from "../value";

export const ADD = 0;
export const OR = 1;
export const ADC = 2;
export const SBB = 3;
export const AND = 4;
export const SUB = 5;
export const XOR = 6;
export const CMP = 7;
export const TEST = 8;

export class Alu {
  /** The operation on two zero-extended values; returns the result in the low `size` bytes, bits above undefined-free. */
  @inline static compute<T>(kind: i32, size: i32, left: T, right: T): T {
    const up = <u32>(32 - size * 8);
    const a = size == 4 ? left : V.keep<T>(V.shl<T>(left, V.literal<T>(up)));
    const b = size == 4 ? right : V.keep<T>(V.shl<T>(right, V.literal<T>(up)));
    let result: T;
    if (kind == ADD) {
      result = V.keep<T>(V.add<T>(a, b));
      V.flags<T>(FLAGS_ADD, size, a, b, result);
    } else if (kind == SUB || kind == CMP) {
      result = V.keep<T>(V.sub<T>(a, b));
      V.flags<T>(FLAGS_SUB, size, a, b, result);
    } else if (kind == ADC || kind == SBB) {
      const carry = V.keep<T>(V.carry<T>());
      const step = size == 4 ? carry : V.shl<T>(carry, V.literal<T>(up));
      result = V.keep<T>(
        kind == ADC ? V.add<T>(V.add<T>(a, b), step) : V.sub<T>(V.sub<T>(a, b), step),
      );
      // Carry into each bit, from the operands and the result; carry out of the top bit.
      const through = V.keep<T>(V.xor<T>(V.xor<T>(a, b), result));
      const half = V.and<T>(V.shr<T>(through, V.literal<T>(up)), V.literal<T>(0x10));
      const out =
        kind == ADC
          ? V.or<T>(V.and<T>(a, b), V.and<T>(V.or<T>(a, b), V.not<T>(result)))
          : V.or<T>(V.and<T>(V.not<T>(a), b), V.and<T>(V.or<T>(V.not<T>(a), b), result));
      const overflow =
        kind == ADC
          ? V.and<T>(V.xor<T>(a, result), V.xor<T>(b, result))
          : V.and<T>(V.xor<T>(a, b), V.xor<T>(a, result));
      V.flags<T>(
        FLAGS_EXPLICIT,
        size,
        V.or<T>(V.shr<T>(out, V.literal<T>(31)), half),
        overflow,
        result,
      );
    } else {
      result = V.keep<T>(
        kind == OR ? V.or<T>(a, b) : kind == XOR ? V.xor<T>(a, b) : V.and<T>(a, b),
      );
      V.flags<T>(FLAGS_LOGIC, size, V.literal<T>(0), V.literal<T>(0), result);
    }
    return size == 4 ? result : V.shr<T>(result, V.literal<T>(up));
  }

  @inline static rr<T>(i: Instruction, kind: i32, size: i32): void {
    const result = Alu.compute<T>(
      kind,
      size,
      V.register<T>(i.rm, size),
      V.register<T>(i.reg, size),
    );
    if (kind < CMP) V.setRegister<T>(i.rm, size, result);
  }

  @inline static rm<T>(i: Instruction, kind: i32, size: i32): void {
    const right = V.load<T>(V.address<T>(i, size, false), size);
    const result = Alu.compute<T>(kind, size, V.register<T>(i.reg, size), right);
    if (kind < CMP) V.setRegister<T>(i.reg, size, result);
  }

  @inline static mr<T>(i: Instruction, kind: i32, size: i32): void {
    const address = V.keep<T>(V.address<T>(i, size, kind < CMP));
    const left = kind < CMP ? V.loadToModify<T>(address, size) : V.load<T>(address, size);
    const result = Alu.compute<T>(kind, size, left, V.register<T>(i.reg, size));
    if (kind < CMP) V.store<T>(address, result, size);
  }

  @inline static ri<T>(i: Instruction, kind: i32, size: i32): void {
    const result = Alu.compute<T>(
      kind,
      size,
      V.register<T>(i.rm, size),
      V.literal<T>(<u32>i.immediate),
    );
    if (kind < CMP) V.setRegister<T>(i.rm, size, result);
  }

  @inline static mi<T>(i: Instruction, kind: i32, size: i32): void {
    const address = V.keep<T>(V.address<T>(i, size, kind < CMP));
    const left = kind < CMP ? V.loadToModify<T>(address, size) : V.load<T>(address, size);
    const result = Alu.compute<T>(kind, size, left, V.literal<T>(<u32>i.immediate));
    if (kind < CMP) V.store<T>(address, result, size);
  }

  /** INC and DEC leave CF alone. */
  @inline static step<T>(value: T, down: bool, size: i32): T {
    const carry = V.keep<T>(V.carry<T>());
    const up = <u32>(32 - size * 8);
    const a = V.keep<T>(V.shl<T>(value, V.literal<T>(up)));
    const one = V.literal<T>((<u32>1) << up);
    const result = V.keep<T>(down ? V.sub<T>(a, one) : V.add<T>(a, one));
    const changed = V.keep<T>(V.xor<T>(a, result));
    const half = V.and<T>(V.shr<T>(V.xor<T>(changed, one), V.literal<T>(up)), V.literal<T>(0x10));
    // Up: 7F..F becomes 80..0; down: the other way round.
    const overflow = V.and<T>(changed, down ? a : result);
    V.flags<T>(FLAGS_EXPLICIT, size, V.or<T>(carry, half), overflow, result);
    return V.shr<T>(result, V.literal<T>(up));
  }

  @inline static stepR<T>(i: Instruction, down: bool, size: i32): void {
    V.setRegister<T>(i.rm, size, Alu.step<T>(V.register<T>(i.rm, size), down, size));
  }

  @inline static stepM<T>(i: Instruction, down: bool, size: i32): void {
    const address = V.keep<T>(V.address<T>(i, size, true));
    V.store<T>(address, Alu.step<T>(V.loadToModify<T>(address, size), down, size), size);
  }

  @inline static negR<T>(i: Instruction, size: i32): void {
    V.setRegister<T>(
      i.rm,
      size,
      Alu.compute<T>(SUB, size, V.literal<T>(0), V.register<T>(i.rm, size)),
    );
  }

  @inline static negM<T>(i: Instruction, size: i32): void {
    const address = V.keep<T>(V.address<T>(i, size, true));
    const value = V.loadToModify<T>(address, size);
    V.store<T>(address, Alu.compute<T>(SUB, size, V.literal<T>(0), value), size);
  }

  @inline static notR<T>(i: Instruction, size: i32): void {
    V.setRegister<T>(i.rm, size, V.not<T>(V.register<T>(i.rm, size)));
  }

  @inline static notM<T>(i: Instruction, size: i32): void {
    const address = V.keep<T>(V.address<T>(i, size, true));
    V.store<T>(address, V.not<T>(V.loadToModify<T>(address, size)), size);
  }
}

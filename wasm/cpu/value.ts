// The primitives that instruction semantics are written in, over a value type T.
//
// With T = u32 they execute: this is the interpreter. A translator gives them a second meaning by another T (a node of an
// expression that is emitted), chosen at compile time by isInteger<T>(): the semantics themselves are written once.
//
// Rules, for both meanings: within one instruction all loads and stores come before the first register write, so that a
// fault leaves the instruction undone (here it is noted, and the registers are put back: fault.ts); a value read from a register is used before that register is written (`keep`).

import { Op } from "../jit/code";
import { Expression, Expressions } from "../jit/expression";
import { Translator } from "../jit/translator";
import { NotingMemory } from "../memory/memory";
import { Condition, condition, Flags, FLAGS_SHIFT } from "./flags";
import { Instruction, INSTRUCTION_ADDRESS32 } from "./instruction";
import { popSegmented, pushSegmented, segmentedAddress } from "./operands";
import { cpu, ESP, MODE_FLAT, MODE_STACK32, Registers, REGISTERS, SEGMENT_FLAT } from "./state";

const FLAT_STACK: u32 = MODE_FLAT | MODE_STACK32;

export class V {
  @inline static literal<T>(value: u32): T {
    if (isInteger<T>()) return changetype<T>(value);
    else return changetype<T>(Expressions.literal(value));
  }

  @inline static add<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) + changetype<u32>(b));
    else
      return changetype<T>(
        Expressions.binary(Op.Add, changetype<Expression>(a), changetype<Expression>(b)),
      );
  }

  @inline static sub<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) - changetype<u32>(b));
    else
      return changetype<T>(
        Expressions.binary(Op.Sub, changetype<Expression>(a), changetype<Expression>(b)),
      );
  }

  @inline static mul<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) * changetype<u32>(b));
    else
      return changetype<T>(
        Expressions.binary(Op.Mul, changetype<Expression>(a), changetype<Expression>(b)),
      );
  }

  @inline static and<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) & changetype<u32>(b));
    else
      return changetype<T>(
        Expressions.binary(Op.And, changetype<Expression>(a), changetype<Expression>(b)),
      );
  }

  @inline static or<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) | changetype<u32>(b));
    else
      return changetype<T>(
        Expressions.binary(Op.Or, changetype<Expression>(a), changetype<Expression>(b)),
      );
  }

  @inline static xor<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) ^ changetype<u32>(b));
    else
      return changetype<T>(
        Expressions.binary(Op.Xor, changetype<Expression>(a), changetype<Expression>(b)),
      );
  }

  @inline static not<T>(a: T): T {
    return V.xor<T>(a, V.literal<T>(0xffff_ffff));
  }

  @inline static shl<T>(a: T, n: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) << changetype<u32>(n));
    else
      return changetype<T>(
        Expressions.binary(Op.Shl, changetype<Expression>(a), changetype<Expression>(n)),
      );
  }

  @inline static shr<T>(a: T, n: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) >>> changetype<u32>(n));
    else
      return changetype<T>(
        Expressions.binary(Op.ShrU, changetype<Expression>(a), changetype<Expression>(n)),
      );
  }

  @inline static sar<T>(a: T, n: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<i32>(a) >> changetype<i32>(n));
    else
      return changetype<T>(
        Expressions.binary(Op.ShrS, changetype<Expression>(a), changetype<Expression>(n)),
      );
  }

  @inline static equal<T>(a: T, b: T): T {
    if (isInteger<T>())
      return changetype<T>(<u32>(changetype<u32>(a) == changetype<u32>(b) ? 1 : 0));
    else
      return changetype<T>(
        Expressions.binary(Op.Eq, changetype<Expression>(a), changetype<Expression>(b)),
      );
  }

  /** Sign-extends the low `size` (1 or 2) bytes. */
  @inline static extend<T>(a: T, size: i32): T {
    if (isInteger<T>()) {
      const value = changetype<u32>(a);
      return changetype<T>(<u32>(size == 1 ? <i32>(<i8>value) : <i32>(<i16>value)));
    } else
      return changetype<T>(
        Expressions.unary(size == 1 ? Op.Extend8 : Op.Extend16, changetype<Expression>(a)),
      );
  }

  /** One of two values; both are computed. */
  @inline static select<T>(which: T, yes: T, no: T): T {
    if (isInteger<T>()) return changetype<u32>(which) ? yes : no;
    else
      return changetype<T>(
        Expressions.select(
          changetype<Expression>(which),
          changetype<Expression>(yes),
          changetype<Expression>(no),
        ),
      );
  }

  /** Computes a value now and once. */
  @inline static keep<T>(a: T): T {
    if (isInteger<T>()) return a;
    else return changetype<T>(Expressions.keep(changetype<Expression>(a)));
  }

  /** Register `index` (1 byte: AL..BH numbering), zero-extended. */
  @inline static register<T>(index: u32, size: i32): T {
    if (isInteger<T>()) {
      return changetype<T>(
        size == 4
          ? Registers.get32(index)
          : size == 2
            ? Registers.get16(index)
            : Registers.get8(index),
      );
    } else return changetype<T>(Translator.register(index, size));
  }

  @inline static setRegister<T>(index: u32, size: i32, value: T): void {
    if (isInteger<T>()) {
      if (size == 4) Registers.set32(index, changetype<u32>(value));
      else if (size == 2) Registers.set16(index, changetype<u32>(value));
      else Registers.set8(index, changetype<u32>(value));
    } else Translator.setRegister(index, size, changetype<Expression>(value));
  }

  /** Offset of the memory operand in its segment (LEA); 16-bit addresses wrap. */
  @inline static offset<T>(i: Instruction): T {
    if (isInteger<T>()) {
      const offset =
        load<u32>(REGISTERS + ((<usize>i.base) << 3)) +
        (load<u32>(REGISTERS + ((<usize>i.index) << 3)) << (<u32>i.scale)) +
        <u32>i.displacement;
      return changetype<T>(i.flags & INSTRUCTION_ADDRESS32 ? offset : offset & 0xffff);
    } else return changetype<T>(Translator.offset(i));
  }

  /** Linear address of the memory operand, checked for `size` bytes. */
  @inline static address<T>(i: Instruction, size: i32, write: bool): T {
    if (isInteger<T>()) {
      const offset =
        load<u32>(REGISTERS + ((<usize>i.base) << 3)) +
        (load<u32>(REGISTERS + ((<usize>i.index) << 3)) << (<u32>i.scale)) +
        <u32>i.displacement;
      if (i.segment == SEGMENT_FLAT) return changetype<T>(offset);
      return changetype<T>(segmentedAddress(i, offset, size, write));
    } else return changetype<T>(Translator.address(i, size, write));
  }

  @inline static load<T>(address: T, size: i32): T {
    if (isInteger<T>()) {
      const at = changetype<u32>(address);
      return changetype<T>(
        size == 4
          ? NotingMemory.read32(at)
          : size == 2
            ? NotingMemory.read16(at)
            : NotingMemory.read8(at),
      );
    } else return changetype<T>(Translator.load(changetype<Expression>(address), size));
  }

  @inline static store<T>(address: T, value: T, size: i32): void {
    if (isInteger<T>()) {
      const at = changetype<u32>(address);
      if (size == 4) NotingMemory.write32(at, changetype<u32>(value));
      else if (size == 2) NotingMemory.write16(at, changetype<u32>(value));
      else NotingMemory.write8(at, changetype<u32>(value));
    } else Translator.store(changetype<Expression>(address), changetype<Expression>(value), size);
  }

  /** A read-modify-write's read: the write's fault comes first. */
  @inline static loadToModify<T>(address: T, size: i32): T {
    if (isInteger<T>()) {
      NotingMemory.probeWrite(changetype<u32>(address), <u32>size);
      return V.load<T>(address, size);
    } else return changetype<T>(Translator.loadToModify(changetype<Expression>(address), size));
  }

  /** Pushes 2 or 4 bytes; the only register it writes is ESP. */
  @inline static push<T>(value: T, size: i32): void {
    if (isInteger<T>()) {
      if ((cpu.mode & FLAT_STACK) == FLAT_STACK) {
        const top = Registers.get32(ESP) - <u32>size;
        if (size == 4) NotingMemory.write32(top, changetype<u32>(value));
        else NotingMemory.write16(top, changetype<u32>(value));
        Registers.set32(ESP, top);
      } else {
        pushSegmented(changetype<u32>(value), size);
      }
    } else Translator.push(changetype<Expression>(value), size);
  }

  /** Pops 2 or 4 bytes. */
  @inline static pop<T>(size: i32): T {
    if (isInteger<T>()) {
      if ((cpu.mode & FLAT_STACK) == FLAT_STACK) {
        const top = Registers.get32(ESP);
        const value = size == 4 ? NotingMemory.read32(top) : NotingMemory.read16(top);
        Registers.set32(ESP, top + <u32>size);
        return changetype<T>(value);
      }
      return changetype<T>(popSegmented(size));
    } else return changetype<T>(Translator.pop(size));
  }

  /** Notes what the arithmetic flags come from (flags.ts); operands and result shifted to the top. */
  @inline static flags<T>(kind: u32, size: i32, a: T, b: T, result: T): void {
    if (isInteger<T>()) {
      cpu.flagsKind = kind | ((<u32>(32 - size * 8)) << FLAGS_SHIFT);
      cpu.flagsA = changetype<u32>(a);
      cpu.flagsB = changetype<u32>(b);
      cpu.flagsResult = changetype<u32>(result);
    } else {
      Translator.setFlags(
        kind | ((<u32>(32 - size * 8)) << FLAGS_SHIFT),
        changetype<Expression>(a),
        changetype<Expression>(b),
        changetype<Expression>(result),
      );
    }
  }

  @inline static carry<T>(): T {
    if (isInteger<T>()) return changetype<T>(Flags.cf());
    else return changetype<T>(Translator.carry());
  }

  /** 0 or 1. */
  @inline static condition<T>(code: u32): T {
    if (isInteger<T>()) return changetype<T>(condition(code));
    else return changetype<T>(Translator.condition(code));
  }

  /** The same for a code that is a constant where this is used. */
  @inline static test<T>(code: u32): T {
    if (isInteger<T>()) return changetype<T>(Condition.test(code));
    else return changetype<T>(Translator.condition(code));
  }

  /** The next instruction's address, for those that end a block. */
  @inline static jump<T>(target: T): void {
    if (isInteger<T>()) cpu.eip = changetype<u32>(target);
    else Translator.jump(changetype<Expression>(target));
  }
}

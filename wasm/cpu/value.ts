// The primitives that instruction semantics are written in, over a value type T.
//
// With T = u32 they execute: this is the interpreter. A translator gives them a second meaning by another T (a node of an
// expression that is emitted), chosen at compile time by isInteger<T>(): the semantics themselves are written once.
//
// Rules, for both meanings: within one instruction all loads and stores come before the first register write, so that a
// fault leaves the instruction undone (here it is noted, and the registers are put back: fault.ts); a value read from a register is used before that register is written (`keep`).

import { NotingMemory } from "../memory/memory";
import { Condition, condition, Flags, FLAGS_SHIFT } from "./flags";
import { Instruction, INSTRUCTION_ADDRESS32 } from "./instruction";
import { popSegmented, pushSegmented, segmentedAddress } from "./operands";
import { cpu, ESP, MODE_FLAT, MODE_STACK32, Registers, REGISTERS, SEGMENT_FLAT } from "./state";

const FLAT_STACK: u32 = MODE_FLAT | MODE_STACK32;

export class V {
  /** Reached only when a T without a meaning is compiled. */
  @inline static missing<T>(): T {
    ERROR("no translation for this value type");
  }

  @inline static literal<T>(value: u32): T {
    if (isInteger<T>()) return changetype<T>(value);
    else return V.missing<T>();
  }

  @inline static add<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) + changetype<u32>(b));
    else return V.missing<T>();
  }

  @inline static sub<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) - changetype<u32>(b));
    else return V.missing<T>();
  }

  @inline static mul<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) * changetype<u32>(b));
    else return V.missing<T>();
  }

  @inline static and<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) & changetype<u32>(b));
    else return V.missing<T>();
  }

  @inline static or<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) | changetype<u32>(b));
    else return V.missing<T>();
  }

  @inline static xor<T>(a: T, b: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) ^ changetype<u32>(b));
    else return V.missing<T>();
  }

  @inline static not<T>(a: T): T {
    return V.xor<T>(a, V.literal<T>(0xffff_ffff));
  }

  @inline static shl<T>(a: T, n: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) << changetype<u32>(n));
    else return V.missing<T>();
  }

  @inline static shr<T>(a: T, n: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<u32>(a) >>> changetype<u32>(n));
    else return V.missing<T>();
  }

  @inline static sar<T>(a: T, n: T): T {
    if (isInteger<T>()) return changetype<T>(changetype<i32>(a) >> changetype<i32>(n));
    else return V.missing<T>();
  }

  @inline static equal<T>(a: T, b: T): T {
    if (isInteger<T>())
      return changetype<T>(<u32>(changetype<u32>(a) == changetype<u32>(b) ? 1 : 0));
    else return V.missing<T>();
  }

  /** Sign-extends the low `size` (1 or 2) bytes. */
  @inline static extend<T>(a: T, size: i32): T {
    if (isInteger<T>()) {
      const value = changetype<u32>(a);
      return changetype<T>(<u32>(size == 1 ? <i32>(<i8>value) : <i32>(<i16>value)));
    } else return V.missing<T>();
  }

  /** One of two values; both are computed. */
  @inline static select<T>(which: T, yes: T, no: T): T {
    if (isInteger<T>()) return changetype<u32>(which) ? yes : no;
    else return V.missing<T>();
  }

  /** Computes a value now and once. */
  @inline static keep<T>(a: T): T {
    if (isInteger<T>()) return a;
    else return V.missing<T>();
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
    } else return V.missing<T>();
  }

  @inline static setRegister<T>(index: u32, size: i32, value: T): void {
    if (isInteger<T>()) {
      if (size == 4) Registers.set32(index, changetype<u32>(value));
      else if (size == 2) Registers.set16(index, changetype<u32>(value));
      else Registers.set8(index, changetype<u32>(value));
    } else V.missing<T>();
  }

  /** Offset of the memory operand in its segment (LEA); 16-bit addresses wrap. */
  @inline static offset<T>(i: Instruction): T {
    if (isInteger<T>()) {
      const offset =
        load<u32>(REGISTERS + ((<usize>i.base) << 3)) +
        (load<u32>(REGISTERS + ((<usize>i.index) << 3)) << (<u32>i.scale)) +
        <u32>i.displacement;
      return changetype<T>(i.flags & INSTRUCTION_ADDRESS32 ? offset : offset & 0xffff);
    } else return V.missing<T>();
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
    } else return V.missing<T>();
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
    } else return V.missing<T>();
  }

  @inline static store<T>(address: T, value: T, size: i32): void {
    if (isInteger<T>()) {
      const at = changetype<u32>(address);
      if (size == 4) NotingMemory.write32(at, changetype<u32>(value));
      else if (size == 2) NotingMemory.write16(at, changetype<u32>(value));
      else NotingMemory.write8(at, changetype<u32>(value));
    } else V.missing<T>();
  }

  /** A read-modify-write's read: the write's fault comes first. */
  @inline static loadToModify<T>(address: T, size: i32): T {
    if (isInteger<T>()) {
      NotingMemory.probeWrite(changetype<u32>(address), <u32>size);
      return V.load<T>(address, size);
    } else return V.missing<T>();
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
    } else V.missing<T>();
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
    } else return V.missing<T>();
  }

  /** Notes what the arithmetic flags come from (flags.ts); operands and result shifted to the top. */
  @inline static flags<T>(kind: u32, size: i32, a: T, b: T, result: T): void {
    if (isInteger<T>()) {
      cpu.flagsKind = kind | ((<u32>(32 - size * 8)) << FLAGS_SHIFT);
      cpu.flagsA = changetype<u32>(a);
      cpu.flagsB = changetype<u32>(b);
      cpu.flagsResult = changetype<u32>(result);
    } else V.missing<T>();
  }

  @inline static carry<T>(): T {
    if (isInteger<T>()) return changetype<T>(Flags.cf());
    else return V.missing<T>();
  }

  /** 0 or 1. */
  @inline static condition<T>(code: u32): T {
    if (isInteger<T>()) return changetype<T>(condition(code));
    else return V.missing<T>();
  }

  /** The same for a code that is a constant where this is used. */
  @inline static test<T>(code: u32): T {
    if (isInteger<T>()) return changetype<T>(Condition.test(code));
    else return V.missing<T>();
  }

  /** The next instruction's address, for those that end a block. */
  @inline static jump<T>(target: T): void {
    if (isInteger<T>()) cpu.eip = changetype<u32>(target);
    else V.missing<T>();
  }
}

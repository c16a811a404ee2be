// MUL IMUL DIV IDIV (SDM vol. 2). SF, ZF, AF and PF are undefined after a multiplication: they follow the low half of the
// result; DIV and IDIV leave all flags.

import { Fault, Vector } from "../fault";
import { Flags } from "../flags";
import { Instruction } from "../instruction";
import { isOperand32, readE16, readE32, readE8, readEv } from "../operands";
import { EAX, EDX, Registers } from "../state";

function overflowFlags(over: bool, result: u32, size: u32): void {
  const bit: u32 = over ? 1 : 0;
  Flags.explicit(bit, bit, 0, result, size);
}

export function mul8(i: Instruction): void {
  const product = Registers.get8(EAX) * readE8(i);
  Registers.set16(EAX, product);
  overflowFlags(product > 0xff, product & 0xff, 1);
}

export function imul8(i: Instruction): void {
  const product = <i32>(<i8>Registers.get8(EAX)) * <i32>(<i8>readE8(i));
  Registers.set16(EAX, <u32>product);
  overflowFlags(product != <i32>(<i8>product), (<u32>product) & 0xff, 1);
}

export function mulV(i: Instruction): void {
  if (isOperand32(i)) {
    const product = <u64>Registers.get32(EAX) * <u64>readE32(i);
    Registers.set32(EAX, <u32>product);
    Registers.set32(EDX, <u32>(product >> 32));
    overflowFlags(product >> 32 != 0, <u32>product, 4);
  } else {
    const product = Registers.get16(EAX) * readE16(i);
    Registers.set16(EAX, product);
    Registers.set16(EDX, product >>> 16);
    overflowFlags(product >>> 16 != 0, product & 0xffff, 2);
  }
}

export function imulV(i: Instruction): void {
  if (isOperand32(i)) {
    const product = <i64>(<i32>Registers.get32(EAX)) * <i64>(<i32>readE32(i));
    Registers.set32(EAX, <u32>product);
    Registers.set32(EDX, <u32>(product >> 32));
    overflowFlags(product != <i64>(<i32>product), <u32>product, 4);
  } else {
    const product = <i32>(<i16>Registers.get16(EAX)) * <i32>(<i16>readE16(i));
    Registers.set16(EAX, <u32>product);
    Registers.set16(EDX, (<u32>product) >>> 16);
    overflowFlags(product != <i32>(<i16>product), (<u32>product) & 0xffff, 2);
  }
}

function imulTo(i: Instruction, left: u32, right: u32): void {
  if (isOperand32(i)) {
    const product = <i64>(<i32>left) * <i64>(<i32>right);
    Registers.set32(i.reg, <u32>product);
    overflowFlags(product != <i64>(<i32>product), <u32>product, 4);
  } else {
    const product = <i32>(<i16>left) * <i32>(<i16>right);
    Registers.set16(i.reg, <u32>product);
    overflowFlags(product != <i32>(<i16>product), (<u32>product) & 0xffff, 2);
  }
}

export function imulGvEv(i: Instruction): void {
  imulTo(i, Registers.get32(i.reg), readEv(i));
}

export function imulGvEvI(i: Instruction): void {
  imulTo(i, readEv(i), <u32>i.immediate);
}

function divideError(): void {
  Fault.raise(Vector.DivideError);
}

export function div8(i: Instruction): void {
  const divisor = readE8(i);
  const dividend = Registers.get16(EAX);
  if (divisor == 0 || dividend / divisor > 0xff) divideError();
  Registers.set16(EAX, (dividend / divisor) | ((dividend % divisor) << 8));
}

export function idiv8(i: Instruction): void {
  const divisor = <i32>(<i8>readE8(i));
  const dividend = <i32>(<i16>Registers.get16(EAX));
  if (divisor == 0) divideError();
  const quotient = dividend / divisor;
  if (quotient != <i32>(<i8>quotient)) divideError();
  Registers.set16(EAX, ((<u32>quotient) & 0xff) | (((<u32>(dividend % divisor)) & 0xff) << 8));
}

export function divV(i: Instruction): void {
  if (isOperand32(i)) {
    const divisor = <u64>readE32(i);
    const dividend = ((<u64>Registers.get32(EDX)) << 32) | (<u64>Registers.get32(EAX));
    if (divisor == 0 || dividend / divisor > 0xffff_ffff) divideError();
    Registers.set32(EAX, <u32>(dividend / divisor));
    Registers.set32(EDX, <u32>(dividend % divisor));
  } else {
    const divisor = readE16(i);
    const dividend = (Registers.get16(EDX) << 16) | Registers.get16(EAX);
    if (divisor == 0 || dividend / divisor > 0xffff) divideError();
    Registers.set16(EAX, dividend / divisor);
    Registers.set16(EDX, dividend % divisor);
  }
}

export function idivV(i: Instruction): void {
  if (isOperand32(i)) {
    const divisor = <i64>(<i32>readE32(i));
    const dividend = <i64>(((<u64>Registers.get32(EDX)) << 32) | (<u64>Registers.get32(EAX)));
    // The one quotient that wasm itself cannot represent is an overflow here, too.
    if (divisor == 0 || (divisor == -1 && dividend == i64.MIN_VALUE)) divideError();
    const quotient = dividend / divisor;
    if (quotient != <i64>(<i32>quotient)) divideError();
    Registers.set32(EAX, <u32>quotient);
    Registers.set32(EDX, <u32>(dividend % divisor));
  } else {
    const divisor = <i32>(<i16>readE16(i));
    const dividend = <i32>((Registers.get16(EDX) << 16) | Registers.get16(EAX));
    if (divisor == 0 || (divisor == -1 && dividend == i32.MIN_VALUE)) divideError();
    const quotient = dividend / divisor;
    if (quotient != <i32>(<i16>quotient)) divideError();
    Registers.set16(EAX, <u32>quotient);
    Registers.set16(EDX, <u32>(dividend % divisor));
  }
}

// BT BTS BTR BTC, BSF BSR, BSWAP, XADD, CMPXCHG, CMPXCHG8B (SDM vol. 2).

import { Memory } from "../../memory/memory";
import { Fault } from "../fault";
import { Flags } from "../flags";
import { Instruction, INSTRUCTION_ADDRESS32 } from "../instruction";
import {
  effectiveAddress,
  isMemory,
  isOperand32,
  linearAddress,
  modifyAddress,
  operandAddress,
  readEv,
  writeGv,
} from "../operands";
import { Alu, CMP } from "../semantics/alu";
import { EAX, EBX, ECX, EDX, FLAG_CF, FLAG_ZF, Registers } from "../state";

const TEST = 0;
const SET = 1;
const RESET = 2;
const COMPLEMENT = 3;

function changed(kind: i32, value: u32, bit: u32): u32 {
  if (kind == SET) return value | bit;
  if (kind == RESET) return value & ~bit;
  return kind == COMPLEMENT ? value ^ bit : value;
}

function bitOperation(i: Instruction, kind: i32): void {
  const immediate = i.opcode == 0x0fba;
  const wide = isOperand32(i);
  const size: u32 = wide ? 4 : 2;
  const mask = (size << 3) - 1;
  const index = immediate
    ? <u32>i.immediate
    : wide
      ? Registers.get32(i.reg)
      : Registers.get16(i.reg);
  const bit: u32 = (<u32>1) << (index & mask);
  let value: u32;
  if (isMemory(i)) {
    let offset = effectiveAddress(i);
    if (!immediate) {
      // The bit string extends beyond the operand in both directions.
      const signed = wide ? <i32>index : <i32>(<i16>index);
      offset += <u32>(signed >> (wide ? 5 : 4)) * size;
      if (!(i.flags & INSTRUCTION_ADDRESS32)) offset &= 0xffff;
    }
    const address = linearAddress(i.segment, offset, size, kind != TEST);
    if (kind != TEST) Memory.probeWrite(address, size);
    value = wide ? Memory.read32(address) : Memory.read16(address);
    if (kind != TEST) {
      if (wide) Memory.write32(address, changed(kind, value, bit));
      else Memory.write16(address, changed(kind, value, bit));
    }
  } else {
    value = wide ? Registers.get32(i.rm) : Registers.get16(i.rm);
    if (kind != TEST) {
      if (wide) Registers.set32(i.rm, changed(kind, value, bit));
      else Registers.set16(i.rm, changed(kind, value, bit));
    }
  }
  Flags.change(FLAG_CF, value & bit ? FLAG_CF : 0);
}

export function bt(i: Instruction): void {
  bitOperation(i, TEST);
}
export function bts(i: Instruction): void {
  bitOperation(i, SET);
}
export function btr(i: Instruction): void {
  bitOperation(i, RESET);
}
export function btc(i: Instruction): void {
  bitOperation(i, COMPLEMENT);
}

/** ZF tells a source of 0; the destination then stays (it is undefined by the manual). */
export function bsf(i: Instruction): void {
  const value = readEv(i);
  if (value) writeGv(i, ctz<u32>(value));
  Flags.change(FLAG_ZF, value ? 0 : FLAG_ZF);
}

export function bsr(i: Instruction): void {
  const value = readEv(i);
  if (value) writeGv(i, 31 - clz<u32>(value));
  Flags.change(FLAG_ZF, value ? 0 : FLAG_ZF);
}

/** With a 16-bit operand the result is undefined: zero, as hardware gives. */
export function bswap(i: Instruction): void {
  if (isOperand32(i)) Registers.set32(i.rm, bswap32(Registers.get32(i.rm)));
  else Registers.set16(i.rm, 0);
}

function bswap32(value: u32): u32 {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

export function xadd8(i: Instruction): void {
  const right = Registers.get8(i.reg);
  if (isMemory(i)) {
    const address = modifyAddress(i, 1);
    const left = Memory.read8(address);
    Memory.write8(address, Alu.compute<u32>(0, 1, left, right));
    Registers.set8(i.reg, left);
  } else {
    const left = Registers.get8(i.rm);
    const sum = Alu.compute<u32>(0, 1, left, right);
    Registers.set8(i.reg, left);
    Registers.set8(i.rm, sum);
  }
}

function add(i: Instruction, left: u32, right: u32): u32 {
  return isOperand32(i) ? Alu.compute<u32>(0, 4, left, right) : Alu.compute<u32>(0, 2, left, right);
}

export function xaddV(i: Instruction): void {
  const wide = isOperand32(i);
  const right = wide ? Registers.get32(i.reg) : Registers.get16(i.reg);
  if (isMemory(i)) {
    const address = modifyAddress(i, wide ? 4 : 2);
    const left = wide ? Memory.read32(address) : Memory.read16(address);
    if (wide) Memory.write32(address, add(i, left, right));
    else Memory.write16(address, add(i, left, right));
    writeGv(i, left);
  } else {
    const left = wide ? Registers.get32(i.rm) : Registers.get16(i.rm);
    const sum = add(i, left, right);
    writeGv(i, left);
    if (wide) Registers.set32(i.rm, sum);
    else Registers.set16(i.rm, sum);
  }
}

/** The memory operand is written in any case: with what it held when the comparison fails. */
export function cmpxchg8(i: Instruction): void {
  const accumulator = Registers.get8(EAX);
  const address = isMemory(i) ? modifyAddress(i, 1) : 0;
  const value = isMemory(i) ? Memory.read8(address) : Registers.get8(i.rm);
  const equal = value == accumulator;
  if (isMemory(i)) Memory.write8(address, equal ? Registers.get8(i.reg) : value);
  Alu.compute<u32>(CMP, 1, accumulator, value);
  if (!equal) Registers.set8(EAX, value);
  else if (!isMemory(i)) Registers.set8(i.rm, Registers.get8(i.reg));
}

export function cmpxchgV(i: Instruction): void {
  if (isOperand32(i)) {
    const accumulator = Registers.get32(EAX);
    const address = isMemory(i) ? modifyAddress(i, 4) : 0;
    const value = isMemory(i) ? Memory.read32(address) : Registers.get32(i.rm);
    const equal = value == accumulator;
    if (isMemory(i)) Memory.write32(address, equal ? Registers.get32(i.reg) : value);
    Alu.compute<u32>(CMP, 4, accumulator, value);
    if (!equal) Registers.set32(EAX, value);
    else if (!isMemory(i)) Registers.set32(i.rm, Registers.get32(i.reg));
  } else {
    const accumulator = Registers.get16(EAX);
    const address = isMemory(i) ? modifyAddress(i, 2) : 0;
    const value = isMemory(i) ? Memory.read16(address) : Registers.get16(i.rm);
    const equal = value == accumulator;
    if (isMemory(i)) Memory.write16(address, equal ? Registers.get16(i.reg) : value);
    Alu.compute<u32>(CMP, 2, accumulator, value);
    if (!equal) Registers.set16(EAX, value);
    else if (!isMemory(i)) Registers.set16(i.rm, Registers.get16(i.reg));
  }
}

export function cmpxchg8b(i: Instruction): void {
  if (!isMemory(i)) Fault.undefined();
  const address = operandAddress(i, 8, true);
  Memory.probeWrite(address, 8);
  const value = Memory.read64(address);
  const expected = ((<u64>Registers.get32(EDX)) << 32) | (<u64>Registers.get32(EAX));
  if (value == expected) {
    Memory.write64(address, ((<u64>Registers.get32(ECX)) << 32) | (<u64>Registers.get32(EBX)));
    Flags.change(FLAG_ZF, FLAG_ZF);
  } else {
    Memory.write64(address, value);
    Registers.set32(EAX, <u32>value);
    Registers.set32(EDX, <u32>(value >> 32));
    Flags.change(FLAG_ZF, 0);
  }
}

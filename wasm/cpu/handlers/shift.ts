// ROL ROR RCL RCR SHL SHR SAR by any count, SHLD, SHRD (SDM vol. 2). Counts are masked to 5 bits; 0 changes nothing.
//
// OF is defined for a count of 1 only; for others it is what the formula for the last single shift gives, as on hardware.

import { Memory } from "../../memory/memory";
import { Flags } from "../flags";
import { Instruction } from "../instruction";
import { isMemory, isOperand32, modifyAddress } from "../operands";
import { ECX, FLAG_CF, FLAG_OF, Registers } from "../state";

function countOf(i: Instruction): u32 {
  const opcode = <u32>i.opcode;
  const count = opcode < 0xd0 ? <u32>i.immediate : opcode < 0xd2 ? 1 : Registers.get8(ECX);
  return count & 31;
}

function rotateFlags(carry: u32, overflow: u32): void {
  Flags.change(FLAG_CF | FLAG_OF, (carry & 1) | ((overflow & 1) << 11));
}

/** Shifts or rotates a value of `size` bytes by 1 to 31 and sets the flags. */
function shifted(kind: u32, value: u32, count: u32, size: u32): u32 {
  const bits = size << 3;
  const mask: u32 = 0xffff_ffff >>> (32 - bits);
  const top = bits - 1;
  switch (kind) {
    case 0: {
      const n = count & (bits - 1);
      const result = n ? ((value << n) | (value >>> (bits - n))) & mask : value;
      rotateFlags(result, (result >>> top) ^ result);
      return result;
    }
    case 1: {
      const n = count & (bits - 1);
      const result = n ? ((value >>> n) | (value << (bits - n))) & mask : value;
      rotateFlags(result >>> top, (result >>> top) ^ (result >>> (top - 1)));
      return result;
    }
    case 2: {
      const n = size == 4 ? count : count % (bits + 1);
      let wide = ((<u64>Flags.cf()) << (<u64>bits)) | (<u64>value);
      const width = <u64>(bits + 1);
      if (n) wide = (wide << (<u64>n)) | (wide >> (width - <u64>n));
      const result = (<u32>wide) & mask;
      const carry = (<u32>(wide >> (<u64>bits))) & 1;
      rotateFlags(carry, (result >>> top) ^ carry);
      return result;
    }
    case 3: {
      const n = size == 4 ? count : count % (bits + 1);
      let wide = ((<u64>Flags.cf()) << (<u64>bits)) | (<u64>value);
      const width = <u64>(bits + 1);
      if (n) wide = (wide >> (<u64>n)) | (wide << (width - <u64>n));
      const result = (<u32>wide) & mask;
      const carry = (<u32>(wide >> (<u64>bits))) & 1;
      rotateFlags(carry, (result >>> top) ^ (result >>> (top - 1)));
      return result;
    }
    case 5: {
      const result = <u32>((<u64>value) >> (<u64>count));
      const carry = (<u32>((<u64>value) >> (<u64>(count - 1)))) & 1;
      Flags.explicit(carry, (((result << 1) ^ result) >>> top) & 1, 0, result, size);
      return result;
    }
    case 7: {
      const signed = (<i32>(value << (32 - bits))) >> (32 - bits);
      const result = (<u32>(signed >> count)) & mask;
      Flags.explicit((<u32>(signed >> (count - 1))) & 1, 0, 0, result, size);
      return result;
    }
    default: {
      const wide = (<u64>value) << (<u64>count);
      const result = (<u32>wide) & mask;
      const carry = (<u32>(wide >> (<u64>bits))) & 1;
      Flags.explicit(carry, (result >>> top) ^ carry, 0, result, size);
      return result;
    }
  }
}

export function shift8(i: Instruction): void {
  const count = countOf(i);
  if (isMemory(i)) {
    const address = modifyAddress(i, 1);
    const value = Memory.read8(address);
    if (count) Memory.write8(address, shifted(i.reg, value, count, 1));
  } else if (count) {
    Registers.set8(i.rm, shifted(i.reg, Registers.get8(i.rm), count, 1));
  }
}

export function shiftV(i: Instruction): void {
  const count = countOf(i);
  if (isOperand32(i)) {
    if (isMemory(i)) {
      const address = modifyAddress(i, 4);
      const value = Memory.read32(address);
      if (count) Memory.write32(address, shifted(i.reg, value, count, 4));
    } else if (count) {
      Registers.set32(i.rm, shifted(i.reg, Registers.get32(i.rm), count, 4));
    }
  } else if (isMemory(i)) {
    const address = modifyAddress(i, 2);
    const value = Memory.read16(address);
    if (count) Memory.write16(address, shifted(i.reg, value, count, 2));
  } else if (count) {
    Registers.set16(i.rm, shifted(i.reg, Registers.get16(i.rm), count, 2));
  }
}

/** Double shift of `size` bytes. For 16 bits, counts above 16 shift the second operand's neighbour in, as hardware does. */
function doubleShift(i: Instruction, left: bool, value: u32, filler: u32, count: u32): u32 {
  if (isOperand32(i)) {
    const result = left
      ? (value << count) | (filler >>> (32 - count))
      : (value >>> count) | (filler << (32 - count));
    const carry = left ? value >>> (32 - count) : value >>> (count - 1);
    Flags.explicit(carry & 1, (result ^ value) >>> 31, 0, result, 4);
    return result;
  }
  const wide = ((<u64>value) << 32) | ((<u64>filler) << 16) | (<u64>value);
  const n = <u64>count;
  const before = n - 1;
  const result = (<u32>(left ? (wide << n) >> 32 : wide >> n)) & 0xffff;
  const carry = (<u32>(left ? (wide << before) >> 47 : wide >> before)) & 1;
  // The sign changed in the last single shift.
  Flags.explicit(carry, ((result ^ value) >>> 15) & 1, 0, result, 2);
  return result;
}

function doubleShiftE(i: Instruction, left: bool): void {
  const immediate = (i.opcode & 1) == 0;
  const count = (immediate ? <u32>i.immediate : Registers.get8(ECX)) & 31;
  if (isOperand32(i)) {
    const filler = Registers.get32(i.reg);
    if (isMemory(i)) {
      const address = modifyAddress(i, 4);
      const value = Memory.read32(address);
      if (count) Memory.write32(address, doubleShift(i, left, value, filler, count));
    } else if (count) {
      Registers.set32(i.rm, doubleShift(i, left, Registers.get32(i.rm), filler, count));
    }
  } else {
    const filler = Registers.get16(i.reg);
    if (isMemory(i)) {
      const address = modifyAddress(i, 2);
      const value = Memory.read16(address);
      if (count) Memory.write16(address, doubleShift(i, left, value, filler, count));
    } else if (count) {
      Registers.set16(i.rm, doubleShift(i, left, Registers.get16(i.rm), filler, count));
    }
  }
}

export function shld(i: Instruction): void {
  doubleShiftE(i, true);
}

export function shrd(i: Instruction): void {
  doubleShiftE(i, false);
}

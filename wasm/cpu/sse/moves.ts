// Moves between XMM and MMX registers, general registers and memory.

import { Fault } from "../fault";
import { Instruction, INSTRUCTION_ADDRESS32 } from "../instruction";
import { isMemory, linearAddress, operandAddress, readE32, writeE32 } from "../operands";
import { EDI, Registers } from "../state";
import { Memory } from "../../memory/memory";
import { alignedAddress, read128, source128, source64, write128 } from "./operand";
import { enterMmx, writeMmx } from "../x87/state";
import { checkMmx, checkSse, Slot } from "./state";

function copy(dst: usize, src: usize): void {
  v128.store(dst, v128.load(src));
}

/** Stores are memory only: the register form does not exist. */
function requireMemory(i: Instruction): void {
  if (!isMemory(i)) Fault.undefined();
}
export function requireRegister(i: Instruction): void {
  if (isMemory(i)) Fault.undefined();
}

/** MOVAPS, MOVAPD, MOVDQA. */
export function loadAligned(i: Instruction): void {
  checkSse();
  copy(Slot.xmm(i.reg), source128(i));
}
export function storeAligned(i: Instruction): void {
  checkSse();
  if (isMemory(i)) write128(alignedAddress(i, 16, true), Slot.xmm(i.reg));
  else copy(Slot.xmm(i.rm), Slot.xmm(i.reg));
}

/** MOVUPS, MOVUPD, MOVDQU. */
export function loadUnaligned(i: Instruction): void {
  checkSse();
  copy(Slot.xmm(i.reg), isMemory(i) ? read128(operandAddress(i, 16, false)) : Slot.xmm(i.rm));
}
export function storeUnaligned(i: Instruction): void {
  checkSse();
  if (isMemory(i)) write128(operandAddress(i, 16, true), Slot.xmm(i.reg));
  else copy(Slot.xmm(i.rm), Slot.xmm(i.reg));
}

/** LDDQU. */
export function lddqu(i: Instruction): void {
  requireMemory(i);
  loadUnaligned(i);
}

/** MOVNTPS, MOVNTPD, MOVNTDQ. */
export function storeAround(i: Instruction): void {
  requireMemory(i);
  storeAligned(i);
}

/** MOVSS: a load clears the rest of the register, a move between registers keeps it. */
export function loadSingle(i: Instruction): void {
  checkSse();
  const dst = Slot.xmm(i.reg);
  if (isMemory(i)) {
    const value = Memory.read32(operandAddress(i, 4, false));
    store<u64>(dst, <u64>value);
    store<u64>(dst, 0, 8);
  } else {
    store<u32>(dst, load<u32>(Slot.xmm(i.rm)));
  }
}
export function storeSingle(i: Instruction): void {
  checkSse();
  const value = load<u32>(Slot.xmm(i.reg));
  if (isMemory(i)) Memory.write32(operandAddress(i, 4, true), value);
  else store<u32>(Slot.xmm(i.rm), value);
}

/** MOVSD. */
export function loadDouble(i: Instruction): void {
  checkSse();
  const dst = Slot.xmm(i.reg);
  if (isMemory(i)) {
    const value = Memory.read64(operandAddress(i, 8, false));
    store<u64>(dst, value);
    store<u64>(dst, 0, 8);
  } else {
    store<u64>(dst, load<u64>(Slot.xmm(i.rm)));
  }
}
export function storeDouble(i: Instruction): void {
  checkSse();
  const value = load<u64>(Slot.xmm(i.reg));
  if (isMemory(i)) Memory.write64(operandAddress(i, 8, true), value);
  else store<u64>(Slot.xmm(i.rm), value);
}

/** MOVLPS (and, between registers, MOVHLPS). */
export function loadLow(i: Instruction): void {
  checkSse();
  const dst = Slot.xmm(i.reg);
  if (isMemory(i)) store<u64>(dst, Memory.read64(operandAddress(i, 8, false)));
  else store<u64>(dst, load<u64>(Slot.xmm(i.rm), 8));
}
/** MOVHPS (and, between registers, MOVLHPS). */
export function loadHigh(i: Instruction): void {
  checkSse();
  const dst = Slot.xmm(i.reg);
  if (isMemory(i)) store<u64>(dst, Memory.read64(operandAddress(i, 8, false)), 8);
  else store<u64>(dst, load<u64>(Slot.xmm(i.rm)), 8);
}
/** MOVLPD, MOVHPD. */
export function loadLowMemory(i: Instruction): void {
  requireMemory(i);
  loadLow(i);
}
export function loadHighMemory(i: Instruction): void {
  requireMemory(i);
  loadHigh(i);
}
export function storeLow(i: Instruction): void {
  requireMemory(i);
  checkSse();
  Memory.write64(operandAddress(i, 8, true), load<u64>(Slot.xmm(i.reg)));
}
export function storeHigh(i: Instruction): void {
  requireMemory(i);
  checkSse();
  Memory.write64(operandAddress(i, 8, true), load<u64>(Slot.xmm(i.reg), 8));
}

/** MOVSLDUP, MOVSHDUP, MOVDDUP. */
export function duplicateEven(i: Instruction): void {
  checkSse();
  const value = v128.load(source128(i));
  v128.store(Slot.xmm(i.reg), v128.shuffle<u32>(value, value, 0, 0, 2, 2));
}
export function duplicateOdd(i: Instruction): void {
  checkSse();
  const value = v128.load(source128(i));
  v128.store(Slot.xmm(i.reg), v128.shuffle<u32>(value, value, 1, 1, 3, 3));
}
export function duplicateDouble(i: Instruction): void {
  checkSse();
  v128.store(Slot.xmm(i.reg), i64x2.splat(load<i64>(source64(i))));
}

/** MOVD xmm, r/m32. */
export function loadDword(i: Instruction): void {
  checkSse();
  const value = readE32(i);
  const dst = Slot.xmm(i.reg);
  store<u64>(dst, <u64>value);
  store<u64>(dst, 0, 8);
}
export function storeDword(i: Instruction): void {
  checkSse();
  writeE32(i, load<u32>(Slot.xmm(i.reg)));
}
/** MOVQ xmm, xmm/m64: the upper half is cleared. */
export function loadQword(i: Instruction): void {
  checkSse();
  const value = load<u64>(source64(i));
  const dst = Slot.xmm(i.reg);
  store<u64>(dst, value);
  store<u64>(dst, 0, 8);
}
export function storeQword(i: Instruction): void {
  checkSse();
  const value = load<u64>(Slot.xmm(i.reg));
  if (isMemory(i)) {
    Memory.write64(operandAddress(i, 8, true), value);
  } else {
    const dst = Slot.xmm(i.rm);
    store<u64>(dst, value);
    store<u64>(dst, 0, 8);
  }
}

/** MOVD mm, r/m32. */
export function loadDwordMm(i: Instruction): void {
  checkMmx();
  const value = <u64>readE32(i);
  enterMmx();
  writeMmx(i.reg, value);
}
export function storeDwordMm(i: Instruction): void {
  checkMmx();
  writeE32(i, load<u32>(Slot.mm(i.reg)));
  enterMmx();
}
/** MOVQ mm, mm/m64. */
export function loadQwordMm(i: Instruction): void {
  checkMmx();
  const value = isMemory(i) ? Memory.read64(operandAddress(i, 8, false)) : load<u64>(Slot.mm(i.rm));
  enterMmx();
  writeMmx(i.reg, value);
}
export function storeQwordMm(i: Instruction): void {
  checkMmx();
  const value = load<u64>(Slot.mm(i.reg));
  if (isMemory(i)) Memory.write64(operandAddress(i, 8, true), value);
  enterMmx();
  if (!isMemory(i)) writeMmx(i.rm, value);
}
/** MOVNTQ. */
export function storeAroundMm(i: Instruction): void {
  requireMemory(i);
  storeQwordMm(i);
}

export function movq2dq(i: Instruction): void {
  requireRegister(i);
  checkSse();
  checkMmx();
  enterMmx();
  const dst = Slot.xmm(i.reg);
  store<u64>(dst, load<u64>(Slot.mm(i.rm)));
  store<u64>(dst, 0, 8);
}
export function movdq2q(i: Instruction): void {
  requireRegister(i);
  checkSse();
  checkMmx();
  enterMmx();
  writeMmx(i.reg, load<u64>(Slot.xmm(i.rm)));
}

/** MOVNTI. */
export function movnti(i: Instruction): void {
  requireMemory(i);
  writeE32(i, Registers.get32(i.reg));
}

// Single words and masks.

export function pinsrw(i: Instruction): void {
  checkSse();
  const value = readWord(i);
  store<u16>(Slot.xmm(i.reg) + ((<usize>(i.immediate & 7)) << 1), <u16>value);
}
export function pinsrwMm(i: Instruction): void {
  checkMmx();
  const value = readWord(i);
  enterMmx();
  store<u16>(Slot.mm(i.reg) + ((<usize>(i.immediate & 3)) << 1), <u16>value);
  writeMmx(i.reg, load<u64>(Slot.mm(i.reg)));
}
function readWord(i: Instruction): u32 {
  return isMemory(i) ? Memory.read16(operandAddress(i, 2, false)) : Registers.get16(i.rm);
}
export function pextrw(i: Instruction): void {
  requireRegister(i);
  checkSse();
  Registers.set32(i.reg, <u32>load<u16>(Slot.xmm(i.rm) + ((<usize>(i.immediate & 7)) << 1)));
}
export function pextrwMm(i: Instruction): void {
  requireRegister(i);
  checkMmx();
  enterMmx();
  Registers.set32(i.reg, <u32>load<u16>(Slot.mm(i.rm) + ((<usize>(i.immediate & 3)) << 1)));
}
export function pmovmskb(i: Instruction): void {
  requireRegister(i);
  checkSse();
  Registers.set32(i.reg, <u32>i8x16.bitmask(v128.load(Slot.xmm(i.rm))));
}
export function pmovmskbMm(i: Instruction): void {
  requireRegister(i);
  checkMmx();
  enterMmx();
  Registers.set32(i.reg, (<u32>i8x16.bitmask(v128.load(Slot.mm(i.rm)))) & 0xff);
}
export function movmskps(i: Instruction): void {
  requireRegister(i);
  checkSse();
  Registers.set32(i.reg, <u32>i32x4.bitmask(v128.load(Slot.xmm(i.rm))));
}
export function movmskpd(i: Instruction): void {
  requireRegister(i);
  checkSse();
  Registers.set32(i.reg, <u32>i64x2.bitmask(v128.load(Slot.xmm(i.rm))));
}

/** Bytes of `src` whose mask byte has its top bit set go to DS:EDI (or another segment by prefix). */
function maskMove(i: Instruction, src: usize, mask: usize, size: u32): void {
  const edi = Registers.get32(EDI);
  const offset = i.flags & INSTRUCTION_ADDRESS32 ? edi : edi & 0xffff;
  const address = linearAddress(i.segment, offset, size, true);
  for (let k: u32 = 0; k < size; k++) {
    if (load<u8>(mask + k) & 0x80) Memory.probeWrite(address + k, 1);
  }
  for (let k: u32 = 0; k < size; k++) {
    if (load<u8>(mask + k) & 0x80) Memory.write8(address + k, <u32>load<u8>(src + k));
  }
}
export function maskmovdqu(i: Instruction): void {
  requireRegister(i);
  checkSse();
  maskMove(i, Slot.xmm(i.reg), Slot.xmm(i.rm), 16);
}
export function maskmovq(i: Instruction): void {
  requireRegister(i);
  checkMmx();
  maskMove(i, Slot.mm(i.reg), Slot.mm(i.rm), 8);
  enterMmx();
}

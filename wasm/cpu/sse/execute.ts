// MMX, SSE, SSE2 and SSE3: from the opcode and its prefix to the operation.
//
// Order of checks: an undefined combination is #UD before anything else; then #UD, #NM and #MF of the unit, then memory.
//
// Not implemented: MONITOR and MWAIT, which are not offered.

import { Fault } from "../fault";
import { Instruction, INSTRUCTION_LOCK } from "../instruction";
import { isMemory, operandAddress, readE32 } from "../operands";
import { Registers } from "../state";
import { enterMmx, fpu, writeMmx } from "../x87/state";
import { Memory } from "../../memory/memory";
import * as float from "./float";
import { group0FAE } from "./fxsave";
import * as integer from "./integer";
import * as moves from "./moves";
import {
  prefix,
  PREFIX_66,
  PREFIX_F2,
  PREFIX_F3,
  PREFIX_NONE,
  source128,
  source32,
  source64,
  sourceMm,
} from "./operand";
import { checkMmx, checkSse, Slot, SLOT_A, SLOT_B, SLOT_SOURCE } from "./state";

/** Runs one instruction of opcodes 0F10-0F17, 0F28-0F2F, 0F50-0F7F, 0FAE, 0FC2-0FC6 and 0FD0-0FFF. */
export function executeSse(i: Instruction): void {
  if (i.flags & INSTRUCTION_LOCK) Fault.undefined();
  const opcode = (<u32>i.opcode) & 0xff;
  const select = prefix(i);
  switch (opcode) {
    case 0x10:
      if (select == PREFIX_F3) moves.loadSingle(i);
      else if (select == PREFIX_F2) moves.loadDouble(i);
      else moves.loadUnaligned(i);
      return;
    case 0x11:
      if (select == PREFIX_F3) moves.storeSingle(i);
      else if (select == PREFIX_F2) moves.storeDouble(i);
      else moves.storeUnaligned(i);
      return;
    case 0x12:
      if (select == PREFIX_NONE) moves.loadLow(i);
      else if (select == PREFIX_66) moves.loadLowMemory(i);
      else if (select == PREFIX_F3) moves.duplicateEven(i);
      else moves.duplicateDouble(i);
      return;
    case 0x13:
      requirePlainOr66(select);
      moves.storeLow(i);
      return;
    case 0x14:
      requirePlainOr66(select);
      if (select == PREFIX_66) packed(i, 0x6c);
      else packed(i, 0x62);
      return;
    case 0x15:
      requirePlainOr66(select);
      if (select == PREFIX_66) packed(i, 0x6d);
      else packed(i, 0x6a);
      return;
    case 0x16:
      if (select == PREFIX_NONE) moves.loadHigh(i);
      else if (select == PREFIX_66) moves.loadHighMemory(i);
      else if (select == PREFIX_F3) moves.duplicateOdd(i);
      else Fault.undefined();
      return;
    case 0x17:
      requirePlainOr66(select);
      moves.storeHigh(i);
      return;
    case 0x28:
      requirePlainOr66(select);
      moves.loadAligned(i);
      return;
    case 0x29:
      requirePlainOr66(select);
      moves.storeAligned(i);
      return;
    case 0x2a:
      convertFromInteger(i, select);
      return;
    case 0x2b:
      requirePlainOr66(select);
      moves.storeAround(i);
      return;
    case 0x2c:
    case 0x2d:
      convertToInteger(i, select, opcode == 0x2c);
      return;
    case 0x2e:
    case 0x2f:
      requirePlainOr66(select);
      checkSse();
      if (select == PREFIX_66) float.comisd(Slot.xmm(i.reg), source64(i), opcode == 0x2f);
      else float.comiss(Slot.xmm(i.reg), source32(i), opcode == 0x2f);
      return;
    case 0x50:
      requirePlainOr66(select);
      if (select == PREFIX_66) moves.movmskpd(i);
      else moves.movmskps(i);
      return;
    case 0x54:
      requirePlainOr66(select);
      packed(i, 0xdb);
      return;
    case 0x55:
      requirePlainOr66(select);
      packed(i, 0xdf);
      return;
    case 0x56:
      requirePlainOr66(select);
      packed(i, 0xeb);
      return;
    case 0x57:
      requirePlainOr66(select);
      packed(i, 0xef);
      return;
    case 0x51:
    case 0x52:
    case 0x53:
    case 0x58:
    case 0x59:
    case 0x5a:
    case 0x5b:
    case 0x5c:
    case 0x5d:
    case 0x5e:
    case 0x5f:
    case 0x7c:
    case 0x7d:
    case 0xc2:
    case 0xd0:
    case 0xe6:
      floating(i, opcode, select);
      return;
    case 0x6e:
      if (select == PREFIX_NONE) moves.loadDwordMm(i);
      else if (select == PREFIX_66) moves.loadDword(i);
      else Fault.undefined();
      return;
    case 0x6f:
      if (select == PREFIX_NONE) moves.loadQwordMm(i);
      else if (select == PREFIX_66) moves.loadAligned(i);
      else if (select == PREFIX_F3) moves.loadUnaligned(i);
      else Fault.undefined();
      return;
    case 0x70:
      shuffle(i, select);
      return;
    case 0x71:
    case 0x72:
    case 0x73:
      shiftByImmediate(i, opcode, select);
      return;
    case 0x77:
      if (select != PREFIX_NONE) Fault.undefined();
      checkMmx();
      enterMmx(); // TOP = 0 here, too
      fpu.tags = 0;
      return;
    case 0x78:
    case 0x79:
    case 0x7a:
    case 0x7b:
    case 0xff:
      Fault.undefined();
      return;
    case 0x7e:
      if (select == PREFIX_NONE) moves.storeDwordMm(i);
      else if (select == PREFIX_66) moves.storeDword(i);
      else if (select == PREFIX_F3) moves.loadQword(i);
      else Fault.undefined();
      return;
    case 0x7f:
      if (select == PREFIX_NONE) moves.storeQwordMm(i);
      else if (select == PREFIX_66) moves.storeAligned(i);
      else if (select == PREFIX_F3) moves.storeUnaligned(i);
      else Fault.undefined();
      return;
    case 0xae:
      group0FAE(i);
      return;
    case 0xc3:
      if (select != PREFIX_NONE) Fault.undefined();
      moves.movnti(i);
      return;
    case 0xc4:
      requirePlainOr66(select);
      if (select == PREFIX_66) moves.pinsrw(i);
      else moves.pinsrwMm(i);
      return;
    case 0xc5:
      requirePlainOr66(select);
      if (select == PREFIX_66) moves.pextrw(i);
      else moves.pextrwMm(i);
      return;
    case 0xc6:
      requirePlainOr66(select);
      checkSse();
      shuffleFloats(Slot.xmm(i.reg), source128(i), <u32>i.immediate, select);
      return;
    case 0xd6:
      if (select == PREFIX_66) moves.storeQword(i);
      else if (select == PREFIX_F3) moves.movq2dq(i);
      else if (select == PREFIX_F2) moves.movdq2q(i);
      else Fault.undefined();
      return;
    case 0xd7:
      requirePlainOr66(select);
      if (select == PREFIX_66) moves.pmovmskb(i);
      else moves.pmovmskbMm(i);
      return;
    case 0xe7:
      requirePlainOr66(select);
      if (select == PREFIX_66) moves.storeAround(i);
      else moves.storeAroundMm(i);
      return;
    case 0xf0:
      if (select != PREFIX_F2) Fault.undefined();
      moves.lddqu(i);
      return;
    case 0xf7:
      requirePlainOr66(select);
      if (select == PREFIX_66) moves.maskmovdqu(i);
      else moves.maskmovq(i);
      return;
    case 0x6c:
    case 0x6d:
      if (select != PREFIX_66) Fault.undefined();
      packed(i, opcode);
      return;
    default:
      requirePlainOr66(select);
      if (select == PREFIX_66) packed(i, opcode);
      else packedMm(i, opcode);
  }
}

function requirePlainOr66(select: u32): void {
  if (select > PREFIX_66) Fault.undefined();
}

/** A packed integer or logical operation on XMM registers. */
function packed(i: Instruction, opcode: u32): void {
  checkSse();
  integerOperation(opcode, Slot.xmm(i.reg), source128(i));
}

/** The same on MMX registers, through copies in the low half of a slot. */
function packedMm(i: Instruction, opcode: u32): void {
  checkMmx();
  // PUNPCKLBW, PUNPCKLWD, PUNPCKLDQ read only what they use.
  const source =
    isMemory(i) && opcode <= 0x62 ? <u64>Memory.read32(operandAddress(i, 4, false)) : sourceMm(i);
  enterMmx();
  writeMmx(i.reg, operationMm(opcode, load<u64>(Slot.mm(i.reg)), source));
}

function operationMm(opcode: u32, a: u64, b: u64): u64 {
  const packs = opcode == 0x63 || opcode == 0x67 || opcode == 0x6b;
  store<u64>(SLOT_A, a);
  store<u64>(SLOT_A, packs ? b : 0, 8);
  store<u64>(SLOT_B, b);
  store<u64>(SLOT_B, 0, 8);
  if (opcode >= 0x68 && opcode <= 0x6a) {
    // PUNPCKH: the low halves interleaved, the upper part of that.
    integerOperation(opcode - 8, SLOT_A, SLOT_B);
    return load<u64>(SLOT_A, 8);
  }
  integerOperation(opcode, SLOT_A, SLOT_B);
  return load<u64>(SLOT_A);
}

function integerOperation(opcode: u32, dst: usize, src: usize): void {
  switch (opcode) {
    case 0x60:
      integer.punpcklbw(dst, src);
      return;
    case 0x61:
      integer.punpcklwd(dst, src);
      return;
    case 0x62:
      integer.punpckldq(dst, src);
      return;
    case 0x63:
      integer.packsswb(dst, src);
      return;
    case 0x64:
      integer.pcmpgtb(dst, src);
      return;
    case 0x65:
      integer.pcmpgtw(dst, src);
      return;
    case 0x66:
      integer.pcmpgtd(dst, src);
      return;
    case 0x67:
      integer.packuswb(dst, src);
      return;
    case 0x68:
      integer.punpckhbw(dst, src);
      return;
    case 0x69:
      integer.punpckhwd(dst, src);
      return;
    case 0x6a:
      integer.punpckhdq(dst, src);
      return;
    case 0x6b:
      integer.packssdw(dst, src);
      return;
    case 0x6c:
      integer.punpcklqdq(dst, src);
      return;
    case 0x6d:
      integer.punpckhqdq(dst, src);
      return;
    case 0x74:
      integer.pcmpeqb(dst, src);
      return;
    case 0x75:
      integer.pcmpeqw(dst, src);
      return;
    case 0x76:
      integer.pcmpeqd(dst, src);
      return;
    case 0xd1:
      integer.shiftRightW(dst, load<u64>(src));
      return;
    case 0xd2:
      integer.shiftRightD(dst, load<u64>(src));
      return;
    case 0xd3:
      integer.shiftRightQ(dst, load<u64>(src));
      return;
    case 0xd4:
      integer.paddq(dst, src);
      return;
    case 0xd5:
      integer.pmullw(dst, src);
      return;
    case 0xd8:
      integer.psubusb(dst, src);
      return;
    case 0xd9:
      integer.psubusw(dst, src);
      return;
    case 0xda:
      integer.pminub(dst, src);
      return;
    case 0xdb:
      integer.pand(dst, src);
      return;
    case 0xdc:
      integer.paddusb(dst, src);
      return;
    case 0xdd:
      integer.paddusw(dst, src);
      return;
    case 0xde:
      integer.pmaxub(dst, src);
      return;
    case 0xdf:
      integer.pandn(dst, src);
      return;
    case 0xe0:
      integer.pavgb(dst, src);
      return;
    case 0xe1:
      integer.shiftSignW(dst, load<u64>(src));
      return;
    case 0xe2:
      integer.shiftSignD(dst, load<u64>(src));
      return;
    case 0xe3:
      integer.pavgw(dst, src);
      return;
    case 0xe4:
      integer.pmulhuw(dst, src);
      return;
    case 0xe5:
      integer.pmulhw(dst, src);
      return;
    case 0xe8:
      integer.psubsb(dst, src);
      return;
    case 0xe9:
      integer.psubsw(dst, src);
      return;
    case 0xea:
      integer.pminsw(dst, src);
      return;
    case 0xeb:
      integer.por(dst, src);
      return;
    case 0xec:
      integer.paddsb(dst, src);
      return;
    case 0xed:
      integer.paddsw(dst, src);
      return;
    case 0xee:
      integer.pmaxsw(dst, src);
      return;
    case 0xef:
      integer.pxor(dst, src);
      return;
    case 0xf1:
      integer.shiftLeftW(dst, load<u64>(src));
      return;
    case 0xf2:
      integer.shiftLeftD(dst, load<u64>(src));
      return;
    case 0xf3:
      integer.shiftLeftQ(dst, load<u64>(src));
      return;
    case 0xf4:
      integer.pmuludq(dst, src);
      return;
    case 0xf5:
      integer.pmaddwd(dst, src);
      return;
    case 0xf6:
      integer.psadbw(dst, src);
      return;
    case 0xf8:
      integer.psubb(dst, src);
      return;
    case 0xf9:
      integer.psubw(dst, src);
      return;
    case 0xfa:
      integer.psubd(dst, src);
      return;
    case 0xfb:
      integer.psubq(dst, src);
      return;
    case 0xfc:
      integer.paddb(dst, src);
      return;
    case 0xfd:
      integer.paddw(dst, src);
      return;
    case 0xfe:
      integer.paddd(dst, src);
      return;
    default:
      Fault.undefined();
  }
}

/** PSHUFW, PSHUFD, PSHUFHW, PSHUFLW. */
function shuffle(i: Instruction, select: u32): void {
  const order = <u32>i.immediate;
  if (select == PREFIX_NONE) {
    checkMmx();
    const value = sourceMm(i);
    enterMmx();
    writeMmx(i.reg, integer.shuffleWords(value, order));
    return;
  }
  checkSse();
  const src = source128(i);
  const dst = Slot.xmm(i.reg);
  if (select == PREFIX_66) integer.shuffleDwords(dst, src, src, order);
  else if (select == PREFIX_F3) integer.pshufhw(dst, src, order);
  else integer.pshuflw(dst, src, order);
}

function shuffleFloats(dst: usize, src: usize, order: u32, select: u32): void {
  if (select == PREFIX_66) integer.shufpd(dst, src, order);
  else integer.shuffleDwords(dst, dst, src, order);
}

/** Groups 12, 13 and 14: shifts by an immediate; ModRM.reg chooses. */
function shiftByImmediate(i: Instruction, opcode: u32, select: u32): void {
  requirePlainOr66(select);
  moves.requireRegister(i);
  const operation = (<u32>i.reg) & 7;
  const wide = select == PREFIX_66;
  if (!isShift(opcode, operation, wide)) Fault.undefined();
  const count = <u64>((<u32>i.immediate) & 0xff);
  if (wide) {
    checkSse();
    shift(opcode, operation, Slot.xmm(i.rm), count);
  } else {
    checkMmx();
    enterMmx();
    store<u64>(SLOT_A, load<u64>(Slot.mm(i.rm)));
    shift(opcode, operation, SLOT_A, count);
    writeMmx(i.rm, load<u64>(SLOT_A));
  }
}

function isShift(opcode: u32, operation: u32, wide: bool): bool {
  if (operation == 2 || operation == 6) return true;
  if (operation == 4) return opcode != 0x73;
  return wide && opcode == 0x73 && (operation == 3 || operation == 7);
}

function shift(opcode: u32, operation: u32, dst: usize, count: u64): void {
  if (opcode == 0x71) {
    if (operation == 2) integer.shiftRightW(dst, count);
    else if (operation == 4) integer.shiftSignW(dst, count);
    else integer.shiftLeftW(dst, count);
  } else if (opcode == 0x72) {
    if (operation == 2) integer.shiftRightD(dst, count);
    else if (operation == 4) integer.shiftSignD(dst, count);
    else integer.shiftLeftD(dst, count);
  } else if (operation == 2) {
    integer.shiftRightQ(dst, count);
  } else if (operation == 3) {
    integer.shiftRightBytes(dst, count);
  } else if (operation == 6) {
    integer.shiftLeftQ(dst, count);
  } else {
    integer.shiftLeftBytes(dst, count);
  }
}

/** CVTPI2PS, CVTPI2PD, CVTSI2SS, CVTSI2SD. */
function convertFromInteger(i: Instruction, select: u32): void {
  checkSse();
  const dst = Slot.xmm(i.reg);
  if (select == PREFIX_F3) {
    float.cvtsi2ss(dst, readE32(i));
  } else if (select == PREFIX_F2) {
    float.cvtsi2sd(dst, readE32(i));
  } else {
    // From memory they leave the x87 alone.
    const mmx = !isMemory(i);
    if (mmx) checkMmx();
    store<u64>(SLOT_SOURCE, sourceMm(i));
    if (mmx) enterMmx();
    if (select == PREFIX_66) float.cvtdq2pd(dst, SLOT_SOURCE);
    else float.cvtpi2ps(dst, SLOT_SOURCE);
  }
}

/** CVTPS2PI, CVTPD2PI, CVTSS2SI, CVTSD2SI and the truncating ones. */
function convertToInteger(i: Instruction, select: u32, truncate: bool): void {
  checkSse();
  if (select == PREFIX_F3) {
    Registers.set32(i.reg, float.cvtss2si(source32(i), truncate));
  } else if (select == PREFIX_F2) {
    Registers.set32(i.reg, float.cvtsd2si(source64(i), truncate));
  } else {
    checkMmx();
    const src = select == PREFIX_66 ? source128(i) : source64(i);
    enterMmx(); // also when #XM follows
    const value =
      select == PREFIX_66 ? float.cvtpd2pi(src, truncate) : float.cvtps2pi(src, truncate);
    writeMmx(i.reg, value);
  }
}

/** Whether an opcode of `floating` exists with the prefix. */
function isFloating(opcode: u32, select: u32): bool {
  switch (opcode) {
    case 0x52:
    case 0x53:
      return select == PREFIX_NONE || select == PREFIX_F3;
    case 0x5b:
      return select != PREFIX_F2;
    case 0x7c:
    case 0x7d:
    case 0xd0:
      return select == PREFIX_66 || select == PREFIX_F2;
    case 0xe6:
      return select != PREFIX_NONE;
    default:
      return true;
  }
}

/** Operations with one form per prefix: packed and scalar, single and double. */
function floating(i: Instruction, opcode: u32, select: u32): void {
  if (!isFloating(opcode, select)) Fault.undefined();
  checkSse();
  const dst = Slot.xmm(i.reg);
  let src: usize;
  if (opcode == 0x5a && select == PREFIX_NONE)
    src = source64(i); // CVTPS2PD
  else if (opcode == 0xe6 && select == PREFIX_F3)
    src = source64(i); // CVTDQ2PD
  else if (opcode == 0x5b || opcode == 0x7c || opcode == 0x7d || opcode == 0xd0 || opcode == 0xe6)
    src = source128(i);
  else if (select == PREFIX_F3) src = source32(i);
  else if (select == PREFIX_F2) src = source64(i);
  else src = source128(i);

  switch (opcode) {
    case 0x51:
      if (select == PREFIX_NONE) float.sqrtps(dst, src);
      else if (select == PREFIX_66) float.sqrtpd(dst, src);
      else if (select == PREFIX_F3) float.sqrtss(dst, src);
      else float.sqrtsd(dst, src);
      return;
    case 0x52:
      if (select == PREFIX_NONE) float.rsqrtps(dst, src);
      else float.rsqrtss(dst, src);
      return;
    case 0x53:
      if (select == PREFIX_NONE) float.rcpps(dst, src);
      else float.rcpss(dst, src);
      return;
    case 0x58:
      if (select == PREFIX_NONE) float.addps(dst, src);
      else if (select == PREFIX_66) float.addpd(dst, src);
      else if (select == PREFIX_F3) float.addss(dst, src);
      else float.addsd(dst, src);
      return;
    case 0x59:
      if (select == PREFIX_NONE) float.mulps(dst, src);
      else if (select == PREFIX_66) float.mulpd(dst, src);
      else if (select == PREFIX_F3) float.mulss(dst, src);
      else float.mulsd(dst, src);
      return;
    case 0x5c:
      if (select == PREFIX_NONE) float.subps(dst, src);
      else if (select == PREFIX_66) float.subpd(dst, src);
      else if (select == PREFIX_F3) float.subss(dst, src);
      else float.subsd(dst, src);
      return;
    case 0x5d:
      if (select == PREFIX_NONE) float.minps(dst, src);
      else if (select == PREFIX_66) float.minpd(dst, src);
      else if (select == PREFIX_F3) float.minss(dst, src);
      else float.minsd(dst, src);
      return;
    case 0x5e:
      if (select == PREFIX_NONE) float.divps(dst, src);
      else if (select == PREFIX_66) float.divpd(dst, src);
      else if (select == PREFIX_F3) float.divss(dst, src);
      else float.divsd(dst, src);
      return;
    case 0x5f:
      if (select == PREFIX_NONE) float.maxps(dst, src);
      else if (select == PREFIX_66) float.maxpd(dst, src);
      else if (select == PREFIX_F3) float.maxss(dst, src);
      else float.maxsd(dst, src);
      return;
    case 0x5a:
      if (select == PREFIX_NONE) float.cvtps2pd(dst, src);
      else if (select == PREFIX_66) float.cvtpd2ps(dst, src);
      else if (select == PREFIX_F3) float.cvtss2sd(dst, src);
      else float.cvtsd2ss(dst, src);
      return;
    case 0x5b:
      if (select == PREFIX_NONE) float.cvtdq2ps(dst, src);
      else float.cvtps2dq(dst, src, select == PREFIX_F3);
      return;
    case 0x7c:
      if (select == PREFIX_66) float.haddpd(dst, src);
      else float.haddps(dst, src);
      return;
    case 0x7d:
      if (select == PREFIX_66) float.hsubpd(dst, src);
      else float.hsubps(dst, src);
      return;
    case 0xc2: {
      const predicate = (<u32>i.immediate) & 7;
      if (select == PREFIX_NONE) float.cmpps(dst, src, predicate);
      else if (select == PREFIX_66) float.cmppd(dst, src, predicate);
      else if (select == PREFIX_F3) float.cmpss(dst, src, predicate);
      else float.cmpsd(dst, src, predicate);
      return;
    }
    case 0xd0:
      if (select == PREFIX_66) float.addsubpd(dst, src);
      else float.addsubps(dst, src);
      return;
    default: // E6
      if (select == PREFIX_F3) float.cvtdq2pd(dst, src);
      else float.cvtpd2dq(dst, src, select == PREFIX_66);
  }
}

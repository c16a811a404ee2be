// x87 instructions: opcodes D8-DF and 9B.
//
// An instruction first takes what was pending (#NM, #MF), then reads memory, then looks for stack faults, computes in
// `result`, and last stores; an unmasked IE, DE or ZE leaves all registers as they were.
//
// Not implemented: FOP knows only ModRM.reg of memory operands, not mod and rm.

import { Irq } from "../../bus/irq";
import { onWrite } from "../../bus/ports";
import { Memory } from "../../memory/memory";
import { Fault, Vector } from "../fault";
import { condition, Flags } from "../flags";
import { Instruction, INSTRUCTION_MEMORY } from "../instruction";
import { effectiveAddress, operandAddress } from "../operands";
import { partAddress } from "./environment";
import {
  cpu,
  CR0_EM,
  CR0_MP,
  CR0_NE,
  CR0_TS,
  CS,
  DS,
  EAX,
  FLAGS_ARITHMETIC,
  Registers,
  SEGMENT_FLAT,
  Segments,
} from "../state";
import { fromPacked, toPacked } from "./packed";
import { loadEnvironment, restoreState, saveState, storeEnvironment } from "./environment";
import {
  add,
  BIAS,
  compare,
  divide,
  EXPONENT,
  extract,
  fromDouble,
  fromInteger,
  fromSingle,
  isNan,
  isUnsupported,
  multiply,
  remainder,
  result,
  roundToInteger,
  scale,
  setInvalid,
  setResult,
  SIGN,
  squareRoot,
  subtract,
  toDouble,
  toInteger,
  TOP_BIT,
  toSingle,
} from "./float80";
import {
  fastArithmetic,
  fastArithmeticDouble,
  fastArithmeticSingle,
  fastPush,
  fastPushDouble,
  fastPushSingle,
  isPlainDouble,
  noteRounding,
  roundedDouble,
} from "./fast";
import {
  fpu,
  FPU_DE,
  FPU_EXCEPTIONS,
  FPU_IE,
  FPU_OE,
  FPU_UE,
  FPU_ZE,
  FSW_B,
  FSW_C0,
  FSW_C1,
  FSW_C1_SHIFT,
  FSW_C2,
  FSW_C3,
  FSW_ES,
  FSW_SF,
  initializeX87,
  loadControlWord,
  Stack,
} from "./state";
import {
  arcTangent,
  cosine,
  exponential2Minus1,
  logarithm2,
  logarithm2Plus1,
  sine,
  tangent,
} from "./transcendental";

const PORT_FERR_CLEAR: u16 = 0xf0;
const IRQ_FERR = 13;

const CONDITIONS: u32 = FSW_C0 | FSW_C2 | FSW_C3;

/** The port that takes IRQ 13 back, on boards (all PCs) where FERR# raises it. */
export function attachX87(): void {
  onWrite(PORT_FERR_CLEAR, 1, clearFerr);
}

function clearFerr(_port: u16, _value: u32): void {
  fpu.ferr = 0;
  Irq.lower(IRQ_FERR);
}

/** Before any x87 or MMX instruction that waits: #NM, or a pending unmasked exception. */
export function fpuCheck(): void {
  if (cpu.cr0 & (CR0_EM | CR0_TS)) Fault.raise(Vector.DeviceNotAvailable);
  if (fpu.fsw & FSW_ES) raisePending();
}

function raisePending(): void {
  if (cpu.cr0 & CR0_NE) Fault.raise(Vector.MathFault);
  if (fpu.ferr) return;
  fpu.ferr = 1;
  Irq.raise(IRQ_FERR);
}

/** 9B. */
export function executeWait(_i: Instruction): void {
  if ((cpu.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)) Fault.raise(Vector.DeviceNotAvailable);
  if (fpu.fsw & FSW_ES) raisePending();
}

/** What result.flags means for the status word; C1 from result.roundedUp. Returns the unmasked ones of `before`. */
function note(before: u32): u32 {
  let flags = result.flags;
  // What stops the instruction is all that is reported: there is no result to be inexact or rounded.
  if (flags & ~fpu.fcw & before) {
    flags &= before | FSW_SF;
    if (!(flags & FSW_SF)) result.roundedUp = 0;
  }
  fpu.fsw = (fpu.fsw & ~FSW_C1) | flags | (result.roundedUp << FSW_C1_SHIFT);
  const unmasked = flags & ~fpu.fcw & FPU_EXCEPTIONS;
  if (unmasked) {
    fpu.fsw |= FSW_ES | FSW_B;
    if (!(cpu.cr0 & CR0_NE)) raisePending();
  }
  return unmasked & before;
}

const BEFORE: u32 = FPU_IE | FPU_DE | FPU_ZE;
const BEFORE_STORE: u32 = FPU_IE | FPU_DE | FPU_ZE | FPU_OE | FPU_UE;

/** Nothing in the status word changes before `note`: a memory operand may fault. */
function begin(): void {
  result.flags = 0;
  result.roundedUp = 0;
}

function storeRegister(index: u32): void {
  const slot = Stack.slot(index);
  store<u64>(slot, result.mantissa);
  store<u16>(slot, <u16>result.exponent, 8);
  fpu.tags |= Stack.bit(index);
}

/** Writes `result` into ST(index) unless an unmasked exception forbids it; then pops if asked to. */
function finish(index: u32, pop: bool): void {
  const flags = result.flags;
  if (flags & ~fpu.fcw & FPU_EXCEPTIONS) {
    if (note(BEFORE)) return;
  } else {
    fpu.fsw = (fpu.fsw & ~FSW_C1) | flags | (result.roundedUp << FSW_C1_SHIFT);
  }
  storeRegister(index);
  if (pop) Stack.pop();
}

function underflow(): void {
  result.flags = FPU_IE | FSW_SF;
  result.roundedUp = 0;
}

/** Pushes `result`. */
function push(): void {
  if (!Stack.isEmpty(7)) {
    result.flags = FPU_IE | FSW_SF;
    result.roundedUp = 1;
    setResult(TOP_BIT | (TOP_BIT >> 1), SIGN | EXPONENT);
  }
  if (note(FPU_IE)) return; // a denormal operand is loaded all the same
  Stack.turn(7);
  storeRegister(0);
}

/** A memory operand as it is. kind: bits 1-2 of the opcode: m32 real, m32 integer, m64 real, m16 integer. */
function readOperand(i: Instruction, kind: u32): u64 {
  if (kind == 2) return Memory.read64(operandAddress(i, 8, false));
  if (kind == 3) return <u64>Memory.read16(operandAddress(i, 2, false));
  return <u64>Memory.read32(operandAddress(i, 4, false));
}

/** The number that readOperand read, into `result`. */
function convertOperand(bits: u64, kind: u32): void {
  if (kind == 0) fromSingle(<u32>bits);
  else if (kind == 1) fromInteger(<i64>(<i32>bits));
  else if (kind == 2) fromDouble(bits);
  else fromInteger(<i64>(<i16>bits));
}

class Operand {
  @inline static mantissa(index: u32): u64 {
    return load<u64>(Stack.slot(index));
  }
  @inline static exponent(index: u32): u32 {
    return <u32>load<u16>(Stack.slot(index), 8);
  }
}

/** a `operation` b into ST(target). operation: ModRM.reg of D8. */
function arithmetic(
  operation: u32,
  am: u64,
  ae: u32,
  bm: u64,
  be: u32,
  target: u32,
  pop: bool,
): void {
  switch (operation) {
    case 0:
      add(am, ae, bm, be);
      break;
    case 1:
      multiply(am, ae, bm, be);
      break;
    case 4:
      subtract(am, ae, bm, be);
      break;
    case 5:
      subtract(bm, be, am, ae);
      break;
    case 6:
      divide(am, ae, bm, be);
      break;
    default:
      divide(bm, be, am, ae);
      break;
  }
  finish(target, pop);
}

function setConditions(codes: u32): void {
  fpu.fsw = (fpu.fsw & ~CONDITIONS) | codes;
}

/** Condition codes of ST(0) against a number; returns false when an unmasked exception stops the instruction. */
function compareWith(bm: u64, be: u32, quiet: bool): bool {
  const codes = compare(Operand.mantissa(0), Operand.exponent(0), bm, be, quiet);
  setConditions(codes);
  return !note(BEFORE);
}

function compareEmpty(): bool {
  underflow();
  setConditions(CONDITIONS);
  return !note(BEFORE);
}

/** FCOM family: ST(0) against ST(index), then `pops` pops. */
function compareRegister(index: u32, quiet: bool, pops: u32): void {
  begin();
  const go =
    Stack.isEmpty(0) || Stack.isEmpty(index)
      ? compareEmpty()
      : compareWith(Operand.mantissa(index), Operand.exponent(index), quiet);
  if (!go) return;
  if (pops) Stack.pop();
  if (pops > 1) Stack.pop();
}

/** FCOMI family: the same into ZF, PF, CF. */
function compareFlags(index: u32, quiet: bool, pop: bool): void {
  begin();
  let codes = CONDITIONS;
  if (Stack.isEmpty(0) || Stack.isEmpty(index)) {
    underflow();
  } else {
    codes = compare(
      Operand.mantissa(0),
      Operand.exponent(0),
      Operand.mantissa(index),
      Operand.exponent(index),
      quiet,
    );
  }
  const unmasked = note(BEFORE);
  // Unmasked exceptions do not keep the flags from changing, only the pop.
  // C0, C2 and C3 stand 8 bits above CF, PF and ZF.
  Flags.change(FLAGS_ARITHMETIC, codes >>> 8);
  if (pop && !unmasked) Stack.pop();
}

/** ST(0) with memory: D8, DA, DC and DE. */
function memoryArithmetic(i: Instruction, kind: u32): void {
  const bits = readOperand(i, kind);
  const operation = <u32>i.reg;
  if (!Stack.isEmpty(0)) {
    const slot = Stack.slot(0);
    const am = load<u64>(slot);
    const ae = <u32>load<u16>(slot, 8);
    if (kind == 0) {
      if (fastArithmeticSingle(operation, am, ae, <u32>bits, slot)) return;
    } else if (kind == 2) {
      if (fastArithmeticDouble(operation, am, ae, bits, slot)) return;
    }
  }
  begin();
  convertOperand(bits, kind);
  const compares = operation == 2 || operation == 3;
  if (Stack.isEmpty(0)) {
    if (compares) {
      if (compareEmpty() && operation == 3) Stack.pop();
      return;
    }
    underflow();
    setInvalid();
    finish(0, false);
    return;
  }
  // The operand as it was in memory: a signaling NaN is one for the operation too.
  const bm = result.mantissa;
  const be = result.exponent;
  if (result.flags & FPU_IE) {
    // Widened it would be quiet; the operation must choose as for a signaling one.
    result.flags = FPU_IE;
    if (compares) {
      setConditions(CONDITIONS);
      if (!note(BEFORE) && operation == 3) Stack.pop();
      return;
    }
    arithmetic(
      operation,
      Operand.mantissa(0),
      Operand.exponent(0),
      bm & ~(TOP_BIT >> 1),
      be,
      0,
      false,
    );
    return;
  }
  if (!result.flags && !compares) {
    arithmetic(operation, Operand.mantissa(0), Operand.exponent(0), bm, be, 0, false);
    return;
  }
  // A denormal operand counts only when no NaN or invalid operation comes first.
  const denormal = result.flags & FPU_DE;
  result.flags = 0;
  if (compares) {
    const codes = compare(Operand.mantissa(0), Operand.exponent(0), bm, be, false);
    if (denormal && !isNan(Operand.mantissa(0), Operand.exponent(0)) && !(result.flags & FPU_IE)) {
      result.flags |= FPU_DE;
    }
    setConditions(codes);
    if (!note(BEFORE) && operation == 3) Stack.pop();
    return;
  }
  if (denormal) arithmeticDenormal(operation, bm, be);
  else arithmetic(operation, Operand.mantissa(0), Operand.exponent(0), bm, be, 0, false);
}

/** ST(0) with a number that was denormal in memory. */
function arithmeticDenormal(operation: u32, bm: u64, be: u32): void {
  const am = Operand.mantissa(0);
  const ae = Operand.exponent(0);
  const invalid = isNan(am, ae) || isUnsupported(am, ae);
  const zeroDivide = operation == 7 && am == 0;
  if (!invalid && !zeroDivide) {
    result.flags = FPU_DE;
    if (!(fpu.fcw & FPU_DE)) {
      note(BEFORE);
      return;
    }
  }
  arithmetic(operation, am, ae, bm, be, 0, false);
}

/** D8, DC and DE with registers: ST(0) `operation` ST(index) into ST(target). */
function registerArithmetic(operation: u32, index: u32, target: u32, pop: bool): void {
  const used = Stack.bit(0) | Stack.bit(index);
  if ((fpu.tags & used) == used) {
    const a = Stack.slot(0);
    const b = Stack.slot(index);
    const am = load<u64>(a);
    const ae = <u32>load<u16>(a, 8);
    const bm = load<u64>(b);
    const be = <u32>load<u16>(b, 8);
    if (fastArithmetic(operation, am, ae, bm, be, target ? b : a)) {
      if (pop) Stack.pop();
      return;
    }
  }
  begin();
  if (Stack.isEmpty(0) || Stack.isEmpty(index)) {
    underflow();
    setInvalid();
    finish(target, pop);
    return;
  }
  arithmetic(
    operation,
    Operand.mantissa(0),
    Operand.exponent(0),
    Operand.mantissa(index),
    Operand.exponent(index),
    target,
    pop,
  );
}

/** Remembers where the instruction was, for FNSTENV. */
function notePointers(i: Instruction): void {
  fpu.fip = i.eip;
  fpu.fcs = Segments.of(CS).selector;
  const low = (((<u32>i.opcode) & 7) << 8) | ((<u32>i.reg) << 3);
  if (i.flags & INSTRUCTION_MEMORY) {
    fpu.fop = low;
    fpu.fdp = effectiveAddress(i);
    fpu.fds = Segments.of(i.segment == SEGMENT_FLAT ? DS : i.segment).selector;
  } else {
    fpu.fop = low | 0xc0 | i.rm;
  }
}

/** Instructions that do not wait for pending exceptions and do not count for FIP: FN... */
function isControl(i: Instruction): bool {
  const opcode = i.opcode;
  const reg = i.reg;
  if (i.flags & INSTRUCTION_MEMORY) {
    if (opcode == 0xd9) return reg == 6 || reg == 7; // FNSTENV, FNSTCW
    if (opcode == 0xdd) return reg == 6 || reg == 7; // FNSAVE, FNSTSW
    return false;
  }
  if (opcode == 0xdb) return reg == 4; // FNENI FNDISI FNCLEX FNINIT FNSETPM
  return opcode == 0xdf && reg == 4 && i.rm == 0; // FNSTSW AX
}

export function executeX87(i: Instruction): void {
  const opcode = (<u32>i.opcode) & 7;
  if (cpu.cr0 & (CR0_EM | CR0_TS)) {
    Fault.noteRaise(Vector.DeviceNotAvailable);
    return;
  }
  if (opcode & 1 && isControl(i)) {
    control(i);
    return;
  }
  if (fpu.fsw & FSW_ES) fpuCheck();
  if (i.flags & INSTRUCTION_MEMORY) {
    if (opcode & 1) {
      loadOrStore(i, opcode);
      return;
    }
    memoryArithmetic(i, opcode >>> 1);
    notePointers(i);
    return;
  }
  const reg = <u32>i.reg;
  const rm = <u32>i.rm;
  switch (opcode) {
    case 0:
      if (reg == 2 || reg == 3) compareRegister(rm, false, reg - 2);
      else registerArithmetic(reg, rm, 0, false);
      break;
    case 1:
      registers9(i, reg, rm);
      break;
    case 2:
      if (reg < 4) move(i, reg << 1, rm);
      else if (reg == 5 && rm == 1) compareRegister(1, true, 2);
      else Fault.undefined();
      break;
    case 3:
      if (reg < 4) move(i, (reg << 1) | 1, rm);
      else if (reg == 5 || reg == 6) compareFlags(rm, reg == 5, false);
      else Fault.undefined();
      break;
    case 4:
      if (reg == 2 || reg == 3) compareRegister(rm, false, reg - 2);
      else registerArithmetic(reg, rm, rm, false);
      break;
    case 5:
      if (reg == 0) fpu.tags &= ~Stack.bit(rm);
      else if (reg == 1) exchange(rm);
      else if (reg == 2 || reg == 3) storeInRegister(rm, reg == 3);
      else if (reg == 4 || reg == 5) compareRegister(rm, true, reg - 4);
      else Fault.undefined();
      break;
    case 6:
      if (reg == 2) compareRegister(rm, false, 1);
      else if (reg == 3) {
        if (rm != 1) Fault.undefined();
        compareRegister(1, false, 2);
      } else registerArithmetic(reg, rm, rm, true);
      break;
    default:
      if (reg == 0) {
        fpu.tags &= ~Stack.bit(rm);
        Stack.pop();
      } else if (reg == 1) exchange(rm);
      else if (reg == 2 || reg == 3) storeInRegister(rm, true);
      else if (reg == 5 || reg == 6) compareFlags(rm, reg == 5, true);
      else Fault.undefined();
      break;
  }
  notePointers(i);
}

function control(i: Instruction): void {
  const reg = i.reg;
  if (i.flags & INSTRUCTION_MEMORY) {
    if (i.opcode == 0xd9) {
      if (reg == 7) Memory.write16(operandAddress(i, 2, true), fpu.fcw);
      else storeEnvironment(i);
    } else if (reg == 7) Memory.write16(operandAddress(i, 2, true), fpu.fsw);
    else saveState(i);
    return;
  }
  if (i.opcode == 0xdf) {
    Registers.set16(EAX, fpu.fsw);
    return;
  }
  switch (i.rm) {
    case 0: // FNENI, FNDISI and FNSETPM do nothing since the 80387
    case 1:
    case 4:
      break;
    case 2:
      fpu.fsw &= ~(FPU_EXCEPTIONS | FSW_SF | FSW_ES | FSW_B);
      break;
    case 3:
      initializeX87();
      break;
    default:
      Fault.undefined();
  }
}

/** FCMOVcc: code as of CMOVcc for B NB E NE BE NBE U NU. */
function move(_i: Instruction, code: u32, index: u32): void {
  // code: 0 B, 2 E, 4 BE, 6 U; odd ones negated.
  const kind = code >>> 1;
  const cc: u32 = kind == 3 ? 10 : (kind + 1) << 1;
  if (Stack.isEmpty(0) || Stack.isEmpty(index)) {
    begin();
    underflow();
    setInvalid();
    finish(0, false);
    return;
  }
  if (condition(cc | (code & 1))) {
    setResult(Operand.mantissa(index), Operand.exponent(index));
    storeRegister(0);
  }
}

function exchange(index: u32): void {
  begin();
  fpu.fsw &= ~FSW_C1;
  const a = Stack.slot(0);
  const b = Stack.slot(index);
  const aEmpty = Stack.isEmpty(0);
  const bEmpty = Stack.isEmpty(index);
  if (aEmpty || bEmpty) {
    underflow();
    if (note(BEFORE)) return;
    setInvalid();
    if (aEmpty) storeRegister(0);
    if (bEmpty) storeRegister(index);
  }
  const mantissa = load<u64>(a);
  const exponent = load<u16>(a, 8);
  store<u64>(a, load<u64>(b));
  store<u16>(a, load<u16>(b, 8), 8);
  store<u64>(b, mantissa);
  store<u16>(b, exponent, 8);
}

/** FST ST(index), FSTP ST(index). */
function storeInRegister(index: u32, pop: bool): void {
  begin();
  if (Stack.isEmpty(0)) {
    underflow();
    setInvalid();
  } else setResult(Operand.mantissa(0), Operand.exponent(0));
  finish(index, pop);
}

/** Operations on ST(0) alone; the others of D9. */
function registers9(i: Instruction, reg: u32, rm: u32): void {
  switch (reg) {
    case 0:
      if (!Stack.isEmpty(rm) && fastPush(Operand.mantissa(rm), Operand.exponent(rm))) return;
      begin();
      if (Stack.isEmpty(rm)) {
        underflow();
        if (!Stack.isEmpty(7)) {
          push();
          return;
        }
        setInvalid();
      } else setResult(Operand.mantissa(rm), Operand.exponent(rm));
      push();
      return;
    case 1:
      exchange(rm);
      return;
    case 2:
      if (rm != 0) Fault.undefined();
      return;
    case 3:
      storeInRegister(rm, true);
      return;
    case 4:
      unary4(rm);
      return;
    case 5:
      if (rm == 7) Fault.undefined();
      begin();
      loadConstant(rm);
      push();
      return;
    default:
      functions(i, ((reg & 1) << 3) | rm);
  }
}

/** FCHS FABS FTST FXAM. */
function unary4(rm: u32): void {
  const slot = Stack.slot(0);
  if (rm == 5) {
    examine();
    return;
  }
  if (rm != 0 && rm != 1 && rm != 4) Fault.undefined();
  begin();
  if (rm == 4) {
    if (Stack.isEmpty(0)) compareEmpty();
    else compareWith(0, 0, false);
    return;
  }
  if (Stack.isEmpty(0)) {
    underflow();
    setInvalid();
    finish(0, false);
    return;
  }
  fpu.fsw &= ~FSW_C1;
  const exponent = <u32>load<u16>(slot, 8);
  store<u16>(slot, <u16>(rm == 0 ? exponent ^ SIGN : exponent & ~SIGN), 8);
}

function examine(): void {
  const mantissa = Operand.mantissa(0);
  const exponent = Operand.exponent(0);
  let codes: u32;
  if (Stack.isEmpty(0)) codes = FSW_C3 | FSW_C0;
  else if (isUnsupported(mantissa, exponent)) codes = 0;
  else if (isNan(mantissa, exponent)) codes = FSW_C0;
  else if ((exponent & EXPONENT) == EXPONENT) codes = FSW_C2 | FSW_C0;
  else if (exponent & EXPONENT) codes = FSW_C2;
  else codes = mantissa ? FSW_C3 | FSW_C2 : FSW_C3;
  fpu.fsw = (fpu.fsw & ~(CONDITIONS | FSW_C1)) | codes | (exponent & SIGN ? FSW_C1 : 0);
}

/** FLD1 FLDL2T FLDL2E FLDPI FLDLG2 FLDLN2 FLDZ: nearest value, and whether it lies above the true one. */
function loadConstant(which: u32): void {
  const mode = (fpu.fcw >>> 10) & 3;
  const down = mode == 1 || mode == 3;
  const up = mode == 2;
  switch (which) {
    case 0:
      setResult(TOP_BIT, <u32>BIAS);
      break;
    case 1:
      setResult(((<u64>0xd49a_784b) << 32) + 0xcd1b_8afe + (up ? 1 : 0), 0x4000);
      break;
    case 2:
      setResult(((<u64>0xb8aa_3b29) << 32) + 0x5c17_f0bc - (down ? 1 : 0), 0x3fff);
      break;
    case 3:
      setResult(((<u64>0xc90f_daa2) << 32) + 0x2168_c235 - (down ? 1 : 0), 0x4000);
      break;
    case 4:
      setResult(((<u64>0x9a20_9a84) << 32) + 0xfbcf_f799 - (down ? 1 : 0), 0x3ffd);
      break;
    case 5:
      setResult(((<u64>0xb172_17f7) << 32) + 0xd1cf_79ac - (down ? 1 : 0), 0x3ffe);
      break;
    default:
      setResult(0, 0);
      break;
  }
}

/** D9 F0-FF. */
function functions(_i: Instruction, which: u32): void {
  if (which == 6) {
    fpu.fsw &= ~FSW_C1;
    Stack.turn(7);
    return;
  }
  if (which == 7) {
    fpu.fsw &= ~FSW_C1;
    Stack.turn(1);
    return;
  }
  begin();
  const two = which == 1 || which == 3 || which == 5 || which == 8 || which == 9 || which == 13;
  if (Stack.isEmpty(0) || (two && Stack.isEmpty(1))) {
    functionUnderflow(which);
    return;
  }
  const am = Operand.mantissa(0);
  const ae = Operand.exponent(0);
  const bm = Operand.mantissa(1);
  const be = Operand.exponent(1);
  switch (which) {
    case 0:
      exponential2Minus1(am, ae);
      finish(0, false);
      break;
    case 1:
      logarithm2(am, ae, bm, be);
      finish(1, true);
      break;
    case 2:
      if (!Stack.isEmpty(7)) overflowTwo();
      else if (tangent(am, ae)) finishPush(TOP_BIT, <u32>BIAS, isNan(am, ae));
      else outOfRange();
      break;
    case 3:
      arcTangent(am, ae, bm, be);
      finish(1, true);
      break;
    case 4:
      extractExponent(am, ae);
      break;
    case 5:
    case 8:
      remainder(am, ae, bm, be, which == 5);
      finishRemainder();
      break;
    case 9:
      logarithm2Plus1(am, ae, bm, be);
      finish(1, true);
      break;
    case 10:
      squareRoot(am, ae);
      finish(0, false);
      break;
    case 11:
      sineAndCosine(am, ae);
      break;
    case 12:
      roundToInteger(am, ae);
      finish(0, false);
      break;
    case 13:
      scale(am, ae, bm, be);
      finish(0, false);
      break;
    case 14:
      fpu.fsw &= ~FSW_C2;
      if (sine(am, ae)) finish(0, false);
      else outOfRange();
      break;
    default:
      fpu.fsw &= ~FSW_C2;
      if (cosine(am, ae)) finish(0, false);
      else outOfRange();
      break;
  }
}

/** The argument of a trigonometric function is 2^63 or more: C2, nothing else happens. */
function outOfRange(): void {
  fpu.fsw = (fpu.fsw & ~FSW_C1) | FSW_C2;
}

function functionUnderflow(which: u32): void {
  underflow();
  setInvalid();
  if (which == 1 || which == 3 || which == 9) {
    finish(1, true);
  } else if (which == 2 || which == 4 || which == 11) {
    fpu.fsw &= ~FSW_C2;
    if (note(BEFORE)) return;
    storeRegister(0);
    Stack.turn(7);
    storeRegister(0);
  } else {
    if (which != 0 && which != 10 && which != 12 && which != 13) fpu.fsw &= ~FSW_C2;
    finish(0, false);
  }
}

/** `result` into ST(0), then a push: 1 or, for NaNs, the same again (FPTAN). */
function finishPush(mantissa: u64, exponent: u32, nan: bool): void {
  fpu.fsw &= ~FSW_C2;
  const invalid = nan || (result.flags & FPU_IE) != 0;
  if (note(BEFORE)) return;
  storeRegister(0);
  if (!invalid) setResult(mantissa, exponent);
  Stack.turn(7);
  storeRegister(0);
}

/** No room for the second result: both become indefinite. */
function overflowTwo(): void {
  fpu.fsw &= ~FSW_C2;
  result.flags = FPU_IE | FSW_SF;
  result.roundedUp = 1;
  if (note(BEFORE)) return;
  setResult(TOP_BIT | (TOP_BIT >> 1), SIGN | EXPONENT);
  storeRegister(0);
  Stack.turn(7);
  storeRegister(0);
}

function extractExponent(am: u64, ae: u32): void {
  if (!Stack.isEmpty(7)) {
    overflowTwo();
    return;
  }
  extract(am, ae);
  if (note(BEFORE)) return;
  storeRegister(0);
  setResult(result.mantissa2, result.quotient);
  Stack.turn(7);
  storeRegister(0);
}

function sineAndCosine(am: u64, ae: u32): void {
  fpu.fsw &= ~FSW_C2;
  if (!Stack.isEmpty(7)) {
    overflowTwo();
    return;
  }
  if (!cosine(am, ae)) {
    outOfRange();
    return;
  }
  const mantissa = result.mantissa;
  const exponent = result.exponent;
  result.roundedUp = 0;
  sine(am, ae);
  if (note(BEFORE)) return;
  storeRegister(0);
  setResult(mantissa, exponent);
  Stack.turn(7);
  storeRegister(0);
}

/** The quotient's low bits: C0 is bit 2, C3 bit 1, C1 bit 0. */
function finishRemainder(): void {
  const quotient = result.quotient;
  const invalid = (result.flags & FPU_IE) != 0 || (result.exponent & EXPONENT) == EXPONENT;
  fpu.fsw &= ~FSW_C2;
  result.roundedUp = 0;
  if (note(BEFORE)) return;
  if (!invalid) fpu.fsw &= ~(CONDITIONS | FSW_C1);
  if (quotient & 8) fpu.fsw |= FSW_C2;
  else {
    if (quotient & 1) fpu.fsw |= FSW_C1;
    if (quotient & 2) fpu.fsw |= FSW_C3;
    if (quotient & 4) fpu.fsw |= FSW_C0;
  }
  storeRegister(0);
}

/** D9, DB, DD, DF with memory. */
function loadOrStore(i: Instruction, opcode: u32): void {
  const reg = <u32>i.reg;
  const kind = opcode >>> 1;
  if (reg >= 4) {
    loadOrStoreSpecial(i, kind, reg);
    return;
  }
  begin();
  if (reg == 0) {
    const bits = readOperand(i, kind);
    if (kind == 2 ? fastPushDouble(bits) : kind == 0 && fastPushSingle(<u32>bits)) {
      notePointers(i);
      return;
    }
    convertOperand(bits, kind);
    push();
  } else if (reg == 1) {
    if (kind == 0) Fault.undefined();
    if (kind == 2) storeInteger(i, 8, true, true);
    else storeInteger(i, kind == 1 ? 4 : 2, true, true);
  } else if (kind == 0 || kind == 2) {
    storeReal(i, kind == 0 ? 4 : 8, reg == 3);
  } else {
    storeInteger(i, kind == 1 ? 4 : 2, false, reg == 3);
  }
  notePointers(i);
}

function loadOrStoreSpecial(i: Instruction, kind: u32, reg: u32): void {
  if (kind == 0) {
    if (reg == 4) loadEnvironment(i);
    else loadControlWord(Memory.read16(operandAddress(i, 2, false)));
    return;
  }
  if (kind == 2) {
    if (reg == 4) restoreState(i);
    else Fault.undefined();
    return;
  }
  if (kind == 1 && (reg & 1) == 0) Fault.undefined();
  begin();
  if (kind == 1) {
    if (reg == 5) {
      const mantissa = Memory.read64(partAddress(i, 0, 8, false));
      setResult(mantissa, Memory.read16(partAddress(i, 8, 2, false)));
      push();
    } else storeExtended(i);
  } else if (reg == 4) {
    const digits = Memory.read64(partAddress(i, 0, 8, false));
    fromPacked(digits, Memory.read16(partAddress(i, 8, 2, false)));
    push();
  } else if (reg == 5) {
    fromInteger(<i64>Memory.read64(operandAddress(i, 8, false)));
    push();
  } else if (reg == 6) {
    storePacked(i);
  } else storeInteger(i, 8, false, true);
  notePointers(i);
}

// Stores look at their address only when they write: an unmasked exception comes before a segment's or page's fault.

function storeReal(i: Instruction, size: u32, pop: bool): void {
  if (size == 8 && !Stack.isEmpty(0)) {
    const mantissa = Operand.mantissa(0);
    const exponent = Operand.exponent(0);
    if (isPlainDouble(mantissa, exponent)) {
      Memory.write64(operandAddress(i, 8, true), roundedDouble(mantissa, exponent));
      noteRounding(mantissa);
      if (pop) Stack.pop();
      return;
    }
  }
  let value: u64;
  if (Stack.isEmpty(0)) {
    underflow();
    value = size == 4 ? 0xffc0_0000 : (<u64>0xfff8_0000) << 32;
  } else if (size == 4) value = <u64>toSingle(Operand.mantissa(0), Operand.exponent(0));
  else value = toDouble(Operand.mantissa(0), Operand.exponent(0));
  if (!(result.flags & ~fpu.fcw & BEFORE_STORE)) {
    const address = operandAddress(i, size, true);
    if (size == 4) Memory.write32(address, <u32>value);
    else Memory.write64(address, value);
  }
  if (note(BEFORE_STORE)) return;
  if (pop) Stack.pop();
}

function storeInteger(i: Instruction, size: u32, truncate: bool, pop: bool): void {
  const bits = size << 3;
  let value: i64;
  if (Stack.isEmpty(0)) {
    underflow();
    value = <i64>(~(<u64>0) << u64(bits - 1));
  } else value = toInteger(Operand.mantissa(0), Operand.exponent(0), bits, truncate);
  if (!(result.flags & ~fpu.fcw & BEFORE_STORE)) {
    const address = operandAddress(i, size, true);
    if (size == 2) Memory.write16(address, (<u32>value) & 0xffff);
    else if (size == 4) Memory.write32(address, <u32>value);
    else Memory.write64(address, <u64>value);
  }
  if (note(BEFORE_STORE)) return;
  if (pop) Stack.pop();
}

function writeTenBytes(i: Instruction, low: u64, high: u32): void {
  const address = partAddress(i, 0, 8, true);
  const address2 = partAddress(i, 8, 2, true);
  Memory.probeWrite(address, 8);
  Memory.probeWrite(address2, 2);
  Memory.write64(address, low);
  Memory.write16(address2, high);
}

/** FSTP m80. */
function storeExtended(i: Instruction): void {
  if (Stack.isEmpty(0)) {
    underflow();
    setInvalid();
  } else setResult(Operand.mantissa(0), Operand.exponent(0));
  if (!(result.flags & ~fpu.fcw & BEFORE_STORE)) {
    writeTenBytes(i, result.mantissa, result.exponent);
  }
  if (note(BEFORE_STORE)) return;
  Stack.pop();
}

/** FBSTP. */
function storePacked(i: Instruction): void {
  if (Stack.isEmpty(0)) {
    underflow();
    setResult((<u64>0xc000_0000) << 32, 0xffff);
  } else toPacked(Operand.mantissa(0), Operand.exponent(0));
  if (!(result.flags & ~fpu.fcw & BEFORE_STORE)) {
    writeTenBytes(i, result.mantissa, result.exponent);
  }
  if (note(BEFORE_STORE)) return;
  Stack.pop();
}

// What the primitives of cpu/value.ts emit: registers and flags in locals, memory by the soft TLB in line, the rest by helpers.
//
// A translated instruction can leave the region before it has changed anything: then the interpreter does it again, with its faults
// and its looking after code that is written. That holds since all loads and stores come before the first register write.

import {
  FLAGS_ADD,
  FLAGS_EXPLICIT,
  FLAGS_KIND,
  FLAGS_LOGIC,
  FLAGS_RAW,
  FLAGS_SHIFT,
  FLAGS_SUB,
} from "../cpu/flags";
import { Instruction, INSTRUCTION_ADDRESS32, INSTRUCTION_SIZE } from "../cpu/instruction";
import {
  cpu,
  CpuState,
  ESP,
  MODE_USER,
  REGISTER_ZERO,
  REGISTERS,
  SEGMENT_FLAT,
} from "../cpu/state";
import { JIT_RECORDS, JIT_RECORDS_END } from "../layout";
import {
  TLB_SUPERVISOR_READ,
  TLB_SUPERVISOR_WRITE,
  TLB_USER_READ,
  TLB_USER_WRITE,
} from "../memory/tlb";
import {
  Code,
  Helper,
  LOCAL_A,
  LOCAL_B,
  LOCAL_BUDGET,
  LOCAL_EIP,
  LOCAL_KIND,
  LOCAL_REGISTERS,
  LOCAL_RESULT,
  LOCAL_WIDE,
  Op,
} from "./code";
import { Expression, Expressions } from "./expression";

/** Of `flagsKind`: known at run time only. */
export const KIND_UNKNOWN: u32 = 0xffff_ffff;
const ALIGN_32 = 2;
const WRITES: u32 = 0x8000_0000;

@unmanaged
class TranslatorState {
  exit: i32; // label: registers and flags are stored, and the region is left for LOCAL_EIP
  user: u32;
  flagsKind: u32; // what LOCAL_KIND holds here, or KIND_UNKNOWN
  eip: u32; // of this instruction
  undone: u32; // instructions of the block from this one on, to be given back when it is left here
  /** A read-modify-write under way: local with the linear address, 0 for none, and the one with the host's (0: slow). */
  modified: u32;
  modifiedHost: u32;
  recordTop: usize;
}
const state = changetype<TranslatorState>(memory.data(offsetof<TranslatorState>(), 8));

function literal(value: u32): Expression {
  return Expressions.literal(value);
}
function binary(op: u32, a: Expression, b: Expression): Expression {
  return Expressions.binary(op, a, b);
}
function isZero(e: Expression): Expression {
  return Expressions.unary(Op.Eqz, e);
}

export class Translator {
  static beginRegion(mode: u32, exit: i32): void {
    state.user = mode & MODE_USER;
    state.exit = exit;
  }
  static beginBlock(flagsKind: u32): void {
    state.flagsKind = flagsKind;
  }
  static get flagsKind(): u32 {
    return state.flagsKind;
  }
  static beginInstruction(eip: u32, undone: u32): void {
    Expressions.beginInstruction();
    state.eip = eip;
    state.undone = undone;
    state.modified = 0;
  }

  // ---- the records that fallbacks keep ----

  static forgetRecords(): void {
    state.recordTop = JIT_RECORDS;
  }
  static get records(): usize {
    return state.recordTop;
  }
  static rewindRecords(to: usize): void {
    state.recordTop = to;
  }
  static hasRecords(count: usize): bool {
    return state.recordTop + count * INSTRUCTION_SIZE <= JIT_RECORDS_END;
  }

  // ---- leaving ----

  static exitTo(eip: u32): void {
    Code.literal(eip);
    Code.set(LOCAL_EIP);
    Code.branch(state.exit);
  }
  static exit(): void {
    Code.branch(state.exit);
  }

  /** This instruction is the interpreter's. */
  private static giveUp(): void {
    if (state.undone) {
      Code.get(LOCAL_BUDGET);
      Code.literal(state.undone);
      Code.op(Op.Add);
      Code.set(LOCAL_BUDGET);
    }
    Translator.exitTo(state.eip);
  }

  /** On what a helper has returned: not 0. */
  private static giveUpIf(): void {
    Code.open(Op.If);
    Translator.giveUp();
    Code.close();
  }

  /** Takes the i64 of a helper: negative is a fault, else `local` is set. */
  private static takeWide(local: u32): void {
    Code.tee(LOCAL_WIDE);
    Code.byte(Op.Const64);
    Code.byte(0);
    Code.op(Op.LtS64);
    Translator.giveUpIf();
    Code.get(LOCAL_WIDE);
    Code.op(Op.Wrap64);
    Code.set(local);
  }

  // ---- registers ----

  static register(index: u32, size: i32): Expression {
    if (size == 4) return Expressions.register(index);
    if (size == 2) return binary(Op.And, Expressions.register(index), literal(0xffff));
    const whole = Expressions.register(index & 3);
    const byte = index & 4 ? binary(Op.ShrU, whole, literal(8)) : whole;
    return binary(Op.And, byte, literal(0xff));
  }

  static setRegister(index: u32, size: i32, value: Expression): void {
    if (size == 4) {
      Expressions.emit(value);
      Expressions.setRegister(index);
      return;
    }
    const high = size == 1 && index & 4;
    const number = size == 1 ? index & 3 : index;
    const shift: u32 = high ? 8 : 0;
    const mask: u32 = (size == 1 ? <u32>0xff : 0xffff) << shift;
    const part = binary(Op.And, binary(Op.Shl, value, literal(shift)), literal(mask));
    Expressions.emit(
      binary(Op.Or, binary(Op.And, Expressions.register(number), literal(~mask)), part),
    );
    Expressions.setRegister(number);
  }

  // ---- flags ----

  static setFlags(kind: u32, a: Expression, b: Expression, result: Expression): void {
    Expressions.emit(a);
    Expressions.emit(b);
    Expressions.emit(result);
    Code.set(LOCAL_RESULT);
    Code.set(LOCAL_B);
    Code.set(LOCAL_A);
    Code.literal(kind);
    Code.set(LOCAL_KIND);
    state.flagsKind = kind;
  }

  static carry(): Expression {
    return Translator.condition(2);
  }

  /** 0 or 1, by the formulas of cpu/flags.ts. */
  static condition(code: u32): Expression {
    const kind = state.flagsKind == KIND_UNKNOWN ? FLAGS_RAW : state.flagsKind & FLAGS_KIND;
    if (kind == FLAGS_RAW) return Translator.unknownCondition(code);
    const value = conditionOf(code >>> 1, kind, (state.flagsKind >>> FLAGS_SHIFT) & 0xff);
    return code & 1 ? isZero(value) : value;
  }

  private static unknownCondition(code: u32): Expression {
    Translator.storeFlags();
    Code.literal(code);
    Code.call(Helper.Condition);
    const local = Expressions.newLocal();
    Code.set(local);
    return Expressions.local(local);
  }

  private static storeFlags(): void {
    const fields = changetype<usize>(cpu);
    Code.storeFixed(fields + offsetof<CpuState>("flagsKind"), LOCAL_KIND);
    Code.storeFixed(fields + offsetof<CpuState>("flagsA"), LOCAL_A);
    Code.storeFixed(fields + offsetof<CpuState>("flagsB"), LOCAL_B);
    Code.storeFixed(fields + offsetof<CpuState>("flagsResult"), LOCAL_RESULT);
  }

  private static loadFlags(): void {
    const fields = changetype<usize>(cpu);
    loadTo(fields + offsetof<CpuState>("flagsKind"), LOCAL_KIND);
    loadTo(fields + offsetof<CpuState>("flagsA"), LOCAL_A);
    loadTo(fields + offsetof<CpuState>("flagsB"), LOCAL_B);
    loadTo(fields + offsetof<CpuState>("flagsResult"), LOCAL_RESULT);
  }

  static storeAll(): void {
    for (let k: u32 = 0; k < 8; k++)
      Code.storeFixed(REGISTERS + ((<usize>k) << 3), LOCAL_REGISTERS + k);
    Translator.storeFlags();
  }

  static loadAll(): void {
    for (let k: u32 = 0; k < 8; k++) loadTo(REGISTERS + ((<usize>k) << 3), LOCAL_REGISTERS + k);
    Translator.loadFlags();
  }

  // ---- addresses ----

  static offset(i: Instruction): Expression {
    let sum = literal(<u32>i.displacement);
    if (i.index != REGISTER_ZERO)
      sum = binary(Op.Add, binary(Op.Shl, Expressions.register(i.index), literal(i.scale)), sum);
    if (i.base != REGISTER_ZERO) sum = binary(Op.Add, Expressions.register(i.base), sum);
    return i.flags & INSTRUCTION_ADDRESS32 ? sum : binary(Op.And, sum, literal(0xffff));
  }

  static address(i: Instruction, size: i32, write: bool): Expression {
    const offset = Translator.offset(i);
    if (i.segment == SEGMENT_FLAT) return offset;
    const local = Expressions.newLocal();
    Expressions.emit(offset);
    Code.literal(<u32>i.segment);
    Code.literal((<u32>size) | (write ? WRITES : 0));
    Code.call(Helper.Segmented);
    Translator.takeWide(local);
    return Expressions.local(local);
  }

  // ---- memory ----

  /** Branches to `fast` when the page in `address` has an entry for `size` bytes; that is in `entry` then. */
  private static look(address: u32, entry: u32, size: i32, table: usize, fast: i32): void {
    Code.get(address);
    Code.literal(10);
    Code.op(Op.ShrU);
    Code.literal(0x3f_fffc);
    Code.op(Op.And);
    Code.access(Op.Load, ALIGN_32, table);
    Code.tee(entry);
    if (size == 1) {
      Code.literal(1);
      Code.op(Op.And);
      Code.op(Op.Eqz);
    } else {
      Code.get(address);
      Code.op(Op.Or);
      Code.literal(0xfff);
      Code.op(Op.And);
      Code.literal(<u32>(0x1000 - size));
      Code.op(Op.LeU);
    }
    Code.branchIf(fast);
  }

  private static slowRead(address: u32, size: i32, value: u32): void {
    Code.get(address);
    Code.get(LOCAL_BUDGET);
    Code.call(size == 4 ? Helper.Read32 : size == 2 ? Helper.Read16 : Helper.Read8);
    Translator.takeWide(value);
  }

  static load(address: Expression, size: i32): Expression {
    const linear = localOf(address);
    const entry = Expressions.newLocal();
    const value = Expressions.newLocal();
    const done = Code.open(Op.Block);
    const fast = Code.open(Op.Block);
    Translator.look(linear, entry, size, state.user ? TLB_USER_READ : TLB_SUPERVISOR_READ, fast);
    Translator.slowRead(linear, size, value);
    Code.branch(done);
    Code.close();
    Code.get(linear);
    Code.get(entry);
    Code.op(Op.Add);
    Code.access(loadOf(size), 0, 0);
    Code.set(value);
    Code.close();
    return Expressions.local(value);
  }

  static store(address: Expression, value: Expression, size: i32): void {
    if (state.modified && Expressions.isLocal(address) && address.value == state.modified) {
      Translator.storeModified(value, size);
      return;
    }
    const kept = Expressions.keep(value);
    const linear = localOf(address);
    const entry = Expressions.newLocal();
    const done = Code.open(Op.Block);
    const fast = Code.open(Op.Block);
    Translator.look(linear, entry, size, state.user ? TLB_USER_WRITE : TLB_SUPERVISOR_WRITE, fast);
    Translator.slowWrite(linear, kept, size);
    Code.branch(done);
    Code.close();
    Code.get(linear);
    Code.get(entry);
    Code.op(Op.Add);
    Expressions.emit(kept);
    Code.access(storeOf(size), 0, 0);
    Code.close();
  }

  private static slowWrite(linear: u32, value: Expression, size: i32): void {
    Code.get(linear);
    Expressions.emit(value);
    Code.get(LOCAL_BUDGET);
    Code.call(size == 4 ? Helper.Write32 : size == 2 ? Helper.Write16 : Helper.Write8);
    Translator.giveUpIf();
  }

  /** What may be written may be read, too: one look serves both. */
  static loadToModify(address: Expression, size: i32): Expression {
    const linear = localOf(address);
    const host = Expressions.newLocal();
    const value = Expressions.newLocal();
    const done = Code.open(Op.Block);
    const fast = Code.open(Op.Block);
    Translator.look(linear, host, size, state.user ? TLB_USER_WRITE : TLB_SUPERVISOR_WRITE, fast);
    Code.get(linear);
    Code.literal(<u32>size);
    Code.get(LOCAL_BUDGET);
    Code.call(Helper.Probe);
    Translator.giveUpIf();
    Translator.slowRead(linear, size, value);
    Code.literal(0);
    Code.set(host);
    Code.branch(done);
    Code.close();
    Code.get(linear);
    Code.get(host);
    Code.op(Op.Add);
    Code.tee(host);
    Code.access(loadOf(size), 0, 0);
    Code.set(value);
    Code.close();
    state.modified = linear;
    state.modifiedHost = host;
    return Expressions.local(value);
  }

  private static storeModified(value: Expression, size: i32): void {
    const kept = Expressions.keep(value);
    Code.get(state.modifiedHost);
    Code.open(Op.If);
    Code.get(state.modifiedHost);
    Expressions.emit(kept);
    Code.access(storeOf(size), 0, 0);
    Code.byte(0x05); // else
    Translator.slowWrite(state.modified, kept, size);
    Code.close();
  }

  static push(value: Expression, size: i32): void {
    const top = Expressions.keep(binary(Op.Sub, Expressions.register(ESP), literal(<u32>size)));
    Translator.store(top, value, size);
    Translator.setRegister(ESP, 4, top);
  }

  static pop(size: i32): Expression {
    const top = Expressions.keep(Expressions.register(ESP));
    const value = Translator.load(top, size);
    Translator.setRegister(ESP, 4, binary(Op.Add, top, literal(<u32>size)));
    return value;
  }

  // ---- control ----

  static jump(target: Expression): void {
    Expressions.emit(target);
    Code.set(LOCAL_EIP);
  }

  /** The instruction is executed by its handler, on a copy of its record; when that returns not 0, all is stored already. */
  static fallback(i: Instruction): void {
    const record = state.recordTop;
    memory.copy(record, changetype<usize>(i), INSTRUCTION_SIZE);
    state.recordTop += INSTRUCTION_SIZE;
    Translator.storeAll();
    Code.literal(<u32>record);
    Code.get(LOCAL_BUDGET);
    Code.literal(state.undone - 1);
    Code.op(Op.Add);
    Code.call(Helper.Fallback);
    Code.open(Op.If);
    Code.op(Op.Return);
    Code.close();
    Translator.loadAll();
    state.flagsKind = KIND_UNKNOWN;
  }
}

function loadTo(address: usize, local: u32): void {
  Code.loadFixed(address);
  Code.set(local);
}

function localOf(e: Expression): u32 {
  const kept = Expressions.keep(e);
  if (Expressions.isLocal(kept)) return kept.value;
  const local = Expressions.newLocal();
  Code.literal(kept.value);
  Code.set(local);
  return local;
}

function loadOf(size: i32): u32 {
  return size == 4 ? Op.Load : size == 2 ? Op.Load16 : Op.Load8;
}
function storeOf(size: i32): u32 {
  return size == 4 ? Op.Store : size == 2 ? Op.Store16 : Op.Store8;
}

function conditionOf(test: u32, kind: u32, shift: u32): Expression {
  const result = Expressions.local(LOCAL_RESULT);
  const zero = literal(0);
  switch (test) {
    case 0:
      return overflowOf(kind);
    case 1:
      return carryOf(kind);
    case 2:
      return isZero(result);
    case 3:
      if (kind == FLAGS_SUB)
        return binary(Op.LeU, Expressions.local(LOCAL_A), Expressions.local(LOCAL_B));
      return binary(Op.Or, carryOf(kind), isZero(result));
    case 4:
      return binary(Op.LtS, result, zero);
    case 5: {
      const low = binary(Op.ShrU, result, literal(shift));
      const nibbles = binary(
        Op.And,
        binary(Op.Xor, low, binary(Op.ShrU, low, literal(4))),
        literal(15),
      );
      return binary(Op.And, binary(Op.ShrU, literal(0x9669), nibbles), literal(1));
    }
    case 6:
      return lessOf(kind);
    default:
      return binary(Op.Or, isZero(result), lessOf(kind));
  }
}

function carryOf(kind: u32): Expression {
  const a = Expressions.local(LOCAL_A);
  if (kind == FLAGS_SUB) return binary(Op.LtU, a, Expressions.local(LOCAL_B));
  if (kind == FLAGS_ADD) return binary(Op.LtU, Expressions.local(LOCAL_RESULT), a);
  if (kind == FLAGS_EXPLICIT) return binary(Op.And, a, literal(1));
  return literal(0);
}

function overflowOf(kind: u32): Expression {
  const a = Expressions.local(LOCAL_A);
  const b = Expressions.local(LOCAL_B);
  const result = Expressions.local(LOCAL_RESULT);
  if (kind == FLAGS_LOGIC) return literal(0);
  if (kind == FLAGS_EXPLICIT) return binary(Op.ShrU, b, literal(31));
  const left = binary(Op.Xor, a, kind == FLAGS_SUB ? b : result);
  const right = kind == FLAGS_SUB ? binary(Op.Xor, a, result) : binary(Op.Xor, b, result);
  return binary(Op.ShrU, binary(Op.And, left, right), literal(31));
}

function lessOf(kind: u32): Expression {
  if (kind == FLAGS_SUB)
    return binary(Op.LtS, Expressions.local(LOCAL_A), Expressions.local(LOCAL_B));
  const sign = binary(Op.LtS, Expressions.local(LOCAL_RESULT), literal(0));
  return kind == FLAGS_LOGIC ? sign : binary(Op.Xor, sign, overflowOf(kind));
}

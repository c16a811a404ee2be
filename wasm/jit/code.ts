// A WebAssembly module being written: bytes, instructions, and the frame around one function (WebAssembly Core Specification, 5).

import { JIT_CODE, JIT_CODE_END } from "../layout";

export enum Op {
  Unreachable = 0x00,
  Block = 0x02,
  Loop = 0x03,
  If = 0x04,
  End = 0x0b,
  Br = 0x0c,
  BrIf = 0x0d,
  BrTable = 0x0e,
  Return = 0x0f,
  Call = 0x10,
  Select = 0x1b,
  LocalGet = 0x20,
  LocalSet = 0x21,
  LocalTee = 0x22,
  Load = 0x28,
  Load8 = 0x2d, // zero-extended
  Load16 = 0x2f,
  Store = 0x36,
  Store8 = 0x3a,
  Store16 = 0x3b,
  Const = 0x41,
  Const64 = 0x42,
  Eqz = 0x45,
  Eq = 0x46,
  LtS = 0x48,
  LtU = 0x49,
  GtU = 0x4b,
  LeU = 0x4d,
  LtS64 = 0x53,
  Add = 0x6a,
  Sub = 0x6b,
  Mul = 0x6c,
  And = 0x71,
  Or = 0x72,
  Xor = 0x73,
  Shl = 0x74,
  ShrS = 0x75,
  ShrU = 0x76,
  Wrap64 = 0xa7,
  Extend8 = 0xc0,
  Extend16 = 0xc1,
}

const VOID = 0x40;
const I32 = 0x7f;
const I64 = 0x7e;
/** A LEB128 number that is known later. */
const PADDED: usize = 5;

/** What a region may call; the order of its imports. */
export enum Helper {
  Read8 = 0,
  Read16 = 1,
  Read32 = 2,
  Write8 = 3,
  Write16 = 4,
  Write32 = 5,
  Probe = 6,
  Segmented = 7,
  Fallback = 8,
  Condition = 9,
  COUNT = 10,
}

/** Numbers of function types. */
enum Type {
  Region = 0, // (i32) -> ()
  Read = 1, // (i32, i32) -> i64
  Write = 2, // (i32, i32, i32) -> i32
  Pair = 3, // (i32, i32) -> i32
  One = 4, // (i32) -> i32
  Segmented = 5, // (i32, i32, i32) -> i64
}

/** Locals of a region: its parameter, then those that live all the time, then one of 64 bits, then as many as it needs. */
export const LOCAL_STATE = 0;
export const LOCAL_REGISTERS = 1; // 8
export const LOCAL_KIND = 9;
export const LOCAL_A = 10;
export const LOCAL_B = 11;
export const LOCAL_RESULT = 12;
export const LOCAL_BUDGET = 13;
export const LOCAL_EIP = 14;
const FIXED_LOCALS = 14;
export const LOCAL_WIDE = 15;
export const LOCAL_FREE = 16;

@unmanaged
class CodeState {
  at: usize;
  depth: i32; // of blocks, loops and ifs that are open
  bodySize: usize; // where the padded numbers are
  sectionSize: usize;
  localCount: usize;
}
const code = changetype<CodeState>(memory.data(offsetof<CodeState>(), 8));

export class Code {
  static get at(): usize {
    return code.at;
  }
  /** Gives up what was written since. */
  static rewind(at: usize): void {
    code.at = at;
  }
  /** So much more may be written before the buffer's end; checked between instructions. */
  static hasRoom(): bool {
    return code.at < JIT_CODE_END - 0x4000;
  }
  static byte(value: u32): void {
    store<u8>(code.at, <u8>value);
    code.at++;
  }
  static unsigned(value: u32): void {
    while (value >= 0x80) {
      Code.byte((value & 0x7f) | 0x80);
      value >>>= 7;
    }
    Code.byte(value);
  }
  static signed(value: i32): void {
    for (;;) {
      const low = (<u32>value) & 0x7f;
      value >>= 7;
      if ((value == 0 && !(low & 0x40)) || (value == -1 && low & 0x40)) {
        Code.byte(low);
        return;
      }
      Code.byte(low | 0x80);
    }
  }
  static op(op: u32): void {
    Code.byte(op);
  }
  static literal(value: u32): void {
    Code.byte(Op.Const);
    Code.signed(<i32>value);
  }
  static get(local: u32): void {
    Code.byte(Op.LocalGet);
    Code.unsigned(local);
  }
  static set(local: u32): void {
    Code.byte(Op.LocalSet);
    Code.unsigned(local);
  }
  static tee(local: u32): void {
    Code.byte(Op.LocalTee);
    Code.unsigned(local);
  }
  static access(op: u32, align: u32, offset: usize): void {
    Code.byte(op);
    Code.unsigned(align);
    Code.unsigned(<u32>offset);
  }
  /** Pushes the u32 at a fixed address. */
  static loadFixed(address: usize): void {
    Code.literal(0);
    Code.access(Op.Load, 2, address);
  }
  /** Stores a local there. */
  static storeFixed(address: usize, local: u32): void {
    Code.literal(0);
    Code.get(local);
    Code.access(Op.Store, 2, address);
  }
  static call(helper: Helper): void {
    Code.byte(Op.Call);
    Code.unsigned(helper);
  }

  // ---- structure; a label is the depth at which its block was opened ----

  static get depth(): i32 {
    return code.depth;
  }
  static open(op: u32): i32 {
    Code.byte(op);
    Code.byte(VOID);
    code.depth++;
    return code.depth;
  }
  static close(): void {
    Code.byte(Op.End);
    code.depth--;
  }
  static branch(label: i32): void {
    Code.byte(Op.Br);
    Code.unsigned(<u32>(code.depth - label));
  }
  static branchIf(label: i32): void {
    Code.byte(Op.BrIf);
    Code.unsigned(<u32>(code.depth - label));
  }
  static relative(label: i32): u32 {
    return <u32>(code.depth - label);
  }

  // ---- the module ----

  static begin(): void {
    code.at = JIT_CODE;
    code.depth = 0;
    // "\0asm", version 1
    store<u64>(code.at, 0x0000_0001_6d73_6100);
    code.at += 8;
    Code.section(1, Code.types);
    Code.section(2, Code.imports);
    Code.byte(3); // one function
    Code.byte(2);
    Code.byte(1);
    Code.byte(Type.Region);
    Code.byte(7); // exported as "f"
    Code.byte(5);
    Code.byte(1);
    Code.byte(1);
    Code.byte(0x66);
    Code.byte(0);
    Code.byte(Helper.COUNT);
    Code.byte(10);
    code.sectionSize = code.at;
    code.at += PADDED;
    Code.byte(1);
    code.bodySize = code.at;
    code.at += PADDED;
    Code.byte(3); // groups of locals
    Code.byte(FIXED_LOCALS);
    Code.byte(I32);
    Code.byte(1);
    Code.byte(I64);
    code.localCount = code.at;
    code.at += PADDED;
    Code.byte(I32);
  }

  /** Returns the module's length; it lies at JIT_CODE. */
  static finish(freeLocals: u32): usize {
    Code.byte(Op.End);
    padded(code.localCount, freeLocals);
    padded(code.bodySize, <u32>(code.at - code.bodySize - PADDED));
    padded(code.sectionSize, <u32>(code.at - code.sectionSize - PADDED));
    return code.at - JIT_CODE;
  }

  /** A section whose length fits two bytes. */
  private static section(id: u32, content: () => void): void {
    Code.byte(id);
    const size = code.at;
    code.at += 2;
    content();
    const length = <u32>(code.at - size - 2);
    store<u8>(size, <u8>((length & 0x7f) | 0x80));
    store<u8>(size + 1, <u8>(length >>> 7));
  }

  private static types(): void {
    Code.byte(6);
    Code.functionType(1, 0);
    Code.functionType(2, I64);
    Code.functionType(3, I32);
    Code.functionType(2, I32);
    Code.functionType(1, I32);
    Code.functionType(3, I64);
  }

  private static functionType(parameters: u32, result: u32): void {
    Code.byte(0x60);
    Code.byte(parameters);
    for (let k: u32 = 0; k < parameters; k++) Code.byte(I32);
    Code.byte(result ? 1 : 0);
    if (result) Code.byte(result);
  }

  private static imports(): void {
    Code.byte(Helper.COUNT + 1);
    Code.importName(0x6d); // "m"
    Code.byte(2);
    Code.byte(0);
    Code.byte(1);
    for (let helper = 0; helper < <i32>Helper.COUNT; helper++) {
      Code.importName(0x61 + <u32>helper); // "a", "b", ...
      Code.byte(0);
      Code.byte(typeOf(helper));
    }
  }

  private static importName(letter: u32): void {
    Code.byte(1);
    Code.byte(0x6d);
    Code.byte(1);
    Code.byte(letter);
  }
}

function typeOf(helper: i32): u32 {
  if (helper <= <i32>Helper.Read32) return Type.Read;
  if (helper <= <i32>Helper.Probe) return Type.Write;
  if (helper == <i32>Helper.Segmented) return Type.Segmented;
  return helper == <i32>Helper.Fallback ? Type.Pair : Type.One;
}

function padded(at: usize, value: u32): void {
  for (let k: usize = 0; k < PADDED - 1; k++) {
    store<u8>(at + k, <u8>((value & 0x7f) | 0x80));
    value >>>= 7;
  }
  store<u8>(at + PADDED - 1, <u8>value);
}

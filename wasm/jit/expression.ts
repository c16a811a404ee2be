// What a translated instruction computes: the second meaning of the value type T in cpu/value.ts. A node is an expression that has
// not been emitted yet; it lives until the instruction's end.

import { JIT_NODES, JIT_NODES_END } from "../layout";
import { Code, LOCAL_FREE, LOCAL_REGISTERS, Op } from "./code";

enum Kind {
  Literal = 0,
  Local = 1,
  Register = 2, // value: number
  Unary = 3, // value: operation
  Binary = 4,
  Select = 5, // a: condition, b: yes, c: no
}

@unmanaged
export class Expression {
  kind: u32;
  value: u32;
  version: u32; // of a register when it was read
  a: usize;
  b: usize;
  c: usize;
}
const NODE_SIZE = offsetof<Expression>();

@unmanaged
class ExpressionState {
  top: usize;
  nextLocal: u32;
  locals: u32; // the most that any instruction has used
}
const state = changetype<ExpressionState>(memory.data(offsetof<ExpressionState>(), 8));
/** Counts the writes of each register: a node must not be emitted after its register was written. */
const VERSIONS = memory.data(8 * 4, 4);

function node(kind: Kind, value: u32, a: usize, b: usize, c: usize): Expression {
  if (state.top + NODE_SIZE > JIT_NODES_END) unreachable();
  const made = changetype<Expression>(state.top);
  state.top += NODE_SIZE;
  made.kind = kind;
  made.value = value;
  made.a = a;
  made.b = b;
  made.c = c;
  return made;
}

function ref(e: Expression): usize {
  return changetype<usize>(e);
}

export class Expressions {
  static beginRegion(): void {
    state.locals = 0;
  }
  static beginInstruction(): void {
    state.top = JIT_NODES;
    state.nextLocal = 0;
  }
  static get localsUsed(): u32 {
    return state.locals;
  }

  /** A local of this instruction. */
  static newLocal(): u32 {
    const local = state.nextLocal;
    state.nextLocal++;
    if (state.nextLocal > state.locals) state.locals = state.nextLocal;
    return LOCAL_FREE + local;
  }

  static literal(value: u32): Expression {
    return node(Kind.Literal, value, 0, 0, 0);
  }
  static local(local: u32): Expression {
    return node(Kind.Local, local, 0, 0, 0);
  }
  static unary(op: u32, a: Expression): Expression {
    return node(Kind.Unary, op, ref(a), 0, 0);
  }
  static select(condition: Expression, yes: Expression, no: Expression): Expression {
    return node(Kind.Select, 0, ref(condition), ref(yes), ref(no));
  }

  static binary(op: u32, a: Expression, b: Expression): Expression {
    if (b.kind == Kind.Literal) {
      if (a.kind == Kind.Literal) return Expressions.literal(fold(op, a.value, b.value));
      const isNothing = b.value == 0 && op != Op.And && op != Op.Mul && op >= <u32>Op.Add;
      if (isNothing) return a;
    }
    return node(Kind.Binary, op, ref(a), ref(b), 0);
  }

  static register(index: u32): Expression {
    const made = node(Kind.Register, index, 0, 0, 0);
    made.version = load<u32>(VERSIONS + ((<usize>index) << 2));
    return made;
  }

  /** The register gets what is on the stack. */
  static setRegister(index: u32): void {
    Code.set(LOCAL_REGISTERS + index);
    const version = VERSIONS + ((<usize>index) << 2);
    store<u32>(version, load<u32>(version) + 1);
  }

  static isLiteral(e: Expression): bool {
    return e.kind == Kind.Literal;
  }
  static isLocal(e: Expression): bool {
    return e.kind == Kind.Local;
  }

  /** Computed now, and once. */
  static keep(e: Expression): Expression {
    if (e.kind == Kind.Literal || e.kind == Kind.Local) return e;
    const local = Expressions.newLocal();
    Expressions.emit(e);
    Code.set(local);
    return Expressions.local(local);
  }

  /** Pushes its value. */
  static emit(e: Expression): void {
    switch (e.kind) {
      case Kind.Literal:
        Code.literal(e.value);
        break;
      case Kind.Local:
        Code.get(e.value);
        break;
      case Kind.Register:
        // Semantics that read a register behind its write would mean another thing here than in the interpreter.
        if (e.version != load<u32>(VERSIONS + ((<usize>e.value) << 2))) unreachable();
        Code.get(LOCAL_REGISTERS + e.value);
        break;
      case Kind.Unary:
        Expressions.emit(changetype<Expression>(e.a));
        Code.op(e.value);
        break;
      case Kind.Binary:
        Expressions.emit(changetype<Expression>(e.a));
        Expressions.emit(changetype<Expression>(e.b));
        Code.op(e.value);
        break;
      default:
        Expressions.emit(changetype<Expression>(e.b));
        Expressions.emit(changetype<Expression>(e.c));
        Expressions.emit(changetype<Expression>(e.a));
        Code.op(Op.Select);
        break;
    }
  }
}

function fold(op: u32, a: u32, b: u32): u32 {
  switch (op) {
    case Op.Add:
      return a + b;
    case Op.Sub:
      return a - b;
    case Op.Mul:
      return a * b;
    case Op.And:
      return a & b;
    case Op.Or:
      return a | b;
    case Op.Xor:
      return a ^ b;
    case Op.Shl:
      return a << b;
    case Op.ShrS:
      return <u32>((<i32>a) >> (<i32>b));
    case Op.ShrU:
      return a >>> b;
    case Op.Eq:
      return a == b ? 1 : 0;
    case Op.LtU:
      return a < b ? 1 : 0;
    case Op.LtS:
      return <i32>a < <i32>b ? 1 : 0;
    case Op.LeU:
      return a <= b ? 1 : 0;
    default:
      break;
  }
  return unreachable();
}

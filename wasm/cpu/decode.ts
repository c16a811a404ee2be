// The decoder: instruction bytes to a record (instruction.ts), by the tables made from opcodes.table.
//
// Not implemented: REX and 64-bit mode; register numbers have room for them.

import { Fault } from "./fault";
import {
  Instruction,
  INSTRUCTION_ADDRESS32,
  INSTRUCTION_LOCK,
  INSTRUCTION_MEMORY,
  INSTRUCTION_OPERAND32,
  INSTRUCTION_OPERAND_PREFIX,
  INSTRUCTION_REP,
  INSTRUCTION_REPNE,
  INSTRUCTION_STACK32,
} from "./instruction";
import { DECODE_TABLE, UNDEFINED } from "./operations.gen";
import {
  CS,
  DS,
  EBP,
  EBX,
  EDI,
  ESI,
  ESP,
  FS,
  MODE_CODE32,
  MODE_FLAT,
  MODE_STACK32,
  REGISTER_ZERO,
  SEGMENT_FLAT,
  SS,
} from "./state";

/** An instruction of more bytes is #GP(0) (SDM vol. 2, 2.3.11). */
export const LONGEST_INSTRUCTION: u32 = 15;

// Kinds of immediates and flags of a table entry: scripts/generate.mjs writes them.
const IMMEDIATE_BYTE = 1;
const IMMEDIATE_BYTE_SIGNED = 2;
const IMMEDIATE_WORD = 3;
const IMMEDIATE_OPERAND = 4;
const IMMEDIATE_RELATIVE_BYTE = 5;
const IMMEDIATE_RELATIVE = 6;
const IMMEDIATE_OFFSET = 7;
const IMMEDIATE_FAR = 8;
const IMMEDIATE_ENTER = 9;
const IMMEDIATE_ONE = 10;
const ENTRY_MODRM = 1;
const ENTRY_SWAP = 2;
const ENTRY_LOCK = 4;
const ENTRY_OPCODE_REGISTER = 8;
const ENTRY_GROUP = 16;
const ENTRY_OFFSET = 32;
const ENTRY_CONDITION = 128;
const ENTRY_SIZE = 16;

@unmanaged
class DecoderState {
  cursor: usize;
  end: usize; // bytes at hand end here
  overrun: u32; // more were wanted
}
const decoder = changetype<DecoderState>(memory.data(offsetof<DecoderState>(), 8));

function next8(): u32 {
  const at = decoder.cursor;
  if (at >= decoder.end) {
    decoder.overrun = 1;
    return 0;
  }
  decoder.cursor = at + 1;
  return <u32>load<u8>(at);
}

function next16(): u32 {
  if (decoder.cursor + 2 > decoder.end) {
    decoder.overrun = 1;
    return 0;
  }
  const value = <u32>load<u16>(decoder.cursor);
  decoder.cursor += 2;
  return value;
}

function next32(): u32 {
  if (decoder.cursor + 4 > decoder.end) {
    decoder.overrun = 1;
    return 0;
  }
  const value = load<u32>(decoder.cursor);
  decoder.cursor += 4;
  return value;
}

function next8s(): i32 {
  return <i32>(<i8>next8());
}

/** Base, index and displacement of a 16-bit address; returns the default segment. */
function address16(i: Instruction, mod: u32, rm: u32): u32 {
  let segment: u32 = DS;
  i.index = <u8>REGISTER_ZERO;
  if (rm < 4) {
    i.base = <u8>(rm & 2 ? EBP : EBX);
    i.index = <u8>(rm & 1 ? EDI : ESI);
    if (rm & 2) segment = SS;
  } else if (rm == 6 && mod == 0) {
    i.base = <u8>REGISTER_ZERO;
    i.displacement = <i32>next16();
    return DS;
  } else {
    i.base = <u8>(rm == 4 ? ESI : rm == 5 ? EDI : rm == 6 ? EBP : EBX);
    if (rm == 6) segment = SS;
  }
  if (mod == 1) i.displacement = next8s();
  else if (mod == 2) i.displacement = <i32>(<i16>next16());
  return segment;
}

function address32(i: Instruction, mod: u32, rm: u32): u32 {
  let base = rm;
  if (rm == 4) {
    const sib = next8();
    base = sib & 7;
    const index = (sib >>> 3) & 7;
    if (index != 4) {
      i.index = <u8>index;
      i.scale = <u8>(sib >>> 6);
    }
  }
  if (base == 5 && mod == 0) {
    i.displacement = <i32>next32();
    return DS;
  }
  i.base = <u8>base;
  if (mod == 1) i.displacement = next8s();
  else if (mod == 2) i.displacement = <i32>next32();
  return base == ESP || base == EBP ? SS : DS;
}

/**
 * Decodes the instruction at host address `bytes`, of which `available` bytes may be read, as it stands at EIP `eip` in the
 * given MODE_*. Returns its length, or 0 when more bytes are needed. #GP(0) for more than 15 bytes.
 */
export function decode(i: Instruction, bytes: usize, available: u32, eip: u32, mode: u32): u32 {
  decoder.cursor = bytes;
  decoder.end = bytes + min<u32>(available, LONGEST_INSTRUCTION);
  decoder.overrun = 0;
  memory.fill(changetype<usize>(i), 0, 32);
  i.eip = eip;
  i.base = <u8>REGISTER_ZERO;
  i.index = <u8>REGISTER_ZERO;

  let operand32 = (mode & MODE_CODE32) != 0;
  let addressing32 = operand32;
  let prefixes: u32 = 0;
  let chosen: i32 = -1;
  let operandPrefix = false;
  let addressPrefix = false;
  let opcode: u32;
  for (;;) {
    opcode = next8();
    if (opcode == 0x66) operandPrefix = true;
    else if (opcode == 0x67) addressPrefix = true;
    else if ((opcode & 0xe7) == 0x26) chosen = <i32>((opcode >>> 3) & 3);
    else if ((opcode & 0xfe) == 0x64) chosen = FS + <i32>(opcode & 1);
    else if (opcode == 0xf0) prefixes |= INSTRUCTION_LOCK;
    else if (opcode == 0xf2) prefixes = (prefixes & ~INSTRUCTION_REP) | INSTRUCTION_REPNE;
    else if (opcode == 0xf3) prefixes = (prefixes & ~INSTRUCTION_REPNE) | INSTRUCTION_REP;
    else break;
    if (decoder.overrun) break;
  }
  if (operandPrefix) operand32 = !operand32;
  if (addressPrefix) addressing32 = !addressing32;
  let entry: usize = DECODE_TABLE + <usize>opcode * ENTRY_SIZE;
  i.opcode = <u16>opcode;
  if (opcode == 0x0f) {
    opcode = next8();
    i.opcode = <u16>(0x0f00 | opcode);
    entry = DECODE_TABLE + (<usize>opcode + 0x100) * ENTRY_SIZE;
  }

  let flags = <u32>load<u8>(entry, 9);
  let segment: u32 = DS;
  let isMemory = false;
  if (flags & ENTRY_MODRM) {
    const modrm = next8();
    const mod = modrm >>> 6;
    const rm = modrm & 7;
    i.reg = <u8>((modrm >>> 3) & 7);
    i.rm = <u8>rm;
    if (flags & ENTRY_GROUP) {
      entry =
        DECODE_TABLE +
        (0x200 + ((<usize>load<u16>(entry, 10)) << 3) + ((modrm >>> 3) & 7)) * ENTRY_SIZE;
      flags = <u32>load<u8>(entry, 9);
    }
    // MOV to and from control and debug registers ignores mod: both operands are registers.
    if (mod != 3 && !(i.opcode >= 0x0f20 && i.opcode <= 0x0f23)) {
      isMemory = true;
      segment = addressing32 ? address32(i, mod, rm) : address16(i, mod, rm);
    }
  } else if (flags & ENTRY_OPCODE_REGISTER) {
    i.rm = <u8>(opcode & 7);
  } else if (!(flags & ENTRY_OFFSET)) {
    i.reg = <u8>((opcode >>> 3) & 7);
  }
  if (flags & ENTRY_CONDITION) i.condition = <u8>(opcode & 15);

  const kind = <u32>load<u8>(entry, 8);
  switch (kind) {
    case 0:
      break;
    case IMMEDIATE_BYTE:
      i.immediate = <i32>next8();
      break;
    case IMMEDIATE_BYTE_SIGNED:
    case IMMEDIATE_RELATIVE_BYTE:
      i.immediate = next8s();
      break;
    case IMMEDIATE_WORD:
      i.immediate = <i32>next16();
      break;
    case IMMEDIATE_OPERAND:
    case IMMEDIATE_RELATIVE:
      i.immediate = operand32 ? <i32>next32() : <i32>(<i16>next16());
      break;
    case IMMEDIATE_OFFSET:
      i.displacement = addressing32 ? <i32>next32() : <i32>next16();
      isMemory = true;
      break;
    case IMMEDIATE_FAR:
      i.immediate = operand32 ? <i32>next32() : <i32>next16();
      i.immediate2 = next16();
      break;
    case IMMEDIATE_ONE:
      i.immediate = 1;
      break;
    case IMMEDIATE_ENTER:
      i.immediate = <i32>next16();
      i.immediate2 = next8();
      break;
    default:
      unreachable();
  }

  if (decoder.overrun) {
    if (available < LONGEST_INSTRUCTION) return 0;
    Fault.protection();
  }
  const length = <u32>(decoder.cursor - bytes);
  i.next = eip + length;
  if (kind == IMMEDIATE_RELATIVE_BYTE || kind == IMMEDIATE_RELATIVE) i.immediate += <i32>i.next;

  if (chosen >= 0) segment = <u32>chosen;
  // CS stays a segment even where it is flat: it cannot be written.
  const flat = (mode & MODE_FLAT) != 0 && addressing32 && segment != CS && segment < <u32>FS;
  i.segment = <u8>(flat ? SEGMENT_FLAT : segment);

  if (isMemory) prefixes |= INSTRUCTION_MEMORY;
  if (operand32) prefixes |= INSTRUCTION_OPERAND32;
  if (addressing32) prefixes |= INSTRUCTION_ADDRESS32;
  if (operandPrefix) prefixes |= INSTRUCTION_OPERAND_PREFIX;
  if (mode & MODE_STACK32) prefixes |= INSTRUCTION_STACK32;
  i.flags = <u8>prefixes;

  i.operation = load<u16>(entry + (operand32 ? 4 : 0) + (isMemory ? 2 : 0));
  if (prefixes & INSTRUCTION_LOCK && !(isMemory && flags & ENTRY_LOCK)) i.operation = UNDEFINED;
  if (flags & ENTRY_SWAP && !isMemory) {
    const swap = i.reg;
    i.reg = i.rm;
    i.rm = swap;
  }
  return length;
}

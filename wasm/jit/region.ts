// A region: the basic blocks of one page that can be reached from its entries by direct jumps, calls and what follows a call.
//
// Blocks are found by decoding from the entries on; a forward data flow tells for each where its flags come from.

import { isTooLong } from "../cpu/blocks";
import { decode, LONGEST_INSTRUCTION } from "../cpu/decode";
import { Instruction, INSTRUCTION_OPERAND32 } from "../cpu/instruction";
import { FIRST_ENDING, Operations } from "../cpu/operations.gen";
import { JIT_TABLES } from "../layout";
import { Code, LOCAL_BUDGET, Op } from "./code";
import { KIND_UNKNOWN, Translator } from "./translator";

export const BLOCKS_MAX = 240;
export const ENTRIES_MAX = 64;
const PAGE: u32 = 4096;
/** In place of a block's number. */
export const NO_BLOCK = -1;
const NOT_SEEN: u32 = 0xffff_fffe;

/** How a block ends. */
export enum Ending {
  Jump = 0, // to `target`: also where it runs on
  Branch = 1, // by a condition to `target`, else to `next`
  Indirect = 2, // to what the last instruction has put into the local
  Leave = 3, // at `next`, which the interpreter executes
}

@unmanaged
export class BasicBlock {
  start: u32; // offset in the page
  instructions: u32;
  ending: u32;
  target: u32; // EIPs
  next: u32;
  condition: u32;
  targetBlock: i32; // numbers, or NO_BLOCK
  nextBlock: i32;
  isEntry: u32;
  flagsIn: u32;
  flagsOut: u32; // KIND_PASSED when it sets none
  // For the structure.
  label: i32;
  isHeader: u32;
  needsState: u32;
  isPolled: u32;
  order: i32; // of Tarjan's algorithm
  low: i32;
  component: i32;
}
const BLOCK_SIZE = offsetof<BasicBlock>();
const KIND_PASSED: u32 = 0xffff_fffd;

/** u8 per offset: LEADER, VISITED, ENTRY; then u16 per offset: the block's number + 1. */
const MARKS = JIT_TABLES;
const NUMBERS = MARKS + <usize>PAGE;
const WORK = NUMBERS + 2 * <usize>PAGE; // u16 offsets
const WORK_MAX = 2048;
const BLOCKS = WORK + 2 * WORK_MAX;
export const REGION_TABLES_END = BLOCKS + BLOCKS_MAX * BLOCK_SIZE;
const LEADER = 1;
const VISITED = 2;
const ENTRY = 4;
const RECORD = memory.data(64, 16);

@unmanaged
class RegionState {
  host: usize; // of the page
  eip: u32; // of the page
  mode: u32;
  blocks: i32;
  work: i32;
  lines: u64; // of 64 bytes that hold translated code
  single: u32; // one instruction, for the vectors
}
const region = changetype<RegionState>(memory.data(offsetof<RegionState>(), 8));

function marks(offset: u32): usize {
  return MARKS + <usize>offset;
}
function mark(offset: u32, bits: u32): void {
  store<u8>(marks(offset), <u8>((<u32>load<u8>(marks(offset))) | bits));
}
function isMarked(offset: u32, bit: u32): bool {
  return ((<u32>load<u8>(marks(offset))) & bit) != 0;
}

function record(): Instruction {
  return changetype<Instruction>(RECORD);
}

/** Decodes at an offset; 0 where the instruction does not end in the page, or is too long. */
function decodeAt(offset: u32): u32 {
  if (PAGE - offset >= LONGEST_INSTRUCTION && isTooLong(region.host + <usize>offset)) return 0;
  return decode(
    record(),
    region.host + <usize>offset,
    PAGE - offset,
    region.eip + offset,
    region.mode,
  );
}

function inPage(eip: u32): bool {
  return eip - region.eip < PAGE;
}

function addWork(offset: u32): void {
  if (isMarked(offset, LEADER) || region.work >= WORK_MAX) return;
  mark(offset, LEADER);
  store<u16>(WORK + ((<usize>region.work) << 1), <u16>offset);
  region.work++;
}

/** What an instruction that ends a block does, from its opcode. */
function endingOf(i: Instruction): Ending {
  const opcode = <u32>i.opcode;
  if (!(i.flags & INSTRUCTION_OPERAND32)) return Ending.Leave;
  if ((opcode >= 0x70 && opcode <= 0x7f) || (opcode >= 0xf80 && opcode <= 0xf8f))
    return Ending.Branch;
  if (opcode == 0xe8 || opcode == 0xe9 || opcode == 0xeb) return Ending.Jump;
  if (opcode == 0xc3 || (opcode == 0xff && (i.reg == 2 || i.reg == 4))) return Ending.Indirect;
  return Ending.Leave;
}

function isCall(i: Instruction): bool {
  return i.opcode == 0xe8 || (i.opcode == 0xff && i.reg == 2);
}

export class Region {
  /** From now on: only the instruction at the entry. */
  static setSingle(single: bool): void {
    region.single = single ? 1 : 0;
  }
  static get blocks(): i32 {
    return region.blocks;
  }
  static get lines(): u64 {
    return region.lines;
  }
  @inline static block(number: i32): BasicBlock {
    return changetype<BasicBlock>(BLOCKS + <usize>number * BLOCK_SIZE);
  }
  static eipOf(number: i32): u32 {
    return region.eip + Region.block(number).start;
  }
  /** NO_BLOCK: none begins there. */
  static numberAt(offset: u32): i32 {
    return <i32>load<u16>(NUMBERS + ((<usize>offset) << 1)) - 1;
  }

  /** Entries: u16 offsets in the page. Returns whether there is anything to translate. */
  static discover(host: usize, eip: u32, mode: u32, entries: usize, count: i32): bool {
    region.host = host;
    region.eip = eip;
    region.mode = mode;
    region.work = 0;
    region.lines = 0;
    memory.fill(MARKS, 0, 3 * <usize>PAGE);
    for (let k = 0; k < count; k++) {
      const offset = <u32>load<u16>(entries + ((<usize>k) << 1));
      addWork(offset);
      mark(offset, ENTRY);
    }
    for (let k = 0; k < region.work; k++) follow(<u32>load<u16>(WORK + ((<usize>k) << 1)));
    formBlocks();
    for (let k = 0; k < region.blocks; k++) link(Region.block(k));
    return region.blocks > 0;
  }

  /** Where the flags of each block come from; needs a translation that is thrown away. */
  static traceFlags(): void {
    for (let k = 0; k < region.blocks; k++) {
      const block = Region.block(k);
      block.flagsIn = block.isEntry ? KIND_UNKNOWN : NOT_SEEN;
      const code = Code.at;
      const records = Translator.records;
      Translator.beginBlock(KIND_PASSED);
      Region.translate(k);
      block.flagsOut = Translator.flagsKind;
      Code.rewind(code);
      Translator.rewindRecords(records);
    }
    let changed = true;
    while (changed) {
      changed = false;
      for (let k = 0; k < region.blocks; k++) {
        const block = Region.block(k);
        const out = block.flagsOut == KIND_PASSED ? block.flagsIn : block.flagsOut;
        if (out == NOT_SEEN) continue;
        if (meet(block.targetBlock, out)) changed = true;
        if (meet(block.nextBlock, out)) changed = true;
      }
    }
    for (let k = 0; k < region.blocks; k++) {
      const block = Region.block(k);
      if (block.flagsIn == NOT_SEEN) block.flagsIn = KIND_UNKNOWN;
    }
  }

  /** Emits a block's instructions; where it goes then is for the structure to emit. */
  static translate(number: i32): void {
    const block = Region.block(number);
    if (block.instructions) {
      Code.get(LOCAL_BUDGET);
      Code.literal(block.instructions);
      Code.op(Op.Sub);
      Code.set(LOCAL_BUDGET);
    }
    let offset = block.start;
    for (let left = block.instructions; left > 0; left--) {
      const length = decodeAt(offset);
      Translator.beginInstruction(region.eip + offset, left);
      Operations.translate(<u32>record().operation, record());
      offset += length;
    }
  }
}

function meet(number: i32, kind: u32): bool {
  if (number == NO_BLOCK) return false;
  const block = Region.block(number);
  const met = block.flagsIn == NOT_SEEN || block.flagsIn == kind ? kind : KIND_UNKNOWN;
  if (met == block.flagsIn) return false;
  block.flagsIn = met;
  return true;
}

/** Marks what is executed from an offset on, and where that leads. */
function follow(start: u32): void {
  let offset = start;
  while (offset < PAGE && !isMarked(offset, VISITED)) {
    const length = decodeAt(offset);
    mark(offset, VISITED);
    if (!length || region.single) return;
    const i = record();
    if (<u32>i.operation >= FIRST_ENDING) {
      const ending = endingOf(i);
      if (ending == Ending.Leave) return;
      const target = <u32>i.immediate;
      const isDirect = ending == Ending.Branch || ending == Ending.Jump;
      if (isDirect && inPage(target)) addWork(target - region.eip);
      if (!inPage(i.next)) return;
      const next = i.next - region.eip;
      if (ending == Ending.Branch) addWork(next);
      if (isCall(i)) {
        addWork(next);
        mark(next, ENTRY);
      }
      return;
    }
    offset += length;
  }
}

/** In the order of their addresses. */
function formBlocks(): void {
  region.blocks = 0;
  for (let offset: u32 = 0; offset < PAGE && region.blocks < BLOCKS_MAX; offset++) {
    if (!isMarked(offset, LEADER) || !isMarked(offset, VISITED)) continue;
    const block = Region.block(region.blocks);
    region.blocks++;
    memory.fill(changetype<usize>(block), 0, BLOCK_SIZE);
    store<u16>(NUMBERS + ((<usize>offset) << 1), <u16>region.blocks);
    block.start = offset;
    block.isEntry = isMarked(offset, ENTRY) ? 1 : 0;
    formBlock(block);
  }
}

function formBlock(block: BasicBlock): void {
  let offset = block.start;
  for (;;) {
    const length = decodeAt(offset);
    const i = record();
    block.next = region.eip + offset;
    if (!length) {
      block.ending = Ending.Leave;
      break;
    }
    if (<u32>i.operation >= FIRST_ENDING) {
      block.ending = endingOf(i);
      if (block.ending == Ending.Leave) break;
      block.instructions++;
      block.target = <u32>i.immediate;
      block.next = i.next;
      block.condition = (<u32>i.opcode) & 15;
      offset += length;
      break;
    }
    block.instructions++;
    offset += length;
    block.target = region.eip + offset;
    block.ending = Ending.Jump;
    if (offset >= PAGE || isMarked(offset, LEADER) || region.single) break;
  }
  // Nobody enters what has nothing to translate.
  if (block.instructions == 0) block.isEntry = 0;
  const last = offset > block.start ? offset - 1 : offset;
  for (let line = block.start >>> 6; line <= min<u32>(last, PAGE - 1) >>> 6; line++)
    region.lines |= (<u64>1) << (<u64>line);
}

function link(block: BasicBlock): void {
  const goes = block.ending == Ending.Jump || block.ending == Ending.Branch;
  block.targetBlock =
    goes && inPage(block.target) ? Region.numberAt(block.target - region.eip) : NO_BLOCK;
  block.nextBlock =
    block.ending == Ending.Branch && inPage(block.next)
      ? Region.numberAt(block.next - region.eip)
      : NO_BLOCK;
}

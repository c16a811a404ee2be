// Decoded blocks: runs of records that end with a jump, at a page's end or after MAX_INSTRUCTIONS.
//
// A block is found by physical address, EIP and mode; one that has been run lately by EIP and mode, for as long as its page is
// where it was: what flushes translations (SDM vol. 3, 4.10.4) leaves blocks alone, and CodeTag tells whether they still fit.
// The lines (64 bytes) of a page that hold decoded code are marked in CODE_LINES and the page has no write entry in the soft
// TLB, so that a write to one of them is seen: it turns all records of the blocks concerned into REFETCH, which also stops
// the block that is running right behind the writing instruction.
// An instruction that crosses a page, or lies in device memory, is decoded each time it runs.

import {
  BLOCK_ARENA,
  BLOCK_ARENA_END,
  BLOCK_MAP,
  BLOCK_MAP_SIZE,
  CODE_LINES,
  PAGE_BLOCKS,
  PAGE_READ,
  PAGE_WRITE,
  RECENT_BLOCKS,
  RECENT_BLOCKS_SIZE,
} from "../layout";
import { endTranslations, forgetTranslations } from "../jit/cache";
import { tryTranslateFetch } from "../memory/paging";
import { Physical } from "../memory/physical";
import { CodeTag, dropWrites } from "../memory/tlb";
import { decode, LONGEST_INSTRUCTION } from "./decode";
import { Fault, Vector } from "./fault";
import { Instruction, INSTRUCTION_SIZE } from "./instruction";
import { FIRST_ENDING, REFETCH } from "./operations.gen";
import { CPL_USER, CS, cpu, MODE_FLAT, MODE_STEP, MODE_USER, Segments } from "./state";

const MAX_INSTRUCTIONS = 64;

/** Stands before the block's records. */
@unmanaged
export class Block {
  physical: u32;
  eip: u32;
  key: u32; // the tag of its page | cpu.mode; DEAD once forgotten
  instructions: u16;
  bytes: u16;
  follower: u32; // the block that was run behind it the last time; another may be due
  hashNext: u32;
  pageNext: u32;
  region: u32; // see jit/cache.ts

  /** cpu.mode when it was decoded. */
  @inline static mode(block: Block): u32 {
    return block.key & MODES;
  }
}
const DEAD: u32 = 0xffff_ffff;
/** All MODE_* of cpu/state.ts. */
const MODES: u32 = 0x7f;
export const NO_BLOCK = changetype<Block>(<usize>0);
const HEADER_SIZE = INSTRUCTION_SIZE;

@unmanaged
class BlocksState {
  top: usize; // of the arena
  decoded: u64; // blocks ever, for statistics
  forgotten: u64;
}
const blocks = changetype<BlocksState>(memory.data(offsetof<BlocksState>(), 8));

/** For an instruction that is not kept. */
const SINGLE = memory.data(HEADER_SIZE + 2 * INSTRUCTION_SIZE, 16);
const BYTES = memory.data(32, 16);
const FETCH = memory.data(INSTRUCTION_SIZE, 16);

export class Recent {
  @inline static slot(eip: u32): usize {
    return RECENT_BLOCKS + (((<usize>(eip ^ (eip >>> 15))) << 2) & (RECENT_BLOCKS_SIZE - 4));
  }

  /** The block at `eip`; NO_BLOCK where it has not been run lately, or another page is there now. */
  @inline static find(eip: u32, mode: u32): Block {
    const block = changetype<Block>(load<usize>(Recent.slot(eip)));
    return Recent.isAt(block, eip, mode) ? block : NO_BLOCK;
  }

  /** The same for what comes behind a block: most often that of the last time. */
  @inline static after(block: Block, eip: u32, mode: u32): Block {
    let next = changetype<Block>(<usize>block.follower);
    if (Recent.isAt(next, eip, mode)) return next;
    next = Recent.find(eip, mode);
    block.follower = <u32>changetype<usize>(next);
    return next;
  }

  @inline static isAt(block: Block, eip: u32, mode: u32): bool {
    if (block.eip != eip) return false;
    if (!(mode & MODE_FLAT)) return isAtSegment(block, mode);
    return block.key == (CodeTag.at(eip) | mode);
  }
}

/** The block is where CS and the page put it, and within the limit. */
function isAtSegment(block: Block, mode: u32): bool {
  const code = Segments.of(CS);
  const linear = code.base + block.eip;
  return (
    block.key == (CodeTag.at(linear) | mode) &&
    ((block.physical ^ linear) & 0xfff) == 0 &&
    block.eip + (<u32>block.bytes - 1) <= code.limit
  );
}

/** What a fault between two instructions points at: cpu.eip. */
export function pointAtNext(): void {
  const record = changetype<Instruction>(FETCH);
  record.eip = cpu.eip;
  record.next = cpu.eip;
  cpu.instruction = FETCH;
}

function mapSlot(physical: u32): usize {
  const hash = (physical ^ (physical >>> 15)) & (<u32>BLOCK_MAP_SIZE / 4 - 1);
  return BLOCK_MAP + ((<usize>hash) << 2);
}

/** The block at cpu.eip, decoded if need be; NO_BLOCK where the fetch faults, which is described. */
export function findBlock(mode: u32): Block {
  const eip = cpu.eip;
  const code = Segments.of(CS);
  if (!(mode & MODE_FLAT) && eip > code.limit) {
    pointAtNext();
    Fault.describe(Vector.GeneralProtection, 0, 1);
    return NO_BLOCK;
  }
  const linear = code.base + eip;
  pointAtNext();
  const translated = translateFetch(linear);
  if (translated < 0) return NO_BLOCK;
  const physical = <u32>translated;
  const key = CodeTag.make(physical, (mode & MODE_USER) != 0) | mode;
  let address = load<u32>(mapSlot(physical));
  while (address) {
    const block = changetype<Block>(<usize>address);
    if (block.physical == physical && block.eip == eip && block.key == key) {
      if (!(mode & MODE_FLAT) && eip + (<u32>block.bytes - 1) > code.limit) break;
      if (!(mode & MODE_STEP)) remember(block);
      return block;
    }
    address = block.hashNext;
  }
  return address ? decodeSingle(linear, mode) : decodeBlock(linear, physical, key, mode);
}

/** Physical address of an instruction; -1 where the fetch faults, which is described. */
function translateFetch(linear: u32): i64 {
  const user = cpu.cpl == CPL_USER;
  const tag = CodeTag.at(linear);
  const physical = (tag & 0xffff_f000) | (linear & 0xfff);
  return tag == CodeTag.make(tag, user) ? <i64>(<u64>physical) : tryTranslateFetch(linear, user);
}

function remember(block: Block): void {
  store<usize>(Recent.slot(block.eip), changetype<usize>(block));
}

/** Bytes from `eip` to the end of the code segment, at most `most`. */
function withinSegment(eip: u32, most: u32, mode: u32): u32 {
  if (mode & MODE_FLAT) return most;
  const left = Segments.of(CS).limit - eip;
  return left < most ? left + 1 : most;
}

function decodeBlock(linear: u32, physical: u32, key: u32, mode: u32): Block {
  const eip = cpu.eip;
  const page = load<u32>(PAGE_READ + ((<usize>(physical >>> 12)) << 2));
  const inPage = 0x1000 - (physical & 0xfff);
  if (!page) return decodeSingle(linear, mode);
  if (blocks.top == 0) blocks.top = BLOCK_ARENA;
  const room = HEADER_SIZE + (MAX_INSTRUCTIONS + 1) * INSTRUCTION_SIZE;
  if (blocks.top + room > BLOCK_ARENA_END) forgetAll();

  const available = withinSegment(eip, inPage, mode);
  const block = changetype<Block>(blocks.top);
  const host = <usize>(page + (physical & 0xfff));
  const most = mode & MODE_STEP ? 1 : MAX_INSTRUCTIONS;
  let record = blocks.top + HEADER_SIZE;
  let offset: u32 = 0;
  let count = 0;
  let ended = false;
  while (count < most && offset < available) {
    const left = available - offset;
    // Too long an instruction is reported when it is reached, not while the block before it is made.
    if (count && left >= LONGEST_INSTRUCTION && isTooLong(host + offset)) break;
    const length = decode(changetype<Instruction>(record), host + offset, left, eip + offset, mode);
    if (!length) break;
    offset += length;
    count++;
    const operation = <u32>changetype<Instruction>(record).operation;
    record += INSTRUCTION_SIZE;
    if (operation >= FIRST_ENDING) {
      ended = true;
      break;
    }
  }
  if (!count) return decodeSingle(linear, mode);
  if (!ended) {
    const last = changetype<Instruction>(record);
    memory.fill(record, 0, INSTRUCTION_SIZE);
    last.operation = REFETCH;
    last.eip = eip + offset;
    record += INSTRUCTION_SIZE;
  }
  blocks.top = record;
  blocks.decoded++;
  block.physical = physical;
  block.eip = eip;
  block.key = key;
  block.instructions = <u16>count;
  block.bytes = <u16>offset;
  block.follower = 0;
  block.region = 0;
  const slot = mapSlot(physical);
  block.hashNext = load<u32>(slot);
  store<u32>(slot, <u32>changetype<usize>(block));
  const first = PAGE_BLOCKS + ((<usize>(physical >>> 12)) << 2);
  block.pageNext = load<u32>(first);
  store<u32>(first, <u32>changetype<usize>(block));
  markLines(physical, offset);
  if (!(mode & MODE_STEP)) remember(block);
  return block;
}

/** More than 14 prefixes in a row. */
export function isTooLong(bytes: usize): bool {
  for (let k: usize = 0; k < LONGEST_INSTRUCTION - 1; k++) {
    const byte = <u32>load<u8>(bytes + k);
    const prefix =
      byte == 0x66 ||
      byte == 0x67 ||
      (byte & 0xe7) == 0x26 ||
      (byte & 0xfe) == 0x64 ||
      byte == 0xf0 ||
      (byte & 0xfe) == 0xf2;
    if (!prefix) return k >= 4; // rare enough to look at on its own
  }
  return true;
}

/** One instruction, its bytes gathered one page after the other: the second page's fault comes only if it is needed. */
function decodeSingle(linear: u32, mode: u32): Block {
  const eip = cpu.eip;
  const wanted = withinSegment(eip, LONGEST_INSTRUCTION, mode);
  const block = changetype<Block>(SINGLE);
  const record = changetype<Instruction>(SINGLE + HEADER_SIZE);
  const inPage = min<u32>(wanted, 0x1000 - (linear & 0xfff));
  let translated = translateFetch(linear);
  if (translated < 0) return NO_BLOCK;
  let physical = <u32>translated;
  for (let k: u32 = 0; k < inPage; k++) store<u8>(BYTES + k, <u8>Physical.read8(physical + k));
  let length = decode(record, BYTES, inPage, eip, mode);
  if (!length) {
    if (wanted > inPage) {
      translated = translateFetch(linear + inPage);
      if (translated < 0) return NO_BLOCK;
      physical = <u32>translated;
      for (let k = inPage; k < wanted; k++) {
        store<u8>(BYTES + k, <u8>Physical.read8(physical + (k - inPage)));
      }
      length = decode(record, BYTES, wanted, eip, mode);
    }
    if (!length) {
      Fault.describe(Vector.GeneralProtection, 0, 1); // runs out of the segment
      return NO_BLOCK;
    }
  }
  const last = changetype<Instruction>(SINGLE + HEADER_SIZE + INSTRUCTION_SIZE);
  last.operation = REFETCH;
  last.eip = eip + length;
  block.instructions = 1;
  block.bytes = <u16>length;
  block.follower = 0;
  block.region = 0;
  return block;
}

function lineMask(address: u32, size: u32): u64 {
  const from = (address & 0xfff) >>> 6;
  const to = ((address & 0xfff) + size - 1) >>> 6;
  // Bits `from` to `to`.
  const top: u64 = 0xffff_ffff_ffff_ffff >>> (<u64>(63 - to));
  const bottom: u64 = 0xffff_ffff_ffff_ffff << (<u64>from);
  return top & bottom;
}

function markLines(physical: u32, size: u32): void {
  const lines = CODE_LINES + ((<usize>(physical >>> 12)) << 3);
  const before = load<u64>(lines);
  if (!before) {
    const host = load<u32>(PAGE_WRITE + ((<usize>(physical >>> 12)) << 2)) & ~0xfff;
    if (host) dropWrites(host, host + 0x1000);
  }
  store<u64>(lines, before | lineMask(physical, size));
}

/** These lines of a page hold code that is not in blocks. */
export function markCode(physical: u32, lines: u64): void {
  const at = CODE_LINES + ((<usize>(physical >>> 12)) << 3);
  markLines(physical, 1);
  store<u64>(at, load<u64>(at) | lines);
}

/** The first of a physical page's blocks, linked by pageNext. */
export function firstBlockOf(page: u32): Block {
  return changetype<Block>(<usize>load<u32>(PAGE_BLOCKS + ((<usize>page) << 2)));
}

/** A write of these bytes, which do not cross a page, would make code be forgotten. */
export function invalidatesCode(address: u32, size: i32): bool {
  return (load<u64>(CODE_LINES + ((<usize>(address >>> 12)) << 3)) & lineMask(address, size)) != 0;
}

/** Bytes at a physical address (not crossing a page) are about to change: forget the code decoded from them. */
export function invalidateCode(address: u32, size: i32): void {
  const page = <usize>(address >>> 12);
  const lines = CODE_LINES + (page << 3);
  const touched = lineMask(address, size);
  if (!(load<u64>(lines) & touched)) return;
  endTranslations(<u32>page);
  let left: u64 = 0;
  let previous: usize = PAGE_BLOCKS + (page << 2);
  let current = load<u32>(previous);
  while (current) {
    const block = changetype<Block>(<usize>current);
    const mask = lineMask(block.physical, <u32>block.bytes);
    const following = block.pageNext;
    if (mask & touched) {
      forget(block);
      store<u32>(previous, following);
    } else {
      left |= mask;
      previous = <usize>current + offsetof<Block>("pageNext");
    }
    current = following;
  }
  store<u64>(lines, left);
}

function forget(block: Block): void {
  blocks.forgotten++;
  const slot = mapSlot(block.physical);
  let previous = slot;
  let current = load<u32>(slot);
  while (current) {
    const candidate = changetype<Block>(<usize>current);
    if (candidate == block) {
      store<u32>(previous, block.hashNext);
      break;
    }
    previous = <usize>current + offsetof<Block>("hashNext");
    current = candidate.hashNext;
  }
  let record = changetype<usize>(block) + HEADER_SIZE;
  for (let k: u32 = 0; k <= <u32>block.instructions; k++) {
    const operation = <u32>load<u16>(record);
    store<u16>(record, REFETCH);
    if (operation >= FIRST_ENDING) break;
    record += INSTRUCTION_SIZE;
  }
  block.key = DEAD;
}

/** Forgets every block; not while one of them is running. */
export function forgetAll(): void {
  forgetTranslations();
  for (let slot: usize = 0; slot < BLOCK_MAP_SIZE; slot += 4) {
    let current = load<u32>(BLOCK_MAP + slot);
    while (current) {
      const block = changetype<Block>(<usize>current);
      const page = <usize>(block.physical >>> 12);
      store<u64>(CODE_LINES + (page << 3), 0);
      store<u32>(PAGE_BLOCKS + (page << 2), 0);
      current = block.hashNext;
    }
    store<u32>(BLOCK_MAP + slot, 0);
  }
  memory.fill(RECENT_BLOCKS, 0, RECENT_BLOCKS_SIZE);
  blocks.top = BLOCK_ARENA;
}

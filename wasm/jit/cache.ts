// Regions that have been translated: when, which, and until when they hold. On when the machine's configuration says so (`jit`).
//
// A decoded block counts how often it is executed. At HOT its page is translated from all entries that were ever hot; each block that
// begins at an entry then has the region's function and the entry's number. A write to a 64-byte line with translated code, or
// whatever else makes blocks be forgotten, ends the page's regions. Pages whose code keeps being rewritten are left to the
// interpreter.
//
// Not implemented: regions of more than one page, jumps from one region straight into another, code that is not flat and of 32 bits.
// x87, MMX and SSE, strings, wide multiplication and all shifts but the plainest are calls to their handlers, with all registers stored
// before and loaded behind. What leaves a page, and what goes to a place in it that was not hot when it was translated, goes back to
// the main loop.

import { Block, firstBlockOf, markCode } from "../cpu/blocks";
import {
  cpu,
  CpuState,
  MODE_CODE32,
  MODE_FLAT,
  MODE_PROTECTED,
  MODE_STACK32,
  MODE_STEP,
  MODE_USER,
} from "../cpu/state";
import { hostCompile, hostRelease } from "../host";
import { JIT_CODE, JIT_ENTRIES, JIT_SCORES, PAGE_READ } from "../layout";
import { TLB_SUPERVISOR_READ, TLB_USER_READ } from "../memory/tlb";
import { Code, LOCAL_BUDGET, LOCAL_EIP, Op } from "./code";
import { Expressions } from "./expression";
import { helper, LEFT_BUDGET, syncBudget } from "./helpers";
import { ENTRIES_MAX, Region } from "./region";
import { emitStructure } from "./structure";
import { Translator } from "./translator";

/** In Block.region: translated, with the function's index and the entry's number. */
export const TRANSLATED: u32 = 0x8000_0000;
/** Never asked about again. */
const GIVEN_UP: u32 = 0x4000_0000;
const HOT: u32 = 1024;
/** Runs of fewer instructions cost more than they save; after so many in a row the entry is the interpreter's. */
const SHORT_RUN = 24;
const SHORT_RUNS_MAX: u32 = 200;
const REGIONS_MAX = 512;
const TRANSLATABLE = MODE_CODE32 | MODE_FLAT | MODE_PROTECTED | MODE_STACK32;
const PAGE_ENTRIES: usize = 4096;
const NO_ENTRY: u8 = 0xff;
const REWRITES_MAX: u32 = 16;
const TRANSLATIONS_MAX: u32 = 24;

@unmanaged
class Translation {
  page: u32; // physical, in pages
  eip: u32; // of the page
  mode: u32;
  function: u32; // 0: none now
  entryCount: i32;
  count: u32; // how often it was made
}
const TRANSLATION_SIZE = offsetof<Translation>() + 2 * ENTRIES_MAX;
const TRANSLATIONS = memory.data(512 * (24 + 128), 8);

@unmanaged
class CacheState {
  on: u32;
  used: i32; // of TRANSLATIONS
  made: u32; // figures
  ended: u32;
  bytes: u32;
  shunned: u32;
  runs: u64;
  translated: u64; // instructions executed in regions
}
export const jit = changetype<CacheState>(memory.data(offsetof<CacheState>(), 8));
/** How often a page's regions were ended, by the low bits of its number. */
const REWRITES_SIZE = 4096;
const REWRITES = memory.data(REWRITES_SIZE, 8);

function translation(number: i32): Translation {
  return changetype<Translation>(TRANSLATIONS + <usize>number * TRANSLATION_SIZE);
}
function entriesOf(t: Translation): usize {
  return changetype<usize>(t) + offsetof<Translation>();
}
function entryMap(number: i32): usize {
  return JIT_ENTRIES + <usize>number * PAGE_ENTRIES;
}
function rewrites(page: u32): usize {
  return REWRITES + ((<usize>page) & (REWRITES_SIZE - 1));
}

/** Figures for --stats: translations made, ended, their bytes, entries given up, runs. */
export function jitFigure(index: i32): f64 {
  switch (index) {
    case 0:
      return jit.made;
    case 1:
      return jit.ended;
    case 2:
      return jit.bytes;
    case 3:
      return jit.shunned;
    case 4:
      return <f64>jit.runs;
    default:
      return <f64>jit.translated;
  }
}

/** Host: whether hot code is translated. */
export function setJit(on: u32): void {
  jit.on = on;
  forgetTranslations();
}

/** Runs the region that the block begins. False: the interpreter is to execute it. */
export function enterRegion(block: Block): bool {
  if (helper.hold) {
    helper.hold = 0;
    return false;
  }
  if (cpu.tlbRead != (block.key & MODE_USER ? TLB_USER_READ : TLB_SUPERVISOR_READ)) return false;
  const region = block.region;
  const before = cpu.budget;
  helper.stop = 0;
  helper.budget = before;
  call_indirect<void>((region >>> 8) & 0xffff, region & 0xff);
  syncBudget(helper.budget);
  jit.runs++;
  jit.translated += <u64>(before - cpu.budget);
  if (before - cpu.budget < SHORT_RUN) countShortRun(block);
  else store<u8>(scoreOf(region), 0);
  return true;
}

function scoreOf(region: u32): usize {
  return JIT_SCORES + <usize>(region & 0x1_ffff);
}

function countShortRun(block: Block): void {
  const region = block.region;
  if (!(region & TRANSLATED)) return;
  const score = scoreOf(region);
  const count = <u32>load<u8>(score) + 1;
  store<u8>(score, <u8>count);
  if (count < SHORT_RUNS_MAX) return;
  store<u8>(score, 0);
  block.region = GIVEN_UP;
  jit.shunned++;
}

/** Counts the block's executions, and translates what is hot. False: it has a region to enter. */
export function interpretsNext(block: Block): bool {
  if (block.region & (TRANSLATED | GIVEN_UP)) return !(block.region & TRANSLATED);
  const count = block.region + 1;
  block.region = count;
  if (count & (HOT - 1)) return true;
  translateAt(block, count);
  return !(block.region & TRANSLATED);
}

function translateAt(block: Block, count: u32): void {
  block.region = GIVEN_UP;
  const mode = Block.mode(block);
  if ((mode & ~MODE_USER) != TRANSLATABLE) return;
  const page = block.physical >>> 12;
  if (<u32>load<u8>(rewrites(page)) >= REWRITES_MAX) return;
  const number = find(page, block.eip & ~0xfff, mode);
  if (number < 0) return;
  const t = translation(number);
  const offset = block.eip & 0xfff;
  const known = t.function != 0 && <u32>load<u8>(entryMap(number) + offset) != NO_ENTRY;
  if (!known) {
    // Each new entry translates all of them again, which should pay.
    if (t.function && count < HOT << min<u32>(t.count, 8)) {
      block.region = count;
      return;
    }
    if (t.entryCount >= ENTRIES_MAX || t.count >= TRANSLATIONS_MAX) return;
    store<u16>(entriesOf(t) + ((<usize>t.entryCount) << 1), <u16>offset);
    t.entryCount++;
    if (!translate(number)) {
      // The entries' numbers may be others by now.
      endTranslations(page);
      block.region = GIVEN_UP;
      return;
    }
  }
  linkBlocks(number);
}

/** The page's translation, or a new one without a function. -1: there are too many. */
function find(page: u32, eip: u32, mode: u32): i32 {
  for (let k = 0; k < jit.used; k++) {
    const t = translation(k);
    if (t.page == page && t.eip == eip && t.mode == mode) return k;
  }
  if (jit.used >= REGIONS_MAX) return -1;
  const t = translation(jit.used);
  t.page = page;
  t.eip = eip;
  t.mode = mode;
  t.function = 0;
  t.entryCount = 0;
  t.count = 0;
  jit.used++;
  return jit.used - 1;
}

/** Each block that begins at an entry has the region from now on. */
function linkBlocks(number: i32): void {
  const t = translation(number);
  let block = firstBlockOf(t.page);
  while (block) {
    if (Block.mode(block) == t.mode && (block.eip & ~0xfff) == t.eip) {
      const entry = <u32>load<u8>(entryMap(number) + <usize>(block.eip & 0xfff));
      if (entry != NO_ENTRY) block.region = TRANSLATED | (t.function << 8) | entry;
      else if (block.region & TRANSLATED) block.region = GIVEN_UP;
    }
    block = changetype<Block>(<usize>block.pageNext);
  }
}

function translate(number: i32): bool {
  const t = translation(number);
  const host = load<u32>(PAGE_READ + ((<usize>t.page) << 2));
  if (!host) return false;
  if (!Region.discover(<usize>host, t.eip, t.mode, entriesOf(t), t.entryCount)) return false;
  // Without room for what handlers need, everything begins anew.
  if (!Translator.hasRecords(4096)) {
    forgetTranslations();
    return false;
  }
  const map = entryMap(number);
  memory.fill(map, NO_ENTRY, PAGE_ENTRIES);
  let entries = 0;
  for (let k = 0; k < Region.blocks; k++) {
    const block = Region.block(k);
    if (!block.isEntry) continue;
    store<u8>(map + <usize>block.start, <u8>k);
    entries++;
  }
  if (!entries) return false;
  const length = emit(t, map);
  if (!length) return false;
  const made = <u32>hostCompile(JIT_CODE, <i32>length, <i32>t.function);
  if (!made) return false;
  t.function = made;
  t.count++;
  jit.made++;
  jit.bytes += <u32>length;
  markCode(t.page << 12, Region.lines);
  return true;
}

function emit(t: Translation, map: usize): usize {
  Code.begin();
  Expressions.beginRegion();
  Translator.beginRegion(t.mode, 1);
  Region.traceFlags();
  Translator.loadAll();
  Code.loadFixed(changetype<usize>(cpu) + offsetof<CpuState>("budget"));
  Code.set(LOCAL_BUDGET);
  Code.loadFixed(changetype<usize>(cpu) + offsetof<CpuState>("eip"));
  Code.set(LOCAL_EIP);
  Code.open(Op.Block);
  emitStructure(map, t.eip);
  Code.close();
  Translator.storeAll();
  Code.storeFixed(changetype<usize>(cpu) + offsetof<CpuState>("eip"), LOCAL_EIP);
  Code.storeFixed(LEFT_BUDGET, LOCAL_BUDGET);
  return Code.hasRoom() ? Code.finish(Expressions.localsUsed) : 0;
}

/**
 * Vectors: translates the one instruction of a block, and runs that. False: the interpreter is to execute it, since it cannot be
 * translated or has not got through.
 */
export function stepTranslated(block: Block): bool {
  if ((Block.mode(block) & ~(MODE_USER | MODE_STEP)) != TRANSLATABLE) return false;
  if (cpu.tlbRead != (block.key & MODE_USER ? TLB_USER_READ : TLB_SUPERVISOR_READ)) return false;
  const host = load<u32>(PAGE_READ + ((<usize>(block.physical >>> 12)) << 2));
  const offset = block.eip & 0xfff;
  const mode = Block.mode(block) & ~MODE_STEP;
  const t = translation(REGIONS_MAX - 1);
  t.eip = block.eip - offset;
  t.mode = mode;
  store<u16>(entriesOf(t), <u16>offset);
  const map = entryMap(REGIONS_MAX - 1);
  memory.fill(map, NO_ENTRY, PAGE_ENTRIES);
  Translator.forgetRecords();
  Region.setSingle(true);
  const found =
    Region.discover(<usize>host, t.eip, mode, entriesOf(t), 1) && Region.block(0).isEntry;
  const length = found ? emit(t, map) : 0;
  Region.setSingle(false);
  if (!length) return false;
  t.function = <u32>hostCompile(JIT_CODE, <i32>length, <i32>t.function);
  if (!t.function) return false;
  helper.hold = 0;
  helper.stop = 0;
  cpu.budget = 1000;
  helper.budget = cpu.budget;
  const before = cpu.budget;
  call_indirect<void>(t.function, 0);
  syncBudget(helper.budget);
  const done = !helper.hold && cpu.budget != before;
  helper.hold = 0;
  return done;
}

/** How many were ended so far. */
export function endedTranslations(): u32 {
  return jit.ended;
}

/** Code of a page is about to change, or its blocks are forgotten. */
export function endTranslations(page: u32): void {
  let had = false;
  for (let k = 0; k < jit.used; k++) {
    const t = translation(k);
    if (t.page != page || !t.function) continue;
    hostRelease(<i32>t.function);
    t.function = 0;
    t.entryCount = 0;
    had = true;
    jit.ended++;
  }
  if (!had) return;
  const counted = rewrites(page);
  if (<u32>load<u8>(counted) < REWRITES_MAX) store<u8>(counted, <u8>(load<u8>(counted) + 1));
  let block = firstBlockOf(page);
  while (block) {
    block.region = 0;
    block = changetype<Block>(<usize>block.pageNext);
  }
}

/** All of them, with the blocks that lead to them: for forgetAll, which forgets these. */
export function forgetTranslations(): void {
  for (let k = 0; k < jit.used; k++) {
    const t = translation(k);
    if (!t.function) continue;
    endTranslations(t.page);
  }
  memory.fill(REWRITES, 0, REWRITES_SIZE);
  jit.used = 0;
  Translator.forgetRecords();
}

// Control flow: from a graph of basic blocks to WebAssembly's nested blocks and loops.
//
// A set of blocks is split into its strongly connected components, in an order in which jumps between them go forward only. Each
// jump forward leaves a `block` that ends where its target begins. A component with a cycle becomes a `loop`; jumps to its headers,
// the blocks that are entered from outside, go back to it, and what is left of it is a set again. Several headers are told apart by
// the local STATE and a table.

import { JIT_TABLES_END } from "../layout";
import { Code, LOCAL_BUDGET, LOCAL_EIP, LOCAL_STATE, Op } from "./code";
import { Expressions } from "./expression";
import { STOP } from "./helpers";
import { BasicBlock, Ending, NO_BLOCK, Region, REGION_TABLES_END } from "./region";
import { Translator } from "./translator";

const UNSEEN = -1;

@unmanaged
class StructureState {
  top: usize; // of the lists of block numbers (i32)
  counter: i32;
  stack: usize; // of Tarjan's algorithm: its lower end, and how high it is
  stackHeight: i32;
  entries: usize; // u8 state map of the region, by offset in the page
  returnLabel: i32; // of the loop around the region
  pageEip: u32;
}
const structure = changetype<StructureState>(memory.data(offsetof<StructureState>(), 8));

function item(list: usize, index: i32): i32 {
  return load<i32>(list + ((<usize>index) << 2));
}
function put(list: usize, index: i32, value: i32): void {
  store<i32>(list + ((<usize>index) << 2), value);
}
function newList(count: i32): usize {
  const list = structure.top;
  structure.top += (<usize>count) << 2;
  if (structure.top > JIT_TABLES_END) unreachable();
  return list;
}

/** Emits the region's body: ends by leaving. `entries`: see cache.ts. */
export function emitStructure(entries: usize, pageEip: u32): void {
  const count = Region.blocks;
  structure.top = REGION_TABLES_END;
  structure.entries = entries;
  structure.pageEip = pageEip;
  structure.returnLabel = Code.open(Op.Loop);
  emitPoll();
  const all = newList(count);
  const headers = newList(count);
  let headerCount = 0;
  for (let k = 0; k < count; k++) {
    put(all, k, k);
    const block = Region.block(k);
    if (!block.isEntry) continue;
    put(headers, headerCount++, k);
  }
  emitSet(all, count, headers, headerCount);
  Code.close();
}

/** Leaves for LOCAL_EIP when the budget is used up or something waits. */
function emitPoll(): void {
  Code.loadFixed(STOP);
  Code.get(LOCAL_BUDGET);
  Code.literal(31);
  Code.op(Op.ShrS);
  Code.op(Op.Or);
  Code.open(Op.If);
  Translator.exit();
  Code.close();
}

function emitSet(members: usize, count: i32, headers: usize, headerCount: i32): void {
  const saved = structure.top;
  const components = findComponents(members, count);
  const sorted = newList(count); // members by component, in topological order
  const starts = newList(components + 1);
  let filled = 0;
  for (let c = components - 1, k = 0; c >= 0; c--, k++) {
    put(starts, k, filled);
    for (let m = 0; m < count; m++)
      if (Region.block(item(members, m)).component == c) put(sorted, filled++, item(members, m));
  }
  put(starts, components, filled);
  // Which of them are entered from outside their component.
  const outer = newList(count);
  for (let m = 0; m < count; m++) put(outer, m, 0);
  for (let m = 0; m < count; m++) {
    const block = Region.block(item(sorted, m));
    noteEntered(sorted, outer, count, block.targetBlock, block.component);
    noteEntered(sorted, outer, count, block.nextBlock, block.component);
  }
  for (let h = 0; h < headerCount; h++) noteEntered(sorted, outer, count, item(headers, h), -1);

  const labels = newList(components);
  for (let k = components - 1; k >= 0; k--) put(labels, k, Code.open(Op.Block));
  for (let k = 0; k < components; k++) {
    let entered = 0;
    for (let m = item(starts, k); m < item(starts, k + 1); m++) if (item(outer, m)) entered++;
    for (let m = item(starts, k); m < item(starts, k + 1); m++) {
      const block = Region.block(item(sorted, m));
      if (block.isHeader) continue; // jumps to it go back to its loop
      block.label = item(labels, k);
      if (entered > 1 && item(outer, m)) block.needsState = 1;
    }
  }
  emitDispatch(sorted, starts, labels, components, headers, headerCount);
  for (let k = 0; k < components; k++) {
    Code.close();
    const from = item(starts, k);
    emitComponent(
      sorted + ((<usize>from) << 2),
      item(starts, k + 1) - from,
      outer + ((<usize>from) << 2),
    );
  }
  structure.top = saved;
}

function noteEntered(sorted: usize, outer: usize, count: i32, target: i32, from: i32): void {
  if (target == NO_BLOCK) return;
  const block = Region.block(target);
  if (block.component == from || block.component == UNSEEN) return;
  if (block.isHeader && from >= 0) return;
  for (let m = 0; m < count; m++) if (item(sorted, m) == target) put(outer, m, 1);
}

/** To the header that STATE names, in front of all components. */
function emitDispatch(
  sorted: usize,
  starts: usize,
  labels: usize,
  components: i32,
  headers: usize,
  headerCount: i32,
): void {
  if (headerCount == 1) {
    Code.branch(labelOf(item(headers, 0), sorted, starts, labels, components));
    return;
  }
  let least = 0x7fff_ffff;
  let most = 0;
  for (let h = 0; h < headerCount; h++) {
    least = min(least, item(headers, h));
    most = max(most, item(headers, h));
  }
  Code.get(LOCAL_STATE);
  Code.literal(<u32>least);
  Code.op(Op.Sub);
  Code.op(Op.BrTable);
  Code.unsigned(<u32>(most - least));
  let any = 0;
  for (let number = least; number <= most; number++) {
    for (let h = 0; h < headerCount; h++)
      if (item(headers, h) == number) any = labelOf(number, sorted, starts, labels, components);
    // What is no header never is the state.
    Code.unsigned(Code.relative(any));
  }
}

function labelOf(number: i32, sorted: usize, starts: usize, labels: usize, components: i32): i32 {
  for (let k = 0; k < components; k++)
    for (let m = item(starts, k); m < item(starts, k + 1); m++)
      if (item(sorted, m) == number) return item(labels, k);
  return unreachable();
}

function emitComponent(members: usize, count: i32, entered: usize): void {
  const first = Region.block(item(members, 0));
  const isLoop =
    count > 1 ||
    (!first.isHeader &&
      (first.targetBlock == item(members, 0) || first.nextBlock == item(members, 0)));
  if (!isLoop) {
    emitBlock(item(members, 0));
    return;
  }
  const saved = structure.top;
  const headers = newList(count);
  let headerCount = 0;
  for (let m = 0; m < count; m++)
    if (item(entered, m)) put(headers, headerCount++, item(members, m));
  if (headerCount == 0) put(headers, headerCount++, item(members, 0)); // nobody comes here
  const loop = Code.open(Op.Loop);
  for (let h = 0; h < headerCount; h++) {
    const block = Region.block(item(headers, h));
    block.isHeader = 1;
    block.isPolled = 1;
    block.label = loop;
    block.needsState = headerCount > 1 ? 1 : 0;
  }
  const inner = newList(count);
  for (let m = 0; m < count; m++) put(inner, m, item(members, m));
  emitSet(inner, count, headers, headerCount);
  for (let h = 0; h < headerCount; h++) Region.block(item(headers, h)).isHeader = 0;
  Code.close();
  structure.top = saved;
}

// ---- one block ----

function emitBlock(number: i32): void {
  const block = Region.block(number);
  if (block.isPolled) {
    Code.literal(Region.eipOf(number));
    Code.set(LOCAL_EIP);
    emitPoll();
  }
  Translator.beginBlock(block.flagsIn);
  Region.translate(number);
  switch (block.ending) {
    case Ending.Jump:
      goTo(block.targetBlock, block.target);
      break;
    case Ending.Branch:
      emitBranch(block);
      break;
    case Ending.Indirect:
      emitIndirect();
      break;
    default:
      Translator.exitTo(block.next);
      break;
  }
}

function emitBranch(block: BasicBlock): void {
  Expressions.beginInstruction();
  Expressions.emit(Translator.condition(block.condition));
  Code.open(Op.If);
  goTo(block.targetBlock, block.target);
  Code.close();
  goTo(block.nextBlock, block.next);
}

function goTo(number: i32, eip: u32): void {
  if (number == NO_BLOCK) {
    Translator.exitTo(eip);
    return;
  }
  const block = Region.block(number);
  if (block.needsState) {
    Code.literal(<u32>number);
    Code.set(LOCAL_STATE);
  }
  Code.branch(block.label);
}

/** To LOCAL_EIP, when it is an entry of this region; else out. */
function emitIndirect(): void {
  Code.get(LOCAL_EIP);
  Code.literal(structure.pageEip);
  Code.op(Op.Xor);
  Expressions.beginInstruction();
  const offset = Expressions.newLocal();
  Code.tee(offset);
  Code.literal(0xfff);
  Code.op(Op.GtU);
  Code.open(Op.If);
  Translator.exit();
  Code.close();
  Code.get(offset);
  Code.access(Op.Load8, 0, structure.entries);
  Code.tee(LOCAL_STATE);
  Code.literal(0xff);
  Code.op(Op.Eq);
  Code.open(Op.If);
  Translator.exit();
  Code.close();
  Code.branch(structure.returnLabel);
}

// ---- strongly connected components (Tarjan) ----

/** Gives each member its component, numbered from the last in topological order on. Returns how many. */
function findComponents(members: usize, count: i32): i32 {
  for (let k = 0; k < Region.blocks; k++) {
    const block = Region.block(k);
    block.order = 0; // not a member
    block.component = UNSEEN;
  }
  for (let m = 0; m < count; m++) Region.block(item(members, m)).order = UNSEEN;
  structure.counter = 0;
  structure.stack = newList(count);
  structure.stackHeight = 0;
  let components = 0;
  for (let m = 0; m < count; m++) {
    const number = item(members, m);
    if (Region.block(number).order == UNSEEN) components = visit(number, components);
  }
  return components;
}

function visit(number: i32, components: i32): i32 {
  const block = Region.block(number);
  structure.counter++;
  block.order = structure.counter;
  block.low = structure.counter;
  put(structure.stack, structure.stackHeight, number);
  structure.stackHeight++;
  components = visitEdge(block, block.targetBlock, components);
  components = visitEdge(block, block.nextBlock, components);
  if (block.low != block.order) return components;
  let popped = NO_BLOCK;
  while (popped != number) {
    structure.stackHeight--;
    popped = item(structure.stack, structure.stackHeight);
    Region.block(popped).component = components;
  }
  return components + 1;
}

function visitEdge(from: BasicBlock, to: i32, components: i32): i32 {
  if (to == NO_BLOCK) return components;
  const block = Region.block(to);
  // A jump to a loop's header goes back to the loop.
  if (block.order == 0 || block.isHeader) return components;
  if (block.order == UNSEEN) {
    components = visit(to, components);
    from.low = min(from.low, block.low);
  } else if (block.component == UNSEEN) {
    from.low = min(from.low, block.order);
  }
  return components;
}

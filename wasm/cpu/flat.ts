// Short ways through flat 32-bit protected mode, for what kernels do all the time: entry by a gate to ring 0, IRET, loads of a
// data segment.
//
// Each looks whether its case is the plain one (flat segments in the GDT, everything present, accessed and in the soft TLB)
// and answers false before anything has changed where it is not: then the general way is taken, which knows all the rest.

import { Direct } from "../memory/memory";
import { selectTlb, TLB_SUPERVISOR_READ, TLB_SUPERVISOR_WRITE } from "../memory/tlb";
import { TYPE_32 } from "./descriptors";
import { Flags } from "./flags";
import {
  cpu,
  CPL_USER,
  CR0_AM,
  CS,
  DS,
  ES,
  ESP,
  FLAG_AC,
  FLAG_IF,
  FLAG_NT,
  FLAG_RF,
  FLAG_TF,
  FLAG_VM,
  FS,
  GS,
  MODE_CODE32,
  MODE_FLAT,
  MODE_PROTECTED,
  MODE_STACK32,
  MODE_STEP,
  MODE_USER,
  MODE_VM86,
  Registers,
  RIGHT_FLAT,
  RIGHT_READ,
  RIGHT_WRITE,
  Segment,
  Segments,
  SS,
  TR,
} from "./state";

const MODE_MASK: u32 =
  MODE_PROTECTED | MODE_VM86 | MODE_STEP | MODE_CODE32 | MODE_STACK32 | MODE_FLAT;
const MODE_PLAIN: u32 = MODE_PROTECTED | MODE_CODE32 | MODE_STACK32 | MODE_FLAT;

/** Descriptors of flat segments: base 0, limit 4 GiB, 32-bit, present, accessed. Any DPL; AVL does not matter. */
const FLAT_LOW: u32 = 0xffff;
const FLAT_MASK: u32 = 0xffef_9fff;
const FLAT_CODE: u32 = 0x00cf_9b00; // not conforming, readable
const FLAT_DATA: u32 = 0x00cf_9300; // writable
/** The second dword of an interrupt or trap gate: 32-bit, present. Any DPL. */
const GATE_MASK: u32 = 0x9e00;
const GATE_32: u32 = 0x8e00;
const GATE_TRAP: u32 = 0x100;

const RIGHTS_DATA: u32 = RIGHT_READ | RIGHT_WRITE | RIGHT_FLAT;
const RIGHTS_CODE: u32 = RIGHT_READ | RIGHT_FLAT;

function isPlain(): bool {
  return (cpu.mode & MODE_MASK) == MODE_PLAIN;
}

/** The second dword of the flat descriptor (`kind`: FLAT_CODE or FLAT_DATA) that a selector names in the GDT; 0 for none. */
function flatDescriptor(selector: u32, kind: u32): u32 {
  if (selector & 4 || !(selector & 0xfff8) || (selector | 7) > cpu.gdtLimit) return 0;
  const at = Direct.host(TLB_SUPERVISOR_READ, cpu.gdtBase + (selector & 0xfff8), 8);
  if (!at || load<u32>(at) != FLAT_LOW) return 0;
  const high = load<u32>(at, 4);
  return (high & FLAT_MASK) == kind ? high : 0;
}

function dpl(descriptor: u32): u32 {
  return (descriptor >>> 13) & 3;
}

function fill(segment: Segment, selector: u32, descriptor: u32, rights: u32): void {
  segment.selector = selector;
  segment.base = 0;
  segment.limit = 0xffff_ffff;
  segment.attributes = (descriptor >>> 8) & 0xf0ff;
  segment.rights = rights;
}

/** MOV, POP and LxS to ES DS FS GS. The mode is the caller's business, as with loadSegment(). */
export function loadFlatSegment(index: u32, selector: u32): bool {
  if ((cpu.mode & (MODE_PROTECTED | MODE_VM86)) != MODE_PROTECTED) return false;
  const descriptor = flatDescriptor(selector, FLAT_DATA);
  if (!descriptor || dpl(descriptor) < max<u32>(cpu.cpl, selector & 3)) return false;
  fill(Segments.of(index), selector, descriptor, RIGHTS_DATA);
  return true;
}

/** Delivers an event through an interrupt or trap gate to ring 0, from ring 0 or from an outer one. `image`: EFLAGS as pushed. */
export function deliverFlat(
  vector: u32,
  software: bool,
  hasCode: bool,
  code: u32,
  eip: u32,
  image: u32,
): bool {
  if (!isPlain() || cpu.harness || (vector << 3) + 7 > cpu.idtLimit) return false;
  const gate = Direct.host(TLB_SUPERVISOR_READ, cpu.idtBase + (vector << 3), 8);
  if (!gate) return false;
  const low = load<u32>(gate);
  const high = load<u32>(gate, 4);
  if ((high & GATE_MASK) != GATE_32 || (software && dpl(high) < cpu.cpl)) return false;
  const selector = low >>> 16;
  const target = flatDescriptor(selector, FLAT_CODE);
  if (!target || dpl(target) != 0) return false;
  const size: u32 = hasCode ? 16 : 12;
  const oldCode = Segments.of(CS).selector;
  if (cpu.cpl == 0) {
    const top = Registers.get32(ESP) - size;
    const frame = Direct.host(TLB_SUPERVISOR_WRITE, top, size);
    if (!frame) return false;
    pushFrame(frame, hasCode, code, eip, oldCode, image);
    Registers.set32(ESP, top);
  } else {
    const task = Segments.of(TR);
    if (!(task.attributes & TYPE_32) || task.limit < 9) return false;
    const ring = Direct.host(TLB_SUPERVISOR_READ, task.base + 4, 8);
    if (!ring) return false;
    const stack = <u32>load<u16>(ring, 4);
    const descriptor = stack & 3 ? 0 : flatDescriptor(stack, FLAT_DATA);
    if (!descriptor || dpl(descriptor) != 0) return false;
    const top = load<u32>(ring) - size - 8;
    const frame = Direct.host(TLB_SUPERVISOR_WRITE, top, size + 8);
    if (!frame) return false;
    pushFrame(frame, hasCode, code, eip, oldCode, image);
    store<u32>(frame + size, Registers.get32(ESP));
    store<u32>(frame + size, Segments.of(SS).selector, 4);
    Registers.set32(ESP, top);
    fill(Segments.of(SS), stack, descriptor, RIGHTS_DATA);
    cpu.cpl = 0;
    cpu.mode &= ~MODE_USER;
    selectTlb(false, false);
  }
  fill(Segments.of(CS), selector & 0xfffc, target, RIGHTS_CODE);
  Flags.set(image & ~(FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM | (high & GATE_TRAP ? 0 : FLAG_IF)));
  cpu.eip = (low & 0xffff) | (high & 0xffff_0000);
  return true;
}

function pushFrame(
  frame: usize,
  hasCode: bool,
  code: u32,
  eip: u32,
  codeSelector: u32,
  image: u32,
): void {
  let at = frame;
  if (hasCode) {
    store<u32>(at, code);
    at += 4;
  }
  store<u32>(at, eip);
  store<u32>(at, codeSelector, 4);
  store<u32>(at, image, 8);
}

/** IRET of 32 bits at CPL 0, to ring 0 or ring 3. `mask`: the flags that it changes. */
export function returnFlat(mask: u32): bool {
  if (!isPlain() || cpu.cpl != 0 || cpu.eflags & FLAG_NT) return false;
  const top = Registers.get32(ESP);
  const frame = Direct.host(TLB_SUPERVISOR_READ, top, 12);
  if (!frame) return false;
  const selector = <u32>load<u16>(frame, 4);
  const image = load<u32>(frame, 8);
  if (image & (FLAG_VM | FLAG_TF)) return false;
  const target = flatDescriptor(selector, FLAT_CODE);
  if (!target || dpl(target) != (selector & 3)) return false;
  if ((selector & 3) == 0) {
    Registers.set32(ESP, top + 12);
  } else {
    if ((selector & 3) != CPL_USER || (image & FLAG_AC && cpu.cr0 & CR0_AM)) return false;
    if (!Direct.host(TLB_SUPERVISOR_READ, top, 20)) return false;
    const stack = <u32>load<u16>(frame, 16);
    const descriptor = flatDescriptor(stack, FLAT_DATA);
    if (!descriptor || dpl(descriptor) != CPL_USER || (stack & 3) != CPL_USER) return false;
    if (!(isOuter(DS) && isOuter(ES) && isOuter(FS) && isOuter(GS))) return false;
    Registers.set32(ESP, load<u32>(frame, 12));
    fill(Segments.of(SS), stack, descriptor, RIGHTS_DATA);
    cpu.cpl = CPL_USER;
    cpu.mode |= MODE_USER;
    selectTlb(true, false);
  }
  cpu.eip = load<u32>(frame);
  fill(Segments.of(CS), selector, target, RIGHTS_CODE);
  // `mask` has all arithmetic flags: those of before need not be known.
  Flags.set((cpu.eflags & ~mask) | (image & mask));
  return true;
}

/** Ring 3 may keep this segment: it is its own, or null. */
function isOuter(index: u32): bool {
  const segment = Segments.of(index);
  return (
    ((segment.attributes >>> 5) & 3) == CPL_USER || (segment.attributes | segment.selector) == 0
  );
}

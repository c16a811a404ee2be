// Segment registers: loads, checks of offsets, and the mode that blocks are decoded for.

import { dataBreakpointsEnabled } from "./debug";
import {
  clearSegment,
  Descriptor,
  fetchDescriptor,
  fillSegment,
  first,
  isNull,
  markAccessed,
} from "./descriptors";
import { selectTlb } from "../memory/tlb";
import { Fault, Vector } from "./fault";
import { loadFlatSegment } from "./flat";
import { Instruction } from "./instruction";
import { leaveBlock } from "./leave";
import {
  CPL_USER,
  cpu,
  CR0_AM,
  CR0_PE,
  CS,
  DS,
  ES,
  FLAG_AC,
  FLAG_IOPL,
  FLAG_TF,
  FLAG_VM,
  FS,
  INHIBIT_STACK,
  MODE_CODE32,
  MODE_FLAT,
  MODE_PROTECTED,
  MODE_STACK32,
  MODE_STEP,
  MODE_USER,
  MODE_VM86,
  RIGHT_EXPAND_DOWN,
  RIGHT_FLAT,
  RIGHT_READ,
  RIGHT_WRITE,
  Segment,
  Segments,
  SS,
} from "./state";

/** Descriptor attributes as kept in Segment.attributes. */
export const ATTRIBUTE_TYPE: u32 = 0xf;
export const ATTRIBUTE_S: u32 = 0x10;
export const ATTRIBUTE_DPL_SHIFT: u32 = 5;
export const ATTRIBUTE_PRESENT: u32 = 0x80;
export const ATTRIBUTE_BIG: u32 = 0x4000; // D or B
export const ATTRIBUTE_GRANULAR: u32 = 0x8000;

const OPCODE_LSS: u16 = 0xfb2;

/** Rights of a data segment that MODE_FLAT asks for. */
const FLAT_DATA: u32 = RIGHT_FLAT | RIGHT_READ | RIGHT_WRITE;

/**
 * Linear address of `size` bytes at `offset`; raises #SS(0) for the stack segment and #GP(0) for all others when the bytes
 * are outside or the segment does not allow the access.
 */
export function checkSegment(index: u32, offset: u32, size: u32, write: bool): u32 {
  const segment = Segments.of(index);
  const rights = segment.rights;
  const last = offset + (size - 1);
  if (rights & (write ? RIGHT_WRITE : RIGHT_READ) && last >= offset) {
    if (!(rights & RIGHT_EXPAND_DOWN)) {
      if (last <= segment.limit) return segment.base + offset;
    } else {
      const top: u32 = segment.attributes & ATTRIBUTE_BIG ? 0xffff_ffff : 0xffff;
      if (offset > segment.limit && last <= top) return segment.base + offset;
    }
  } else if (rights & RIGHT_FLAT && rights & (write ? RIGHT_WRITE : RIGHT_READ)) {
    return offset; // a flat segment wraps round at 4 GiB
  }
  Fault.raiseCode(index == SS ? Vector.StackFault : Vector.GeneralProtection, 0);
  return 0;
}

/** Derives Segment.rights from attributes, base and limit. Call after any change of them. */
export function updateRights(segment: Segment): void {
  const attributes = segment.attributes;
  let rights: u32 = 0;
  if (attributes & ATTRIBUTE_PRESENT && attributes & ATTRIBUTE_S) {
    const code = (attributes & 8) != 0;
    const second = (attributes & 2) != 0; // readable code, writable data
    if (!code || second) rights |= RIGHT_READ;
    if (!code && second) rights |= RIGHT_WRITE;
    if (!code && attributes & 4) rights |= RIGHT_EXPAND_DOWN;
    else if (segment.base == 0 && segment.limit == 0xffff_ffff) rights |= RIGHT_FLAT;
  }
  segment.rights = rights;
}

/**
 * Derives cpu.mode and the soft-TLB tables from the segment registers, CPL, CR0 and EFLAGS (VM, TF, AC).
 * Call after any change of those; the running block must end.
 */
export function updateMode(): void {
  let mode: u32 = 0;
  const code = Segments.of(CS);
  const stack = Segments.of(SS);
  if (code.attributes & ATTRIBUTE_BIG) mode |= MODE_CODE32;
  if (stack.attributes & ATTRIBUTE_BIG) mode |= MODE_STACK32;
  if (
    (code.rights & RIGHT_FLAT) != 0 &&
    (stack.rights & FLAT_DATA) == FLAT_DATA &&
    (Segments.of(DS).rights & FLAT_DATA) == FLAT_DATA &&
    (Segments.of(ES).rights & FLAT_DATA) == FLAT_DATA
  ) {
    mode |= MODE_FLAT;
  }
  if (cpu.cpl == CPL_USER) mode |= MODE_USER;
  if (cpu.cr0 & CR0_PE) mode |= MODE_PROTECTED;
  if (cpu.eflags & FLAG_VM) mode |= MODE_VM86;
  if (cpu.stepping || cpu.eflags & FLAG_TF || cpu.dr7 & 0xff) mode |= MODE_STEP;
  cpu.mode = mode;
  selectTlb(cpu.cpl == CPL_USER, checksAlignment() || dataBreakpointsEnabled());
}

/** Whether user data must be aligned: CPL 3, CR0.AM and EFLAGS.AC. */
export function checksAlignment(): bool {
  return cpu.cpl == CPL_USER && (cpu.cr0 & CR0_AM) != 0 && (cpu.eflags & FLAG_AC) != 0;
}

/** Protected mode proper: CR0.PE without EFLAGS.VM. */
export function isProtected(): bool {
  return (cpu.cr0 & CR0_PE) != 0 && !(cpu.eflags & FLAG_VM);
}

export function isVm86(): bool {
  return (cpu.eflags & FLAG_VM) != 0;
}

export function ioPrivilege(): u32 {
  return (cpu.eflags & FLAG_IOPL) >>> 12;
}

/** Data, read/write, accessed, present. */
const ATTRIBUTES_REAL: u32 = 0x93;
const ATTRIBUTES_VM86: u32 = 0xf3;

/**
 * A load in real or virtual 8086 mode: base = selector * 16. Real mode leaves the limit as it is, which is what programs in
 * "unreal mode" live from.
 */
export function loadRealSegment(index: u32, selector: u32): void {
  const segment = Segments.of(index);
  segment.selector = selector & 0xffff;
  segment.base = (selector & 0xffff) << 4;
  if (isVm86()) {
    segment.limit = 0xffff;
    segment.attributes = ATTRIBUTES_VM86;
  } else {
    segment.attributes = (segment.attributes & 0xf000) | ATTRIBUTES_REAL;
  }
  updateRights(segment);
}

/**
 * MOV, POP and LxS to ES SS DS FS GS: all checks, then the register. The caller calls segmentLoaded() when it has written
 * its other registers.
 */
export function loadSegment(index: u32, selector: u32): void {
  selector &= 0xffff;
  if (index != SS && loadFlatSegment(index, selector)) return;
  if (!isProtected()) {
    loadRealSegment(index, selector);
  } else if (index == SS) {
    checkStackSegment(first, selector, cpu.cpl, Vector.GeneralProtection, 0, Vector.StackFault);
    markAccessed(first);
    fillSegment(Segments.of(SS), selector, first);
  } else if (isNull(selector)) {
    clearSegment(Segments.of(index), selector);
  } else {
    checkDataSegment(first, selector, Vector.GeneralProtection, 0);
    markAccessed(first);
    fillSegment(Segments.of(index), selector, first);
  }
}

/** After loadSegment(): the block goes on where its records still mean the same. */
export function segmentLoaded(i: Instruction, index: u32): void {
  if (index == SS) {
    if (i.opcode != OPCODE_LSS) cpu.inhibit = INHIBIT_STACK; // LSS loads ESP as well
    updateMode();
    leaveBlock(i.next);
  } else if (index < <u32>FS) {
    const flat = (Segments.of(index).rights & FLAT_DATA) == FLAT_DATA;
    if (flat == ((cpu.mode & MODE_FLAT) != 0)) return;
    const before = cpu.mode;
    updateMode();
    if (cpu.mode != before) leaveBlock(i.next);
  }
}

/** Reads a descriptor for DS, ES, FS or GS; raises `vector` (#NP when it is not present) where it does not fit. */
export function checkDataSegment(
  d: Descriptor,
  selector: u32,
  vector: Vector,
  external: u32,
): void {
  fetchDescriptor(d, selector, vector, external);
  const code = (selector & 0xfffc) | external;
  if (!Descriptor.isReadable(d)) Fault.raiseCode(vector, code);
  if (!Descriptor.isConforming(d)) {
    const dpl = Descriptor.dpl(d);
    if (dpl < cpu.cpl || dpl < (selector & 3)) Fault.raiseCode(vector, code);
  }
  if (!Descriptor.isPresent(d)) Fault.raiseCode(Vector.SegmentNotPresent, code);
}

/** Reads a descriptor for SS at a privilege level; raises `vector` (`missing` when it is not present) where it does not fit. */
export function checkStackSegment(
  d: Descriptor,
  selector: u32,
  level: u32,
  vector: Vector,
  external: u32,
  missing: Vector,
): void {
  fetchDescriptor(d, selector, vector, external);
  const code = (selector & 0xfffc) | external;
  if ((selector & 3) != level || !Descriptor.isWritableData(d) || Descriptor.dpl(d) != level) {
    Fault.raiseCode(vector, code);
  }
  if (!Descriptor.isPresent(d)) Fault.raiseCode(missing, code);
}

// Segment registers: checks of offsets, and the mode that blocks are decoded for.

import { selectTlb } from "../memory/tlb";
import { Fault, Vector } from "./fault";
import {
  CPL_USER,
  cpu,
  CR0_AM,
  CR0_PE,
  CS,
  DS,
  ES,
  FLAG_AC,
  FLAG_TF,
  FLAG_VM,
  GENERATION_STEP,
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
  const flat = RIGHT_FLAT | RIGHT_READ;
  let mode: u32 = 0;
  const code = Segments.of(CS);
  const stack = Segments.of(SS);
  if (code.attributes & ATTRIBUTE_BIG) mode |= MODE_CODE32;
  if (stack.attributes & ATTRIBUTE_BIG) mode |= MODE_STACK32;
  if (
    (code.rights & RIGHT_FLAT) != 0 &&
    (stack.rights & (flat | RIGHT_WRITE)) == (flat | RIGHT_WRITE) &&
    (Segments.of(DS).rights & (flat | RIGHT_WRITE)) == (flat | RIGHT_WRITE) &&
    (Segments.of(ES).rights & (flat | RIGHT_WRITE)) == (flat | RIGHT_WRITE)
  ) {
    mode |= MODE_FLAT;
  }
  if (cpu.cpl == CPL_USER) mode |= MODE_USER;
  if (cpu.cr0 & CR0_PE) mode |= MODE_PROTECTED;
  if (cpu.eflags & FLAG_VM) mode |= MODE_VM86;
  if (cpu.stepping || cpu.eflags & FLAG_TF || cpu.dr7 & 0xff) mode |= MODE_STEP;
  // Known blocks are found by EIP: where CS has a base, or where code was just told apart by it, they must be looked up anew.
  if (!(cpu.mode & mode & MODE_FLAT)) cpu.generation += GENERATION_STEP;
  cpu.mode = mode;
  selectTlb(
    cpu.cpl == CPL_USER,
    cpu.cpl == CPL_USER && (cpu.cr0 & CR0_AM) != 0 && (cpu.eflags & FLAG_AC) != 0,
  );
}

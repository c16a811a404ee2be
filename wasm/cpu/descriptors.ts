// Segment descriptors as they lie in the GDT and the LDT.

import { Memory } from "../memory/memory";
import { Fault, Vector } from "./fault";
import { ATTRIBUTE_DPL_SHIFT, ATTRIBUTE_PRESENT, ATTRIBUTE_S, updateRights } from "./segments";
import { cpu, LDTR, Segment, Segments } from "./state";

/** Types of system descriptors (SDM vol. 3, 3.5). */
export const TYPE_TSS16: u32 = 1;
export const TYPE_LDT: u32 = 2;
export const TYPE_TSS16_BUSY: u32 = 3;
export const TYPE_CALL_GATE16: u32 = 4;
export const TYPE_TASK_GATE: u32 = 5;
export const TYPE_INTERRUPT_GATE16: u32 = 6;
export const TYPE_TRAP_GATE16: u32 = 7;
export const TYPE_TSS32: u32 = 9;
export const TYPE_TSS32_BUSY: u32 = 11;
export const TYPE_CALL_GATE32: u32 = 12;
export const TYPE_INTERRUPT_GATE32: u32 = 14;
export const TYPE_TRAP_GATE32: u32 = 15;

/** In a TSS's type: a task is running in it. */
export const TYPE_BUSY: u32 = 2;
/** In a gate's or a TSS's type: 32-bit. */
export const TYPE_32: u32 = 8;

/** Types of code and data. */
const TYPE_CODE: u32 = 8;
const TYPE_CONFORMING: u32 = 4;
const TYPE_SECOND: u32 = 2; // readable code, writable data
const TYPE_ACCESSED: u32 = 1;

/** In a selector: the LDT. */
const SELECTOR_LDT: u32 = 4;

/** A descriptor that was read: where it lies and what it says. Gates use low and high directly. */
@unmanaged
export class Descriptor {
  address: u32; // linear, 0 for none
  low: u32;
  high: u32;
  attributes: u32; // as in Segment.attributes

  static type(d: Descriptor): u32 {
    return d.attributes & 0xf;
  }
  static dpl(d: Descriptor): u32 {
    return (d.attributes >>> ATTRIBUTE_DPL_SHIFT) & 3;
  }
  static isPresent(d: Descriptor): bool {
    return (d.attributes & ATTRIBUTE_PRESENT) != 0;
  }
  /** Code or data, not a system descriptor. */
  static isSegment(d: Descriptor): bool {
    return (d.attributes & ATTRIBUTE_S) != 0;
  }
  static isCode(d: Descriptor): bool {
    return (d.attributes & (ATTRIBUTE_S | TYPE_CODE)) == (ATTRIBUTE_S | TYPE_CODE);
  }
  static isConforming(d: Descriptor): bool {
    return (
      (d.attributes & (ATTRIBUTE_S | TYPE_CODE | TYPE_CONFORMING)) ==
      (ATTRIBUTE_S | TYPE_CODE | TYPE_CONFORMING)
    );
  }
  static isData(d: Descriptor): bool {
    return (d.attributes & (ATTRIBUTE_S | TYPE_CODE)) == ATTRIBUTE_S;
  }
  static isWritableData(d: Descriptor): bool {
    return Descriptor.isData(d) && (d.attributes & TYPE_SECOND) != 0;
  }
  static isReadable(d: Descriptor): bool {
    return Descriptor.isData(d) || (Descriptor.isCode(d) && (d.attributes & TYPE_SECOND) != 0);
  }
  static base(d: Descriptor): u32 {
    return (d.low >>> 16) | ((d.high & 0xff) << 16) | (d.high & 0xff00_0000);
  }
  static limit(d: Descriptor): u32 {
    const raw = (d.low & 0xffff) | (d.high & 0xf_0000);
    return d.high & 0x80_0000 ? (raw << 12) | 0xfff : raw;
  }
}

/** Three at hand, since an interrupt to an inner ring looks at a gate, a code and a stack segment at once. */
const BLOCK = memory.data(16 * 3, 8);
export const first = changetype<Descriptor>(BLOCK);
export const second = changetype<Descriptor>(BLOCK + 16);
export const third = changetype<Descriptor>(BLOCK + 32);

export function isNull(selector: u32): bool {
  return (selector & 0xfffc) == 0;
}

/** What an exception pushes for a selector; `external` is 1 while an event is delivered. */
export function selectorCode(selector: u32, external: u32): u32 {
  return (selector & 0xfffc) | external;
}

/** Reads the descriptor into `d`; false when the selector names none (null, beyond the limit, no LDT). */
export function findDescriptor(d: Descriptor, selector: u32): bool {
  if (isNull(selector)) return false;
  let base = cpu.gdtBase;
  let limit = cpu.gdtLimit;
  if (selector & SELECTOR_LDT) {
    const ldt = Segments.of(LDTR);
    if (!(ldt.attributes & ATTRIBUTE_PRESENT)) return false;
    base = ldt.base;
    limit = ldt.limit;
  }
  if ((selector | 7) > limit) return false;
  readDescriptor(d, base + (selector & 0xfff8));
  return true;
}

/** Reads the descriptor at a linear address. */
export function readDescriptor(d: Descriptor, address: u32): void {
  d.address = address;
  d.low = Memory.systemRead32(address);
  d.high = Memory.systemRead32(address + 4);
  d.attributes = (d.high >>> 8) & 0xf0ff;
}

/** Reads the descriptor or raises `vector` with the selector. */
export function fetchDescriptor(d: Descriptor, selector: u32, vector: Vector, external: u32): void {
  if (!findDescriptor(d, selector)) Fault.raiseCode(vector, selectorCode(selector, external));
}

/** Sets the accessed bit in memory, if it is not. */
export function markAccessed(d: Descriptor): void {
  if (!Descriptor.isSegment(d) || d.attributes & TYPE_ACCESSED) return;
  Memory.systemWrite8(d.address + 5, (d.attributes & 0xff) | TYPE_ACCESSED);
  d.attributes |= TYPE_ACCESSED;
  d.high |= TYPE_ACCESSED << 8;
}

/** Puts selector and descriptor into a segment register. */
export function fillSegment(segment: Segment, selector: u32, d: Descriptor): void {
  segment.selector = selector;
  segment.base = Descriptor.base(d);
  segment.limit = Descriptor.limit(d);
  segment.attributes = d.attributes;
  updateRights(segment);
}

/** Makes a segment register unusable. */
export function clearSegment(segment: Segment, selector: u32): void {
  segment.selector = selector;
  segment.base = 0;
  segment.limit = 0;
  segment.attributes = 0;
  segment.rights = 0;
}

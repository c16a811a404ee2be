// Guest memory by linear address, as the running code sees it: through the soft TLB, else through paging.
//
// The functions of Memory raise #PF (or #AC) themselves and then do not return. Those of NotingMemory, which hot operations
// use, note it and return (cpu/fault.ts). Writes that cross a page are checked on both pages first.

import { cpu } from "../cpu/state";
import { collectDataBreakpoint } from "../cpu/debug";
import { Fault, Vector } from "../cpu/fault";
import { checksAlignment } from "../cpu/segments";
import { TLB_NONE } from "../layout";
import { translate, tryTranslate } from "./paging";
import { Physical } from "./physical";
import { TLB_SUPERVISOR_READ, TLB_SUPERVISOR_WRITE } from "./tlb";

export class Memory {
  @inline static read8(address: u32): u32 {
    const entry = load<u32>(cpu.tlbRead + ((<usize>(address >>> 12)) << 2));
    if (!(entry & 1)) return <u32>load<u8>(<usize>(address + entry));
    return slowRead(address, 1);
  }

  @inline static read16(address: u32): u32 {
    const entry = load<u32>(cpu.tlbRead + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xffe) return <u32>load<u16>(<usize>(address + entry));
    return slowRead(address, 2);
  }

  @inline static read32(address: u32): u32 {
    const entry = load<u32>(cpu.tlbRead + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xffc) return load<u32>(<usize>(address + entry));
    return slowRead(address, 4);
  }

  static read64(address: u32): u64 {
    const entry = load<u32>(cpu.tlbRead + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xff8) return load<u64>(<usize>(address + entry));
    return slowRead64(address);
  }

  @inline static write8(address: u32, value: u32): void {
    const entry = load<u32>(cpu.tlbWrite + ((<usize>(address >>> 12)) << 2));
    if (!(entry & 1)) store<u8>(<usize>(address + entry), <u8>value);
    else slowWrite(address, 1, value);
  }

  @inline static write16(address: u32, value: u32): void {
    const entry = load<u32>(cpu.tlbWrite + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xffe) store<u16>(<usize>(address + entry), <u16>value);
    else slowWrite(address, 2, value);
  }

  @inline static write32(address: u32, value: u32): void {
    const entry = load<u32>(cpu.tlbWrite + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xffc) store<u32>(<usize>(address + entry), value);
    else slowWrite(address, 4, value);
  }

  static write64(address: u32, value: u64): void {
    const entry = load<u32>(cpu.tlbWrite + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xff8) store<u64>(<usize>(address + entry), value);
    else slowWrite64(address, value);
  }

  /** Half of a 16-byte operand, which alignment checks do not concern (MOVUPS). */
  static readPacked64(address: u32): u64 {
    const entry = load<u32>(cpu.tlbRead + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xff8) return load<u64>(<usize>(address + entry));
    return slowReadPacked64(address);
  }

  static writePacked64(address: u32, value: u64): void {
    const entry = load<u32>(cpu.tlbWrite + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xff8) store<u64>(<usize>(address + entry), value);
    else slowWritePacked64(address, value);
  }

  /** The read half of a read-modify-write: raises the write's fault first, as the processor does. */
  static probeWrite(address: u32, size: u32): void {
    const entry = load<u32>(cpu.tlbWrite + ((<usize>(address >>> 12)) << 2));
    if (!(entry & 1) && (address & 0xfff) <= 0x1000 - size) return;
    if (!tryProbeWrite(address, size)) Fault.unwind();
  }

  /** Raises a read's fault without reading; any size up to 4096. */
  static probeRead(address: u32, size: u32): void {
    const user = isUser();
    translate(address, user, false);
    if ((address & 0xfff) + size > 0x1000) translate((address + size - 1) & ~0xfff, user, false);
  }

  // Supervisor accesses whatever the CPL: descriptor tables, TSS, the stack of an inner ring.

  static systemRead8(address: u32): u32 {
    const entry = load<u32>(TLB_SUPERVISOR_READ + ((<usize>(address >>> 12)) << 2));
    if (!(entry & 1)) return <u32>load<u8>(<usize>(address + entry));
    return Physical.read(translate(address, false, false), 1);
  }

  static systemRead16(address: u32): u32 {
    if ((address & 0xfff) <= 0xffe) {
      const entry = load<u32>(TLB_SUPERVISOR_READ + ((<usize>(address >>> 12)) << 2));
      if (!(entry & 1)) return <u32>load<u16>(<usize>(address + entry));
      return Physical.read(translate(address, false, false), 2);
    }
    return Memory.systemRead8(address) | (Memory.systemRead8(address + 1) << 8);
  }

  static systemRead32(address: u32): u32 {
    if ((address & 0xfff) <= 0xffc) {
      const entry = load<u32>(TLB_SUPERVISOR_READ + ((<usize>(address >>> 12)) << 2));
      if (!(entry & 1)) return load<u32>(<usize>(address + entry));
      return Physical.read(translate(address, false, false), 4);
    }
    return Memory.systemRead16(address) | (Memory.systemRead16(address + 2) << 16);
  }

  static systemWrite8(address: u32, value: u32): void {
    const entry = load<u32>(TLB_SUPERVISOR_WRITE + ((<usize>(address >>> 12)) << 2));
    if (!(entry & 1)) store<u8>(<usize>(address + entry), <u8>value);
    else Physical.write(translate(address, false, true), 1, value);
  }

  static systemWrite16(address: u32, value: u32): void {
    if ((address & 0xfff) <= 0xffe) {
      const entry = load<u32>(TLB_SUPERVISOR_WRITE + ((<usize>(address >>> 12)) << 2));
      if (!(entry & 1)) store<u16>(<usize>(address + entry), <u16>value);
      else Physical.write(translate(address, false, true), 2, value);
    } else {
      Memory.systemProbeWrite(address, 2);
      Memory.systemWrite8(address, value);
      Memory.systemWrite8(address + 1, value >>> 8);
    }
  }

  static systemWrite32(address: u32, value: u32): void {
    if ((address & 0xfff) <= 0xffc) {
      const entry = load<u32>(TLB_SUPERVISOR_WRITE + ((<usize>(address >>> 12)) << 2));
      if (!(entry & 1)) store<u32>(<usize>(address + entry), value);
      else Physical.write(translate(address, false, true), 4, value);
    } else {
      Memory.systemProbeWrite(address, 4);
      for (let i: u32 = 0; i < 4; i++) Memory.systemWrite8(address + i, value >>> (i << 3));
    }
  }

  static systemProbeWrite(address: u32, size: u32): void {
    translate(address, false, true);
    if ((address & 0xfff) + size > 0x1000) translate((address + size - 1) & ~0xfff, false, true);
  }
}

/** Runs of bytes that can be accessed at once. */
export class Direct {
  /** Host address of `size` bytes within one page by one of the soft TLB's tables, or 0: the slow way then. */
  @inline static host(table: usize, address: u32, size: u32): usize {
    const entry = load<u32>(table + ((<usize>(address >>> 12)) << 2));
    return ((address | entry) & 0xfff) <= 0x1000 - size ? <usize>(address + entry) : 0;
  }
}

/** Memory for hot operations: a fault is noted, and what is read then is 0. */
export class NotingMemory {
  @inline static read8(address: u32): u32 {
    const entry = load<u32>(cpu.tlbRead + ((<usize>(address >>> 12)) << 2));
    if (!(entry & 1)) return <u32>load<u8>(<usize>(address + entry));
    return notingRead(address, 1);
  }

  @inline static read16(address: u32): u32 {
    const entry = load<u32>(cpu.tlbRead + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xffe) return <u32>load<u16>(<usize>(address + entry));
    return notingRead(address, 2);
  }

  @inline static read32(address: u32): u32 {
    const entry = load<u32>(cpu.tlbRead + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xffc) return load<u32>(<usize>(address + entry));
    return notingRead(address, 4);
  }

  @inline static write8(address: u32, value: u32): void {
    const entry = load<u32>(cpu.tlbWrite + ((<usize>(address >>> 12)) << 2));
    if (!(entry & 1)) store<u8>(<usize>(address + entry), <u8>value);
    else notingWrite(address, 1, value);
  }

  @inline static write16(address: u32, value: u32): void {
    const entry = load<u32>(cpu.tlbWrite + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xffe) store<u16>(<usize>(address + entry), <u16>value);
    else notingWrite(address, 2, value);
  }

  @inline static write32(address: u32, value: u32): void {
    const entry = load<u32>(cpu.tlbWrite + ((<usize>(address >>> 12)) << 2));
    if (((address | entry) & 0xfff) <= 0xffc) store<u32>(<usize>(address + entry), value);
    else notingWrite(address, 4, value);
  }

  /** The read half of a read-modify-write: notes the write's fault first, as the processor does. */
  static probeWrite(address: u32, size: u32): void {
    const entry = load<u32>(cpu.tlbWrite + ((<usize>(address >>> 12)) << 2));
    if (!(entry & 1) && (address & 0xfff) <= 0x1000 - size) return;
    if (!tryProbeWrite(address, size)) Fault.note();
  }
}

function isUser(): bool {
  return cpu.cpl == 3;
}

/** Whether #AC is due; it is described then. */
function isMisaligned(address: u32, size: u32): bool {
  if (cpu.tlbRead != TLB_NONE || size > 8 || !(address & (size - 1))) return false;
  if (!checksAlignment()) return false;
  Fault.describe(Vector.AlignmentCheck, 0, 1);
  return true;
}

function tryProbeWrite(address: u32, size: u32): bool {
  if (isMisaligned(address, size)) return false;
  const user = isUser();
  if (tryTranslate(address, user, true) < 0) return false;
  if ((address & 0xfff) + size <= 0x1000) return true;
  return tryTranslate((address + size - 1) & ~0xfff, user, true) >= 0;
}

function slowRead(address: u32, size: i32): u32 {
  const value = isMisaligned(address, size) ? -1 : tryRead(address, size);
  if (value < 0) Fault.unwind();
  return <u32>value;
}

function notingRead(address: u32, size: i32): u32 {
  const value = isMisaligned(address, size) ? -1 : tryRead(address, size);
  if (value >= 0) return <u32>value;
  Fault.note();
  return 0;
}

/** -1: a fault, which is described. Alignment does not matter here. */
export function tryRead(address: u32, size: i32): i64 {
  const user = isUser();
  const first = tryTranslate(address, user, false);
  if (first < 0) return -1;
  if (cpu.tlbRead == TLB_NONE) collectDataBreakpoint(address, size, false);
  const left: i32 = 0x1000 - <i32>(address & 0xfff);
  if (left >= size) return <i64>(<u64>Physical.read(<u32>first, size));
  const second = tryTranslate(address + <u32>left, user, false);
  if (second < 0) return -1;
  let value: u32 = 0;
  for (let i = 0; i < size; i++) {
    const at = i < left ? <u32>first + <u32>i : <u32>second + <u32>(i - left);
    value |= Physical.read(at, 1) << ((<u32>i) << 3);
  }
  return <i64>(<u64>value);
}

function readUnaligned(address: u32, size: i32): u32 {
  const value = tryRead(address, size);
  if (value < 0) Fault.unwind();
  return <u32>value;
}

function slowRead64(address: u32): u64 {
  if (isMisaligned(address, 8)) Fault.unwind();
  return slowReadPacked64(address);
}

function slowReadPacked64(address: u32): u64 {
  if ((address & 0xfff) > 0xff8) Memory.probeRead(address, 8);
  return (<u64>readUnaligned(address, 4)) | ((<u64>readUnaligned(address + 4, 4)) << 32);
}

function slowWrite(address: u32, size: i32, value: u32): void {
  if (isMisaligned(address, size) || !tryWrite(address, size, value)) Fault.unwind();
}

function notingWrite(address: u32, size: i32, value: u32): void {
  if (isMisaligned(address, size) || !tryWrite(address, size, value)) Fault.note();
}

/** False: a fault, which is described. Alignment does not matter here. */
export function tryWrite(address: u32, size: i32, value: u32): bool {
  const user = isUser();
  const first = tryTranslate(address, user, true);
  if (first < 0) return false;
  const left: i32 = 0x1000 - <i32>(address & 0xfff);
  if (left >= size) {
    if (cpu.tlbRead == TLB_NONE) collectDataBreakpoint(address, size, true);
    Physical.write(<u32>first, size, value);
    return true;
  }
  const second = tryTranslate(address + <u32>left, user, true);
  if (second < 0) return false;
  if (cpu.tlbRead == TLB_NONE) collectDataBreakpoint(address, size, true);
  for (let i = 0; i < size; i++) {
    const at = i < left ? <u32>first + <u32>i : <u32>second + <u32>(i - left);
    Physical.write(at, 1, value >>> ((<u32>i) << 3));
  }
  return true;
}

function slowWrite64(address: u32, value: u64): void {
  if (isMisaligned(address, 8)) Fault.unwind();
  slowWritePacked64(address, value);
}

function slowWritePacked64(address: u32, value: u64): void {
  if ((address & 0xfff) > 0xff8) Memory.probeWrite(address, 8);
  if (!tryWrite(address, 4, <u32>value)) Fault.unwind();
  if (!tryWrite(address + 4, 4, <u32>(value >> 32))) Fault.unwind();
}

// Soft TLB: four tables, supervisor and user x read and write, one u32 per linear page.
//
// A valid entry is host page - linear page, low 12 bits 0; an invalid one has them all set. One compare then covers validity,
// permission and page crossing (see memory.ts). A page of device registers, a read-only page and a page with decoded code
// have no valid write entry, so that the slow path sees the access.

import {
  CODE_LINES,
  PAGE_READ,
  PAGE_WRITE,
  TLB,
  TLB_FILLED,
  TLB_FILLED_CAPACITY,
  TLB_NONE,
  TLB_TABLE_SIZE,
  VRAM,
  VRAM_SIZE,
} from "../layout";
import { cpu, GENERATION_STEP } from "../cpu/state";
import { VRAM_DIRTY, WRITE_TRACKED } from "./physical";

export const TLB_SUPERVISOR_READ: usize = TLB;
export const TLB_SUPERVISOR_WRITE: usize = TLB + TLB_TABLE_SIZE;
export const TLB_USER_READ: usize = TLB + 2 * TLB_TABLE_SIZE;
export const TLB_USER_WRITE: usize = TLB + 3 * TLB_TABLE_SIZE;

const INVALID: u32 = 0xffff_ffff;
/** In the list of filled pages: the translation is global and survives a CR3 load. */
const FILLED_GLOBAL: u32 = 0x8000_0000;

@unmanaged
class TlbState {
  filled: i32; // entries in the list of filled pages
  noneReady: u32;
}
const tlb = changetype<TlbState>(memory.data(offsetof<TlbState>(), 8));

export function initializeTlb(): void {
  memory.fill(TLB, 0xff, 4 * TLB_TABLE_SIZE);
}

function clearPage(page: usize): void {
  store<u32>(TLB_SUPERVISOR_READ + (page << 2), INVALID);
  store<u32>(TLB_SUPERVISOR_WRITE + (page << 2), INVALID);
  store<u32>(TLB_USER_READ + (page << 2), INVALID);
  store<u32>(TLB_USER_WRITE + (page << 2), INVALID);
}

/** Forgets all translations, or all but global ones. */
export function flushTlb(globalToo: bool): void {
  cpu.generation += GENERATION_STEP;
  let kept = 0;
  for (let i = 0; i < tlb.filled; i++) {
    const page = load<u32>(TLB_FILLED + ((<usize>i) << 2));
    if (!globalToo && page & FILLED_GLOBAL) {
      store<u32>(TLB_FILLED + ((<usize>kept) << 2), page);
      kept++;
    } else {
      clearPage(<usize>(page & 0xf_ffff));
    }
  }
  tlb.filled = kept;
}

/** INVLPG: forgets one page, global or not. It may stay in the list, which does no harm. */
export function flushPage(linear: u32): void {
  cpu.generation += GENERATION_STEP;
  clearPage(<usize>(linear >>> 12));
}

/** A valid entry has bit 0 clear. */
function hasEntry(page: usize): bool {
  const all =
    load<u32>(TLB_SUPERVISOR_READ + (page << 2)) &
    load<u32>(TLB_SUPERVISOR_WRITE + (page << 2)) &
    load<u32>(TLB_USER_READ + (page << 2)) &
    load<u32>(TLB_USER_WRITE + (page << 2));
  return (all & 1) == 0;
}

/**
 * Notes that a linear page is mapped to a physical one. Only accesses already proved are given an entry:
 * `write` when the page-table entry is writable for this privilege and dirty. `physical` is after A20.
 */
export function fillTlb(linear: u32, physical: u32, user: bool, write: bool, global: bool): void {
  const page = <usize>(linear >>> 12);
  const frame = <usize>(physical >>> 12);
  const readTable = user ? TLB_USER_READ : TLB_SUPERVISOR_READ;
  const writeTable = user ? TLB_USER_WRITE : TLB_SUPERVISOR_WRITE;
  const readable = load<u32>(PAGE_READ + (frame << 2));
  // A page that has an entry is in the list: dropWrites() walks the list, so it must not grow with each refill.
  const listed = hasEntry(page);
  let filled = false;
  if (readable) {
    store<u32>(readTable + (page << 2), readable - (linear & ~0xfff));
    filled = true;
  }
  if (write) {
    const writable = load<u32>(PAGE_WRITE + (frame << 2));
    if (writable && !load<u64>(CODE_LINES + (frame << 3))) {
      if (writable & WRITE_TRACKED) store<u8>(VRAM_DIRTY + ((writable - <u32>VRAM) >>> 12), 1);
      store<u32>(writeTable + (page << 2), (writable & ~0xfff) - (linear & ~0xfff));
      filled = true;
    }
  }
  if (!filled || listed) return;
  if (tlb.filled >= TLB_FILLED_CAPACITY) {
    const count = tlb.filled;
    for (let i = 0; i < count; i++)
      clearPage(<usize>(load<u32>(TLB_FILLED + ((<usize>i) << 2)) & 0xf_ffff));
    tlb.filled = 0;
    cpu.generation += GENERATION_STEP;
    fillTlb(linear, physical, user, write, global);
    return;
  }
  store<u32>(TLB_FILLED + ((<usize>tlb.filled) << 2), (<u32>page) | (global ? FILLED_GLOBAL : 0));
  tlb.filled++;
}

/** Takes the write entries of all linear pages that map to host addresses from `start` to `end` away. */
export function dropWrites(start: u32, end: u32): void {
  for (let i = 0; i < tlb.filled; i++) {
    const page = <usize>(load<u32>(TLB_FILLED + ((<usize>i) << 2)) & 0xf_ffff);
    dropWrite(TLB_SUPERVISOR_WRITE + (page << 2), page, start, end);
    dropWrite(TLB_USER_WRITE + (page << 2), page, start, end);
  }
}

function dropWrite(entryAddress: usize, page: usize, start: u32, end: u32): void {
  const entry = load<u32>(entryAddress);
  if (entry & 1) return;
  const host = entry + ((<u32>page) << 12);
  if (host >= start && host < end) store<u32>(entryAddress, INVALID);
}

/** Video: the next write to any page of video memory marks it dirty again. */
export function rearmVideoTracking(): void {
  dropWrites(<u32>VRAM, <u32>VRAM + VRAM_SIZE);
}

/** Chooses the tables for the privilege level; with alignment checks on, a table without entries. */
export function selectTlb(user: bool, alignmentCheck: bool): void {
  if (alignmentCheck) {
    selectNoTlb();
  } else {
    cpu.tlbRead = user ? TLB_USER_READ : TLB_SUPERVISOR_READ;
    cpu.tlbWrite = user ? TLB_USER_WRITE : TLB_SUPERVISOR_WRITE;
  }
}

/** Chooses a table without entries: every access takes the slow path. */
export function selectNoTlb(): void {
  if (!tlb.noneReady) {
    memory.fill(TLB_NONE, 0xff, TLB_TABLE_SIZE);
    tlb.noneReady = 1;
  }
  cpu.tlbRead = TLB_NONE;
  cpu.tlbWrite = TLB_NONE;
}

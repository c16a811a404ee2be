// Soft TLB: four tables, supervisor and user x read and write, one u32 per linear page, and one for instruction fetches.
//
// A valid entry is host page - linear page, low 12 bits 0; an invalid one has them all set. One compare then covers validity,
// permission and page crossing (see memory.ts). A page of device registers, a read-only page and a page with decoded code
// have no valid write entry, so that the slow path sees the access. An entry for fetches is a tag: the physical page, and the
// privilege that may run it.
//
// What ends a translation is SDM vol. 3, 4.10.4: loads of CR3 (all but global pages), of CR0 and CR4, INVLPG (all of a large
// page), page faults (the page). Nothing else does: software must not rely on an entry of a page table being read anew.

import {
  CODE_LINES,
  PAGE_READ,
  PAGE_WRITE,
  TLB,
  TLB_CODE,
  TLB_GLOBAL_PAGES,
  TLB_LISTED,
  TLB_NONE,
  TLB_PAGES,
  TLB_PAGES_CAPACITY,
  TLB_TABLE_SIZE,
  VRAM,
  VRAM_SIZE,
} from "../layout";
import { cpu } from "../cpu/state";
import { VRAM_DIRTY, WRITE_TRACKED } from "./physical";

export const TLB_SUPERVISOR_READ: usize = TLB;
export const TLB_SUPERVISOR_WRITE: usize = TLB + TLB_TABLE_SIZE;
export const TLB_USER_READ: usize = TLB + 2 * TLB_TABLE_SIZE;
export const TLB_USER_WRITE: usize = TLB + 3 * TLB_TABLE_SIZE;

const INVALID: u32 = 0xffff_ffff;

/**
 * What a tag says beside the physical page; 0 is no tag. A page that both run is looked up at each change. The bits of
 * cpu.mode lie below.
 */
const TAG_SUPERVISOR: u32 = 0x100;
const TAG_USER: u32 = 0x200;

const LISTED_ORDINARY: u8 = 1;
const LISTED_GLOBAL: u8 = 2;

/** One byte per 4 MB of linear addresses: there are entries of a large page in it. */
const LARGE = memory.data(1024, 8);

@unmanaged
class TlbState {
  pages: i32; // in the list of ordinary ones
  globalPages: i32;
  noneReady: u32;
}
const tlb = changetype<TlbState>(memory.data(offsetof<TlbState>(), 8));

export function initializeTlb(): void {
  memory.fill(TLB, 0xff, 4 * TLB_TABLE_SIZE);
}

/** The translation of instruction fetches. */
export class CodeTag {
  /** Of a page with `physical` in it that CPL 3 runs, or an inner ring. */
  @inline static make(physical: u32, user: bool): u32 {
    return (physical & 0xffff_f000) | (user ? TAG_USER : TAG_SUPERVISOR);
  }

  /** Of the page that `linear` is in; 0 where nothing is known. */
  @inline static at(linear: u32): u32 {
    return load<u32>(TLB_CODE + ((<usize>(linear >>> 12)) << 2));
  }
}

function clearPage(page: usize): void {
  store<u32>(TLB_SUPERVISOR_READ + (page << 2), INVALID);
  store<u32>(TLB_SUPERVISOR_WRITE + (page << 2), INVALID);
  store<u32>(TLB_USER_READ + (page << 2), INVALID);
  store<u32>(TLB_USER_WRITE + (page << 2), INVALID);
  store<u32>(TLB_CODE + (page << 2), 0);
}

/** Forgets all pages of a list. They may be in the other list as well. */
function clearList(list: usize, count: i32, kind: u8): void {
  const end = list + ((<usize>count) << 2);
  for (let at = list; at < end; at += 4) {
    const page = <usize>load<u32>(at);
    clearPage(page);
    store<u8>(TLB_LISTED + page, load<u8>(TLB_LISTED + page) & ~kind);
  }
}

/** Forgets all translations, or all but global ones. */
export function flushTlb(globalToo: bool): void {
  clearList(TLB_PAGES, tlb.pages, LISTED_ORDINARY);
  tlb.pages = 0;
  if (!globalToo) return;
  clearList(TLB_GLOBAL_PAGES, tlb.globalPages, LISTED_GLOBAL);
  tlb.globalPages = 0;
  memory.fill(LARGE, 0, 1024);
}

/** INVLPG and page faults: forgets one page, global or not. It may stay in a list, which does no harm. */
export function flushPage(linear: u32): void {
  const region = <usize>(linear >>> 22);
  if (!load<u8>(LARGE + region)) {
    clearPage(<usize>(linear >>> 12));
    return;
  }
  store<u8>(LARGE + region, 0);
  for (let page = region << 10; page < (region + 1) << 10; page++) clearPage(page);
}

/** Entries to come are pieces of a large page: INVLPG of one of them is INVLPG of all. */
export function noteLargePage(linear: u32): void {
  store<u8>(LARGE + <usize>(linear >>> 22), 1);
}

function addToList(page: usize, global: bool): void {
  const kind = global ? LISTED_GLOBAL : LISTED_ORDINARY;
  const listed = load<u8>(TLB_LISTED + page);
  if (listed & kind) return;
  store<u8>(TLB_LISTED + page, listed | kind);
  if (global) {
    store<u32>(TLB_GLOBAL_PAGES + ((<usize>tlb.globalPages) << 2), <u32>page);
    tlb.globalPages++;
  } else {
    store<u32>(TLB_PAGES + ((<usize>tlb.pages) << 2), <u32>page);
    tlb.pages++;
  }
}

/**
 * Notes that a linear page is mapped to a physical one. Only accesses already proved are given an entry: `write` when the
 * page-table entry is writable for this privilege and dirty, `fetch` when an instruction is being fetched. `physical` is
 * after A20.
 */
export function fillTlb(
  linear: u32,
  physical: u32,
  user: bool,
  write: bool,
  fetch: bool,
  global: bool,
): void {
  const page = <usize>(linear >>> 12);
  const frame = <usize>(physical >>> 12);
  if (max(tlb.pages, tlb.globalPages) >= TLB_PAGES_CAPACITY) flushTlb(true);
  const readable = load<u32>(PAGE_READ + (frame << 2));
  if (readable) {
    const table = user ? TLB_USER_READ : TLB_SUPERVISOR_READ;
    store<u32>(table + (page << 2), readable - (linear & ~0xfff));
  }
  if (fetch) store<u32>(TLB_CODE + (page << 2), CodeTag.make(physical, user));
  if (write) {
    const writable = load<u32>(PAGE_WRITE + (frame << 2));
    if (writable && !load<u64>(CODE_LINES + (frame << 3))) {
      if (writable & WRITE_TRACKED) store<u8>(VRAM_DIRTY + ((writable - <u32>VRAM) >>> 12), 1);
      const table = user ? TLB_USER_WRITE : TLB_SUPERVISOR_WRITE;
      store<u32>(table + (page << 2), (writable & ~0xfff) - (linear & ~0xfff));
    }
  }
  addToList(page, global);
}

/** Takes the write entries of all linear pages that map to host addresses from `start` to `end` away. */
export function dropWrites(start: u32, end: u32): void {
  dropWritesOf(TLB_PAGES, tlb.pages, start, end);
  dropWritesOf(TLB_GLOBAL_PAGES, tlb.globalPages, start, end);
}

function dropWritesOf(list: usize, count: i32, start: u32, end: u32): void {
  for (let i = 0; i < count; i++) {
    const page = <usize>load<u32>(list + ((<usize>i) << 2));
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

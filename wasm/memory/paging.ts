// Paging: from linear to physical addresses (SDM vol. 3, chapter 4), for 32-bit tables with 4 MB pages and for PAE.
//
// Physical addresses above 4 GiB belong to nobody: such pages translate to NOWHERE.

import { Fault } from "../cpu/fault";
import { cpu, CR0_PG, CR0_WP, CR4_PAE, CR4_PGE, CR4_PSE } from "../cpu/state";
import { PAGE_READ } from "../layout";
import { Physical } from "./physical";
import { fillTlb, flushPage, noteLargePage } from "./tlb";

/** A page that no PC has anything at: between the local APIC's place and the firmware. */
const NOWHERE: u32 = 0xfef0_0000;

const ENTRY_PRESENT: u32 = 1;
const ENTRY_WRITABLE: u32 = 2;
const ENTRY_USER: u32 = 4;
const ENTRY_ACCESSED: u32 = 0x20;
const ENTRY_DIRTY: u32 = 0x40;
const ENTRY_LARGE: u32 = 0x80;
const ENTRY_GLOBAL: u32 = 0x100;
/** In the upper half of a PAE entry. */
const ENTRY_NO_EXECUTE: u32 = 0x8000_0000;

const FAULT_PRESENT: u32 = 1;
const FAULT_WRITE: u32 = 2;
const FAULT_USER: u32 = 4;
const FAULT_RESERVED: u32 = 8;
const FAULT_FETCH: u32 = 16;

const EFER_NXE: u64 = 0x800;

/** Address bits 32-35 of a 4 MB page stand in bits 13-16; bits 17-21 are reserved (36 address bits in all). */
const LARGE_HIGH: u32 = 0x1_e000;
const LARGE_RESERVED: u32 = 0x3e_0000;
/** Upper half of a PAE entry: bits 36-62 of the entry, and the address bits above 4 GiB. */
const PAE_RESERVED: u32 = 0x7fff_fff0;
const PAE_HIGH: u32 = 0xf;
const PAE_LARGE_RESERVED: u32 = 0x1f_e000;
/** Of a page-directory pointer: bits 1, 2, 5-8. */
const POINTER_RESERVED: u32 = 0x1e6;

const ACCESS_WRITE: u32 = 1;
const ACCESS_FETCH: u32 = 2;
/** Look only: no fault, no accessed bit, nothing remembered. */
const ACCESS_PROBE: u32 = 4;

/**
 * Translates a linear address for a data access, fills the soft TLB, raises #PF where the access is not allowed.
 * Sets accessed and dirty bits. Returns the physical address after A20.
 */
export function translate(linear: u32, user: bool, write: bool): u32 {
  const physical = tryTranslate(linear, user, write);
  if (physical < 0) Fault.unwind();
  return <u32>physical;
}

/** The same, but where the access is not allowed, #PF is only described (cpu/fault.ts) and -1 returned. */
export function tryTranslate(linear: u32, user: bool, write: bool): i64 {
  if (Fault.isNoted()) return -1;
  if (!(cpu.cr0 & CR0_PG)) return pass(linear, user, false);
  return walk(linear, user, write ? ACCESS_WRITE : 0);
}

/** For an instruction fetch (NX). */
export function tryTranslateFetch(linear: u32, user: bool): i64 {
  if (!(cpu.cr0 & CR0_PG)) return pass(linear, user, true);
  return walk(linear, user, ACCESS_FETCH);
}

/** Paging is off. */
function pass(linear: u32, user: bool, fetch: bool): i64 {
  const physical = Physical.bus(linear);
  fillTlb(linear, physical, user, true, fetch, false);
  return <i64>(<u64>physical);
}

/** Where a linear address would be read from, or -1: for tools; changes nothing and raises nothing. */
export function probe(linear: u32): i64 {
  if (!(cpu.cr0 & CR0_PG)) return <i64>(<u64>Physical.bus(linear));
  return walk(linear, false, ACCESS_PROBE);
}

function readEntry(address: u32): u32 {
  const at = Physical.bus(address);
  const host = load<u32>(PAGE_READ + ((<usize>(at >>> 12)) << 2));
  if (host) return load<u32>(<usize>(host + (at & 0xfff)));
  return Physical.read(at, 4);
}

function writeEntry(address: u32, value: u32): void {
  Physical.write(Physical.bus(address), 4, value);
}

function fail(linear: u32, user: bool, access: u32, reason: u32): i64 {
  if (access & ACCESS_PROBE) return -1;
  flushPage(linear);
  let code = reason;
  if (access & ACCESS_WRITE) code |= FAULT_WRITE;
  if (user) code |= FAULT_USER;
  if (access & ACCESS_FETCH && cpu.cr4 & CR4_PAE && cpu.efer & EFER_NXE) code |= FAULT_FETCH;
  Fault.describePage(linear, code);
  return -1;
}

/** Two levels of 32-bit entries. */
function walk(linear: u32, user: bool, access: u32): i64 {
  if (cpu.cr4 & CR4_PAE) return walkPae(linear, user, access);
  const directoryAt = (cpu.cr3 & 0xffff_f000) + ((linear >>> 22) << 2);
  const directory = readEntry(directoryAt);
  if (!(directory & ENTRY_PRESENT)) return fail(linear, user, access, 0);
  if (directory & ENTRY_LARGE && cpu.cr4 & CR4_PSE) {
    if (directory & LARGE_RESERVED) {
      return fail(linear, user, access, FAULT_PRESENT | FAULT_RESERVED);
    }
    const frame =
      directory & LARGE_HIGH ? NOWHERE : (directory & 0xffc0_0000) | (linear & 0x3f_f000);
    noteLargePage(linear);
    return finish(linear, user, access, directory, 0, directory, directoryAt, frame);
  }
  const tableAt = (directory & 0xffff_f000) + ((linear >>> 10) & 0xffc);
  const table = readEntry(tableAt);
  if (!(table & ENTRY_PRESENT)) return fail(linear, user, access, 0);
  const frame = table & 0xffff_f000;
  if (!allowed(user, access, directory & table, 0)) {
    return fail(linear, user, access, FAULT_PRESENT);
  }
  touchDirectory(access, directory, directoryAt);
  return finish(linear, user, access, directory & table, 0, table, tableAt, frame);
}

/** The page-directory pointers in the CPU, then two levels of 64-bit entries. */
function walkPae(linear: u32, user: bool, access: u32): i64 {
  const index = linear >>> 30;
  const pointer =
    index == 0 ? cpu.pdpte0 : index == 1 ? cpu.pdpte1 : index == 2 ? cpu.pdpte2 : cpu.pdpte3;
  if (!((<u32>pointer) & ENTRY_PRESENT)) return fail(linear, user, access, 0);
  // A table above 4 GiB reads as all ones: present, with reserved bits set.
  if ((<u32>(pointer >> 32)) & PAE_HIGH) {
    return fail(linear, user, access, FAULT_PRESENT | FAULT_RESERVED);
  }
  const reserved = cpu.efer & EFER_NXE ? PAE_RESERVED : PAE_RESERVED | ENTRY_NO_EXECUTE;
  const directoryAt = ((<u32>pointer) & 0xffff_f000) + ((linear >>> 18) & 0xff8);
  const directory = readEntry(directoryAt);
  if (!(directory & ENTRY_PRESENT)) return fail(linear, user, access, 0);
  const directoryHigh = readEntry(directoryAt + 4);
  if (directoryHigh & reserved) {
    return fail(linear, user, access, FAULT_PRESENT | FAULT_RESERVED);
  }
  if (directory & ENTRY_LARGE) {
    if (directory & PAE_LARGE_RESERVED) {
      return fail(linear, user, access, FAULT_PRESENT | FAULT_RESERVED);
    }
    const frame =
      directoryHigh & PAE_HIGH ? NOWHERE : (directory & 0xffe0_0000) | (linear & 0x1f_f000);
    noteLargePage(linear);
    return finish(linear, user, access, directory, directoryHigh, directory, directoryAt, frame);
  }
  if (directoryHigh & PAE_HIGH) {
    return fail(linear, user, access, FAULT_PRESENT | FAULT_RESERVED);
  }
  const tableAt = (directory & 0xffff_f000) + ((linear >>> 9) & 0xff8);
  const table = readEntry(tableAt);
  if (!(table & ENTRY_PRESENT)) return fail(linear, user, access, 0);
  const tableHigh = readEntry(tableAt + 4);
  if (tableHigh & reserved) {
    return fail(linear, user, access, FAULT_PRESENT | FAULT_RESERVED);
  }
  const rights = directory & table;
  const noExecute = directoryHigh | tableHigh;
  const frame = tableHigh & PAE_HIGH ? NOWHERE : table & 0xffff_f000;
  if (!allowed(user, access, rights, noExecute)) {
    return fail(linear, user, access, FAULT_PRESENT);
  }
  touchDirectory(access, directory, directoryAt);
  return finish(linear, user, access, rights, noExecute, table, tableAt, frame);
}

function allowed(user: bool, access: u32, rights: u32, noExecute: u32): bool {
  if (user && !(rights & ENTRY_USER)) return false;
  if (access & ACCESS_WRITE && !isWritable(user, rights)) return false;
  return !(access & ACCESS_FETCH && noExecute & ENTRY_NO_EXECUTE);
}

function isWritable(user: bool, rights: u32): bool {
  return (rights & ENTRY_WRITABLE) != 0 || (!user && !(cpu.cr0 & CR0_WP));
}

function touchDirectory(access: u32, directory: u32, directoryAt: u32): void {
  if (directory & ENTRY_ACCESSED || access & ACCESS_PROBE) return;
  writeEntry(directoryAt, directory | ENTRY_ACCESSED);
}

/** The leaf: rights (of all levels together), accessed and dirty bits, soft TLB. */
function finish(
  linear: u32,
  user: bool,
  access: u32,
  rights: u32,
  noExecute: u32,
  leaf: u32,
  leafAt: u32,
  frame: u32,
): i64 {
  const physical = Physical.bus(frame | (linear & 0xfff));
  if (access & ACCESS_PROBE) return <i64>(<u64>physical);
  if (!allowed(user, access, rights, noExecute)) {
    return fail(linear, user, access, FAULT_PRESENT);
  }
  const wanted = leaf | ENTRY_ACCESSED | (access & ACCESS_WRITE ? ENTRY_DIRTY : 0);
  if (wanted != leaf) writeEntry(leafAt, wanted);
  const write = (wanted & ENTRY_DIRTY) != 0 && isWritable(user, rights);
  const global = (leaf & ENTRY_GLOBAL) != 0 && (cpu.cr4 & CR4_PGE) != 0;
  fillTlb(linear, physical, user, write, (access & ACCESS_FETCH) != 0, global);
  return <i64>(<u64>physical);
}

/** Whether the page-directory pointers at `address` (the table CR3 names) have no reserved bit set. */
export function pointersValid(address: u32): bool {
  const table = address & 0xffff_ffe0;
  for (let i: u32 = 0; i < 4; i++) {
    const low = readEntry(table + (i << 3));
    if (!(low & ENTRY_PRESENT)) continue;
    if (low & POINTER_RESERVED || readEntry(table + (i << 3) + 4) & ~PAE_HIGH) return false;
  }
  return true;
}

/** With PAE paging on: loads the page-directory pointers from the table CR3 names. */
export function loadPointers(): void {
  if (!(cpu.cr4 & CR4_PAE) || !(cpu.cr0 & CR0_PG)) return;
  const table = cpu.cr3 & 0xffff_ffe0;
  cpu.pdpte0 = readEntry64(table);
  cpu.pdpte1 = readEntry64(table + 8);
  cpu.pdpte2 = readEntry64(table + 16);
  cpu.pdpte3 = readEntry64(table + 24);
}

function readEntry64(address: u32): u64 {
  return (<u64>readEntry(address)) | ((<u64>readEntry(address + 4)) << 32);
}

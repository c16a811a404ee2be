// What translated code calls: memory behind the soft TLB, segments that are not flat, instructions that have a handler.
//
// Each gets what is left of the budget, so that the clock is right when a device looks at it.

import { invalidatesCode } from "../cpu/blocks";
import { Condition } from "../cpu/flags";
import { Instruction, INSTRUCTION_SIZE } from "../cpu/instruction";
import { cancelLeave } from "../cpu/leave";
import { Operations, REFETCH } from "../cpu/operations.gen";
import {
  cpu,
  CPL_USER,
  FLAG_IF,
  PENDING_FAULT,
  PENDING_INTR,
  PENDING_NMI,
  RIGHT_EXPAND_DOWN,
  RIGHT_READ,
  RIGHT_WRITE,
  Segments,
} from "../cpu/state";
import { tryRead, tryWrite } from "../memory/memory";
import { tryTranslate } from "../memory/paging";
import { CodeTag } from "../memory/tlb";
import { endedTranslations } from "./cache";

@unmanaged
class HelperState {
  stop: u32; // translated code leaves at the next loop
  hold: u32; // the interpreter executes the next block
  budget: i32; // of a region that has been left
}
const STATE = memory.data(offsetof<HelperState>(), 8);
export const helper = changetype<HelperState>(STATE);
export const STOP: usize = STATE;
export const LEFT_BUDGET: usize = STATE + 8;
/** A copy of a record, and the one behind it. */
const RECORDS = memory.data(2 * INSTRUCTION_SIZE, 16);
const WRITES: u32 = 0x8000_0000;

/** The instructions that translated code has executed are counted. */
export function syncBudget(budget: i32): void {
  cpu.instructions += <u64>(cpu.budget - budget);
  cpu.budget = budget;
}

/** Something that is to be done between two blocks. */
function isDue(): bool {
  const pending = cpu.pending;
  if (!pending) return false;
  if (pending & ~(PENDING_INTR | PENDING_NMI)) return true;
  return (
    (pending & PENDING_INTR && cpu.eflags & FLAG_IF) || (pending & PENDING_NMI && !cpu.nmiBlocked)
  );
}

function giveUp(): void {
  helper.hold = 1;
}

function read(address: u32, size: i32, budget: i32): i64 {
  syncBudget(budget);
  const value = tryRead(address, size);
  if (value < 0) giveUp();
  else if (isDue()) helper.stop = 1;
  return value;
}

export function jitRead8(address: u32, budget: i32): i64 {
  return read(address, 1, budget);
}
export function jitRead16(address: u32, budget: i32): i64 {
  return read(address, 2, budget);
}
export function jitRead32(address: u32, budget: i32): i64 {
  return read(address, 4, budget);
}

/** Whether the bytes may be written here: no fault, and no decoded code among them. Else the interpreter is to do it. */
function mayWrite(address: u32, size: i32): bool {
  const user = cpu.cpl == CPL_USER;
  const left = 0x1000 - <i32>(address & 0xfff);
  const here = min(left, size);
  const first = tryTranslate(address, user, true);
  if (first < 0 || invalidatesCode(<u32>first, here)) return false;
  if (left >= size) return true;
  const second = tryTranslate(address + <u32>left, user, true);
  return second >= 0 && !invalidatesCode(<u32>second, size - left);
}

/** 1: it was not done. */
function write(address: u32, value: u32, size: i32, budget: i32): i32 {
  syncBudget(budget);
  if (!mayWrite(address, size) || !tryWrite(address, size, value)) {
    giveUp();
    return 1;
  }
  if (isDue()) helper.stop = 1;
  return 0;
}

export function jitWrite8(address: u32, value: u32, budget: i32): i32 {
  return write(address, value, 1, budget);
}
export function jitWrite16(address: u32, value: u32, budget: i32): i32 {
  return write(address, value, 2, budget);
}
export function jitWrite32(address: u32, value: u32, budget: i32): i32 {
  return write(address, value, 4, budget);
}

/** Before the read of a read-modify-write: as `write`, without writing. */
export function jitProbe(address: u32, size: i32, budget: i32): i32 {
  syncBudget(budget);
  if (mayWrite(address, size)) return 0;
  giveUp();
  return 1;
}

/** Linear address in a segment that is not flat; -1: the interpreter is to raise the fault. */
export function jitSegmented(offset: u32, index: u32, access: u32): i64 {
  const segment = Segments.of(index);
  const size = access & ~WRITES;
  const last = offset + (size - 1);
  const right = access & WRITES ? RIGHT_WRITE : RIGHT_READ;
  const rights = segment.rights;
  if (rights & right && !(rights & RIGHT_EXPAND_DOWN) && last >= offset && last <= segment.limit)
    return <i64>(<u64>(segment.base + offset));
  giveUp();
  return -1;
}

export function jitCondition(code: u32): i32 {
  return <i32>Condition.test(code);
}

/** 0: the region goes on behind the instruction. Else it is left, and cpu.eip is where execution goes on. */
export function jitFallback(record: usize, budget: i32): i32 {
  syncBudget(budget);
  helper.budget = budget;
  memory.copy(RECORDS, record, INSTRUCTION_SIZE);
  const i = changetype<Instruction>(RECORDS);
  const behind = changetype<Instruction>(RECORDS + INSTRUCTION_SIZE);
  behind.operation = REFETCH;
  behind.eip = i.next;
  const tag = CodeTag.at(i.eip);
  const ended = endedTranslations();
  cpu.instruction = RECORDS;
  Operations.handle(<u32>i.operation, i);
  if (cpu.pending & PENDING_FAULT) return 1;
  if (cpu.leaveRecord) {
    const eip = cpu.leaveEip;
    cancelLeave();
    cpu.eip = eip;
    return 1;
  }
  if (
    cpu.eip != i.next ||
    cpu.inhibit ||
    cpu.halted ||
    CodeTag.at(i.eip) != tag ||
    endedTranslations() != ended ||
    isDue()
  )
    return 1;
  return 0;
}

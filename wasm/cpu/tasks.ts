// Hardware task switches and the task-state segment (SDM vol. 3, chapter 7), of 16 and of 32 bits.

import { Memory } from "../memory/memory";
import { loadPointers, pointersValid } from "../memory/paging";
import { flushTlb } from "../memory/tlb";
import { DR6_TASK_SWITCH } from "./debug";
import {
  clearSegment,
  Descriptor,
  fetchDescriptor,
  fillSegment,
  findDescriptor,
  first,
  isNull,
  markAccessed,
  second,
  selectorCode,
  TYPE_32,
  TYPE_BUSY,
  TYPE_LDT,
  TYPE_TSS16_BUSY,
  TYPE_TSS32_BUSY,
} from "./descriptors";
import { Fault, Vector } from "./fault";
import { Flags } from "./flags";
import { atBoundary } from "./interrupts";
import {
  ATTRIBUTE_PRESENT,
  checkDataSegment,
  checkStackSegment,
  loadRealSegment,
  updateMode,
} from "./segments";
import { NewStack, Stack } from "./stack";
import {
  CPL_USER,
  cpu,
  CR0_PG,
  CR0_TS,
  CR4_PAE,
  CS,
  DS,
  ES,
  FLAG_NT,
  FLAG_RF,
  FLAG_VM,
  FS,
  GS,
  LDTR,
  PENDING_DEBUG,
  Registers,
  Segments,
  SS,
  TR,
} from "./state";

/** What caused a task switch. */
export enum TaskSwitch {
  Jump = 0,
  Call = 1,
  Interrupt = 2,
  Return = 3,
}

// Offsets in a 32-bit TSS ...
const TSS32_CR3: u32 = 0x1c;
const TSS32_EIP: u32 = 0x20;
const TSS32_REGISTERS: u32 = 0x28;
const TSS32_SEGMENTS: u32 = 0x48;
const TSS32_LDT: u32 = 0x60;
const TSS32_TRAP: u32 = 0x64;
const TSS32_LIMIT: u32 = 0x67;
// ... and in a 16-bit one.
const TSS16_IP: u32 = 0x0e;
const TSS16_REGISTERS: u32 = 0x12;
const TSS16_SEGMENTS: u32 = 0x22;
const TSS16_LDT: u32 = 0x2a;
const TSS16_LIMIT: u32 = 0x2b;

/** EFLAGS bits a TSS can set. */
const FLAGS_VALID: u32 = 0x003f_7fd5;
/** DR7: the local enables, which a task switch clears. */
const DR7_LOCAL: u32 = 0x155;

/** SS (upper half) and ESP of a ring from the current TSS; raises #TS when the TSS is too short. */
export function innerStack(level: u32, external: u32): u64 {
  const task = Segments.of(TR);
  if (task.attributes & TYPE_32) {
    const at: u32 = 4 + (level << 3);
    if (at + 5 > task.limit) taskTooShort(external);
    const pointer = Memory.systemRead32(task.base + at);
    return ((<u64>Memory.systemRead16(task.base + at + 4)) << 32) | (<u64>pointer);
  }
  const at: u32 = 2 + (level << 2);
  if (at + 3 > task.limit) taskTooShort(external);
  const pointer = Memory.systemRead16(task.base + at);
  return ((<u64>Memory.systemRead16(task.base + at + 2)) << 32) | (<u64>pointer);
}

function taskTooShort(external: u32): void {
  Fault.raiseCode(Vector.InvalidTss, selectorCode(Segments.of(TR).selector, external));
}

/** IRET with NT: back to the task that the link in this one's TSS names. */
export function taskReturn(): void {
  const link = Memory.systemRead16(Segments.of(TR).base);
  const code = selectorCode(link, 0);
  if (link & 4 || !findDescriptor(first, link)) Fault.raiseCode(Vector.InvalidTss, code);
  const type = Descriptor.type(first);
  if (Descriptor.isSegment(first) || (type != TYPE_TSS16_BUSY && type != TYPE_TSS32_BUSY)) {
    Fault.raiseCode(Vector.InvalidTss, code);
  }
  if (!Descriptor.isPresent(first)) Fault.raiseCode(Vector.SegmentNotPresent, code);
  switchTask(link, first, TaskSwitch.Return, cpu.eip);
}

/** Switches to the task of descriptor `d`, which the caller has found fit; `eip` is where the old task goes on. */
export function switchTask(selector: u32, d: Descriptor, how: TaskSwitch, eip: u32): void {
  switchTaskWith(selector, d, how, eip, Flags.get() & ~FLAG_RF, 0, false, 0);
}

/** The same for an event: `image` are the flags to be saved; the error code, if any, goes onto the new stack. */
export function switchTaskWith(
  selector: u32,
  d: Descriptor,
  how: TaskSwitch,
  eip: u32,
  image: u32,
  external: u32,
  hasCode: bool,
  errorCode: u32,
): void {
  const task = Segments.of(TR);
  const wide = (Descriptor.type(d) & TYPE_32) != 0;
  const oldWide = (task.attributes & TYPE_32) != 0;
  const base = Descriptor.base(d);
  const lastByte = wide ? TSS32_LIMIT : TSS16_LIMIT;
  const oldLastByte = oldWide ? TSS32_LIMIT : TSS16_LIMIT;
  if (Descriptor.limit(d) < lastByte) {
    Fault.raiseCode(Vector.InvalidTss, selectorCode(selector, external));
  }
  if (task.limit < oldLastByte) taskTooShort(external);

  // Every page fault must come before the first change.
  Memory.systemProbeWrite(task.base, oldLastByte + 1);
  Memory.systemRead8(base + lastByte);
  Memory.systemRead8(base);
  const nested = how == TaskSwitch.Call || how == TaskSwitch.Interrupt;
  if (nested) Memory.systemProbeWrite(base, 2);

  if (how == TaskSwitch.Jump || how == TaskSwitch.Return) setBusy(task.selector, false);
  saveTask(oldWide, eip, how == TaskSwitch.Return ? image & ~FLAG_NT : image);
  if (nested) Memory.systemWrite16(base, task.selector);
  if (how != TaskSwitch.Return) setBusy(selector, true);

  fillSegment(task, selector, d);
  task.attributes |= TYPE_BUSY;
  cpu.cr0 |= CR0_TS;
  cpu.dr7 &= ~DR7_LOCAL;

  // From here on faults belong to the new task.
  if (wide) loadTask32(base, nested);
  else loadTask16(base, nested);
  atBoundary();
  loadSegments(external);
  if (hasCode) {
    const size: u32 = wide ? 4 : 2;
    const stack = Segments.of(SS);
    Stack.setPointer(NewStack.push(stack, Stack.pointer(), size, errorCode, cpu.cpl, external));
  }
  if (cpu.eip > Segments.of(CS).limit) Fault.protection(external);
  if (wide && Memory.systemRead16(base + TSS32_TRAP) & 1) {
    cpu.debugTrap |= DR6_TASK_SWITCH;
    cpu.pending |= PENDING_DEBUG;
  }
}

function setBusy(selector: u32, busy: bool): void {
  const at = cpu.gdtBase + (selector & 0xfff8) + 5;
  const type = Memory.systemRead8(at);
  Memory.systemWrite8(at, busy ? type | TYPE_BUSY : type & ~TYPE_BUSY);
}

function saveTask(wide: bool, eip: u32, image: u32): void {
  const base = Segments.of(TR).base;
  if (wide) {
    Memory.systemWrite32(base + TSS32_EIP, eip);
    Memory.systemWrite32(base + TSS32_EIP + 4, image);
    for (let n: u32 = 0; n < 8; n++) {
      Memory.systemWrite32(base + TSS32_REGISTERS + (n << 2), Registers.get32(n));
    }
    for (let n: u32 = ES; n <= <u32>GS; n++) {
      Memory.systemWrite16(base + TSS32_SEGMENTS + (n << 2), Segments.of(n).selector);
    }
  } else {
    Memory.systemWrite16(base + TSS16_IP, eip);
    Memory.systemWrite16(base + TSS16_IP + 2, image);
    for (let n: u32 = 0; n < 8; n++) {
      Memory.systemWrite16(base + TSS16_REGISTERS + (n << 1), Registers.get32(n));
    }
    for (let n: u32 = ES; n <= <u32>DS; n++) {
      Memory.systemWrite16(base + TSS16_SEGMENTS + (n << 1), Segments.of(n).selector);
    }
  }
}

function loadTask32(base: u32, nested: bool): void {
  const cr3 = Memory.systemRead32(base + TSS32_CR3);
  const eip = Memory.systemRead32(base + TSS32_EIP);
  const flags = Memory.systemRead32(base + TSS32_EIP + 4);
  for (let n: u32 = 0; n < 8; n++) {
    Registers.set32(n, Memory.systemRead32(base + TSS32_REGISTERS + (n << 2)));
  }
  for (let n: u32 = ES; n <= <u32>GS; n++) {
    clearSegment(Segments.of(n), Memory.systemRead16(base + TSS32_SEGMENTS + (n << 2)));
  }
  clearSegment(Segments.of(LDTR), Memory.systemRead16(base + TSS32_LDT));
  setTaskFlags(flags, eip, nested);
  if (cpu.cr0 & CR0_PG) {
    if (cpu.cr4 & CR4_PAE && !pointersValid(cr3)) Fault.protection();
    cpu.cr3 = cr3;
    loadPointers();
    flushTlb(false);
  }
}

function loadTask16(base: u32, nested: bool): void {
  const ip = Memory.systemRead16(base + TSS16_IP);
  const flags = Memory.systemRead16(base + TSS16_IP + 2);
  for (let n: u32 = 0; n < 8; n++) {
    const value = Memory.systemRead16(base + TSS16_REGISTERS + (n << 1));
    Registers.set32(n, value | 0xffff_0000);
  }
  for (let n: u32 = ES; n <= <u32>DS; n++) {
    clearSegment(Segments.of(n), Memory.systemRead16(base + TSS16_SEGMENTS + (n << 1)));
  }
  clearSegment(Segments.of(FS), 0);
  clearSegment(Segments.of(GS), 0);
  clearSegment(Segments.of(LDTR), Memory.systemRead16(base + TSS16_LDT));
  setTaskFlags(flags, ip, nested);
}

function setTaskFlags(flags: u32, eip: u32, nested: bool): void {
  Flags.set((flags & FLAGS_VALID) | (nested ? FLAG_NT : 0));
  cpu.eip = eip;
  cpu.cpl = flags & FLAG_VM ? CPL_USER : Segments.of(CS).selector & 3;
  updateMode();
}

/** LDTR, then the segment registers, whose selectors are in place. */
function loadSegments(external: u32): void {
  const ldt = Segments.of(LDTR);
  if (!isNull(ldt.selector)) {
    const code = selectorCode(ldt.selector, external);
    if (ldt.selector & 4 || !findDescriptor(first, ldt.selector)) {
      Fault.raiseCode(Vector.InvalidTss, code);
    }
    if ((first.attributes & 0x1f) != TYPE_LDT || !(first.attributes & ATTRIBUTE_PRESENT)) {
      Fault.raiseCode(Vector.InvalidTss, code);
    }
    fillSegment(ldt, ldt.selector, first);
  }
  if (cpu.eflags & FLAG_VM) {
    for (let n: u32 = ES; n <= <u32>GS; n++) loadRealSegment(n, Segments.of(n).selector);
    updateMode();
    return;
  }
  const stackSelector = Segments.of(SS).selector;
  const codeSelector = Segments.of(CS).selector;
  checkTaskCode(codeSelector, external);
  if (isNull(stackSelector)) {
    Fault.raiseCode(Vector.InvalidTss, selectorCode(stackSelector, external));
  }
  checkStackSegment(second, stackSelector, cpu.cpl, Vector.InvalidTss, external, Vector.StackFault);
  markAccessed(first);
  fillSegment(Segments.of(CS), codeSelector, first);
  markAccessed(second);
  fillSegment(Segments.of(SS), stackSelector, second);
  loadTaskData(ES, external);
  loadTaskData(DS, external);
  loadTaskData(FS, external);
  loadTaskData(GS, external);
  updateMode();
}

function checkTaskCode(selector: u32, external: u32): void {
  const code = selectorCode(selector, external);
  fetchDescriptor(first, selector, Vector.InvalidTss, external);
  const dpl = Descriptor.dpl(first);
  if (!Descriptor.isCode(first)) Fault.raiseCode(Vector.InvalidTss, code);
  if (Descriptor.isConforming(first) ? dpl > cpu.cpl : dpl != cpu.cpl) {
    Fault.raiseCode(Vector.InvalidTss, code);
  }
  if (!Descriptor.isPresent(first)) Fault.raiseCode(Vector.SegmentNotPresent, code);
}

function loadTaskData(index: u32, external: u32): void {
  const segment = Segments.of(index);
  if (isNull(segment.selector)) return;
  checkDataSegment(first, segment.selector, Vector.InvalidTss, external);
  markAccessed(first);
  fillSegment(segment, segment.selector, first);
}

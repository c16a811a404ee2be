// Delivery of exceptions, interrupts and INT n (SDM vol. 3, chapter 6; virtual 8086 mode: chapter 20).

import { hostEvent, hostUnwind } from "../host";
import { Memory } from "../memory/memory";
import { MachineEvent } from "../protocol/events";
import { DR6_SINGLE_STEP, DR7_GENERAL_DETECT } from "./debug";
import {
  clearSegment,
  Descriptor,
  fetchDescriptor,
  fillSegment,
  first,
  isNull,
  markAccessed,
  readDescriptor,
  second,
  selectorCode,
  third,
  TYPE_32,
  TYPE_INTERRUPT_GATE16,
  TYPE_INTERRUPT_GATE32,
  TYPE_TASK_GATE,
  TYPE_TRAP_GATE16,
  TYPE_TRAP_GATE32,
  TYPE_TSS16,
  TYPE_TSS32,
} from "./descriptors";
import { Fault, Vector } from "./fault";
import { deliverFlat } from "./flat";
import { Flags } from "./flags";
import { Instruction, INSTRUCTION_SIZE } from "./instruction";
import { checkStackSegment, ioPrivilege, isVm86, loadRealSegment, updateMode } from "./segments";
import { NewStack, Stack } from "./stack";
import {
  cpu,
  CR0_PE,
  CR4_VME,
  CS,
  DS,
  ES,
  ESP,
  FLAG_AC,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_NT,
  FLAG_RF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VM,
  FS,
  GS,
  HARNESS_STOP_AT_INTERRUPT,
  HARNESS_VECTORS_SHIFT,
  PENDING_DEBUG,
  Registers,
  Segment,
  Segments,
  SS,
  TR,
} from "./state";
import { innerStack, switchTaskWith, TaskSwitch } from "./tasks";
import { setInnerPointer } from "./transfers";

/** What is delivered; decides the gate's privilege check, the EXT bit and the flags pushed. */
export enum EventKind {
  Software = 0, // INT n, INT3, INTO
  Fault = 1, // restarts the instruction
  Trap = 2, // #DB after an instruction, INT1
  External = 3, // IRQ, NMI
}

/** cpu.delivering for an event whose faults are the first ones: no double fault comes of it. */
const DELIVERING_BENIGN: i32 = 0x100;

/** Stands for "no instruction": an event between two of them faults at cpu.eip. */
const boundary = changetype<Instruction>(memory.data(INSTRUCTION_SIZE, 8));
const pendingStack = changetype<Segment>(memory.data(32, 8));

/** From here on a fault points at cpu.eip: the running instruction is done, or there is none. */
export function atBoundary(): void {
  boundary.eip = cpu.eip;
  boundary.next = cpu.eip;
  cpu.instruction = changetype<usize>(boundary);
}

// --- entry points

export function int3(_i: Instruction): void {
  software(Vector.Breakpoint, EventKind.Software);
}

export function into(_i: Instruction): void {
  if (Flags.of()) software(Vector.Overflow, EventKind.Software);
}

export function int1(_i: Instruction): void {
  software(Vector.Debug, EventKind.Trap);
}

export function intImmediate(i: Instruction): void {
  const vector = (<u32>i.immediate) & 0xff;
  if (isVm86()) {
    if (cpu.cr4 & CR4_VME && !isRedirected(vector)) {
      stopForHarness(vector);
      cpu.delivering = DELIVERING_BENIGN;
      deliverVirtual(vector);
      cpu.delivering = 0;
      cpu.debugTrap &= ~DR6_SINGLE_STEP;
      return;
    }
    if (ioPrivilege() < 3) {
      Fault.noteProtection();
      return;
    }
  }
  software(vector, EventKind.Software);
}

function software(vector: u32, kind: EventKind): void {
  cpu.delivering = DELIVERING_BENIGN;
  deliver(vector, kind, false, 0, cpu.eip);
  cpu.delivering = 0;
  cpu.debugTrap &= ~DR6_SINGLE_STEP; // entering a handler clears TF and takes its trap away
}

/** An IRQ (or NMI, vector 2) between two instructions. */
export function deliverExternal(vector: u32): void {
  cpu.halted = 0;
  atBoundary();
  cpu.delivering = DELIVERING_BENIGN;
  deliver(vector, EventKind.External, false, 0, cpu.eip);
  cpu.delivering = 0;
}

/** #DB for what cpu.debugTrap has collected: single step, data breakpoints, the T bit of a TSS. */
export function deliverDebugTrap(): void {
  cpu.dr6 |= cpu.debugTrap;
  cpu.debugTrap = 0;
  cpu.pending &= ~PENDING_DEBUG;
  cpu.halted = 0;
  atBoundary();
  cpu.delivering = Vector.Debug + 1;
  deliver(Vector.Debug, EventKind.Trap, false, 0, cpu.eip);
  cpu.delivering = 0;
}

function isContributory(vector: i32): bool {
  return vector == Vector.DivideError || (vector >= 10 && vector <= 13);
}

/**
 * After an unwind: delivers the exception in cpu.faultVector for the instruction at cpu.instruction. A fault while an event
 * was being delivered may make a double fault of it, and one while that was, a shutdown (SDM vol. 3, 6.15).
 */
export function deliverFault(): void {
  const eip = changetype<Instruction>(cpu.instruction).eip;
  let vector = cpu.faultVector;
  let code = cpu.faultCode;
  let hasCode = cpu.faultHasCode != 0;
  const earlier = cpu.delivering - 1;
  if (cpu.delivering && cpu.delivering != DELIVERING_BENIGN) {
    const severe = isContributory(vector) || vector == Vector.PageFault;
    if (earlier == Vector.DoubleFault && severe) {
      cpu.delivering = 0;
      cpu.shutdown = 1;
      hostEvent(MachineEvent.TripleFault, <i32>eip, <i32>cpu.cr2);
      return;
    }
    if (
      (isContributory(earlier) && isContributory(vector)) ||
      (earlier == Vector.PageFault && severe)
    ) {
      vector = Vector.DoubleFault;
      code = 0;
      hasCode = true;
    }
  }
  cpu.debugTrap = 0;
  cpu.pending &= ~PENDING_DEBUG;
  cpu.inhibit = 0;
  cpu.delivering = vector + 1;
  deliver(vector, EventKind.Fault, hasCode, code, eip);
  cpu.delivering = 0;
}

// --- delivery

/** The vectors runner looks at a software interrupt here, as at an exception. */
function stopForHarness(vector: u32): void {
  if (!(cpu.harness & HARNESS_STOP_AT_INTERRUPT)) return;
  const end = cpu.harness >>> HARNESS_VECTORS_SHIFT;
  if (end && vector >= end) return;
  cpu.faultVector = <i32>vector;
  cpu.faultCode = 0;
  cpu.faultHasCode = 0;
  cpu.delivering = 0;
  atBoundary();
  hostUnwind();
}

/** Delivers one event; `eip` is what the frame says. Nothing is changed before everything has been checked and pushed. */
function deliver(vector: u32, kind: EventKind, hasCode: bool, code: u32, eip: u32): void {
  let image = Flags.get();
  if (kind == EventKind.Fault) {
    if (vector != Vector.DoubleFault && vector != Vector.MachineCheck) image |= FLAG_RF;
  } else if (kind != EventKind.External) {
    image &= ~FLAG_RF;
  }
  if (
    vector != Vector.Debug &&
    deliverFlat(vector, kind == EventKind.Software, hasCode, code, eip, image)
  ) {
    return;
  }
  if (vector == Vector.Debug && kind != EventKind.Software) cpu.dr7 &= ~DR7_GENERAL_DETECT;
  if (cpu.cr0 & CR0_PE) deliverProtected(vector, kind, hasCode, code, eip, image);
  else deliverReal(vector, kind, eip, image);
}

function deliverReal(vector: u32, kind: EventKind, eip: u32, image: u32): void {
  if ((vector << 2) + 3 > cpu.idtLimit) {
    Fault.protection((vector << 3) | 2 | (kind == EventKind.Software ? 0 : 1));
  }
  if (kind == EventKind.Software || kind == EventKind.Trap) stopForHarness(vector);
  const at = cpu.idtBase + (vector << 2);
  const offset = Memory.systemRead16(at);
  const selector = Memory.systemRead16(at + 2);
  let pointer = Stack.pushAt(Stack.pointer(), 2, image);
  pointer = Stack.pushAt(pointer, 2, Segments.of(CS).selector);
  pointer = Stack.pushAt(pointer, 2, eip);
  Stack.setPointer(pointer);
  Flags.set(Flags.get() & ~(FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF));
  loadRealSegment(CS, selector);
  cpu.eip = offset;
  updateMode();
}

/** VME: whether the TSS's bitmap sends INT n of virtual 8086 mode to the protected-mode handler. */
function isRedirected(vector: u32): bool {
  const task = Segments.of(TR);
  if (!(task.attributes & TYPE_32) || task.limit < 103) Fault.protection();
  const bitmap = Memory.systemRead16(task.base + 102) - 32 + (vector >>> 3);
  if (bitmap > task.limit) Fault.protection();
  return ((Memory.systemRead8(task.base + bitmap) >>> (vector & 7)) & 1) != 0;
}

/** VME: INT n through the 8086 program's own vector table. With IOPL below 3 it sees VIF as IF, and IOPL 3. */
function deliverVirtual(vector: u32): void {
  const offset = Memory.systemRead16(vector << 2);
  const selector = Memory.systemRead16((vector << 2) + 2);
  let image = Flags.get();
  let cleared = FLAG_TF | FLAG_RF;
  if (ioPrivilege() == 3) {
    cleared |= FLAG_IF;
  } else {
    image = (image & ~FLAG_IF) | FLAG_IOPL | (image & FLAG_VIF ? FLAG_IF : 0);
    cleared |= FLAG_VIF;
  }
  let pointer = Stack.pushAt(Stack.pointer(), 2, image);
  pointer = Stack.pushAt(pointer, 2, Segments.of(CS).selector);
  pointer = Stack.pushAt(pointer, 2, cpu.eip);
  Stack.setPointer(pointer);
  Flags.set(Flags.get() & ~cleared);
  loadRealSegment(CS, selector);
  cpu.eip = offset;
  updateMode();
}

function deliverProtected(
  vector: u32,
  kind: EventKind,
  hasCode: bool,
  code: u32,
  eip: u32,
  image: u32,
): void {
  const external: u32 = kind == EventKind.Software ? 0 : 1;
  const gateCode = (vector << 3) | 2 | external;
  if ((vector << 3) + 7 > cpu.idtLimit) Fault.protection(gateCode);
  readDescriptor(first, cpu.idtBase + (vector << 3));
  const type = first.attributes & 0x1f;
  if (
    type != TYPE_TASK_GATE &&
    type != TYPE_INTERRUPT_GATE16 &&
    type != TYPE_TRAP_GATE16 &&
    type != TYPE_INTERRUPT_GATE32 &&
    type != TYPE_TRAP_GATE32
  ) {
    Fault.protection(gateCode);
  }
  if (kind == EventKind.Software && Descriptor.dpl(first) < cpu.cpl) Fault.protection(gateCode);
  if (!Descriptor.isPresent(first)) Fault.raiseCode(Vector.SegmentNotPresent, gateCode);
  if (kind == EventKind.Software || kind == EventKind.Trap) stopForHarness(vector);
  const selector = first.low >>> 16;
  if (type == TYPE_TASK_GATE) {
    deliverToTask(selector, external, hasCode, code, eip, image);
    return;
  }
  if (isNull(selector)) Fault.protection(external);
  fetchDescriptor(second, selector, Vector.GeneralProtection, external);
  const target = selectorCode(selector, external);
  const level = Descriptor.dpl(second);
  if (!Descriptor.isCode(second) || level > cpu.cpl) Fault.protection(target);
  if (!Descriptor.isPresent(second)) Fault.raiseCode(Vector.SegmentNotPresent, target);
  const size: u32 = type & TYPE_32 ? 4 : 2;
  const offset = (first.low & 0xffff) | (size == 4 ? first.high & 0xffff_0000 : 0);
  const inner = !Descriptor.isConforming(second) && level < cpu.cpl;
  if (isVm86() && (!inner || level != 0)) Fault.protection(target);
  const newLevel = inner ? level : cpu.cpl;
  let initial: u32 = 0;
  let pointer: u32;
  let stack: Segment;
  let stackCode = external;
  if (inner) {
    const ring = innerStack(level, external);
    const stackSelector = <u32>(ring >> 32);
    stackCode = selectorCode(stackSelector, external);
    if (isNull(stackSelector)) Fault.raiseCode(Vector.InvalidTss, stackCode);
    checkStackSegment(third, stackSelector, level, Vector.InvalidTss, external, Vector.StackFault);
    fillSegment(pendingStack, stackSelector, third);
    stack = pendingStack;
    initial = <u32>ring;
    pointer = NewStack.mask(stack, initial);
    if (isVm86()) {
      pointer = pushSelector(stack, pointer, size, GS, level, stackCode);
      pointer = pushSelector(stack, pointer, size, FS, level, stackCode);
      pointer = pushSelector(stack, pointer, size, DS, level, stackCode);
      pointer = pushSelector(stack, pointer, size, ES, level, stackCode);
    }
    pointer = pushSelector(stack, pointer, size, SS, level, stackCode);
    pointer = NewStack.push(stack, pointer, size, Registers.get32(ESP), level, stackCode);
  } else {
    stack = Segments.of(SS);
    pointer = Stack.pointer();
  }
  pointer = NewStack.push(stack, pointer, size, image, newLevel, stackCode);
  pointer = pushSelector(stack, pointer, size, CS, newLevel, stackCode);
  pointer = NewStack.push(stack, pointer, size, eip, newLevel, stackCode);
  if (hasCode) pointer = NewStack.push(stack, pointer, size, code, newLevel, stackCode);
  if (offset > Descriptor.limit(second)) Fault.protection(external);
  markAccessed(second);
  if (inner) {
    markAccessed(third);
    if (isVm86()) {
      clearSegment(Segments.of(ES), 0);
      clearSegment(Segments.of(DS), 0);
      clearSegment(Segments.of(FS), 0);
      clearSegment(Segments.of(GS), 0);
    }
    cpu.cpl = level;
    fillSegment(Segments.of(SS), pendingStack.selector, third);
    setInnerPointer(initial, pointer);
  } else {
    Stack.setPointer(pointer);
  }
  let cleared = FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM;
  if (type == TYPE_INTERRUPT_GATE16 || type == TYPE_INTERRUPT_GATE32) cleared |= FLAG_IF;
  Flags.set(Flags.get() & ~cleared);
  fillSegment(Segments.of(CS), (selector & 0xfffc) | newLevel, second);
  cpu.eip = offset;
  updateMode();
}

function pushSelector(
  stack: Segment,
  pointer: u32,
  size: u32,
  index: u32,
  level: u32,
  code: u32,
): u32 {
  return NewStack.push(stack, pointer, size, Segments.of(index).selector, level, code);
}

function deliverToTask(
  selector: u32,
  external: u32,
  hasCode: bool,
  code: u32,
  eip: u32,
  image: u32,
): void {
  const target = selectorCode(selector, external);
  if (isNull(selector) || selector & 4) Fault.protection(target);
  fetchDescriptor(first, selector, Vector.GeneralProtection, external);
  const type = first.attributes & 0x1f;
  if (type != TYPE_TSS16 && type != TYPE_TSS32) Fault.protection(target);
  if (!Descriptor.isPresent(first)) Fault.raiseCode(Vector.SegmentNotPresent, target);
  switchTaskWith(selector, first, TaskSwitch.Interrupt, eip, image, external, hasCode, code);
}

// Far jumps, calls and returns, IRET, SYSENTER and SYSEXIT: through code segments, call gates, task gates and TSSs.
//
// Order of checks: SDM vol. 2, the pages of CALL, JMP, RET, IRET.

import { Memory } from "../memory/memory";
import {
  clearSegment,
  Descriptor,
  fetchDescriptor,
  fillSegment,
  first,
  isNull,
  markAccessed,
  second,
  selectorCode,
  third,
  TYPE_32,
  TYPE_CALL_GATE16,
  TYPE_CALL_GATE32,
  TYPE_TASK_GATE,
  TYPE_TSS16,
  TYPE_TSS32,
} from "./descriptors";
import { Fault, Vector } from "./fault";
import { returnFlat } from "./flat";
import { Flags } from "./flags";
import { Instruction } from "./instruction";
import { effectiveAddress, isMemory, isOperand32, linearAddress } from "./operands";
import {
  checkStackSegment,
  ioPrivilege,
  isProtected,
  isVm86,
  loadRealSegment,
  updateMode,
  updateRights,
} from "./segments";
import { NewStack, Stack } from "./stack";
import {
  CPL_USER,
  cpu,
  CR0_PE,
  CR4_VME,
  CS,
  DS,
  ECX,
  EDX,
  ES,
  ESP,
  FLAG_AC,
  FLAG_DF,
  FLAG_ID,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_NT,
  FLAG_RF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  FLAGS_ARITHMETIC,
  FS,
  GS,
  Registers,
  Segment,
  Segments,
  SS,
} from "./state";
import { innerStack, switchTask, TaskSwitch, taskReturn } from "./tasks";

/** A stack segment on its way into SS. */
const pendingStack = changetype<Segment>(memory.data(32, 8));

// --- jumps and calls

export function jumpFarImmediate(i: Instruction): void {
  jumpFar(i.immediate2 & 0xffff, <u32>i.immediate);
}

export function callFarImmediate(i: Instruction): void {
  callFar(i.immediate2 & 0xffff, <u32>i.immediate, isOperand32(i) ? 4 : 2);
}

export function jumpFarMemory(i: Instruction): void {
  if (!isMemory(i)) Fault.undefined();
  const size: u32 = isOperand32(i) ? 4 : 2;
  const offset = pointerOffset(i, size);
  jumpFar(pointerSelector(i, size), offset);
}

export function callFarMemory(i: Instruction): void {
  if (!isMemory(i)) Fault.undefined();
  const size: u32 = isOperand32(i) ? 4 : 2;
  const offset = pointerOffset(i, size);
  callFar(pointerSelector(i, size), offset, size);
}

/** The offset of a far pointer in memory. */
export function pointerOffset(i: Instruction, size: u32): u32 {
  const address = linearAddress(i.segment, effectiveAddress(i), size, false);
  return size == 4 ? Memory.read32(address) : Memory.read16(address);
}

/** The selector of a far pointer in memory, behind its offset. */
export function pointerSelector(i: Instruction, size: u32): u32 {
  let at = effectiveAddress(i) + size;
  if (!(i.flags & 4)) at &= 0xffff;
  return Memory.read16(linearAddress(i.segment, at, 2, false));
}

/** A code segment's offset outside its limit raises #GP(0). */
function checkTarget(limit: u32, offset: u32): void {
  if (offset > limit) Fault.protection();
}

function jumpFar(selector: u32, offset: u32): void {
  if (!isProtected()) {
    checkTarget(Segments.of(CS).limit, offset);
    loadRealSegment(CS, selector);
    cpu.eip = offset;
    updateMode();
    return;
  }
  if (isNull(selector)) Fault.protection();
  fetchDescriptor(first, selector, Vector.GeneralProtection, 0);
  if (Descriptor.isSegment(first)) {
    checkCode(first, selector);
    checkTarget(Descriptor.limit(first), offset);
    enterCode(first, (selector & 0xfffc) | cpu.cpl, offset);
    return;
  }
  const type = checkSystem(selector);
  if (type == TYPE_CALL_GATE16 || type == TYPE_CALL_GATE32) {
    const target = gateTarget();
    if (!Descriptor.isConforming(second) && Descriptor.dpl(second) != cpu.cpl) {
      Fault.protection(selectorCode(target, 0));
    }
    if (!Descriptor.isPresent(second)) {
      Fault.raiseCode(Vector.SegmentNotPresent, selectorCode(target, 0));
    }
    const to = gateOffset(first);
    checkTarget(Descriptor.limit(second), to);
    enterCode(second, (target & 0xfffc) | cpu.cpl, to);
  } else {
    toTask(selector, type, TaskSwitch.Jump);
  }
}

function callFar(selector: u32, offset: u32, size: u32): void {
  if (!isProtected()) {
    let pointer = Stack.pushAt(Stack.pointer(), size, Segments.of(CS).selector);
    pointer = Stack.pushAt(pointer, size, cpu.eip);
    checkTarget(Segments.of(CS).limit, offset);
    Stack.setPointer(pointer);
    loadRealSegment(CS, selector);
    cpu.eip = offset;
    updateMode();
    return;
  }
  if (isNull(selector)) Fault.protection();
  fetchDescriptor(first, selector, Vector.GeneralProtection, 0);
  if (Descriptor.isSegment(first)) {
    checkCode(first, selector);
    callSame(first, selector, offset, size);
    return;
  }
  const type = checkSystem(selector);
  if (type == TYPE_CALL_GATE16 || type == TYPE_CALL_GATE32) {
    const target = gateTarget();
    if (!Descriptor.isPresent(second)) {
      Fault.raiseCode(Vector.SegmentNotPresent, selectorCode(target, 0));
    }
    const width: u32 = type & TYPE_32 ? 4 : 2;
    if (!Descriptor.isConforming(second) && Descriptor.dpl(second) < cpu.cpl) {
      callInner(target, width);
    } else {
      callSame(second, target, gateOffset(first), width);
    }
  } else {
    toTask(selector, type, TaskSwitch.Call);
  }
}

/** The target of a far jump or call is a code segment reachable from here. */
function checkCode(d: Descriptor, selector: u32): void {
  const code = selectorCode(selector, 0);
  if (!Descriptor.isCode(d)) Fault.protection(code);
  const dpl = Descriptor.dpl(d);
  if (Descriptor.isConforming(d)) {
    if (dpl > cpu.cpl) Fault.protection(code);
  } else if ((selector & 3) > cpu.cpl || dpl != cpu.cpl) {
    Fault.protection(code);
  }
  if (!Descriptor.isPresent(d)) Fault.raiseCode(Vector.SegmentNotPresent, code);
}

/** `first` is a gate or a TSS that may be used from here; returns its type. */
function checkSystem(selector: u32): u32 {
  const code = selectorCode(selector, 0);
  const type = Descriptor.type(first);
  if (
    type != TYPE_CALL_GATE16 &&
    type != TYPE_CALL_GATE32 &&
    type != TYPE_TASK_GATE &&
    type != TYPE_TSS16 &&
    type != TYPE_TSS32
  ) {
    Fault.protection(code);
  }
  const dpl = Descriptor.dpl(first);
  if (dpl < cpu.cpl || dpl < (selector & 3)) Fault.protection(code);
  if ((type == TYPE_TSS16 || type == TYPE_TSS32) && selector & 4) Fault.protection(code);
  if (!Descriptor.isPresent(first)) Fault.raiseCode(Vector.SegmentNotPresent, code);
  return type;
}

function gateOffset(gate: Descriptor): u32 {
  const low = gate.low & 0xffff;
  return Descriptor.type(gate) & TYPE_32 ? low | (gate.high & 0xffff_0000) : low;
}

/** Reads the code descriptor that the gate in `first` names into `second`; returns the selector. */
function gateTarget(): u32 {
  const target = first.low >>> 16;
  if (isNull(target)) Fault.protection();
  fetchDescriptor(second, target, Vector.GeneralProtection, 0);
  if (!Descriptor.isCode(second) || Descriptor.dpl(second) > cpu.cpl) {
    Fault.protection(selectorCode(target, 0));
  }
  return target;
}

function toTask(selector: u32, type: u32, how: TaskSwitch): void {
  if (type == TYPE_TASK_GATE) {
    const task = first.low >>> 16;
    fetchTask(task);
    switchTask(task, first, how, cpu.eip);
  } else {
    switchTask(selector, first, how, cpu.eip);
  }
}

/** What a task gate names must be an available TSS in the GDT. */
function fetchTask(selector: u32): void {
  if (isNull(selector) || selector & 4) Fault.protection(selectorCode(selector, 0));
  fetchDescriptor(first, selector, Vector.GeneralProtection, 0);
  const type = Descriptor.type(first);
  if (Descriptor.isSegment(first) || (type != TYPE_TSS16 && type != TYPE_TSS32)) {
    Fault.protection(selectorCode(selector, 0));
  }
  if (!Descriptor.isPresent(first)) {
    Fault.raiseCode(Vector.SegmentNotPresent, selectorCode(selector, 0));
  }
}

function enterCode(d: Descriptor, selector: u32, offset: u32): void {
  markAccessed(d);
  fillSegment(Segments.of(CS), selector, d);
  cpu.eip = offset;
  updateMode();
}

function callSame(d: Descriptor, selector: u32, offset: u32, size: u32): void {
  let pointer = Stack.pushAt(Stack.pointer(), size, Segments.of(CS).selector);
  pointer = Stack.pushAt(pointer, size, cpu.eip);
  checkTarget(Descriptor.limit(d), offset);
  markAccessed(d);
  Stack.setPointer(pointer);
  enterCode(d, (selector & 0xfffc) | cpu.cpl, offset);
}

/** The gate in `first` leads to the inner code segment in `second`. */
function callInner(target: u32, size: u32): void {
  const level = Descriptor.dpl(second);
  const parameters = first.high & 31;
  const offset = gateOffset(first);
  const stack = innerStack(level, 0);
  const stackSelector = <u32>(stack >> 32);
  if (isNull(stackSelector)) Fault.raiseCode(Vector.InvalidTss, selectorCode(stackSelector, 0));
  checkStackSegment(third, stackSelector, level, Vector.InvalidTss, 0, Vector.StackFault);
  fillSegment(pendingStack, stackSelector, third);
  const code = selectorCode(stackSelector, 0);
  const oldPointer = Stack.pointer();
  let pointer = NewStack.mask(pendingStack, <u32>stack);
  pointer = NewStack.push(pendingStack, pointer, size, Segments.of(SS).selector, level, code);
  pointer = NewStack.push(pendingStack, pointer, size, Registers.get32(ESP), level, code);
  for (let n = parameters; n > 0; n--) {
    const parameter = Stack.peek(oldPointer, (n - 1) * size, size);
    pointer = NewStack.push(pendingStack, pointer, size, parameter, level, code);
  }
  pointer = NewStack.push(pendingStack, pointer, size, Segments.of(CS).selector, level, code);
  pointer = NewStack.push(pendingStack, pointer, size, cpu.eip, level, code);
  checkTarget(Descriptor.limit(second), offset);
  markAccessed(third);
  markAccessed(second);
  cpu.cpl = level;
  fillSegment(Segments.of(SS), stackSelector, third);
  setInnerPointer(<u32>stack, pointer);
  enterCode(second, (target & 0xfffc) | level, offset);
}

/** ESP of a stack just switched to: the upper half comes from the TSS when the stack is 16 bits wide. */
export function setInnerPointer(initial: u32, pointer: u32): void {
  if (Stack.is32()) Registers.set32(ESP, pointer);
  else Registers.set32(ESP, (initial & 0xffff_0000) | (pointer & 0xffff));
}

// --- returns

export function retFar(i: Instruction): void {
  returnFar(isOperand32(i) ? 4 : 2, 0);
}

export function retFarImmediate(i: Instruction): void {
  returnFar(isOperand32(i) ? 4 : 2, (<u32>i.immediate) & 0xffff);
}

/** The frame is read from its far end, which a page fault's CR2 shows. */
function returnFar(size: u32, release: u32): void {
  const pointer = Stack.pointer();
  const selector = Stack.peek(pointer, size, size) & 0xffff;
  const offset = Stack.peek(pointer, 0, size);
  if (!isProtected()) {
    checkTarget(Segments.of(CS).limit, offset);
    Stack.setPointer(pointer + 2 * size + release);
    loadRealSegment(CS, selector);
    cpu.eip = offset;
    updateMode();
    return;
  }
  checkReturn(selector);
  if ((selector & 3) == cpu.cpl) {
    checkTarget(Descriptor.limit(first), offset);
    markAccessed(first);
    Stack.setPointer(pointer + 2 * size + release);
    enterCode(first, selector, offset);
    return;
  }
  const above = 2 * size + release;
  const outerPointer = Stack.peek(pointer, above, size);
  const outerStack = Stack.peek(pointer, above + size, size) & 0xffff;
  checkOuterStack(outerStack, selector & 3, Vector.StackFault);
  checkTarget(Descriptor.limit(first), offset);
  enterOuter(selector, offset, outerStack, outerPointer, release);
}

/** `first` becomes the code segment returned to; raises where a return to it is not allowed. */
function checkReturn(selector: u32): void {
  if (isNull(selector)) Fault.protection();
  fetchDescriptor(first, selector, Vector.GeneralProtection, 0);
  const code = selectorCode(selector, 0);
  const level = selector & 3;
  if (!Descriptor.isCode(first) || level < cpu.cpl) Fault.protection(code);
  const dpl = Descriptor.dpl(first);
  if (Descriptor.isConforming(first) ? dpl > level : dpl != level) Fault.protection(code);
  if (!Descriptor.isPresent(first)) Fault.raiseCode(Vector.SegmentNotPresent, code);
}

/** `second` becomes the stack segment of the outer ring. */
function checkOuterStack(selector: u32, level: u32, missing: Vector): void {
  if (isNull(selector)) Fault.protection();
  checkStackSegment(second, selector, level, Vector.GeneralProtection, 0, missing);
}

function enterOuter(
  selector: u32,
  offset: u32,
  stackSelector: u32,
  stackPointer: u32,
  release: u32,
): void {
  markAccessed(first);
  markAccessed(second);
  cpu.cpl = selector & 3;
  fillSegment(Segments.of(SS), stackSelector, second);
  const pointer = stackPointer + release;
  if (Stack.is32()) Registers.set32(ESP, pointer);
  else Registers.set16(ESP, pointer);
  dropInner(ES);
  dropInner(DS);
  dropInner(FS);
  dropInner(GS);
  enterCode(first, selector, offset);
}

/** On a return to an outer ring a data segment that it may not use becomes null. */
function dropInner(index: u32): void {
  const segment = Segments.of(index);
  const attributes = segment.attributes;
  const conforming = (attributes & 0x1c) == 0x1c;
  if (!conforming && ((attributes >>> 5) & 3) < cpu.cpl) clearSegment(segment, 0);
}

/** What IRET may change at any privilege, of 16 and of 32 bits. */
const RETURN_16: u32 = FLAGS_ARITHMETIC | FLAG_TF | FLAG_DF | FLAG_NT;
const RETURN_32: u32 = RETURN_16 | FLAG_RF | FLAG_AC | FLAG_ID;

export function iret(i: Instruction): void {
  const size: u32 = isOperand32(i) ? 4 : 2;
  cpu.nmiBlocked = 0; // whatever comes of it
  if (size == 4 && returnFlat(RETURN_32 | FLAG_IF | FLAG_IOPL | FLAG_VIF | FLAG_VIP)) return;
  if (isVm86()) {
    returnVm86(size);
    return;
  }
  if (cpu.cr0 & CR0_PE && cpu.eflags & FLAG_NT) {
    taskReturn();
    return;
  }
  const pointer = Stack.pointer();
  const image = Stack.peek(pointer, 2 * size, size);
  const selector = Stack.peek(pointer, size, size) & 0xffff;
  const offset = Stack.peek(pointer, 0, size);
  if (!(cpu.cr0 & CR0_PE)) {
    checkTarget(Segments.of(CS).limit, offset);
    Stack.setPointer(pointer + 3 * size);
    loadRealSegment(CS, selector);
    cpu.eip = offset;
    const mask = (size == 4 ? RETURN_32 : RETURN_16) | FLAG_IF | FLAG_IOPL;
    Flags.set((Flags.get() & ~mask) | (image & mask));
    updateMode();
    return;
  }
  if (size == 4 && image & FLAG_VM && cpu.cpl == 0) {
    enterVm86(pointer, offset, selector, image);
    return;
  }
  checkReturn(selector);
  let mask = size == 4 ? RETURN_32 : RETURN_16;
  if (cpu.cpl <= ioPrivilege()) mask |= FLAG_IF;
  if (cpu.cpl == 0) mask |= size == 4 ? FLAG_IOPL | FLAG_VIF | FLAG_VIP : FLAG_IOPL;
  if ((selector & 3) == cpu.cpl) {
    checkTarget(Descriptor.limit(first), offset);
    markAccessed(first);
    Stack.setPointer(pointer + 3 * size);
    Flags.set((Flags.get() & ~mask) | (image & mask));
    enterCode(first, selector, offset);
    return;
  }
  const outerPointer = Stack.peek(pointer, 3 * size, size);
  const outerStack = Stack.peek(pointer, 4 * size, size) & 0xffff;
  checkOuterStack(outerStack, selector & 3, Vector.SegmentNotPresent);
  checkTarget(Descriptor.limit(first), offset);
  markAccessed(first);
  markAccessed(second);
  Flags.set((Flags.get() & ~mask) | (image & mask));
  enterOuter(selector, offset, outerStack, outerPointer, 0);
}

/** From CPL 0 to virtual 8086 mode: the frame has nine doublewords. */
function enterVm86(pointer: u32, offset: u32, selector: u32, image: u32): void {
  const stackPointer = Stack.peek(pointer, 12, 4);
  const stackSelector = Stack.peek(pointer, 16, 4);
  const es = Stack.peek(pointer, 20, 4);
  const ds = Stack.peek(pointer, 24, 4);
  const fs = Stack.peek(pointer, 28, 4);
  const gs = Stack.peek(pointer, 32, 4);
  checkTarget(0xffff, offset);
  Registers.set32(ESP, stackPointer);
  const mask = RETURN_32 | FLAG_IF | FLAG_IOPL | FLAG_VIF | FLAG_VIP | FLAG_VM;
  Flags.set((Flags.get() & ~mask) | (image & mask));
  cpu.cpl = CPL_USER;
  loadRealSegment(CS, selector);
  loadRealSegment(SS, stackSelector);
  loadRealSegment(ES, es);
  loadRealSegment(DS, ds);
  loadRealSegment(FS, fs);
  loadRealSegment(GS, gs);
  cpu.eip = offset;
  updateMode();
}

/** IRET within virtual 8086 mode: with IOPL 3, or the 16-bit form with VME, which then speaks of VIF. */
function returnVm86(size: u32): void {
  const privileged = ioPrivilege() == 3;
  if (!privileged && !(cpu.cr4 & CR4_VME && size == 2)) {
    Fault.noteProtection();
    return;
  }
  const pointer = Stack.pointer();
  const selector = Stack.peek(pointer, size, size) & 0xffff;
  const offset = Stack.peek(pointer, 0, size);
  let image = Stack.peek(pointer, 2 * size, size);
  let mask = size == 4 ? RETURN_32 : RETURN_16;
  if (privileged) {
    mask |= FLAG_IF;
  } else {
    const virtual = image & FLAG_IF;
    if ((virtual && cpu.eflags & FLAG_VIP) || image & FLAG_TF) Fault.protection();
    mask |= FLAG_VIF;
    image = (image & ~FLAG_VIF) | (virtual ? FLAG_VIF : 0);
  }
  checkTarget(Segments.of(CS).limit, offset);
  Stack.setPointer(pointer + 3 * size);
  loadRealSegment(CS, selector);
  cpu.eip = offset;
  Flags.set((Flags.get() & ~mask) | (image & mask));
  updateMode();
}

// --- fast system calls

function setFlat(index: u32, selector: u32, attributes: u32): void {
  const segment = Segments.of(index);
  segment.selector = selector;
  segment.base = 0;
  segment.limit = 0xffff_ffff;
  segment.attributes = attributes;
  updateRights(segment);
}

/** Present, S, 32-bit, 4 KB granular; code execute/read or data read/write, accessed. */
const FLAT_CODE: u32 = 0xc09b;
const FLAT_DATA: u32 = 0xc093;

export function sysenter(_i: Instruction): void {
  if (!(cpu.cr0 & CR0_PE) || isNull(cpu.sysenterCs)) Fault.protection();
  const selector = cpu.sysenterCs & 0xfffc;
  Flags.set(Flags.get() & ~(FLAG_VM | FLAG_IF | FLAG_RF));
  cpu.cpl = 0;
  setFlat(CS, selector, FLAT_CODE);
  setFlat(SS, selector + 8, FLAT_DATA);
  Registers.set32(ESP, cpu.sysenterEsp);
  cpu.eip = cpu.sysenterEip;
  updateMode();
}

export function sysexit(_i: Instruction): void {
  if (!(cpu.cr0 & CR0_PE) || cpu.cpl != 0 || isNull(cpu.sysenterCs)) Fault.protection();
  const selector = (cpu.sysenterCs & 0xfffc) | 3;
  cpu.cpl = CPL_USER;
  setFlat(CS, selector + 16, FLAT_CODE | 0x60);
  setFlat(SS, selector + 24, FLAT_DATA | 0x60);
  Registers.set32(ESP, Registers.get32(ECX));
  cpu.eip = Registers.get32(EDX);
  updateMode();
}

// Instructions of the system level: control and debug registers, descriptor tables, flags with privilege, segment registers.

import { flushPage, flushTlb } from "../memory/tlb";
import { loadPointers, pointersValid } from "../memory/paging";
import { Memory } from "../memory/memory";
import { DR6_ACCESS, DR7_GENERAL_DETECT } from "./debug";
import {
  clearSegment,
  Descriptor,
  fetchDescriptor,
  fillSegment,
  findDescriptor,
  first,
  isNull,
  selectorCode,
  TYPE_BUSY,
  TYPE_CALL_GATE16,
  TYPE_CALL_GATE32,
  TYPE_LDT,
  TYPE_TASK_GATE,
  TYPE_TSS16,
  TYPE_TSS16_BUSY,
  TYPE_TSS32,
  TYPE_TSS32_BUSY,
} from "./descriptors";
import { Fault, Vector } from "./fault";
import { Flags } from "./flags";
import { Instruction } from "./instruction";
import {
  effectiveAddress,
  isMemory,
  isOperand32,
  linearAddress,
  operandAddress,
  readE16,
  writeE16,
  writeGv,
} from "./operands";
import {
  ioPrivilege,
  isProtected,
  isVm86,
  loadSegment,
  segmentLoaded,
  updateMode,
} from "./segments";
import { leaveBlock } from "./leave";
import { Stack } from "./stack";
import {
  cpu,
  CPL_USER,
  CR0_CD,
  CR0_EM,
  CR0_ET,
  CR0_MP,
  CR0_NE,
  CR0_NW,
  CR0_AM,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR4_DE,
  CR4_MCE,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_PAE,
  CR4_PCE,
  CR4_PGE,
  CR4_PSE,
  CR4_PVI,
  CR4_TSD,
  CR4_VME,
  CS,
  DS,
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
  FLAG_ZF,
  FLAGS_ARITHMETIC,
  FS,
  GS,
  INHIBIT_INTERRUPTS,
  LDTR,
  Registers,
  Segments,
  SS,
  TR,
} from "./state";
import { pointerOffset, pointerSelector } from "./transfers";

const CR0_VALID: u32 =
  CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
const CR4_VALID: u32 =
  CR4_VME |
  CR4_PVI |
  CR4_TSD |
  CR4_DE |
  CR4_PSE |
  CR4_PAE |
  CR4_MCE |
  CR4_PGE |
  CR4_PCE |
  CR4_OSFXSR |
  CR4_OSXMMEXCPT;
const DR6_FIXED: u32 = 0xffff_0ff0;
const DR6_WRITABLE: u32 = 0xe00f;
const DR7_FIXED: u32 = 0x400;
const DR7_WRITABLE: u32 = 0xffff_23ff;

/** ES to GS. */
const SEGMENT_REGISTERS: u8 = 6;

/** #GP(0) unless at CPL 0. */
export function requirePrivilege(): void {
  if (cpu.cpl != 0) Fault.protection();
}

/** #UD in real and virtual 8086 mode. */
function requireProtected(): void {
  if (!isProtected()) Fault.undefined();
}

// --- descriptor tables

/** SLDT STR LLDT LTR VERR VERW. */
export function group0F00(i: Instruction): void {
  requireProtected();
  switch (i.reg) {
    case 0:
      writeSelector(i, Segments.of(LDTR).selector);
      break;
    case 1:
      writeSelector(i, Segments.of(TR).selector);
      break;
    case 2:
      lldt(i);
      break;
    case 3:
      ltr(i);
      break;
    case 4:
      verify(readE16(i), false);
      break;
    case 5:
      verify(readE16(i), true);
      break;
    default:
      Fault.undefined();
  }
}

/** A 16-bit value to memory, or zero-extended to a register of the operand size. */
function writeSelector(i: Instruction, value: u32): void {
  if (!isMemory(i) && isOperand32(i)) Registers.set32(i.rm, value & 0xffff);
  else writeE16(i, value);
}

function lldt(i: Instruction): void {
  requirePrivilege();
  const selector = readE16(i);
  const code = selectorCode(selector, 0);
  if (isNull(selector)) {
    clearSegment(Segments.of(LDTR), selector);
    return;
  }
  if (selector & 4) Fault.protection(code);
  fetchDescriptor(first, selector, Vector.GeneralProtection, 0);
  if ((first.attributes & 0x1f) != TYPE_LDT) Fault.protection(code);
  if (!Descriptor.isPresent(first)) Fault.raiseCode(Vector.SegmentNotPresent, code);
  fillSegment(Segments.of(LDTR), selector, first);
}

function ltr(i: Instruction): void {
  requirePrivilege();
  const selector = readE16(i);
  const code = selectorCode(selector, 0);
  if (isNull(selector)) Fault.protection();
  if (selector & 4) Fault.protection(code);
  fetchDescriptor(first, selector, Vector.GeneralProtection, 0);
  const type = first.attributes & 0x1f;
  if (type != TYPE_TSS16 && type != TYPE_TSS32) Fault.protection(code);
  if (!Descriptor.isPresent(first)) Fault.raiseCode(Vector.SegmentNotPresent, code);
  first.attributes |= TYPE_BUSY;
  Memory.systemWrite8(first.address + 5, first.attributes & 0xff);
  fillSegment(Segments.of(TR), selector, first);
}

/** Whether the descriptor in `first` may be seen with this selector from here. */
function isVisible(selector: u32): bool {
  if (Descriptor.isConforming(first)) return true;
  const dpl = Descriptor.dpl(first);
  return dpl >= cpu.cpl && dpl >= (selector & 3);
}

function verify(selector: u32, write: bool): void {
  let good = findDescriptor(first, selector) && Descriptor.isSegment(first) && isVisible(selector);
  if (good) good = write ? Descriptor.isWritableData(first) : Descriptor.isReadable(first);
  Flags.change(FLAG_ZF, good ? FLAG_ZF : 0);
}

/** SGDT SIDT LGDT LIDT SMSW LMSW INVLPG. */
export function group0F01(i: Instruction): void {
  switch (i.reg) {
    case 0:
      storeTable(i, cpu.gdtBase, cpu.gdtLimit);
      break;
    case 1:
      storeTable(i, cpu.idtBase, cpu.idtLimit);
      break;
    case 2:
    case 3:
      loadTable(i);
      break;
    case 4:
      if (!isMemory(i) && isOperand32(i)) Registers.set32(i.rm, cpu.cr0);
      else writeE16(i, cpu.cr0);
      break;
    case 6:
      lmsw(i);
      break;
    case 7:
      if (!isMemory(i)) Fault.undefined();
      requirePrivilege();
      invalidatePage(i);
      break;
    default:
      Fault.undefined();
  }
}

/** Linear address of byte `offset` of the memory operand, checked for `size` bytes. */
function tableAddress(i: Instruction, offset: u32, size: u32, write: bool): u32 {
  let at = effectiveAddress(i) + offset;
  if (!(i.flags & 4)) at &= 0xffff;
  return linearAddress(i.segment, at, size, write);
}

function storeTable(i: Instruction, base: u32, limit: u32): void {
  if (!isMemory(i)) Fault.undefined();
  const limitAt = tableAddress(i, 0, 2, true);
  const baseAt = tableAddress(i, 2, 4, true);
  Memory.probeWrite(baseAt, 4);
  Memory.write16(limitAt, limit);
  Memory.write32(baseAt, base);
}

function loadTable(i: Instruction): void {
  if (!isMemory(i)) Fault.undefined();
  requirePrivilege();
  const limit = Memory.read16(tableAddress(i, 0, 2, false));
  let base = Memory.read32(tableAddress(i, 2, 4, false));
  if (!isOperand32(i)) base &= 0xff_ffff;
  if (i.reg == 2) {
    cpu.gdtBase = base;
    cpu.gdtLimit = limit;
  } else {
    cpu.idtBase = base;
    cpu.idtLimit = limit;
  }
}

/** LMSW can set PE but not clear it. */
function lmsw(i: Instruction): void {
  requirePrivilege();
  const value = readE16(i) & (CR0_PE | CR0_MP | CR0_EM | CR0_TS);
  setCr0((cpu.cr0 & ~(CR0_MP | CR0_EM | CR0_TS)) | value);
}

function invalidatePage(i: Instruction): void {
  const segment = i.segment;
  const base: u32 = segment < 6 ? Segments.of(segment).base : 0;
  flushPage(base + effectiveAddress(i));
}

export function lar(i: Instruction): void {
  requireProtected();
  const selector = readE16(i);
  if (!findDescriptor(first, selector) || !describes(selector, true)) {
    Flags.change(FLAG_ZF, 0);
    return;
  }
  const value = first.high & 0x00ff_ff00;
  Flags.change(FLAG_ZF, FLAG_ZF);
  writeGv(i, value);
}

export function lsl(i: Instruction): void {
  requireProtected();
  const selector = readE16(i);
  if (!findDescriptor(first, selector) || !describes(selector, false)) {
    Flags.change(FLAG_ZF, 0);
    return;
  }
  Flags.change(FLAG_ZF, FLAG_ZF);
  writeGv(i, Descriptor.limit(first));
}

/** Whether LAR (`gates`) or LSL speaks of the descriptor in `first`. */
function describes(selector: u32, gates: bool): bool {
  if (!isVisible(selector)) return false;
  if (Descriptor.isSegment(first)) return true;
  switch (Descriptor.type(first)) {
    case TYPE_TSS16:
    case TYPE_TSS16_BUSY:
    case TYPE_TSS32:
    case TYPE_TSS32_BUSY:
    case TYPE_LDT:
      return true;
    case TYPE_CALL_GATE16:
    case TYPE_CALL_GATE32:
    case TYPE_TASK_GATE:
      return gates;
    default:
      return false;
  }
}

export function arpl(i: Instruction): void {
  requireProtected();
  const wanted = Registers.get16(i.reg) & 3;
  if (isMemory(i)) {
    const address = operandAddress(i, 2, true);
    Memory.probeWrite(address, 2);
    const selector = Memory.read16(address);
    const raise = (selector & 3) < wanted;
    if (raise) Memory.write16(address, (selector & 0xfffc) | wanted);
    Flags.change(FLAG_ZF, raise ? FLAG_ZF : 0);
  } else {
    const selector = Registers.get16(i.rm);
    const raise = (selector & 3) < wanted;
    if (raise) Registers.set16(i.rm, (selector & 0xfffc) | wanted);
    Flags.change(FLAG_ZF, raise ? FLAG_ZF : 0);
  }
}

// --- control and debug registers

export function clts(_i: Instruction): void {
  requirePrivilege();
  cpu.cr0 &= ~CR0_TS;
}

export function invd(_i: Instruction): void {
  requirePrivilege();
}
export function wbinvd(_i: Instruction): void {
  requirePrivilege();
}

export function movFromControl(i: Instruction): void {
  requirePrivilege();
  let value: u32 = 0;
  if (i.reg == 0) value = cpu.cr0;
  else if (i.reg == 2) value = cpu.cr2;
  else if (i.reg == 3) value = cpu.cr3;
  else if (i.reg == 4) value = cpu.cr4;
  else Fault.undefined();
  Registers.set32(i.rm, value);
}

export function movToControl(i: Instruction): void {
  requirePrivilege();
  const value = Registers.get32(i.rm);
  if (i.reg == 0) {
    setCr0(value);
  } else if (i.reg == 2) {
    cpu.cr2 = value;
  } else if (i.reg == 3) {
    if (cpu.cr0 & CR0_PG && cpu.cr4 & CR4_PAE && !pointersValid(value)) Fault.protection();
    cpu.cr3 = value;
    loadPointers();
    flushTlb(false);
  } else if (i.reg == 4) {
    setCr4(value);
  } else {
    Fault.undefined();
  }
}

function setCr0(value: u32): void {
  value = (value & CR0_VALID) | CR0_ET;
  if (value & CR0_PG && !(value & CR0_PE)) Fault.protection();
  if (value & CR0_NW && !(value & CR0_CD)) Fault.protection();
  const changed = value ^ cpu.cr0;
  const pointers = CR0_PG | CR0_CD | CR0_NW;
  if (changed & pointers && value & CR0_PG && cpu.cr4 & CR4_PAE && !pointersValid(cpu.cr3)) {
    Fault.protection();
  }
  cpu.cr0 = value;
  if (changed & pointers) loadPointers();
  if (changed & (CR0_PG | CR0_WP | CR0_PE)) flushTlb(true);
  updateMode();
}

function setCr4(value: u32): void {
  if (value & ~CR4_VALID) Fault.protection();
  const changed = value ^ cpu.cr4;
  const translation = CR4_PSE | CR4_PAE | CR4_PGE;
  if (changed & translation && value & CR4_PAE && cpu.cr0 & CR0_PG && !pointersValid(cpu.cr3)) {
    Fault.protection();
  }
  cpu.cr4 = value;
  if (changed & translation) {
    loadPointers();
    flushTlb(true);
  }
  updateMode();
}

/** The number of a debug register with the aliases 4 and 5 resolved; #UD, #GP(0), #DB as due. */
function debugRegister(i: Instruction): u32 {
  let number = <u32>i.reg;
  if (number == 4 || number == 5) {
    if (cpu.cr4 & CR4_DE) Fault.undefined();
    number += 2;
  }
  requirePrivilege();
  if (cpu.dr7 & DR7_GENERAL_DETECT) {
    cpu.dr6 |= DR6_ACCESS;
    Fault.raise(Vector.Debug);
  }
  return number;
}

export function movFromDebug(i: Instruction): void {
  const number = debugRegister(i);
  let value = cpu.dr7;
  if (number == 0) value = cpu.dr0;
  else if (number == 1) value = cpu.dr1;
  else if (number == 2) value = cpu.dr2;
  else if (number == 3) value = cpu.dr3;
  else if (number == 6) value = cpu.dr6;
  Registers.set32(i.rm, value);
}

export function movToDebug(i: Instruction): void {
  const number = debugRegister(i);
  const value = Registers.get32(i.rm);
  if (number == 0) cpu.dr0 = value;
  else if (number == 1) cpu.dr1 = value;
  else if (number == 2) cpu.dr2 = value;
  else if (number == 3) cpu.dr3 = value;
  else if (number == 6) cpu.dr6 = (value & DR6_WRITABLE) | DR6_FIXED;
  else cpu.dr7 = (value & DR7_WRITABLE) | DR7_FIXED;
  updateMode();
}

// --- flags and interrupts

export function hlt(_i: Instruction): void {
  if (cpu.cpl != 0) Fault.noteProtection();
  else cpu.halted = 1;
}

/** The flag that CLI and STI speak of here: IF, or VIF (VME, PVI). 0: neither may be changed, #GP(0). */
function interruptFlag(): u32 {
  if (!(cpu.cr0 & CR0_PE) || cpu.cpl <= ioPrivilege()) return FLAG_IF;
  if (isVm86()) return cpu.cr4 & CR4_VME ? FLAG_VIF : 0;
  return cpu.cr4 & CR4_PVI && cpu.cpl == CPL_USER ? FLAG_VIF : 0;
}

export function cli(_i: Instruction): void {
  const flag = interruptFlag();
  if (flag) cpu.eflags &= ~flag;
  else Fault.noteProtection();
}

export function sti(i: Instruction): void {
  const flag = interruptFlag();
  if (!flag || (flag == FLAG_VIF && cpu.eflags & FLAG_VIP)) {
    Fault.noteProtection();
  } else if (flag == FLAG_VIF) {
    cpu.eflags |= FLAG_VIF;
  } else if (!(cpu.eflags & FLAG_IF)) {
    cpu.eflags |= FLAG_IF;
    cpu.inhibit = INHIBIT_INTERRUPTS;
    leaveBlock(i.next);
  }
}

export function pushf(i: Instruction): void {
  let image = Flags.get() & ~(FLAG_VM | FLAG_RF);
  if (isVm86() && ioPrivilege() < 3) {
    if (!(cpu.cr4 & CR4_VME) || isOperand32(i)) {
      Fault.noteProtection();
      return;
    }
    image = (image & ~FLAG_IF) | FLAG_IOPL | (image & FLAG_VIF ? FLAG_IF : 0);
  }
  if (isOperand32(i)) Stack.push32(image);
  else Stack.push16(image);
}

export function popf(i: Instruction): void {
  const wide = isOperand32(i);
  const pointer = Stack.pointer();
  let mask = FLAGS_ARITHMETIC | FLAG_TF | FLAG_DF | FLAG_NT;
  if (wide) mask |= FLAG_AC | FLAG_ID;
  const restricted = isVm86() && ioPrivilege() < 3;
  if (restricted && (!(cpu.cr4 & CR4_VME) || wide)) {
    Fault.noteProtection();
    return;
  }
  let image = Stack.peek(pointer, 0, wide ? 4 : 2);
  if (restricted) {
    const virtual = image & FLAG_IF;
    if ((virtual && cpu.eflags & FLAG_VIP) || image & FLAG_TF) Fault.protection();
    mask |= FLAG_VIF;
    image = (image & ~FLAG_VIF) | (virtual ? FLAG_VIF : 0);
  } else {
    if (!(cpu.cr0 & CR0_PE) || cpu.cpl == 0) mask |= FLAG_IOPL;
    if (!(cpu.cr0 & CR0_PE) || cpu.cpl <= ioPrivilege()) mask |= FLAG_IF;
  }
  Stack.setPointer(pointer + (wide ? 4 : 2));
  const before = cpu.eflags;
  Flags.set((cpu.eflags & ~(mask | FLAG_RF)) | (image & mask));
  const changed = before ^ cpu.eflags;
  if (changed & (FLAG_TF | FLAG_AC)) updateMode();
  if (changed & (FLAG_TF | FLAG_AC | FLAG_IF | FLAG_VIF)) leaveBlock(i.next);
}

// --- segment registers

export function movFromSegment(i: Instruction): void {
  if (i.reg >= SEGMENT_REGISTERS) Fault.undefined();
  writeSelector(i, Segments.of(i.reg).selector);
}

export function movToSegment(i: Instruction): void {
  if (i.reg >= SEGMENT_REGISTERS || i.reg == CS) Fault.undefined();
  loadSegment(i.reg, readE16(i));
  segmentLoaded(i, i.reg);
}

export function pushSegment(i: Instruction): void {
  // Of a 32-bit slot only the lower half is written.
  const to = Stack.mask(Stack.pointer() - (isOperand32(i) ? 4 : 2));
  Stack.pushAt(to + 2, 2, Segments.of(i.reg).selector);
  Stack.setPointer(to);
}

export function popSegment(i: Instruction): void {
  const size: u32 = isOperand32(i) ? 4 : 2;
  const wide = Stack.is32();
  const pointer = Stack.pointer();
  const selector = Stack.peek(pointer, 0, 2);
  loadSegment(i.reg, selector);
  // The stack's width is that of the old SS.
  if (wide) Registers.set32(ESP, pointer + size);
  else Registers.set16(ESP, pointer + size);
  segmentLoaded(i, i.reg);
}

/** LES LDS LSS LFS LGS. */
export function loadFarPointer(i: Instruction): void {
  if (!isMemory(i)) Fault.undefined();
  const size: u32 = isOperand32(i) ? 4 : 2;
  const offset = pointerOffset(i, size);
  const selector = pointerSelector(i, size);
  let index: u32 = ES;
  if (i.opcode == 0xc5) index = DS;
  else if (i.opcode == 0xfb2) index = SS;
  else if (i.opcode == 0xfb4) index = FS;
  else if (i.opcode == 0xfb5) index = GS;
  loadSegment(index, selector);
  writeGv(i, offset);
  segmentLoaded(i, index);
}

// MOVS CMPS SCAS LODS STOS INS OUTS, alone and repeated (SDM vol. 2).
//
// Registers are committed after each repetition, so that a fault in the middle starts again at the right place; CMPS and SCAS
// set the flags at the end, so that such a fault finds those from before. A fault of all but INS and OUTS is noted
// (cpu/fault.ts): the handler looks for one after each access. A long repetition pauses after PAUSE elements, or
// when an event waits, by naming itself as the next instruction.
//
// Not implemented: flags from before the whole repetition when CMPS or SCAS faults after such a pause; they are the pause's.

import { Ports } from "../../bus/ports";
import { Memory, NotingMemory } from "../../memory/memory";
import { Fault } from "../fault";
import { hasIoPermission, standsStill } from "../io";
import {
  Instruction,
  INSTRUCTION_ADDRESS32,
  INSTRUCTION_OPERAND32,
  INSTRUCTION_REP,
  INSTRUCTION_REPNE,
} from "../instruction";
import { leaveBlock } from "../leave";
import { linearAddress } from "../operands";
import { Alu, CMP } from "../semantics/alu";
import { cpu, EAX, ECX, EDI, EDX, ES, ESI, FLAG_DF, Registers, SEGMENT_FLAT } from "../state";

const PAUSE: u32 = 4096;
/** Elements moved at once: what takes some ten microseconds, and does not overflow when counted in bytes. */
const LONGEST_RUN: u32 = 0x4000;
const REPEAT: u8 = INSTRUCTION_REP | INSTRUCTION_REPNE;

function isWide(i: Instruction): bool {
  return (i.flags & INSTRUCTION_ADDRESS32) != 0;
}

/** Bytes of an element: even opcodes are the byte forms. */
function elementSize(i: Instruction): u32 {
  if (!(i.opcode & 1)) return 1;
  return i.flags & INSTRUCTION_OPERAND32 ? 4 : 2;
}

function counter(i: Instruction): u32 {
  return isWide(i) ? Registers.get32(ECX) : Registers.get16(ECX);
}

function setCounter(i: Instruction, value: u32): void {
  if (isWide(i)) Registers.set32(ECX, value);
  else Registers.set16(ECX, value);
}

function sourceAddress(i: Instruction, size: u32): u32 {
  const offset = isWide(i) ? Registers.get32(ESI) : Registers.get16(ESI);
  return linearAddress(i.segment, offset, size, false);
}

function targetAddress(i: Instruction, size: u32, write: bool): u32 {
  const offset = isWide(i) ? Registers.get32(EDI) : Registers.get16(EDI);
  return linearAddress(i.segment == SEGMENT_FLAT ? SEGMENT_FLAT : ES, offset, size, write);
}

function advance(i: Instruction, register: u32, bytes: u32): void {
  const step = cpu.eflags & FLAG_DF ? 0 - bytes : bytes;
  if (isWide(i)) Registers.set32(register, Registers.get32(register) + step);
  else Registers.set16(register, Registers.get16(register) + step);
}

function read(address: u32, size: u32): u32 {
  return size == 4
    ? NotingMemory.read32(address)
    : size == 2
      ? NotingMemory.read16(address)
      : NotingMemory.read8(address);
}

function write(address: u32, size: u32, value: u32): void {
  if (size == 4) NotingMemory.write32(address, value);
  else if (size == 2) NotingMemory.write16(address, value);
  else NotingMemory.write8(address, value);
}

function accumulator(size: u32): u32 {
  return size == 4 ? Registers.get32(EAX) : size == 2 ? Registers.get16(EAX) : Registers.get8(EAX);
}

/** Host address of a linear one, or 0 where the access needs the slow path. */
function hostForRead(address: u32): usize {
  const entry = load<u32>(cpu.tlbRead + ((<usize>(address >>> 12)) << 2));
  return entry & 1 ? 0 : <usize>(address + entry);
}

function hostForWrite(address: u32): usize {
  const entry = load<u32>(cpu.tlbWrite + ((<usize>(address >>> 12)) << 2));
  return entry & 1 ? 0 : <usize>(address + entry);
}

/** Runs of elements are only made where neither limits nor 16-bit offsets need a look at each. */
function isFlat(i: Instruction): bool {
  return i.segment == SEGMENT_FLAT;
}

/** Bytes from a linear address on, of those wanted, that lie together in the host's memory as well. */
function together(table: usize, address: u32, wanted: u32): u32 {
  let entry = table + ((<usize>(address >>> 12)) << 2);
  const difference = load<u32>(entry);
  let bytes: u32 = 0x1000 - (address & 0xfff);
  while (bytes < wanted) {
    entry += 4;
    if (address + bytes < address || load<u32>(entry) != difference) return bytes;
    bytes += 0x1000;
  }
  return wanted;
}

/** Copies as many elements at once as lie together; returns how many. */
function moveRun(i: Instruction, count: u32, size: u32): u32 {
  if (cpu.eflags & FLAG_DF || !isFlat(i)) return 0;
  const source = Registers.get32(ESI);
  const target = Registers.get32(EDI);
  if (count < 2) return 0;
  const from = hostForRead(source);
  const to = hostForWrite(target);
  if (!from || !to) return 0;
  count = min<u32>(count, LONGEST_RUN);
  count = together(cpu.tlbRead, source, count * size) / size;
  count = together(cpu.tlbWrite, target, count * size) / size;
  // A forward copy onto itself a little further repeats the pattern: no run may read what it writes.
  if (to > from && to - from < count * size) count = <u32>(to - from) / size;
  if (count < 2) return 0;
  memory.copy(to, from, count * size);
  return count;
}

export function movs(i: Instruction): void {
  const size = elementSize(i);
  if (!(i.flags & REPEAT)) {
    const value = read(sourceAddress(i, size), size);
    write(targetAddress(i, size, true), size, value);
    if (Fault.isNoted()) return;
    advance(i, ESI, size);
    advance(i, EDI, size);
    return;
  }
  let left = counter(i);
  let done: u32 = 0;
  while (left) {
    if (done && (done >= PAUSE || cpu.pending)) {
      leaveBlock(i.eip);
      return;
    }
    let run = moveRun(i, left, size);
    if (!run) {
      const value = read(sourceAddress(i, size), size);
      write(targetAddress(i, size, true), size, value);
      if (Fault.isNoted()) return;
      run = 1;
    }
    advance(i, ESI, size * run);
    advance(i, EDI, size * run);
    left -= run;
    done += run;
    setCounter(i, left);
  }
}

function storeRun(i: Instruction, count: u32, size: u32): u32 {
  if (cpu.eflags & FLAG_DF || !isFlat(i)) return 0;
  const target = Registers.get32(EDI);
  if (count < 2) return 0;
  const to = hostForWrite(target);
  if (!to) return 0;
  count = min<u32>(count, LONGEST_RUN);
  count = together(cpu.tlbWrite, target, count * size) / size;
  if (count < 2) return 0;
  const value = accumulator(size);
  const bytes = count * size;
  if (size == 1 || value == 0) {
    memory.fill(to, <u8>value, bytes);
  } else if (size == 2) {
    for (let k: u32 = 0; k < bytes; k += 2) store<u16>(to + k, <u16>value);
  } else {
    for (let k: u32 = 0; k < bytes; k += 4) store<u32>(to + k, value);
  }
  return count;
}

export function stos(i: Instruction): void {
  const size = elementSize(i);
  if (!(i.flags & REPEAT)) {
    write(targetAddress(i, size, true), size, accumulator(size));
    if (!Fault.isNoted()) advance(i, EDI, size);
    return;
  }
  let left = counter(i);
  let done: u32 = 0;
  while (left) {
    if (done && (done >= PAUSE || cpu.pending)) {
      leaveBlock(i.eip);
      return;
    }
    let run = storeRun(i, left, size);
    if (!run) {
      write(targetAddress(i, size, true), size, accumulator(size));
      if (Fault.isNoted()) return;
      run = 1;
    }
    advance(i, EDI, size * run);
    left -= run;
    done += run;
    setCounter(i, left);
  }
}

export function lods(i: Instruction): void {
  const size = elementSize(i);
  const repeated = (i.flags & REPEAT) != 0;
  let left: u32 = repeated ? counter(i) : 1;
  let done: u32 = 0;
  while (left) {
    if (done >= PAUSE || (done && cpu.pending)) {
      leaveBlock(i.eip);
      return;
    }
    const value = read(sourceAddress(i, size), size);
    if (Fault.isNoted()) return;
    if (size == 4) Registers.set32(EAX, value);
    else if (size == 2) Registers.set16(EAX, value);
    else Registers.set8(EAX, value);
    advance(i, ESI, size);
    left--;
    done++;
    if (repeated) setCounter(i, left);
  }
}

function compareFlags(left: u32, right: u32, size: u32): void {
  if (size == 4) Alu.compute<u32>(CMP, 4, left, right);
  else if (size == 2) Alu.compute<u32>(CMP, 2, left, right);
  else Alu.compute<u32>(CMP, 1, left, right);
}

/** An element in the host's memory. */
function element(host: usize, size: u32): u32 {
  return size == 4 ? load<u32>(host) : size == 2 ? <u32>load<u16>(host) : <u32>load<u8>(host);
}

/** How many elements, of fewer than `count`, SCAS passes at once: all in this page, and none of them the last. */
function scanRun(i: Instruction, count: u32, size: u32, whileEqual: bool): u32 {
  if (cpu.eflags & FLAG_DF || !isFlat(i)) return 0;
  const target = Registers.get32(EDI);
  const host = hostForRead(target);
  if (!host) return 0;
  const most = min<u32>(count - 1, (0x1000 - (target & 0xfff)) / size);
  const wanted = accumulator(size);
  let passed: u32 = 0;
  while (passed < most && (element(host + passed * size, size) == wanted) == whileEqual) {
    passed++;
  }
  return passed;
}

/** The same for CMPS. */
function compareRun(i: Instruction, count: u32, size: u32, whileEqual: bool): u32 {
  if (cpu.eflags & FLAG_DF || !isFlat(i)) return 0;
  const source = Registers.get32(ESI);
  const target = Registers.get32(EDI);
  const from = hostForRead(source);
  const to = hostForRead(target);
  if (!from || !to) return 0;
  const inPages = 0x1000 - max<u32>(source & 0xfff, target & 0xfff);
  const most = min<u32>(count - 1, inPages / size);
  let passed: u32 = 0;
  while (passed < most) {
    const at = passed * size;
    if ((element(from + at, size) == element(to + at, size)) != whileEqual) break;
    passed++;
  }
  return passed;
}

/** CMPS (`both` in memory) and SCAS. */
function compareString(i: Instruction, both: bool): void {
  const size = elementSize(i);
  const repeated = (i.flags & REPEAT) != 0;
  const whileEqual = (i.flags & INSTRUCTION_REP) != 0;
  let left: u32 = repeated ? counter(i) : 1;
  if (!left) return;
  for (let done: u32 = 1; ; done++) {
    if (repeated) {
      const run = both ? compareRun(i, left, size, whileEqual) : scanRun(i, left, size, whileEqual);
      if (both) advance(i, ESI, size * run);
      advance(i, EDI, size * run);
      left -= run;
      done += run;
      setCounter(i, left);
    }
    const a = both ? read(sourceAddress(i, size), size) : accumulator(size);
    const b = read(targetAddress(i, size, false), size);
    if (Fault.isNoted()) return;
    if (both) advance(i, ESI, size);
    advance(i, EDI, size);
    left--;
    if (repeated) setCounter(i, left);
    if (!repeated || !left || (a == b) != whileEqual) {
      compareFlags(a, b, size);
      return;
    }
    if (done >= PAUSE || cpu.pending) {
      compareFlags(a, b, size);
      leaveBlock(i.eip);
      return;
    }
  }
}

export function cmps(i: Instruction): void {
  compareString(i, true);
}
export function scas(i: Instruction): void {
  compareString(i, false);
}

export function ins(i: Instruction): void {
  const size = elementSize(i);
  const port = Registers.get16(EDX);
  if (!hasIoPermission(port, size)) return;
  const repeated = (i.flags & REPEAT) != 0;
  let left: u32 = repeated ? counter(i) : 1;
  let done: u32 = 0;
  while (left) {
    if (done >= PAUSE || (done && cpu.pending)) {
      cpu.eip = i.eip;
      return;
    }
    // A byte taken from the device cannot be put back: the write must not fault after the read.
    const address = targetAddress(i, size, true);
    Memory.probeWrite(address, size);
    const value = Ports.read(port, <i32>size);
    if (standsStill(i)) return;
    write(address, size, value);
    if (Fault.isNoted()) Fault.unwind();
    advance(i, EDI, size);
    left--;
    done++;
    if (repeated) setCounter(i, left);
  }
}

export function outs(i: Instruction): void {
  const size = elementSize(i);
  const port = Registers.get16(EDX);
  if (!hasIoPermission(port, size)) return;
  const repeated = (i.flags & REPEAT) != 0;
  let left: u32 = repeated ? counter(i) : 1;
  let done: u32 = 0;
  while (left) {
    if (done >= PAUSE || (done && cpu.pending)) {
      cpu.eip = i.eip;
      return;
    }
    const value = read(sourceAddress(i, size), size);
    if (Fault.isNoted()) return;
    Ports.write(port, <i32>size, value);
    advance(i, ESI, size);
    left--;
    done++;
    if (repeated) setCounter(i, left);
  }
}

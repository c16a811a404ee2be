// ENTER LEAVE BOUND PUSHA POPA POP to memory, LOOP and JCXZ, near RET (SDM vol. 2).

import { Direct, Memory } from "../../memory/memory";
import { Fault, Vector } from "../fault";
import { Flags } from "../flags";
import { Instruction, INSTRUCTION_ADDRESS32 } from "../instruction";
import {
  checkTarget,
  effectiveAddress,
  isMemory,
  isOperand32,
  linearAddress,
  popSegmented,
} from "../operands";
import { ATTRIBUTE_BIG } from "../segments";
import {
  cpu,
  EBP,
  ECX,
  ESP,
  MODE_FLAT,
  MODE_STACK32,
  Registers,
  REGISTERS,
  Segments,
  SS,
} from "../state";

function stackMask(): u32 {
  return Segments.of(SS).attributes & ATTRIBUTE_BIG ? 0xffff_ffff : 0xffff;
}

function isFlatStack(): bool {
  return (cpu.mode & (MODE_FLAT | MODE_STACK32)) == (MODE_FLAT | MODE_STACK32);
}

/** Sets ESP or SP. */
function setStack(value: u32): void {
  if (stackMask() == 0xffff) Registers.set16(ESP, value);
  else Registers.set32(ESP, value);
}

function stackRead(offset: u32, size: u32): u32 {
  const address = linearAddress(SS, offset, size, false);
  return size == 4 ? Memory.read32(address) : Memory.read16(address);
}

function stackWrite(offset: u32, size: u32, value: u32): void {
  const address = linearAddress(SS, offset, size, true);
  if (size == 4) Memory.write32(address, value);
  else Memory.write16(address, value);
}

export function enter(i: Instruction): void {
  const size: u32 = isOperand32(i) ? 4 : 2;
  const mask = stackMask();
  const level = i.immediate2 & 31;
  let top = (Registers.get32(ESP) - size) & mask;
  stackWrite(top, size, Registers.get32(EBP));
  // On a 16-bit stack the upper half of ESP goes along, as hardware does it.
  const frame = top | (Registers.get32(ESP) & ~mask);
  if (level) {
    let base = Registers.get32(EBP);
    for (let k: u32 = 1; k < level; k++) {
      base = (base - size) & mask;
      top = (top - size) & mask;
      stackWrite(top, size, stackRead(base & mask, size));
    }
    top = (top - size) & mask;
    stackWrite(top, size, frame);
  }
  top = (top - <u32>i.immediate) & mask;
  // The new top must be writable: the manual has it checked before EBP changes.
  Memory.probeWrite(linearAddress(SS, top, size, true), size);
  if (size == 4) Registers.set32(EBP, frame);
  else Registers.set16(EBP, frame);
  setStack(top);
}

export function leave(i: Instruction): void {
  const size: u32 = isOperand32(i) ? 4 : 2;
  const mask = stackMask();
  const frame = Registers.get32(EBP) & mask;
  const value = stackRead(frame, size);
  setStack((frame + size) & mask);
  if (size == 4) Registers.set32(EBP, value);
  else Registers.set16(EBP, value);
}

export function bound(i: Instruction): void {
  const wide = isOperand32(i);
  const size: u32 = wide ? 4 : 2;
  const offset = effectiveAddress(i);
  const lowAddress = linearAddress(i.segment, offset, size, false);
  const second = i.flags & INSTRUCTION_ADDRESS32 ? offset + size : (offset + size) & 0xffff;
  const highAddress = linearAddress(i.segment, second, size, false);
  const index = wide ? <i32>Registers.get32(i.reg) : <i32>(<i16>Registers.get16(i.reg));
  const low = wide ? <i32>Memory.read32(lowAddress) : <i32>(<i16>Memory.read16(lowAddress));
  const high = wide ? <i32>Memory.read32(highAddress) : <i32>(<i16>Memory.read16(highAddress));
  if (index < low || index > high) Fault.raise(Vector.BoundRange);
}

export function pushAll(i: Instruction): void {
  const size: u32 = isOperand32(i) ? 4 : 2;
  const mask = stackMask();
  const start = Registers.get32(ESP);
  const end = (start - 8 * size) & mask;
  const frame = isFlatStack() && size == 4 ? Direct.host(cpu.tlbWrite, end, 32) : 0;
  if (frame) {
    for (let k: usize = 0; k < 8; k++) {
      store<u32>(frame + ((7 - k) << 2), load<u32>(REGISTERS + (k << 3)));
    }
    Registers.set32(ESP, end);
    return;
  }
  // A fault in the middle leaves what was written so far in memory, as hardware does.
  for (let k: u32 = 0; k < 8; k++) {
    stackWrite((start - (k + 1) * size) & mask, size, Registers.get32(k));
  }
  setStack(end);
}

export function popAll(i: Instruction): void {
  const size: u32 = isOperand32(i) ? 4 : 2;
  const mask = stackMask();
  const start = Registers.get32(ESP);
  const frame = isFlatStack() && size == 4 ? Direct.host(cpu.tlbRead, start, 32) : 0;
  if (frame) {
    for (let k: usize = 0; k < 8; k++) {
      store<u32>(REGISTERS + (k << 3), load<u32>(frame + ((7 - k) << 2)));
    }
    Registers.set32(ESP, start + 32);
    return;
  }
  for (let k: u32 = 0; k < 8; k++) stackRead((start + k * size) & mask, size);
  for (let k: u32 = 0; k < 8; k++) {
    if (7 - k == ESP) continue;
    const value = stackRead((start + k * size) & mask, size);
    if (size == 4) Registers.set32(7 - k, value);
    else Registers.set16(7 - k, value);
  }
  setStack((start + 8 * size) & mask);
}

/** An address that uses ESP is formed after the pop; the pop is undone when the write faults. */
export function popE(i: Instruction): void {
  const wide = isOperand32(i);
  const size = wide ? 4 : 2;
  const before = Registers.get32(ESP);
  const value = popSegmented(size);
  if (!isMemory(i)) {
    if (wide) Registers.set32(i.rm, value);
    else Registers.set16(i.rm, value);
    return;
  }
  const after = Registers.get32(ESP);
  const offset = effectiveAddress(i);
  Registers.set32(ESP, before);
  const address = linearAddress(i.segment, offset, <u32>size, true);
  if (wide) Memory.write32(address, value);
  else Memory.write16(address, value);
  Registers.set32(ESP, after);
}

function takeBranch(i: Instruction): void {
  const target = isOperand32(i) ? <u32>i.immediate : (<u32>i.immediate) & 0xffff;
  checkTarget(target);
  cpu.eip = target;
}

/** Counts ECX or CX down and branches while it is not 0 and `also` holds. */
function countDown(i: Instruction, also: bool): void {
  const wide = (i.flags & INSTRUCTION_ADDRESS32) != 0;
  const count = wide ? Registers.get32(ECX) - 1 : (Registers.get16(ECX) - 1) & 0xffff;
  if (count && also) takeBranch(i);
  if (wide) Registers.set32(ECX, count);
  else Registers.set16(ECX, count);
}

export function loop(i: Instruction): void {
  countDown(i, true);
}
export function loope(i: Instruction): void {
  countDown(i, Flags.zf() != 0);
}
export function loopne(i: Instruction): void {
  countDown(i, Flags.zf() == 0);
}
export function jcxz(i: Instruction): void {
  const count = i.flags & INSTRUCTION_ADDRESS32 ? Registers.get32(ECX) : Registers.get16(ECX);
  if (!count) takeBranch(i);
}

function returnNear(i: Instruction, release: u32): void {
  const size: u32 = isOperand32(i) ? 4 : 2;
  const mask = stackMask();
  const top = Registers.get32(ESP) & mask;
  const target = stackRead(top, size);
  checkTarget(target);
  setStack((top + size + release) & mask);
  cpu.eip = target;
}

export function retNear(i: Instruction): void {
  returnNear(i, 0);
}
export function retNearImmediate(i: Instruction): void {
  returnNear(i, <u32>i.immediate);
}

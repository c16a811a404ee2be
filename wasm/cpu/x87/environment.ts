// The x87 environment in memory: FLDENV, FNSTENV, FRSTOR, FNSAVE, in four formats (SDM vol. 1, 8.1.10).

import { Memory } from "../../memory/memory";
import { Instruction, INSTRUCTION_ADDRESS32 } from "../instruction";
import { effectiveAddress, isOperand32, linearAddress } from "../operands";
import { cpu, MODE_PROTECTED, MODE_VM86 } from "../state";
import { EXPONENT } from "./float80";
import {
  fpu,
  FPU_EXCEPTIONS,
  FPU_REGISTERS,
  FSW_B,
  FSW_ES,
  FSW_TOP_SHIFT,
  initializeX87,
  loadControlWord,
} from "./state";

const TAG_VALID: u32 = 0;
const TAG_ZERO: u32 = 1;
const TAG_SPECIAL: u32 = 2;
const TAG_EMPTY: u32 = 3;

const REGISTER_BYTES: u32 = 10;

/** The tag word: two bits per physical register, from what it holds. */
function tagWord(): u32 {
  let word: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    let tag = TAG_EMPTY;
    if (fpu.tags & ((<u32>1) << i)) {
      const slot = FPU_REGISTERS + ((<usize>i) << 4);
      const mantissa = load<u64>(slot);
      const exponent = (<u32>load<u16>(slot, 8)) & EXPONENT;
      if (exponent == EXPONENT) tag = TAG_SPECIAL;
      else if (exponent == 0) tag = mantissa ? TAG_SPECIAL : TAG_ZERO;
      else tag = mantissa >> 63 ? TAG_VALID : TAG_SPECIAL;
    }
    word |= tag << (i << 1);
  }
  return word;
}

function setTagWord(word: u32): void {
  let tags: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    if (((word >>> (i << 1)) & 3) != TAG_EMPTY) tags |= (<u32>1) << i;
  }
  fpu.tags = tags;
}

/** Part of a long operand: with 16-bit addresses each part's offset wraps on its own. */
export function partAddress(i: Instruction, delta: u32, size: u32, write: bool): u32 {
  const offset = effectiveAddress(i) + delta;
  return linearAddress(
    i.segment,
    i.flags & INSTRUCTION_ADDRESS32 ? offset : offset & 0xffff,
    size,
    write,
  );
}

function read16(i: Instruction, delta: u32): u32 {
  return Memory.read16(partAddress(i, delta, 2, false));
}
function read32(i: Instruction, delta: u32): u32 {
  return Memory.read32(partAddress(i, delta, 4, false));
}
function write16(i: Instruction, delta: u32, value: u32): void {
  Memory.write16(partAddress(i, delta, 2, true), value);
}
function write32(i: Instruction, delta: u32, value: u32): void {
  Memory.write32(partAddress(i, delta, 4, true), value);
}

function isProtected(): bool {
  return (cpu.mode & (MODE_PROTECTED | MODE_VM86)) == MODE_PROTECTED;
}

function environmentSize(i: Instruction): u32 {
  return isOperand32(i) ? 28 : 14;
}

/** Raises all faults of a long write before its first byte is written. */
function probe(i: Instruction, size: u32): void {
  const width: u32 = isOperand32(i) ? 4 : 2;
  const whole = partAddress(i, 0, width, true);
  const last = partAddress(i, size - 2, 2, true);
  Memory.probeWrite(whole, width);
  if (((whole ^ last) & ~0xfff) == 0) return;
  for (let delta: u32 = width; delta < size; delta += 2) {
    const address = partAddress(i, delta, 2, true);
    if ((address & 0xfff) < 2 || (address & 0xfff) == 0xfff) Memory.probeWrite(address, 2);
  }
}

function writeEnvironment(i: Instruction): void {
  const protectedMode = isProtected();
  if (isOperand32(i)) {
    const ones: u32 = 0xffff_0000;
    write32(i, 0, ones | fpu.fcw);
    write32(i, 4, ones | fpu.fsw);
    write32(i, 8, ones | tagWord());
    if (protectedMode) {
      write32(i, 12, fpu.fip);
      write32(i, 16, fpu.fcs | (fpu.fop << 16));
      write32(i, 20, fpu.fdp);
      write32(i, 24, ones | fpu.fds);
    } else {
      const ip = (fpu.fcs << 4) + fpu.fip;
      const dp = (fpu.fds << 4) + fpu.fdp;
      write32(i, 12, ones | ip);
      write32(i, 16, ((ip >>> 16) << 12) | fpu.fop);
      write32(i, 20, ones | dp);
      write32(i, 24, (dp >>> 16) << 12);
    }
    return;
  }
  write16(i, 0, fpu.fcw);
  write16(i, 2, fpu.fsw);
  write16(i, 4, tagWord());
  if (protectedMode) {
    write16(i, 6, fpu.fip & 0xffff);
    write16(i, 8, fpu.fcs);
    write16(i, 10, fpu.fdp & 0xffff);
    write16(i, 12, fpu.fds);
  } else {
    const ip = (fpu.fcs << 4) + fpu.fip;
    const dp = (fpu.fds << 4) + fpu.fdp;
    write16(i, 6, ip & 0xffff);
    write16(i, 8, ((ip >>> 4) & 0xf000) | fpu.fop);
    write16(i, 10, dp & 0xffff);
    write16(i, 12, (dp >>> 4) & 0xf000);
  }
}

function readEnvironment(i: Instruction): void {
  const protectedMode = isProtected();
  const step: u32 = isOperand32(i) ? 4 : 2;
  const control = read16(i, 0);
  const status = read16(i, step);
  const tags = read16(i, 2 * step);
  let ip: u32;
  let code: u32;
  let dp: u32;
  let data: u32;
  let opcode: u32 = 0;
  if (step == 4) {
    ip = read32(i, 12);
    code = read32(i, 16);
    dp = read32(i, 20);
    data = read32(i, 24);
    if (protectedMode) {
      opcode = (code >>> 16) & 0x7ff;
      code &= 0xffff;
      data &= 0xffff;
    } else {
      opcode = code & 0x7ff;
      ip = (ip & 0xffff) | ((code << 4) & 0xffff_0000);
      dp = (dp & 0xffff) | ((data << 4) & 0xffff_0000);
      code = 0;
      data = 0;
    }
  } else {
    ip = read16(i, 6);
    code = read16(i, 8);
    dp = read16(i, 10);
    data = read16(i, 12);
    if (!protectedMode) {
      opcode = code & 0x7ff;
      ip |= (code & 0xf000) << 4;
      dp |= (data & 0xf000) << 4;
      code = 0;
      data = 0;
    }
  }
  fpu.fsw = status & ~(FSW_ES | FSW_B);
  loadControlWord(control);
  setTagWord(tags);
  fpu.fip = ip;
  fpu.fcs = code;
  fpu.fop = opcode;
  fpu.fdp = dp;
  fpu.fds = data;
}

function maskAll(): void {
  loadControlWord(fpu.fcw | FPU_EXCEPTIONS);
}

/** FLDENV. */
export function loadEnvironment(i: Instruction): void {
  readEnvironment(i);
}

/** FNSTENV. */
export function storeEnvironment(i: Instruction): void {
  probe(i, environmentSize(i));
  writeEnvironment(i);
  maskAll();
}

/** FNSAVE. */
export function saveState(i: Instruction): void {
  const size = environmentSize(i);
  probe(i, size + 8 * REGISTER_BYTES);
  writeEnvironment(i);
  for (let n: u32 = 0; n < 8; n++) {
    const slot = FPU_REGISTERS + ((<usize>(((fpu.fsw >>> FSW_TOP_SHIFT) + n) & 7)) << 4);
    const at = size + n * REGISTER_BYTES;
    write32(i, at, load<u32>(slot));
    write32(i, at + 4, load<u32>(slot, 4));
    write16(i, at + 8, <u32>load<u16>(slot, 8));
  }
  initializeX87();
}

/** FRSTOR. */
export function restoreState(i: Instruction): void {
  const size = environmentSize(i);
  // All faults come before the first register changes.
  for (let delta: u32 = 0; delta < size + 8 * REGISTER_BYTES; delta += 2) read16(i, delta);
  readEnvironment(i);
  for (let n: u32 = 0; n < 8; n++) {
    const slot = FPU_REGISTERS + ((<usize>(((fpu.fsw >>> FSW_TOP_SHIFT) + n) & 7)) << 4);
    const at = size + n * REGISTER_BYTES;
    store<u32>(slot, read32(i, at));
    store<u32>(slot, read32(i, at + 4), 4);
    store<u16>(slot, <u16>read16(i, at + 8), 8);
  }
}

// The 0FAE group: FXSAVE, FXRSTOR, LDMXCSR, STMXCSR, CLFLUSH and the fences.

import { Fault, Vector } from "../fault";
import { Instruction } from "../instruction";
import { isMemory, operandAddress } from "../operands";
import { cpu, CR0_EM, CR0_TS, CR4_OSFXSR } from "../state";
import { fpu, loadControlWord, Stack } from "../x87/state";
import { Memory } from "../../memory/memory";
import { alignedAddress, prefix } from "./operand";
import { checkSse, MXCSR_VALID, Slot, sse } from "./state";

const AREA_SIZE: u32 = 512;
const AREA_FCW: u32 = 0;
const AREA_FSW: u32 = 2;
const AREA_TAGS: u32 = 4;
const AREA_OPCODE: u32 = 6;
const AREA_EIP: u32 = 8;
const AREA_CS: u32 = 12;
const AREA_DATA: u32 = 16;
const AREA_DS: u32 = 20;
const AREA_MXCSR: u32 = 24;
const AREA_MXCSR_MASK: u32 = 28;
const AREA_ST: u32 = 32;
const AREA_XMM: u32 = 160;

export function group0FAE(i: Instruction): void {
  if (prefix(i)) Fault.undefined();
  const operation = i.reg & 7;
  if (!isMemory(i)) {
    // LFENCE, MFENCE, SFENCE: nothing is out of order here.
    if (operation < 5) Fault.undefined();
    return;
  }
  if (operation == 0) fxsave(i);
  else if (operation == 1) fxrstor(i);
  else if (operation == 2) ldmxcsr(i);
  else if (operation == 3) stmxcsr(i);
  else if (operation == 7) Memory.probeRead(operandAddress(i, 1, false), 1);
  else Fault.undefined();
}

function ldmxcsr(i: Instruction): void {
  checkSse();
  const value = Memory.read32(operandAddress(i, 4, false));
  if (value & ~MXCSR_VALID) Fault.protection(0);
  sse.mxcsr = value;
}

function stmxcsr(i: Instruction): void {
  checkSse();
  Memory.write32(operandAddress(i, 4, true), sse.mxcsr);
}

function areaAddress(i: Instruction, write: bool): u32 {
  if (cpu.cr0 & (CR0_EM | CR0_TS)) Fault.raise(Vector.DeviceNotAvailable);
  return alignedAddress(i, AREA_SIZE, write);
}

function fxsave(i: Instruction): void {
  const at = areaAddress(i, true);
  Memory.probeWrite(at, 16);
  Memory.probeWrite(at + AREA_SIZE - 16, 16);
  Memory.write16(at + AREA_FCW, fpu.fcw);
  Memory.write16(at + AREA_FSW, fpu.fsw);
  Memory.write16(at + AREA_TAGS, fpu.tags);
  Memory.write16(at + AREA_OPCODE, fpu.fop);
  Memory.write32(at + AREA_EIP, fpu.fip);
  Memory.write32(at + AREA_CS, fpu.fcs);
  Memory.write32(at + AREA_DATA, fpu.fdp);
  Memory.write32(at + AREA_DS, fpu.fds);
  for (let n: u32 = 0; n < 8; n++) {
    const slot = Stack.slot(n);
    Memory.write64(at + AREA_ST + 16 * n, load<u64>(slot));
    Memory.write64(at + AREA_ST + 16 * n + 8, <u64>load<u16>(slot, 8));
  }
  Memory.write32(at + AREA_MXCSR, sse.mxcsr);
  Memory.write32(at + AREA_MXCSR_MASK, MXCSR_VALID);
  if (!(cpu.cr4 & CR4_OSFXSR)) return;
  for (let n: u32 = 0; n < 8; n++) {
    const slot = Slot.xmm(n);
    Memory.write64(at + AREA_XMM + 16 * n, load<u64>(slot));
    Memory.write64(at + AREA_XMM + 16 * n + 8, load<u64>(slot, 8));
  }
}

function fxrstor(i: Instruction): void {
  const at = areaAddress(i, false);
  Memory.probeRead(at, AREA_SIZE);
  const sseToo = (cpu.cr4 & CR4_OSFXSR) != 0;
  const mxcsr = Memory.read32(at + AREA_MXCSR);
  if (sseToo && mxcsr & ~MXCSR_VALID) Fault.protection(0);
  fpu.fsw = Memory.read16(at + AREA_FSW);
  loadControlWord(Memory.read16(at + AREA_FCW));
  fpu.tags = Memory.read8(at + AREA_TAGS);
  fpu.fop = Memory.read16(at + AREA_OPCODE) & 0x7ff;
  fpu.fip = Memory.read32(at + AREA_EIP);
  fpu.fcs = Memory.read16(at + AREA_CS);
  fpu.fdp = Memory.read32(at + AREA_DATA);
  fpu.fds = Memory.read16(at + AREA_DS);
  for (let n: u32 = 0; n < 8; n++) {
    const slot = Stack.slot(n);
    store<u64>(slot, Memory.read64(at + AREA_ST + 16 * n));
    store<u16>(slot, <u16>Memory.read16(at + AREA_ST + 16 * n + 8), 8);
  }
  if (!sseToo) return;
  sse.mxcsr = mxcsr;
  for (let n: u32 = 0; n < 8; n++) {
    const slot = Slot.xmm(n);
    store<u64>(slot, Memory.read64(at + AREA_XMM + 16 * n));
    store<u64>(slot, Memory.read64(at + AREA_XMM + 16 * n + 8), 8);
  }
}

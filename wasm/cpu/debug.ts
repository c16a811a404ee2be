// Debug registers: breakpoints on instructions, data and ports, and what DR6 tells about them (SDM vol. 3, 17.2).

import { cpu, CR4_DE, CS, FLAG_RF, PENDING_DEBUG, Segments } from "./state";
import { Fault, Vector } from "./fault";

export const DR6_SINGLE_STEP: u32 = 0x4000;
export const DR6_TASK_SWITCH: u32 = 0x8000;
export const DR6_ACCESS: u32 = 0x2000;
export const DR7_GENERAL_DETECT: u32 = 0x2000;

const KIND_EXECUTE: u32 = 0;
const KIND_WRITE: u32 = 1;
const KIND_IO: u32 = 2;

function breakpointAddress(number: u32): u32 {
  return number == 0 ? cpu.dr0 : number == 1 ? cpu.dr1 : number == 2 ? cpu.dr2 : cpu.dr3;
}

function isEnabled(number: u32): bool {
  return ((cpu.dr7 >>> (number << 1)) & 3) != 0;
}

function kindOf(number: u32): u32 {
  return (cpu.dr7 >>> (16 + (number << 2))) & 3;
}

function lengthOf(number: u32): u32 {
  const code = (cpu.dr7 >>> (18 + (number << 2))) & 3;
  return code == 2 ? 8 : code + 1;
}

/** Whether DR7 watches data: then every access takes the slow path. */
export function dataBreakpointsEnabled(): bool {
  if (!(cpu.dr7 & 0xff)) return false;
  for (let n: u32 = 0; n < 4; n++) {
    if (isEnabled(n) && kindOf(n) & 1) return true;
  }
  return false;
}

/**
 * Before an instruction of a stepping block (MODE_STEP): raises #DB when a breakpoint stands at cpu.eip and RF is clear.
 * RF lasts for one instruction.
 */
export function checkInstructionBreakpoint(): void {
  if (cpu.eflags & FLAG_RF) {
    cpu.eflags &= ~FLAG_RF;
    return;
  }
  if (!(cpu.dr7 & 0xff)) return;
  const linear = Segments.of(CS).base + cpu.eip;
  let hits: u32 = 0;
  let armed: u32 = 0;
  for (let n: u32 = 0; n < 4; n++) {
    if (kindOf(n) != KIND_EXECUTE || breakpointAddress(n) != linear) continue;
    hits |= (<u32>1) << n;
    if (isEnabled(n)) armed |= (<u32>1) << n;
  }
  if (!armed) return;
  cpu.dr6 |= hits;
  Fault.raise(Vector.Debug);
}

/** Slow path of memory: notes a data breakpoint that this access meets; #DB follows after the instruction. */
export function collectDataBreakpoint(linear: u32, size: u32, write: bool): void {
  if (cpu.dr7 & 0xff) collect(linear, size, write, false);
}

/** The same for ports, with CR4.DE. */
export function collectPortBreakpoint(port: u32, size: u32): void {
  if (cpu.dr7 & 0xff && cpu.cr4 & CR4_DE) collect(port, size, true, true);
}

function collect(address: u32, size: u32, write: bool, port: bool): void {
  let hits: u32 = 0;
  let armed: u32 = 0;
  for (let n: u32 = 0; n < 4; n++) {
    const kind = kindOf(n);
    if (kind == KIND_EXECUTE || (kind == KIND_IO) != port) continue;
    if (kind == KIND_WRITE && !write) continue;
    const length = lengthOf(n);
    const start = breakpointAddress(n) & ~(length - 1);
    if (address > start + (length - 1) || address + (size - 1) < start) continue;
    hits |= (<u32>1) << n;
    if (isEnabled(n)) armed |= (<u32>1) << n;
  }
  if (!armed) return;
  cpu.debugTrap |= hits;
  cpu.pending |= PENDING_DEBUG;
}

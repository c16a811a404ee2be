// The CPU as a device: its state block, and what RESET and INIT do (SDM vol. 3, 9.1).

import { addDevice, Device } from "../bus/devices";
import { CPU_STATE, CPU_STATE_SIZE } from "../layout";
import { setA20 } from "../memory/physical";
import { flushTlb } from "../memory/tlb";
import { Flags } from "./flags";
import { resetMsrs, SIGNATURE } from "./identity";
import { atBoundary } from "./interrupts";
import { updateMode, updateRights } from "./segments";
import {
  cpu,
  CR0_CD,
  CR0_ET,
  CR0_NW,
  CS,
  EDX,
  ES,
  GS,
  LDTR,
  PENDING_INTR,
  PENDING_RESET,
  PENDING_STOP,
  Registers,
  Segments,
  TR,
} from "./state";
import { resetSse } from "./sse/state";
import { resetX87 } from "./x87/state";

const CR0_RESET: u32 = 0x6000_0010; // caches off, ET
const DR6_RESET: u32 = 0xffff_0ff0;
const DR7_RESET: u32 = 0x400;

/** The first instruction is 16 bytes below 4 GiB. */
const RESET_SELECTOR: u32 = 0xf000;
const RESET_BASE: u32 = 0xffff_0000;
const RESET_EIP: u32 = 0xfff0;

export function attachCpu(): void {
  addDevice(Device.Cpu, CPU_STATE, CPU_STATE_SIZE, resetCpu);
}

function setSegment(index: u32, selector: u32, base: u32, attributes: u32): void {
  const segment = Segments.of(index);
  segment.selector = selector;
  segment.base = base;
  segment.limit = 0xffff;
  segment.attributes = attributes;
  updateRights(segment);
}

/** The RESET pin. */
export function resetCpu(): void {
  resetRegisters();
  cpu.pending = 0;
  cpu.cr0 = CR0_RESET;
  cpu.efer = 0;
  cpu.sysenterCs = 0;
  cpu.sysenterEsp = 0;
  cpu.sysenterEip = 0;
  cpu.microcode = 0;
  resetMsrs();
  resetX87();
  resetSse();
  flushTlb(true);
  updateMode();
}

/**
 * The INIT pin, by which a PC resets its CPU alone: FPU, SSE, MSRs and the cache's bits in CR0 stay (SDM vol. 3, table 9-1).
 * Software for the 286 leaves protected mode so. The reset vector is out of reach without A20.
 */
export function initializeCpu(): void {
  resetRegisters();
  cpu.pending &= PENDING_INTR | PENDING_STOP | PENDING_RESET;
  cpu.cr0 = (cpu.cr0 & (CR0_CD | CR0_NW)) | CR0_ET;
  setA20(true);
  flushTlb(true);
  updateMode();
}

function resetRegisters(): void {
  for (let n: u32 = 0; n < 8; n++) Registers.set32(n, 0);
  Registers.set32(EDX, SIGNATURE);
  for (let n: u32 = ES; n <= <u32>GS; n++) setSegment(n, 0, 0, 0x93);
  setSegment(CS, RESET_SELECTOR, RESET_BASE, 0x93);
  setSegment(LDTR, 0, 0, 0x82);
  setSegment(TR, 0, 0, 0x8b);
  Flags.set(0);
  cpu.eip = RESET_EIP;
  cpu.cpl = 0;
  cpu.inhibit = 0;
  cpu.nmiBlocked = 0;
  cpu.halted = 0;
  cpu.shutdown = 0;
  cpu.delivering = 0;
  cpu.debugTrap = 0;
  cpu.cr2 = 0;
  cpu.cr3 = 0;
  cpu.cr4 = 0;
  cpu.dr0 = 0;
  cpu.dr1 = 0;
  cpu.dr2 = 0;
  cpu.dr3 = 0;
  cpu.dr6 = DR6_RESET;
  cpu.dr7 = DR7_RESET;
  cpu.gdtBase = 0;
  cpu.gdtLimit = 0xffff;
  cpu.idtBase = 0;
  cpu.idtLimit = 0xffff;
  atBoundary();
}

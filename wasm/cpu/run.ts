// The main loop: finds the block at cpu.eip, runs its records, looks for events in between.

import { Clock } from "../bus/clock";
import { resetDevices } from "../bus/devices";
import { Irq } from "../bus/irq";
import { Power } from "../bus/power";
import { hostEvent } from "../host";
import { MachineEvent } from "../protocol/events";
import { Block, findBlock, NO_BLOCK, pointAtNext, Recent } from "./blocks";
import { checkInstructionBreakpoint, DR6_SINGLE_STEP } from "./debug";
import { enterRegion, interpretsNext, jit, stepTranslated } from "../jit/cache";
import { Fault, settleFault } from "./fault";
import { Instruction, INSTRUCTION_SIZE } from "./instruction";
import { deliverDebugTrap, deliverExternal, deliverFault } from "./interrupts";
import { FIRST_ENDING, Operations } from "./operations.gen";
import { initializeCpu } from "./reset";
import {
  cpu,
  CpuState,
  FLAG_IF,
  FLAG_TF,
  HARNESS_TRANSLATE,
  INHIBIT_STACK,
  MODE_STEP,
  PENDING_DEBUG,
  PENDING_FAULT,
  PENDING_INIT,
  PENDING_INTR,
  PENDING_NMI,
  PENDING_RESET,
  PENDING_STALL,
  PENDING_STOP,
} from "./state";

/** Why `run` returned. */
export enum RunResult {
  Budget = 0,
  Halted = 1, // HLT, or a device holds the CPU: nothing to do until an interrupt
  Shutdown = 2, // triple fault
  Stopped = 3, // power off, or the machine was reset: the host may want to load something first
}

const GO_ON = -1;
const ONE_INSTRUCTION = -2;
const NMI_VECTOR = 2;

/** Runs about `budget` instructions. */
export function run(budget: i32): i32 {
  Clock.beginSlice();
  const result = runSlice(budget);
  Clock.endSlice(result == RunResult.Budget);
  return result;
}

function runSlice(budget: i32): i32 {
  cpu.budget = budget;
  for (;;) {
    let single = false;
    if (cpu.pending | cpu.inhibit | cpu.halted | cpu.shutdown) {
      if (cpu.pending & PENDING_FAULT) {
        settleFault();
        deliverFault();
      }
      if (cpu.budget <= 0) break;
      const result = serviceEvents();
      if (result >= 0) return result;
      single = result == ONE_INSTRUCTION;
    } else if (cpu.budget <= 0) {
      break;
    }
    const mode = cpu.mode;
    if (single || mode & MODE_STEP) {
      executeOne();
      continue;
    }
    let block = Recent.find(cpu.eip, mode);
    if (block == NO_BLOCK) {
      block = findBlock(mode);
      if (block == NO_BLOCK) {
        cpu.budget--;
        deliverFault();
        continue;
      }
    }
    if (jit.on && !interpretsNext(block) && enterRegion(block)) continue;
    Between.count(block);
    execute(block, true);
  }
  return RunResult.Budget;
}

/** What happens from block to block. */
class Between {
  /** The next block may be run at once. */
  @inline static isNothing(): bool {
    // pending and inhibit, halted and shutdown stand side by side.
    const state = changetype<usize>(cpu);
    const waiting =
      load<u64>(state, offsetof<CpuState>("pending")) |
      load<u64>(state, offsetof<CpuState>("halted"));
    return waiting == 0 && cpu.budget > 0;
  }

  @inline static count(block: Block): void {
    const instructions = <u32>block.instructions;
    cpu.budget -= <i32>instructions;
    cpu.instructions += <u64>instructions;
  }
}

/** Runs a block's records; if `follow`, those of the blocks behind it as well, while they are known and nothing else is due. */
function execute(block: Block, follow: bool): void {
  for (;;) {
    let record = changetype<usize>(block) + INSTRUCTION_SIZE;
    let operation: u32;
    do {
      operation = <u32>load<u16>(record);
      cpu.instruction = record;
      Operations.execute(operation, changetype<Instruction>(record));
      record += INSTRUCTION_SIZE;
    } while (operation < FIRST_ENDING);
    if (!follow || !Between.isNothing()) return;
    block = Recent.after(block, cpu.eip, cpu.mode);
    if (block == NO_BLOCK || (jit.on && !interpretsNext(block))) return;
    Between.count(block);
  }
}

/** One instruction, then the traps that follow it (SDM vol. 3, 17.3). */
function executeOne(): void {
  pointAtNext();
  checkInstructionBreakpoint();
  if (cpu.eflags & FLAG_TF) cpu.debugTrap |= DR6_SINGLE_STEP;
  cpu.budget--;
  cpu.instructions++;
  const block = findBlock(cpu.mode | MODE_STEP);
  if (block != NO_BLOCK) execute(block, false);
  if (block == NO_BLOCK || cpu.pending & PENDING_FAULT) {
    settleFault();
    deliverFault();
    return;
  }
  // Behind MOV SS and POP SS there is no trap: ESP is about to follow.
  if (cpu.inhibit == INHIBIT_STACK) cpu.debugTrap &= ~DR6_SINGLE_STEP;
  else if (cpu.debugTrap) deliverDebugTrap();
}

/** Between two blocks: reset, power, interrupts. A RunResult, GO_ON or ONE_INSTRUCTION. */
function serviceEvents(): i32 {
  if (cpu.pending & PENDING_RESET) {
    cpu.pending &= ~PENDING_RESET;
    resetDevices();
    hostEvent(MachineEvent.Reset, <i32>Power.resetCause(), 0);
    return RunResult.Stopped;
  }
  if (cpu.pending & PENDING_INIT) {
    initializeCpu();
    hostEvent(MachineEvent.Reset, <i32>Power.resetCause(), 1);
    return RunResult.Stopped;
  }
  if (cpu.pending & PENDING_STOP) {
    cpu.pending &= ~PENDING_STOP;
    return RunResult.Stopped;
  }
  if (cpu.shutdown) return RunResult.Shutdown;
  if (cpu.inhibit) {
    cpu.inhibit = 0;
    return cpu.halted ? GO_ON : ONE_INSTRUCTION;
  }
  if (cpu.pending & PENDING_DEBUG) {
    deliverDebugTrap();
    return GO_ON;
  }
  if (cpu.pending & PENDING_NMI && !cpu.nmiBlocked) {
    cpu.pending &= ~(PENDING_NMI | PENDING_STALL);
    cpu.halted = 0;
    pointAtNext();
    cpu.nmiBlocked = 1;
    deliverExternal(NMI_VECTOR);
    return GO_ON;
  }
  if (cpu.pending & PENDING_INTR && cpu.eflags & FLAG_IF) {
    cpu.pending &= ~PENDING_STALL;
    cpu.halted = 0;
    pointAtNext();
    deliverExternal(Irq.acknowledge());
    return GO_ON;
  }
  return cpu.halted || cpu.pending & PENDING_STALL ? RunResult.Halted : GO_ON;
}

/** After the host caught an unwind: delivers the exception. May raise another. */
export function handleFault(): void {
  deliverFault();
}

/**
 * Tests and tools: exactly one instruction, without looking for interrupts; a repeated string instruction to its end.
 * Returns 1 when the CPU is halted or has shut down.
 */
export function step(): i32 {
  const start = cpu.eip;
  for (let k = 0; k < 0x10_0000; k++) {
    const block = findBlock(cpu.mode | MODE_STEP);
    if (block == NO_BLOCK) Fault.unwind();
    if (!(cpu.harness & HARNESS_TRANSLATE && block.physical && stepTranslated(block))) {
      cpu.instructions++;
      execute(block, false);
    }
    if (cpu.pending & PENDING_FAULT) Fault.unwind();
    const first = changetype<Instruction>(changetype<usize>(block) + INSTRUCTION_SIZE);
    if (cpu.eip != start || !isRepeated(first)) break;
  }
  return cpu.halted | cpu.shutdown;
}

/** A string instruction with REP comes back to itself when it could not finish in one go. */
function isRepeated(i: Instruction): bool {
  const opcode = <u32>i.opcode;
  const string = (opcode >= 0x6c && opcode <= 0x6f) || (opcode >= 0xa4 && opcode <= 0xaf);
  return string && (i.flags & 0x18) != 0;
}

// The machine as a whole: power-on, reset, and what the host may do to it between slices.

import { attachClock, Clock } from "./bus/clock";
import { resetDevices } from "./bus/devices";
import { attachIrq, Irq } from "./bus/irq";
import { attachKeys } from "./bus/keys";
import { attachPci } from "./bus/pci";
import { attachPointer } from "./bus/pointer";
import { fixPorts, Ports, removeAllPorts } from "./bus/ports";
import { attachStall, Stall } from "./bus/stall";
import { attachCpu, initializeCpu } from "./cpu/reset";
import { cpu, PENDING_NMI } from "./cpu/state";
import { attachX87 } from "./cpu/x87/execute";
import { attachDevices } from "./devices/index";
import { attachMemory, mapRam, ramBytes } from "./memory/physical";
import { initializeTlb } from "./memory/tlb";

/** Host, once per core: builds the machine with so many bytes of RAM. `reset` follows. */
export function initialize(ramBytes: u32): void {
  initializeTlb();
  attachMemory(ramBytes);
  attachCpu();
  attachClock();
  attachIrq();
  attachPci();
  attachStall();
  attachPointer();
  attachKeys();
  attachX87();
  attachDevices();
  fixPorts();
}

/** Host: the RESET line. */
export function reset(): void {
  resetDevices();
}

/** Host: the CPU's INIT line, which a chipset pulls after a shutdown. */
export function initializeProcessor(): void {
  initializeCpu();
}

/** Host: the switch that some machines have for a non-maskable interrupt. */
export function raiseNmi(): void {
  cpu.pending |= PENDING_NMI;
}

/** Host and tests: a port access as the CPU would do it. */
export function readPort(port: i32, size: i32): u32 {
  const value = Ports.read(<u32>port, size);
  Stall.finish();
  return value;
}
export function writePort(port: i32, size: i32, value: u32): void {
  Ports.write(<u32>port, size, value);
}

/** Tools: nothing but processor and memory. All of it is RAM, and no port answers. */
export function makeBare(): void {
  mapRam(0, ramBytes());
  removeAllPorts();
}

/** Host: figures since power-on. */
export function instructionsExecuted(): f64 {
  return <f64>cpu.instructions;
}
export function interruptsDelivered(): f64 {
  return <f64>Irq.delivered();
}
export function guestMilliseconds(): f64 {
  return <f64>Clock.now() / 1e6;
}

/** Host: what is left of the last run's budget, after a fault left it. */
export function budgetLeft(): i32 {
  return cpu.budget;
}

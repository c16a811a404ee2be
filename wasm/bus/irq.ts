// Interrupt lines between the devices, the interrupt controllers and the CPU.
//
// A device raises and lowers one of 16 ISA lines; several sources may share a line (PCI), so each line counts a bitmap of
// sources. The interrupt controller registers itself as the listener; the CPU asks it for a vector.

import { cpu, PENDING_INTR } from "../cpu/state";
import { addDevice, Device } from "./devices";

/** Who drives a line. ISA devices use Source.Isa; PCI functions use their routed source so that sharing works. */
export enum Source {
  Isa = 0,
  PirqA = 1,
  PirqB = 2,
  PirqC = 3,
  PirqD = 4,
  Acpi = 5,
}

const LINES = 16;

@unmanaged
class IrqState {
  onLine: u32; // function index: (line, level) => void, the interrupt controller
  acknowledge: u32; // function index: () => vector
  isRequested: u32; // function index: (line) => whether an edge waits to be accepted
  raisedTotal: u64; // IRQs delivered to the CPU, for statistics
}
const STATE_SIZE = LINES * 4 + <i32>offsetof<IrqState>();
const STATE = memory.data(STATE_SIZE, 8); // u32 bitmap of sources per line, then the fields
const irq = changetype<IrqState>(STATE + LINES * 4);

export function attachIrq(): void {
  addDevice(Device.Irq, STATE, STATE_SIZE, resetIrq);
}

function resetIrq(): void {
  memory.fill(STATE, 0, LINES * 4);
}

/**
 * The interrupt controller announces itself: `line` is told each level change, `acknowledge` gives the vector (INTA),
 * `isRequested` tells whether an edge of a line has not been accepted yet.
 */
export function setInterruptController(
  line: (line: i32, level: i32) => void,
  acknowledge: () => i32,
  isRequested: (line: i32) => i32,
): void {
  irq.onLine = load<u32>(changetype<usize>(line));
  irq.acknowledge = load<u32>(changetype<usize>(acknowledge));
  irq.isRequested = load<u32>(changetype<usize>(isRequested));
}

export class Irq {
  /** Drives an ISA line (0-15) to `level` on behalf of an ISA device. */
  static set(line: i32, level: i32): void {
    Irq.setFrom(line, level, Source.Isa);
  }

  /** The same on behalf of `source`: the line is high while any source drives it. */
  static setFrom(line: i32, level: i32, source: Source): void {
    const address = STATE + ((<usize>line) << 2);
    const before = load<u32>(address);
    const bit: u32 = (<u32>1) << (<u32>source);
    const after = level ? before | bit : before & ~bit;
    if (after == before) return;
    store<u32>(address, after);
    if ((after != 0) != (before != 0)) call_indirect<void>(irq.onLine, line, after ? 1 : 0);
  }

  static raise(line: i32): void {
    Irq.set(line, 1);
  }

  static lower(line: i32): void {
    Irq.set(line, 0);
  }

  /** Whether the last edge of a line still waits for the CPU. */
  static isRequested(line: i32): bool {
    return call_indirect<i32>(irq.isRequested, line) != 0;
  }

  /** The controller's INTR output to the CPU. */
  static setIntr(level: i32): void {
    if (level) cpu.pending |= PENDING_INTR;
    else cpu.pending &= ~PENDING_INTR;
  }

  /** CPU: interrupt acknowledge cycle; returns the vector. */
  static acknowledge(): i32 {
    irq.raisedTotal++;
    return call_indirect<i32>(irq.acknowledge);
  }

  static delivered(): u64 {
    return irq.raisedTotal;
  }
}

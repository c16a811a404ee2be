// What the host tells the guest: events, interrupt causes, the end of a WAIT.
//
// Events are facts, not a queue: a kind that is raised again before it was taken keeps its newest payload.

import { Clock, Timer } from "../../bus/clock";
import { Pci } from "../../bus/pci";
import { Stall } from "../../bus/stall";
import { Event, IrqCause, Status } from "../../protocol/tandem-port";
import { CONFIG, EVENT_PAYLOADS, PioPhase, slotAt, SLOTS, tandem } from "./state";

export const FUNCTION = 5 << 3; // pciFunction(5, 0), as a constant
const PIN_A = 1;
const CONFIG_COMMAND = 0x04;
const CONFIG_STATUS = 0x06;
const COMMAND_INTERRUPT_DISABLE: u16 = 0x0400;
const STATUS_INTERRUPT: u16 = 0x0008;

const WAIT_NANOSECONDS: u64 = 20_000_000;
const PAYLOAD_MASK: u32 = 0x00ff_ffff;
const CAUSES: u32 = IrqCause.Request | IrqCause.Event | IrqCause.Pointer | IrqCause.Pio;

/** Raises an event; 0 when the guest has not asked for it. */
export function raiseEvent(kind: Event, payload: u32): u32 {
  const bit: u32 = (<u32>1) << kind;
  if (!(tandem.eventMask & bit)) return 0;
  tandem.events |= bit;
  store<u32>(EVENT_PAYLOADS + ((<usize>kind) << 2), payload & PAYLOAD_MASK);
  raiseCause(IrqCause.Event);
  return 1;
}

/** The kind with the lowest number first; 0 for none. */
export function takeEvent(): u32 {
  if (!tandem.events) return Event.None;
  const kind = <u32>ctz<u32>(tandem.events);
  tandem.events &= tandem.events - 1;
  return (kind << 24) | load<u32>(EVENT_PAYLOADS + ((<usize>kind) << 2));
}

export function setEventMask(mask: u32): void {
  tandem.eventMask = mask;
  tandem.events &= mask;
}

// --- Interrupt ---

/** Something happened: the interrupt's cause is set, and a WAIT ends. */
export function raiseCause(cause: u32): void {
  tandem.irqCause |= cause;
  happen();
  updateInterrupt();
}

export function clearCauses(causes: u32): void {
  tandem.irqCause &= ~causes;
  if (causes & IrqCause.Request) tandem.requestDone = 0;
  updateInterrupt();
}

export function setIrqMask(mask: u32): void {
  tandem.irqMask = mask & CAUSES;
  updateInterrupt();
}

/** Level-triggered; PCI 2.3 can mask it and see it in the status register (uio_pci_generic relies on both). */
export function updateInterrupt(): void {
  const active = (tandem.irqCause & tandem.irqMask) != 0;
  const status = load<u16>(CONFIG, CONFIG_STATUS);
  store<u16>(
    CONFIG,
    active ? status | STATUS_INTERRUPT : status & ~STATUS_INTERRUPT,
    CONFIG_STATUS,
  );
  const masked = (load<u16>(CONFIG, CONFIG_COMMAND) & COMMAND_INTERRUPT_DISABLE) != 0;
  const line: u32 = active && !masked ? 1 : 0;
  if (line == tandem.line) return;
  tandem.line = line;
  Pci.setInterrupt(FUNCTION, PIN_A, <i32>line);
}

// --- Status and WAIT ---

export function status(): u32 {
  return (
    (tandem.requestDone ? Status.Request : 0) |
    (tandem.events ? Status.Event : 0) |
    (tandem.detached ? Status.Detached : 0) |
    (tandem.touched || tandem.momentsCount ? Status.Pointer : 0) |
    (tandem.pioPhase == PioPhase.Ready ? Status.Pio : 0)
  );
}

export function pendingRequests(): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < SLOTS; i++) if (slotAt(i).token) count++;
  return count;
}

/** What a WAIT waits for. */
export function happen(): void {
  tandem.happened = 1;
  Stall.end();
}

/** The guest reads WAIT: unless something happened since the last time, it stands still. */
export function wait(): void {
  tandem.waitResult = status() | (pendingRequests() << 16);
  if (!tandem.happened && !Stall.hasBegun()) {
    Stall.begin();
    Clock.set(Timer.TandemWait, Clock.now() + WAIT_NANOSECONDS);
    return;
  }
  Stall.finish();
  Clock.cancel(Timer.TandemWait);
  tandem.happened = 0;
}

export function waitTimeOut(_deadline: u64): void {
  Stall.end();
}

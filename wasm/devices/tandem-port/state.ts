// What the port remembers.

import { TANDEM_STATE } from "../../layout";
import {
  PORT_SIZE,
  REQUEST_HEADER_SIZE,
  REQUEST_SIZE_MAX,
  REQUESTS_MAX,
} from "../../protocol/tandem-port";

// The protocol's sizes, as unsigned as what is compared with them.
export const HEADER_SIZE: u32 = REQUEST_HEADER_SIZE;
export const BLOCK_MAX: u32 = REQUEST_SIZE_MAX;
export const SLOTS: u32 = REQUESTS_MAX;
export const PORTS: u32 = PORT_SIZE;

export const CONFIG_SIZE: usize = 256;

/** A request that waits for the host's answer. */
@unmanaged
export class Slot {
  token: u32; // names it to the host; 0 while free
  deferred: u32; // its doorbell has returned: the guest was told that it is pending
  address: u32; // of the request block; unused when it came through the FIFO
  size: u32;
  tag: u32;
  flags: u32;
  viaPio: u32;
}
export const SLOT_SIZE: usize = offsetof<Slot>();

/** The pointer at one moment: when it was last touched, or when a button changed. */
@unmanaged
export class PointerMoment {
  sequence: u32;
  x: u32;
  y: u32;
  pixelX: u32;
  pixelY: u32;
  bits: u32; // PointerState
  deltaX: i32;
  deltaY: i32;
  wheel: i32;
  horizontal: i32;
  id: u32; // of the newest input in it, 0 for none
}
export const MOMENT_SIZE: usize = offsetof<PointerMoment>();
/** Changes of buttons that can wait for the guest. */
export const MOMENTS: u32 = 256;

export enum PioPhase {
  Idle = 0,
  Taking = 1, // the guest writes its request
  Pending = 2, // the host works on it
  Ready = 3, // the guest reads the answer
}

@unmanaged
export class TandemState {
  session: u32; // 0 for none
  lastSession: u32;
  features: u32; // agreed on in HELLO
  epochLow: u32;
  epochHigh: u32;
  detached: u32;
  serial: u32; // of the last request given to the host

  doorbell: u32; // as far as it is written
  waitResult: u32; // registers wider than the access: what their first byte brought
  event: u32;

  irqCause: u32;
  irqMask: u32;
  line: u32; // level of the interrupt pin
  mapped: u32; // where BAR 0 is now, 0 for nowhere
  requestDone: u32; // Status.Request
  happened: u32; // since the last WAIT

  eventMask: u32; // kinds that are wanted
  events: u32; // kinds that wait, with their payloads behind the fields

  pioPhase: u32;
  pioLengthLow: u32; // the register's first byte, as far as it is written
  pioLength: u32; // of the request
  pioAt: u32; // bytes of the request written, or of the answer read
  pioEnd: u32; // bytes of the answer

  momentsHead: u32;
  momentsCount: u32;
  sequence: u32;
  touched: u32; // `now` is newer than what was latched
  raised: u32; // the guest has been told, and has not latched since
  wanted: u32; // PointerMode of the driver
}
const FIELDS_SIZE: usize = offsetof<TandemState>();

const PAYLOADS_AT: usize = CONFIG_SIZE + FIELDS_SIZE;
const SLOTS_AT: usize = PAYLOADS_AT + 32 * 4;
const NOW_AT: usize = SLOTS_AT + <usize>SLOTS * SLOT_SIZE;
const LATCHED_AT: usize = NOW_AT + MOMENT_SIZE;
const MOMENTS_AT: usize = LATCHED_AT + MOMENT_SIZE;
const PIO_AT: usize = MOMENTS_AT + <usize>MOMENTS * MOMENT_SIZE;

export const STATE_SIZE: usize = PIO_AT + <usize>BLOCK_MAX;
export const STATE: usize = TANDEM_STATE;
export const CONFIG = STATE;
export const tandem = changetype<TandemState>(STATE + CONFIG_SIZE);
export const EVENT_PAYLOADS = STATE + PAYLOADS_AT;
export const now = changetype<PointerMoment>(STATE + NOW_AT);
export const latched = changetype<PointerMoment>(STATE + LATCHED_AT);
export const PIO_BUFFER = STATE + PIO_AT;

export function slotAt(index: u32): Slot {
  return changetype<Slot>(STATE + SLOTS_AT + <usize>index * SLOT_SIZE);
}

export function momentAt(index: u32): PointerMoment {
  const place = (tandem.momentsHead + index) % MOMENTS;
  return changetype<PointerMoment>(STATE + MOMENTS_AT + <usize>place * MOMENT_SIZE);
}

// Requests through a FIFO, for guests that cannot tell a physical address: `rep outsb` the block, `rep insb` the answer.

import { IrqCause, Request } from "../../protocol/tandem-port";
import { happen, raiseCause } from "./events";
import { HEADER_SIZE, PIO_BUFFER, PioPhase, tandem } from "./state";

const NOT_THERE: u32 = 0xffff;
/** What PioRemaining can tell, but for NOT_THERE. */
const ANSWER_MAX: u32 = 0xfffe;

/** The guest announces a request of so many bytes; whatever was there before is dropped. */
export function beginPio(length: u32): void {
  tandem.pioPhase = length < HEADER_SIZE ? PioPhase.Idle : PioPhase.Taking;
  tandem.pioLength = length;
  tandem.pioAt = 0;
  tandem.pioEnd = 0;
}

/** True when the request is complete. What is written beyond it is lost. */
export function writePio(size: i32, value: u32): bool {
  if (tandem.pioPhase != PioPhase.Taking) return false;
  for (let i = 0; i < size && tandem.pioAt < tandem.pioLength; i++) {
    store<u8>(PIO_BUFFER + tandem.pioAt, <u8>(value >>> (i << 3)));
    tandem.pioAt++;
  }
  if (tandem.pioAt < tandem.pioLength) return false;
  tandem.pioPhase = PioPhase.Pending;
  return true;
}

/** What is read beyond the answer is 0. */
export function readPio(size: i32): u32 {
  let value: u32 = 0;
  for (let i = 0; i < size && tandem.pioPhase == PioPhase.Ready; i++) {
    value |= (<u32>load<u8>(PIO_BUFFER + tandem.pioAt)) << (i << 3);
    tandem.pioAt++;
    if (tandem.pioAt == tandem.pioEnd) tandem.pioPhase = PioPhase.Idle;
  }
  return value;
}

export function remainingPio(): u32 {
  if (tandem.pioPhase == PioPhase.Idle) return 0;
  return tandem.pioPhase == PioPhase.Ready ? tandem.pioEnd - tandem.pioAt : NOT_THERE;
}

/** Room for an answer's body behind a header that names `size` bytes. */
export function roomInPio(size: u32): u32 {
  return min<u32>(size, ANSWER_MAX) - HEADER_SIZE;
}

/** Puts the answer in place of the request. `deferred`: the guest does something else meanwhile. */
export function answerPio(status: i32, reply: usize, length: u32, told: u32, deferred: bool): void {
  store<i32>(PIO_BUFFER, status, Request.Status);
  store<u32>(PIO_BUFFER, told, Request.ReplySize);
  memory.copy(PIO_BUFFER + <usize>HEADER_SIZE, reply, length);
  tandem.pioPhase = PioPhase.Ready;
  tandem.pioAt = 0;
  tandem.pioEnd = HEADER_SIZE + length;
  if (deferred) raiseCause(IrqCause.Pio);
  else happen();
}

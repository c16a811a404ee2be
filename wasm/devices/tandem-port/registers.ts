// The registers: any of them at 8, 16 and 32 bits. What a read brings about, the access to its first byte does.

import { Register, SIGNATURE, VERSION } from "../../protocol/tandem-port";
import { clearCauses, pendingRequests, setIrqMask, status, takeEvent, wait } from "./events";
import { beginPio, readPio, remainingPio, writePio } from "./pio";
import { latch } from "./pointer";
import { dropPio, executePio, FEATURES, ring } from "./requests";
import { latched, tandem } from "./state";

const DOORBELL_LAST: u32 = Register.Doorbell + 3;
const PIO_LENGTH_LAST: u32 = Register.PioLength + 1;

export function readRegister(offset: u32, size: i32): u32 {
  if (offset == Register.PioData) return readPio(size);
  for (let i = 0; i < size; i++) touch(offset + i);
  let value: u32 = 0;
  for (let i = 0; i < size; i++) {
    const at = offset + i;
    value |= ((half(at & ~1) >>> ((at & 1) << 3)) & 0xff) << (i << 3);
  }
  return value;
}

function touch(offset: u32): void {
  if (offset == Register.Wait) wait();
  else if (offset == Register.Event) tandem.event = takeEvent();
  else if (offset == Register.PointerSequence) latch();
}

/** Every register as halves of 16 bits. */
function half(offset: u32): u32 {
  switch (offset) {
    case Register.Id:
      return SIGNATURE & 0xffff;
    case Register.Id + 2:
      return SIGNATURE >>> 16;
    case Register.Version:
      return VERSION;
    case Register.Features:
      return FEATURES;
    case Register.Status:
      return status();
    case Register.Pending:
      return pendingRequests();
    case Register.Wait:
      return tandem.waitResult;
    case Register.Wait + 2:
      return tandem.waitResult >>> 16;
    case Register.IrqCause:
      return tandem.irqCause;
    case Register.IrqMask:
      return tandem.irqMask;
    case Register.Event:
      return tandem.event;
    case Register.Event + 2:
      return tandem.event >>> 16;
    case Register.PioRemaining:
      return remainingPio();
    case Register.PointerWheel:
      return (latched.wheel & 0xff) | ((latched.horizontal & 0xff) << 8);
    case Register.PointerSequence:
      return latched.sequence;
    case Register.PointerX:
      return latched.x;
    case Register.PointerY:
      return latched.y;
    case Register.PointerPixelX:
      return latched.pixelX;
    case Register.PointerPixelY:
      return latched.pixelY;
    case Register.PointerButtons:
      return latched.bits;
    case Register.PointerDeltaX:
      return <u32>latched.deltaX;
    case Register.PointerDeltaY:
      return <u32>latched.deltaY;
    default:
      return 0;
  }
}

export function writeRegister(offset: u32, size: i32, value: u32): void {
  if (offset == Register.PioData) {
    if (writePio(size, value)) executePio();
    return;
  }
  for (let i = 0; i < size; i++) writeByte(offset + i, (value >>> (i << 3)) & 0xff);
}

function writeByte(offset: u32, value: u32): void {
  if (offset >= <u32>Register.Doorbell && offset <= DOORBELL_LAST) {
    const shift = (offset & 3) << 3;
    tandem.doorbell = (tandem.doorbell & ~((<u32>0xff) << shift)) | (value << shift);
    if (offset == DOORBELL_LAST) ring(tandem.doorbell);
  } else if (offset == Register.IrqCause) {
    clearCauses(value);
  } else if (offset == Register.IrqMask) {
    setIrqMask(value);
  } else if (offset == Register.PioLength) {
    tandem.pioLengthLow = value;
  } else if (offset == PIO_LENGTH_LAST) {
    dropPio();
    beginPio((value << 8) | tandem.pioLengthLow);
  }
}

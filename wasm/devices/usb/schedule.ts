// USB: the schedule of a UHCI controller: frame list, queue heads and transfer descriptors in guest memory (UHCI design guide
// 1.1, chapter 3).
//
// A frame does a bounded amount of work whatever the guest has built: so many descriptors, and as many bytes as fit on the wire.
//
// Not implemented: data buffer errors and bit stuffing errors, which do not happen here.

import { PAGE_READ } from "../../layout";
import { Physical, ramBytes } from "../../memory/physical";
import { Usb } from "./control";
import { Hid, NEVER } from "./hid";
import { DISCARDED, NAK, PACKET, STALL, TIMEOUT, USB_DEVICES, usbDevice, UsbState } from "./state";

export const FRAMES: u32 = 1024;

const LINK_TERMINATE: u32 = 1;
const LINK_QUEUE: u32 = 2;
const LINK_DEPTH_FIRST: u32 = 4;
const LINK_ADDRESS: u32 = 0xffff_fff0;
const DESCRIPTOR_SIZE: u32 = 16;

const CONTROL_LENGTH: u32 = 0x7ff;
const CONTROL_TIMEOUT: u32 = 1 << 18;
const CONTROL_NAK: u32 = 1 << 19;
const CONTROL_BABBLE: u32 = 1 << 20;
const CONTROL_STALLED: u32 = 1 << 22;
const CONTROL_ACTIVE: u32 = 1 << 23;
const CONTROL_STATUS: u32 = 0x00fe_0000; // bits 17-23
const CONTROL_IOC: u32 = 1 << 24;
const CONTROL_ISOCHRONOUS: u32 = 1 << 25;
const CONTROL_ERRORS: u32 = 3 << 27;
const CONTROL_ERROR: u32 = 1 << 27;
const CONTROL_SHORT: u32 = 1 << 29;

const PID_IN: u32 = 0x69;
const PID_OUT: u32 = 0xe1;
const PID_SETUP: u32 = 0x2d;
const LENGTH_MAX: u32 = 1280;
const SETUP_SIZE: u32 = 8;

/** Full speed: 12 bits a microsecond. Each transaction takes some of it besides its data. */
const FRAME_BYTES: u32 = 1500;
const OVERHEAD_BYTES: u32 = 13;
const STEPS: u32 = 512;
const QUEUES_SEEN: u32 = 64;

/** What a frame came to, for USBSTS. */
export const FRAME_COMPLETE: u32 = 0x01; // a descriptor with IOC
export const FRAME_SHORT: u32 = 0x02; // a short packet that was to be told
export const FRAME_ERROR: u32 = 0x04;
export const FRAME_SYSTEM_ERROR: u32 = 0x08; // an address where no memory is
export const FRAME_PROCESS_ERROR: u32 = 0x10; // a descriptor that cannot be

/** How the walk goes on after a transfer descriptor. */
enum Next {
  Advance = 0, // it is done with
  NextQueue = 1, // it stays where it is
  Halt = 2, // the controller stops
}

@unmanaged
class Walk {
  result: u32; // FRAME_ bits
  bytes: u32;
  time: u64;
  queues: u32; // how many are in SEEN
  moved: u32; // transactions since SEEN was empty
  polled: u32; // sleep: devices that are asked for reports, bit by bit
  complete: u32; // sleep: an IOC would tell nothing new
}
const walk = changetype<Walk>(memory.data(offsetof<Walk>(), 8));
const SEEN = memory.data(4 * 64, 8); // queue heads that were visited
/** Sleep: frame list entries that have been looked at, and from when on each has something to do. */
const MEMO_SIZE: u32 = 32;
const MEMO_LINKS = memory.data(4 * 32, 8);
const MEMO_TIMES = memory.data(8 * 32, 8);

/** A descriptor is in RAM: what else is there may not answer. */
function isMemory(address: u32, size: u32): bool {
  const end = ramBytes();
  return address < end && size <= end - address;
}

function deviceAt(address: u32): UsbState | null {
  for (let i: u32 = 0; i < USB_DEVICES; i++) {
    const device = usbDevice(i);
    if (device.reachable && !device.suspended && device.address == address) return device;
  }
  return null;
}

export class Schedule {
  /** Runs the frame `number` of the list at `list`. Returns FRAME_ bits. */
  static run(list: u32, number: u32, time: u64): u32 {
    walk.result = 0;
    walk.bytes = 0;
    walk.queues = 0;
    walk.moved = 0;
    walk.time = time;
    const entry = list + ((number & (FRAMES - 1)) << 2);
    if (!isMemory(entry, 4)) return FRAME_SYSTEM_ERROR;
    let link = Physical.read32(entry);
    for (let steps: u32 = 0; steps < STEPS && !(link & LINK_TERMINATE); steps++) {
      const address = link & LINK_ADDRESS;
      if (!isMemory(address, DESCRIPTOR_SIZE)) return walk.result | FRAME_SYSTEM_ERROR;
      if (link & LINK_QUEUE) {
        if (!enterQueue(address)) break;
        link = runQueue(address);
      } else {
        if (runTransfer(address, false) == Next.Halt) break;
        link = Physical.read32(address);
      }
      if (walk.bytes >= FRAME_BYTES) break;
    }
    return walk.result;
  }

  /**
   * For a guest that sleeps: in how many frames something would happen, 0 for the very next one, FRAMES when nothing will as
   * long as nobody touches schedule or devices. `start`: guest time of the next frame. `complete`: an IOC would tell nothing
   * new. Devices that are not asked for reports learn that.
   */
  static quietFrames(list: u32, number: u32, start: u64, length: u64, complete: bool): u32 {
    // The list is a page.
    const entries = <usize>load<u32>(PAGE_READ + ((<usize>(list >>> 12)) << 2));
    if (!entries || !isMemory(list, FRAMES << 2)) return 0;
    walk.polled = 0;
    walk.complete = complete ? 1 : 0;
    let memos: u32 = 0;
    let link: u32 = LINK_TERMINATE;
    let busyFrom = NEVER;
    for (let frame: u32 = 0; frame < FRAMES; frame++) {
      const entry = load<u32>(entries + (((number + frame) & (FRAMES - 1)) << 2));
      if (entry != link) {
        link = entry;
        let index: u32 = 0;
        while (index < memos && load<u32>(MEMO_LINKS + ((<usize>index) << 2)) != link) index++;
        if (index < memos) {
          busyFrom = load<u64>(MEMO_TIMES + ((<usize>index) << 3));
        } else {
          busyFrom = chainBusyFrom(link);
          if (memos == MEMO_SIZE) memos = 0;
          store<u32>(MEMO_LINKS + ((<usize>memos) << 2), link);
          store<u64>(MEMO_TIMES + ((<usize>memos) << 3), busyFrom);
          memos++;
        }
      }
      if (busyFrom <= start + <u64>frame * length) return frame;
    }
    for (let i: u32 = 0; i < USB_DEVICES; i++) {
      if (walk.polled & (1 << i)) usbDevice(i).seenAt = start;
      else Hid.unseen(usbDevice(i), start);
    }
    return FRAMES;
  }
}

/** Whether the walk goes on with a queue: one that it comes back to without having moved anything ends the frame. */
function enterQueue(address: u32): bool {
  for (let i: u32 = 0; i < walk.queues; i++) {
    if (load<u32>(SEEN + ((<usize>i) << 2)) != address) continue;
    if (!walk.moved) return false;
    walk.queues = 0;
    walk.moved = 0;
    break;
  }
  if (walk.queues < QUEUES_SEEN) {
    store<u32>(SEEN + ((<usize>walk.queues) << 2), address);
    walk.queues++;
  }
  return true;
}

/** The first transfer of a queue, and with depth first those after it. Returns where the walk goes on. */
function runQueue(address: u32): u32 {
  for (;;) {
    const element = Physical.read32(address + 4);
    if (element & LINK_TERMINATE) break;
    if (element & LINK_QUEUE) return element;
    const transfer = element & LINK_ADDRESS;
    if (!isMemory(transfer, DESCRIPTOR_SIZE)) {
      walk.result |= FRAME_SYSTEM_ERROR;
      return LINK_TERMINATE;
    }
    const next = runTransfer(transfer, true);
    if (next == Next.Halt) return LINK_TERMINATE;
    if (next == Next.NextQueue) break;
    const following = Physical.read32(transfer);
    Physical.write32(address + 4, following);
    if (!(following & LINK_DEPTH_FIRST)) break;
  }
  return Physical.read32(address);
}

/** One transfer descriptor: at most one transaction. */
function runTransfer(address: u32, queued: bool): Next {
  let control = Physical.read32(address + 4);
  if (!(control & CONTROL_ACTIVE)) {
    // The interrupt comes each time that the descriptor is fetched: Linux asks for one by setting IOC in one at rest.
    if (control & CONTROL_IOC) walk.result |= FRAME_COMPLETE;
    return Next.NextQueue;
  }
  const token = Physical.read32(address + 8);
  const buffer = Physical.read32(address + 12);
  const pid = token & 0xff;
  const length = ((token >>> 21) + 1) & CONTROL_LENGTH;
  if ((pid != PID_IN && pid != PID_OUT && pid != PID_SETUP) || length > LENGTH_MAX) {
    walk.result |= FRAME_PROCESS_ERROR;
    return Next.Halt;
  }
  if (walk.bytes + length + OVERHEAD_BYTES > FRAME_BYTES) {
    walk.bytes = FRAME_BYTES;
    return Next.Halt;
  }
  if (length && !isMemory(buffer, length)) {
    walk.result |= FRAME_SYSTEM_ERROR;
    return Next.Halt;
  }
  walk.bytes += length + OVERHEAD_BYTES;

  const device = deviceAt((token >>> 8) & 0x7f);
  const count = transact(device, token, pid, buffer, length);
  if (count == DISCARDED) return Next.NextQueue;
  if (count == NAK) {
    if (!(control & CONTROL_NAK)) Physical.write32(address + 4, control | CONTROL_NAK);
    return Next.NextQueue;
  }
  walk.moved++;
  if (count == TIMEOUT) return timedOut(address, control, queued);
  control &= ~CONTROL_STATUS;
  if (control & CONTROL_IOC) {
    walk.result |= FRAME_COMPLETE;
    if (device && (token >>> 15) & 15) Hid.interrupted(device);
  }
  if (count == STALL || count > <i32>length) {
    control |= CONTROL_STALLED | (count > <i32>length ? CONTROL_BABBLE : 0);
    Physical.write32(address + 4, control);
    walk.result |= FRAME_ERROR;
    return Next.NextQueue;
  }
  if (pid == PID_IN && count) Physical.copyIn(buffer, PACKET, <u32>count);
  Physical.write32(address + 4, (control & ~CONTROL_LENGTH) | ((<u32>count - 1) & CONTROL_LENGTH));
  if (queued && pid == PID_IN && count < <i32>length && control & CONTROL_SHORT) {
    walk.result |= FRAME_SHORT;
    return Next.NextQueue;
  }
  return Next.Advance;
}

/** Moves one packet between guest memory and a device. */
function transact(device: UsbState | null, token: u32, pid: u32, buffer: u32, length: u32): i32 {
  if (!device) return TIMEOUT;
  const endpoint = (token >>> 15) & 15;
  const toggle = (token >>> 19) & 1;
  if (pid == PID_IN) return Usb.give(device, endpoint, toggle, walk.time);
  Physical.copyOut(PACKET, buffer, length);
  if (pid == PID_OUT) return Usb.take(device, endpoint, toggle, length);
  if (endpoint || length != SETUP_SIZE) return TIMEOUT;
  Usb.setup(device);
  return <i32>SETUP_SIZE;
}

/** Nobody answered. The descriptor counts its errors down; the last one ends it. */
function timedOut(address: u32, control: u32, queued: bool): Next {
  const errors = control & CONTROL_ERRORS;
  if (errors == CONTROL_ERROR || control & CONTROL_ISOCHRONOUS || !queued) {
    control = (control & ~(CONTROL_ACTIVE | CONTROL_ERRORS)) | CONTROL_STALLED;
    walk.result |= FRAME_ERROR;
    if (control & CONTROL_IOC) walk.result |= FRAME_COMPLETE;
  } else if (errors) {
    control -= CONTROL_ERROR;
  }
  Physical.write32(address + 4, control | CONTROL_TIMEOUT);
  return Next.NextQueue;
}

// --- What would happen ---

/** The guest time from which on something happens in the frames that begin with a link: 0 for now, NEVER. */
function chainBusyFrom(first: u32): u64 {
  let earliest: u64 = NEVER;
  let link = first;
  for (let steps: u32 = 0; steps < STEPS && !(link & LINK_TERMINATE); steps++) {
    const address = link & LINK_ADDRESS;
    if (!isMemory(address, DESCRIPTOR_SIZE)) return 0;
    let transfer = address;
    let next = Physical.read32(address);
    if (link & LINK_QUEUE) {
      const element = Physical.read32(address + 4);
      if (element & LINK_QUEUE && !(element & LINK_TERMINATE)) next = element;
      transfer = element & (LINK_TERMINATE | LINK_QUEUE) ? 0 : element & LINK_ADDRESS;
    }
    if (transfer) {
      if (!isMemory(transfer, DESCRIPTOR_SIZE)) return 0;
      earliest = min<u64>(earliest, transferBusyFrom(transfer));
      if (!earliest) return 0;
    }
    link = next;
  }
  return earliest;
}

function transferBusyFrom(address: u32): u64 {
  const control = Physical.read32(address + 4);
  if (!(control & CONTROL_ACTIVE)) return control & CONTROL_IOC && !walk.complete ? 0 : NEVER;
  const token = Physical.read32(address + 8);
  const device = deviceAt((token >>> 8) & 0x7f);
  if (!device || (token & 0xff) != PID_IN || ((token >>> 15) & 15) != 1) return 0;
  if (!device.configuration) return 0;
  walk.polled |= 1 << device.number;
  return Hid.readyAt(device);
}

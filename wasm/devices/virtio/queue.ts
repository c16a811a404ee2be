// Split virtqueues (Virtio 1.2, 2.7): requests are taken from the driver's ring, and given back through the device's.
//
// Everything a driver says about memory is checked where it is used: rings and buffers are RAM, or the device stops and says that
// it needs a reset. A request is taken with all its buffers at once, in the order in which they were chained.

import { RAM, VIRTIO_SEGMENTS } from "../../layout";
import { isRam, Physical } from "../../memory/physical";
import { VirtioSegment } from "../../protocol/virtio";
import { interrupt, STATUS_NEEDS_RESET, stop } from "./interrupt";
import { Place, Queue, QUEUE_SIZE_MAX, UnderWay } from "./state";

export const FEATURE_INDIRECT: u32 = 1 << 28;
export const FEATURE_EVENT_INDEX: u32 = 1 << 29;

const DESCRIPTOR_SIZE: u32 = 16;
const DESCRIPTOR_ADDRESS_HIGH: usize = 4;
const DESCRIPTOR_LENGTH: usize = 8;
const DESCRIPTOR_FLAGS: usize = 12;
const DESCRIPTOR_NEXT: usize = 14;
const FLAG_NEXT: u32 = 1;
const FLAG_WRITE: u32 = 2;
const FLAG_INDIRECT: u32 = 4;

/** Of both rings: u16 flags, u16 index, the entries, u16 event. */
const RING_INDEX: u32 = 2;
const RING_ENTRIES: u32 = 4;
const DRIVER_ENTRY: u32 = 2;
const DEVICE_ENTRY: u32 = 8;
const EVENT_SIZE: u32 = 2;
const NO_INTERRUPT: u32 = 1;

const SEGMENT_SIZE: usize = <usize>VirtioSegment.SIZE;

/** The request that was taken last: its buffers, those to be read first. */
export const SEGMENTS = VIRTIO_SEGMENTS;

@unmanaged
class Chain {
  head: u32; // names the request to its driver
  readable: u32; // segments
  writable: u32;
}
export const chain = changetype<Chain>(memory.data(offsetof<Chain>(), 8));

/** Whether the queue is where a device can use it. Then its rings can be reached directly. */
export function isUsable(queue: Queue): bool {
  const size = queue.size;
  return (
    !(queue.tableHigh | queue.driverHigh | queue.deviceHigh) &&
    isRam(queue.table, size * DESCRIPTOR_SIZE) &&
    isRam(queue.driver, RING_ENTRIES + size * DRIVER_ENTRY + EVENT_SIZE) &&
    isRam(queue.device, RING_ENTRIES + size * DEVICE_ENTRY + EVENT_SIZE)
  );
}

/** Takes the next request of a queue into `chain`; false when there is none. */
export function take(place: i32, index: i32): bool {
  const queue = Place.queue(place, index);
  if (!queue.enabled || Place.virtio(place).status & STATUS_NEEDS_RESET) return false;
  if (!isUsable(queue)) return broken(place);
  const ready = <u32>load<u16>(ram(queue.driver + RING_INDEX));
  const waiting = (ready - queue.taken) & 0xffff;
  if (!waiting) {
    setEvent(place, queue);
    return false;
  }
  if (waiting > queue.size) return broken(place);
  const entry = queue.driver + RING_ENTRIES + (queue.taken & (queue.size - 1)) * DRIVER_ENTRY;
  const head = <u32>load<u16>(ram(entry));
  if (head >= queue.size || UnderWay.has(queue, head)) return broken(place);
  if (!walk(queue, head, (Place.virtio(place).accepted & FEATURE_INDIRECT) != 0))
    return broken(place);
  queue.taken = (queue.taken + 1) & 0xffff;
  chain.head = head;
  UnderWay.add(queue, head);
  return true;
}

/** Gives a request back, `written` bytes of whose buffers hold an answer. */
export function give(place: i32, index: i32, head: u32, written: u32): void {
  const queue = Place.queue(place, index);
  UnderWay.remove(queue, head);
  if (!isUsable(queue)) {
    broken(place);
    return;
  }
  const entry = queue.device + RING_ENTRIES + (queue.given & (queue.size - 1)) * DEVICE_ENTRY;
  Physical.write(entry, 4, head);
  Physical.write(entry + 4, 4, written);
  queue.given = (queue.given + 1) & 0xffff;
  Physical.write(queue.device + RING_INDEX, 2, queue.given);
  if (wantsInterrupt(place, queue)) interrupt(place);
}

function wantsInterrupt(place: i32, queue: Queue): bool {
  if (!(Place.virtio(place).accepted & FEATURE_EVENT_INDEX))
    return !((<u32>load<u16>(ram(queue.driver))) & NO_INTERRUPT);
  const before = queue.told;
  queue.told = queue.given;
  const event = <u32>load<u16>(ram(queue.driver + RING_ENTRIES + queue.size * DRIVER_ENTRY));
  return ((queue.given - event - 1) & 0xffff) < ((queue.given - before) & 0xffff);
}

/** The driver is to tell of its next request. */
function setEvent(place: i32, queue: Queue): void {
  if (!(Place.virtio(place).accepted & FEATURE_EVENT_INDEX)) return;
  const at = queue.device + RING_ENTRIES + queue.size * DEVICE_ENTRY;
  Physical.write(at, 2, queue.taken);
}

/** Follows a request's descriptors; false: they make no sense. */
function walk(queue: Queue, head: u32, allowIndirect: bool): bool {
  let table = queue.table;
  let entries = queue.size;
  let index = head;
  let indirect = false;
  chain.readable = 0;
  chain.writable = 0;
  for (let count: u32 = 0; count <= QUEUE_SIZE_MAX; count++) {
    if (index >= entries) return false;
    const at = ram(table + index * DESCRIPTOR_SIZE);
    const address = load<u32>(at);
    const length = load<u32>(at, DESCRIPTOR_LENGTH);
    const flags = <u32>load<u16>(at, DESCRIPTOR_FLAGS);
    if (load<u32>(at, DESCRIPTOR_ADDRESS_HIGH)) return false;
    if (flags & FLAG_INDIRECT) {
      if (!allowIndirect || indirect || flags & FLAG_NEXT) return false;
      entries = length / DESCRIPTOR_SIZE;
      if (!length || length % DESCRIPTOR_SIZE || entries > QUEUE_SIZE_MAX) return false;
      if (!isRam(address, length)) return false;
      indirect = true;
      table = address;
      index = 0;
      continue;
    }
    if (!addSegment(address, length, (flags & FLAG_WRITE) != 0)) return false;
    if (!(flags & FLAG_NEXT)) return true;
    index = <u32>load<u16>(at, DESCRIPTOR_NEXT);
  }
  return false;
}

/** Neighbours become one. */
function addSegment(address: u32, length: u32, writable: bool): bool {
  if (!length) return true;
  if (!isRam(address, length)) return false;
  if (!writable && chain.writable) return false; // 2.7.4.2: what is read comes first
  const count = chain.readable + chain.writable;
  const continues = writable ? chain.writable > 0 : chain.readable > 0;
  if (continues) {
    const last = SEGMENTS + <usize>(count - 1) * SEGMENT_SIZE;
    const known = load<u32>(last, VirtioSegment.Length);
    if (load<u32>(last) + known == address) {
      store<u32>(last, known + length, VirtioSegment.Length);
      return true;
    }
  }
  if (count == QUEUE_SIZE_MAX) return false;
  const at = SEGMENTS + <usize>count * SEGMENT_SIZE;
  store<u32>(at, address);
  store<u32>(at, length, VirtioSegment.Length);
  if (writable) chain.writable++;
  else chain.readable++;
  return true;
}

function broken(place: i32): bool {
  stop(place);
  return false;
}

function ram(address: u32): usize {
  return RAM + <usize>address;
}

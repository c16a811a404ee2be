// What virtio functions remember: each has a place with its configuration space, its registers, and its queues.

import { VIRTIO_STATE } from "../../layout";
import { VIRTIO_PLACES } from "../../protocol/virtio";

export const PLACES: i32 = VIRTIO_PLACES;
export const QUEUES_MAX: i32 = 4;
/** Entries of a queue, and of what one request may consist of. */
export const QUEUE_SIZE_MAX: u32 = 1024;
export const CONFIG_SIZE: usize = 256;
/** Of the device's own registers. */
export const DEVICE_CONFIG_SIZE: usize = 64;

@unmanaged
export class Virtio {
  id: u32; // of the kind of device; 0: nothing here
  queues: u32;
  offered: u32; // features 0-31 of the kind; all have the transport's
  configLength: u32;
  onNotify: u32; // function index: (place, queue)
  onReset: u32; // function index: (place)

  mapped: u32; // where BAR 0 is now, 0 for nowhere
  status: u32;
  isr: u32;
  deviceSelect: u32; // which 32 features are shown
  driverSelect: u32;
  accepted: u32; // features 0-31
  acceptedHigh: u32; // features 32-63
  queueSelect: u32;
  generation: u32; // counts resets, so that answers from before are known
}
const FIELDS_SIZE: usize = offsetof<Virtio>();

@unmanaged
export class Queue {
  size: u32;
  enabled: u32;
  table: u32; // physical address of the descriptors
  tableHigh: u32;
  driver: u32; // of the ring that the driver writes
  driverHigh: u32;
  device: u32; // of the ring that the device writes
  deviceHigh: u32;
  taken: u32; // 16 bits: entries of the driver's ring
  given: u32; // 16 bits: entries of the device's ring
  told: u32; // `given` when the driver was last thought of
  underWay: u32; // requests taken and not given back
  busy: u32; // requests are being taken
}
/** A bit for each request under way, by its first descriptor. */
const BITMAP_AT: usize = offsetof<Queue>();
const QUEUE_STATE: usize = BITMAP_AT + <usize>(QUEUE_SIZE_MAX >>> 3);

const FIELDS_AT: usize = CONFIG_SIZE + DEVICE_CONFIG_SIZE;
const QUEUES_AT: usize = FIELDS_AT + FIELDS_SIZE;
const PLACE_SIZE: usize = QUEUES_AT + <usize>QUEUES_MAX * QUEUE_STATE;

export const STATE_SIZE: usize = <usize>PLACES * PLACE_SIZE;
export const STATE = VIRTIO_STATE;

export class Place {
  /** The PCI function's configuration space. */
  @inline static config(place: i32): usize {
    return STATE + <usize>place * PLACE_SIZE;
  }

  /** The registers that belong to the kind of device. */
  @inline static deviceConfig(place: i32): usize {
    return Place.config(place) + CONFIG_SIZE;
  }

  @inline static virtio(place: i32): Virtio {
    return changetype<Virtio>(Place.config(place) + FIELDS_AT);
  }

  @inline static queue(place: i32, index: i32): Queue {
    return changetype<Queue>(Place.config(place) + QUEUES_AT + <usize>index * QUEUE_STATE);
  }

  /** Forgets everything that its driver has said about a queue. */
  static clearQueue(place: i32, index: i32): void {
    const queue = Place.queue(place, index);
    memory.fill(changetype<usize>(queue), 0, QUEUE_STATE);
    queue.size = QUEUE_SIZE_MAX;
  }
}

/** Requests under way, by their first descriptor. */
export class UnderWay {
  static has(queue: Queue, head: u32): bool {
    return ((<u32>load<u8>(UnderWay.byte(queue, head))) & ((<u32>1) << (head & 7))) != 0;
  }

  static add(queue: Queue, head: u32): void {
    const at = UnderWay.byte(queue, head);
    store<u8>(at, <u8>((<u32>load<u8>(at)) | ((<u32>1) << (head & 7))));
    queue.underWay++;
  }

  static remove(queue: Queue, head: u32): void {
    const at = UnderWay.byte(queue, head);
    store<u8>(at, <u8>((<u32>load<u8>(at)) & ~((<u32>1) << (head & 7))));
    queue.underWay--;
  }

  private static byte(queue: Queue, head: u32): usize {
    return changetype<usize>(queue) + BITMAP_AT + <usize>(head >>> 3);
  }
}

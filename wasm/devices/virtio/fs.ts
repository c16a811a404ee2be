// A file system for the guest: virtio device 26 (Virtio 1.2, 5.11). Its requests are messages of FUSE, which the host answers.
//
// One function a name: Linux mounts it by `mount -t virtiofs NAME DIRECTORY`.
//
// Not implemented: the DAX window, notifications.

import { hostVirtioRequest, hostVirtioReset } from "../../host";
import { VIRTIO_FS_TAG_MAX, VIRTIO_FS_UNDER_WAY_MAX } from "../../protocol/virtio";
import { chain, give, SEGMENTS, take } from "./queue";
import { Place, PLACES, UnderWay } from "./state";
import { addVirtio } from "./transport";

const ID: u32 = 26;
const CLASS_MASS_STORAGE_OTHER: u32 = 0x01_8000;
const QUEUES: u32 = 2;
const CONFIG_REQUEST_QUEUES: usize = VIRTIO_FS_TAG_MAX;
const CONFIG_LENGTH: u32 = VIRTIO_FS_TAG_MAX + 4;

/** A token: bits 0-9 the first descriptor, 10-24 the generation, 25-26 the queue, 27-29 the place. */
const GENERATION_SHIFT: u32 = 10;
const GENERATION_MASK: u32 = 0x7fff;
const QUEUE_SHIFT: u32 = 25;
const PLACE_SHIFT: u32 = 27;
const HEAD_MASK: u32 = 0x3ff;

/** Host, before power-on: a file system by the name in `length` bytes at `tag`. Returns its place, -1 when there is no room. */
export function addVirtioFs(tag: usize, length: u32): i32 {
  const place = addVirtio(ID, CLASS_MASS_STORAGE_OTHER, QUEUES, 0, CONFIG_LENGTH, drain, wasReset);
  if (place < 0) return place;
  const config = Place.deviceConfig(place);
  memory.copy(config, tag, min<u32>(length, VIRTIO_FS_TAG_MAX));
  store<u32>(config, QUEUES - 1, CONFIG_REQUEST_QUEUES);
  return place;
}

function wasReset(place: i32): void {
  hostVirtioReset(place);
}

/**
 * Gives the host what waits in a queue. It may answer at once, which gives the request back before this goes on. Meanwhile the guest
 * stands still, so there cannot be more than the queue has room for, unless it lets answers be written over its ring.
 */
function drain(place: i32, index: i32): void {
  const queue = Place.queue(place, index);
  if (queue.busy) return;
  queue.busy = 1;
  for (let left = queue.size; left > 0; left--) {
    if (queue.underWay >= <u32>VIRTIO_FS_UNDER_WAY_MAX || !take(place, index)) break;
    hostVirtioRequest(
      place,
      <i32>tokenOf(place, index, chain.head),
      SEGMENTS,
      <i32>chain.readable,
      <i32>chain.writable,
    );
  }
  queue.busy = 0;
}

function generationOf(place: i32): u32 {
  return Place.virtio(place).generation & GENERATION_MASK;
}

function tokenOf(place: i32, index: i32, head: u32): u32 {
  const where = ((<u32>place) << PLACE_SHIFT) | ((<u32>index) << QUEUE_SHIFT);
  return where | (generationOf(place) << GENERATION_SHIFT) | head;
}

/** Host: a request is answered, `written` bytes of its buffers hold the answer. 0: nobody waits for it any more. */
export function completeVirtio(token: i32, written: u32): i32 {
  const place = <i32>((<u32>token) >>> PLACE_SHIFT);
  const index = <i32>(((<u32>token) >>> QUEUE_SHIFT) & 3);
  const head = (<u32>token) & HEAD_MASK;
  if (place >= PLACES || <u32>index >= QUEUES) return 0;
  if ((((<u32>token) >>> GENERATION_SHIFT) & GENERATION_MASK) != generationOf(place)) return 0;
  if (!UnderWay.has(Place.queue(place, index), head)) return 0;
  give(place, index, head, written);
  drain(place, index);
  return 1;
}

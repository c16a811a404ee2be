// Virtio devices between core and host. What a guest sees of them is in the standard (OASIS, Virtual I/O Device 1.2).

/** Functions that can be added, at 00:08.0, 00:09.0, … */
export const VIRTIO_PLACES = 8;

/** A request's buffers in guest memory, each a pair of u32: those with the request first, then those for its answer. */
export enum VirtioSegment {
  Address = 0, // physical
  Length = 4,
  SIZE = 8,
}

/** Bytes of the name that a guest mounts a folder by. */
export const VIRTIO_FS_TAG_MAX = 36;
/** Requests of one function that the host is given at a time; the rest wait in the guest's queue. */
export const VIRTIO_FS_UNDER_WAY_MAX = 32;

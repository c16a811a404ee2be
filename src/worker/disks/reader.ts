// The bytes of an image as they are at their origin. Nothing here is ever written: changes live in the overlay.

export interface BlockReader {
  readonly size: number;
  /** Fills `target` from `position` on; the range lies within `size`. */
  read(position: number, target: Uint8Array): void | Promise<void>;
  /** The bytes as a Blob without reading them, where the origin is one. */
  slice?(start: number, end: number): Blob;
  close?(): void;
}

/** An image in memory. */
export class BufferReader implements BlockReader {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(position: number, target: Uint8Array): void {
    target.set(this.#bytes.subarray(position, position + target.length));
  }
}

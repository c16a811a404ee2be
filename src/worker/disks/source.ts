// Where the bytes of a medium are: memory here; files, Blobs, HTTP and overlays beside it.

import type { BlockReader } from "./reader";

/**
 * A medium, block by block. `read` and `write` return at once, without a promise, when the data is at hand; a promise
 * otherwise. Positions and lengths are in bytes and lie within `size`.
 */
export interface BlockSource {
  readonly size: number;
  readonly readOnly: boolean;
  /** Fills `target` with the bytes from `position` on. */
  read(position: number, target: Uint8Array): void | Promise<void>;
  /** `data` is only valid during the call: a source that writes later copies it. */
  write(position: number, data: Uint8Array): void | Promise<void>;
  flush(): void | Promise<void>;
  close?(): void;
}

/** A medium in memory. */
export class MemorySource implements BlockSource {
  readonly readOnly: boolean;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, readOnly = false) {
    this.#bytes = bytes;
    this.readOnly = readOnly;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(position: number, target: Uint8Array): void {
    target.set(this.#bytes.subarray(position, position + target.length));
  }

  write(position: number, data: Uint8Array): void {
    this.#bytes.set(data, position);
  }

  flush(): void {}
}

/** Reads a whole source, for what must lie in memory: kernels, firmware. */
export async function readAll(source: BlockReader): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes);
  return bytes;
}

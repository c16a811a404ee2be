// A slow origin behind a cache of its most recently used blocks. Sequential reading is noticed and read ahead of, so
// that a guest that loads a kernel waits for a few large requests and not for many small ones.

import type { BlockReader } from "./reader";

const BLOCK = 65536;
const CAPACITY = 512; // blocks: 32 MB
const AHEAD_MAX = 16; // blocks: 1 MB

export class CachedReader implements BlockReader {
  readonly #origin: BlockReader;
  readonly #capacity: number;
  /** Least recently used first. */
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #loading = new Map<number, Promise<void>>();
  #next = -1; // the block that would continue the last read
  #ahead = 0; // blocks to read beyond what is asked for
  readonly slice?: (start: number, end: number) => Blob;

  constructor(origin: BlockReader, capacity = CAPACITY) {
    this.#origin = origin;
    this.#capacity = capacity;
    if (origin.slice) this.slice = (start, end) => origin.slice!(start, end);
  }

  get size(): number {
    return this.#origin.size;
  }

  close(): void {
    this.#origin.close?.();
  }

  read(position: number, target: Uint8Array): void | Promise<void> {
    if (target.length === 0) return;
    const first = Math.floor(position / BLOCK);
    const last = Math.floor((position + target.length - 1) / BLOCK);
    const sequential = first === this.#next || first === this.#next - 1;
    this.#ahead = sequential ? Math.min(AHEAD_MAX, this.#ahead * 2 || 1) : 0;
    this.#next = last + 1;
    const missing = this.#isMissing(first, last);
    if (!missing) {
      this.#copy(position, target);
      return;
    }
    return this.#load(position, target, first, last);
  }

  async #load(position: number, target: Uint8Array, first: number, last: number): Promise<void> {
    const end = Math.min(last + this.#ahead, Math.ceil(this.size / BLOCK) - 1);
    // Blocks that another read has asked for are waited for; what is read ahead is not.
    const waits: Promise<void>[] = [];
    for (let block = first; block <= end; block++) {
      const loading = this.#loading.get(block);
      if (loading) {
        if (block <= last) waits.push(loading);
        continue;
      }
      if (this.#blocks.has(block)) continue;
      let stop = block;
      while (stop < end && !this.#blocks.has(stop + 1) && !this.#loading.has(stop + 1)) stop++;
      const request = this.#request(block, stop);
      if (block <= last) waits.push(request);
      else request.catch(() => {}); // read ahead in vain: the read that needs it asks again
      block = stop;
    }
    await Promise.all(waits);
    if (this.#isMissing(first, last)) {
      // More than the cache holds, or dropped meanwhile.
      await this.#origin.read(position, target);
    } else {
      this.#copy(position, target);
    }
  }

  async #request(first: number, last: number): Promise<void> {
    const start = first * BLOCK;
    const bytes = new Uint8Array(Math.min((last + 1) * BLOCK, this.size) - start);
    const reading = (async () => {
      try {
        await this.#origin.read(start, bytes);
        for (let block = first; block <= last; block++) {
          const at = (block - first) * BLOCK;
          this.#keep(block, bytes.slice(at, at + BLOCK));
        }
      } finally {
        for (let block = first; block <= last; block++) this.#loading.delete(block);
      }
    })();
    for (let block = first; block <= last; block++) this.#loading.set(block, reading);
    return reading;
  }

  #keep(block: number, bytes: Uint8Array): void {
    this.#blocks.set(block, bytes);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= this.#capacity) break;
      this.#blocks.delete(oldest);
    }
  }

  #isMissing(first: number, last: number): boolean {
    for (let block = first; block <= last; block++) if (!this.#blocks.has(block)) return true;
    return false;
  }

  #copy(position: number, target: Uint8Array): void {
    for (let done = 0; done < target.length;) {
      const block = Math.floor((position + done) / BLOCK);
      const offset = (position + done) % BLOCK;
      const bytes = this.#blocks.get(block)!;
      const part = bytes.subarray(offset, offset + target.length - done);
      target.set(part, done);
      done += part.length;
      this.#blocks.delete(block); // to the end of the order
      this.#blocks.set(block, bytes);
    }
  }
}

// Bytes of files as the host has them, in chunks, with a limit for all files of all folders together.

/** One read of a browser costs about the same up to this size. */
export const CHUNK = 256 * 1024;

/** Of one version of one file. */
export class FileChunks {
  readonly #cache: ReadCache;
  #chunks = new Map<number, Uint8Array>();

  constructor(cache: ReadCache) {
    this.#cache = cache;
  }

  get(index: number): Uint8Array | undefined {
    const chunk = this.#chunks.get(index);
    if (chunk) this.#cache.touch(this, index, chunk);
    return chunk;
  }

  set(index: number, chunk: Uint8Array): void {
    this.#chunks.set(index, chunk);
    this.#cache.touch(this, index, chunk);
  }

  drop(index: number): void {
    this.#chunks.delete(index);
  }

  clear(): void {
    for (const chunk of this.#chunks.values()) this.#cache.forget(chunk);
    this.#chunks = new Map();
  }
}

export class ReadCache {
  readonly #limit: number;
  #bytes = 0;
  /** The one used least lately first. */
  readonly #order = new Map<Uint8Array, { file: FileChunks; index: number }>();

  constructor(limit = 32 << 20) {
    this.#limit = limit;
  }

  touch(file: FileChunks, index: number, chunk: Uint8Array): void {
    if (!this.#order.delete(chunk)) this.#bytes += chunk.length;
    this.#order.set(chunk, { file, index });
    for (const [oldest, place] of this.#order) {
      if (this.#bytes <= this.#limit || oldest === chunk) return;
      this.forget(oldest);
      place.file.drop(place.index);
    }
  }

  forget(chunk: Uint8Array): void {
    if (this.#order.delete(chunk)) this.#bytes -= chunk.length;
  }
}

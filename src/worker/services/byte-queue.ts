// Bytes that wait for their reader: large pieces as they came, small ones put together.

const SMALL = 1024;
const BLOCK = 4096;
const NOTHING = new Uint8Array(0);

export class ByteQueue {
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  /** The last piece's bytes up to its end, while there is room behind them. */
  #block: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The bytes are the queue's from now on, unless they are few. */
  push(bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    if (bytes.length > SMALL) {
      this.#block = undefined;
      // A few bytes in a large buffer would keep all of it.
      this.#pieces.push(bytes.buffer.byteLength > 2 * bytes.length ? bytes.slice() : bytes);
      return;
    }
    const last = this.#pieces.at(-1);
    if (last && this.#block && last.length + bytes.length <= BLOCK) {
      this.#block.set(bytes, last.length);
      this.#pieces[this.#pieces.length - 1] = this.#block.subarray(0, last.length + bytes.length);
      return;
    }
    this.#block = new Uint8Array(BLOCK);
    this.#block.set(bytes);
    this.#pieces.push(this.#block.subarray(0, bytes.length));
  }

  /** The first bytes, `most` at most. Their buffer is the caller's. */
  take(most: number): Uint8Array<ArrayBuffer> {
    const length = Math.min(most, this.#length);
    const first = this.#pieces[0];
    if (!first || length === 0) return NOTHING;
    this.#block = undefined; // it goes, or is cut
    this.#length -= length;
    if (first.length === length) {
      this.#pieces.shift();
      return first;
    }
    const taken = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const piece = this.#pieces[0] ?? NOTHING;
      const part = piece.subarray(0, length - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(part.length);
    }
    return taken;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#block = undefined;
    this.#length = 0;
  }
}

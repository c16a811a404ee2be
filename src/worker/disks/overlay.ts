// Copy on write: an image that is never changed, and over it what the guest has written, in memory by sectors.

import type { BlockReader } from "./reader";
import type { BlockSource } from "./source";

const BLOCK = 65536;
const SECTOR = 512;
const EXPORT_CHUNK = 4 * 2 ** 20;

interface WrittenBlock {
  bytes: Uint8Array<ArrayBuffer>;
  /** One byte per sector, 1 where the guest has written. */
  written: Uint8Array;
  count: number;
}

/**
 * Guests read and write whole sectors; an image that ends within one is padded with zeros, as on export.
 */
export class OverlaySource implements BlockSource {
  readonly size: number;
  readonly readOnly: boolean;
  readonly #origin: BlockReader;
  readonly #blocks = new Map<number, WrittenBlock>();

  /** @param size of the medium, where the image has less: the rest is zeros until it is written */
  constructor(origin: BlockReader, readOnly = false, size = origin.size) {
    this.#origin = origin;
    this.readOnly = readOnly;
    this.size = size;
  }

  /** Bytes that the overlay holds in memory. */
  get writtenBytes(): number {
    return this.#blocks.size * BLOCK;
  }

  get isChanged(): boolean {
    return this.#blocks.size > 0;
  }

  read(position: number, target: Uint8Array): void | Promise<void> {
    if (this.#isWritten(position, target.length)) {
      this.#merge(position, target);
      return;
    }
    const inside = Math.max(0, Math.min(target.length, this.#origin.size - position));
    target.fill(0, inside);
    const pending = inside ? this.#origin.read(position, target.subarray(0, inside)) : undefined;
    if (pending) return pending.then(() => this.#merge(position, target));
    this.#merge(position, target);
  }

  write(position: number, data: Uint8Array): void | Promise<void> {
    const head = position % SECTOR;
    const tail = (position + data.length) % SECTOR;
    if (head === 0 && tail === 0) {
      this.#store(position, data);
      return;
    }
    // Parts of sectors: with their neighbours from what is there now.
    const start = position - head;
    const whole = new Uint8Array(head + data.length + (tail ? SECTOR - tail : 0));
    const copy = data.slice();
    const finish = (): void => {
      whole.set(copy, head);
      this.#store(start, whole);
    };
    const pending = this.read(start, whole);
    if (pending) return pending.then(finish);
    finish();
  }

  flush(): void {}

  close(): void {
    this.#origin.close?.();
  }

  /** The image with everything the guest has written. What is unchanged in a file is referred to, not copied. */
  async toBlob(): Promise<Blob> {
    const parts: (Blob | Uint8Array<ArrayBuffer>)[] = [];
    let position = 0;
    while (position < this.size) {
      const slice = this.#unchangedSlice(position);
      if (slice) {
        parts.push(slice);
        position += slice.size;
        continue;
      }
      const step = this.#canSlice() ? BLOCK - (position % BLOCK) : EXPORT_CHUNK;
      const chunk = new Uint8Array(Math.min(step, this.size - position));
      await this.read(position, chunk);
      parts.push(chunk);
      position += chunk.length;
    }
    return new Blob(parts);
  }

  /** The image with everything the guest has written, for saving without holding it in memory. */
  toStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let position = 0;
    return new ReadableStream({
      pull: async (controller) => {
        if (position >= this.size) {
          controller.close();
          return;
        }
        const chunk = new Uint8Array(Math.min(EXPORT_CHUNK, this.size - position));
        await this.read(position, chunk);
        position += chunk.length;
        controller.enqueue(chunk);
      },
    });
  }

  #canSlice(): boolean {
    return this.#origin.slice !== undefined;
  }

  #unchangedSlice(position: number): Blob | undefined {
    if (!this.#origin.slice) return undefined;
    const size = this.#origin.size;
    let end = position;
    while (end < size && !this.#blocks.has(Math.floor(end / BLOCK))) {
      end = Math.min(size, (Math.floor(end / BLOCK) + 1) * BLOCK);
    }
    return end > position ? this.#origin.slice(position, end) : undefined;
  }

  #store(position: number, data: Uint8Array): void {
    for (let done = 0; done < data.length;) {
      const offset = (position + done) % BLOCK;
      const part = data.subarray(done, done + BLOCK - offset);
      const block = this.#block(Math.floor((position + done) / BLOCK));
      block.bytes.set(part, offset);
      for (let at = offset; at < offset + part.length; at += SECTOR) {
        block.count += 1 - block.written[at / SECTOR]!;
        block.written[at / SECTOR] = 1;
      }
      done += part.length;
    }
  }

  #block(number: number): WrittenBlock {
    let block = this.#blocks.get(number);
    if (!block) {
      const written = new Uint8Array(BLOCK / SECTOR);
      block = { bytes: new Uint8Array(BLOCK), written, count: 0 };
      this.#blocks.set(number, block);
    }
    return block;
  }

  /** Whether the overlay alone can answer. */
  #isWritten(position: number, length: number): boolean {
    const end = position + length;
    for (let at = position; at < end;) {
      const block = this.#blocks.get(Math.floor(at / BLOCK));
      if (!block) return false;
      if (block.count === BLOCK / SECTOR) {
        at = (Math.floor(at / BLOCK) + 1) * BLOCK;
        continue;
      }
      if (!block.written[Math.floor((at % BLOCK) / SECTOR)]) return false;
      at = (Math.floor(at / SECTOR) + 1) * SECTOR;
    }
    return true;
  }

  /** Puts what was written over what was read. */
  #merge(position: number, target: Uint8Array): void {
    if (this.#blocks.size === 0) return;
    const end = position + target.length;
    for (let at = position; at < end;) {
      const block = this.#blocks.get(Math.floor(at / BLOCK));
      if (!block) {
        at = (Math.floor(at / BLOCK) + 1) * BLOCK;
        continue;
      }
      const offset = at % BLOCK;
      const length = Math.min(SECTOR - (offset % SECTOR), end - at);
      if (block.written[Math.floor(offset / SECTOR)]) {
        target.set(block.bytes.subarray(offset, offset + length), at - position);
      }
      at += length;
    }
  }
}

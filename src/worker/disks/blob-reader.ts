// A File or Blob as an image: read piece by piece, never whole.

import { TandemError } from "../../shared/errors";
import type { BlockReader } from "./reader";

export class BlobReader implements BlockReader {
  readonly #blob: Blob;

  constructor(blob: Blob) {
    this.#blob = blob;
  }

  get size(): number {
    return this.#blob.size;
  }

  /** @throws TandemError file-unreadable when the file has been moved, changed or is no longer allowed */
  async read(position: number, target: Uint8Array): Promise<void> {
    let bytes: ArrayBuffer;
    try {
      bytes = await this.slice(position, position + target.length).arrayBuffer();
    } catch (error) {
      throw new TandemError(
        "file-unreadable",
        `The image can no longer be read (${String(error)}). It may have been changed or moved: choose it again.`,
      );
    }
    target.set(new Uint8Array(bytes));
  }

  slice(start: number, end: number): Blob {
    return this.#blob.slice(start, end);
  }
}

// A file as a medium. The user's file is never written: what the guest writes stays in memory, by blocks.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { TandemError } from "../shared/errors";
import type { BlockSource } from "../worker/disks/source";

const BLOCK = 4096;

export class FileSource implements BlockSource {
  readonly size: number;
  readonly readOnly: boolean;
  readonly #file: number;
  /** Blocks that the guest has written to, by number. */
  readonly #written = new Map<number, Uint8Array>();

  /** @throws TandemError file-unreadable, image-empty */
  constructor(path: string, readOnly = false) {
    this.readOnly = readOnly;
    try {
      this.#file = openSync(path, "r");
    } catch (error) {
      throw unreadable(path, error);
    }
    const status = fstatSync(this.#file);
    if (!status.isFile() || status.size === 0) {
      closeSync(this.#file);
      throw status.isFile()
        ? new TandemError("image-empty", `${path} is empty.`)
        : new TandemError("file-unreadable", `${path} is not a file.`);
    }
    this.size = status.size;
  }

  read(position: number, target: Uint8Array): void {
    if (this.#written.size === 0) {
      this.#readFile(position, target);
      return;
    }
    for (const part of blocks(position, target)) {
      const block = this.#written.get(part.number);
      if (block) part.bytes.set(block.subarray(part.offset, part.offset + part.bytes.length));
      else this.#readFile(part.number * BLOCK + part.offset, part.bytes);
    }
  }

  write(position: number, data: Uint8Array): void {
    for (const part of blocks(position, data)) {
      let block = this.#written.get(part.number);
      if (!block) {
        block = new Uint8Array(BLOCK);
        if (part.bytes.length < BLOCK) this.#readFile(part.number * BLOCK, block);
        this.#written.set(part.number, block);
      }
      block.set(part.bytes, part.offset);
    }
  }

  flush(): void {}

  close(): void {
    closeSync(this.#file);
  }

  #readFile(position: number, target: Uint8Array): void {
    let done = 0;
    while (done < target.length) {
      const count = readSync(this.#file, target, done, target.length - done, position + done);
      if (count === 0) break; // past the end of the file: zeros
      done += count;
    }
    target.fill(0, done);
  }
}

interface BlockPart {
  number: number;
  offset: number;
  bytes: Uint8Array;
}

function* blocks(position: number, bytes: Uint8Array): Generator<BlockPart> {
  for (let done = 0; done < bytes.length;) {
    const offset = (position + done) % BLOCK;
    const length = Math.min(BLOCK - offset, bytes.length - done);
    yield {
      number: Math.floor((position + done) / BLOCK),
      offset,
      bytes: bytes.subarray(done, done + length),
    };
    done += length;
  }
}

export function unreadable(path: string, error: unknown): TandemError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reason =
    code === "ENOENT"
      ? "there is no such file"
      : code === "EACCES"
        ? "it may not be read"
        : String(error);
  return new TandemError("file-unreadable", `${path} cannot be opened: ${reason}.`);
}

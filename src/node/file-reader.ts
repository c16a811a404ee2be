// A file as the origin of a medium: read piece by piece, never written.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { TandemError } from "../shared/errors";
import type { BlockReader } from "../worker/disks/reader";

export class FileReader implements BlockReader {
  readonly size: number;
  readonly #file: number;

  /** @throws TandemError file-unreadable, image-empty */
  constructor(path: string) {
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
    for (let done = 0; done < target.length;) {
      const count = readSync(this.#file, target, done, target.length - done, position + done);
      if (count === 0)
        throw new TandemError("file-unreadable", "The image has become shorter while it was used.");
      done += count;
    }
  }

  close(): void {
    closeSync(this.#file);
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

// Files that the user has chosen with <input webkitdirectory>, where a browser has no directory handles. Never written; what the
// host changes afterwards is not seen.

import { Errno, FolderError } from "./errors";
import { fromDomException } from "./handle-errors";
import type { NameRules, Path } from "./names";
import type { FolderRoot, HostAttributes, HostEntry, HostReader, HostWriter } from "./root";

type Item = File | Map<string, Item>;

export class FileListRoot implements FolderRoot {
  readonly writable = false;
  readonly caseSensitive = true; // as the list has them
  readonly nameRules: NameRules = "posix";
  readonly #top = new Map<string, Item>();

  /** @param files with their paths below the folder's top */
  constructor(files: Iterable<{ path: string; file: File }>) {
    for (const { path: text, file } of files) {
      const path = text.split("/");
      let directory = this.#top;
      for (const name of path.slice(0, -1)) {
        let item = directory.get(name);
        if (!item) directory.set(name, (item = new Map<string, Item>()));
        if (item instanceof Map) directory = item;
      }
      const name = path.at(-1);
      if (name !== undefined) directory.set(name, file);
    }
  }

  list(path: Path): HostEntry[] {
    const directory = this.#item(path);
    if (!(directory instanceof Map)) throw new FolderError(Errno.NotDirectory);
    return Array.from(directory, ([name, item]) => {
      const attributes = attributesOf(item);
      return { name, kind: attributes.kind, attributes };
    });
  }

  stat(path: Path): HostAttributes {
    return attributesOf(this.#item(path));
  }

  openReader(path: Path): HostReader {
    const file = this.#item(path);
    if (file instanceof Map) throw new FolderError(Errno.IsDirectory);
    return readerOfFile(file);
  }

  openWriter(): HostWriter {
    throw new FolderError(Errno.ReadOnly);
  }

  createFile(): void {
    throw new FolderError(Errno.ReadOnly);
  }

  createDirectory(): void {
    throw new FolderError(Errno.ReadOnly);
  }

  removeFile(): void {
    throw new FolderError(Errno.ReadOnly);
  }

  removeDirectory(): void {
    throw new FolderError(Errno.ReadOnly);
  }

  rename(): void {
    throw new FolderError(Errno.ReadOnly);
  }

  #item(path: Path): Item {
    let item: Item = this.#top;
    for (const name of path) {
      if (!(item instanceof Map)) throw new FolderError(Errno.NotDirectory);
      const next: Item | undefined = item.get(name);
      if (!next) throw new FolderError(Errno.NoEntry);
      item = next;
    }
    return item;
  }
}

function attributesOf(item: Item): HostAttributes {
  return item instanceof Map
    ? { kind: "directory", size: 0, modified: 0 }
    : { kind: "file", size: item.size, modified: item.lastModified };
}

/** A File is one version of the bytes: when the host changes them, it can no longer be read. */
export function readerOfFile(file: File): HostReader {
  return {
    attributes: attributesOf(file),
    read: async (position, length) => {
      try {
        const slice = file.slice(position, position + length);
        return new Uint8Array(await slice.arrayBuffer());
      } catch (error) {
        throw fromDomException(error);
      }
    },
    close: () => {},
  };
}

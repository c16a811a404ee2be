// A folder in memory: for tests, for files that a page makes itself. It is gone with the machine.

import { Errno, FolderError } from "./errors";
import type { NameRules, Path } from "./names";
import type { FolderRoot, HostAttributes, HostEntry, HostReader, HostWriter, Kind } from "./root";

interface MemoryFile {
  kind: "file";
  bytes: Uint8Array;
  /** Of these, the file's. */
  size: number;
  modified: number;
  mode: number;
}

interface MemoryDirectory {
  kind: "directory";
  entries: Map<string, MemoryFile | MemoryDirectory>;
  modified: number;
  mode: number;
}

type Item = MemoryFile | MemoryDirectory;

const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
const CAPACITY = 1 << 30;

export class MemoryRoot implements FolderRoot {
  readonly writable = true;
  readonly caseSensitive = true;
  readonly nameRules: NameRules = "posix";
  readonly #top: MemoryDirectory = newDirectory();
  readonly #capacity: number;
  #used = 0;

  /** @param capacity bytes of all files together */
  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  list(path: Path): HostEntry[] {
    return Array.from(this.#directory(path).entries, ([name, item]) => ({
      name,
      kind: item.kind,
      attributes: attributesOf(item),
    }));
  }

  stat(path: Path): HostAttributes {
    return attributesOf(this.#item(path));
  }

  openReader(path: Path): HostReader {
    const file = this.#file(path);
    return {
      attributes: attributesOf(file),
      read: (position, length) =>
        file.bytes.slice(position, Math.min(file.size, position + length)),
      close: () => {},
    };
  }

  openWriter(path: Path, keep: boolean): HostWriter {
    const { directory, name } = this.#place(path);
    if (!directory.entries.has(name)) this.createFile(path);
    const file = this.#file(path);
    if (!keep) this.#resize(file, 0);
    return {
      write: (position, bytes) => {
        const end = position + bytes.length;
        if (end > file.size) this.#resize(file, end);
        file.bytes.set(bytes, position);
      },
      truncate: (size) => this.#resize(file, size),
      close: () => {
        file.modified = Date.now();
      },
      abort: () => {},
    };
  }

  createFile(path: Path): void {
    this.#add(path, {
      kind: "file",
      bytes: new Uint8Array(0),
      size: 0,
      modified: Date.now(),
      mode: FILE_MODE,
    });
  }

  createDirectory(path: Path): void {
    this.#add(path, newDirectory());
  }

  removeFile(path: Path): void {
    this.#used -= this.#file(path).size;
    const { directory, name } = this.#place(path);
    directory.entries.delete(name);
    directory.modified = Date.now();
  }

  removeDirectory(path: Path): void {
    if (this.#directory(path).entries.size > 0) throw new FolderError(Errno.NotEmpty);
    const { directory, name } = this.#place(path);
    directory.entries.delete(name);
    directory.modified = Date.now();
  }

  rename(from: Path, to: Path, kind: Kind): void {
    const item = this.#item(from);
    if (item.kind !== kind) throw new FolderError(Errno.NoEntry);
    const source = this.#place(from);
    const target = this.#place(to);
    const replaced = target.directory.entries.get(target.name);
    if (replaced === item) return;
    if (replaced && (replaced.kind === "directory" || kind === "directory"))
      throw new FolderError(Errno.Exists);
    if (replaced) this.removeFile(to);
    source.directory.entries.delete(source.name);
    target.directory.entries.set(target.name, item);
    source.directory.modified = target.directory.modified = Date.now();
  }

  setMode(path: Path, mode: number): void {
    this.#item(path).mode = mode;
  }

  setModified(path: Path, modified: number): void {
    this.#item(path).modified = modified;
  }

  space(): { total: number; free: number } {
    return { total: this.#capacity, free: this.#capacity - this.#used };
  }

  /** For the page that makes the folder; missing directories are made. */
  put(path: Path, bytes: Uint8Array): void {
    for (let depth = 1; depth < path.length; depth++) {
      const { directory, name } = this.#place(path.slice(0, depth));
      if (!directory.entries.has(name)) directory.entries.set(name, newDirectory());
    }
    const writer = this.openWriter(path, false);
    void writer.write(0, bytes);
    void writer.close();
  }

  #add(path: Path, item: Item): void {
    const { directory, name } = this.#place(path);
    if (directory.entries.has(name)) throw new FolderError(Errno.Exists);
    directory.entries.set(name, item);
    directory.modified = Date.now();
  }

  #resize(file: MemoryFile, size: number): void {
    if (this.#used + size - file.size > this.#capacity) throw new FolderError(Errno.NoSpace);
    this.#used += size - file.size;
    if (size > file.bytes.length) {
      const grown = new Uint8Array(Math.min(this.#capacity, Math.max(size, 2 * file.bytes.length)));
      grown.set(file.bytes.subarray(0, file.size));
      file.bytes = grown;
    } else if (size < file.size) {
      file.bytes.fill(0, size, file.size);
    }
    file.size = size;
  }

  #item(path: Path): Item {
    let item: Item = this.#top;
    for (const name of path) {
      if (item.kind !== "directory") throw new FolderError(Errno.NotDirectory);
      const next = item.entries.get(name);
      if (!next) throw new FolderError(Errno.NoEntry);
      item = next;
    }
    return item;
  }

  #directory(path: Path): MemoryDirectory {
    const item = this.#item(path);
    if (item.kind !== "directory") throw new FolderError(Errno.NotDirectory);
    return item;
  }

  #file(path: Path): MemoryFile {
    const item = this.#item(path);
    if (item.kind !== "file") throw new FolderError(Errno.IsDirectory);
    return item;
  }

  #place(path: Path): { directory: MemoryDirectory; name: string } {
    const name = path.at(-1);
    if (name === undefined) throw new FolderError(Errno.Busy);
    return { directory: this.#directory(path.slice(0, -1)), name };
  }
}

function newDirectory(): MemoryDirectory {
  return { kind: "directory", entries: new Map(), modified: Date.now(), mode: DIRECTORY_MODE };
}

function attributesOf(item: Item): HostAttributes {
  const { kind, modified, mode } = item;
  return { kind, modified, mode, size: kind === "file" ? item.size : 0 };
}

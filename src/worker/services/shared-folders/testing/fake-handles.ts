// A stand-in for the File System Access API in tests, with the ways of Chromium that matter: writes are visible when the stream is
// closed, a File can no longer be read when its file has changed, directories do not move.

interface FakeFile {
  kind: "file";
  bytes: Uint8Array<ArrayBuffer>;
  modified: number;
  /** Changes with the bytes. */
  version: number;
}

interface FakeDirectory {
  kind: "directory";
  entries: Map<string, FakeFile | FakeDirectory>;
}

type Item = FakeFile | FakeDirectory;

export class FakeDisk {
  readonly top: FakeDirectory = { kind: "directory", entries: new Map() };
  /** "denied": as after a reload, or when the user has taken the permission back. */
  permission: "granted" | "denied" = "granted";
  /** What there is for writing: a directory that was dropped has "prompt". */
  writePermission: PermissionState = "granted";
  capacity = Infinity;
  /** The directory that was picked has been removed. */
  vanished = false;
  canMove = true;
  /** Calls by what they ask for. */
  readonly calls = {
    list: 0,
    handle: 0,
    getFile: 0,
    read: 0,
    createWritable: 0,
    write: 0,
    close: 0,
  };
  #modified = 1_700_000_000_000;

  get handle(): FileSystemDirectoryHandle {
    return new FakeDirectoryHandle(this, []) as unknown as FileSystemDirectoryHandle;
  }

  resetCalls(): void {
    for (const key of Object.keys(this.calls) as (keyof typeof this.calls)[]) this.calls[key] = 0;
  }

  /** As the user would, in another program. */
  put(path: string, bytes: Uint8Array | string): void {
    const names = path.split("/");
    let directory = this.top;
    for (const name of names.slice(0, -1)) {
      let next = directory.entries.get(name);
      if (!next) directory.entries.set(name, (next = { kind: "directory", entries: new Map() }));
      if (next.kind === "file") throw new Error(`${path}: a file is in the way`);
      directory = next;
    }
    const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes.slice();
    const name = names.at(-1) ?? "";
    const file = directory.entries.get(name);
    if (file?.kind === "file") this.change(file, content);
    else directory.entries.set(name, this.newFile(content));
  }

  get(path: string): Uint8Array {
    const item = this.item(path.split("/"));
    if (item.kind !== "file") throw new Error(`${path} is a directory`);
    return item.bytes;
  }

  text(path: string): string {
    return new TextDecoder().decode(this.get(path));
  }

  remove(path: string): void {
    const names = path.split("/");
    const parent = this.item(names.slice(0, -1));
    if (parent.kind === "directory") parent.entries.delete(names.at(-1) ?? "");
  }

  newFile(bytes: Uint8Array<ArrayBuffer>): FakeFile {
    return { kind: "file", bytes, modified: ++this.#modified, version: 0 };
  }

  change(file: FakeFile, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.used - file.bytes.length + bytes.length > this.capacity)
      throw new DOMException("The disk is full.", "QuotaExceededError");
    file.bytes = bytes;
    file.modified = ++this.#modified;
    file.version++;
  }

  get used(): number {
    const sum = (item: Item): number => {
      if (item.kind === "file") return item.bytes.length;
      let bytes = 0;
      for (const child of item.entries.values()) bytes += sum(child);
      return bytes;
    };
    return this.capacity === Infinity ? 0 : sum(this.top);
  }

  item(path: readonly string[]): Item {
    if (this.vanished) throw notFound();
    let item: Item = this.top;
    for (const name of path) {
      const next: Item | undefined = item.kind === "directory" ? item.entries.get(name) : undefined;
      if (!next) throw notFound();
      item = next;
    }
    return item;
  }

  directory(path: readonly string[]): FakeDirectory {
    const item = this.item(path);
    if (item.kind === "file") throw new DOMException("Not a directory.", "TypeMismatchError");
    return item;
  }

  file(path: readonly string[]): FakeFile {
    const item = this.item(path);
    if (item.kind === "directory") throw new DOMException("Not a file.", "TypeMismatchError");
    return item;
  }

  /** Every call takes its time, and looks at the permission. */
  async begin(call?: keyof FakeDisk["calls"]): Promise<void> {
    if (call) this.calls[call]++;
    await Promise.resolve();
    if (this.permission !== "granted")
      throw new DOMException("The request is not allowed.", "NotAllowedError");
  }
}

function notFound(): DOMException {
  return new DOMException("It could not be found.", "NotFoundError");
}

function checkName(name: string): void {
  if (name === "" || name === "." || name === ".." || /[/\\]/.test(name))
    throw new TypeError("Name is not allowed.");
}

class FakeHandle {
  readonly name: string;
  constructor(
    protected readonly disk: FakeDisk,
    protected path: readonly string[],
  ) {
    this.name = path.at(-1) ?? "";
  }
}

class FakeDirectoryHandle extends FakeHandle {
  readonly kind = "directory";

  get place(): readonly string[] {
    return this.path;
  }

  async *entries(): AsyncGenerator<[string, FileSystemHandle]> {
    await this.disk.begin("list");
    for (const [name, item] of [...this.disk.directory(this.path).entries]) {
      const path = [...this.path, name];
      const handle =
        item.kind === "file"
          ? new FakeFileHandle(this.disk, path)
          : new FakeDirectoryHandle(this.disk, path);
      yield [name, handle as unknown as FileSystemHandle];
    }
  }

  async queryPermission(): Promise<PermissionState> {
    return this.disk.writePermission;
  }

  async getFileHandle(
    name: string,
    options?: FileSystemGetFileOptions,
  ): Promise<FileSystemFileHandle> {
    await this.disk.begin("handle");
    checkName(name);
    const { entries } = this.disk.directory(this.path);
    if (!entries.has(name) && options?.create)
      entries.set(name, this.disk.newFile(new Uint8Array(0)));
    this.disk.file([...this.path, name]);
    return new FakeFileHandle(this.disk, [...this.path, name]) as unknown as FileSystemFileHandle;
  }

  async getDirectoryHandle(
    name: string,
    options?: FileSystemGetDirectoryOptions,
  ): Promise<FileSystemDirectoryHandle> {
    await this.disk.begin("handle");
    checkName(name);
    const { entries } = this.disk.directory(this.path);
    if (!entries.has(name) && options?.create)
      entries.set(name, { kind: "directory", entries: new Map() });
    const path = [...this.path, name];
    this.disk.directory(path);
    return new FakeDirectoryHandle(this.disk, path) as unknown as FileSystemDirectoryHandle;
  }

  async removeEntry(name: string, options?: FileSystemRemoveOptions): Promise<void> {
    await this.disk.begin();
    checkName(name);
    const { entries } = this.disk.directory(this.path);
    const item = entries.get(name);
    if (!item) throw notFound();
    if (item.kind === "directory" && item.entries.size > 0 && !options?.recursive)
      throw new DOMException("The directory is not empty.", "InvalidModificationError");
    entries.delete(name);
  }
}

class FakeFileHandle extends FakeHandle {
  readonly kind = "file";

  get move(): unknown {
    if (!this.disk.canMove) return undefined;
    return async (target: FakeDirectoryHandle, name: string): Promise<void> => {
      await this.disk.begin();
      checkName(name);
      const file = this.disk.file(this.path);
      const to = this.disk.directory(target.place);
      if (to.entries.get(name)?.kind === "directory")
        throw new DOMException("A directory is in the way.", "InvalidModificationError");
      this.disk.directory(this.path.slice(0, -1)).entries.delete(this.name);
      to.entries.set(name, file);
      this.path = [...target.place, name];
    };
  }

  async getFile(): Promise<File> {
    await this.disk.begin("getFile");
    return new FakeBlob(this.disk, this.path, this.disk.file(this.path)) as unknown as File;
  }

  async createWritable(
    options?: FileSystemCreateWritableOptions,
  ): Promise<FileSystemWritableFileStream> {
    await this.disk.begin("createWritable");
    const { bytes } = this.disk.file(this.path);
    const start = options?.keepExistingData ? bytes.slice() : new Uint8Array(0);
    const path = this.path;
    return new FakeStream(this.disk, path, start) as unknown as FileSystemWritableFileStream;
  }
}

/** A File: the bytes as long as they are the same. */
class FakeBlob {
  readonly size: number;
  readonly lastModified: number;
  readonly #version: number;

  constructor(
    readonly disk: FakeDisk,
    readonly path: readonly string[],
    readonly file: FakeFile,
  ) {
    this.size = file.bytes.length;
    this.lastModified = file.modified;
    this.#version = file.version;
  }

  slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> } {
    return {
      arrayBuffer: async () => {
        await this.disk.begin("read");
        const now = this.disk.item(this.path);
        if (now !== this.file || this.file.version !== this.#version)
          throw new DOMException("The file has changed.", "NotReadableError");
        return this.file.bytes.slice(from, to).buffer;
      },
    };
  }
}

/** The swap file of createWritable. */
class FakeStream {
  #size: number;
  #isClosed = false;

  constructor(
    readonly disk: FakeDisk,
    readonly path: readonly string[],
    private bytes: Uint8Array<ArrayBuffer>,
  ) {
    this.#size = bytes.length;
  }

  async write(command: unknown): Promise<void> {
    await this.disk.begin("write");
    this.#mustBeOpen();
    const { position, data } =
      command instanceof ArrayBuffer
        ? { position: this.#size, data: new Uint8Array(command) }
        : (command as { position: number; data: Uint8Array });
    this.#resize(Math.max(this.#size, position + data.length));
    this.bytes.set(data, position);
  }

  async truncate(size: number): Promise<void> {
    await this.disk.begin();
    this.#mustBeOpen();
    this.#resize(size);
  }

  async close(): Promise<void> {
    await this.disk.begin("close");
    this.#mustBeOpen();
    this.#isClosed = true;
    this.disk.change(this.disk.file(this.path), this.bytes.slice(0, this.#size));
  }

  async abort(): Promise<void> {
    this.#isClosed = true;
    await Promise.resolve();
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new TypeError("The stream is closed.");
  }

  #resize(size: number): void {
    if (size > this.disk.capacity) {
      this.#isClosed = true;
      throw new DOMException("The disk is full.", "QuotaExceededError");
    }
    if (size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.bytes.length));
      grown.set(this.bytes.subarray(0, this.#size));
      this.bytes = grown;
    } else if (size < this.#size) {
      this.bytes.fill(0, size, this.#size);
    }
    this.#size = size;
  }
}

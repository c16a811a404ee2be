// Random operations of a guest, in step with a model of what a file system is. After them, the host must have what the model has.

import { Errno, FolderError } from "../errors";
import { FuseClient } from "./fuse-client";
import { ROOT_ID } from "../fuse";

interface ModelFile {
  bytes: Uint8Array;
}
type ModelDirectory = Map<string, ModelItem>;
type ModelItem = ModelFile | ModelDirectory;

interface OpenFile {
  id: number;
  handle: number;
  file: ModelFile;
  position: number;
}

const NAMES = ["a", "b", "c", "longer name.txt", "ünï☃", "d"];
const DEPTH = 3;
const SIZE_MAX = 300_000;
const FILES_MAX = 12;

/** Numbers that look random and are the same each time. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export class Exerciser {
  readonly model: ModelDirectory = new Map();
  readonly #client: FuseClient;
  readonly #random: (below: number) => number;
  readonly #open: OpenFile[] = [];
  /** How often each operation succeeded. */
  readonly done: Record<string, number> = {};

  constructor(client: FuseClient, seed: number) {
    this.#client = client;
    this.#random = randomNumbers(seed);
  }

  async run(operations: number): Promise<void> {
    for (let count = 0; count < operations; count++) await this.#step(count);
  }

  async closeAll(): Promise<void> {
    for (const { id, handle } of this.#open.splice(0)) await this.#client.close(id, handle);
  }

  async #step(count: number): Promise<void> {
    const steps = [
      this.#create, this.#create, this.#openExisting, this.#openExisting,
      this.#read, this.#read, this.#read, this.#readWhole,
      this.#write, this.#write, this.#write, this.#append, this.#append,
      this.#truncate, this.#truncatePath, this.#seek, this.#sync,
      this.#close, this.#close, this.#unlink, this.#rename, this.#rename,
      this.#makeDirectory, this.#removeDirectory, this.#list, this.#status,
    ]; // prettier-ignore
    const step = steps[this.#random(steps.length)] as (typeof steps)[0];
    const name = step.name.replace("#", "");
    try {
      await step.call(this);
      this.done[name] = (this.done[name] ?? 0) + 1;
    } catch (error) {
      throw new Error(`operation ${count}, ${name}: ${String(error)}`, { cause: error });
    }
  }

  // ---- what is compared ----

  /** Both succeed, or both fail with the same error. */
  async #both<T>(expected: Errno | 0, act: () => Promise<T>): Promise<T | undefined> {
    let result: T;
    try {
      result = await act();
    } catch (error) {
      if (error instanceof FolderError && error.errno === expected) return undefined;
      throw new Error(`wanted ${expected ? Errno[expected] : "success"}, but: ${String(error)}`, {
        cause: error,
      });
    }
    if (expected) throw new Error(`succeeded, and should fail with ${Errno[expected]}`);
    return result;
  }

  #same(got: unknown, wanted: unknown, what: string): void {
    if (got !== wanted) throw new Error(`${what}: ${String(got)} instead of ${String(wanted)}`);
  }

  #sameBytes(got: Uint8Array, wanted: Uint8Array): void {
    let at = 0;
    while (at < got.length && got[at] === wanted[at]) at++;
    if (at === got.length && at === wanted.length) return;
    throw new Error(
      `bytes differ at ${at}: ${got[at]} instead of ${wanted[at]}; ` +
        `${got.length} bytes instead of ${wanted.length}`,
    );
  }

  // ---- choices ----

  #path(): string[] {
    const length = 1 + this.#random(DEPTH);
    return Array.from({ length }, () => NAMES[this.#random(NAMES.length)] as string);
  }

  #find(path: readonly string[]): ModelItem | undefined {
    let item: ModelItem | undefined = this.model;
    for (const name of path) {
      if (!(item instanceof Map)) return undefined;
      item = item.get(name);
    }
    return item;
  }

  /** A directory that is there, and a name. */
  #place(): { directory: ModelDirectory; path: string[]; name: string } {
    for (;;) {
      const path = this.#path();
      const directory = this.#find(path.slice(0, -1));
      if (directory instanceof Map) return { directory, path, name: path.at(-1) as string };
    }
  }

  async #walk(path: readonly string[]): Promise<number> {
    return this.#client.walk(path.join("/"));
  }

  #someOpen(): OpenFile | undefined {
    return this.#open[this.#random(this.#open.length)];
  }

  #bytes(): Uint8Array {
    const length = this.#random(4) === 0 ? this.#random(70_000) : this.#random(300);
    const bytes = new Uint8Array(length);
    const start = this.#random(256);
    for (let at = 0; at < length; at++) bytes[at] = start + at * 7 + (at >> 8);
    return bytes;
  }

  // ---- operations ----

  async #create(): Promise<void> {
    if (this.#open.length >= FILES_MAX) return;
    const { directory, path, name } = this.#place();
    const exclusive = this.#random(2) === 0;
    const truncate = this.#random(2) === 0;
    const known = directory.get(name);
    const expected =
      known && exclusive ? Errno.Exists : known instanceof Map ? Errno.IsDirectory : 0;
    const parent = await this.#walk(path.slice(0, -1));
    const flags = 2 | (exclusive ? 0x80 : 0) | (truncate ? 0x200 : 0);
    const entry = await this.#both(expected, () => this.#client.create(parent, name, flags));
    if (!entry) return;
    const file = known && !(known instanceof Map) ? known : { bytes: new Uint8Array(0) };
    if (truncate) file.bytes = new Uint8Array(0);
    directory.set(name, file);
    this.#open.push({ id: entry.id, handle: entry.handle, file, position: 0 });
  }

  async #openExisting(): Promise<void> {
    if (this.#open.length >= FILES_MAX) return;
    const { directory, path, name } = this.#place();
    const file = directory.get(name);
    if (!file || file instanceof Map) return;
    const id = await this.#walk(path);
    const handle = await this.#client.open(id, 2);
    this.#open.push({ id, handle, file, position: this.#random(1000) });
  }

  async #read(): Promise<void> {
    const open = this.#someOpen();
    if (!open) return;
    const length = this.#random(20_000);
    const { id, handle, position, file } = open;
    const got = await this.#client.read(id, handle, position, length);
    this.#sameBytes(got, file.bytes.subarray(position, position + length));
    open.position += got.length;
  }

  async #readWhole(): Promise<void> {
    const { directory, path, name } = this.#place();
    const file = directory.get(name);
    if (!file || file instanceof Map) return;
    this.#sameBytes(await this.#client.readFile(path.join("/")), file.bytes);
  }

  async #write(): Promise<void> {
    const open = this.#someOpen();
    if (open) await this.#writeAt(open, open.position);
  }

  async #append(): Promise<void> {
    const open = this.#someOpen();
    if (open) await this.#writeAt(open, open.file.bytes.length);
  }

  async #writeAt(open: OpenFile, position: number): Promise<void> {
    const bytes = this.#bytes();
    const end = position + bytes.length;
    if (end > SIZE_MAX || bytes.length === 0) return;
    this.#same(await this.#client.write(open.id, open.handle, position, bytes), bytes.length, "n");
    const { file } = open;
    if (end > file.bytes.length) file.bytes = resized(file.bytes, end);
    file.bytes.set(bytes, position);
    open.position = end;
  }

  async #truncate(): Promise<void> {
    const open = this.#someOpen();
    if (!open) return;
    const size = this.#random(this.#random(2) ? SIZE_MAX : 2000);
    this.#same((await this.#client.truncate(open.id, size)).size, size, "size");
    open.file.bytes = resized(open.file.bytes, size);
  }

  async #truncatePath(): Promise<void> {
    const { directory, path, name } = this.#place();
    const file = directory.get(name);
    if (!file) return;
    const size = this.#random(5000);
    const id = await this.#walk(path);
    const expected = file instanceof Map ? Errno.IsDirectory : 0;
    await this.#both(expected, () => this.#client.truncate(id, size));
    if (!(file instanceof Map)) file.bytes = resized(file.bytes, size);
  }

  async #seek(): Promise<void> {
    const open = this.#someOpen();
    if (open) open.position = this.#random(open.file.bytes.length + 2000);
  }

  async #sync(): Promise<void> {
    const open = this.#someOpen();
    if (open) await this.#client.fsync(open.id, open.handle);
  }

  async #close(): Promise<void> {
    const index = this.#random(this.#open.length);
    const open = this.#open[index];
    if (!open) return;
    this.#open.splice(index, 1);
    await this.#client.close(open.id, open.handle);
  }

  async #unlink(): Promise<void> {
    const { directory, path, name } = this.#place();
    const item = directory.get(name);
    const expected = !item ? Errno.NoEntry : item instanceof Map ? Errno.IsDirectory : 0;
    const parent = await this.#walk(path.slice(0, -1));
    await this.#both(expected, () => this.#client.unlink(parent, name));
    if (!expected) directory.delete(name);
  }

  async #makeDirectory(): Promise<void> {
    const { directory, path, name } = this.#place();
    const parent = await this.#walk(path.slice(0, -1));
    const expected = directory.has(name) ? Errno.Exists : 0;
    await this.#both(expected, () => this.#client.makeDirectory(parent, name));
    if (!expected) directory.set(name, new Map());
  }

  async #removeDirectory(): Promise<void> {
    const { directory, path, name } = this.#place();
    const item = directory.get(name);
    const expected = !item
      ? Errno.NoEntry
      : !(item instanceof Map)
        ? Errno.NotDirectory
        : item.size > 0
          ? Errno.NotEmpty
          : 0;
    const parent = await this.#walk(path.slice(0, -1));
    await this.#both(expected, () => this.#client.removeDirectory(parent, name));
    if (!expected) directory.delete(name);
  }

  async #rename(): Promise<void> {
    const from = this.#place();
    const to = this.#place();
    const item = from.directory.get(from.name);
    const target = to.directory.get(to.name);
    const noReplace = this.#random(4) === 0;
    const expected = renameError(item, target, to.path, from.path, noReplace);
    const parent = await this.#walk(from.path.slice(0, -1));
    const newParent = await this.#walk(to.path.slice(0, -1));
    await this.#both(expected, () =>
      this.#client.rename(parent, from.name, newParent, to.name, noReplace ? 1 : 0),
    );
    if (expected || !item || item === target) return;
    from.directory.delete(from.name);
    to.directory.set(to.name, item);
  }

  async #list(): Promise<void> {
    const path = this.#path().slice(1);
    const directory = this.#find(path);
    if (!(directory instanceof Map)) return;
    const id = await this.#walk(path);
    const names = await this.#client.names(id, this.#random(2) === 0, 600);
    this.#same(names.sort().join("|"), [...directory.keys()].sort().join("|"), "names");
  }

  async #status(): Promise<void> {
    const path = this.#path();
    const item = this.#find(path);
    const expected = item ? 0 : Errno.NoEntry;
    // A file on the way is another error; that is the kernel's business.
    if (!item && !(this.#find(path.slice(0, -1)) instanceof Map)) return;
    await this.#both(expected, async () => {
      const attributes = await this.#client.attributes(await this.#walk(path));
      this.#same(attributes.isDirectory, item instanceof Map, "directory");
      if (item && !(item instanceof Map)) this.#same(attributes.size, item.bytes.length, "size");
    });
  }

  /** Every file and directory of the model, by path. */
  contents(): Map<string, Uint8Array | "directory"> {
    const result = new Map<string, Uint8Array | "directory">();
    const walk = (directory: ModelDirectory, prefix: string): void => {
      for (const [name, item] of directory) {
        const isDirectory = item instanceof Map;
        result.set(prefix + name, isDirectory ? "directory" : item.bytes);
        if (isDirectory) walk(item, `${prefix}${name}/`);
      }
    };
    walk(this.model, "");
    return result;
  }
}

function renameError(
  item: ModelItem | undefined,
  target: ModelItem | undefined,
  to: readonly string[],
  from: readonly string[],
  noReplace: boolean,
): Errno | 0 {
  if (!item) return Errno.NoEntry;
  const below = from.every((name, index) => to[index] === name);
  if (below && to.length > from.length) return Errno.Invalid;
  if (target && noReplace) return Errno.Exists;
  if (!target || target === item) return 0;
  if (target instanceof Map && !(item instanceof Map)) return Errno.IsDirectory;
  if (!(target instanceof Map)) return item instanceof Map ? Errno.NotDirectory : 0;
  return target.size > 0 ? Errno.NotEmpty : 0;
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size);
  result.set(bytes.subarray(0, size));
  return result;
}

/** The root of the file system, for tests that begin there. */
export const TOP = ROOT_ID;

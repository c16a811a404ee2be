// Shared folders by path, for guests whose drivers are not Linux's: see wasm/protocol/shared-folders.ts.

import {
  FOLDER_HANDLES_MAX,
  FOLDER_TRANSFER_MAX,
  FolderAttribute,
  FolderCommand,
  FolderEntry,
  FolderFlag,
  FolderKind,
  FolderList,
  FolderOpened,
  FolderOpenFlag,
} from "../../../../wasm/protocol/shared-folders";
import { ByteReader, ByteWriter } from "./bytes";
import { Errno, FolderError, isErrno } from "./errors";
import type { Folder } from "./folder";
import type { FolderNode } from "./folder-node";
import { decodeText, encodeName, splitPath } from "./names";
import { type Maybe, run, type Task, wait } from "./task";

/** Where the bytes of a READ or WRITE are, when they are not in the request. */
export interface GuestPages {
  readonly length: number;
  /** @throws FolderError Invalid when they are not in the guest's RAM */
  read(length: number): Uint8Array;
  /** The parts, one behind the other. */
  write(...parts: readonly Uint8Array[]): void;
}

export type PagesOf = (list: Uint8Array) => GuestPages;

interface Handle {
  folder: Folder;
  node: FolderNode;
  canWrite: boolean;
  appends: boolean;
}

const DEFAULT_MODE = 0o755;
const NOTHING = new Uint8Array(0);
const PAGE_ENTRY = 8;

export class PathServer {
  readonly #folders: () => readonly Folder[];
  readonly #handles = new Map<number, Handle>();
  #lastHandle = 0;

  constructor(folders: () => readonly Folder[]) {
    this.#folders = folders;
  }

  get openFiles(): number {
    return this.#handles.size;
  }

  /** @returns undefined for a command that is none of these. @throws FolderError */
  request(command: number, body: Uint8Array, pagesOf: PagesOf): Maybe<Uint8Array | undefined> {
    const input = new ByteReader(body);
    switch (command as FolderCommand) {
      case FolderCommand.Roots:
        return this.#roots(input);
      case FolderCommand.Open:
        return this.#open(input);
      case FolderCommand.Read:
        return this.#read(input, pagesOf);
      case FolderCommand.Write:
        return this.#write(input, pagesOf);
      case FolderCommand.Close:
        return this.#close(input);
      case FolderCommand.List:
        return this.#list(input);
      case FolderCommand.Status:
        return this.#at(input, (folder, path) => statusOf(folder, path));
      case FolderCommand.SetAttributes:
        return this.#setAttributes(input);
      case FolderCommand.MakeDirectory:
        return this.#at(input, (folder, path) => makeDirectory(folder, path));
      case FolderCommand.RemoveDirectory:
        return this.#at(input, (folder, path) => remove(folder, path, "directory"));
      case FolderCommand.Delete:
        return this.#at(input, (folder, path) => remove(folder, path, "file"));
      case FolderCommand.Rename:
        return this.#rename(input);
      case FolderCommand.Copy:
        return run(this.#copy(input));
      case FolderCommand.Space:
        return this.#space(input);
      case FolderCommand.Flush:
        return run(this.#flush(input));
      case FolderCommand.SetSize:
        return this.#setSize(input);
      default:
        return undefined;
    }
  }

  /** The guest's driver is gone: files are closed, and what they have is written. */
  async close(): Promise<void> {
    const handles = [...this.#handles.values()];
    this.#handles.clear();
    for (const { folder, node } of handles) {
      try {
        await folder.run(() => folder.release(node));
      } catch {
        // The folder's state says so; what could not be written is tried again.
      }
    }
  }

  // ---- directories ----

  #roots(input: ByteReader): Uint8Array {
    const cursor = input.u32();
    const list = new EntryList(input.u32());
    for (const folder of this.#folders()) {
      if (folder.number <= cursor) continue;
      const flags =
        (folder.isReadOnly ? FolderFlag.ReadOnly : 0) |
        (folder.caseSensitive ? 0 : FolderFlag.CaseInsensitive) |
        (folder.state === "permission" || folder.state === "vanished" ? FolderFlag.NotReady : 0);
      const { modified } = folder.top;
      if (!list.add(folder.number, folder.name, FolderKind.Directory, flags, 0, modified)) break;
    }
    return list.finish();
  }

  #list(input: ByteReader): Maybe<Uint8Array> {
    const folder = this.#folder(input.u32());
    const cursor = input.u32();
    const list = new EntryList(input.u32());
    const path = pathOf(input.remaining());
    return folder.run(() => listInto(folder, path, cursor, list));
  }

  #at(
    input: ByteReader,
    task: (folder: Folder, path: string[]) => Task<Uint8Array>,
  ): Maybe<Uint8Array> {
    const folder = this.#folder(input.u32());
    const path = pathOf(input.remaining());
    return folder.run(() => task(folder, path));
  }

  #setAttributes(input: ByteReader): Maybe<Uint8Array> {
    const folder = this.#folder(input.u32());
    const what = input.u32();
    const length = what & FolderAttribute.Length ? input.u64() : (input.skip(8), 0);
    const modified = what & FolderAttribute.Modified ? input.u64() : (input.skip(8), 0);
    const path = pathOf(input.remaining());
    return folder.run(function* () {
      folder.mustBeWritable();
      const node = yield* folder.resolve(path);
      if (what & FolderAttribute.Length) yield* folder.truncate(node, length);
      if (what & FolderAttribute.Modified) yield* folder.setModified(node, modified);
      return NOTHING;
    });
  }

  #rename(input: ByteReader): Maybe<Uint8Array> {
    const { folder, target, flags, from, to } = this.#twoPaths(input);
    if (folder !== target) throw new FolderError(Errno.OtherFolder);
    return folder.run(function* () {
      const [directory, name] = yield* placeOf(folder, from);
      const [toDirectory, toName] = yield* placeOf(folder, to);
      yield* folder.rename(directory, name, toDirectory, toName, (flags & 1) !== 0);
      return NOTHING;
    });
  }

  /** Not one operation of a folder: other requests come between, and the two may be different folders. */
  *#copy(input: ByteReader): Task<Uint8Array> {
    const { folder, target, flags, from, to } = this.#twoPaths(input);
    const source = yield* wait(
      folder.run(function* () {
        const node = yield* folder.resolve(from);
        yield* folder.open(node, false);
        return node;
      }),
    );
    try {
      const copy = yield* wait(
        target.run(function* () {
          const node = yield* openOrCreate(target, to, true, (flags & 1) !== 0);
          if (node === source) throw new FolderError(Errno.Invalid);
          yield* target.open(node, true, true);
          return node;
        }),
      );
      try {
        for (let position = 0; ;) {
          const at = position;
          const bytes = yield* wait(folder.readForCopy(source, at));
          if (bytes.length === 0) break;
          yield* wait(target.run(() => target.write(copy, at, bytes)));
          position += bytes.length;
        }
        yield* wait(target.run(() => target.flush(copy)));
      } finally {
        yield* wait(target.run(() => target.release(copy)));
      }
    } finally {
      yield* wait(folder.run(() => folder.release(source)));
    }
    return NOTHING;
  }

  #space(input: ByteReader): Maybe<Uint8Array> {
    const folder = this.#folder(input.u32());
    return folder.run(function* () {
      const { total, free } = yield* folder.space();
      return new ByteWriter(16).u64(total).u64(free).bytes;
    });
  }

  // ---- files ----

  #open(input: ByteReader): Maybe<Uint8Array> {
    const folder = this.#folder(input.u32());
    const flags = input.u32();
    const inline = Math.min(input.u32(), FOLDER_TRANSFER_MAX);
    const path = pathOf(input.remaining());
    if (this.#handles.size >= FOLDER_HANDLES_MAX) throw new FolderError(Errno.TooManyFiles);
    return folder.run(() => this.#openIn(folder, flags, inline, path));
  }

  *#openIn(folder: Folder, flags: number, inline: number, path: string[]): Task<Uint8Array> {
    const canWrite = (flags & (FolderOpenFlag.Write | FolderOpenFlag.Append)) !== 0;
    const truncate = (flags & FolderOpenFlag.Truncate) !== 0;
    const exclusive = (flags & FolderOpenFlag.Exclusive) !== 0;
    const node =
      flags & FolderOpenFlag.Create
        ? yield* openOrCreate(folder, path, canWrite, exclusive)
        : yield* folder.resolve(path);
    yield* folder.open(node, canWrite, truncate);
    const handle = ++this.#lastHandle;
    const appends = (flags & FolderOpenFlag.Append) !== 0;
    this.#handles.set(handle, { folder, node, canWrite, appends });
    let first: Uint8Array = NOTHING;
    try {
      if (inline > 0) first = yield* folder.read(node, 0, inline);
    } catch {
      // READ will say what the matter is.
    }
    const out = new ByteWriter(FolderOpened.INLINE + first.length);
    out.u32(handle).u32(first.length);
    putAttributes(out, folder, node);
    return out.put(first).bytes;
  }

  #read(input: ByteReader, pagesOf: PagesOf): Maybe<Uint8Array> {
    const { handle, length, position, pages } = this.#transfer(input, pagesOf);
    const { folder, node } = handle;
    return folder.run(function* () {
      const bytes = yield* folder.read(node, position, length);
      const out = new ByteWriter(4 + (pages ? 0 : bytes.length)).u32(bytes.length);
      if (pages) pages.write(bytes);
      else out.put(bytes);
      return out.bytes;
    });
  }

  #write(input: ByteReader, pagesOf: PagesOf): Maybe<Uint8Array> {
    const { handle, length, position, pages } = this.#transfer(input, pagesOf);
    const { folder, node, canWrite, appends } = handle;
    if (!canWrite) throw new FolderError(Errno.BadHandle);
    const bytes = pages ? pages.read(length) : input.bytes(length);
    return folder.run(function* () {
      yield* folder.write(node, appends ? node.size : position, bytes);
      return new ByteWriter(4).u32(length).bytes;
    });
  }

  #transfer(
    input: ByteReader,
    pagesOf: PagesOf,
  ): {
    handle: Handle;
    length: number;
    position: number;
    pages: GuestPages | undefined;
  } {
    const handle = this.#handle(input.u32());
    const length = input.u32();
    const position = input.u64();
    const entries = input.u32();
    if (length > FOLDER_TRANSFER_MAX) throw new FolderError(Errno.Invalid);
    if (entries === 0) return { handle, length, position, pages: undefined };
    const pages = pagesOf(input.bytes(entries * PAGE_ENTRY));
    if (pages.length < length) throw new FolderError(Errno.Invalid);
    return { handle, length, position, pages };
  }

  #close(input: ByteReader): Maybe<Uint8Array> {
    const number = input.u32();
    const { folder, node } = this.#handle(number);
    this.#handles.delete(number);
    return folder.run(function* () {
      try {
        // Also of those that others have open: this one's writer wants to know.
        yield* folder.flush(node);
      } finally {
        yield* folder.release(node);
      }
      return NOTHING;
    });
  }

  *#flush(input: ByteReader): Task<Uint8Array> {
    const number = input.u32();
    if (number !== 0) {
      const { folder, node } = this.#handle(number);
      yield* wait(folder.run(() => folder.flush(node)));
      return NOTHING;
    }
    for (const folder of this.#folders()) yield* wait(folder.run(() => folder.flushAll()));
    return NOTHING;
  }

  #setSize(input: ByteReader): Maybe<Uint8Array> {
    const { folder, node, canWrite } = this.#handle(input.u32());
    input.skip(4);
    const length = input.u64();
    if (!canWrite) throw new FolderError(Errno.BadHandle);
    return folder.run(function* () {
      yield* folder.truncate(node, length);
      return NOTHING;
    });
  }

  // ---- what requests name ----

  #folder(number: number): Folder {
    const folder = this.#folders().find((one) => one.number === number);
    if (!folder) throw new FolderError(Errno.NotReady);
    return folder;
  }

  #handle(number: number): Handle {
    const handle = this.#handles.get(number);
    if (!handle) throw new FolderError(Errno.BadHandle);
    return handle;
  }

  #twoPaths(input: ByteReader): {
    folder: Folder;
    target: Folder;
    flags: number;
    from: string[];
    to: string[];
  } {
    const folder = this.#folder(input.u32());
    const target = this.#folder(input.u32());
    const flags = input.u32();
    const from = pathOf(input.bytes(input.u32()));
    const to = pathOf(input.remaining());
    return { folder, target, flags, from, to };
  }
}

/** Up to a zero byte: behind it, the block has only room for the answer. */
function pathOf(bytes: Uint8Array): string[] {
  const end = bytes.indexOf(0);
  return splitPath(decodeText(end < 0 ? bytes : bytes.subarray(0, end)));
}

/** The directory that a path's last name is in, and that name. */
function* placeOf(folder: Folder, path: string[]): Task<[FolderNode, string]> {
  const name = path.at(-1);
  if (name === undefined) throw new FolderError(Errno.Busy);
  return [yield* folder.resolve(path.slice(0, -1)), name];
}

function* openOrCreate(
  folder: Folder,
  path: string[],
  canWrite: boolean,
  exclusive: boolean,
): Task<FolderNode> {
  const [directory, name] = yield* placeOf(folder, path);
  try {
    const node = yield* folder.child(directory, name);
    if (exclusive) throw new FolderError(Errno.Exists);
    return node;
  } catch (error) {
    if (!isErrno(error, Errno.NoEntry)) throw error;
    if (!canWrite) folder.mustBeWritable();
    return yield* folder.createFile(directory, name);
  }
}

function* statusOf(folder: Folder, path: string[]): Task<Uint8Array> {
  const node = yield* folder.resolve(path);
  if (path.length === 0) yield* folder.refresh(node);
  const out = new ByteWriter(32);
  putAttributes(out, folder, node);
  return out.bytes;
}

function* makeDirectory(folder: Folder, path: string[]): Task<Uint8Array> {
  const [directory, name] = yield* placeOf(folder, path);
  yield* folder.createDirectory(directory, name);
  return NOTHING;
}

function* remove(folder: Folder, path: string[], kind: "file" | "directory"): Task<Uint8Array> {
  const [directory, name] = yield* placeOf(folder, path);
  yield* folder.remove(directory, name, kind);
  return NOTHING;
}

function* listInto(
  folder: Folder,
  path: string[],
  cursor: number,
  list: EntryList,
): Task<Uint8Array> {
  const directory = yield* folder.resolve(path);
  const children = yield* folder.list(directory);
  const page = children.filter((child) => child.order > cursor);
  const fitting = page.slice(0, list.fitting(page.map(({ name }) => name)));
  yield* folder.refreshAll(fitting);
  for (const child of fitting) {
    if (child.isGone) continue;
    const kind = child.kind === "file" ? FolderKind.File : FolderKind.Directory;
    const { name, size, modified, order, number } = child;
    list.add(order, name, kind, modeOf(folder, child), size, modified, number);
  }
  const last = fitting.at(-1);
  return list.finish(fitting.length < page.length && last ? last.order : 0);
}

function modeOf(folder: Folder, node: FolderNode): number {
  const mode = node.mode ?? DEFAULT_MODE;
  return folder.isReadOnly ? mode & ~0o222 : mode;
}

function putAttributes(out: ByteWriter, folder: Folder, node: FolderNode): void {
  out.u32(node.kind === "file" ? FolderKind.File : FolderKind.Directory).u32(modeOf(folder, node));
  out
    .u64(node.size)
    .u64(Math.max(0, Math.floor(node.modified)))
    .u64(node.number);
}

/** FolderList and its entries, as many as there is room for. */
class EntryList {
  readonly #out: ByteWriter;
  #count = 0;
  #last = 0;
  #isFull = false;

  constructor(room: number) {
    if (room < FolderList.ENTRIES) throw new FolderError(Errno.TooBig);
    this.#out = new ByteWriter(Math.min(room, FOLDER_TRANSFER_MAX));
    this.#out.zeros(FolderList.ENTRIES);
  }

  /** How many of the names have room. */
  fitting(names: string[]): number {
    let left = this.#out.room;
    let count = 0;
    for (const name of names) {
      left -= entrySize(encodeName(name));
      if (left < 0) break;
      count++;
    }
    if (count === 0 && names.length > 0) throw new FolderError(Errno.TooBig);
    return count;
  }

  add(
    cursor: number,
    name: string,
    kind: FolderKind,
    mode: number,
    size: number,
    modified: number,
    number = cursor,
  ): boolean {
    const bytes = encodeName(name);
    const length = entrySize(bytes);
    if (length > this.#out.room) {
      if (this.#count === 0) throw new FolderError(Errno.TooBig);
      this.#isFull = true;
      return false;
    }
    const out = this.#out.u32(length).u32(bytes.length).u32(kind).u32(mode);
    out
      .u64(size)
      .u64(Math.max(0, Math.floor(modified)))
      .u64(number);
    out.put(bytes).zeros(length - FolderEntry.NAME - bytes.length);
    this.#count++;
    this.#last = cursor;
    return true;
  }

  finish(next = this.#isFull ? this.#last : 0): Uint8Array {
    const head = new DataView(this.#out.bytes.buffer);
    head.setUint32(FolderList.Next, next, true);
    head.setUint32(FolderList.Count, this.#count, true);
    return this.#out.written;
  }
}

function entrySize(name: Uint8Array): number {
  return (FolderEntry.NAME + name.length + 3) & ~3;
}

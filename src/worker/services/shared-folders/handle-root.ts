// A directory handle of the File System Access API: a directory that the user has picked or dropped, or the origin's own (OPFS).
//
// Browsers hide symbolic links and keep neither permission bits nor times that are set. Directories cannot be moved there: renaming
// one copies it and removes the old one, which is not one step and can fail half-way; then both are there.

import { Errno, FolderError, isErrno } from "./errors";
import { readerOfFile } from "./file-list-root";
import { fromDomException } from "./handle-errors";
import type { NameRules, Path } from "./names";
import type {
  FolderRoot,
  HostAttributes,
  HostEntry,
  HostReader,
  HostWriter,
  Kind,
  Space,
} from "./root";

export interface HandleRootOptions {
  /** Whether the host tells "A" from "a". Wrongly true would give one file two identities. */
  caseSensitive: boolean;
  nameRules: NameRules;
  /** What is left of the host's disk, where that is known (OPFS). */
  space?: () => Promise<Space | undefined>;
}

type Handle = FileSystemFileHandle | FileSystemDirectoryHandle;

/** Chromium and, in OPFS, the others; not in the standard's text yet. */
interface Movable {
  move?(directory: FileSystemDirectoryHandle, name: string): Promise<void>;
}

interface Queryable {
  queryPermission?(descriptor: { mode: "readwrite" }): Promise<PermissionState>;
}

interface ObserverRecord {
  type: string;
  relativePathComponents: string[];
  relativePathMovedFrom?: string[] | null;
}
interface Observer {
  observe(handle: FileSystemHandle, options: { recursive: boolean }): Promise<void>;
  disconnect(): void;
}
type ObserverConstructor = new (callback: (records: ObserverRecord[]) => void) => Observer;

/** Handles that are kept; then all are forgotten and looked up anew. */
const HANDLES_MAX = 20_000;
const COPY_CHUNK = 1 << 20;

export class HandleRoot implements FolderRoot {
  readonly writable = true;
  readonly caseSensitive: boolean;
  readonly nameRules: NameRules;
  readonly space?: () => Promise<Space | undefined>;
  readonly #top: FileSystemDirectoryHandle;
  /** By path, as they were seen last. */
  readonly #handles = new Map<string, Handle>();
  /** The user lets us write, as far as is known. */
  #isGranted = false;

  constructor(top: FileSystemDirectoryHandle, options: HandleRootOptions) {
    this.#top = top;
    this.caseSensitive = options.caseSensitive;
    this.nameRules = options.nameRules;
    if (options.space) this.space = options.space;
  }

  list(path: Path): Promise<HostEntry[]> {
    return this.#translated(path, async () => {
      const directory = await this.#directory(path);
      const entries: HostEntry[] = [];
      for await (const [name, handle] of directory.entries()) {
        this.#remember([...path, name], handle as Handle);
        entries.push(
          handle.kind === "file" ? { name, kind: "file" } : { name, ...DIRECTORY_ENTRY },
        );
      }
      return entries;
    });
  }

  stat(path: Path): Promise<HostAttributes> {
    return this.#translated(path, async () => {
      const name = path.at(-1);
      if (name === undefined) {
        // Asks the host; the permission may be gone, or the directory.
        await this.#top.entries().next();
        return DIRECTORY;
      }
      const parent = await this.#directory(path.slice(0, -1));
      const known = this.#handles.get(keyOf(path));
      if (known?.kind === "file") return attributesOf(await known.getFile());
      if (known) {
        this.#remember(path, await parent.getDirectoryHandle(name));
        return DIRECTORY;
      }
      const handle = await eitherHandle(parent, name);
      this.#remember(path, handle);
      return handle.kind === "file" ? attributesOf(await handle.getFile()) : DIRECTORY;
    });
  }

  openReader(path: Path): Promise<HostReader> {
    return this.#translated(path, async () =>
      readerOfFile(await (await this.#file(path)).getFile()),
    );
  }

  openWriter(path: Path, keep: boolean): Promise<HostWriter> {
    return this.#translated(path, async () => {
      await this.#mustBeGranted();
      const { parent, name } = await this.#place(path);
      const handle = await parent.getFileHandle(name, { create: true });
      this.#remember(path, handle);
      const stream = await handle.createWritable({ keepExistingData: keep });
      return {
        write: (position, bytes) =>
          translated(stream.write({ type: "write", position, data: bytes as BufferSource })),
        truncate: (size) => translated(stream.truncate(size)),
        close: () => translated(stream.close()),
        abort: () => stream.abort().catch(() => {}),
      };
    });
  }

  createFile(path: Path): Promise<void> {
    return this.#translated(path, async () => {
      await this.#mustBeGranted();
      const { parent, name } = await this.#place(path);
      this.#remember(path, await parent.getFileHandle(name, { create: true }));
    });
  }

  createDirectory(path: Path): Promise<void> {
    return this.#translated(path, async () => {
      await this.#mustBeGranted();
      const { parent, name } = await this.#place(path);
      this.#remember(path, await parent.getDirectoryHandle(name, { create: true }));
    });
  }

  removeFile(path: Path): Promise<void> {
    return this.#translated(path, async () => {
      await this.#mustBeGranted();
      const { parent, name } = await this.#place(path);
      await parent.removeEntry(name);
      this.#forget(path);
    });
  }

  /** Not recursive: what is in it protects it. */
  async removeDirectory(path: Path): Promise<void> {
    try {
      await this.removeFile(path);
    } catch (error) {
      // So it is when a file in it is open for writing; but a guest asks whether it is empty.
      if (isErrno(error, Errno.Busy) && (await this.list(path)).length > 0)
        throw new FolderError(Errno.NotEmpty);
      throw error;
    }
  }

  rename(from: Path, to: Path, kind: Kind): Promise<void> {
    return this.#translated(from, async () => {
      await this.#mustBeGranted();
      if (kind === "directory") await this.#moveDirectory(from, to);
      else await this.#moveFile(from, to);
      this.#forget(from);
      this.#forget(to);
    });
  }

  async mayWrite(): Promise<boolean> {
    const top = this.#top as FileSystemDirectoryHandle & Queryable;
    const state = (await top.queryPermission?.({ mode: "readwrite" })) ?? "granted";
    return state === "granted";
  }

  /** FileSystemObserver; without it there is nothing but looking again. */
  async watch(
    changed: (path: Path | undefined) => void,
    ended: () => void,
  ): Promise<(() => void) | undefined> {
    const { FileSystemObserver } = globalThis as { FileSystemObserver?: ObserverConstructor };
    if (!FileSystemObserver) return undefined;
    const observer = new FileSystemObserver((records) => {
      for (const { type, relativePathComponents, relativePathMovedFrom } of records) {
        if (type === "errored") ended();
        if (type === "errored" || type === "unknown") {
          changed(undefined);
          continue;
        }
        for (const path of [relativePathComponents, relativePathMovedFrom]) {
          if (!path) continue;
          this.#forget(path);
          changed(path);
        }
      }
    });
    try {
      await observer.observe(this.#top, { recursive: true });
    } catch {
      return undefined;
    }
    return () => observer.disconnect();
  }

  /** Without the permission to write, a browser may ask the user; that is for the page to do, at a gesture. */
  async #mustBeGranted(): Promise<void> {
    if (this.#isGranted) return;
    if (!(await this.mayWrite()))
      throw new FolderError(Errno.Access, "There is no permission to write.", "write-permission");
    this.#isGranted = true;
  }

  async #moveFile(from: Path, to: Path): Promise<void> {
    const handle = await this.#file(from);
    const { parent, name } = await this.#place(to);
    const movable = handle as Movable;
    if (movable.move) {
      await movable.move(parent, name);
      return;
    }
    await copyFile(handle, parent, name);
    const source = await this.#place(from);
    await source.parent.removeEntry(source.name);
  }

  async #moveDirectory(from: Path, to: Path): Promise<void> {
    const source = await this.#directory(from);
    const target = await this.#place(to);
    try {
      await copyDirectory(
        source,
        await target.parent.getDirectoryHandle(target.name, { create: true }),
      );
    } catch (error) {
      await target.parent.removeEntry(target.name, { recursive: true }).catch(() => {});
      throw error;
    }
    const place = await this.#place(from);
    await place.parent.removeEntry(place.name, { recursive: true });
  }

  async #directory(path: Path): Promise<FileSystemDirectoryHandle> {
    const name = path.at(-1);
    if (name === undefined) return this.#top;
    const known = this.#handles.get(keyOf(path));
    if (known?.kind === "directory") return known;
    const parent = await this.#directory(path.slice(0, -1));
    const handle = await parent.getDirectoryHandle(name);
    this.#remember(path, handle);
    return handle;
  }

  async #file(path: Path): Promise<FileSystemFileHandle> {
    const known = this.#handles.get(keyOf(path));
    if (known?.kind === "file") return known;
    const { parent, name } = await this.#place(path);
    const handle = await parent.getFileHandle(name);
    this.#remember(path, handle);
    return handle;
  }

  async #place(path: Path): Promise<{ parent: FileSystemDirectoryHandle; name: string }> {
    const name = path.at(-1);
    if (name === undefined) throw new FolderError(Errno.Busy);
    return { parent: await this.#directory(path.slice(0, -1)), name };
  }

  #remember(path: Path, handle: Handle): void {
    if (this.#handles.size >= HANDLES_MAX) this.#handles.clear();
    this.#handles.set(keyOf(path), handle);
  }

  /** This one and what is below it. */
  #forget(path: Path): void {
    const key = keyOf(path);
    const known = this.#handles.get(key);
    this.#handles.delete(key);
    if (known?.kind !== "directory") return;
    for (const other of this.#handles.keys())
      if (other.startsWith(`${key}/`)) this.#handles.delete(other);
  }

  /** A handle that leads nowhere is looked up anew the next time. */
  async #translated<T>(path: Path, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      const error = fromDomException(thrown);
      if (error.errno === Errno.Access) this.#isGranted = false;
      if (error.errno !== Errno.Access && error.errno !== Errno.NoSpace) this.#forget(path);
      if (isErrno(error, Errno.NoEntry))
        for (let depth = path.length - 1; depth > 0; depth--)
          this.#handles.delete(keyOf(path.slice(0, depth)));
      throw error;
    }
  }
}

const DIRECTORY: HostAttributes = { kind: "directory", size: 0, modified: 0 };
/** That is all there is to know of one. */
const DIRECTORY_ENTRY = { kind: "directory", attributes: DIRECTORY } as const;

function attributesOf(file: File): HostAttributes {
  return { kind: "file", size: file.size, modified: file.lastModified };
}

function keyOf(path: Path): string {
  return path.join("/");
}

async function translated(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw fromDomException(error);
  }
}

async function eitherHandle(parent: FileSystemDirectoryHandle, name: string): Promise<Handle> {
  try {
    return await parent.getFileHandle(name);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "TypeMismatchError") throw error;
    return parent.getDirectoryHandle(name);
  }
}

async function copyFile(
  source: FileSystemFileHandle,
  parent: FileSystemDirectoryHandle,
  name: string,
): Promise<void> {
  const file = await source.getFile();
  const stream = await (await parent.getFileHandle(name, { create: true })).createWritable();
  try {
    for (let position = 0; position < file.size; position += COPY_CHUNK)
      await stream.write(await file.slice(position, position + COPY_CHUNK).arrayBuffer());
  } catch (error) {
    await stream.abort().catch(() => {});
    throw error;
  }
  await stream.close();
}

async function copyDirectory(
  source: FileSystemDirectoryHandle,
  target: FileSystemDirectoryHandle,
): Promise<void> {
  for await (const [name, handle] of source.entries()) {
    if (handle.kind === "file") await copyFile(handle as FileSystemFileHandle, target, name);
    else
      await copyDirectory(
        handle as FileSystemDirectoryHandle,
        await target.getDirectoryHandle(name, { create: true }),
      );
  }
}

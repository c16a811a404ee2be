// One shared folder: what the guest sees of a root, with everything that spares questions to the host.
//
// Names and attributes are believed for a moment (FRESH), or until the host's observer reports a change. What the guest writes is
// on the host after `flush` (close, fsync), and else at the latest WRITE_BEHIND after it was written; so much can be lost when
// the machine ends without being switched off. Operations run one after the other.

import type { FolderCache } from "../../../shared/config";
import { FolderError, Errno, isErrno, type Trouble } from "./errors";
import { FileData } from "./file-data";
import { FolderNode } from "./folder-node";
import { checkName, PARKED_PREFIX, type Path, problemOfName } from "./names";
import type { ReadCache } from "./read-cache";
import type { FolderRoot, HostAttributes, Kind, Space } from "./root";
import { type Maybe, type Task, TaskQueue, wait, waitAll } from "./task";

export interface FolderOptions {
  name: string;
  readOnly?: boolean;
  /** What guests' kernels keep of its files; without it "auto". */
  cache?: FolderCache;
  /** Bytes by which the guest may let the folder grow; without it QUOTA. */
  quota?: number;
  /** Of changes of one file that are kept in memory; see FileData. */
  spillBytes?: number;
  /** Milliseconds of a clock that never goes back. */
  clock?: () => number;
}

/** "ready", or what the user should know. */
export type FolderState = "ready" | Trouble;

export interface FolderListener {
  /** `message`: of the host, for a developer. */
  folderState(folder: Folder, state: FolderState, message: string): void;
}

/** With the second that a guest's own cache believes things, the host's changes are seen within two. */
const FRESH = 800;
/** With an observer of the host: it may have been deaf. */
const FRESH_OBSERVED = 10_000;
const WRITE_BEHIND = 5000;
/** A file waits this long, and then at most as long for its turn. */
const WRITE_BEHIND_TURN = WRITE_BEHIND / 2;
/** A file whose flush takes long is flushed more rarely. */
const FLUSH_SHARE = 20;
/** Looking up more names than this, one by one, costs more than listing them. */
const LOOKUPS_MAX = 8;
const MISSING_MAX = 10_000;
/** Attributes that are asked for at a time. */
const STAT_BATCH = 64;
/** Changes in memory of all files that the host has not taken. */
const DIRTY_MAX = 256 << 20;
/** Files that were deleted while they are open are kept in memory: each up to this size, and all of them. */
const KEEP_MAX = 64 << 20;
const KEEP_TOTAL = 256 << 20;
const SIZE_MAX = 2 ** 44;
const QUOTA = 16 * 2 ** 30;
const COPY_CHUNK = 1 << 20;
/** Of a file that the page stores, as much at a time. */
const STORE_PART = 1 << 20;
/** Where the host does not tell. */
const SPACE_GUESS: Space = { total: 2 ** 40, free: 2 ** 39 };

export class Folder {
  /** Never 0. */
  readonly number: number;
  readonly name: string;
  readonly cache: FolderCache;
  readonly top = new FolderNode("directory", "", undefined);
  readonly #root: FolderRoot;
  readonly #readCache: ReadCache;
  readonly #listener: FolderListener;
  readonly #queue = new TaskQueue();
  readonly #clock: () => number;
  readonly #quota: number;
  readonly #spillBytes: number | undefined;
  /** Bytes by which the guest has let the folder grow. */
  #growth = 0;
  #readOnly: boolean;
  #fresh = FRESH;
  #state: FolderState = "ready";
  #isDetached = false;
  #unwatch: (() => void) | undefined;
  readonly #dirty = new Set<FolderNode>();
  /** Deleted and open. */
  readonly #kept = new Set<FolderNode>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    number: number,
    root: FolderRoot,
    readCache: ReadCache,
    listener: FolderListener,
    options: FolderOptions,
  ) {
    this.number = number;
    this.name = options.name;
    this.cache = options.cache ?? "auto";
    this.#root = root;
    this.#readCache = readCache;
    this.#listener = listener;
    this.#readOnly = options.readOnly ?? false;
    this.#quota = options.quota ?? QUOTA;
    this.#spillBytes = options.spillBytes;
    this.#clock = options.clock ?? (() => performance.now());
    this.top.modified = Date.now();
  }

  get state(): FolderState {
    return this.#state;
  }

  get isReadOnly(): boolean {
    return this.#readOnly || !this.#root.writable;
  }

  /** Files with changes that the host does not have yet. */
  get unwritten(): number {
    return this.#dirty.size;
  }

  get isDetached(): boolean {
    return this.#isDetached;
  }

  get caseSensitive(): boolean {
    return this.#root.caseSensitive;
  }

  get keepsModes(): boolean {
    return this.#root.setMode !== undefined;
  }

  /** Begins to look for changes of the host, where it can tell. */
  async watch(): Promise<void> {
    let hasEnded = false;
    const stop = await this.#root.watch?.(
      (path) => this.#hostChanged(path),
      () => {
        hasEnded = true;
        this.#fresh = FRESH;
      },
    );
    if (!stop || hasEnded) return;
    if (this.#isDetached) {
      stop();
      return;
    }
    this.#unwatch = stop;
    this.#fresh = FRESH_OBSERVED;
  }

  /** Everything is written first. */
  async setReadOnly(readOnly: boolean): Promise<void> {
    try {
      if (readOnly) await this.run(() => this.flushAll());
    } finally {
      this.#readOnly = readOnly;
    }
  }

  /** Everything is written first; what then fails is lost, and thrown. */
  async detach(): Promise<void> {
    if (this.#isDetached) return;
    clearTimeout(this.#timer);
    try {
      await this.run(() => this.flushAll());
    } finally {
      this.#isDetached = true;
      clearTimeout(this.#timer);
      this.#unwatch?.();
      this.#root.close?.();
    }
  }

  async writeAll(): Promise<void> {
    if (this.#dirty.size > 0) await this.run(() => this.flushAll());
  }

  /** The user has given the permission again: what waits is written, and everything is looked at anew. */
  async reconnect(): Promise<void> {
    this.#hostChanged(undefined);
    await this.run(() => this.#flushAndList());
    // The observer went with the permission, or with the directory that was here before.
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#fresh = FRESH;
    await this.watch();
  }

  *#flushAndList(): Task<void> {
    yield* this.flushAll();
    yield* this.list(this.top);
    // Nothing waited; whether the disk has room again is seen at the next write.
    if (this.#state === "full") this.#setState("ready");
    if (this.#state !== "write-permission") return;
    const mayWrite = (yield* wait(this.#root.mayWrite?.())) ?? true;
    if (!mayWrite) throw new FolderError(Errno.Access, "There is no permission to write.");
    this.#setState("ready");
  }

  /** All operations below are run through here. A failure is a FolderError. */
  run<T>(task: () => Task<T>): Maybe<T> {
    return this.#queue.run(() => this.#guarded(task));
  }

  *#guarded<T>(task: () => Task<T>): Task<T> {
    if (this.#isDetached) throw new FolderError(Errno.NotReady);
    try {
      return yield* task();
    } catch (thrown) {
      const error = FolderError.from(thrown);
      if (error.trouble) this.#setState(error.trouble, error.message);
      throw error;
    }
  }

  #setState(state: FolderState, message = ""): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#listener.folderState(this, state, message);
  }

  // ---- looking ----

  /** @throws FolderError NoEntry */
  *child(directory: FolderNode, name: string): Task<FolderNode> {
    this.#mustBeDirectory(directory);
    checkName(name, this.#root.nameRules);
    const key = this.keyOf(name);
    const known = directory.children.get(key);
    if (known) {
      try {
        yield* this.refresh(known);
        return known;
      } catch (error) {
        // It may have made room for something else.
        if (!known.isGone) throw error;
      }
    }
    if (this.#isFresh(directory.listedAt)) {
      const other = directory.children.get(key);
      if (other) return other;
      throw new FolderError(Errno.NoEntry);
    }
    if (this.#isFresh(directory.missing.get(key) ?? -Infinity))
      throw new FolderError(Errno.NoEntry);
    if (!this.#root.caseSensitive || ++directory.lookups > LOOKUPS_MAX) {
      yield* this.list(directory);
      const listed = directory.children.get(key);
      if (!listed) throw new FolderError(Errno.NoEntry);
      yield* this.refresh(listed);
      return listed;
    }
    return yield* this.#lookUp(directory, name);
  }

  *#lookUp(directory: FolderNode, name: string): Task<FolderNode> {
    const key = this.keyOf(name);
    try {
      const attributes = yield* this.#stat([...directory.path, name]);
      const node = new FolderNode(attributes.kind, name, directory);
      this.#see(node, attributes);
      directory.children.set(key, node);
      directory.missing.delete(key);
      return node;
    } catch (error) {
      if (isErrno(error, Errno.NoEntry)) {
        if (directory.missing.size >= MISSING_MAX) directory.missing.clear();
        directory.missing.set(key, this.#clock());
      }
      throw error;
    }
  }

  /** By checked or unchecked names from the top. */
  *resolve(path: Path): Task<FolderNode> {
    let node = this.top;
    for (const name of path) node = yield* this.child(node, name);
    return node;
  }

  /** Attributes are as the host has them now. @throws FolderError NoEntry when it is gone there */
  *refresh(node: FolderNode): Task<void> {
    if (node.isGone || node.isDirty || this.#isFresh(node.seenAt)) return;
    let attributes: HostAttributes;
    try {
      attributes = yield* this.#stat(node.path);
    } catch (error) {
      if (isErrno(error, Errno.NoEntry) || isErrno(error, Errno.NotDirectory)) {
        this.#vanish(node);
        throw new FolderError(Errno.NoEntry);
      }
      throw error;
    }
    if (attributes.kind !== node.kind) {
      this.#vanish(node);
      throw new FolderError(Errno.NoEntry);
    }
    this.#see(node, attributes);
  }

  /** All entries of a directory, in their order. */
  *list(directory: FolderNode): Task<FolderNode[]> {
    this.#mustBeDirectory(directory);
    if (!this.#isFresh(directory.listedAt)) yield* this.#listHost(directory);
    return Array.from(directory.children.values()).sort((a, b) => a.order - b.order);
  }

  *#listHost(directory: FolderNode): Task<void> {
    let entries;
    try {
      entries = yield* wait(this.#root.list(directory.path));
    } catch (error) {
      if (isErrno(error, Errno.NoEntry)) {
        yield* this.#checkTop(directory === this.top);
        this.#vanish(directory);
      }
      throw error;
    }
    this.#isBack();
    const isFirst = directory.listedAt === -Infinity;
    let changed = false;
    const seen = new Set<string>();
    for (const { name, kind, attributes } of entries) {
      if (problemOfName(name, this.#root.nameRules) !== undefined) continue;
      const key = this.keyOf(name);
      if (seen.has(key)) continue; // case: only one of them can be had
      seen.add(key);
      let node = directory.children.get(key);
      if (node && node.kind !== kind) {
        this.#vanish(node);
        node = undefined;
      }
      if (!node) {
        node = new FolderNode(kind, name, directory);
        directory.children.set(key, node);
        changed = true;
      }
      if (attributes) this.#see(node, attributes);
    }
    for (const [key, node] of directory.children) {
      // What the guest has changed and not closed is written again when it is.
      if (seen.has(key) || node.isDirty) continue;
      this.#vanish(node);
      changed = true;
    }
    directory.listedAt = this.#clock();
    directory.missing.clear();
    directory.lookups = 0;
    if (changed && !isFirst) this.#setChanged(directory);
  }

  /** As refresh, of many; what is gone is left out. */
  *refreshAll(nodes: FolderNode[]): Task<FolderNode[]> {
    const due = nodes.filter(
      (node) => !node.isGone && !node.isDirty && !this.#isFresh(node.seenAt),
    );
    for (let from = 0; from < due.length; from += STAT_BATCH) {
      const batch = due.slice(from, from + STAT_BATCH);
      const results = yield* waitAll(batch.map((node) => this.#tryStat(node.path)));
      results.forEach((attributes, index) => {
        const node = batch[index] as FolderNode;
        if (node.isGone || node.isDirty) return;
        if (attributes && attributes.kind === node.kind) this.#see(node, attributes);
        else this.#vanish(node);
      });
    }
    return nodes.filter((node) => !node.isGone);
  }

  #tryStat(path: Path): Maybe<HostAttributes | undefined> {
    const isGone = (error: unknown): undefined => {
      if (isErrno(error, Errno.NoEntry) || isErrno(error, Errno.NotDirectory)) return undefined;
      throw error;
    };
    try {
      const result = this.#root.stat(path);
      return result instanceof Promise ? result.catch(isGone) : result;
    } catch (error) {
      return isGone(error);
    }
  }

  *#stat(path: Path): Task<HostAttributes> {
    try {
      const attributes = yield* wait(this.#root.stat(path));
      this.#isBack();
      return attributes;
    } catch (error) {
      if (isErrno(error, Errno.NoEntry)) yield* this.#checkTop(path.length === 0);
      throw error;
    }
  }

  /** Something was not found: is the folder itself still there? */
  *#checkTop(isTop: boolean): Task<void> {
    if (!isTop) {
      if (this.#isFresh(this.top.seenAt)) return;
      try {
        yield* wait(this.#root.stat([]));
        this.top.seenAt = this.#clock();
        return;
      } catch (error) {
        if (!isErrno(error, Errno.NoEntry)) throw error;
      }
    }
    throw new FolderError(Errno.NotReady, "The directory is no longer there.", "vanished");
  }

  /** The host has answered. */
  #isBack(wasWritten = false): void {
    const isOver =
      this.#state === "permission" ||
      this.#state === "vanished" ||
      (wasWritten && this.#state === "write-permission");
    if (isOver) this.#setState("ready");
  }

  /** Takes over what the host says. */
  #see(node: FolderNode, attributes: HostAttributes): void {
    node.seenAt = this.#clock();
    if (attributes.mode !== undefined) node.mode = attributes.mode;
    if (node.kind === "directory") {
      if (attributes.modified) node.modified = attributes.modified;
      else node.modified ||= Date.now();
      return;
    }
    if (node.isDirty) return;
    const { size, modified } = attributes;
    if (node.hostSize === size && node.hostModified === modified) return;
    const isKnown = node.hostSize !== undefined && node.hostModified !== undefined;
    if (isKnown || node.size !== size) {
      node.version++;
      node.data?.replaced(size);
      node.size = size;
    }
    if (isKnown || !node.keepsModified) {
      node.modified = modified;
      node.keepsModified = false;
    }
    node.hostSize = size;
    node.hostModified = modified;
  }

  /** Not there any more; those who have it open keep what they have. */
  #vanish(node: FolderNode, byGuest = false): void {
    if (node === this.top) return;
    const key = this.keyOf(node.name);
    if (node.parent?.children.get(key) === node) node.parent.children.delete(key);
    for (const gone of node.known()) {
      gone.isGone = true;
      gone.isVanished = !byGuest;
      this.#dirty.delete(gone);
    }
  }

  #hostChanged(path: Path | undefined): void {
    if (path === undefined) {
      for (const node of this.top.known()) this.#distrust(node);
      return;
    }
    let node: FolderNode | undefined = this.top;
    for (const name of path) {
      const parent: FolderNode = node;
      node = parent.children.get(this.keyOf(name));
      if (node) continue;
      this.#distrust(parent);
      return;
    }
    this.#distrust(node);
    if (node.parent) this.#distrust(node.parent);
  }

  #distrust(node: FolderNode): void {
    node.seenAt = node.listedAt = -Infinity;
    node.missing.clear();
  }

  #isFresh(time: number): boolean {
    return this.#clock() - time < this.#fresh;
  }

  /** One for names that the host takes as the same. */
  keyOf(name: string): string {
    return this.#root.caseSensitive ? name : name.normalize("NFC").toLowerCase();
  }

  // ---- changing directories ----

  /** An empty file. @throws FolderError Exists */
  *createFile(directory: FolderNode, name: string, mode?: number): Task<FolderNode> {
    const path = yield* this.#newPlace(directory, name);
    yield* wait(this.#root.createFile(path));
    return yield* this.#created(directory, name, "file", mode);
  }

  /** @throws FolderError Exists */
  *createDirectory(directory: FolderNode, name: string, mode?: number): Task<FolderNode> {
    const path = yield* this.#newPlace(directory, name);
    yield* wait(this.#root.createDirectory(path));
    return yield* this.#created(directory, name, "directory", mode);
  }

  *#newPlace(directory: FolderNode, name: string): Task<Path> {
    this.mustBeWritable();
    this.#mustBeDirectory(directory);
    // A name that the guest has seen missing may be there by now.
    directory.missing.delete(this.keyOf(name));
    try {
      yield* this.child(directory, name);
    } catch (error) {
      if (isErrno(error, Errno.NoEntry)) return [...directory.path, name];
      throw error;
    }
    throw new FolderError(Errno.Exists);
  }

  *#created(
    directory: FolderNode,
    name: string,
    kind: Kind,
    mode: number | undefined,
  ): Task<FolderNode> {
    const node = new FolderNode(kind, name, directory);
    node.seenAt = this.#clock();
    node.modified = Date.now();
    if (kind === "directory") node.listedAt = this.#clock();
    directory.children.set(this.keyOf(name), node);
    directory.missing.delete(this.keyOf(name));
    this.#touch(directory);
    if (mode !== undefined) yield* this.setMode(node, mode);
    return node;
  }

  *remove(directory: FolderNode, name: string, kind: Kind): Task<void> {
    this.mustBeWritable();
    const node = yield* this.child(directory, name);
    if (kind === "file" && node.kind === "directory") throw new FolderError(Errno.IsDirectory);
    if (kind === "directory" && node.kind === "file") throw new FolderError(Errno.NotDirectory);
    if (kind === "directory") yield* wait(this.#root.removeDirectory(node.path));
    else yield* this.#removeFile(node);
    this.#vanish(node, true);
    this.#touch(directory);
  }

  *#removeFile(node: FolderNode): Task<void> {
    const { size } = node;
    if (!(yield* this.#keepForOpeners(node))) yield* wait(this.#root.removeFile(node.path));
    if (node.opens === 0) yield* this.#disposeData(node);
    this.#grow(-size);
  }

  /** A file that somebody has open is about to go. True: it is out of the way already. */
  *#keepForOpeners(node: FolderNode): Task<boolean> {
    const { data } = node;
    if (node.opens === 0 || !data) return false;
    if (data.size <= KEEP_MAX && this.#keptBytes() + data.size <= KEEP_TOTAL) {
      yield* data.detach();
      this.#kept.add(node);
      return false;
    }
    if (data.isSpilled) yield* data.flush();
    const parked = [`${PARKED_PREFIX}${node.number}`];
    yield* wait(this.#root.rename(node.path, parked, "file"));
    data.closeReader();
    node.isParked = true;
    return true;
  }

  *#unpark(node: FolderNode, to: Path): Task<void> {
    yield* wait(this.#root.rename(node.path, to, "file"));
    node.isParked = false;
  }

  *rename(
    directory: FolderNode,
    name: string,
    toDirectory: FolderNode,
    toName: string,
    noReplace = false,
  ): Task<void> {
    this.mustBeWritable();
    const node = yield* this.child(directory, name);
    this.#mustBeDirectory(toDirectory);
    for (const above of toDirectory.chain())
      if (above === node) throw new FolderError(Errno.Invalid);
    const target = yield* this.#maybeChild(toDirectory, toName);
    if (target && noReplace) throw new FolderError(Errno.Exists);
    if (target === node && node.name === toName) return;
    const from = node.path;
    const to = [...toDirectory.path, toName];
    // A writer of the host holds on to the old place.
    for (const below of node.known()) if (below.data?.isSpilled) yield* this.flush(below);
    if (target && target !== node) yield* this.#makeRoom(target, node.kind);
    try {
      yield* wait(this.#root.rename(from, to, node.kind));
    } catch (error) {
      if (target?.isParked) yield* this.#unpark(target, to);
      throw error;
    }
    if (target && target !== node) {
      this.#vanish(target, true);
      if (target.opens === 0) yield* this.#disposeData(target);
    }
    directory.children.delete(this.keyOf(name));
    node.name = toName;
    node.parent = toDirectory;
    node.toEnd();
    toDirectory.children.set(this.keyOf(toName), node);
    toDirectory.missing.delete(this.keyOf(toName));
    for (const below of node.known()) {
      below.data?.closeReader();
      // Where renaming is copying, these are new.
      below.hostModified = undefined;
    }
    this.#touch(directory);
    this.#touch(toDirectory);
  }

  *#maybeChild(directory: FolderNode, name: string): Task<FolderNode | undefined> {
    try {
      return yield* this.child(directory, name);
    } catch (error) {
      if (isErrno(error, Errno.NoEntry)) return undefined;
      throw error;
    }
  }

  /** What is at a rename's target must be of the same kind, and empty. */
  *#makeRoom(target: FolderNode, kind: Kind): Task<void> {
    if (target.kind === "directory") {
      if (kind === "file") throw new FolderError(Errno.IsDirectory);
      yield* wait(this.#root.removeDirectory(target.path));
    } else {
      if (kind === "directory") throw new FolderError(Errno.NotDirectory);
      const { size } = target;
      yield* this.#keepForOpeners(target);
      this.#grow(-size);
    }
  }

  /** The guest has changed it on the host; where the host keeps no such time, this is it. */
  #touch(directory: FolderNode): void {
    this.#isBack(true);
    this.#setChanged(directory);
  }

  #setChanged(directory: FolderNode): void {
    directory.modified = Date.now();
    if (this.#root.setModified) directory.seenAt = -Infinity;
  }

  /** A file of the page's, also where the guest may only read: for the guest it is the host that has changed something. */
  *store(path: Path, data: Blob): Task<void> {
    if (!this.#root.writable) throw new FolderError(Errno.ReadOnly);
    const checked = path.map((name) => checkName(name, this.#root.nameRules));
    for (let depth = 1; depth < checked.length; depth++)
      yield* this.#makeDirectory(checked.slice(0, depth));
    const writer = yield* wait(this.#root.openWriter(checked, false));
    try {
      for (let at = 0; at < data.size; at += STORE_PART) {
        const part = (yield data.slice(at, at + STORE_PART).arrayBuffer()) as ArrayBuffer;
        yield* wait(writer.write(at, new Uint8Array(part)));
      }
      yield* wait(writer.close());
    } catch (error) {
      yield* wait(writer.abort());
      throw error;
    } finally {
      for (let depth = 1; depth <= checked.length; depth++)
        this.#hostChanged(checked.slice(0, depth));
      // Two changes within a millisecond may leave it as long as it was.
      const known = this.#known(checked);
      if (known) known.hostModified = NaN;
    }
  }

  #known(path: Path): FolderNode | undefined {
    let node: FolderNode | undefined = this.top;
    for (const name of path) node = node?.children.get(this.keyOf(name));
    return node;
  }

  *#makeDirectory(path: Path): Task<void> {
    try {
      const { kind } = yield* wait(this.#root.stat(path));
      if (kind === "file") throw new FolderError(Errno.NotDirectory);
    } catch (error) {
      if (!isErrno(error, Errno.NoEntry)) throw error;
      yield* wait(this.#root.createDirectory(path));
    }
  }

  // ---- files ----

  /** To be paired with `release`. */
  *open(node: FolderNode, forWriting: boolean, truncate = false): Task<void> {
    if (node.kind === "directory") throw new FolderError(Errno.IsDirectory);
    if (forWriting || truncate) this.mustBeWritable();
    yield* this.refresh(node);
    if (truncate) yield* this.truncate(node, 0);
    this.#dataOf(node);
    node.opens++;
  }

  /** The last one to close a file writes it, if nobody has. */
  *release(node: FolderNode): Task<void> {
    node.opens--;
    if (node.opens > 0) return;
    if (node.isGone) {
      yield* this.#disposeData(node);
      if (!node.isParked) return;
      yield* wait(this.#root.removeFile(node.path));
      node.isParked = false;
      return;
    }
    try {
      yield* this.flush(node);
    } finally {
      node.data?.closeReader();
    }
  }

  *read(node: FolderNode, position: number, length: number): Task<Uint8Array> {
    const data = this.#dataOf(node);
    yield* this.#refreshOpen(node);
    return yield* data.read(position, length);
  }

  /** As read, in parts that are not to be changed: long ones need not be copied. */
  *readParts(node: FolderNode, position: number, length: number): Task<readonly Uint8Array[]> {
    const data = this.#dataOf(node);
    yield* this.#refreshOpen(node);
    return yield* data.readParts(position, length);
  }

  /** `given`: the caller does not need the bytes any more. */
  *write(node: FolderNode, position: number, bytes: Uint8Array, given = false): Task<void> {
    this.mustBeWritable();
    const end = position + bytes.length;
    if (end > SIZE_MAX) throw new FolderError(Errno.FileTooBig);
    const data = this.#dataOf(node);
    yield* this.#refreshOpen(node);
    const growth = Math.max(0, end - data.size);
    this.#mustFit(node, growth);
    yield* data.write(position, bytes, given);
    this.#changed(node, growth);
  }

  *truncate(node: FolderNode, size: number): Task<void> {
    this.mustBeWritable();
    if (node.kind === "directory") throw new FolderError(Errno.IsDirectory);
    if (size > SIZE_MAX) throw new FolderError(Errno.FileTooBig);
    yield* this.refresh(node);
    const data = this.#dataOf(node);
    const growth = size - data.size;
    if (growth === 0) return;
    this.#mustFit(node, growth);
    yield* data.truncate(size);
    this.#changed(node, growth);
    // Nobody will close it.
    if (node.opens === 0) yield* this.flush(node);
  }

  /** When this is through, the host has what the guest has written. */
  *flush(node: FolderNode): Task<void> {
    const { data } = node;
    if (!data || !data.isDirty) return;
    if (node.isVanished) throw new FolderError(Errno.NoEntry);
    if (node.isGone && !node.isParked) return;
    const begin = this.#clock();
    yield* data.flush();
    node.flushTime = this.#clock() - begin;
    node.dirtySince = Infinity;
    this.#dirty.delete(node);
    if (this.#state !== "ready") this.#setState("ready");
    if (node.isParked) return;
    if (node.keepsModified) yield* this.#storeModified(node);
    yield* this.#settle(node);
  }

  *flushAll(): Task<void> {
    let failure: unknown;
    for (const node of [...this.#dirty]) {
      try {
        yield* this.flush(node);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  /** For a copy, which may lead to another folder. */
  readForCopy(node: FolderNode, position: number): Maybe<Uint8Array> {
    return this.run(() => this.read(node, position, COPY_CHUNK));
  }

  *setModified(node: FolderNode, modified: number): Task<void> {
    this.mustBeWritable();
    node.modified = modified;
    if (node.kind === "file") node.keepsModified = true;
    if (node.isGone || node.isDirty) return;
    yield* this.#storeModified(node);
    if (node.kind === "file") yield* this.#settle(node);
  }

  /** Where the host keeps no permission bits, nothing changes. */
  *setMode(node: FolderNode, mode: number): Task<void> {
    this.mustBeWritable();
    if (!this.#root.setMode || node.isGone) return;
    yield* wait(this.#root.setMode(node.path, mode & 0o777));
    node.mode = mode & 0o777;
  }

  *space(): Task<Space> {
    const space = (yield* wait(this.#root.space?.())) ?? SPACE_GUESS;
    const left = Math.max(0, this.#quota - this.#growth);
    return { total: space.total, free: Math.min(space.free, left) };
  }

  mustBeWritable(): void {
    if (this.isReadOnly) throw new FolderError(Errno.ReadOnly);
  }

  #mustBeDirectory(node: FolderNode): void {
    if (node.kind !== "directory") throw new FolderError(Errno.NotDirectory);
    if (node.isGone) throw new FolderError(Errno.NoEntry);
  }

  #mustFit(node: FolderNode, growth: number): void {
    if (growth > 0 && !node.isGone && this.#growth + growth > this.#quota)
      throw new FolderError(Errno.NoSpace, "The folder's quota is used up.");
    if (bytesOf(this.#dirty) > DIRTY_MAX) throw new FolderError(Errno.NoSpace);
    if (this.#kept.has(node) && this.#keptBytes() + growth > KEEP_TOTAL)
      throw new FolderError(Errno.NoSpace);
  }

  #keptBytes(): number {
    return bytesOf(this.#kept);
  }

  #grow(growth: number): void {
    this.#growth = Math.max(0, this.#growth + growth);
  }

  /** A file that the guest has open stays readable when the host deletes it. */
  *#refreshOpen(node: FolderNode): Task<void> {
    try {
      yield* this.refresh(node);
    } catch (error) {
      if (!isErrno(error, Errno.NoEntry)) throw error;
    }
  }

  #changed(node: FolderNode, growth: number): void {
    const { data } = node;
    if (!data) return;
    node.size = data.size;
    node.changes++;
    node.modified = Date.now();
    node.keepsModified = false;
    if (node.isGone && !node.isParked) return;
    if (!node.isGone) this.#grow(growth);
    if (node.dirtySince === Infinity) node.dirtySince = this.#clock();
    this.#dirty.add(node);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#writeBehind();
    }, WRITE_BEHIND_TURN);
    this.#timer = timer;
    // In Node, a program does not wait for it.
    if (typeof timer === "object") (timer as { unref?: () => void }).unref?.();
  }

  async #writeBehind(): Promise<void> {
    try {
      await this.run(() => this.#flushDue());
    } catch {
      // Said by the folder's state; it is tried again.
    }
    if (this.#dirty.size > 0 && !this.#isDetached) this.#schedule();
  }

  *#flushDue(): Task<void> {
    let failure: unknown;
    for (const node of [...this.#dirty]) {
      const age = this.#clock() - node.dirtySince;
      if (age < Math.max(WRITE_BEHIND_TURN, node.flushTime * FLUSH_SHARE)) continue;
      try {
        yield* this.flush(node);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  /** The host's version is ours: its attributes are no news. */
  *#settle(node: FolderNode): Task<void> {
    try {
      const attributes = yield* wait(this.#root.stat(node.path));
      node.hostSize = undefined;
      node.hostModified = undefined;
      this.#see(node, attributes);
    } catch {
      // It is on the host; somebody was quick there.
      node.seenAt = -Infinity;
    }
  }

  *#storeModified(node: FolderNode): Task<void> {
    if (this.#root.setModified) yield* wait(this.#root.setModified(node.path, node.modified));
  }

  #dataOf(node: FolderNode): FileData {
    if (node.kind === "directory") throw new FolderError(Errno.IsDirectory);
    const root = this.#root;
    node.data ??= new FileData(
      {
        *openReader() {
          mustBeThere(node);
          return yield* wait(root.openReader(node.path));
        },
        *openWriter(keep) {
          mustBeThere(node);
          return yield* wait(root.openWriter(node.path, keep));
        },
      },
      node.size,
      this.#readCache,
      this.#spillBytes,
    );
    return node.data;
  }

  *#disposeData(node: FolderNode): Task<void> {
    const { data } = node;
    node.data = undefined;
    this.#dirty.delete(node);
    this.#kept.delete(node);
    if (data) yield* data.dispose();
  }
}

/** At the place of a file that is gone there may be another. */
function mustBeThere(node: FolderNode): void {
  if (node.isGone && !node.isParked) throw new FolderError(Errno.NoEntry);
}

function bytesOf(nodes: Iterable<FolderNode>): number {
  let bytes = 0;
  for (const { data } of nodes) bytes += data?.bytesInMemory ?? 0;
  return bytes;
}

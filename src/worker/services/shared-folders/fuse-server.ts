// A FUSE file system over shared folders: one message of the guest's kernel in, one answer out.
//
// Not there: symbolic and hard links (EPERM), extended attributes, locks among guests, exchanging two names. Owners are always 0,
// and changing them has no effect; permission bits are kept where the host has them.
//
// With the kernel's write-back cache, the kernel alone knows the size of a file that it knows. A file that the host has changed
// therefore gets another node number at the next look-up, and the kernel forgets what it knew.

import { FOLDER_HANDLES_MAX, FOLDER_TRANSFER_MAX } from "../../../../wasm/protocol/shared-folders";
import { ByteReader, ByteWriter, lengthOf } from "./bytes";
import { Errno, FolderError, isErrno } from "./errors";
import type { Folder } from "./folder";
import type { FolderNode } from "./folder-node";
import {
  DIRENT_SIZE,
  DT_DIRECTORY,
  DT_FILE,
  ENTRY_SIZE,
  FUSE_MAJOR,
  FUSE_MINOR,
  IN_HEADER_SIZE,
  InitFlag,
  O_ACCESS_MODE,
  O_EXCLUSIVE,
  O_TRUNCATE,
  O_WRITE_ONLY,
  Opcode,
  OpenFlag,
  OUT_HEADER_SIZE,
  RENAME_NO_REPLACE,
  ROOT_ID,
  S_DIRECTORY,
  S_FILE,
  S_TYPE,
  SetFlag,
  WRITE_IN_SIZE,
} from "./fuse";
import { decodeText, encodeName } from "./names";
import { type Maybe, run, type Task, wait } from "./task";

const WANTED =
  InitFlag.AsyncRead |
  InitFlag.AtomicTruncate |
  InitFlag.BigWrites |
  InitFlag.AutoInvalidateData |
  InitFlag.ReadDirectoryPlus |
  InitFlag.ReadDirectoryPlusAuto |
  InitFlag.ParallelDirectoryOperations |
  InitFlag.MaxPages |
  InitFlag.NoOpenDirectory;

const PAGE = 4096;
const INIT_OUT_SIZE = 64;
/** Of kernels before 7.23. */
const INIT_OUT_SIZE_OLD = 24;
const MINOR_WITH_LONG_INIT = 23;
const MAX_BACKGROUND = 16;
const CONGESTION = 12;
const NANOSECONDS_OF_TIMES = 1_000_000;
/** Seconds that the kernel believes names and attributes. */
const VALID = 1;
const DEFAULT_MODE = 0o755;
const WRITE_BITS = 0o222;
const BLOCK = 512;
const NAME_MAX = 255;
/** Cookies of "." and ".."; entries follow by their order. */
const COOKIE_DOT = 1;
const COOKIE_DOT_DOT = 2;

interface Message {
  opcode: Opcode;
  id: number;
  body: Uint8Array;
  /** Bytes that the answer may have behind its header. */
  room: number;
}

/** What a node number stands for. */
interface Known {
  id: number;
  folder: Folder;
  node: FolderNode;
  version: number;
  lookups: number;
}

interface Handle {
  folder: Folder;
  node: FolderNode;
  canWrite: boolean;
  /** The kernel keeps pages of it. */
  isCached: boolean;
}

/** Header and body in parts: putting them together would copy what is long. */
export type FuseAnswer = readonly Uint8Array[];
type Body = Uint8Array | readonly Uint8Array[];

const NOTHING = new Uint8Array(0);

/** How messages reach a server, and what its kernel may do with files. */
export interface FuseTransport {
  /** Numbers of nodes and files lie above: a kernel that outlives its session must not meet them in the next. */
  base?: number;
  /** Bytes of a READ or WRITE; without it, what INIT's answer has room for. */
  transfer?: number;
  /** Whether the kernel may keep what is written for a while, where it offers that: what spares messages. */
  writeBack?: boolean;
}

export class FuseServer {
  readonly #folders: () => readonly Folder[];
  readonly #mounted: Folder | undefined;
  readonly #transfer: number | undefined;
  readonly #wanted: number;
  readonly #known = new Map<number, Known>();
  /** The newest number of each node. */
  readonly #byNode = new Map<FolderNode, Known>();
  readonly #handles = new Map<number, Handle>();
  #lastId: number;
  #lastHandle: number;
  #flags = 0;

  /**
   * @param mounted without it: all folders, as directories of one
   */
  constructor(
    folders: () => readonly Folder[],
    mounted?: Folder,
    { base = ROOT_ID, transfer, writeBack = true }: FuseTransport = {},
  ) {
    this.#folders = folders;
    this.#mounted = mounted;
    this.#transfer = transfer;
    this.#wanted = writeBack ? WANTED | InitFlag.WritebackCache : WANTED;
    this.#lastId = base;
    this.#lastHandle = base;
  }

  get openFiles(): number {
    return this.#handles.size;
  }

  /**
   * @returns the answer, which is not to be changed; undefined where FUSE has no answer.
   * @param message is given away
   * @throws FolderError only for what is not a message at all
   */
  request(message: Uint8Array, capacity: number): Maybe<FuseAnswer | undefined> {
    if (message.length < IN_HEADER_SIZE || capacity < OUT_HEADER_SIZE)
      throw new FolderError(Errno.Invalid);
    const header = new DataView(message.buffer, message.byteOffset, IN_HEADER_SIZE);
    if (header.getUint32(0, true) !== message.length) throw new FolderError(Errno.Invalid);
    const opcode: Opcode = header.getUint32(4, true);
    const unique = message.slice(8, 16);
    const id = header.getUint32(16, true) + header.getUint32(20, true) * 2 ** 32;
    const body = message.subarray(IN_HEADER_SIZE);
    const failed = (error: unknown): FuseAnswer =>
      answer(unique, -FolderError.from(error).errno, NOTHING);
    try {
      if (opcode === Opcode.Forget || opcode === Opcode.BatchForget) {
        this.#forget(opcode, id, body);
        return undefined;
      }
      if (opcode === Opcode.Interrupt) return undefined; // nothing takes long enough
      const result = this.#perform({ opcode, id, body, room: capacity - OUT_HEADER_SIZE });
      if (!(result instanceof Promise)) return answer(unique, 0, result);
      return result.then((out) => answer(unique, 0, out), failed);
    } catch (error) {
      return failed(error);
    }
  }

  /** The guest's file system is gone: files are closed, and what they have is written. */
  async close(): Promise<void> {
    const handles = [...this.#handles.values()];
    this.#handles.clear();
    this.#known.clear();
    this.#byNode.clear();
    for (const { folder, node } of handles) {
      try {
        await folder.run(() => folder.release(node));
      } catch {
        // The folder's state says so; what could not be written is tried again.
      }
    }
  }

  #perform(message: Message): Maybe<Body> {
    switch (message.opcode) {
      case Opcode.Init:
        return this.#init(message);
      case Opcode.Destroy:
        return this.close().then(() => NOTHING);
      case Opcode.OpenDirectory:
        return this.#openDirectory();
      case Opcode.ReleaseDirectory:
      case Opcode.FSyncDirectory:
        return NOTHING;
      case Opcode.Symlink:
      case Opcode.Link:
        throw new FolderError(Errno.NotPermitted);
      case Opcode.ReadLink:
        throw new FolderError(Errno.Invalid);
      default:
        break;
    }
    if (message.id === ROOT_ID && !this.#mounted) return this.#performAtTop(message);
    const { folder, node } = this.#find(message.id);
    return folder.run(() => this.#performIn(folder, node, message));
  }

  // ---- INIT and node numbers ----

  #init({ body, room }: Message): Uint8Array {
    const input = new ByteReader(body);
    const major = input.u32();
    const minor = input.u32();
    const readAhead = input.u32();
    const flags = input.u32();
    if (major < FUSE_MAJOR) throw new FolderError(Errno.NotSupported);
    this.#known.clear();
    this.#byNode.clear();
    this.#flags = flags & this.#wanted;
    // The kernel's largest message is a WRITE, and a READ's answer must fit as well.
    const data = this.#transfer ?? room + OUT_HEADER_SIZE - IN_HEADER_SIZE - WRITE_IN_SIZE;
    const maxWrite = Math.max(PAGE, Math.min(FOLDER_TRANSFER_MAX, data - (data % PAGE)));
    const out = new ByteWriter(
      minor < MINOR_WITH_LONG_INIT && major === FUSE_MAJOR ? INIT_OUT_SIZE_OLD : INIT_OUT_SIZE,
    );
    out.u32(FUSE_MAJOR).u32(FUSE_MINOR).u32(Math.max(readAhead, maxWrite)).u32(this.#flags);
    out.u16(MAX_BACKGROUND).u16(CONGESTION).u32(maxWrite);
    if (out.room > 0) out.u32(NANOSECONDS_OF_TIMES).u16(maxWrite / PAGE);
    return out.bytes;
  }

  #hasFlag(flag: InitFlag): boolean {
    return (this.#flags & flag) !== 0;
  }

  #find(id: number): { folder: Folder; node: FolderNode } {
    if (id === ROOT_ID && this.#mounted) return { folder: this.#mounted, node: this.#mounted.top };
    const known = this.#known.get(id);
    if (!known) throw new FolderError(Errno.Stale);
    return known;
  }

  /** The number under which the kernel is to know the node; one look-up more. */
  #remember(folder: Folder, node: FolderNode): number {
    let known = this.#byNode.get(node);
    const isOld = known !== undefined && node.kind === "file" && known.version !== node.version;
    if (!known || (isOld && this.#hasFlag(InitFlag.WritebackCache))) {
      known = { id: ++this.#lastId, folder, node, version: node.version, lookups: 0 };
      this.#known.set(known.id, known);
      this.#byNode.set(node, known);
    }
    known.lookups++;
    return known.id;
  }

  #forget(opcode: Opcode, id: number, body: Uint8Array): void {
    const input = new ByteReader(body);
    if (opcode === Opcode.Forget) {
      this.#forgetOne(id, input.u64());
      return;
    }
    let count = input.u32();
    input.skip(4);
    for (; count > 0; count--) this.#forgetOne(input.u64(), input.u64());
  }

  #forgetOne(id: number, count: number): void {
    const known = this.#known.get(id);
    if (!known) return;
    known.lookups -= count;
    if (known.lookups > 0) return;
    this.#known.delete(id);
    if (this.#byNode.get(known.node) === known) this.#byNode.delete(known.node);
  }

  // ---- the directory of all folders ----

  #performAtTop({ opcode, body, room }: Message): Maybe<Uint8Array> {
    switch (opcode) {
      case Opcode.Lookup: {
        const name = nameOf(new ByteReader(body));
        const folder = this.#folders().find((one) => one.name === name);
        return folder ? this.#entry(folder, folder.top) : noEntry();
      }
      case Opcode.GetAttributes:
        return attributesAnswer((out) => putTopAttributes(out));
      case Opcode.ReadDirectory:
      case Opcode.ReadDirectoryPlus:
        return this.#readTop(body, room, opcode === Opcode.ReadDirectoryPlus);
      case Opcode.StatFs:
        return run(this.#topSpace());
      case Opcode.SetAttributes:
      case Opcode.Create:
      case Opcode.MakeDirectory:
      case Opcode.MakeNode:
      case Opcode.Unlink:
      case Opcode.RemoveDirectory:
      case Opcode.Rename:
      case Opcode.Rename2:
        throw new FolderError(Errno.ReadOnly);
      default:
        throw new FolderError(Errno.NoCommand);
    }
  }

  /** Of the largest: folders may be on the same disk. */
  *#topSpace(): Task<Uint8Array> {
    let most = { total: 0, free: 0 };
    for (const folder of this.#folders()) {
      try {
        const space = yield* wait(folder.run(() => folder.space()));
        if (space.free >= most.free) most = space;
      } catch {
        // One that is not ready has none.
      }
    }
    return statFs(most.total, most.free);
  }

  #readTop(body: Uint8Array, room: number, plus: boolean): Uint8Array {
    const { cookie, size } = listingOf(body, room);
    const out = new ByteWriter(size);
    if (!putDots(out, cookie, plus, ROOT_ID, ROOT_ID)) return out.written;
    for (const folder of this.#folders()) {
      const next = COOKIE_DOT_DOT + folder.number;
      const name = encodeName(folder.name);
      if (next <= cookie) continue;
      if (out.room < direntSize(name, plus)) break;
      if (plus) this.#putEntry(out, folder, folder.top);
      putDirent(out, folder.top.number, next, DT_DIRECTORY, name);
    }
    return out.written;
  }

  // ---- one folder ----

  *#performIn(folder: Folder, node: FolderNode, message: Message): Task<Body> {
    const input = new ByteReader(message.body);
    switch (message.opcode) {
      case Opcode.Lookup:
        return yield* this.#lookup(folder, node, nameOf(input));
      case Opcode.GetAttributes:
        if (node !== folder.top) yield* this.#refresh(folder, node);
        return attributesAnswer((out) => putAttributes(out, folder, node));
      case Opcode.SetAttributes:
        return yield* this.#setAttributes(folder, node, input);
      case Opcode.MakeDirectory: {
        const mode = modeOf(input);
        return this.#entry(folder, yield* folder.createDirectory(node, nameOf(input), mode));
      }
      case Opcode.MakeNode:
        return yield* this.#makeNode(folder, node, input);
      case Opcode.Create:
        return yield* this.#create(folder, node, input);
      case Opcode.Unlink:
        yield* folder.remove(node, nameOf(input), "file");
        return NOTHING;
      case Opcode.RemoveDirectory:
        yield* folder.remove(node, nameOf(input), "directory");
        return NOTHING;
      case Opcode.Rename:
      case Opcode.Rename2:
        return yield* this.#rename(folder, node, message.opcode, input);
      case Opcode.Open:
        return yield* this.#open(folder, node, input);
      case Opcode.Read:
        return yield* this.#read(folder, node, input, message.room);
      case Opcode.Write:
        return yield* this.#write(folder, node, input);
      case Opcode.Flush:
      case Opcode.FSync:
        yield* folder.flush(node);
        return NOTHING;
      case Opcode.SyncFs:
        yield* folder.flushAll();
        return NOTHING;
      case Opcode.Release:
        return yield* this.#release(input);
      case Opcode.ReadDirectory:
      case Opcode.ReadDirectoryPlus:
        return yield* this.#readDirectory(folder, node, message);
      case Opcode.StatFs: {
        const { total, free } = yield* folder.space();
        return statFs(total, free);
      }
      default:
        throw new FolderError(Errno.NoCommand);
    }
  }

  *#lookup(folder: Folder, node: FolderNode, name: string): Task<Uint8Array> {
    try {
      return this.#entry(folder, yield* folder.child(node, name));
    } catch (error) {
      // The kernel may believe this for a while as well.
      if (isErrno(error, Errno.NoEntry) && !node.isGone) return noEntry();
      throw error;
    }
  }

  *#refresh(folder: Folder, node: FolderNode): Task<void> {
    yield* folder.refresh(node);
    if (node.isVanished && node.opens === 0) throw new FolderError(Errno.NoEntry);
  }

  *#setAttributes(folder: Folder, node: FolderNode, input: ByteReader): Task<Uint8Array> {
    const what = input.u32();
    input.skip(4 + 8);
    const size = (what & SetFlag.Size) !== 0 ? input.u64() : (input.skip(8), 0);
    input.skip(8 + 8);
    const seconds = (what & SetFlag.Modified) !== 0 ? input.u64() : (input.skip(8), 0);
    input.skip(8 + 4);
    const nanoseconds = input.u32();
    input.skip(4);
    const mode = input.u32();
    folder.mustBeWritable();
    if (what & SetFlag.Size) yield* folder.truncate(node, size);
    if (what & SetFlag.Mode) yield* folder.setMode(node, mode);
    if (what & SetFlag.ModifiedNow) yield* folder.setModified(node, Date.now());
    else if (what & SetFlag.Modified)
      yield* folder.setModified(node, seconds * 1000 + Math.floor(nanoseconds / 1e6));
    yield* this.#refresh(folder, node);
    return attributesAnswer((out) => putAttributes(out, folder, node));
  }

  *#makeNode(folder: Folder, node: FolderNode, input: ByteReader): Task<Uint8Array> {
    const mode = input.u32();
    input.skip(4);
    const umask = input.u32();
    input.skip(4);
    const type = mode & S_TYPE;
    if (type !== S_FILE && type !== 0) throw new FolderError(Errno.NotPermitted);
    return this.#entry(folder, yield* folder.createFile(node, nameOf(input), mode & ~umask));
  }

  *#create(folder: Folder, node: FolderNode, input: ByteReader): Task<Uint8Array> {
    const flags = input.u32();
    const mode = input.u32() & ~input.u32();
    input.skip(4);
    const name = nameOf(input);
    this.#mustHaveRoom();
    let file: FolderNode;
    try {
      file = yield* folder.createFile(node, name, mode);
    } catch (error) {
      if (!isErrno(error, Errno.Exists) || flags & O_EXCLUSIVE) throw error;
      file = yield* folder.child(node, name);
    }
    const opened = yield* this.#open(folder, file, undefined, flags);
    const out = new ByteWriter(ENTRY_SIZE + opened.length);
    this.#putEntry(out, folder, file);
    return out.put(opened).bytes;
  }

  *#rename(folder: Folder, node: FolderNode, opcode: Opcode, input: ByteReader): Task<Uint8Array> {
    const target = this.#find(input.u64());
    let flags = 0;
    if (opcode === Opcode.Rename2) {
      flags = input.u32();
      input.skip(4);
    }
    const name = nameOf(input);
    const newName = nameOf(input);
    if (flags & ~RENAME_NO_REPLACE) throw new FolderError(Errno.Invalid);
    if (target.folder !== folder) throw new FolderError(Errno.OtherFolder);
    const noReplace = (flags & RENAME_NO_REPLACE) !== 0;
    yield* folder.rename(node, name, target.node, newName, noReplace);
    return NOTHING;
  }

  // ---- files ----

  *#open(
    folder: Folder,
    node: FolderNode,
    input: ByteReader | undefined,
    flags = input?.u32() ?? 0,
  ): Task<Uint8Array> {
    this.#mustHaveRoom();
    const canWrite = (flags & O_ACCESS_MODE) !== 0;
    const truncate = (flags & O_TRUNCATE) !== 0 && this.#hasFlag(InitFlag.AtomicTruncate);
    yield* folder.open(node, canWrite, truncate);
    const number = ++this.#lastHandle;
    const isCached = this.#keepsPages(folder, node, flags);
    this.#handles.set(number, { folder, node, canWrite, isCached });
    // Pages that the kernel has are good: it looks at the time and the size, or the file has a new number.
    const how = isCached ? OpenFlag.KeepCache : OpenFlag.DirectIo;
    const close = canWrite ? 0 : OpenFlag.NoFlush;
    return new ByteWriter(16)
      .u64(number)
      .u32(how | close)
      .u32(0).bytes;
  }

  /**
   * What is only written needs no pages in the guest, and cannot be mapped: passing them by is faster. Not where the kernel writes
   * pages when it likes, or where somebody has the file open with pages: the two would not see each other's bytes at once.
   */
  #keepsPages(folder: Folder, node: FolderNode, flags: number): boolean {
    if (folder.cache === "never") return false;
    if ((flags & O_ACCESS_MODE) !== O_WRITE_ONLY) return true;
    if (this.#hasFlag(InitFlag.WritebackCache)) return true;
    for (const other of this.#handles.values())
      if (other.node === node && other.isCached) return true;
    return false;
  }

  #mustHaveRoom(): void {
    if (this.#handles.size >= FOLDER_HANDLES_MAX) throw new FolderError(Errno.TooManyFiles);
  }

  #handle(number: number): Handle {
    const handle = this.#handles.get(number);
    if (!handle) throw new FolderError(Errno.BadHandle);
    return handle;
  }

  #handleOf(number: number, node: FolderNode): Handle {
    const handle = this.#handle(number);
    if (handle.node !== node) throw new FolderError(Errno.BadHandle);
    return handle;
  }

  *#read(folder: Folder, node: FolderNode, input: ByteReader, room: number): Task<Body> {
    this.#handleOf(input.u64(), node);
    const position = input.u64();
    return yield* folder.readParts(node, position, Math.min(input.u32(), room));
  }

  *#write(folder: Folder, node: FolderNode, input: ByteReader): Task<Uint8Array> {
    const handle = this.#handleOf(input.u64(), node);
    const position = input.u64();
    const size = input.u32();
    input.skip(WRITE_IN_SIZE - 20);
    if (!handle.canWrite) throw new FolderError(Errno.BadHandle);
    try {
      yield* folder.write(node, position, input.bytes(size), true);
    } catch (error) {
      // A kernel that writes back shows the size that it wished for. By another number it asks for the true one.
      node.version++;
      throw error;
    }
    return new ByteWriter(8).u32(size).bytes;
  }

  *#release(input: ByteReader): Task<Uint8Array> {
    const number = input.u64();
    const { folder, node } = this.#handle(number);
    this.#handles.delete(number);
    yield* folder.release(node);
    return NOTHING;
  }

  // ---- directories ----

  #openDirectory(): Uint8Array {
    // The kernel then does without: listings need nothing to be kept.
    if (this.#hasFlag(InitFlag.NoOpenDirectory)) throw new FolderError(Errno.NoCommand);
    return new ByteWriter(16).bytes;
  }

  *#readDirectory(
    folder: Folder,
    node: FolderNode,
    { opcode, body, room }: Message,
  ): Task<Uint8Array> {
    const plus = opcode === Opcode.ReadDirectoryPlus;
    const { cookie, size } = listingOf(body, room);
    const out = new ByteWriter(size);
    const children = yield* folder.list(node);
    if (!putDots(out, cookie, plus, node.number, (node.parent ?? node).number)) return out.written;
    let left = out.room;
    const fitting: { child: FolderNode; name: Uint8Array }[] = [];
    for (const child of children) {
      if (COOKIE_DOT_DOT + child.order <= cookie) continue;
      const name = encodeName(child.name);
      left -= direntSize(name, plus);
      if (left < 0) break;
      fitting.push({ child, name });
    }
    if (plus) yield* folder.refreshAll(fitting.map(({ child }) => child));
    for (const { child, name } of fitting) {
      if (child.isGone) continue;
      if (plus) this.#putEntry(out, folder, child);
      const type = child.kind === "directory" ? DT_DIRECTORY : DT_FILE;
      putDirent(out, child.number, COOKIE_DOT_DOT + child.order, type, name);
    }
    return out.written;
  }

  #entry(folder: Folder, node: FolderNode): Uint8Array {
    const out = new ByteWriter(ENTRY_SIZE);
    this.#putEntry(out, folder, node);
    return out.bytes;
  }

  #putEntry(out: ByteWriter, folder: Folder, node: FolderNode): void {
    out.u64(this.#remember(folder, node)).u64(0);
    out.u64(VALID).u64(VALID).u32(0).u32(0);
    putAttributes(out, folder, node);
  }
}

/** What a message is about; undefined: it is none. */
export function opcodeOf(message: Uint8Array): Opcode | undefined {
  if (message.length < IN_HEADER_SIZE) return undefined;
  return new DataView(message.buffer, message.byteOffset).getUint32(4, true);
}

/** The answer to any message of a kernel that has nothing to ask here. */
export function refusal(message: Uint8Array, errno: Errno): FuseAnswer | undefined {
  switch (opcodeOf(message)) {
    case undefined:
    case Opcode.Forget:
    case Opcode.BatchForget:
    case Opcode.Interrupt:
      return undefined;
    default:
      return answer(message.slice(8, 16), -errno, NOTHING);
  }
}

function answer(unique: Uint8Array, error: number, body: Body): FuseAnswer {
  const parts = body instanceof Uint8Array ? [body] : body;
  const header = new ByteWriter(OUT_HEADER_SIZE);
  header
    .u32(OUT_HEADER_SIZE + lengthOf(parts))
    .u32(error)
    .put(unique);
  return [header.bytes, ...parts];
}

function nameOf(input: ByteReader): string {
  return decodeText(input.textBytes());
}

/** Of MKDIR: permission bits without what the process does not give. */
function modeOf(input: ByteReader): number {
  const mode = input.u32();
  return mode & ~input.u32();
}

function listingOf(body: Uint8Array, room: number): { cookie: number; size: number } {
  const input = new ByteReader(body);
  input.skip(8);
  const cookie = input.u64();
  return { cookie, size: Math.min(input.u32(), room) };
}

/** A name that is not there, for the kernel to remember. */
function noEntry(): Uint8Array {
  return new ByteWriter(ENTRY_SIZE).u64(0).u64(0).u64(VALID).bytes;
}

function attributesAnswer(put: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter(104).u64(VALID).u32(0).u32(0);
  put(out);
  return out.bytes;
}

function putAttributes(out: ByteWriter, folder: Folder, node: FolderNode): void {
  const isDirectory = node.kind === "directory";
  let mode = node.mode ?? DEFAULT_MODE;
  if (folder.isReadOnly) mode &= ~WRITE_BITS;
  const type = isDirectory ? S_DIRECTORY : S_FILE;
  const links = node.isGone ? 0 : 1;
  putStat(out, node.number, node.size, node.modified, type | mode, links, changesOf(node));
}

/**
 * Nanoseconds by which two versions of a file that the guest has made in the same millisecond differ: a kernel that has pages of
 * one forgets them by that. A time that the guest has set is told as it is.
 */
function changesOf(node: FolderNode): number {
  return node.keepsModified ? 0 : node.changes % NANOSECONDS_OF_TIMES;
}

function putTopAttributes(out: ByteWriter): void {
  putStat(out, ROOT_ID, 0, 0, S_DIRECTORY | (DEFAULT_MODE & ~WRITE_BITS), 1);
}

function putStat(
  out: ByteWriter,
  number: number,
  size: number,
  modified: number,
  mode: number,
  links: number,
  fraction = 0,
): void {
  const milliseconds = Math.max(0, modified);
  const seconds = Math.floor(milliseconds / 1000);
  const nanoseconds = Math.floor(milliseconds % 1000) * NANOSECONDS_OF_TIMES + fraction;
  out
    .u64(number)
    .u64(size)
    .u64(Math.ceil(size / BLOCK));
  out.u64(seconds).u64(seconds).u64(seconds);
  out.u32(nanoseconds).u32(nanoseconds).u32(nanoseconds);
  out.u32(mode).u32(links).u32(0).u32(0).u32(0).u32(PAGE).u32(0);
}

function statFs(total: number, free: number): Uint8Array {
  const out = new ByteWriter(80);
  const freeBlocks = Math.floor(free / PAGE);
  out
    .u64(Math.floor(total / PAGE))
    .u64(freeBlocks)
    .u64(freeBlocks)
    .u64(0)
    .u64(0);
  out.u32(PAGE).u32(NAME_MAX).u32(PAGE);
  return out.bytes;
}

/** False: there was no room for them. */
function putDots(
  out: ByteWriter,
  cookie: number,
  plus: boolean,
  number: number,
  parent: number,
): boolean {
  const dots = [
    { next: COOKIE_DOT, name: ".", of: number },
    { next: COOKIE_DOT_DOT, name: "..", of: parent },
  ];
  for (const { next, name, of } of dots) {
    if (next <= cookie) continue;
    const bytes = encodeName(name);
    if (out.room < direntSize(bytes, plus)) return false;
    if (plus) out.zeros(ENTRY_SIZE); // the kernel knows them
    putDirent(out, of, next, DT_DIRECTORY, bytes);
  }
  return true;
}

function direntSize(name: Uint8Array, plus: boolean): number {
  return (plus ? ENTRY_SIZE : 0) + ((DIRENT_SIZE + name.length + 7) & ~7);
}

function putDirent(
  out: ByteWriter,
  number: number,
  next: number,
  type: number,
  name: Uint8Array,
): void {
  out.u64(number).u64(next).u32(name.length).u32(type).put(name);
  out.zeros(-(DIRENT_SIZE + name.length) & 7);
}

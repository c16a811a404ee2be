// The bytes of one file as the guest sees them: the host's version, and over it what the guest has changed.
//
// The host sees changes when they are flushed: at close, fsync, or after a while (folder.ts). Until then they are in memory, or,
// when there are many, in a writer of the host that is still open ("spilled"). Browsers show what is in a writer only when it is
// closed, and opening one copies the file: so there is one for as many changes as possible. When a flush fails, what is in memory
// stays and can be flushed again; what was spilled is lost, and was never acknowledged.

import { joined } from "./bytes";
import { Errno, FolderError, isErrno } from "./errors";
import { Extents } from "./extents";
import { CHUNK, FileChunks, type ReadCache } from "./read-cache";
import type { HostReader, HostWriter } from "./root";
import { type Task, wait } from "./task";

/** Where the bytes come from and go to; the place may change under an open file. */
export interface FileHost {
  openReader(): Task<HostReader>;
  openWriter(keep: boolean): Task<HostWriter>;
}

/** Changes in memory before they are spilled. */
const SPILL_BYTES = 16 << 20;
const SPILL_EXTENTS = 8192;
/** What is read ahead of a guest that reads on: one read of the host. */
const READ_AHEAD = 1 << 20;

export class FileData {
  readonly #host: FileHost;
  readonly #chunks: FileChunks;
  readonly #spillBytes: number;
  readonly #extents = new Extents();
  /** What the guest sees. */
  #size: number;
  /** So many bytes of the host's version are still part of the file; zeros behind them, but for changes. */
  #baseSize: number;
  #reader: HostReader | undefined;
  #writer: HostWriter | undefined;
  /** The range of what is in the writer and not in memory. */
  #spilledFrom = Infinity;
  #spilledTo = 0;
  /** The size that the writer's file has. */
  #writerSize = 0;
  #isDirty = false;
  /** Of a file that is gone from the folder, and all in memory. */
  #isDetached = false;
  #detachedBytes = 0;
  /** The guest has cut the host's version off. */
  #isCut = false;
  /** Counts the host's versions: what is on its way from an older one is of no use. */
  #version = 0;
  #readAhead: { first: number; count: number; done: Promise<void> } | undefined;
  /** Where a guest that reads on would go on, and whether it does. */
  #next = 0;
  #isSequential = false;

  constructor(host: FileHost, size: number, cache: ReadCache, spillBytes = SPILL_BYTES) {
    this.#host = host;
    this.#spillBytes = spillBytes;
    this.#size = size;
    this.#baseSize = size;
    this.#chunks = new FileChunks(cache);
  }

  get size(): number {
    return this.#size;
  }

  /** Changed and not flushed. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Something is in a writer that holds on to the file's present place. */
  get isSpilled(): boolean {
    return this.#writer !== undefined;
  }

  get bytesInMemory(): number {
    return this.#extents.bytes + this.#detachedBytes;
  }

  /** The host has another version now. Not while there are changes. */
  replaced(size: number): void {
    this.#version++;
    this.#chunks.clear();
    this.closeReader();
    this.#size = this.#baseSize = size;
  }

  /** The guest has closed it; what was read stays for the next time. */
  closeReader(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  // ---- reading ----

  /** Fewer bytes at the end of the file. */
  *read(position: number, length: number): Task<Uint8Array> {
    const parts = yield* this.readParts(position, length);
    return parts.length === 1 ? (parts[0] as Uint8Array) : joined(parts);
  }

  /** The same, as it comes: parts that the caller does not change. */
  *readParts(position: number, length: number): Task<readonly Uint8Array[]> {
    const end = Math.min(this.#size, position + length);
    if (position >= end) return [];
    if (position < this.#spilledTo && end > this.#spilledFrom) yield* this.flush();
    this.#isSequential = position === this.#next && position > 0;
    this.#next = end;
    const baseEnd = Math.min(end, this.#baseSize);
    if (position < baseEnd && !this.#extents.covers(position, baseEnd)) {
      const parts = yield* this.#chunkParts(position, end, baseEnd);
      if (parts) return parts;
      const target = new Uint8Array(end - position);
      yield* this.#readBase(position, target.subarray(0, baseEnd - position));
      this.#extents.copyTo(position, target);
      return [target];
    }
    const target = new Uint8Array(end - position);
    this.#extents.copyTo(position, target);
    return [target];
  }

  /** Of chunks alone, where that is all. */
  *#chunkParts(position: number, end: number, baseEnd: number): Task<Uint8Array[] | undefined> {
    if (end > baseEnd || this.#extents.count > 0) return undefined;
    const parts: Uint8Array[] = [];
    for (let at = position; at < end;) {
      const index = Math.floor(at / CHUNK);
      const chunk = yield* this.#chunk(index);
      const from = at - index * CHUNK;
      const to = Math.min(CHUNK, from + end - at);
      if (chunk.length < to) return undefined; // the host's file has become shorter than it said
      parts.push(chunk.subarray(from, to));
      at += to - from;
    }
    this.#advance(end);
    return parts;
  }

  *#readBase(position: number, target: Uint8Array): Task<void> {
    let done = 0;
    while (done < target.length) {
      const at = position + done;
      const index = Math.floor(at / CHUNK);
      const chunk = yield* this.#chunk(index);
      const from = at - index * CHUNK;
      const count = Math.min(CHUNK - from, target.length - done);
      // Zeros where the host's file has become shorter than it said.
      target.set(chunk.subarray(Math.min(from, chunk.length), from + count), done);
      done += count;
    }
    this.#advance(position + target.length);
  }

  *#chunk(index: number): Task<Uint8Array> {
    const known = this.#chunks.get(index);
    if (known) return known;
    const ahead = this.#readAhead;
    if (ahead && index >= ahead.first && index < ahead.first + ahead.count) {
      yield* wait(ahead.done);
      const arrived = this.#chunks.get(index);
      if (arrived) return arrived;
    }
    return yield* this.#fetch(index, this.#isSequential ? READ_AHEAD / CHUNK : 1);
  }

  *#fetch(index: number, count: number): Task<Uint8Array> {
    const length = Math.min(count * CHUNK, this.#baseSize - index * CHUNK);
    for (let attempt = 0; ; attempt++) {
      const reader = yield* this.#openReader();
      try {
        const bytes = yield* wait(reader.read(index * CHUNK, length));
        return this.#keep(index, bytes, length);
      } catch (error) {
        // The host has changed the file: the place is read anew, once. The folder sees the new size at its next look.
        this.closeReader();
        if (attempt > 0 || !(isErrno(error, Errno.Stale) || isErrno(error, Errno.NoEntry)))
          throw isErrno(error, Errno.Stale) ? new FolderError(Errno.Io) : error;
        this.#chunks.clear();
      }
    }
  }

  /** Cuts what was read into chunks; returns the first. */
  #keep(index: number, bytes: Uint8Array, wanted: number): Uint8Array {
    for (let at = CHUNK; at < wanted; at += CHUNK)
      if (at < bytes.length) this.#chunks.set(index + at / CHUNK, bytes.subarray(at, at + CHUNK));
    const first = bytes.subarray(0, CHUNK);
    this.#chunks.set(index, first);
    return first;
  }

  /** Asks for what comes next, where the host takes its time and the guest reads on. */
  #advance(end: number): void {
    const index = Math.ceil(end / CHUNK);
    const reader = this.#reader;
    if (!this.#isSequential || !reader || this.#readAhead || index * CHUNK >= this.#baseSize)
      return;
    if (this.#chunks.get(index) || end < index * CHUNK - CHUNK / 2) return;
    const wanted = Math.min(READ_AHEAD, this.#baseSize - index * CHUNK);
    const version = this.#version;
    let reading: ReturnType<HostReader["read"]>;
    try {
      reading = reader.read(index * CHUNK, wanted);
    } catch {
      return; // the guest will see it when it comes there
    }
    if (!(reading instanceof Promise)) {
      this.#keep(index, reading, wanted);
      return;
    }
    const done = reading.then(
      (bytes) => {
        this.#readAhead = undefined;
        if (version === this.#version) this.#keep(index, bytes, wanted);
      },
      () => {
        this.#readAhead = undefined;
      },
    );
    this.#readAhead = { first: index, count: READ_AHEAD / CHUNK, done };
  }

  *#openReader(): Task<HostReader> {
    this.#reader ??= yield* this.#host.openReader();
    return this.#reader;
  }

  // ---- changing ----

  /** `given`: the caller does not need the bytes any more. */
  *write(position: number, bytes: Uint8Array, given = false): Task<void> {
    if (bytes.length === 0) return;
    const isFull = this.#extents.bytes > this.#spillBytes || this.#extents.count > SPILL_EXTENTS;
    if (isFull && !this.#isDetached) yield* this.#spill();
    this.#extents.put(position, bytes, given);
    this.#size = Math.max(this.#size, position + bytes.length);
    this.#isDirty = true;
  }

  *truncate(size: number): Task<void> {
    if (size === this.#size) return;
    this.#isDirty = true;
    if (size < this.#size) {
      this.#extents.cut(size, Infinity);
      if (size < this.#baseSize) {
        this.#baseSize = size;
        this.#isCut = true;
      }
      if (this.#writer && size < this.#writerSize) {
        yield* wait(this.#writer.truncate(size));
        this.#writerSize = size;
      }
      this.#spilledTo = Math.min(this.#spilledTo, size);
      if (this.#spilledTo <= this.#spilledFrom) this.#notSpilled();
    }
    this.#size = size;
  }

  /** Changes go from memory into a writer. */
  *#spill(): Task<HostWriter> {
    const writer = yield* this.#openWriter();
    for (const { position, bytes } of this.#extents) {
      yield* wait(writer.write(position, bytes));
      this.#writerSize = Math.max(this.#writerSize, position + bytes.length);
      this.#spilledFrom = Math.min(this.#spilledFrom, position);
      this.#spilledTo = Math.max(this.#spilledTo, position + bytes.length);
    }
    this.#extents.clear();
    return writer;
  }

  *#openWriter(): Task<HostWriter> {
    if (this.#writer) return this.#writer;
    const isAllNew = this.#baseSize === 0 || this.#extents.covers(0, this.#baseSize);
    const writer = yield* this.#host.openWriter(!isAllNew);
    this.#writer = writer;
    this.#writerSize = isAllNew ? 0 : this.#baseSize;
    if (!isAllNew && this.#isCut) yield* wait(writer.truncate(this.#baseSize));
    return writer;
  }

  /** When this is through, the host has it all. A failure keeps the changes that are in memory. */
  *flush(): Task<void> {
    if (!this.#isDirty) return;
    const hadSpilled = this.#writer !== undefined;
    try {
      const writer = yield* this.#openWriter();
      for (const { position, bytes } of this.#extents) {
        yield* wait(writer.write(position, bytes));
        this.#writerSize = Math.max(this.#writerSize, position + bytes.length);
      }
      if (this.#writerSize !== this.#size) yield* wait(writer.truncate(this.#size));
      yield* wait(writer.close());
    } catch (error) {
      yield* this.#abandonWriter();
      if (hadSpilled) yield* this.#afterLoss();
      throw error;
    }
    this.#writer = undefined;
    this.#notSpilled();
    this.#version++;
    this.closeReader();
    this.#chunks.clear();
    this.#extents.clear();
    this.#baseSize = this.#size;
    this.#isDirty = this.#isCut = false;
  }

  /** The file is gone from the folder: no changes are wanted any more, but those who have it open read on. */
  *detach(): Task<void> {
    if (this.#writer) yield* this.flush();
    const bytes = yield* this.read(0, this.#size);
    const copy = bytes.slice();
    this.#version++;
    this.#chunks.clear();
    this.closeReader();
    this.#extents.clear();
    this.#baseSize = copy.length;
    this.#reader = memoryReader(copy);
    this.#isDirty = this.#isCut = false;
    this.#isDetached = true;
    this.#detachedBytes = copy.length;
  }

  /** Nobody needs it any more. */
  *dispose(): Task<void> {
    this.#version++;
    this.#chunks.clear();
    this.closeReader();
    yield* this.#abandonWriter();
    this.#extents.clear();
    this.#isDirty = false;
  }

  *#abandonWriter(): Task<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#notSpilled();
    if (!writer) return;
    try {
      yield* wait(writer.abort());
    } catch {
      // What led here is what the guest hears of.
    }
  }

  /** What was spilled is not in memory, and the host has not taken it: the file is what the host has, and the rest of the changes. */
  *#afterLoss(): Task<void> {
    this.#version++;
    this.#chunks.clear();
    this.closeReader();
    try {
      const reader = yield* this.#openReader();
      this.#baseSize = Math.min(this.#size, reader.attributes.size);
    } catch {
      this.#baseSize = 0;
    }
  }

  #notSpilled(): void {
    this.#spilledFrom = Infinity;
    this.#spilledTo = 0;
  }
}

function memoryReader(bytes: Uint8Array): HostReader {
  return {
    attributes: { kind: "file", size: bytes.length, modified: 0 },
    read: (position, length) => bytes.subarray(position, position + length),
    close: () => {},
  };
}

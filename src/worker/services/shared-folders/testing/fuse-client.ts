// What Linux's kernel does with a FUSE server, as far as tests need it. Failures are thrown as FolderErrors.

import { ByteReader, ByteWriter, joined } from "../bytes";
import { FolderError } from "../errors";
import {
  DIRENT_SIZE,
  ENTRY_SIZE,
  IN_HEADER_SIZE,
  InitFlag,
  O_TRUNCATE,
  Opcode,
  ROOT_ID,
  S_DIRECTORY,
  S_FILE,
  S_TYPE,
  SetFlag,
} from "../fuse";
import type { Maybe } from "../task";

export type Transport = (
  message: Uint8Array<ArrayBuffer>,
  capacity: number,
) => Maybe<Uint8Array | readonly Uint8Array[] | undefined>;

export interface Attributes {
  number: number;
  size: number;
  modified: number;
  mode: number;
  isDirectory: boolean;
  links: number;
}

export interface Entry {
  id: number;
  attributes: Attributes;
}

export const ALL_FLAGS =
  InitFlag.AsyncRead |
  InitFlag.AtomicTruncate |
  InitFlag.BigWrites |
  InitFlag.AutoInvalidateData |
  InitFlag.ReadDirectoryPlus |
  InitFlag.WritebackCache |
  InitFlag.MaxPages |
  InitFlag.NoOpenDirectory;

const CAPACITY = (1 << 20) + 4096;

export class FuseClient {
  readonly #transport: Transport;
  readonly capacity: number;
  requests = 0;
  maxWrite = 4096;
  #unique = 0;

  constructor(transport: Transport, capacity = CAPACITY) {
    this.#transport = transport;
    this.capacity = capacity;
  }

  async call(opcode: Opcode, id: number, body: Uint8Array): Promise<ByteReader> {
    this.requests++;
    const unique = ++this.#unique;
    const message = new ByteWriter(IN_HEADER_SIZE + body.length);
    message.u32(message.bytes.length).u32(opcode).u64(unique).u64(id).zeros(16).put(body);
    const parts = await this.#transport(message.bytes, this.capacity);
    const out = parts && (parts instanceof Uint8Array ? parts : joined(parts));
    if (!out) throw new Error(`no answer to ${Opcode[opcode]}`);
    const input = new ByteReader(out);
    if (input.u32() !== out.length) throw new Error("the answer's length is wrong");
    const error = input.u32() | 0;
    if (input.u64() !== unique) throw new Error("the answer is for another request");
    if (error !== 0) throw new FolderError(-error);
    return input;
  }

  async init(flags = ALL_FLAGS): Promise<number> {
    const body = new ByteWriter(16).u32(7).u32(36).u32(131072).u32(flags);
    const input = await this.call(Opcode.Init, 0, body.bytes);
    input.skip(12);
    const agreed = input.u32();
    input.skip(4);
    this.maxWrite = input.u32();
    return agreed;
  }

  async lookup(parent: number, name: string): Promise<Entry> {
    const entry = readEntry(await this.call(Opcode.Lookup, parent, text(name)));
    if (entry.id === 0) throw new FolderError(2);
    return entry;
  }

  /** Node number of a path. */
  async walk(path: string): Promise<number> {
    let id = ROOT_ID;
    for (const name of path.split("/").filter(Boolean)) id = (await this.lookup(id, name)).id;
    return id;
  }

  async forget(id: number, count = 1): Promise<void> {
    const message = new ByteWriter(IN_HEADER_SIZE + 8);
    message.u32(message.bytes.length).u32(Opcode.Forget).u64(0).u64(id).zeros(16).u64(count);
    const out = await this.#transport(message.bytes, this.capacity);
    if (out) throw new Error("FORGET has no answer");
  }

  async attributes(id: number): Promise<Attributes> {
    const input = await this.call(Opcode.GetAttributes, id, new Uint8Array(16));
    input.skip(16);
    return readAttributes(input);
  }

  async open(id: number, flags: number): Promise<number> {
    const body = new ByteWriter(8).u32(flags);
    return (await this.call(Opcode.Open, id, body.bytes)).u64();
  }

  async create(parent: number, name: string, flags: number): Promise<Entry & { handle: number }> {
    const body = new ByteWriter(16 + text(name).length);
    body
      .u32(flags)
      .u32(S_FILE | 0o644)
      .u32(0o022)
      .u32(0)
      .put(text(name));
    const input = await this.call(Opcode.Create, parent, body.bytes);
    return { ...readEntry(input), handle: input.u64() };
  }

  async read(id: number, handle: number, position: number, size: number): Promise<Uint8Array> {
    const body = new ByteWriter(40).u64(handle).u64(position).u32(size);
    const input = await this.call(Opcode.Read, id, body.bytes);
    return input.remaining();
  }

  async write(id: number, handle: number, position: number, bytes: Uint8Array): Promise<number> {
    const body = new ByteWriter(40 + bytes.length).u64(handle).u64(position).u32(bytes.length);
    body.zeros(20).put(bytes);
    return (await this.call(Opcode.Write, id, body.bytes)).u32();
  }

  async flush(id: number, handle: number): Promise<void> {
    await this.call(Opcode.Flush, id, new ByteWriter(24).u64(handle).bytes);
  }

  async fsync(id: number, handle: number): Promise<void> {
    await this.call(Opcode.FSync, id, new ByteWriter(16).u64(handle).bytes);
  }

  async release(id: number, handle: number): Promise<void> {
    await this.call(Opcode.Release, id, new ByteWriter(24).u64(handle).bytes);
  }

  /** As close(2): what fails is FLUSH. */
  async close(id: number, handle: number): Promise<void> {
    try {
      await this.flush(id, handle);
    } finally {
      await this.release(id, handle);
    }
  }

  async truncate(id: number, size: number): Promise<Attributes> {
    const body = new ByteWriter(88).u32(SetFlag.Size).u32(0).u64(0).u64(size);
    const input = await this.call(Opcode.SetAttributes, id, body.bytes);
    input.skip(16);
    return readAttributes(input);
  }

  async setModified(id: number, milliseconds: number): Promise<Attributes> {
    const body = new ByteWriter(88).u32(SetFlag.Modified).zeros(36);
    body
      .u64(Math.floor(milliseconds / 1000))
      .zeros(12)
      .u32((milliseconds % 1000) * 1e6);
    const input = await this.call(Opcode.SetAttributes, id, body.bytes);
    input.skip(16);
    return readAttributes(input);
  }

  async makeDirectory(parent: number, name: string): Promise<Entry> {
    const body = new ByteWriter(8 + text(name).length).u32(0o755).u32(0o022).put(text(name));
    return readEntry(await this.call(Opcode.MakeDirectory, parent, body.bytes));
  }

  async unlink(parent: number, name: string): Promise<void> {
    await this.call(Opcode.Unlink, parent, text(name));
  }

  async removeDirectory(parent: number, name: string): Promise<void> {
    await this.call(Opcode.RemoveDirectory, parent, text(name));
  }

  async rename(
    parent: number,
    name: string,
    newParent: number,
    newName: string,
    flags = 0,
  ): Promise<void> {
    const names = [text(name), text(newName)] as const;
    const body = new ByteWriter(16 + names[0].length + names[1].length);
    body.u64(newParent).u32(flags).u32(0).put(names[0]).put(names[1]);
    await this.call(Opcode.Rename2, parent, body.bytes);
  }

  /** Names without the dots; as the kernel does it, page by page. */
  async names(id: number, plus = false, size = 4096): Promise<string[]> {
    const names: string[] = [];
    for (let cookie = 0; ;) {
      const body = new ByteWriter(40).u64(0).u64(cookie).u32(size);
      const opcode = plus ? Opcode.ReadDirectoryPlus : Opcode.ReadDirectory;
      const input = await this.call(opcode, id, body.bytes);
      if (input.rest === 0) return names;
      while (input.rest > 0) {
        const entry = plus ? readEntry(input) : undefined;
        input.skip(8);
        cookie = input.u64();
        const length = input.u32();
        input.skip(4);
        const name = new TextDecoder().decode(input.bytes(length));
        input.skip(-(DIRENT_SIZE + length) & 7);
        if (entry && entry.id !== 0) await this.forget(entry.id);
        if (name !== "." && name !== "..") names.push(name);
      }
    }
  }

  // ---- whole files by path ----

  async readFile(path: string): Promise<Uint8Array> {
    const id = await this.walk(path);
    const handle = await this.open(id, 0);
    const parts: Uint8Array[] = [];
    for (let position = 0; ;) {
      const part = (await this.read(id, handle, position, 131072)).slice();
      if (part.length === 0) break;
      position += part.length;
      parts.push(part);
    }
    await this.close(id, handle);
    const whole = new ByteWriter(parts.reduce((sum, { length }) => sum + length, 0));
    for (const part of parts) whole.put(part);
    return whole.bytes;
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(await this.readFile(path));
  }

  async writeFile(path: string, content: Uint8Array | string): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const cut = path.lastIndexOf("/");
    const parent = await this.walk(path.slice(0, Math.max(0, cut)));
    const { id, handle } = await this.create(parent, path.slice(cut + 1), 1 | O_TRUNCATE);
    for (let position = 0; position < bytes.length; position += this.maxWrite)
      await this.write(id, handle, position, bytes.subarray(position, position + this.maxWrite));
    await this.close(id, handle);
  }
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

function readEntry(input: ByteReader): Entry {
  const id = input.u64();
  input.skip(ENTRY_SIZE - 8 - 88);
  return { id, attributes: readAttributes(input) };
}

function readAttributes(input: ByteReader): Attributes {
  const number = input.u64();
  const size = input.u64();
  input.skip(16);
  const seconds = input.u64();
  input.skip(8 + 4);
  const nanoseconds = input.u32();
  input.skip(4);
  const mode = input.u32();
  const links = input.u32();
  input.skip(20);
  const modified = seconds * 1000 + nanoseconds / 1e6;
  return { number, size, modified, mode, links, isDirectory: (mode & S_TYPE) === S_DIRECTORY };
}

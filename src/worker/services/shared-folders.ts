// Worker side of shared folders: which there are, and the guest's requests about them.

import type { FolderStatus } from "../../shared/api";
import { FolderCommand, FolderFuse, FOLDER_PAGES_MAX } from "../../../wasm/protocol/shared-folders";
import type { Core } from "../core";
import { RequestStatus } from "../../../wasm/protocol/tandem-port";
import { ByteReader, ByteWriter, joined, lengthOf } from "./shared-folders/bytes";
import { Errno, FolderError } from "./shared-folders/errors";
import { Folder, type FolderOptions, type FolderState } from "./shared-folders/folder";
import { FuseServer, type FuseTransport } from "./shared-folders/fuse-server";
import { problemOfName } from "./shared-folders/names";
import { type GuestPages, type PagesOf, PathServer } from "./shared-folders/path-server";
import { ReadCache } from "./shared-folders/read-cache";
import type { FolderRoot } from "./shared-folders/root";
import type { Maybe } from "./shared-folders/task";
import { INVALID, NO_COMMAND, type Reply, type Service } from "./service";

export interface FolderNews {
  name: string;
  number: number;
  state: FolderState | "detached";
  readOnly: boolean;
  unwritten: number;
  /** Of the host, for a developer. */
  message: string;
}

const PAGE_ENTRY = 8;
/** FUSE's node numbers have 64 bits, ours 53: the upper part differs from session to session, wherever the machine was before. */
const SESSION_BASES = 2 ** 20;
const SESSION_NODES = 2 ** 32;
/** Of one message with its data. */
export const PAGES_BYTES_MAX = (1 << 20) + 65536;

export class SharedFoldersService implements Service {
  readonly range = 0x02;
  readonly #news: (news: FolderNews) => void;
  readonly #cache = new ReadCache();
  readonly #fuse = new Map<number, FuseServer>();
  #folders: Folder[] = [];
  #lastFolder = 0;
  #fuseRequests = 0;
  #path: PathServer;
  #core: Core | undefined;

  constructor(news: (news: FolderNews) => void) {
    this.#news = news;
    this.#path = this.#newPathServer();
  }

  get folders(): readonly Folder[] {
    return this.#folders;
  }

  /** That guests' kernels have sent since the machine was made. */
  get fuseRequests(): number {
    return this.#fuseRequests;
  }

  connect(core: Core | undefined): void {
    this.#core = core;
  }

  // ---- for the host ----

  /** @throws FolderError when the name cannot be one, or is taken */
  attach(root: FolderRoot, options: FolderOptions): Folder {
    if (problemOfName(options.name, "posix") !== undefined)
      throw new FolderError(Errno.Invalid, `"${options.name}" cannot be a folder's name.`);
    if (this.#folders.some(({ name }) => name === options.name))
      throw new FolderError(Errno.Exists, `There is already a folder "${options.name}".`);
    const listener = {
      folderState: (of: Folder, state: FolderState, message: string) =>
        this.#tell(of, state, message),
    };
    const folder = new Folder(++this.#lastFolder, root, this.#cache, listener, options);
    this.#folders.push(folder);
    void folder.watch().catch(() => {});
    this.#tell(folder, "ready");
    return folder;
  }

  #tell(folder: Folder, state: FolderNews["state"], message = ""): void {
    const { name, number, isReadOnly, unwritten } = folder;
    this.#news({ name, number, state, readOnly: isReadOnly, unwritten, message });
  }

  async setReadOnly(name: string, readOnly: boolean): Promise<void> {
    const folder = this.folder(name);
    await folder.setReadOnly(readOnly);
    this.#tell(folder, folder.state);
  }

  /** What guests have written and not closed; failures are said by the folders' states. */
  async writeAll(): Promise<void> {
    await Promise.allSettled(this.#folders.map((folder) => folder.writeAll()));
  }

  /** What is not written yet is written first. @throws FolderError for what could not be */
  async detach(name: string): Promise<void> {
    const folder = this.folder(name);
    this.#folders = this.#folders.filter((other) => other !== folder);
    this.#fuse.delete(folder.number);
    try {
      await folder.detach();
    } finally {
      this.#tell(folder, "detached");
    }
  }

  status(): FolderStatus[] {
    return this.#folders.map(({ name, isReadOnly, state, unwritten }) => ({
      name,
      readOnly: isReadOnly,
      state,
      unwritten,
    }));
  }

  /** @throws FolderError NoEntry */
  folder(name: string): Folder {
    const folder = this.#folders.find((one) => one.name === name);
    if (!folder) throw new FolderError(Errno.NoEntry, `There is no folder "${name}".`);
    return folder;
  }

  async dispose(): Promise<void> {
    await this.#closeFiles();
    await Promise.allSettled(this.#folders.map(({ name }) => this.detach(name)));
  }

  // ---- for the guest ----

  request(
    command: number,
    body: Uint8Array,
    signal: Pick<AbortSignal, "aborted">,
  ): Reply | Promise<Reply> {
    try {
      const result = this.#perform(command, body, signal);
      if (!(result instanceof Promise)) return result ?? NO_COMMAND;
      return result.then((reply) => reply ?? NO_COMMAND, replyOfError);
    } catch (error) {
      return replyOfError(error);
    }
  }

  /** The guest's driver has gone: its files are closed. */
  endSession(): void {
    void this.#closeFiles();
  }

  /** A FUSE file system apart from the Tandem port's, for another device: a folder by its name, or all of them. */
  fuseServer(transport: FuseTransport, name?: string): FuseServer {
    const mounted = name === undefined ? undefined : this.folder(name);
    return new FuseServer(() => this.#folders, mounted, { ...transport, base: newBase() });
  }

  flush(): void {}

  async #closeFiles(): Promise<void> {
    const servers = [...this.#fuse.values(), this.#path];
    this.#fuse.clear();
    this.#path = this.#newPathServer();
    await Promise.all(servers.map((server) => server.close()));
  }

  #newPathServer(): PathServer {
    return new PathServer(() => this.#folders);
  }

  #perform(
    command: number,
    body: Uint8Array,
    signal: Pick<AbortSignal, "aborted">,
  ): Maybe<Reply | undefined> {
    const core = this.#core;
    // The driver that gave the pages may be gone by then, and they may be anybody's.
    const pagesOf: PagesOf = (list) => pageList(list, () => (signal.aborted ? undefined : core));
    if (command === (FolderCommand.Fuse as number)) return this.#fuseInline(body);
    if (command === (FolderCommand.FusePages as number)) return this.#fusePages(body, pagesOf);
    return then(this.#path.request(command, body, pagesOf), (out) => out && replyOf(out));
  }

  #fuseInline(body: Uint8Array): Maybe<Reply> {
    const { server, length, capacity, input } = this.#fuseRequest(body);
    const answer = server.request(input.bytes(length), capacity);
    return then(answer, (out) => replyOf(out ? joined(out) : new Uint8Array(0)));
  }

  #fusePages(body: Uint8Array, pagesOf: PagesOf): Maybe<Reply> {
    const { server, length, capacity, entries, input } = this.#fuseRequest(body);
    const pages = pagesOf(input.bytes(entries * PAGE_ENTRY));
    if (length > pages.length || capacity > pages.length) return INVALID;
    return then(server.request(pages.read(length), capacity), (out) => {
      if (out) pages.write(...out);
      return replyOf(new ByteWriter(4).u32(out ? lengthOf(out) : 0).bytes);
    });
  }

  #fuseRequest(body: Uint8Array): {
    server: FuseServer;
    length: number;
    capacity: number;
    entries: number;
    input: ByteReader;
  } {
    this.#fuseRequests++;
    const input = new ByteReader(body);
    const server = this.#fuseServer(input.u32());
    const length = input.u32();
    const capacity = input.u32();
    const entries = input.u32();
    if (FolderFuse.DATA + input.rest !== body.length) throw new FolderError(Errno.Invalid);
    return { server, length, capacity: Math.min(capacity, PAGES_BYTES_MAX), entries, input };
  }

  #fuseServer(number: number): FuseServer {
    const known = this.#fuse.get(number);
    if (known) return known;
    const mounted = this.#folders.find((folder) => folder.number === number);
    if (number !== 0 && !mounted) throw new FolderError(Errno.NotReady);
    const server = new FuseServer(() => this.#folders, mounted, { base: newBase() });
    this.#fuse.set(number, server);
    return server;
  }
}

function newBase(): number {
  return (1 + Math.floor(Math.random() * SESSION_BASES)) * SESSION_NODES;
}

/** What a page list names. `core`: undefined once nobody may touch it any more. @throws FolderError Invalid */
export function pageList(list: Uint8Array, core: () => Core | undefined): GuestPages {
  const entries = list.length / PAGE_ENTRY;
  if (entries > FOLDER_PAGES_MAX) throw new FolderError(Errno.Invalid);
  const input = new ByteReader(list);
  const pages: { address: number; length: number }[] = [];
  let length = 0;
  for (let index = 0; index < entries; index++) {
    const page = { address: input.u32(), length: input.u32() };
    length += page.length;
    const last = pages.at(-1);
    if (last && last.address + last.length === page.address) last.length += page.length;
    else pages.push(page);
  }
  if (length > PAGES_BYTES_MAX) throw new FolderError(Errno.Invalid);
  return new PageList(pages, length, core);
}

export class PageList implements GuestPages {
  readonly length: number;
  readonly #pages: readonly { address: number; length: number }[];
  readonly #core: () => Core | undefined;

  constructor(
    pages: readonly { address: number; length: number }[],
    length: number,
    core: () => Core | undefined,
  ) {
    this.#pages = pages;
    this.length = length;
    this.#core = core;
  }

  read(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#each(length, false, (guest, from) => bytes.set(guest, from));
    return bytes;
  }

  write(...parts: readonly Uint8Array[]): void {
    let from = 0; // in the first part that is left
    const left = [...parts];
    this.#each(lengthOf(parts), true, (guest) => {
      for (let done = 0; done < guest.length;) {
        const part = left[0] as Uint8Array;
        const piece = part.subarray(from, from + guest.length - done);
        guest.set(piece, done);
        done += piece.length;
        from += piece.length;
        if (from < part.length) continue;
        left.shift();
        from = 0;
      }
    });
  }

  /** The pages, as far as they hold the first `length` bytes. */
  #each(length: number, writing: boolean, visit: (guest: Uint8Array, from: number) => void): void {
    const core = this.#core();
    let at = 0;
    for (const page of this.#pages) {
      if (at >= length) return;
      const part = Math.min(page.length, length - at);
      if (part === 0) continue;
      const address = core?.exports.guestRange(page.address, part, writing ? 1 : 0) ?? 0;
      if (!core || address === 0) throw new FolderError(Errno.Invalid);
      visit(core.bytes(address >>> 0, part), at);
      at += part;
    }
  }
}

function then<A, B>(value: Maybe<A>, next: (value: A) => B): Maybe<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function replyOf(body: Uint8Array): Reply {
  return { status: RequestStatus.Ok, body };
}

/** Whatever happens, the guest hears a number. */
function replyOfError(error: unknown): Reply {
  return { status: -FolderError.from(error).errno };
}

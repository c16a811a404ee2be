// Worker side of shared folders: which there are, and the guest's requests about them.

import { FolderCommand, FolderFuse, FOLDER_PAGES_MAX } from "../../../wasm/protocol/shared-folders";
import { RequestStatus } from "../../../wasm/protocol/tandem-port";
import { ByteReader, ByteWriter } from "./shared-folders/bytes";
import { Errno, FolderError } from "./shared-folders/errors";
import { Folder, type FolderOptions, type FolderState } from "./shared-folders/folder";
import { FuseServer } from "./shared-folders/fuse-server";
import { checkName } from "./shared-folders/names";
import { type GuestPages, PathServer } from "./shared-folders/path-server";
import { ReadCache } from "./shared-folders/read-cache";
import type { FolderRoot } from "./shared-folders/root";
import type { Maybe } from "./shared-folders/task";
import { INVALID, NO_COMMAND, type Reply } from "./service";

/** The guest's RAM; both say false when the range is not in it. */
export interface GuestRam {
  read(address: number, target: Uint8Array): boolean;
  write(address: number, bytes: Uint8Array): boolean;
}

export interface FolderNews {
  folder: string;
  state: FolderState;
  /** Of the host, for a developer. */
  message: string;
}

const PAGE_ENTRY = 8;
const PAGES_BYTES_MAX = (1 << 20) + 65536;

export class SharedFoldersService {
  readonly range = 0x02;
  readonly #news: (news: FolderNews) => void;
  readonly #cache = new ReadCache();
  readonly #fuse = new Map<number, FuseServer>();
  #folders: Folder[] = [];
  #lastFolder = 0;
  #path: PathServer;
  #ram: GuestRam | undefined;

  constructor(news: (news: FolderNews) => void) {
    this.#news = news;
    this.#path = this.#newPathServer();
  }

  get folders(): readonly Folder[] {
    return this.#folders;
  }

  /** The guest's memory, for page lists; undefined while the machine is off. */
  connect(ram: GuestRam | undefined): void {
    this.#ram = ram;
  }

  // ---- for the host ----

  /** @throws FolderError when the name cannot be one, or is taken */
  attach(root: FolderRoot, options: FolderOptions): Folder {
    checkName(options.name, "posix");
    if (this.#folders.some(({ name }) => name === options.name))
      throw new FolderError(Errno.Exists, `There is already a folder "${options.name}".`);
    const listener = {
      folderState: ({ name }: Folder, state: FolderState, message: string) =>
        this.#news({ folder: name, state, message }),
    };
    const folder = new Folder(++this.#lastFolder, root, this.#cache, listener, options);
    this.#folders.push(folder);
    void folder.watch().catch(() => {});
    return folder;
  }

  /** What is not written yet is written first. @throws FolderError for what could not be */
  async detach(name: string): Promise<void> {
    const folder = this.folder(name);
    this.#folders = this.#folders.filter((other) => other !== folder);
    this.#fuse.delete(folder.number);
    await folder.detach();
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

  /** `body` is not used after the answer. */
  request(command: number, body: Uint8Array): Reply | Promise<Reply> {
    try {
      const result = this.#perform(command, body);
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

  flush(): void {}

  async #closeFiles(): Promise<void> {
    const servers = [...this.#fuse.values(), this.#path];
    this.#fuse.clear();
    this.#path = this.#newPathServer();
    await Promise.all(servers.map((server) => server.close()));
  }

  #newPathServer(): PathServer {
    return new PathServer(
      () => this.#folders,
      (list) => this.#pages(list),
    );
  }

  #perform(command: number, body: Uint8Array): Maybe<Reply | undefined> {
    if (command === (FolderCommand.Fuse as number)) return this.#fuseInline(body);
    if (command === (FolderCommand.FusePages as number)) return this.#fusePages(body);
    return then(this.#path.request(command, body), (out) => out && replyOf(out));
  }

  #fuseInline(body: Uint8Array): Maybe<Reply> {
    const { server, length, capacity, input } = this.#fuseRequest(body);
    const answer = server.request(input.bytes(length), capacity);
    return then(answer, (out) => replyOf(out ?? new Uint8Array(0)));
  }

  #fusePages(body: Uint8Array): Maybe<Reply> {
    const { server, length, capacity, entries, input } = this.#fuseRequest(body);
    const pages = this.#pages(input.bytes(entries * PAGE_ENTRY));
    if (length > pages.length || capacity > pages.length) return INVALID;
    return then(server.request(pages.read(length), capacity), (out) => {
      if (out) pages.write(out);
      return replyOf(new ByteWriter(4).u32(out?.length ?? 0).bytes);
    });
  }

  #fuseRequest(body: Uint8Array): {
    server: FuseServer;
    length: number;
    capacity: number;
    entries: number;
    input: ByteReader;
  } {
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
    const server = new FuseServer(() => this.#folders, mounted);
    this.#fuse.set(number, server);
    return server;
  }

  #pages(list: Uint8Array): GuestPages {
    const entries = list.length / PAGE_ENTRY;
    if (entries > FOLDER_PAGES_MAX) throw new FolderError(Errno.Invalid);
    const input = new ByteReader(list.slice());
    const pages: { address: number; length: number }[] = [];
    let length = 0;
    for (let index = 0; index < entries; index++) {
      const page = { address: input.u32(), length: input.u32() };
      length += page.length;
      pages.push(page);
    }
    if (length > PAGES_BYTES_MAX) throw new FolderError(Errno.Invalid);
    return new PageList(pages, length, () => this.#ram);
  }
}

class PageList implements GuestPages {
  readonly length: number;
  readonly #pages: readonly { address: number; length: number }[];
  readonly #ram: () => GuestRam | undefined;

  constructor(
    pages: readonly { address: number; length: number }[],
    length: number,
    ram: () => GuestRam | undefined,
  ) {
    this.#pages = pages;
    this.length = length;
    this.#ram = ram;
  }

  read(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#each(length, (ram, address, from, to) => ram.read(address, bytes.subarray(from, to)));
    return bytes;
  }

  write(bytes: Uint8Array): void {
    this.#each(bytes.length, (ram, address, from, to) =>
      ram.write(address, bytes.subarray(from, to)),
    );
  }

  #each(
    length: number,
    move: (ram: GuestRam, address: number, from: number, to: number) => boolean,
  ): void {
    const ram = this.#ram();
    let at = 0;
    for (const page of this.#pages) {
      if (at >= length) return;
      const end = Math.min(length, at + page.length);
      if (!ram || !move(ram, page.address, at, end)) throw new FolderError(Errno.Invalid);
      at = end;
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

// Worker side of drag and drop: files that were dropped, until the guest has taken them, and files that it gives to the user.
//
// Nothing is copied before the guest reads: a file stays the browser's. What a guest saves is held as parts of a Blob, which
// browsers keep outside of memory when it is large.

import type { MachineEvent } from "../../shared/api";
import { TandemError } from "../../shared/errors";
import {
  DROP_ITEMS_MAX,
  DROP_TRANSFER_MAX,
  DropCommand,
  DropFinish,
  DropItem,
  DropTaken,
  DROPS_MAX,
  SAVE_NAME_MAX,
  SAVE_SIZE_MAX,
  SaveCommand,
  SAVES_MAX,
} from "../../../wasm/protocol/drag-and-drop";
import { RequestStatus } from "../../../wasm/protocol/tandem-port";
import type { Core } from "../core";
import { INVALID, NO_COMMAND, OK, type Reply, type Service } from "./service";
import { pageList } from "./shared-folders";
import { ByteReader, ByteWriter } from "./shared-folders/bytes";
import { Errno, FolderError } from "./shared-folders/errors";
import type { GuestPages } from "./shared-folders/path-server";

interface Drop {
  x: number;
  y: number;
  files: readonly File[];
  taken: boolean;
}

interface Save {
  name: string;
  parts: Blob[];
  size: number;
}

const PAGE_ENTRY = 8;
const WORDS_MAX = 500;

export class DragAndDropService implements Service {
  readonly range = 0x08;
  readonly #tell: (event: MachineEvent) => void;
  readonly #announce: (waiting: number) => void;
  readonly #drops = new Map<number, Drop>();
  readonly #saves = new Map<number, Save>();
  #last = 0;
  #accepts = false;
  #core: Core | undefined;

  /** `announce`: the guest is told that so many drops wait for it. */
  constructor(tell: (event: MachineEvent) => void, announce: (waiting: number) => void) {
    this.#tell = tell;
    this.#announce = announce;
  }

  connect(core: Core | undefined): void {
    this.#core = core;
  }

  /** Whether the driver of the session that begins takes files. */
  accepts(accepts: boolean): void {
    if (accepts === this.#accepts) return;
    this.#accepts = accepts;
    this.#tell({ type: "takes-files", takesFiles: accepts });
  }

  /** @throws TandemError refused, bad-argument */
  drop(x: number, y: number, files: readonly File[]): void {
    if (!this.#accepts)
      throw new TandemError("refused", "The guest does not take files that are dropped on it.");
    if (files.length === 0 || !Number.isFinite(x) || !Number.isFinite(y))
      throw new TandemError("bad-argument", "A drop has a place and at least one file.");
    if (files.length > DROP_ITEMS_MAX)
      throw new TandemError("refused", `At most ${DROP_ITEMS_MAX} files can be dropped at once.`);
    if (this.#drops.size >= DROPS_MAX)
      throw new TandemError("refused", "The guest is still busy with what was dropped before.");
    const whole = (value: number): number => Math.max(0, Math.floor(value));
    this.#drops.set(++this.#last, { x: whole(x), y: whole(y), files, taken: false });
    this.#announce(this.#waiting);
  }

  get #waiting(): number {
    return [...this.#drops.values()].filter(({ taken }) => !taken).length;
  }

  request(
    command: number,
    body: Uint8Array<ArrayBuffer>,
    signal: Pick<AbortSignal, "aborted">,
  ): Reply | Promise<Reply> {
    try {
      const reply = this.#perform(command, new ByteReader(body), signal);
      return reply instanceof Promise ? reply.catch(replyOfError) : reply;
    } catch (error) {
      return replyOfError(error);
    }
  }

  /** The driver has gone: what it had not done with will not be done. */
  endSession(): void {
    this.accepts(false);
    this.#saves.clear();
    for (const drop of this.#drops.keys())
      this.#finish(drop, false, "The guest's driver has gone.");
  }

  flush(): void {}

  #perform(
    command: number,
    input: ByteReader,
    signal: Pick<AbortSignal, "aborted">,
  ): Reply | Promise<Reply> {
    switch (command as DropCommand & SaveCommand) {
      case DropCommand.Take as number:
        return this.#take();
      case DropCommand.Item as number:
        return this.#item(this.#fileOf(input));
      case DropCommand.Read as number:
        return this.#read(input, signal);
      case DropCommand.Finish as number:
        return this.#finishRequest(input);
      case SaveCommand.Begin as number:
        return this.#begin(textOf(input));
      case SaveCommand.Write as number:
        return this.#write(input, signal);
      case SaveCommand.End as number:
        return this.#end(input.u32(), input.u32() !== 0);
      default:
        return NO_COMMAND;
    }
  }

  // ---- in ----

  #take(): Reply {
    for (const [number, drop] of this.#drops) {
      if (drop.taken) continue;
      drop.taken = true;
      const out = new ByteWriter(DropTaken.SIZE);
      out.u32(number).u32(drop.files.length).u32(drop.x).u32(drop.y);
      return { status: RequestStatus.Ok, body: out.bytes };
    }
    return { status: RequestStatus.NoEntry };
  }

  #fileOf(input: ByteReader): File {
    const file = this.#drops.get(input.u32())?.files[input.u32()];
    if (!file) throw new FolderError(Errno.NoEntry);
    return file;
  }

  #item(file: File): Reply {
    const name = new TextEncoder().encode(file.name);
    const out = new ByteWriter(DropItem.NAME + name.length);
    out.u64(file.size).u64(Math.max(0, file.lastModified)).u32(name.length).put(name);
    return { status: RequestStatus.Ok, body: out.bytes };
  }

  async #read(input: ByteReader, signal: Pick<AbortSignal, "aborted">): Promise<Reply> {
    const file = this.#fileOf(input);
    const position = input.u64();
    const length = input.u32();
    if (length > DROP_TRANSFER_MAX) return INVALID;
    const pages = this.#pages(input, input.u32(), signal);
    if (pages && pages.length < length) return INVALID;
    const bytes = new Uint8Array(await file.slice(position, position + length).arrayBuffer());
    pages?.write(bytes);
    const out = new ByteWriter(4 + (pages ? 0 : bytes.length)).u32(bytes.length);
    if (!pages) out.put(bytes);
    return { status: RequestStatus.Ok, body: out.bytes };
  }

  #finishRequest(input: ByteReader): Reply {
    const number = input.u32();
    const taken = input.u32() !== 0;
    input.skip(DropFinish.WORDS - 8);
    if (!this.#drops.has(number)) throw new FolderError(Errno.NoEntry);
    this.#finish(number, taken, textOf(input).slice(0, WORDS_MAX));
    return OK;
  }

  #finish(number: number, taken: boolean, words: string): void {
    this.#drops.delete(number);
    this.#tell({ type: "drop-done", taken, words });
  }

  // ---- out ----

  #begin(name: string): Reply {
    if (this.#saves.size >= SAVES_MAX) throw new FolderError(Errno.TooManyFiles);
    const safe = safeName(name);
    this.#saves.set(++this.#last, { name: safe, parts: [], size: 0 });
    return { status: RequestStatus.Ok, body: new ByteWriter(4).u32(this.#last).bytes };
  }

  #write(input: ByteReader, signal: Pick<AbortSignal, "aborted">): Reply {
    const save = this.#saves.get(input.u32());
    if (!save) throw new FolderError(Errno.BadHandle);
    const length = input.u32();
    if (length > DROP_TRANSFER_MAX) return INVALID;
    if (save.size + length > SAVE_SIZE_MAX) throw new FolderError(Errno.FileTooBig);
    const pages = this.#pages(input, input.u32(), signal);
    if (pages && pages.length < length) return INVALID;
    const bytes = pages ? pages.read(length) : input.bytes(length);
    save.parts.push(new Blob([bytes as Uint8Array<ArrayBuffer>]));
    save.size += length;
    return OK;
  }

  #end(number: number, complete: boolean): Reply {
    const save = this.#saves.get(number);
    if (!save) throw new FolderError(Errno.BadHandle);
    this.#saves.delete(number);
    if (complete) this.#tell({ type: "file-saved", name: save.name, file: new Blob(save.parts) });
    return OK;
  }

  #pages(
    input: ByteReader,
    entries: number,
    signal: Pick<AbortSignal, "aborted">,
  ): GuestPages | undefined {
    if (entries === 0) return undefined;
    const core = this.#core;
    return pageList(input.bytes(entries * PAGE_ENTRY), () => (signal.aborted ? undefined : core));
  }
}

function textOf(input: ByteReader): string {
  const bytes = input.remaining();
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** A name alone: no path, nothing that a file system or a terminal would take for something else. */
function safeName(name: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what must not be in a name
  const plain = name.replaceAll(/[\u0000-\u001f\u007f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]/g, "_");
  return plain.replace(/^[. ]+|[. ]+$/g, "").slice(0, SAVE_NAME_MAX) || "file";
}

function replyOfError(error: unknown): Reply {
  return { status: -FolderError.from(error).errno };
}

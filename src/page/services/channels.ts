// Page side of channels: a name, two streams of bytes, and no more on the way than both ends have room for.
//
// A channel belongs to the element: while no program of the guest has it, it waits, also for that of another machine.

import * as Comlink from "comlink";
import type { ChannelNews, ChannelOrder, MachineEvent } from "../../shared/api";
import { TandemError } from "../../shared/errors";
import type { MachineClient } from "../machine-client";

export interface ChannelOptions {
  /** Gives up, with "aborted". */
  signal?: AbortSignal;
  /** Bytes that are written before `writer.ready` waits, and as many that are kept for who reads; 65,536. */
  highWaterMark?: number;
}

/**
 * Bytes to and from a program of the guest that has opened the same name. Streams as the platform's: who writes awaits `ready` or
 * `write()`; a reader that is slow slows the writer on the other side. `closed` fails with what ended it: "session-ended" when the
 * guest's driver or machine has gone, "channel" with the words of the program that gave up, "aborted".
 */
export interface TandemChannel {
  readonly name: string;
  /** Ends when the program says so. Cancelling tells it that nobody reads any more; the other way goes on. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Closing is the stream's end for the program; the other way goes on. Aborting gives up both. */
  readonly writable: WritableStream<BufferSource>;
  /** A program has the channel. What is written before waits for it. */
  readonly opened: Promise<void>;
  /** Both ways have ended, and the name is free. */
  readonly closed: Promise<void>;
  /** Reads and writes no more; what was written still arrives. Resolves like `closed`. */
  close(): Promise<void>;
  /** Gives up at once; the program gets the words. */
  abort(words?: string): void;
}

/** A program of the guest waits for the page to open a channel of this name; or no longer. */
export interface ChannelWanted {
  name: string;
  wanted: boolean;
}

const HIGH_WATER_MARK = 65536;
const PIECE = 65536;

interface Promised {
  promise: Promise<void>;
  resolve(): void;
  reject(error: TandemError): void;
}

let lastId = 0;

class PageChannel implements TandemChannel {
  readonly #id = ++lastId;
  readonly name: string;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<BufferSource>;
  readonly #opened = promised();
  readonly #closed = promised();
  readonly #highWaterMark: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onOver: (channel: PageChannel) => void;
  #reads: ReadableByteStreamController | undefined;
  #writes: WritableStreamDefaultController | undefined;
  #machine: MachineClient | undefined;
  #port: MessagePort | undefined;
  #isOpen = false;
  #isOver = false;
  /** Bytes that the worker may still send, and that it takes. */
  #wanted = 0;
  #room = 0;
  /** Of each way: nothing goes there any more. */
  #readsEnded = false;
  #writesEnded = false;
  /** Writes that the stream has accepted and that are not sent. */
  #unsent = 0;
  #closing = false;
  #waiting: Promised | undefined;

  constructor(name: string, options: ChannelOptions, onOver: (channel: PageChannel) => void) {
    const { signal, highWaterMark = HIGH_WATER_MARK } = options;
    if (!(highWaterMark >= 1 && highWaterMark < Infinity))
      throw new TandemError("bad-argument", "A channel's highWaterMark is at least 1 byte.");
    this.name = name;
    this.#onOver = onOver;
    this.#signal = signal;
    this.#highWaterMark = Math.floor(highWaterMark);
    this.readable = new ReadableStream(this.#source(), { highWaterMark: this.#highWaterMark });
    this.writable = new WritableStream(this.#sink(), {
      highWaterMark: this.#highWaterMark,
      size: (chunk) => {
        this.#unsent++;
        return bytesOf(chunk)?.length ?? 0;
      },
    });
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort);
  }

  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  close(): Promise<void> {
    if (this.#isOver) return this.closed;
    if (!this.#isOpen) {
      this.#leave("");
      this.#finish(undefined);
      return this.closed;
    }
    this.#cancel();
    this.#closing = true;
    if (this.#unsent === 0) this.#end();
    return this.closed;
  }

  abort(words = ""): void {
    this.#giveUp(new TandemError("aborted", words || "The channel was given up."), words);
  }

  // ---- for Channels ----

  /** A machine whose guest may have the other end. */
  connect(machine: MachineClient): void {
    const { port1, port2 } = new MessageChannel();
    this.#machine = machine;
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<ChannelNews>) => this.#take(data);
    machine
      .call((api) => api.openChannel(this.#id, this.name, Comlink.transfer(port2, [port2])))
      .catch((error: unknown) => {
        if (this.#port === port1) this.#finish(TandemError.from(error));
      });
    if (this.#wanted > 0) this.#post({ type: "room", bytes: this.#wanted });
    if (this.#writesEnded) this.#post({ type: "end" });
    if (this.#readsEnded) this.#post({ type: "cancel" });
  }

  /** That machine has gone. */
  disconnect(): void {
    this.#port?.close();
    this.#port = undefined;
    this.#machine = undefined;
    if (this.#isOpen) this.#finish(new TandemError("session-ended", "The machine has gone."));
  }

  // ---- from the worker ----

  #take(news: ChannelNews): void {
    switch (news.type) {
      case "opened":
        this.#isOpen = true;
        this.#opened.resolve();
        break;
      case "data":
        this.#wanted -= news.bytes.length;
        if (!this.#readsEnded) this.#reads?.enqueue(news.bytes);
        break;
      case "room":
        this.#room += news.bytes;
        this.#waiting?.resolve();
        break;
      case "end":
        this.#closeReads();
        break;
      case "cancel":
        this.#failWrites(new TandemError("channel", "The guest's program reads no more."));
        break;
      case "closed":
        this.#finish(news.error && TandemError.from(news.error));
        break;
    }
  }

  #closeReads(): void {
    if (this.#readsEnded) return;
    this.#readsEnded = true;
    this.#reads?.close();
    this.#reads?.byobRequest?.respond(0); // who waits with a buffer gets it back
  }

  #failWrites(error: TandemError): void {
    this.#writesEnded = true;
    this.#writes?.error(error);
    this.#waiting?.reject(error);
  }

  #finish(error: TandemError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    if (error && !this.#readsEnded) this.#reads?.error(error);
    else this.#closeReads();
    this.#failWrites(error ?? new TandemError("channel", "The channel is closed."));
    this.#opened.reject(error ?? new TandemError("aborted", "The channel was closed before."));
    if (error) this.#closed.reject(error);
    else this.#closed.resolve();
    this.#port?.close();
    this.#port = undefined;
    this.#onOver(this);
  }

  // ---- from the page ----

  #source(): UnderlyingByteSource {
    return {
      type: "bytes",
      start: (controller) => {
        this.#reads = controller;
      },
      pull: () => this.#pull(),
      cancel: () => {
        this.#readsEnded = true;
        this.#post({ type: "cancel" });
      },
    };
  }

  #sink(): UnderlyingSink<BufferSource> {
    return {
      start: (controller) => {
        this.#writes = controller;
        // Before the write that is under way has ended.
        controller.signal.addEventListener("abort", () => this.abort(wordsOf(controller.signal.reason))); // prettier-ignore
      },
      write: (chunk) => this.#write(chunk),
      close: () => this.#end(),
    };
  }

  /** One message for many reads: when half of what may be kept is wanted. */
  #pull(): void {
    const wanted = (this.#reads?.desiredSize ?? 0) - this.#wanted;
    if (wanted < this.#highWaterMark / 2) return;
    this.#wanted += wanted;
    this.#post({ type: "room", bytes: wanted });
  }

  async #write(chunk: BufferSource): Promise<void> {
    const bytes = bytesOf(chunk);
    if (!bytes) {
      const error = new TandemError("bad-argument", "A channel carries bytes: write a Uint8Array.");
      this.#giveUp(error, error.message);
      throw error;
    }
    for (let at = 0; at < bytes.length;) {
      while (this.#room === 0) await this.#someRoom();
      // The bytes stay the caller's: the piece is a copy, which then moves to the worker.
      const piece = new Uint8Array(bytes.subarray(at, at + Math.min(this.#room, PIECE)));
      this.#room -= piece.length;
      at += piece.length;
      this.#post({ type: "data", bytes: piece });
    }
    this.#unsent--;
    if (this.#closing && this.#unsent === 0) this.#end();
  }

  async #someRoom(): Promise<void> {
    this.#waiting = promised();
    await this.#waiting.promise;
    this.#waiting = undefined;
  }

  #end(): void {
    if (this.#writesEnded) return;
    this.#writesEnded = true;
    this.#post({ type: "end" });
    if (this.#closing) this.#failWrites(new TandemError("channel", "The channel is closed."));
  }

  #cancel(): void {
    if (this.#readsEnded) return;
    this.#post({ type: "cancel" });
    this.#closeReads();
  }

  #giveUp(error: TandemError, words: string): void {
    this.#leave(words);
    this.#finish(error);
  }

  #leave(words: string): void {
    if (!this.#isOver) void this.#machine?.api.abortChannel(this.#id, words);
  }

  #onAbort = (): void => this.abort(wordsOf(this.#signal?.reason));

  #post(order: ChannelOrder): void {
    this.#port?.postMessage(order, order.type === "data" ? [order.bytes.buffer] : []);
  }
}

/** All channels of an element. */
export class Channels {
  readonly #all = new Set<PageChannel>();
  readonly #onWanted: (change: ChannelWanted) => void;
  readonly #names = new Set<string>();
  #machine: MachineClient | undefined;
  #stopListening: () => void = () => {};

  constructor(onWanted: (change: ChannelWanted) => void) {
    this.#onWanted = onWanted;
  }

  /** Names that programs of the guest have opened, and the page has not. */
  get wanted(): string[] {
    return [...this.#names];
  }

  open(name: string, options: ChannelOptions = {}): TandemChannel {
    const channel = new PageChannel(name, options, (over) => this.#all.delete(over));
    if (options.signal?.aborted) return channel;
    this.#all.add(channel);
    if (this.#machine) channel.connect(this.#machine);
    return channel;
  }

  connect(machine: MachineClient): void {
    this.#machine = machine;
    this.#stopListening = machine.listen((event) => this.#onEvent(event));
    for (const channel of this.#all) channel.connect(machine);
  }

  disconnect(): void {
    this.#stopListening();
    this.#machine = undefined;
    for (const channel of this.#all) channel.disconnect();
    for (const name of this.#names) this.#want(name, false);
  }

  #onEvent(event: MachineEvent): void {
    if (event.type === "channel-wanted") this.#want(event.name, event.wanted);
  }

  #want(name: string, wanted: boolean): void {
    if (wanted) this.#names.add(name);
    else this.#names.delete(name);
    this.#onWanted({ name, wanted });
  }
}

/** Undefined for what is no bytes. */
function bytesOf(chunk: BufferSource): Uint8Array | undefined {
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength); // prettier-ignore
  return (chunk as unknown) instanceof ArrayBuffer ? new Uint8Array(chunk) : undefined;
}

function wordsOf(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  return typeof reason === "string" ? reason : "";
}

/** One whose failure nobody has to look at. */
function promised(): Promised {
  let resolve: Promised["resolve"] = () => {};
  let reject: Promised["reject"] = () => {};
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

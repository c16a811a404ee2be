// Worker side of channels: pairs a name that the page has opened with the same name of the guest, and keeps what its reader has not
// taken yet. Each way has its own credit: the page sends no more than there is room for, and gets no more than it has asked for.
//
// A guest that says the same a million times a second is heard once a slice (`flush`). What it has closed still reaches the page.

import type { ChannelNews, ChannelOrder, MachineEvent } from "../../shared/api";
import { type ErrorCode, TandemError } from "../../shared/errors";
import {
  CHANNEL_BUFFER,
  CHANNEL_NAME_MAX,
  CHANNEL_READ_MAX,
  CHANNEL_WORDS_MAX,
  ChannelClose,
  ChannelCommand,
  ChannelFlag,
  ChannelOpen,
  ChannelPhase,
  ChannelRead,
  CHANNELS_MAX,
  ChannelState,
  ChannelWrite,
} from "../../../wasm/protocol/channels";
import { RequestStatus } from "../../../wasm/protocol/tandem-port";
import { ByteQueue } from "./byte-queue";
import { INVALID, NO_COMMAND, OK, type Reply, type Service } from "./service";

/** The page hears of room when there is so much: it is one message for many of the guest's reads. */
const ROOM_TOLD = CHANNEL_BUFFER / 4;
/** Payload of an event: a number has so many bits. */
const NUMBERS = 0xff_ffff;

const NO_ENTRY: Reply = { status: RequestStatus.NoEntry };
const AGAIN: Reply = { status: RequestStatus.Again };
const PIPE: Reply = { status: RequestStatus.Pipe };
const CANCELED: Reply = { status: RequestStatus.Canceled };

/** One way of a channel. */
class Way {
  readonly queue = new ByteQueue();
  /** The writer has nothing more to say. */
  ended = false;
  /** The reader has seen the end, or wants no more. */
  over = false;

  stop(): void {
    this.over = true;
    this.queue.clear();
  }
}

type Ask = (reply: Reply) => void;

class Channel {
  readonly name: string;
  /** The guest's; 0: it has not opened the name, or has closed it. */
  number = 0;
  /** The page's end; undefined: the page has not opened the name, or is done with it. */
  tell: ((news: ChannelNews) => void) | undefined;
  /** Both have opened the name. */
  isOpen = false;
  readonly toGuest = new Way();
  readonly toHost = new Way();
  /** Bytes that the page wants. */
  wanted = 0;
  /** Bytes that the guest has taken, and the page has not heard of. */
  freed = 0;
  /** Why one side has given up. */
  failure: string | undefined;
  reading: { maximum: number; answer: Ask } | undefined;
  writing: { bytes: Uint8Array<ArrayBuffer>; answer: Ask } | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get phase(): ChannelPhase {
    if (this.failure !== undefined) return ChannelPhase.Failed;
    if (this.toGuest.over && this.toHost.over) return ChannelPhase.Over;
    return this.isOpen ? ChannelPhase.Open : ChannelPhase.Waiting;
  }

  get isLive(): boolean {
    return this.phase === ChannelPhase.Waiting || this.phase === ChannelPhase.Open;
  }

  get room(): number {
    const takes = this.isOpen && !this.toHost.over && this.failure === undefined;
    return takes ? CHANNEL_BUFFER - this.toHost.queue.length : 0;
  }

  /** What a read or write is answered with when nothing can be read or written any more. */
  get failed(): Reply {
    return { status: RequestStatus.Reset, body: shortened(this.failure ?? "") };
  }

  /** Undefined: there is nothing yet. */
  read(maximum: number): Reply | undefined {
    if (this.failure !== undefined) return this.failed;
    const { queue, ended } = this.toGuest;
    const body = queue.take(Math.min(maximum, CHANNEL_READ_MAX));
    if (body.length > 0) {
      this.freed += body.length;
      return { status: RequestStatus.Ok, body };
    }
    if (!ended) return undefined;
    this.toGuest.over = true;
    return OK;
  }

  /** Undefined: there is no room yet. */
  write(bytes: Uint8Array<ArrayBuffer>): Reply | undefined {
    if (this.failure !== undefined) return this.failed;
    if (this.toHost.over) return PIPE;
    const taken = bytes.subarray(0, this.room);
    if (taken.length === 0 && bytes.length > 0) return undefined;
    this.toHost.queue.push(taken);
    const body = new Uint8Array(4);
    new DataView(body.buffer).setUint32(0, taken.length, true);
    return { status: RequestStatus.Ok, body };
  }
}

/** The page's end of a channel. */
export interface HostChannel {
  take(order: ChannelOrder): void;
}

export class ChannelsService implements Service {
  readonly range = 0x07;
  readonly #tell: (event: MachineEvent) => void;
  readonly #raise: (number: number) => void;
  readonly #ofHost = new Map<string, Channel>();
  readonly #ofGuest = new Map<number, Channel>();
  /** Names that the guest has opened, as the page knows them. */
  #told = new Set<string>();
  #lastNumber = 0;

  /** `raise`: the guest is told that there is something new on a channel; 0: that the page has opened a name. */
  constructor(tell: (event: MachineEvent) => void, raise: (number: number) => void) {
    this.#tell = tell;
    this.#raise = raise;
  }

  // ---- for the host ----

  /** @throws TandemError bad-argument, channel: the name is in use */
  open(name: string, tell: (news: ChannelNews) => void): HostChannel {
    if (!isName(new TextEncoder().encode(name)))
      throw new TandemError("bad-argument", `A channel's name has 1 to ${CHANNEL_NAME_MAX} bytes and no control characters.`); // prettier-ignore
    if (this.#ofHost.has(name))
      throw new TandemError("channel", `The channel "${name}" is open already.`);
    if (this.#ofHost.size === CHANNELS_MAX)
      throw new TandemError("channel", `${CHANNELS_MAX} channels are open, and more cannot be.`);
    const waiting = this.#guestChannel(name);
    const channel = waiting?.phase === ChannelPhase.Waiting ? waiting : new Channel(name);
    channel.tell = tell;
    this.#ofHost.set(name, channel);
    if (channel.number) this.#connect(channel);
    else this.#raise(0);
    return { take: (order) => this.#order(channel, order) };
  }

  #order(channel: Channel, order: ChannelOrder): void {
    if (!channel.tell) return; // it is over; the page will hear of it
    switch (order.type) {
      case "data":
        this.#toGuest(channel, order.bytes);
        break;
      case "end":
        channel.toGuest.ended = true;
        break;
      case "room":
        channel.wanted += order.bytes;
        this.#deliver(channel);
        this.#settle(channel);
        return;
      case "cancel":
        channel.toHost.stop();
        break;
      case "abort":
        this.#release(channel);
        channel.failure = order.reason;
        break;
    }
    this.#serve(channel);
    this.#settle(channel);
    this.#news(channel);
  }

  #toGuest(channel: Channel, bytes: Uint8Array<ArrayBuffer>): void {
    const { queue, ended, over } = channel.toGuest;
    if (ended || over) return;
    if (queue.length + channel.freed + bytes.length > CHANNEL_BUFFER)
      this.#fail(channel, "bad-argument", "More was sent than there is room for.");
    else queue.push(bytes);
  }

  // ---- for the guest ----

  request(
    command: number,
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Reply | Promise<Reply> {
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    if (command === (ChannelCommand.Open as number)) return this.#open(view, body);
    if (command === (ChannelCommand.List as number)) return this.#list();
    if (command < ChannelCommand.Open || command > ChannelCommand.List) return NO_COMMAND;
    if (body.length < 4) return INVALID;
    const channel = this.#ofGuest.get(view.getUint32(0, true));
    if (!channel) return NO_ENTRY;
    const reply = this.#ask(command, channel, view, body, signal);
    this.#settle(channel);
    return reply;
  }

  #ask(
    command: ChannelCommand,
    channel: Channel,
    view: DataView,
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Reply | Promise<Reply> {
    switch (command) {
      case ChannelCommand.Read:
        return body.length < ChannelRead.SIZE ? INVALID : read(channel, view, signal);
      case ChannelCommand.Write:
        return body.length < ChannelWrite.BYTES ? INVALID : write(channel, view, body, signal);
      case ChannelCommand.End:
        if (channel.failure !== undefined) return channel.failed;
        channel.toHost.ended = true;
        return OK;
      case ChannelCommand.Close:
        return body.length < ChannelClose.WORDS ? INVALID : this.#close(channel, view, body);
      case ChannelCommand.State:
        return state(channel);
      default:
        return NO_COMMAND;
    }
  }

  #open(view: DataView, body: Uint8Array): Reply {
    if (body.length < ChannelOpen.NAME) return INVALID;
    const name = toZero(body.subarray(ChannelOpen.NAME), CHANNEL_NAME_MAX + 1);
    if (!isName(name)) return INVALID;
    const word = new TextDecoder().decode(name);
    if (this.#guestChannel(word)) return { status: RequestStatus.Exists };
    if (this.#ofGuest.size === CHANNELS_MAX) return { status: RequestStatus.NoMemory };
    const offered = this.#ofHost.get(word);
    const waiting = offered?.phase === ChannelPhase.Waiting ? offered : undefined;
    const patient = !(view.getUint32(ChannelOpen.Flags, true) & ChannelFlag.NoWait);
    if (!waiting && !patient) return NO_ENTRY;
    const channel = waiting ?? new Channel(word);
    do this.#lastNumber = (this.#lastNumber % NUMBERS) + 1;
    while (this.#ofGuest.has(this.#lastNumber));
    channel.number = this.#lastNumber;
    this.#ofGuest.set(channel.number, channel);
    if (waiting) this.#connect(waiting);
    return number32(channel.number);
  }

  #list(): Reply {
    const waiting = [...this.#ofHost.values()].filter((channel) => !channel.number && channel.phase === ChannelPhase.Waiting); // prettier-ignore
    const names = waiting.map(({ name }) => `${name}\0`).join("");
    return { status: RequestStatus.Ok, body: new TextEncoder().encode(names) };
  }

  #close(channel: Channel, view: DataView, body: Uint8Array): Reply {
    const failed = view.getUint32(ChannelClose.Failed, true) !== 0;
    const words = new TextDecoder().decode(toZero(body.subarray(ChannelClose.WORDS), CHANNEL_WORDS_MAX)); // prettier-ignore
    this.#ofGuest.delete(channel.number);
    channel.number = 0;
    if (failed) {
      this.#fail(channel, "channel", words || "The guest's program has given up.");
    } else if (channel.isOpen && channel.failure === undefined) {
      if (!channel.toGuest.over) channel.tell?.({ type: "cancel" });
      channel.toGuest.stop();
      channel.toHost.ended = true;
    }
    answerAll(channel, CANCELED);
    return OK;
  }

  // ---- sessions ----

  /** A page that waits for a program goes on waiting, for one of the next session. */
  endSession(): void {
    for (const channel of this.#ofGuest.values()) {
      channel.number = 0;
      answerAll(channel, CANCELED);
      if (channel.isLive)
        this.#fail(channel, "session-ended", "The guest's driver has ended or was restarted.");
    }
    this.#ofGuest.clear();
    this.flush();
  }

  flush(): void {
    for (const channel of this.#ofHost.values()) {
      this.#deliver(channel);
      this.#settle(channel);
    }
    this.#tellWanted();
  }

  #tellWanted(): void {
    const waiting = [...this.#ofGuest.values()].filter(({ phase }) => phase === ChannelPhase.Waiting); // prettier-ignore
    const names = new Set(waiting.map(({ name }) => name));
    for (const name of this.#told)
      if (!names.has(name)) this.#tell({ type: "channel-wanted", name, wanted: false });
    for (const name of names)
      if (!this.#told.has(name)) this.#tell({ type: "channel-wanted", name, wanted: true });
    this.#told = names;
  }

  // ---- channels ----

  /** What the guest has under this name, unless that is over. */
  #guestChannel(name: string): Channel | undefined {
    return [...this.#ofGuest.values()].find((channel) => channel.name === name && channel.isLive);
  }

  #connect(channel: Channel): void {
    channel.isOpen = true;
    channel.tell?.({ type: "opened" });
    channel.tell?.({ type: "room", bytes: CHANNEL_BUFFER });
    this.#serve(channel);
    this.#news(channel);
  }

  /** For the guest. */
  #news({ number }: Channel): void {
    if (number) this.#raise(number);
  }

  /** To the page, what it wants of what there is. */
  #deliver(channel: Channel): void {
    const { queue } = channel.toHost;
    const wasFull = channel.room === 0;
    while (channel.wanted > 0 && queue.length > 0) {
      const bytes = queue.take(Math.min(channel.wanted, CHANNEL_READ_MAX));
      channel.wanted -= bytes.length;
      channel.tell?.({ type: "data", bytes });
    }
    this.#serve(channel);
    if (wasFull && channel.room > 0) this.#news(channel);
  }

  /** The guest's requests that wait, as far as they can be answered now. */
  #serve(channel: Channel): void {
    const { reading, writing } = channel;
    const read = reading && channel.read(reading.maximum);
    if (read) {
      channel.reading = undefined;
      reading.answer(read);
    }
    const written = writing && channel.write(writing.bytes);
    if (written) {
      channel.writing = undefined;
      writing.answer(written);
    }
  }

  /** What the page is to know now. */
  #settle(channel: Channel): void {
    const { toGuest, toHost, tell } = channel;
    if (!tell) return;
    if (channel.freed >= ROOM_TOLD && !toGuest.ended) {
      tell({ type: "room", bytes: channel.freed });
      channel.freed = 0;
    }
    if (toHost.ended && !toHost.over && toHost.queue.length === 0 && !channel.writing) {
      toHost.over = true;
      tell({ type: "end" });
    }
    // Nobody would come for the end alone.
    if (!channel.isOpen && toGuest.ended && toHost.over) toGuest.over = true;
    if (!toHost.over || !toGuest.over) return;
    this.#release(channel);
    tell({ type: "closed", error: undefined });
    this.#news(channel);
  }

  #fail(channel: Channel, code: ErrorCode, words: string): void {
    const { tell } = channel;
    this.#release(channel);
    channel.failure = words;
    tell?.({ type: "closed", error: { code, message: words } });
  }

  /** The page is done with it, and its name is free. */
  #release(channel: Channel): void {
    channel.tell = undefined;
    channel.toHost.queue.clear();
    channel.toGuest.queue.clear();
    if (this.#ofHost.get(channel.name) === channel) this.#ofHost.delete(channel.name);
  }
}

function read(channel: Channel, view: DataView, signal: AbortSignal): Reply | Promise<Reply> {
  const maximum = view.getUint32(ChannelRead.Maximum, true);
  if (maximum === 0) return INVALID;
  if (channel.reading) return { status: RequestStatus.Busy };
  const reply = channel.read(maximum);
  if (reply) return reply;
  if (view.getUint32(ChannelRead.Flags, true) & ChannelFlag.NoWait) return AGAIN;
  return new Promise((resolve) => {
    const reading = { maximum, answer: resolve };
    channel.reading = reading;
    onAbort(signal, () => {
      if (channel.reading === reading) channel.reading = undefined;
      resolve(CANCELED);
    });
  });
}

function write(
  channel: Channel,
  view: DataView,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Reply | Promise<Reply> {
  const length = view.getUint32(ChannelWrite.Length, true);
  const bytes = body.subarray(ChannelWrite.BYTES, ChannelWrite.BYTES + length);
  if (bytes.length < length || channel.toHost.ended) return INVALID;
  if (channel.writing) return { status: RequestStatus.Busy };
  const reply = channel.write(bytes);
  if (reply) return reply;
  if (view.getUint32(ChannelWrite.Flags, true) & ChannelFlag.NoWait) return AGAIN;
  return new Promise((resolve) => {
    const writing = { bytes, answer: resolve };
    channel.writing = writing;
    onAbort(signal, () => {
      if (channel.writing === writing) channel.writing = undefined;
      resolve(CANCELED);
    });
  });
}

function state(channel: Channel): Reply {
  const body = new Uint8Array(ChannelState.SIZE);
  const view = new DataView(body.buffer);
  view.setUint32(ChannelState.Phase, channel.phase, true);
  view.setUint32(ChannelState.Readable, channel.toGuest.queue.length, true);
  view.setUint32(ChannelState.Room, channel.room, true);
  return { status: RequestStatus.Ok, body };
}

function answerAll(channel: Channel, reply: Reply): void {
  const { reading, writing } = channel;
  channel.reading = undefined;
  channel.writing = undefined;
  reading?.answer(reply);
  writing?.answer(reply);
}

function onAbort(signal: AbortSignal, aborted: () => void): void {
  signal.addEventListener("abort", aborted, { once: true });
}

function number32(value: number): Reply {
  const body = new Uint8Array(4);
  new DataView(body.buffer).setUint32(0, value, true);
  return { status: RequestStatus.Ok, body };
}

/** Up to the zero byte, `most` bytes at most. */
function toZero(bytes: Uint8Array, most: number): Uint8Array {
  const part = bytes.subarray(0, most);
  const end = part.indexOf(0);
  return end < 0 ? part : part.subarray(0, end);
}

function isName(bytes: Uint8Array): boolean {
  if (bytes.length === 0 || bytes.length > CHANNEL_NAME_MAX) return false;
  if (bytes.some((byte) => byte < 0x20 || byte === 0x7f)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Whole characters of the words. */
function shortened(words: string): Uint8Array {
  const bytes = new Uint8Array(CHANNEL_WORDS_MAX);
  return bytes.subarray(0, new TextEncoder().encodeInto(words, bytes).written);
}

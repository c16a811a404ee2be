// Worker side of the shared clipboard: who offers what, and the pieces of data that go either way.
//
// There is one clipboard. Each offer takes the place of the one before, whoever made it; whatever still waits for an older one is
// answered with an error. Data is fetched when it is wanted, once for each format of an offer.

import type { ClipboardFormat, MachineEvent } from "../../shared/api";
import type { ClipboardSetting } from "../../shared/config";
import { TandemError } from "../../shared/errors";
import {
  CLIPBOARD_SIZE_MAX,
  CLIPBOARD_TRANSFER_MAX,
  ClipboardCommand,
  ClipboardData,
  ClipboardDirection,
  ClipboardFetch,
  ClipboardFormat as FormatBit,
  ClipboardOffer,
  ClipboardState,
  ClipboardSupply,
} from "../../../wasm/protocol/clipboard";
import { REQUEST_HEADER_SIZE, REQUEST_SIZE_MAX, RequestStatus } from "../../../wasm/protocol/tandem-port"; // prettier-ignore
import type { Core } from "../core";
import { pageList } from "./shared-folders";
import { INVALID, NO_COMMAND, OK, type Reply, type Service } from "./service";

const FORMAT_BITS: Readonly<Record<ClipboardFormat, FormatBit>> = {
  "text/plain": FormatBit.Text,
  "text/html": FormatBit.Html,
  "image/png": FormatBit.Png,
};
const FORMATS = Object.keys(FORMAT_BITS) as ClipboardFormat[];
const ALL_BITS = FormatBit.Text | FormatBit.Html | FormatBit.Png;
const DIRECTIONS: Readonly<Record<ClipboardSetting, number>> = {
  both: ClipboardDirection.ToGuest | ClipboardDirection.ToHost,
  "to-guest": ClipboardDirection.ToGuest,
  "to-host": ClipboardDirection.ToHost,
  off: 0,
};
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PAGE_ENTRY = 8;
const CANNOT = 0xffff_ffff;
const INLINE_MAX = REQUEST_SIZE_MAX - REQUEST_HEADER_SIZE - ClipboardData.DATA;
/** A guest that is asked for data and gives none for so long has a driver that is stuck. */
const PATIENCE = 15_000;

const DENIED: Reply = { status: RequestStatus.Access };
const STALE: Reply = { status: RequestStatus.NoEntry };
const TOO_BIG: Reply = { status: RequestStatus.TooBig };

/** The host's data in one format, as it was or will be given. */
type HostData = Promise<Uint8Array | RequestStatus>;

/** The newest offer. */
type Offer =
  | { side: "none" }
  | {
      side: "host";
      formats: number;
      data: Map<FormatBit, HostData>;
      /** To be pasted by the guest, who has not heard of it yet. */
      paste: boolean;
    }
  | {
      side: "guest";
      formats: number;
      /** Of a front end that gives the data together with its offer. */
      given?: ReadonlyMap<FormatBit, Uint8Array<ArrayBuffer>>;
    };

/** A datum of the guest's offer that the host waits for. */
interface Want {
  id: number;
  format: FormatBit;
  bytes: Uint8Array<ArrayBuffer> | undefined;
  received: number;
  promise: Promise<Uint8Array<ArrayBuffer>>;
  resolve(bytes: Uint8Array<ArrayBuffer>): void;
  reject(error: TandemError): void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class ClipboardService implements Service {
  readonly range = 0x03;
  readonly #tell: (event: MachineEvent) => void;
  readonly #raise: (serial: number) => void;
  #core: Core | undefined;
  #directions = DIRECTIONS.both;
  #serial = 0;
  #offer: Offer = { side: "none" };
  /** Questions to the page: what it answers. */
  readonly #asked = new Map<number, (data: Uint8Array | undefined) => void>();
  #lastAsked = 0;
  /** The first is the one that the guest is told of. */
  #wants: Want[] = [];
  #lastWant = 0;

  /** `raise`: the guest is told that there is something new. */
  constructor(tell: (event: MachineEvent) => void, raise: (serial: number) => void) {
    this.#tell = tell;
    this.#raise = raise;
  }

  connect(core: Core | undefined): void {
    this.#core = core;
  }

  // ---- for the host ----

  set(setting: ClipboardSetting): void {
    const before = this.#directions;
    this.#directions = DIRECTIONS[setting];
    const gone = before & ~this.#directions;
    const { side } = this.#offer;
    if (side === "host" && gone & ClipboardDirection.ToGuest) this.#replace({ side: "none" });
    else if (side === "guest" && gone & ClipboardDirection.ToHost) {
      this.#replace({ side: "none" });
      this.#tell({ type: "clipboard-offer", serial: this.#serial, formats: [] });
    } else if (before !== this.#directions) this.#raise(this.#serial);
  }

  /** The host has this now. `paste`: the user wants it to be pasted. */
  offer(formats: readonly ClipboardFormat[], paste = false): void {
    if (!(this.#directions & ClipboardDirection.ToGuest)) return;
    let bits = 0;
    for (const format of formats) bits |= FORMAT_BITS[format] ?? 0;
    this.#replace({ side: "host", formats: bits, data: new Map(), paste: paste && bits !== 0 });
  }

  /** The answer to "clipboard-wanted". */
  supply(request: number, data: Uint8Array | undefined): void {
    const take = this.#asked.get(request);
    this.#asked.delete(request);
    take?.(data);
  }

  /** What the guest has offered. @throws TandemError clipboard */
  async read(format: ClipboardFormat): Promise<Uint8Array<ArrayBuffer>> {
    const offer = this.#offer;
    const bit = FORMAT_BITS[format];
    if (bit === undefined)
      throw new TandemError("bad-argument", `The clipboard does not carry "${String(format)}".`);
    if (offer.side !== "guest" || !(offer.formats & bit))
      throw new TandemError("clipboard", `The guest has copied nothing as ${format}.`);
    const bytes = offer.given?.get(bit) ?? (await this.#want(bit));
    if (bit === FormatBit.Png && PNG_SIGNATURE.some((byte, at) => bytes[at] !== byte))
      throw new TandemError("clipboard", "What the guest has copied as a picture is none (PNG).");
    return bytes.slice();
  }

  // ---- for front ends whose protocol is another one ----

  get serial(): number {
    return this.#serial;
  }

  /** What the host offers, and the guest may have. */
  get hostFormats(): readonly ClipboardFormat[] {
    const bits = this.#offer.side === "host" ? this.#offer.formats : 0;
    return FORMATS.filter((format) => bits & FORMAT_BITS[format]);
  }

  /** The host's data; undefined when there is none, or the browser does not give it. */
  async hostData(format: ClipboardFormat): Promise<Uint8Array | undefined> {
    const data = this.#hostData(FORMAT_BITS[format]);
    const result = await data;
    return result instanceof Uint8Array ? result : undefined;
  }

  /** An offer of the guest together with its data. False: the user does not allow it, or it is too large. */
  guestCopied(data: ReadonlyMap<ClipboardFormat, Uint8Array<ArrayBuffer>>): boolean {
    if (!(this.#directions & ClipboardDirection.ToHost)) return false;
    if ([...data.values()].some(({ length }) => length > CLIPBOARD_SIZE_MAX)) return false;
    const given = new Map([...data].map(([format, bytes]) => [FORMAT_BITS[format], bytes]));
    let formats = 0;
    for (const bit of given.keys()) formats |= bit;
    this.#guestOffers({ side: "guest", formats, given });
    return true;
  }

  // ---- for the guest ----

  request(
    command: number,
    body: Uint8Array<ArrayBuffer>,
    signal: Pick<AbortSignal, "aborted">,
  ): Reply | Promise<Reply> {
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    switch (command as ClipboardCommand) {
      case ClipboardCommand.State:
        return this.#state();
      case ClipboardCommand.Fetch:
        return body.length < ClipboardFetch.DATA ? INVALID : this.#fetch(body, view, signal);
      case ClipboardCommand.Offer:
        return body.length < ClipboardOffer.SIZE ? INVALID : this.#guestOffer(view);
      case ClipboardCommand.Supply:
        return body.length < ClipboardSupply.DATA ? INVALID : this.#guestSupply(body, view, signal);
      default:
        return NO_COMMAND;
    }
  }

  /** The guest's driver has gone, and what it offered with it; the host's offer stays. */
  endSession(): void {
    if (this.#offer.side !== "guest") return;
    this.#replace({ side: "none" });
    this.#tell({ type: "clipboard-offer", serial: this.#serial, formats: [] });
  }

  flush(): void {}

  // ---- inside ----

  #replace(offer: Offer): void {
    this.#offer = offer;
    this.#serial = (this.#serial + 1) >>> 0;
    for (const give of this.#asked.values()) give(undefined);
    this.#asked.clear();
    const wants = this.#wants;
    this.#wants = [];
    for (const want of wants) end(want, "The clipboard has changed meanwhile.");
    this.#raise(this.#serial);
  }

  #state(): Reply {
    const offer = this.#offer;
    const body = new Uint8Array(ClipboardState.SIZE);
    const view = new DataView(body.buffer);
    const set = (at: number, value: number): void => view.setUint32(at, value, true);
    set(ClipboardState.Serial, this.#serial);
    set(ClipboardState.Directions, this.#directions);
    if (offer.side === "host") {
      set(ClipboardState.Formats, offer.formats);
      set(ClipboardState.Paste, offer.paste ? 1 : 0);
      offer.paste = false;
    }
    const [want] = this.#wants;
    set(ClipboardState.Wanted, want?.id ?? 0);
    set(ClipboardState.WantedFormat, want?.format ?? 0);
    return { status: RequestStatus.Ok, body };
  }

  #fetch(
    body: Uint8Array,
    view: DataView,
    signal: Pick<AbortSignal, "aborted">,
  ): Reply | Promise<Reply> {
    // prettier-ignore
    if (!(this.#directions & ClipboardDirection.ToGuest)) return DENIED;
    if (view.getUint32(ClipboardFetch.Serial, true) !== this.#serial) return STALE;
    const format = view.getUint32(ClipboardFetch.Format, true);
    const offset = view.getUint32(ClipboardFetch.Offset, true);
    const length = view.getUint32(ClipboardFetch.Length, true);
    const pages = view.getUint32(ClipboardFetch.Pages, true);
    const list = listIn(body, ClipboardFetch.DATA, pages);
    if (!list) return INVALID;
    const data = this.#hostData(format);
    if (!data) return STALE;
    return data.then((all) => {
      if (!(all instanceof Uint8Array)) return { status: all };
      const limit = pages > 0 ? CLIPBOARD_TRANSFER_MAX : INLINE_MAX;
      const piece = all.subarray(offset, offset + Math.min(length, limit));
      if (pages > 0 && !this.#toPages(list, piece, signal)) return INVALID;
      const reply = new Uint8Array(ClipboardData.DATA + (pages > 0 ? 0 : piece.length));
      const out = new DataView(reply.buffer);
      out.setUint32(ClipboardData.Total, all.length, true);
      out.setUint32(ClipboardData.Length, piece.length, true);
      if (pages === 0) reply.set(piece, ClipboardData.DATA);
      return { status: RequestStatus.Ok, body: reply };
    });
  }

  /** Asks the page once for each format of its offer; undefined: that is not offered. */
  #hostData(bit: FormatBit): HostData | undefined {
    const offer = this.#offer;
    const format = FORMATS.find((name) => FORMAT_BITS[name] === bit);
    if (offer.side !== "host" || !format || !(offer.formats & bit)) return undefined;
    const known = offer.data.get(bit);
    if (known) return known;
    const request = ++this.#lastAsked;
    const data = new Promise<Uint8Array | undefined>((resolve) => {
      this.#asked.set(request, resolve);
      this.#tell({ type: "clipboard-wanted", request, format });
    }).then((bytes) => {
      // A browser that has refused may agree when it is asked again.
      if (!bytes) offer.data.delete(bit);
      if (!bytes) return this.#offer === offer ? RequestStatus.Access : RequestStatus.NoEntry;
      if (bytes.length <= CLIPBOARD_SIZE_MAX) return bytes;
      this.#tell({ type: "error", error: tooLarge("Your clipboard holds", bytes.length).toData() });
      return RequestStatus.TooBig;
    });
    offer.data.set(bit, data);
    return data;
  }

  #guestOffer(view: DataView): Reply {
    if (!(this.#directions & ClipboardDirection.ToHost)) return DENIED;
    const formats = view.getUint32(ClipboardOffer.Formats, true);
    if (formats & ~ALL_BITS) return INVALID;
    // Both have copied at the same time: the one who knows of the other decides.
    if (view.getUint32(ClipboardOffer.Seen, true) !== this.#serial)
      return { status: RequestStatus.Again };
    this.#guestOffers({ side: "guest", formats });
    const body = new Uint8Array(4);
    new DataView(body.buffer).setUint32(0, this.#serial, true);
    return { status: RequestStatus.Ok, body };
  }

  #guestOffers(offer: Extract<Offer, { side: "guest" }>): void {
    this.#replace(offer);
    const formats = FORMATS.filter((format) => offer.formats & FORMAT_BITS[format]);
    this.#tell({ type: "clipboard-offer", serial: this.#serial, formats });
  }

  #want(format: FormatBit): Promise<Uint8Array<ArrayBuffer>> {
    const waiting = this.#wants.find((want) => want.format === format);
    if (waiting) return waiting.promise;
    if (!this.#core) return Promise.reject(new TandemError("not-running", "The machine is off."));
    const { promise, resolve, reject } = withResolvers();
    this.#lastWant = (this.#lastWant + 1) >>> 0 || 1;
    const want: Want = { id: this.#lastWant, format, bytes: undefined, received: 0, promise, resolve, reject, timer: undefined }; // prettier-ignore
    this.#wants.push(want);
    if (this.#wants.length === 1) this.#ask(want);
    return promise;
  }

  #ask(want: Want): void {
    this.#await(want);
    this.#raise(this.#serial);
  }

  #await(want: Want): void {
    clearTimeout(want.timer);
    want.timer = setTimeout(() => this.#close(want, "The guest does not hand over what it has copied."), PATIENCE); // prettier-ignore
  }

  #guestSupply(
    body: Uint8Array<ArrayBuffer>,
    view: DataView,
    signal: Pick<AbortSignal, "aborted">,
  ): Reply {
    // prettier-ignore
    if (!(this.#directions & ClipboardDirection.ToHost)) return DENIED;
    const [want] = this.#wants;
    if (!want || want.id !== view.getUint32(ClipboardSupply.Wanted, true)) return STALE;
    const total = view.getUint32(ClipboardSupply.Total, true);
    const offset = view.getUint32(ClipboardSupply.Offset, true);
    const length = view.getUint32(ClipboardSupply.Length, true);
    const pages = view.getUint32(ClipboardSupply.Pages, true);
    if (total === CANNOT) {
      this.#close(want, "The guest cannot hand over what it has copied.");
      return OK;
    }
    if (total > CLIPBOARD_SIZE_MAX) {
      this.#close(want, tooLarge("The guest has copied", total).message);
      return TOO_BIG;
    }
    const list = listIn(body, ClipboardSupply.DATA, pages);
    if (!list || offset !== want.received || length > total - offset) return INVALID;
    if (want.bytes && want.bytes.length !== total) return INVALID;
    const piece = pages > 0 ? this.#fromPages(list, length, signal) : body.subarray(ClipboardSupply.DATA); // prettier-ignore
    if (!piece || piece.length < length) return INVALID;
    want.bytes ??= new Uint8Array(total);
    want.bytes.set(piece.subarray(0, length), offset);
    want.received += length;
    if (want.received === total) this.#close(want);
    else if (length > 0) this.#await(want);
    return OK;
  }

  /** Done, or not to be had; the next one is asked for. */
  #close(want: Want, problem?: string): void {
    this.#wants = this.#wants.filter((other) => other !== want);
    if (problem === undefined && want.bytes) {
      clearTimeout(want.timer);
      want.resolve(want.bytes);
    } else end(want, problem ?? "");
    const [next] = this.#wants;
    if (next) this.#ask(next);
  }

  #toPages(list: Uint8Array, piece: Uint8Array, signal: Pick<AbortSignal, "aborted">): boolean {
    try {
      const pages = pageList(list, () => (signal.aborted ? undefined : this.#core));
      if (pages.length < piece.length) return false;
      pages.write(piece);
      return true;
    } catch {
      return false; // what is no RAM of the guest's
    }
  }

  #fromPages(
    list: Uint8Array,
    length: number,
    signal: Pick<AbortSignal, "aborted">,
  ): Uint8Array | undefined {
    // prettier-ignore
    if (length > CLIPBOARD_TRANSFER_MAX) return undefined;
    try {
      const pages = pageList(list, () => (signal.aborted ? undefined : this.#core));
      return pages.length < length ? undefined : pages.read(length);
    } catch {
      return undefined;
    }
  }
}

function end(want: Want, problem: string): void {
  clearTimeout(want.timer);
  want.reject(new TandemError("clipboard", problem));
}

/** The page list of a body, empty for none; undefined: it is not all there. */
function listIn(body: Uint8Array, at: number, entries: number): Uint8Array | undefined {
  if (entries > (body.length - at) / PAGE_ENTRY) return undefined;
  return body.subarray(at, at + entries * PAGE_ENTRY);
}

function tooLarge(who: string, bytes: number): TandemError {
  const size = (bytes / 2 ** 20).toFixed(1);
  return new TandemError(
    "clipboard",
    `${who} ${size} MiB; the shared clipboard carries up to ${CLIPBOARD_SIZE_MAX / 2 ** 20} MiB.`,
  );
}

function withResolvers(): Pick<Want, "promise" | "resolve" | "reject"> {
  let resolve: Want["resolve"] = () => {};
  let reject: Want["reject"] = () => {};
  const promise = new Promise<Uint8Array<ArrayBuffer>>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}

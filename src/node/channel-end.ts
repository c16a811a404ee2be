// The host's end of a channel in Node: of `npm run vm`, and of tests.

import type { ChannelNews, ChannelOrder } from "../shared/api";
import type { ErrorData } from "../shared/errors";
import type { Machine } from "../worker/machine";

const PIECE = 65536;

export class ChannelEnd {
  /** What has happened, but for bytes and room. */
  readonly kinds: ChannelNews["type"][] = [];
  /** Why it has failed. */
  error: ErrorData | undefined;
  received = 0;
  sent = 0;
  readonly #order: (order: ChannelOrder) => void;
  readonly #parts: Uint8Array[] = [];
  readonly #take: (bytes: Uint8Array<ArrayBuffer>) => void;
  #room = 0;
  #waiting: (() => void)[] = [];

  /** `wanted`: bytes, see `want`. Without `take` they are kept. @throws TandemError */
  constructor(
    machine: Machine,
    name: string,
    wanted = Infinity,
    take?: (bytes: Uint8Array<ArrayBuffer>) => void,
  ) {
    this.#take = take ?? ((bytes) => this.#parts.push(bytes));
    const channel = machine.channels.open(name, (news) => this.#hear(news));
    this.#order = (order) => channel.take(order);
    if (wanted > 0) this.want(wanted);
  }

  get isOver(): boolean {
    return this.kinds.includes("closed");
  }

  /** What has been kept. */
  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  get text(): string {
    return this.bytes.toString();
  }

  /** Until something that happens here makes it true. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** All that the guest sends. */
  async end(): Promise<Buffer> {
    await this.until(() => this.kinds.includes("end") || this.isOver);
    return this.bytes;
  }

  /** So many bytes more. */
  want(bytes: number): void {
    this.#order({ type: "room", bytes });
  }

  /** Waits for room; nobody hears what is sent on a channel that is over. */
  async send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      await this.until(() => this.#room > 0 || this.isOver);
      if (this.isOver) return;
      const piece = new Uint8Array(bytes.subarray(at, at + Math.min(this.#room, PIECE)));
      this.#room -= piece.length;
      this.sent += piece.length;
      at += piece.length;
      this.#order({ type: "data", bytes: piece });
    }
  }

  /** Nothing more is sent. */
  finish(): void {
    this.#order({ type: "end" });
  }

  /** Nothing more is wanted. */
  cancel(): void {
    this.#order({ type: "cancel" });
  }

  abort(reason: string): void {
    this.#order({ type: "abort", reason });
  }

  #hear(news: ChannelNews): void {
    if (news.type === "data") {
      this.received += news.bytes.length;
      this.#take(news.bytes);
    } else if (news.type === "room") this.#room += news.bytes;
    else this.kinds.push(news.type);
    if (news.type === "closed") this.error = news.error;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

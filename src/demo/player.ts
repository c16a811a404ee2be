// Replays a trace: first the relative guest is brought to where the trace begins, by steps so small that no guest accelerates
// them; then the samples at their times. A page's timers are not finer than 4 ms: samples that are due together go together.

import type { Hand } from "./hand";
import type { Position } from "./measure/position";
import type { Trace } from "./measure/trace";

export interface PlayerHost {
  /** The relative guest is told to put its cursor into the corner. */
  home(): void;
  /** Host and guest agree on the corner. */
  homed(): void;
  /** The trace begins now. */
  begin(): void;
}

const HOMING_MS = 400;
const WALK_INTERVAL = 10;
const WALK_STEP = 2;
const SETTLE_MS = 400;

export class Player {
  readonly #hand: Hand;
  readonly #host: PlayerHost;
  #current: AbortController | undefined;

  constructor(hand: Hand, host: PlayerHost) {
    this.#hand = hand;
    this.#host = host;
  }

  get playing(): boolean {
    return this.#current !== undefined;
  }

  stop(): void {
    this.#current?.abort();
  }

  /** Resolves to whether the trace was played to its end. Waits while the page is hidden. */
  play(trace: Trace, speed: number): Promise<boolean> {
    return this.#run((signal) => this.#play(trace, speed, signal));
  }

  /** Brings all machines to this place; the relative one by way of the corner. */
  synchronise(to: Position): Promise<boolean> {
    return this.#run((signal) => this.#walk(to, signal));
  }

  async #run(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    this.stop();
    const current = new AbortController();
    this.#current = current;
    try {
      await work(current.signal);
      return true;
    } catch (error) {
      if (current.signal.aborted) return false;
      throw error;
    } finally {
      if (this.#current === current) {
        this.#current = undefined;
        this.#hand.lift();
      }
    }
  }

  async #play(trace: Trace, speed: number, signal: AbortSignal): Promise<void> {
    const first = trace.samples[0];
    if (!first) return;
    await this.#walk(first, signal);
    this.#host.begin();
    let begin = performance.now();
    for (const { time, x, y, buttons } of trace.samples) {
      const due = (): number => begin + time / speed;
      while (performance.now() < due()) {
        const hidden = await wait(Math.min(due() - performance.now(), LONGEST_WAIT), signal);
        begin += hidden;
      }
      this.#place(x, y);
      this.#hand.press(buttons ?? 0);
    }
  }

  /** From the corner, where host and guest agree. */
  async #walk(to: Position, signal: AbortSignal): Promise<void> {
    this.#hand.lift();
    this.#place(0, 0);
    this.#host.home();
    await wait(HOMING_MS, signal);
    this.#host.homed();
    for (let x = 0, y = 0; x < to.x || y < to.y;) {
      x = Math.min(to.x, x + WALK_STEP);
      y = Math.min(to.y, y + WALK_STEP);
      this.#place(x, y);
      await wait(WALK_INTERVAL, signal);
    }
    await wait(SETTLE_MS, signal);
  }

  /** In the middle of the pixel: no rounding on the way makes another of it. */
  #place(x: number, y: number): void {
    this.#hand.place(x + 0.5, y + 0.5, performance.now());
  }
}
const LONGEST_WAIT = 200;

/** Resolves to the milliseconds that the page was hidden meanwhile. */
async function wait(milliseconds: number, signal: AbortSignal): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  signal.throwIfAborted();
  if (!document.hidden) return 0;
  const since = performance.now();
  await new Promise<void>((resolve) => {
    const onVisible = (): void => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", onVisible);
      resolve();
    };
    document.addEventListener("visibilitychange", onVisible);
  });
  signal.throwIfAborted();
  return performance.now() - since;
}

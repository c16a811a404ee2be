// Giving way to the event loop, and sleeping, with the precision that a machine of 1000 ticks a second needs.

/** setTimeout is late by about a millisecond; the last part of a sleep blocks the thread instead, where that is possible. */
const TIMER_SLACK = 1.5;

declare function setImmediate(callback: () => void): unknown;

const channel =
  typeof setImmediate === "function" ? undefined : (new MessageChannel() as MessageChannel);
const waiting: (() => void)[] = [];
if (channel) channel.port1.onmessage = () => waiting.shift()?.();

/** Resolves after the events that are waiting; not slowed down like setTimeout(0). */
export function yieldToEvents(): Promise<void> {
  return new Promise((resolve) => {
    if (channel) {
      waiting.push(resolve);
      channel.port2.postMessage(0);
    } else {
      setImmediate(resolve);
    }
  });
}

const cell = waitCell();

/** Shared memory can be made even where SharedArrayBuffer is hidden (no cross-origin isolation): it is not sent anywhere. */
function waitCell(): Int32Array | undefined {
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const view = new Int32Array(memory.buffer);
    Atomics.wait(view, 0, 0, 0);
    return view;
  } catch {
    return undefined;
  }
}

/** A sleep that another event can end. */
export class Sleeper {
  #wake: (() => void) | undefined;
  #watched: Int32Array | undefined;

  /** A change of this cell of shared memory also ends the part of a sleep that blocks the thread. */
  watch(watched: Int32Array): void {
    this.#watched = watched;
  }

  async sleep(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    const watched = this.#watched;
    const seen = watched && Atomics.load(watched, 0);
    const coarse = cell ? milliseconds - TIMER_SLACK : milliseconds;
    if (coarse >= 1 || !cell) {
      const woken = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), coarse);
        this.#wake = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
      this.#wake = undefined;
      if (woken) return;
    } else {
      await yieldToEvents();
    }
    const rest = end - performance.now();
    if (!cell || rest <= 0) return;
    if (watched && seen !== undefined) Atomics.wait(watched, 0, seen, Math.min(rest, TIMER_SLACK));
    else Atomics.wait(cell, 0, 0, Math.min(rest, TIMER_SLACK));
  }

  wake(): void {
    this.#wake?.();
  }
}

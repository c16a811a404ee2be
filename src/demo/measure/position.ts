// Where something was, over time: the hand, the host's cursor, the guest's cursor.
//
// A position holds until the next one (no interpolation): what a computer knows of a hand is its last report.

export interface Position {
  x: number;
  y: number;
}

export interface Sample extends Position {
  /** Milliseconds on the page's clock, performance.now(). */
  time: number;
}

export function distance(a: Position, b: Position): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

export class PositionHistory {
  readonly #samples: Sample[] = [];
  readonly #keep: number;

  /** `keep`: milliseconds after which samples may be forgotten. */
  constructor(keep = Infinity) {
    this.#keep = keep;
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  get last(): Sample | undefined {
    return this.#samples.at(-1);
  }

  /** Samples come in the order of their times; one that is late is taken as if it came with the last. */
  add({ time, x, y }: Sample): void {
    const last = this.last;
    this.#samples.push({ time: last ? Math.max(time, last.time) : time, x, y });
    // The one before the oldest wanted time is kept: it holds until that time.
    let forget = 0;
    while ((this.#samples[forget + 1]?.time ?? Infinity) < time - this.#keep) forget++;
    if (forget > this.#samples.length / 2) this.#samples.splice(0, forget);
  }

  clear(): void {
    this.#samples.length = 0;
  }

  /** The position at that time; undefined before the first sample. */
  at(time: number): Sample | undefined {
    return this.#samples[this.#indexAt(time)];
  }

  /** When the position at that time was taken up: repeated samples of the same position do not count. */
  restingSince(time: number): number | undefined {
    let index = this.#indexAt(time);
    const here = this.#samples[index];
    if (!here) return undefined;
    for (;;) {
      const before = this.#samples[index - 1];
      if (!before || before.x !== here.x || before.y !== here.y)
        return this.#samples[index]?.time ?? here.time;
      index--;
    }
  }

  /** Samples in [from, to]. */
  between(from: number, to: number): Sample[] {
    const first = this.#indexAt(from);
    const start = this.#samples[first]?.time === from ? first : first + 1;
    const end = this.#indexAt(to);
    return this.#samples.slice(start, end + 1);
  }

  /** The last index whose time is not later; -1 before the first. */
  #indexAt(time: number): number {
    let low = 0;
    let high = this.#samples.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#samples[middle]?.time ?? Infinity) <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

// The path of an input event from the hand to the screen, stamped on its way; each input has a number that travels with it.

import type { Position } from "./position";
import { type Summary, summarise } from "./statistics";

/** In the order of time. */
export const STAGES = [
  "event",
  "handler",
  "stored",
  "latched",
  "taken",
  "drawn",
  "published",
  "shown",
] as const;
export type Stage = (typeof STAGES)[number];

/** Milliseconds on the page's clock. */
export type Stamps = Partial<Record<Stage, number>>;

export interface PathSummary {
  /** Time from the stage before that was stamped, by stage. */
  steps: Partial<Record<Stage, Summary>>;
  /** From the event to the frame that shows it. */
  whole: Summary | undefined;
  /** Events that were followed to the screen. */
  count: number;
}

const OPEN_MAXIMUM = 512;
const FINISHED_MAXIMUM = 5000;
const DRAWN_MAXIMUM = 64;

interface Drawn extends Position {
  stamps: Stamps;
}

/**
 * Follows inputs through one machine. Reports merge inputs: a stage that takes number n has taken all before it as well, but only
 * the newest counts, because only its position is ever seen.
 */
export class EventPath {
  /** In the order of their numbers. */
  readonly #open = new Map<number, Stamps>();
  readonly #finished: Stamps[] = [];
  #taken: Stamps | undefined;
  /** Told by the guest, not yet seen in a frame. */
  #drawn: Drawn[] = [];

  get finished(): readonly Stamps[] {
    return this.#finished;
  }

  clear(): void {
    this.#open.clear();
    this.#finished.length = 0;
    this.#taken = undefined;
    this.#drawn = [];
  }

  begin(id: number, stamps: Stamps): void {
    this.#open.set(id, stamps);
    for (const [old] of this.#open) {
      if (this.#open.size <= OPEN_MAXIMUM) break;
      this.#open.delete(old);
    }
  }

  stamp(id: number, stage: Stage, time: number): void {
    const stamps = this.#open.get(id);
    if (stamps) stamps[stage] = time;
  }

  /** The guest's driver has taken all inputs up to this one. */
  taken(id: number, time: number): void {
    const stamps = this.#open.get(id);
    for (const [old] of this.#open) {
      if (old > id) break;
      this.#open.delete(old);
    }
    if (stamps) this.#taken = { ...stamps, taken: time };
  }

  /** The guest says that it has drawn its cursor here: what was taken last has brought it there. */
  drawn({ x, y }: Position, time: number): void {
    if (!this.#taken) return;
    this.#drawn.push({ x, y, stamps: { ...this.#taken, drawn: time } });
    this.#taken = undefined;
    if (this.#drawn.length > DRAWN_MAXIMUM) this.#drawn.shift();
  }

  /** A frame shows the guest's cursor at a new place. */
  moved({ x, y }: Position, times: { published?: number; shown: number }): void {
    const index = this.#drawn.findLastIndex((drawn) => drawn.x === x && drawn.y === y);
    let stamps = this.#drawn[index]?.stamps;
    if (stamps) {
      this.#drawn.splice(0, index + 1);
    } else if (this.#drawn.length === 0) {
      // A guest that tells nothing: what was taken before the frame was made is what moved the cursor.
      if ((this.#taken?.taken ?? Infinity) > (times.published ?? times.shown)) return;
      stamps = this.#taken;
      this.#taken = undefined;
    }
    if (!stamps) return;
    this.#finished.push({ ...stamps, ...times });
    if (this.#finished.length > FINISHED_MAXIMUM) this.#finished.shift();
  }

  summary(): PathSummary {
    const steps: PathSummary["steps"] = {};
    for (const stage of STAGES) {
      const times: number[] = [];
      for (const stamps of this.#finished) {
        const time = stamps[stage];
        const before = stageBefore(stamps, stage);
        if (time !== undefined && before !== undefined) times.push(time - before);
      }
      const summary = summarise(times);
      if (summary) steps[stage] = summary;
    }
    const whole = summarise(
      this.#finished.flatMap(({ event, shown }) =>
        event !== undefined && shown !== undefined ? [shown - event] : [],
      ),
    );
    return { steps, whole, count: this.#finished.length };
  }
}

function stageBefore(stamps: Stamps, stage: Stage): number | undefined {
  for (let index = STAGES.indexOf(stage) - 1; index >= 0; index--) {
    const before = STAGES[index];
    const time = before && stamps[before];
    if (time !== undefined) return time;
  }
  return undefined;
}

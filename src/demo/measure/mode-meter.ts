// What is measured at one machine: distances, lag, the path of its events, its reports and interrupts.

import type { PointerUse } from "../../shared/api";
import { type DistanceSample, measureDistance, type Phase, phaseAt } from "./distance";
import { EventPath, type PathSummary, type Stamps } from "./event-path";
import { estimateLag, LAG_MAXIMUM, LAG_WINDOW, type LagEstimate } from "./lag";
import { type Position, PositionHistory, type Sample } from "./position";
import { median, type Summary, summarise } from "./statistics";

/** One frame that was drawn. */
export interface FrameRow {
  time: number;
  host: Position;
  guest: Position;
  distance: number;
  phase: Phase;
}

export interface LagRow extends LagEstimate {
  time: number;
}

/** Counters of the device, read now and then. */
export interface DeviceCounters {
  reports: number;
  irqs: number;
  /** Milliseconds of guest time. */
  uptime: number;
}

/** Per second of guest time, over the time since the row before. */
export interface RateRow {
  time: number;
  reports: number;
  irqs: number;
  /** Share of the frames in which the hand moved. */
  moving: number;
}

export interface ModeSummary {
  mode: PointerUse;
  /** Milliseconds, by the best fit of the two movements. */
  lag: Summary | undefined;
  gain: number | undefined;
  /** Pixels, hand at rest. */
  staticDistance: Summary | undefined;
  /** Pixels, hand moving. */
  dynamicDistance: Summary | undefined;
  /** Per second of guest time, while the hand moved. */
  reportsPerSecond: number | undefined;
  irqsPerSecond: number | undefined;
  path: PathSummary;
}

const LAG_INTERVAL = 400;
/** Half an hour of frames. */
const ROWS_MAXIMUM = 108_000;
/** Rates are told of stretches in which the hand hardly paused. */
const MOVING_SHARE = 0.8;

export class ModeMeter {
  readonly mode: PointerUse;
  readonly hand = new PositionHistory(2 * (LAG_WINDOW + LAG_MAXIMUM));
  readonly path = new EventPath();
  readonly frames: FrameRow[] = [];
  readonly lags: LagRow[] = [];
  readonly rates: RateRow[] = [];
  /** All frames of the last seconds, also those in which nothing moved. */
  readonly #seen = new PositionHistory(2 * LAG_WINDOW);
  #counters: (DeviceCounters & { frames: number; moving: number }) | undefined;
  #framesSeen = 0;
  #framesMoving = 0;
  #lagAt = 0;

  constructor(mode: PointerUse) {
    this.mode = mode;
  }

  clear(): void {
    this.path.clear();
    this.frames.length = 0;
    this.lags.length = 0;
    this.rates.length = 0;
    this.#counters = undefined;
  }

  /** The hand moved. `time` is that of the event itself. */
  moved(sample: Sample, id: number, stamps: Stamps): void {
    this.hand.add(sample);
    this.path.begin(id, stamps);
  }

  /** A frame was drawn, with the guest's cursor there. Call for each frame of the page, changed or not. */
  frame(guest: Position, time: number, published?: number): DistanceSample | undefined {
    const before = this.#seen.last;
    this.#seen.add({ time, ...guest });
    if (before && (before.x !== guest.x || before.y !== guest.y))
      this.path.moved(guest, { ...(published !== undefined && { published }), shown: time });
    const host = this.hand.at(time);
    const measured = measureDistance(this.hand, guest, time);
    if (!host || !measured) return undefined;
    this.#framesSeen++;
    if (measured.phase === "dynamic") this.#framesMoving++;
    if (this.frames.length >= ROWS_MAXIMUM) this.frames.shift();
    this.frames.push({
      time,
      host: { x: host.x, y: host.y },
      guest: { x: guest.x, y: guest.y },
      distance: measured.distance,
      phase: measured.phase,
    });
    this.#estimateLag(time);
    return measured;
  }

  #estimateLag(time: number): void {
    if (time - this.#lagAt < LAG_INTERVAL || phaseAt(this.hand, time) === "static") return;
    this.#lagAt = time;
    const estimate = estimateLag(this.hand, this.#seen.between(time - LAG_WINDOW, time));
    if (estimate) this.lags.push({ time, ...estimate });
  }

  counters(now: DeviceCounters, time: number): void {
    const before = this.#counters;
    this.#counters = { ...now, frames: this.#framesSeen, moving: this.#framesMoving };
    if (!before) return;
    const seconds = (now.uptime - before.uptime) / 1000;
    const frames = this.#framesSeen - before.frames;
    const moving = this.#framesMoving - before.moving;
    if (!(seconds > 0) || frames === 0) return;
    this.rates.push({
      time,
      reports: (now.reports - before.reports) / seconds,
      irqs: (now.irqs - before.irqs) / seconds,
      moving: moving / frames,
    });
  }

  summary(): ModeSummary {
    const distances = (phase: Phase): Summary | undefined =>
      summarise(this.frames.filter((row) => row.phase === phase).map(({ distance }) => distance));
    const rates = this.rates.filter(({ moving }) => moving >= MOVING_SHARE);
    return {
      mode: this.mode,
      lag: summarise(this.lags.map(({ lag }) => lag)),
      gain: orUndefined(median(this.lags.map(({ gain }) => gain))),
      staticDistance: distances("static"),
      dynamicDistance: distances("dynamic"),
      reportsPerSecond: orUndefined(median(rates.map(({ reports }) => reports))),
      irqsPerSecond: orUndefined(median(rates.map(({ irqs }) => irqs))),
      path: this.path.summary(),
    };
  }
}

function orUndefined(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

// Movements of a hand to replay: made from strokes as hands make them, or recorded.
//
// A stroke from one place to another follows the minimum-jerk curve 10 s^3 - 15 s^4 + 6 s^5 (Flash and Hogan 1985), sampled like
// a mouse that reports 125 times a second. Positions are whole pixels of a guest's screen of 1024 by 768.

import { TandemError } from "../../shared/errors";
import type { Position, Sample } from "./position";

export interface TraceSample extends Sample {
  /** As in PointerButtons; missing: none. */
  buttons?: number;
}

/** Times count from 0. */
export interface Trace {
  name: string;
  width: number;
  height: number;
  samples: TraceSample[];
}

export const TRACE_WIDTH = 1024;
export const TRACE_HEIGHT = 768;
const FORMAT = "tandem-hand-1";
const SAMPLES_MAXIMUM = 200_000;
export const REPORT_INTERVAL = 8;
/** Away from the edges, near the corner into which a relative guest is homed. */
export const START: Position = { x: 80, y: 120 };
const MARGIN = 40;
/** Long enough for the guest to be measured at rest. */
const DWELL = 500;

/** Builds a trace out of strokes and rests. */
class TraceBuilder {
  readonly #samples: TraceSample[];
  readonly #interval: number;
  #time = 0;
  #place: Position;

  constructor(start: Position, interval: number) {
    this.#interval = interval;
    this.#place = start;
    this.#samples = [{ time: 0, ...start }];
  }

  rest(milliseconds: number): this {
    this.#time += milliseconds;
    return this;
  }

  /** From where the hand is, in this time. */
  stroke(to: Position, milliseconds: number): this {
    const from = this.#place;
    return this.curve(milliseconds, (share) => {
      const way = minimumJerk(share);
      return { x: from.x + (to.x - from.x) * way, y: from.y + (to.y - from.y) * way };
    });
  }

  curve(milliseconds: number, at: (share: number) => Position): this {
    const steps = Math.max(1, Math.round(milliseconds / this.#interval));
    for (let step = 1; step <= steps; step++) {
      const { x, y } = at(step / steps);
      this.#add(this.#time + (milliseconds * step) / steps, Math.round(x), Math.round(y));
    }
    this.#time += milliseconds;
    return this;
  }

  /** The last rest is part of the trace: the sample there repeats the last place. */
  build(name: string): Trace {
    const samples = [...this.#samples];
    const last = samples.at(-1);
    if (last && last.time < this.#time) samples.push({ ...last, time: this.#time });
    return { name, width: TRACE_WIDTH, height: TRACE_HEIGHT, samples };
  }

  // A mouse that has not moved by a whole count sends nothing.
  #add(time: number, x: number, y: number): void {
    if (x === this.#place.x && y === this.#place.y) return;
    this.#place = { x, y };
    this.#samples.push({ time, x, y });
  }
}

export function minimumJerk(share: number): number {
  return share ** 3 * (10 - 15 * share + 6 * share ** 2);
}

/** 600 pixels out in 0.4 s, back in 4 s, three times: a guest that accelerates does not come back to where it was. */
export function asymmetric(interval = REPORT_INTERVAL): Trace {
  const builder = new TraceBuilder(START, interval).rest(DWELL);
  for (let round = 0; round < 3; round++)
    builder
      .stroke({ x: START.x + 600, y: START.y + 60 }, 400)
      .rest(DWELL)
      .stroke(START, 4000)
      .rest(DWELL);
  return builder.build("out fast, back slowly");
}

export interface StrokesOptions {
  seed?: number;
  count?: number;
  interval?: number;
}

/** As a hand works: strokes of 0.3 to 1.2 s to places all over the screen, with rests. */
export function strokes({ seed = 1, count = 12, interval }: StrokesOptions = {}): Trace {
  const random = generator(seed);
  const builder = new TraceBuilder(START, interval ?? REPORT_INTERVAL).rest(DWELL);
  for (let stroke = 0; stroke < count; stroke++)
    builder
      .stroke(
        {
          x: MARGIN + random() * (TRACE_WIDTH - 2 * MARGIN),
          y: MARGIN + random() * (TRACE_HEIGHT - 2 * MARGIN),
        },
        300 + random() * 900,
      )
      .rest(DWELL);
  return builder.stroke(START, 900).rest(DWELL).build("strokes and rests");
}

/** Circles that grow: the hand never rests, so the lag is seen best. */
export function circles(interval = REPORT_INTERVAL): Trace {
  const centre = { x: START.x + 260, y: START.y + 160 };
  const builder = new TraceBuilder(START, interval).rest(DWELL);
  builder.stroke({ x: centre.x + 80, y: centre.y }, 600).curve(6000, (share) => {
    const radius = 80 + 100 * share;
    const angle = 2 * Math.PI * 5 * share;
    return { x: centre.x + radius * Math.cos(angle), y: centre.y + radius * Math.sin(angle) };
  });
  return builder.rest(DWELL).stroke(START, 1200).rest(DWELL).build("circles");
}

/** All corners and the middles of all edges: what is clamped on one side only shows here. */
export function edges(interval = REPORT_INTERVAL): Trace {
  const [right, bottom] = [TRACE_WIDTH - 1, TRACE_HEIGHT - 1];
  const builder = new TraceBuilder(START, interval).rest(DWELL);
  const places: [number, number][] = [
    [0, 0],
    [right >> 1, 0],
    [right, 0],
    [right, bottom >> 1],
    [right, bottom],
    [right >> 1, bottom],
    [0, bottom],
    [0, bottom >> 1],
    [START.x, START.y],
  ];
  for (const [x, y] of places) builder.stroke({ x, y }, 500).rest(DWELL);
  return builder.build("edges and corners");
}

export function generatedTraces(): Trace[] {
  return [asymmetric(), strokes(), circles(), edges()];
}

export function durationOf({ samples }: Trace): number {
  return samples.at(-1)?.time ?? 0;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Takes down what a live hand does. */
export class TraceRecorder {
  #samples: TraceSample[] = [];
  #begin: number | undefined;

  get isEmpty(): boolean {
    return this.#samples.length === 0;
  }

  add(time: number, { x, y }: Position, buttons = 0): void {
    if (this.#samples.length >= SAMPLES_MAXIMUM) return;
    this.#begin ??= time;
    const at = Math.max(this.#samples.at(-1)?.time ?? 0, time - this.#begin);
    this.#samples.push({ time: at, x, y, ...(buttons && { buttons }) });
  }

  finish(name: string): Trace {
    return { name, width: TRACE_WIDTH, height: TRACE_HEIGHT, samples: this.#samples };
  }
}

/** Rows of [time, x, y] or [time, x, y, buttons]: a minute of a fast mouse is a small file. */
export function traceToJson({ name, width, height, samples }: Trace): string {
  const rows = samples.map(({ time, x, y, buttons }) => {
    const row = [Math.round(time * 1000) / 1000, x, y];
    return JSON.stringify(buttons ? [...row, buttons] : row);
  });
  const head = { format: FORMAT, name, width, height };
  return `${JSON.stringify(head).slice(0, -1)},"samples":[\n${rows.join(",\n")}\n]}\n`;
}

/** @throws TandemError bad-argument that says what is wrong with the file */
export function traceFromJson(text: string): Trace {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw notATrace("it is not JSON");
  }
  if (typeof data !== "object" || data === null) throw notATrace("it is not an object");
  const { format, name, width, height, samples } = data as Record<string, unknown>;
  if (format !== FORMAT) throw notATrace(`its format is not "${FORMAT}"`);
  if (typeof name !== "string") throw notATrace("it has no name");
  if (!isSize(width) || !isSize(height)) throw notATrace("it has no width and height");
  if (!Array.isArray(samples) || samples.length === 0) throw notATrace("it has no samples");
  if (samples.length > SAMPLES_MAXIMUM)
    throw notATrace(`it has more than ${SAMPLES_MAXIMUM} samples`);
  let last = 0;
  const checked = samples.map((row: unknown, index): TraceSample => {
    const values: unknown[] = Array.isArray(row) ? row : [];
    const [time, x, y, buttons = 0] = values;
    if (!isNumber(time) || !isNumber(x) || !isNumber(y) || !isNumber(buttons))
      throw notATrace(`sample ${index} is not [time, x, y]`);
    if (time < last) throw notATrace(`sample ${index} is earlier than the one before`);
    last = time;
    const place = { x: inside(x, width), y: inside(y, height) };
    return { time, ...place, ...(buttons && { buttons: buttons & 31 }) };
  });
  return { name: name.slice(0, 80), width, height, samples: checked };
}

function notATrace(reason: string): TandemError {
  return new TandemError("bad-argument", `This is not a recording of a hand: ${reason}.`);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isSize(value: unknown): value is number {
  return isNumber(value) && Number.isInteger(value) && value >= 16 && value <= 16384;
}

function inside(value: number, size: number): number {
  return Math.min(size - 1, Math.max(0, value));
}

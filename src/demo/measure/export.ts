// Measurements as files: CSV with a row for each frame, JSON with everything.

import type { PointerUse } from "../../shared/api";
import type { Stamps } from "./event-path";
import { STAGES } from "./event-path";
import type { FrameRow, LagRow, ModeMeter, ModeSummary, RateRow } from "./mode-meter";

/** What figures cannot be understood without. */
export interface Conditions {
  browser: string;
  refreshHz: number | undefined;
  isolated: boolean;
  /** Milliseconds that the worker computes at a time, while input arrives. */
  sliceMs: number | undefined;
  usbIntervalMs: number;
  acceleration: boolean;
  /** Who draws the cursor of the integrated machine. */
  integratedCursor: "host" | "guest";
  /** Millions of guest instructions a second, and guest time per wall time, while measured. */
  mips: number | undefined;
  guestSpeed: number | undefined;
  devicePixelRatio: number;
  hand: string;
}

export interface Measurement {
  format: "tandem-pointer-measurement-1";
  taken: string;
  conditions: Conditions;
  modes: {
    mode: PointerUse;
    summary: ModeSummary;
    frames: readonly FrameRow[];
    lags: readonly LagRow[];
    rates: readonly RateRow[];
    events: readonly Stamps[];
  }[];
}

export function collect(
  meters: readonly ModeMeter[],
  conditions: Conditions,
  taken: Date,
): Measurement {
  return {
    format: "tandem-pointer-measurement-1",
    taken: taken.toISOString(),
    conditions,
    modes: meters.map((meter) => ({
      mode: meter.mode,
      summary: meter.summary(),
      frames: meter.frames,
      lags: meter.lags,
      rates: meter.rates,
      events: meter.path.finished,
    })),
  };
}

export function toJson(measurement: Measurement): string {
  return `${JSON.stringify(measurement, rounded, 1)}\n`;
}

/** The browser's clock is not finer than 5 microseconds. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
}

const FRAME_COLUMNS = [
  "mode",
  "time_ms",
  "host_x",
  "host_y",
  "guest_x",
  "guest_y",
  "distance_px",
  "phase",
];

/** The conditions stand above the rows as comments. */
export function framesToCsv({ conditions, taken, modes }: Measurement): string {
  const rows = modes.flatMap(({ mode, frames }) =>
    frames.map(({ time, host, guest, distance, phase }) => [
      mode,
      time.toFixed(3),
      String(host.x),
      String(host.y),
      String(guest.x),
      String(guest.y),
      distance.toFixed(2),
      phase,
    ]),
  );
  return csv(comments(taken, conditions), FRAME_COLUMNS, rows);
}

/** The path of each event that was followed; times of the page's clock, empty where a stage was not seen. */
export function eventsToCsv({ conditions, taken, modes }: Measurement): string {
  const rows = modes.flatMap(({ mode, events }) =>
    events.map((stamps) => [mode, ...STAGES.map((stage) => stamps[stage]?.toFixed(3) ?? "")]),
  );
  return csv(comments(taken, conditions), ["mode", ...STAGES.map((stage) => `${stage}_ms`)], rows);
}

function comments(taken: string, conditions: Conditions): string[] {
  return [
    `taken: ${taken}`,
    ...Object.entries(conditions).map(([key, value]) => `${key}: ${value ?? "unknown"}`),
  ];
}

function csv(above: readonly string[], columns: readonly string[], rows: string[][]): string {
  const lines = [
    ...above.map((line) => `# ${line.replaceAll(/[\r\n]+/g, " ")}`),
    ...[columns, ...rows].map((row) => row.map(field).join(",")),
  ];
  return lines.map((line) => `${line}\r\n`).join("");
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

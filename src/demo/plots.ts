// Live plots. They show the last seconds; the table and the exports have all.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { PointerUse } from "../shared/api";
import { distribution } from "./measure/statistics";
import { colourOf, MODE_DASHES, MODE_WORDS, MODES } from "./modes";
import type { Station } from "./station";

const HEIGHT = 220;
/** Seconds. */
const SHOWN = 10;
const SHOWN_LAGS = 60;
const SHOWN_PATH = 5;
/** uPlot.Distr.ArcSinh: like a logarithm, but it has a zero. */
const DISTRIBUTION_ASINH = 4;

type Column = (number | null)[];

interface PlotKind {
  title: string;
  /** Said to those who do not see the plot. */
  description: string;
  x: string;
  y: string;
  asinh?: boolean;
  points?: boolean;
  /** Beside the three modes, before them. */
  host?: boolean;
  /** Values for x, then one column for each series. */
  data(stations: readonly Station[], now: number): Column[];
}

const KINDS: readonly PlotKind[] = [
  {
    title: "Left and right: the hand and three cursors",
    description: "Horizontal place of the hand and of the three guests' cursors over time",
    x: "seconds",
    y: "pixels",
    host: true,
    data: (stations, now) => {
      const rows = stations.map((station) => recent(station.meter.frames, now, SHOWN_PATH));
      const longest = rows.reduce((a, b) => (b.length > a.length ? b : a), rows[0] ?? []);
      const absolute = rows[MODES.indexOf("absolute")] ?? longest;
      const times = longest.map(({ time }) => time);
      return [
        times.map((time) => seconds(time, now)),
        sampled(absolute, times, ({ host }) => host.x),
        ...rows.map((row) => sampled(row, times, ({ guest }) => guest.x)),
      ];
    },
  },
  {
    title: "Distance between host and guest cursor",
    description: "Distance in pixels over time, for each mode; the table has its medians",
    x: "seconds",
    y: "pixels",
    asinh: true,
    data: (stations, now) => {
      const rows = stations.map((station) => recent(station.meter.frames, now, SHOWN));
      const longest = rows.reduce((a, b) => (b.length > a.length ? b : a), rows[0] ?? []);
      const times = longest.map(({ time }) => time);
      return [
        times.map((time) => seconds(time, now)),
        ...rows.map((row) => sampled(row, times, ({ distance }) => distance)),
      ];
    },
  },
  {
    title: "Lag",
    description: "Lag in milliseconds over time, for each mode; the table has its medians",
    x: "seconds",
    y: "ms",
    points: true,
    data: (stations, now) => {
      const rows = stations.map((station) => recent(station.meter.lags, now, SHOWN_LAGS));
      const times = [...new Set(rows.flat().map(({ time }) => time))].toSorted((a, b) => a - b);
      return [
        times.map((time) => seconds(time, now)),
        ...rows.map((row) => exactly(row, times, ({ lag }) => lag)),
      ];
    },
  },
  {
    title: "How often the lag was at most so much",
    description: "Distribution of the lag for each mode: share of estimates up to each lag",
    x: "ms",
    y: "share",
    data: (stations) => {
      const lags = stations.map((station) =>
        distribution(station.meter.lags.slice(-DISTRIBUTION_ROWS).map(({ lag }) => lag)),
      );
      const values = [...new Set(lags.flat().map(({ value }) => value))].toSorted((a, b) => a - b);
      return [
        values,
        ...lags.map((steps) =>
          values.map((at) =>
            steps.length === 0 ? null : (steps.findLast(({ value }) => value <= at)?.share ?? 0),
          ),
        ),
      ];
    },
  },
];
const DISTRIBUTION_ROWS = 500;

interface Timed {
  time: number;
}

function seconds(time: number, now: number): number {
  return (time - now) / 1000;
}

function recent<T extends Timed>(rows: readonly T[], now: number, span: number): T[] {
  const from = now - span * 1000;
  let first = rows.length;
  while (first > 0 && (rows[first - 1]?.time ?? 0) >= from) first--;
  return rows.slice(first);
}

/** Values that hold until the next one. */
function sampled<T extends Timed>(
  rows: readonly T[],
  times: readonly number[],
  value: (row: T) => number,
): Column {
  let next = 0;
  return times.map((time) => {
    while ((rows[next]?.time ?? Infinity) <= time) next++;
    const row = rows[next - 1];
    return row ? value(row) : null;
  });
}

function exactly<T extends Timed>(
  rows: readonly T[],
  times: readonly number[],
  value: (row: T) => number,
): Column {
  const at = new Map(rows.map((row) => [row.time, value(row)]));
  return times.map((time) => at.get(time) ?? null);
}

export class Plots {
  readonly #parent: HTMLElement;
  readonly #stations: readonly Station[];
  #plots: { kind: PlotKind; plot: uPlot; box: HTMLElement }[] = [];

  constructor(parent: HTMLElement, stations: readonly Station[]) {
    this.#parent = parent;
    this.#stations = stations;
  }

  attach(): void {
    this.#build();
    new ResizeObserver(() => {
      for (const { plot, box } of this.#plots)
        plot.setSize({ width: Math.max(200, box.clientWidth), height: HEIGHT });
    }).observe(this.#parent);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const { plot } of this.#plots) plot.destroy();
      this.#parent.replaceChildren();
      this.#build();
      this.update();
    });
  }

  update(): void {
    const now = performance.now();
    for (const { kind, plot } of this.#plots)
      plot.setData(kind.data(this.#stations, now) as uPlot.AlignedData);
  }

  #build(): void {
    this.#plots = KINDS.map((kind) => {
      const figure = document.createElement("figure");
      const caption = document.createElement("figcaption");
      caption.textContent = kind.title;
      const box = document.createElement("div");
      box.setAttribute("role", "img");
      box.setAttribute("aria-label", kind.description);
      figure.append(caption, box);
      this.#parent.append(figure);
      return { kind, box, plot: new uPlot(options(kind, box), undefined, box) };
    });
  }
}

function options(kind: PlotKind, box: HTMLElement): uPlot.Options {
  const text = colourOf("text");
  const grid = { stroke: colourOf("grid"), width: 1 };
  const axis = { stroke: text, grid, ticks: grid, font: "12px system-ui" };
  const host = { label: "hand", stroke: text, width: 1 };
  return {
    width: Math.max(200, box.clientWidth),
    height: HEIGHT,
    scales: {
      x: { time: false },
      y: {
        range: { min: { soft: 0, mode: 1, pad: 0 }, max: { soft: 1, mode: 1, pad: 0.1 } },
        ...(kind.asinh && { distr: DISTRIBUTION_ASINH, asinh: 1 }),
      },
    },
    axes: [
      { ...axis, label: kind.x, labelSize: 18, labelFont: axis.font, size: 30 },
      {
        ...axis,
        label: kind.y,
        labelSize: 18,
        labelFont: axis.font,
        size: 48,
        ...(kind.asinh && { splits: (plot) => splitsOf(plot), filter: (_plot, splits) => splits }),
      },
    ],
    series: [
      { label: kind.x },
      ...(kind.host ? [host] : []),
      ...MODES.map((mode) => series(mode, kind)),
    ],
    cursor: { show: false },
    legend: { live: false },
  };
}

/** Lines of the logarithmic plot, as far as it goes. */
function splitsOf(plot: uPlot): number[] {
  return [0, 1, 3, 10, 30, 100, 300, 1000].filter((line) => line <= (plot.scales["y"]?.max ?? 1));
}

function series(mode: PointerUse, kind: PlotKind): uPlot.Series {
  const stroke = colourOf(mode);
  return {
    label: MODE_WORDS[mode].name,
    stroke,
    width: 2,
    dash: MODE_DASHES[mode],
    spanGaps: kind.points ?? false,
    points: { show: kind.points ?? false, size: 5, fill: stroke },
  };
}

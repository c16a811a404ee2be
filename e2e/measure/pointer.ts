// The comparison page, moved by the browser's own input: the same movements for each mode, repetition by repetition in turn.

import { readFileSync } from "node:fs";
import type { CDPSession, Page } from "playwright";
import type { Measurement } from "../../src/demo/measure/export";
import { summarise, type Summary } from "../../src/demo/measure/statistics";
import { START, type TraceSample } from "../../src/demo/measure/trace";
import { movement } from "./movement";
import type { MeasureOptions } from "./measure";
import type { Site } from "./site";

type Mode = Measurement["modes"][number]["mode"];

interface Setting {
  interval: 10 | 1;
  cursor: "host" | "guest";
  modes: Mode[];
}

const SETTINGS: readonly Setting[] = [
  { interval: 10, cursor: "guest", modes: ["relative", "absolute", "integrated"] },
  { interval: 1, cursor: "guest", modes: ["relative", "absolute", "integrated"] },
  { interval: 10, cursor: "host", modes: ["integrated"] },
];
const NAMES: Readonly<Record<Mode, string>> = {
  relative: "USB mouse, relative",
  absolute: "USB tablet, absolute",
  integrated: "Tandem port, integrated",
};
/** Lag looks back so far. */
const LAG_WINDOW = 1500;
const RATE_WINDOW = 1000;
const REST = 400;

interface Span {
  mode: Mode;
  from: number;
  to: number;
}

export interface PointerRow {
  name: string;
  interval: number;
  lag: Summary | undefined;
  path: Summary | undefined;
  staticDistance: Summary | undefined;
  reports: Summary | undefined;
  irqs: Summary | undefined;
}

export async function measurePointer(site: Site, options: MeasureOptions): Promise<PointerRow[]> {
  const rows: PointerRow[] = [];
  for (const setting of SETTINGS) {
    const { spans, measurement } = await run(site, setting, options);
    console.log(`\n${describe(measurement)}`);
    for (const mode of setting.modes) rows.push(row(mode, setting, spans, measurement));
  }
  print(rows, options);
  return rows;
}

async function run(
  site: Site,
  { interval, cursor, modes }: Setting,
  { repetitions, rate }: MeasureOptions,
): Promise<{ spans: Span[]; measurement: Measurement }> {
  const page = await site.browser.newPage({ viewport: { width: 1400, height: 1100 } });
  const query = `interval=${interval}&cursor=${cursor}&acceleration=on`;
  await page.goto(`${site.address}/src/demo/index.html?${query}`);
  for (const words of await page.locator('.station [data-part="waiting"]').all())
    await words.waitFor({ state: "hidden", timeout: 60_000 });
  const session = await page.context().newCDPSession(page);
  const spans: Span[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++)
    for (let turn = 0; turn < modes.length; turn++) {
      const mode = modes[(turn + repetition) % modes.length];
      if (!mode) continue;
      process.stderr.write(`\r${query}: ${repetition + 1} of ${repetitions}, ${mode}    `);
      await page.getByLabel("The hand moves").selectOption(mode);
      if (mode === "relative") await synchronise(page);
      const from = await page.evaluate(() => performance.now());
      await replay(page, session, movement(rate));
      await page.waitForTimeout(REST);
      spans.push({ mode, from, to: await page.evaluate(() => performance.now()) });
    }
  process.stderr.write("\n");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export JSON" }).click();
  const text = readFileSync(await (await download).path(), "utf8");
  await page.close();
  return { spans, measurement: JSON.parse(text) as Measurement };
}

async function synchronise(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Synchronise" }).click();
  await page.locator("#status", { hasText: "done" }).waitFor();
}

/** By the browser's input, at the samples' times; the pad is the guest's screen in small. */
async function replay(page: Page, session: CDPSession, samples: TraceSample[]): Promise<void> {
  const box = await page.locator("#pad").boundingBox();
  if (!box) throw new Error("The pad is not shown.");
  const begin = performance.now();
  const sent: Promise<unknown>[] = [];
  for (const { time, x, y } of samples) {
    const wait = begin + time - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    sent.push(
      session.send("Input.dispatchMouseEvent", {
        type: "mouseMoved",
        x: box.x + ((x + 0.5) / 1024) * box.width,
        y: box.y + ((y + 0.5) / 768) * box.height,
      }),
    );
  }
  await Promise.all(sent);
}

function row(mode: Mode, setting: Setting, spans: Span[], { modes }: Measurement): PointerRow {
  const isHostDrawn = setting.cursor === "host";
  // Of a cursor that the host draws, what the guest knows is measured: the last entry of its mode.
  const data = modes.findLast((entry) => entry.mode === mode);
  const mine = spans.filter((span) => span.mode === mode);
  const during = (time: number, after = 0): boolean =>
    mine.some(({ from, to }) => time >= from + after && time <= to);
  const rates = data?.rates.filter(({ time, moving }) => during(time, RATE_WINDOW) && moving > 0.8);
  return {
    name: `${NAMES[mode]}${mode !== "integrated" ? "" : isHostDrawn ? ", what the guest knows (the host draws)" : ", guest-drawn"}`, // prettier-ignore
    interval: setting.interval,
    lag: summarise((data?.lags ?? []).filter(({ time }) => during(time, LAG_WINDOW)).map(({ lag }) => lag)), // prettier-ignore
    path: summarise((data?.events ?? []).flatMap(({ event, shown }) => event !== undefined && shown !== undefined && during(event) ? [shown - event] : [])), // prettier-ignore
    staticDistance: summarise(
      mine.flatMap(({ from, to }) => {
        const last = data?.frames.findLast(({ time, phase }) => phase === "static" && time >= from && time <= to); // prettier-ignore
        return last ? [last.distance] : [];
      }),
    ),
    reports: summarise((rates ?? []).map(({ reports }) => reports)),
    irqs: summarise((rates ?? []).map(({ irqs }) => irqs)),
  };
}

function describe({ conditions }: Measurement): string {
  return Object.entries(conditions)
    .map(
      ([key, value]) =>
        `${key} ${typeof value === "number" ? Math.round(value * 100) / 100 : value}`,
    )
    .join(", ");
}

function print(rows: PointerRow[], { repetitions, rate }: MeasureOptions): void {
  const number = (value: number | undefined, digits = 1): string => value === undefined ? "-" : value.toFixed(digits); // prettier-ignore
  console.log(`\n${repetitions} repetitions in turn, ${rate} events a second, each beginning at (${START.x}, ${START.y})`); // prettier-ignore
  console.log("| mode | bInterval | lag, median (ms) | lag, 95 % | event to screen, median | 95 % | static distance, median (px) | worst | reports/s | IRQs/s |"); // prettier-ignore
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const { name, interval, lag, path, staticDistance, reports, irqs } of rows)
    console.log(`| ${[name, name.includes("USB") ? `${interval} ms` : "-", number(lag?.median), number(lag?.p95), number(path?.median), number(path?.p95), number(staticDistance?.median), number(staticDistance?.maximum), number(reports?.median, 0), number(irqs?.median, 0)].join(" | ")} |`); // prettier-ignore
  console.log("Motion of a cursor that the host draws is the host's own: no lag and no distance are added, by construction."); // prettier-ignore
}

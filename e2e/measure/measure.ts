// Measures what the README tells about the page, in Debian's Chromium, on a production build.
//
// usage: npm run measure -- [pointer] [start] [load] [idle] [--repetitions N] [--rate HZ] [--json FILE]
//   pointer  lag, distance, reports and interrupts of the three modes: the same movements for each, in turn
//   start    from the element's start to the first frame of Pillion's desktop, files in the browser's cache
//   load     share of the page's main thread while its guest is busy
//   idle     processor time of a page with three machines that have nothing to do
//
// Without a name: all. Times depend on the machine and on what else it does; compare the rows of one run.

import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { measureIdle } from "./idle";
import { measureLoad } from "./load";
import { measurePointer } from "./pointer";
import { openSite } from "./site";
import { measureStart } from "./start";

const PARTS = {
  pointer: measurePointer,
  start: measureStart,
  load: measureLoad,
  idle: measureIdle,
};
type Part = keyof typeof PARTS;

export interface MeasureOptions {
  repetitions: number;
  /** Events a second. */
  rate: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repetitions: { type: "string", default: "30" },
    rate: { type: "string", default: "125" },
    json: { type: "string" },
  },
});
const options: MeasureOptions = {
  repetitions: Number(values.repetitions),
  rate: Number(values.rate),
};
const unknown = positionals.filter((name) => !(name in PARTS));
if (unknown.length > 0 || !(options.repetitions > 0) || !(options.rate > 0)) {
  console.error(`measure: one or more of ${Object.keys(PARTS).join(", ")}; positive numbers`);
  process.exit(2);
}
const parts = (positionals.length > 0 ? positionals : Object.keys(PARTS)) as Part[];

const site = await openSite();
const results: Partial<Record<Part, unknown>> = {};
try {
  console.log(`${site.browser.version()}, headless; ${cpus().length} processors (${cpus()[0]?.model ?? "unknown"}), load ${loadavg().map((load) => load.toFixed(1)).join(" ")}`); // prettier-ignore
  for (const part of parts) results[part] = await PARTS[part](site, options);
} finally {
  await site.close();
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, undefined, 1)}\n`);

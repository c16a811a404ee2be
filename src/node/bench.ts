// npm run bench -- [--browser|--node] [--only NAME] [--rounds N] [--json F] : the same guest code on Tandem and on v86, one after
// the other, in Node (the standard) or in Debian's Chromium.
//
// NAME is a workload (crc, sieve, …), "boot", or "folders" (only by its name: bench/folders.ts); rounds are interleaved; medians and ratios are printed. A higher ratio is
// better for Tandem. In Chromium, Tandem runs in its worker and v86 in the page, as each does for its users.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BrowserBench } from "./bench/browser";
import { benchFolders } from "./bench/folders";
import { type Engine, ENGINE_NAMES, nodeEngine, type Run, type SerialLine } from "./bench/engines";

const HERE = fileURLToPath(new URL("./bench", import.meta.url));
const OUTPUT = ".cache/bench";
const WORKLOADS = ["crc", "sieve", "qsort", "fib", "vm", "copy", "trap", "fault"];
const BOOT = "boot";
const FOLDERS = "folders";
const TIMEOUT_MS = 300_000;

/** Milliseconds of each workload in one run, and the checksums that show it did the work. */
interface Times {
  milliseconds: Map<string, number>;
  checks: Map<string, string>;
}

/** Runs a guest and follows its serial port to the end marker. */
async function follow(engine: Engine, image: string | undefined, end: string): Promise<Times> {
  const times: Times = { milliseconds: new Map(), checks: new Map() };
  const begun = new Map<string, number>();
  let finish: (time: number) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const ending = new Promise<number>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  const timer = setTimeout(() => fail(new Error("time-out")), TIMEOUT_MS);
  const take = ({ text, time }: SerialLine): void => {
    const [word, name = "", check = ""] = text.split(" ");
    if (word === "BEGIN") begun.set(name, time);
    else if (word === "END") {
      times.milliseconds.set(name, time - (begun.get(name) ?? NaN));
      times.checks.set(name, check);
    } else if (text.includes(end)) finish(time);
  };
  let run: Run | undefined;
  try {
    run = await engine.start(image, take, (reason) => fail(new Error(reason)));
    const ended = await ending;
    if (image === undefined) times.milliseconds.set(BOOT, ended - run.started);
  } finally {
    clearTimeout(timer);
    await run?.stop();
  }
  return times;
}

/** Builds the workloads' image when it is missing or old. `scale` makes every workload longer. */
function buildGuest(scale: number): string {
  mkdirSync(OUTPUT, { recursive: true });
  const image = join(OUTPUT, `guest-${scale}.elf`);
  const sources = ["start.S", "guest.c", "guest.ld"].map((name) => join(HERE, "guest", name));
  const age = existsSync(image) ? statSync(image).mtimeMs : 0;
  if (sources.every((source) => statSync(source).mtimeMs < age)) return image;
  const flags = ["-m32", "-march=i686", "-mno-sse", "-mno-mmx", "-O2", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-nostdlib", "-static", "-no-pie", `-DSCALE=${scale}`]; // prettier-ignore
  const result = spawnSync("gcc", [...flags, "-Wl,--build-id=none", "-T", sources[2]!, "-o", image, sources[0]!, sources[1]!], { encoding: "utf8" }); // prettier-ignore
  if (result.error || result.status !== 0) {
    throw new Error(`gcc cannot build the workloads: ${result.error?.message ?? result.stderr}`);
  }
  return image;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      rounds: { type: "string", default: "3" },
      json: { type: "string" },
      scale: { type: "string", default: "4" },
      engine: { type: "string", multiple: true },
      node: { type: "boolean", default: true },
      browser: { type: "boolean", default: false },
    },
  });
  if (values.only === FOLDERS) {
    const samples = await benchFolders(Number(values.rounds));
    const plain = [...samples].map(([name, byWork]) => [name, Object.fromEntries(byWork)]);
    if (values.json)
      writeFileSync(values.json, JSON.stringify(Object.fromEntries(plain), undefined, 2));
    return 0;
  }
  const names = [...WORKLOADS, BOOT, FOLDERS];
  if (values.only !== undefined && !names.includes(values.only)) {
    console.error(`no benchmark ${values.only}; there are ${names.join(", ")}`);
    return 2;
  }
  const chosen = ENGINE_NAMES.filter((name) => !values.engine || values.engine.includes(name));
  const browser = values.browser ? await BrowserBench.open() : undefined;
  const engines = chosen.map((name) => browser?.engine(name) ?? nodeEngine(name));
  const image = values.only === BOOT ? undefined : buildGuest(Number(values.scale));
  const boot = values.only === undefined || values.only === BOOT;
  const samples = new Map<string, Map<string, number[]>>();
  const checks = new Map<string, string>();
  let failed = false;
  const note = (engine: string, times: Times): void => {
    for (const [name, time] of times.milliseconds) {
      if (values.only !== undefined && name !== values.only) continue;
      const byEngine = samples.get(name) ?? new Map<string, number[]>();
      samples.set(name, byEngine);
      byEngine.set(engine, [...(byEngine.get(engine) ?? []), time]);
    }
    for (const [name, check] of times.checks) {
      const before = checks.get(name);
      if (before !== undefined && before !== check) {
        failed = true;
        console.log(`${engine}: ${name} computed ${check}, not ${before}`);
      }
      checks.set(name, before ?? check);
    }
  };
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const engine of engines) {
      for (const [guest, end] of [
        [image, "BENCH-DONE"],
        [boot ? "" : undefined, "GUEST-READY"],
      ] as const) {
        // prettier-ignore
        if (guest === undefined) continue;
        console.log(`round ${round}: ${engine.name}${guest ? "" : " boots Linux"}`);
        try {
          note(engine.name, await follow(engine, guest || undefined, end));
        } catch (error) {
          failed = true;
          console.log(`     ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
  }
  await browser?.close();
  print(samples, engines);
  if (values.json) {
    const rows = [...samples].map(([name, engineTimes]) => [name, Object.fromEntries(engineTimes)]);
    writeFileSync(values.json, JSON.stringify(Object.fromEntries(rows), undefined, 2));
  }
  return failed ? 1 : 0;
}

function print(samples: Map<string, Map<string, number[]>>, engines: Engine[]): void {
  const others = engines.filter(({ name }) => name !== ENGINE_NAMES[0]).map(({ name }) => name);
  const head = ["ms (median)", ...engines.map(({ name }) => name), ...others.map((name) => `${name}/tandem`)]; // prettier-ignore
  console.log(head.map((text) => text.padStart(18)).join(""));
  const logs = new Map<string, number[]>();
  for (const [name, byEngine] of samples) {
    const times = engines.map((engine) => median(byEngine.get(engine.name) ?? [NaN]));
    const own = median(byEngine.get(ENGINE_NAMES[0]) ?? [NaN]);
    const ratios = others.map((other) => median(byEngine.get(other) ?? [NaN]) / own);
    if (name !== BOOT) {
      for (const [i, other] of others.entries()) {
        logs.set(other, [...(logs.get(other) ?? []), Math.log(ratios[i]!)]);
      }
    }
    const cells = [name, ...times.map((time) => time.toFixed(0)), ...ratios.map((ratio) => ratio.toFixed(2))]; // prettier-ignore
    console.log(cells.map((text) => text.padStart(18)).join(""));
  }
  for (const [other, values] of logs) {
    const mean = Math.exp(values.reduce((sum, value) => sum + value, 0) / values.length);
    console.log(`geometric mean of the workloads, ${other}/tandem: ${mean.toFixed(2)}`);
  }
}

process.exit(await main());

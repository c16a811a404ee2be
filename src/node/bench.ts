// npm run bench -- [--only NAME] [--rounds N] [--json F] : the same guest code on Tandem and on v86, one after the other.
//
// NAME is a workload (crc, sieve, …) or "boot"; rounds are interleaved; medians and ratios are printed. A higher ratio is
// better for Tandem. --browser is not implemented: only Node is measured.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HERE = fileURLToPath(new URL("./bench", import.meta.url));
const OUTPUT = ".cache/bench";
const GUESTS = ".cache/guests";
const FIRMWARE = ".cache/firmware";
const WORKLOADS = ["crc", "sieve", "qsort", "fib", "vm", "copy", "trap", "fault"];
const BOOT = "boot";
const BOOT_OPTIONS = "console=ttyS0 nokaslr cryptomgr.notests noisapnp quiet";
const TIMEOUT_MS = 300_000;

interface Engine {
  name: string;
  /** The process that runs the workloads (`image`) or boots Linux, with the guest's serial port on its stdout. */
  start(image: string | undefined): ChildProcess;
}

const tandem: Engine = {
  name: "tandem",
  start(image) {
    const guest = image
      ? ["--memory", "32", "--kernel", image, "--until", "BENCH-DONE"]
      : ["--memory", "128", "--kernel", join(GUESTS, "vmlinuz-686"), "--initrd", join(GUESTS, "initramfs.cpio.gz"), "--append", BOOT_OPTIONS, "--until", "GUEST-READY"]; // prettier-ignore
    const args = ["--import", "tsx", "src/node/vm.ts", ...guest, "--serial", "stdio"];
    return spawn(process.execPath, [...args, "--timeout", String(TIMEOUT_MS / 1000)]);
  },
};

function v86(name: string, jit: boolean): Engine {
  return {
    name,
    start(image) {
      const options = image
        ? { jit, memory: 32, multiboot: image }
        : {
            jit,
            memory: 128,
            bios: join(FIRMWARE, "bios-256k.bin"),
            vgaBios: join(FIRMWARE, "vgabios-stdvga.bin"),
            kernel: join(GUESTS, "vmlinuz-686"),
            initrd: join(GUESTS, "initramfs.cpio.gz"),
            append: BOOT_OPTIONS,
          };
      return spawn(process.execPath, [join(HERE, "v86-runner.mjs"), JSON.stringify(options)]);
    },
  };
}

const ENGINES = [tandem, v86("v86-nojit", false), v86("v86", true)];

/** Milliseconds of each workload in one run, and the checksums that show it did the work. */
interface Times {
  milliseconds: Map<string, number>;
  checks: Map<string, string>;
}

/** Follows the serial port of a run to its end marker. */
function follow(child: ChildProcess, end: string, deadline: number): Promise<Times> {
  return new Promise((resolve, reject) => {
    const times: Times = { milliseconds: new Map(), checks: new Map() };
    const begun = new Map<string, number>();
    const started = performance.now();
    let pending = "";
    let errors = "";
    let finished = false;
    const finish = (error?: Error): void => {
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      child.kill("SIGKILL");
      if (error) reject(error);
      else resolve(times);
    };
    const timer = setTimeout(() => finish(new Error("time-out")), deadline);
    child.stderr?.on("data", (data: Buffer) => {
      errors = (errors + data.toString()).slice(-2000);
    });
    child.stdout?.on("data", (data: Buffer) => {
      pending += data.toString("latin1");
      if (end === "GUEST-READY" && pending.includes(end)) {
        times.milliseconds.set(BOOT, performance.now() - started);
        finish();
        return;
      }
      const lines = pending.split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) {
        const [word, name = "", check = ""] = line.trim().split(" ");
        if (word === "BEGIN") begun.set(name, performance.now());
        else if (word === "END") {
          times.milliseconds.set(name, performance.now() - (begun.get(name) ?? started));
          times.checks.set(name, check);
        } else if (word === end) finish();
      }
    });
    child.on("error", finish);
    child.on("close", (code) => finish(new Error(`ended early, exit code ${code}\n${errors}`)));
  });
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
  const names = [...WORKLOADS, BOOT];
  if (values.browser) {
    console.error("not yet: --browser");
    return 2;
  }
  if (values.only !== undefined && !names.includes(values.only)) {
    console.error(`no benchmark ${values.only}; there are ${names.join(", ")}`);
    return 2;
  }
  const engines = ENGINES.filter(({ name }) => !values.engine || values.engine.includes(name));
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
          note(engine.name, await follow(engine.start(guest || undefined), end, TIMEOUT_MS));
        } catch (error) {
          failed = true;
          console.log(`     ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
  }
  print(samples, engines);
  if (values.json) {
    const rows = [...samples].map(([name, engineTimes]) => [name, Object.fromEntries(engineTimes)]);
    writeFileSync(values.json, JSON.stringify(Object.fromEntries(rows), undefined, 2));
  }
  return failed ? 1 : 0;
}

function print(samples: Map<string, Map<string, number[]>>, engines: Engine[]): void {
  const others = engines.filter(({ name }) => name !== tandem.name).map(({ name }) => name);
  const head = ["ms (median)", ...engines.map(({ name }) => name), ...others.map((name) => `${name}/tandem`)]; // prettier-ignore
  console.log(head.map((text) => text.padStart(18)).join(""));
  const logs = new Map<string, number[]>();
  for (const [name, byEngine] of samples) {
    const times = engines.map((engine) => median(byEngine.get(engine.name) ?? [NaN]));
    const own = median(byEngine.get(tandem.name) ?? [NaN]);
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

// npm run bench -- --only folders: the same Linux guest works in a folder of the host, on Tandem (virtio-fs, with pages of files in
// the guest and without; our daemon on the Tandem port) and on v86 (virtio-9p), all with the files in the memory of Node. Median of all rounds; per second of the process's time on processors
// as well, which other work on the computer changes least.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FOLDER_GUEST, type FolderMoment } from "./folders-meter";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const SCRIPT = join(HERE, "folders-guest.sh");
const TIMEOUT_MS = 900_000;

/** What is done in one go, and how much of it. */
const WORK: readonly { name: string; amount: number; unit: string }[] = [
  { name: "write", amount: 64, unit: "MB" },
  { name: "read", amount: 64, unit: "MB" },
  { name: "create", amount: 1000, unit: "files" },
  { name: "small", amount: 1000, unit: "files" },
  { name: "list", amount: 1000, unit: "files" },
  { name: "remove", amount: 1000, unit: "files" },
];

const ENGINES: readonly { name: string; program: string; options: readonly string[] }[] = [
  { name: "virtiofs", program: "folders-tandem.ts", options: ["virtiofs", "auto"] },
  { name: "virtiofs-never", program: "folders-tandem.ts", options: ["virtiofs", "never"] },
  { name: "tandemd", program: "folders-tandem.ts", options: ["tandemd", "auto"] },
  { name: "v86", program: "folders-v86.ts", options: [] },
  { name: "v86-msize-512000", program: "folders-v86.ts", options: ["msize=512000"] },
];

export interface FolderSample {
  wallMs: number;
  cpuMs: number;
}
/** By engine, then by work. */
type Samples = Map<string, Map<string, FolderSample[]>>;

export async function benchFolders(rounds: number): Promise<Samples> {
  if (!existsSync(FOLDER_GUEST.initrd))
    throw new Error(`${FOLDER_GUEST.initrd} is missing: node scripts/setup.mjs --tests`);
  const samples: Samples = new Map();
  for (let round = 1; round <= rounds; round++) {
    for (const { name, program, options } of ENGINES) {
      console.log(`round ${round}: ${name} works in a folder`);
      const known = samples.get(name) ?? new Map<string, FolderSample[]>();
      samples.set(name, known);
      for (const [work, sample] of await run(program, options))
        known.set(work, [...(known.get(work) ?? []), sample]);
    }
  }
  print(samples);
  return samples;
}

/** Each BEGIN and END of the guest. */
function run(program: string, options: readonly string[]): Promise<[string, FolderSample][]> {
  const child = spawn(process.execPath, [
    "--import",
    "tsx",
    join(HERE, program),
    SCRIPT,
    ...options,
  ]);
  const found: [string, FolderSample][] = [];
  const begun = new Map<string, FolderMoment>();
  let pending = "";
  let errors = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
    let isDone = false;
    const take = (moment: FolderMoment): void => {
      const [word, name = ""] = moment.text.split(" ");
      const before = begun.get(name);
      if (word === "BEGIN") begun.set(name, moment);
      if (word === "END" && before) {
        const { wallMs, cpuMs } = moment;
        found.push([name, { wallMs: wallMs - before.wallMs, cpuMs: cpuMs - before.cpuMs }]);
      }
      if (word !== "BENCH-DONE") return;
      isDone = true;
      child.kill("SIGKILL");
    };
    child.stderr.on("data", (data: Buffer) => {
      errors = (errors + data.toString()).slice(-2000);
    });
    child.stdout.on("data", (data: Buffer) => {
      const lines = (pending + data.toString()).split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("{")) take(JSON.parse(line) as FolderMoment);
    });
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      if (isDone) resolve(found);
      else reject(new Error(`${program} has not come to its end\n${errors}`));
    });
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

function print(samples: Samples): void {
  const names = [...samples.keys()];
  const row = (cells: readonly string[]): void =>
    console.log(cells.map((cell, index) => cell.padStart(index ? 26 : 8)).join(""));
  row(["", ...names.map((name) => `${name}: CPU s, wall s`)]);
  for (const { name: work, amount, unit } of WORK) {
    const rate = (engine: string, of: "cpuMs" | "wallMs"): string => {
      const all = samples.get(engine)?.get(work) ?? [];
      return ((amount * 1000) / median(all.map((sample) => sample[of]))).toFixed(0);
    };
    row([
      work,
      ...names.map((name) => `${rate(name, "cpuMs")}, ${rate(name, "wallMs")} ${unit}/s`),
    ]);
  }
}

// npm run vectors -- [--jit|--interpreter] DIR… : runs CPU conformance vectors through the core and reports what differs.
//
// --jit: each instruction that can be translated is, and is executed so (flat 32-bit protected mode); the others as without it.
// DIR holds hw/, sys/, sst286/ and testfloat/, or is one of them. Exit code 1 on any failure, 2 on bad arguments.
// For developers: --class NAME, --form TEXT (part of the instruction form), --limit N (cases per file), --verbose.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import exceptionLists from "./vectors-exceptions.json" with { type: "json" };
import { type Differences, Harness } from "./vectors/harness";
import { type Case, HardwareMachine, STRAY_CHECK_INTERVAL } from "./vectors/hw";
import { Report } from "./vectors/report";
import { type Case286, Machine286 } from "./vectors/sst286";
import { type SystemCase, SystemMachine } from "./vectors/sys";
import { TestFloatMachine } from "./vectors/testfloat";

const FORMATS = ["hw", "sys", "sst286", "testfloat"] as const;
type Format = (typeof FORMATS)[number];

interface Options {
  core: string;
  jit: boolean;
  className: string | undefined;
  form: string | undefined;
  limit: number;
  report: Report;
}

/** Cases that are not counted, with the reason. */
interface Exception286 {
  /** Patterns; all that are given must match: opcode (as in `o`), bytes, disassembly, first difference found. */
  opcode?: string;
  bytes?: string;
  disassembly?: string;
  difference?: string;
  reason: string;
}
interface SystemException {
  ids: number[];
  section: string;
  reason: string;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function* linesOf(file: string): Generator<string> {
  const text = gunzipSync(readFileSync(file)).toString("latin1");
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    if (end > start) yield text.slice(start, end);
    start = end + 1;
  }
}

function filesOf(directory: string, options: Options, ending = ".jsonl.gz"): [string, string][] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(ending))
    .map((file): [string, string] => [file.slice(0, -ending.length), join(directory, file)])
    .filter(([name]) => options.className === undefined || name === options.className);
}

function runHardware(directory: string, options: Options): void {
  const machine = new HardwareMachine(new Harness(options.core, options.jit), directory);
  const { report } = options;
  for (const [name, file] of filesOf(directory, options)) {
    const real = name.startsWith("rm-");
    const label = `hw/${name}`;
    let count = 0;
    let batch: Case[] = [];
    const judge = (vector: Case, differences: Differences): void => {
      if (!differences.length) report.pass(label);
      else if (vector.w !== undefined) report.differsWeakly(label);
      else report.fail(label, vector.f, `${vector.f}  ${vector.c}`, differences);
    };
    // Memory as a whole is compared once a batch; when something wrote astray, the batch is run again case by case.
    const finish = (): void => {
      const last = batch.length - 1;
      const results = batch.map((vector, i) => machine.run(vector, real, i === last));
      const stray = results[last]?.some((text) => text.endsWith("was written")) ?? false;
      for (const [i, vector] of batch.entries()) {
        judge(vector, stray ? machine.run(vector, real, true) : results[i]!);
      }
      batch = [];
    };
    for (const line of linesOf(file)) {
      const vector = JSON.parse(line) as Case;
      if (options.form !== undefined && !vector.f.includes(options.form)) continue;
      if (count++ >= options.limit) break;
      batch.push(vector);
      if (batch.length === STRAY_CHECK_INTERVAL) {
        finish();
      }
    }
    if (batch.length) finish();
  }
}

function runSystem(directory: string, options: Options): void {
  const machine = new SystemMachine(new Harness(options.core, options.jit), directory);
  const { report } = options;
  const exceptions = new Map<number, SystemException>();
  for (const exception of exceptionLists.sys as SystemException[]) {
    for (const id of exception.ids) exceptions.set(id, exception);
  }
  for (const [name, file] of filesOf(directory, options)) {
    const label = name === "sys" ? "sys" : `sys/${name}`;
    let count = 0;
    for (const line of linesOf(file)) {
      const vector = JSON.parse(line) as SystemCase;
      if (options.form !== undefined && !vector.f.includes(options.form)) continue;
      if (count++ >= options.limit) break;
      const differences = machine.run(vector);
      const exception = exceptions.get(vector.id);
      if (!differences.length) report.pass(label);
      else if (exception) report.skip(label, `${exception.reason} (${exception.section})`);
      else if (vector.w !== undefined) report.differsWeakly(label);
      else {
        const title = `${vector.id} ${vector.f} (${vector.m})  ${vector.c}`;
        report.fail(label, vector.f, title, differences);
      }
    }
  }
}

function run286(directory: string, options: Options): void {
  const machine = new Machine286(new Harness(options.core, options.jit));
  const { report } = options;
  const exceptions = exceptionLists.sst286 as Exception286[];
  const matches = (pattern: string | undefined, text: string): boolean =>
    pattern === undefined || new RegExp(pattern).test(text);
  const exceptionOf = (vector: Case286, differences: Differences): Exception286 | undefined =>
    exceptions.find(
      (exception) =>
        matches(exception.opcode, vector.o) &&
        matches(exception.bytes, vector.b) &&
        matches(exception.disassembly, vector.n) &&
        matches(exception.difference, differences[0] ?? ""),
    );
  for (const [name, file] of filesOf(directory, options)) {
    let count = 0;
    for (const line of linesOf(file)) {
      const vector = JSON.parse(line) as Case286;
      if (options.form !== undefined && !vector.n.includes(options.form)) continue;
      if (count++ >= options.limit) break;
      const differences = machine.run(vector, count % STRAY_CHECK_INTERVAL === 0);
      const exception = differences.length ? exceptionOf(vector, differences) : undefined;
      if (!differences.length) report.pass(name);
      else if (exception) report.skip(name, `80286 only: ${exception.reason}`);
      else report.fail(name, vector.o, `${vector.o} ${vector.n}  ${vector.b}`, differences);
    }
  }
}

function runTestFloat(directory: string, options: Options): void {
  const machine = new TestFloatMachine(new Harness(options.core, options.jit));
  const { report } = options;
  machine.enter();
  for (const [, file] of filesOf(directory, options, ".txt.gz")) {
    let header = "";
    let label = "";
    let known = false;
    let count = 0;
    for (const line of linesOf(file)) {
      if (line.startsWith("#")) {
        header = line.slice(1).trim();
        label = `testfloat/${header.split(".")[0]}`;
        count = 0;
        known = machine.select(header);
        continue;
      }
      if (options.form !== undefined && !header.includes(options.form)) continue;
      if (count++ >= options.limit) continue;
      if (!known) {
        report.fail(label, header, header, ["no instruction is known for this function"]);
        continue;
      }
      const differences = machine.run(line);
      if (!differences.length) report.pass(label);
      else report.fail(label, header, `${header}  ${line.trim()}`, differences);
    }
  }
}

const RUNNERS: Record<Format, (directory: string, options: Options) => void> = {
  hw: runHardware,
  sys: runSystem,
  sst286: run286,
  testfloat: runTestFloat,
};

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      jit: { type: "boolean", default: false },
      interpreter: { type: "boolean", default: false },
      class: { type: "string" },
      form: { type: "string" },
      limit: { type: "string" },
      verbose: { type: "boolean", default: false },
    },
  });
  if (!positionals.length) fail("usage: npm run vectors -- [--jit|--interpreter] DIR…");
  const core = process.env["TANDEM_CORE"] ?? "build/core.wasm";
  if (!existsSync(core)) fail(`${core} is missing: npm run build:core`);
  const report = new Report({ shown: values.verbose ? Infinity : 3 });
  const options: Options = {
    core,
    jit: values.jit && !values.interpreter,
    className: values.class,
    form: values.form,
    limit: values.limit === undefined ? Infinity : Number(values.limit),
    report,
  };
  const started = performance.now();
  for (const root of positionals) {
    if (!existsSync(root)) fail(`no such directory: ${root}`);
    const own = FORMATS.find((format) => format === basename(root));
    const found = own
      ? [[own, root] as const]
      : FORMATS.map((format) => [format, join(root, format)] as const).filter(([, path]) =>
          existsSync(path),
        );
    if (!found.length) fail(`no vectors in ${root}: expected ${FORMATS.join(", ")}`);
    for (const [format, path] of found) RUNNERS[format](path, options);
  }
  report.finish((performance.now() - started) / 1000);
  if (!report.passed && !report.failed) fail("no case was selected");
  process.exit(report.failed ? 1 : 0);
}

try {
  main();
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

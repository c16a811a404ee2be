// npm test: all that can be checked, from quick to slow. Each part ends with its own count; the last line is the total.
//
// usage: node scripts/test.mjs [PART…]: only these parts (types, format, lint, unit, pillion, vectors, guests, e2e)

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildCore } from "./build.mjs";

process.chdir(join(import.meta.dirname, ".."));

const FULL_VECTORS = "../shared/cpu-vectors";
const SAMPLE_VECTORS = "wasm/testing/vectors";

/** Runs a program, shows what it prints, and returns its code and the text. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, FORCE_COLOR: "0", NO_COLOR: "1" } }); // prettier-ignore
    let text = "";
    const take = (data) => {
      text += data;
      process.stdout.write(data);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => resolve({ code: 1, text: String(error) }));
    child.on("close", (code) => resolve({ code: code ?? 1, text }));
  });
}

function count(text, pattern) {
  return [...text.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);
}

/** A check that passes or fails as a whole. */
async function whole(command, args) {
  const { code } = await run(command, args);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** A test runner that prints how many of its tests passed and failed. */
async function counted(command, args, passed, failed) {
  const { code, text } = await run(command, args);
  const result = { passed: count(text, passed), failed: count(text, failed) };
  if (code !== 0 && result.failed === 0) result.failed = 1;
  return result;
}

function runVectors(...args) {
  return counted("npx", ["tsx", "src/node/vectors.ts", ...args], /^(\d+) passed, \d+ failed, \d+ skipped$/gm, /^\d+ passed, (\d+) failed, \d+ skipped$/gm); // prettier-ignore
}

async function vectors() {
  const full = existsSync(FULL_VECTORS);
  const directory = full ? FULL_VECTORS : SAMPLE_VECTORS;
  console.log(full ? `the full set, ${directory}` : `the committed sample, ${directory} (${FULL_VECTORS} is not there)`); // prettier-ignore
  const result = await runVectors(directory);
  console.log(`vectors: this was ${full ? "the full set" : "the committed sample"}`);
  console.log(`the committed sample, translated`);
  const translated = await runVectors("--jit", SAMPLE_VECTORS);
  return { passed: result.passed + translated.passed, failed: result.failed + translated.failed };
}

async function e2e() {
  if (!existsSync("e2e") || !readdirSync("e2e").some((name) => name.endsWith(".spec.ts"))) {
    console.log("there are no specs yet");
    return { passed: 0, failed: 0 };
  }
  const projects = (names, workers) => counted("npx", ["playwright", "test", "-c", "e2e/playwright.config.ts", "--workers", `${workers}`, ...names.map((name) => `--project=${name}`)], /^\s*(\d+) (?:passed|flaky)/gm, /^\s*(\d+) (?:failed|did not run|interrupted)/gm); // prettier-ignore
  const sideBySide = await projects(["isolated", "plain", "systems"], 2);
  // These count what a guest gets in a second, or build the library.
  const alone = await projects(["isolated-alone", "plain-alone"], 1);
  return { passed: sideBySide.passed + alone.passed, failed: sideBySide.failed + alone.failed };
}

async function guests() {
  return counted(process.execPath, ["scripts/boot-guests.mjs"], /^(\d+) passed, \d+ failed$/gm, /^\d+ passed, (\d+) failed$/gm); // prettier-ignore
}

const PARTS = {
  types: () => whole("npm", ["run", "-s", "types"]),
  format: () => whole("npm", ["run", "-s", "format:check"]),
  lint: () => whole("npm", ["run", "-s", "lint"]),
  unit: () => counted("npx", ["vitest", "run"], /^\s*Tests .*?(\d+) passed/gm, /^\s*Tests .*?(\d+) failed/gm), // prettier-ignore
  pillion: () => whole(process.execPath, ["scripts/build-guests.mjs", "--check"]),
  vectors,
  guests,
  e2e,
};

const chosen = process.argv.slice(2);
for (const name of chosen.filter((part) => !(part in PARTS))) {
  console.error(`no part ${name}; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}

await run(process.execPath, ["scripts/setup.mjs", "--tests"]);
buildCore();
let passed = 0;
let failed = 0;
const lines = [];
for (const [name, part] of Object.entries(PARTS)) {
  if (chosen.length && !chosen.includes(name)) continue;
  console.log(`\n== ${name}`);
  const started = performance.now();
  const result = await part();
  passed += result.passed;
  failed += result.failed;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  lines.push(`${name}: ${result.passed} passed, ${result.failed} failed (${seconds} s)`);
  console.log(lines.at(-1));
}
console.log(`\n== all\n${lines.join("\n")}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

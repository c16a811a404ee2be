// Boots real systems headless (npm run vm), two at a time, types into them and waits for the text or the picture that
// shows they are up. usage: boot-guests.mjs [NAME…]

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { GUESTS } from "./guests/list.mjs";

process.chdir(join(import.meta.dirname, ".."));
const CACHE = ".cache/guests";
/** More would only share the same cores: a guest keeps one busy. */
const AT_A_TIME = Math.min(2, availableParallelism());
/** Of what a guest prints, for a failure's report. */
const TAIL = 3000;

const scratch = mkdtempSync(join(tmpdir(), "tandem-guests-"));

/** An argument, or a script's word, that names a file of the cache. */
function located(word) {
  return existsSync(join(CACHE, word)) ? join(CACHE, word) : word;
}

function locatedInScript(line) {
  return line.startsWith("insert ") ? line.split(" ").map(located).join(" ") : line;
}

/** Runs one guest; resolves to whether it passed. */
function boot({ name, options, until, folders = {}, answer, script = [], check, timeout }) {
  return new Promise((resolve) => {
    const started = performance.now();
    const file = join(scratch, `${name}.script`);
    const directories = {};
    const shared = Object.entries(folders).flatMap(([folder, prepare]) => {
      const [folderName] = folder.split(":");
      const directory = join(scratch, `${name}.${folderName}`);
      mkdirSync(directory);
      prepare(directory);
      directories[folderName] = directory;
      return ["--folder", `${directory}:${folder}`];
    });
    const steps = typeof script === "function" ? script(directories) : script;
    writeFileSync(file, `${steps.map(locatedInScript).join("\n")}\n`);
    const args = ["tsx", "src/node/vm.ts", ...options.map(located), ...shared, "--serial", "stdio", "--script", file, ...(until ? ["--until", until] : []), "--timeout", String(timeout)]; // prettier-ignore
    const child = spawn("npx", args, { stdio: ["ignore", "pipe", "pipe"] });
    let complaint = "";
    const serial = new Serial((line) => answer?.(line, directories));
    child.stdout.on("data", (data) => serial.add(data.toString("latin1")));
    child.stderr.on("data", (data) => (complaint += data));
    child.on("close", (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const problems =
        code === 0 && check ? check(serial.lines, directories, hostCallsOf(complaint)) : [];
      const passed = code === 0 && problems.length === 0;
      console.log(`${passed ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
      for (const problem of problems) console.log(`     ${problem}`);
      if (code !== 0) {
        console.log(
          `     exit ${code}${until ? `; waited for "${until}"` : ""}; ${complaint.trim()}`,
        );
        console.log(serial.lines.map(({ text }) => text).join("\n").slice(-TAIL)); // prettier-ignore
      }
      resolve(passed);
    });
  });
}

/** What the script's steps "host-calls NAME" have told, by name. */
function hostCallsOf(text) {
  const told = text.matchAll(/^HOST-CALLS (\S+) (.*)$/gm);
  return Object.fromEntries([...told].map(([, name, calls]) => [name, JSON.parse(calls)]));
}

/** What a guest sends, line by line, each with the time at which it was complete. */
class Serial {
  lines = [{ text: "", time: 0 }];
  #whole;

  /** @param whole is called with each line when it is complete */
  constructor(whole) {
    this.#whole = whole;
  }

  add(text) {
    for (const [index, piece] of text.replaceAll("\r", "").split("\n").entries()) {
      if (index > 0) {
        this.#whole(this.lines.at(-1).text);
        this.lines.push({ text: "", time: 0 });
      }
      const line = this.lines.at(-1);
      line.text += piece;
      line.time = Date.now();
    }
  }
}

const chosen = process.argv.slice(2);
for (const name of chosen.filter((wanted) => !GUESTS.some((guest) => guest.name === wanted))) {
  console.error(`no guest ${name}; there are ${GUESTS.map((guest) => guest.name).join(", ")}`);
  process.exit(2);
}
const waiting = GUESTS.filter(({ name }) => chosen.length === 0 || chosen.includes(name));
const results = [];

async function lane() {
  for (let guest = waiting.shift(); guest; guest = waiting.shift()) results.push(await boot(guest));
}

await Promise.all(Array.from({ length: AT_A_TIME }, lane));
rmSync(scratch, { recursive: true, force: true });
const passed = results.filter(Boolean).length;
console.log(`${passed} passed, ${results.length - passed} failed`);
process.exit(passed === results.length ? 0 : 1);

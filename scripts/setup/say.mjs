// Progress lines and the running of other programs.

import { spawnSync } from "node:child_process";

export function say(text) {
  console.log(`setup: ${text}`);
}

/** Runs a program to its end; its output appears only when it fails. Returns what it printed. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
  if (result.error) throw new Error(`${command}: ${result.error.message}`);
  if (result.status !== 0) {
    const tail = `${result.stdout ?? ""}${result.stderr ?? ""}`.trim().split("\n").slice(-12);
    throw new Error(`${command} ${args.join(" ")} failed (${result.status}):\n${tail.join("\n")}`);
  }
  return result.stdout;
}

export function has(command) {
  return spawnSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" }).status === 0;
}

// Builds build/core.wasm when its sources are newer than it is.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./setup/say.mjs";

const ROOT = join(import.meta.dirname, "..");
const CORE = join(ROOT, "build/core.wasm");

function newest(directory) {
  let latest = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith(".test.ts") || entry.name.endsWith(".gz")) continue;
    if (entry.name.endsWith(".gen.ts")) continue;
    latest = Math.max(latest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return latest;
}

/** Returns whether it had to be built. */
export function buildCore() {
  if (existsSync(CORE) && statSync(CORE).mtimeMs > newest(join(ROOT, "wasm"))) return false;
  console.log("build: core.wasm (10 s to a minute)");
  for (const generator of ["generate.mjs", "generate-header.mjs"])
    run(process.execPath, [join(ROOT, "scripts", generator)], { cwd: ROOT });
  run("npx", ["asc", "--config", "wasm/asconfig.json", "--target", "release"], { cwd: ROOT });
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildCore();

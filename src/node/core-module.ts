// build/core.wasm for programs that run in Node: built first when it is missing or older than its sources.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TandemError } from "../shared/errors";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CORE = "build/core.wasm";

/** The file named by TANDEM_CORE is taken as it is. */
export function coreModule(): WebAssembly.Module {
  const chosen = process.env["TANDEM_CORE"];
  if (chosen !== undefined) {
    if (!existsSync(chosen))
      throw new TandemError("file-unreadable", `${chosen} (TANDEM_CORE) does not exist.`);
    return new WebAssembly.Module(readFileSync(chosen));
  }
  if (isStale()) build();
  return new WebAssembly.Module(readFileSync(`${ROOT}${CORE}`));
}

function isStale(): boolean {
  if (!existsSync(`${ROOT}${CORE}`)) return true;
  const built = statSync(`${ROOT}${CORE}`).mtimeMs;
  const sources = readdirSync(`${ROOT}wasm`, { recursive: true, encoding: "utf8" });
  return sources.some(
    (name) =>
      /\.(ts|table|json)$/.test(name) &&
      !name.endsWith(".test.ts") &&
      !name.endsWith(".gen.ts") &&
      statSync(`${ROOT}wasm/${name}`).mtimeMs > built,
  );
}

function build(): void {
  process.stderr.write(`Building ${CORE} (some ten seconds) ...\n`);
  const result = spawnSync("npm", ["run", "-s", "build:core"], {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
  });
  if (result.status !== 0)
    throw new TandemError("file-unreadable", `${CORE} could not be built; see the lines above.`);
}

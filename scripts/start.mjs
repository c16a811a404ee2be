// npm start: everything the page needs, then the page.

import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { buildCore } from "./build.mjs";

process.chdir(join(import.meta.dirname, ".."));
spawnSync(process.execPath, ["scripts/setup.mjs"], { stdio: "inherit" });
buildCore();
const vite = spawn("npx", ["vite", ...process.argv.slice(2)], { stdio: "inherit" });
vite.on("exit", (code) => process.exit(code ?? 1));

// End-to-end tests in Debian's Chromium, twice: with and without cross-origin isolation.
// Projects run side by side, except those that count: npx playwright test -c e2e/playwright.config.ts --project isolated

import { defineConfig, type Project } from "playwright/test";

/** TANDEM_E2E_PORT: two runs on one machine take different ones. */
const ISOLATED_PORT = Number(process.env["TANDEM_E2E_PORT"] ?? 5191);
const PLAIN_PORT = ISOLATED_PORT + 1;
const SERVER_START_MS = 60_000;

/** Minutes of systems of others: two side by side. */
const SYSTEMS = "guests.spec.ts";
/** Count what a guest gets in a second, or build the library: nothing else may run. `--workers 1`, as scripts/test.mjs does. */
const ALONE = [
  "clipboard.spec.ts",
  "demo.spec.ts",
  "library.spec.ts",
  "pointer-input.spec.ts",
  "pointer-modes.spec.ts",
];

/** Isolation changes the pointer's way in, nothing of these. */
const ISOLATED_ONLY = [
  "additions.spec.ts",
  "bad-files.spec.ts",
  "channels.spec.ts",
  "clipboard.spec.ts",
  "cursor.spec.ts",
  "display.spec.ts",
  "pillion-files.spec.ts",
  "folders-panel.spec.ts",
  "linux-folders.spec.ts",
  "screen.spec.ts",
  "shared-folders.spec.ts",
];

function project(name: string, port: number, more: Project) {
  return { name, use: { baseURL: `http://127.0.0.1:${port}` }, workers: 1, ...more };
}

function server(port: number, isolated: boolean) {
  return {
    command: `npx vite --host 127.0.0.1 --port ${port} --strictPort`,
    cwd: "..",
    env: { TANDEM_ISOLATED: isolated ? "1" : "0" },
    port,
    timeout: SERVER_START_MS,
    reuseExistingServer: false,
  };
}

export default defineConfig({
  testDir: ".",
  outputDir: "../test-results",
  timeout: 180_000,
  workers: 2,
  reporter: "list",
  use: {
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    project("isolated", ISOLATED_PORT, { testIgnore: [SYSTEMS, ...ALONE] }),
    project("plain", PLAIN_PORT, { testIgnore: [SYSTEMS, ...ALONE, ...ISOLATED_ONLY] }),
    project("systems", ISOLATED_PORT, { testMatch: SYSTEMS, fullyParallel: true, workers: 2 }),
    project("isolated-alone", ISOLATED_PORT, { testMatch: ALONE }),
    project("plain-alone", PLAIN_PORT, { testMatch: ALONE, testIgnore: ISOLATED_ONLY }),
  ],
  webServer: [server(ISOLATED_PORT, true), server(PLAIN_PORT, false)],
});

// End-to-end tests in Debian's Chromium, twice: with and without cross-origin isolation.

import { defineConfig } from "playwright/test";

/** TANDEM_E2E_PORT: two runs on one machine take different ones. */
const ISOLATED_PORT = Number(process.env["TANDEM_E2E_PORT"] ?? 5191);
const PLAIN_PORT = ISOLATED_PORT + 1;
const SERVER_START_MS = 60_000;

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
  workers: 1,
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
    { name: "isolated", use: { baseURL: `http://127.0.0.1:${ISOLATED_PORT}` } },
    {
      name: "plain",
      use: { baseURL: `http://127.0.0.1:${PLAIN_PORT}` },
      // Minutes of systems of others, and files: isolation changes the pointer's way in, nothing of these.
      testIgnore: ["guests.spec.ts", "shared-folders.spec.ts", "screen.spec.ts"],
    },
  ],
  webServer: [server(ISOLATED_PORT, true), server(PLAIN_PORT, false)],
});

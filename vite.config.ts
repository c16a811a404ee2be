import { defineConfig } from "vitest/config";
import { serveMachines } from "./scripts/serve-machines.ts";

/** Cross-origin isolation gives shared memory; TANDEM_ISOLATED=0 serves without, as most sites do. */
const isolated = process.env["TANDEM_ISOLATED"] !== "0";
const headers: Record<string, string> = isolated
  ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
  : {};

export default defineConfig({
  appType: "mpa", // a missing image is a 404, not the page
  cacheDir: `node_modules/.vite-${isolated ? "isolated" : "plain"}`, // the two run side by side in e2e/
  plugins: [serveMachines()],
  optimizeDeps: { include: ["comlink", "@xterm/xterm", "@xterm/addon-fit", "uplot"] },
  build: {
    target: "es2022",
    outDir: "dist",
    rolldownOptions: { input: ["index.html", "src/demo/index.html"] },
  },
  worker: { format: "es" },
  server: {
    headers,
    watch: { ignored: ["**/.cache/**", "**/build/**", "**/test-results/**"] },
  },
  preview: { headers },
  test: {
    include: ["wasm/**/*.test.ts", "src/**/*.test.ts", "guest-additions/**/*.test.ts"],
    testTimeout: 60_000,
  },
});

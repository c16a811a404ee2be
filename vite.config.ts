import { defineConfig } from "vitest/config";
import type { UserConfig } from "vite";
import { serveMachines } from "./scripts/serve-machines.ts";

/** Cross-origin isolation gives shared memory; TANDEM_ISOLATED=0 serves without, as most sites do. */
const isolated = process.env["TANDEM_ISOLATED"] !== "0";
const headers: Record<string, string> = isolated
  ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
  : {};

/** The element for other pages: one module, its worker and its files beside it, all found relative to the module. */
const library: UserConfig = {
  base: "./",
  build: {
    outDir: "dist-library",
    target: "es2022",
    assetsInlineLimit: 0,
    copyPublicDir: false,
    modulePreload: false,
    rolldownOptions: {
      input: { "tandem-pc": "src/element/index.ts" },
      preserveEntrySignatures: "strict",
      output: { entryFileNames: "[name].js", chunkFileNames: "[name].js", assetFileNames: "[name][extname]" }, // prettier-ignore
    },
  },
  worker: {
    format: "es",
    rolldownOptions: {
      output: { entryFileNames: "tandem-pc.worker.js", assetFileNames: "[name][extname]" },
    },
  },
};

export default defineConfig(({ mode }) => ({
  ...(mode === "library"
    ? library
    : {
        plugins: [serveMachines()],
        build: {
          target: "es2022",
          outDir: "dist",
          rolldownOptions: { input: ["index.html", "src/demo/index.html"] },
        },
        worker: { format: "es" },
      }),
  appType: "mpa", // a missing image is a 404, not the page
  cacheDir: `node_modules/.vite-${isolated ? "isolated" : "plain"}`, // the two run side by side in e2e/
  optimizeDeps: { include: ["comlink", "idb-keyval", "@xterm/xterm", "@xterm/addon-fit", "uplot"] },
  server: {
    headers,
    watch: { ignored: ["**/.cache/**", "**/build/**", "**/test-results/**"] },
  },
  preview: { headers },
  test: {
    include: ["wasm/**/*.test.ts", "src/**/*.test.ts", "guest-additions/**/*.test.ts"],
    testTimeout: 60_000,
  },
}));

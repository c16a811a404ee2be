import { defineConfig } from "vitest/config";

/** Cross-origin isolation gives shared memory; TANDEM_ISOLATED=0 serves without, as most sites do. */
const isolated = process.env["TANDEM_ISOLATED"] !== "0";
const headers: Record<string, string> = isolated
  ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
  : {};

export default defineConfig({
  build: { target: "es2022", outDir: "dist" },
  worker: { format: "es" },
  server: { headers },
  preview: { headers },
  test: {
    include: ["wasm/**/*.test.ts", "src/**/*.test.ts", "guest-additions/**/*.test.ts"],
    testTimeout: 60_000,
  },
});

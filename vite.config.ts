import { defineConfig } from "vitest/config";

export default defineConfig({
  build: { target: "es2022", outDir: "dist" },
  worker: { format: "es" },
  test: {
    include: ["wasm/**/*.test.ts", "src/**/*.test.ts", "guest-additions/**/*.test.ts"],
    testTimeout: 60_000,
  },
});

// A machine for device tests: a core without firmware, driven through its ports, on a clock that the test moves.

import { readFileSync } from "node:fs";
import { Core, type CoreHost, defaultHost } from "../../src/worker/core";

let compiled: WebAssembly.Module | undefined;

/** The module under test: build/core.wasm, or the file named by TANDEM_CORE (build/core.debug.wasm while developing). */
function coreModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(
    readFileSync(process.env["TANDEM_CORE"] ?? "build/core.wasm"),
  );
  return compiled;
}

export interface TestMachine {
  core: Core;
  inb(port: number): number;
  inw(port: number): number;
  inl(port: number): number;
  outb(port: number, value: number): void;
  outw(port: number, value: number): void;
  outl(port: number, value: number): void;
  /** Lets guest time pass and runs what is due, in steps of `step` milliseconds. */
  advance(milliseconds: number, step?: number): void;
  reset(): void;
}

export interface TestMachineOptions {
  megabytes?: number;
  host?: Partial<CoreHost>;
}

export function testMachine(options: TestMachineOptions = {}): TestMachine {
  let now = 1000;
  const host = { ...defaultHost(), now: () => now, ...options.host };
  const core = Core.create(coreModule(), (options.megabytes ?? 4) << 20, host);
  const { readPort, writePort, runTimers } = core.exports;
  return {
    core,
    inb: (port) => readPort(port, 1) & 0xff,
    inw: (port) => readPort(port, 2) & 0xffff,
    inl: (port) => readPort(port, 4) >>> 0,
    outb: (port, value) => writePort(port, 1, value),
    outw: (port, value) => writePort(port, 2, value),
    outl: (port, value) => writePort(port, 4, value),
    advance(milliseconds, step = milliseconds) {
      for (let left = milliseconds; left > 0; left -= step) {
        now += Math.min(left, step);
        runTimers();
      }
    },
    reset: () => core.exports.reset(),
  };
}

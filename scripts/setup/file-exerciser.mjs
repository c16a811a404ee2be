// Builds scripts/guests/file-exerciser, which runs in a Linux guest: static, without a C library.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { run } from "./say.mjs";

const SOURCES = "scripts/guests/file-exerciser";
const FLAGS = ["-m32", "-march=i686", "-std=gnu11", "-O2", "-ffreestanding", "-fno-builtin", "-fno-pic", "-fno-pie", "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fno-strict-aliasing", "-fno-tree-loop-distribute-patterns", "-mgeneral-regs-only", "-fcf-protection=none", "-Wall", "-Wextra", "-Werror", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-Wl,-s"]; // prettier-ignore

/** When the newest of its sources was written. */
export function fileExerciserTime() {
  return Math.max(...readdirSync(SOURCES).map((name) => statSync(join(SOURCES, name)).mtimeMs));
}

export function buildFileExerciser(target) {
  run("gcc", [...FLAGS, join(SOURCES, "start.S"), join(SOURCES, "main.c"), "-o", target]);
}

// Builds scripts/guests/pc-test, a floppy that tries a PC the way programs for DOS do.

import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./say.mjs";

const SOURCES = "scripts/guests/pc-test";
const FLOPPY_BYTES = 1440 * 1024;
const FLAGS = ["-m16", "-march=i386", "-Os", "-ffreestanding", "-fno-builtin", "-fno-pic", "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror", "-Wno-array-bounds"]; // prettier-ignore

/** When the newest of its sources was written. */
export function pcTestTime() {
  return Math.max(...readdirSync(SOURCES).map((name) => statSync(join(SOURCES, name)).mtimeMs));
}

export function buildPcTest(target) {
  const scratch = mkdtempSync(join(tmpdir(), "tandem-pc-test-"));
  try {
    const objects = ["start.S", "main.c"].map((name) => {
      const object = join(scratch, `${name}.o`);
      run("gcc", [...FLAGS, "-c", join(SOURCES, name), "-o", object]);
      return object;
    });
    const program = join(scratch, "program.elf");
    run("ld", ["-m", "elf_i386", "--no-warn-rwx-segments", "-T", join(SOURCES, "link.ld"), "-o", program, ...objects]); // prettier-ignore
    run("objcopy", ["-O", "binary", program, target]);
    truncateSync(target, FLOPPY_BYTES);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

// Builds our own guest, Pillion, with Debian's gcc: guest-additions/pillion/pillion.elf, which is committed.
//
// usage: node scripts/build-guests.mjs            builds the committed binary and notes the compiler beside it
//        node scripts/build-guests.mjs --check    builds into build/ and compares the bytes where the compiler is the same
//
// The bytes depend on the sources and the compiler alone: no time, no paths, no build id.

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  copyFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateHeader } from "./generate-header.mjs";

const ROOT = join(import.meta.dirname, "..");
const GUEST = join(ROOT, "guest-additions/pillion");
const BUILD = join(ROOT, "build/pillion");
const COMMITTED = join(GUEST, "pillion.elf");
const COMPILER_NOTE = join(GUEST, "pillion.elf.compiler");

// prettier-ignore
const FLAGS = [
  "-m32", "-march=i686", "-std=gnu11", "-O2", "-ffreestanding", "-fno-pic", "-fno-pie", "-fno-stack-protector", "-fno-ident",
  "-fno-asynchronous-unwind-tables", "-fno-tree-loop-distribute-patterns", "-fno-strict-aliasing", "-fcf-protection=none",
  "-mgeneral-regs-only", "-Wall", "-Wextra", "-Werror", "-g0",
];
// prettier-ignore
const LINK_FLAGS = ["-m32", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-Wl,-z,noexecstack", "-Wl,--no-warn-rwx-segments", "-Wl,-s"];

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: GUEST, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} has failed`);
}

/** The compiler's and the linker's version, or undefined where there is none that can build for i386. */
function compiler() {
  const [gcc, ld] = ["gcc", "ld"].map(
    (name) => spawnSync(name, ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0],
  );
  return gcc && ld ? `${gcc}\n${ld}\n` : undefined;
}

function sources() {
  const own = readdirSync(GUEST, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(c|S)$/.test(name))
    .sort();
  return [...own, "../common/tandem.c"];
}

function build(target) {
  generateHeader();
  mkdirSync(BUILD, { recursive: true });
  const art = join(BUILD, "art.gen.c");
  run(process.execPath, ["art/generate.mjs", art]);
  const objects = [...sources(), art].map((source) => {
    const object = join(BUILD, `${source.replaceAll(/[/\\.]+/g, "-")}.o`);
    run("gcc", [...FLAGS, `-I${GUEST}`, "-c", source, "-o", object]);
    return object;
  });
  run("gcc", [...LINK_FLAGS, "-Wl,-T,pillion.ld", "-o", target, ...objects]);
}

/** Whether the committed binary is what the sources make; says what was checked. */
function check() {
  if (!existsSync(COMMITTED)) {
    console.log("pillion: pillion.elf is not there");
    return false;
  }
  const version = compiler();
  const noted = readFileSync(COMPILER_NOTE, "utf8");
  if (version !== noted) {
    console.log(
      `pillion: only looked at the committed binary, which another compiler has made (${noted.split("\n")[0]})`,
    );
    return true;
  }
  const target = join(BUILD, "pillion.elf");
  build(target);
  const same = readFileSync(target).equals(readFileSync(COMMITTED));
  console.log(same ? "pillion: rebuilt, the same bytes" : "pillion: the committed binary is not what the sources make; run npm run build:guests"); // prettier-ignore
  return same;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--check")) {
    process.exitCode = check() ? 0 : 1;
  } else {
    const version = compiler();
    if (!version) throw new Error("gcc is needed; on Debian: apt-get install gcc");
    mkdirSync(BUILD, { recursive: true });
    build(join(BUILD, "pillion.elf"));
    copyFileSync(join(BUILD, "pillion.elf"), COMMITTED);
    writeFileSync(COMPILER_NOTE, version);
    console.log(`pillion: ${readFileSync(COMMITTED).length} bytes`);
  }
}

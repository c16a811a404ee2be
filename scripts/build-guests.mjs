// Builds our own programs for guests with Debian's gcc: Pillion, and the daemon for Linux. The binaries are committed.
//
// usage: node scripts/build-guests.mjs            builds the committed binaries and notes the compiler beside each
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
const ADDITIONS = join(ROOT, "guest-additions");

/**
 * `parts`: the folders of its sources, where there is more in its folder. `prepare` makes what is not a source; it gets the folder
 * to build in and returns more sources.
 */
const PROGRAMS = [
  {
    name: "pillion",
    folder: join(ADDITIONS, "pillion"),
    binary: "pillion.elf",
    shared: [
      "channels",
      "clipboard",
      "display",
      "drag-and-drop",
      "png",
      "shared-folders",
      "tandem",
      "time",
    ].map((name) => `../common/${name}.c`),
    linkFlags: ["-Wl,-T,pillion.ld"],
    prepare: (program, build) => {
      const art = join(build, "art.gen.c");
      run(program, process.execPath, ["art/generate.mjs", art]);
      return [art];
    },
  },
  {
    name: "tandemd",
    folder: join(ADDITIONS, "linux"),
    binary: "tandemd",
    parts: ["lib", "daemon"],
    shared: [],
    linkFlags: [],
    prepare: () => [],
  },
  {
    name: "tandem-clip",
    folder: join(ADDITIONS, "linux"),
    binary: "tandem-clip",
    parts: ["lib", "tools/clip"],
    shared: [],
    linkFlags: [],
    prepare: () => [],
  },
  {
    name: "tandem-channel",
    folder: join(ADDITIONS, "linux"),
    binary: "tandem-channel",
    parts: ["lib", "tools/channel"],
    shared: [],
    linkFlags: [],
    prepare: () => [],
  },
  {
    name: "tandem-x11",
    folder: join(ADDITIONS, "linux"),
    binary: "tandem-x11",
    parts: ["lib", "x11"],
    shared: [],
    linkFlags: [],
    prepare: () => [],
  },
];

const committed = ({ folder, binary }) => join(folder, binary);
const compilerNote = ({ folder, binary }) => join(folder, `${binary}.compiler`);
const buildFolder = ({ name }) => join(ROOT, "build", name);
const built = (program) => join(buildFolder(program), program.binary);

// prettier-ignore
const FLAGS = [
  "-m32", "-march=i686", "-std=gnu11", "-O2", "-ffreestanding", "-fno-pic", "-fno-pie", "-fno-stack-protector", "-fno-ident",
  "-fno-asynchronous-unwind-tables", "-fno-tree-loop-distribute-patterns", "-fno-strict-aliasing", "-fcf-protection=none",
  "-mgeneral-regs-only", "-Wall", "-Wextra", "-Werror", "-g0",
];
// prettier-ignore
const LINK_FLAGS = ["-m32", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-Wl,-z,noexecstack", "-Wl,--no-warn-rwx-segments", "-Wl,-s"];

function run({ folder }, command, args) {
  const { status, error } = spawnSync(command, args, { cwd: folder, stdio: "inherit" });
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

function sources({ folder, parts = [""], shared }) {
  const own = parts
    .flatMap((part) =>
      readdirSync(join(folder, part), { recursive: true, encoding: "utf8" }).map((name) =>
        join(part, name),
      ),
    )
    .filter((name) => /\.(c|S)$/.test(name))
    .sort();
  return [...own, ...shared];
}

function build(program) {
  generateHeader();
  const folder = buildFolder(program);
  mkdirSync(folder, { recursive: true });
  const more = program.prepare(program, folder);
  const objects = [...sources(program), ...more].map((source) => {
    const object = join(folder, `${source.replaceAll(/[/\\.]+/g, "-")}.o`);
    run(program, "gcc", [...FLAGS, `-I${program.folder}`, "-c", source, "-o", object]);
    return object;
  });
  run(program, "gcc", [...LINK_FLAGS, ...program.linkFlags, "-o", built(program), ...objects]);
}

/** Whether the committed binary is what the sources make; says what was checked. */
function check(program) {
  const { name, binary } = program;
  if (!existsSync(committed(program))) {
    console.log(`${name}: ${binary} is not there`);
    return false;
  }
  const noted = readFileSync(compilerNote(program), "utf8");
  if (compiler() !== noted) {
    console.log(
      `${name}: only looked at the committed binary, which another compiler has made (${noted.split("\n")[0]})`,
    );
    return true;
  }
  build(program);
  const same = readFileSync(built(program)).equals(readFileSync(committed(program)));
  console.log(same ? `${name}: rebuilt, the same bytes` : `${name}: the committed binary is not what the sources make; run npm run build:guests`); // prettier-ignore
  return same;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--check")) {
    const results = PROGRAMS.map(check);
    process.exitCode = results.every(Boolean) ? 0 : 1;
  } else {
    const version = compiler();
    if (!version) throw new Error("gcc is needed; on Debian: apt-get install gcc");
    for (const program of PROGRAMS) {
      build(program);
      copyFileSync(built(program), committed(program));
      writeFileSync(compilerNote(program), version);
      console.log(`${program.name}: ${readFileSync(committed(program)).length} bytes`);
    }
  }
}

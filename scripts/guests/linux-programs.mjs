// Real programs in a shared folder, in the Debian kernel: git, a C compiler, and a file-system exerciser of our own that
// compares each of its operations with a model. Afterwards the directory of this computer must hold what the guest says it does.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CLOSE_FOLDERS, command, sumOf, SUM } from "./linux-folders.mjs";

const GUESTS = ".cache/guests";
const OPERATIONS = 50_000;
const SEED = 1;

/** The lines of two small files of C. */
const SOURCES = {
  "who.h": ["const char *who(void);"],
  "who.c": ['#include "who.h"', 'const char *who(void) { return "Hello, folder"; }'],
  "hello.c": [
    "#include <stdio.h>",
    '#include "who.h"',
    "int main(void) { return puts(who()) < 0; }",
  ],
};
const WRITE_SOURCES = Object.entries(SOURCES)
  .flatMap(([name, lines]) => lines.map((line) => `echo '${line}' >> ${name}`))
  .join("; ");
const AUTHOR = "-c user.name=Guest -c user.email=guest@example.org";

export const PROGRAMS_SCRIPT = [
  "wait-serial GUEST-READY",
  "sleep 500",
  ...command("TOOLS-THERE", "folders; mount -t ext2 -o ro /dev/sda /mnt; . /mnt/use; export HOME=/tmp; cd /host/share"), // prettier-ignore
  ...command("SOURCES-THERE", `mkdir project; cd project; ${WRITE_SOURCES}`),
  ...command("ALL-COMPILED", "tcc -c hello.c && tcc -c who.c && tcc -o hello hello.o who.o && ./hello"), // prettier-ignore
  ...command("GIT-BEGUN", `git init -q . && git add . && git ${AUTHOR} commit -q -m First && echo MORE >> who.h && git ${AUTHOR} commit -q -a -m Second && git log --format=LOG-%s`), // prettier-ignore
  ...command("GIT-LOOKED", "git status --porcelain && git fsck --strict && git clone -q . ../clone && diff who.h ../clone/who.h && echo SAME clone"), // prettier-ignore
  ...command("SUM-WRITTEN", `cd ..; sync; echo WRITTEN $(${SUM})`),
  ...command("ALL-EXERCISED", `cp file-exerciser /tmp; mkdir exercise; /tmp/file-exerciser exercise ${OPERATIONS} ${SEED}`), // prettier-ignore
  ...CLOSE_FOLDERS,
];

export function preparePrograms(directory) {
  copyFileSync(join(GUESTS, "file-exerciser"), join(directory, "file-exerciser"));
}

export function checkPrograms(lines, { share: directory }) {
  const texts = lines.map(({ text }) => text.trim());
  const wanted = [
    "Hello, folder",
    "LOG-First",
    "LOG-Second",
    "SAME clone",
    `WRITTEN ${sumOf(directory, (path) => !path.startsWith("./exercise/"))}`,
    "UNMOUNTED",
  ];
  const problems = wanted
    .filter((text) => !texts.includes(text))
    .map((text) => `the guest has not printed "${text}"`);
  return [...problems, ...checkExercise(lines, directory, OPERATIONS)];
}

/** Of the exerciser in the folder's directory "exercise". */
export function checkExercise(lines, directory, operations) {
  const exercise = join(directory, "exercise");
  const texts = lines.map(({ text }) => text.trim());
  const problems = texts.filter((text) => text.startsWith("DIFFERENCE"));
  const end = `EXERCISED ${operations} operations`;
  if (!texts.includes(end)) problems.push(`the guest has not printed "${end}"`);
  mkdirSync(exercise, { recursive: true });
  // Names may end with a space.
  const model = new Set(lines.flatMap(({ text }) => modelLine(text)));
  const host = new Set(hostLines(exercise));
  for (const line of model) if (!host.has(line)) problems.push(`not on the host: ${line}`);
  for (const line of host) if (!model.has(line)) problems.push(`only on the host: ${line}`);
  return problems;
}

/** What the exerciser prints of a file, "MODEL size hash exercise/path", or of a directory. */
function modelLine(text) {
  const [, line, path] = /^MODEL (directory|\d+ \d+) exercise\/(.*)$/.exec(text) ?? [];
  return line ? [`${line} ${Buffer.from(path, "latin1").toString("utf8")}`] : [];
}

function hostLines(directory) {
  return readdirSync(directory, { recursive: true }).map((path) => {
    const place = join(directory, path);
    if (statSync(place).isDirectory()) return `directory ${path}`;
    const bytes = readFileSync(place);
    return `${bytes.length} ${fnv(bytes)} ${path}`;
  });
}

/** FNV-1a, 32 bits. */
function fnv(bytes) {
  let hash = 2166136261;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16777619);
  return hash >>> 0;
}

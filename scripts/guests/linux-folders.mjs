// The Debian kernel's FUSE over the Tandem port: what a guest reads is what the host has, and what it writes the host has afterwards.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILES = 200;
const LARGE = 3_000_000;

/** Types a command; goes on when it is done. A word is split, so that its echo is not taken for the answer. */
export function command(marker, text) {
  return [`serial ${text}; echo ${marker.slice(0, 2)}""${marker.slice(2)}\\n`, `wait-serial ${marker}`]; // prettier-ignore
}

/** One number for all files of the folder, by name and content. */
export const SUM = 'find . -type f | sort | while read f; do md5sum "$f"; done | md5sum';

export const FOLDERS_SCRIPT = [
  "wait-serial GUEST-READY",
  "sleep 500",
  ...command("FOLDERS-THERE", "folders; cd /host/share"),
  ...command("SUM-READ", `echo READ $(${SUM})`),
  ...command("ALL-COPIED", "cp -a sub copy; diff -r sub copy && echo SAME copy"),
  ...command("ALL-PACKED", "tar cf /tmp/t.tar sub large; mkdir out; tar xf /tmp/t.tar -C out; cmp large out/large && diff -r sub out/sub && echo SAME tar"), // prettier-ignore
  ...command("ALL-MOVED", "mv copy/f7 moved; mv copy renamed; rm -r out/sub; rmdir out 2> /dev/null || echo NOT-EMPTY"), // prettier-ignore
  ...command("ALL-OPEN", "echo kept > open; exec 3< open; rm open; echo GOT $(cat <&3); exec 3<&-"),
  ...command("ALL-SPARSE", "dd if=/dev/zero of=sparse bs=1 count=1 seek=5000000 2> /dev/null; truncate -s 1234 moved; echo more >> a.txt; ln -s a.txt link 2> /dev/null || echo NO-LINK"), // prettier-ignore
  ...command("SUM-WRITTEN", `sync; echo WRITTEN $(${SUM})`),
];

export const CLOSE_FOLDERS = command("ALL-CLOSED", "cd /; umount /host && echo UNMOUNTED");

let before;

export function prepareFolder(directory) {
  mkdirSync(join(directory, "sub"));
  for (let number = 0; number < FILES; number++)
    writeFileSync(join(directory, `sub/f${number}`), `${number}\n`.repeat(number));
  writeFileSync(join(directory, "a.txt"), "hello\n");
  writeFileSync(join(directory, "ünï☃ with spaces"), "1");
  const large = Buffer.alloc(LARGE);
  for (let at = 0; at < LARGE; at++) large[at] = at * 31 + (at >> 9);
  writeFileSync(join(directory, "large"), large);
  before = sumOf(directory);
}

export function checkFolder(lines, { share: directory }) {
  const wanted = [
    `READ ${before}`,
    "SAME copy",
    "SAME tar",
    "NOT-EMPTY",
    "GOT kept",
    "NO-LINK",
    `WRITTEN ${sumOf(directory)}`,
    "UNMOUNTED",
  ];
  const problems = wanted
    .filter((text) => !lines.some((line) => line.text.trim() === text))
    .map((text) => `the guest has not printed "${text}"`);
  if (readFileSync(join(directory, "a.txt"), "utf8") !== "hello\nmore\n")
    problems.push("a.txt is not what the guest has made of it");
  return problems;
}

/** As SUM makes it, of the files that are wanted. */
export function sumOf(directory, isWanted = () => true) {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `.${join(entry.parentPath, entry.name).slice(directory.length)}`)
    .filter(isWanted)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const md5 = (data) => createHash("md5").update(data).digest("hex");
  const list = names.map((name) => `${md5(readFileSync(join(directory, name)))}  ${name}\n`);
  return `${md5(list.join(""))} -`;
}

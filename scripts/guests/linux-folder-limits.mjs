// Much data in shared folders, and where they end, in the Debian kernel: a thousand files and 64 MB in and out, a quota, folders that
// become read-only or go while files are open, sizes beyond 4 GB; and how often the guest's kernel and the host are asked.

import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { command, sumOf } from "./linux-folders.mjs";

export const QUOTA_MIB = 8;
const FILES = 100;
const LINES = 500;
const MANY = 1000;
const LARGE = 64 << 20;
/** A quarter of a megabyte each. */
const LARGE_READS_MAX = 260;
const FAR = 5 * 2 ** 30;
/** Linux's sync does not wait for a FUSE server. */
const FSYNC = "dd if=/dev/null conv=notrunc,fsync 2> /dev/null of=";
/** The host's, as stat counts them. */
const BLOCK = 512;
/** A few blocks around the end. */
const SPARSE_BYTES_MAX = 1 << 20;

export const LIMITS_SCRIPT = [
  "host-calls before",
  ...command("LARGE-READ", "cd /host/data; cat in/large > /dev/null && echo LARGE-GONE-BY"),
  "host-calls large",
  ...command(
    "ALL-COPIED",
    "cd /host/data; cp -a in /tmp/in && cp -a /tmp/in out && rm -r /tmp/in && echo IN-AND-OUT",
  ),
  "host-calls before",
  ...command("ALL-LISTED", "cd /host/more; echo LISTED $(ls -l | grep -c file-)"),
  "host-calls list",
  ...command("LINES-WRITTEN", `i=0; while [ $i -lt ${LINES} ]; do echo line; i=$((i+1)); done > lines; echo LINES $(wc -l < lines)`), // prettier-ignore
  "host-calls lines",

  ...command("FAR-WRITTEN", `echo END | dd of=far bs=1 seek=${FAR} 2> /dev/null; sync; echo FAR $(stat -c %s far) $(tail -c 4 far) $(dd if=far bs=4 skip=${FAR / 8} count=1 2> /dev/null | hexdump -v -e '1/1 "%x"')`), // prettier-ignore
  ...command("ALL-RENAMED", "exec 3>> first; echo one >&3; mv first second; echo two >&3; exec 3>&-; echo RENAMED $(cat second)"), // prettier-ignore
  ...command(
    "ALL-DELETED",
    "exec 3> gone; rm gone; echo three >&3 && ls gone; exec 3>&-; echo OPEN-DELETED",
  ),

  ...command("SIX-MADE", "cd /host/small; dd if=/dev/urandom of=/tmp/six bs=1M count=6 2> /dev/null; echo SIX $(md5sum < /tmp/six)"), // prettier-ignore
  ...command("QUOTA-USED", "cp /tmp/six kept && echo KEPT; cp /tmp/six partly || echo PARTLY"),
  ...command(
    "QUOTA-SEEN",
    "sleep 2; cmp /tmp/six kept && echo SIZE $(stat -c %s partly) $(wc -c < partly)",
  ),
  ...command("QUOTA-FREED", "rm kept; cp /tmp/six again && echo AGAIN"),

  ...command("STILL-OPEN", `exec 3>> again; echo tail >&3; ${FSYNC}again`),
  "read-only small",
  ...command("READ-ONLY", "echo late >&3; exec 3>&-; echo new > new; rm again; mkdir directory; cmp again /tmp/six; echo RO $(tail -c 5 again)"), // prettier-ignore

  ...command(
    "MORE-OPEN",
    `cd /; exec 3< /host/more/second; exec 4> /host/more/late; echo acknowledged >&4; ${FSYNC}/host/more/late; sleep 2`,
  ),
  "detach more",
  ...command(
    "MORE-GONE",
    "cat <&3; echo lost >&4; exec 4>&-; exec 3<&-; ls /host/more; echo LEFT $(ls /host)",
  ),
];

export function prepareMore(directory) {
  for (let number = 0; number < FILES; number++)
    writeFileSync(join(directory, `file-${number}`), "x".repeat(number));
}

export function prepareData(directory) {
  const within = join(directory, "in");
  mkdirSync(join(within, "sub/empty"), { recursive: true });
  for (let number = 0; number < MANY; number++)
    writeFileSync(join(within, number % 2 ? "sub" : "", `ünï ${number}`), randomBytes(number * 9));
  writeFileSync(join(within, "large"), randomBytes(LARGE));
}

export function checkLimits(lines, { data, more, small }, hostCalls) {
  const texts = lines.map(({ text }) => text.trim());
  const [again, partly] = ["again", "partly"].map((name) => readFileSync(join(small, name)));
  const six = again.subarray(0, 6 << 20);
  const wanted = [
    "LARGE-GONE-BY",
    "IN-AND-OUT",
    `LISTED ${FILES}`,
    `LINES ${LINES}`,
    `FAR ${FAR + 4} END 0000`,
    "RENAMED one two",
    "ls: gone: No such file or directory",
    "OPEN-DELETED",
    `SIX ${createHash("md5").update(six).digest("hex")} -`,
    "KEPT",
    "cp: error writing to 'partly': No space left on device",
    "PARTLY",
    `SIZE ${partly.length} ${partly.length}`,
    "AGAIN",
    "-/bin/sh: can't create new: Read-only file system",
    "rm: can't remove 'again': Read-only file system",
    "mkdir: can't create directory 'directory': Read-only file system",
    "RO tail",
    "cat: read error: No such device",
    "sh: write error: No such device",
    "ls: /host/more: No such file or directory",
    "LEFT data share small",
  ];
  const problems = wanted
    .filter((text) => !texts.includes(text))
    .map((text) => `the guest has not printed "${text}"`);
  const expect = (holds, what) => holds || problems.push(what);

  const [taken, given] = ["in", "out"].map((name) => join(data, name));
  expect(sumOf(taken) === sumOf(given), "what went in and out again is not the same");
  expect(existsSync(join(given, "sub/empty")), "an empty directory did not come out again");

  const { large, list, lines: written } = hostCalls;
  const told = JSON.stringify(hostCalls);
  expect(large.read <= LARGE_READS_MAX, `reading 64 MB asked the host too often: ${told}`);
  expect(list.list <= 2 && list.stat <= FILES, `ls -l asked the host too often: ${told}`);
  expect(list.fuse < FILES, `the guest's kernel asked for each file: ${told}`);
  expect(written.write === 1 && written.fuse < LINES, `the guest's kernel does not write back: ${told}`); // prettier-ignore

  expect(again.subarray(six.length).toString() === "tail\n", "again is not what was acknowledged");
  expect(partly.equals(six.subarray(0, partly.length)), "partly has other bytes");
  expect(readdirSync(small).sort().join() === "again,partly", `small has ${readdirSync(small)}`);
  expect(textOf(more, "second") === "one\ntwo\n", "what was renamed while open is not whole");
  expect(textOf(more, "late") === "acknowledged\n", "what was acknowledged before detaching is not there"); // prettier-ignore
  for (const name of ["first", "gone"]) expect(!existsSync(join(more, name)), `${name} is there`);
  const far = join(more, "far");
  expect(textAt(far, FAR, 4) === "END\n", "far has not its end on the host");
  expect(statSync(far).blocks * BLOCK < SPARSE_BYTES_MAX, "far is not sparse on the host");
  return problems;
}

function textOf(directory, name) {
  return readFileSync(join(directory, name), "utf8");
}

function textAt(path, position, length) {
  const bytes = Buffer.alloc(length);
  const file = openSync(path, "r");
  readSync(file, bytes, 0, length, position);
  closeSync(file);
  return bytes.toString();
}

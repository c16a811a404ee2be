// The Debian kernel's own virtio-fs: a folder is mounted with nothing installed, and both sides see what the other does.

import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, prepareFolder, sumOf, SUM } from "./linux-folders.mjs";
import { checkExercise } from "./linux-programs.mjs";

const GUESTS = ".cache/guests";
const OPERATIONS = 5000;
const SEED = 2;

/** With pages of files in the guest, and without. */
export const VIRTIOFS_FOLDERS = { share: prepare, "direct:cache=never": () => {} };

export const VIRTIOFS_SCRIPT = [
  "wait-serial GUEST-READY",
  "sleep 500",
  ...command("FOLDER-THERE", "modprobe virtio_pci; modprobe virtiofs; mkdir /direct /all; mount -t virtiofs share /mnt; cd /mnt"), // prettier-ignore
  ...command("SUM-READ", `echo READ $(${SUM})`),
  ...command("ALL-COPIED", "cp -a sub copy; diff -r sub copy && echo SAME copy; dd if=large of=blocks bs=1000 2> /dev/null; cmp large blocks && echo SAME blocks"), // prettier-ignore
  ...command("ALL-MOVED", "mv copy/f7 moved; mv copy renamed; rm -r renamed/f1*; rmdir renamed 2> /dev/null || echo NOT-EMPTY"), // prettier-ignore
  ...command("ALL-OPEN", "echo kept > open; exec 3< open; rm open; echo GOT $(cat <&3); exec 3<&-; truncate -s 1234 moved"), // prettier-ignore
  ...command("ALL-AGAIN", "for word in 1 2 3 4 5 6 7 8; do echo $word > again; cat again; done | tr '\\\\n' ' ' > seen; echo SEEN $(cat seen)"), // prettier-ignore
  ...command("SUM-WRITTEN", `sync; echo WRITTEN $(${SUM})`),
  ...command("HOST-SEEN", "echo first > by-host; cat by-host > /dev/null; echo ASKING the host; sleep 3; echo HOST $(cat by-host)"), // prettier-ignore
  ...command("DIRECT-THERE", "mount -t virtiofs direct /direct; dd if=large of=/direct/large bs=1M 2> /dev/null; cmp large /direct/large && echo SAME direct"), // prettier-ignore
  ...command("ALL-THERE", "mount -t virtiofs tandem /all; cmp /all/share/large /all/direct/large && echo SAME all; echo LIST $(ls /all); umount /all"), // prettier-ignore
  ...command("ALL-EXERCISED", `cp file-exerciser /tmp; mkdir exercise; /tmp/file-exerciser exercise ${OPERATIONS} ${SEED}`), // prettier-ignore
  ...command("ALL-CLOSED", "cd /; umount /mnt && umount /direct && echo UNMOUNTED"),
];

let before;
let written;

function prepare(directory) {
  prepareFolder(directory);
  copyFileSync(join(GUESTS, "file-exerciser"), join(directory, "file-exerciser"));
  before = sumOf(directory);
}

/** The host changes a file that the guest has just read. */
export function answerVirtioFs(line, { share: directory }) {
  if (line !== "ASKING the host") return;
  written = sumOf(directory, (path) => path !== "./by-host");
  writeFileSync(join(directory, "by-host"), "has changed it\n");
}

export function checkVirtioFs(lines, { share: directory }) {
  const wanted = [
    `READ ${before}`,
    "SAME copy",
    "SAME blocks",
    "NOT-EMPTY",
    "GOT kept",
    "SEEN 1 2 3 4 5 6 7 8",
    `WRITTEN ${written}`,
    "HOST has changed it",
    "SAME direct",
    "SAME all",
    "LIST direct share",
    "UNMOUNTED",
  ];
  const problems = wanted
    .filter((text) => !lines.some((line) => line.text.trim() === text))
    .map((text) => `the guest has not printed "${text}"`);
  return [...problems, ...checkExercise(lines, directory, OPERATIONS)];
}

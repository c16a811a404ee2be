// What is typed into the shell of the Debian kernel, and what its answers must be.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const GUESTS = ".cache/guests";
const CDROM = "grub-rescue-cdrom.iso";
const OTHER_CDROM = "hdt.iso";
const FLOPPY = "grub-rescue-floppy.img";
const FLOPPY_SIZE = 1440 * 1024;

/** Guest and host are read a moment apart, and the host is busy. */
const CLOCK_SECONDS = 3;

/** Types a command; goes on when it is done. A word is split, so that its echo is not taken for the answer. */
function command(marker, text) {
  return [`serial ${text}; echo ${marker.slice(0, 2)}""${marker.slice(2)}\\n`, `wait-serial ${marker}`]; // prettier-ignore
}

const MOUNT = "mount -t ext2 /dev/sda1 /mnt";
const FLOPPY_MOUNT = "mount -t vfat /dev/fd0 /mnt";
/** Forgets what is in memory, so that the next read comes from the medium. */
const FORGET = "sync; echo 3 > /proc/sys/vm/drop_caches";
const COMPARE = "&& cmp /tmp/random /mnt/random && echo";
const CLOCKS = "echo CLOCK $(date +%s)";

export const SHELL_SCRIPT = [
  "wait-serial GUEST-READY",
  "sleep 500",
  ...command("DMESG-END", "dmesg -r > /tmp/dmesg; echo DMESG-BEGIN; grep '^<[0-4]>' /tmp/dmesg"),
  ...command("CLOCK-ONE", CLOCKS),
  ...command("RANDOM-MADE", "dd if=/dev/urandom of=/tmp/random bs=1024 count=700"),
  ...command("DISK-DONE", `${MOUNT} && cp /tmp/random /mnt/random; umount /mnt; ${FORGET}; ${MOUNT} ${COMPARE} SAME disk; umount /mnt`), // prettier-ignore
  ...command("CDROM-DONE", "echo MD5 $(md5sum < /dev/sr0)"),
  "eject cdrom",
  ...command("EMPTY-DONE", "head -c 1 /dev/sr0 > /dev/null || echo EMPTY cdrom"),
  `insert cdrom ${OTHER_CDROM}`,
  ...command("OTHER-DONE", "echo MD5 $(md5sum < /dev/sr0)"),
  ...command("FLOPPY-READ", "echo MD5 $(md5sum < /dev/fd0)"),
  ...command("FLOPPY-DONE", `mkdosfs /dev/fd0 && ${FLOPPY_MOUNT} && cp /tmp/random /mnt/random; umount /mnt; ${FORGET}; ${FLOPPY_MOUNT} ${COMPARE} SAME floppy; umount /mnt`), // prettier-ignore
  ...command("CLOCK-TWO", CLOCKS),
  ...command("HWCLOCK-READ", "echo HWCLOCK $(hwclock -u -r); echo $(date)"),
  ...command("HWCLOCK-SET", "date -s '2031-02-03 04:05:06'; hwclock -u -w; date -s '2001-01-01 00:00:00'; echo HWCLOCK $(hwclock -u -r)"), // prettier-ignore
  "serial reboot\\n",
  "wait-serial GUEST-READY",
  "sleep 500",
  ...command("KEPT", "echo HWCLOCK $(hwclock -u -r)"),
  ...command("DISK-KEPT", `${MOUNT} && wc -c /mnt/random; umount /mnt`),
  "serial poweroff\\n",
  "wait-power-off",
];

/** What Linux warns about on this machine, with the reason. Anything else of level "warning" or worse is a failure. */
const EXPLAINED = [
  // SeaBIOS describes an I/O APIC and local APICs without asking for them. This machine has none, as its CPUID says;
  // Linux finds that out and goes on with the 8259 pair.
  /I\/O APIC 0xfec00000 registers return all ones, skipping!/,
  /MPTABLE: no processors registered!/,
  /BIOS bug, MP table errors detected!\.\.\./,
  /\.\.\. disabling SMP support\. \(tell your hw vendor\)/,
  /smpboot: weird, boot CPU \(#0\) not listed by the BIOS/,
  // Without APICs Linux sets the edge/level register from ACPI's words; SeaBIOS had set it for the PCI links.
  /ACPI: setting ELCR to 0200 \(from 0c00\)/,
  // About the guest kernel, not the machine: it was built without PAE.
  /L1TF: Kernel not compiled for PAE\. No mitigation for L1TF/,
  // The 440FX has configuration by ports only.
  /acpi PNP0A03:00: fail to add MMCONFIG information/,
  // The processor has no machine check, as its CPUID says.
  /mce: Unable to init MCE device \(rc: -5\)/,
];

/** @param size of the medium, where the file may be shorter */
function md5(name, size = 0) {
  const bytes = readFileSync(`${GUESTS}/${name}`);
  const rest = Buffer.alloc(Math.max(0, size - bytes.length));
  return createHash("md5").update(bytes).update(rest).digest("hex");
}

/** @param lines of the serial port: {text, time in ms} @returns problems in words */
export function SHELL_CHECK(lines) {
  const problems = [];
  const expect = (holds, problem) => {
    if (!holds) problems.push(problem);
  };
  const answers = (word) => lines.filter(({ text }) => text.startsWith(`${word} `));

  const begin = lines.findIndex(({ text }) => text === "DMESG-BEGIN");
  const end = lines.findIndex(({ text }) => text === "DMESG-END");
  expect(begin >= 0 && end > begin, "dmesg was not printed");
  for (const { text } of lines.slice(begin + 1, end)) {
    expect(EXPLAINED.some((pattern) => pattern.test(text)), `unexplained in dmesg: ${text}`); // prettier-ignore
  }

  const same = answers("SAME").map(({ text }) => text.split(" ")[1]);
  expect(same.includes("disk"), "the disk does not hold what was written");
  expect(same.includes("floppy"), "the floppy does not hold what was written");
  expect(answers("EMPTY").length === 1, "an ejected disc could still be read");
  const sums = answers("MD5").map(({ text }) => text.split(" ")[1]);
  for (const [index, [name, size]] of [[CDROM], [OTHER_CDROM], [FLOPPY, FLOPPY_SIZE]].entries())
    expect(sums[index] === md5(name, size), `${name} was read as "${sums[index]}"`);

  const clocks = answers("CLOCK");
  expect(clocks.length === 2, "the guest did not tell the time twice");
  for (const { text, time } of clocks) {
    const guest = Number(text.split(" ")[1]);
    expect(Math.abs(guest - time / 1000) <= CLOCK_SECONDS, `the guest's clock is ${(guest - time / 1000).toFixed(1)} s from the host's`); // prettier-ignore
  }
  const [read, set, kept] = answers("HWCLOCK").map(({ text, time }) => ({ text, time, seconds: Date.parse(`${text.slice(8).replace(/ \S+ seconds$/, "")} UTC`) / 1000 })); // prettier-ignore
  expect(Math.abs(read?.seconds - read?.time / 1000) <= CLOCK_SECONDS, `hwclock -r said "${read?.text}"`); // prettier-ignore
  const wanted = Date.parse("2031-02-03T04:05:06Z") / 1000;
  expect(Math.abs(set?.seconds - wanted) <= CLOCK_SECONDS, `hwclock -w left "${set?.text}"`);
  expect(kept?.seconds > wanted && kept?.seconds < wanted + 600, `after a reboot hwclock says "${kept?.text}"`); // prettier-ignore
  expect(lines.some(({ text }) => text.startsWith("716800 /mnt/random")), "the file on the disk is gone after a reboot"); // prettier-ignore
  expect(lines.filter(({ text }) => text.startsWith("GUEST-READY")).length === 2, "reboot did not come back"); // prettier-ignore
  return problems;
}

// The guests of boot-guests.mjs: how each starts, and what shows that it works. Long ones first, so that two lanes end together.

import {
  checkLimits,
  LIMITS_SCRIPT,
  prepareData,
  prepareMore,
  QUOTA_MIB,
} from "./linux-folder-limits.mjs";
import { checkFolder, CLOSE_FOLDERS, FOLDERS_SCRIPT, prepareFolder } from "./linux-folders.mjs";
import { checkPrograms, preparePrograms, PROGRAMS_SCRIPT } from "./linux-programs.mjs";
import { SHELL_CHECK, SHELL_SCRIPT } from "./linux-shell.mjs";
import { USB_CHECK, USB_SCRIPT } from "./linux-usb.mjs";
import { answerVirtioFs, checkVirtioFs, VIRTIOFS_FOLDERS, VIRTIOFS_SCRIPT } from "./linux-virtiofs.mjs"; // prettier-ignore
import { VMWARE_CHECK, VMWARE_SCRIPT } from "./linux-vmware.mjs";
import { checkX11, prepareX11, x11Script } from "./linux-x11.mjs";

const FIRMWARE = ["--firmware", ".cache/firmware/bios-256k.bin", "--vga-firmware", ".cache/firmware/vgabios-stdvga.bin"]; // prettier-ignore
const LINUX_OPTIONS = "console=tty0 console=ttyS0 nokaslr cryptomgr.notests noisapnp";
const INSTALLER_OPTIONS = "nokaslr cryptomgr.notests noisapnp";

const GRUB_LSPCI = ["wait GNU GRUB  version", "sleep 500", "key c", "wait grub>", "type lspci\\n", "wait 8086:1237"]; // prettier-ignore

/** Version 0.97 reads the disk through the BIOS, as systems of its time do. */
const GRUB_LEGACY = ["wait grub>", "type root (hd0,0)\\n", "wait Filesystem type is ext2fs, partition type 0x83", `type kernel /boot/vmlinuz ${LINUX_OPTIONS}\\n`, "wait Linux-bzImage", "type initrd /boot/initramfs.cpio.gz\\n", "wait Linux-initrd", "type boot\\n"]; // prettier-ignore

/** Text, a VBE picture with a menu whose second line is chosen, text again, and off by APM. */
const SYSLINUX = ["wait boot:", "type meminfo\\n", "wait INT 12h: 639K (0x9fc00)", "type disk.c32\\n", "wait 100352 sectors, 512 bytes/sector", "type vesamenu.c32\\n", vesaMenu(63, "b8a6a1"), "key down", vesaMenu(79, "bcaaa5"), "key escape", "wait boot:", "type poweroff\\n", "wait-power-off"]; // prettier-ignore

/** A FAT16 disk by its boot records; a restart; a floppy started from there. */
const SYSLINUX_DISK = ["wait boot:", "type reboot.c32\\n", "sleep 2000", "wait boot:", "type chain.c32 fd0\\n", "wait GNU GRUB  version"]; // prettier-ignore

/** The left end of the bar in Syslinux's graphical menu, in the red that it has on the gray of that line. */
function vesaMenu(line, color) {
  return `wait-pixel 0.1540 ${((line + 0.5) / 480).toFixed(4)} ${color}`;
}

/** A space ship in the middle of the last row goes left. The game looks at the keys every 110 ms, so some presses are lost. */
const INVADERS = ["wait-pixel 0.5063 0.9538 aa00aa", ...Array(12).fill("key left"), "wait-pixel 0.5063 0.9538 000000"]; // prettier-ignore

const GO_ON = "serial g";

/** What a person would look at and do when pc-test stops for it. */
const PC_TEST = [
  "wait-serial SHOW mode-13",
  "wait-pixel 0.2 0.5 ff8200", // a color that it set
  "wait-pixel 0.8 0.5 0000aa",
  GO_ON,
  "wait-serial SHOW mode-x", // the second page: every fourth column is of another plane
  "wait-pixel 0.3141 0.5 00aa00",
  "wait-pixel 0.3109 0.5 aa0000",
  GO_ON,
  "wait-serial SHOW mode-12",
  "wait-pixel 0.2 0.5 aa0000",
  "wait-pixel 0.8 0.5 5555ff",
  "wait-pixel 0.0102 0.001 ffffff",
  GO_ON,
  "wait-serial SHOW mode-4",
  "wait-pixel 0.5 0.5 ff55ff",
  GO_ON,
  "wait-serial SHOW vbe-101", // five banks
  "wait-pixel 0.5 0.1 0000aa",
  "wait-pixel 0.5 0.98 aa00aa",
  GO_ON,
  "wait-serial SHOW vbe-112",
  "wait-pixel 0.2 0.5 ff4020",
  "wait-pixel 0.8 0.5 804020",
  GO_ON,
  "wait-serial SHOW text-50",
  "wait LINE FIFTY",
  GO_ON,
  "wait-serial SHOW keyboard",
  GO_ON,
  "key shift-a",
  "key f12",
  "key capslock",
  "wait-serial SHOW mouse",
  GO_ON,
  "rel 20 -10",
  "wait-serial SHOW mouse-button",
  GO_ON,
  "down left",
  "wait-serial PC-TEST passed",
  "wait-power-off",
];

/** What it found wrong, and that it came to its end. */
function checkPcTest(lines) {
  const problems = lines.map(({ text }) => text).filter((text) => text.startsWith("FAIL"));
  if (!lines.some(({ text }) => text === "PC-TEST passed")) problems.push("it did not pass");
  return problems;
}

/** The installer's list of languages: its banner, the selected line, the list, the window around it. */
const INSTALLER_LANGUAGES = [
  "wait-pixel 0.0590 0.0268 05475c",
  "wait-pixel 0.8796 0.5736 29847d",
  "wait-pixel 0.6840 0.6517 ffffff",
  "wait-pixel 0.9280 0.9909 ede9e1",
];

/**
 * Name, options of npm run vm (a file name is looked up in .cache/guests), then one or both of `until`, a text, and
 * `script`, its steps, or a function that makes them from the folders' directories; `folders` to share, each with what fills its
 * directory; `answer` gets each line from the serial port when it is complete, and the directories; `check` gets the lines, the
 * directories and what the steps host-calls have told, and returns what is wrong; seconds.
 */
export const GUESTS = [
  // Half of the pass is its last test, which waits twice 80 seconds for bits to fade.
  {
    name: "memtest-pass",
    options: ["--memory", "8", "--kernel", "memtest86+ia32.bin"],
    script: ["wait Press any key to remove this banner", "wait Status: Pass", "wait Errors: 0"],
    timeout: 1200,
  },
  {
    name: "installer-graphical",
    options: ["--memory", "640", "--kernel", "di-gtk-linux", "--initrd", "di-gtk-initrd.gz", "--append", `vga=788 ${INSTALLER_OPTIONS}`], // prettier-ignore
    // A click takes the line under the pointer, in the middle of the screen, and the keyboard goes on from there.
    script: [...INSTALLER_LANGUAGES, "click left", "wait-pixel 0.8796 0.4987 29847d", "key down", "wait-pixel 0.8796 0.5286 29847d"], // prettier-ignore
    timeout: 900,
  },
  {
    name: "linux-shell",
    options: ["--memory", "128", ...FIRMWARE, "--hda", "linux-disk.img", "--floppy", "grub-rescue-floppy.img", "--cdrom", "grub-rescue-cdrom.iso", "--boot", "hda"], // prettier-ignore
    script: SHELL_SCRIPT,
    check: SHELL_CHECK,
    timeout: 600,
  },
  {
    name: "pc-test",
    options: ["--memory", "64", ...FIRMWARE, "--floppy", "pc-test.img", "--hda", "linux-disk.img", "--boot", "floppy"], // prettier-ignore
    script: PC_TEST,
    check: checkPcTest,
    timeout: 180,
  },
  { name: "installer-text", options: ["--memory", "512", "--kernel", "di-text-linux", "--initrd", "di-text-initrd.gz", "--append", `priority=low vga=normal fb=false ${INSTALLER_OPTIONS} console=tty0 console=ttyS0`], until: "Choose language", timeout: 600 },
  { name: "linux-686", options: ["--memory", "128", "--kernel", "vmlinuz-686", "--initrd", "initramfs.cpio.gz", "--append", LINUX_OPTIONS], until: "GUEST-READY", timeout: 180 },
  { name: "linux-686-pae", options: ["--memory", "128", "--kernel", "vmlinuz-686-pae", "--initrd", "initramfs-pae.cpio.gz", "--append", LINUX_OPTIONS], until: "GUEST-READY", timeout: 180 },
  { name: "linux-folders", options: ["--memory", "256", "--kernel", "vmlinuz-686", "--initrd", "initramfs.cpio.gz", "--append", LINUX_OPTIONS], folders: { share: prepareFolder, data: prepareData, more: prepareMore, [`small:quota=${QUOTA_MIB}`]: () => {} }, script: [...FOLDERS_SCRIPT, ...LIMITS_SCRIPT, ...CLOSE_FOLDERS], check: (...all) => [...checkFolder(...all), ...checkLimits(...all)], timeout: 900 },
  { name: "linux-programs", options: ["--memory", "256", "--kernel", "vmlinuz-686", "--initrd", "initramfs.cpio.gz", "--append", LINUX_OPTIONS, "--hda", "tools-disk.img"], folders: { share: preparePrograms }, script: PROGRAMS_SCRIPT, check: checkPrograms, timeout: 1800 },
  { name: "linux-virtiofs", options: ["--memory", "128", "--kernel", "vmlinuz-686", "--initrd", "initramfs.cpio.gz", "--append", LINUX_OPTIONS], folders: VIRTIOFS_FOLDERS, answer: answerVirtioFs, script: VIRTIOFS_SCRIPT, check: checkVirtioFs, timeout: 900 },
  { name: "linux-usb", options: ["--memory", "128", "--usb", "mouse,tablet,keyboard", "--kernel", "vmlinuz-686", "--initrd", "initramfs.cpio.gz", "--append", LINUX_OPTIONS], script: USB_SCRIPT, check: USB_CHECK, timeout: 300 },
  { name: "linux-x11", options: ["--memory", "128", "--kernel", "vmlinuz-686", "--initrd", "initramfs.cpio.gz", "--append", `${LINUX_OPTIONS} vga=791`, "--hda", "x11-disk.img"], folders: { share: prepareX11 }, script: x11Script, check: checkX11, timeout: 600 },
  { name: "linux-vmware", options: ["--memory", "128", "--hypervisor", "vmware", "--kernel", "vmlinuz-686", "--initrd", "initramfs.cpio.gz", "--append", LINUX_OPTIONS], script: VMWARE_SCRIPT, check: VMWARE_CHECK, timeout: 300 },
  // Only the USB keyboard is listened to: SeaBIOS asks for its reports.
  { name: "seabios-usb-keyboard", options: ["--memory", "64", ...FIRMWARE, "--usb", "keyboard", "--floppy", "grub-rescue-floppy.img", "--cdrom", "grub-rescue-cdrom.iso", "--boot", "menu"], script: ["wait Press ESC for boot menu", "sleep 200", "key esc", "wait Select boot device", "sleep 200", "type 2", "wait GNU GRUB  version"], timeout: 120 },
  { name: "grub-floppy", options: ["--memory", "64", ...FIRMWARE, "--floppy", "grub-rescue-floppy.img", "--boot", "floppy"], script: GRUB_LSPCI, timeout: 120 },
  { name: "grub-cdrom", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "grub-rescue-cdrom.iso", "--boot", "cdrom"], script: GRUB_LSPCI, timeout: 120 },
  { name: "memtest-cdrom", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "memtest86+.iso", "--boot", "cdrom"], until: "Memtest86+ v6.10", timeout: 120 },
  { name: "ipxe", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "ipxe.iso", "--boot", "cdrom"], script: ["wait Ctrl-B", "key ctrl-b", "wait iPXE>", "type echo ${platform} ${buildarch}\\n", "wait pcbios i386", "type config\\n", "wait iPXE configuration settings"], timeout: 120 },
  { name: "hdt", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "hdt.iso", "--hda", "linux-disk.img", "--boot", "cdrom"], script: ["wait Hardware Detection Tool", "wait PCI Devices(", "sleep 500", "key down", "sleep 300", "key down", "sleep 300", "key enter", "wait 64 MB detected"], timeout: 120 },
  { name: "memdisk", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "memdisk.iso", "--boot", "cdrom"], script: ["wait boot:", "type \\n", ...GRUB_LSPCI], timeout: 180 },
  { name: "syslinux", options: ["--memory", "64", ...FIRMWARE, "--floppy", "syslinux-floppy.img", "--hda", "linux-disk.img", "--boot", "floppy"], script: SYSLINUX, timeout: 180 },
  { name: "syslinux-disk", options: ["--memory", "64", ...FIRMWARE, "--hda", "syslinux-disk.img", "--floppy", "grub-rescue-floppy.img", "--boot", "hda"], script: SYSLINUX_DISK, timeout: 180 },
  { name: "grub-legacy", options: ["--memory", "128", ...FIRMWARE, "--floppy", "grub-legacy-floppy.img", "--hda", "linux-disk.img", "--boot", "floppy"], script: GRUB_LEGACY, until: "GUEST-READY", timeout: 240 },
  { name: "invaders", options: ["--memory", "16", "--kernel", "invaders"], script: INVADERS, timeout: 60 },
  { name: "gnumach", options: ["--memory", "64", "--kernel", "gnumach"], until: "No bootstrap code loaded", timeout: 120 },
]; // prettier-ignore

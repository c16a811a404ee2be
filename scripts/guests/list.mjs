// The guests of boot-guests.mjs: how each starts, and what shows that it works. Long ones first, so that two lanes end together.

import { SHELL_CHECK, SHELL_SCRIPT } from "./linux-shell.mjs";
import { USB_CHECK, USB_SCRIPT } from "./linux-usb.mjs";

const FIRMWARE = ["--firmware", ".cache/firmware/bios-256k.bin", "--vga-firmware", ".cache/firmware/vgabios-stdvga.bin"]; // prettier-ignore
const LINUX_OPTIONS = "console=tty0 console=ttyS0 nokaslr cryptomgr.notests noisapnp";
const INSTALLER_OPTIONS = "nokaslr cryptomgr.notests noisapnp";

const GRUB_LSPCI = ["wait GNU GRUB  version", "sleep 500", "key c", "wait grub>", "type lspci\\n", "wait 8086:1237"]; // prettier-ignore

/** The installer's list of languages: its banner, the selected line, the list, the window around it. */
const INSTALLER_LANGUAGES = [
  "wait-pixel 0.0590 0.0268 05475c",
  "wait-pixel 0.8796 0.5736 29847d",
  "wait-pixel 0.6840 0.6517 ffffff",
  "wait-pixel 0.9280 0.9909 ede9e1",
];

/**
 * Name, options of npm run vm (a file name is looked up in .cache/guests), then one or both of `until`, a text, and
 * `script`, its steps; `check` gets the lines from the serial port and returns what is wrong; seconds.
 */
export const GUESTS = [
  // Half of the pass is its last test, which waits twice 80 seconds for bits to fade.
  {
    name: "memtest-pass",
    options: ["--memory", "8", "--kernel", "memtest86+ia32.bin"],
    script: ["wait Press any key to remove this banner", "wait Status: Pass", "wait Errors: 0 "],
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
  { name: "installer-text", options: ["--memory", "512", "--kernel", "di-text-linux", "--initrd", "di-text-initrd.gz", "--append", `priority=low vga=normal fb=false ${INSTALLER_OPTIONS} console=tty0 console=ttyS0`], until: "Choose language", timeout: 600 },
  { name: "linux-686", options: ["--memory", "128", "--kernel", "vmlinuz-686", "--initrd", "initramfs.cpio.gz", "--append", LINUX_OPTIONS], until: "GUEST-READY", timeout: 180 },
  { name: "linux-686-pae", options: ["--memory", "128", "--kernel", "vmlinuz-686-pae", "--initrd", "initramfs-pae.cpio.gz", "--append", LINUX_OPTIONS], until: "GUEST-READY", timeout: 180 },
  { name: "linux-usb", options: ["--memory", "128", "--usb", "mouse,tablet", "--kernel", "vmlinuz-686", "--initrd", "initramfs.cpio.gz", "--append", LINUX_OPTIONS], script: USB_SCRIPT, check: USB_CHECK, timeout: 300 },
  // Only the USB keyboard is listened to: SeaBIOS asks for its reports.
  { name: "seabios-usb-keyboard", options: ["--memory", "64", ...FIRMWARE, "--usb", "keyboard", "--floppy", "grub-rescue-floppy.img", "--cdrom", "grub-rescue-cdrom.iso", "--boot", "menu"], script: ["wait Press ESC for boot menu", "sleep 200", "key esc", "wait Select boot device", "sleep 200", "type 2", "wait GNU GRUB  version"], timeout: 120 },
  { name: "grub-floppy", options: ["--memory", "64", ...FIRMWARE, "--floppy", "grub-rescue-floppy.img", "--boot", "floppy"], script: GRUB_LSPCI, timeout: 120 },
  { name: "grub-cdrom", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "grub-rescue-cdrom.iso", "--boot", "cdrom"], script: GRUB_LSPCI, timeout: 120 },
  { name: "memtest-cdrom", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "memtest86+.iso", "--boot", "cdrom"], until: "Memtest86+ v6.10", timeout: 120 },
  { name: "ipxe", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "ipxe.iso", "--boot", "cdrom"], until: "Open Source Network Boot Firmware", timeout: 120 },
  { name: "hdt", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "hdt.iso", "--boot", "cdrom"], until: "Hardware Detection Tool", timeout: 120 },
  { name: "gnumach", options: ["--memory", "64", "--kernel", "gnumach"], until: "No bootstrap code loaded", timeout: 120 },
]; // prettier-ignore

// Boots real systems headless (npm run vm) and waits for the text that shows they are up. usage: boot-guests.mjs [NAME…]

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

process.chdir(join(import.meta.dirname, ".."));
const GUESTS = ".cache/guests";
const FIRMWARE = ["--firmware", ".cache/firmware/bios-256k.bin", "--vga-firmware", ".cache/firmware/vgabios-stdvga.bin"]; // prettier-ignore
const LINUX_OPTIONS = "console=tty0 console=ttyS0 nokaslr cryptomgr.notests noisapnp";

/** Guest name, options of npm run vm, files it needs, the text to wait for, seconds. */
const BOOTS = [
  { name: "linux-686", options: ["--memory", "128", "--kernel", "vmlinuz-686", "--initrd", "initramfs.cpio.gz", "--append", LINUX_OPTIONS], until: "GUEST-READY", timeout: 180 },
  { name: "linux-686-pae", options: ["--memory", "128", "--kernel", "vmlinuz-686-pae", "--initrd", "initramfs-pae.cpio.gz", "--append", LINUX_OPTIONS], until: "GUEST-READY", timeout: 180 },
  { name: "linux-disk", options: ["--memory", "128", ...FIRMWARE, "--hda", "linux-disk.img", "--boot", "hda"], until: "GUEST-READY", timeout: 240 },
  { name: "grub-floppy", options: ["--memory", "64", ...FIRMWARE, "--floppy", "grub-rescue-floppy.img", "--boot", "floppy"], until: "GNU GRUB  version", timeout: 90 },
  { name: "grub-cdrom", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "grub-rescue-cdrom.iso", "--boot", "cdrom"], until: "GNU GRUB  version", timeout: 90 },
  { name: "memtest", options: ["--memory", "64", "--kernel", "memtest86+ia32.bin"], until: "Memtest86+ v6.10", timeout: 60 },
  { name: "memtest-cdrom", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "memtest86+.iso", "--boot", "cdrom"], until: "Memtest86+ v6.10", timeout: 120 },
  { name: "ipxe", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "ipxe.iso", "--boot", "cdrom"], until: "Open Source Network Boot Firmware", timeout: 120 },
  { name: "hdt", options: ["--memory", "64", ...FIRMWARE, "--cdrom", "hdt.iso", "--boot", "cdrom"], until: "Hardware Detection Tool", timeout: 120 },
  { name: "gnumach", options: ["--memory", "64", "--kernel", "gnumach"], until: "No bootstrap code loaded", timeout: 120 },
  { name: "installer-text", options: ["--memory", "512", "--kernel", "di-text-linux", "--initrd", "di-text-initrd.gz", "--append", "priority=low vga=normal fb=false nokaslr cryptomgr.notests noisapnp console=tty0 console=ttyS0"], until: "Choose language", timeout: 600 },
]; // prettier-ignore

/** An argument that names a file of the cache. */
function located(option) {
  return existsSync(join(GUESTS, option)) ? join(GUESTS, option) : option;
}

function boot({ name, options, until, timeout }) {
  return new Promise((resolve) => {
    const started = performance.now();
    const args = ["tsx", "src/node/vm.ts", ...options.map(located), "--until", until, "--timeout", String(timeout)]; // prettier-ignore
    const child = spawn("npx", args, { stdio: ["ignore", "pipe", "pipe"] });
    let tail = "";
    const take = (data) => {
      tail = (tail + data).slice(-3000);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("close", (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
      if (code !== 0)
        console.log(`     exit ${code}; waited for "${until}"; the last it printed:\n${tail}`);
      resolve(code === 0);
    });
  });
}

const chosen = process.argv.slice(2);
let passed = 0;
let failed = 0;
if (!existsSync("src/node/vm.ts")) console.log("there is no headless machine yet");
else {
  for (const guest of BOOTS) {
    if (chosen.length && !chosen.includes(guest.name)) continue;
    if (await boot(guest)) passed++;
    else failed++;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

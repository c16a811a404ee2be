// Fetches and builds what is not in the repository: firmware, guests, and on Debian the programs that tests use.
//
// usage: node scripts/setup.mjs [--tests]
// Without --tests only what the page shows. Everything lands in .cache/, and is quick when it is there already.

import { cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { aptMissing, GuestPackages, install } from "./setup/apt.mjs";
import { bootMedia } from "./setup/boot-media.mjs";
import { buildDiskImage } from "./setup/disk.mjs";
import { buildFileExerciser, fileExerciserTime } from "./setup/file-exerciser.mjs";
import { buildInitramfs, SOURCES as INITRAMFS_SOURCES } from "./setup/initramfs.mjs";
import { buildPcTest, pcTestTime } from "./setup/pc-test.mjs";
import { has, run, say } from "./setup/say.mjs";
import { buildToolsDisk } from "./setup/tools-disk.mjs";
import { buildX11Disk, x11DiskTime } from "./setup/x11.mjs";

process.chdir(join(import.meta.dirname, ".."));
const CACHE = resolve(".cache");
const FIRMWARE = join(CACHE, "firmware");
const GUESTS = join(CACHE, "guests");
const forTests = process.argv.includes("--tests");
/** For v86's shared folder in npm run bench. */
const NINE_P_MODULES = ["virtio_pci", "9pnet_virtio", "9p"];
let failures = 0;

/** Makes `target` unless it is there. A failure is told and does not stop the rest. */
function make(target, build) {
  if (existsSync(target)) return;
  try {
    build(target);
  } catch (error) {
    failures++;
    rmSync(target, { force: true });
    say(`cannot make ${target.slice(CACHE.length + 1)}: ${error.message}`);
  }
}

function programs() {
  const needed = forTests
    ? [["chromium", "chromium"], ["gcc", "gcc"], ["xorriso", "xorriso"], ["mformat", "mtools"]] // prettier-ignore
    : [];
  const missing = needed.filter(([command]) => !has(command)).map(([, name]) => name);
  if (!missing.length) return;
  if (process.getuid?.() !== 0) {
    say(`missing programs; as root: apt-get install ${missing.join(" ")}`);
    return;
  }
  try {
    install(missing);
  } catch (error) {
    failures++;
    say(`cannot install ${missing.join(", ")}: ${error.message}`);
  }
}

function copyFrom(packages, name, path, size) {
  return (target) => cpSync(join(packages.unpack(name, size), path), target);
}

function firmware(packages) {
  for (const name of ["bios-256k.bin", "vgabios-stdvga.bin"]) {
    make(join(FIRMWARE, name), (target) => {
      const installed = join("/usr/share/seabios", name);
      if (existsSync(installed)) cpSync(installed, target);
      else copyFrom(packages, "seabios", `usr/share/seabios/${name}`)(target);
    });
  }
}

function kernelPackage(packages, flavour) {
  const name = packages.resolve(`linux-image-${flavour}:i386`, /^linux-image-\d/);
  return packages.unpack(name.includes(":") ? name : `${name}:i386`, "40 MB");
}

function kernelFile(root) {
  const name = run("ls", [join(root, "boot")])
    .split("\n")
    .find((file) => file.startsWith("vmlinuz-"));
  return join(root, "boot", name);
}

function linux(packages) {
  for (const flavour of ["686", "686-pae"]) {
    make(join(GUESTS, `vmlinuz-${flavour}`), (target) => {
      cpSync(kernelFile(kernelPackage(packages, flavour)), target);
    });
  }
  const disks = [
    { flavour: "686", name: "initramfs" },
    { flavour: "686-pae", name: "initramfs-pae" },
  ];
  if (forTests) disks.push({ flavour: "686", name: "initramfs-9p", modules: NINE_P_MODULES });
  for (const { flavour, name, modules } of disks) {
    dropOutdated(join(GUESTS, `${name}.cpio.gz`), newest(INITRAMFS_SOURCES));
    // prettier-ignore
    make(join(GUESTS, `${name}.cpio.gz`), (target) => {
      say(`building the initial RAM disk for ${flavour}`);
      const busybox = join(packages.unpack("busybox-static:i386"), "bin/busybox");
      writeFileSync(target, buildInitramfs(busybox, kernelPackage(packages, flavour), modules));
    });
  }
}

function newest(files) {
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}

/** What is made of the project's own sources can be older than they are. */
function dropOutdated(target, time) {
  if (existsSync(target) && statSync(target).mtimeMs < time) rmSync(target);
}

function pcTest() {
  const target = join(GUESTS, "pc-test.img");
  dropOutdated(target, pcTestTime());
  make(target, buildPcTest);
}

function folderTests(packages) {
  const exerciser = join(GUESTS, "file-exerciser");
  dropOutdated(exerciser, fileExerciserTime());
  make(exerciser, buildFileExerciser);
  make(join(GUESTS, "tools-disk.img"), (target) => buildToolsDisk(target, packages));
}

function x11(packages) {
  const target = join(GUESTS, "x11-disk.img");
  dropOutdated(target, x11DiskTime());
  make(target, (file) => buildX11Disk(file, packages));
}

function linuxDisk(packages) {
  make(join(GUESTS, "linux-disk.img"), (target) => {
    say("building a disk image with GRUB and the Debian kernel");
    buildDiskImage(target, {
      grub: {
        mkimage: join(packages.unpack("grub-common"), "usr/bin/grub-mkimage"),
        modules: join(packages.unpack("grub-pc-bin:i386"), "usr/lib/grub/i386-pc"),
      },
      kernel: join(GUESTS, "vmlinuz-686"),
      initramfs: join(GUESTS, "initramfs.cpio.gz"),
    });
  });
}

function installer(packages) {
  const base = "usr/lib/debian-installer/images/12/i386";
  for (const [kind, name] of [
    ["text", "text"],
    ["gtk", "gtk"],
  ]) {
    // prettier-ignore
    for (const [file, source] of [["linux", "linux"], ["initrd.gz", "initrd.gz"]]) { // prettier-ignore
      make(join(GUESTS, `di-${name}-${file}`), (target) => {
        const root = packages.unpack("debian-installer-12-netboot-i386", "105 MB");
        cpSync(join(root, base, kind, "debian-installer/i386", source), target);
      });
    }
  }
}

mkdirSync(FIRMWARE, { recursive: true });
mkdirSync(GUESTS, { recursive: true });
const reason = aptMissing();
if (reason) {
  say(
    `${reason}; to boot real systems put SeaBIOS's bios-256k.bin and vgabios-stdvga.bin into .cache/firmware`,
  );
} else {
  const packages = new GuestPackages(join(CACHE, "packages"));
  programs();
  firmware(packages);
  linux(packages);
  if (forTests) {
    bootMedia(packages, GUESTS, (name, build) => make(join(GUESTS, name), build));
    linuxDisk(packages);
    pcTest();
    folderTests(packages);
    x11(packages);
    installer(packages);
  }
}
if (failures) say(`${failures} things are missing; the rest works without them`);

// A bootable hard-disk image: GRUB in front, one ext2 partition with kernel, initial RAM disk and GRUB's menu.

import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./say.mjs";

const SECTOR = 512;
const PARTITION_START = 2048; // sectors; GRUB's core lies in the gap before
const PARTITION_MIB = 48;
const PARTITION_LINUX = 0x83;

/** In GRUB's boot sector: where the core begins (sector, 8 bytes). */
const BOOT_KERNEL_SECTOR = 0x5c;
/** In GRUB's boot sector: a jump that is only right on floppies. */
const BOOT_DRIVE_CHECK = 0x66;
/** In the core's first sector: where the rest of it lies (sector, length, segment). */
const CORE_BLOCK_LIST = 0x1f4;

const MODULES = ["biosdisk", "part_msdos", "ext2", "normal", "linux", "multiboot", "echo", "ls", "cat", "test", "serial", "terminal", "halt", "reboot", "lspci", "minicmd"]; // prettier-ignore

const MENU = `serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set timeout=2
set default=0
menuentry "Debian kernel, shell" {
  linux /boot/vmlinuz console=tty0 console=ttyS0 nokaslr cryptomgr.notests noisapnp
  initrd /boot/initramfs.cpio.gz
}
`;

/** @param grub {mkimage, modules}: the program and the folder i386-pc */
export function buildDiskImage(image, { grub, kernel, initramfs }) {
  const scratch = mkdtempSync(join(tmpdir(), "tandem-disk-"));
  try {
    const core = join(scratch, "core.img");
    run(grub.mkimage, ["-O", "i386-pc", "-d", grub.modules, "-p", "(hd0,msdos1)/boot/grub", "-o", core, ...MODULES]); // prettier-ignore
    const root = join(scratch, "root");
    mkdirSync(join(root, "boot/grub"), { recursive: true });
    cpSync(kernel, join(root, "boot/vmlinuz"));
    cpSync(initramfs, join(root, "boot/initramfs.cpio.gz"));
    writeFileSync(join(root, "boot/grub/grub.cfg"), MENU);
    const sectors = PARTITION_START + PARTITION_MIB * 2048;
    writeFileSync(image, "");
    truncateSync(image, sectors * SECTOR);
    run("/sbin/mke2fs", ["-q", "-F", "-t", "ext2", "-L", "TANDEM", "-d", root, "-E", `offset=${PARTITION_START * SECTOR}`, image, `${PARTITION_MIB}M`]); // prettier-ignore
    writeBoot(image, readFileSync(join(grub.modules, "boot.img")), readFileSync(core));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function writeBoot(image, boot, core) {
  const coreSectors = Math.ceil(core.length / SECTOR);
  if (coreSectors >= PARTITION_START)
    throw new Error("GRUB's core is larger than the gap before the partition");
  boot.writeBigUInt64LE(1n, BOOT_KERNEL_SECTOR);
  boot.writeUInt16LE(0x9090, BOOT_DRIVE_CHECK);
  core.writeBigUInt64LE(2n, CORE_BLOCK_LIST);
  core.writeUInt16LE(coreSectors - 1, CORE_BLOCK_LIST + 8);
  boot.fill(0, 446, 510); // GRUB keeps code for floppies in the partition table
  const entry = boot.subarray(446, 462);
  entry[0] = 0x80; // active
  entry.writeUIntBE(0x202100, 1, 3); // cylinder, head and sector of 2048
  entry[4] = PARTITION_LINUX;
  entry.writeUIntBE(0xfeffff, 5, 3);
  entry.writeUInt32LE(PARTITION_START, 8);
  entry.writeUInt32LE(PARTITION_MIB * 2048, 12);
  boot.writeUInt16LE(0xaa55, 510);
  const file = openSync(image, "r+");
  writeSync(file, boot.subarray(0, SECTOR), 0, SECTOR, 0);
  writeSync(file, core, 0, core.length, SECTOR);
  closeSync(file);
}

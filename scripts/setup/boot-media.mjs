// Boot media from Debian's packages: those that a package holds ready, and floppies and CDs made from boot loaders.

import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"; // prettier-ignore
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { run } from "./say.mjs";

const FLOPPY_BYTES = 1440 * 1024;
const SECTOR = 512;
/** 64 MB, in the geometry that the machine's BIOS gives such a disk. */
const DISK = { cylinders: 130, heads: 16, sectors: 63 };

/** File in .cache/guests, package, path in it. */
const READY = [
  ["grub-rescue-floppy.img", "grub-rescue-pc:i386", "usr/lib/grub-rescue/grub-rescue-floppy.img"],
  ["grub-rescue-cdrom.iso", "grub-rescue-pc:i386", "usr/lib/grub-rescue/grub-rescue-cdrom.iso"],
  ["memtest86+ia32.bin", "memtest86+:i386", "boot/memtest86+ia32.bin"],
  ["memtest86+.iso", "memtest86+:i386", "usr/lib/memtest86+/memtest86+ia32.iso"],
  ["ipxe.iso", "ipxe", "usr/lib/ipxe/ipxe.iso"],
  ["ipxe.lkrn", "ipxe", "boot/ipxe.lkrn"],
  ["invaders", "grub-invaders", "boot/invaders.exec"],
];

/** What isolinux.bin and hdt.c32 load. */
const HDT_MODULES = ["ldlinux", "hdt", "libcom32", "libutil", "libmenu", "libgpl"];
const SYSLINUX_MODULES = ["ldlinux", "menu", "vesamenu", "meminfo", "vesainfo", "disk", "ls", "reboot", "poweroff", "libcom32", "libutil", "libmenu", "libgpl"]; // prettier-ignore
const SYSLINUX_MENU = `PROMPT 1
DEFAULT ls
MENU TITLE Syslinux on Tandem
LABEL ls
  COM32 ls.c32
LABEL meminfo
  COM32 meminfo.c32
LABEL poweroff
  COM32 poweroff.c32
`;
const MEMDISK_MENU = `PROMPT 1
DEFAULT memdisk
LABEL memdisk
  LINUX memdisk
  INITRD floppy.gz
`;

/**
 * @param make(name, build): build(target) unless the file is there
 * @param guests the folder of the files
 */
export function bootMedia(packages, guests, make) {
  const modules = (name) =>
    join(packages.unpack("syslinux-common"), "usr/lib/syslinux/modules/bios", `${name}.c32`);

  for (const [name, source, path] of READY)
    make(name, (target) => cpSync(join(packages.unpack(source), path), target));

  make("gnumach", (target) => {
    const root = packages.unpack("gnumach-image-1.8-486:i386");
    writeFileSync(target, gunzipSync(readFileSync(join(root, "boot/gnumach-1.8-486.gz"))));
  });

  const isolinuxDisc = (target, files, menu) => {
    inScratch((root) => {
      const isolinux = join(packages.unpack("isolinux"), "usr/lib/ISOLINUX/isolinux.bin");
      cpSync(isolinux, join(root, "isolinux.bin"));
      for (const [name, data] of files) writeFileSync(join(root, name), data);
      writeFileSync(join(root, "isolinux.cfg"), menu);
      run("xorriso", ["-as", "mkisofs", "-o", target, "-b", "isolinux.bin", "-c", "boot.cat", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", root]); // prettier-ignore
    });
  };
  const moduleFiles = (names) => names.map((name) => [`${name}.c32`, readFileSync(modules(name))]);

  make("hdt.iso", (target) => isolinuxDisc(target, moduleFiles(HDT_MODULES), "DEFAULT hdt.c32\n"));
  make("memdisk.iso", (target) => {
    const memdisk = join(packages.unpack("syslinux-common"), "usr/lib/syslinux/memdisk");
    const floppy = gzipSync(readFileSync(join(guests, "grub-rescue-floppy.img")));
    const files = [["memdisk", readFileSync(memdisk)], ["floppy.gz", floppy]]; // prettier-ignore
    isolinuxDisc(target, [...moduleFiles(["ldlinux"]), ...files], MEMDISK_MENU);
  });
  make("syslinux-floppy.img", (target) => {
    writeFileSync(target, "");
    truncateSync(target, FLOPPY_BYTES);
    run("mformat", ["-i", target, "-f", "1440", "::"]);
    inScratch((root) => {
      writeFileSync(join(root, "syslinux.cfg"), SYSLINUX_MENU);
      run("mcopy", ["-i", target, join(root, "syslinux.cfg"), ...SYSLINUX_MODULES.map(modules), "::"]); // prettier-ignore
    });
    run(join(packages.unpack("syslinux"), "usr/bin/syslinux"), ["--install", target]);
  });
  make("syslinux-disk.img", (target) => {
    const record = join(packages.unpack("syslinux-common"), "usr/lib/syslinux/mbr/mbr.bin");
    writeFileSync(target, diskWithOnePartition(readFileSync(record)));
    truncateSync(target, DISK.cylinders * DISK.heads * DISK.sectors * SECTOR);
    const start = DISK.sectors * SECTOR;
    const partition = `${target}@@${start}`;
    run("mformat", ["-i", partition, "-h", `${DISK.heads}`, "-s", `${DISK.sectors}`, "-T", `${partitionSectors()}`, "-H", `${DISK.sectors}`, "::"]); // prettier-ignore
    inScratch((root) => {
      writeFileSync(join(root, "syslinux.cfg"), SYSLINUX_MENU);
      run("mcopy", ["-i", partition, join(root, "syslinux.cfg"), ...["chain", ...SYSLINUX_MODULES].map(modules), "::"]); // prettier-ignore
    });
    run(join(packages.unpack("syslinux"), "usr/bin/syslinux"), ["--install", "--offset", `${start}`, target]); // prettier-ignore
  });
  make("grub-legacy-floppy.img", (target) => {
    const stages = join(packages.unpack("grub-legacy"), "usr/lib/grub/x86_64-pc");
    const [first, second] = ["stage1", "stage2"].map((name) => readFileSync(join(stages, name)));
    const image = Buffer.alloc(FLOPPY_BYTES);
    first.copy(image, 0);
    second.copy(image, SECTOR);
    writeFileSync(target, image);
  });
}

function partitionSectors() {
  return (DISK.cylinders * DISK.heads - 1) * DISK.sectors;
}

/** The first sector of a disk as DOS divides it: all but the first track is one active FAT16 partition. */
function diskWithOnePartition(code) {
  const sector = Buffer.alloc(SECTOR);
  code.copy(sector, 0, 0, 440);
  const last = DISK.cylinders - 1;
  sector.set([0x80, 1, 1, 0, 0x06, DISK.heads - 1, DISK.sectors, last], 446);
  sector.writeUInt32LE(DISK.sectors, 454);
  sector.writeUInt32LE(partitionSectors(), 458);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

function inScratch(use) {
  const root = mkdtempSync(join(tmpdir(), "tandem-media-"));
  try {
    use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

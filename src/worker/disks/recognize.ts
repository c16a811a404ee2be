// What an image is, by its content and size. Names are not asked: they are wrong too often.

import { TandemError } from "../../shared/errors";

export type ImageKind =
  | "floppy"
  | "disk"
  | "cdrom"
  | "linux-kernel"
  | "multiboot-kernel"
  | "initrd" // cpio, plain or compressed
  | "unknown";

export interface RecognizedImage {
  kind: ImageKind;
  /** A floppy, disk or CD that firmware can start from; a kernel always is. */
  bootable: boolean;
}

/** So many bytes from the start of an image are enough to recognise it. */
export const HEAD_BYTES = 65536;

/** Sizes of floppy disks in KB. */
const FLOPPY_SIZES = [160, 180, 320, 360, 720, 1200, 1440, 1680, 1722, 2880];
export const FLOPPY_MAX = 2880 * 1024;

const CD_DESCRIPTORS = 16 * 2048;
const EL_TORITO = "EL TORITO SPECIFICATION";

/** Formats that hold a disk, but not sector by sector. */
const CONTAINERS: { name: string; magic: string; at?: number; format?: string }[] = [
  { name: "QEMU copy-on-write (qcow2)", magic: "QFI\xfb", format: "qcow2" },
  { name: "VMware disk (vmdk)", magic: "KDMV", format: "vmdk" },
  { name: "VMware disk (vmdk)", magic: "COWD", format: "vmdk" },
  { name: "VMware disk description (vmdk)", magic: "# Disk DescriptorFile", format: "vmdk" },
  { name: "VirtualBox disk (vdi)", magic: "\x7f\x10\xda\xbe", at: 64, format: "vdi" },
  { name: "Hyper-V disk (vhdx)", magic: "vhdxfile", format: "vhdx" },
  { name: "Virtual PC disk (vhd)", magic: "conectix", format: "vpc" },
  { name: "QEMU enhanced disk (qed)", magic: "QED\0", format: "qed" },
  { name: "Parallels disk", magic: "WithoutFreeSpace", format: "parallels" },
  { name: "Parallels disk", magic: "WithouFreSpacExt", format: "parallels" },
];

/** Files that have to be unpacked first. */
const ARCHIVES: { name: string; magic: string; at?: number }[] = [
  { name: "ZIP archive", magic: "PK\x03\x04" },
  { name: "7-Zip archive", magic: "7z\xbc\xaf\x27\x1c" },
  { name: "RAR archive", magic: "Rar!\x1a\x07" },
  { name: "tar archive", magic: "ustar", at: 257 },
];

/** Compression that initial RAM disks come in: the kernel unpacks it. */
const COMPRESSED = [
  "\x1f\x8b\x08",
  "\xfd7zXZ\0",
  "BZh",
  "\x28\xb5\x2f\xfd",
  "\x02\x21\x4c\x18",
  "\x5d\0\0",
];
const CPIO = ["070701", "070702", "070707", "\xc7\x71"];

/**
 * @param head the first HEAD_BYTES bytes, or the whole image when it is shorter
 * @param size of the whole image
 * @throws TandemError image-empty; image-format for one in a container or an archive, with what to do
 */
export function recognizeImage(head: Uint8Array, size: number): RecognizedImage {
  if (size === 0) throw new TandemError("image-empty", "The image is an empty file.");
  refuseContainers(head);
  const bootable = head[510] === 0x55 && head[511] === 0xaa;
  if (FLOPPY_SIZES.includes(size / 1024)) return { kind: "floppy", bootable };
  if (isLinuxKernel(head)) return { kind: "linux-kernel", bootable: true };
  // GRUB's own sectors at the start of a disk hold a multiboot header too.
  if (!bootable && isMultiboot(head)) return { kind: "multiboot-kernel", bootable: true };
  if (CPIO.some((magic) => hasText(head, 0, magic))) return { kind: "initrd", bootable: false };
  if (COMPRESSED.some((magic) => hasText(head, 0, magic)))
    return { kind: "initrd", bootable: false };
  if (hasText(head, CD_DESCRIPTORS + 1, "CD001")) {
    return { kind: "cdrom", bootable: hasText(head, CD_DESCRIPTORS + 2048 + 7, EL_TORITO) };
  }
  // A boot sector alone, or an image without its empty end: as a floppy disk that holds it.
  if (bootable && size < FLOPPY_MAX && !hasPartitions(head)) return { kind: "floppy", bootable };
  if (bootable || (size % 512 === 0 && size > FLOPPY_MAX)) return { kind: "disk", bootable };
  return { kind: "unknown", bootable: false };
}

/** Checks that an image fits a drive. @throws TandemError image-empty, image-format, image-unknown, image-too-large */
export function checkImage(role: "floppy" | "hda" | "cdrom", head: Uint8Array, size: number): void {
  const { kind } = recognizeImage(head, size);
  if (kind === "linux-kernel" || kind === "multiboot-kernel") {
    throw new TandemError(
      "image-unknown",
      `This is a kernel: start it as "kernel", not as a drive.`,
    );
  }
  if (kind === "initrd") {
    throw new TandemError(
      "image-unknown",
      "This is a compressed file or an initial RAM disk. Unpack a compressed disk image first; give a RAM disk as " +
        '"initrd" together with a kernel.',
    );
  }
  if (role === "floppy" && size > FLOPPY_MAX) {
    throw new TandemError(
      "image-too-large",
      `A floppy disk holds at most ${FLOPPY_MAX} bytes, this image has ${size}. Is it a hard disk or a CD?`,
    );
  }
  if (role === "cdrom" && kind !== "cdrom" && size % 2048 !== 0) {
    throw new TandemError(
      "image-truncated",
      `A CD image has whole sectors of 2048 bytes, this file has ${size} bytes: it is incomplete or no CD image.`,
    );
  }
  if (role === "hda" && size % 512 !== 0) {
    throw new TandemError(
      "image-truncated",
      `A disk image has whole sectors of 512 bytes, this file has ${size} bytes: it is incomplete or no disk image.`,
    );
  }
}

/** How large the medium is that holds an image: floppy images often lack their empty end. */
export function mediumSize(role: "floppy" | "hda" | "cdrom", size: number): number {
  if (role !== "floppy" || FLOPPY_SIZES.includes(size / 1024)) return size;
  // As the controller chooses: 1.2 MB only when the image has exactly that.
  const fitting = FLOPPY_SIZES.find((kilobytes) => kilobytes !== 1200 && kilobytes * 1024 >= size);
  return fitting === undefined ? size : fitting * 1024;
}

function refuseContainers(head: Uint8Array): void {
  const container = CONTAINERS.find(({ magic, at }) => hasText(head, at ?? 0, magic));
  if (container) {
    throw new TandemError(
      "image-format",
      `This is a ${container.name} image, a format that is not supported. Convert it with ` +
        `"qemu-img convert -f ${container.format} -O raw IMAGE disk.img".`,
    );
  }
  const archive = ARCHIVES.find(({ magic, at }) => hasText(head, at ?? 0, magic));
  if (archive) {
    throw new TandemError(
      "image-format",
      `This is a ${archive.name}. Unpack it and use the image inside.`,
    );
  }
  const start = String.fromCharCode(...head.subarray(0, 256))
    .trimStart()
    .toLowerCase();
  if (start.startsWith("<!doctype html") || start.startsWith("<html")) {
    throw new TandemError(
      "image-format",
      "This is a web page, not an image. The address may be that of a download page.",
    );
  }
}

function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  if (at + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

function isLinuxKernel(head: Uint8Array): boolean {
  return hasText(head, 0x202, "HdrS") && head[510] === 0x55 && head[511] === 0xaa;
}

/** Multiboot 1: a header with its checksum in the first 8 KB. */
function isMultiboot(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (let at = 0; at + 12 <= Math.min(8192, head.length); at += 4) {
    if (view.getUint32(at, true) !== 0x1bad_b002) continue;
    const sum = 0x1bad_b002 + view.getUint32(at + 4, true) + view.getUint32(at + 8, true);
    if (sum % 2 ** 32 === 0) return true;
  }
  return false;
}

/** A partition table whose used entries make sense: status byte 00h or 80h, a type, a length. */
function hasPartitions(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let used = 0;
  for (let at = 446; at < 510; at += 16) {
    const status = head[at]!;
    if (status !== 0 && status !== 0x80) return false;
    if (head[at + 4] !== 0 && view.getUint32(at + 12, true) !== 0) used++;
  }
  return used > 0;
}

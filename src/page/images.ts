// What an image is, by its content: the page reads its beginning and end, from a file or a URL.
//
// Not implemented: images inside archives and other emulators' formats; they are named, with what to do.

import type { ImageFile, MachineFiles } from "../shared/api";
import { TandemError } from "../shared/errors";

export type ImageRole = keyof MachineFiles;

export interface RecognisedImage {
  role: ImageRole;
  name: string;
  file: ImageFile;
}

/** Covers the first descriptor of a CD, and the header of every kernel. */
const HEAD_BYTES = 0x1_0000;
const SECTOR = 512;
const CD_SECTOR = 2048;
const CD_DESCRIPTOR = 16 * CD_SECTOR;
const CD_SIZE_FIELD = CD_DESCRIPTOR + 80;
const MULTIBOOT_SEARCH = 8192;
const MULTIBOOT_MAGIC = 0x1bad_b002;
const PARTITION_TABLE = 446;
const FLOPPY_MAX = 2880 * 1024;
const KIB = 1024;
const FLOPPY_SIZES = [160, 180, 320, 360, 720, 1200, 1440, 1680, 1722, 2880].map((n) => n * KIB);
const FIRMWARE_MAX = 1 << 20;
const FIRMWARE_UNIT = 0x1_0000;
/** A server that sends no parts is still good for an image of this size, which is then kept in memory. */
const WHOLE_MAX = 64 << 20;

const FOREIGN_FORMATS: readonly (readonly [magic: string, advice: string])[] = [
  ["QFI\xfb", "a QEMU qcow2 disk. Convert it: qemu-img convert -O raw IMAGE disk.img"],
  ["KDMV", "a VMware disk. Convert it: qemu-img convert -O raw IMAGE disk.img"],
  ["<<< ", "a VirtualBox disk. Convert it: qemu-img convert -O raw IMAGE disk.img"],
  ["conectix", "a Virtual PC disk. Convert it: qemu-img convert -O raw IMAGE disk.img"],
  ["PK\x03\x04", "a ZIP archive. Unpack it and use the image inside"],
  ["7z\xbc\xaf", "a 7-Zip archive. Unpack it and use the image inside"],
  ["BZh", "a bzip2 file. Unpack it first"],
  ["MZ", "a DOS or Windows program, not an image"],
  ["\x89PNG", "a picture, not an image of a disk"],
  ["%PDF", "a PDF document, not an image"],
];

/** @throws TandemError with words for the user */
export async function recogniseFile(file: File): Promise<RecognisedImage> {
  return { role: await roleOf(file, file.name, file.size), name: file.name, file };
}

/** @throws TandemError with words for the user */
export async function recogniseUrl(address: string): Promise<RecognisedImage> {
  const url = parseUrl(address);
  const name = decodeURIComponent(url.pathname.split("/").at(-1) || url.host);
  const response = await get(url.href, `bytes=0-${HEAD_BYTES - 1}`);
  if (response.status === 416) throw new TandemError("image-empty", `${name} is empty.`);
  if (!response.ok)
    throw new TandemError(
      "http-status",
      `${name} could not be fetched: the server says ${response.status} ${response.statusText}`.trimEnd() +
        ".",
    );
  if (response.status !== 206) {
    const file = await wholeFile(response, name);
    return { role: await roleOf(file, name, file.size), name, file };
  }
  const head = await response.blob();
  const size =
    Number(/\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1] ?? NaN) ||
    Number((await get(url.href, undefined, "HEAD")).headers.get("Content-Length") ?? 0);
  if (size === 0)
    throw new TandemError("http-no-range", `The server does not tell how large ${name} is.`);
  return { role: await roleOf(head, name, size), name, file: { url: url.href, size } };
}

function parseUrl(address: string): URL {
  const url = URL.canParse(address, document.baseURI) && new URL(address, document.baseURI);
  if (!url || !/^(https?|blob|data):$/.test(url.protocol))
    throw new TandemError("bad-argument", `"${address}" is not a web address.`);
  return url;
}

async function get(url: string, range?: string, method = "GET"): Promise<Response> {
  try {
    return await fetch(url, { method, ...(range !== undefined && { headers: { Range: range } }) });
  } catch {
    throw new TandemError(
      "http-failed",
      `${url} could not be fetched: there is no connection, or that site does not let other sites read its files (CORS).`,
    );
  }
}

async function wholeFile(response: Response, name: string): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = Number(response.headers.get("Content-Length") ?? 0);
  const tooLarge = (): TandemError =>
    new TandemError(
      "http-no-range",
      `${name} is large, and its server sends files only as a whole (no range requests).`,
    );
  if (size > WHOLE_MAX) {
    await response.body?.cancel();
    throw tooLarge();
  }
  const reader = response.body?.getReader();
  size = 0;
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) return new Blob(parts);
    parts.push(chunk.value);
    size += chunk.value.length;
    if (size > WHOLE_MAX) {
      await reader?.cancel();
      throw tooLarge();
    }
  }
}

/** `blob` is the image or its beginning, `size` that of the image. */
async function roleOf(blob: Blob, name: string, size: number): Promise<ImageRole> {
  if (size === 0) throw new TandemError("image-empty", `${name} is empty.`);
  const head = await readBytes(blob.slice(0, HEAD_BYTES));
  const role = (await packedRole(head)) ?? kernelRole(head) ?? cdRole(head, name, size);
  if (role) return role;
  if (size <= FIRMWARE_MAX && blob.size === size) {
    const firmware = firmwareRole(await readBytes(blob));
    if (firmware) return firmware;
  }
  const disk = diskRole(head, name, size);
  if (disk) return disk;
  if (hasMultibootHeader(head)) return "kernel";
  throw new TandemError("image-unknown", unknown(head, name));
}

async function readBytes(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch {
    throw new TandemError("file-unreadable", "The browser could not read the file.");
  }
}

/** gzip: an initial RAM disk, or else a kernel. */
async function packedRole(head: Uint8Array<ArrayBuffer>): Promise<ImageRole | undefined> {
  if (isInitrd(head)) return "initrd";
  if (head[0] !== 0x1f || head[1] !== 0x8b) return undefined;
  const stream = new Blob([head]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    const { value } = await stream.getReader().read();
    return value && !isInitrd(value) ? "kernel" : "initrd";
  } catch {
    throw new TandemError("image-truncated", "The gzip file is damaged.");
  }
}

function isInitrd(head: Uint8Array): boolean {
  return startsWith(head, "07070") || startsWith(head, "\xfd7zXZ") || startsWith(head, "\x28\xb5\x2f\xfd"); // prettier-ignore
}

function kernelRole(head: Uint8Array): ImageRole | undefined {
  if (startsWith(head.subarray(0x202), "HdrS")) return "kernel";
  if (startsWith(head, "\x7fELF")) return "kernel";
  return undefined;
}

function cdRole(head: Uint8Array, name: string, size: number): ImageRole | undefined {
  if (!startsWith(head.subarray(CD_DESCRIPTOR + 1), "CD001")) return undefined;
  const view = viewOf(head);
  if (head.length < CD_SIZE_FIELD + 4) return undefined;
  const wanted = view.getUint32(CD_SIZE_FIELD, true) * CD_SECTOR;
  if (wanted > size) throw truncated(name, size, wanted);
  return "cdrom";
}

function firmwareRole(bytes: Uint8Array): ImageRole | undefined {
  const optionRom = bytes[0] === 0x55 && bytes[1] === 0xaa;
  if (optionRom && (bytes[2] ?? 0) * SECTOR <= bytes.length && bytes.length > SECTOR)
    return "vgaFirmware";
  // The first instruction of a PC, 16 bytes before the end, is a far jump.
  if (bytes.length % FIRMWARE_UNIT === 0 && bytes[bytes.length - 16] === 0xea) return "firmware";
  return undefined;
}

function diskRole(head: Uint8Array, name: string, size: number): ImageRole | undefined {
  const marked = head[510] === 0x55 && head[511] === 0xaa;
  if (!marked) return FLOPPY_SIZES.includes(size) ? "floppy" : undefined;
  if (size % SECTOR !== 0) throw truncated(name, size, Math.ceil(size / SECTOR) * SECTOR);
  const partitions = partitionEnd(head);
  const wanted = partitions || fileSystemSize(head);
  if (wanted > size) throw truncated(name, size, wanted);
  return size <= FLOPPY_MAX && !partitions ? "floppy" : "hda";
}

/** Where the last partition ends, in bytes; 0 when this is no partition table. */
function partitionEnd(head: Uint8Array): number {
  const view = viewOf(head);
  let end = 0;
  for (let entry = PARTITION_TABLE; entry < 510; entry += 16) {
    const status = view.getUint8(entry);
    const type = view.getUint8(entry + 4);
    if (status !== 0 && status !== 0x80) return 0;
    const first = view.getUint32(entry + 8, true);
    const sectors = view.getUint32(entry + 12, true);
    if (type !== 0 && (first === 0 || sectors === 0)) return 0;
    if (type !== 0) end = Math.max(end, (first + sectors) * SECTOR);
  }
  return end;
}

/** The size that a FAT boot sector tells, in bytes; 0 when it is none. */
function fileSystemSize(head: Uint8Array): number {
  const view = viewOf(head);
  const sectorSize = view.getUint16(11, true);
  const media = view.getUint8(21);
  if (sectorSize !== SECTOR || media < 0xf0) return 0;
  return (view.getUint16(19, true) || view.getUint32(32, true)) * sectorSize;
}

function hasMultibootHeader(head: Uint8Array): boolean {
  const view = viewOf(head);
  const end = Math.min(head.length, MULTIBOOT_SEARCH) - 12;
  for (let offset = 0; offset <= end; offset += 4) {
    if (view.getUint32(offset, true) !== MULTIBOOT_MAGIC) continue;
    const sum = view.getUint32(offset + 4, true) + view.getUint32(offset + 8, true);
    if ((MULTIBOOT_MAGIC + sum) % 0x1_0000_0000 === 0) return true;
  }
  return false;
}

function truncated(name: string, size: number, wanted: number): TandemError {
  return new TandemError(
    "image-truncated",
    `${name} is not complete: it should have at least ${wanted} bytes, but has ${size}.`,
  );
}

function unknown(head: Uint8Array, name: string): string {
  const foreign = FOREIGN_FORMATS.find(([magic]) => startsWith(head, magic));
  if (foreign) return `${name} is ${foreign[1]}.`;
  const text = new TextDecoder().decode(head.subarray(0, SECTOR)).trimStart().toLowerCase();
  if (text.startsWith("<!doctype html") || text.startsWith("<html"))
    return `${name} is a web page, not an image: the address is probably that of the page which offers the download.`;
  return `${name} is not an image that a PC could start: it is no floppy, disk, CD, kernel or initial RAM disk.`;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let index = 0; index < text.length; index++)
    if (bytes[index] !== text.charCodeAt(index)) return false;
  return true;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

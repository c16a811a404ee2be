// What an image is for, by its content: the worker's recognition, and what only a look at the whole can tell.
//
// Not implemented: images inside archives and other emulators' formats; they are named, with what to do.

import type { ImageFile, MachineFiles } from "../shared/api";
import { TandemError } from "../shared/errors";
import { BlobReader } from "../worker/disks/blob-reader";
import { openHttp } from "../worker/disks/http-reader";
import { type BlockReader, BufferReader } from "../worker/disks/reader";
import { HEAD_BYTES, type ImageKind, recognizeImage } from "../worker/disks/recognize";

export type ImageRole = keyof MachineFiles;

export interface RecognisedImage {
  role: ImageRole;
  name: string;
  file: ImageFile;
}

const ROLES: Readonly<Record<Exclude<ImageKind, "unknown">, ImageRole>> = {
  floppy: "floppy",
  disk: "hda",
  cdrom: "cdrom",
  "linux-kernel": "kernel",
  "multiboot-kernel": "kernel",
  initrd: "initrd",
};

const SECTOR = 512;
const CD_SECTOR = 2048;
const CD_SIZE_FIELD = 16 * CD_SECTOR + 80;
const PARTITION_TABLE = 446;
const FIRMWARE_MAX = 1 << 20;
const FIRMWARE_UNIT = 0x1_0000;
/** A server that sends no parts is still good for an image of this size, which is then kept in memory. */
const WHOLE_MAX = 64 << 20;

/** @throws TandemError with words for the user */
export async function recogniseFile(file: File): Promise<RecognisedImage> {
  return { role: await roleOf(new BlobReader(file), file.name), name: file.name, file };
}

/** @throws TandemError with words for the user */
export async function recogniseUrl(address: string): Promise<RecognisedImage> {
  const url = parseUrl(address);
  const name = decodeURIComponent(url.pathname.split("/").at(-1) || url.host);
  const reader = await openHttp(url.href, { wholeLimit: WHOLE_MAX });
  const role = await roleOf(reader, name);
  const file =
    reader instanceof BufferReader
      ? (await readBytes(reader, reader.size)).buffer
      : { url: url.href, size: reader.size };
  return { role, name, file };
}

function parseUrl(address: string): URL {
  const url = URL.canParse(address, document.baseURI) && new URL(address, document.baseURI);
  if (!url || !/^(https?|blob|data):$/.test(url.protocol))
    throw new TandemError("bad-argument", `"${address}" is not a web address.`);
  return url;
}

async function roleOf(image: BlockReader, name: string): Promise<ImageRole> {
  const { size } = image;
  if (size === 0) throw new TandemError("image-empty", `${name} is empty.`);
  if (size <= FIRMWARE_MAX) {
    const firmware = firmwareRole(await readBytes(image, size));
    if (firmware) return firmware;
  }
  const head = await readBytes(image, Math.min(HEAD_BYTES, size));
  if (isPacked(head)) return packedRole(head);
  if (startsWith(head, "\x7fELF")) return "kernel";
  const { kind } = recognizeImage(head, size);
  if (kind === "unknown")
    throw new TandemError(
      "image-unknown",
      `${name} is not an image that a PC could start: it is no floppy, disk, CD, kernel or initial RAM disk.`,
    );
  checkComplete(kind, head, name, size);
  return ROLES[kind];
}

async function readBytes(image: BlockReader, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await image.read(0, bytes);
  return bytes;
}

function isPacked(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** gzip: an initial RAM disk, or else a kernel. */
async function packedRole(head: Uint8Array<ArrayBuffer>): Promise<ImageRole> {
  const stream = new Blob([head]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    const { value } = await stream.getReader().read();
    return value && !startsWith(value, "07070") ? "kernel" : "initrd";
  } catch {
    throw new TandemError("image-truncated", "The gzip file is damaged.");
  }
}

/** What the image tells about its own size must fit into it. @throws TandemError image-truncated */
function checkComplete(kind: ImageKind, head: Uint8Array, name: string, size: number): void {
  const wanted = Math.max(...sizesTold(kind, head, size));
  if (wanted > size)
    throw new TandemError(
      "image-truncated",
      `${name} is not complete: it should have at least ${wanted} bytes, but has ${size}.`,
    );
}

function sizesTold(kind: ImageKind, head: Uint8Array, size: number): number[] {
  if (kind === "cdrom") {
    if (head.length < CD_SIZE_FIELD + 4) return [CD_SIZE_FIELD + 4];
    return [viewOf(head).getUint32(CD_SIZE_FIELD, true) * CD_SECTOR];
  }
  if (kind !== "floppy" && kind !== "disk") return [0];
  const sectors = Math.ceil(size / SECTOR) * SECTOR;
  return [sectors, head.length < SECTOR ? 0 : partitionEnd(head) || fileSystemSize(head)];
}

function firmwareRole(bytes: Uint8Array): ImageRole | undefined {
  const optionRom = bytes[0] === 0x55 && bytes[1] === 0xaa;
  if (optionRom && (bytes[2] ?? 0) * SECTOR <= bytes.length && bytes.length > SECTOR)
    return "vgaFirmware";
  // The first instruction of a PC, 16 bytes before the end, is a far jump.
  if (bytes.length % FIRMWARE_UNIT === 0 && bytes[bytes.length - 16] === 0xea) return "firmware";
  return undefined;
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

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let index = 0; index < text.length; index++)
    if (bytes[index] !== text.charCodeAt(index)) return false;
  return true;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

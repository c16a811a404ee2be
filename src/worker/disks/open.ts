// From what the page hands over to a medium, or to bytes.

import type { DriveName, ImageFile } from "../../shared/api";
import { TandemError } from "../../shared/errors";
import { BlobReader } from "./blob-reader";
import { CachedReader } from "./cached-reader";
import { type HttpOptions, loadHttp, openHttp } from "./http-reader";
import { OverlaySource } from "./overlay";
import { BufferReader, type BlockReader } from "./reader";
import { checkImage, HEAD_BYTES, mediumSize } from "./recognize";
import { type BlockSource, MemorySource } from "./source";

/**
 * A drive's medium is read block by block and never written: changes stay in an overlay. Anything else is loaded whole.
 * @throws TandemError image-*, http-*, file-unreadable
 */
export async function openImage(
  role: DriveName | "kernel",
  file: ImageFile,
  options: HttpOptions = {},
): Promise<BlockSource> {
  if (role === "kernel") {
    const bytes = await loadFile(file, options);
    if (bytes.length === 0) throw new TandemError("image-empty", "The file is empty.");
    return new MemorySource(bytes);
  }
  const reader = await openReader(file, options);
  const head = new Uint8Array(Math.min(HEAD_BYTES, reader.size));
  await reader.read(0, head);
  checkImage(role, head, reader.size);
  return new OverlaySource(reader, role === "cdrom", mediumSize(role, reader.size));
}

async function openReader(file: ImageFile, options: HttpOptions): Promise<BlockReader> {
  if (file instanceof ArrayBuffer) return new BufferReader(new Uint8Array(file));
  if (file instanceof Blob) return new CachedReader(new BlobReader(file));
  const reader = await openHttp(file.url, withSize(file.size, options));
  return reader instanceof BufferReader ? reader : new CachedReader(reader);
}

async function loadFile(file: ImageFile, options: HttpOptions): Promise<Uint8Array<ArrayBuffer>> {
  if (file instanceof ArrayBuffer) return new Uint8Array(file);
  if (!(file instanceof Blob)) return loadHttp(file.url, withSize(file.size, options));
  const bytes = new Uint8Array(file.size);
  await new BlobReader(file).read(0, bytes);
  return bytes;
}

function withSize(size: number | undefined, options: HttpOptions): HttpOptions {
  return size === undefined ? options : { ...options, size };
}

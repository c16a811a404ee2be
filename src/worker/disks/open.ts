// From what the page hands over to a medium.
//
// Not implemented: reading block by block; images are loaded whole.

import type { DriveName, ImageFile } from "../../shared/api";
import { TandemError } from "../../shared/errors";
import { type BlockSource, MemorySource } from "./source";

/** @throws TandemError image-empty, http-status, http-failed, file-unreadable */
export async function openImage(role: DriveName | "kernel", file: ImageFile): Promise<BlockSource> {
  const bytes = await load(file);
  if (bytes.byteLength === 0) throw new TandemError("image-empty", "The image is empty.");
  return new MemorySource(new Uint8Array(bytes), role === "cdrom");
}

async function load(file: ImageFile): Promise<ArrayBuffer> {
  if (file instanceof ArrayBuffer) return file;
  if (file instanceof Blob) return file.arrayBuffer();
  let response: Response;
  try {
    response = await fetch(file.url);
  } catch {
    throw new TandemError(
      "http-failed",
      `${file.url} could not be fetched: there is no connection, or the server does not allow other sites (CORS).`,
    );
  }
  if (!response.ok)
    throw new TandemError(
      "http-status",
      `${file.url} could not be fetched: the server says ${response.status} ${response.statusText}.`,
    );
  return response.arrayBuffer();
}

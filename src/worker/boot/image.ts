// What kind of kernel an image is, and its unpacked bytes.

import { findMultibootHeader } from "./multiboot";
import { isLinuxKernel, parseLinux } from "./linux";
import { TandemError } from "../../shared/errors";

export type KernelKind = "linux" | "multiboot";

export interface KernelImage {
  kind: KernelKind;
  bytes: Uint8Array;
  /** Starts through its real-mode code, which calls the BIOS. */
  needsFirmware: boolean;
}

/** Recognises a kernel by its content, unpacking it first when it is a gzip file. @throws TandemError kernel-bad, image-empty */
export async function recogniseKernel(file: Uint8Array<ArrayBuffer>): Promise<KernelImage> {
  if (file.length === 0) throw new TandemError("image-empty", "The kernel is an empty file.");
  const bytes = await unpack(file);
  if (isLinuxKernel(bytes))
    return { kind: "linux", bytes, needsFirmware: !parseLinux(bytes).has32BitEntry };
  if (findMultibootHeader(bytes)) return { kind: "multiboot", bytes, needsFirmware: false };
  throw new TandemError(
    "kernel-bad",
    "The kernel is neither a Linux bzImage nor a multiboot image.",
  );
}

/** gunzip when it is a gzip file. */
export async function unpack(file: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return file;
  try {
    const stream = new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new TandemError("image-truncated", "The kernel is a damaged gzip file.");
  }
}

// For tests in Linux: a RAM disk with our programs.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
// @ts-expect-error -- a script without types
import { CpioWriter } from "../../scripts/setup/initramfs.mjs";

const PROGRAMS = { tandemd: "sbin", "tandem-clip": "usr/bin", "tandem-channel": "usr/bin" };

/** The programs as they are built now, over those of set-up. */
export function withPrograms(initramfs: Uint8Array): Uint8Array<ArrayBuffer> {
  const cpio = new CpioWriter() as {
    file(name: string, data: Uint8Array, executable: boolean): void;
    finish(): Buffer;
  };
  for (const [name, place] of Object.entries(PROGRAMS))
    cpio.file(`${place}/${name}`, readFileSync(`guest-additions/linux/${name}`), true);
  return new Uint8Array(Buffer.concat([initramfs, gzipSync(cpio.finish())]));
}

// The additions CD: drivers and tools for guests, with their installers. Made when it is wanted; the same files give the same bytes.

import { type CdFile, writeIso } from "./iso-9660";

export const ADDITIONS_LABEL = "TANDEM";

/** Where each file comes from. Bundlers want the addresses in this form. */
const FILES: readonly { path: string; url: URL; executable?: boolean }[] = [
  {
    path: "README.txt",
    url: new URL("../../guest-additions/linux/cd/README.txt", import.meta.url),
  },
  {
    path: "install.sh",
    url: new URL("../../guest-additions/linux/cd/install.sh", import.meta.url),
    executable: true,
  },
  {
    path: "linux/tandemd",
    url: new URL("../../guest-additions/linux/tandemd", import.meta.url),
    executable: true,
  },
  {
    path: "linux/tandem-clip",
    url: new URL("../../guest-additions/linux/tandem-clip", import.meta.url),
    executable: true,
  },
  {
    path: "linux/tandem-x11",
    url: new URL("../../guest-additions/linux/tandem-x11", import.meta.url),
    executable: true,
  },
  {
    path: "linux/tandem-x11.xsession",
    url: new URL("../../guest-additions/linux/cd/tandem-x11.xsession", import.meta.url),
  },
  {
    path: "linux/tandem-x11.desktop",
    url: new URL("../../guest-additions/linux/cd/tandem-x11.desktop", import.meta.url),
  },
  {
    path: "linux/tandem-channel",
    url: new URL("../../guest-additions/linux/tandem-channel", import.meta.url),
    executable: true,
  },
  {
    path: "linux/tandemd.service",
    url: new URL("../../guest-additions/linux/cd/tandemd.service", import.meta.url),
  },
  {
    path: "linux/tandemd.init",
    url: new URL("../../guest-additions/linux/cd/tandemd.init", import.meta.url),
    executable: true,
  },
];

/** @param read gets the bytes at an address of this project */
export async function additionsImage(
  read: (url: URL) => Promise<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const files = FILES.map(async ({ path, url, executable = false }): Promise<CdFile> => {
    return { path, executable, bytes: await read(url) };
  });
  return writeIso(ADDITIONS_LABEL, await Promise.all(files));
}

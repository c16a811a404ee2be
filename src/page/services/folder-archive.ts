// A shared folder as one file that the user can keep: the way out of folders that no other program sees.

import { downloadZip } from "client-zip";
import type { FolderEntry } from "../../shared/api";

export interface FolderReader {
  listFiles(folder: string, path?: string): Promise<FolderEntry[]>;
  readFile(folder: string, path: string): Promise<File>;
}

/** A ZIP archive of all that is in the folder, as the guest sees it. @throws TandemError folder */
export function archiveOf(reader: FolderReader, folder: string): Promise<Blob> {
  return downloadZip(contents(reader, folder, "")).blob();
}

type Content = { name: string; lastModified: number; input?: never } | { name: string; lastModified: number; input: File }; // prettier-ignore

async function* contents(
  reader: FolderReader,
  folder: string,
  directory: string,
): AsyncGenerator<Content> {
  const entries = await reader.listFiles(folder, directory.slice(0, -1));
  for (const { name, kind, modified } of entries) {
    const path = directory + name;
    if (kind === "directory") {
      yield { name: `${path}/`, lastModified: modified };
      yield* contents(reader, folder, `${path}/`);
    } else {
      yield { name: path, lastModified: modified, input: await reader.readFile(folder, path) };
    }
  }
}

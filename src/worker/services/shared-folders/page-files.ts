// Files of a shared folder for the page, as v86's create_file and read_file: what it reads is what the guest sees, so also what is not
// on the host yet; what it writes is a change of the host's own, which the guest's read-only switch and quota do not bind.

import type { FolderEntry } from "../../../shared/api";
import { TandemError } from "../../../shared/errors";
import { Errno, FolderError } from "./errors";
import type { Folder } from "./folder";
import { splitPath } from "./names";

const PART = 1 << 20;

const WORDS: Readonly<Partial<Record<Errno, string>>> = {
  [Errno.NoEntry]: "there is nothing of this name",
  [Errno.NotDirectory]: "a part of the path is a file",
  [Errno.IsDirectory]: "this is a directory",
  [Errno.Invalid]: "this cannot be a path",
  [Errno.NameTooLong]: "a name is too long",
  [Errno.ReadOnly]: "this is a list of files, which cannot be changed",
  [Errno.Access]: "the browser does not allow it",
  [Errno.NoSpace]: "the host's disk is full",
};

/** What is in a directory, by name. @throws TandemError folder */
export function listFiles(folder: Folder, path: string): Promise<FolderEntry[]> {
  return inWords(folder, path, () =>
    folder.run(function* () {
      const nodes = yield* folder.list(yield* folder.resolve(splitPath(path)));
      const there = yield* folder.refreshAll(nodes);
      return there.map(({ name, kind, size, modified }) => ({ name, kind, size, modified })).sort(byName); // prettier-ignore
    }),
  );
}

/** @throws TandemError folder */
export function readFile(folder: Folder, path: string): Promise<File> {
  return inWords(folder, path, async () => {
    const node = await folder.run(function* () {
      const found = yield* folder.resolve(splitPath(path));
      yield* folder.open(found, false);
      return found;
    });
    try {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for (let at = 0; ; at += PART) {
        const part = await folder.run(() => folder.read(node, at, PART));
        if (part.length > 0) parts.push(part.slice());
        if (part.length < PART) return new File(parts, node.name, { lastModified: node.modified });
      }
    } finally {
      await folder.run(() => folder.release(node));
    }
  });
}

/** In place of what is there; directories that are missing are made. @throws TandemError folder */
export function writeFile(folder: Folder, path: string, data: Blob): Promise<void> {
  return inWords(folder, path, async () => {
    const names = splitPath(path);
    if (names.length === 0) throw new FolderError(Errno.IsDirectory);
    await folder.run(() => folder.store(names, data));
  });
}

async function inWords<T>(folder: Folder, path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const { errno, message } = FolderError.from(thrown);
    throw new TandemError("folder", `"${path}" in "${folder.name}": ${WORDS[errno] ?? message}.`);
  }
}

function byName(a: FolderEntry, b: FolderEntry): number {
  return a.name < b.name ? -1 : 1;
}

// Folders that the user has shared, kept for the next visit: the browser stores handles of directories, without the permission.
//
// Where it stores nothing (a sandboxed frame, a private window), nothing is offered again; that is no error.

import { createStore, del, entries, set, type UseStore } from "idb-keyval";

export interface KeptFolder {
  handle: FileSystemDirectoryHandle;
  readOnly: boolean;
  /** Milliseconds since 1970. */
  sharedAt: number;
}

const DATABASE = "tandem";
const STORE = "shared-folders";

let opened: UseStore | undefined;

function store(): UseStore {
  opened ??= createStore(DATABASE, STORE);
  return opened;
}

/** The last shared come first. */
export async function keptFolders(): Promise<[name: string, folder: KeptFolder][]> {
  try {
    const all = await entries<string, KeptFolder>(store());
    return all.toSorted(([, a], [, b]) => b.sharedAt - a.sharedAt);
  } catch {
    return [];
  }
}

export async function keepFolder(name: string, folder: KeptFolder): Promise<void> {
  await set(name, folder, store()).catch(() => undefined);
}

export async function forgetFolder(name: string): Promise<void> {
  await del(name, store()).catch(() => undefined);
}

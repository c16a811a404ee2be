// Where a shared folder comes from: the browser's picker, a drop, a list of files, the browser's own storage. Each browser has some
// of these, and the first that it has is the best: a handle can be written and kept, a list of files is a copy to look at.

import type { FolderSource } from "../../shared/api";
import { TandemError } from "../../shared/errors";

/** What a page can give for a folder. Files of `<input webkitdirectory>` keep their paths below the chosen directory. */
export type FolderInput = FileSystemDirectoryHandle | FolderSource | Iterable<File>;

export interface FoundFolder {
  name: string;
  source: FolderSource;
}

/** The directory of the origin's storage that is shared. */
const PRIVATE_DIRECTORY = "tandem-shared";
export const PRIVATE_NAME = "private";
/** The browser opens its picker where it was with this name before. */
const PICKER_ID = "tandem-folder";
/** A directory that is dropped is read to its end where a browser gives no handle. */
const DROPPED_FILES_MAX = 100_000;
const NAME_BYTES_MAX = 255;

type PermissionMode = "read" | "readwrite";

interface WithPermission {
  queryPermission?(descriptor: { mode: PermissionMode }): Promise<PermissionState>;
  requestPermission?(descriptor: { mode: PermissionMode }): Promise<PermissionState>;
}

interface PickerWindow {
  showDirectoryPicker?(options: {
    id: string;
    mode: PermissionMode;
  }): Promise<FileSystemDirectoryHandle>;
}

export function hasDirectoryPicker(): boolean {
  return (globalThis as PickerWindow).showDirectoryPicker !== undefined;
}

/** Asks the user; needs a gesture. @throws TandemError aborted, when the user would rather not; refused */
export async function pickDirectory(mode: PermissionMode): Promise<FileSystemDirectoryHandle> {
  const picker = globalThis as PickerWindow;
  if (!picker.showDirectoryPicker)
    throw new TandemError("refused", "This browser cannot share a directory of your disk.");
  try {
    return await picker.showDirectoryPicker({ id: PICKER_ID, mode });
  } catch (thrown) {
    const { name, message } = thrown as DOMException;
    if (name === "AbortError") throw new TandemError("aborted", "No directory was chosen.");
    throw new TandemError("refused", `The browser did not open its picker: ${message}`);
  }
}

/** A directory's files as they are now, to be read only; for browsers without handles. Needs a gesture. */
export async function pickFileList(): Promise<FoundFolder> {
  const input = document.createElement("input");
  input.type = "file";
  input.webkitdirectory = true;
  input.multiple = true;
  const files = await new Promise<File[]>((resolve) => {
    input.addEventListener("change", () => resolve([...(input.files ?? [])]));
    input.addEventListener("cancel", () => resolve([]));
    input.click();
  });
  if (files.length === 0)
    throw new TandemError("aborted", "No directory was chosen, or there is no file in it.");
  return { name: topOf(files[0] as File), source: listOf(files) };
}

/** The origin's own storage: nobody is asked, and nobody else sees it. @throws TandemError refused */
export async function privateFolder(): Promise<FileSystemDirectoryHandle> {
  try {
    const top = await navigator.storage.getDirectory();
    // Browsers clear what they may when the disk gets full; this asks them not to.
    void navigator.storage.persist?.().catch(() => false);
    return await top.getDirectoryHandle(PRIVATE_DIRECTORY, { create: true });
  } catch (thrown) {
    throw new TandemError("refused", `The browser has no storage for this page: ${TandemError.from(thrown).message}`); // prettier-ignore
  }
}

/** @throws TandemError bad-argument */
export async function sourceOf(input: FolderInput): Promise<FolderSource> {
  if (isDirectory(input))
    return { kind: "handle", handle: input, where: (await isPrivate(input)) ? "opfs" : "disk" };
  if (isSource(input)) return input;
  if (typeof input === "object" && input !== null && Symbol.iterator in input) {
    const files = [...input];
    if (files.every((file) => file instanceof File)) return listOf(files);
  }
  throw new TandemError(
    "bad-argument",
    "A folder is a directory handle, a list of files, or a description of one.",
  );
}

/** Also of another frame, which has a class of its own for it. */
function isDirectory(input: unknown): input is FileSystemDirectoryHandle {
  if (typeof input !== "object" || input === null) return false;
  const { kind, getDirectoryHandle } = input as Partial<FileSystemDirectoryHandle>;
  return kind === "directory" && typeof getDirectoryHandle === "function";
}

function isSource(input: unknown): input is FolderSource {
  if (typeof input !== "object" || input === null || !("kind" in input)) return false;
  const source = input as FolderSource;
  if (source.kind === "handle") return isDirectory(source.handle);
  return source.kind === "memory" || (source.kind === "files" && Array.isArray(source.files));
}

async function isPrivate(handle: FileSystemDirectoryHandle): Promise<boolean> {
  try {
    const top = await navigator.storage.getDirectory();
    return (await top.resolve(handle)) !== null;
  } catch {
    return false;
  }
}

function listOf(files: File[]): FolderSource {
  const list = files.map((file) => {
    const path = file.webkitRelativePath || file.name;
    return { path: path.slice(path.indexOf("/") + 1), file };
  });
  return { kind: "files", files: list };
}

function topOf(file: File): string {
  return file.webkitRelativePath.split("/")[0] || "files";
}

// ---- permission ----

/** Whether the browser lets us now, without asking anybody. */
export async function isPermitted(
  handle: FileSystemDirectoryHandle,
  mode: PermissionMode,
): Promise<boolean> {
  const state = await (handle as WithPermission).queryPermission?.({ mode });
  return state === undefined || state === "granted";
}

/** Asks the user, where the browser has to; that needs a gesture. @throws TandemError refused */
export async function permit(
  handle: FileSystemDirectoryHandle,
  mode: PermissionMode,
  name: string,
): Promise<void> {
  if (await isPermitted(handle, mode)) return;
  const what = mode === "read" ? "read" : "change";
  let state: PermissionState | undefined;
  try {
    state = await (handle as WithPermission).requestPermission?.({ mode });
  } catch {
    throw new TandemError("refused", `The browser asks only after a click whether the guest may ${what} "${name}".`); // prettier-ignore
  }
  if (state !== undefined && state !== "granted")
    throw new TandemError("refused", `The browser has no permission to ${what} "${name}".`);
}

// ---- dropping ----

interface WithHandle {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

/** The directories of a drop; its files are left to others. To be called while the event is told: it is empty afterwards. */
export function droppedFolders(data: DataTransfer): Promise<FoundFolder>[] {
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const directories = items.flatMap((item) => {
    const entry = item.webkitGetAsEntry?.();
    return entry?.isDirectory ? [{ item, entry: entry as FileSystemDirectoryEntry }] : [];
  });
  return directories.map(({ item, entry }) => {
    const handle = (item as WithHandle).getAsFileSystemHandle?.();
    return folderOfDrop(entry, handle);
  });
}

/** The files of a drop without its directories, which are in its list of files as well. */
export function droppedFiles(data: DataTransfer): File[] {
  const items = [...data.items].filter(({ kind }) => kind === "file");
  if (items.length === 0) return [...data.files];
  return items.flatMap((item) => {
    const file = item.webkitGetAsEntry?.()?.isDirectory ? null : item.getAsFile();
    return file ? [file] : [];
  });
}

async function folderOfDrop(
  entry: FileSystemDirectoryEntry,
  asked: Promise<FileSystemHandle | null> | undefined,
): Promise<FoundFolder> {
  const handle = await asked?.catch(() => null);
  if (handle && isDirectory(handle)) return { name: handle.name, source: await sourceOf(handle) };
  const files: { path: string; file: File }[] = [];
  await readEntries(entry, "", files);
  return { name: entry.name, source: { kind: "files", files } };
}

async function readEntries(
  directory: FileSystemDirectoryEntry,
  prefix: string,
  files: { path: string; file: File }[],
): Promise<void> {
  const reader = directory.createReader();
  for (;;) {
    // A part of them at a time; nothing ends it.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject)); // prettier-ignore
    if (part.length === 0) return;
    for (const entry of part) {
      const path = prefix + entry.name;
      if (entry.isDirectory)
        await readEntries(entry as FileSystemDirectoryEntry, `${path}/`, files); // prettier-ignore
      else files.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
      if (files.length > DROPPED_FILES_MAX)
        throw new TandemError("folder", `"${directory.name}" has too many files to be read at once.`); // prettier-ignore
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

// ---- names ----

/** A name for a guest that nobody has yet: what a path cannot have is left out. */
export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  // oxlint-disable-next-line no-control-regex -- just these
  const plain = wanted.replaceAll(/[\u0000-\u001f\u007f/\\]/g, "").trim();
  const base = plain === "" || /^\.+$/.test(plain) ? "folder" : shortened(plain);
  if (!isTaken(base)) return base;
  for (let number = 2; ; number++) {
    const name = `${base}-${number}`;
    if (!isTaken(name)) return name;
  }
}

function shortened(name: string): string {
  let short = name;
  while (new TextEncoder().encode(short).length > NAME_BYTES_MAX - 8)
    short = [...short].slice(0, -1).join("");
  return short;
}

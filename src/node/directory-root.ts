// A directory of this computer as a shared folder, for the machine without a page.
//
// As in browsers, symbolic links are not there: they are neither listed nor followed, so nothing leads out of the directory. Also
// not there: what is neither file nor directory, and names that are not UTF-8. Changes go to the file itself, which keeps its links.

import {
  chmodSync,
  closeSync,
  constants,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type Stats,
  statfsSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Errno, FolderError } from "../worker/services/shared-folders/errors";
import type { NameRules, Path } from "../worker/services/shared-folders/names";
import type {
  FolderRoot,
  HostAttributes,
  HostEntry,
  HostReader,
  HostWriter,
  Space,
} from "../worker/services/shared-folders/root";

const ERRNO_OF_CODE: Readonly<Record<string, Errno>> = {
  ENOENT: Errno.NoEntry,
  ELOOP: Errno.NoEntry, // a symbolic link
  EACCES: Errno.Access,
  EPERM: Errno.NotPermitted,
  EEXIST: Errno.Exists,
  ENOTDIR: Errno.NotDirectory,
  EISDIR: Errno.IsDirectory,
  ENOTEMPTY: Errno.NotEmpty,
  EINVAL: Errno.Invalid,
  ENOSPC: Errno.NoSpace,
  EDQUOT: Errno.NoSpace,
  EFBIG: Errno.FileTooBig,
  EROFS: Errno.ReadOnly,
  EBUSY: Errno.Busy,
  EMFILE: Errno.TooManyFiles,
  ENFILE: Errno.TooManyFiles,
  ENAMETOOLONG: Errno.NameTooLong,
};

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0; // absent on Windows
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
const PERMISSIONS = 0o777;

export class DirectoryRoot implements FolderRoot {
  readonly writable = true;
  readonly caseSensitive = process.platform !== "win32" && process.platform !== "darwin";
  readonly nameRules: NameRules = process.platform === "win32" ? "windows" : "posix";
  readonly #top: string;
  readonly #files = new Set<number>();

  /** @throws what node:fs throws when there is no such directory */
  constructor(directory: string) {
    this.#top = realpathSync(directory);
    if (!lstatSync(this.#top).isDirectory()) throw new FolderError(Errno.NotDirectory);
  }

  list(path: Path): HostEntry[] {
    return translated(() => {
      const entries: HostEntry[] = [];
      for (const entry of readdirSync(this.#directory(path), { withFileTypes: true })) {
        if (entry.name.includes("\ufffd")) continue;
        if (entry.isFile()) entries.push({ name: entry.name, kind: "file" });
        if (entry.isDirectory()) entries.push({ name: entry.name, kind: "directory" });
      }
      return entries;
    });
  }

  stat(path: Path): HostAttributes {
    return translated(() => attributesOf(lstatSync(this.#place(path))));
  }

  openReader(path: Path): HostReader {
    return translated(() => {
      const place = this.#place(path);
      const attributes = attributesOf(lstatSync(place));
      if (attributes.kind !== "file") throw new FolderError(Errno.IsDirectory);
      const file = this.#open(place, constants.O_RDONLY);
      return {
        attributes,
        read: (position, length) => translated(() => readAll(file, position, length)),
        close: () => this.#close(file),
      };
    });
  }

  openWriter(path: Path, keep: boolean): HostWriter {
    return translated(() => {
      const flags = constants.O_RDWR | constants.O_CREAT | (keep ? 0 : constants.O_TRUNC);
      const file = this.#open(this.#place(path), flags);
      return {
        write: (position, bytes) => translated(() => writeAll(file, position, bytes)),
        truncate: (size) => translated(() => ftruncateSync(file, size)),
        close: () => this.#close(file),
        abort: () => this.#close(file),
      };
    });
  }

  createFile(path: Path): void {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
    translated(() => this.#close(this.#open(this.#place(path), flags)));
  }

  createDirectory(path: Path): void {
    translated(() => mkdirSync(this.#place(path), DIRECTORY_MODE));
  }

  removeFile(path: Path): void {
    translated(() => unlinkSync(this.#visible(path)));
  }

  removeDirectory(path: Path): void {
    translated(() => rmdirSync(this.#visible(path)));
  }

  rename(from: Path, to: Path): void {
    translated(() => renameSync(this.#visible(from), this.#place(to)));
  }

  setMode(path: Path, mode: number): void {
    translated(() => chmodSync(this.#visible(path), mode));
  }

  setModified(path: Path, modified: number): void {
    translated(() => utimesSync(this.#visible(path), modified / 1000, modified / 1000));
  }

  space(): Space {
    return translated(() => {
      const { bsize, blocks, bavail } = statfsSync(this.#top);
      return { total: bsize * blocks, free: bsize * bavail };
    });
  }

  close(): void {
    for (const file of this.#files) this.#close(file);
  }

  #open(place: string, flags: number): number {
    const file = openSync(place, flags | NO_FOLLOW | constants.O_NONBLOCK, FILE_MODE);
    this.#files.add(file);
    return file;
  }

  #close(file: number): void {
    if (this.#files.delete(file)) closeSync(file);
  }

  #directory(path: Path): string {
    let place = this.#top;
    for (const name of path) {
      place = join(place, name);
      // Also of a symbolic link to a directory, this is false.
      if (!lstatSync(place).isDirectory()) throw new FolderError(Errno.NotDirectory);
    }
    return place;
  }

  /** The way there is checked; what is at its end may be missing. */
  #place(path: Path): string {
    const name = path.at(-1);
    return name === undefined ? this.#top : join(this.#directory(path.slice(0, -1)), name);
  }

  /** The file or directory at its end is one of the folder's. */
  #visible(path: Path): string {
    const place = this.#place(path);
    attributesOf(lstatSync(place));
    return place;
  }
}

function attributesOf(stats: Stats): HostAttributes {
  const modified = Math.floor(stats.mtimeMs);
  const mode = stats.mode & PERMISSIONS;
  if (stats.isFile()) return { kind: "file", size: stats.size, modified, mode };
  if (stats.isDirectory()) return { kind: "directory", size: 0, modified, mode };
  throw new FolderError(Errno.NoEntry);
}

function readAll(file: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

function writeAll(file: number, position: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
}

function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof FolderError) throw thrown;
    const { code, message } = thrown as NodeJS.ErrnoException;
    const errno = ERRNO_OF_CODE[code ?? ""] ?? Errno.Io;
    throw new FolderError(errno, message, errno === Errno.NoSpace ? "full" : undefined);
  }
}

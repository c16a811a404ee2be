// Where a shared folder's files are: one directory of the host, behind one interface. The folder above it caches, checks names and
// counts; a root does what it is told, once, and answers at once or with a promise.

import type { NameRules, Path } from "./names";
import type { Maybe } from "./task";

export type Kind = "file" | "directory";

export interface HostAttributes {
  kind: Kind;
  /** Bytes; 0 for a directory. */
  size: number;
  /** Milliseconds since 1970; 0 where the host does not tell. */
  modified: number;
  /** Permission bits, where the host has them. */
  mode?: number;
}

export interface HostEntry {
  name: string;
  kind: Kind;
  /** Where the listing brings them along. */
  attributes?: HostAttributes;
}

export interface Space {
  total: number;
  free: number;
}

/** One version of a file's bytes. */
export interface HostReader {
  readonly attributes: HostAttributes;
  /** Fewer bytes only at the end. Errno.Stale: the file has changed, or is gone; the version cannot be read any more. */
  read(position: number, length: number): Maybe<Uint8Array>;
  close(): void;
}

/** Changes of one file. They may be visible only when `close` is through, and none of them before that counts. */
export interface HostWriter {
  write(position: number, bytes: Uint8Array): Maybe<void>;
  truncate(size: number): Maybe<void>;
  close(): Maybe<void>;
  /** As if nothing had been written, where the host can do that. */
  abort(): Maybe<void>;
}

/**
 * All paths are checked names, and their components are to be taken literally. Failures are FolderErrors: NoEntry, Exists, Access
 * (a permission is missing), NoSpace, NotEmpty, NotDirectory, IsDirectory, Busy, Io.
 */
export interface FolderRoot {
  /** False: it can never be written (lists of files). */
  readonly writable: boolean;
  readonly caseSensitive: boolean;
  readonly nameRules: NameRules;
  list(path: Path): Maybe<HostEntry[]>;
  stat(path: Path): Maybe<HostAttributes>;
  openReader(path: Path): Maybe<HostReader>;
  /** `keep`: what is in the file stays; else it begins empty. Creates the file when it is gone. */
  openWriter(path: Path, keep: boolean): Maybe<HostWriter>;
  /** An empty file, where there is none. */
  createFile(path: Path): Maybe<void>;
  createDirectory(path: Path): Maybe<void>;
  removeFile(path: Path): Maybe<void>;
  /** An empty one. */
  removeDirectory(path: Path): Maybe<void>;
  /** A file takes the place of a file; nothing is at a directory's target. */
  rename(from: Path, to: Path, kind: Kind): Maybe<void>;
  /** Permission bits and times, where the host keeps them. */
  setMode?(path: Path, mode: number): Maybe<void>;
  setModified?(path: Path, modified: number): Maybe<void>;
  /** Whether the user lets it be written now; without it, that never changes. */
  mayWrite?(): Maybe<boolean>;
  /** undefined: the host does not tell. */
  space?(): Maybe<Space | undefined>;
  /**
   * Calls `changed` when something under the root has changed, with its path or undefined for anywhere, and `ended` when it cannot
   * tell any longer; returns how to end that, or undefined when it cannot tell at all.
   */
  watch?(
    changed: (path: Path | undefined) => void,
    ended: () => void,
  ): Maybe<(() => void) | undefined>;
  /** The folder is not used any more. */
  close?(): void;
}

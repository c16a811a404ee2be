// A file or directory of a shared folder as the guest knows it: it stays the same one when it is renamed.

import type { FileData } from "./file-data";
import { PARKED_PREFIX, type Path } from "./names";
import type { Kind } from "./root";

let lastNumber = 1;
let lastOrder = 0;

export class FolderNode {
  /** Of no other node of any folder. */
  readonly number = ++lastNumber;
  readonly kind: Kind;
  name: string;
  /** undefined for the top. */
  parent: FolderNode | undefined;
  /** Place in listings, which go on behind the last entry that the guest has: growing, so that deleting moves nothing. */
  order = 0;
  /** Deleted by the guest, or vanished on the host. */
  isGone = false;
  /** The host has taken it away: what the guest still writes to it has no place. */
  isVanished = false;
  /** Counts how often a file became another one than the guest thinks: the host has changed it, or did not take what was written. */
  version = 0;
  /** Counts those that the guest has made. */
  changes = 0;

  size = 0;
  /** Milliseconds since 1970. */
  modified = 0;
  /** The guest has set `modified`. */
  keepsModified = false;
  mode: number | undefined;

  /** As the host had it last; undefined while that is unknown. */
  hostSize: number | undefined;
  hostModified: number | undefined;
  /** When; times of the folder's clock. */
  seenAt = -Infinity;

  // Directories.
  /** By key: see Folder.keyOf. Not all of them before the first listing. */
  readonly children = new Map<string, FolderNode>();
  listedAt = -Infinity;
  /** Names that are not there, and when that was seen. */
  readonly missing = new Map<string, number>();
  /** Looked up one by one since the last listing. */
  lookups = 0;

  // Files.
  data: FileData | undefined;
  opens = 0;
  /** Deleted while open, and too large for memory: the host has it under another name. */
  isParked = false;
  dirtySince = Infinity;
  /** Milliseconds that the last flush took. */
  flushTime = 0;

  constructor(kind: Kind, name: string, parent: FolderNode | undefined) {
    this.kind = kind;
    this.name = name;
    this.parent = parent;
    this.toEnd();
  }

  get isDirty(): boolean {
    return this.data !== undefined && this.data.isDirty;
  }

  /** Behind all others of its directory. */
  toEnd(): void {
    this.order = ++lastOrder;
  }

  get path(): Path {
    if (this.isParked) return [`${PARKED_PREFIX}${this.number}`];
    const path: string[] = [];
    for (const node of this.chain()) if (node.parent) path.unshift(node.name);
    return path;
  }

  /** This node and those above it, the top last. */
  *chain(): Generator<FolderNode> {
    yield this;
    if (this.parent) yield* this.parent.chain();
  }

  /** This node and all that are known below it. */
  *known(): Generator<FolderNode> {
    yield this;
    for (const child of this.children.values()) yield* child.known();
  }
}

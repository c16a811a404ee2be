// Page side of shared folders: what the user or the page has shared, what the machine expects, and what was shared at the last visit.
//
// Folders are the element's, not one machine's: the next machine gets them, too. What was shared at the last visit is only offered:
// it may be another guest that runs now, and the browser wants to be asked again anyway.
//
// What a guest has closed or synchronised is on the host's disk; the rest is written after five seconds at the latest (large files:
// twenty times as long as writing them takes), when the page is hidden, and before a machine ends. What the host refuses waits in
// memory until the folder is reconnected, and the browser asks before it leaves the page then.

import type { FolderState, FolderSource, MachineEvent } from "../../shared/api";
import type { FolderCache, FolderConfig } from "../../shared/config";
import { TandemError } from "../../shared/errors";
import type { MachineClient } from "../machine-client";
import {
  type FolderInput,
  type FoundFolder,
  freeName,
  isPermitted,
  permit,
  pickDirectory,
  pickFileList,
  PRIVATE_NAME,
  privateFolder,
  sourceOf,
} from "./folder-sources";
import { forgetFolder, keepFolder, keptFolders } from "./folder-store";

/**
 * "waiting": for a machine. "offered": shared at the last visit, reconnectFolder shares it again. "expected": the configuration names
 * it, and nobody has shared it yet.
 */
export type SharedFolderState = FolderState | "waiting" | "offered" | "expected";

/** "disk": a directory of the user's. "private": of the browser's storage for this site. "list": files as they were, read-only. */
export type FolderPlace = "disk" | "private" | "list" | "memory" | "none";

export interface SharedFolder {
  name: string;
  place: FolderPlace;
  readOnly: boolean;
  state: SharedFolderState;
  /** Files with changes of the guest that the host does not have yet, as of the last `folder` event. */
  unwritten: number;
}

export interface ShareOptions {
  readOnly?: boolean;
  /** What a guest's kernel keeps of its files; without it what the configuration says, else "auto". */
  cache?: FolderCache;
  /** Bytes by which a guest may let the folder grow; without it 16 GiB. */
  quota?: number;
  /** Offer it again at the next visit; for handles of directories. */
  remember?: boolean;
}

export interface PickOptions extends Omit<ShareOptions, "quota" | "cache"> {
  /** For the guest; without it the directory's own, or another one if that is taken. */
  name?: string;
  /** "disk": the browser's picker. "private": the browser's own storage. "list": a copy of the list of files, read-only. */
  from?: "disk" | "private" | "list";
}

/** `state` "detached": it is gone, from the list as well. `message`: of the host, for a developer. */
export type FolderChange = Omit<SharedFolder, "state"> & {
  state: SharedFolderState | "detached";
  message: string;
};

interface Share extends SharedFolder {
  source: FolderSource;
  options: ShareOptions;
}

export class SharedFolders {
  readonly #changed: (change: FolderChange) => void;
  readonly #shares = new Map<string, Share>();
  #offers = new Map<string, { handle: FileSystemDirectoryHandle; readOnly: boolean }>();
  #expected: readonly FolderConfig[] = [];
  #machine: MachineClient | undefined;
  #loading: Promise<void> | undefined;

  constructor(changed: (change: FolderChange) => void) {
    this.#changed = changed;
  }

  get isSharing(): boolean {
    return this.#shares.size > 0;
  }

  /** In the order in which they came; then what is offered; then what is expected. */
  get list(): SharedFolder[] {
    const offers = [...this.#offers].filter(([name]) => !this.#shares.has(name)).map(([name, { readOnly }]) => folderOf(name, "disk", readOnly, "offered")); // prettier-ignore
    const expected = this.#expected
      .filter(({ name }) => !this.#shares.has(name) && !this.#offers.has(name))
      .map(({ name, readOnly }) => folderOf(name, "none", readOnly ?? false, "expected"));
    return [...[...this.#shares.values()].map(plain), ...offers, ...expected];
  }

  // ---- machines ----

  /** What the machine's configuration names. */
  expect(folders: readonly FolderConfig[]): void {
    const before = this.list.filter(({ state }) => state === "expected");
    this.#expected = folders;
    const now = this.list.filter(({ state }) => state === "expected");
    for (const folder of now) this.#tell(folder);
    for (const folder of before)
      if (!now.some(({ name }) => name === folder.name) && !this.#has(folder.name))
        this.#tell(folder, "", "detached");
  }

  /** From now on this one has the folders. What fails is told by the folder. */
  async connect(machine: MachineClient): Promise<void> {
    this.#machine = machine;
    machine.listen(this.#onEvent);
    await Promise.all(
      [...this.#shares.values()].map(async (share) => {
        try {
          await this.#give(share);
        } catch (error) {
          this.#set(share, "vanished", TandemError.from(error).message);
        }
      }),
    );
  }

  disconnect(): void {
    this.#machine = undefined;
    for (const share of this.#shares.values()) {
      share.unwritten = 0;
      this.#set(share, "waiting");
    }
    this.#guard();
  }

  // ---- sharing ----

  /** @throws TandemError folder: the name is taken, or is none; bad-argument */
  async attach(name: string, input: FolderInput, options: ShareOptions = {}): Promise<void> {
    const source = await sourceOf(input);
    if (this.#shares.has(name))
      throw new TandemError("folder", `There is already a folder "${name}".`);
    if (source.kind === "handle") await this.#mustBeNew(source.handle);
    const expected = this.#expected.find((folder) => folder.name === name);
    const readOnly = options.readOnly ?? expected?.readOnly ?? false;
    const share: Share = {
      ...folderOf(name, placeOf(source), readOnly || source.kind === "files", "waiting"),
      source,
      options,
    };
    this.#shares.set(name, share);
    try {
      await this.#give(share);
    } catch (error) {
      this.#shares.delete(name);
      this.#tell(share, "", "detached");
      throw TandemError.from(error);
    }
    this.#offers.delete(name);
    await this.#keep(share);
    if (!this.#machine) this.#tell(share);
  }

  /** Asks the user for a directory; needs a gesture. @returns its name for the guest. @throws TandemError */
  async pick(options: PickOptions = {}): Promise<string> {
    const { readOnly = false } = options;
    const found = await this.#find(options);
    return this.share(found, { readOnly, remember: options.remember ?? true }, options.name);
  }

  /** What was dropped or picked, by its own name or one like it. @returns the name */
  async share(found: FoundFolder, options: ShareOptions, wanted?: string): Promise<string> {
    const isOffered = (other: string): boolean => other !== wanted && this.#offers.has(other);
    const name = wanted ?? freeName(found.name, (other) => this.#shares.has(other) || isOffered(other)); // prettier-ignore
    await this.attach(name, found.source, options);
    return name;
  }

  async #find({ from = "disk", readOnly }: PickOptions): Promise<FoundFolder> {
    if (from === "list") return pickFileList();
    const handle = from === "disk" ? await pickDirectory(readOnly ? "read" : "readwrite") : await privateFolder(); // prettier-ignore
    return {
      name: from === "private" ? PRIVATE_NAME : handle.name,
      source: await sourceOf(handle),
    };
  }

  /**
   * Writes what the guest has written, and takes the folder away. An offer is forgotten.
   * @throws TandemError folder: something could not be written. The folder is gone all the same
   */
  async detach(name: string): Promise<void> {
    const share = this.#shares.get(name);
    if (!share && !this.#offers.has(name)) throw noFolder(name);
    this.#offers.delete(name);
    this.#shares.delete(name);
    await forgetFolder(name);
    try {
      if (share) await this.#machine?.call((api) => api.detachFolder(name));
    } finally {
      this.#tell(share ?? folderOf(name, "disk", false, "offered"), "", "detached");
      this.#guard();
      // It may be one that the machine goes on to expect.
      for (const folder of this.list) if (folder.name === name) this.#tell(folder);
    }
  }

  /** After a click: the browser may ask for the permission. @throws TandemError refused, folder */
  async setReadOnly(name: string, readOnly: boolean): Promise<void> {
    const share = this.#shares.get(name);
    if (!share) throw noFolder(name);
    if (!readOnly && share.source.kind === "files")
      throw new TandemError("folder", `"${name}" is a list of files and cannot be changed.`);
    if (!readOnly && share.source.kind === "handle") await permit(share.source.handle, "readwrite", name); // prettier-ignore
    share.options = { ...share.options, readOnly };
    await this.#machine?.call((api) => api.setFolderReadOnly(name, readOnly));
    share.readOnly = readOnly;
    await this.#keep(share);
    this.#tell(share);
  }

  /** After a click: the browser may ask for the permission. What waits is written. @throws TandemError refused, folder */
  async reconnect(name: string): Promise<void> {
    const offer = this.#offers.get(name);
    if (offer) {
      await permit(offer.handle, offer.readOnly ? "read" : "readwrite", name);
      await this.attach(name, offer.handle, { readOnly: offer.readOnly, remember: true });
      return;
    }
    const share = this.#shares.get(name);
    if (!share) throw noFolder(name);
    const { source } = share;
    if (source.kind === "handle") await permit(source.handle, share.readOnly ? "read" : "readwrite", name); // prettier-ignore
    if (!this.#machine) return;
    await this.#machine.call((api) => api.reconnectFolder(name));
    await this.#look(share);
  }

  /** What was shared at the last visit is in the list from now on. */
  async offerKept(): Promise<void> {
    this.#loading ??= this.#loadOffers();
    await this.#loading;
  }

  async #loadOffers(): Promise<void> {
    for (const [name, { handle, readOnly }] of await keptFolders()) {
      if (this.#shares.has(name)) continue;
      this.#offers.set(name, { handle, readOnly });
      this.#tell(folderOf(name, "disk", readOnly, "offered"));
    }
  }

  // ---- inside ----

  async #give(share: Share): Promise<void> {
    const { name, source, readOnly, options } = share;
    if (!this.#machine) return;
    const { quota } = options;
    const cache = options.cache ?? this.#expected.find((folder) => folder.name === name)?.cache;
    await this.#machine.call((api) =>
      api.attachFolder(name, source, {
        readOnly,
        ...(cache && { cache }),
        ...(quota !== undefined && { quota }),
      }),
    );
    // A handle from elsewhere: the guest hears EACCES, and the user should know why.
    if (source.kind === "handle" && !(await isPermitted(source.handle, "read")))
      this.#set(share, "permission", "There is no permission to read.");
  }

  async #look(share: Share): Promise<void> {
    const folders = await this.#machine?.call((api) => api.folders());
    const now = folders?.find(({ name }) => name === share.name);
    if (!now) return;
    share.unwritten = now.unwritten;
    this.#set(share, now.state);
    this.#guard();
  }

  /** The same directory twice would be two caches of the same files. */
  async #mustBeNew(handle: FileSystemDirectoryHandle): Promise<void> {
    for (const { name, source } of this.#shares.values())
      if (source.kind === "handle" && (await source.handle.isSameEntry(handle)))
        throw new TandemError("folder", `This directory is shared already, as "${name}".`);
  }

  async #keep({ name, source, readOnly, options }: Share): Promise<void> {
    if (options.remember && source.kind === "handle")
      await keepFolder(name, { handle: source.handle, readOnly, sharedAt: Date.now() });
  }

  #onEvent = (event: MachineEvent): void => {
    if (event.type !== "folder" || event.state === "detached") return;
    const share = this.#shares.get(event.name);
    if (!share) return;
    share.readOnly = event.readOnly;
    share.unwritten = event.unwritten;
    share.state = event.state;
    this.#tell(share, event.message);
    this.#guard();
  };

  #set(share: Share, state: SharedFolderState, message = ""): void {
    if (share.state === state) return;
    share.state = state;
    this.#tell(share, message);
  }

  #tell(folder: SharedFolder, message = "", state?: "detached"): void {
    this.#changed({ ...plain(folder), ...(state && { state }), message });
  }

  #has(name: string): boolean {
    return this.#shares.has(name) || this.#offers.has(name);
  }

  /** While something waits that would go with the page, the browser asks before it leaves. */
  #guard(): void {
    const waits = [...this.#shares.values()].some(({ state, unwritten }) => state !== "ready" && unwritten > 0); // prettier-ignore
    if (waits) window.addEventListener("beforeunload", this.#onBeforeUnload);
    else window.removeEventListener("beforeunload", this.#onBeforeUnload);
  }

  #onBeforeUnload = (event: BeforeUnloadEvent): void => event.preventDefault();
}

function folderOf(
  name: string,
  place: FolderPlace,
  readOnly: boolean,
  state: SharedFolderState,
): SharedFolder {
  return { name, place, readOnly, state, unwritten: 0 };
}

function plain({ name, place, readOnly, state, unwritten }: SharedFolder): SharedFolder {
  return { name, place, readOnly, state, unwritten };
}

function placeOf(source: FolderSource): FolderPlace {
  if (source.kind === "files") return "list";
  if (source.kind === "memory") return "memory";
  return source.where === "opfs" ? "private" : "disk";
}

function noFolder(name: string): TandemError {
  return new TandemError("folder", `There is no folder "${name}".`);
}

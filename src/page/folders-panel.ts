// The folders that the machine shares, with what can be done about them: share, reconnect, read-only, detach. The page and the
// element's toolbar both have it.

import { TandemError } from "../shared/errors";
import { adoptStyle } from "./adopt-style";
import { saveFile } from "./save-file";
import { archiveOf, type FolderReader } from "./services/folder-archive";
import {
  droppedFolders,
  hasDirectoryPicker,
  type FolderInput,
  type FoundFolder,
} from "./services/folder-sources";
import type {
  FolderPlace,
  PickOptions,
  SharedFolder,
  SharedFolderState,
  ShareOptions,
} from "./services/shared-folders";

/** <tandem-pc>, as far as the panel needs it. */
export interface FolderHost extends FolderReader {
  readonly sharedFolders: SharedFolder[];
  rememberedFolders(): Promise<SharedFolder[]>;
  pickFolder(options?: PickOptions): Promise<string>;
  attachFolder(name: string, input: FolderInput, options?: ShareOptions): Promise<void>;
  detachFolder(name: string): Promise<void>;
  reconnectFolder(name: string): Promise<void>;
  setFolderReadOnly(name: string, readOnly: boolean): Promise<void>;
  writeFile(folder: string, path: string, data: Blob): Promise<void>;
  addEventListener(type: "folder", listener: () => void, options?: AddEventListenerOptions): void;
}

const PLACE_WORDS: Readonly<Record<FolderPlace, string>> = {
  disk: "a directory on your disk",
  private: "the browser's private folder",
  list: "a copy of the list of files, as they were when you chose them",
  memory: "in memory, gone with the machine",
  none: "the machine expects it",
};

const STATE_WORDS: Readonly<Record<SharedFolderState, string>> = {
  ready: "ready",
  waiting: "waits for the machine",
  permission: "needs your permission",
  "write-permission": "can be read; needs your permission to be changed",
  full: "your disk is full",
  vanished: "the directory is not there any more",
  offered: "shared at your last visit",
  expected: "not shared yet",
};

/** What its button does in each state; it is one click. */
const RECONNECT_WORDS: Readonly<Partial<Record<SharedFolderState, string>>> = {
  permission: "Reconnect",
  "write-permission": "Allow changes",
  full: "Try again",
  vanished: "Reconnect",
  offered: "Reconnect",
};

const STYLE = `
.folders { display: flex; flex-direction: column; gap: 0.6em; line-height: 1.4; }
.folders p { margin: 0; }
.folders ul { display: flex; flex-direction: column; gap: 0.5em; margin: 0; padding: 0; list-style: none; }
.folders li {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.3em 0.6em;
  padding: 0.4em 0.6em;
  border: 1px solid var(--folders-line, #4a525b);
  border-left-width: 4px;
  border-radius: 5px;
}
.folders li[data-trouble] { border-left-color: var(--folders-trouble, #ff9d4d); }
.folders .about { flex: 1 1 15em; min-width: 0; overflow-wrap: anywhere; }
.folders .about span { display: block; color: var(--folders-faint, #aab4be); font-size: 0.92em; }
.folders label { display: inline-flex; align-items: center; gap: 0.35em; white-space: nowrap; }
.folders .actions { display: flex; flex-wrap: wrap; gap: 0.4em; align-items: center; }
.folders .confirm { flex-basis: 100%; display: flex; flex-wrap: wrap; gap: 0.4em; align-items: center; }
.folders .confirm p { flex: 1 1 16em; }
.folders .note { color: var(--folders-faint, #aab4be); font-size: 0.92em; }
.folders .said { overflow-wrap: anywhere; }
.folders .said:empty { display: none; }
.folders.drop { outline: 2px dashed currentColor; outline-offset: 4px; }
`;

export class FoldersPanel {
  readonly element = make("div", "folders");
  readonly #pc: FolderHost;
  readonly #list = make("ul");
  readonly #empty = make("p", "note", "Nothing is shared with the guest yet.");
  readonly #readOnly = document.createElement("input");
  readonly #said = make("p", "said");
  readonly #listeners = new AbortController();
  /** What is asked in a row before it is done. */
  #confirming: string | undefined;

  constructor(pc: FolderHost) {
    this.#pc = pc;
    this.#readOnly.type = "checkbox";
    this.#said.setAttribute("role", "status");
    this.#list.setAttribute("aria-label", "Shared folders");
    const choice = make("label", "", this.#readOnly, "read-only");
    choice.title = "The guest can look at what you share next, and not change it";
    const picker = button(
      "Share a folder…",
      "Choose a directory of your disk for the guest",
      () => {
        void this.#try(() => this.#pc.pickFolder({ readOnly: this.#readOnly.checked }));
      },
    );
    const list = button("Show a folder's files…", "For the guest to read as they are now; works in every browser", () => {
      void this.#try(() => this.#pc.pickFolder({ from: "list" }));
    }); // prettier-ignore
    const own = button("Use the private folder", "A folder that this browser keeps for this site", () => {
      void this.#try(() => this.#pc.pickFolder({ from: "private", readOnly: this.#readOnly.checked })); // prettier-ignore
    }); // prettier-ignore
    const first = hasDirectoryPicker() ? [picker, choice, list, own] : [list, own];
    this.element.append(
      this.#list,
      this.#empty,
      make("div", "actions", ...first),
      make("p", "note", "Or drop a folder here. The guest sees nothing but what you share."),
      make("p", "note", "The private folder is in this browser's storage for this site: no other program sees it, and it goes when you clear the site's data."), // prettier-ignore
      this.#said,
    );
  }

  attach(): void {
    const { signal } = this.#listeners;
    this.#pc.addEventListener("folder", () => this.#show(), { signal });
    this.element.addEventListener("dragover", this.#onDragOver, { signal });
    this.element.addEventListener("dragleave", () => this.element.classList.remove("drop"), { signal }); // prettier-ignore
    this.element.addEventListener("drop", this.#onDrop, { signal });
    this.#show();
    void this.#pc.rememberedFolders();
  }

  detach(): void {
    this.#listeners.abort();
    this.element.remove();
  }

  /** The style comes into the tree where the panel is. */
  adoptStyle(root: Document | ShadowRoot): void {
    adoptStyle(root, STYLE);
  }

  /** Shares what was dropped, to be read only until the user wants more: the browser has not asked for more. */
  async share(folders: Promise<FoundFolder>[]): Promise<void> {
    for (const folder of folders) await this.#try(async () => this.#shareOne(await folder));
  }

  async #shareOne({ name, source }: FoundFolder): Promise<void> {
    const taken = new Set(this.#pc.sharedFolders.map((folder) => folder.name));
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name}-${number}`;
    await this.#pc.attachFolder(free, source, { readOnly: true, remember: true });
  }

  // ---- showing ----

  #show(): void {
    const folders = this.#pc.sharedFolders;
    const focused = this.#focused();
    this.#list.replaceChildren(...folders.map((folder) => this.#row(folder)));
    this.#list.hidden = folders.length === 0;
    this.#empty.hidden = folders.length > 0;
    if (focused) this.#refocus(focused);
  }

  #row(folder: SharedFolder): HTMLElement {
    const { name, place, readOnly, state, unwritten } = folder;
    const waits = unwritten > 0 && state !== "ready" ? `; ${filesOf(unwritten)} of the guest not written yet` : ""; // prettier-ignore
    const about = make("div", "about", make("b", "", name));
    const from = state === "offered" ? "" : `${PLACE_WORDS[place]}: `;
    about.append(make("span", "", `${from}${STATE_WORDS[state]}${waits}`));
    const row = make("li", "", about);
    row.dataset["folder"] = name;
    row.dataset["state"] = state;
    row.toggleAttribute("data-trouble", !["ready", "waiting", "expected", "offered"].includes(state)); // prettier-ignore
    if (state === "expected") {
      row.append(...this.#expectedButtons(folder));
      return row;
    }
    const doing = (work: () => Promise<unknown>) => (): void => void this.#try(work);
    const reconnect = RECONNECT_WORDS[state];
    if (reconnect !== undefined) {
      const again = doing(() => this.#pc.reconnectFolder(name));
      row.append(rowButton(reconnect, name, "reconnect", again));
    }
    if (state === "offered") {
      const forget = doing(() => this.#pc.detachFolder(name));
      row.append(rowButton("Forget", name, "detach", forget));
      return row;
    }
    if (state === "ready" && (place === "private" || place === "memory"))
      row.append(...this.#waysInAndOut(name));
    row.append(this.#readOnlySwitch(name, readOnly, place));
    row.append(rowButton("Detach", name, "detach", () => this.#detach(folder)));
    if (this.#confirming === name) row.append(this.#confirmation(folder));
    return row;
  }

  #expectedButtons({ name, readOnly }: SharedFolder): HTMLElement[] {
    const pick = (from: "disk" | "list" | "private") => (): void =>
      void this.#try(() => this.#pc.pickFolder({ name, readOnly, from }));
    return [
      rowButton("Share a folder as this…", name, "pick", pick(hasDirectoryPicker() ? "disk" : "list")), // prettier-ignore
      rowButton("Use the private folder", name, "private", pick("private")),
    ];
  }

  /** What no other program sees, the page brings in and out. */
  #waysInAndOut(name: string): HTMLElement[] {
    const add = rowButton("Add files…", name, "add", () => {
      const input = document.createElement("input");
      input.type = "file";
      input.multiple = true;
      input.addEventListener("change", () => void this.#try(() => this.#add(name, [...(input.files ?? [])]))); // prettier-ignore
      input.click();
    });
    const download = rowButton("Download", name, "download", () => {
      void this.#try(async () => saveFile(await archiveOf(this.#pc, name), `${name}.zip`));
    });
    return [add, download];
  }

  async #add(folder: string, files: File[]): Promise<void> {
    for (const file of files) await this.#pc.writeFile(folder, file.name, file);
    if (files.length > 0) this.#said.textContent = `${filesOf(files.length)} added to "${folder}".`;
  }

  #readOnlySwitch(name: string, readOnly: boolean, place: FolderPlace): HTMLElement {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = readOnly;
    box.disabled = place === "list";
    box.dataset["control"] = "read-only";
    box.setAttribute("aria-label", `Read-only: ${name}`);
    box.addEventListener("change", () => {
      const { checked } = box;
      void this.#try(() => this.#pc.setFolderReadOnly(name, checked));
    });
    return make("label", "", box, "read-only");
  }

  #detach({ name, state, unwritten }: SharedFolder): void {
    if (state !== "ready" && unwritten > 0) {
      this.#confirming = name;
      this.#show();
      this.#control(name, "lose")?.focus();
      return;
    }
    void this.#try(() => this.#pc.detachFolder(name));
  }

  #confirmation({ name, unwritten }: SharedFolder): HTMLElement {
    const words = make("p", "", `${filesOf(unwritten)} that the guest has changed cannot be written now. Detached, the changes are lost.`); // prettier-ignore
    const lose = rowButton("Detach and lose them", name, "lose", () => {
      this.#confirming = undefined;
      void this.#try(() => this.#pc.detachFolder(name));
    });
    const keep = rowButton("Keep it", name, "keep", () => {
      this.#confirming = undefined;
      this.#show();
    });
    const box = make("div", "confirm", words, lose, keep);
    box.setAttribute("role", "alert");
    return box;
  }

  // ---- the user ----

  #onDragOver = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    this.element.classList.add("drop");
  };

  #onDrop = (event: DragEvent): void => {
    this.element.classList.remove("drop");
    const folders = event.dataTransfer ? droppedFolders(event.dataTransfer) : [];
    if (folders.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    void this.share(folders);
  };

  /** What fails is told here, and the row shows what is. */
  async #try(work: () => Promise<unknown>): Promise<void> {
    this.#said.textContent = "";
    try {
      await work();
    } catch (thrown) {
      const { code, message } = TandemError.from(thrown);
      if (code !== "aborted") this.#said.textContent = message;
    }
    this.#show();
  }

  // A row is made anew when its folder changes; who was on one of its controls stays there.
  #focused(): { folder: string; control: string } | undefined {
    const root = this.element.getRootNode() as Document | ShadowRoot;
    const active = root.activeElement as HTMLElement | null;
    const folder = active?.closest<HTMLElement>("[data-folder]")?.dataset["folder"];
    const control = active?.dataset["control"];
    return folder !== undefined && control !== undefined && this.#list.contains(active)
      ? { folder, control }
      : undefined;
  }

  #refocus({ folder, control }: { folder: string; control: string }): void {
    const target = this.#control(folder, control) ?? this.#control(folder, "detach");
    (target ?? this.element.querySelector("button"))?.focus();
  }

  #control(folder: string, control: string): HTMLElement | undefined {
    const rows = [...this.#list.children] as HTMLElement[];
    const row = rows.find(({ dataset }) => dataset["folder"] === folder);
    return row?.querySelector<HTMLElement>(`[data-control="${control}"]`) ?? undefined;
  }
}

/** What the user should hear of a folder that has changed; undefined: nothing. */
export function troubleOf({ name, state }: { name: string; state: string }): string | undefined {
  switch (state) {
    case "permission":
      return `The browser has no permission for the shared folder "${name}" any more. What the guest writes there waits until you give it again.`; // prettier-ignore
    case "write-permission":
      return `The guest wants to change the shared folder "${name}", and the browser needs your permission for that.`; // prettier-ignore
    case "full":
      return `Your disk is full: what the guest writes to the shared folder "${name}" waits in memory.`; // prettier-ignore
    case "vanished":
      return `The directory of the shared folder "${name}" is not there any more. Put it back, then reconnect it.`; // prettier-ignore
    default:
      return undefined;
  }
}

/** The word on the button that mends it. */
export function reconnectWord(state: string): string {
  return RECONNECT_WORDS[state as SharedFolderState] ?? "Reconnect";
}

function filesOf(count: number): string {
  return count === 1 ? "1 file" : `${count} files`;
}

function button(text: string, title: string, onClick: () => void): HTMLButtonElement {
  const made = make("button", "", text);
  made.type = "button";
  made.title = title;
  made.addEventListener("click", onClick);
  return made;
}

/** Of a folder's row; `control` finds it again when the row is made anew. */
function rowButton(
  text: string,
  folder: string,
  control: string,
  onClick: () => void,
): HTMLButtonElement {
  const made = button(text, `${text}: ${folder}`, onClick);
  made.setAttribute("aria-label", `${text}: ${folder}`);
  made.dataset["control"] = control;
  return made;
}

function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

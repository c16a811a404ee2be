// Page side of the shared clipboard: the browser's clipboard on one end, the worker on the other.
//
// Browsers give a page the user's clipboard in answer to the paste key (paste-key.ts) without asking, in answer to a click after
// asking (Firefox each time, by a little "Paste"), and otherwise only where the user has allowed it for good. Only then
// is it offered when the user comes back to the screen, or when the browser tells that it has changed. Nothing ever asks without a gesture.
//
// What the guest has copied is fetched at once, and put on the user's clipboard if the user is at the machine and the browser
// lets it be; else it is kept until the user clicks: then it is at hand, as browsers wait for nothing in a click.
//
// Pages without encryption (http://) have the paste key, and the old "copy" event soon after a key or a click; it carries no pictures.

import type { ClipboardFormat, MachineApi, MachineEvent } from "../../shared/api";
import type { ClipboardSetting } from "../../shared/config";
import { TandemError } from "../../shared/errors";
import { Feature } from "../../../wasm/protocol/tandem-port";
import { textOfHtml } from "./html-text";

/** "copied": by the guest. "written": that is on the user's clipboard. "kept": it waits for a click. "offered": the guest can have what is on the user's clipboard. "taken": it has fetched it. "none": what was copied is gone. */
export interface ClipboardNews {
  what: "copied" | "written" | "kept" | "offered" | "taken" | "none";
  formats: ClipboardFormat[];
}

export type ClipboardItems = Partial<Record<ClipboardFormat, Blob>>;
type Getters = Map<ClipboardFormat, () => Promise<Blob>>;

/** What is used of navigator.clipboard. */
export type AsyncClipboard = Pick<Clipboard, "readText" | "write" | "writeText"> &
  Partial<Pick<Clipboard, "read">>;

/** The browser. */
export interface Browser {
  /** Missing on pages without encryption. */
  readonly clipboard: AsyncClipboard | undefined;
  /** Whether pages can write it. */
  supports(format: ClipboardFormat): boolean;
  /** Whether the clipboard can be read now without asking the user. */
  mayRead(): Promise<boolean>;
  item(items: Record<string, Blob>): ClipboardItem;
  /** The old way, in a click only. False: it was not allowed. */
  copyByEvent(texts: ReadonlyMap<string, string>): boolean;
}

/** What is used of the machine. */
export interface Machine {
  call<T>(work: (api: MachineClipboard) => Promise<T>): Promise<T>;
}
export type MachineClipboard = {
  [Name in "offerClipboard" | "supplyClipboard" | "readClipboard" | "typeText" | "setClipboard"]: (
    ...parameters: Parameters<MachineApi[Name]>
  ) => Promise<Awaited<ReturnType<MachineApi[Name]>>>;
};

export const FORMATS: readonly ClipboardFormat[] = ["text/plain", "text/html", "image/png"];
const NOT_HANDED_OVER =
  "The browser did not hand over the clipboard. Allow this page to read it, or press the paste key in the machine.";
const NOT_WRITTEN = "The browser did not let the machine change your clipboard.";

export class ClipboardService {
  readonly #machine: Machine;
  readonly #browser: Browser;
  readonly #isActive: () => boolean;
  readonly #tell: (news: ClipboardNews | TandemError) => void;
  #setting: ClipboardSetting = "both";
  /** A driver for the Tandem port, or a program for VMware's, until the machine is off. */
  #hasDriver = false;
  #hasProgram = false;
  #offered: Getters = new Map();
  /** The guest's newest offer. */
  #serial = 0;
  #copied: ClipboardFormat[] = [];
  /** What waits for a click, ready to be given: in a click nothing may be waited for. */
  #kept: { items: ClipboardItems; texts: ReadonlyMap<string, string> } | undefined;
  /** The text that was put on the user's clipboard, which is no news to the guest. */
  #writtenText: string | undefined;
  /** What the user's clipboard looked like: the same again is not offered again. */
  #seen: string | undefined;

  /** `isActive`: the user is at this machine. */
  constructor(
    machine: Machine,
    browser: Browser,
    isActive: () => boolean,
    tell: (news: ClipboardNews | TandemError) => void,
  ) {
    this.#machine = machine;
    this.#browser = browser;
    this.#isActive = isActive;
    this.#tell = tell;
  }

  /** The guest can be given something. */
  get givesToGuest(): boolean {
    return this.#hasGuest && (this.#setting === "both" || this.#setting === "to-guest");
  }

  /** What the guest has copied and the browser wants a click for. */
  get kept(): ClipboardFormat[] {
    return FORMATS.filter((format) => this.#kept?.items[format]);
  }

  async set(setting: ClipboardSetting): Promise<void> {
    await this.#machine.call((api) => api.setClipboard(setting));
    this.begin(setting);
  }

  /** The machine knows the setting already. */
  begin(setting: ClipboardSetting): void {
    this.#setting = setting;
    this.#seen = undefined;
    if (setting === "off" || setting === "to-guest") this.#forgetCopied();
    if (setting === "off" || setting === "to-host") this.#offered = new Map();
  }

  onEvent(event: MachineEvent): void {
    switch (event.type) {
      case "guest-hello":
        this.#hasDriver = (event.features & Feature.Clipboard) !== 0;
        this.#onGuest();
        break;
      case "guest-bye":
        this.#hasDriver = false;
        break;
      case "clipboard-guest":
        this.#hasProgram = true;
        this.#onGuest();
        break;
      case "state":
        if (event.state === "off") this.#hasProgram = false;
        break;
      case "clipboard-offer":
        void this.#onOffer(event.serial, event.formats);
        break;
      case "clipboard-wanted":
        void this.#onWanted(event.request, event.format);
        break;
      default:
        break;
    }
  }

  get #hasGuest(): boolean {
    return this.#hasDriver || this.#hasProgram;
  }

  #onGuest(): void {
    this.#seen = undefined;
    if (this.#isActive()) void this.look();
  }

  // ---- to the guest ----

  /** The user has come to the screen, or the browser has told of a change. */
  async look(): Promise<void> {
    const { clipboard } = this.#browser;
    if (!clipboard?.read || !this.givesToGuest || !(await this.#browser.mayRead())) return;
    try {
      const items = await clipboard.read();
      const looks = await fingerprint(items);
      if (looks === this.#seen) return;
      this.#seen = looks;
      await this.#offer(gettersOf(items), false);
    } catch {
      // The page has lost the focus meanwhile: the next time.
    }
  }

  /** The browser's own paste has given this. `keyFollows`: the guest is about to get the key. */
  pasted(data: DataTransfer, keyFollows: boolean): void {
    const getters: Getters = new Map();
    for (const format of ["text/plain", "text/html"] as const) {
      const text = data.getData(format);
      if (text) getters.set(format, () => Promise.resolve(new Blob([text], { type: format })));
    }
    const picture = [...data.files].find(({ type }) => type === "image/png");
    if (picture) getters.set("image/png", () => Promise.resolve(picture));
    // The guest's own, which it has in all its formats.
    const isOwn = this.#copied.length > 0 && data.getData("text/plain") === this.#writtenText;
    if (getters.size > 0 && !(isOwn && keyFollows)) void this.#offer(getters, !keyFollows);
  }

  /** In a click: what is on the user's clipboard is pasted in the guest, or typed where it has no driver for it. @throws TandemError */
  async paste(): Promise<void> {
    const { clipboard } = this.#browser;
    if (this.#hasGuest && !this.givesToGuest)
      throw new TandemError("refused", "The machine may not have your clipboard: it is switched off."); // prettier-ignore
    if (!clipboard)
      throw new TandemError("refused", "This page may not read the clipboard (it has no encryption). Press the paste key in the machine."); // prettier-ignore
    if (this.#hasGuest && clipboard.read) await this.#offer(await this.#readItems(clipboard), true);
    else {
      const text = await clipboard.readText().catch(refuse(NOT_HANDED_OVER));
      if (this.#hasGuest) await this.write({ "text/plain": new Blob([text]) }, true);
      else await this.#machine.call((api) => api.typeText(lineFeeds(text)));
    }
  }

  async #readItems(clipboard: AsyncClipboard): Promise<Getters> {
    const items = await clipboard.read?.().catch(refuse(NOT_HANDED_OVER));
    const getters = gettersOf(items ?? []);
    if (getters.size === 0)
      throw new TandemError("clipboard", "There is no text and no picture on your clipboard.");
    return getters;
  }

  /** Offers this to the guest, instead of the user's clipboard. */
  async write(items: ClipboardItems, paste: boolean): Promise<void> {
    const getters: Getters = new Map();
    for (const format of FORMATS) {
      const blob = items[format];
      if (blob) getters.set(format, () => Promise.resolve(blob));
    }
    await this.#offer(getters, paste);
  }

  async #offer(getters: Getters, paste: boolean): Promise<void> {
    if (!this.givesToGuest) return;
    this.#offered = getters;
    this.#forgetCopied();
    const formats = [...getters.keys()];
    await this.#machine.call((api) => api.offerClipboard(formats, paste));
    this.#tell({ what: "offered", formats });
  }

  async #onWanted(request: number, format: ClipboardFormat): Promise<void> {
    let data: Uint8Array | undefined;
    try {
      const blob = await this.#offered.get(format)?.();
      if (blob && format !== "image/png")
        data = new TextEncoder().encode(lineFeeds(await blob.text()));
      else if (blob) data = new Uint8Array(await blob.arrayBuffer());
    } catch {
      this.#tell(new TandemError("refused", NOT_HANDED_OVER));
    }
    await this.#machine.call((api) => api.supplyClipboard(request, data)).catch(() => undefined);
    if (data) this.#tell({ what: "taken", formats: [format] });
  }

  // ---- from the guest ----

  /** All that the guest has copied. @throws TandemError */
  async read(): Promise<ClipboardItems> {
    const items: ClipboardItems = {};
    for (const format of this.#copied) {
      const bytes = await this.#machine.call((api) => api.readClipboard(format));
      items[format] = new Blob([bytes], { type: format });
    }
    return items;
  }

  async #onOffer(serial: number, formats: ClipboardFormat[]): Promise<void> {
    this.#serial = serial;
    this.#copied = formats;
    this.#kept = undefined;
    if (formats.length === 0) {
      this.#tell({ what: "none", formats });
      return;
    }
    this.#tell({ what: "copied", formats });
    try {
      const items = await this.read();
      const texts = await textsOf(items);
      const html = texts.get("text/html");
      if (html !== undefined && !texts.has("text/plain")) {
        texts.set("text/plain", textOfHtml(html));
        items["text/plain"] = new Blob([textOfHtml(html)], { type: "text/plain" });
      }
      if (serial !== this.#serial) return;
      this.#kept = { items, texts };
      if (!this.#isActive()) this.#tell({ what: "kept", formats });
      else await this.copy().catch(() => this.#tell({ what: "kept", formats }));
    } catch (error) {
      if (serial === this.#serial) this.#tell(TandemError.from(error, "clipboard"));
    }
  }

  /** Puts what the guest has copied on the user's clipboard. In a click, when the browser wants that. @throws TandemError */
  async copy(): Promise<void> {
    const kept = this.#kept;
    if (!kept) throw new TandemError("clipboard", "The guest has copied nothing.");
    const formats = this.kept;
    const { clipboard } = this.#browser;
    if (clipboard) await this.#write(clipboard, kept.items, kept.texts);
    else if (kept.texts.size === 0)
      throw new TandemError("refused", "This page may not put a picture on the clipboard (it has no encryption)."); // prettier-ignore
    else if (!this.#browser.copyByEvent(kept.texts)) throw new TandemError("refused", NOT_WRITTEN);
    if (this.#kept !== kept) return;
    this.#kept = undefined;
    this.#writtenText = kept.texts.get("text/plain");
    this.#tell({ what: "written", formats });
    await this.#rememberWritten();
  }

  async #write(
    clipboard: AsyncClipboard,
    kept: ClipboardItems,
    texts: ReadonlyMap<string, string>,
  ): Promise<void> {
    const items: Record<string, Blob> = {};
    for (const format of FORMATS) {
      const blob = kept[format];
      if (blob && this.#browser.supports(format)) items[format] = blob;
    }
    const text = texts.get("text/plain");
    if (Object.keys(items).length > 0)
      await clipboard.write([this.#browser.item(items)]).catch(refuse(NOT_WRITTEN));
    else if (text !== undefined) await clipboard.writeText(text).catch(refuse(NOT_WRITTEN));
    else throw new TandemError("refused", "This browser cannot put a picture on the clipboard.");
  }

  /** Browsers change what is written (they clean HTML, and draw pictures anew); what it became is no news to the guest. */
  async #rememberWritten(): Promise<void> {
    const { clipboard } = this.#browser;
    if (!clipboard?.read || !(await this.#browser.mayRead())) return;
    const looks = await clipboard.read().then(fingerprint, () => undefined);
    if (looks !== undefined) this.#seen = looks;
  }

  #forgetCopied(): void {
    const had = this.#copied.length > 0;
    this.#copied = [];
    this.#kept = undefined;
    if (had) this.#tell({ what: "none", formats: [] });
  }
}

function gettersOf(items: readonly ClipboardItem[]): Getters {
  const getters: Getters = new Map();
  for (const item of items)
    for (const format of FORMATS)
      if (item.types.includes(format)) getters.set(format, () => item.getType(format));
  return getters;
}

/** Tells whether two looks at the clipboard saw the same. */
async function fingerprint(items: readonly ClipboardItem[]): Promise<string> {
  const parts: string[] = [];
  for (const item of items) {
    parts.push(...item.types);
    for (const format of FORMATS) {
      if (!item.types.includes(format)) continue;
      const blob = await item.getType(format);
      parts.push(`${blob.size}`, format === "text/plain" ? await blob.text() : "");
    }
  }
  return parts.join("\n");
}

async function textsOf(items: ClipboardItems): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const format of ["text/plain", "text/html"] as const) {
    const blob = items[format];
    if (blob) texts.set(format, await blob.text());
  }
  return texts;
}

function lineFeeds(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

function refuse(message: string): () => never {
  return () => {
    throw new TandemError("refused", message);
  };
}

/** The browser that this page is in. */
export function thisBrowser(): Browser {
  return {
    clipboard: navigator.clipboard as Clipboard | undefined,
    supports: (format) =>
      typeof ClipboardItem !== "undefined" && (ClipboardItem.supports?.(format) ?? true),
    // Firefox and Safari know no such permission: there it takes a gesture each time.
    mayRead: async () => {
      const name = "clipboard-read" as PermissionName;
      const status = await navigator.permissions?.query({ name }).catch(() => undefined);
      return status?.state === "granted" && document.hasFocus();
    },
    item: (items) => new ClipboardItem(items),
    copyByEvent,
  };
}

function copyByEvent(texts: ReadonlyMap<string, string>): boolean {
  const onCopy = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
    for (const [format, text] of texts) event.clipboardData?.setData(format, text);
  };
  window.addEventListener("copy", onCopy, { capture: true });
  try {
    return document.execCommand("copy");
  } finally {
    window.removeEventListener("copy", onCopy, { capture: true });
  }
}

// The machine of the page as a tag for others and as a link, made anew with every change.

import type { MachineConfig, PointerMode } from "../shared/config";
import { deepLinkQuery, embedSnippet } from "./embed-snippet";
import type { MachineChoice } from "./machines";

/** Where a page that was built with `npm run build:library` has it; the embedder knows better. */
const SCRIPT = "tandem-pc.js";
const COPIED_MS = 2500;

function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found as T;
}

export class EmbedPanel {
  readonly #html = byId("embed-html");
  readonly #link = byId<HTMLAnchorElement>("embed-link");
  readonly #autostart = byId<HTMLInputElement>("embed-autostart");
  readonly #controls = byId<HTMLInputElement>("embed-controls");
  readonly #pointer = byId<HTMLSelectElement>("embed-pointer");
  readonly #width = byId<HTMLInputElement>("embed-width");
  readonly #copied = byId("copied");
  readonly #listeners = new AbortController();
  #choice: MachineChoice | undefined;

  attach(): void {
    const { signal } = this.#listeners;
    for (const input of [this.#autostart, this.#controls, this.#pointer, this.#width])
      input.addEventListener("input", () => this.#update(), { signal });
    byId("copy-html").addEventListener("click", () => void this.#copy(this.#html.textContent ?? ""), { signal }); // prettier-ignore
    byId("copy-link").addEventListener("click", () => void this.#copy(this.#link.href), { signal });
    this.#update();
  }

  detach(): void {
    this.#listeners.abort();
  }

  show(choice: MachineChoice): void {
    this.#choice = choice;
    this.#update();
  }

  #update(): void {
    const config: Partial<MachineConfig> = { ...this.#choice?.config };
    // What was opened from this computer has no address: its owner gives it one.
    for (const role of ["kernel", "initrd", "floppy", "hda", "cdrom"] as const)
      if (this.#choice?.files?.[role] && this.#choice.id !== "alive")
        config[role] = { url: this.#choice.media?.[role as "hda"] ?? `your-${role}` };
    const pointer = this.#pointer.value as PointerMode;
    if (pointer !== "auto") config.pointer = pointer;
    this.#html.textContent = embedSnippet(config, {
      autostart: this.#autostart.checked,
      controls: this.#controls.checked,
      width: this.#width.value,
      script: SCRIPT,
    });
    const known = this.#choice?.id !== undefined;
    const query = known
      ? deepLinkQuery(this.#choice?.id, pointer === "auto" ? {} : { pointer })
      : deepLinkQuery(undefined, config);
    this.#link.href = `${location.pathname}${query}`;
  }

  async #copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.#copied.textContent = "Copied.";
    } catch {
      this.#copied.textContent = "The browser did not allow it; select the text and copy it.";
    }
    window.setTimeout(() => (this.#copied.textContent = ""), COPIED_MS);
  }
}

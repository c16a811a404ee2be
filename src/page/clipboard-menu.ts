// The clipboard that the machine shares with its user: the two switches, what a click can do, and what has happened, in words.

import type { TandemPc } from "../element/tandem-pc";
import type { ClipboardFormat } from "../shared/api";
import type { ClipboardSetting } from "../shared/config";
import type { ClipboardNews } from "./services/clipboard";
import { part } from "./part";

const FORMAT_WORDS: Readonly<Record<ClipboardFormat, string>> = {
  "text/plain": "text",
  "text/html": "formatted text",
  "image/png": "a picture",
};

const NEWS_WORDS: Readonly<Record<ClipboardNews["what"], string>> = {
  copied: "Copied in the machine: ",
  written: "On your clipboard, from the machine: ",
  kept: "Copied in the machine, and waits for your click: ",
  offered: "The machine can paste from your clipboard: ",
  taken: "The machine has pasted from your clipboard: ",
  none: "",
};

export class ClipboardMenu {
  readonly #menu: HTMLElement;
  readonly #pc: TandemPc;
  readonly #listeners = new AbortController();

  constructor(menu: HTMLElement, pc: TandemPc) {
    this.#menu = menu;
    this.#pc = pc;
  }

  attach(): void {
    const { signal } = this.#listeners;
    this.#menu.addEventListener("change", this.#onChange, { signal });
    this.#pc.addEventListener("clipboard", ({ detail }) => this.#show(detail), { signal });
    this.#pc.addEventListener("ready", () => this.#show({ what: "none", formats: [] }), { signal });
  }

  detach(): void {
    this.#listeners.abort();
  }

  #onChange = (): void => {
    const toGuest = this.#isOn("to-guest");
    const toHost = this.#isOn("to-host");
    const one: ClipboardSetting = toGuest ? "to-guest" : toHost ? "to-host" : "off";
    this.#pc.clipboard = toGuest && toHost ? "both" : one;
  };

  #isOn(direction: string): boolean {
    return part<HTMLInputElement>(this.#menu, direction).checked;
  }

  #show({ what, formats }: ClipboardNews): void {
    const names = formats.map((format) => FORMAT_WORDS[format]).join(", ");
    part(this.#menu, "clipboard-words").textContent = NEWS_WORDS[what] + names;
    const copy = this.#menu.querySelector<HTMLButtonElement>('[data-action="copy-clipboard"]');
    if (copy && what !== "offered" && what !== "taken") copy.disabled = what !== "kept";
  }
}

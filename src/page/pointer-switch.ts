// How the pointer gets into the machine: chosen by the user, and what it is now, in words.

import type { TandemPc } from "../element/tandem-pc";
import type { PointerDevice, PointerUse } from "../shared/api";
import type { PointerMode } from "../shared/config";

const DEVICE_WORDS: Readonly<Record<PointerDevice, string>> = {
  tandem: "the Tandem port",
  vmware: "VMware's pointer",
  "usb-tablet": "a USB tablet",
  "usb-mouse": "a USB mouse",
  ps2: "a PS/2 mouse",
};

const MODE_WORDS: Readonly<Record<PointerUse, string>> = {
  integrated: "Move in and out as you like.",
  absolute: "Move in and out as you like; the guest draws its cursor, so it comes late.",
  relative: "Click the screen to give it your mouse; Esc gives it back.",
};

export class PointerSwitch {
  readonly #choices: HTMLElement;
  readonly #words: HTMLElement;
  readonly #pc: TandemPc;
  readonly #listeners = new AbortController();

  constructor(choices: HTMLElement, words: HTMLElement, pc: TandemPc) {
    this.#choices = choices;
    this.#words = words;
    this.#pc = pc;
  }

  attach(): void {
    const { signal } = this.#listeners;
    this.#choices.addEventListener("change", this.#onChange, { signal });
    this.#pc.addEventListener("pointermode", () => this.#show(), { signal });
    this.#pc.addEventListener("ready", () => this.#select(this.#pc.pointerMode), { signal });
    this.#show();
  }

  detach(): void {
    this.#listeners.abort();
  }

  #onChange = (event: Event): void => {
    this.#pc.pointer = (event.target as HTMLInputElement).value as PointerMode;
  };

  #select(mode: PointerMode): void {
    const value = mode === "integrated" ? "auto" : mode;
    for (const input of this.#choices.querySelectorAll("input"))
      input.checked = input.value === value;
  }

  #show(): void {
    const { mode, device, captured } = this.#pc.pointerUse;
    this.#words.dataset["mode"] = device === "none" ? "none" : mode;
    this.#words.textContent =
      device === "none"
        ? "The guest has not asked for a pointer yet."
        : captured
          ? "The mouse is the guest's. Esc gives it back."
          : `The guest listens to ${DEVICE_WORDS[device]}. ${MODE_WORDS[mode]}`;
  }
}

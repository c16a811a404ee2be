// The guest's keyboard: physical keys (KeyboardEvent.code) while the screen has the focus.
//
// Ctrl+Alt, pressed and let go alone, gives the keyboard back to the page.

import type { MachineClient } from "./machine-client";
import type { PasteKey } from "./services/paste-key";

const RELEASE_KEYS = new Set(["ControlLeft", "ControlRight", "AltLeft", "AltRight"]);

export class Keyboard {
  readonly #screen: HTMLElement;
  readonly #machine: MachineClient;
  readonly #onRelease: () => void;
  readonly #pasteKey: PasteKey | undefined;
  readonly #held = new Set<string>();
  /** All keys since the last time none was held were Ctrl and Alt. */
  #onlyReleaseKeys = true;

  constructor(
    screen: HTMLElement,
    machine: MachineClient,
    onRelease: () => void,
    pasteKey?: PasteKey,
  ) {
    this.#screen = screen;
    this.#machine = machine;
    this.#onRelease = onRelease;
    this.#pasteKey = pasteKey;
  }

  attach(): void {
    this.#screen.addEventListener("keydown", this.#onKeyDown);
    this.#screen.addEventListener("keyup", this.#onKeyUp);
    this.#screen.addEventListener("blur", this.#releaseAll);
    window.addEventListener("blur", this.#releaseAll);
  }

  detach(): void {
    this.#releaseAll();
    this.#screen.removeEventListener("keydown", this.#onKeyDown);
    this.#screen.removeEventListener("keyup", this.#onKeyUp);
    this.#screen.removeEventListener("blur", this.#releaseAll);
    window.removeEventListener("blur", this.#releaseAll);
  }

  #onKeyDown = (event: KeyboardEvent): void => {
    if (isNoKey(event)) return;
    event.stopPropagation();
    if (this.#pasteKey?.holds(event, () => this.#press(event.code))) return;
    event.preventDefault();
    this.#press(event.code);
  };

  #press(code: string): void {
    if (this.#held.size === 0) this.#onlyReleaseKeys = true;
    if (!RELEASE_KEYS.has(code)) this.#onlyReleaseKeys = false;
    this.#held.add(code);
    // The browser repeats held keys at the user's own pace; the guest's keyboard does not.
    void this.#machine.api.key(code, true);
  }

  #onKeyUp = (event: KeyboardEvent): void => {
    if (isNoKey(event)) return;
    event.preventDefault();
    event.stopPropagation();
    this.#pasteKey?.flush();
    const leaves = this.#onlyReleaseKeys && this.#held.size >= 2;
    this.#held.delete(event.code);
    void this.#machine.api.key(event.code, false);
    // macOS does not tell of keys that were let go while Command was held.
    if (event.code.startsWith("Meta")) this.#releaseAll();
    if (leaves) {
      this.#releaseAll();
      this.#onRelease();
    }
  };

  #releaseAll = (): void => {
    if (this.#held.size === 0) return;
    this.#held.clear();
    void this.#machine.api.releaseAll();
  };
}

/** Keyboards on a screen, and those that compose characters, tell of changes to a text instead: touch-keyboard.ts. */
function isNoKey({ code, key, isComposing }: KeyboardEvent): boolean {
  return code === "" || key === "Unidentified" || isComposing;
}

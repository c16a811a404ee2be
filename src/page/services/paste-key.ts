// The key that pastes. The browser hands over the clipboard with its own paste, without asking, so that comes first; then the
// guest gets the key, and finds there what it is to paste.

/** Browsers answer the key at once, but macOS's goes through its menu; without an answer the guest gets its key all the same. */
const PATIENCE = 300;

export class PasteKey {
  readonly #isWanted: () => boolean;
  readonly #take: (data: DataTransfer, keyFollows: boolean) => void;
  readonly #listeners = new AbortController();
  #press: (() => void) | undefined;
  #timer = 0;

  /** `keyFollows`: the guest gets the key after this, and knows by it that it is to paste. */
  constructor(isWanted: () => boolean, take: (data: DataTransfer, keyFollows: boolean) => void) {
    this.#isWanted = isWanted;
    this.#take = take;
  }

  attach(): void {
    const { signal } = this.#listeners;
    window.addEventListener("paste", this.#onPaste, { signal, capture: true });
  }

  detach(): void {
    this.#listeners.abort();
    window.clearTimeout(this.#timer);
  }

  /** Whether the browser pastes first; `press` is called when it has. */
  holds(event: KeyboardEvent, press: () => void): boolean {
    if (!isPasteKey(event) || !this.#isWanted()) return false;
    this.flush();
    // Command and V are no guest's paste: it is told in other words.
    this.#press = event.metaKey ? () => {} : press;
    this.#keyFollows = !event.metaKey;
    this.#timer = window.setTimeout(() => this.flush(), PATIENCE);
    return true;
  }

  #keyFollows = true;

  /** What is held goes now. */
  flush(): void {
    window.clearTimeout(this.#timer);
    const press = this.#press;
    this.#press = undefined;
    press?.();
  }

  #onPaste = (event: ClipboardEvent): void => {
    if (!this.#press) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.clipboardData) this.#take(event.clipboardData, this.#keyFollows);
    this.flush();
  };
}

function isPasteKey({ code, ctrlKey, metaKey, altKey, shiftKey, repeat }: KeyboardEvent): boolean {
  if (repeat || altKey) return false;
  if (code === "Insert") return shiftKey && !ctrlKey && !metaKey;
  return code === "KeyV" && ctrlKey !== metaKey;
}

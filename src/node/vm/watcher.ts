// Waits for a text on the serial port or on the text screen.

export type Place = "serial" | "anywhere";

interface Wait {
  text: string;
  place: Place;
  found: () => void;
}

/** Serial output is kept this far back. */
const KEPT = 1 << 16;

export class Watcher {
  #serial = "";
  #waits: Wait[] = [];
  readonly #screen: () => string[];

  /** @param screen reads the lines of the text screen */
  constructor(screen: () => string[]) {
    this.#screen = screen;
  }

  get waiting(): boolean {
    return this.#waits.length > 0;
  }

  /** Resolves when the text is there. What one wait has found on the serial port, the next does not find again. */
  wait(text: string, place: Place): Promise<void> {
    return new Promise((resolve) => {
      this.#waits.push({ text, place, found: resolve });
      this.#checkSerial();
      this.checkScreen();
    });
  }

  serial(bytes: Uint8Array): void {
    for (const byte of bytes) if (byte !== 13) this.#serial += String.fromCharCode(byte);
    this.#checkSerial();
    if (this.#serial.length > 2 * KEPT) this.#serial = this.#serial.slice(-KEPT);
  }

  /** Called now and then. */
  checkScreen(): void {
    if (!this.#waits.some((wait) => wait.place === "anywhere")) return;
    const lines = this.#screen();
    // A long line goes on at the start of the next one.
    const text = `${lines.join("\n")}\n${lines.join("")}`;
    this.#settle((wait) => wait.place === "anywhere" && text.includes(wait.text));
  }

  #checkSerial(): void {
    let consumed = 0;
    this.#settle((wait) => {
      const at = this.#serial.indexOf(wait.text);
      if (at < 0) return false;
      consumed = Math.max(consumed, at + wait.text.length);
      return true;
    });
    this.#serial = this.#serial.slice(consumed);
  }

  #settle(isFound: (wait: Wait) => boolean): void {
    const found = this.#waits.filter(isFound);
    this.#waits = this.#waits.filter((wait) => !found.includes(wait));
    for (const wait of found) wait.found();
  }
}

// Serial port 1 in a terminal.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import type { TandemPc } from "../element/tandem-pc";

const PORT = 0;
const SCROLLBACK_LINES = 5000;

export class SerialConsole {
  readonly #parent: HTMLElement;
  readonly #pc: TandemPc;
  readonly #terminal = new Terminal({
    scrollback: SCROLLBACK_LINES,
    fontSize: 13,
    fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace",
    theme: { background: "#101418", foreground: "#d8dee4" },
  });
  readonly #fit = new FitAddon();
  readonly #encoder = new TextEncoder();
  readonly #resizes = new ResizeObserver(() => this.#fitToParent());
  readonly #listeners = new AbortController();

  constructor(parent: HTMLElement, pc: TandemPc) {
    this.#parent = parent;
    this.#pc = pc;
  }

  attach(): void {
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.open(this.#parent);
    this.#terminal.onData((text) => this.#send(this.#encoder.encode(text)));
    this.#terminal.onBinary((text) =>
      this.#send(Uint8Array.from(text, (character) => character.charCodeAt(0))),
    );
    const { signal } = this.#listeners;
    this.#pc.addEventListener(
      "serial",
      ({ detail }) => {
        if (detail.port === PORT) this.#terminal.write(detail.bytes);
      },
      { signal },
    );
    this.#pc.addEventListener("ready", () => this.#terminal.reset(), { signal });
    this.#resizes.observe(this.#parent);
  }

  detach(): void {
    this.#resizes.disconnect();
    this.#listeners.abort();
    this.#terminal.dispose();
  }

  #send(bytes: Uint8Array): void {
    // Without a machine nobody reads.
    void this.#pc.serialInput(bytes, PORT).catch(() => undefined);
  }

  #fitToParent(): void {
    if (this.#parent.clientWidth > 0 && this.#parent.clientHeight > 0) this.#fit.fit();
  }
}

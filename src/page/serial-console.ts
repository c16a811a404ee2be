// Serial port 1 in a terminal.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import type { MachineClient } from "./machine-client";

const PORT = 0;
const SCROLLBACK_LINES = 5000;

export class SerialConsole {
  readonly #parent: HTMLElement;
  readonly #machine: MachineClient;
  readonly #terminal = new Terminal({
    scrollback: SCROLLBACK_LINES,
    fontSize: 13,
    fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace",
    theme: { background: "#101418", foreground: "#d8dee4" },
  });
  readonly #fit = new FitAddon();
  readonly #encoder = new TextEncoder();
  readonly #resizes = new ResizeObserver(() => this.#fitToParent());
  #stopListening: (() => void) | undefined;

  constructor(parent: HTMLElement, machine: MachineClient) {
    this.#parent = parent;
    this.#machine = machine;
  }

  attach(): void {
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.open(this.#parent);
    this.#terminal.onData((text) => this.#send(this.#encoder.encode(text)));
    this.#terminal.onBinary((text) =>
      this.#send(Uint8Array.from(text, (character) => character.charCodeAt(0))),
    );
    this.#stopListening = this.#machine.listen((event) => {
      if (event.type === "serial" && event.port === PORT) this.#terminal.write(event.bytes);
    });
    this.#resizes.observe(this.#parent);
  }

  detach(): void {
    this.#resizes.disconnect();
    this.#stopListening?.();
    this.#terminal.dispose();
  }

  #send(bytes: Uint8Array): void {
    void this.#machine.api.serialInput(bytes, PORT);
  }

  #fitToParent(): void {
    if (this.#parent.clientWidth > 0 && this.#parent.clientHeight > 0) this.#fit.fit();
  }
}

// The page's pointer: one of three classes at a time, as the worker says what the guest listens to.

import type { MachineEvent, PointerDevice, PointerUse } from "../../shared/api";
import type { GuestCursor } from "../cursor";
import type { MachineClient } from "../machine-client";
import { AbsolutePointer } from "./absolute";
import type { PointerHalf, PointerHost } from "./half";
import { IntegratedPointer } from "./integrated";
import { RelativePointer } from "./relative";

export interface PointerChange {
  mode: PointerUse;
  device: PointerDevice | "none";
}

export class Pointer {
  readonly #host: PointerHost;
  readonly #machine: MachineClient;
  readonly #cursor: GuestCursor;
  readonly #onChange: (change: PointerChange) => void;
  #half: PointerHalf | undefined;
  #mode: PointerUse = "relative";
  /** The guest asks for the pointer to itself. */
  #grabbed = false;
  #stopListening: (() => void) | undefined;

  constructor(
    host: PointerHost,
    machine: MachineClient,
    cursor: GuestCursor,
    onChange: (change: PointerChange) => void,
  ) {
    this.#host = host;
    this.#machine = machine;
    this.#cursor = cursor;
    this.#onChange = onChange;
  }

  attach(): void {
    this.#stopListening = this.#machine.listen(this.#onEvent);
    const { canvas } = this.#host;
    canvas.addEventListener("contextmenu", preventDefault);
    // The side buttons would go back and forward in the browser's history, the middle one paste or scroll.
    canvas.addEventListener("mousedown", preventDefault);
    canvas.addEventListener("mouseup", preventDefault);
    canvas.addEventListener("auxclick", preventDefault);
    this.#use(this.#mode, this.#host.device);
  }

  detach(): void {
    this.#stopListening?.();
    const { canvas } = this.#host;
    for (const type of ["contextmenu", "mousedown", "mouseup", "auxclick"])
      canvas.removeEventListener(type, preventDefault);
    this.#half?.detach();
    this.#half = undefined;
  }

  /** Gives the pointer back to the page. */
  release(): void {
    this.#half?.release();
  }

  #onEvent = (event: MachineEvent): void => {
    // The screen has heard of it before, and shows the picture at its new place.
    if (event.type === "video-mode") this.#half?.again?.();
    else if (event.type === "pointer") this.#use(event.mode, event.device);
    else if (event.type === "pointer-grab") this.#grab(event.wanted);
  };

  #grab(wanted: boolean): void {
    this.#grabbed = wanted;
    this.#half?.grab?.(wanted);
  }

  #use(mode: PointerUse, device: PointerDevice | "none"): void {
    const same = this.#half && mode === this.#mode && device === this.#host.device;
    if (same) return;
    this.#half?.detach();
    this.#mode = mode;
    this.#host.device = device;
    this.#half = this.#make(mode);
    this.#half.attach();
    if (this.#grabbed) this.#half.grab?.(true);
    this.#onChange({ mode, device });
  }

  #make(mode: PointerUse): PointerHalf {
    switch (mode) {
      case "relative":
        return new RelativePointer(this.#host);
      case "absolute":
        return new AbsolutePointer(this.#host);
      case "integrated":
        return new IntegratedPointer(this.#host, this.#cursor);
    }
  }
}

function preventDefault(event: Event): void {
  event.preventDefault();
}

// PS/2 mouse through Pointer Lock: a click on the screen captures the mouse, Esc or Ctrl+Alt gives it back.

import type { PointerButtons } from "../../shared/api";
import type { MachineClient } from "../machine-client";

/** MouseEvent.button (left, middle, right, back, forward) to the bit of PointerButtons. */
const BUTTON_BITS: readonly PointerButtons[] = [1, 4, 2, 8, 16];
/** Pixels of wheel movement that make one notch, where the browser counts pixels. */
const PIXELS_PER_NOTCH = 100;
const LINES_PER_NOTCH = 3;

export class RelativePointer {
  readonly #screen: HTMLElement;
  readonly #machine: MachineClient;
  readonly #onCapture: (captured: boolean) => void;
  #buttons: PointerButtons = 0;
  #notches = 0;

  constructor(screen: HTMLElement, machine: MachineClient, onCapture: (captured: boolean) => void) {
    this.#screen = screen;
    this.#machine = machine;
    this.#onCapture = onCapture;
  }

  attach(): void {
    this.#screen.addEventListener("mousedown", this.#onDown);
    this.#screen.addEventListener("mouseup", this.#onUp);
    this.#screen.addEventListener("mousemove", this.#onMove);
    this.#screen.addEventListener("wheel", this.#onWheel, { passive: false });
    this.#screen.addEventListener("contextmenu", this.#onContextMenu);
    document.addEventListener("pointerlockchange", this.#onLockChange);
  }

  detach(): void {
    this.release();
    this.#screen.removeEventListener("mousedown", this.#onDown);
    this.#screen.removeEventListener("mouseup", this.#onUp);
    this.#screen.removeEventListener("mousemove", this.#onMove);
    this.#screen.removeEventListener("wheel", this.#onWheel);
    this.#screen.removeEventListener("contextmenu", this.#onContextMenu);
    document.removeEventListener("pointerlockchange", this.#onLockChange);
  }

  release(): void {
    if (this.#captured) document.exitPointerLock();
  }

  get #captured(): boolean {
    return document.pointerLockElement === this.#screen;
  }

  // The click that captures is not the guest's: it has no position there.
  #onDown = (event: MouseEvent): void => {
    this.#screen.focus();
    event.preventDefault();
    if (this.#captured) this.#setButtons(this.#buttons | (BUTTON_BITS[event.button] ?? 0));
    else void this.#capture();
  };

  #onUp = (event: MouseEvent): void => {
    if (this.#captured) this.#setButtons(this.#buttons & ~(BUTTON_BITS[event.button] ?? 0));
  };

  #onMove = (event: MouseEvent): void => {
    if (this.#captured) void this.#machine.api.pointerMotion(event.movementX, event.movementY);
  };

  #onWheel = (event: WheelEvent): void => {
    if (!this.#captured) return;
    event.preventDefault();
    const unit =
      event.deltaMode === WheelEvent.DOM_DELTA_PIXEL
        ? PIXELS_PER_NOTCH
        : event.deltaMode === WheelEvent.DOM_DELTA_LINE
          ? LINES_PER_NOTCH
          : 1;
    this.#notches += event.deltaY / unit;
    const whole = Math.trunc(this.#notches);
    if (whole === 0) return;
    this.#notches -= whole;
    void this.#machine.api.pointerWheel(whole);
  };

  #onContextMenu = (event: MouseEvent): void => event.preventDefault();

  #onLockChange = (): void => {
    if (!this.#captured && this.#buttons) this.#setButtons(0);
    this.#onCapture(this.#captured);
  };

  async #capture(): Promise<void> {
    try {
      // Raw motion, where the system offers it: the guest has its own acceleration.
      await this.#screen.requestPointerLock({ unadjustedMovement: true });
    } catch {
      try {
        await this.#screen.requestPointerLock();
      } catch {
        // The browser refuses for a second after Esc; the next click succeeds.
      }
    }
  }

  #setButtons(buttons: PointerButtons): void {
    this.#buttons = buttons;
    void this.#machine.api.pointerButtons(buttons);
  }
}

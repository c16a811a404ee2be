// What the hand can move over: the pad or a machine's screen. Reports of the mouse come as they are, not once a frame.

import type { Hand } from "./hand";

/** Pixels of the guest for one press of an arrow key. */
const KEY_STEP = 4;
const KEY_STEP_FAST = 40;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export interface SurfaceOptions {
  width: number;
  height: number;
  /** A replay has the hand. */
  isBusy: () => boolean;
}

export class Surface {
  readonly #element: HTMLElement;
  readonly #hand: Hand;
  readonly #options: SurfaceOptions;

  constructor(element: HTMLElement, hand: Hand, options: SurfaceOptions) {
    this.#element = element;
    this.#hand = hand;
    this.#options = options;
  }

  attach(): void {
    const element = this.#element;
    // Only pages from a safe origin get each report; elsewhere they come in bundles, once a frame.
    const move = "onpointerrawupdate" in window ? "pointerrawupdate" : "pointermove";
    element.addEventListener(move, (event) => this.#onMove(event as PointerEvent));
    element.addEventListener("pointerdown", this.#onDown);
    element.addEventListener("pointerup", this.#onUp);
    element.addEventListener("pointercancel", this.#onLeave);
    element.addEventListener("pointerleave", this.#onLeave);
    element.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** Arrow keys move, space presses. */
  attachKeys(): void {
    this.#element.addEventListener("keydown", this.#onKeyDown);
    this.#element.addEventListener("keyup", this.#onKeyUp);
    this.#element.addEventListener("blur", () => this.#hand.press(0));
  }

  get #captured(): boolean {
    return document.pointerLockElement === this.#element;
  }

  #onMove(event: PointerEvent): void {
    if (this.#options.isBusy()) return;
    const { width, height } = this.#options;
    const coalesced = event.getCoalescedEvents();
    const box = this.#element.getBoundingClientRect();
    for (const each of coalesced.length > 0 ? coalesced : [event]) {
      if (this.#captured) {
        this.#hand.move(each.movementX, each.movementY, each.timeStamp);
      } else {
        const x = (each.clientX - box.left) / box.width;
        const y = (each.clientY - box.top) / box.height;
        this.#hand.place(x * width, y * height, each.timeStamp);
      }
    }
  }

  #onDown = (event: PointerEvent): void => {
    if (this.#options.isBusy()) return;
    if (event.pointerType !== "mouse") this.#onMove(event);
    this.#hand.press(event.buttons);
  };

  #onUp = (event: PointerEvent): void => this.#hand.press(event.buttons);

  #onLeave = (): void => {
    if (!this.#options.isBusy()) this.#hand.lift();
  };

  #onKeyDown = (event: KeyboardEvent): void => {
    if (this.#options.isBusy()) return;
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = event.shiftKey ? KEY_STEP_FAST : KEY_STEP;
      this.#hand.move(arrow[0] * step, arrow[1] * step, event.timeStamp);
    } else if (event.key === " ") {
      this.#hand.press(1);
    } else {
      return;
    }
    event.preventDefault();
  };

  #onKeyUp = (event: KeyboardEvent): void => {
    if (event.key === " ") this.#hand.press(0);
  };
}

/** Raw motion, where the system offers it. @returns whether the mouse was captured */
export async function capture(element: HTMLElement): Promise<boolean> {
  try {
    await element.requestPointerLock({ unadjustedMovement: true });
    return true;
  } catch {
    try {
      await element.requestPointerLock();
      return true;
    } catch {
      return false; // refused, or Esc was pressed a moment ago
    }
  }
}

// The pointer as a place on the picture: it goes in and out of the screen freely.
//
// A finger points, too: see touch.ts.

import type { PointerHalf, PointerHost } from "./half";
import { hasFocus } from "./half";
import type { Point } from "./picture";
import { TouchPointer } from "./touch";
import { Wheel } from "./wheel";

/** Browsers tell of every motion by this event, and by `pointermove` once for each picture they draw. */
const RAW_MOTION = "onpointerrawupdate" in globalThis;

export class AbsolutePointer implements PointerHalf {
  readonly #host: PointerHost;
  readonly #wheel = new Wheel();
  readonly #touch: TouchPointer;
  #listeners = new AbortController();
  #last: Point = { x: -1, y: -1 };
  /** Where the hand rests over the picture, on the page. */
  #hand: Point | undefined;

  constructor(host: PointerHost) {
    this.#host = host;
    this.#touch = new TouchPointer({
      moveTo: (x, y, time) => this.#moveTo(x, y, time),
      press: (buttons) => host.sender.setButtons(buttons),
      wheel: (vertical, horizontal) => host.sender.wheel(vertical, horizontal),
    });
  }

  attach(): void {
    const { canvas } = this.#host;
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    canvas.addEventListener("pointerdown", this.#onDown, { signal });
    canvas.addEventListener("pointerup", this.#onUp, { signal });
    canvas.addEventListener("pointermove", this.#onMove, { signal });
    if (RAW_MOTION)
      canvas.addEventListener("pointerrawupdate", this.#onRawMotion as EventListener, { signal });
    canvas.addEventListener("pointerleave", this.#onLeave, { signal });
    canvas.addEventListener("pointercancel", this.#onLost, { signal });
    canvas.addEventListener("blur", this.#onLost, { signal });
    window.addEventListener("blur", this.#onLost, { signal });
    canvas.addEventListener("wheel", this.#onWheel, { signal, passive: false });
    // The guest that draws its own cursor needs no second one over it.
    if (this.#host.device !== "none") canvas.style.cursor = "none";
  }

  detach(): void {
    this.#listeners.abort();
    this.#touch.cancel();
    this.#host.sender.setButtons(0);
    this.#host.canvas.style.cursor = "";
  }

  release(): void {
    this.#host.sender.setButtons(0);
  }

  again(): void {
    if (!this.#hand) return;
    this.#last = { x: -1, y: -1 };
    this.#moveTo(this.#hand.x, this.#hand.y, performance.now());
  }

  #onDown = (event: PointerEvent): void => {
    const { canvas, sender } = this.#host;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    if (event.isTrusted) canvas.setPointerCapture(event.pointerId); // a drag may leave the screen
    if (event.pointerType === "touch") {
      this.#touch.down(event);
      return;
    }
    this.#moveTo(event.clientX, event.clientY, event.timeStamp);
    sender.setButtons(event.buttons, event.timeStamp);
  };

  #onUp = (event: PointerEvent): void => {
    event.preventDefault();
    if (event.pointerType === "touch") {
      this.#touch.up(event);
      return;
    }
    this.#moveTo(event.clientX, event.clientY, event.timeStamp);
    this.#host.sender.setButtons(event.buttons, event.timeStamp);
  };

  #onMove = (event: PointerEvent): void => {
    const { sender } = this.#host;
    if (event.pointerType === "touch") {
      this.#touch.move(event);
      return;
    }
    this.#moveTo(event.clientX, event.clientY, event.timeStamp);
    // A second button while one is down comes as a motion. Buttons that went down elsewhere are not the guest's.
    if (event.button !== -1) sender.setButtons(event.buttons, event.timeStamp);
    else sender.setButtons(sender.buttons & event.buttons, event.timeStamp);
  };

  #onRawMotion = (event: PointerEvent): void => {
    if (event.pointerType !== "touch") this.#moveTo(event.clientX, event.clientY, event.timeStamp);
  };

  // A fast hand is far outside at the next event: the guest's cursor goes to the edge, where it left.
  #onLeave = (event: PointerEvent): void => {
    if (event.pointerType !== "touch") this.#moveTo(event.clientX, event.clientY, event.timeStamp);
    this.#hand = undefined;
  };

  #onLost = (): void => {
    this.#touch.cancel();
    this.#host.sender.setButtons(0);
  };

  #onWheel = (event: WheelEvent): void => {
    const { canvas, sender } = this.#host;
    if (!hasFocus(canvas)) return;
    event.preventDefault();
    const { vertical, horizontal } = this.#wheel.notches(event);
    sender.wheel(vertical, horizontal, event.timeStamp);
  };

  #moveTo(clientX: number, clientY: number, timeStamp: number): void {
    const { picture, sender } = this.#host;
    this.#hand = { x: clientX, y: clientY };
    const { x, y } = picture.middle(picture.pixel(clientX, clientY));
    if (x === this.#last.x && y === this.#last.y && sender.isAt(x, y)) return;
    this.#last = { x, y };
    sender.position(x, y, timeStamp);
  }
}

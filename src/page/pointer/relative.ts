// The pointer as motion, through Pointer Lock: a click on the screen captures the mouse, Esc or Ctrl+Alt gives it back.
//
// Motion is in the guest's pixels: without acceleration in the guest its cursor goes as far over the glass as the hand's would.

import { hasFocus, type PointerHalf, type PointerHost } from "./half";
import { TrackPad } from "./touch";
import { Wheel } from "./wheel";

const EXPLAIN_CAPTURE = "Click to give the mouse to the guest.";
const EXPLAIN_GRAB = "The guest asks for the mouse. Click the screen to give it.";
const EXPLAIN_ESCAPE = "The mouse is the guest's. Esc gives it back.";
const EXPLAIN_TOUCH = "Swipe to move the guest's pointer, tap to click.";
/** Browsers refuse for a moment after Esc, so that a page cannot keep the mouse. */
const EXPLAIN_REFUSED =
  "The browser did not hand over the mouse. Wait a second after Esc, then click again.";
const EXPLAIN_FORBIDDEN =
  'This page is not allowed to capture the mouse (a frame needs allow="pointer-lock" or the sandbox flag allow-pointer-lock).';
/** How long Esc is explained. */
const EXPLAIN_MS = 4000;

export class RelativePointer implements PointerHalf {
  readonly #host: PointerHost;
  readonly #wheel = new Wheel();
  readonly #trackPad: TrackPad;
  #listeners = new AbortController();
  #explained: number | undefined;
  /** The guest asks for the mouse. */
  #wanted = false;
  /** What is left of the motion below one count. */
  #restX = 0;
  #restY = 0;
  /** Motion already told by raw events since the last `pointermove`, which tells all of it again. */
  #rawX = 0;
  #rawY = 0;

  constructor(host: PointerHost) {
    this.#host = host;
    this.#trackPad = new TrackPad({
      moveBy: (dx, dy, time) => this.#move(dx, dy, time),
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
    canvas.addEventListener("pointerrawupdate", this.#onRawMotion as EventListener, { signal });
    canvas.addEventListener("pointerenter", this.#onEnter, { signal });
    canvas.addEventListener("pointerleave", this.#onLeave, { signal });
    canvas.addEventListener("pointercancel", this.#onLost, { signal });
    canvas.addEventListener("blur", this.#onLost, { signal });
    canvas.addEventListener("wheel", this.#onWheel, { signal, passive: false });
    document.addEventListener("pointerlockchange", this.#onLockChange, { signal });
  }

  detach(): void {
    this.release();
    this.#listeners.abort();
    this.#trackPad.cancel();
    window.clearTimeout(this.#explained);
    this.#host.sender.setButtons(0);
    this.#host.explain(undefined);
    this.#host.captured(false);
  }

  release(): void {
    if (this.#captured) document.exitPointerLock();
  }

  // Browsers let a page capture the mouse soon after the user has done something on it, and refuse otherwise.
  grab(wanted: boolean): void {
    this.#wanted = wanted;
    if (!wanted) {
      this.release();
      this.#explainIdle();
    } else if (!this.#captured) {
      this.#explainIdle();
      const { userActivation } = navigator as Partial<Navigator>;
      if (userActivation?.isActive && hasFocus(this.#host.canvas)) void this.#capture(EXPLAIN_GRAB);
    }
  }

  /** What is said while the mouse is the page's. */
  #explainIdle(): void {
    this.#host.explain(this.#wanted ? EXPLAIN_GRAB : undefined);
  }

  /** In a shadow tree the document names the host instead; the tree itself knows. */
  get #captured(): boolean {
    const root = this.#host.canvas.getRootNode() as Document | ShadowRoot;
    return root.pointerLockElement === this.#host.canvas;
  }

  // The click that captures is not the guest's: it has no position there.
  #onDown = (event: PointerEvent): void => {
    const { canvas, sender, device } = this.#host;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    if (event.pointerType === "touch") {
      this.#host.explain(undefined);
      if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
      this.#trackPad.down(event);
    } else if (this.#captured) {
      sender.setButtons(event.buttons, event.timeStamp);
    } else if (device !== "none") {
      void this.#capture();
    }
  };

  #onUp = (event: PointerEvent): void => {
    event.preventDefault();
    if (event.pointerType === "touch") this.#trackPad.up(event);
    else if (this.#captured)
      this.#host.sender.setButtons(this.#host.sender.buttons & event.buttons, event.timeStamp);
  };

  #onMove = (event: PointerEvent): void => {
    if (event.pointerType === "touch") {
      this.#trackPad.move(event);
      return;
    }
    if (!this.#captured) return;
    const [dx, dy] = [event.movementX - this.#rawX, event.movementY - this.#rawY];
    this.#rawX = 0;
    this.#rawY = 0;
    this.#move(dx, dy, event.timeStamp);
    // A second button while one is down comes as a motion.
    if (event.button !== -1) this.#host.sender.setButtons(event.buttons, event.timeStamp);
  };

  #onRawMotion = (event: PointerEvent): void => {
    if (!this.#captured || event.pointerType === "touch") return;
    this.#rawX += event.movementX;
    this.#rawY += event.movementY;
    this.#move(event.movementX, event.movementY, event.timeStamp);
  };

  #onEnter = (event: PointerEvent): void => {
    if (this.#captured || this.#host.device === "none") return;
    const mouse = this.#wanted ? EXPLAIN_GRAB : EXPLAIN_CAPTURE;
    this.#host.explain(event.pointerType === "touch" ? EXPLAIN_TOUCH : mouse);
  };

  #onLeave = (): void => {
    if (!this.#captured) this.#explainIdle();
  };

  #onLost = (): void => {
    this.#trackPad.cancel();
    this.#host.sender.setButtons(0);
  };

  #onWheel = (event: WheelEvent): void => {
    if (!this.#captured) return;
    event.preventDefault();
    const { vertical, horizontal } = this.#wheel.notches(event);
    this.#host.sender.wheel(vertical, horizontal, event.timeStamp);
  };

  #onLockChange = (): void => {
    const captured = this.#captured;
    window.clearTimeout(this.#explained);
    this.#rawX = 0;
    this.#rawY = 0;
    if (!captured) this.#host.sender.setButtons(0);
    if (captured) this.#host.explain(EXPLAIN_ESCAPE);
    else this.#explainIdle();
    if (captured)
      this.#explained = window.setTimeout(() => this.#host.explain(undefined), EXPLAIN_MS);
    this.#host.captured(captured);
  };

  /** `refused`: what is said when the browser does not want to now. */
  async #capture(refused = EXPLAIN_REFUSED): Promise<void> {
    const { canvas } = this.#host;
    try {
      // Raw motion, where the system offers it: the guest has its own acceleration.
      await canvas.requestPointerLock({ unadjustedMovement: true });
    } catch {
      try {
        await canvas.requestPointerLock();
      } catch (error) {
        const forbidden = error instanceof DOMException && /sandbox|permission|policy/i.test(error.message); // prettier-ignore
        this.#host.explain(forbidden ? EXPLAIN_FORBIDDEN : refused);
      }
    }
  }

  #move(dx: number, dy: number, timeStamp: number): void {
    const { picture, sender } = this.#host;
    const { scale } = picture;
    this.#restX += dx / scale;
    this.#restY += dy / scale;
    const [x, y] = [Math.trunc(this.#restX), Math.trunc(this.#restY)];
    if (x === 0 && y === 0) return;
    this.#restX -= x;
    this.#restY -= y;
    sender.motion(x, y, timeStamp);
  }
}

// The one hand that moves all three machines: over the pad, over a screen, captured by the relative machine, or replayed.

import { WholeCounts } from "./measure/virtual-host";
import type { Position } from "./measure/position";

export interface HandInput {
  /** Fractions of the picture. */
  x: number;
  y: number;
  /** Whole counts since the last input, one for each pixel of the guest. */
  counts: Position;
  /** When the browser had the event, and when this page did; performance.now(). */
  event: number;
  handler: number;
}

export interface HandListener {
  handMoved(input: HandInput): void;
  handButtons(buttons: number): void;
}

const MIDDLE = 0.5;

export class Hand {
  readonly #width: number;
  readonly #height: number;
  readonly #listeners: HandListener[] = [];
  readonly #counts = new WholeCounts();
  /** In pixels of the guest, not rounded. */
  #x: number;
  #y: number;
  #buttons = 0;
  /** The hand was lifted: where it comes down next is no movement. */
  #lifted = true;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#x = width * MIDDLE;
    this.#y = height * MIDDLE;
  }

  listen(listener: HandListener): void {
    this.#listeners.push(listener);
  }

  get position(): Position {
    return { x: Math.floor(this.#x), y: Math.floor(this.#y) };
  }

  get buttons(): number {
    return this.#buttons;
  }

  /** The hand is at this place of the guest's screen. */
  place(x: number, y: number, event: number): void {
    const [toX, toY] = [inside(x, this.#width), inside(y, this.#height)];
    const counts = this.#lifted ? { x: 0, y: 0 } : this.#counts.take(toX - this.#x, toY - this.#y);
    this.#lifted = false;
    this.#x = toX;
    this.#y = toY;
    this.#tell(counts, event);
  }

  /** The hand was moved by this much. Beyond the edges only the relative machine hears of it. */
  move(dx: number, dy: number, event: number): void {
    this.#lifted = false;
    this.#x = inside(this.#x + dx, this.#width);
    this.#y = inside(this.#y + dy, this.#height);
    this.#tell(this.#counts.take(dx, dy), event);
  }

  press(buttons: number): void {
    if (buttons === this.#buttons) return;
    this.#buttons = buttons;
    for (const listener of this.#listeners) listener.handButtons(buttons);
  }

  lift(): void {
    this.#lifted = true;
    this.press(0);
  }

  #tell(counts: Position, event: number): void {
    const input = {
      x: this.#x / this.#width,
      y: this.#y / this.#height,
      counts,
      event,
      handler: performance.now(),
    };
    for (const listener of this.#listeners) listener.handMoved(input);
  }
}

/** The last pixel ends just before the edge. */
function inside(value: number, size: number): number {
  return Math.min(size - 1e-6, Math.max(0, value));
}

// Wheel movement in notches, whatever unit the browser counts in.

/** Pixels of movement that make one notch. */
const PIXELS_PER_NOTCH = 100;
const LINES_PER_NOTCH = 3;
/** WheelEvent.deltaMode. */
const MODE_PIXELS = 0;
const MODE_LINES = 1;

/** What a wheel event tells. */
export interface WheelMotion {
  deltaX: number;
  deltaY: number;
  deltaMode: number;
}

export class Wheel {
  #vertical = 0;
  #horizontal = 0;

  /** Whole notches; the rest is kept for the next time. */
  notches({ deltaX, deltaY, deltaMode }: WheelMotion): { vertical: number; horizontal: number } {
    const unit =
      deltaMode === MODE_PIXELS ? PIXELS_PER_NOTCH : deltaMode === MODE_LINES ? LINES_PER_NOTCH : 1;
    this.#vertical = rounded(this.#vertical + deltaY / unit);
    this.#horizontal = rounded(this.#horizontal + deltaX / unit);
    const vertical = Math.trunc(this.#vertical);
    const horizontal = Math.trunc(this.#horizontal);
    this.#vertical -= vertical;
    this.#horizontal -= horizontal;
    return { vertical, horizontal };
  }
}

/** Many small parts of a notch make a whole one, whatever binary fractions do to their sum. */
function rounded(notches: number): number {
  return Math.round(notches * 1e6) / 1e6;
}

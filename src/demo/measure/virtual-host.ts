// The host's cursor where there is none: in relative mode the host has only counts of movement.
//
// Its position is the place of a synchronisation (host and guest agreed there) plus all counts since, held inside the guest's
// screen as the guest holds its own cursor.

import type { Position } from "./position";

export class VirtualHost {
  readonly #width: number;
  readonly #height: number;
  #x: number;
  #y: number;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#x = width >> 1;
    this.#y = height >> 1;
  }

  get position(): Position {
    return { x: this.#x, y: this.#y };
  }

  synchronise({ x, y }: Position): void {
    this.#x = clamp(x, this.#width);
    this.#y = clamp(y, this.#height);
  }

  move(dx: number, dy: number): void {
    this.#x = clamp(this.#x + dx, this.#width);
    this.#y = clamp(this.#y + dy, this.#height);
  }
}

function clamp(value: number, size: number): number {
  return Math.min(size - 1, Math.max(0, value));
}

/** Whole counts out of movements that are not whole: what is left over goes into the next one. */
export class WholeCounts {
  #x = 0;
  #y = 0;

  take(dx: number, dy: number): Position {
    const x = Math.trunc(this.#x + dx);
    const y = Math.trunc(this.#y + dy);
    this.#x += dx - x;
    this.#y += dy - y;
    return { x, y };
  }
}

// Pixel truth: where the guest's cursor is in the picture, found by its pixels.
//
// Pillion's test cursor (cursor=test) is a sprite of opaque pixels in colours that nothing else on its desktop has. Every visible
// pixel must match exactly. The sprite may be cut off at the edges of the screen as long as its hot spot is inside. A part of it
// can look like a sprite that is cut off there, so the match with most pixels counts.

import type { Pixels } from "../../shared/api";
import type { Position } from "./position";

export interface Sprite {
  width: number;
  height: number;
  /** The hot spot; candidates are found by the colour of its pixel. */
  hotX: number;
  hotY: number;
  /** 0xRRGGBB, row by row. */
  colours: readonly number[];
}

/** The guest's whole picture, put together from the rectangles that changed. */
export class FrameCopy {
  width = 0;
  height = 0;
  pixels = new Uint32Array(0);

  setSize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.pixels = new Uint32Array(width * height);
  }

  draw(x: number, y: number, { width, height, data }: Pixels): void {
    const source = new Uint32Array(data.buffer, data.byteOffset, width * height);
    for (let row = 0; row < height && y + row < this.height; row++) {
      const line = source.subarray(row * width, row * width + Math.min(width, this.width - x));
      this.pixels.set(line, (y + row) * this.width + x);
    }
  }
}

const OPAQUE = 0xff_ff_ff;
/** A cursor moves this far between two frames at most, as a rule; else the whole picture is searched. */
const NEAR = 96;

export class SpriteFinder {
  readonly #sprite: Sprite;
  /** As the picture has them: R in the lowest byte; alpha does not count. */
  readonly #colours: Uint32Array;
  readonly #anchor: number;
  #last: Position | undefined;
  /** For tests and statistics: how often the whole picture had to be searched. */
  fullSearches = 0;

  constructor(sprite: Sprite) {
    this.#sprite = sprite;
    this.#colours = Uint32Array.from(sprite.colours, swapRedAndBlue);
    this.#anchor = this.#colours[sprite.hotY * sprite.width + sprite.hotX] ?? 0;
  }

  /** Where the hot spot is; undefined when the sprite is not in the picture. */
  find(picture: FrameCopy): Position | undefined {
    const last = this.#last;
    if (last && this.#matching(picture, last.x, last.y) === this.#colours.length) return last;
    const near =
      last && this.#search(picture, last.x - NEAR, last.y - NEAR, last.x + NEAR, last.y + NEAR);
    this.#last = near ?? this.#searchAll(picture);
    return this.#last;
  }

  #searchAll(picture: FrameCopy): Position | undefined {
    this.fullSearches++;
    return this.#search(picture, 0, 0, picture.width - 1, picture.height - 1);
  }

  #search(
    picture: FrameCopy,
    left: number,
    top: number,
    right: number,
    bottom: number,
  ): Position | undefined {
    const { width, height, pixels } = picture;
    const first = Math.max(0, left);
    const last = Math.min(width - 1, right);
    let best: Position | undefined;
    let most = 0;
    for (let y = Math.max(0, top); y <= Math.min(height - 1, bottom); y++) {
      const row = y * width;
      for (let x = first; x <= last; x++) {
        if (((pixels[row + x] ?? 0) & OPAQUE) !== this.#anchor) continue;
        const matching = this.#matching(picture, x, y);
        if (matching <= most) continue;
        most = matching;
        best = { x, y };
        if (most === this.#colours.length) return best;
      }
    }
    return best;
  }

  /** How many pixels of a sprite with its hot spot there are visible; 0 when one of them is not the sprite's. */
  #matching({ width, height, pixels }: FrameCopy, hotX: number, hotY: number): number {
    const sprite = this.#sprite;
    const left = hotX - sprite.hotX;
    const top = hotY - sprite.hotY;
    let matching = 0;
    for (let row = Math.max(0, -top); row < sprite.height && top + row < height; row++)
      for (
        let column = Math.max(0, -left);
        column < sprite.width && left + column < width;
        column++
      ) {
        const seen = (pixels[(top + row) * width + left + column] ?? 0) & OPAQUE;
        if (seen !== this.#colours[row * sprite.width + column]) return 0;
        matching++;
      }
    return matching;
  }
}

function swapRedAndBlue(colour: number): number {
  return ((colour & 0xff) << 16) | (colour & 0xff00) | ((colour >>> 16) & 0xff);
}

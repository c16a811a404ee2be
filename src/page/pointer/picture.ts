// Where a point of the page is in the guest's picture, whatever lies between: zoom, scrolling, letterboxes, transforms.
//
// Four points without size stand on the picture's corners. The browser tells where it shows them, and a picture that was
// scaled, turned or tilted by CSS is a quadrilateral: its inverse gives the place inside.

export interface Point {
  x: number;
  y: number;
}

/** Upper left, upper right, lower right, lower left. */
export type Quad = readonly [Point, Point, Point, Point];

/** A point just below a boundary of two pixels by rounding alone belongs to the next. */
const ROUNDING = 1e-6;

export class Picture {
  readonly #corners: readonly HTMLElement[];
  #width: number;
  #height: number;

  /** `corners` in the order of Quad; the size in pixels of the guest. */
  constructor(corners: readonly HTMLElement[], width: number, height: number) {
    this.#corners = corners;
    this.#width = width;
    this.#height = height;
  }

  get width(): number {
    return this.#width;
  }

  get height(): number {
    return this.#height;
  }

  /** @returns whether that is another size than before */
  setSize(width: number, height: number): boolean {
    if (width === this.#width && height === this.#height) return false;
    this.#width = width;
    this.#height = height;
    return true;
  }

  /** The corners on the page, in CSS pixels of its viewport. */
  get quad(): Quad {
    const [a, b, c, d] = this.#corners.map((corner) => {
      const { x, y } = corner.getBoundingClientRect();
      return { x, y };
    });
    if (!a || !b || !c || !d) throw new Error("A picture has four corners.");
    return [a, b, c, d];
  }

  /** Fractions of the picture's width and height; outside of it below 0 or above 1. */
  fraction(clientX: number, clientY: number): Point {
    return inverse(this.quad, { x: clientX, y: clientY });
  }

  /** The pixel of the guest's screen under a point of the page; the nearest one for a point outside. */
  pixel(clientX: number, clientY: number): Point {
    const { x, y } = this.fraction(clientX, clientY);
    return { x: pixelOf(x, this.width), y: pixelOf(y, this.height) };
  }

  /** The fraction that is the middle of a pixel: no rounding on the way makes another of it. */
  middle({ x, y }: Point): Point {
    return { x: (x + 0.5) / this.width, y: (y + 0.5) / this.height };
  }

  /** CSS pixels of the page for one of the guest's, along its rows. */
  get scale(): number {
    const [a, b] = this.quad;
    return Math.hypot(b.x - a.x, b.y - a.y) / this.width || 1;
  }

  /** Neither turned nor tilted. */
  get upright(): boolean {
    const [a, b, c, d] = this.quad;
    const straight = (one: number, other: number): boolean => Math.abs(one - other) < 0.1;
    return straight(a.y, b.y) && straight(b.x, c.x) && straight(c.y, d.y) && straight(d.x, a.x) && a.x < b.x && a.y < d.y; // prettier-ignore
  }
}

function pixelOf(fraction: number, length: number): number {
  return Math.min(length - 1, Math.max(0, Math.floor(fraction * length + ROUNDING)));
}

/** The point of the unit square that a projection onto the quadrilateral puts at `point`. */
export function inverse([p0, p1, p2, p3]: Quad, { x, y }: Point): Point {
  const dx1 = p1.x - p2.x;
  const dx2 = p3.x - p2.x;
  const dy1 = p1.y - p2.y;
  const dy2 = p3.y - p2.y;
  const sx = p0.x - p1.x + p2.x - p3.x;
  const sy = p0.y - p1.y + p2.y - p3.y;
  const area = dx1 * dy2 - dx2 * dy1;
  if (area === 0) return { x: 0, y: 0 }; // not shown
  const g = (sx * dy2 - dx2 * sy) / area;
  const h = (dx1 * sy - sx * dy1) / area;
  // x = (a u + b v + p0.x) / (g u + h v + 1), and y alike: two linear equations for u and v.
  const a = p1.x - p0.x + g * p1.x - g * x;
  const b = p3.x - p0.x + h * p3.x - h * x;
  const d = p1.y - p0.y + g * p1.y - g * y;
  const e = p3.y - p0.y + h * p3.y - h * y;
  const determinant = a * e - b * d;
  if (determinant === 0) return { x: 0, y: 0 };
  return {
    x: ((x - p0.x) * e - b * (y - p0.y)) / determinant,
    y: (a * (y - p0.y) - (x - p0.x) * d) / determinant,
  };
}

import { expect, test } from "vitest";
import { inverse, type Quad } from "./picture";

function expectPoint(quad: Quad, x: number, y: number, u: number, v: number): void {
  const found = inverse(quad, { x, y });
  expect(found.x).toBeCloseTo(u, 9);
  expect(found.y).toBeCloseTo(v, 9);
}

test("a picture that lies straight", () => {
  const quad: Quad = [
    { x: 10.5, y: 20 },
    { x: 110.5, y: 20 },
    { x: 110.5, y: 70 },
    { x: 10.5, y: 70 },
  ];
  expectPoint(quad, 10.5, 20, 0, 0);
  expectPoint(quad, 60.5, 45, 0.5, 0.5);
  expectPoint(quad, 0.5, 80, -0.1, 1.2);
});

test("a picture that was turned and scaled", () => {
  const turn = (u: number, v: number) => ({
    x: 300 + 200 * u * Math.cos(0.5) - 100 * v * Math.sin(0.5),
    y: 50 + 200 * u * Math.sin(0.5) + 100 * v * Math.cos(0.5),
  });
  const quad: Quad = [turn(0, 0), turn(1, 0), turn(1, 1), turn(0, 1)];
  const { x, y } = turn(0.3, 0.8);
  expectPoint(quad, x, y, 0.3, 0.8);
});

test("a picture that was tilted: its middle is where the diagonals cross", () => {
  const quad: Quad = [
    { x: 0, y: 0 },
    { x: 100, y: 0 },
    { x: 80, y: 50 },
    { x: 20, y: 50 },
  ];
  // The diagonals (0,0)-(80,50) and (100,0)-(20,50) cross at x = 50.
  expectPoint(quad, 50, 31.25, 0.5, 0.5);
  expectPoint(quad, 100, 0, 1, 0);
});

test("a picture that is not shown has no inside", () => {
  const nowhere = { x: 0, y: 0 };
  expect(inverse([nowhere, nowhere, nowhere, nowhere], { x: 5, y: 5 })).toEqual(nowhere);
});

import { expect, test } from "vitest";
import { Wheel } from "./wheel";

test("a notch of a mouse wheel is a notch", () => {
  const wheel = new Wheel();
  expect(wheel.notches({ deltaX: 0, deltaY: 100, deltaMode: 0 })).toEqual({ vertical: 1, horizontal: 0 }); // prettier-ignore
  expect(wheel.notches({ deltaX: 0, deltaY: -3, deltaMode: 1 }).vertical).toBe(-1);
  expect(wheel.notches({ deltaX: 2, deltaY: 0, deltaMode: 2 }).horizontal).toBe(2);
});

test("the small steps of a touch pad add up", () => {
  const wheel = new Wheel();
  let sum = 0;
  for (let step = 0; step < 25; step++)
    sum += wheel.notches({ deltaX: 0, deltaY: 8, deltaMode: 0 }).vertical;
  expect(sum).toBe(2);
});

import { expect, test } from "vitest";
import { measureDistance } from "./distance";
import { PositionHistory } from "./position";

function hand(): PositionHistory {
  const history = new PositionHistory();
  history.add({ time: 0, x: 100, y: 100 });
  for (let time = 500; time <= 600; time += 8) history.add({ time, x: time - 396, y: 100 });
  return history; // stops at 596, x = 200
}

test("rest, movement and what is between are told apart", () => {
  const phase = (time: number): string | undefined =>
    measureDistance(hand(), { x: 0, y: 0 }, time)?.phase;
  expect(phase(149)).toBe("settling");
  expect(phase(150)).toBe("static");
  expect(phase(504)).toBe("dynamic");
  expect(phase(640)).toBe("dynamic");
  expect(phase(700)).toBe("settling");
  expect(phase(746)).toBe("static");
});

test("the distance is the one between what the guest shows and where the hand is at that time", () => {
  expect(measureDistance(hand(), { x: 103, y: 104 }, 300)).toEqual({
    time: 300,
    distance: 5,
    phase: "static",
  });
  expect(measureDistance(hand(), { x: 100, y: 100 }, 550)?.distance).toBe(52);
});

test("before the hand is known there is no distance", () => {
  expect(measureDistance(hand(), { x: 0, y: 0 }, -1)).toBeUndefined();
});

// A simulated guest whose lag and gain are known.

import { expect, test } from "vitest";
import { estimateLag } from "./lag";
import { PositionHistory, type Sample } from "./position";
import { strokes } from "./trace";

const FRAME = 1000 / 60;

interface Simulation {
  lag: number;
  gain?: number;
  /** The device is polled so often; the newest position wins. */
  poll?: number;
  frames?: number;
}

/** The hand reports 125 times a second; the guest shows each position `lag` later, at the next frame. */
function simulate({ lag, gain = 1, poll = 0, frames = 90 }: Simulation): {
  hand: PositionHistory;
  seen: Sample[];
} {
  const hand = new PositionHistory();
  for (const { time, x, y } of strokes({ seed: 3 }).samples) hand.add({ time: time + 1000, x, y });
  const seen: Sample[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const time = 1500 + frame * FRAME;
    const polled = poll ? Math.floor((time - lag) / poll) * poll : time - lag;
    const { x, y } = hand.at(polled) ?? { x: 0, y: 0 };
    seen.push({ time, x: x * gain, y: y * gain });
  }
  return { hand, seen };
}

test.each([0, 7, 16, 33, 80, 250])("a lag of %i ms is found", (lag) => {
  const { hand, seen } = simulate({ lag });
  expect(Math.abs((estimateLag(hand, seen)?.lag ?? NaN) - lag)).toBeLessThanOrEqual(3);
});

test("a lag is found among the noise of a busy computer", () => {
  const { hand } = simulate({ lag: 0 });
  const seen: Sample[] = [];
  for (let frame = 0; frame < 90; frame++) {
    const noise = ((frame * 7919) % 13) - 6; // some frames show an older position, some a newer one
    const time = 1500 + frame * FRAME;
    const { x, y } = hand.at(time - 45 - noise) ?? { x: 0, y: 0 };
    seen.push({ time, x, y });
  }
  expect(Math.abs((estimateLag(hand, seen)?.lag ?? NaN) - 45)).toBeLessThanOrEqual(6);
});

test("a gain does not pass for lag", () => {
  for (const gain of [0.5, 2, 3]) {
    const { hand, seen } = simulate({ lag: 40, gain });
    const estimate = estimateLag(hand, seen);
    expect(estimate?.gain).toBeCloseTo(gain, 1);
    expect(Math.abs((estimate?.lag ?? NaN) - 40)).toBeLessThanOrEqual(3);
  }
});

test("a device that is polled every 8 ms adds half of that", () => {
  const without = simulate({ lag: 20, frames: 200 });
  const polled = simulate({ lag: 20, poll: 8, frames: 200 });
  const [fast, slow] = [without, polled].map(({ hand, seen }) => estimateLag(hand, seen)?.lag ?? 0);
  expect((slow ?? 0) - (fast ?? 0)).toBeGreaterThan(1);
  expect((slow ?? 0) - (fast ?? 0)).toBeLessThan(8);
});

test("a hand at rest has no lag to tell", () => {
  const hand = new PositionHistory();
  hand.add({ time: 0, x: 5, y: 5 });
  const seen = Array.from({ length: 60 }, (_, index) => ({
    time: 500 + index * FRAME,
    x: 5,
    y: 5,
  }));
  expect(estimateLag(hand, seen)).toBeUndefined();
});

test("a cursor that goes its own way has no lag to tell", () => {
  const { hand, seen } = simulate({ lag: 30 });
  const strange = seen.map(({ time }, index) => ({
    time,
    x: (index * 7919) % 500,
    y: (index * 104729) % 300,
  }));
  expect(estimateLag(hand, strange)).toBeUndefined();
});

test("frames from before the hand was known are not guessed at", () => {
  const { hand, seen } = simulate({ lag: 30 });
  const early = seen.map((sample) => ({ ...sample, time: sample.time - 2000 }));
  expect(estimateLag(hand, early)).toBeUndefined();
});

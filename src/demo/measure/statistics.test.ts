import { expect, test } from "vitest";
import { distribution, quantile, summarise, weightedMedian } from "./statistics";

test("median and percentile, by values computed by hand", () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([7], 0.95)).toBe(7);
  expect(
    quantile(
      Array.from({ length: 101 }, (_, index) => 100 - index),
      0.95,
    ),
  ).toBe(95);
  expect(summarise([3, 1, 2])).toEqual({ count: 3, median: 2, p95: 2.9, maximum: 3 });
  expect(summarise([])).toBeUndefined();
});

test("the weighted median minimises the weighted sum of distances", () => {
  const items = [
    { value: 1, weight: 1 },
    { value: 2, weight: 5 },
    { value: 10, weight: 2 },
    { value: -4, weight: 3 },
  ];
  const cost = (at: number): number =>
    items.reduce((sum, { value, weight }) => sum + weight * Math.abs(value - at), 0);
  const found = weightedMedian(items);
  for (let other = -10; other <= 12; other += 0.25)
    expect(cost(found)).toBeLessThanOrEqual(cost(other));
  expect(weightedMedian([{ value: 1, weight: 0 }])).toBeNaN();
});

test("the distribution rises to 1", () => {
  expect(distribution([2, 1])).toEqual([
    { value: 1, share: 0.5 },
    { value: 2, share: 1 },
  ]);
});

import { expect, test } from "vitest";
import { PositionHistory } from "./position";

test("a position holds until the next one", () => {
  const history = new PositionHistory();
  history.add({ time: 10, x: 1, y: 2 });
  history.add({ time: 20, x: 3, y: 4 });
  expect(history.at(9.9)).toBeUndefined();
  expect(history.at(10)).toMatchObject({ x: 1, y: 2 });
  expect(history.at(19.9)).toMatchObject({ x: 1, y: 2 });
  expect(history.at(1000)).toMatchObject({ x: 3, y: 4 });
});

test("reports that repeat a position do not end its rest", () => {
  const history = new PositionHistory();
  history.add({ time: 0, x: 0, y: 0 });
  history.add({ time: 10, x: 5, y: 5 });
  history.add({ time: 200, x: 5, y: 5 });
  expect(history.restingSince(300)).toBe(10);
  expect(history.restingSince(5)).toBe(0);
  expect(history.restingSince(-1)).toBeUndefined();
});

test("samples between two times", () => {
  const history = new PositionHistory();
  for (let time = 0; time <= 50; time += 10) history.add({ time, x: time, y: 0 });
  const times = (from: number, to: number): number[] =>
    history.between(from, to).map(({ time }) => time);
  expect(times(10, 30)).toEqual([10, 20, 30]);
  expect(times(11, 29)).toEqual([20]);
  expect(times(-5, 5)).toEqual([0]);
});

test("what is old is forgotten, but not the position that holds at the oldest time", () => {
  const history = new PositionHistory(100);
  for (let time = 0; time <= 1000; time += 10) history.add({ time, x: time, y: 0 });
  expect(history.samples.length).toBeLessThan(30);
  expect(history.at(900)).toMatchObject({ x: 900 });
});

test("a late report does not go back in time", () => {
  const history = new PositionHistory();
  history.add({ time: 20, x: 1, y: 1 });
  history.add({ time: 15, x: 2, y: 2 });
  expect(history.last).toEqual({ time: 20, x: 2, y: 2 });
  expect(history.at(20)).toMatchObject({ x: 2 });
});

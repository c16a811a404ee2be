import { expect, test } from "vitest";
import { EventPath } from "./event-path";

test("an event is followed to the frame that shows where the guest drew its cursor", () => {
  const path = new EventPath();
  path.begin(1, { event: 0, handler: 1, stored: 1.5 });
  path.taken(1, 5);
  path.drawn({ x: 7, y: 8 }, 6);
  path.moved({ x: 7, y: 8 }, { published: 9, shown: 16 });
  expect(path.finished).toEqual([
    { event: 0, handler: 1, stored: 1.5, taken: 5, drawn: 6, published: 9, shown: 16 },
  ]);
  const { whole, steps, count } = path.summary();
  expect(count).toBe(1);
  expect(whole?.median).toBe(16);
  expect(steps.taken?.median).toBe(3.5);
  expect(steps.shown?.median).toBe(7);
  expect(steps.event).toBeUndefined();
});

test("of merged events the newest is followed", () => {
  const path = new EventPath();
  for (const id of [1, 2, 3, 4]) path.begin(id, { event: id });
  path.taken(3, 10);
  path.moved({ x: 1, y: 1 }, { shown: 20 });
  expect(path.finished).toEqual([{ event: 3, taken: 10, shown: 20 }]);
  path.taken(4, 21);
  path.moved({ x: 2, y: 2 }, { shown: 30 });
  expect(path.finished).toHaveLength(2);
});

test("a frame that was on its way when the guest took the event does not show it", () => {
  const path = new EventPath();
  path.begin(1, { event: 0 });
  path.taken(1, 10);
  path.moved({ x: 1, y: 1 }, { published: 9, shown: 16 });
  expect(path.finished).toEqual([]);
  path.moved({ x: 2, y: 1 }, { published: 20, shown: 33 });
  expect(path.finished).toHaveLength(1);
});

test("a frame shows the newest drawing at its place, and what was drawn before is past", () => {
  const path = new EventPath();
  for (const id of [1, 2, 3]) {
    path.begin(id, { event: id });
    path.taken(id, 10 + id);
    path.drawn({ x: id, y: 0 }, 20 + id);
  }
  path.moved({ x: 2, y: 0 }, { shown: 30 });
  path.moved({ x: 3, y: 0 }, { shown: 46 });
  expect(path.finished.map(({ event }) => event)).toEqual([2, 3]);
});

test("events that nobody takes are forgotten in the end", () => {
  const path = new EventPath();
  for (let id = 1; id <= 2000; id++) path.begin(id, { event: id });
  path.taken(1, 5000);
  path.moved({ x: 1, y: 1 }, { shown: 5001 });
  expect(path.finished).toEqual([]);
  path.taken(2000, 5002);
  path.moved({ x: 2, y: 1 }, { shown: 5003 });
  expect(path.finished).toHaveLength(1);
});

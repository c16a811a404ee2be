import { expect, test } from "vitest";
import { VirtualHost, WholeCounts } from "./virtual-host";

test("the virtual cursor adds up counts and stops at the edges as the guest's does", () => {
  const host = new VirtualHost(1024, 768);
  host.synchronise({ x: 0, y: 0 });
  host.move(10, 20);
  expect(host.position).toEqual({ x: 10, y: 20 });
  host.move(-50, 5000);
  expect(host.position).toEqual({ x: 0, y: 767 });
  host.move(3, -1);
  expect(host.position).toEqual({ x: 3, y: 766 });
});

test("no part of a count is lost", () => {
  const counts = new WholeCounts();
  let sum = 0;
  for (let move = 0; move < 1000; move++) sum += counts.take(0.3, 0).x;
  expect(sum).toBeGreaterThanOrEqual(299);
  expect(sum).toBeLessThanOrEqual(300);
  expect(counts.take(0, -0.5)).toEqual({ x: 0, y: -0 });
  expect(counts.take(0, -0.5).y).toBe(-1);
});

import { expect, test } from "vitest";
import { Extents } from "./extents";
import { randomNumbers } from "./testing/exerciser";

test("changed ranges over each other give what was written last, and know what they cover", () => {
  const random = randomNumbers(7);
  for (let round = 0; round < 200; round++) {
    const extents = new Extents();
    const model = Array.from({ length: 300 }, () => -1);
    for (let step = 0; step < 40; step++) {
      const from = random(280);
      const length = 1 + random(20);
      if (random(5) === 0) {
        extents.cut(from, from + length);
        model.fill(-1, from, from + length);
      } else {
        const bytes = Uint8Array.from({ length }, () => random(256));
        extents.put(from, bytes);
        bytes.forEach((byte, index) => (model[from + index] = byte));
      }
    }
    const got = new Uint8Array(300);
    extents.copyTo(0, got);
    expect([...got]).toEqual(model.map((byte) => Math.max(0, byte)));
    expect(extents.bytes).toBe(model.filter((byte) => byte >= 0).length);
    const from = random(250);
    const to = from + random(50);
    expect(extents.covers(from, to)).toBe(model.slice(from, to).every((byte) => byte >= 0));
    let end = -1;
    for (const { position, bytes } of extents) {
      expect(position).toBeGreaterThanOrEqual(end);
      end = position + bytes.length;
    }
  }
});

test("long data that are given away are kept as they are, and changed in place", () => {
  const extents = new Extents();
  const data = new Uint8Array(100_000).fill(1);
  extents.put(5000, data, true);
  extents.put(60_000, Uint8Array.of(2, 2));
  expect(data[55_000]).toBe(2); // no copy was made
  extents.put(105_000, new Uint8Array(100_000).fill(3));
  extents.cut(150_000, Infinity);
  const all = new Uint8Array(150_000);
  extents.copyTo(0, all);
  expect([all[4999], all[5000], all[60_001], all[104_999], all[105_000]]).toEqual([0, 1, 2, 1, 3]);
  expect(extents.bytes).toBe(145_000);
});

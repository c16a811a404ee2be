import { expect, test } from "vitest";
import {
  asymmetric,
  durationOf,
  generatedTraces,
  minimumJerk,
  strokes,
  TRACE_HEIGHT,
  TRACE_WIDTH,
  TraceRecorder,
  traceFromJson,
  traceToJson,
} from "./trace";

test("a stroke begins and ends slowly", () => {
  expect(minimumJerk(0)).toBe(0);
  expect(minimumJerk(0.5)).toBe(0.5);
  expect(minimumJerk(1)).toBe(1);
  expect(minimumJerk(0.05)).toBeLessThan(0.002);
});

test("generated traces stay on the screen, in order, and come back to their beginning", () => {
  for (const { samples, name } of generatedTraces()) {
    const [first, last] = [samples[0], samples.at(-1)];
    expect([last?.x, last?.y], name).toEqual([first?.x, first?.y]);
    let time = 0;
    for (const sample of samples) {
      expect(sample.time).toBeGreaterThanOrEqual(time);
      time = sample.time;
      expect(sample.x).toBeGreaterThanOrEqual(0);
      expect(sample.x).toBeLessThan(TRACE_WIDTH);
      expect(sample.y).toBeGreaterThanOrEqual(0);
      expect(sample.y).toBeLessThan(TRACE_HEIGHT);
    }
  }
});

test("the asymmetric trace goes out ten times as fast as it comes back", () => {
  const speeds = { out: 0, back: 0 };
  const { samples } = asymmetric();
  samples.forEach(({ x }, index) => {
    const step = x - (samples[index - 1]?.x ?? x);
    speeds.out = Math.max(speeds.out, step);
    speeds.back = Math.max(speeds.back, -step);
  });
  expect(speeds.out).toBeGreaterThan(15); // above thresholds of 6 and 10 counts
  expect(speeds.back).toBeLessThan(6); // below them
});

test("the same seed makes the same strokes", () => {
  expect(strokes({ seed: 5 })).toEqual(strokes({ seed: 5 }));
  expect(strokes({ seed: 5 })).not.toEqual(strokes({ seed: 6 }));
});

test("a recording survives its file", () => {
  const recorder = new TraceRecorder();
  expect(recorder.isEmpty).toBe(true);
  recorder.add(5000.1234, { x: 10, y: 20 });
  recorder.add(5008.1234, { x: 11, y: 20 }, 1);
  recorder.add(5007, { x: 12, y: 20 });
  const trace = recorder.finish("mine");
  expect(trace.samples.map(({ time }) => time)).toEqual([0, 8, 8]);
  expect(traceFromJson(traceToJson(trace))).toEqual(trace);
  expect(durationOf(trace)).toBe(8);
});

test.each([
  ["nonsense", "not JSON"],
  ["null", "not an object"],
  ['{"format":"other"}', "format"],
  ['{"format":"tandem-hand-1"}', "name"],
  ['{"format":"tandem-hand-1","name":"a","width":0,"height":5,"samples":[]}', "width"],
  ['{"format":"tandem-hand-1","name":"a","width":640,"height":480,"samples":[]}', "no samples"],
  ['{"format":"tandem-hand-1","name":"a","width":640,"height":480,"samples":[[1,2]]}', "sample 0"],
  [
    '{"format":"tandem-hand-1","name":"a","width":640,"height":480,"samples":[[9,2,3],[8,2,3]]}',
    "sample 1",
  ],
])("a file that is no recording is refused with the reason: %s", (text, reason) => {
  expect(() => traceFromJson(text)).toThrow(reason);
});

test("a recording from outside the screen is brought inside", () => {
  const text =
    '{"format":"tandem-hand-1","name":"a","width":640,"height":480,"samples":[[0,-5,9999]]}';
  expect(traceFromJson(text).samples).toEqual([{ time: 0, x: 0, y: 479 }]);
});

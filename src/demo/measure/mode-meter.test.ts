// A simulated guest: 30 ms late, an offset of 3 pixels, 125 reports a second.

import { expect, test } from "vitest";
import { collect, type Conditions, eventsToCsv, framesToCsv, toJson } from "./export";
import { ModeMeter } from "./mode-meter";
import { durationOf, strokes } from "./trace";

const FRAME = 1000 / 60;
const LAG = 30;
const OFFSET = 3;

function measured(): ModeMeter {
  const meter = new ModeMeter("absolute");
  const trace = strokes({ seed: 2 });
  let next = 0;
  let counted = 0;
  const end = durationOf(trace) + 300;
  for (let time = 0; time < end; time += FRAME) {
    for (let sample; (sample = trace.samples[next]) && sample.time <= time; next++) {
      meter.moved(sample, next + 1, { event: sample.time });
      meter.path.taken(next + 1, sample.time + 10);
    }
    const { x, y } = meter.hand.at(time - LAG) ?? meter.hand.samples[0] ?? { x: 0, y: 0 };
    meter.frame({ x: x + OFFSET, y }, time, time - 5);
    if (time - counted >= 250) {
      counted = time;
      meter.counters({ reports: time / 8, irqs: time / 4, uptime: time }, time);
    }
  }
  return meter;
}

const CONDITIONS: Conditions = {
  browser: 'Test "quoted", with a comma',
  refreshHz: 60,
  isolated: true,
  sliceMs: undefined,
  usbIntervalMs: 10,
  acceleration: false,
  integratedCursor: "guest",
  mips: 100,
  guestSpeed: 1,
  devicePixelRatio: 1,
  hand: "a test",
};

test("lag, distances and rates of a guest that is known", () => {
  const { lag, gain, staticDistance, dynamicDistance, reportsPerSecond, irqsPerSecond } =
    measured().summary();
  expect(Math.abs((lag?.median ?? NaN) - LAG)).toBeLessThanOrEqual(4);
  expect(gain).toBeCloseTo(1, 1);
  expect(staticDistance).toMatchObject({ median: OFFSET, p95: OFFSET, maximum: OFFSET });
  expect(dynamicDistance?.p95).toBeGreaterThan(OFFSET);
  expect(reportsPerSecond).toBeCloseTo(125, 5);
  expect(irqsPerSecond).toBeCloseTo(250, 5);
});

test("after clearing nothing of before is told", () => {
  const meter = measured();
  meter.clear();
  expect(meter.summary()).toMatchObject({ lag: undefined, staticDistance: undefined });
});

test("the export reads back: JSON with everything, CSV with one row for each frame", () => {
  const meter = measured();
  const measurement = collect([meter], CONDITIONS, new Date(0));
  const read = JSON.parse(toJson(measurement)) as typeof measurement;
  expect(read.taken).toBe("1970-01-01T00:00:00.000Z");
  expect(read.modes[0]?.frames).toHaveLength(meter.frames.length);
  expect(read.modes[0]?.summary.staticDistance?.median).toBe(OFFSET);

  const lines = framesToCsv(measurement).trimEnd().split("\r\n");
  const rows = lines.filter((line) => !line.startsWith("#"));
  expect(lines).toContain('# browser: Test "quoted", with a comma');
  expect(rows[0]).toBe("mode,time_ms,host_x,host_y,guest_x,guest_y,distance_px,phase");
  expect(rows).toHaveLength(meter.frames.length + 1);
  for (const row of rows) expect(row.split(",")).toHaveLength(8);

  const events = eventsToCsv(measurement).trimEnd().split("\r\n");
  const header = events.find((line) => !line.startsWith("#"));
  expect(header).toBe(
    "mode,event_ms,handler_ms,stored_ms,latched_ms,taken_ms,drawn_ms,published_ms,shown_ms",
  );
  expect(events.at(-1)).toMatch(/^absolute,[\d.]+,,,,[\d.]+,,[\d.]+,[\d.]+$/);
});

// What the hand does in one repetition: circles without a pause, for lag and rates; then out fast and back slowly, for drift.

import { minimumJerk, START, type TraceSample } from "../../src/demo/measure/trace";

const CIRCLES_MS = 2400;
const CIRCLES = 2;
const RADIUS = 150;
const SWING = 60;
const OUT = { x: 420, y: 60, milliseconds: 300 };
const BACK_MS = 1400;
const PAUSE_MS = 120;

/** Begins and ends at START; `rate` samples a second. */
export function movement(rate: number): TraceSample[] {
  const samples: TraceSample[] = [];
  const interval = 1000 / rate;
  const add = (begin: number, duration: number, at: (share: number) => [number, number]): void => {
    for (let time = interval; time <= duration; time += interval) {
      const [x, y] = at(time / duration);
      samples.push({ time: begin + time, x: START.x + Math.round(x), y: START.y + Math.round(y) });
    }
  };
  samples.push({ time: 0, ...START });
  add(0, CIRCLES_MS, (share) => {
    const angle = 2 * Math.PI * CIRCLES * share;
    return [RADIUS * (1 - Math.cos(angle)), SWING * Math.sin(2 * angle)];
  });
  const out = CIRCLES_MS + PAUSE_MS;
  add(out, OUT.milliseconds, (share) => [OUT.x * minimumJerk(share), OUT.y * minimumJerk(share)]);
  const back = out + OUT.milliseconds + PAUSE_MS;
  add(back, BACK_MS, (share) => [
    OUT.x * (1 - minimumJerk(share)),
    OUT.y * (1 - minimumJerk(share)),
  ]);
  samples.push({ time: back + BACK_MS + interval, ...START });
  return samples;
}

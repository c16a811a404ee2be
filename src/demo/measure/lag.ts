// Lag: by how much the guest's cursor must be moved back in time so that its movement fits that of the hand.
//
// The lag is the tau that minimises  sum over frames of |dG - k * dH(tau)|,  where dG is how far the guest's cursor moved from
// one frame to the next, dH(tau) how far the hand moved between the same two moments less tau, and k a free gain: a guest that
// accelerates moves further than the hand, which must not pass for lag. For a given tau the best k is a weighted median.

import type { PositionHistory, Sample } from "./position";
import { median, weightedMedian } from "./statistics";

export const LAG_MAXIMUM = 400;
/** Milliseconds of movement that one estimate looks at. */
export const LAG_WINDOW = 1500;
/** With less movement than this, in pixels along both axes, every lag fits. */
const MOVEMENT_MINIMUM = 100;
const FRAMES_MINIMUM = 8;
/**
 * The best fit must be this much better than a lag picked at random: else the guest did something else than the hand, or the
 * movement was too even to tell.
 */
const DISTINCTION = 0.8;

export interface LagEstimate {
  /** Milliseconds. */
  lag: number;
  /** Guest pixels per pixel of the hand. */
  gain: number;
  /** What the best fit leaves unexplained, as a share of the guest's movement. */
  misfit: number;
}

/**
 * @param frames where the guest's cursor was in each frame that was drawn, by the time it was drawn
 * @returns undefined when there was too little movement, or none that fits
 */
export function estimateLag(
  hand: PositionHistory,
  frames: readonly Sample[],
): LagEstimate | undefined {
  if (frames.length < FRAMES_MINIMUM) return undefined;
  const moved = movements(frames);
  const path = moved.reduce((sum, value) => sum + Math.abs(value), 0);
  if (path < MOVEMENT_MINIMUM) return undefined;

  const fits = new Map<number, Fit>();
  const search = (from: number, to: number, step: number): number | undefined => {
    let best: number | undefined;
    for (let lag = Math.max(0, from); lag <= Math.min(to, LAG_MAXIMUM); lag += step) {
      const fit = fits.get(lag) ?? fitAt(hand, frames, moved, lag);
      if (!fit) continue;
      fits.set(lag, fit);
      if (fit.cost < (fits.get(best ?? lag)?.cost ?? 0)) best = lag;
      best ??= lag;
    }
    return best;
  };
  const near = search(0, LAG_MAXIMUM, COARSE_STEP);
  if (near === undefined) return undefined;
  const lag = search(near - COARSE_STEP, near + COARSE_STEP, 1) ?? near;
  const best = fits.get(lag);
  if (!best || !(best.gain > 0)) return undefined;
  const costs = [...fits.values()].map(({ cost }) => cost);
  if (best.cost > DISTINCTION * median(costs)) return undefined;
  const misfit = best.cost / path;
  // Positions hold until the next report, so neighbouring lags may fit equally well: the middle of them is told.
  let last = lag;
  while (last < lag + PLATEAU_MAXIMUM && fitsAsWell(last + 1)) last++;
  return { lag: (lag + last) / 2, gain: best.gain, misfit };

  function fitsAsWell(other: number): boolean {
    const fit = fitAt(hand, frames, moved, other);
    return fit !== undefined && best !== undefined && fit.cost <= best.cost + COST_EPSILON;
  }
}
/** The cost changes slowly over such a step, a report of a mouse being 8 ms apart from the next. */
const COARSE_STEP = 4;
const PLATEAU_MAXIMUM = 16;
const COST_EPSILON = 1e-6;

interface Fit {
  cost: number;
  gain: number;
}

function fitAt(
  hand: PositionHistory,
  frames: readonly Sample[],
  moved: readonly number[],
  lag: number,
): Fit | undefined {
  const earlier: Sample[] = [];
  for (const { time } of frames) {
    const host = hand.at(time - lag);
    if (!host) return undefined;
    earlier.push(host);
  }
  const hostMoved = movements(earlier);
  const ratios: { value: number; weight: number }[] = [];
  hostMoved.forEach((host, index) => {
    if (host !== 0) ratios.push({ value: (moved[index] ?? 0) / host, weight: Math.abs(host) });
  });
  const gain = weightedMedian(ratios);
  if (Number.isNaN(gain)) return undefined;
  let cost = 0;
  hostMoved.forEach((host, index) => (cost += Math.abs((moved[index] ?? 0) - gain * host)));
  return { cost, gain };
}

/** Steps from each sample to the next: x and y in turn. */
function movements(samples: readonly Sample[]): number[] {
  const steps: number[] = [];
  for (let index = 1; index < samples.length; index++) {
    const [before, after] = [samples[index - 1], samples[index]];
    if (before && after) steps.push(after.x - before.x, after.y - before.y);
  }
  return steps;
}

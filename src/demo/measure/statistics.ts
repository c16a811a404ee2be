// Medians and percentiles: lag is never told as a mean, which a few long waits move and no user feels.

export interface Summary {
  count: number;
  median: number;
  p95: number;
  maximum: number;
}

/** Linear between the two nearest values. NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  return quantileOfSorted(
    values.toSorted((a, b) => a - b),
    share,
  );
}

function quantileOfSorted(sorted: readonly number[], share: number): number {
  const place = Math.min(1, Math.max(0, share)) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function summarise(values: readonly number[]): Summary | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return {
    count: sorted.length,
    median: quantileOfSorted(sorted, 0.5),
    p95: quantileOfSorted(sorted, 0.95),
    maximum: sorted.at(-1) ?? NaN,
  };
}

/** The value that minimises the sum of weight * |value - result|. NaN of nothing. */
export function weightedMedian(items: readonly { value: number; weight: number }[]): number {
  const sorted = items.filter(({ weight }) => weight > 0).toSorted((a, b) => a.value - b.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let sum = 0;
  for (const { value, weight } of sorted) {
    sum += weight;
    if (sum >= half) return value;
  }
  return NaN;
}

/** Empirical distribution: for each value the share of values that are not larger. */
export function distribution(values: readonly number[]): { value: number; share: number }[] {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.map((value, index) => ({ value, share: (index + 1) / sorted.length }));
}

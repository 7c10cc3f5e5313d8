import { HISTORY_BARS, type Field, type History } from './history.js';

const MASK = HISTORY_BARS - 1;

/** Mean of the last `window` values of a field; the caller knows there are that many. */
export function windowMean(s: Float64Array, history: History, field: Field, window: number): number {
  const base = history.base(field);
  const n = history.count(s);
  // Four sums side by side: one alone waits for each addition before the next.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = n - window;
  for (; i < n - 3; i += 4) {
    a += s[base + (i & MASK)]!;
    b += s[base + ((i + 1) & MASK)]!;
    c += s[base + ((i + 2) & MASK)]!;
    d += s[base + ((i + 3) & MASK)]!;
  }
  for (; i < n; i++) a += s[base + (i & MASK)]!;
  return (a + b + (c + d)) / window;
}

/** Sum of squared deviations from `mean` over the last `window` values of a field. */
export function windowSquares(
  s: Float64Array,
  history: History,
  field: Field,
  window: number,
  mean: number,
): number {
  const base = history.base(field);
  const n = history.count(s);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = n - window;
  for (; i < n - 3; i += 4) {
    const p = s[base + (i & MASK)]! - mean;
    const q = s[base + ((i + 1) & MASK)]! - mean;
    const r = s[base + ((i + 2) & MASK)]! - mean;
    const t = s[base + ((i + 3) & MASK)]! - mean;
    a += p * p;
    b += q * q;
    c += r * r;
    d += t * t;
  }
  for (; i < n; i++) {
    const deviation = s[base + (i & MASK)]! - mean;
    a += deviation * deviation;
  }
  return a + b + (c + d);
}

/**
 * Lag-1 autocorrelation of the last `window` values, whose mean and summed squared deviations are given; 0 for
 * a flat window.
 */
export function windowAutocorrelation(
  s: Float64Array,
  history: History,
  field: Field,
  window: number,
  mean: number,
  squares: number,
): number {
  if (squares < 1e-24) return 0;
  const base = history.base(field);
  const n = history.count(s);
  let covariance = 0;
  let previous = s[base + ((n - window) & MASK)]! - mean;
  for (let i = n - window + 1; i < n; i++) {
    const deviation = s[base + (i & MASK)]! - mean;
    covariance += deviation * previous;
    previous = deviation;
  }
  return covariance / squares;
}

/**
 * Lo-MacKinlay variance ratio of lag 2 over the last `window` log returns: 1 for a random walk, above for
 * trends, below for mean reversion. Overlapping two-step returns, means removed, without the small-sample
 * factor. 1 for a flat window. Source: Lo & MacKinlay 1988.
 */
export function windowVarianceRatio(s: Float64Array, history: History, field: Field, window: number): number {
  const base = history.base(field);
  const n = history.count(s);
  const mean = windowMean(s, history, field, window);
  let previous = s[base + ((n - window) & MASK)]! - mean;
  let one = previous * previous;
  let two = 0;
  for (let i = n - window + 1; i < n; i++) {
    const deviation = s[base + (i & MASK)]! - mean;
    one += deviation * deviation;
    two += (deviation + previous) * (deviation + previous);
    previous = deviation;
  }
  if (one < 1e-24) return 1;
  return two / (window - 1) / (2 * (one / window));
}

/**
 * Hurst exponent from the rescaled range of the last `window` log returns, whose mean and summed squared
 * deviations are given: ln(R/S) / ln(window/2); near 0.5 for a random walk. 0.5 for a flat window. `window` is even.
 * Source: Hurst 1951, Peters 1994.
 */
export function windowHurst(
  s: Float64Array,
  history: History,
  field: Field,
  window: number,
  mean: number,
  squares: number,
): number {
  const sigma = Math.sqrt(squares / window);
  if (sigma < 1e-12) return 0.5;
  const base = history.base(field);
  const half = window >> 1;
  const from = history.count(s) - window;
  // The walks of both halves side by side, each from 0; the second begins where the first ends.
  let early = 0;
  let late = 0;
  let highest = 0;
  let lowest = 0;
  let highestLate = -Infinity;
  let lowestLate = Infinity;
  for (let i = from; i < from + half; i++) {
    early += s[base + (i & MASK)]! - mean;
    late += s[base + ((i + half) & MASK)]! - mean;
    if (early > highest) highest = early;
    else if (early < lowest) lowest = early;
    if (late > highestLate) highestLate = late;
    if (late < lowestLate) lowestLate = late;
  }
  highest = Math.max(highest, early + highestLate);
  lowest = Math.min(lowest, early + lowestLate);
  return Math.log((highest - lowest) / sigma) / Math.log(half);
}

/** Pearson correlation of two fields of given means over the last `window` bars; 0 when either is flat. */
export function windowCorrelation(
  s: Float64Array,
  history: History,
  a: Field,
  b: Field,
  window: number,
  meanA: number,
  meanB: number,
): number {
  const baseA = history.base(a);
  const baseB = history.base(b);
  const n = history.count(s);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = n - window; i < n; i++) {
    const da = s[baseA + (i & MASK)]! - meanA;
    const db = s[baseB + (i & MASK)]! - meanB;
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  const scale = Math.sqrt(aa) * Math.sqrt(bb);
  // A flat window leaves only the rounding of its mean behind.
  return scale <= 1e-15 * window * Math.abs(meanA * meanB) ? 0 : Math.max(-1, Math.min(1, ab / scale));
}

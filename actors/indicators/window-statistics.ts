import { HISTORY_BARS, type Field, type History } from './history.js';

const MASK = HISTORY_BARS - 1;

/** Mean of the last `window` values of a field; the caller knows there are that many. */
export function windowMean(s: Float64Array, history: History, field: Field, window: number): number {
  const base = history.base(field);
  const n = history.count(s);
  let sum = 0;
  for (let i = n - window; i < n; i++) sum += s[base + (i & MASK)]!;
  return sum / window;
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
  let sum = 0;
  for (let i = n - window; i < n; i++) {
    const deviation = s[base + (i & MASK)]! - mean;
    sum += deviation * deviation;
  }
  return sum;
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
 * deviations are given: ln(R/S) / ln(window/2); near 0.5 for a random walk. 0.5 for a flat window.
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
  const n = history.count(s);
  let walk = 0;
  let highest = 0;
  let lowest = 0;
  for (let i = n - window; i < n; i++) {
    walk += s[base + (i & MASK)]! - mean;
    if (walk > highest) highest = walk;
    else if (walk < lowest) lowest = walk;
  }
  return Math.log((highest - lowest) / sigma) / Math.log(window / 2);
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

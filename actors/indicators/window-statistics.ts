import type { Ring } from './history.js';

/**
 * Mean of the last `window` values of a field; the caller knows there are that many. Differences to the newest value
 * are summed, so that the mean of equal values is that value, to the bit.
 */
export function windowMean(s: Float64Array, ring: Ring, n: number, window: number): number {
  const { base, mask } = ring;
  const newest = s[base + ((n - 1) & mask)]!;
  // Four independent sums: with one, each addition waits for the result of the last.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = n - window;
  for (; i < n - 3; i += 4) {
    a += s[base + (i & mask)]! - newest;
    b += s[base + ((i + 1) & mask)]! - newest;
    c += s[base + ((i + 2) & mask)]! - newest;
    d += s[base + ((i + 3) & mask)]! - newest;
  }
  for (; i < n; i++) a += s[base + (i & mask)]! - newest;
  return newest + (a + b + (c + d)) / window;
}

/** Sum of squared deviations from `mean` over the last `window` values of a field. */
export function windowSquares(s: Float64Array, ring: Ring, n: number, window: number, mean: number): number {
  const { base, mask } = ring;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = n - window;
  for (; i < n - 3; i += 4) {
    const p = s[base + (i & mask)]! - mean;
    const q = s[base + ((i + 1) & mask)]! - mean;
    const r = s[base + ((i + 2) & mask)]! - mean;
    const t = s[base + ((i + 3) & mask)]! - mean;
    a += p * p;
    b += q * q;
    c += r * r;
    d += t * t;
  }
  for (; i < n; i++) {
    const deviation = s[base + (i & mask)]! - mean;
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
  ring: Ring,
  n: number,
  window: number,
  mean: number,
  squares: number,
): number {
  if (squares < 1e-24) return 0;
  const { base, mask } = ring;
  let covariance = 0;
  let previous = s[base + ((n - window) & mask)]! - mean;
  for (let i = n - window + 1; i < n; i++) {
    const deviation = s[base + (i & mask)]! - mean;
    covariance += deviation * previous;
    previous = deviation;
  }
  return covariance / squares;
}

/**
 * Lo-MacKinlay variance ratio of lag 2 over the last `window` log returns, whose mean is given: 1 for a random
 * walk, above for trends, below for mean reversion. Overlapping two-step returns, means removed, without the
 * small-sample factor. 1 for a flat window. Source: Lo & MacKinlay 1988.
 */
export function windowVarianceRatio(
  s: Float64Array,
  ring: Ring,
  n: number,
  window: number,
  mean: number,
): number {
  const { base, mask } = ring;
  let previous = s[base + ((n - window) & mask)]! - mean;
  let one = previous * previous;
  let two = 0;
  for (let i = n - window + 1; i < n; i++) {
    const deviation = s[base + (i & mask)]! - mean;
    one += deviation * deviation;
    two += (deviation + previous) * (deviation + previous);
    previous = deviation;
  }
  if (one < 1e-24) return 1;
  return two / (window - 1) / (2 * (one / window));
}

/** Sum of the absolute deviations from `mean` of the last `window` values. */
export function windowDeviations(
  s: Float64Array,
  ring: Ring,
  n: number,
  window: number,
  mean: number,
): number {
  const { base, mask } = ring;
  let a = 0;
  let b = 0;
  let i = n - window;
  for (; i < n - 1; i += 2) {
    a += Math.abs(s[base + (i & mask)]! - mean);
    b += Math.abs(s[base + ((i + 1) & mask)]! - mean);
  }
  if (i < n) a += Math.abs(s[base + (i & mask)]! - mean);
  return a + b;
}

/** Two numbers and their bits: reading the sign there avoids a branch, which random returns make unpredictable. */
const NUMBERS = new Float64Array(2);
const BITS = new Uint32Array(NUMBERS.buffer);
/** Where the half with the sign lies. */
const SIGN_HALF = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** How many of the last `window` values are below `x`. */
export function windowBelow(s: Float64Array, ring: Ring, n: number, window: number, x: number): number {
  const { base, mask } = ring;
  let a = 0;
  let b = 0;
  let i = n - window;
  for (; i < n - 1; i += 2) {
    NUMBERS[0] = s[base + (i & mask)]! - x;
    NUMBERS[1] = s[base + ((i + 1) & mask)]! - x;
    a += BITS[SIGN_HALF]! >>> 31;
    b += BITS[2 + SIGN_HALF]! >>> 31;
  }
  if (i < n && s[base + (i & mask)]! < x) a++;
  return a + b;
}

/** Pearson correlation of two fields of given means over the last `window` bars; 0 when either is flat. */
export function windowCorrelation(
  s: Float64Array,
  ringA: Ring,
  ringB: Ring,
  n: number,
  window: number,
  meanA: number,
  meanB: number,
): number {
  const { base: baseA, mask: maskA } = ringA;
  const { base: baseB, mask: maskB } = ringB;
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = n - window; i < n; i++) {
    const da = s[baseA + (i & maskA)]! - meanA;
    const db = s[baseB + (i & maskB)]! - meanB;
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  const scale = Math.sqrt(aa) * Math.sqrt(bb);
  // A flat window leaves only the rounding of its mean behind.
  return scale <= 1e-15 * window * Math.abs(meanA * meanB) ? 0 : Math.max(-1, Math.min(1, ab / scale));
}

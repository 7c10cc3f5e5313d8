/** z of a two-sided 95 % interval. */
const Z = 1.959963984540054;
/** Below this the terms of the formula overflow; so few trials say nothing anyway. */
const TRIALS_MIN = 1e-9;

/**
 * Wilson score interval at 95 % for a share `p` of `n` trials; `n` may be an effective, fractional size.
 * `[0, 1]`, which says nothing, when there are none or the share is no share. Source: Wilson 1927.
 */
export function wilsonInterval(p: number, n: number): readonly [number, number] {
  if (!(n >= TRIALS_MIN && n < Infinity && p >= 0 && p <= 1)) return [0, 1];
  const z2 = Z * Z;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** z of a two-sided 95 % interval. */
const Z = 1.959963984540054;

/**
 * Wilson score interval at 95 % for a share `p` of `n` trials; `n` may be an effective, fractional size.
 * `[0, 1]` when there are none. Source: Wilson 1927.
 */
export function wilsonInterval(p: number, n: number): readonly [number, number] {
  if (n <= 0) return [0, 1];
  const z2 = Z * Z;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** Mean of the square of the Kolmogorov variable (√n times the largest distance between two distributions that are one). */
const KOLMOGOROV_SQUARE = Math.PI ** 2 / 12;

/** Probability that a Student variable of an odd number of degrees of freedom is at least `t` away from 0. Source: Abramowitz and Stegun 26.7.3. */
export function studentTail(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const square = Math.cos(angle) ** 2;
  let term = Math.cos(angle);
  let sum = freedom > 1 ? term : 0;
  for (let power = 3; power < freedom; power += 2) {
    term *= (square * (power - 1)) / power;
    sum += term;
  }
  return Math.min(1, Math.max(0, 1 - (2 / Math.PI) * (angle + Math.sin(angle) * sum)));
}

/**
 * Chance of a Kolmogorov-Smirnov distance of `ks` without any drift, where `effective`, the independent observations, is
 * itself an estimate of some degrees of freedom.
 *
 * Autocorrelated rows leave no more than the mean of the squared distance that can be relied on: how it spreads about
 * that mean depends on the series. Of all quadratic forms of normal variables with one mean, that of a single direction
 * has the heaviest tail, so the distance is judged as if all of it lay in one; divided by an estimate of its mean from
 * blocks it is then a squared Student variable. Kolmogorov's own tail, which independent rows would have, is far lighter:
 * with it, markets whose volatility has regimes gave 2 false alarms a year in simulation, and with this none (docs/drift.md).
 */
export function driftTail(ks: number, effective: number, freedom: number): number {
  return studentTail(ks * Math.sqrt(effective / KOLMOGOROV_SQUARE), freedom);
}

/**
 * Which of several p-values are significant at a false discovery rate. With no real effect at all, the chance that any
 * is rejected is at most `rate`. Source: Benjamini and Hochberg 1995.
 */
export function benjaminiHochberg(pValues: readonly number[], rate: number): number[] {
  // One above the rate is rejected at no rank.
  const order = pValues.flatMap((p, i) => (p <= rate ? [i] : [])).sort((a, b) => pValues[a]! - pValues[b]!);
  let rejected = 0;
  order.forEach((index, rank) => {
    if (pValues[index]! <= (rate * (rank + 1)) / pValues.length) rejected = rank + 1;
  });
  return order.slice(0, rejected);
}

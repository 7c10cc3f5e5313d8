/** Beyond this the distribution function is 0 or 1 to the last digit that a difference from 1 can show. */
const FAR = 8;
const LOG_ROOT_TWO_PI = 0.918_938_533_204_672_7;

/** Probability that a standard normal number is below `x`. Source: Marsaglia 2004, the series around 0. */
export function normalCdf(x: number): number {
  if (x <= -FAR) return 0;
  if (x >= FAR) return 1;
  let sum = x;
  let term = x;
  for (let i = 3, before = NaN; sum !== before; i += 2) {
    before = sum;
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - LOG_ROOT_TWO_PI);
}

/** The number that a standard normal one is below with probability `p`; infinite at 0 and 1. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  // The lower tail, where a small probability keeps its digits.
  if (p > 0.5) return -normalQuantile(1 - p);
  let [low, high] = [-FAR, 0];
  for (let middle = low; ;) {
    middle = (low + high) / 2;
    if (middle === low || middle === high) return middle;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
}

import type { Market } from './market.js';
import { accumulate, combine, mean, over, quotient, sum, variance, type Definitions } from './series.js';

/** Memory of the returns and regime of their volatility. */
export function statisticsDefinitions({ returns }: Market): Definitions {
  return {
    autocorrelation_1_20: over(returns, 20, (w) =>
      quotient(
        sum(w.slice(1).map((r, k) => (r - mean(w)) * (w[k]! - mean(w)))),
        sum(w.map((r) => (r - mean(w)) ** 2)),
      ),
    ),
    // Lo & MacKinlay 1988, overlapping two-step returns.
    variance_ratio_2_50: over(returns, 50, (w) => {
      const m = mean(w);
      const two = w.slice(1).map((r, k) => (r + w[k]! - 2 * m) ** 2);
      return sum(two) / 49 / (2 * variance(w));
    }),
    hurst_100: over(returns, 100, (w) => {
      const walk = accumulate(w.map((r) => r - mean(w)));
      return Math.log((Math.max(0, ...walk) - Math.min(0, ...walk)) / Math.sqrt(variance(w))) / Math.log(50);
    }),
    vol_regime: combine(
      quotient,
      over(returns, 20, (w) => Math.sqrt(variance(w, 1))),
      over(returns, 100, (w) => Math.sqrt(variance(w, 1))),
    ),
  };
}

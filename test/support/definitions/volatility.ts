import { ANNUAL, type Market } from './market.js';
import { combine, mean, over, quotient, sum, variance, window, type Definitions } from './series.js';

/** Volatility and risk from closes. */
export function volatilityDefinitions({ high, low, close, from, trueRange, returns }: Market): Definitions {
  return {
    realized_vol_20: over(returns, 20, (w) => Math.sqrt(variance(w, 1)) * ANNUAL),
    realized_vol_100: over(returns, 100, (w) => Math.sqrt(variance(w, 1)) * ANNUAL),
    ewma_vol_94: from(1, (i) => {
      // σ² as a weighted sum: 0.94^k of 0.06 r², and what is left on the first return.
      let total = 0.94 ** (i - 1) * returns[1]! ** 2;
      for (let k = 2; k <= i; k++) total += 0.06 * 0.94 ** (i - k) * returns[k]! ** 2;
      return Math.sqrt(total) * ANNUAL;
    }),
    ulcer_14: over(close, 14, (w) =>
      Math.sqrt(mean(w.map((c, k) => (100 * (c / Math.max(...w.slice(0, k + 1)) - 1)) ** 2))),
    ),
    choppiness_14: from(14, (i) => {
      const range = Math.max(...window(high, i, 14)) - Math.min(...window(low, i, 14));
      return range === 0 ? 100 : (100 * Math.log10(sum(window(trueRange, i, 14)) / range)) / Math.log10(14);
    }),
    skew_20: over(returns, 20, (w) => quotient(mean(w.map((r) => (r - mean(w)) ** 3)), variance(w) ** 1.5)),
  };
}

/** Volatility from the range of the bars. */
export function rangeVolatilityDefinitions({ open, high, low, close, from }: Market): Definitions {
  const logRange = combine((h, l) => Math.log(h / l), high, low);
  return {
    parkinson_20: over(
      logRange,
      20,
      (w) => Math.sqrt(sum(w.map((r) => r * r)) / (4 * 20 * Math.LN2)) * ANNUAL,
    ),
    garman_klass_20: over(
      combine((r, c, o) => 0.5 * r * r - (2 * Math.LN2 - 1) * Math.log(c / o) ** 2, logRange, close, open),
      20,
      (w) => Math.sqrt(mean(w)) * ANNUAL,
    ),
    rogers_satchell_20: over(
      combine(
        (o, h, l, c) => Math.log(h / c) * Math.log(h / o) + Math.log(l / c) * Math.log(l / o),
        open,
        high,
        low,
        close,
      ),
      20,
      (w) => Math.sqrt(mean(w)) * ANNUAL,
    ),
    // Yang & Zhang 2000, equation 8: overnight, open to close and Rogers-Satchell variances.
    yang_zhang_20: from(20, (i) => {
      const k = 0.34 / (1.34 + 21 / 19);
      const overnight = window(
        from(1, (j) => Math.log(open[j]! / close[j - 1]!)),
        i,
        20,
      );
      const day = window(
        combine((c, o) => Math.log(c / o), close, open),
        i,
        20,
      );
      const satchell = window(
        combine(
          (o, h, l, c) => Math.log(h / c) * Math.log(h / o) + Math.log(l / c) * Math.log(l / o),
          open,
          high,
          low,
          close,
        ),
        i,
        20,
      );
      return Math.sqrt(variance(overnight, 1) + k * variance(day, 1) + (1 - k) * mean(satchell)) * ANNUAL;
    }),
  };
}

import type { Market } from './market.js';
import {
  accumulate,
  ago,
  combine,
  correlation,
  ema,
  mean,
  over,
  quotient,
  slope,
  sma,
  sum,
  variance,
  window,
  type Definitions,
  type Series,
} from './series.js';

/** Return of the last 20 bars, of those alone whose volume rose (1) or fell (-1). */
function volumeIndexReturn({ from, volume, returns }: Market, side: 1 | -1): Series {
  return from(20, (i) =>
    Math.expm1(
      sum(
        Array.from({ length: 20 }, (_, k) => i - k)
          .filter((k) => side * (volume[k]! - volume[k - 1]!) > 0)
          .map((k) => returns[k]!),
      ),
    ),
  );
}

/** Volume and its flow. */
export function volumeDefinitions(market: Market): Definitions {
  const { high, low, close, volume, each, from, returns, median, volumeMean, change } = market;
  const obv = accumulate(each((i) => (i === 0 ? volume[0]! : Math.sign(change[i]!) * volume[i]!)));
  return {
    volume_sma_20: volumeMean,
    volume_ratio_20: combine(quotient, volume, volumeMean),
    volume_zscore_20: over(volume, 20, (w) => quotient(w.at(-1)! - mean(w), Math.sqrt(variance(w)))),
    obv_slope_20: combine(quotient, over(obv, 20, slope), volumeMean),
    cmf_20: from(19, (i) =>
      quotient(
        sum(
          window(
            combine((h, l, c, v) => quotient(c - l - (h - c), h - l) * v, high, low, close, volume),
            i,
            20,
          ),
        ),
        sum(window(volume, i, 20)),
      ),
    ),
    force_13: ema(
      combine((c, v) => c * v, change, volume),
      13,
    ),
    eom_14: sma(
      combine((m, p, h, l, v) => quotient((m - p) * (h - l), v), median, ago(median, 1), high, low, volume),
      14,
    ),
    vpt_slope_20: combine(
      quotient,
      over(accumulate(from(1, (i) => volume[i]! * (close[i]! / close[i - 1]! - 1))), 20, slope),
      volumeMean,
    ),
    nvi_return_20: volumeIndexReturn(market, -1),
    pvi_return_20: volumeIndexReturn(market, 1),
    volume_price_corr_20: from(19, (i) => correlation(window(close, i, 20), window(volume, i, 20))),
    up_volume_ratio_20: from(20, (i) =>
      quotient(
        sum(
          window(
            combine((r, v) => (r > 0 ? v : 0), returns, volume),
            i,
            20,
          ),
        ),
        sum(window(volume, i, 20)),
      ),
    ),
    amihud_20: from(20, (i) => {
      const traded = Array.from({ length: 20 }, (_, k) => i - k).filter((k) => volume[k]! > 0);
      return traded.length === 0
        ? 0
        : 1e9 * mean(traded.map((k) => Math.abs(returns[k]!) / (close[k]! * volume[k]!)));
    }),
  };
}

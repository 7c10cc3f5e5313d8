import { columnOf } from '../../../actors/features/catalogue.js';
import type { Market } from './market.js';
import { combine, ema, over, sma, variance, type Definitions } from './series.js';

/** Bands and channels around the price. */
export function bandDefinitions({ rows, close, each, highest, lowest, atr10 }: Market): Definitions {
  const bollinger = sma(close, 20);
  const sigma20 = over(close, 20, (w) => Math.sqrt(variance(w)));
  const keltner = ema(close, 20);
  return {
    bb_width: combine((s, m) => (4 * s) / m, sigma20, bollinger),
    // From the bands that equal TA-Lib's: its running sums of squares cost the width its last digits.
    bb_percent_b: each((i) => {
      const [upper, lower] = [rows[i]![columnOf('bb_upper')]!, rows[i]![columnOf('bb_lower')]!];
      return upper === lower ? 0.5 : (close[i]! - lower) / (upper - lower);
    }),
    keltner_upper: combine((m, a) => m + 2 * a, keltner, atr10),
    keltner_middle: keltner,
    keltner_lower: combine((m, a) => m - 2 * a, keltner, atr10),
    keltner_width: combine((m, a) => (4 * a) / m, keltner, atr10),
    squeeze_on: combine(
      (m, s, k, a) => (Number.isNaN(m) ? NaN : m + 2 * s < k + 2 * a && m - 2 * s > k - 2 * a ? 1 : 0),
      bollinger,
      sigma20,
      keltner,
      atr10,
    ),
    donchian_upper: highest(20),
    donchian_middle: combine((h, l) => (h + l) / 2, highest(20), lowest(20)),
    donchian_lower: lowest(20),
    donchian_width: combine((h, l) => (h - l) / ((h + l) / 2), highest(20), lowest(20)),
    donchian_position: combine(
      (c, h, l) => (h === l ? 0.5 : (c - l) / (h - l)),
      close,
      highest(20),
      lowest(20),
    ),
  };
}

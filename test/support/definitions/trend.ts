import { columnOf } from '../../../actors/features/catalogue.js';
import type { Market } from './market.js';
import {
  ago,
  combine,
  correlation,
  ema,
  over,
  quotient,
  sma,
  sum,
  window,
  wma,
  type Definitions,
  type Series,
} from './series.js';

/** The band of ATRs the close has not crossed, and the side of the price it is on. */
function supertrendOf({ each, from, close, median, atr10 }: Market): { value: Series; direction: Series } {
  let upper = NaN;
  let lower = NaN;
  let direction = 0;
  const directions: number[] = [];
  const value = from(10, (i) => {
    const newUpper = median[i]! + 3 * atr10[i]!;
    const newLower = median[i]! - 3 * atr10[i]!;
    const firstBar = direction === 0;
    upper = firstBar || newUpper < upper || close[i - 1]! > upper ? newUpper : upper;
    lower = firstBar || newLower > lower || close[i - 1]! < lower ? newLower : lower;
    if (firstBar) direction = close[i]! > median[i]! ? 1 : -1;
    else if (direction === 1 && close[i]! < lower) direction = -1;
    else if (direction === -1 && close[i]! > upper) direction = 1;
    directions[i] = direction;
    return direction === 1 ? lower : upper;
  });
  return { value, direction: each((i) => directions[i] ?? NaN) };
}

/** Averages, stops and the strength of a trend. */
export function trendDefinitions(market: Market): Definitions {
  const { rows, high, low, close, from, trueRange, change } = market;
  const supertrend = supertrendOf(market);
  return {
    hma_20: wma(
      combine((a, b) => 2 * a - b, wma(close, 10), wma(close, 20)),
      4,
    ),
    // The stop lies below a long position and above a short one, and stays where the bar did not reach it.
    sar_direction: from(1, (i) => (rows[i]![columnOf('sar')]! < close[i]! ? 1 : -1)),
    supertrend_10_3: supertrend.value,
    supertrend_direction: supertrend.direction,
    vortex_plus_14: from(14, (i) =>
      quotient(
        sum(
          window(
            combine((h, p) => Math.abs(h - p), high, ago(low, 1)),
            i,
            14,
          ),
        ),
        sum(window(trueRange, i, 14)),
      ),
    ),
    vortex_minus_14: from(14, (i) =>
      quotient(
        sum(
          window(
            combine((l, p) => Math.abs(l - p), low, ago(high, 1)),
            i,
            14,
          ),
        ),
        sum(window(trueRange, i, 14)),
      ),
    ),
    linearreg_r2_14: over(
      close,
      14,
      (w) =>
        correlation(
          w,
          w.map((_, k) => k),
        ) ** 2,
    ),
    sma_50_200_spread: combine((a, b) => a - b, sma(close, 50), sma(close, 200)),
    ema_12_26_spread: combine((a, b) => a - b, ema(close, 12), ema(close, 26)),
    trend_strength_20: from(20, (i) =>
      quotient(Math.abs(close[i]! - close[i - 20]!), sum(window(change, i, 20).map(Math.abs))),
    ),
  };
}

import type { Bar } from '../../../actors/market/bar.js';
import { combine, over, sma, wilder, type Series } from './series.js';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Hourly bars in a year's 252 days: what a volatility of one bar is scaled by. */
export const ANNUAL = Math.sqrt((252 * DAY) / HOUR);

export type Market = ReturnType<typeof marketOf>;

/** Hourly bars as one array a column, and what several definitions share. */
export function marketOf(bars: readonly Bar[], rows: readonly ArrayLike<number>[]) {
  const N = bars.length;
  const open = bars.map((bar) => bar.open);
  const high = bars.map((bar) => bar.high);
  const low = bars.map((bar) => bar.low);
  const close = bars.map((bar) => bar.close);
  const volume = bars.map((bar) => bar.volume);
  const closeTime = bars.map((bar) => bar.openTime + HOUR);

  const each = (f: (i: number) => number): Series => Array.from({ length: N }, (_, i) => f(i));
  const from = (first: number, f: (i: number) => number): Series => each((i) => (i < first ? NaN : f(i)));
  const highest = (n: number): Series => over(high, n, (w) => Math.max(...w));
  const lowest = (n: number): Series => over(low, n, (w) => Math.min(...w));
  const trueRange = each((i) =>
    i === 0
      ? NaN
      : Math.max(high[i]! - low[i]!, Math.abs(high[i]! - close[i - 1]!), Math.abs(low[i]! - close[i - 1]!)),
  );
  const atr10 = wilder(trueRange, 10, 1);
  const atr14 = wilder(trueRange, 14, 1);
  const returns = from(1, (i) => Math.log(close[i]! / close[i - 1]!));
  const roc = (n: number): Series => from(n, (i) => 100 * (close[i]! / close[i - n]! - 1));
  const median = combine((h, l) => (h + l) / 2, high, low);
  const typical = combine((h, l, c) => (h + l + c) / 3, high, low, close);
  const volumeMean = sma(volume, 20);
  const change = from(1, (i) => close[i]! - close[i - 1]!);
  const missing = each((i) => (i === 0 ? 0 : (bars[i]!.openTime - bars[i - 1]!.openTime) / HOUR - 1));
  return {
    bars,
    rows,
    open,
    high,
    low,
    close,
    volume,
    closeTime,
    each,
    from,
    highest,
    lowest,
    trueRange,
    atr10,
    atr14,
    returns,
    roc,
    median,
    typical,
    volumeMean,
    change,
    missing,
  };
}

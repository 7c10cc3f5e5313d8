import type { Market } from './market.js';
import { ago, combine, quotient, type Definitions } from './series.js';

/** The bar itself: its prices, shape and returns. */
export function priceDefinitions({
  bars,
  open,
  high,
  low,
  close,
  volume,
  from,
  atr14,
  returns,
  median,
  typical,
}: Market): Definitions {
  return {
    open,
    high,
    low,
    close,
    volume,
    tick_count: bars.map(({ tickCount }) => tickCount),
    spread_bps: bars.map(({ bid, ask }) => (1e4 * (ask - bid)) / ((ask + bid) / 2)),
    hl2: median,
    hlc3: typical,
    ohlc4: combine((o, h, l, c) => (o + h + l + c) / 4, open, high, low, close),
    range: combine((h, l, a) => (h - l) / a, high, low, atr14),
    body: combine((o, c, a) => (c - o) / a, open, close, atr14),
    body_ratio: combine((o, h, l, c) => quotient(Math.abs(c - o), h - l), open, high, low, close),
    upper_wick_ratio: combine((o, h, l, c) => quotient(h - Math.max(o, c), h - l), open, high, low, close),
    lower_wick_ratio: combine((o, h, l, c) => quotient(Math.min(o, c) - l, h - l), open, high, low, close),
    gap: combine((o, p, a) => (o - p) / a, open, ago(close, 1), atr14),
    log_return_1: returns,
    log_return_5: from(5, (i) => Math.log(close[i]! / close[i - 5]!)),
    log_return_10: from(10, (i) => Math.log(close[i]! / close[i - 10]!)),
    log_return_20: from(20, (i) => Math.log(close[i]! / close[i - 20]!)),
    close_position: combine((h, l, c) => (h === l ? 0.5 : (c - l) / (h - l)), high, low, close),
  };
}

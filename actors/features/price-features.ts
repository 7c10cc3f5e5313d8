import { ratio } from '../indicators/kernel.js';
import type { Bar } from '../market/bar.js';
import { specs, type ColumnOf } from './feature.js';
import type { MarketState } from './market-state.js';

export const PRICE_FEATURES = specs('price', [
  ['open', 'price', 'price', 1, 'Open of the bar'],
  ['high', 'price', 'price', 1, 'High of the bar'],
  ['low', 'price', 'price', 1, 'Low of the bar'],
  ['close', 'as:log_return_1', 'price', 1, 'Close of the bar'],
  ['volume', 'volume', 'volume', 1, 'Volume of the bar'],
  ['tick_count', 'as:tick_ratio', 'ticks', 1, 'Quotes or trades in the bar'],
  ['spread_bps', 'raw', 'basis points', 1, '10⁴ · (ask − bid) / mid at the close'],
  ['hl2', 'price', 'price', 1, '(high + low) / 2'],
  ['hlc3', 'price', 'price', 1, '(high + low + close) / 3'],
  ['ohlc4', 'price', 'price', 1, '(open + high + low + close) / 4'],
  ['range', 'raw', 'ATR', 15, '(high − low) / atr'],
  ['body', 'raw', 'ATR', 15, '(close − open) / atr'],
  ['body_ratio', 'raw', 'ratio', 1, '|close − open| / (high − low); 0 for a flat bar'],
  ['upper_wick_ratio', 'raw', 'ratio', 1, '(high − max(open, close)) / (high − low); 0 for a flat bar'],
  ['lower_wick_ratio', 'raw', 'ratio', 1, '(min(open, close) − low) / (high − low); 0 for a flat bar'],
  ['gap', 'raw', 'ATR', 15, '(open − previous close) / atr'],
  ['log_return_1', 'raw', 'log return', 2, 'ln(close / close 1 bar ago)'],
  ['log_return_5', 'raw', 'log return', 6, 'ln(close / close 5 bars ago)'],
  ['log_return_10', 'raw', 'log return', 11, 'ln(close / close 10 bars ago)'],
  ['log_return_20', 'raw', 'log return', 21, 'ln(close / close 20 bars ago)'],
  ['close_position', 'raw', 'ratio', 1, '(close − low) / (high − low); 0.5 for a flat bar'],
]);

/** The bar itself, its shape and its returns. */
export class PriceFeatures {
  readonly #first: number;

  constructor(columnOf: ColumnOf) {
    this.#first = columnOf('open');
  }

  update(s: Float64Array, bar: Bar, m: MarketState, out: Float64Array): void {
    let i = this.#first;
    const { open, high, low, close } = bar;
    const range = high - low;
    out[i++] = open;
    out[i++] = high;
    out[i++] = low;
    out[i++] = close;
    out[i++] = bar.volume;
    out[i++] = bar.tickCount;
    out[i++] = (20_000 * (bar.ask - bar.bid)) / (bar.ask + bar.bid);
    out[i++] = (high + low) / 2;
    out[i++] = (high + low + close) / 3;
    out[i++] = (open + high + low + close) / 4;
    out[i++] = m.inAtr(range);
    out[i++] = m.inAtr(close - open);
    out[i++] = ratio(Math.abs(close - open), range);
    out[i++] = ratio(high - Math.max(open, close), range);
    out[i++] = ratio(Math.min(open, close) - low, range);
    out[i++] = m.inAtr(open - m.previousClose);
    const history = m.history;
    out[i++] = m.logReturn;
    out[i++] = m.bars > 5 ? Math.log(close / history.close(s, 5)) : NaN;
    out[i++] = m.bars > 10 ? Math.log(close / history.close(s, 10)) : NaN;
    out[i++] = m.logReturn20;
    out[i] = range === 0 ? 0.5 : (close - low) / range;
  }
}

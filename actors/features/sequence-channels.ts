import type { StateLayout } from '../indicators/state.js';
import type { Bar } from '../market/bar.js';
import { utcMinute, utcWeekday } from '../market/trading-session.js';
import { columnOf, versionHash } from './catalogue.js';
import type { FeatureEngine } from './feature-engine.js';
import { COS_OF_DAY, COS_OF_WEEK, MINUTES, SIN_OF_DAY, SIN_OF_WEEK } from './time-features.js';

/** Bars a sequence holds: a power of two. */
export const SEQUENCE_BARS = 32;
const MASK = SEQUENCE_BARS - 1;

/** What a bar is by itself and beside the one before it, each with its formula. ATR is `atr_14`. */
export const CHANNELS: readonly { readonly name: string; readonly formula: string }[] = [
  { name: 'return', formula: '(close − previous close) / ATR' },
  { name: 'direction', formula: 'sign of close − previous close' },
  { name: 'range', formula: '(high − low) / ATR' },
  { name: 'body', formula: '(close − open) / ATR' },
  { name: 'upper_wick', formula: '(high − max(open, close)) / ATR' },
  { name: 'lower_wick', formula: '(min(open, close) − low) / ATR' },
  { name: 'close_position', formula: '2 · (close − low) / (high − low) − 1; 0 without range' },
  { name: 'gap', formula: '(open − previous close) / ATR' },
  { name: 'volume_ratio', formula: 'volume / mean of 20' },
  { name: 'tick_ratio', formula: 'ticks / mean of 20' },
  { name: 'spread', formula: '(ask − bid) / ATR' },
  { name: 'volatility', formula: 'ATR of 7 / ATR' },
  { name: 'distance', formula: '(close − mean close of 20) / ATR' },
  { name: 'missing', formula: 'bars missing before it, 10 at most, / 10' },
  // Square and other shapes of the day need its harmonics: the flexible Fourier form of Andersen & Bollerslev 1997.
  { name: 'day_sin', formula: 'sin(2π · time of day at the close, UTC)' },
  { name: 'day_cos', formula: 'cos of the same' },
  { name: 'day_sin_2', formula: 'sin of twice the angle' },
  { name: 'day_cos_2', formula: 'cos of twice the angle' },
  { name: 'day_sin_3', formula: 'sin of three times the angle' },
  { name: 'day_cos_3', formula: 'cos of three times the angle' },
  { name: 'week_sin', formula: 'sin(2π · weekday / 7) at the close, UTC' },
  { name: 'week_cos', formula: 'cos of the same' },
];

/** Numbers a bar has in a sequence, and a whole sequence. */
export const CHANNEL_COUNT = CHANNELS.length;
export const SEQUENCE_SIZE = SEQUENCE_BARS * CHANNEL_COUNT;

/** Raised when a channel takes another value on the same bars although its formula stays. */
const CHANNEL_VALUES_REVISION = 1;

/** Name of these channels' version, as of the features': a model of sequences of another one is refused. */
export const SEQUENCE_VERSION: string = `sq${CHANNEL_VALUES_REVISION}-${versionHash(
  CHANNELS.map(({ name, formula }) => `${name}|${formula}`).concat(String(SEQUENCE_BARS)),
)}`;

const TICK_RATIO = columnOf('tick_ratio');
const MISSING_MAX = 10;

/**
 * The last {@link SEQUENCE_BARS} bars of a series as local quantities, in a ring of its state: what models of sequences see. Their
 * features would repeat what longer windows hold; these are small, and a model combines them itself. `update` allocates nothing.
 */
export class SequenceChannels {
  /** Of the last bar; overwritten by the next. NaN where unknown. */
  readonly values = new Float64Array(CHANNEL_COUNT);
  readonly #at: number;

  /** Reserves a counter and the ring, 5.6 KB. */
  constructor(layout: StateLayout) {
    this.#at = layout.reserve(1 + SEQUENCE_SIZE);
  }

  /** Takes the bar that `features` took last. */
  update(s: Float64Array, bar: Bar, features: FeatureEngine): void {
    const values = this.values;
    const m = features.market;
    const { open, high, low, close, previousClose } = m;
    const perAtr = m.atr14 === 0 ? 0 : 1 / m.atr14;
    values[0] = (close - previousClose) * perAtr;
    values[1] = close > previousClose ? 1 : close < previousClose ? -1 : close === previousClose ? 0 : NaN;
    values[2] = (high - low) * perAtr;
    values[3] = (close - open) * perAtr;
    values[4] = (high - (open > close ? open : close)) * perAtr;
    values[5] = ((open < close ? open : close) - low) * perAtr;
    values[6] = high === low ? 0 : (2 * (close - low)) / (high - low) - 1;
    values[7] = (open - previousClose) * perAtr;
    values[8] = m.volumeSma20 === 0 ? 0 : bar.volume / m.volumeSma20;
    values[9] = features.row[TICK_RATIO]!;
    values[10] = (bar.ask - bar.bid) * perAtr;
    values[11] = m.atr7 * perAtr;
    values[12] = (close - m.meanClose20) * perAtr;
    const { missing } = features.quality;
    values[13] = (missing > MISSING_MAX ? MISSING_MAX : missing) / MISSING_MAX;
    const minute = utcMinute(m.closeTime);
    for (let k = 1; k <= 3; k++) {
      values[12 + 2 * k] = SIN_OF_DAY[(k * minute) % MINUTES]!;
      values[13 + 2 * k] = COS_OF_DAY[(k * minute) % MINUTES]!;
    }
    const weekday = utcWeekday(m.closeTime);
    values[20] = SIN_OF_WEEK[weekday]!;
    values[21] = COS_OF_WEEK[weekday]!;
    const at = this.#at;
    const n = s[at]! | 0;
    let slot = at + 1 + (n & MASK) * CHANNEL_COUNT;
    for (let channel = 0; channel < CHANNEL_COUNT; channel++) s[slot++] = values[channel]!;
    s[at] = n + 1;
  }

  /** Writes the last bars, oldest first, into `out` at `offset`: {@link SEQUENCE_SIZE} numbers, NaN before the first bar. */
  write(s: Float64Array, out: Float32Array, offset: number): void {
    const at = this.#at;
    const bars = s[at]! | 0;
    let to = offset;
    for (let bar = bars - SEQUENCE_BARS; bar < bars; bar++) {
      if (bar < 0) out.fill(NaN, to, to + CHANNEL_COUNT);
      else {
        const slot = at + 1 + (bar & MASK) * CHANNEL_COUNT;
        for (let channel = 0; channel < CHANNEL_COUNT; channel++) out[to + channel] = s[slot + channel]!;
      }
      to += CHANNEL_COUNT;
    }
  }
}

import type { StateLayout } from './state.js';

/** Bars kept of a field: a power of two above the longest window over it. */
const LONG = 256;
const MIDDLE = 128;
const SHORT = 32;
const LONG_MASK = LONG - 1;
const MIDDLE_MASK = MIDDLE - 1;
const SHORT_MASK = SHORT - 1;

/** Bars after which a running sum over the history is recomputed, so that rounding errors do not accumulate. */
export const RENEWAL_BARS = 64;

/** The last values of one field of a series: that of bar `i` lies at `base + (i & mask)` of the series' state. */
export interface Ring {
  readonly base: number;
  readonly mask: number;
}

/**
 * The last bars of a series, one ring a field, shared by all windowed kernels so that a price is stored once: 256
 * closes and log returns, 128 highs and lows, 32 of everything else. Bar 0 is the first of the series; the newest
 * bar is 0 ago.
 */
export class History {
  /** Bars seen by the series that was pushed to last: the newest is bar `bars − 1`. */
  bars = 0;
  readonly opens: Ring;
  readonly highs: Ring;
  readonly lows: Ring;
  readonly closes: Ring;
  readonly volumes: Ring;
  readonly logReturns: Ring;
  readonly trueRanges: Ring;
  readonly typicals: Ring;
  readonly #at: number;

  constructor(layout: StateLayout) {
    this.#at = layout.reserve(1);
    const ring = (bars: number): Ring => ({ base: layout.reserve(bars), mask: bars - 1 });
    this.closes = ring(LONG);
    this.logReturns = ring(LONG);
    this.highs = ring(MIDDLE);
    this.lows = ring(MIDDLE);
    this.opens = ring(SHORT);
    this.volumes = ring(SHORT);
    this.trueRanges = ring(SHORT);
    this.typicals = ring(SHORT);
  }

  // The value of a field `ago` bars back (0 = newest) in the series that was pushed to last.

  open(s: Float64Array, ago: number): number {
    return s[this.opens.base + ((this.bars - 1 - ago) & SHORT_MASK)]!;
  }
  high(s: Float64Array, ago: number): number {
    return s[this.highs.base + ((this.bars - 1 - ago) & MIDDLE_MASK)]!;
  }
  low(s: Float64Array, ago: number): number {
    return s[this.lows.base + ((this.bars - 1 - ago) & MIDDLE_MASK)]!;
  }
  close(s: Float64Array, ago: number): number {
    return s[this.closes.base + ((this.bars - 1 - ago) & LONG_MASK)]!;
  }
  volume(s: Float64Array, ago: number): number {
    return s[this.volumes.base + ((this.bars - 1 - ago) & SHORT_MASK)]!;
  }
  logReturn(s: Float64Array, ago: number): number {
    return s[this.logReturns.base + ((this.bars - 1 - ago) & LONG_MASK)]!;
  }
  trueRange(s: Float64Array, ago: number): number {
    return s[this.trueRanges.base + ((this.bars - 1 - ago) & SHORT_MASK)]!;
  }
  typical(s: Float64Array, ago: number): number {
    return s[this.typicals.base + ((this.bars - 1 - ago) & SHORT_MASK)]!;
  }

  /** Appends a bar. `logReturn` and `trueRange` are NaN on the first. */
  push(s: Float64Array, open: number, high: number, low: number, close: number, volume: number): void {
    const n = s[this.#at]! | 0;
    const previous = n > 0 ? s[this.closes.base + ((n - 1) & LONG_MASK)]! : NaN;
    s[this.closes.base + (n & LONG_MASK)] = close;
    s[this.logReturns.base + (n & LONG_MASK)] = Math.log(close / previous);
    s[this.highs.base + (n & MIDDLE_MASK)] = high;
    s[this.lows.base + (n & MIDDLE_MASK)] = low;
    s[this.opens.base + (n & SHORT_MASK)] = open;
    s[this.volumes.base + (n & SHORT_MASK)] = volume;
    s[this.trueRanges.base + (n & SHORT_MASK)] =
      n > 0 ? Math.max(high - low, Math.abs(high - previous), Math.abs(low - previous)) : NaN;
    s[this.typicals.base + (n & SHORT_MASK)] = (high + low + close) / 3;
    s[this.#at] = n + 1;
    this.bars = n + 1;
  }
}

/** The ring, if it keeps that many bars; a `RangeError` otherwise. */
export function keeping(ring: Ring, bars: number): Ring {
  if (bars > ring.mask + 1)
    throw new RangeError(`A window of ${bars} bars, where ${ring.mask + 1} are kept.`);
  return ring;
}

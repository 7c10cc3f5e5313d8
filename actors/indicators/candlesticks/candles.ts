import type { History } from '../history.js';
import type { StateLayout } from '../state.js';

/** One candlestick pattern. */
export interface Pattern {
  /** TA-Lib's function. */
  readonly talib: string;
  /** What it looks like and, where it always means the same, what it means. */
  readonly description: string;
  /** Index of the first bar it may fire on, TA-Lib's lookback; also where its rolling averages begin. */
  readonly lookback: number;
  /**
   * Colours of the last candles it may fire on, oldest first: W white, B black, . either. Without it, any. A candle
   * is white when it closes at or above its open.
   */
  readonly colors?: readonly string[];
  /** Answers 0, or −200..200 where the pattern ends on the newest bar (`ago` 0). */
  readonly detect: (candles: Candles) => number;
}

/** Candles a pattern can look at. */
const SEEN = 7;
/** Bars of rolling sums and of bodies kept; a power of two not below `SEEN`. */
const KEPT = 8;

/*
 * Rolling sums before a bar, one for each first bar TA-Lib's functions begin at: two running sums of the same
 * window that began at different bars differ in their last bits, and on prices of few digits a body often equals
 * its threshold exactly, so those bits decide. Bodies of 10 bars begin at bar 0 to 4, ranges of 10 at 0 to 3,
 * shadows of 10 at 0 to 2, ranges of 5 at 0, 1, 5 and 6.
 */
const BODY_10 = 0;
const RANGE_10 = 5;
const SHADOWS_10 = 9;
const RANGE_5 = 12;
const SUMS = 16;
const FIRST_BAR = Int32Array.of(0, 1, 2, 3, 4, 0, 1, 2, 3, 0, 1, 2, 0, 1, 5, 6);
/** Above this many bars every sum lets a bar go for each it takes in. */
const ALL_ROLLING = 16;

/** Colours a pattern can ask for. */
export const COLORS = 5;

type Seen<T extends number> = [T, T, T, T, T, T, T];
const seen = <T extends number = number>(): Seen<T> => new Float64Array(SEEN) as unknown as Seen<T>;

/**
 * The last candles of a series with TA-Lib's default candle settings, for the patterns to read: `ago` 0 is the
 * newest bar. Thresholds follow `TA_CANDLEAVERAGE`: they average the bars **before** the candle.
 */
export class Candles {
  readonly #history: History;
  readonly #at: number;
  readonly #tops: number;
  // The newest candles of the series being updated, newest first; filled anew at each bar, never state.
  readonly open = seen();
  readonly high = seen();
  readonly low = seen();
  readonly close = seen();
  /** Upper and lower end of the real body, and its length. */
  readonly top = seen();
  readonly bottom = seen();
  readonly body = seen();
  readonly upperShadow = seen();
  readonly lowerShadow = seen();
  /** +1 for a white candle (close at or above the open), −1 for a black one. */
  readonly color = seen<1 | -1>();
  #s: Float64Array = new Float64Array(0);
  #lookback = 0;
  /** Colours of the last candles, a bit each: 1 white; the newest is the lowest. */
  colors = 0;

  constructor(layout: StateLayout, history: History) {
    this.#history = history;
    // The sums now and those before each of the last bars; the upper and lower ends of their bodies, and their colours.
    this.#at = layout.reserve(SUMS * (1 + KEPT));
    this.#tops = layout.reserve(2 * KEPT + 1);
  }

  /** Takes up the newest bar of the history. */
  update(s: Float64Array): void {
    this.#s = s;
    const bars = this.#history.bars;
    this.#takeBody(s, bars);
    this.#look(s, bars);
    const at = this.#at;
    if (bars > ALL_ROLLING) {
      const taken = this.high[1] - this.low[1];
      const body = this.body[1] - this.#bodyOf(bars - 12);
      const range = taken - this.#rangeOf(bars - 12);
      const shadows = this.upperShadow[1] + this.lowerShadow[1] - this.#shadowsOf(bars - 12);
      const range5 = taken - this.#rangeOf(bars - 7);
      for (let i = BODY_10; i < RANGE_10; i++) s[at + i] = s[at + i]! + body;
      for (let i = RANGE_10; i < SHADOWS_10; i++) s[at + i] = s[at + i]! + range;
      for (let i = SHADOWS_10; i < RANGE_5; i++) s[at + i] = s[at + i]! + shadows;
      for (let i = RANGE_5; i < SUMS; i++) s[at + i] = s[at + i]! + range5;
    } else if (bars > 1) this.#fill(s, bars - 2);
    const kept = at + SUMS + ((bars - 1) & (KEPT - 1)) * SUMS;
    for (let i = 0; i < SUMS; i++) s[kept + i] = s[at + i]!;
  }

  /** The colour and the ends of a body are asked for once, when it is new: no processor could guess the answer. */
  #takeBody(s: Float64Array, bars: number): void {
    const tops = this.#tops;
    const slot = tops + ((bars - 1) & (KEPT - 1));
    const open = this.#history.open(s, 0);
    const close = this.#history.close(s, 0);
    const colors = tops + 2 * KEPT;
    const before = (s[colors]! | 0) << 1;
    if (close >= open) {
      s[slot] = close;
      s[slot + KEPT] = open;
      this.colors = (before | 1) & ((1 << SEEN) - 1);
    } else {
      s[slot] = open;
      s[slot + KEPT] = close;
      this.colors = before & ((1 << SEEN) - 1);
    }
    s[colors] = this.colors;
  }

  #look(s: Float64Array, bars: number): void {
    const colors = this.colors;
    const { opens, highs, lows, closes } = this.#history;
    const tops = this.#tops;
    for (let ago = 0; ago < SEEN; ago++) {
      const bar = bars - 1 - ago;
      const high = s[highs.base + (bar & highs.mask)]!;
      const low = s[lows.base + (bar & lows.mask)]!;
      const top = s[tops + (bar & (KEPT - 1))]!;
      const bottom = s[tops + KEPT + (bar & (KEPT - 1))]!;
      this.open[ago] = s[opens.base + (bar & opens.mask)]!;
      this.high[ago] = high;
      this.low[ago] = low;
      this.close[ago] = s[closes.base + (bar & closes.mask)]!;
      this.top[ago] = top;
      this.bottom[ago] = bottom;
      this.body[ago] = top - bottom;
      this.upperShadow[ago] = high - top;
      this.lowerShadow[ago] = bottom - low;
      this.color[ago] = ((colors >> ago) & 1) === 0 ? -1 : 1;
    }
  }

  /** Answers what `pattern` sees on the newest bar; 0 before its first. */
  detect(pattern: Pattern): number {
    if (this.bars <= pattern.lookback) return 0;
    this.#lookback = pattern.lookback;
    return pattern.detect(this);
  }

  /** Number of bars seen, the newest included. */
  get bars(): number {
    return this.#history.bars;
  }

  /** +1 where the real body of `ago` lies wholly above that of `earlier`, −1 wholly below, else 0. */
  bodyGap(ago: number, earlier: number): 1 | -1 | 0 {
    if (this.bottom[ago]! > this.top[earlier]!) return 1;
    return this.top[ago]! < this.bottom[earlier]! ? -1 : 0;
  }
  /** +1 where the whole candle of `ago`, shadows too, lies above that of `earlier`, −1 below, else 0. */
  gap(ago: number, earlier: number): 1 | -1 | 0 {
    if (this.low[ago]! > this.high[earlier]!) return 1;
    return this.high[ago]! < this.low[earlier]! ? -1 : 0;
  }

  /** Length above which the body of `ago` is long, and below which it is short: the mean body of 10 bars. */
  usualBody(ago: number): number {
    return this.#sum(BODY_10, this.#lookback - 10 - ago, ago) / 10;
  }
  /** Length to which the body of `ago` is a doji's: a tenth of the mean range of 10 bars. */
  dojiBody(ago: number): number {
    return 0.1 * (this.#sum(RANGE_10, this.#lookback - 10 - ago, ago) / 10);
  }
  /** Length below which a shadow of `ago` is very short: a tenth of the mean range of 10 bars. */
  veryShortShadow(ago: number): number {
    return this.dojiBody(ago);
  }
  /** Length below which a shadow of `ago` is short: half the mean of both shadows together over 10 bars. */
  shortShadow(ago: number): number {
    return this.#sum(SHADOWS_10, this.#lookback - 10 - ago, ago) / 10 / 2;
  }
  /** Length above which a shadow of `ago` is long: its own body. */
  longShadow(ago: number): number {
    return this.body[ago]!;
  }
  /** Length above which a shadow of `ago` is very long: twice its own body. */
  veryLongShadow(ago: number): number {
    return 2 * this.body[ago]!;
  }
  /** Distance within which prices are near: a fifth of the mean range of the 5 bars before `ago`. */
  near(ago: number, firstBar: number = this.#lookback - 5 - ago): number {
    return 0.2 * this.#meanRange5(ago, firstBar);
  }
  /** Distance beyond which prices are far apart: 0.6 of the mean range of the 5 bars before `ago`. */
  far(ago: number): number {
    return 0.6 * this.#meanRange5(ago, this.#lookback - 5 - ago);
  }
  /** Distance within which prices are equal: a twentieth of the mean range of the 5 bars before `ago`. */
  equal(ago: number): number {
    return 0.05 * this.#meanRange5(ago, this.#lookback - 5 - ago);
  }

  #meanRange5(ago: number, firstBar: number): number {
    return this.#sum(RANGE_5, firstBar < 2 ? firstBar : firstBar - 3, ago) / 5;
  }

  /** Sum `of` + `which` as it stood before bar `ago`. */
  #sum(of: number, which: number, ago: number): number {
    return this.#s[this.#at + SUMS + ((this.bars - 1 - ago) & (KEPT - 1)) * SUMS + of + which]!;
  }

  /** Adds bar `index` to the sums while some of them still fill. */
  #fill(s: Float64Array, index: number): void {
    for (let i = 0; i < SUMS; i++) {
      const first = FIRST_BAR[i]!;
      if (index < first) continue;
      const length = i < RANGE_5 ? 10 : 5;
      const left = index - length;
      const sum = this.#at + i;
      const taken = this.#measure(i, index);
      s[sum] = s[sum]! + (left < first ? taken : taken - this.#measure(i, left));
    }
  }

  #measure(sum: number, bar: number): number {
    if (sum < RANGE_10) return this.#bodyOf(bar);
    return sum >= SHADOWS_10 && sum < RANGE_5 ? this.#shadowsOf(bar) : this.#rangeOf(bar);
  }
  #bodyOf(bar: number): number {
    const { opens, closes } = this.#history;
    return Math.abs(this.#s[closes.base + (bar & closes.mask)]! - this.#s[opens.base + (bar & opens.mask)]!);
  }
  #rangeOf(bar: number): number {
    const { highs, lows } = this.#history;
    return this.#s[highs.base + (bar & highs.mask)]! - this.#s[lows.base + (bar & lows.mask)]!;
  }
  #shadowsOf(bar: number): number {
    const { opens, highs, lows, closes } = this.#history;
    const open = this.#s[opens.base + (bar & opens.mask)]!;
    const close = this.#s[closes.base + (bar & closes.mask)]!;
    const white = close >= open;
    return (
      this.#s[highs.base + (bar & highs.mask)]! -
      (white ? close : open) +
      ((white ? open : close) - this.#s[lows.base + (bar & lows.mask)]!)
    );
  }
}

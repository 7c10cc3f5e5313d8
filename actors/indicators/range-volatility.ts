import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

const COUNT = 0;
const RINGS = 1;
const TERMS = 5;

/**
 * Volatility a bar from its four prices over a window: `parkinson` (Parkinson 1980), `garmanKlass` (Garman &
 * Klass 1980), `rogersSatchell` (Rogers & Satchell 1991) and, from one bar more, `yangZhang` (Yang & Zhang
 * 2000). Unit: log return of one bar. Each bar's logarithms are computed once; the sums are recomputed at every
 * bar, so rounding errors do not accumulate.
 */
export class RangeVolatility implements Kernel {
  readonly requiredInputs: number;
  parkinson = NaN;
  garmanKlass = NaN;
  rogersSatchell = NaN;
  yangZhang = NaN;
  readonly #at: number;

  constructor(layout: StateLayout, window: number) {
    this.requiredInputs = window;
    this.#at = layout.reserve(RINGS + TERMS * window);
  }

  /** `previousClose` is NaN on the first bar. */
  update(
    s: Float64Array,
    open: number,
    high: number,
    low: number,
    close: number,
    previousClose: number,
  ): void {
    const at = this.#at;
    const window = this.requiredInputs;
    const n = s[at + COUNT]! | 0;
    const slot = at + RINGS + (n % window) * TERMS;
    const logHigh = Math.log(high / open);
    const logLow = Math.log(low / open);
    const logClose = Math.log(close / open);
    const squaredRange = (logHigh - logLow) * (logHigh - logLow);
    s[slot] = squaredRange;
    s[slot + 1] = 0.5 * squaredRange - (2 * Math.LN2 - 1) * logClose * logClose;
    s[slot + 2] = (logHigh - logClose) * logHigh + (logLow - logClose) * logLow;
    s[slot + 3] = logClose;
    s[slot + 4] = Math.log(open / previousClose);
    s[at + COUNT] = n + 1;
    this.parkinson = this.garmanKlass = this.rogersSatchell = this.yangZhang = NaN;
    if (n + 1 >= window) this.#estimate(s, window);
  }

  #estimate(s: Float64Array, window: number): void {
    let parkinson = 0;
    let garmanKlass = 0;
    let rogersSatchell = 0;
    let day = 0;
    let daySquares = 0;
    let night = 0;
    let nightSquares = 0;
    const first = this.#at + RINGS;
    for (let slot = first; slot < first + window * TERMS; slot += TERMS) {
      parkinson += s[slot]!;
      garmanKlass += s[slot + 1]!;
      rogersSatchell += s[slot + 2]!;
      const inDay = s[slot + 3]!;
      day += inDay;
      daySquares += inDay * inDay;
      const overnight = s[slot + 4]!;
      night += overnight;
      nightSquares += overnight * overnight;
    }
    this.parkinson = Math.sqrt(parkinson / (4 * window * Math.LN2));
    this.garmanKlass = Math.sqrt(Math.max(0, garmanKlass / window));
    const drift = Math.max(0, rogersSatchell / window);
    this.rogersSatchell = Math.sqrt(drift);
    const k = 0.34 / (1.34 + (window + 1) / (window - 1));
    const nightVariance = Math.max(0, nightSquares - (night * night) / window) / (window - 1);
    const dayVariance = Math.max(0, daySquares - (day * day) / window) / (window - 1);
    // NaN until the first bar, which has no close before it, is out of the window.
    this.yangZhang = Math.sqrt(nightVariance + k * dayVariance + (1 - k) * drift);
  }
}

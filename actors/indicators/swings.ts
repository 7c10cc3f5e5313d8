import type { History } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

const SWINGS = 20;
const HIGH = 0;
const PREVIOUS_HIGH = 1;
const HIGH_BAR = 2;
const LOW = 3;
const PREVIOUS_LOW = 4;
const LOW_BAR = 5;
const COUNT = 6;
const HIGHS = 7;
const LOWS = 8;
/** Levels at or below the last close. */
const BELOW = 9;
/** The levels, oldest first, a ring; then the same in ascending order. */
const LEVELS = 10;
const SORTED = LEVELS + SWINGS;

/**
 * Swing points: a high (low) beyond the two bars on either side of it, so known two bars late. Keeps the
 * last 20 of both kinds as levels. After `update`: the last two highs and lows (NaN before there are any),
 * bars since each, the nearest level at or below (`support`) and above (`resistance`) the close, and how
 * many of the 20 lie within `tolerance` of each. Source: Williams' fractals.
 */
export class Swings implements Kernel {
  readonly requiredInputs = 5;
  high = NaN;
  previousHigh = NaN;
  barsSinceHigh = NaN;
  low = NaN;
  previousLow = NaN;
  barsSinceLow = NaN;
  support = NaN;
  resistance = NaN;
  supportTouches = NaN;
  resistanceTouches = NaN;
  readonly #at: number;
  readonly #history: History;

  constructor(layout: StateLayout, history: History) {
    this.#at = layout.reserve(SORTED + SWINGS);
    this.#history = history;
  }

  update(s: Float64Array, close: number, tolerance: number): void {
    const at = this.#at;
    const history = this.#history;
    const bar = history.bars - 1;
    if (bar >= 4) {
      this.#confirmHigh(s, bar);
      this.#confirmLow(s, bar);
    }
    const highs = s[at + HIGHS]!;
    const lows = s[at + LOWS]!;
    this.high = highs >= 1 ? s[at + HIGH]! : NaN;
    this.previousHigh = highs >= 2 ? s[at + PREVIOUS_HIGH]! : NaN;
    this.barsSinceHigh = highs >= 1 ? bar - s[at + HIGH_BAR]! : NaN;
    this.low = lows >= 1 ? s[at + LOW]! : NaN;
    this.previousLow = lows >= 2 ? s[at + PREVIOUS_LOW]! : NaN;
    this.barsSinceLow = lows >= 1 ? bar - s[at + LOW_BAR]! : NaN;
    this.#levels(s, close, tolerance);
  }

  #confirmHigh(s: Float64Array, bar: number): void {
    const history = this.#history;
    const high = history.high(s, 2);
    for (let ago = 0; ago <= 4; ago++) if (ago !== 2 && history.high(s, ago) >= high) return;
    const at = this.#at;
    s[at + PREVIOUS_HIGH] = s[at + HIGH]!;
    s[at + HIGH] = high;
    s[at + HIGH_BAR] = bar - 2;
    s[at + HIGHS] = s[at + HIGHS]! + 1;
    this.#addLevel(s, high);
  }

  #confirmLow(s: Float64Array, bar: number): void {
    const history = this.#history;
    const low = history.low(s, 2);
    for (let ago = 0; ago <= 4; ago++) if (ago !== 2 && history.low(s, ago) <= low) return;
    const at = this.#at;
    s[at + PREVIOUS_LOW] = s[at + LOW]!;
    s[at + LOW] = low;
    s[at + LOW_BAR] = bar - 2;
    s[at + LOWS] = s[at + LOWS]! + 1;
    this.#addLevel(s, low);
  }

  #addLevel(s: Float64Array, level: number): void {
    const at = this.#at;
    const sorted = at + SORTED;
    const count = s[at + COUNT]! | 0;
    const slot = at + LEVELS + (count % SWINGS);
    let known = count;
    if (count >= SWINGS) {
      known = SWINGS - 1;
      let i = 0;
      while (s[sorted + i] !== s[slot]) i++;
      for (; i < known; i++) s[sorted + i] = s[sorted + i + 1]!;
    }
    s[slot] = level;
    let place = known;
    for (; place > 0 && s[sorted + place - 1]! > level; place--) s[sorted + place] = s[sorted + place - 1]!;
    s[sorted + place] = level;
    s[at + COUNT] = count + 1;
  }

  #levels(s: Float64Array, close: number, tolerance: number): void {
    const at = this.#at;
    const sorted = at + SORTED;
    const known = Math.min(s[at + COUNT]! | 0, SWINGS);
    let below = s[at + BELOW]! | 0;
    while (below > 0 && s[sorted + below - 1]! > close) below--;
    while (below < known && s[sorted + below]! <= close) below++;
    s[at + BELOW] = below;
    this.support = this.resistance = NaN;
    this.supportTouches = this.resistanceTouches = known > 0 ? 0 : NaN;
    if (below > 0) {
      this.support = s[sorted + below - 1]!;
      this.supportTouches = this.#touches(s, below - 1, known, tolerance);
    }
    if (below < known) {
      this.resistance = s[sorted + below]!;
      this.resistanceTouches = this.#touches(s, below, known, tolerance);
    }
  }

  /** Levels within `tolerance` of that at a place in the order, itself among them. */
  #touches(s: Float64Array, place: number, known: number, tolerance: number): number {
    const sorted = this.#at + SORTED;
    const level = s[sorted + place]!;
    let from = place;
    while (from >= 0 && level - s[sorted + from]! <= tolerance) from--;
    let to = place;
    while (to < known && s[sorted + to]! - level <= tolerance) to++;
    return Math.max(0, to - from - 1);
  }
}

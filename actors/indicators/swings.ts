import { FIELD, type History } from './history.js';
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
const LEVELS = 9;

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
    this.#at = layout.reserve(LEVELS + SWINGS);
    this.#history = history;
  }

  update(s: Float64Array, close: number, tolerance: number): void {
    const at = this.#at;
    const history = this.#history;
    const bar = history.count(s) - 1;
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
    const high = history.value(s, FIELD.high, 2);
    for (let ago = 0; ago <= 4; ago++) if (ago !== 2 && history.value(s, FIELD.high, ago) >= high) return;
    const at = this.#at;
    s[at + PREVIOUS_HIGH] = s[at + HIGH]!;
    s[at + HIGH] = high;
    s[at + HIGH_BAR] = bar - 2;
    s[at + HIGHS] = s[at + HIGHS]! + 1;
    this.#addLevel(s, high);
  }

  #confirmLow(s: Float64Array, bar: number): void {
    const history = this.#history;
    const low = history.value(s, FIELD.low, 2);
    for (let ago = 0; ago <= 4; ago++) if (ago !== 2 && history.value(s, FIELD.low, ago) <= low) return;
    const at = this.#at;
    s[at + PREVIOUS_LOW] = s[at + LOW]!;
    s[at + LOW] = low;
    s[at + LOW_BAR] = bar - 2;
    s[at + LOWS] = s[at + LOWS]! + 1;
    this.#addLevel(s, low);
  }

  #addLevel(s: Float64Array, level: number): void {
    const at = this.#at;
    s[at + LEVELS + ((s[at + COUNT]! | 0) % SWINGS)] = level;
    s[at + COUNT] = s[at + COUNT]! + 1;
  }

  #levels(s: Float64Array, close: number, tolerance: number): void {
    const first = this.#at + LEVELS;
    const known = Math.min(s[this.#at + COUNT]!, SWINGS);
    let support = NaN;
    let resistance = NaN;
    for (let i = first; i < first + known; i++) {
      const level = s[i]!;
      if (level <= close) {
        if (!(support >= level)) support = level;
      } else if (!(resistance <= level)) resistance = level;
    }
    let supportTouches = 0;
    let resistanceTouches = 0;
    for (let i = first; i < first + known; i++) {
      supportTouches += Number(Math.abs(s[i]! - support) <= tolerance);
      resistanceTouches += Number(Math.abs(s[i]! - resistance) <= tolerance);
    }
    this.support = support;
    this.resistance = resistance;
    this.supportTouches = known > 0 ? supportTouches : NaN;
    this.resistanceTouches = known > 0 ? resistanceTouches : NaN;
  }
}

import type { StateLayout } from '../indicators/state.js';
import type { Bar } from '../market/bar.js';
import type { BarGrid } from '../market/bar-grid.js';

/** The horizons of labels, predictions and signals. */
export const HORIZONS = ['1h', '4h', '1d'] as const;
export const HORIZON_MS = [3_600_000, 14_400_000, 86_400_000] as const;

/** Share of the scaled ATR within which a return counts as no direction. */
const DEAD_ZONE_ATR = 0.1;

const CLOSE_TIME = 0;
const CLOSE = 1;
const HIGH = 2;
const LOW = 3;
const ATR = 4;
const SPREAD = 5;
const STRIDE = 6;
/** Rows whose highest high and lowest low are kept together, so that a day of minute bars is searched in steps. */
const BLOCK = 32;

/**
 * What came of a row over one horizon. Returns are simple returns against the row's close.
 */
export interface Label {
  /** Close time of the row it belongs to. */
  closeTime: number;
  /** Index into {@link HORIZONS}. */
  horizon: number;
  /** −1, 0 or +1; 0 inside max(spread, 0.1 × scaled ATR). */
  direction: number;
  return: number;
  maxGain: number;
  maxLoss: number;
  /** +1 when close + 1 scaled ATR was touched first, −1 for close − 1 scaled ATR (or both in one bar), else 0. */
  barrier: number;
  /** Close time of the bar that made it known. */
  resolvedAt: number;
}

/**
 * Resolves labels by time. A horizon ends at the row's close time plus its length; the exit is the close of
 * the first bar that closes at or after that moment (the first price one could trade at, over a weekend
 * Sunday's), and the label is known when that bar closes, never before. ATR is scaled to a horizon by the
 * square root of the bars in it.
 */
export class Labeler {
  readonly #at: number;
  readonly #capacity: number;
  readonly #scale: readonly number[];
  readonly #grid: BarGrid;
  readonly #blocks: number;
  readonly #blocksAt: number;

  constructor(layout: StateLayout, grid: BarGrid) {
    this.#grid = grid;
    this.#capacity = Math.max(2, Math.ceil(HORIZON_MS[2] / grid.shortestMs) + 1);
    this.#scale = HORIZON_MS.map((ms) => Math.sqrt(Math.max(1, ms / grid.lengthMs)));
    this.#blocks = Math.ceil(this.#capacity / BLOCK) + 1;
    // Rows seen, oldest unresolved row of each horizon, then the ring of rows, then that of their blocks.
    this.#at = layout.reserve(1 + HORIZONS.length + this.#capacity * STRIDE + this.#blocks * 2);
    this.#blocksAt = this.#at + 1 + HORIZONS.length + this.#capacity * STRIDE;
  }

  /**
   * Takes the bar and the ATR at its close (NaN before warm-up) and calls `resolved` for every label that it
   * makes known, oldest row first. The object passed is reused: copy what must last.
   */
  update(s: Float64Array, bar: Bar, atr: number, resolved: (label: Label) => void): void {
    const at = this.#at;
    const now = this.#grid.closeOf(bar.openTime);
    const n = s[at]! | 0;
    const slot = this.#slot(n);
    s[slot + CLOSE_TIME] = now;
    s[slot + CLOSE] = bar.close;
    s[slot + HIGH] = bar.high;
    s[slot + LOW] = bar.low;
    s[slot + ATR] = atr;
    s[slot + SPREAD] = bar.ask - bar.bid;
    const block = this.#block(n);
    const opens = n % BLOCK === 0;
    if (opens || bar.high > s[block]!) s[block] = bar.high;
    if (opens || bar.low < s[block + 1]!) s[block + 1] = bar.low;
    for (let horizon = 0; horizon < HORIZONS.length; horizon++) {
      let row = s[at + 1 + horizon]! | 0;
      while (row < n && s[this.#slot(row) + CLOSE_TIME]! + HORIZON_MS[horizon]! <= now) {
        resolved(this.#resolve(s, row, n, horizon, now));
        row++;
      }
      s[at + 1 + horizon] = row;
    }
    s[at] = n + 1;
  }

  #slot(row: number): number {
    return this.#at + 1 + HORIZONS.length + (row % this.#capacity) * STRIDE;
  }

  /** Slot of the highest high of a row's block; its lowest low follows. */
  #block(row: number): number {
    return this.#blocksAt + (Math.floor(row / BLOCK) % this.#blocks) * 2;
  }

  readonly #label: Label = {
    closeTime: 0,
    horizon: 0,
    direction: 0,
    return: 0,
    maxGain: 0,
    maxLoss: 0,
    barrier: 0,
    resolvedAt: 0,
  };

  #resolve(s: Float64Array, row: number, last: number, horizon: number, now: number): Label {
    const slot = this.#slot(row);
    const close = s[slot + CLOSE]!;
    const scaledAtr = s[slot + ATR]! * this.#scale[horizon]!;
    let highest = -Infinity;
    let lowest = Infinity;
    let barrier = 0;
    for (let i = row + 1; i <= last;) {
      const whole = i % BLOCK === 0 && i + BLOCK - 1 <= last;
      const block = this.#block(i);
      const at = this.#slot(i);
      const high = whole ? s[block]! : s[at + HIGH]!;
      const low = whole ? s[block + 1]! : s[at + LOW]!;
      if (high > highest) highest = high;
      if (low < lowest) lowest = low;
      if (barrier === 0 && (low <= close - scaledAtr || high >= close + scaledAtr))
        barrier = this.#firstTouch(s, i, whole ? i + BLOCK - 1 : i, close, scaledAtr);
      i += whole ? BLOCK : 1;
    }
    const move = s[this.#slot(last) + CLOSE]! - close;
    const spread = s[slot + SPREAD]!;
    const deadZone = Math.max(spread === spread ? spread : 0, DEAD_ZONE_ATR * scaledAtr);
    const label = this.#label;
    label.closeTime = s[slot + CLOSE_TIME]!;
    label.horizon = horizon;
    label.direction = deadZone !== deadZone ? NaN : Math.abs(move) <= deadZone ? 0 : Math.sign(move);
    label.return = move / close;
    label.maxGain = Math.max(0, highest / close - 1);
    label.maxLoss = Math.min(0, lowest / close - 1);
    label.barrier = scaledAtr === scaledAtr ? barrier : NaN;
    label.resolvedAt = now;
    return label;
  }

  #firstTouch(s: Float64Array, from: number, to: number, close: number, distance: number): -1 | 0 | 1 {
    for (let i = from; i <= to; i++) {
      const at = this.#slot(i);
      if (s[at + LOW]! <= close - distance) return -1;
      if (s[at + HIGH]! >= close + distance) return 1;
    }
    return 0;
  }
}

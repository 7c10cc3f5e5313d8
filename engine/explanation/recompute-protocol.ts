import type { MessagePort } from 'node:worker_threads';
import type { PriceBasis } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { CalendarRule } from '../calendars.js';

/** Which row to compute again from its bars, oldest first. */
export interface RecomputeTask {
  readonly timeframe: Timeframe;
  readonly calendar: CalendarRule;
  readonly basis: PriceBasis;
  readonly closeTime: number;
  /** How many earlier sequences to draw, and by which seed. */
  readonly draws: number;
  readonly seed: number;
  readonly port: MessagePort;
}

/** A row that was computed again, with what models take of it. */
export interface RecomputedRow {
  /** Bars up to it. */
  readonly bars: number;
  readonly values: Float32Array;
  readonly model: Float32Array;
  readonly sequence: Float32Array;
  /** Sequences of earlier bars, drawn at random among all that were warmed up. */
  readonly drawn: readonly Float32Array[];
}

/** Bars for the worker, packed; undefined when there are no more. */
export type BarPage = Float64Array | undefined;

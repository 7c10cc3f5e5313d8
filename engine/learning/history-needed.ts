import { HORIZONS, HORIZON_MS } from '../../actors/features/labels.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { WARM_UP_BARS } from '../../actors/signal-actor.js';

/** Rows without which nothing is trained, however long their bars are. */
const ROWS_MIN = 600;
/** Rows the first walk-forward fold is fitted to at least; on fewer its score says nothing about the method. */
const FIRST_FOLD_ROWS = 196;
const LONGEST_MS = HORIZON_MS[HORIZONS.length - 1]!;

/**
 * Rows that a training needs. The first walk-forward fold is fitted to what is left of the older half of the rows after
 * a fifth is held out and, twice, a longest horizon is lost to purge and embargo: 0.8 (rows / 2 − day) − day, with `day`
 * in bars. At one hour that is 196 of 600 rows; a day of shorter bars is more rows, so they need more.
 */
export function rowsNeeded(timeframe: Timeframe): number {
  const day = Math.ceil(LONGEST_MS / timeframeMs(timeframe));
  return Math.max(ROWS_MIN, Math.ceil(2 * ((FIRST_FOLD_ROWS + day) / 0.8 + day)));
}

/** Bars of a series that make its first model: those that warm up the features, then {@link rowsNeeded}. */
export function barsNeeded(timeframe: Timeframe): number {
  return WARM_UP_BARS - 1 + rowsNeeded(timeframe);
}

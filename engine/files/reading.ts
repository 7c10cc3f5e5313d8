import type { Timeframe } from '../../actors/market/timeframe.js';
import type { CalendarRule } from '../calendars.js';

/** How a file is to be read. */
export interface Reading {
  /** Timeframe that the file's bars have to have; by default that of their spacing. */
  readonly timeframe?: Timeframe;
  /** Whether shorter bars will do, which the timeframe is built from. */
  readonly takesShorter?: boolean;
  /** One of `FORMAT_NAMES`; by default what the content says. */
  readonly format?: string;
  /** Clock that times without an offset were read from, see `parseZone`. */
  readonly timeZone?: string;
  /** Calendar that days and 4-hour bars have to lie on or are built for; by default the one they lie on, else the symbol's. */
  readonly calendar?: CalendarRule;
  /** Calendars beside the built-in ones that its days and 4-hour bars may lie on. */
  readonly calendars?: readonly CalendarRule[];
  /** Symbol to take of a file with a column of tickers. */
  readonly symbol?: string;
  /** Now, epoch milliseconds; for tests. */
  readonly now?: number;
  /** How long the decoder of a Parquet file may say nothing before the file is given up, milliseconds; for tests. */
  readonly patienceMs?: number;
}

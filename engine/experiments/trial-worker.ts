// The thread that fits the candidates of an experiment.
import { workerData } from 'piscina';
import { calendarOfRule, type CalendarRule } from '../calendars.js';
import { unpackBars } from '../journal/records.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { Candidate } from './search-space.js';
import { Trials, type FinalScore, type Tried, type TrialScore } from './trial.js';

/** Given to every worker when it starts. */
export interface TrialSetup {
  /** Bars, packed, in memory that all workers share. */
  readonly bars: Float64Array;
  readonly timeframe: Timeframe;
  readonly calendar: CalendarRule;
  readonly basis: PriceBasis;
  readonly seed: number;
}

/** A candidate to fit to a share of the rows or, with what else was tried, to all of them for the final score. */
export type TrialOrder =
  | { readonly kind: 'trial'; readonly candidate: Candidate; readonly share: number }
  | { readonly kind: 'final'; readonly candidate: Candidate; readonly tried: Tried };

const { bars, timeframe, calendar, basis, seed } = workerData as TrialSetup;
let trials: Trials | undefined;

export default async function work(order: TrialOrder): Promise<TrialScore | FinalScore> {
  trials ??= new Trials({ bars: unpackBars(bars), timeframe, calendar: calendarOfRule(calendar), basis });
  return order.kind === 'trial'
    ? await trials.run(order.candidate, order.share, seed)
    : await trials.final(order.candidate, seed, order.tried);
}

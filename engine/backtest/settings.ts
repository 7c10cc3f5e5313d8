import type { Calendar } from '../../actors/market/calendar.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import type { Family } from '../learning/families/family.js';
import type { Costs } from './market.js';
import type { PositionRule } from './positions.js';
import type { SignalOptions } from './signals.js';

/** Everything a backtest depends on beside the bars. */
export interface BacktestSettings {
  readonly timeframe: Timeframe;
  readonly calendar: Calendar;
  readonly basis: PriceBasis;
  readonly family: Family;
  readonly folds: number;
  readonly rowsMax: number;
  readonly testShare: number;
  readonly seed: number;
  readonly budgetSeconds: number;
  readonly rule: PositionRule;
  readonly costs: Costs;
  /** Things tried before this backtest, itself among them; each of the kinds of model a family chooses from counts beside. */
  readonly trials: number;
  readonly randomRuns: number;
  /** Whether to look for a look at the future, which trains the first fold twice more. */
  readonly checksLeakage: boolean;
}

/** How a backtest's settings ask for its signals. */
export function signalOptions(settings: BacktestSettings): SignalOptions {
  const { folds, rowsMax, testShare, seed, budgetSeconds, timeframe } = settings;
  return { folds, rowsMax, testShare, seed, budgetSeconds, lengthMs: timeframeMs(timeframe) };
}

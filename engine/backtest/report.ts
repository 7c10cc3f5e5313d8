import { HORIZONS } from '../../actors/features/labels.js';
import type { HorizonScore } from '../learning/evaluation.js';
import type { BacktestResult } from './backtest.js';
import type { Leakage } from './leakage.js';
import type { Costs } from './market.js';
import type { Performance } from './performance.js';
import { describeRule, type PositionRule } from './positions.js';
import type { RandomBand } from './random-entries.js';
import type { BacktestSettings } from './settings.js';
import {
  byHour,
  byRegime,
  curveOf,
  monthlyReturns,
  type Curve,
  type MonthlyReturn,
  type Slice,
} from './slices.js';

/** Deflated probability from which a Sharpe ratio is called more than luck. */
const SURE = 0.95;

/** A backtest as it is written: JSON, and what the page shows. Times are epoch milliseconds UTC, shares of 1. */
export interface BacktestReport {
  readonly symbol: string;
  readonly timeframe: string;
  /** Bars that there were, and those that were traded. */
  readonly bars: number;
  readonly tested: { readonly bars: number; readonly from: number; readonly through: number };
  readonly family: string;
  readonly folds: number;
  readonly seed: number;
  readonly rule: PositionRule & { readonly horizonName: string; readonly inWords: string };
  readonly costs: Costs & { readonly quotedShare: number };
  /** What the deflated Sharpe ratio counts as tried: backtests times kinds of model. */
  readonly tried: { readonly backtests: number; readonly families: number };
  readonly performance: Performance;
  readonly accuracy: HorizonScore['directional'];
  readonly baselines: {
    /** The same positions if trading cost nothing. */
    readonly withoutCosts: Performance;
    readonly buyAndHold: Performance;
    readonly alwaysFlat: { readonly totalReturn: 0; readonly maxDrawdown: 0 };
    readonly random: Omit<RandomBand, 'points' | 'low' | 'middle' | 'high'>;
  };
  readonly abstention: BacktestResult['abstentions'];
  readonly scores: readonly HorizonScore[];
  readonly edge: readonly boolean[];
  readonly skillZ: number;
  readonly byHour: readonly Slice[];
  readonly byRegime: readonly Slice[];
  readonly monthly: readonly MonthlyReturn[];
  readonly curve: Curve;
  readonly band: {
    readonly time: readonly number[];
    readonly low: readonly number[];
    readonly middle: readonly number[];
    readonly high: readonly number[];
  };
  readonly leakage: Leakage | null;
  /** The outcome in a few sentences. */
  readonly verdict: readonly string[];
}

export function reportOf(
  result: BacktestResult,
  settings: BacktestSettings,
  of: { readonly symbol: string },
): BacktestReport {
  const { market, range, random, performance } = result;
  const { points, low, middle, high, ...band } = random;
  const { rule } = settings;
  return {
    symbol: of.symbol,
    timeframe: settings.timeframe,
    bars: market.bars,
    tested: {
      bars: range.to - range.from,
      from: market.openTimes[range.from]!,
      through: market.closeTimes[range.to - 1]!,
    },
    family: settings.family.name,
    folds: settings.folds,
    seed: settings.seed,
    rule: { ...rule, horizonName: HORIZONS[rule.horizon]!, inWords: describeRule(rule) },
    costs: { ...settings.costs, quotedShare: market.quotedShare },
    tried: { backtests: settings.trials, families: result.families },
    performance,
    accuracy: result.scores[rule.horizon]!.directional,
    baselines: {
      withoutCosts: result.withoutCosts,
      buyAndHold: result.buyAndHold.performance,
      alwaysFlat: { totalReturn: 0, maxDrawdown: 0 },
      random: band,
    },
    abstention: result.abstentions,
    scores: result.scores,
    edge: result.edge,
    skillZ: result.skillZ,
    byHour: byHour(result.trades),
    byRegime: byRegime(result),
    monthly: monthlyReturns(result),
    curve: curveOf(result),
    band: { time: points.map((at) => market.closeTimes[range.from + at]!), low, middle, high },
    leakage: result.leakage ?? null,
    verdict: verdictOf(result, settings),
  };
}

/** What a backtest comes to, in sentences. */
function verdictOf(result: BacktestResult, { rule }: BacktestSettings): string[] {
  const { performance, random, buyAndHold, leakage, edge, scores, skillZ } = result;
  const horizon = HORIZONS[rule.horizon]!;
  const share = (x: number): string => `${(100 * x).toFixed(1)} %`;
  const gained = ({ totalReturn }: Performance): string =>
    `${totalReturn >= 0 ? 'gained' : 'lost'} ${share(Math.abs(totalReturn))}`;
  const { directional } = scores[rule.horizon]!;
  const found = `Over ${horizon} the leaning was right in ${share(directional.accuracy)} of the moves, against ${share(directional.baseline)} for always saying the commoner one (z ${directional.z.toFixed(1)}; ${edge[rule.horizon] === true ? 'skill' : `no skill: that takes ${skillZ}`}).`;
  if (performance.trades === 0)
    return [found, 'No signal passed the rule: it never traded.', ...leakageInWords(leakage)];
  const { sharpe } = performance;
  const money = `After costs it ${gained(performance)} in ${performance.trades} trades; without costs it would have ${gained(result.withoutCosts)}. Buy-and-hold ${gained(buyAndHold.performance)}.`;
  const luck = `Random entries with the same positions did as well in ${share(random.asGoodBySharpe)} of ${random.runs} runs.`;
  if (sharpe === undefined) return [found, money, luck, ...leakageInWords(leakage)];
  const { deflated } = sharpe;
  const sure = `Its Sharpe ratio is ${sharpe.annual.toFixed(2)} ± ${sharpe.standardError.toFixed(2)} a year; with ${deflated.trials} ${deflated.trials === 1 ? 'thing' : 'things'} tried, the chance that it is more than luck is ${share(deflated.probability)}${deflated.probability >= SURE ? '' : ` (below ${share(SURE)}: no evidence)`}.`;
  return [found, money, sure, luck, ...leakageInWords(leakage)];
}

function leakageInWords(leakage: Leakage | undefined): string[] {
  if (leakage === undefined) return ['Whether it looks at the future was not checked.'];
  const { cuts, forecasts, trades, differences } = leakage;
  const what = `${forecasts} forecasts and ${trades} trades before ${cuts.length} moments, after which every bar was replaced`;
  return [
    differences === 0
      ? `It does not look at the future: of ${what}, none changed.`
      : `IT LOOKS AT THE FUTURE: of ${what}, ${differences} changed; none of its figures can be trusted.`,
  ];
}

/** Trades as CSV, the header first. */
export function* tradeLines(
  { trades, signals }: Pick<BacktestResult, 'trades' | 'signals'>,
  { horizon }: PositionRule,
): Generator<string> {
  yield 'entry_time,exit_time,side,entry_price,exit_price,bars,return,cost,exit,fold,p_down,p_flat,p_up\n';
  const byBar = new Map(signals.forecasts.map((forecast) => [forecast.bar, forecast]));
  for (const trade of trades) {
    const forecast = byBar.get(trade.entryBar - 1);
    const probabilities = forecast?.probabilities.slice(horizon * 3, horizon * 3 + 3) ?? [];
    yield `${[
      new Date(trade.entryTime).toISOString(),
      new Date(trade.exitTime).toISOString(),
      trade.side > 0 ? 'long' : 'short',
      trade.entryPrice,
      trade.exitPrice,
      trade.exitBar - trade.entryBar,
      trade.return,
      trade.cost,
      trade.exit,
      forecast === undefined ? '' : forecast.fold + 1,
      ...probabilities,
    ].join(',')}\n`;
  }
}

import { HORIZONS } from '../../actors/features/labels.js';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { buildDataset } from '../learning/dataset.js';
import { checkLearnable } from '../learning/dataset-faults.js';
import type { HorizonScore } from '../learning/evaluation.js';
import { rowsNeeded } from '../learning/history-needed.js';
import { judge } from '../learning/verdict.js';
import { leakageOf, type Leakage } from './leakage.js';
import { marketOf, type Costs, type Market } from './market.js';
import { performanceOf, type Performance } from './performance.js';
import { positionsOf } from './positions.js';
import { randomBand, type RandomBand } from './random-entries.js';
import { signalOptions, type BacktestSettings } from './settings.js';
import { walkForwardSignals, type WalkForwardSignals } from './signals.js';
import { simulate, type BarRange, type Run, type Trade } from './simulation.js';

/** One rule of abstaining, and what trading by it would have been. */
interface Abstention {
  readonly name: string;
  readonly performance: Performance;
}

export interface BacktestResult {
  readonly market: Market;
  /** Bars that are traded. */
  readonly range: BarRange;
  readonly signals: WalkForwardSignals;
  readonly trades: readonly Trade[];
  readonly run: Run;
  readonly performance: Performance;
  /** The same positions if trading cost nothing: what the costs take from. */
  readonly withoutCosts: Performance;
  readonly buyAndHold: { readonly run: Run; readonly performance: Performance };
  readonly random: RandomBand;
  readonly abstentions: readonly Abstention[];
  readonly scores: readonly HorizonScore[];
  /** Whether the walk-forward found skill, by horizon, and the standard errors that it took. */
  readonly edge: readonly boolean[];
  readonly skillZ: number;
  /** Kinds of model each fold chose from, at least one. */
  readonly families: number;
  /** Undefined when it was not looked for. */
  readonly leakage: Leakage | undefined;
}

export type BacktestProgress = (share: number, stage: string) => void;

/** Shares among up and down from which the table of abstention acts. */
const SHARES = [0.5, 0.52, 0.55, 0.6] as const;

/**
 * Trades the walk-forward signals of a market, oldest bar first. Throws `BAD_INPUT` when there are too few bars or nothing can be
 * learned from them.
 */
export async function backtest(
  bars: readonly Bar[],
  settings: BacktestSettings,
  onProgress: BacktestProgress = () => undefined,
): Promise<BacktestResult> {
  const { timeframe, calendar, rule, costs, basis } = settings;
  const grid = BarGrid.of(timeframe, calendar);
  onProgress(0, 'features');
  const dataset = buildDataset(bars, grid);
  checkLearnable(dataset, timeframe, 'A backtest', rowsNeeded(timeframe));
  const steps = settings.folds + (settings.checksLeakage ? 2 : 1);
  const signals = await walkForwardSignals(settings.family, dataset, {
    ...signalOptions(settings),
    onFold: (done, of) => onProgress(done / steps, `walk-forward ${done}/${of}`),
  });
  const market = marketOf(bars, grid, basis, costs);
  const range = { from: signals.forecasts[0]!.bar, to: bars.length };
  const families = Math.max(1, ...signals.trials.map((list) => list.length));
  const judged = judge(signals.scores, signals.trials);
  const spanMs = market.closeTimes[range.to - 1]! - market.openTimes[range.from]!;
  const positions = positionsOf(signals.forecasts, rule, market);
  const trades: Trade[] = [];
  const run = simulate(market, positions, range, costs, (trade) => trades.push(trade));
  const tried = settings.trials * families;
  onProgress(settings.folds / steps, 'random entries');
  const random = randomBand(market, positions, range, costs, {
    runs: settings.randomRuns,
    seed: settings.seed,
    spanMs,
  });
  const held = heldThroughout(market, range, costs, spanMs);
  onProgress((settings.folds + 1) / steps, 'look at the future');
  return {
    market,
    range,
    signals,
    trades,
    run,
    performance: performanceOf(run, trades, spanMs, tried),
    withoutCosts: withoutCosts(bars, positions, { settings, range, spanMs, tried }),
    buyAndHold: held,
    random,
    abstentions: abstentionsOf(signals, settings, { market, range, spanMs, tried }),
    scores: signals.scores,
    edge: judged.edge,
    skillZ: judged.skillZ,
    families,
    leakage: settings.checksLeakage ? await leakageOf(bars, settings, signals) : undefined,
  };
}

function withoutCosts(
  bars: readonly Bar[],
  positions: Int8Array,
  on: {
    readonly settings: BacktestSettings;
    readonly range: BarRange;
    readonly spanMs: number;
    readonly tried: number;
  },
): Performance {
  const { timeframe, calendar } = on.settings;
  const free = { spreadBps: 0, commissionBps: 0, slippageBps: 0 };
  const unquoted = bars.map((bar) => ({ ...bar, bid: NaN, ask: NaN }));
  const market = marketOf(unquoted, BarGrid.of(timeframe, calendar), 'mid', free);
  const trades: Trade[] = [];
  const run = simulate(market, positions, on.range, free, (trade) => trades.push(trade));
  return performanceOf(run, trades, on.spanMs, on.tried);
}

function heldThroughout(
  market: Market,
  range: BarRange,
  costs: Costs,
  spanMs: number,
): BacktestResult['buyAndHold'] {
  const trades: Trade[] = [];
  const run = simulate(market, new Int8Array(market.bars).fill(1), range, costs, (trade) =>
    trades.push(trade),
  );
  return { run, performance: performanceOf(run, trades, spanMs, 1) };
}

/**
 * What abstaining does: the rule with several lowest shares, and as the engine acts, which abstains from a horizon until the folds
 * before showed skill over it. The table is read for its best row, so each row counts all of them as tried.
 */
function abstentionsOf(
  signals: WalkForwardSignals,
  { rule, costs }: BacktestSettings,
  on: {
    readonly market: Market;
    readonly range: BarRange;
    readonly spanMs: number;
    readonly tried: number;
  },
): Abstention[] {
  const rows = [
    ...SHARES.map((share) => ({
      name: share === 0.5 ? 'none: every signal' : `share of at least ${share}`,
      rule: { ...rule, minDirectionalShare: share },
      needsSkill: false,
    })),
    { name: `as the engine: skill shown over ${HORIZONS[rule.horizon]!} before`, rule, needsSkill: true },
  ];
  return rows.map(({ name, rule: by, needsSkill }) => {
    const positions = positionsOf(
      signals.forecasts,
      by,
      on.market,
      ({ fold }) => !needsSkill || signals.hadSkill[fold]![rule.horizon] === true,
    );
    const trades: Trade[] = [];
    const run = simulate(on.market, positions, on.range, costs, (trade) => trades.push(trade));
    return { name, performance: performanceOf(run, trades, on.spanMs, on.tried * rows.length) };
  });
}

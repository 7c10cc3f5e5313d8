import path from 'node:path';
import { FEATURE_COUNT } from '../actors/features/catalogue.js';
import type { Bar } from '../actors/market/bar.js';
import { BarGrid } from '../actors/market/bar-grid.js';
import type { Timeframe } from '../actors/market/timeframe.js';
import { buildDataset, newest } from '../engine/learning/dataset.js';
import { FOREST_RULES } from '../engine/learning/families/forest.js';
import { holdOut } from '../engine/learning/split.js';
import { Binning } from '../engine/learning/trees/binning.js';
import { boost, logitsOf, type ClassedRows } from '../engine/learning/trees/booster.js';
import { growForest, sharesOf } from '../engine/learning/trees/forest.js';
import { barsOf } from './market-bars.js';
import { RULES, plantedMarket } from './planted-markets.js';
import { report } from './report.js';
import { BOOSTED, NO_PEERS, peersOf, rowsOf, type Fits, type Peers, type Rows } from './tree-peers.js';

const ROWS = Number(process.env['SUHO_BENCH_ROWS'] ?? 12_000);
/** With those that warm up the features. */
const BARS = ROWS + 400;
/** Stretches of a file that are compared at most, newest first: on few rows it also depends on which they are. */
const STRETCHES = Number(process.env['SUHO_BENCH_STRETCHES'] ?? 1);
/** What a fit is worth depends on the rows and columns that are drawn, on few rows by several percent. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

/**
 * Boosted trees beside XGBoost and LightGBM, and the forest beside scikit-learn's, on the same rows by the same rules: mean log-loss over
 * several seeds on later rows, and CPU seconds of a fit. SUHO_BENCH_HOURS and SUHO_BENCH_MINUTES name CSV files of hourly and of minute bars to use too,
 * SUHO_BENCH_STRETCHES how many stretches of them that share no bar.
 */
export async function benchTrees(): Promise<void> {
  const { SUHO_BENCH_HOURS: hours, SUHO_BENCH_MINUTES: minutes } = process.env;
  const markets: Market[] = [
    { name: 'planted momentum', timeframe: '1h', bars: plantedMarket(RULES['momentum']!, BARS, 5).bars },
  ];
  if (hours !== undefined)
    markets.push({ name: path.basename(hours), timeframe: '1h', bars: await barsOf(hours, '1h') });
  if (minutes !== undefined)
    markets.push({ name: path.basename(minutes), timeframe: '1m', bars: await barsOf(minutes, '1m') });
  const lines: string[] = [];
  const results: unknown[] = [];
  for (const { name, timeframe, bars } of markets) {
    const compared = stretchesOf(bars).map((stretch) => compare(stretch, timeframe));
    results.push({ name, compared });
    for (const each of compared) lines.push(...told(name, each));
    if (compared.length > 1) lines.push(...toldTogether(name, compared));
  }
  report('trees', lines, results);
}

interface Market {
  readonly name: string;
  readonly timeframe: Timeframe;
  readonly bars: readonly Bar[];
}

type Compared = ReturnType<typeof compare>;

/** The newest bars, and those before them. */
function stretchesOf(bars: readonly Bar[]): (readonly Bar[])[] {
  const count = Math.max(1, Math.min(STRETCHES, Math.floor(bars.length / BARS)));
  return Array.from({ length: count }, (_, i) => bars.slice(-(i + 1) * BARS, bars.length - i * BARS));
}

/** How much more log-loss ours have than their peers over some stretches, with the standard error of that mean. */
function toldTogether(name: string, compared: readonly Compared[]): string[] {
  const more = (of: (each: Compared) => readonly [Fits, Fits | undefined]): string => {
    const shares = compared.map((each) => {
      const [ours, peer] = of(each);
      return peer === undefined
        ? NaN
        : 100 * (spreadOf(ours.logLosses).mean / spreadOf(peer.logLosses).mean - 1);
    });
    const { mean, error } = spreadOf(shares);
    return `${mean.toFixed(2)} ± ${error.toFixed(2)} %`;
  };
  return [
    `${name}, ${compared.length} stretches: log-loss of boosted trees ${more(({ boosted, peers }) => [boosted, peers?.xgboost])} more than XGBoost's, of the forest ${more(({ forest, peers }) => [forest, peers?.sklearn])} more than scikit-learn's`,
  ];
}

function told(name: string, { rows, base, boosted, forest, peers }: Compared): string[] {
  const one = ({ logLosses, seconds }: Fits): string => {
    const { mean, deviation } = spreadOf(logLosses);
    return `${mean.toFixed(5)} (±${deviation.toFixed(5)} a seed) in ${seconds.toFixed(2)} s`;
  };
  const beside = (ours: Fits, peer: Fits): string => {
    const [own, other] = [spreadOf(ours.logLosses), spreadOf(peer.logLosses)];
    const more = 100 * (own.mean / other.mean - 1);
    const error = (100 * Math.hypot(own.error, other.error)) / other.mean;
    return `log-loss ${more.toFixed(2)} ± ${error.toFixed(2)} % more, ${(ours.seconds / peer.seconds).toFixed(2)} times its time`;
  };
  return [
    `${name}, ${rows} rows (base rates ${base.toFixed(5)}), ${SEEDS.length} seeds`,
    `  boosted trees ${one(boosted)}; forest ${one(forest)}`,
    ...(peers === undefined
      ? [`  ${NO_PEERS}`]
      : [
          `  XGBoost ${peers.xgboost.version} ${one(peers.xgboost)}: ${beside(boosted, peers.xgboost)}`,
          `  LightGBM ${peers.lightgbm.version} ${one(peers.lightgbm)}: ${beside(boosted, peers.lightgbm)}`,
          `  scikit-learn ${peers.sklearn.version} ${one(peers.sklearn)}: ${beside(forest, peers.sklearn)}`,
        ]),
  ];
}

/** Mean of numbers, their standard deviation, and the standard error of the mean. */
function spreadOf(numbers: readonly number[]): { mean: number; deviation: number; error: number } {
  const n = numbers.length;
  const mean = numbers.reduce((sum, x) => sum + x, 0) / n;
  const deviation = Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1));
  return { mean, deviation, error: deviation / Math.sqrt(n) };
}

function compare(
  bars: readonly Bar[],
  timeframe: Timeframe,
): {
  readonly rows: number;
  readonly base: number;
  readonly boosted: Fits;
  readonly forest: Fits;
  readonly peers: Peers | undefined;
} {
  const dataset = newest(buildDataset(bars, BarGrid.of(timeframe)), ROWS);
  const split = holdOut(dataset, dataset.rows, 0.25);
  const [train, test] = [rowsOf(dataset, split.train), rowsOf(dataset, split.validation)];
  const shares = [0, 1, 2].map((c) => train.classes.filter((k) => k === c).length / train.classes.length);
  const base = shares.map((share) => Math.log(Math.max(1e-4, share)));
  const binned = (rules: { readonly bins: number }): [Binning, ClassedRows] => {
    const range = { from: 0, to: train.classes.length };
    const binning = Binning.of(train.features, FEATURE_COUNT, range, rules.bins);
    return [binning, { bins: binning.bin(train.features, range), classes: train.classes }];
  };
  return {
    rows: train.classes.length,
    base: logLoss(test, () => shares),
    boosted: overSeeds(test, (seed) => {
      const booster = boost(...binned(BOOSTED), undefined, base, BOOSTED, { seed });
      return (at) => softmax(logitsOf(booster, test.features, at));
    }),
    forest: overSeeds(test, (seed) => {
      const trees = growForest(...binned(FOREST_RULES), FOREST_RULES, { seed });
      return (at) => sharesOf(trees, test.features, at);
    }),
    peers: peersOf(train, test, base, SEEDS),
  };
}

/** Class probabilities of the test row whose features begin at a place. */
type Predict = (at: number) => readonly number[];

function logLoss({ classes }: Rows, predict: Predict): number {
  let sum = 0;
  classes.forEach((c, row) => (sum -= Math.log(Math.max(1e-12, predict(row * FEATURE_COUNT)[c]!))));
  return sum / classes.length;
}

/** Log-loss of each seed, and CPU seconds of the fastest: on a busy machine the clock on the wall says little. */
function overSeeds(test: Rows, fit: (seed: number) => Predict): Fits {
  let seconds = Infinity;
  const logLosses = SEEDS.map((seed) => {
    const start = process.cpuUsage();
    const predict = fit(seed);
    const { user, system } = process.cpuUsage(start);
    seconds = Math.min(seconds, (user + system) / 1e6);
    return logLoss(test, predict);
  });
  return { logLosses, seconds };
}

function softmax(logits: readonly number[]): number[] {
  const parts = logits.map((x) => Math.exp(x - Math.max(...logits)));
  const total = parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part) => part / total);
}

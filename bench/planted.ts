import { BarGrid } from '../actors/market/bar-grid.js';
import { WARM_UP_BARS } from '../actors/signal-actor.js';
import { priors } from '../engine/learning/calibration.js';
import { buildDataset, type Dataset } from '../engine/learning/dataset.js';
import { choose } from '../engine/learning/families/auto.js';
import { MEMBERS, fitAll, stack } from '../engine/learning/families/ensemble.js';
import type { Fitted } from '../engine/learning/families/family.js';
import { predict } from '../engine/learning/predict.js';
import { walkForwardFolds, type Fold } from '../engine/learning/split.js';
import { KeptLines } from './kept-lines.js';
import { RULES, plantedMarket } from './planted-markets.js';
import { report } from './report.js';
import { NO_PEERS, peersOf, rowsOf } from './tree-peers.js';

const BARS = Number(process.env['SUHO_BENCH_BARS'] ?? 12_000);
const SEEDS = Number(process.env['SUHO_BENCH_SEEDS'] ?? 3);
/** Part of the names of the edges to plant; all without it. */
const EDGES = process.env['SUHO_BENCH_EDGES'] ?? '';
/** Two-sided 95 % quantiles of Student's t with 1, 2, … degrees of freedom. */
const STUDENT = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26];

/** What was found of one market. */
interface Found {
  readonly edge: string;
  readonly seed: number;
  readonly bars: number;
  /** Share of the best possible edge, by model. */
  readonly shares: Readonly<Record<string, number>>;
  /** Kind of model that `auto` chose. */
  readonly chosen: string;
}

/** Says whether a row leans up (1) or down (−1). */
type Lean = (row: number) => number;

/**
 * Of each planted edge, how much of the best possible each kind of model takes, and the trees of other libraries beside them, by their
 * leaning over the next hour on rows they have not seen. Each market is kept in a file of JSON lines (`SUHO_BENCH_PLANTED`).
 */
export async function benchPlanted(): Promise<void> {
  const kept = new KeptLines<Found>('planted', process.env['SUHO_BENCH_PLANTED']);
  const edges = Object.entries(RULES).filter(([name]) => name.includes(EDGES));
  const found: Found[] = [];
  for (let seed = 1; seed <= SEEDS; seed++)
    for (const [edge, rule] of edges) {
      let one = kept.all.find((each) => each.edge === edge && each.seed === seed && each.bars === BARS);
      if (one === undefined) {
        one = { edge, seed, bars: BARS, ...(await sharesOf(plantedMarket(rule, BARS, seed))) };
        kept.keep(one);
        process.stdout.write(`  ${edge}, seed ${seed}: auto ${(100 * one.shares['auto']!).toFixed(0)} %\n`);
      }
      found.push(one);
    }
  const lines = edges.map(([edge]) => {
    const own = found.filter((each) => each.edge === edge);
    const told = Object.keys(own[0]!.shares).map(
      (model) => `${model} ${interval(own.map(({ shares }) => shares[model]!))}`,
    );
    return `${edge}: ${told.join(', ')} (auto chose ${own.map(({ chosen }) => chosen).join(', ')})`;
  });
  if (found.some(({ shares }) => !('xgboost' in shares))) lines.push(NO_PEERS);
  report('planted edges', lines, found);
}

/** The mean over the seeds, with its 95 % interval where there are several. */
function interval(shares: readonly number[]): string {
  const n = shares.length;
  const mean = shares.reduce((a, b) => a + b, 0) / n;
  const variance = shares.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, n - 1);
  const half = (STUDENT[n - 2] ?? 2) * Math.sqrt(variance / n);
  const percent = (x: number): string => (100 * x).toFixed(0);
  return n === 1 ? `${percent(mean)} %` : `${percent(mean)} ± ${percent(half)} %`;
}

async function sharesOf({
  bars,
  said,
}: ReturnType<typeof plantedMarket>): Promise<Pick<Found, 'shares' | 'chosen'>> {
  const dataset = buildDataset(bars, BarGrid.of('1h'));
  const fold = walkForwardFolds(dataset, 1, 0.25)[0]!;
  const tried = await fitAll(MEMBERS, dataset, fold, { seed: 7 });
  const auto = choose(tried, priors(dataset, fold.train));
  const models: readonly (readonly [string, Fitted])[] = [
    ...tried.judged.map(({ fitted }) => [fitted.family, fitted] as const),
    ['ensemble', stack(tried)],
    ['auto', auto],
  ];
  const leans = new Map<string, Lean>();
  const { from } = fold.test;
  for (const [name, fitted] of models) {
    const p = await predict(fitted.toOnnx(), dataset, fold.test, 'probabilities', 9);
    leans.set(name, (row) => (p[(row - from) * 9 + 2]! >= p[(row - from) * 9]! ? 1 : -1));
  }
  for (const [name, lean] of peerLeans(dataset, fold)) leans.set(name, lean);
  const right = (lean: Lean): number => {
    let sum = 0;
    let n = 0;
    for (let row = from; row < fold.test.to; row++) {
      const direction = dataset.directions[row * 3]!;
      // Where the rule says nothing there is nothing to take.
      if (Math.abs(direction) !== 1 || said[row + WARM_UP_BARS - 1] === 0) continue;
      n++;
      if (lean(row) === direction) sum++;
    }
    return sum / n;
  };
  const best = right((row) => said[row + WARM_UP_BARS - 1]!);
  const shares = [...leans].map(([name, lean]) => [name, (right(lean) - 0.5) / (best - 0.5)] as const);
  return { shares: Object.fromEntries(shares), chosen: auto.family };
}

/** Other libraries' trees, which are given the validation rows to fit to as well. */
function peerLeans(dataset: Dataset, { train, validation, test }: Fold): [string, Lean][] {
  const known = rowsOf(dataset, { from: train.from, to: validation.to });
  const asked = rowsOf(dataset, test);
  const peers = peersOf(known, asked, priors(dataset, train).slice(0, 3), [7]);
  const places = new Map(asked.at.map((row, i) => [row, i]));
  return Object.entries(peers ?? {}).map(([name, { probabilities }]) => [
    name,
    (row) => {
      const at = places.get(row)! * 3;
      return probabilities[at + 2]! >= probabilities[at]! ? 1 : -1;
    },
  ]);
}

import { BarGrid } from '../actors/market/bar-grid.js';
import { WARM_UP_BARS } from '../actors/signal-actor.js';
import { priors } from '../engine/learning/calibration.js';
import { buildDataset } from '../engine/learning/dataset.js';
import { choose } from '../engine/learning/families/auto.js';
import { MEMBERS, fitAll, stack } from '../engine/learning/families/ensemble.js';
import type { Fitted } from '../engine/learning/families/family.js';
import { predict } from '../engine/learning/predict.js';
import { walkForwardFolds } from '../engine/learning/split.js';
import { RULES, plantedMarket } from './planted-markets.js';
import { report } from './report.js';

const BARS = Number(process.env['SUHO_BENCH_BARS'] ?? 12_000);
const SEEDS = Number(process.env['SUHO_BENCH_SEEDS'] ?? 3);

/** Of each planted edge, how much of the best possible each kind of model takes, by its leaning over the next hour on rows it has not seen. */
export async function benchPlanted(): Promise<void> {
  const lines: string[] = [];
  const results: Record<string, Record<string, number>> = {};
  for (const [name, rule] of Object.entries(RULES)) {
    const shares = new Map<string, number[]>();
    const chosen: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const market = plantedMarket(rule, BARS, seed);
      const found = await sharesOf(market);
      chosen.push(found.chosen);
      for (const [family, share] of found.shares) shares.set(family, [...(shares.get(family) ?? []), share]);
    }
    const means = [...shares].map(
      ([family, each]) => [family, each.reduce((a, b) => a + b, 0) / each.length] as const,
    );
    results[name] = Object.fromEntries(means);
    const told = means.map(([family, mean]) => `${family} ${(100 * mean).toFixed(0)} %`);
    lines.push(`${name}: ${told.join(', ')} (auto chose ${chosen.join(', ')})`);
    process.stdout.write(`  ${lines.at(-1)!}\n`);
  }
  report('planted edges', lines, { bars: BARS, seeds: SEEDS, results });
}

async function sharesOf({ bars, said }: ReturnType<typeof plantedMarket>): Promise<{
  readonly shares: ReadonlyMap<string, number>;
  readonly chosen: string;
}> {
  const dataset = buildDataset(bars, BarGrid.of('1h'));
  const split = walkForwardFolds(dataset, 1, 0.25)[0]!;
  const tried = await fitAll(MEMBERS, dataset, split, { seed: 7 });
  const auto = choose(tried, priors(dataset, split.train));
  const models: readonly (readonly [string, Fitted])[] = [
    ...tried.judged.map(({ fitted }) => [fitted.family, fitted] as const),
    ['ensemble', stack(tried)],
    ['auto', auto],
  ];
  const { from, to } = split.test;
  const shares = new Map<string, number>();
  for (const [name, fitted] of models) {
    const p = await predict(fitted.toOnnx(), dataset, split.test, 'probabilities', 9);
    const right = (way: (row: number) => number): number => {
      let sum = 0;
      let n = 0;
      for (let row = from; row < to; row++) {
        const direction = dataset.directions[row * 3]!;
        // Where the rule says nothing there is nothing to take.
        if (Math.abs(direction) !== 1 || said[row + WARM_UP_BARS - 1] === 0) continue;
        n++;
        if (way(row) === direction) sum++;
      }
      return sum / n;
    };
    const best = right((row) => said[row + WARM_UP_BARS - 1]!);
    const own = right((row) => (p[(row - from) * 9 + 2]! >= p[(row - from) * 9]! ? 1 : -1));
    shares.set(name, (own - 0.5) / (best - 0.5));
  }
  return { shares, chosen: auto.family };
}

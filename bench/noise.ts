import type { Bar } from '../actors/market/bar.js';
import { Random } from '../engine/learning/random.js';
import { train } from '../engine/learning/trainer.js';
import { MONDAY } from '../test/support/markets.js';
import { report } from './report.js';

const HOUR = 3_600_000;
const BARS = Number(process.env['SUHO_BENCH_BARS'] ?? 3_000);
const SEEDS = Number(process.env['SUHO_BENCH_SEEDS'] ?? 25);

/** Log returns in which nothing can be foreseen but their size. */
const KINDS: Readonly<Record<string, (random: Random) => (i: number) => number>> = {
  'random walk': (random) => () => 0.0008 * random.normal(),
  'GARCH with fat tails': (random) => {
    let variance = 6.4e-7;
    return () => {
      // Student's t with five degrees of freedom, scaled to variance 1.
      const squares = Array.from({ length: 5 }, () => random.normal() ** 2).reduce((a, b) => a + b, 0);
      const r = Math.sqrt(variance) * random.normal() * Math.sqrt(3 / squares);
      variance = 1.3e-8 + 0.1 * r * r + 0.88 * variance;
      return r;
    };
  },
  drift: (random) => () => 0.00005 + 0.0008 * random.normal(),
  'volatility by the hour': (random) => (i) =>
    0.0008 * (1 + 0.8 * Math.sin((2 * Math.PI * i) / 24)) * random.normal(),
};

/** How many series of noise are called skill when every kind of model is tried: none should, and one of a hundred may. */
export async function benchNoise(): Promise<void> {
  const lines: string[] = [];
  const results: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(KINDS)) {
    let called = 0;
    let highest = -Infinity;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const options = { family: 'auto', seed: 7, folds: 3, rowsMax: 20_000 } as const;
      const { verdict, scores } = await train(
        noise(kind(new Random(seed)), new Random(seed + 1_000)),
        '1h',
        options,
      );
      if (verdict.edge.includes(true)) called++;
      highest = Math.max(highest, ...scores.map(({ directional }) => directional.z));
    }
    results[name] = { called, highest };
    lines.push(`${name}: ${called} of ${SEEDS} called skill; highest z ${highest.toFixed(2)}`);
    process.stdout.write(`  ${lines.at(-1)!}\n`);
  }
  report('noise', lines, { bars: BARS, seeds: SEEDS, results });
}

function noise(next: (i: number) => number, random: Random): Bar[] {
  let price = 1.1;
  return Array.from({ length: BARS }, (_, i) => {
    const open = price;
    price *= Math.exp(next(i));
    return {
      openTime: MONDAY + i * HOUR,
      open,
      high: Math.max(open, price) * (1 + 0.0003 * random.next()),
      low: Math.min(open, price) * (1 - 0.0003 * random.next()),
      close: price,
      volume: Math.round(500 + 1000 * random.next()),
      tickCount: NaN,
      bid: price,
      ask: price * 1.00005,
    };
  });
}

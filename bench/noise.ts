import type { Bar } from '../actors/market/bar.js';
import { BarGrid } from '../actors/market/bar-grid.js';
import { buildDataset } from '../engine/learning/dataset.js';
import { familyOf } from '../engine/learning/families/families.js';
import { Random } from '../engine/learning/random.js';
import { judge } from '../engine/learning/verdict.js';
import { walkForward } from '../engine/learning/walk-forward.js';
import { MONDAY } from '../test/support/markets.js';
import { KeptLines } from './kept-lines.js';
import { report } from './report.js';

const HOUR = 3_600_000;
/** With fewer than 5,400 some folds have too few rows for models of sequences. */
const BARS = Number(process.env['SUHO_BENCH_BARS'] ?? 5_400);
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

/** What one series was judged to be. */
interface Judged {
  readonly kind: string;
  readonly seed: number;
  readonly bars: number;
  /** Whether any horizon was called skill. */
  readonly isCalled: boolean;
  readonly highestZ: number;
  /** What each fit tried, and how often each was chosen. */
  readonly chosen: Readonly<Record<string, number>>;
}

/**
 * How many series of noise are called skill when every kind of model is tried: none should, and one of a hundred may. Each
 * series is kept in a file of JSON lines as soon as it is judged (`SUHO_BENCH_NOISE`, bench/results/noise.jsonl by default), and
 * those that are there already are not run again. Seeds run in the outer loop, so that a part is a part of every kind.
 */
export async function benchNoise(): Promise<void> {
  const kept = new KeptLines<Judged>('noise', process.env['SUHO_BENCH_NOISE']);
  const isAsked = ({ kind, seed, bars }: Judged): boolean => kind in KINDS && seed <= SEEDS && bars === BARS;
  for (let seed = 1; seed <= SEEDS; seed++) {
    for (const [kind, of] of Object.entries(KINDS)) {
      if (kept.all.some((one) => isAsked(one) && one.kind === kind && one.seed === seed)) continue;
      const bars = noise(of(new Random(seed)), new Random(seed + 1_000));
      const judged = { kind, seed, bars: BARS, ...(await judgedOf(bars)) };
      kept.keep(judged);
      process.stdout.write(`  ${kind} ${seed}: highest z ${judged.highestZ.toFixed(2)}\n`);
    }
  }
  const asked = kept.all.filter(isAsked);
  const lines = Object.keys(KINDS).map((kind) => {
    const own = asked.filter((one) => one.kind === kind);
    const called = own.filter(({ isCalled }) => isCalled).length;
    const highest = Math.max(...own.map(({ highestZ }) => highestZ));
    return `${kind}: ${called} of ${own.length} called skill; highest z ${highest.toFixed(2)}`;
  });
  report('noise', lines, asked);
}

async function judgedOf(bars: readonly Bar[]): Promise<Pick<Judged, 'isCalled' | 'highestZ' | 'chosen'>> {
  const dataset = buildDataset(bars, BarGrid.of('1h'));
  const options = { seed: 7, folds: 3, onFold: () => undefined };
  const { scores, trials } = await walkForward(familyOf('auto'), dataset, HOUR, options);
  const verdict = judge(scores, trials);
  return {
    isCalled: verdict.edge.includes(true),
    highestZ: Math.max(...scores.map(({ directional }) => directional.z)),
    chosen: Object.fromEntries(verdict.worth.map(({ family, chosen }) => [family, chosen])),
  };
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

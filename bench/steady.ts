import type { Bar } from '../actors/market/bar.js';
import { simulatedBars } from '../engine/feeds/simulator.js';
import { train } from '../engine/learning/trainer.js';
import { inventedBars } from '../test/support/markets.js';
import { YEAR_BARS, liveSteadily, type SteadyLife } from '../test/support/steady-market.js';
import { KeptLines } from './kept-lines.js';
import { report } from './report.js';

const SEEDS = Number(process.env['SUHO_BENCH_SEEDS'] ?? 50);
const YEARS = Number(process.env['SUHO_BENCH_YEARS'] ?? 2);

interface Market {
  readonly name: string;
  readonly barsOf: (seed: number, count: number) => readonly Bar[];
}

const MARKETS: readonly Market[] = [
  {
    name: 'volatility without regimes',
    barsOf: (seed, count) => inventedBars(count, { seed, momentum: 0.62 }),
  },
  {
    name: 'volatility with regimes',
    barsOf: (seed, count) => simulatedBars('EURUSD', seed, '1h', count),
  },
];

/** Challengers that are right on two points more of the moves than the model in use, on 56 %. */
const BETTER: readonly { readonly name: string; readonly accuracyOf: (before: number) => number }[] = [
  { name: 'every challenger is better by 2 points', accuracyOf: () => 0.56 },
  {
    name: 'challengers are better by 2 points from the seventh on',
    accuracyOf: (before) => (before < 6 ? 0.54 : 0.56),
  },
];

interface EndedCase {
  readonly name: string;
  readonly life: SteadyLife;
  /** Processor time of one training, milliseconds. */
  readonly trainingMs: number;
}

/** Processor time of a training as the engine does it by itself, milliseconds. */
async function trainingMsOf(rows: number): Promise<number> {
  const bars = simulatedBars('EURUSD', 1, '1h', 199 + rows);
  const start = process.cpuUsage();
  await train(bars, '1h', { family: 'perceptron', budgetSeconds: 180, folds: 3, rowsMax: 20_000, seed: 7 });
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** A case that an earlier run ended, or else runs it. */
async function endedCase(
  kept: KeptLines<EndedCase>,
  trainedRows: number,
  { name: market, barsOf }: Market,
  better?: (typeof BETTER)[number],
): Promise<EndedCase> {
  const name = [
    `${SEEDS} markets, ${YEARS} years, ${trainedRows} rows, ${market}`,
    ...(better ? [better.name] : []),
  ].join(', ');
  const before = kept.all.find((one) => one.name === name);
  if (before !== undefined) return before;
  const trainingMs = await trainingMsOf(trainedRows);
  const hours = YEARS * YEAR_BARS;
  const { accuracyOf } = better ?? {};
  const options = { seeds: SEEDS, hours, trainedRows, barsOf, trainingMs };
  const life = liveSteadily(accuracyOf === undefined ? options : { ...options, accuracyOf });
  const ended = { name, life, trainingMs };
  kept.keep(ended);
  return ended;
}

/**
 * Markets that do not change, as many series of one engine: false alarms, trainings and what they cost, and how many models
 * are replaced by one that is no better (`npm run simulate:market`); and, where challengers are better, how many are replaced by
 * one, and when. Each case is kept in a file of JSON lines
 * (`SUHO_BENCH_STEADY`) as soon as it has ended, and is not run again.
 */
export async function benchSteady(): Promise<void> {
  const lines: string[] = [];
  const kept = new KeptLines<EndedCase>('steady', process.env['SUHO_BENCH_STEADY']);
  const results: Record<string, EndedCase> = {};
  for (const trainedRows of [1_500, 4_000])
    for (const market of MARKETS) {
      const ended = await endedCase(kept, trainedRows, market);
      results[`${trainedRows} ${market.name}`] = ended;
      lines.push(...linesOf(`${trainedRows} rows, ${market.name}`, ended));
      process.stdout.write(`  ${lines.slice(-3).join('\n  ')}\n`);
    }
  for (const better of BETTER) {
    const { life } = await endedCase(kept, 4_000, MARKETS[0]!, better);
    lines.push(`${better.name}: ${replacedOf(life)}`);
    process.stdout.write(`  ${lines.at(-1)!}\n`);
  }
  report('steady markets', lines, { seeds: SEEDS, years: YEARS, results });
}

function replacedOf({ changedAt }: SteadyLife): string {
  const hours = [...changedAt, ...Array<number>(SEEDS - changedAt.length).fill(Infinity)].sort(
    (a, b) => a - b,
  );
  const quantile = (share: number): string => {
    const at = hours[Math.floor(SEEDS * share)]!;
    return at === Infinity ? 'more than there are' : `${at}`;
  };
  return `the model in use is replaced in ${changedAt.length} of ${SEEDS} series, after ${quantile(0.5)} bars in the median, ${quantile(0.9)} in 90 %`;
}

function linesOf(name: string, { life, trainingMs }: EndedCase): string[] {
  const { alarms, trainings, mostMsAnHour, waitedHours, challengers, promoted, changedAt } = life;
  const years = SEEDS * YEARS;
  const share = (100 * promoted) / challengers;
  return [
    `${name}: ${alarms} false alarms in ${years} years of models, ${(alarms / years).toFixed(2)} a year (aim: 1)`,
    `   ${challengers} challengers that are no better, ${promoted} became production: ${share.toFixed(2)} %, in ${changedAt.length} of ${SEEDS} series: ${((100 * changedAt.length) / SEEDS).toFixed(1)} % (aim: 5 %)`,
    `   ${trainings} trainings of ${(trainingMs / 1000).toFixed(1)} s, ${((trainings * trainingMs) / 60_000 / years).toFixed(2)} minutes a year and series; at most ${(mostMsAnHour / 60_000).toFixed(2)} minutes in an hour of all ${SEEDS} series (budget: 10), waited ${waitedHours.toFixed(1)} hours at most`,
  ];
}

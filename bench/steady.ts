import { simulatedBars } from '../engine/feeds/simulator.js';
import { train } from '../engine/learning/trainer.js';
import { inventedBars } from '../test/support/markets.js';
import { YEAR_BARS, liveSteadily, type SteadyLife } from '../test/support/steady-market.js';
import { report } from './report.js';

const SEEDS = Number(process.env['SUHO_BENCH_SEEDS'] ?? 50);
const YEARS = Number(process.env['SUHO_BENCH_YEARS'] ?? 2);

/** Processor time of a training as the engine does it by itself, milliseconds. */
async function trainingMs(rows: number): Promise<number> {
  const bars = simulatedBars('EURUSD', 1, '1h', 199 + rows);
  const start = process.cpuUsage();
  await train(bars, '1h', { family: 'perceptron', budgetSeconds: 180, folds: 3, rowsMax: 20_000, seed: 7 });
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/**
 * Markets that do not change, as many series of one engine: false alarms, trainings and what they cost, and how many models
 * are replaced by one that is no better (`npm run simulate:market`).
 */
export async function benchSteady(): Promise<void> {
  const lines: string[] = [];
  const results: Record<string, SteadyLife> = {};
  for (const trainedRows of [1_500, 4_000]) {
    const perTraining = await trainingMs(trainedRows);
    for (const [name, barsOf] of [
      [
        'volatility without regimes',
        (seed: number, count: number) => inventedBars(count, { seed, momentum: 0.62 }),
      ],
      [
        'volatility with regimes',
        (seed: number, count: number) => simulatedBars('EURUSD', seed, '1h', count),
      ],
    ] as const) {
      const options = {
        seeds: SEEDS,
        hours: YEARS * YEAR_BARS,
        trainedRows,
        barsOf,
        trainingMs: perTraining,
      };
      const life = liveSteadily(options);
      results[`${trainedRows} ${name}`] = life;
      lines.push(...linesOf(`${trainedRows} rows, ${name}`, life, perTraining));
      process.stdout.write(`  ${lines.slice(-3).join('\n  ')}\n`);
    }
  }
  report('steady markets', lines, { seeds: SEEDS, years: YEARS, results });
}

function linesOf(name: string, life: SteadyLife, perTraining: number): string[] {
  const { alarms, trainings, mostMsAnHour, waitedHours, challengers, promoted, seriesChanged } = life;
  const years = SEEDS * YEARS;
  const share = (100 * promoted) / challengers;
  return [
    `${name}: ${alarms} false alarms in ${years} years of models, ${(alarms / years).toFixed(2)} a year (aim: 1)`,
    `   ${challengers} challengers that are no better, ${promoted} became production: ${share.toFixed(2)} % (aim: 5 %), in ${seriesChanged} of ${SEEDS} series`,
    `   ${trainings} trainings of ${(perTraining / 1000).toFixed(1)} s, ${((trainings * perTraining) / 60_000 / years).toFixed(2)} minutes a year and series; at most ${(mostMsAnHour / 60_000).toFixed(2)} minutes in an hour of all ${SEEDS} series (budget: 10), waited ${waitedHours.toFixed(1)} hours at most`,
  ];
}

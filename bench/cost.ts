import type { CostWindow } from './engine-process.js';
import { EngineUnderLoad } from './engine-under-load.js';
import { report } from './report.js';

const RATES = (process.env['SUHO_BENCH_RATES'] ?? '100,500,1000,5000').split(',').map(Number);

interface Cost {
  readonly rate: number;
  readonly bars: number;
  readonly answered: number;
  readonly window: CostWindow;
}

const sum = (numbers: Readonly<Record<string, number>>): number =>
  Object.values(numbers).reduce((a, b) => a + b, 0);

/** The largest of some microseconds, a bar each, as text. */
function largest(numbers: Readonly<Record<string, number>>, bars: number): string {
  return Object.entries(numbers)
    .sort(([, a], [, b]) => b - a)
    .filter(([, microseconds]) => microseconds / bars >= 1)
    .map(([name, microseconds]) => `${name} ${(microseconds / bars).toFixed(0)}`)
    .join(', ');
}

function lineOf({ rate, bars, answered, window }: Cost): string[] {
  const { threads, switches, bytesWritten, commits, gcMs, longest, stages, below } = window;
  const lines = [
    `${rate} bars/s: ${(sum(threads) / bars).toFixed(0)} µs of CPU a bar (${answered} of ${bars} answered); ${(switches / bars).toFixed(1)} context switches, ${(bytesWritten / bars / 1000).toFixed(1)} KB written and ${(commits / bars).toFixed(2)} commits a bar; ${((gcMs * 1000) / bars).toFixed(0)} µs of garbage collection a bar, ${longest.gcMs.toFixed(0)} ms the longest; the event loop was held up ${longest.loopMs.toFixed(0)} ms at most; PostgreSQL ${(below / bars).toFixed(0)} µs beside it`,
    `   by thread: ${largest(threads, bars)}`,
  ];
  if (stages !== undefined) lines.push(`   main thread by stage: ${largest(stages, bars)}`);
  return lines;
}

/**
 * CPU that a bar costs the engine, all its threads together, everything embedded, 20 symbols with a model each. The
 * engine has a process of its own, so the client costs it nothing. Stages of the main thread are told by a second
 * run under a sampling profiler, which costs some time itself; `SUHO_BENCH_PROFILE` names a file for that of the last one.
 */
export async function benchCost(): Promise<void> {
  const engine = await EngineUnderLoad.start();
  const costs: Cost[] = [];
  for (const rate of RATES)
    for (const profile of [false, true]) {
      const { latency, window } = await engine.load(rate, { profile });
      costs.push({ rate, bars: latency.sent, answered: latency.received, window });
      process.stdout.write(`  ${lineOf(costs.at(-1)!).join('\n  ')}\n`);
    }
  await engine.stop();
  report('cost', costs.flatMap(lineOf), costs);
}

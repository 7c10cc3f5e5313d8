import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CostWindow } from './cost-engine.js';
import { HISTORY, SECONDS, SYMBOLS, load } from './load.js';
import { report } from './report.js';

const RATES = [100, 500, 1_000, 5_000];

interface Cost {
  readonly rate: number;
  readonly bars: number;
  readonly answered: number;
  readonly window: CostWindow;
}

async function measure(engine: ChildProcess, port: number, rate: number, first: number, profile: boolean) {
  engine.send({ kind: 'begin', profile });
  await once(engine, 'message');
  const { sent, received } = await load(port, rate, first);
  engine.send({ kind: 'end' });
  const [window] = (await once(engine, 'message')) as [CostWindow];
  return { rate, bars: sent, answered: received, window };
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
  const { threads, switches, bytesWritten, commits, gcMs, stages } = window;
  const lines = [
    `${rate} bars/s: ${(sum(threads) / bars).toFixed(0)} µs of CPU a bar (${answered} of ${bars} answered); ${(switches / bars).toFixed(1)} context switches, ${(bytesWritten / bars / 1000).toFixed(1)} KB written and ${(commits / bars).toFixed(2)} commits a bar; ${((gcMs * 1000) / bars).toFixed(0)} µs of garbage collection a bar`,
    `   by thread: ${largest(threads, bars)}`,
  ];
  if (stages !== undefined) lines.push(`   main thread by stage: ${largest(stages, bars)}`);
  return lines;
}

/**
 * CPU that a bar costs the engine, all its threads together, everything embedded, 20 symbols with a model each. The
 * engine has a process of its own, so the client costs it nothing. Stages of the main thread are told by a second
 * run under a sampling profiler, which costs some time itself.
 */
export async function benchCost(): Promise<void> {
  const engine = fork(fileURLToPath(new URL('./cost-engine.js', import.meta.url)));
  const [{ port }] = (await once(engine, 'message')) as [{ port: number }];
  let first = HISTORY;
  const costs: Cost[] = [];
  // The first load warms up.
  for (const [rate, profile] of [
    [500, false] as const,
    ...RATES.flatMap((r) => [[r, false] as const, [r, true] as const]),
  ]) {
    costs.push(await measure(engine, port, rate, first, profile));
    first += Math.ceil((rate * SECONDS) / SYMBOLS) + 1;
  }
  engine.send({ kind: 'stop' });
  await once(engine, 'exit');
  const measured = costs.slice(1);
  report('cost', measured.flatMap(lineOf), measured);
}

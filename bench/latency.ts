import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ConfigInput } from '../engine/config.js';
import { endServer, launchServer } from '../test/support/servers.js';
import { EngineUnderLoad } from './engine-under-load.js';
import { load, type Latency } from './load.js';
import { median, report } from './report.js';

const RATES = [100, 500, 1_000, 5_000];
const RUNS = 5;

/**
 * Bar out of one process to signal back in it, models and patterns on, at fixed arrival rates, with the deadlines of
 * production: with everything embedded, then with similar moments in Weaviate, where it is installed. Each rate is run
 * five times, each time beside a server of the same gRPC library that only acknowledges: the floor of this machine.
 */
export async function benchLatency(): Promise<void> {
  report('latency', ...(await measure({}, RATES)));
  const server = await launchServer('weaviate');
  if (typeof server === 'string') {
    process.stdout.write(`\nlatency with Weaviate SKIPPED: ${server}\n`);
    return;
  }
  try {
    const weaviate = { url: `http://127.0.0.1:${server.port}` };
    report('latency with Weaviate', ...(await measure({ weaviate }, RATES.slice(0, 1))));
  } finally {
    await endServer(server);
  }
}

interface Runs {
  readonly rate: number;
  readonly engine: readonly Latency[];
  /** Acknowledgements of the server that does nothing else. */
  readonly floor: readonly Latency['acknowledged'][];
}

async function measure(config: ConfigInput, rates: readonly number[]): Promise<[string[], Runs[]]> {
  const echo = fork(fileURLToPath(new URL('./echo-server.js', import.meta.url)));
  const [{ port }] = (await once(echo, 'message')) as [{ port: number }];
  const engine = await EngineUnderLoad.start(config);
  try {
    const results: Runs[] = [];
    for (const rate of rates) {
      const runs: { engine: Latency[]; floor: Latency['acknowledged'][] } = { engine: [], floor: [] };
      for (let run = 0; run < RUNS; run++) {
        runs.engine.push((await engine.load(rate)).latency);
        runs.floor.push((await load(port, rate, 0)).acknowledged);
      }
      results.push({ rate, ...runs });
    }
    return [results.flatMap(linesOf), results];
  } finally {
    await engine.stop();
    echo.kill();
  }
}

function linesOf({ rate, engine, floor }: Runs): string[] {
  const sum = (of: (run: Latency) => number): number => engine.reduce((total, run) => total + of(run), 0);
  const line = (name: string, of: (run: Latency) => { p50: number; p99: number }): string =>
    `   ${name}: p50 ${spread(engine.map((run) => of(run).p50))}, p99 ${spread(engine.map((run) => of(run).p99))} ms`;
  return [
    `${rate} bars/s (${sum(({ received }) => received)} of ${sum(({ sent }) => sent)} answered; the others count as the worst):`,
    line('bar to signal', (run) => run),
    line('bar to acknowledgement', ({ acknowledged }) => acknowledged),
    line('acknowledgement to signal', ({ accepted }) => accepted),
    line('models, with their queue', ({ inference }) => inference),
    line('similar moments', ({ patterns }) => patterns),
    `   a server that only acknowledges: p50 ${spread(floor.map(({ p50 }) => p50))}, p99 ${spread(floor.map(({ p99 }) => p99))} ms`,
  ];
}

/** The median of the runs, and the least and the most. */
function spread(numbers: readonly number[]): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return `${median(numbers).toFixed(1)} (${least.toFixed(1)} to ${most.toFixed(1)})`;
}

import { EngineUnderLoad, cpuOf, type Run } from './engine-under-load.js';
import { median, report } from './report.js';

const RATES = [100, 500];
const TURNS = Number(process.env['SUHO_BENCH_TURNS'] ?? 5);
/** How much larger the 99th percentile of the way of a signal may be. */
const ALLOWED = 1.5;

/**
 * The way of a signal and the CPU of a bar in an engine with four shadows on every market and a training under way, beside
 * those in one without: two processes that are loaded in turns. It holds when the 99th percentile grows by less than half.
 */
export async function benchLifecycle(): Promise<void> {
  const plain = await EngineUnderLoad.start();
  const burdened = await EngineUnderLoad.start({}, 'burdened');
  const lines: string[] = [];
  const results: Record<string, unknown> = {};
  try {
    for (const rate of RATES) {
      const runs: { plain: Run[]; burdened: Run[] } = { plain: [], burdened: [] };
      for (let turn = 0; turn < TURNS; turn++) {
        runs.plain.push(await plain.load(rate));
        runs.burdened.push(await burdened.load(rate));
      }
      lines.push(...linesOf(rate, runs.plain, runs.burdened));
      results[rate] = runs;
      process.stdout.write(`${lines.slice(-3).join('\n')}\n`);
    }
  } finally {
    await plain.stop();
    await burdened.stop();
  }
  report('lifecycle', lines, results);
}

function linesOf(rate: number, plain: readonly Run[], burdened: readonly Run[]): string[] {
  const both = (of: (run: Run) => number): string =>
    `${median(plain.map(of)).toFixed(1)} and ${median(burdened.map(of)).toFixed(1)}`;
  const ratio = median(burdened.map((run, i) => run.latency.p99 / plain[i]!.latency.p99));
  const dropped = burdened.reduce((sum, { window }) => sum + window.armsDropped, 0);
  const answers = burdened.reduce((sum, { latency }) => sum + latency.sent * 4, 0);
  return [
    `${rate} bars/s, without and with: p50 ${both(({ latency }) => latency.p50)}, p99 ${both(({ latency }) => latency.p99)} ms; the 99th percentile is ${ratio.toFixed(2)} times as large (median of ${plain.length} turns): ${ratio < ALLOWED ? 'holds' : 'DOES NOT HOLD'}`,
    `   CPU a bar: ${both((run) => cpuOf(run))} µs; of the main thread ${both((run) => cpuOf(run, (thread) => thread === 'main'))}, of inference ${both((run) => cpuOf(run, (thread) => thread === 'inference'))}`,
    `   answers of shadows that there was no time for: ${dropped} of ${answers}`,
  ];
}

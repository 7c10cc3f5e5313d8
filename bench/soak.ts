import { EngineUnderLoad } from './engine-under-load.js';
import { SYMBOLS } from './load.js';
import { report } from './report.js';

/** Bars of a series after which it holds all it ever will: a day of open labels, 1,440 minutes, and 20 indicator windows. */
const BARS_TO_FULL = 1_700;
const SECONDS = 20;
/** What the heap may have grown by at the end of the run beside its middle: noise of the collector, no leak. */
const GROWTH_MAX = 0.05;

/**
 * An engine under a steady load: first until every series holds all it ever will, then `SUHO_SOAK_MINUTES` minutes (3) at
 * `SUHO_SOAK_RATE` bars a second (300). Its heap must not grow.
 */
export async function benchSoak(): Promise<void> {
  const minutes = Number(process.env['SUHO_SOAK_MINUTES'] ?? 3);
  const rate = Number(process.env['SUHO_SOAK_RATE'] ?? 300);
  const engine = await EngineUnderLoad.start();
  try {
    const fill = Math.ceil((BARS_TO_FULL * SYMBOLS) / rate / SECONDS);
    for (let i = 0; i < fill; i++) await engine.load(rate, { seconds: SECONDS });
    const samples: {
      readonly bars: number;
      readonly heap: number;
      readonly resident: number;
      readonly tree: number;
    }[] = [];
    let bars = 0;
    let answered = 0;
    for (let i = 0; i < (minutes * 60) / SECONDS; i++) {
      const { latency, window } = await engine.load(rate, { seconds: SECONDS, collected: true });
      bars += latency.sent;
      answered += latency.received;
      samples.push({ bars, ...window.memory });
    }
    const half = samples.slice(Math.floor(samples.length / 2));
    const heaps = half.map(({ heap }) => heap);
    const [from, to] = [Math.min(...heaps), heaps.at(-1)!];
    const holds = to <= from * (1 + GROWTH_MAX);
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    report(
      'soak',
      [
        `${bars} bars at ${rate}/s after every series was full; ${answered} answered`,
        `heap after a collection: ${samples.map(({ heap }) => (heap / 1e6).toFixed(1)).join(', ')} MB`,
        `resident: ${megabytes(samples[0]!.resident)} to ${megabytes(samples.at(-1)!.resident)}; with PostgreSQL ${megabytes(samples.at(-1)!.tree)}`,
        `${holds ? 'holds' : 'DOES NOT HOLD'}: the heap grew by ${((100 * (to - from)) / from).toFixed(1)} % over the second half (at most ${GROWTH_MAX * 100} %)`,
      ],
      { rate, samples, holds },
    );
    if (!holds) process.exitCode = 1;
  } finally {
    await engine.stop();
  }
}

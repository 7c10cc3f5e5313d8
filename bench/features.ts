import { BarGrid } from '../actors/market/bar-grid.js';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { FEATURE_COUNT } from '../actors/features/catalogue.js';
import { FeatureEngine } from '../actors/features/feature-engine.js';
import type { Bar } from '../actors/market/bar.js';
import { inventedBars } from '../test/support/markets.js';
import { comparisonWith, type Peer } from './peer-indicators.js';
import type { PeerSide } from './peer-side.js';
import { median, nanosecondsPerBar, paired, report } from './report.js';

const BARS = 20_000;

/** Nanoseconds a bar of one side of a comparison, in a thread of its own. */
async function sideOf(of: PeerSide): Promise<number> {
  const worker = new Worker(new URL('./peer-side.js', import.meta.url), { workerData: of });
  const [nanoseconds] = (await once(worker, 'message')) as [number];
  await worker.terminate();
  return nanoseconds;
}

/** The indicators that another library has too: ours alone and its own, in turn. */
async function compareWith(peer: Peer): Promise<{
  readonly name: Peer;
  readonly indicators: number;
  readonly outputs: number;
  readonly ours: number;
  readonly peer: number;
  readonly ratio: number;
}> {
  const { indicators, outputs } = comparisonWith(peer);
  const compared = await paired(
    7,
    async () => await sideOf({ peer, side: 'suho' }),
    async () => await sideOf({ peer, side: 'peer' }),
  );
  return { name: peer, indicators, outputs, ...compared };
}

/** TA-Lib C through its Python binding, where both are installed: nanoseconds a function and bar. */
function taLib(): { version: string; functions: number; window: number; batch: number } | undefined {
  const script = new URL('../../bench/talib_peer.py', import.meta.url);
  const run = spawnSync('python3', [fileURLToPath(script)], { encoding: 'utf8', timeout: 120_000 });
  return run.status === 0 ? (JSON.parse(run.stdout) as ReturnType<typeof taLib>) : undefined;
}

/** Time of the whole catalogue at several numbers of symbols round-robin, memory, and the peers. */
export async function benchFeatures(): Promise<void> {
  const bars = inventedBars(BARS);
  const engine = new FeatureEngine(BarGrid.of('1h'));
  const ours = (): number => {
    const state = new Float64Array(engine.stateSize);
    return nanosecondsPerBar(bars, (bar) => engine.update(state, bar));
  };
  const peers = [await compareWith('technicalindicators'), await compareWith('trading-signals')];
  const nanoseconds = median(Array.from({ length: 6 }, ours).slice(1));
  const spread = [1, 100, 5_000].map((symbols) => {
    // Every symbol warmed up, as it is in a running engine.
    const warm = new Float64Array(engine.stateSize);
    for (const bar of bars.slice(0, 400)) engine.update(warm, bar);
    const states = Array.from({ length: symbols }, () => warm.slice());
    const rest = bars.slice(400);
    const run = (): number => nanosecondsPerBar(rest, (bar, i) => engine.update(states[i % symbols]!, bar));
    run();
    return { symbols, nanoseconds: median([run(), run(), run()]) };
  });
  const growth = heapGrowth(engine, bars);
  const library = taLib();
  const perFeature = nanoseconds / FEATURE_COUNT;
  report(
    'features',
    [
      `${FEATURE_COUNT} features: ${nanoseconds.toFixed(0)} ns a bar, ${perFeature.toFixed(1)} ns a feature`,
      ...peers.map(
        (peer) =>
          `the ${peer.indicators} indicators (${peer.outputs} features) that ${peer.name} has too: Suho ${peer.ours.toFixed(0)} ns a bar, ${peer.name} ${peer.peer.toFixed(0)} ns: Suho is ${peer.ratio.toFixed(1)} times as fast`,
      ),
      library === undefined
        ? 'TA-Lib: no python3 with the module talib here'
        : `TA-Lib ${library.version}, ${library.functions} functions: a 250-bar window anew ${library.window.toFixed(0)} ns each, ${(library.window / perFeature).toFixed(1)} times Suho's; whole series at once ${library.batch.toFixed(1)} ns a bar each, Suho takes ${(perFeature / library.batch).toFixed(1)} times that`,
      ...spread.map(
        (entry) => `${entry.symbols} symbols round-robin: ${entry.nanoseconds.toFixed(0)} ns a bar`,
      ),
      `state: ${engine.stateSize * 8} bytes a series`,
      growth === undefined
        ? 'heap growth: run with --expose-gc to see it'
        : `heap growth over 1,000,000 bars: ${growth} bytes`,
    ],
    {
      features: FEATURE_COUNT,
      nanoseconds,
      peers,
      taLib: library,
      spread,
      stateBytes: engine.stateSize * 8,
      growth,
    },
  );
}

function heapGrowth(engine: FeatureEngine, bars: readonly Bar[]): number | undefined {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) return undefined;
  const state = new Float64Array(engine.stateSize);
  gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1_000_000; i++) engine.update(state, bars[i % BARS]!);
  gc();
  return process.memoryUsage().heapUsed - before;
}

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  ADX,
  ATR,
  AwesomeOscillator,
  BollingerBands,
  CCI,
  EMA,
  KST,
  MACD,
  MFI,
  OBV,
  PSAR,
  ROC,
  RSI,
  SMA,
  Stochastic,
  StochasticRSI,
  TRIX,
  WMA,
  WilliamsR,
  WEMA,
} from 'technicalindicators';
import * as signals from 'trading-signals';
import { FEATURE_COUNT } from '../actors/features/catalogue.js';
import { FeatureEngine } from '../actors/features/feature-engine.js';
import type { Bar } from '../actors/market/bar.js';
import { inventedBars } from '../test/support/markets.js';
import { median, paired, report } from './report.js';

const BARS = 20_000;

/** Another library's indicators, fed bar by bar. */
interface Peer {
  readonly indicators: number;
  readonly feed: (bar: Bar) => void;
}

interface Streaming {
  nextValue(value: never): unknown;
}

/** The indicators of technicalindicators that the catalogue has too, fed bar by bar. */
function technicalIndicators(): Peer {
  const none: number[] = [];
  const bars = { high: none, low: none, close: none };
  const onClose = [
    ...[5, 10, 20, 50, 100, 200].map((period) => new SMA({ period, values: none })),
    ...[9, 12, 20, 26, 50, 100, 200].map((period) => new EMA({ period, values: none })),
    new WMA({ period: 20, values: none }),
    new WEMA({ period: 14, values: none }),
    new MACD({
      fastPeriod: 12,
      slowPeriod: 26,
      signalPeriod: 9,
      SimpleMAOscillator: false,
      SimpleMASignal: false,
      values: none,
    }),
    ...[7, 14, 21].map((period) => new RSI({ period, values: none })),
    ...[5, 10, 20].map((period) => new ROC({ period, values: none })),
    new TRIX({ period: 15, values: none }),
    new BollingerBands({ period: 20, stdDev: 2, values: none }),
    new StochasticRSI({ rsiPeriod: 14, stochasticPeriod: 14, kPeriod: 3, dPeriod: 3, values: none }),
    new KST({
      ROCPer1: 10,
      ROCPer2: 15,
      ROCPer3: 20,
      ROCPer4: 30,
      SMAROCPer1: 10,
      SMAROCPer2: 10,
      SMAROCPer3: 10,
      SMAROCPer4: 15,
      signalPeriod: 9,
      values: none,
    }),
  ] as unknown as Streaming[];
  const onBar = [
    new ADX({ period: 14, ...bars }),
    new ATR({ period: 14, ...bars }),
    new ATR({ period: 7, ...bars }),
    new CCI({ period: 14, ...bars }),
    new CCI({ period: 20, ...bars }),
    new WilliamsR({ period: 14, ...bars }),
    new Stochastic({ period: 14, signalPeriod: 3, ...bars }),
    new PSAR({ step: 0.02, max: 0.2, high: none, low: none }),
    new AwesomeOscillator({ fastPeriod: 5, slowPeriod: 34, high: none, low: none }),
    new MFI({ period: 14, ...bars, volume: none }),
    new OBV({ close: none, volume: none }),
  ] as unknown as Streaming[];
  return {
    indicators: onClose.length + onBar.length,
    feed: (bar) => {
      for (const indicator of onClose) indicator.nextValue(bar.close as never);
      for (const indicator of onBar) indicator.nextValue(bar as never);
    },
  };
}

/** The same of trading-signals. */
function tradingSignals(): Peer {
  const onClose = [
    ...[5, 10, 20, 50, 100, 200].map((period) => new signals.SMA(period)),
    ...[9, 12, 20, 26, 50, 100, 200].map((period) => new signals.EMA(period)),
    new signals.WMA(20),
    new signals.WSMA(14),
    new signals.MACD(new signals.EMA(12), new signals.EMA(26), new signals.EMA(9)),
    ...[7, 14, 21].map((period) => new signals.RSI(period)),
    ...[5, 10, 20].map((period) => new signals.ROC(period)),
    new signals.BollingerBands(20, 2),
    new signals.StochasticRSI(14),
    new signals.MOM(10),
  ];
  const onBar = [
    new signals.ADX(14),
    new signals.ATR(14),
    new signals.ATR(7),
    new signals.CCI(14),
    new signals.CCI(20),
    new signals.WilliamsR(14),
    new signals.StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 }),
    new signals.PSAR({ accelerationStep: 0.02, accelerationMax: 0.2 }),
    new signals.AO(5, 34),
    new signals.OBV(5),
  ];
  return {
    indicators: onClose.length + onBar.length,
    feed: (bar) => {
      for (const indicator of onClose) indicator.add(bar.close);
      for (const indicator of onBar) indicator.add(bar);
    },
  };
}

function nanosecondsPerBar(bars: readonly Bar[], take: (bar: Bar, i: number) => void): number {
  const start = performance.now();
  bars.forEach(take);
  return ((performance.now() - start) * 1e6) / bars.length;
}

/** TA-Lib C through its Python binding, where both are installed: nanoseconds a function and bar. */
function taLib(): { version: string; functions: number; window: number; batch: number } | undefined {
  const script = new URL('../../bench/talib_peer.py', import.meta.url);
  const run = spawnSync('python3', [fileURLToPath(script)], { encoding: 'utf8', timeout: 120_000 });
  return run.status === 0 ? (JSON.parse(run.stdout) as ReturnType<typeof taLib>) : undefined;
}

/** Time of the whole catalogue at several numbers of symbols round-robin, memory, and the peers. */
export function benchFeatures(): void {
  const bars = inventedBars(BARS);
  const engine = new FeatureEngine(3_600_000);
  const ours = (): number => {
    const state = new Float64Array(engine.stateSize);
    return nanosecondsPerBar(bars, (bar) => engine.update(state, bar));
  };
  const peers = Object.entries({
    technicalindicators: technicalIndicators,
    'trading-signals': tradingSignals,
  }).map(([name, make]) => {
    const { indicators } = make();
    const compared = paired(5, ours, () => nanosecondsPerBar(bars, make().feed));
    return { name, indicators, ...compared, perFeature: (compared.ratio * FEATURE_COUNT) / indicators };
  });
  const nanoseconds = median(peers.map((peer) => peer.ours));
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
          `${peer.name}, ${peer.indicators} of them: ${peer.peer.toFixed(0)} ns a bar; per feature Suho is ${peer.perFeature.toFixed(1)} times as fast`,
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

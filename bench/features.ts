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
import { FEATURE_COUNT } from '../actors/features/catalogue.js';
import { FeatureEngine } from '../actors/features/feature-engine.js';
import type { Bar } from '../actors/market/bar.js';
import { inventedBars } from '../test/support/markets.js';
import { paired, report } from './report.js';

const BARS = 20_000;

interface Streaming {
  nextValue(value: never): unknown;
}

/** The indicators of technicalindicators that the catalogue has too, fed bar by bar. */
function peers(): (bar: Bar) => void {
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
  peerCount = onClose.length + onBar.length;
  return (bar) => {
    for (const indicator of onClose) indicator.nextValue(bar.close as never);
    for (const indicator of onBar) indicator.nextValue(bar as never);
  };
}

let peerCount = 0;

function nanosecondsPerBar(bars: readonly Bar[], take: (bar: Bar, i: number) => void): number {
  const start = performance.now();
  bars.forEach(take);
  return ((performance.now() - start) * 1e6) / bars.length;
}

/** Time of the whole catalogue at several numbers of symbols round-robin, memory, and the peer. */
export function benchFeatures(): void {
  const bars = inventedBars(BARS);
  const engine = new FeatureEngine(3_600_000);
  const compared = paired(
    5,
    () => {
      const state = new Float64Array(engine.stateSize);
      return nanosecondsPerBar(bars, (bar) => engine.update(state, bar));
    },
    () => {
      const feed = peers();
      return nanosecondsPerBar(bars, feed);
    },
  );
  const perFeature = compared.peer / peerCount / (compared.ours / FEATURE_COUNT);
  const spread = [1, 100, 5_000].map((symbols) => {
    const states = Array.from({ length: symbols }, () => new Float64Array(engine.stateSize));
    const many = bars.concat(bars);
    const run = (): number => nanosecondsPerBar(many, (bar, i) => engine.update(states[i % symbols]!, bar));
    run();
    return { symbols, nanoseconds: Math.min(run(), run()) };
  });
  const growth = heapGrowth(engine, bars);
  report(
    'features',
    [
      `${FEATURE_COUNT} features: ${compared.ours.toFixed(0)} ns a bar; technicalindicators, ${peerCount} of them: ${compared.peer.toFixed(0)} ns a bar`,
      `per feature ${perFeature.toFixed(1)} times as fast as technicalindicators`,
      ...spread.map(
        ({ symbols, nanoseconds }) => `${symbols} symbols round-robin: ${nanoseconds.toFixed(0)} ns a bar`,
      ),
      `state: ${engine.stateSize * 8} bytes a series`,
      growth === undefined
        ? 'heap growth: run with --expose-gc to see it'
        : `heap growth over 1,000,000 bars: ${growth} bytes`,
    ],
    {
      features: FEATURE_COUNT,
      ...compared,
      peerCount,
      perFeature,
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

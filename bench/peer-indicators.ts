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
} from 'technicalindicators';
import * as signals from 'trading-signals';
import type { Bar } from '../actors/market/bar.js';
import { ComparedFeatures } from './compared-features.js';

type Feed = (bar: Bar) => unknown;

/** An indicator the catalogue has, and what other libraries have of the same. */
interface PeerIndicator {
  /** Numbers it gives at each bar. */
  readonly outputs: number;
  readonly technicalindicators?: () => Feed;
  readonly 'trading-signals'?: () => Feed;
}

export type Peer = 'technicalindicators' | 'trading-signals';

const none: number[] = [];
const bars = { high: none, low: none, close: none };

/** Feeds the close to an indicator of technicalindicators, or the bar. */
const nextClose =
  (make: () => unknown): (() => Feed) =>
  () => {
    const indicator = make() as { nextValue(value: number): unknown };
    return (bar) => indicator.nextValue(bar.close);
  };
const nextBar =
  (make: () => unknown): (() => Feed) =>
  () => {
    const indicator = make() as { nextValue(value: Bar): unknown };
    return (bar) => indicator.nextValue(bar);
  };
/** The same for trading-signals. */
const addClose =
  (make: () => { add(value: number): unknown }): (() => Feed) =>
  () => {
    const indicator = make();
    return (bar) => indicator.add(bar.close);
  };
const addBar =
  (make: () => { add(value: Bar): unknown }): (() => Feed) =>
  () => {
    const indicator = make();
    return (bar) => indicator.add(bar);
  };

const sma = (period: number): PeerIndicator => ({
  outputs: 1,
  technicalindicators: nextClose(() => new SMA({ period, values: none })),
  'trading-signals': addClose(() => new signals.SMA(period)),
});

const ema = (period: number): PeerIndicator => ({
  outputs: 1,
  technicalindicators: nextClose(() => new EMA({ period, values: none })),
  'trading-signals': addClose(() => new signals.EMA(period)),
});

const rsi = (period: number): PeerIndicator => ({
  outputs: 1,
  technicalindicators: nextClose(() => new RSI({ period, values: none })),
  'trading-signals': addClose(() => new signals.RSI(period)),
});

const roc = (period: number): PeerIndicator => ({
  outputs: 1,
  technicalindicators: nextClose(() => new ROC({ period, values: none })),
  'trading-signals': addClose(() => new signals.ROC(period)),
});

const atr = (period: number): PeerIndicator => ({
  outputs: 1,
  technicalindicators: nextBar(() => new ATR({ period, ...bars })),
  'trading-signals': addBar(() => new signals.ATR(period)),
});

const cci = (period: number): PeerIndicator => ({
  outputs: 1,
  technicalindicators: nextBar(() => new CCI({ period, ...bars })),
  'trading-signals': addBar(() => new signals.CCI(period)),
});

const oscillators: readonly PeerIndicator[] = [
  {
    outputs: 1,
    technicalindicators: nextClose(() => new WMA({ period: 20, values: none })),
    'trading-signals': addClose(() => new signals.WMA(20)),
  },
  {
    outputs: 3,
    technicalindicators: nextClose(
      () =>
        new MACD({
          fastPeriod: 12,
          slowPeriod: 26,
          signalPeriod: 9,
          SimpleMAOscillator: false,
          SimpleMASignal: false,
          values: none,
        }),
    ),
    'trading-signals': addClose(
      () => new signals.MACD(new signals.EMA(12), new signals.EMA(26), new signals.EMA(9)),
    ),
  },
  {
    outputs: 1,
    technicalindicators: nextClose(() => new TRIX({ period: 15, values: none })),
  },
  {
    outputs: 3,
    technicalindicators: nextClose(() => new BollingerBands({ period: 20, stdDev: 2, values: none })),
    'trading-signals': addClose(() => new signals.BollingerBands(20, 2)),
  },
  {
    outputs: 2,
    technicalindicators: nextClose(
      () => new StochasticRSI({ rsiPeriod: 14, stochasticPeriod: 14, kPeriod: 3, dPeriod: 3, values: none }),
    ),
    'trading-signals': addClose(() => new signals.StochasticRSI(14)),
  },
  {
    outputs: 2,
    technicalindicators: nextClose(
      () =>
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
    ),
  },
  {
    outputs: 3,
    technicalindicators: nextBar(() => new ADX({ period: 14, ...bars })),
    'trading-signals': addBar(() => new signals.ADX(14)),
  },
  {
    outputs: 1,
    technicalindicators: nextBar(() => new WilliamsR({ period: 14, ...bars })),
    'trading-signals': addBar(() => new signals.WilliamsR(14)),
  },
  {
    outputs: 2,
    technicalindicators: nextBar(() => new Stochastic({ period: 14, signalPeriod: 3, ...bars })),
    'trading-signals': addBar(
      () => new signals.StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 }),
    ),
  },
  {
    outputs: 1,
    technicalindicators: nextBar(() => new PSAR({ step: 0.02, max: 0.2, high: none, low: none })),
    'trading-signals': addBar(() => new signals.PSAR({ accelerationStep: 0.02, accelerationMax: 0.2 })),
  },
  {
    outputs: 1,
    technicalindicators: nextBar(
      () => new AwesomeOscillator({ fastPeriod: 5, slowPeriod: 34, high: none, low: none }),
    ),
    'trading-signals': addBar(() => new signals.AO(5, 34)),
  },
  {
    outputs: 1,
    technicalindicators: nextBar(() => new MFI({ period: 14, ...bars, volume: none })),
  },
  {
    outputs: 1,
    technicalindicators: nextBar(() => new OBV({ close: none, volume: none })),
    'trading-signals': addBar(() => new signals.OBV(5)),
  },
];

const PEER_INDICATORS: readonly PeerIndicator[] = [
  ...[5, 10, 20, 50, 100, 200].map(sma),
  ...[9, 12, 20, 26, 50, 100, 200].map(ema),
  ...[7, 14, 21].map(rsi),
  ...[5, 10, 20].map(roc),
  ...[7, 14].map(atr),
  ...[14, 20].map(cci),
  ...oscillators,
];

/** The indicators a peer has too: how many numbers they give, and both sides' way to take a bar. */
export function comparisonWith(peer: Peer): {
  readonly indicators: number;
  readonly outputs: number;
  readonly suho: Feed;
  readonly peer: Feed;
} {
  const compared = PEER_INDICATORS.filter((indicator) => indicator[peer] !== undefined);
  const feeds = compared.map((indicator) => indicator[peer]!());
  const features = new ComparedFeatures(peer === 'technicalindicators');
  return {
    indicators: compared.length,
    outputs: compared.reduce((sum, indicator) => sum + indicator.outputs, 0),
    suho: (bar) => features.update(bar),
    peer: (bar) => {
      for (const feed of feeds) feed(bar);
    },
  };
}

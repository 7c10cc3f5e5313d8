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
import { Atr } from '../actors/indicators/atr.js';
import { AwesomeOscillator as SuhoAwesomeOscillator } from '../actors/indicators/awesome-oscillator.js';
import { CommodityChannelIndex } from '../actors/indicators/commodity-channel-index.js';
import { DirectionalMovement } from '../actors/indicators/directional-movement.js';
import { Ema } from '../actors/indicators/ema.js';
import { History } from '../actors/indicators/history.js';
import { KnowSureThing } from '../actors/indicators/know-sure-thing.js';
import { Macd } from '../actors/indicators/macd.js';
import { MoneyFlowIndex } from '../actors/indicators/money-flow-index.js';
import { OnBalanceVolume } from '../actors/indicators/on-balance-volume.js';
import { ParabolicSar } from '../actors/indicators/parabolic-sar.js';
import { PriceSma } from '../actors/indicators/price-sma.js';
import { rateOfChange } from '../actors/indicators/rate-of-change.js';
import { RollingExtreme } from '../actors/indicators/rolling-extreme.js';
import { StandardDeviation } from '../actors/indicators/standard-deviation.js';
import { StateLayout } from '../actors/indicators/state.js';
import { Stochastic as SuhoStochastic } from '../actors/indicators/stochastic.js';
import { StochasticRsi } from '../actors/indicators/stochastic-rsi.js';
import { Trix } from '../actors/indicators/trix.js';
import { WilderMomentum } from '../actors/indicators/wilder-momentum.js';
import { Wma } from '../actors/indicators/wma.js';
import type { Bar } from '../actors/market/bar.js';

/** Takes a bar and leaves what it computed in `out`. */
type Step = (s: Float64Array, bar: Bar, out: Float64Array) => void;
type Feed = (bar: Bar) => unknown;

/** An indicator the catalogue has, and the same of other libraries that have it. */
interface CommonIndicator {
  /** Numbers it gives at each bar. */
  readonly outputs: number;
  /** Our kernel on its own; its first output goes to `out[at]`. */
  readonly suho: (layout: StateLayout, history: History, at: number) => Step;
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

const sma = (period: number): CommonIndicator => ({
  outputs: 1,
  suho: (layout, history, at) => {
    const kernel = new PriceSma(layout, history, history.closes, period);
    return (s, _bar, out) => void (out[at] = kernel.update(s));
  },
  technicalindicators: nextClose(() => new SMA({ period, values: none })),
  'trading-signals': addClose(() => new signals.SMA(period)),
});

const ema = (period: number): CommonIndicator => ({
  outputs: 1,
  suho: (layout, _history, at) => {
    const kernel = new Ema(layout, period);
    return (s, bar, out) => void (out[at] = kernel.update(s, bar.close));
  },
  technicalindicators: nextClose(() => new EMA({ period, values: none })),
  'trading-signals': addClose(() => new signals.EMA(period)),
});

const rsi = (period: number): CommonIndicator => ({
  outputs: 1,
  suho: (layout, _history, at) => {
    const kernel = new WilderMomentum(layout, period);
    return (s, bar, out) => {
      kernel.update(s, bar.close);
      out[at] = kernel.rsi;
    };
  },
  technicalindicators: nextClose(() => new RSI({ period, values: none })),
  'trading-signals': addClose(() => new signals.RSI(period)),
});

const roc = (period: number): CommonIndicator => ({
  outputs: 1,
  suho: (_layout, history, at) => (s, _bar, out) => void (out[at] = rateOfChange(s, history, period)),
  technicalindicators: nextClose(() => new ROC({ period, values: none })),
  'trading-signals': addClose(() => new signals.ROC(period)),
});

const atr = (period: number): CommonIndicator => ({
  outputs: 1,
  suho: (layout, history, at) => {
    const kernel = new Atr(layout, period);
    return (s, _bar, out) => void (out[at] = kernel.update(s, history.trueRange(s, 0)));
  },
  technicalindicators: nextBar(() => new ATR({ period, ...bars })),
  'trading-signals': addBar(() => new signals.ATR(period)),
});

const cci = (period: number): CommonIndicator => ({
  outputs: 1,
  suho: (_layout, history, at) => {
    const kernel = new CommodityChannelIndex(history, period);
    return (s, _bar, out) => void (out[at] = kernel.update(s));
  },
  technicalindicators: nextBar(() => new CCI({ period, ...bars })),
  'trading-signals': addBar(() => new signals.CCI(period)),
});

/** Highest high and lowest low of 14 bars, as stochastics and Williams' %R want them. */
function extremes14(layout: StateLayout, history: History): (s: Float64Array) => readonly RollingExtreme[] {
  const pair = [
    new RollingExtreme(layout, history, history.highs, 14, 1),
    new RollingExtreme(layout, history, history.lows, 14, -1),
  ];
  return (s) => {
    for (const each of pair) each.update(s);
    return pair;
  };
}

const oscillators: readonly CommonIndicator[] = [
  {
    outputs: 1,
    suho: (layout, _history, at) => {
      const kernel = new Wma(layout, 20);
      return (s, bar, out) => void (out[at] = kernel.update(s, bar.close));
    },
    technicalindicators: nextClose(() => new WMA({ period: 20, values: none })),
    'trading-signals': addClose(() => new signals.WMA(20)),
  },
  {
    outputs: 3,
    suho: (layout, _history, at) => {
      const slow = new Ema(layout, 26);
      const kernel = new Macd(layout, 12, 26, 9);
      return (s, bar, out) => {
        kernel.update(s, bar.close, slow.update(s, bar.close));
        out[at] = kernel.line;
        out[at + 1] = kernel.signal;
        out[at + 2] = kernel.histogram;
      };
    },
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
    suho: (layout, _history, at) => {
      const kernel = new Trix(layout, 15);
      return (s, bar, out) => void (out[at] = kernel.update(s, bar.close));
    },
    technicalindicators: nextClose(() => new TRIX({ period: 15, values: none })),
  },
  {
    outputs: 3,
    suho: (layout, history, at) => {
      const mean = new PriceSma(layout, history, history.closes, 20);
      const deviation = new StandardDeviation(layout, history, history.closes, 20);
      return (s, _bar, out) => {
        const middle = mean.update(s);
        const width = 2 * deviation.update(s);
        out[at] = middle + width;
        out[at + 1] = middle;
        out[at + 2] = middle - width;
      };
    },
    technicalindicators: nextClose(() => new BollingerBands({ period: 20, stdDev: 2, values: none })),
    'trading-signals': addClose(() => new signals.BollingerBands(20, 2)),
  },
  {
    outputs: 2,
    suho: (layout, _history, at) => {
      const momentum = new WilderMomentum(layout, 14);
      const kernel = new StochasticRsi(layout, 14, 3);
      return (s, bar, out) => {
        momentum.update(s, bar.close);
        kernel.update(s, momentum.rsi);
        out[at] = kernel.k;
        out[at + 1] = kernel.d;
      };
    },
    technicalindicators: nextClose(
      () => new StochasticRSI({ rsiPeriod: 14, stochasticPeriod: 14, kPeriod: 3, dPeriod: 3, values: none }),
    ),
    'trading-signals': addClose(() => new signals.StochasticRSI(14)),
  },
  {
    outputs: 2,
    suho: (layout, history, at) => {
      const kernel = new KnowSureThing(layout, history);
      return (s, _bar, out) => {
        kernel.update(s);
        out[at] = kernel.line;
        out[at + 1] = kernel.signal;
      };
    },
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
    suho: (layout, history, at) => {
      const kernel = new DirectionalMovement(layout, history, 14);
      return (s, _bar, out) => {
        kernel.update(s);
        out[at] = kernel.adx;
        out[at + 1] = kernel.plusDi;
        out[at + 2] = kernel.minusDi;
      };
    },
    technicalindicators: nextBar(() => new ADX({ period: 14, ...bars })),
    'trading-signals': addBar(() => new signals.ADX(14)),
  },
  {
    outputs: 1,
    suho: (layout, history, at) => {
      const extremes = extremes14(layout, history);
      return (s, bar, out) => {
        const [highest, lowest] = extremes(s);
        out[at] = (-100 * (highest!.value - bar.close)) / (highest!.value - lowest!.value);
      };
    },
    technicalindicators: nextBar(() => new WilliamsR({ period: 14, ...bars })),
    'trading-signals': addBar(() => new signals.WilliamsR(14)),
  },
  {
    outputs: 2,
    suho: (layout, history, at) => {
      const extremes = extremes14(layout, history);
      const kernel = new SuhoStochastic(layout, 3);
      return (s, bar, out) => {
        const [highest, lowest] = extremes(s);
        kernel.update(s, bar.close, highest!.value, lowest!.value);
        out[at] = kernel.slowK;
        out[at + 1] = kernel.slowD;
      };
    },
    technicalindicators: nextBar(() => new Stochastic({ period: 14, signalPeriod: 3, ...bars })),
    'trading-signals': addBar(
      () => new signals.StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 }),
    ),
  },
  {
    outputs: 1,
    suho: (layout, history, at) => {
      const kernel = new ParabolicSar(layout, history, 0.02, 0.2);
      return (s, _bar, out) => {
        kernel.update(s);
        out[at] = kernel.value;
      };
    },
    technicalindicators: nextBar(() => new PSAR({ step: 0.02, max: 0.2, high: none, low: none })),
    'trading-signals': addBar(() => new signals.PSAR({ accelerationStep: 0.02, accelerationMax: 0.2 })),
  },
  {
    outputs: 1,
    suho: (layout, _history, at) => {
      const kernel = new SuhoAwesomeOscillator(layout, 5, 34);
      return (s, bar, out) => void (out[at] = kernel.update(s, bar.high, bar.low));
    },
    technicalindicators: nextBar(
      () => new AwesomeOscillator({ fastPeriod: 5, slowPeriod: 34, high: none, low: none }),
    ),
    'trading-signals': addBar(() => new signals.AO(5, 34)),
  },
  {
    outputs: 1,
    suho: (layout, history, at) => {
      const kernel = new MoneyFlowIndex(layout, history, 14);
      return (s, bar, out) => void (out[at] = kernel.update(s, bar.volume));
    },
    technicalindicators: nextBar(() => new MFI({ period: 14, ...bars, volume: none })),
  },
  {
    outputs: 1,
    suho: (layout, history, at) => {
      const kernel = new OnBalanceVolume(layout);
      return (s, bar, out) => {
        const previous = history.bars > 1 ? history.close(s, 1) : NaN;
        out[at] = kernel.update(s, bar.close, previous, bar.volume);
      };
    },
    technicalindicators: nextBar(() => new OBV({ close: none, volume: none })),
    'trading-signals': addBar(() => new signals.OBV(5)),
  },
];

const COMMON: readonly CommonIndicator[] = [
  ...[5, 10, 20, 50, 100, 200].map(sma),
  ...[9, 12, 20, 26, 50, 100, 200].map(ema),
  ...[7, 14, 21].map(rsi),
  ...[5, 10, 20].map(roc),
  ...[7, 14].map(atr),
  ...[14, 20].map(cci),
  ...oscillators,
];

/** The indicators a peer has too: how many numbers they give, and both sides' way to take a bar. */
export function commonSet(peer: Peer): {
  readonly indicators: number;
  readonly outputs: number;
  readonly suho: Feed;
  readonly peer: Feed;
} {
  const common = COMMON.filter((indicator) => indicator[peer] !== undefined);
  const feeds = common.map((indicator) => indicator[peer]!());
  const outputs = common.reduce((sum, indicator) => sum + indicator.outputs, 0);
  return {
    indicators: common.length,
    outputs,
    suho: suhoFeed(common, outputs),
    peer: (bar) => {
      for (const feed of feeds) feed(bar);
    },
  };
}

function suhoFeed(common: readonly CommonIndicator[], outputs: number): Feed {
  const layout = new StateLayout();
  const history = new History(layout);
  let at = 0;
  const steps = common.map((indicator) => {
    const step = indicator.suho(layout, history, at);
    at += indicator.outputs;
    return step;
  });
  const state = new Float64Array(layout.size);
  const out = new Float64Array(outputs);
  return (bar) => {
    history.push(state, bar.open, bar.high, bar.low, bar.close, bar.volume);
    for (const step of steps) step(state, bar, out);
  };
}

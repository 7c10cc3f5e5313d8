/** One contract for every kernel: what the feature engine, snapshots and fifty thousand series rest on. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { AccumulationDistribution } from '../../actors/indicators/accumulation-distribution.js';
import { Aroon } from '../../actors/indicators/aroon.js';
import { Atr } from '../../actors/indicators/atr.js';
import { AverageDeviation } from '../../actors/indicators/average-deviation.js';
import { AwesomeOscillator } from '../../actors/indicators/awesome-oscillator.js';
import { ChoppinessIndex } from '../../actors/indicators/choppiness-index.js';
import { CommodityChannelIndex } from '../../actors/indicators/commodity-channel-index.js';
import { ConnorsRsi } from '../../actors/indicators/connors-rsi.js';
import { CoppockCurve } from '../../actors/indicators/coppock-curve.js';
import { Delay } from '../../actors/indicators/delay.js';
import { Dema } from '../../actors/indicators/dema.js';
import { DirectionalMovement } from '../../actors/indicators/directional-movement.js';
import { DominantCycle, DominantCyclePeriod } from '../../actors/indicators/dominant-cycle.js';
import { EaseOfMovement } from '../../actors/indicators/ease-of-movement.js';
import { EfficiencyRatio } from '../../actors/indicators/efficiency-ratio.js';
import { Ema } from '../../actors/indicators/ema.js';
import { EwmaVolatility } from '../../actors/indicators/ewma-volatility.js';
import { FisherTransform } from '../../actors/indicators/fisher-transform.js';
import { HilbertCycle } from '../../actors/indicators/hilbert.js';
import { History } from '../../actors/indicators/history.js';
import { Hma } from '../../actors/indicators/hma.js';
import { HurstExponent } from '../../actors/indicators/hurst-exponent.js';
import { Ichimoku } from '../../actors/indicators/ichimoku.js';
import { IntradayMomentumIndex } from '../../actors/indicators/intraday-momentum-index.js';
import { Kama } from '../../actors/indicators/kama.js';
import { KnowSureThing } from '../../actors/indicators/know-sure-thing.js';
import { LinearRegression } from '../../actors/indicators/linear-regression.js';
import { Macd } from '../../actors/indicators/macd.js';
import { Mama } from '../../actors/indicators/mama.js';
import { MoneyFlowIndex } from '../../actors/indicators/money-flow-index.js';
import { OnBalanceVolume } from '../../actors/indicators/on-balance-volume.js';
import { ParabolicSar } from '../../actors/indicators/parabolic-sar.js';
import { PriceSma } from '../../actors/indicators/price-sma.js';
import { RangeVolatility } from '../../actors/indicators/range-volatility.js';
import { RelativeVigorIndex } from '../../actors/indicators/relative-vigor-index.js';
import { RollingExtreme } from '../../actors/indicators/rolling-extreme.js';
import { RollingSlope } from '../../actors/indicators/rolling-slope.js';
import { Skewness } from '../../actors/indicators/skewness.js';
import { Sma } from '../../actors/indicators/sma.js';
import { StandardDeviation } from '../../actors/indicators/standard-deviation.js';
import { StateLayout } from '../../actors/indicators/state.js';
import { Stochastic } from '../../actors/indicators/stochastic.js';
import { StochasticRsi } from '../../actors/indicators/stochastic-rsi.js';
import { Supertrend } from '../../actors/indicators/supertrend.js';
import { Swings } from '../../actors/indicators/swings.js';
import { T3 } from '../../actors/indicators/t3.js';
import { Tema } from '../../actors/indicators/tema.js';
import { TradingDays } from '../../actors/indicators/trading-days.js';
import { Trima } from '../../actors/indicators/trima.js';
import { Trix } from '../../actors/indicators/trix.js';
import { TrueStrengthIndex } from '../../actors/indicators/true-strength-index.js';
import { TurnoverImpact } from '../../actors/indicators/turnover-impact.js';
import { UlcerIndex } from '../../actors/indicators/ulcer-index.js';
import { UltimateOscillator } from '../../actors/indicators/ultimate-oscillator.js';
import { VolumeFlow } from '../../actors/indicators/volume-flow.js';
import { VolumeIndexReturn } from '../../actors/indicators/volume-index.js';
import { VolumePriceTrendSlope } from '../../actors/indicators/volume-price-trend.js';
import { Vortex } from '../../actors/indicators/vortex.js';
import { WilderMomentum } from '../../actors/indicators/wilder-momentum.js';
import { WindowExtremes } from '../../actors/indicators/window-extremes.js';
import {
  windowBelow,
  windowDeviations,
  windowMean,
  windowSquares,
} from '../../actors/indicators/window-statistics.js';
import { Wma } from '../../actors/indicators/wma.js';
import { ZScore } from '../../actors/indicators/z-score.js';
import type { Bar } from '../../actors/market/bar.js';
import { inventedBars } from '../support/markets.js';

type Step = (s: Float64Array, bar: Bar, before: Bar | undefined) => readonly number[];

/** A kernel made on a layout, as a function from a bar to its outputs. */
type Make = (layout: StateLayout, history: History) => { readonly first?: number; readonly step: Step };

/** A kernel of single numbers, fed with the close. */
const ofCloses =
  (
    make: (layout: StateLayout) => { requiredInputs: number; update(s: Float64Array, x: number): number },
  ): Make =>
  (layout) => {
    const kernel = make(layout);
    return { first: kernel.requiredInputs, step: (s, { close }) => [kernel.update(s, close)] };
  };

/** A kernel that reads the shared history. */
const ofHistory =
  (
    make: (
      layout: StateLayout,
      history: History,
    ) => { requiredInputs: number; update(s: Float64Array): number },
  ): Make =>
  (layout, history) => {
    const kernel = make(layout, history);
    return { first: kernel.requiredInputs, step: (s) => [kernel.update(s)] };
  };

const KERNELS: Readonly<Record<string, Make>> = {
  AccumulationDistribution: (layout) => {
    const k = new AccumulationDistribution(layout, 3, 10);
    return {
      first: k.requiredInputs,
      step: (s, b) => {
        k.update(s, b.high, b.low, b.close, b.volume);
        return [k.oscillator, k.line];
      },
    };
  },
  Aroon: (layout, history) => {
    const k = new Aroon(layout, history, 25);
    return {
      first: k.requiredInputs,
      step: (s) => {
        k.update(s);
        return [k.up, k.down];
      },
    };
  },
  Atr: (layout) => {
    const k = new Atr(layout, 14);
    return {
      step: (s, b, before) => [
        k.update(
          s,
          before === undefined
            ? NaN
            : Math.max(b.high - b.low, Math.abs(b.high - before.close), Math.abs(b.low - before.close)),
        ),
      ],
    };
  },
  AverageDeviation: (_, history) => {
    const k = new AverageDeviation(history, 20);
    return {
      first: k.requiredInputs,
      step: (s) => [k.update(s, windowMean(s, history.closes, history.bars, 20))],
    };
  },
  AwesomeOscillator: ofHistory((layout, history) => new AwesomeOscillator(layout, history, 5, 34)),
  ChoppinessIndex: (_, history) => {
    const k = new ChoppinessIndex(history, 14);
    return { first: k.requiredInputs, step: (s, b) => [k.update(s, b.high - b.low)] };
  },
  CommodityChannelIndex: ofHistory((layout, history) => new CommodityChannelIndex(layout, history, 14)),
  ConnorsRsi: ofHistory((layout, history) => new ConnorsRsi(layout, history, 3, 2, 100)),
  CoppockCurve: ofHistory((layout, history) => new CoppockCurve(layout, history, 14, 11, 10)),
  Delay: ofCloses((layout) => new Delay(layout, 26)),
  Dema: (layout) => {
    const first = new Ema(layout, 20);
    const k = new Dema(layout, 20);
    return {
      first: k.requiredInputs,
      step: (s, { close }) => [k.update(s, first.update(s, close)), k.second],
    };
  },
  DirectionalMovement: (layout, history) => {
    const k = new DirectionalMovement(layout, history, 14);
    return {
      first: k.requiredInputs,
      step: (s) => {
        k.update(s);
        return [k.plusDi, k.minusDi, k.dx, k.adx, k.adxr, k.plusDm, k.minusDm];
      },
    };
  },
  DominantCycle: (layout, history) => {
    const cycle = new HilbertCycle(layout, 37);
    const k = new DominantCycle(layout, history);
    return {
      first: k.requiredInputs,
      step: (s, { close }) => {
        cycle.update(s, close);
        k.update(s, cycle);
        return [k.phase, k.sine, k.leadSine, k.trendline, k.trendMode];
      },
    };
  },
  DominantCyclePeriod: (layout) => {
    const cycle = new HilbertCycle(layout, 12);
    const k = new DominantCyclePeriod(layout);
    return {
      first: k.requiredInputs,
      step: (s, { close }) => {
        cycle.update(s, close);
        return [k.update(s, cycle)];
      },
    };
  },
  EaseOfMovement: ofHistory((layout, history) => new EaseOfMovement(layout, history, 14)),
  EfficiencyRatio: ofHistory((_, history) => new EfficiencyRatio(history, 20)),
  Ema: ofCloses((layout) => new Ema(layout, 20)),
  EwmaVolatility: ofCloses((layout) => new EwmaVolatility(layout, 0.94)),
  FisherTransform: (layout) => {
    const k = new FisherTransform(layout, 10);
    return { first: k.requiredInputs, step: (s, b) => [k.update(s, b.high, b.low)] };
  },
  Hma: ofCloses((layout) => new Hma(layout, 20)),
  HurstExponent: (layout, history) => {
    const k = new HurstExponent(layout, history, 20);
    return {
      first: k.requiredInputs,
      step: (s) => {
        const mean = windowMean(s, history.logReturns, history.bars, 20);
        return [k.update(s, mean, windowSquares(s, history.logReturns, history.bars, 20, mean))];
      },
    };
  },
  Ichimoku: (layout, history) => {
    const k = new Ichimoku(layout, history);
    return {
      first: k.requiredInputs,
      step: (s, b) => {
        k.update(s, b.high, b.low);
        return [k.conversion, k.base, k.leadingA, k.leadingB];
      },
    };
  },
  IntradayMomentumIndex: ofHistory((_, history) => new IntradayMomentumIndex(history, 14)),
  Kama: ofHistory((layout, history) => new Kama(layout, history, 10)),
  KnowSureThing: (layout, history) => {
    const k = new KnowSureThing(layout, history);
    return {
      first: k.requiredInputs,
      step: (s) => {
        k.update(s);
        return [k.line, k.signal];
      },
    };
  },
  LinearRegression: (_, history) => {
    const k = new LinearRegression(history, 14);
    return {
      first: k.requiredInputs,
      step: (s) => {
        k.update(s);
        return [k.end, k.slope, k.angle, k.r2, k.forecast];
      },
    };
  },
  Macd: (layout) => {
    const slow = new Ema(layout, 26);
    const k = new Macd(layout, 12, 26, 9);
    return {
      first: k.requiredInputs,
      step: (s, { close }) => {
        k.update(s, close, slow.update(s, close));
        return [k.line, k.signal, k.histogram];
      },
    };
  },
  Mama: (layout) => {
    const cycle = new HilbertCycle(layout, 12);
    const k = new Mama(layout, 0.5, 0.05);
    return {
      first: k.requiredInputs,
      step: (s, { close }) => {
        cycle.update(s, close);
        k.update(s, close, cycle);
        return [k.mama, k.fama];
      },
    };
  },
  MoneyFlowIndex: (layout, history) => {
    const k = new MoneyFlowIndex(layout, history, 14);
    return { first: k.requiredInputs, step: (s, { volume }) => [k.update(s, volume)] };
  },
  OnBalanceVolume: (layout) => {
    const k = new OnBalanceVolume(layout);
    return {
      first: k.requiredInputs,
      step: (s, b, before) => [k.update(s, b.close, before?.close ?? NaN, b.volume)],
    };
  },
  ParabolicSar: (layout, history) => {
    const k = new ParabolicSar(layout, history, 0.02, 0.2);
    return {
      first: k.requiredInputs,
      step: (s) => {
        k.update(s);
        return [k.value, k.direction];
      },
    };
  },
  PriceSma: ofHistory((layout, history) => new PriceSma(layout, history, history.closes, 50)),
  RangeVolatility: (layout) => {
    const k = new RangeVolatility(layout, 20);
    return {
      first: k.requiredInputs,
      step: (s, b, before) => {
        k.update(s, b.open, b.high, b.low, b.close, before?.close ?? NaN);
        return [k.parkinson, k.garmanKlass, k.rogersSatchell, k.yangZhang];
      },
    };
  },
  RelativeVigorIndex: ofHistory((_, history) => new RelativeVigorIndex(history, 10)),
  RollingExtreme: (layout, history) => {
    const k = new RollingExtreme(layout, history, history.highs, 20, 1);
    return {
      first: k.requiredInputs,
      step: (s) => {
        k.update(s);
        return [k.value, k.ago];
      },
    };
  },
  RollingSlope: ofCloses((layout) => new RollingSlope(layout, 20)),
  Skewness: (_, history) => {
    const k = new Skewness(history, 20);
    return {
      first: k.requiredInputs,
      step: (s) => {
        const mean = windowMean(s, history.logReturns, history.bars, 20);
        return [k.update(s, mean, windowSquares(s, history.logReturns, history.bars, 20, mean))];
      },
    };
  },
  Sma: ofCloses((layout) => new Sma(layout, 20)),
  StandardDeviation: ofHistory(
    (layout, history) => new StandardDeviation(layout, history, history.closes, 20),
  ),
  Stochastic: (layout) => {
    const k = new Stochastic(layout, 3);
    return {
      first: k.requiredInputs,
      step: (s, b) => {
        k.update(s, b.close, b.high, b.low);
        return [k.fastK, k.fastD, k.slowK, k.slowD];
      },
    };
  },
  StochasticRsi: (layout) => {
    const k = new StochasticRsi(layout, 14, 3);
    return {
      first: k.requiredInputs,
      step: (s, b) => {
        k.update(s, b.close);
        return [k.k, k.d];
      },
    };
  },
  Supertrend: (layout) => {
    const atr = new Atr(layout, 10);
    const k = new Supertrend(layout, 10, 3);
    return {
      first: k.requiredInputs,
      step: (s, b, before) => {
        const range =
          before === undefined
            ? NaN
            : Math.max(b.high - b.low, Math.abs(b.high - before.close), Math.abs(b.low - before.close));
        k.update(s, b.high, b.low, b.close, atr.update(s, range));
        return [k.value, k.direction];
      },
    };
  },
  Swings: (layout, history) => {
    const k = new Swings(layout, history);
    return {
      step: (s, { close }) => {
        k.update(s, close, 0.001);
        return [k.high, k.low, k.support, k.resistance, k.supportTouches, k.resistanceTouches];
      },
    };
  },
  T3: ofCloses((layout) => new T3(layout, 5, 0.7)),
  Tema: (layout) => {
    const [first, second] = [new Ema(layout, 20), new Ema(layout, 20)];
    const k = new Tema(layout, 20);
    return {
      first: k.requiredInputs,
      step: (s, { close }) => {
        const e1 = first.update(s, close);
        return [k.update(s, e1, second.update(s, e1))];
      },
    };
  },
  TradingDays: (layout) => {
    const k = new TradingDays(layout);
    return {
      first: k.requiredInputs,
      step: (s, b) => {
        k.update(s, b.openTime, b.high, b.low, b.close, b.volume);
        return [k.vwap, k.high, k.low, k.close];
      },
    };
  },
  Trima: ofCloses((layout) => new Trima(layout, 20)),
  Trix: ofCloses((layout) => new Trix(layout, 15)),
  TrueStrengthIndex: (layout) => {
    const k = new TrueStrengthIndex(layout, 25, 13);
    return {
      first: k.requiredInputs,
      step: (s, { close }, before) => [k.update(s, close - (before?.close ?? NaN))],
    };
  },
  TurnoverImpact: (_, history) => {
    const k = new TurnoverImpact(history, 20);
    return {
      first: k.requiredInputs,
      step: (s) => {
        k.update(s);
        return [k.upShare, k.illiquidity];
      },
    };
  },
  UlcerIndex: ofHistory((_, history) => new UlcerIndex(history, 14)),
  UltimateOscillator: ofHistory((layout, history) => new UltimateOscillator(layout, history, 7, 14, 28)),
  VolumeFlow: (_, history) => {
    const k = new VolumeFlow(history, 20);
    return {
      first: k.requiredInputs,
      step: (s) => {
        k.update(s);
        return [k.moneyFlow, k.vwap];
      },
    };
  },
  VolumeIndexReturn: (layout) => {
    const k = new VolumeIndexReturn(layout, 20, 1);
    return {
      first: k.requiredInputs,
      step: (s, b, before) => [
        k.update(
          s,
          before === undefined ? NaN : Math.log(b.close / before.close),
          b.volume,
          before?.volume ?? NaN,
        ),
      ],
    };
  },
  VolumePriceTrendSlope: (layout) => {
    const k = new VolumePriceTrendSlope(layout, 20);
    return {
      first: k.requiredInputs,
      step: (s, b, before) => [k.update(s, b.close, before?.close ?? NaN, b.volume)],
    };
  },
  Vortex: (_, history) => {
    const k = new Vortex(history, 14);
    return {
      first: k.requiredInputs,
      step: (s) => {
        k.update(s);
        return [k.plus, k.minus];
      },
    };
  },
  WilderMomentum: (layout) => {
    const k = new WilderMomentum(layout, 14);
    return {
      first: k.requiredInputs,
      step: (s, { close }) => {
        k.update(s, close);
        return [k.rsi, k.cmo];
      },
    };
  },
  WindowExtremes: (layout) => {
    const k = new WindowExtremes(layout, 14);
    return {
      first: k.requiredInputs,
      step: (s, { close }) => {
        k.update(s, close);
        return [k.highest, k.lowest];
      },
    };
  },
  Wma: ofCloses((layout) => new Wma(layout, 20)),
  ZScore: (_, history) => {
    const k = new ZScore(history, history.closes, 20, 1e-13);
    return {
      first: k.requiredInputs,
      step: (s) => [k.update(s, windowMean(s, history.closes, history.bars, 20))],
    };
  },
};

const BARS = 400;
const [a, b] = [inventedBars(BARS, { seed: 41 }), inventedBars(BARS, { seed: 42, momentum: 0.7 })];

/** A kernel of its own with its history: takes the bars [from, to) and answers their outputs. */
function running(make: Make): {
  readonly size: number;
  readonly first: number | undefined;
  readonly take: (s: Float64Array, bars: readonly Bar[], i: number) => readonly number[];
} {
  const layout = new StateLayout();
  const history = new History(layout);
  const { first, step } = make(layout, history);
  return {
    size: layout.size,
    first,
    take: (s, bars, i) => {
      const bar = bars[i]!;
      history.push(s, bar.open, bar.high, bar.low, bar.close, bar.volume);
      return [...step(s, bar, bars[i - 1])];
    },
  };
}

for (const [name, make] of Object.entries(KERNELS)) {
  test(`${name}: zeros are its beginning, all it remembers is in the state, and series do not meet`, () => {
    const { size, first, take } = running(make);
    const state = new Float64Array(size);
    const alone = a.map((_, i) => take(state, a, i));
    if (first !== undefined) {
      const known = alone.findIndex((outputs) => outputs.some((x) => !Number.isNaN(x)));
      assert.ok(known <= first - 1, `first known output on bar ${known + 1}, declared ${first}`);
      assert.ok(
        alone.slice(first - 1).every((outputs) => outputs.some((x) => !Number.isNaN(x))),
        `unknown again after bar ${first}`,
      );
    }
    assert.ok(alone.at(-1)!.some((x) => Number.isFinite(x)));

    // Two series through the same code, in turn; the state copied at every seventh bar, as a restart does.
    const both = running(make);
    let one: Float64Array = new Float64Array(size);
    const other = new Float64Array(size);
    a.forEach((_, i) => {
      assert.deepEqual(both.take(one, a, i), alone[i], `bar ${i + 1}`);
      both.take(other, b, i);
      if (i % 7 === 0) one = one.slice();
    });
    assert.deepEqual(one, state);
  });
}

test('the contract covers every kernel there is', async () => {
  const folder = new URL('../../actors/indicators/', import.meta.url);
  const found: string[] = [];
  for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.js'))) {
    const module = (await import(new URL(file, folder).href)) as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(module)) {
      const { prototype } = value as { prototype?: { update?: unknown } };
      if (typeof value === 'function' && typeof prototype?.update === 'function') found.push(name);
    }
  }
  // The cycle is what three kernels share, and runs inside them above.
  assert.deepEqual(found.filter((name) => name !== 'HilbertCycle').sort(), Object.keys(KERNELS).sort());
});

test('statistics of a window are those of its values, whatever its length and wherever its ring begins again', () => {
  const base = 3;
  const mask = 31;
  const state = new Float64Array(base + mask + 1);
  const near = (actual: number, expected: number): void =>
    assert.ok(
      Math.abs(actual - expected) <= 1e-12 * Math.max(1, Math.abs(expected)),
      `${actual} ${expected}`,
    );
  const closes = a.map(({ close }, i) => (i % 7 === 0 ? -close : close));
  for (const [bar, close] of closes.entries()) {
    state[base + (bar & mask)] = close;
    const n = bar + 1;
    for (const window of [1, 2, 5, 18, 31].filter((length) => length <= n)) {
      const values = closes.slice(n - window, n);
      const sum = (f: (x: number) => number): number => values.reduce((total, x) => total + f(x), 0);
      const ring = { base, mask };
      near(
        windowMean(state, ring, n, window),
        sum((x) => x / window),
      );
      near(
        windowSquares(state, ring, n, window, 0.9),
        sum((x) => (x - 0.9) ** 2),
      );
      near(
        windowDeviations(state, ring, n, window, 0.9),
        sum((x) => Math.abs(x - 0.9)),
      );
      // The newest is in the window too, and is not below itself.
      assert.equal(
        windowBelow(state, ring, n, window, close),
        sum((x) => Number(x < close)),
      );
    }
  }
});

test('a window longer than the history keeps is refused when its kernel is made', () => {
  const layout = new StateLayout();
  const history = new History(layout);
  assert.throws(() => new PriceSma(layout, history, history.closes, 256), RangeError);
  assert.throws(() => new CommodityChannelIndex(layout, history, 33), RangeError);
  assert.doesNotThrow(() => new PriceSma(layout, history, history.closes, 255));
});

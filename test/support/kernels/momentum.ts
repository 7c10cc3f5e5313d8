import { AwesomeOscillator } from '../../../actors/indicators/awesome-oscillator.js';
import { CommodityChannelIndex } from '../../../actors/indicators/commodity-channel-index.js';
import { ConnorsRsi } from '../../../actors/indicators/connors-rsi.js';
import { CoppockCurve } from '../../../actors/indicators/coppock-curve.js';
import { DominantCycle, DominantCyclePeriod } from '../../../actors/indicators/dominant-cycle.js';
import { FisherTransform } from '../../../actors/indicators/fisher-transform.js';
import { HilbertCycle } from '../../../actors/indicators/hilbert.js';
import { IntradayMomentumIndex } from '../../../actors/indicators/intraday-momentum-index.js';
import { KnowSureThing } from '../../../actors/indicators/know-sure-thing.js';
import { RelativeVigorIndex } from '../../../actors/indicators/relative-vigor-index.js';
import { StochasticRsi } from '../../../actors/indicators/stochastic-rsi.js';
import { Stochastic } from '../../../actors/indicators/stochastic.js';
import { Trix } from '../../../actors/indicators/trix.js';
import { TrueStrengthIndex } from '../../../actors/indicators/true-strength-index.js';
import { UltimateOscillator } from '../../../actors/indicators/ultimate-oscillator.js';
import { WilderMomentum } from '../../../actors/indicators/wilder-momentum.js';
import { ofCloses, ofHistory, type MakeKernel } from './kernel.js';

export const MOMENTUM_KERNELS: Readonly<Record<string, MakeKernel>> = {
  AwesomeOscillator: ofHistory((layout, history) => new AwesomeOscillator(layout, history, 5, 34)),
  CommodityChannelIndex: ofHistory((layout, history) => new CommodityChannelIndex(layout, history, 14)),
  ConnorsRsi: ofHistory((layout, history) => new ConnorsRsi(layout, history, 3, 2, 100)),
  CoppockCurve: ofHistory((layout, history) => new CoppockCurve(layout, history, 14, 11, 10)),
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
  FisherTransform: (layout) => {
    const k = new FisherTransform(layout, 10);
    return { first: k.requiredInputs, step: (s, b) => [k.update(s, b.high, b.low)] };
  },
  IntradayMomentumIndex: ofHistory((_, history) => new IntradayMomentumIndex(history, 14)),
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
  RelativeVigorIndex: ofHistory((_, history) => new RelativeVigorIndex(history, 10)),
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
  Trix: ofCloses((layout) => new Trix(layout, 15)),
  TrueStrengthIndex: (layout) => {
    const k = new TrueStrengthIndex(layout, 25, 13);
    return {
      first: k.requiredInputs,
      step: (s, { close }, before) => [k.update(s, close - (before?.close ?? NaN))],
    };
  },
  UltimateOscillator: ofHistory((layout, history) => new UltimateOscillator(layout, history, 7, 14, 28)),
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
};

import { Atr } from '../../../actors/indicators/atr.js';
import { AverageDeviation } from '../../../actors/indicators/average-deviation.js';
import { ChoppinessIndex } from '../../../actors/indicators/choppiness-index.js';
import { EwmaVolatility } from '../../../actors/indicators/ewma-volatility.js';
import { HurstExponent } from '../../../actors/indicators/hurst-exponent.js';
import { RangeVolatility } from '../../../actors/indicators/range-volatility.js';
import { Skewness } from '../../../actors/indicators/skewness.js';
import { StandardDeviation } from '../../../actors/indicators/standard-deviation.js';
import { UlcerIndex } from '../../../actors/indicators/ulcer-index.js';
import { windowMean, windowSquares } from '../../../actors/indicators/window-statistics.js';
import { ZScore } from '../../../actors/indicators/z-score.js';
import { ofCloses, ofHistory, trueRange, type MakeKernel } from './kernel.js';

export const VOLATILITY_KERNELS: Readonly<Record<string, MakeKernel>> = {
  Atr: (layout) => {
    const k = new Atr(layout, 14);
    return {
      step: (s, b, before) => [k.update(s, trueRange(b, before))],
    };
  },
  AverageDeviation: (_, history) => {
    const k = new AverageDeviation(history, 20);
    return {
      first: k.requiredInputs,
      step: (s) => [k.update(s, windowMean(s, history.closes, history.bars, 20))],
    };
  },
  ChoppinessIndex: (_, history) => {
    const k = new ChoppinessIndex(history, 14);
    return { first: k.requiredInputs, step: (s, b) => [k.update(s, b.high - b.low)] };
  },
  EwmaVolatility: ofCloses((layout) => new EwmaVolatility(layout, 0.94)),
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
  StandardDeviation: ofHistory((_, history) => new StandardDeviation(history, history.closes, 20)),
  UlcerIndex: ofHistory((_, history) => new UlcerIndex(history, 14)),
  ZScore: (_, history) => {
    const k = new ZScore(history, history.closes, 20, 1e-13);
    return {
      first: k.requiredInputs,
      step: (s) => [k.update(s, windowMean(s, history.closes, history.bars, 20))],
    };
  },
};

import { AccumulationDistribution } from '../../../actors/indicators/accumulation-distribution.js';
import { EaseOfMovement } from '../../../actors/indicators/ease-of-movement.js';
import { MoneyFlowIndex } from '../../../actors/indicators/money-flow-index.js';
import { OnBalanceVolume } from '../../../actors/indicators/on-balance-volume.js';
import { TradingDays } from '../../../actors/indicators/trading-days.js';
import { TurnoverImpact } from '../../../actors/indicators/turnover-impact.js';
import { VolumeFlow } from '../../../actors/indicators/volume-flow.js';
import { VolumeIndexReturn } from '../../../actors/indicators/volume-index.js';
import { VolumePriceTrendSlope } from '../../../actors/indicators/volume-price-trend.js';
import { ofHistory, type MakeKernel } from './kernel.js';

export const VOLUME_KERNELS: Readonly<Record<string, MakeKernel>> = {
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
  EaseOfMovement: ofHistory((layout, history) => new EaseOfMovement(layout, history, 14)),
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
};

import { Delay } from '../../../actors/indicators/delay.js';
import { RollingExtreme } from '../../../actors/indicators/rolling-extreme.js';
import { Swings } from '../../../actors/indicators/swings.js';
import { WindowExtremes } from '../../../actors/indicators/window-extremes.js';
import { ofCloses, type MakeKernel } from './kernel.js';

export const LEVEL_KERNELS: Readonly<Record<string, MakeKernel>> = {
  Delay: ofCloses((layout) => new Delay(layout, 26)),
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
  Swings: (layout, history) => {
    const k = new Swings(layout, history);
    return {
      step: (s, { close }) => {
        k.update(s, close, 0.001);
        return [k.high, k.low, k.support, k.resistance, k.supportTouches, k.resistanceTouches];
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
};

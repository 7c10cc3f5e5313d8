import { Aroon } from '../../../actors/indicators/aroon.js';
import { Atr } from '../../../actors/indicators/atr.js';
import { Dema } from '../../../actors/indicators/dema.js';
import { DirectionalMovement } from '../../../actors/indicators/directional-movement.js';
import { EfficiencyRatio } from '../../../actors/indicators/efficiency-ratio.js';
import { Ema } from '../../../actors/indicators/ema.js';
import { HilbertCycle } from '../../../actors/indicators/hilbert.js';
import { Hma } from '../../../actors/indicators/hma.js';
import { Ichimoku } from '../../../actors/indicators/ichimoku.js';
import { Kama } from '../../../actors/indicators/kama.js';
import { LinearRegression } from '../../../actors/indicators/linear-regression.js';
import { Macd } from '../../../actors/indicators/macd.js';
import { Mama } from '../../../actors/indicators/mama.js';
import { ParabolicSar } from '../../../actors/indicators/parabolic-sar.js';
import { PriceSma } from '../../../actors/indicators/price-sma.js';
import { RollingSlope } from '../../../actors/indicators/rolling-slope.js';
import { Sma } from '../../../actors/indicators/sma.js';
import { Supertrend } from '../../../actors/indicators/supertrend.js';
import { T3 } from '../../../actors/indicators/t3.js';
import { Tema } from '../../../actors/indicators/tema.js';
import { Trima } from '../../../actors/indicators/trima.js';
import { Vortex } from '../../../actors/indicators/vortex.js';
import { Wma } from '../../../actors/indicators/wma.js';
import { ofCloses, ofHistory, trueRange, type MakeKernel } from './kernel.js';

export const TREND_KERNELS: Readonly<Record<string, MakeKernel>> = {
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
  EfficiencyRatio: ofHistory((_, history) => new EfficiencyRatio(history, 20)),
  Ema: ofCloses((layout) => new Ema(layout, 20)),
  Hma: ofCloses((layout) => new Hma(layout, 20)),
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
  Kama: ofHistory((layout, history) => new Kama(layout, history, 10)),
  LinearRegression: (layout, history) => {
    const k = new LinearRegression(layout, history, 14);
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
  RollingSlope: ofCloses((layout) => new RollingSlope(layout, 20)),
  Sma: ofCloses((layout) => new Sma(layout, 20)),
  Supertrend: (layout) => {
    const atr = new Atr(layout, 10);
    const k = new Supertrend(layout, 10, 3);
    return {
      first: k.requiredInputs,
      step: (s, b, before) => {
        k.update(s, b.high, b.low, b.close, atr.update(s, trueRange(b, before)));
        return [k.value, k.direction];
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
  Trima: ofCloses((layout) => new Trima(layout, 20)),
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
  Wma: ofCloses((layout) => new Wma(layout, 20)),
};

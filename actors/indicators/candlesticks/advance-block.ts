import type { Pattern } from './candles.js';

/** TA-Lib `CDLADVANCEBLOCK`. */
export const advanceBlock: Pattern = {
  talib: 'CDLADVANCEBLOCK',
  description:
    'Advance block: three rising white candles that lose strength: bodies shrink or upper shadows grow. Bearish',
  lookback: 12,
  colors: ['WWW'],
  detect: (c) => {
    if (!(
      c.close[0] > c.close[1] &&
      c.close[1] > c.close[2] &&
      c.open[1] > c.open[2] &&
      c.open[1] <= c.close[2] + c.near(2) &&
      c.open[0] > c.open[1] &&
      c.open[0] <= c.close[1] + c.near(1) &&
      c.body[2] > c.usualBody(2) &&
      c.upperShadow[2] < c.shortShadow(2)
    ))
      return 0;
    const blockedBySecond = c.body[1] < c.body[2] - c.far(2) && c.body[0] < c.body[1] + c.near(1);
    const blockedByThird = c.body[0] < c.body[1] - c.far(1);
    const fading =
      c.body[0] < c.body[1] &&
      c.body[1] < c.body[2] &&
      (c.upperShadow[0] > c.shortShadow(0) || c.upperShadow[1] > c.shortShadow(1));
    const rejected = c.body[0] < c.body[1] && c.upperShadow[0] > c.longShadow(0);
    return blockedBySecond || blockedByThird || fading || rejected ? -100 : 0;
  },
};

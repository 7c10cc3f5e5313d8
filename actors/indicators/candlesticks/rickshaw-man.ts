import type { Pattern } from './candles.js';

/** TA-Lib `CDLRICKSHAWMAN`. */
export const rickshawMan: Pattern = {
  talib: 'CDLRICKSHAWMAN',
  description: 'Rickshaw man: a doji between two long shadows, near the middle of its range',
  lookback: 10,
  detect: (c) => {
    if (!(
      c.body[0] <= c.dojiBody(0) &&
      c.lowerShadow[0] > c.longShadow(0) &&
      c.upperShadow[0] > c.longShadow(0)
    ))
      return 0;
    const middle = c.low[0] + (c.high[0] - c.low[0]) / 2;
    return c.bottom[0] <= middle + c.near(0) && c.top[0] >= middle - c.near(0) ? 100 : 0;
  },
};

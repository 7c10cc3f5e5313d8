import type { Market } from './market.js';
import {
  ago,
  combine,
  ema,
  mean,
  over,
  quotient,
  rsi,
  sma,
  sum,
  variance,
  window,
  wma,
  type Definitions,
  type Series,
} from './series.js';

/** Ehlers’ Fisher transform of the position in a range of 10 bars. */
function fisherOf({ from, median }: Market): Series {
  let value = 0;
  let transform = 0;
  return from(9, (i) => {
    const w = window(median, i, 10);
    const range = Math.max(...w) - Math.min(...w);
    const position = range === 0 ? 0 : (median[i]! - Math.min(...w)) / range - 0.5;
    value = Math.max(-0.999, Math.min(0.999, 0.33 * 2 * position + 0.67 * value));
    transform = 0.5 * Math.log((1 + value) / (1 - value)) + 0.5 * transform;
    return transform;
  });
}

/** Bars in a row that closed higher, or lower as a negative count. */
function streakOf({ each, close }: Market): Series {
  let run = 0;
  return each((i) => {
    if (i === 0) return 0;
    const move = Math.sign(close[i]! - close[i - 1]!);
    run = move === 0 ? 0 : Math.sign(run) === move ? run + move : move;
    return run;
  });
}

/** Oscillators. */
export function momentumDefinitions(market: Market): Definitions {
  const { open, high, low, close, from, returns, roc, median, change } = market;
  const ppo = combine((f, s) => (100 * (f - s)) / s, ago(ema(close, 12), 0), ema(close, 26));
  const ppoSignal = ema(ppo, 9);
  const kst = combine(
    (a, b, c, d) => a + 2 * b + 3 * c + 4 * d,
    sma(roc(10), 10),
    sma(roc(15), 10),
    sma(roc(20), 10),
    sma(roc(30), 15),
  );
  const weighted = (x: Series): Series =>
    from(3, (i) => (x[i]! + 2 * x[i - 1]! + 2 * x[i - 2]! + x[i - 3]!) / 6);

  return {
    ppo_signal: ppoSignal,
    ppo_hist: combine((a, b) => a - b, ppo, ppoSignal),
    tsi_25_13: combine(
      (a, b) => 100 * quotient(a, b),
      ema(ema(change, 25), 13),
      ema(ema(change.map(Math.abs), 25), 13),
    ),
    ao_5_34: combine((a, b) => a - b, sma(median, 5), sma(median, 34)),
    dpo_20: combine((a, b) => a - b, ago(close, 11), sma(close, 20)),
    kst,
    kst_signal: sma(kst, 9),
    coppock_14_11_10: wma(
      combine((a, b) => a + b, roc(14), roc(11)),
      10,
    ),
    connors_rsi_3_2_100: combine(
      (a, b, c) => (a + b + c) / 3,
      rsi(close, 3, 0),
      rsi(streakOf(market), 2, 0),
      from(101, (i) => returns.slice(i - 100, i).filter((r) => r < returns[i]!).length),
    ),
    zscore_close_20: over(close, 20, (w) => quotient(w.at(-1)! - mean(w), Math.sqrt(variance(w)))),
    zscore_close_50: over(close, 50, (w) => quotient(w.at(-1)! - mean(w), Math.sqrt(variance(w)))),
    fisher_10: fisherOf(market),
    rvi_10: combine(
      quotient,
      over(weighted(combine((c, o) => c - o, close, open)), 10, sum),
      over(weighted(combine((h, l) => h - l, high, low)), 10, sum),
    ),
  };
}

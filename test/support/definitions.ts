/**
 * Every feature that is not TA-Lib's, by its definition: whole arrays, windows taken anew at every bar, plain
 * loops; none of the engine's kernels. Sessions come from the time-zone database of `Intl`.
 */
import { CATALOGUE, columnOf } from '../../actors/features/catalogue.js';
import type { Bar } from '../../actors/market/bar.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
export type Series = readonly number[];

/**
 * The features by name, each over hourly `bars`, NaN where unknown. Three of them rest on TA-Lib's: `rows` gives
 * the side of the SAR, the Bollinger bands and the candlesticks.
 */
export function definitionsOf(
  bars: readonly Bar[],
  rows: readonly ArrayLike<number>[],
): Readonly<Record<string, Series>> {
  const N = bars.length;
  const open = bars.map((bar) => bar.open);
  const high = bars.map((bar) => bar.high);
  const low = bars.map((bar) => bar.low);
  const close = bars.map((bar) => bar.close);
  const volume = bars.map((bar) => bar.volume);
  const closeTime = bars.map((bar) => bar.openTime + HOUR);

  const each = (f: (i: number) => number): Series => Array.from({ length: N }, (_, i) => f(i));
  const from = (first: number, f: (i: number) => number): Series => each((i) => (i < first ? NaN : f(i)));
  const sum = (x: Series): number => x.reduce((a, b) => a + b, 0);
  const mean = (x: Series): number => sum(x) / x.length;
  const variance = (x: Series, freedom = 0): number =>
    sum(x.map((v) => (v - mean(x)) ** 2)) / (x.length - freedom);
  const window = (x: Series, i: number, n: number): Series => x.slice(i - n + 1, i + 1);
  const over = (x: Series, n: number, f: (w: Series) => number): Series =>
    each((i) => (i < n - 1 || Number.isNaN(x[i - n + 1]) ? NaN : f(window(x, i, n))));
  const quotient = (a: number, b: number): number => (b === 0 ? 0 : a / b);
  const sma = (x: Series, n: number): Series => over(x, n, mean);
  const highest = (n: number): Series => over(high, n, (w) => Math.max(...w));
  const lowest = (n: number): Series => over(low, n, (w) => Math.min(...w));
  const wma = (x: Series, n: number): Series =>
    over(x, n, (w) => sum(w.map((v, k) => v * (k + 1))) / ((n * (n + 1)) / 2));
  const ago = (x: Series, n: number): Series => each((i) => (i < n ? NaN : x[i - n]!));
  const combine = (f: (...x: number[]) => number, ...x: Series[]): Series =>
    each((i) => f(...x.map((s) => s[i]!)));

  /** EMA seeded with the mean of the first n known values. */
  function ema(x: Series, n: number): Series {
    const first = x.findIndex((v) => !Number.isNaN(v));
    let value = NaN;
    return each((i) => {
      if (i < first + n - 1) return NaN;
      value = i === first + n - 1 ? mean(x.slice(first, first + n)) : value + (2 / (n + 1)) * (x[i]! - value);
      return value;
    });
  }
  const trueRange = each((i) =>
    i === 0
      ? NaN
      : Math.max(high[i]! - low[i]!, Math.abs(high[i]! - close[i - 1]!), Math.abs(low[i]! - close[i - 1]!)),
  );
  /** Wilder's average: the mean of the first n, then 1/n of each newer one. */
  function wilder(x: Series, n: number, start: number): Series {
    let value = NaN;
    return each((i) => {
      if (i < start + n - 1) return NaN;
      value = i === start + n - 1 ? mean(x.slice(start, start + n)) : (value * (n - 1) + x[i]!) / n;
      return value;
    });
  }
  const atr10 = wilder(trueRange, 10, 1);
  const atr14 = wilder(trueRange, 14, 1);
  function rsi(x: Series, n: number, start: number): Series {
    const change = each((i) => (i <= start ? NaN : x[i]! - x[i - 1]!));
    const up = wilder(
      change.map((v) => Math.max(v, 0)),
      n,
      start + 1,
    );
    const down = wilder(
      change.map((v) => Math.max(-v, 0)),
      n,
      start + 1,
    );
    return combine((u, d) => (u + d === 0 ? 0 : (100 * u) / (u + d)), up, down);
  }
  const returns = from(1, (i) => Math.log(close[i]! / close[i - 1]!));
  const roc = (n: number): Series => from(n, (i) => 100 * (close[i]! / close[i - n]! - 1));
  const median = combine((h, l) => (h + l) / 2, high, low);
  const typical = combine((h, l, c) => (h + l + c) / 3, high, low, close);
  const volumeMean = sma(volume, 20);
  const annual = Math.sqrt((252 * DAY) / HOUR);
  const correlation = (a: Series, b: Series): number => {
    const scale = Math.sqrt(variance(a) * variance(b));
    return scale === 0 ? 0 : mean(a.map((v, k) => (v - mean(a)) * (b[k]! - mean(b)))) / scale;
  };
  /** Least-squares slope against 0, 1, 2, … */
  const slope = (w: Series): number => {
    const x = w.map((_, k) => k);
    return sum(w.map((v, k) => (v - mean(w)) * (k - mean(x)))) / sum(x.map((k) => (k - mean(x)) ** 2));
  };
  const accumulate = (x: Series, start = 0): Series => {
    let total = start;
    return x.map((v) => (Number.isNaN(v) ? NaN : (total += v)));
  };

  // What the features below share.
  const tenkan = combine((h, l) => (h + l) / 2, highest(9), lowest(9));
  const kijun = combine((h, l) => (h + l) / 2, highest(26), lowest(26));
  const senkouA = ago(
    combine((t, k) => (t + k) / 2, tenkan, kijun),
    26,
  );
  const senkouB = ago(
    combine((h, l) => (h + l) / 2, highest(52), lowest(52)),
    26,
  );
  const bollinger = sma(close, 20);
  const sigma20 = over(close, 20, (w) => Math.sqrt(variance(w)));
  const keltner = ema(close, 20);
  const ppo = combine((f, s) => (100 * (f - s)) / s, ago(ema(close, 12), 0), ema(close, 26));
  const ppoSignal = ema(ppo, 9);
  const kst = combine(
    (a, b, c, d) => a + 2 * b + 3 * c + 4 * d,
    sma(roc(10), 10),
    sma(roc(15), 10),
    sma(roc(20), 10),
    sma(roc(30), 15),
  );
  const change = from(1, (i) => close[i]! - close[i - 1]!);
  const streak = ((): Series => {
    let run = 0;
    return each((i) => {
      if (i === 0) return 0;
      const move = Math.sign(close[i]! - close[i - 1]!);
      run = move === 0 ? 0 : Math.sign(run) === move ? run + move : move;
      return run;
    });
  })();
  const fisher = ((): Series => {
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
  })();
  const weighted = (x: Series): Series =>
    from(3, (i) => (x[i]! + 2 * x[i - 1]! + 2 * x[i - 2]! + x[i - 3]!) / 6);
  const supertrend = ((): { value: Series; direction: Series } => {
    let upper = NaN;
    let lower = NaN;
    let direction = 0;
    const directions: number[] = [];
    const value = from(10, (i) => {
      const newUpper = median[i]! + 3 * atr10[i]!;
      const newLower = median[i]! - 3 * atr10[i]!;
      const firstBar = direction === 0;
      upper = firstBar || newUpper < upper || close[i - 1]! > upper ? newUpper : upper;
      lower = firstBar || newLower > lower || close[i - 1]! < lower ? newLower : lower;
      if (firstBar) direction = close[i]! > median[i]! ? 1 : -1;
      else if (direction === 1 && close[i]! < lower) direction = -1;
      else if (direction === -1 && close[i]! > upper) direction = 1;
      directions[i] = direction;
      return direction === 1 ? lower : upper;
    });
    return { value, direction: each((i) => directions[i] ?? NaN) };
  })();
  const sarColumn = columnOf('sar');

  const newYork = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/New_York',
    hourCycle: 'h23',
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const partsOf = (format: Intl.DateTimeFormat, ts: number): Record<string, string> =>
    Object.fromEntries(format.formatToParts(ts).map(({ type, value }) => [type, value]));
  /** Minutes since midnight in a time zone. */
  const minuteOfDay = (zone: string, ts: number): number => {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      hour: '2-digit',
      minute: '2-digit',
    });
    const { hour, minute } = partsOf(format, ts);
    return Number(hour) * 60 + Number(minute);
  };
  const session = (zone: string, opens: number, closes: number): Series =>
    each((i) => {
      const minute = minuteOfDay(zone, closeTime[i]!);
      return minute >= opens * 60 && minute < closes * 60 ? 1 : 0;
    });
  const sinceOpening = (zone: string, opens: number): Series =>
    each((i) => (minuteOfDay(zone, closeTime[i]!) - opens * 60 + 1440) % 1440);
  /** The FX trading day: the date in New York seven hours later, where 17:00 is midnight. */
  const tradingDay = each((i) => {
    const { year, month, day, hour } = partsOf(newYork, bars[i]!.openTime);
    return Date.UTC(Number(year), Number(month) - 1, Number(day)) / DAY + (Number(hour) >= 17 ? 1 : 0);
  });
  const previousDay = (f: (indices: number[]) => number): Series =>
    each((i) => {
      const before = Math.max(...tradingDay.slice(0, i).filter((day) => day < tradingDay[i]!));
      return Number.isFinite(before)
        ? f(tradingDay.flatMap((day, k) => (day === before && k < i ? [k] : [])))
        : NaN;
    });
  const dayHigh = previousDay((k) => Math.max(...k.map((i) => high[i]!)));
  const dayLow = previousDay((k) => Math.min(...k.map((i) => low[i]!)));
  const dayClose = previousDay((k) => close[k.at(-1)!]!);
  const pivot = combine((h, l, c) => (h + l + c) / 3, dayHigh, dayLow, dayClose);
  const vwapSession = each((i) => {
    const today = tradingDay.flatMap((day, k) => (day === tradingDay[i] && k <= i ? [k] : []));
    const traded = sum(today.map((k) => volume[k]!));
    return traded === 0 ? close[i]! : sum(today.map((k) => typical[k]! * volume[k]!)) / traded;
  });

  /** Swings known at each bar: a high or low beyond the two bars on either side. */
  const isSwing = (i: number, sign: 1 | -1, x: Series): boolean =>
    i >= 2 && i < N - 2 && [i - 2, i - 1, i + 1, i + 2].every((k) => sign * x[k]! < sign * x[i]!);
  const swingHighs = high.flatMap((_, i) => (isSwing(i, 1, high) ? [i] : []));
  const swingLows = low.flatMap((_, i) => (isSwing(i, -1, low) ? [i] : []));
  const swings = (indices: readonly number[], i: number): readonly number[] =>
    indices.filter((k) => k + 2 <= i);
  const lastSwing = (indices: readonly number[], x: Series, back: number): Series =>
    each((i) => x[swings(indices, i).at(-back) ?? -1] ?? NaN);
  const levels = (i: number): Series => {
    // Both kinds in the order they became known; of one bar, the high first.
    const known = [
      ...swings(swingHighs, i).map((k) => ({ k, kind: 0, level: high[k]! })),
      ...swings(swingLows, i).map((k) => ({ k, kind: 1, level: low[k]! })),
    ].sort((a, b) => a.k - b.k || a.kind - b.kind);
    return known.slice(-20).map(({ level }) => level);
  };
  const support = each((i) => Math.max(...levels(i).filter((level) => level <= close[i]!)));
  const resistance = each((i) => Math.min(...levels(i).filter((level) => level > close[i]!)));
  const finite = (x: number): number => (Number.isFinite(x) ? x : NaN);
  const touches = (level: Series): Series =>
    from(14, (i) =>
      levels(i).length === 0
        ? NaN
        : levels(i).filter((l) => Math.abs(l - level[i]!) <= 0.5 * atr14[i]!).length,
    );
  const [sh1, sh2, sl1, sl2] = [
    lastSwing(swingHighs, high, 1),
    lastSwing(swingHighs, high, 2),
    lastSwing(swingLows, low, 1),
    lastSwing(swingLows, low, 2),
  ];
  const flag = (a: Series, b: Series): Series =>
    combine((x, y) => (Number.isNaN(x + y) ? NaN : x > y ? 1 : 0), a, b);

  const obv = accumulate(each((i) => (i === 0 ? volume[0]! : Math.sign(change[i]!) * volume[i]!)));
  const onSide = (side: 1 | -1): Series =>
    from(20, (i) =>
      Math.expm1(
        sum(
          Array.from({ length: 20 }, (_, k) => i - k)
            .filter((k) => side * (volume[k]! - volume[k - 1]!) > 0)
            .map((k) => returns[k]!),
        ),
      ),
    );
  const missing = each((i) => (i === 0 ? 0 : (bars[i]!.openTime - bars[i - 1]!.openTime) / HOUR - 1));

  const candlesticks = CATALOGUE.flatMap(({ name, talib }, column) =>
    name.startsWith('cdl_') && talib !== undefined ? [column] : [],
  );
  const count = (sign: 1 | -1): Series =>
    each((i) => candlesticks.filter((column) => sign * rows[i]![column]! > 0).length);

  const logRange = combine((h, l) => Math.log(h / l), high, low);
  return {
    open,
    high,
    low,
    close,
    volume,
    tick_count: bars.map(({ tickCount }) => tickCount),
    spread_bps: bars.map(({ bid, ask }) => (1e4 * (ask - bid)) / ((ask + bid) / 2)),
    hl2: median,
    hlc3: typical,
    ohlc4: combine((o, h, l, c) => (o + h + l + c) / 4, open, high, low, close),
    range: combine((h, l, a) => (h - l) / a, high, low, atr14),
    body: combine((o, c, a) => (c - o) / a, open, close, atr14),
    body_ratio: combine((o, h, l, c) => quotient(Math.abs(c - o), h - l), open, high, low, close),
    upper_wick_ratio: combine((o, h, l, c) => quotient(h - Math.max(o, c), h - l), open, high, low, close),
    lower_wick_ratio: combine((o, h, l, c) => quotient(Math.min(o, c) - l, h - l), open, high, low, close),
    gap: combine((o, p, a) => (o - p) / a, open, ago(close, 1), atr14),
    log_return_1: returns,
    log_return_5: from(5, (i) => Math.log(close[i]! / close[i - 5]!)),
    log_return_10: from(10, (i) => Math.log(close[i]! / close[i - 10]!)),
    log_return_20: from(20, (i) => Math.log(close[i]! / close[i - 20]!)),
    close_position: combine((h, l, c) => (h === l ? 0.5 : (c - l) / (h - l)), high, low, close),
    hma_20: wma(
      combine((a, b) => 2 * a - b, wma(close, 10), wma(close, 20)),
      4,
    ),
    // The stop lies below a long position and above a short one, and stays where the bar did not reach it.
    sar_direction: from(1, (i) => (rows[i]![sarColumn]! < close[i]! ? 1 : -1)),
    supertrend_10_3: supertrend.value,
    supertrend_direction: supertrend.direction,
    ichimoku_tenkan_9: tenkan,
    ichimoku_kijun_26: kijun,
    ichimoku_senkou_a: senkouA,
    ichimoku_senkou_b_52: senkouB,
    ichimoku_chikou_return_26: from(26, (i) => close[i]! / close[i - 26]! - 1),
    ichimoku_cloud_thickness: combine((a, b) => a - b, senkouA, senkouB),
    ichimoku_price_vs_cloud: combine(
      (c, a, b) => (Number.isNaN(a + b) ? NaN : c > Math.max(a, b) ? 1 : c < Math.min(a, b) ? -1 : 0),
      close,
      senkouA,
      senkouB,
    ),
    vortex_plus_14: from(14, (i) =>
      quotient(
        sum(
          window(
            combine((h, p) => Math.abs(h - p), high, ago(low, 1)),
            i,
            14,
          ),
        ),
        sum(window(trueRange, i, 14)),
      ),
    ),
    vortex_minus_14: from(14, (i) =>
      quotient(
        sum(
          window(
            combine((l, p) => Math.abs(l - p), low, ago(high, 1)),
            i,
            14,
          ),
        ),
        sum(window(trueRange, i, 14)),
      ),
    ),
    linearreg_r2_14: over(
      close,
      14,
      (w) =>
        correlation(
          w,
          w.map((_, k) => k),
        ) ** 2,
    ),
    sma_50_200_spread: combine((a, b) => a - b, sma(close, 50), sma(close, 200)),
    ema_12_26_spread: combine((a, b) => a - b, ema(close, 12), ema(close, 26)),
    trend_strength_20: from(20, (i) =>
      quotient(Math.abs(close[i]! - close[i - 20]!), sum(window(change, i, 20).map(Math.abs))),
    ),
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
      rsi(streak, 2, 0),
      from(101, (i) => returns.slice(i - 100, i).filter((r) => r < returns[i]!).length),
    ),
    zscore_close_20: over(close, 20, (w) => quotient(w.at(-1)! - mean(w), Math.sqrt(variance(w)))),
    zscore_close_50: over(close, 50, (w) => quotient(w.at(-1)! - mean(w), Math.sqrt(variance(w)))),
    fisher_10: fisher,
    rvi_10: combine(
      quotient,
      over(weighted(combine((c, o) => c - o, close, open)), 10, sum),
      over(weighted(combine((h, l) => h - l, high, low)), 10, sum),
    ),
    bb_width: combine((s, m) => (4 * s) / m, sigma20, bollinger),
    // From the bands that equal TA-Lib's: its running sums of squares cost the width its last digits.
    bb_percent_b: each((i) => {
      const [upper, lower] = [rows[i]![columnOf('bb_upper')]!, rows[i]![columnOf('bb_lower')]!];
      return upper === lower ? 0.5 : (close[i]! - lower) / (upper - lower);
    }),
    keltner_upper: combine((m, a) => m + 2 * a, keltner, atr10),
    keltner_middle: keltner,
    keltner_lower: combine((m, a) => m - 2 * a, keltner, atr10),
    keltner_width: combine((m, a) => (4 * a) / m, keltner, atr10),
    squeeze_on: combine(
      (m, s, k, a) => (Number.isNaN(m) ? NaN : m + 2 * s < k + 2 * a && m - 2 * s > k - 2 * a ? 1 : 0),
      bollinger,
      sigma20,
      keltner,
      atr10,
    ),
    donchian_upper: highest(20),
    donchian_middle: combine((h, l) => (h + l) / 2, highest(20), lowest(20)),
    donchian_lower: lowest(20),
    donchian_width: combine((h, l) => (h - l) / ((h + l) / 2), highest(20), lowest(20)),
    donchian_position: combine(
      (c, h, l) => (h === l ? 0.5 : (c - l) / (h - l)),
      close,
      highest(20),
      lowest(20),
    ),
    realized_vol_20: over(returns, 20, (w) => Math.sqrt(variance(w, 1)) * annual),
    realized_vol_100: over(returns, 100, (w) => Math.sqrt(variance(w, 1)) * annual),
    parkinson_20: over(
      logRange,
      20,
      (w) => Math.sqrt(sum(w.map((r) => r * r)) / (4 * 20 * Math.LN2)) * annual,
    ),
    garman_klass_20: over(
      combine((r, c, o) => 0.5 * r * r - (2 * Math.LN2 - 1) * Math.log(c / o) ** 2, logRange, close, open),
      20,
      (w) => Math.sqrt(mean(w)) * annual,
    ),
    rogers_satchell_20: over(
      combine(
        (o, h, l, c) => Math.log(h / c) * Math.log(h / o) + Math.log(l / c) * Math.log(l / o),
        open,
        high,
        low,
        close,
      ),
      20,
      (w) => Math.sqrt(mean(w)) * annual,
    ),
    // Yang & Zhang 2000, equation 8: overnight, open to close and Rogers-Satchell variances.
    yang_zhang_20: from(20, (i) => {
      const k = 0.34 / (1.34 + 21 / 19);
      const overnight = window(
        from(1, (j) => Math.log(open[j]! / close[j - 1]!)),
        i,
        20,
      );
      const day = window(
        combine((c, o) => Math.log(c / o), close, open),
        i,
        20,
      );
      const satchell = window(
        combine(
          (o, h, l, c) => Math.log(h / c) * Math.log(h / o) + Math.log(l / c) * Math.log(l / o),
          open,
          high,
          low,
          close,
        ),
        i,
        20,
      );
      return Math.sqrt(variance(overnight, 1) + k * variance(day, 1) + (1 - k) * mean(satchell)) * annual;
    }),
    ewma_vol_94: from(1, (i) => {
      // σ² as a weighted sum: 0.94^k of 0.06 r², and what is left on the first return.
      let total = 0.94 ** (i - 1) * returns[1]! ** 2;
      for (let k = 2; k <= i; k++) total += 0.06 * 0.94 ** (i - k) * returns[k]! ** 2;
      return Math.sqrt(total) * annual;
    }),
    ulcer_14: over(close, 14, (w) =>
      Math.sqrt(mean(w.map((c, k) => (100 * (c / Math.max(...w.slice(0, k + 1)) - 1)) ** 2))),
    ),
    choppiness_14: from(14, (i) => {
      const range = Math.max(...window(high, i, 14)) - Math.min(...window(low, i, 14));
      return range === 0 ? 100 : (100 * Math.log10(sum(window(trueRange, i, 14)) / range)) / Math.log10(14);
    }),
    skew_20: over(returns, 20, (w) => quotient(mean(w.map((r) => (r - mean(w)) ** 3)), variance(w) ** 1.5)),
    volume_sma_20: volumeMean,
    volume_ratio_20: combine(quotient, volume, volumeMean),
    volume_zscore_20: over(volume, 20, (w) => quotient(w.at(-1)! - mean(w), Math.sqrt(variance(w)))),
    obv_slope_20: combine(quotient, over(obv, 20, slope), volumeMean),
    cmf_20: from(19, (i) =>
      quotient(
        sum(
          window(
            combine((h, l, c, v) => quotient(c - l - (h - c), h - l) * v, high, low, close, volume),
            i,
            20,
          ),
        ),
        sum(window(volume, i, 20)),
      ),
    ),
    vwap_session: vwapSession,
    vwap_20: combine(
      quotient,
      over(
        combine((t, v) => t * v, typical, volume),
        20,
        sum,
      ),
      over(volume, 20, sum),
    ),
    vwap_distance_atr: combine((c, v, a) => (c - v) / a, close, vwapSession, atr14),
    force_13: ema(
      combine((c, v) => c * v, change, volume),
      13,
    ),
    eom_14: sma(
      combine((m, p, h, l, v) => quotient((m - p) * (h - l), v), median, ago(median, 1), high, low, volume),
      14,
    ),
    vpt_slope_20: combine(
      quotient,
      over(accumulate(from(1, (i) => volume[i]! * (close[i]! / close[i - 1]! - 1))), 20, slope),
      volumeMean,
    ),
    nvi_return_20: onSide(-1),
    pvi_return_20: onSide(1),
    volume_price_corr_20: from(19, (i) => correlation(window(close, i, 20), window(volume, i, 20))),
    up_volume_ratio_20: from(20, (i) =>
      quotient(
        sum(
          window(
            combine((r, v) => (r > 0 ? v : 0), returns, volume),
            i,
            20,
          ),
        ),
        sum(window(volume, i, 20)),
      ),
    ),
    amihud_20: from(20, (i) => {
      const traded = Array.from({ length: 20 }, (_, k) => i - k).filter((k) => volume[k]! > 0);
      return traded.length === 0
        ? 0
        : 1e9 * mean(traded.map((k) => Math.abs(returns[k]!) / (close[k]! * volume[k]!)));
    }),
    cdl_bullish_count: count(1),
    cdl_bearish_count: count(-1),
    cdl_net: combine((a, b) => a - b, count(1), count(-1)),
    pivot_p: pivot,
    pivot_r1: combine((p, l) => 2 * p - l, pivot, dayLow),
    pivot_r2: combine((p, h, l) => p + h - l, pivot, dayHigh, dayLow),
    pivot_r3: combine((p, h, l) => h + 2 * (p - l), pivot, dayHigh, dayLow),
    pivot_s1: combine((p, h) => 2 * p - h, pivot, dayHigh),
    pivot_s2: combine((p, h, l) => p - h + l, pivot, dayHigh, dayLow),
    pivot_s3: combine((p, h, l) => l - 2 * (h - p), pivot, dayHigh, dayLow),
    swing_high: sh1,
    swing_low: sl1,
    bars_since_swing_high: each((i) => i - (swings(swingHighs, i).at(-1) ?? NaN)),
    bars_since_swing_low: each((i) => i - (swings(swingLows, i).at(-1) ?? NaN)),
    support_distance_atr: combine((c, s, a) => (c - finite(s)) / a, close, support, atr14),
    resistance_distance_atr: combine((c, r, a) => (finite(r) - c) / a, close, resistance, atr14),
    support_touches: touches(support),
    resistance_touches: touches(resistance),
    higher_high: flag(sh1, sh2),
    higher_low: flag(sl1, sl2),
    lower_high: flag(sh2, sh1),
    lower_low: flag(sl2, sl1),
    structure_trend: combine(
      (hh, hl, lh, ll) => hh * hl - lh * ll,
      flag(sh1, sh2),
      flag(sl1, sl2),
      flag(sh2, sh1),
      flag(sl2, sl1),
    ),
    fib_position: combine((c, h, l) => (h === l ? 0.5 : (c - l) / (h - l)), close, sh1, sl1),
    position_in_range_100: combine(
      (c, h, l) => (h === l ? 0.5 : (c - l) / (h - l)),
      close,
      highest(100),
      lowest(100),
    ),
    bars_since_high_100: over(high, 100, (w) => 99 - w.lastIndexOf(Math.max(...w))),
    bars_since_low_100: over(low, 100, (w) => 99 - w.lastIndexOf(Math.min(...w))),
    hour_sin: each((i) => Math.sin((2 * Math.PI * new Date(closeTime[i]!).getUTCHours()) / 24)),
    hour_cos: each((i) => Math.cos((2 * Math.PI * new Date(closeTime[i]!).getUTCHours()) / 24)),
    weekday_sin: each((i) => Math.sin((2 * Math.PI * new Date(closeTime[i]!).getUTCDay()) / 7)),
    weekday_cos: each((i) => Math.cos((2 * Math.PI * new Date(closeTime[i]!).getUTCDay()) / 7)),
    session_asia: session('Asia/Tokyo', 9, 18),
    session_london: session('Europe/London', 8, 17),
    session_newyork: session('America/New_York', 8, 17),
    minutes_since_session_open: combine(
      Math.min,
      sinceOpening('Asia/Tokyo', 9),
      sinceOpening('Europe/London', 8),
      sinceOpening('America/New_York', 8),
    ),
    minutes_to_week_close: each((i) => {
      // Hour by hour until a Friday 17:00 in New York.
      for (let hours = 0; ; hours++) {
        const { weekday, hour, minute } = partsOf(newYork, closeTime[i]! + hours * HOUR);
        if (weekday === 'Fri' && hour === '17' && minute === '00') return hours * 60;
      }
    }),
    autocorrelation_1_20: over(returns, 20, (w) =>
      quotient(
        sum(w.slice(1).map((r, k) => (r - mean(w)) * (w[k]! - mean(w)))),
        sum(w.map((r) => (r - mean(w)) ** 2)),
      ),
    ),
    // Lo & MacKinlay 1988, overlapping two-step returns.
    variance_ratio_2_50: over(returns, 50, (w) => {
      const m = mean(w);
      const two = w.slice(1).map((r, k) => (r + w[k]! - 2 * m) ** 2);
      return sum(two) / 49 / (2 * variance(w));
    }),
    hurst_100: over(returns, 100, (w) => {
      const walk = accumulate(w.map((r) => r - mean(w)));
      return Math.log((Math.max(0, ...walk) - Math.min(0, ...walk)) / Math.sqrt(variance(w))) / Math.log(50);
    }),
    vol_regime: combine(
      quotient,
      over(returns, 20, (w) => Math.sqrt(variance(w, 1))),
      over(returns, 100, (w) => Math.sqrt(variance(w, 1))),
    ),
    // Here only: bars missing cost 0.1, no volume 0.02, a spread over 5 times its mean 0.2, 10 flat bars 0.2.
    quality_score: each((i) => {
      const spreads = bars.slice(Math.max(0, i - 100), i).map(({ bid, ask }) => ask - bid);
      const spike = i >= 20 && bars[i]!.ask - bars[i]!.bid > 50 * Math.min(...spreads);
      const flat = i >= 9 && window(high, i, 10).every((h, k) => h === low[i - 9 + k]);
      return (
        1 - (missing[i]! > 0 ? 0.1 : 0) - (volume[i]! > 0 ? 0 : 0.02) - (spike ? 0.2 : 0) - (flat ? 0.2 : 0)
      );
    }),
    bars_since_gap: ((): Series => {
      let since = 0;
      return each((i) => (since = missing[i]! > 0 ? 0 : Math.min(1000, since + 1)));
    })(),
  };
}

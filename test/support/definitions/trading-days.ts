import { newYork, partsOf } from './clock.js';
import { DAY, type Market } from './market.js';
import { combine, over, quotient, sum, type Definitions, type Series } from './series.js';

/** The FX trading day of each bar: the date in New York seven hours later, where 17:00 is midnight. */
function tradingDaysOf({ each, bars }: Market): Series {
  return each((i) => {
    const { year, month, day, hour } = partsOf(newYork, bars[i]!.openTime);
    return Date.UTC(Number(year), Number(month) - 1, Number(day)) / DAY + (Number(hour) >= 17 ? 1 : 0);
  });
}

/** The trading day before, and the price paid on average in this one. */
export function tradingDayDefinitions(market: Market): Definitions {
  const { high, low, close, volume, each, atr14, typical } = market;
  const tradingDay = tradingDaysOf(market);
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

  return {
    pivot_p: pivot,
    pivot_r1: combine((p, l) => 2 * p - l, pivot, dayLow),
    pivot_r2: combine((p, h, l) => p + h - l, pivot, dayHigh, dayLow),
    pivot_r3: combine((p, h, l) => h + 2 * (p - l), pivot, dayHigh, dayLow),
    pivot_s1: combine((p, h) => 2 * p - h, pivot, dayHigh),
    pivot_s2: combine((p, h, l) => p - h + l, pivot, dayHigh, dayLow),
    pivot_s3: combine((p, h, l) => l - 2 * (h - p), pivot, dayHigh, dayLow),
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
  };
}

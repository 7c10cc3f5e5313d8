import type { Market } from './market.js';
import { combine, over, type Definitions, type Series } from './series.js';

/** Bars whose high (1) or low (-1) lies beyond the two bars on either side. */
function swingsOf(x: Series, sign: 1 | -1): readonly number[] {
  const isSwing = (i: number): boolean =>
    i >= 2 && i < x.length - 2 && [i - 2, i - 1, i + 1, i + 2].every((k) => sign * x[k]! < sign * x[i]!);
  return x.flatMap((_, i) => (isSwing(i) ? [i] : []));
}

/** Those known at bar `i`: the two bars after them have closed. */
function known(swings: readonly number[], i: number): readonly number[] {
  return swings.filter((k) => k + 2 <= i);
}

/** Support and resistance: the nearest of the last 20 swings' levels below and above the close. */
export function levelDefinitions({ high, low, close, each, from, atr14 }: Market): Definitions {
  const swingHighs = swingsOf(high, 1);
  const swingLows = swingsOf(low, -1);
  const levels = (i: number): Series => {
    // Both kinds in the order they became known; of one bar, the high first.
    const swings = [
      ...known(swingHighs, i).map((k) => ({ k, kind: 0, level: high[k]! })),
      ...known(swingLows, i).map((k) => ({ k, kind: 1, level: low[k]! })),
    ].sort((a, b) => a.k - b.k || a.kind - b.kind);
    return swings.slice(-20).map(({ level }) => level);
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
  return {
    support_distance_atr: combine((c, s, a) => (c - finite(s)) / a, close, support, atr14),
    resistance_distance_atr: combine((c, r, a) => (finite(r) - c) / a, close, resistance, atr14),
    support_touches: touches(support),
    resistance_touches: touches(resistance),
  };
}

/** Swings and the trend they make, and the place in the range of the last 100 bars. */
export function structureDefinitions({ high, low, close, each, highest, lowest }: Market): Definitions {
  const swingHighs = swingsOf(high, 1);
  const swingLows = swingsOf(low, -1);
  const lastSwing = (indices: readonly number[], x: Series, back: number): Series =>
    each((i) => x[known(indices, i).at(-back) ?? -1] ?? NaN);
  const [sh1, sh2, sl1, sl2] = [
    lastSwing(swingHighs, high, 1),
    lastSwing(swingHighs, high, 2),
    lastSwing(swingLows, low, 1),
    lastSwing(swingLows, low, 2),
  ];
  const flag = (a: Series, b: Series): Series =>
    combine((x, y) => (Number.isNaN(x + y) ? NaN : x > y ? 1 : 0), a, b);

  return {
    swing_high: sh1,
    swing_low: sl1,
    bars_since_swing_high: each((i) => i - (known(swingHighs, i).at(-1) ?? NaN)),
    bars_since_swing_low: each((i) => i - (known(swingLows, i).at(-1) ?? NaN)),
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
  };
}

import type { Market } from './market.js';

/** Bars a regime looks back on for its volatility and its trend. */
const WINDOW = 24;
/** Volatilities it is ranked among. */
const RANKED = 500;
/** Share of the way that was progress (Kaufman's efficiency ratio) from which a market trends. */
const TREND_MIN = 0.3;

const VOLATILITIES = ['calm', 'normal', 'volatile'] as const;
const TRENDS = ['ranging', 'trending'] as const;

/** Names of the regimes, by number. */
export const REGIMES: readonly string[] = VOLATILITIES.flatMap((volatility) =>
  TRENDS.map((trend) => `${volatility}, ${trend}`),
);

/**
 * Regime of each bar as it is known at its close, −1 before there are bars enough: the third of the last 500 volatilities (of 24
 * bars' returns) that the present one belongs to, and whether the last 24 bars went anywhere.
 */
export function regimesOf({ bars, bidCloses }: Market): Int8Array {
  const regimes = new Int8Array(bars).fill(-1);
  const volatility = new Float64Array(bars).fill(NaN);
  for (let bar = WINDOW; bar < bars; bar++) {
    let [squares, way] = [0, 0];
    for (let i = bar - WINDOW + 1; i <= bar; i++) {
      const move = Math.log(bidCloses[i]! / bidCloses[i - 1]!);
      squares += move * move;
      way += Math.abs(move);
    }
    volatility[bar] = squares;
    const first = Math.max(WINDOW, bar - RANKED + 1);
    if (bar - first + 1 < RANKED / 2) continue;
    let below = 0;
    for (let i = first; i <= bar; i++) if (volatility[i]! < squares) below++;
    const third = Math.min(2, Math.floor((3 * below) / (bar - first + 1)));
    const progress = Math.abs(Math.log(bidCloses[bar]! / bidCloses[bar - WINDOW]!));
    const trends = way > 0 && progress / way >= TREND_MIN;
    regimes[bar] = third * TRENDS.length + (trends ? 1 : 0);
  }
  return regimes;
}

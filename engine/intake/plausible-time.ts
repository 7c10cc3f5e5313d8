/** Nothing that is traded now has prices from before. */
const EARLIEST = Date.UTC(1990, 0, 1);
/** How far a source's clock may be ahead of ours. */
const AHEAD_MAX_MS = 86_400_000;

/**
 * Whether a time, in epoch milliseconds, can be that of market data at `now`: seconds, microseconds and the year 9999 are
 * not. One such bar would make every true one late.
 */
export function isPlausibleTime(ts: number, now: number): boolean {
  return ts >= EARLIEST && ts <= now + AHEAD_MAX_MS;
}

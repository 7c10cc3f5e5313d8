/** 1990-01-01: nothing that is traded now has prices from before. */
const EARLIEST = 631_152_000_000;
/** How far a source's clock may be ahead of ours. */
const AHEAD_MAX_MS = 86_400_000;

/**
 * What is wrong with a time in epoch milliseconds as that of market data at `now`: seconds, microseconds and the year 9999
 * are refused. One such bar would make every true one late.
 */
export function timeDefect(ts: number, now: number): 'bad_time' | 'implausible_time' | undefined {
  if (!Number.isSafeInteger(ts)) return 'bad_time';
  return ts >= EARLIEST && ts <= now + AHEAD_MAX_MS ? undefined : 'implausible_time';
}

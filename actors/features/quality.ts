import type { History } from '../indicators/history.js';
import type { StateLayout } from '../indicators/state.js';
import type { Bar } from '../market/bar.js';
import type { BarGrid } from '../market/bar-grid.js';
import { minutesToWeekClose } from '../market/trading-session.js';

/** Bits of `quality_flags`. */
export const QUALITY_FLAG = {
  missingBars: 1,
  staleQuote: 2,
  impossibleOhlc: 4,
  outlier: 8,
  noVolume: 16,
  spreadSpike: 32,
  lateData: 64,
  rebuilt: 128,
} as const;

/** What each flag takes off the score. An impossible bar never gets here: it is rejected. */
const PENALTY: readonly (readonly [number, number])[] = [
  [QUALITY_FLAG.missingBars, 0.1],
  [QUALITY_FLAG.staleQuote, 0.2],
  [QUALITY_FLAG.impossibleOhlc, 1],
  [QUALITY_FLAG.outlier, 0.4],
  [QUALITY_FLAG.noVolume, 0.02],
  [QUALITY_FLAG.spreadSpike, 0.2],
  [QUALITY_FLAG.lateData, 0.1],
  [QUALITY_FLAG.rebuilt, 0.05],
];
const SCORES = Float64Array.from({ length: 256 }, (_, flags) =>
  Math.max(0, 1 - PENALTY.reduce((sum, [bit, cost]) => sum + (flags & bit ? cost : 0), 0)),
);

const OUTLIER_MADS = 12;
const OUTLIER_BARS = 200;
const FLAT_BARS = 10;

const LAST_OPEN_TIME = 0;
const SEEN = 1;
const FLAT_RUN = 2;
const SPREAD_MEAN = 3;
const SPREADS = 4;
const MAD = 5;
const SINCE_MAD = 6;

/**
 * Data quality of a bar, judged against what came before it: `flags` (bits of {@link QUALITY_FLAG}), `score`
 * (0..1) and `missing` (bars missing right before it; the hours a market is closed from Friday 17:00 New
 * York to Sunday do not count when nothing else is missing).
 */
export class DataQuality {
  flags = 0;
  score = 1;
  missing = 0;
  readonly #at: number;
  readonly #grid: BarGrid;
  /** Scratch for the median; never state. */
  readonly #scratch = new Float64Array(OUTLIER_BARS);

  constructor(layout: StateLayout, grid: BarGrid) {
    this.#at = layout.reserve(7);
    this.#grid = grid;
  }

  /** To be called once the history has taken the bar. */
  update(s: Float64Array, bar: Bar, history: History): void {
    const at = this.#at;
    let flags = 0;
    this.missing = s[at + SEEN] === 1 ? this.#missingBefore(s[at + LAST_OPEN_TIME]!, bar.openTime) : 0;
    if (this.missing > 0) flags |= QUALITY_FLAG.missingBars;
    s[at + SEEN] = 1;
    s[at + LAST_OPEN_TIME] = bar.openTime;
    s[at + FLAT_RUN] = bar.high === bar.low ? s[at + FLAT_RUN]! + 1 : 0;
    if (s[at + FLAT_RUN]! >= FLAT_BARS) flags |= QUALITY_FLAG.staleQuote;
    if (!(bar.volume > 0)) flags |= QUALITY_FLAG.noVolume;
    flags |= this.#spread(s, bar);
    if (this.#isOutlier(s, history)) flags |= QUALITY_FLAG.outlier;
    this.flags = flags;
    this.score = SCORES[flags]!;
  }

  #missingBefore(last: number, openTime: number): number {
    const { lengthMs } = this.#grid;
    const gap = Math.round((openTime - last) / lengthMs) - 1;
    if (gap <= 0) return 0;
    // Across a weekend: only what was missing before Friday's close counts; Sunday's opening is not known.
    const lastClose = this.#grid.closeOf(last);
    const untilClose = minutesToWeekClose(lastClose) * 60_000;
    const hours = (openTime - lastClose) / 3_600_000;
    if (lastClose + untilClose <= openTime && hours <= 74) return Math.floor(untilClose / lengthMs);
    return gap;
  }

  #spread(s: Float64Array, bar: Bar): number {
    const spread = bar.ask - bar.bid;
    if (spread !== spread) return 0;
    const at = this.#at;
    const seen = s[at + SPREADS]!;
    const mean = s[at + SPREAD_MEAN]!;
    const spike = seen >= 20 && spread > 5 * mean && spread > 0;
    s[at + SPREADS] = Math.min(seen + 1, 1000);
    s[at + SPREAD_MEAN] = mean + (spread - mean) / Math.min(seen + 1, 100);
    return spike ? QUALITY_FLAG.spreadSpike : 0;
  }

  /** Whether the bar's return lies beyond 12 median absolute deviations of the last 200; renewed every 50 bars. */
  #isOutlier(s: Float64Array, history: History): boolean {
    const at = this.#at;
    const before = history.bars - 1;
    if (before <= OUTLIER_BARS) return false;
    if (s[at + SINCE_MAD] === 0) s[at + MAD] = this.#medianAbsoluteReturn(s, history, before);
    s[at + SINCE_MAD] = ((s[at + SINCE_MAD]! | 0) + 1) % 50;
    const change = Math.abs(history.logReturn(s, 0));
    return s[at + MAD]! > 0 && change > OUTLIER_MADS * s[at + MAD]!;
  }

  #medianAbsoluteReturn(s: Float64Array, history: History, n: number): number {
    const { base, mask } = history.logReturns;
    const scratch = this.#scratch;
    for (let i = 0; i < OUTLIER_BARS; i++) scratch[i] = Math.abs(s[base + ((n - 1 - i) & mask)]!);
    return medianOf(scratch);
  }
}

/** Median of an even number of values, which it reorders: Hoare's selection of the upper middle, then the largest below it. */
function medianOf(x: Float64Array): number {
  const middle = x.length / 2;
  let left = 0;
  let right = x.length - 1;
  while (left < right) {
    const pivot = x[middle]!;
    let i = left;
    let j = right;
    while (i <= j) {
      while (x[i]! < pivot) i++;
      while (x[j]! > pivot) j--;
      if (i > j) break;
      const swapped = x[i]!;
      x[i++] = x[j]!;
      x[j--] = swapped;
    }
    if (j < middle) left = i;
    if (i > middle) right = j;
  }
  let below = x[0]!;
  for (let i = 1; i < middle; i++) if (x[i]! > below) below = x[i]!;
  return (below + x[middle]!) / 2;
}

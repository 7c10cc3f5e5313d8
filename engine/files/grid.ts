import { TIMEFRAMES, timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Share of the distances that may be off: bad rows and changes of clocks. */
const OFF_MAX = 0.1;
/** Distances that tell a coarser grid from gaps. */
const TELLING = 8;
/** Distances that show the spacing beyond the first rows. */
const WINDOW = 256;

/** A length in the words of the field: "1h", "45m", "2d". */
export function lengthText(ms: number): string {
  const known = TIMEFRAMES.find((timeframe) => timeframeMs(timeframe) === ms);
  if (known !== undefined) return known;
  for (const [unit, length] of [
    ['d', DAY_MS],
    ['h', HOUR_MS],
    ['m', MINUTE_MS],
    ['s', 1000],
  ] as const)
    if (ms % length === 0) return `${ms / length}${unit}`;
  return `${ms}ms`;
}

function gcd(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

/** What the distances between bars, in order of time, say of their length. */
export interface Spacing {
  /** The commonest distance. */
  readonly commonest: number;
  /** The largest length that the distances are multiples of, but for a few. */
  readonly unit: number;
  /** How many distances there are. */
  readonly distances: number;
}

/** The spacing of bars, undefined for fewer than two distinct times. Gaps, weekends and a few bad rows do not change it. */
export function spacingOf(distances: readonly number[]): Spacing | undefined {
  const counts = new Map<number, number>();
  let total = 0;
  for (const distance of distances) {
    if (distance <= 0) continue;
    total++;
    counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  if (total === 0) return undefined;
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const commonest = byCount[0]![0];
  // The rarest distances are left out of the common divisor, up to a tenth of all.
  let unit = 0;
  let covered = 0;
  for (const [distance, count] of byCount) {
    if (covered >= total * (1 - OFF_MAX)) break;
    unit = gcd(distance, unit);
    covered += count;
  }
  return { commonest, unit, distances: total };
}

/**
 * Why bars so spaced are not of a length, as the end of a sentence; undefined when they may be. Gaps make distances longer,
 * never shorter, and gaps at random do not leave all bars on a coarser grid: of eight distances one in 256 does.
 */
export function spacingFault({ commonest, unit, distances }: Spacing, lengthMs: number): string | undefined {
  if (commonest === lengthMs || unit === lengthMs) return undefined;
  const isSparse = unit % lengthMs === 0 && distances < TELLING && timeframeOf(unit) === undefined;
  return isSparse ? undefined : `its bars are ${lengthText(commonest)} apart`;
}

/** Watches that the bars of a long file keep the spacing of its first ones. */
export class SpacingWatch {
  readonly #lengthMs: number;
  #distances: number[] = [];

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Takes one distance; returns the fault of the last 256, if they have one. */
  see(distance: number): string | undefined {
    this.#distances.push(distance);
    if (this.#distances.length < WINDOW) return undefined;
    const spacing = spacingOf(this.#distances);
    this.#distances = [];
    return spacing === undefined ? undefined : spacingFault(spacing, this.#lengthMs);
  }
}

/** Where bars of a length begin, in words, when it is on the grid of no calendar. */
export function phaseText(times: readonly number[], lengthMs: number): string {
  const phases = new Map<number, number>();
  for (const ts of times) phases.set(ts % lengthMs, (phases.get(ts % lengthMs) ?? 0) + 1);
  const [phase] = [...phases].sort((a, b) => b[1] - a[1])[0]!;
  return `one that begins ${lengthText(phase)} after ${lengthMs >= DAY_MS ? '0:00 UTC' : `UTC's ${lengthText(lengthMs)}`}`;
}

/** The timeframe of a length. */
export function timeframeOf(ms: number): Timeframe | undefined {
  return TIMEFRAMES.find((timeframe) => timeframeMs(timeframe) === ms);
}

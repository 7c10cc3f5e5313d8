import { HORIZONS, HORIZON_MS } from '../features/labels.js';
import type { PatternEvidence, PatternVote } from './evidence.js';
import { wilsonInterval } from './wilson.js';

/** A similar moment whose outcome is known. */
export interface Neighbour {
  readonly id: string;
  readonly symbol: string;
  readonly closeTime: number;
  /** Cosine similarity, −1..1. */
  readonly similarity: number;
  /** Direction and return for each horizon. */
  readonly directions: ArrayLike<number>;
  readonly returns: ArrayLike<number>;
}

/** Similar moments counted a horizon at most. */
const MATCHES_MAX = 20;

/**
 * Lets similar moments vote, nearest first. Moments less than a horizon apart saw the same market, those of related symbols
 * too, so only the nearest of them counts for that horizon. Weights are 1/(distance + 0.01). A moment
 * whose similarity, time, direction or return is not a number of its range has no vote.
 */
export function vote(embeddingVersion: string, found: readonly Neighbour[]): PatternEvidence {
  const neighbours = found.filter(
    ({ similarity, closeTime }) => Number.isFinite(similarity) && Number.isFinite(closeTime),
  );
  const votes = HORIZONS.map((_, horizon) => voteOver(horizon, neighbours));
  return {
    embeddingVersion,
    votes,
    nearest: neighbours.slice(0, 5).map(({ id }) => id),
    similarity: neighbours[0]?.similarity ?? 0,
  };
}

function voteOver(horizon: number, neighbours: readonly Neighbour[]): PatternVote {
  const counted: Neighbour[] = [];
  for (const neighbour of neighbours) {
    if (counted.length === MATCHES_MAX) break;
    if (overlapsOne(counted, neighbour, HORIZON_MS[horizon]!)) continue;
    const direction = neighbour.directions[horizon];
    if (direction !== -1 && direction !== 0 && direction !== 1) continue;
    if (Number.isFinite(neighbour.returns[horizon])) counted.push(neighbour);
  }
  let sum = 0;
  let squares = 0;
  let meanReturn = 0;
  const shares = [0, 0, 0];
  for (const neighbour of counted) {
    // Rounding lets the cosine of a vector with itself exceed 1 a little.
    const weight = 1 / (1 - Math.min(1, neighbour.similarity) + 0.01);
    sum += weight;
    squares += weight * weight;
    shares[neighbour.directions[horizon]! + 1]! += weight;
    meanReturn += weight * neighbour.returns[horizon]!;
  }
  if (sum === 0) {
    return {
      matches: 0,
      effectiveSampleSize: 0,
      direction: 0,
      shares: [0, 0, 0],
      winRate: 0,
      winRateLow: 0,
      winRateHigh: 1,
      meanReturn: 0,
    };
  }
  for (let i = 0; i < 3; i++) shares[i]! /= sum;
  const best = shares.indexOf(Math.max(...shares));
  const effectiveSampleSize = (sum * sum) / squares;
  const [winRateLow, winRateHigh] = wilsonInterval(shares[best]!, effectiveSampleSize);
  return {
    matches: counted.length,
    effectiveSampleSize,
    direction: best - 1,
    shares,
    winRate: shares[best]!,
    winRateLow,
    winRateHigh,
    meanReturn: meanReturn / sum,
  };
}

/** Whether a moment saw the same market as one of those counted. */
function overlapsOne(counted: readonly Neighbour[], { closeTime }: Neighbour, ms: number): boolean {
  for (const other of counted) if (Math.abs(other.closeTime - closeTime) < ms) return true;
  return false;
}

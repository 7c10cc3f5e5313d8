import { HORIZONS } from '../features/labels.js';
import type { ModelEvidence, PatternEvidence, PatternVote } from './evidence.js';
import type { HorizonForecast } from './signal.js';

/** How far the probabilities of down, flat and up may sum from 1: rounding of Float32, and of models trained elsewhere. */
const SUM_TOLERANCE = 1e-3;

/** Whether a number is a probability. NaN is not. */
export function isProbability(x: number | undefined): x is number {
  return x !== undefined && x >= 0 && x <= 1;
}

/** Whether three numbers from `at` on are a distribution over down, flat and up. */
function isDistribution(shares: ArrayLike<number>, at: number): boolean {
  const [down, flat, up] = [shares[at], shares[at + 1], shares[at + 2]];
  return (
    isProbability(down) &&
    isProbability(flat) &&
    isProbability(up) &&
    Math.abs(down + flat + up - 1) <= SUM_TOLERANCE
  );
}

/** Whether the numbers of a predictor are what they claim: a distribution and a finite return for each horizon. */
export function isValidPrediction(probabilities: ArrayLike<number>, returns: ArrayLike<number>): boolean {
  if (probabilities.length !== HORIZONS.length * 3 || returns.length !== HORIZONS.length) return false;
  for (let horizon = 0; horizon < HORIZONS.length; horizon++)
    if (!isDistribution(probabilities, horizon * 3) || !Number.isFinite(returns[horizon])) return false;
  return true;
}

/** Whether models' evidence may become a signal at all. What fails here is an error of the model, whatever the gates say. */
export function isValidModelEvidence({ probabilities, returns, anomaly }: ModelEvidence): boolean {
  return isValidPrediction(probabilities, returns) && Number.isFinite(anomaly) && anomaly >= 0;
}

function isValidVote(vote: PatternVote): boolean {
  const { matches, effectiveSampleSize, shares, winRate, winRateLow, winRateHigh, meanReturn } = vote;
  return (
    Number.isSafeInteger(matches) &&
    matches >= 0 &&
    effectiveSampleSize >= 0 &&
    // (Σw)²/Σw² never exceeds the number of weights.
    effectiveSampleSize <= matches * (1 + SUM_TOLERANCE) &&
    shares.length === 3 &&
    (matches === 0 ? shares.every((share) => share === 0) : isDistribution(shares, 0)) &&
    [winRate, winRateLow, winRateHigh].every(isProbability) &&
    Number.isFinite(meanReturn)
  );
}

/** Whether the vote of similar moments may move a forecast. What fails here is treated as a lookup that failed. */
export function isValidPatternEvidence({ votes, similarity }: PatternEvidence): boolean {
  return votes.length === HORIZONS.length && votes.every(isValidVote) && Number.isFinite(similarity);
}

/** Whether a combined forecast holds nothing but finite numbers and probabilities. */
export function isValidForecast({ down, flat, up, expectedReturn }: HorizonForecast): boolean {
  return isDistribution([down, flat, up], 0) && Number.isFinite(expectedReturn);
}

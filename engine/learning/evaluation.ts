import { HORIZONS, HORIZON_MS } from '../../actors/features/labels.js';
import { wilsonInterval } from '../../actors/signals/wilson.js';

/** One resolved prediction over one horizon. */
export interface Outcome {
  readonly closeTime: number;
  /** Predicted −1, 0, +1. */
  readonly predicted: number;
  readonly actual: number;
  /** What the row before it, whose outcome was known by then, did; NaN when none was. */
  readonly last: number;
}

/** How good directions were over one horizon, beside what needs no model. */
export interface HorizonScore {
  readonly horizon: string;
  readonly samples: number;
  /** Samples that do not share any of their time: overlapping windows count once. */
  readonly effectiveSamples: number;
  readonly accuracy: number;
  /** 95 % Wilson interval over the effective samples. */
  readonly interval: readonly [number, number];
  readonly baselines: { readonly majority: number; readonly lastDirection: number };
  /**
   * Accuracy over the majority class, in standard errors of their paired difference. The last direction is
   * shown but is no bar to pass: in a market with momentum it is itself the edge.
   */
  readonly z: number;
}

/** Scores predictions of one horizon, oldest first; `lengthMs` is the bar length. */
export function score(horizon: number, outcomes: readonly Outcome[], lengthMs: number): HorizonScore {
  const n = outcomes.length;
  const overlap = Math.max(1, HORIZON_MS[horizon]! / lengthMs);
  const effective = n / overlap;
  const counts = [0, 0, 0];
  for (const { actual } of outcomes) counts[actual + 1]!++;
  const majority = counts.indexOf(Math.max(...counts)) - 1;
  const share = (hit: (outcome: Outcome) => boolean): number => (n === 0 ? 0 : outcomes.filter(hit).length / n);
  const accuracy = share(({ predicted, actual }) => predicted === actual);
  const byMajority = share(({ actual }) => actual === majority);
  const byLast = share(({ last, actual }) => last === actual);
  let squares = 0;
  const gain = accuracy - byMajority;
  for (const outcome of outcomes) {
    const difference =
      Number(outcome.predicted === outcome.actual) - Number(majority === outcome.actual) - gain;
    squares += difference * difference;
  }
  const error = n > 1 && effective >= 1 ? Math.sqrt(squares / n / effective) : 0;
  return {
    horizon: HORIZONS[horizon]!,
    samples: n,
    effectiveSamples: Math.round(effective),
    accuracy,
    interval: wilsonInterval(accuracy, effective),
    baselines: { majority: byMajority, lastDirection: byLast },
    z: error > 0 ? gain / error : 0,
  };
}

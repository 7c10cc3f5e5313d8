import { HORIZONS, HORIZON_MS } from '../../actors/features/labels.js';
import { wilsonInterval } from '../../actors/signals/wilson.js';
import { informationCoefficient, type InformationCoefficient } from './information-coefficient.js';

/** One resolved prediction over one horizon. */
export interface Outcome {
  readonly closeTime: number;
  /** Predicted −1, 0, +1. */
  readonly predicted: number;
  readonly actual: number;
  /** The likelier of up (+1) and down (−1), whatever the probability of flat. */
  readonly leaning: number;
  /** What the row before it, whose outcome was known by then, did; NaN when none was. */
  readonly last: number;
  /** Probabilities of down, flat and up, where they are known. */
  readonly probabilities?: readonly [number, number, number];
  /** Expected and realised return, where they are known. */
  readonly returns?: { readonly expected: number; readonly realised: number };
}

/** One bin of a calibration curve: predictions whose likeliest class had a probability in `from` ≤ p < `to`. */
interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  readonly meanProbability: number;
  /** How often the likeliest class came true. */
  readonly frequency: number;
}

/** How good probabilities were. */
interface ProbabilityScore {
  /** Mean negative log-likelihood, and that of the classes' own shares: the best that unchanging probabilities can do. */
  readonly logLoss: number;
  readonly baseLogLoss: number;
  /** Mean squared distance from what came true, over the three classes (0 to 2), and that of the classes' own shares. */
  readonly brier: number;
  readonly baseBrier: number;
  /**
   * Expected calibration error: how far the likeliest class's probability is from how often it comes true, over ten bins of
   * that probability. Source: Guo et al. 2017.
   */
  readonly calibrationError: number;
  /** The bins that have any predictions. */
  readonly calibration: readonly CalibrationBin[];
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
  /**
   * The outcomes that were not flat: how often the leaning was right, against always leaning the commoner
   * way. This is what trading needs: knowing only when a market will be quiet is no direction.
   */
  readonly directional: {
    readonly samples: number;
    readonly accuracy: number;
    readonly baseline: number;
    readonly z: number;
  };
  /** Absent where only directions are known. */
  readonly probabilities?: ProbabilityScore;
  /** Of expected returns; absent where they are not known, or all the same. */
  readonly informationCoefficient?: InformationCoefficient;
}

const CALIBRATION_BINS = 10;

/** Accuracy of guesses and of always guessing `common`, and their difference in standard errors. */
function compare(
  outcomes: readonly Outcome[],
  guess: (outcome: Outcome) => number,
  common: number,
  overlap: number,
): { accuracy: number; baseline: number; z: number } {
  const n = outcomes.length;
  if (n === 0) return { accuracy: 0, baseline: 0, z: 0 };
  const differences = outcomes.map((o) => Number(guess(o) === o.actual) - Number(common === o.actual));
  const accuracy = outcomes.filter((o) => guess(o) === o.actual).length / n;
  const baseline = outcomes.filter((o) => common === o.actual).length / n;
  const gain = accuracy - baseline;
  const variance = differences.reduce((sum, d) => sum + (d - gain) * (d - gain), 0) / n;
  const effective = n / overlap;
  return {
    accuracy,
    baseline,
    z: variance > 0 && effective >= 1 ? gain / Math.sqrt(variance / effective) : 0,
  };
}

/** Scores the probabilities of outcomes, undefined where there are none. */
function scoreProbabilities(outcomes: readonly Outcome[]): ProbabilityScore | undefined {
  const given = outcomes.flatMap(({ probabilities, actual }) =>
    probabilities === undefined ? [] : [{ p: probabilities, actual: actual + 1 }],
  );
  const n = given.length;
  if (n === 0) return undefined;
  const shares = [0, 1, 2].map((c) => given.filter(({ actual }) => actual === c).length / n);
  const sums = { logLoss: 0, brier: 0, baseBrier: 0 };
  const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ samples: 0, stated: 0, came: 0 }));
  for (const { p, actual } of given) {
    sums.logLoss -= Math.log(Math.max(1e-12, p[actual]!));
    for (let c = 0; c < 3; c++) {
      const came = c === actual ? 1 : 0;
      sums.brier += (p[c]! - came) ** 2;
      sums.baseBrier += (shares[c]! - came) ** 2;
    }
    const most = Math.max(...p);
    const bin = bins[Math.min(CALIBRATION_BINS - 1, Math.floor(most * CALIBRATION_BINS))]!;
    bin.samples++;
    bin.stated += most;
    if (p.indexOf(most) === actual) bin.came++;
  }
  return {
    logLoss: sums.logLoss / n,
    baseLogLoss: shares.reduce((sum, share) => sum - (share === 0 ? 0 : share * Math.log(share)), 0),
    brier: sums.brier / n,
    baseBrier: sums.baseBrier / n,
    calibrationError: bins.reduce((sum, { stated, came }) => sum + Math.abs(stated - came), 0) / n,
    calibration: bins.flatMap(({ samples, stated, came }, i) =>
      samples === 0
        ? []
        : [
            {
              from: i / CALIBRATION_BINS,
              to: (i + 1) / CALIBRATION_BINS,
              samples,
              meanProbability: stated / samples,
              frequency: came / samples,
            },
          ],
    ),
  };
}

/** Scores predictions of one horizon, oldest first; `lengthMs` is the bar length. */
export function score(horizon: number, outcomes: readonly Outcome[], lengthMs: number): HorizonScore {
  const n = outcomes.length;
  const overlap = Math.max(1, HORIZON_MS[horizon]! / lengthMs);
  const effective = n / overlap;
  const counts = [0, 0, 0];
  for (const { actual } of outcomes) counts[actual + 1]!++;
  const majority = counts.indexOf(Math.max(...counts)) - 1;
  const all = compare(outcomes, ({ predicted }) => predicted, majority, overlap);
  const moved = outcomes.filter(({ actual }) => actual !== 0);
  const commoner = counts[2]! >= counts[0]! ? 1 : -1;
  const directional = compare(moved, ({ leaning }) => leaning, commoner, overlap);
  const probabilities = scoreProbabilities(outcomes);
  const returns = outcomes.flatMap((outcome) => (outcome.returns === undefined ? [] : [outcome.returns]));
  const ic = informationCoefficient(
    returns.map(({ expected }) => expected),
    returns.map(({ realised }) => realised),
    returns.length / overlap,
  );
  const byLast = n === 0 ? 0 : outcomes.filter(({ last, actual }) => last === actual).length / n;
  return {
    horizon: HORIZONS[horizon]!,
    samples: n,
    effectiveSamples: Math.round(effective),
    accuracy: all.accuracy,
    interval: wilsonInterval(all.accuracy, effective),
    baselines: { majority: all.baseline, lastDirection: byLast },
    z: all.z,
    directional: { samples: moved.length, ...directional },
    ...(probabilities === undefined ? {} : { probabilities }),
    ...(ic === undefined ? {} : { informationCoefficient: ic }),
  };
}

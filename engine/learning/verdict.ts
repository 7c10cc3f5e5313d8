import { normalCdf, normalQuantile } from './normal.js';
import type { HorizonScore } from './evaluation.js';
import type { Trial } from './families/family.js';
import type { FamilyName } from './families/names.js';

/** Standard errors above the commoner direction that the walk-forward leaning must reach to count as skill, by things tried. */
const SKILL_Z = [3, 3.205, 3.32, 3.4, 3.46, 3.509] as const;
/** Samples that do not overlap, below which nothing counts as skill. */
const SAMPLES_MIN = 30;

/**
 * Standard errors that count as skill when so many things were tried: the chance of a normal number to pass three, 0.13 %, is
 * shared out among them (Bonferroni). Choosing sees validation rows only, so this errs on the side of no skill.
 */
export function skillZOf(tried: number): number {
  return SKILL_Z[tried - 1] ?? Number((-normalQuantile(normalCdf(-SKILL_Z[0]) / tried)).toFixed(2));
}

/** What a kind of model was worth on the validation rows of all fits. */
export interface FamilyWorth {
  readonly family: FamilyName;
  /** Means over the fits. */
  readonly logLoss: number;
  readonly baseLogLoss: number;
  /** Fits it was tried in, and those in which it was the best. */
  readonly fits: number;
  readonly chosen: number;
}

/** What a training found. */
export interface Verdict {
  /** Kinds of model that it chose from. */
  readonly tried: number;
  /** Standard errors that counted as skill. */
  readonly skillZ: number;
  /** Whether there is skill, by horizon. */
  readonly edge: readonly boolean[];
  readonly primaryHorizon: number;
  /** Empty where there was no choice. */
  readonly worth: readonly FamilyWorth[];
}

/** Judges walk-forward scores, with what was tried in each fit. */
export function judge(scores: readonly HorizonScore[], trials: readonly (readonly Trial[])[]): Verdict {
  const tried = Math.max(1, ...trials.map((list) => list.length));
  const skillZ = skillZOf(tried);
  const edge = edgeOf(scores, skillZ);
  const best = scores.reduce((a, b, i) => (b.directional.z > scores[a]!.directional.z ? i : a), 0);
  return {
    tried,
    skillZ,
    edge,
    primaryHorizon: edge.includes(true) ? best : 0,
    worth: worthOf(trials.flat()),
  };
}

/** Whether there is skill, by horizon. */
export function edgeOf(scores: readonly HorizonScore[], skillZ: number): readonly boolean[] {
  return scores.map(
    ({ directional, effectiveSamples }) => directional.z >= skillZ && effectiveSamples >= SAMPLES_MIN,
  );
}

function worthOf(trials: readonly Trial[]): FamilyWorth[] {
  return [...new Set(trials.map(({ family }) => family))].map((family) => {
    const own = trials.filter((trial) => trial.family === family);
    const mean = (of: (trial: Trial) => number): number =>
      own.reduce((sum, trial) => sum + of(trial), 0) / own.length;
    return {
      family,
      logLoss: mean(({ logLoss }) => logLoss),
      baseLogLoss: mean(({ baseLogLoss }) => baseLogLoss),
      fits: own.length,
      chosen: own.filter(({ isChosen }) => isChosen).length,
    };
  });
}

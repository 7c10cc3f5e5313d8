import { HORIZONS } from '../../actors/features/labels.js';
import { WARM_UP_BARS } from '../../actors/signal-actor.js';
import type { Dataset } from '../learning/dataset.js';
import { score, type HorizonScore, type Outcome } from '../learning/evaluation.js';
import type { Answers, Family, FitOptions, Trial } from '../learning/families/family.js';
import { walkForwardFolds, type Fold, type RowRange } from '../learning/split.js';
import { judge } from '../learning/verdict.js';
import { addOutcomes, answersOf, forecastsOf } from '../learning/walk-forward.js';
import type { Forecast } from './positions.js';

const WIDTH = HORIZONS.length;

export interface SignalOptions extends FitOptions {
  readonly folds: number;
  /** Newest rows before a fold that its model is trained on, as the engine's own trainings are bounded. */
  readonly rowsMax: number;
  /** Length of a bar. */
  readonly lengthMs: number;
  /** Share of the rows, the newest, that is predicted. */
  readonly testShare: number;
  /** Folds to predict, the first ones; all by default. */
  readonly foldsUsed?: number;
  readonly onFold?: (done: number, of: number) => void;
}

/** What models said of rows they had not seen, fold after fold. */
export interface WalkForwardSignals {
  readonly forecasts: readonly Forecast[];
  readonly folds: readonly Fold[];
  /** One a horizon, over all folds. */
  readonly scores: readonly HorizonScore[];
  /** Kinds of model each fold chose from; empty where there was no choice. */
  readonly trials: readonly (readonly Trial[])[];
  /**
   * Whether the folds before one had shown skill, by fold and horizon: what the engine would have known when it began, so the
   * first one never.
   */
  readonly hadSkill: readonly (readonly boolean[])[];
}

/** What was said of one fold's test rows. */
interface Predicted {
  readonly answers: Answers;
  readonly range: RowRange;
}

/**
 * Predicts the newest share of the rows in folds: each by a model that was fitted only to rows whose outcomes were known before
 * it, with a purge and an embargo of the longest horizon ({@link walkForwardFolds}).
 */
export async function walkForwardSignals(
  family: Family,
  dataset: Dataset,
  options: SignalOptions,
): Promise<WalkForwardSignals> {
  const { rowsMax, lengthMs, onFold } = options;
  const folds = walkForwardFolds(dataset, options.folds, options.testShare).slice(0, options.foldsUsed);
  const forecasts: Forecast[] = [];
  const trials: (readonly Trial[])[] = [];
  const hadSkill: (readonly boolean[])[] = [];
  const predicted: Predicted[] = [];
  for (const [index, fold] of folds.entries()) {
    const begins = dataset.closeTimes[fold.test.from] ?? 0;
    hadSkill.push(skillKnownAt(begins, predicted, dataset, trials, lengthMs));
    const train = { from: Math.max(0, fold.validation.to - rowsMax), to: fold.train.to };
    const fitted = await family.fit(
      dataset,
      { train, validation: fold.validation },
      { ...options, rowsTrained: Math.min(rowsMax, dataset.rows) },
    );
    const answers = await answersOf(fitted.toOnnx(), dataset, fold.test);
    predicted.push({ answers, range: fold.test });
    trials.push(fitted.trials);
    forecasts.push(...forecastsOf(answers, fold.test.from + WARM_UP_BARS - 1, index));
    onFold?.(index + 1, folds.length);
  }
  return { forecasts, folds, scores: scoresOf(predicted, dataset, lengthMs), trials, hadSkill };
}

/** Skill by horizon that some predicted stretches show in what was known of them at a moment. */
function skillKnownAt(
  time: number,
  predicted: readonly Predicted[],
  dataset: Dataset,
  trials: readonly (readonly Trial[])[],
  lengthMs: number,
): readonly boolean[] {
  const known = predicted.map(({ answers, range }) => {
    let { to } = range;
    while (to > range.from && !(dataset.resolvedAt[to * WIDTH - 1]! <= time)) to--;
    return { answers, range: { from: range.from, to } };
  });
  return judge(scoresOf(known, dataset, lengthMs), trials).edge;
}

function scoresOf(predicted: readonly Predicted[], dataset: Dataset, lengthMs: number): HorizonScore[] {
  const outcomes: Outcome[][] = HORIZONS.map(() => []);
  for (const { answers, range } of predicted) addOutcomes(dataset, answers, range, outcomes);
  return outcomes.map((list, horizon) => score(horizon, list, lengthMs));
}

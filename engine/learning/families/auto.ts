import { logLossOf, priors } from '../calibration.js';
import { alikeTheBest } from '../comparison.js';
import type { Dataset } from '../dataset.js';
import type { Graph } from '../onnx/graph.js';
import { ensemble, fitAll, meanOf, membersFor, type Tried } from './ensemble.js';
import {
  Fitted,
  type Answers,
  type Family,
  type FitOptions,
  type ModelInputs,
  type Outputs,
  type Split,
  type Trial,
} from './family.js';
import type { FamilyName } from './names.js';

/** About how often each row is trained on: by the final model, and by the walk-forward folds, which have a part of them each. */
const PASSES = 3;
const BUDGET_SECONDS = 180;

/**
 * The kind of model that makes the validation rows likeliest, or the mean of those they cannot tell from it. Only validation rows
 * choose; what the choice is worth, the walk-forward test says on rows that neither fitting nor choosing saw.
 */
export const auto: Family = {
  name: 'auto',
  form: 'row',
  rowsMin: 0,
  rowMs: ensemble.rowMs,
  fit,
};

/** The families that have rows enough and fit the budget, cheapest first; the first one always does. */
export function familiesFor(rowsTrained: number, split: Split, budgetSeconds: number): readonly Family[] {
  let seconds = 0;
  return membersFor(split).filter(({ rowMs }, i) => {
    seconds += (rowsTrained * rowMs) / 1000;
    return i === 0 || seconds <= budgetSeconds;
  });
}

async function fit(dataset: Dataset, split: Split, options: FitOptions): Promise<Fitted> {
  const { rowsTrained = PASSES * dataset.rows, budgetSeconds = BUDGET_SECONDS } = options;
  const families = familiesFor(rowsTrained, split, budgetSeconds);
  return choose(await fitAll(families, dataset, split, options), priors(dataset, split.train));
}

/**
 * The best of some models on the validation rows, or the mean of it and of those that the rows cannot tell from it: the best of
 * several that are alike is the luckiest. `logPriors` are the classes' base rates.
 */
export function choose({ judged, held, sharesApart }: Tried, logPriors: readonly number[]): Fitted {
  const answers = judged.map(({ probabilities }) => probabilities);
  const isKept = alikeTheBest(answers, held, sharesApart);
  const kept = judged.filter((_, i) => isKept[i]);
  const chosen = meanOf(kept.map(({ fitted }) => fitted));
  const together = answers[0]!.map((_, i) =>
    kept.reduce((sum, { probabilities: p }) => sum + p[i]! / kept.length, 0),
  );
  const shares = logPriors.map(Math.exp);
  const baseLogLoss = logLossOf(
    held,
    answers[0]!.map((_, i) => shares[i % shares.length]!),
  );
  const trial = (family: FamilyName, probabilities: Float32Array): Trial => ({
    family,
    logLoss: logLossOf(held, probabilities),
    baseLogLoss,
    isChosen: family === chosen.family,
  });
  const trials = judged.map(({ fitted, probabilities }) => trial(fitted.family, probabilities));
  if (judged.length > 1) trials.push(trial('ensemble', together));
  return new Chosen(chosen, trials);
}

/** A model that was chosen among others. */
class Chosen extends Fitted {
  readonly family;
  readonly made;
  readonly validated: Answers;
  readonly calibratedBy;
  override readonly trials: readonly Trial[];
  readonly #fitted: Fitted;

  constructor(fitted: Fitted, trials: readonly Trial[]) {
    super();
    this.#fitted = fitted;
    this.family = fitted.family;
    this.made = fitted.made;
    this.validated = fitted.validated;
    this.calibratedBy = fitted.calibratedBy;
    this.trials = trials;
  }

  outputs(g: Graph, inputs: ModelInputs): Outputs {
    return this.#fitted.outputs(g, inputs);
  }
}

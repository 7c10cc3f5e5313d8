import { logLossOf, priors } from '../calibration.js';
import type { Dataset } from '../dataset.js';
import type { Graph } from '../onnx/graph.js';
import { crossMixed, ensemble, fitAll, membersFor, stack, type Tried } from './ensemble.js';
import {
  Fitted,
  type Family,
  type FitOptions,
  type ModelInputs,
  type Outputs,
  type Split,
  type Trial,
} from './family.js';

/** About how often each row is trained on: by the final model, and by the walk-forward folds, which have a part of them each. */
const PASSES = 3;
const BUDGET_SECONDS = 180;

/**
 * The kind of model that makes the validation rows likeliest, or all of them stacked. Only validation rows choose; what the
 * choice is worth, the walk-forward test says on rows that neither fitting nor choosing saw.
 */
export const auto: Family = {
  name: 'auto',
  form: 'row',
  rowsMin: 0,
  rowMs: ensemble.rowMs,
  fit,
};

/** The families that have rows enough and fit the budget, cheapest first; the first one always does. */
export function familiesFor(dataset: Dataset, split: Split, budgetSeconds: number): readonly Family[] {
  let seconds = 0;
  return membersFor(split).filter(({ rowMs }, i) => {
    seconds += (PASSES * dataset.rows * rowMs) / 1000;
    return i === 0 || seconds <= budgetSeconds;
  });
}

async function fit(dataset: Dataset, split: Split, options: FitOptions): Promise<Fitted> {
  const families = familiesFor(dataset, split, options.budgetSeconds ?? BUDGET_SECONDS);
  return choose(await fitAll(families, dataset, split, options), priors(dataset, split.train));
}

/** The best of some models on the validation rows, or all of them stacked; `logPriors` are the classes' base rates. */
export function choose(tried: Tried, logPriors: readonly number[]): Fitted {
  const { judged, held } = tried;
  const candidates = judged.map(({ fitted, probabilities }) => ({
    fitted,
    logLoss: logLossOf(held, probabilities),
  }));
  if (judged.length > 1)
    candidates.push({ fitted: stack(tried), logLoss: logLossOf(held, crossMixed(judged, held)) });
  const best = candidates.reduce((a, b) => (b.logLoss < a.logLoss ? b : a));
  const shares = logPriors.map(Math.exp);
  const base = Float32Array.from({ length: held.classes.length }, (_, i) => shares[i % shares.length]!);
  const baseLogLoss = logLossOf(held, base);
  const trials = candidates.map((candidate) => ({
    family: candidate.fitted.family,
    logLoss: candidate.logLoss,
    baseLogLoss,
    isChosen: candidate === best,
  }));
  return new Chosen(best.fitted, trials);
}

/** A model that was chosen among others. */
class Chosen extends Fitted {
  readonly family;
  readonly made;
  override readonly trials: readonly Trial[];
  readonly #fitted: Fitted;

  constructor(fitted: Fitted, trials: readonly Trial[]) {
    super();
    this.#fitted = fitted;
    this.family = fitted.family;
    this.made = fitted.made;
    this.trials = trials;
  }

  outputs(g: Graph, inputs: ModelInputs): Outputs {
    return this.#fitted.outputs(g, inputs);
  }
}

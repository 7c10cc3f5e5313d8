import { HORIZONS } from '../../../actors/features/labels.js';
import { heldRows, type Held } from '../calibration.js';
import { sharesApart } from '../comparison.js';
import type { Dataset } from '../dataset.js';
import type { Graph } from '../onnx/graph.js';
import { boosted } from './boosted.js';
import type { CalibratedBy } from './calibrated.js';
import {
  Fitted,
  type Answers,
  type Family,
  type FitOptions,
  type ModelInputs,
  type Outputs,
  type Split,
} from './family.js';
import { forest } from './forest.js';
import { lstm } from './lstm.js';
import { perceptron } from './perceptron.js';
import { transformer } from './transformer.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;
/** Steps in which the weights settle; after some tens they move in the fifth decimal place. */
const STEPS = 200;

/** All families, cheapest and simplest first. */
export const MEMBERS: readonly Family[] = [perceptron, boosted, forest, lstm, transformer];

/** The families that have rows enough to learn from; the first one always has. */
export function membersFor({ train }: Split): readonly Family[] {
  return MEMBERS.filter(({ rowsMin }, i) => i === 0 || train.to - train.from >= rowsMin);
}

/** A weighted mean of models of all kinds that have rows enough, in one file. */
export const ensemble: Family = {
  name: 'ensemble',
  form: 'row',
  rowsMin: 0,
  rowMs: MEMBERS.reduce((sum, { rowMs }) => sum + rowMs, 0),
  fit: async (dataset, split, options) => stack(await fitAll(membersFor(split), dataset, split, options)),
};

/** A model and its probabilities of the validation rows. */
interface Judged {
  readonly fitted: Fitted;
  /** rows × 9. */
  readonly probabilities: Float32Array;
}

/** Models that were fitted to the same rows, and what came of the validation rows. */
export interface Tried {
  readonly judged: readonly Judged[];
  readonly held: Held;
  /** By horizon, the share of the validation rows whose outcomes have no time in common. */
  readonly sharesApart: readonly number[];
}

/** Fits families, and has what each says of the validation rows. */
export async function fitAll(
  families: readonly Family[],
  dataset: Dataset,
  split: Split,
  options: FitOptions,
): Promise<Tried> {
  const judged: Judged[] = [];
  for (const family of families) {
    const fitted = await family.fit(dataset, split, options);
    judged.push({ fitted, probabilities: fitted.validated.probabilities });
  }
  return {
    judged,
    held: heldRows(
      dataset,
      split.validation,
      HORIZONS.map(() => 1),
    ),
    sharesApart: sharesApart(dataset, split.validation),
  };
}

/** Stacks models with the weights that make the validation rows most likely. */
export function stack({ judged, held }: Tried): Fitted {
  return new FittedEnsemble(
    judged.map(({ fitted }) => fitted),
    weightsOf(judged, held),
  );
}

/** The mean of some models; one is itself. */
export function meanOf(models: readonly Fitted[]): Fitted {
  if (models.length === 1) return models[0]!;
  return new FittedEnsemble(
    models,
    models.map(() => HORIZONS.map(() => 1 / models.length)),
  );
}

/** The weight of each model for each horizon: not negative, one in sum. */
type Weights = readonly (readonly number[])[];

/** Expectation maximisation, which ends at the one optimum: the likelihood of a mixture is concave in its weights. */
function weightsOf(judged: readonly Judged[], held: Held): Weights {
  const weights = judged.map(() => HORIZONS.map(() => 1 / judged.length));
  for (let horizon = 0; horizon < WIDTH; horizon++) {
    const likelihoods = judged.map(({ probabilities }) => {
      const found: number[] = [];
      for (let row = 0; row < held.rows; row++)
        for (let i = row * CLASSES + horizon * 3, end = i + 3; i < end; i++)
          if (held.classes[i] === 1) found.push(Math.max(1e-12, probabilities[i]!));
      return found;
    });
    const rows = likelihoods[0]?.length ?? 0;
    if (rows === 0) continue;
    for (let step = 0; step < STEPS; step++) {
      const shares = judged.map(() => 0);
      for (let row = 0; row < rows; row++) {
        const parts = likelihoods.map((found, m) => found[row]! * weights[m]![horizon]!);
        const total = parts.reduce((sum, part) => sum + part, 0);
        parts.forEach((part, m) => (shares[m]! += part / total));
      }
      shares.forEach((share, m) => (weights[m]![horizon] = share / rows));
    }
  }
  return weights;
}

/** What members said (rows × `width` each), by their weights for each horizon. */
function mixed(members: readonly Float32Array[], weights: Weights, width: number): Float32Array {
  return members[0]!.map((_, i) => {
    const horizon = Math.floor(((i % width) * WIDTH) / width);
    return members.reduce((sum, own, m) => sum + weights[m]![horizon]! * own[i]!, 0);
  });
}

class FittedEnsemble extends Fitted {
  readonly family = 'ensemble';
  readonly made;
  readonly validated: Answers;
  readonly calibratedBy;
  readonly #members: readonly Fitted[];
  readonly #weights: Weights;

  constructor(members: readonly Fitted[], weights: Weights) {
    super();
    this.#members = members;
    this.#weights = weights;
    const said = members.map(({ validated }) => validated);
    this.validated = {
      probabilities: mixed(
        said.map(({ probabilities }) => probabilities),
        weights,
        CLASSES,
      ),
      returns: mixed(
        said.map(({ returns }) => returns),
        weights,
        WIDTH,
      ),
    };
    this.calibratedBy = members.reduce<CalibratedBy>((all, each) => ({ ...all, ...each.calibratedBy }), {});
    this.made = {
      architecture: 'ensemble with autoencoder',
      hyperparameters: Object.fromEntries(
        members.flatMap(({ family, made }) =>
          Object.entries(made.hyperparameters).map(([name, value]) => [`${family}.${name}`, value]),
        ),
      ),
    };
  }

  outputs(g: Graph, inputs: ModelInputs): Outputs {
    const parts = this.#members.map((member, m) => {
      const { probabilities, returns } = member.outputs(g, inputs);
      const weights = this.#weights[m]!;
      return {
        probabilities: g.mul(
          probabilities,
          g.constant(
            weights.flatMap((w) => [w, w, w]),
            [CLASSES],
          ),
        ),
        returns: g.mul(returns, g.constant(weights, [WIDTH])),
      };
    });
    return parts.reduce((sum, part) => ({
      probabilities: g.add(sum.probabilities, part.probabilities),
      returns: g.add(sum.returns, part.returns),
    }));
  }
}

import { FEATURE_COUNT } from '../../../actors/features/catalogue.js';
import { HORIZONS } from '../../../actors/features/labels.js';
import { heldRows, priors, sharpness } from '../calibration.js';
import type { Dataset } from '../dataset.js';
import type { Graph, Value } from '../onnx/graph.js';
import type { RowRange } from '../split.js';
import { Binning } from '../trees/binning.js';
import { CLASSES } from '../trees/booster.js';
import { growForest, sharesOf, type ForestRules } from '../trees/forest.js';
import type { Tree } from '../trees/tree.js';
import type { Family, FamilyForm, Fitted, FitOptions, Split } from './family.js';
import { FittedTrees, classesOf, logitsOver, scaleOf, type TreeScale } from './tree-model.js';

/** The rules that models are made by. */
export const FOREST_RULES = { trees: 80, bins: 64, maxDepth: 8, leafRows: 30, columnShare: 0.2 } as const;
/** The mean of many trees is less sharp than the classes are. */
const SHARPNESS_MAX = 4;
const SHARE_MIN = 1e-6;
const WIDTH = HORIZONS.length * CLASSES;
/**
 * Numbers a row has where ONNX Runtime takes logarithms: it takes them 16 (or 8) at once and the rest one by one, which rounds
 * differently, so that a row of 9 would depend on its place in the batch.
 */
const PADDED = 16;

type RandomForestRules = ForestRules & { readonly bins: number };

/** A random forest for each horizon. */
export const forest: Family = randomForest(FOREST_RULES);

/** A random forest by other rules. */
export function randomForest(rules: RandomForestRules): Family {
  return {
    name: 'forest',
    form: 'row',
    rowsMin: 300,
    rowMs: 0.6,
    fit: async (dataset, split, options) => await Promise.resolve(fit(dataset, split, options, rules)),
  };
}

class FittedForest extends FittedTrees {
  readonly family = 'forest';
  readonly made: FamilyForm;
  readonly scale: TreeScale;
  readonly #forests: readonly (readonly Tree[])[];

  constructor(forests: readonly (readonly Tree[])[], scale: TreeScale, rules: RandomForestRules) {
    super();
    this.made = { architecture: 'random forest with autoencoder', hyperparameters: { ...rules } };
    this.#forests = forests;
    this.scale = scale;
  }

  protected logits(g: Graph, features: Value): Value {
    const trees = this.#forests.flatMap((forestTrees, horizon) =>
      forestTrees.map((tree) => ({ tree, first: horizon * CLASSES, factor: 1 / forestTrees.length })),
    );
    const shares = g.treeEnsemble(features, trees, PADDED);
    const own = Float32Array.from({ length: PADDED * WIDTH }, (_, i) =>
      Math.floor(i / WIDTH) === i % WIDTH ? 1 : 0,
    );
    return g.matMul(g.log(g.clip(shares, SHARE_MIN, 1)), g.constant(own, [PADDED, WIDTH]));
  }
}

function fit(
  dataset: Dataset,
  split: Split,
  { seed, beforeStep }: FitOptions,
  rules: RandomForestRules,
): Fitted {
  const { train, validation } = split;
  const binning = Binning.of(dataset.features, FEATURE_COUNT, train, rules.bins);
  const bins = binning.bin(dataset.features, train);
  const held = heldRows(
    dataset,
    validation,
    HORIZONS.map(() => 1),
  );
  const logPriors = priors(dataset, train);
  const forests = HORIZONS.map((_, horizon) =>
    growForest(binning, { bins, classes: classesOf(dataset, train, horizon) }, rules, {
      seed: seed + horizon,
      beforeStep,
      // Trees that make the validation rows no likelier than base rates do would be calibrated away, however many there are.
      shows: (trees) =>
        sharpness(
          held,
          logitsOf(
            dataset,
            validation,
            HORIZONS.map(() => trees),
          ),
          logPriors,
          horizon,
          SHARPNESS_MAX,
        ) > 0,
    }),
  );
  const logits = logitsOf(dataset, validation, forests);
  return new FittedForest(forests, scaleOf(dataset, split, logits, SHARPNESS_MAX), rules);
}

/** Log of the mean class shares of the forests of all horizons: rows × 9. */
function logitsOf(dataset: Dataset, rows: RowRange, forests: readonly (readonly Tree[])[]): Float32Array {
  return logitsOver(rows, (at) =>
    forests
      .flatMap((trees) => sharesOf(trees, dataset.features, at))
      .map((share) => Math.log(Math.max(SHARE_MIN, share))),
  );
}

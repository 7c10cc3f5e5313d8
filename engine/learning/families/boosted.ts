import { FEATURE_COUNT } from '../../../actors/features/catalogue.js';
import { HORIZONS } from '../../../actors/features/labels.js';
import { priors } from '../calibration.js';
import type { Dataset } from '../dataset.js';
import type { Graph, Value } from '../onnx/graph.js';
import { Binning } from '../trees/binning.js';
import { CLASSES, boost, logitsOf, type Booster, type BoosterRules } from '../trees/booster.js';
import type { Family, FamilyForm, Fitted, FitOptions, Split } from './family.js';
import { FittedTrees, classesOf, logitsOver, scaleOf, type TreeScale } from './tree-model.js';

/** The rules that models are made by. */
export const BOOSTED_RULES = {
  rounds: 300,
  patience: 20,
  rate: 0.08,
  maxDepth: 4,
  bins: 64,
  lambda: 5,
  gamma: 2,
  minChildWeight: 20,
  rowShare: 0.7,
  columnShare: 0.3,
} as const;
const SHARPNESS_MAX = 1.2;

type BoostedRules = BoosterRules & { readonly bins: number };

/** Boosted trees: second-order on histograms, with the softmax loss of each horizon. */
export const boosted: Family = boostedTrees(BOOSTED_RULES);

/** Boosted trees by other rules. */
export function boostedTrees(rules: BoostedRules): Family {
  return {
    name: 'boosted',
    form: 'row',
    rowsMin: 300,
    rowMs: 0.35,
    fit: async (dataset, split, options) => await Promise.resolve(fit(dataset, split, options, rules)),
  };
}

class FittedBooster extends FittedTrees {
  readonly family = 'boosted';
  readonly made: FamilyForm;
  readonly scale: TreeScale;
  readonly #boosters: readonly Booster[];

  constructor(boosters: readonly Booster[], scale: TreeScale, rules: BoostedRules) {
    super();
    this.made = { architecture: 'boosted trees with autoencoder', hyperparameters: numbersOf(rules) };
    this.#boosters = boosters;
    this.scale = scale;
  }

  protected logits(g: Graph, features: Value): Value {
    const trees = this.#boosters.flatMap(({ rounds }, horizon) =>
      rounds.flatMap((round) => round.map((tree, c) => ({ tree, first: horizon * CLASSES + c, factor: 1 }))),
    );
    const base = this.#boosters.flatMap((booster) => booster.base);
    // Not as the ensemble's base values: ONNX Runtime leaves those out of a target that no tree adds to.
    return g.add(g.treeEnsemble(features, trees, base.length), g.constant(base, [base.length]));
  }
}

/** The rules that are numbers, as the registry names them. */
function numbersOf(rules: BoostedRules): FamilyForm['hyperparameters'] {
  const isNumber = (entry: [string, unknown]): entry is [string, number] => typeof entry[1] === 'number';
  return Object.fromEntries(Object.entries(rules).filter(isNumber));
}

function fit(dataset: Dataset, split: Split, { seed, beforeStep }: FitOptions, rules: BoostedRules): Fitted {
  const { train, validation } = split;
  const binning = Binning.of(dataset.features, FEATURE_COUNT, train, rules.bins);
  const bins = binning.bin(dataset.features, train);
  const heldBins = binning.bin(dataset.features, validation);
  const logPriors = priors(dataset, train);
  const boosters = HORIZONS.map((_, horizon) =>
    boost(
      binning,
      { bins, classes: classesOf(dataset, train, horizon) },
      { bins: heldBins, classes: classesOf(dataset, validation, horizon) },
      logPriors.slice(horizon * CLASSES, (horizon + 1) * CLASSES),
      rules,
      { seed: seed + horizon, beforeStep },
    ),
  );
  const logits = logitsOver(validation, (at) =>
    boosters.flatMap((booster) => logitsOf(booster, dataset.features, at)),
  );
  return new FittedBooster(boosters, scaleOf(dataset, split, logits, SHARPNESS_MAX), rules);
}

import { CATALOGUE } from '../../actors/features/catalogue.js';
import { BOOSTED_RULES, boostedTrees } from '../learning/families/boosted.js';
import type { Family } from '../learning/families/family.js';
import { FOREST_RULES, randomForest } from '../learning/families/forest.js';
import { perceptron } from '../learning/families/perceptron.js';
import { Random } from '../learning/random.js';

/** Kinds of model that an experiment draws from. */
export const SEARCHED_FAMILIES = ['perceptron', 'boosted', 'forest'] as const;
export type SearchedFamily = (typeof SEARCHED_FAMILIES)[number];

/** Groups of features, which a candidate is given or not. */
export const FEATURE_GROUPS: readonly string[] = [...new Set(CATALOGUE.map(({ group }) => group))];

/** What one trial tries. */
export interface Candidate {
  readonly family: SearchedFamily;
  /** Rules of the family that differ from its own. */
  readonly rules: Readonly<Record<string, number>>;
  /** Groups of features it is given. */
  readonly groups: readonly string[];
}

/** Values that a rule is drawn from. */
type Choices = Readonly<Record<string, readonly number[]>>;

const RULES: Readonly<Record<SearchedFamily, Choices>> = {
  // Its rules are fixed: of a network only the features are searched.
  perceptron: {},
  boosted: {
    rate: [0.03, 0.05, 0.08, 0.12],
    maxDepth: [2, 3, 4, 5, 6],
    lambda: [1, 5, 20],
    gamma: [0, 2, 5],
    minChildWeight: [5, 20, 60],
    rowShare: [0.5, 0.7, 0.9],
    columnShare: [0.1, 0.3, 0.6],
  },
  forest: {
    trees: [40, 80, 120],
    maxDepth: [4, 6, 8, 10],
    leafRows: [15, 30, 60, 120],
    columnShare: [0.1, 0.2, 0.4],
  },
};

/** Chance that a group of features is given. */
const GROUP_SHARE = 0.7;

/** The family by a candidate's rules. */
export function familyOfCandidate({ family, rules }: Candidate): Family {
  if (family === 'boosted') return boostedTrees({ ...BOOSTED_RULES, ...rules });
  if (family === 'forest') return randomForest({ ...FOREST_RULES, ...rules });
  return perceptron;
}

/**
 * Candidate `index` of an experiment: the same seed and families give the same one, whatever was tried before. The first ones are
 * the families as they are, with all features.
 */
export function candidateAt(index: number, seed: number, families: readonly SearchedFamily[]): Candidate {
  if (index < families.length) return { family: families[index]!, rules: {}, groups: FEATURE_GROUPS };
  const random = new Random(seed * 1_000_003 + index);
  const family = families[random.below(families.length)]!;
  const rules = Object.fromEntries(
    Object.entries(RULES[family]).map(([name, values]) => [name, values[random.below(values.length)]!]),
  );
  const groups = FEATURE_GROUPS.filter(() => random.next() < GROUP_SHARE);
  return { family, rules, groups: groups.length === 0 ? FEATURE_GROUPS : groups };
}

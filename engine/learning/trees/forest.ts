import { Random } from '../random.js';
import type { Binning } from './binning.js';
import type { BoosterOptions, ClassedRows } from './booster.js';
import { ClassGrower, type ClassGrowerRules } from './class-grower.js';
import { leafOf, type Tree } from './tree.js';

export interface ForestRules extends ClassGrowerRules {
  readonly trees: number;
}

/**
 * Grows classification trees, each on as many rows as there are, drawn with replacement, and each branch on columns of its
 * own. What a forest says is the mean of its trees' class shares. Source: Breiman 2001, with probabilities averaged in place of
 * votes.
 */
export function growForest(
  binning: Binning,
  { bins, classes }: ClassedRows,
  rules: ForestRules,
  { seed, beforeStep }: BoosterOptions,
): Tree[] {
  const random = new Random(seed);
  const known: number[] = [];
  classes.forEach((c, row) => c >= 0 && known.push(row));
  const grower = new ClassGrower(binning, bins, classes, rules, random);
  if (known.length === 0) return [];
  return Array.from({ length: rules.trees }, () => {
    beforeStep?.();
    const drawn = Int32Array.from({ length: known.length }, () => known[random.below(known.length)]!);
    return grower.grow(drawn.sort());
  });
}

/** Mean class shares of a row of features, which begins at `at`. */
export function sharesOf(trees: readonly Tree[], features: Float32Array, at: number): number[] {
  const shares = [0, 0, 0];
  for (const tree of trees) {
    const leaf = leafOf(tree, features, at) * tree.width;
    for (let c = 0; c < tree.width; c++) shares[c]! += tree.values[leaf + c]! / trees.length;
  }
  return shares;
}

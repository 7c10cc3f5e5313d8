import { Random } from '../random.js';
import type { Binning } from './binning.js';
import type { BoosterOptions, ClassedRows } from './booster.js';
import { ClassGrower, type ClassGrowerRules } from './class-grower.js';
import { leafOf, type Tree } from './tree.js';

export interface ForestRules extends ClassGrowerRules {
  readonly trees: number;
}

/** The share of its trees by which a forest has to show that it learned something. */
const FIRST_SHARE = 0.25;

/**
 * Grows classification trees, each on as many rows as there are, drawn with replacement, and each branch on columns of its
 * own. What a forest says is the mean of its trees' class shares. Source: Breiman 2001, with probabilities averaged in place of
 * votes. `shows` is asked about the first quarter of them; where it says no, there will be no more.
 */
export function growForest(
  binning: Binning,
  { bins, classes }: ClassedRows,
  rules: ForestRules,
  { seed, beforeStep, shows }: BoosterOptions & { readonly shows?: (trees: readonly Tree[]) => boolean },
): Tree[] {
  const random = new Random(seed);
  const known: number[] = [];
  classes.forEach((c, row) => c >= 0 && known.push(row));
  const grower = new ClassGrower(binning, bins, classes, rules, random);
  if (known.length === 0) return [];
  const trees: Tree[] = [];
  const first = Math.ceil(FIRST_SHARE * rules.trees);
  for (let i = 0; i < rules.trees; i++) {
    if (i === first && shows?.(trees) === false) break;
    beforeStep?.();
    const drawn = Int32Array.from({ length: known.length }, () => known[random.below(known.length)]!);
    trees.push(grower.grow(drawn.sort()));
  }
  return trees;
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

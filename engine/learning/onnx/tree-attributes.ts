import { TreeBuilder, type Tree } from '../trees/tree.js';
import type { OnnxAttribute } from './model-format.js';

/** A tree and the numbers of the answer that its leaves add to. */
export interface PlacedTree {
  readonly tree: Tree;
  /** First of them. */
  readonly first: number;
  /** Factor of what the leaves answer. */
  readonly factor: number;
}

/** A tree that answers nothing: ONNX Runtime takes no ensemble without a tree. */
const NOTHING: PlacedTree = { tree: aLeaf(), first: 0, factor: 0 };

function aLeaf(): Tree {
  const builder = new TreeBuilder(1);
  builder.leaf(0);
  return builder.build();
}

/** Attributes of a TreeEnsembleRegressor (ai.onnx.ml 3): nodes as parallel lists, then the leaves' numbers. */
export function treeAttributes(
  trees: readonly PlacedTree[],
  targets: number,
): Readonly<Record<string, OnnxAttribute>> {
  const nodes = {
    treeids: [] as number[],
    nodeids: [] as number[],
    featureids: [] as number[],
    truenodeids: [] as number[],
    falsenodeids: [] as number[],
    missing_value_tracks_true: [] as number[],
  };
  const values: number[] = [];
  const modes: string[] = [];
  const leaves = { treeids: [] as number[], nodeids: [] as number[], ids: [] as number[] };
  const weights: number[] = [];
  (trees.length === 0 ? [NOTHING] : trees).forEach(({ tree, first, factor }, id) => {
    tree.feature.forEach((feature, node) => {
      const isLeaf = feature < 0;
      nodes.treeids.push(id);
      nodes.nodeids.push(node);
      nodes.featureids.push(isLeaf ? 0 : feature);
      nodes.truenodeids.push(isLeaf ? 0 : tree.left[node]!);
      nodes.falsenodeids.push(isLeaf ? 0 : tree.right[node]!);
      nodes.missing_value_tracks_true.push(isLeaf ? 0 : tree.missingLeft[node]!);
      values.push(isLeaf ? 0 : tree.threshold[node]!);
      modes.push(isLeaf ? 'LEAF' : 'BRANCH_LEQ');
      for (let i = 0; i < (isLeaf ? tree.width : 0); i++) {
        leaves.treeids.push(id);
        leaves.nodeids.push(node);
        leaves.ids.push(first + i);
        weights.push(tree.values[node * tree.width + i]! * factor);
      }
    });
  });
  return {
    ...prefixed('nodes_', nodes),
    nodes_values: { floats: values },
    nodes_modes: { strings: modes },
    ...prefixed('target_', leaves),
    target_weights: { floats: weights },
    n_targets: targets,
    aggregate_function: 'SUM',
    post_transform: 'NONE',
  };
}

function prefixed(prefix: string, lists: Readonly<Record<string, number[]>>): Record<string, OnnxAttribute> {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [prefix + name, list]));
}

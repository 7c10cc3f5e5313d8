import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InferenceSession, Tensor } from '../../engine/onnx-runtime.js';
import { Graph } from '../../engine/learning/onnx/graph.js';
import { faultOf } from '../../engine/learning/onnx/model-inspection.js';
import { Random } from '../../engine/learning/random.js';
import { TreeBuilder, leafOf, type Tree } from '../../engine/learning/trees/tree.js';

const COLUMNS = 5;
const TARGETS = 9;

/** Values that thresholds are taken from, so that rows hit them exactly; among them neighbours in Float32. */
const VALUES = Float32Array.of(-1e30, -3.5, -0, 0.1, 0.1 + 2 ** -27, 0.30000001192092896, 7, 1e-38, 1e20);

function randomTree(random: Random, width: number): Tree {
  const builder = new TreeBuilder(width);
  const grow = (depth: number): number => {
    const at = builder.leaf(...Array.from({ length: width }, () => random.normal()));
    if (depth === 0 || random.next() < 0.2) return at;
    const threshold = random.next() < 0.05 ? Infinity : VALUES[random.below(VALUES.length)]!;
    builder.branch(at, random.below(COLUMNS), threshold, 0, random.next() < 0.5);
    const left = grow(depth - 1);
    builder.children(at, left, grow(depth - 1));
    return at;
  };
  grow(1 + random.below(6));
  return builder.build();
}

function randomRow(random: Random): Float32Array {
  return Float32Array.from({ length: COLUMNS }, () => {
    const kind = random.next();
    return kind < 0.2 ? NaN : kind < 0.8 ? VALUES[random.below(VALUES.length)]! : random.normal();
  });
}

test('every leaf of an exported ensemble answers what the tree does, for missing values and on thresholds too, at every batch size', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 0, max: 120 }), async (seed, count) => {
      const random = new Random(seed);
      const trees = Array.from({ length: count }, () => {
        const width = random.next() < 0.5 ? 1 : 3;
        return { tree: randomTree(random, width), first: random.below(TARGETS - width + 1), factor: 0.5 };
      });
      const g = new Graph();
      const out = g.treeEnsemble(g.input('x', ['batch', COLUMNS]), trees, TARGETS);
      const file = g.encode('trees', [g.named(out, 'y')]);
      assert.equal(faultOf(file), undefined);
      const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
      const rows = 64;
      const x = Float32Array.from({ length: rows * COLUMNS });
      for (let row = 0; row < rows; row++) x.set(randomRow(random), row * COLUMNS);
      const run = async (from: number, n: number): Promise<Float32Array> => {
        const part = x.slice(from * COLUMNS, (from + n) * COLUMNS);
        const { y } = await session.run({ x: new Tensor('float32', part, [n, COLUMNS]) });
        return y!.data as Float32Array;
      };
      const together = await run(0, rows);
      for (let row = 0; row < rows; row++) {
        const expected = new Array<number>(TARGETS).fill(0);
        for (const { tree, first, factor } of trees) {
          const leaf = leafOf(tree, x, row * COLUMNS);
          for (let i = 0; i < tree.width; i++)
            expected[first + i]! += factor * tree.values[leaf * tree.width + i]!;
        }
        expected.forEach((value, i) => {
          const answer = together[row * TARGETS + i]!;
          assert.ok(Math.abs(answer - value) < 1e-5 * Math.max(1, Math.abs(value)), `${answer} for ${value}`);
        });
      }
      for (const n of [1, 2, 3, 7, 31, 32, 33, 63])
        for (let from = 0; from + n <= rows; from += n)
          assert.deepEqual(await run(from, n), together.slice(from * TARGETS, (from + n) * TARGETS));
      await session.release();
    }),
    { numRuns: 40 },
  );
});

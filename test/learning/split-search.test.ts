import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../../engine/learning/random.js';
import { Binning } from '../../engine/learning/trees/binning.js';
import { Grower, type GrowerRules } from '../../engine/learning/trees/grower.js';
import { leafOf, leafOfBins, type Tree } from '../../engine/learning/trees/tree.js';

const RULES: GrowerRules = { lambda: 1, gamma: 0, minChildWeight: 1, maxDepth: 1, rate: 1 };

/** A tree on all rows and columns of row-major features. */
function grown(
  x: Float32Array,
  columns: number,
  g: readonly number[],
  h: readonly number[],
  rules: Partial<GrowerRules> = {},
  monotone?: Int8Array,
): Tree {
  const rows = g.length;
  const range = { from: 0, to: rows };
  const binning = Binning.of(x, columns, range, 255);
  const grower = new Grower(binning, binning.bin(x, range), { ...RULES, ...rules }, columns, monotone);
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  const all = Int32Array.from({ length: columns }, (_, i) => i);
  return grower.grow(order, all, Float64Array.from(g), Float64Array.from(h), 1, 0);
}

test('a split and its leaves are those a hand calculation gives', () => {
  // Sorted by x: g −2, −1 | 1, 3 with h = 1. Whole: 1²/(4+1). Split after the second: (−3)²/3 + 4²/3 − 0.2 = 8.133, the most.
  const tree = grown(Float32Array.of(1, 2, 4, 7), 1, [-2, -1, 1, 3], [1, 1, 1, 1]);
  assert.deepEqual([tree.feature[0], tree.threshold[0]], [0, 3]);
  assert.ok(Math.abs(tree.values[tree.left[0]!]! - 3 / 3) < 1e-6);
  assert.ok(Math.abs(tree.values[tree.right[0]!]! - -4 / 3) < 1e-6);
  // At 8.133 it gains; a penalty above that leaves the root a leaf.
  assert.equal(
    grown(Float32Array.of(1, 2, 4, 7), 1, [-2, -1, 1, 3], [1, 1, 1, 1], { gamma: 8.1 }).feature.length,
    3,
  );
  const pruned = grown(Float32Array.of(1, 2, 4, 7), 1, [-2, -1, 1, 3], [1, 1, 1, 1], { gamma: 8.2 });
  assert.deepEqual([...pruned.feature], [-1]);
  assert.ok(Math.abs(pruned.values[0]! - -1 / 5) < 1e-6);
  // A side with less than three rows' weight is not made.
  const heavy = grown(Float32Array.of(1, 2, 4, 7), 1, [-2, -1, 1, 3], [1, 1, 1, 1], { minChildWeight: 3 });
  assert.deepEqual([...heavy.feature], [-1]);
});

test('missing values go where the loss is less, and where none were seen to the side with more rows', () => {
  const x = Float32Array.of(1, 2, NaN, NaN, 8, 9);
  const asHigh = grown(x, 1, [-1, -1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]);
  assert.deepEqual([asHigh.threshold[0], asHigh.missingLeft[0]], [5, 0]);
  const asLow = grown(x, 1, [-1, -1, -1, -1, 1, 1], [1, 1, 1, 1, 1, 1]);
  assert.deepEqual([asLow.threshold[0], asLow.missingLeft[0]], [5, 1]);
  const alone = grown(x, 1, [-1, -1, 1, 1, -1, -1], [1, 1, 1, 1, 1, 1]);
  assert.deepEqual([alone.threshold[0], alone.missingLeft[0]], [Infinity, 0]);
  const known = grown(Float32Array.of(1, 2, 3, 8), 1, [-1, -1, -1, 3], [1, 1, 1, 1]);
  assert.equal(known.missingLeft[0], 1);
});

interface Found {
  readonly gain: number;
  readonly groups: ReadonlySet<string>;
}

/** The most that one split of some rows gains, and all the ways to reach it, by trying every one. */
function bruteForce(
  x: Float32Array,
  columns: number,
  g: readonly number[],
  h: readonly number[],
  rows: readonly number[],
  rules: GrowerRules,
): Found {
  const score = (side: readonly number[]): number => {
    const sum = side.reduce((s, r) => s + g[r]!, 0);
    return (sum * sum) / (side.reduce((s, r) => s + h[r]!, 0) + rules.lambda);
  };
  const weight = (side: readonly number[]): number => side.reduce((s, r) => s + h[r]!, 0);
  let gain = 1e-6;
  let groups = new Set<string>();
  for (let column = 0; column < columns; column++) {
    const at = (row: number): number => x[row * columns + column]!;
    for (const cut of new Set(rows.map(at).filter((v) => v === v))) {
      for (const missingLeft of [false, true]) {
        const left = rows.filter((r) => (Number.isNaN(at(r)) ? missingLeft : at(r) <= cut));
        const right = rows.filter((r) => !left.includes(r));
        if (left.length === 0 || right.length === 0) continue;
        if (weight(left) < rules.minChildWeight || weight(right) < rules.minChildWeight) continue;
        const found = score(left) + score(right) - score(rows);
        if (found > gain + 1e-9) [gain, groups] = [found, new Set()];
        // Which side is called left is no matter: what is missing alone is either.
        if (Math.abs(found - gain) <= 1e-9) groups.add(left.join()).add(right.join());
      }
    }
  }
  return { gain, groups };
}

test('every branch of a grown tree is the best split of its rows, as trying all of them finds it', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 2, max: 60 }),
      fc.integer({ min: 1, max: 5 }),
      (seed, rows, columns) => {
        const random = new Random(seed);
        const x = Float32Array.from({ length: rows * columns }, () =>
          random.next() < 0.15 ? NaN : random.below(6) / 3,
        );
        const g = Array.from({ length: rows }, () => random.normal());
        const h = Array.from({ length: rows }, () => 0.1 + random.next());
        const rules = { ...RULES, maxDepth: 3, lambda: random.next() * 3, minChildWeight: random.next() * 3 };
        const tree = grown(x, columns, g, h, rules);
        const check = (node: number, of: readonly number[], depth: number): void => {
          const { groups } = bruteForce(x, columns, g, h, of, rules);
          const column = tree.feature[node]!;
          if (column < 0) {
            assert.ok(
              depth === rules.maxDepth || groups.size === 0,
              `node ${node} of ${of.length} rows could be split`,
            );
            const value =
              -of.reduce((s, r) => s + g[r]!, 0) / (of.reduce((s, r) => s + h[r]!, 0) + rules.lambda);
            assert.ok(Math.abs(tree.values[node]! - value) < 1e-5);
            return;
          }
          const left = of.filter((r) => {
            const v = x[r * columns + column]!;
            return Number.isNaN(v) ? tree.missingLeft[node] === 1 : v <= tree.threshold[node]!;
          });
          assert.ok(groups.has(left.join()), `node ${node}: rows ${left.join()} are not the best left side`);
          check(tree.left[node]!, left, depth + 1);
          check(
            tree.right[node]!,
            of.filter((r) => !left.includes(r)),
            depth + 1,
          );
        };
        check(
          0,
          Array.from({ length: rows }, (_, i) => i),
          0,
        );
      },
    ),
    { numRuns: 150 },
  );
});

test('an answer only rises with a column that is constrained to, and only falls with one that is not to', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = new Random(seed);
      const [rows, columns] = [200, 3];
      const x = Float32Array.from({ length: rows * columns }, () => random.normal());
      const g = Array.from({ length: rows }, (_, r) => random.normal() + Math.sin(3 * x[r * columns]!));
      const monotone = Int8Array.of(1, -1, 0);
      const tree = grown(x, columns, g, Array<number>(rows).fill(1), { maxDepth: 5 }, monotone);
      assert.ok(tree.feature.length > 1);
      for (const [column, sign] of [
        [0, 1],
        [1, -1],
      ] as const) {
        for (let n = 0; n < 20; n++) {
          const row = Float32Array.from({ length: columns }, () => random.normal());
          let last = -Infinity;
          for (let at = -3; at <= 3; at += 0.1) {
            row[column] = at;
            const value = sign * tree.values[leafOf(tree, row, 0)]!;
            assert.ok(value >= last - 1e-6, `column ${column}: ${value} after ${last}`);
            last = value;
          }
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('binned rows reach the leaves that their features do, seen before or not, and bins hold about as many rows each', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 2, max: 64 }), (seed, binsMax) => {
      const random = new Random(seed);
      const [rows, columns] = [300, 4];
      const x = Float32Array.from({ length: rows * columns }, (_, i) => {
        if (random.next() < 0.1) return NaN;
        return i % columns === 0 ? random.below(3) : random.normal();
      });
      const half = { from: 0, to: 150 };
      const binning = Binning.of(x, columns, half, binsMax);
      const bins = binning.bin(x, half);
      const grower = new Grower(binning, bins, { ...RULES, maxDepth: 4 }, columns);
      const g = Float64Array.from({ length: 150 }, () => random.normal());
      const order = Int32Array.from({ length: 150 }, (_, i) => i);
      const tree = grower.grow(order, Int32Array.of(0, 1, 2, 3), g, new Float64Array(150).fill(1), 1, 0);
      const all = binning.bin(x, { from: 0, to: rows });
      for (let row = 0; row < rows; row++)
        assert.equal(leafOfBins(tree, all, row), leafOf(tree, x, row * columns));
      for (const [column, cuts] of binning.cuts.entries()) {
        assert.ok(cuts.length < binsMax && cuts.every((cut, i) => i === 0 || cut > cuts[i - 1]!));
        if (column === 0) continue;
        const counts = new Array<number>(cuts.length + 1).fill(0);
        for (const bin of bins[column]!) if (bin > 0) counts[bin - 1]!++;
        assert.ok(Math.max(...counts) <= Math.ceil(150 / binsMax) + 1, counts.join());
      }
    }),
    { numRuns: 60 },
  );
});

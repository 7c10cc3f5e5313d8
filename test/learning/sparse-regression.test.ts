import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../engine/learning/random.js';
import { answersOf, fitSparse, type RegressionRows } from '../../engine/learning/sparse-regression.js';

const COLUMNS = 120;
/** Columns that decide, and one that is their sum with as much noise: it stands for all five at once, and worse. */
const DECIDING = [3, 17, 40, 41, 99];
const SUM = 60;

/** Rows of noise columns whose class is decided, with a chance of 62 %, by the majority of five signs. */
function majority(rows: number, seed: number, followed: number): RegressionRows {
  const random = new Random(seed);
  const columns = Array.from({ length: COLUMNS }, (_, j) =>
    Float64Array.from({ length: rows }, () =>
      DECIDING.includes(j) ? (random.next() < 0.5 ? 1 : -1) : random.normal(),
    ),
  );
  columns[SUM] = columns[SUM]!.map((noise, i) => DECIDING.reduce((s, j) => s + columns[j]![i]!, 2 * noise));
  const up = Float64Array.from({ length: rows }, (_, i) => {
    const way = Math.sign(DECIDING.reduce((s, j) => s + columns[j]![i]!, 0));
    return Number((random.next() < followed ? way : -way) > 0);
  });
  return { columns, targets: [up.map((y) => 1 - y), up.map(() => 0), up] };
}

function usedOf(weights: Float64Array, outputs: number): number[] {
  return Array.from({ length: COLUMNS }, (_, j) => j).filter((j) =>
    weights.subarray(j * outputs, (j + 1) * outputs).some((w) => w !== 0),
  );
}

test('of many columns those that decide are found, not one that stands for them all', () => {
  const fit = fitSparse('softmax', majority(5_000, 11, 0.62), majority(2_000, 12, 0.62));
  const size = (j: number): number => fit.weights[j * 3 + 2]! - fit.weights[j * 3]!;
  const least = Math.min(...DECIDING.map(size));
  assert.ok(least > 0.12, `${least}`);
  for (const j of usedOf(fit.weights, 3).filter((each) => !DECIDING.includes(each)))
    assert.ok(Math.abs(size(j)) < least, `column ${j}: ${size(j)}`);
  // No single sign outweighs the others, so that the fit follows the majority on rows it has not seen.
  const truth = majority(2_000, 13, 1);
  const [down, , up] = answersOf(fit, truth.columns, 2_000) as [Float64Array, Float64Array, Float64Array];
  const right = up.filter((x, i) => Number(x > down[i]!) === truth.targets[2]![i]).length;
  // Following it in 95 % of the rows is 90 % of its edge.
  assert.ok(right / 2_000 > 0.95, `${right} of 2000`);
});

test('columns that say nothing are left out', () => {
  const { weights } = fitSparse('softmax', majority(4_000, 4, 0.5), majority(2_000, 5, 0.5));
  const size = usedOf(weights, 3).map((j) => Math.abs(weights[j * 3 + 2]! - weights[j * 3]!));
  assert.ok(
    size.every((x) => x < 0.05),
    `weights ${size.join(', ')}`,
  );
});

test('a column that decides alone has the weights of greatest likelihood: nothing is left to explain along it', () => {
  const rows = 3_000;
  const random = new Random(6);
  const column = Float64Array.from({ length: rows }, () => random.normal());
  const shares = [0, 1, 2].map(() => new Float64Array(rows));
  column.forEach((x, i) => {
    // Probabilities of the classes in proportion to e^(−x), 1 and e^x.
    const [a, b] = [Math.exp(-x), Math.exp(x)];
    const u = random.next() * (a + 1 + b);
    shares[u < a ? 0 : u < a + 1 ? 1 : 2]![i] = 1;
  });
  const known = { columns: [column], targets: shares };
  const fit = fitSparse('softmax', known, known);
  const logits = answersOf(fit, [column], rows);
  for (let c = 0; c < 3; c++) {
    let left = 0;
    for (let i = 0; i < rows; i++) {
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit[i]!), 0);
      left += column[i]! * (shares[c]![i]! - Math.exp(logits[c]![i]!) / total);
    }
    assert.ok(Math.abs(left / rows) < 1e-3, `class ${c}: ${left / rows}`);
  }
  assert.ok(Math.abs(fit.weights[2]! - fit.weights[0]! - 2) < 0.2);
});

test('numbers are fitted by least squares, and rows whose number is not known pull nowhere', () => {
  const x = Float64Array.of(-2, -1, 0, 1, 2, 3, -3);
  // y = 0.5 + 2x by hand; the last two are not known.
  const y = x.map((each, i) => (i < 5 ? 0.5 + 2 * each : NaN));
  const known = { columns: [x], targets: [y] };
  const { intercepts, weights } = fitSparse('identity', known, known);
  assert.ok(Math.abs(intercepts[0]! - 0.5) < 0.01, `${intercepts[0]}`);
  assert.ok(Math.abs(weights[0]! - 2) < 0.01, `${weights[0]}`);
});

test('where nothing is known nothing is said, as a number', () => {
  const none = new Float64Array(50).fill(NaN);
  const column = Float64Array.from({ length: 50 }, (_, i) => Math.sin(i));
  for (const [link, targets] of [
    ['identity', [none]],
    ['softmax', [none, none, none]],
  ] as const) {
    const rows = { columns: [column], targets };
    const { intercepts, weights } = fitSparse(link, rows, rows);
    assert.ok(weights.every((w) => w === 0));
    assert.ok(intercepts.every((x) => x === intercepts[0] && Number.isFinite(x)));
  }
});

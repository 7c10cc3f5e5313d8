import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANNEL_COUNT, SEQUENCE_BARS } from '../../actors/features/sequence-channels.js';
import { CATALOGUE, FEATURE_COUNT } from '../../actors/features/catalogue.js';
import type { Dataset } from '../../engine/learning/dataset.js';
import { datasetFault } from '../../engine/learning/dataset-faults.js';
import { score, type HorizonScore, type Outcome } from '../../engine/learning/evaluation.js';
import type { Trial } from '../../engine/learning/families/family.js';
import { permutationImportance } from '../../engine/learning/importance.js';
import { Graph } from '../../engine/learning/onnx/graph.js';
import { Random } from '../../engine/learning/random.js';
import { judge } from '../../engine/learning/verdict.js';

const HOUR = 3_600_000;

function outcome(actual: number, probabilities: readonly [number, number, number]): Outcome {
  const predicted = probabilities.indexOf(Math.max(...probabilities)) - 1;
  return { closeTime: 0, predicted, leaning: 1, actual, last: NaN, probabilities };
}

test('log-loss, Brier score and calibration error are those of a hand calculation', () => {
  const { probabilities } = score(
    0,
    [
      outcome(1, [0.1, 0.2, 0.7]),
      outcome(1, [0.2, 0.1, 0.7]),
      outcome(-1, [0.1, 0.15, 0.75]),
      outcome(-1, [0.6, 0.1, 0.3]),
    ],
    HOUR,
  );
  const near = (x: number, expected: number): void =>
    assert.ok(Math.abs(x - expected) < 1e-12, `${x} for ${expected}`);
  const p = probabilities!;
  near(p.logLoss, -(2 * Math.log(0.7) + Math.log(0.1) + Math.log(0.6)) / 4);
  near(p.baseLogLoss, Math.log(2));
  near(
    p.brier,
    (0.01 + 0.04 + 0.09 + (0.04 + 0.01 + 0.09) + (0.81 + 0.0225 + 0.5625) + (0.16 + 0.01 + 0.09)) / 4,
  );
  near(p.baseBrier, 0.5);
  // Bin 0.7 to 0.8: 0.7 + 0.7 + 0.75 against two right; bin 0.6 to 0.7: 0.6 against one right.
  near(p.calibrationError, (Math.abs(2.15 - 2) + Math.abs(0.6 - 1)) / 4);
  assert.equal(p.calibration.length, 2);
  const [six, seven] = p.calibration;
  assert.deepEqual([six!.from, six!.to, six!.samples, six!.frequency], [0.6, 0.7, 1, 1]);
  assert.deepEqual([seven!.from, seven!.to, seven!.samples], [0.7, 0.8, 3]);
  near(six!.meanProbability, 0.6);
  near(seven!.meanProbability, 2.15 / 3);
  near(seven!.frequency, 2 / 3);
  assert.equal('probabilities' in score(0, [], HOUR), false);
});

test('the information coefficient is the correlation of expected and realised returns, and of their ranks', () => {
  const of = (pairs: readonly (readonly [number, number])[]): HorizonScore['informationCoefficient'] =>
    score(
      0,
      pairs.map(([expected, realised]) => ({
        ...outcome(1, [0.2, 0.2, 0.6]),
        returns: { expected, realised },
      })),
      HOUR / 4,
    ).informationCoefficient;
  const plain = of([
    [1, 2],
    [2, 1],
    [3, 4],
    [4, 3],
    [5, 15],
  ])!;
  // Means 3 and 5: 24 over the root of 10 times 130; ranks 1 to 5 against 2, 1, 4, 3, 5: 1 - 6 * 4 / (5 * 24).
  assert.ok(Math.abs(plain.pearson - 28 / Math.sqrt(10 * 130)) < 1e-12);
  assert.ok(Math.abs(plain.rank - 0.8) < 1e-12);
  // Four bars share an hour: 5 / 4 samples stand alone.
  assert.equal(plain.standardError, 1);
  // Equal values share the mean of their ranks: 1.5, 1.5, 3 against 3, 1, 2.
  const tied = of([
    [1, 3],
    [1, 1],
    [2, 2],
  ])!;
  assert.ok(Math.abs(tied.rank) < 1e-12);
  assert.equal(
    of([
      [1, 1],
      [1, 2],
      [1, 3],
    ]),
    undefined,
    'expectations that never change order nothing',
  );
});

function rowsOf(
  rows: number,
  fill: (row: number, column: number) => number,
  direction: (row: number) => number,
): Dataset {
  return {
    rows,
    features: Float32Array.from({ length: rows * FEATURE_COUNT }, (_, i) =>
      fill(Math.floor(i / FEATURE_COUNT), i % FEATURE_COUNT),
    ),
    channels: new Float32Array((rows + SEQUENCE_BARS - 1) * CHANNEL_COUNT),
    closeTimes: Float64Array.from({ length: rows }, (_, row) => row * HOUR),
    directions: Float32Array.from({ length: rows * 3 }, (_, i) => direction(Math.floor(i / 3))),
    returns: new Float32Array(rows * 3),
    resolvedAt: new Float64Array(rows * 3),
  };
}

test('the feature that a model answers by is the one it loses most without; those it does not see lose nothing', async () => {
  const random = new Random(3);
  const dataset = rowsOf(
    300,
    () => random.normal(),
    (row) => (row % 2 === 0 ? 1 : -1),
  );
  const column = 40;
  for (let row = 0; row < 300; row++) dataset.features[row * FEATURE_COUNT + column] = row % 2 === 0 ? 1 : -1;
  const g = new Graph();
  const x = g.input('features', ['batch', FEATURE_COUNT]);
  // Up where the column is above 0, down where it is below; a little of another column that says nothing.
  const weights = Float32Array.from({ length: FEATURE_COUNT * 9 }, (_, i) => {
    const [feature, c] = [Math.floor(i / 9), (i % 9) % 3];
    return feature === column ? (c - 1) * 2 : feature === 7 ? (c - 1) * 0.1 : 0;
  });
  const logits = g.reshape(g.matMul(x, g.constant(weights, [FEATURE_COUNT, 9])), ['batch', 3, 3]);
  const out = g.reshape(g.softmax(logits), ['batch', 9]);
  const file = g.encode('predictor', [g.named(out, 'probabilities')]);
  const found = await permutationImportance(file, dataset, { from: 0, to: 300 }, { seed: 1 });
  assert.equal(found[0]!.feature, CATALOGUE[column]!.name);
  assert.ok(found[0]!.logLoss > 1);
  assert.ok(found.slice(1).every(({ feature, logLoss }) => feature === CATALOGUE[7]!.name && logLoss < 0.1));
});

test('rows with constant features or one outcome are told apart from rows that can be learned from', () => {
  const up = (row: number): number => (row % 2 === 0 ? 1 : -1);
  const changing = (row: number, column: number): number => row + column;
  assert.equal(datasetFault(rowsOf(50, changing, up)), undefined);
  assert.match(
    datasetFault(rowsOf(50, (_, c) => (c % 2 === 0 ? NaN : c), up))!,
    /^None of the \d+ features changes/,
  );
  assert.match(
    datasetFault(rowsOf(50, changing, () => -1))!,
    /all the same \(1h: down, 4h: down, 1d: down\)/,
  );
  assert.match(datasetFault(rowsOf(50, changing, () => NaN))!, /1h: unknown/);
});

test('the more kinds of model were tried, the more it takes to count as skill', () => {
  const at = (z: number): HorizonScore =>
    ({
      effectiveSamples: 500,
      directional: { samples: 500, accuracy: 0.6, baseline: 0.5, z },
    }) as HorizonScore;
  const trial = (family: Trial['family'], isChosen: boolean): Trial => ({
    family,
    logLoss: isChosen ? 0.9 : 0.95,
    baseLogLoss: 1,
    isChosen,
  });
  const alone = judge([at(3.1), at(2.9), at(0)], [[], []]);
  assert.deepEqual(
    [alone.tried, alone.skillZ, alone.edge, alone.primaryHorizon],
    [1, 3, [true, false, false], 0],
  );
  const trials = [trial('perceptron', false), trial('boosted', true), trial('forest', false)];
  const three = judge([at(3.1), at(3.5), at(0)], [trials, trials]);
  assert.deepEqual([three.tried, three.edge, three.primaryHorizon], [3, [false, true, false], 1]);
  assert.deepEqual(three.worth[1], { family: 'boosted', logLoss: 0.9, baseLogLoss: 1, fits: 2, chosen: 2 });
  // The chance that noise passes is never above what one kind alone has: 0.13 %, shared out.
  for (const [i, z] of [3, 3.205, 3.32, 3.4, 3.46, 3.509].entries()) {
    const passed = judge([at(z)], [Array.from({ length: i + 1 }, () => trial('forest', false))]);
    assert.deepEqual([passed.skillZ, passed.edge], [z, [true]]);
  }
});

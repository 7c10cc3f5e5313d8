import { BarGrid } from '../../actors/market/bar-grid.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { HORIZON_MS } from '../../actors/features/labels.js';
import { buildDataset } from '../../engine/learning/dataset.js';
import { summariseOnnx } from '../../engine/learning/onnx/model-format.js';
import { walkForwardFolds } from '../../engine/learning/split.js';
import { train } from '../../engine/learning/trainer.js';
import { inventedBars } from '../support/markets.js';

const options = { family: 'perceptron' as const, seed: 7, folds: 3, rowsMax: 20_000 };

test('on a market with a planted edge the model reaches at least 90 % of it', async () => {
  // The best possible accuracy is 62 %: each bar goes the way of the last with that chance, and no other way to know.
  const result = await train(inventedBars(6_000, { momentum: 0.62, seed: 11 }), '1h', options);
  const [hour] = result.scores;
  const edge = (hour!.directional.accuracy - 0.5) / (0.62 - 0.5);
  assert.ok(edge >= 0.9, `it reached ${(100 * edge).toFixed(0)} % of the edge`);
  assert.deepEqual(result.verdict.edge[0], true);
  assert.equal(result.verdict.primaryHorizon, 0);
});

test('on a random walk it finds nothing and says so', async () => {
  const result = await train(inventedBars(5_000, { seed: 12 }), '1h', options);
  assert.deepEqual(result.verdict.edge, [false, false, false]);
  for (const { directional, horizon } of result.scores)
    assert.ok(Math.abs(directional.z) < 3, `${horizon}: z ${directional.z}`);
});

test('the same bars and seed give the same files, and the file says what it is', async () => {
  const bars = inventedBars(1_600, { seed: 13 });
  const [a, b] = [
    await train(bars, '1h', { ...options, folds: 1 }),
    await train(bars, '1h', { ...options, folds: 1 }),
  ];
  assert.deepEqual(a.predictor, b.predictor);
  assert.deepEqual(a.encoder, b.encoder);
  const { metadata, customDomains, externalData } = summariseOnnx(a.predictor);
  assert.equal(metadata['featureSetVersion'], FEATURE_SET_VERSION);
  assert.equal(metadata['horizons'], '["1h","4h","1d"]');
  assert.deepEqual([customDomains, externalData], [[], false]);
});

test('walk-forward folds are purged and embargoed: no training label reaches into what follows', () => {
  const dataset = buildDataset(inventedBars(3_000, { seed: 14 }), BarGrid.of('1h'));
  const folds = walkForwardFolds(dataset, 3, 0.5);
  assert.equal(folds.length, 3);
  for (const { train: rows, validation, test: tested } of folds) {
    const known = (to: number): number => dataset.resolvedAt[(to - 1) * 3 + 2]!;
    assert.ok(known(rows.to) < dataset.closeTimes[validation.from]!);
    assert.ok(known(validation.to) < dataset.closeTimes[tested.from]!);
    assert.ok(dataset.closeTimes[validation.from]! - dataset.closeTimes[rows.to - 1]! > HORIZON_MS[2]);
    assert.ok(dataset.closeTimes[tested.from]! - dataset.closeTimes[validation.to - 1]! > HORIZON_MS[2]);
    assert.ok(rows.to > 100 && tested.to > tested.from);
  }
});

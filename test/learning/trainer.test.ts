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

test('with every kind of model tried, noise is still no skill, and the bar is higher for it', async () => {
  const { verdict, scores, importance, family, predictor } = await train(
    inventedBars(1_500, { seed: 15 }),
    '1h',
    {
      ...options,
      family: 'auto',
      folds: 2,
    },
  );
  assert.deepEqual(verdict.edge, [false, false, false]);
  assert.deepEqual([verdict.tried, verdict.skillZ], [4, 3.4]);
  // Two folds and the final model.
  assert.deepEqual(
    verdict.worth.map((each) => [each.family, each.fits]),
    [
      ['perceptron', 3],
      ['boosted', 3],
      ['forest', 3],
      ['ensemble', 3],
    ],
  );
  assert.equal(
    verdict.worth.reduce((sum, { chosen }) => sum + chosen, 0),
    3,
  );
  assert.equal(summariseOnnx(predictor).metadata['family'], family);
  for (const { probabilities: p } of scores) {
    assert.ok(p!.logLoss > 0 && p!.brier > 0 && p!.brier < 2);
    assert.ok(p!.calibrationError >= 0 && p!.calibrationError <= 1);
  }
  assert.ok(importance.length <= 20);
});

test('history that nothing can be learned from is refused in one sentence', async () => {
  const flat = inventedBars(900).map((bar) => ({
    ...bar,
    open: 1.1,
    high: 1.1,
    low: 1.1,
    close: 1.1,
    bid: 1.1,
    ask: 1.1,
  }));
  const rising = inventedBars(900, { momentum: 1 });
  for (const family of ['perceptron', 'boosted', 'forest', 'ensemble', 'auto'] as const) {
    await assert.rejects(
      train(flat, '1h', { ...options, family }),
      /^SuhoError: The outcomes of these 701 rows are all the same \(1h: flat, 4h: flat, 1d: flat\): .*\. Give a history that has both\.$/,
    );
    await assert.rejects(
      train(rising, '1h', { ...options, family }),
      /are all the same \(1h: up, 4h: up, 1d: up\)/,
    );
    await assert.rejects(
      train(rising.slice(0, 500), '1h', { ...options, family }),
      /Training needs 600 1h bars/,
    );
  }
});

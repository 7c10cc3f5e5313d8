import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { SuhoError } from '../../engine/errors.js';
import { buildDataset } from '../../engine/learning/dataset.js';
import { forest } from '../../engine/learning/families/forest.js';
import { lstmOf } from '../../engine/learning/families/lstm.js';
import { perceptron } from '../../engine/learning/families/perceptron.js';
import { transformerOf } from '../../engine/learning/families/transformer.js';
import { Graph } from '../../engine/learning/onnx/graph.js';
import { summariseOnnx } from '../../engine/learning/onnx/model-format.js';
import { faultOf } from '../../engine/learning/onnx/model-inspection.js';
import { halfOf, quantize } from '../../engine/learning/onnx/quantization.js';
import { predict } from '../../engine/learning/predict.js';
import { quantizeWithin } from '../../engine/learning/quantized-worth.js';
import { holdOut } from '../../engine/learning/split.js';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { inventedBars, toCsv } from '../support/markets.js';

const bars = inventedBars(1_500, { momentum: 0.7, seed: 12 });
const dataset = buildDataset(bars, BarGrid.of('1h'));
const split = holdOut(dataset, 900, 0.2);
const trainedThrough = dataset.closeTimes[899]!;
const rules = { epochsMax: 2, patience: 2, rate: 1e-3, decay: 1 };
const sizes = { width: 32, heads: 2, layers: 1, hidden: 32 };
const badModel = (words: RegExp) => (error: unknown) =>
  error instanceof SuhoError && error.code === 'BAD_MODEL' && words.test(error.message);

// Of these small sequence models, the choice of inputs and their scales, which keep their bits, are a large part.
for (const [family, most] of [
  [perceptron, 0.75],
  [lstmOf(32, rules), 0.9],
  [transformerOf(sizes, rules), 0.9],
] as const) {
  test(`${family.name} in fewer bits: smaller, sound, and near what it answered`, async () => {
    const model = (await family.fit(dataset, split, { seed: 7 })).toOnnx({ timeframe: '1h' });
    const range = { from: 900, to: dataset.rows };
    const before = await predict(model, dataset, range, 'probabilities', 9);
    for (const [precision, near] of [
      ['int8', 0.05],
      ['fp16', 0.002],
    ] as const) {
      const options = { precision, lossMax: 0.01, trainedThrough };
      const worth = await quantizeWithin(model, dataset, options);
      assert.ok(worth.model.length < most * model.length, `${worth.model.length} of ${model.length}`);
      assert.equal(faultOf(worth.model), undefined);
      assert.deepEqual(summariseOnnx(worth.model).metadata, {
        ...summariseOnnx(model).metadata,
        quantization: precision,
      });
      assert.deepEqual([worth.seen, worth.rows], [false, dataset.rows - 900]);
      assert.equal(worth.after.bytes, worth.model.length);
      const after = await predict(worth.model, dataset, range, 'probabilities', 9);
      after.forEach((p, i) => assert.ok(Math.abs(p - before[i]!) < near, `${precision}: ${p}, ${before[i]}`));
      assert.ok(after.some((p, i) => p !== before[i]));
      assert.deepEqual(quantize(model, precision).model, worth.model);
    }
  });
}

/** A model of the newest return whose weights are small beside one that nothing is multiplied by. */
function unevenModel(outlier: number): Uint8Array {
  const g = new Graph();
  const x = g.replaceNaN(g.input('features', ['batch', FEATURE_COUNT]), g.scalar(0));
  const mask = new Float32Array(FEATURE_COUNT).fill(1);
  mask[0] = 0;
  const weights = Float32Array.from({ length: FEATURE_COUNT * 9 }, (_, i) =>
    i < 9 ? outlier : 0.02 * (i % 3) * Math.sin(i),
  );
  const logits = g.matMul(
    g.clip(g.mul(x, g.constant(mask, [FEATURE_COUNT])), -3, 3),
    g.constant(weights, [FEATURE_COUNT, 9]),
  );
  const p = g.reshape(g.softmax(g.reshape(logits, ['batch', 3, 3])), ['batch', 9]);
  return g.encode('predictor', [g.named(p, 'probabilities')]);
}

test('what costs too much likelihood is refused, and so are trees and files of others', async () => {
  const options = { precision: 'int8', lossMax: 0.02, trainedThrough } as const;
  await quantizeWithin(unevenModel(0.05), dataset, options);
  // Beside 1,000 all other weights of a column become 0.
  const even = buildDataset(bars, BarGrid.of('1h'));
  const model = unevenModel(1_000);
  const range = { from: 0, to: even.rows };
  const p = await predict(model, even, range, 'probabilities', 9);
  // Outcomes that this model foresees: what it says becomes likely to be right.
  for (let i = 0; i < even.rows * 3; i++) {
    const [down, flat, up] = [p[i * 3]!, p[i * 3 + 1]!, p[i * 3 + 2]!];
    even.directions[i] = up > flat && up > down ? 1 : down > flat ? -1 : 0;
  }
  await assert.rejects(
    quantizeWithin(model, even, options),
    badModel(/worse by more than 0\.02: nothing was written/),
  );
  const trees = (await forest.fit(dataset, split, { seed: 7 })).toOnnx();
  await assert.rejects(quantizeWithin(trees, dataset, options), badModel(/no large weight matrix/));
  const foreign = Buffer.from(unevenModel(0.05));
  foreign.write('else', foreign.indexOf('suho'));
  await assert.rejects(quantizeWithin(foreign, dataset, options), badModel(/not trained here/));
});

test('halves are the nearest 16-bit floats', () => {
  for (const [x, bits] of [
    [0, 0],
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [1 / 3, 0x3555],
    [65_504, 0x7bff],
    [1e6, 0x7bff],
    [2 ** -24, 0x0001],
    [2 ** -14, 0x0400],
    [0.99999994, 0x3c00],
    [2_049, 0x6800],
    [2_051, 0x6802],
    [NaN, 0x7e00],
  ] as const)
    assert.equal(halfOf(x), bits, String(x));
});

test('suho models quantize writes the file and says what it is worth, or one sentence', async (t) => {
  const folder = temporaryFolder(t);
  const at = (name: string): string => path.join(folder, name);
  const fitted = await perceptron.fit(dataset, split, { seed: 7 });
  const model = fitted.toOnnx({ timeframe: '1h', trainedThrough: String(trainedThrough) });
  writeFileSync(at('model.onnx'), model);
  writeFileSync(at('bars.csv'), toCsv(bars));
  const args = ['models', 'quantize', at('model.onnx'), at('bars.csv'), '--out', at('small.onnx'), '--json'];
  const done = await runCommand([...args, '--loss-max', '0.01']);
  assert.equal(done.code, 0, done.stderr);
  const said = JSON.parse(done.stdout) as { after: { bytes: number }; seen: boolean; matrices: number };
  assert.deepEqual(
    [said.after.bytes, said.seen, said.matrices],
    [readFileSync(at('small.onnx')).length, false, 3],
  );
  const failed = await runCommand([...args.slice(0, 3), at('none.csv'), '--out', at('other.onnx')]);
  assert.equal(failed.code, 2);
  assert.equal(failed.stderr.trim().split('\n').length, 1, failed.stderr);
});

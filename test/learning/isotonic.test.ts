import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceSession, Tensor } from '../../engine/onnx-runtime.js';
import { logLossOf, type Held } from '../../engine/learning/calibration.js';
import { calibrate, type Validated } from '../../engine/learning/families/calibrate.js';
import {
  calibrated,
  calibratedBy,
  calibrationInWords,
  probabilitiesOf,
  type Calibration,
} from '../../engine/learning/families/calibrated.js';
import { along, ascentOf, pooled } from '../../engine/learning/isotonic.js';
import { Graph } from '../../engine/learning/onnx/graph.js';
import { faultOf } from '../../engine/learning/onnx/model-inspection.js';
import { Random } from '../../engine/learning/random.js';

const THIRD = Math.log(1 / 3);

/** The value that each of some values has after pooling. */
function fitted(values: readonly number[], weights: readonly number[]): number[] {
  const blocks = pooled(values.map((value, at) => ({ at, value, weight: weights[at]! })));
  // A block's weight tells how many it took: weights are looked up in their order.
  const out: number[] = [];
  for (const { weight, value } of blocks)
    for (let rest = weight; rest > 1e-9; rest -= weights[out.length - 1]!) out.push(value);
  return out;
}

test('adjacent violators are pooled as by hand, and as scikit-learn 1.9.1 does with weights', () => {
  assert.deepEqual(fitted([1, 3, 2, 2, 5, 4], [1, 1, 1, 1, 1, 1]), [1, 7 / 3, 7 / 3, 7 / 3, 4.5, 4.5]);
  assert.deepEqual(
    pooled([
      { at: 0.2, value: 0.5, weight: 1 },
      { at: 0.8, value: 0.1, weight: 3 },
    ]),
    [{ at: (0.2 + 3 * 0.8) / 4, value: 0.2, weight: 4 }],
  );
  // IsotonicRegression().fit_transform(range(10), values, sample_weight=weights)
  const values = [0.1, 0.4, 0.3, 0.2, 0.5, 0.45, 0.9, 0.7, 0.8, 0.05];
  const weights = [3, 1, 2, 5, 4, 1, 2, 7, 1, 1];
  const peer = [
    0.1, 0.25, 0.25, 0.25, 0.49, 0.49, 0.6863636363636363, 0.6863636363636363, 0.6863636363636363,
  ];
  fitted(values, weights).forEach((value, i) =>
    assert.ok(Math.abs(value - (peer[i] ?? peer.at(-1)!)) < 1e-12),
  );
});

test('an ascent goes through how often each probability came true, level outside, and is never 0', () => {
  // 0.11 came true in none of 2, 0.51 in 1 of 2, 0.71 in 1 of 4: the last two are one third of 6, at (2·0.51 + 4·0.71) / 6.
  const stated = [0.11, 0.11, 0.51, 0.51, 0.71, 0.71, 0.71, 0.71];
  const came = [false, false, true, false, true, false, false, false];
  const { at, value } = ascentOf(stated, came);
  const middle = (2 * 0.51 + 4 * 0.71) / 6;
  for (const [found, expected] of [
    [at, [0.11, middle]],
    [value, [1 / 10, 1 / 3]],
  ] as const)
    found.forEach((x, i) => assert.ok(Math.abs(x - expected[i]!) < 1e-12));
  assert.equal(along({ at, value }, 0), 1 / 10);
  assert.ok(Math.abs(along({ at, value }, 1) - 1 / 3) < 1e-12);
  assert.ok(Math.abs(along({ at, value }, (0.11 + middle) / 2) - (1 / 10 + 1 / 3) / 2) < 1e-12);
});

/** Rows of logits for up against down and flat, and outcomes by a chance of up that depends on what the logits say of it. */
function rowsBy(rows: number, seed: number, chance: (stated: number) => number): Validated {
  const random = new Random(seed);
  const logits = new Float32Array(rows * 9);
  const held: Held = {
    rows,
    classes: new Float32Array(rows * 9),
    targets: new Float32Array(rows * 3),
    known: new Float32Array(rows * 3).fill(1),
  };
  for (let cell = 0; cell < rows * 3; cell++) {
    const [down, flat, up] = [0, 0, 1.5 * random.normal()];
    logits.set([down, flat, up], cell * 3);
    const isUp = random.next() < chance(Math.exp(up) / (2 + Math.exp(up)));
    held.classes[cell * 3 + (isUp ? 2 : random.below(2))] = 1;
  }
  const logPriors = Array<number>(9).fill(THIRD);
  return { held, logits, logPriors, sharesApart: [1, 0.2, 1 / 24], sharpnessMax: 1.2 };
}

/** Twice as likely or more above one half, and never very likely. */
const broken = (stated: number): number => (stated < 0.5 ? 0.25 : stated < 0.8 ? 0.62 : 0.68);

function answersOf({ logits, held }: Validated, calibration: Calibration): Float32Array {
  return Float32Array.from(
    Array.from({ length: held.rows }, (_, row) =>
      [0, 1, 2].flatMap((horizon) => probabilitiesOf(logits, row, horizon, calibration)),
    ).flat(),
  );
}

test('isotonic calibration is kept where a sharpness cannot mend the probabilities, and with rows enough', () => {
  const validated = rowsBy(3_000, 4, broken);
  const calibration = calibrate(validated);
  // Over 4 hours and a day 600 and 125 rows have no time in common.
  assert.deepEqual(
    calibration.isotonic.map((ascents) => ascents !== undefined),
    [true, false, false],
  );
  assert.ok(calibrate(rowsBy(900, 4, broken)).isotonic.every((ascents) => ascents === undefined));
  const later = rowsBy(3_000, 5, broken);
  const plain = { ...calibration, isotonic: [undefined, undefined, undefined] };
  const loss = (own: Calibration): number => logLossOf(later.held, answersOf(later, own));
  assert.ok(loss(calibration) < loss(plain) - 0.003, `${loss(calibration)} and ${loss(plain)}`);
});

test('what calibrates a model is told by kind and horizon', () => {
  const one = calibratedBy('boosted', calibrate(rowsBy(3_000, 4, broken)));
  assert.deepEqual(one, { boosted: ['isotonic', 'sharpness', 'sharpness'] });
  assert.equal(
    calibrationInWords({ ...one, lstm: ['sharpness', 'sharpness', 'sharpness'] }),
    'by the sharpness of each horizon, and by isotonic regression after it: 1h of boosted',
  );
  const none = calibratedBy('forest', calibrate(rowsBy(900, 4, broken)));
  assert.equal(calibrationInWords(none), 'by the sharpness of each horizon alone');
});

test('probabilities that are right already, or say nothing, are left to the sharpness', () => {
  const kept = (chance: (stated: number) => number): number =>
    Array.from({ length: 20 }, (_, seed) => calibrate(rowsBy(1_500, seed, chance))).filter(
      ({ isotonic }) => isotonic[0] !== undefined,
    ).length;
  assert.ok(kept((stated) => stated) <= 1);
  assert.ok(kept(() => 1 / 3) <= 1);
  // Ups that were commoner for a while than before are no fault of the probabilities.
  assert.ok(kept(() => 0.45) <= 1);
});

test('the file answers what calibration does, beside horizons that have none, bit-equal at every batch size', async () => {
  const validated = rowsBy(3_000, 4, broken);
  const calibration = calibrate(validated);
  const g = new Graph();
  const p = calibrated(g, g.input('logits', ['batch', 9]), calibration);
  const file = g.encode('calibrated', [g.named(p, 'p')]);
  assert.equal(faultOf(file), undefined);
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
  const run = async (from: number, rows: number): Promise<Float32Array> => {
    const logits = new Tensor('float32', validated.logits.slice(from * 9, (from + rows) * 9), [rows, 9]);
    return (await session.run({ logits }))['p']!.data as Float32Array;
  };
  const rows = 512;
  const together = await run(0, rows);
  const own = answersOf(validated, calibration);
  together.forEach((x, i) => assert.ok(Math.abs(x - own[i]!) < 1e-5));
  for (const n of [1, 2, 3, 7, 16, 31, 33, 64])
    for (let from = 0; from + n <= rows; from += n)
      assert.deepEqual(await run(from, n), together.slice(from * 9, (from + n) * 9));
  await session.release();
});

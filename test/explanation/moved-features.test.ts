/** Which inputs moved a forecast: against what a model of known coefficients gives by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE, FEATURE_COUNT, columnOf } from '../../actors/features/catalogue.js';
import { CHANNEL_COUNT, SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';
import { drawValue, makeReference } from '../../engine/drift/reference.js';
import { movedFeatures, type MovedInputs } from '../../engine/explanation/moved-features.js';
import type { Inference } from '../../engine/inference/inference.js';
import { Random } from '../../engine/learning/random.js';

const ROWS = 4_000;
const [RSI, ADX, FLAG] = ['rsi_14', 'adx_14', 'session_london'].map(columnOf) as [number, number, number];

/** Training rows in which every feature is uniform over [0, 1) but for a flag that is 1 on a quarter of them. */
function trainingRows(): Float32Array {
  const random = new Random(5);
  return Float32Array.from({ length: ROWS * FEATURE_COUNT }, (_, i) =>
    i % FEATURE_COUNT === FLAG ? Number(random.next() < 0.25) : random.next(),
  );
}

const reference = makeReference(
  trainingRows(),
  FEATURE_COUNT,
  CATALOGUE.map(() => 1),
);

function answer(up: number): Inference {
  const third = [1 - up, 0, up];
  return {
    probabilities: [...third, ...third, ...third],
    returns: [0, 0, 0],
    embedding: new Float32Array(),
    reconstructionError: 0,
  };
}

/** Inputs whose model says up with 0.3 + 0.4 · rsi − 0.1 · adx + 0.08 · flag + 0.5 · first channel of the newest bar. */
function inputs(of: Partial<MovedInputs> = {}): MovedInputs {
  const row = new Float32Array(FEATURE_COUNT).fill(0.5);
  row[RSI] = 0.9;
  row[ADX] = 0.1;
  row[FLAG] = 1;
  return {
    row,
    sequence: undefined,
    reference,
    drawn: [],
    seed: 7,
    horizon: 1,
    share: 2,
    effectiveSampleSize: 0,
    infer: async (_, x, sequence) =>
      await Promise.resolve(
        answer(
          0.3 +
            0.4 * x[RSI]! -
            0.1 * x[ADX]! +
            0.08 * x[FLAG]! +
            0.5 * (sequence?.[SEQUENCE_SIZE - CHANNEL_COUNT] ?? 0),
        ),
      ),
    ...of,
  };
}

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 0.006, `${actual} instead of ${expected}`);

test('an input moves a forecast by its coefficient times its distance from the mean of training', async () => {
  const moved = await movedFeatures(inputs(), 10);
  assert.deepEqual(
    moved.map(({ name, kind }) => `${kind} ${name}`),
    ['feature rsi_14', 'feature session_london', 'feature adx_14'],
  );
  // 0.4 · (0.9 − 0.5), 0.08 · (1 − 0.25) and −0.1 · (0.1 − 0.5).
  near(moved[0]!.change, 0.16);
  near(moved[1]!.change, 0.06);
  near(moved[2]!.change, 0.04);
  assert.ok(Math.abs(moved[0]!.value - 0.9) < 1e-6);
});

test('what speaks against the direction has a negative sign, and moments beside the model take their part', async () => {
  const down = await movedFeatures(inputs({ share: 0, effectiveSampleSize: 25 }), 1);
  // The model weighs 100 of 125 observations.
  near(down[0]!.change, -0.16 * 0.8);
  assert.equal(down.length, 1);
});

test('the same seed gives the same figures, another one others', async () => {
  const first = await movedFeatures(inputs(), 10);
  assert.deepEqual(await movedFeatures(inputs(), 10), first);
  assert.notDeepEqual(await movedFeatures(inputs({ seed: 8 }), 10), first);
});

test('channels of the last bars are replaced by those of earlier bars', async () => {
  const sequence = new Float32Array(SEQUENCE_SIZE);
  sequence[SEQUENCE_SIZE - CHANNEL_COUNT] = 0.2;
  const drawn = [0, 0.1, -0.1, -0.2].map((first) => new Float32Array(SEQUENCE_SIZE).fill(first));
  const [strongest] = await movedFeatures(inputs({ sequence, drawn }), 1);
  assert.equal(strongest!.name, 'rsi_14');
  const all = await movedFeatures(inputs({ sequence, drawn }), 10);
  const channel = all.find(({ kind }) => kind === 'channel')!;
  assert.equal(channel.name, 'return');
  // 0.5 · (0.2 − (−0.05)).
  near(channel.change, 0.125);
});

test('draws of a column have the distribution of training, its rare values and its unknown ones', () => {
  const values = Array.from({ length: 1_000 }, (_, i) => (i % 10 === 0 ? NaN : i % 4));
  const narrow = makeReference(Float32Array.from(values), 1, [1]);
  const random = new Random(3);
  const drawn = Array.from({ length: 20_000 }, () => drawValue(narrow, 0, random.next(), random.next()));
  for (const value of [NaN, 0, 1, 2, 3]) {
    const share = (of: readonly number[]): number => of.filter((x) => Object.is(x, value)).length / of.length;
    near(share(drawn) / 2, share(values) / 2);
  }
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { InferenceSession, Tensor } from '../../engine/onnx-runtime.js';
import { CHANNEL_COUNT, SEQUENCE_BARS, SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';
import { SuhoError } from '../../engine/errors.js';
import { adaptModel, type ImportMapping } from '../../engine/learning/imported-model.js';

const FOLDER = new URL('../../../test/data/import/', import.meta.url);
const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`${name}.onnx`, FOLDER));

/** Made by test/data/import/make_sequence.py: what PyTorch itself answers. */
const expected = JSON.parse(readFileSync(new URL('sequence-answers.json', FOLDER), 'utf8')) as number[][];

const PLAIN: ImportMapping = {
  contract: 'sequence',
  task: 'directions',
  horizon: 1,
  output: undefined,
  features: undefined,
  fill: undefined,
  isLogits: true,
  classes: [-1, 0, 1],
  classReturns: [-0.002, 0, 0.001],
  flatShare: 0,
  deviation: undefined,
  deadZone: 0,
};

test('an LSTM of PyTorch answers sequences as PyTorch does, in the columns of its horizon', async () => {
  const rows = expected.length;
  const sequences = Float32Array.from({ length: rows * SEQUENCE_SIZE }, (_, at) => {
    const [r, i] = [Math.floor(at / SEQUENCE_SIZE), at % SEQUENCE_SIZE];
    return (i + r) % 101 === 0 ? NaN : Math.sin(0.37 * i + r);
  });
  const { bytes } = adaptModel(bytesOf('torch-lstm'), PLAIN, {});
  const session = await InferenceSession.create(bytes);
  const { probabilities, returns } = await session.run({
    sequence: new Tensor('float32', sequences, [rows, SEQUENCE_BARS, CHANNEL_COUNT]),
  });
  await session.release();
  const third = 1 / 3;
  expected.forEach((answer, row) => {
    const wanted = [third, third, third, ...answer, third, third, third];
    wanted.forEach((p, i) => assert.ok(Math.abs(Number(probabilities!.data[row * 9 + i]) - p) < 1e-5));
    const r = -0.002 * answer[0]! + 0.001 * answer[2]!;
    [0, r, 0].forEach((x, i) => assert.ok(Math.abs(Number(returns!.data[row * 3 + i]) - x) < 1e-7));
  });
});

test('a file of sequences that does not fit is refused in one sentence that says what to do', () => {
  const refused = (name: string, mapping: Partial<ImportMapping>, words: RegExp): void => {
    assert.throws(
      () => adaptModel(bytesOf(name), { ...PLAIN, ...mapping }, {}),
      (error: unknown) =>
        error instanceof SuhoError && error.code === 'BAD_MODEL' && words.test(error.message),
      name,
    );
  };
  refused('bad-sequence-bars', {}, /takes 16 bars, and a sequence has 32, oldest bar first/);
  refused('bad-sequence-channels', {}, /takes 7 channels, and a sequence has 22/);
  refused(
    'bad-sequence-fixed',
    {},
    /takes 5 rows at a time; export it with a free \(dynamic\) first dimension/,
  );
  refused('torch', {}, /has 2 dimensions; sequences have three: rows, 32 bars, 22 channels/);
  refused('torch-lstm', { contract: 'row' }, /has 3 dimensions; rows of features have two/);
  refused('torch-lstm', { features: ['rsi_14'] }, /the sequence contract has channels; leave --features out/);
  refused('torch-lstm', { task: 'updown' }, /has 3 numbers a row; updown takes 1 or 2/);
});

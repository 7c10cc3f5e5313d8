import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CATALOGUE, FEATURE_COUNT, columnOf } from '../../actors/features/catalogue.js';
import { SuhoError } from '../../engine/errors.js';
import { adaptModel, inspectImport, type ImportMapping } from '../../engine/learning/imported-model.js';
import { runModel } from '../../engine/learning/network.js';
import { PLAIN_MAPPING, plainPredictor, rowOf } from '../support/models.js';

const FOLDER = new URL('../../../test/data/import/', import.meta.url);
const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`${name}.onnx`, FOLDER));

interface Answer {
  readonly rows: readonly (readonly (number | null)[])[];
  readonly outputs: readonly (readonly number[])[];
}

/** Made by test/data/import/make.py: what each library itself answers. */
const { features, ...answers } = JSON.parse(readFileSync(new URL('answers.json', FOLDER), 'utf8')) as Record<
  string,
  Answer
> & { features: readonly string[] };

const PLAIN: ImportMapping = { ...PLAIN_MAPPING, horizon: 1, features };

/** What an adapted file answers to the rows of a library. */
async function answered(
  name: string,
  mapping: Partial<ImportMapping>,
): Promise<{ probabilities: number[][]; returns: number[][]; expected: Answer['outputs'] }> {
  const { rows, outputs } = answers[name]!;
  const inputs = new Float32Array(rows.length * FEATURE_COUNT).fill(NaN);
  rows.forEach((row, r) =>
    features.forEach((feature, i) => (inputs[r * FEATURE_COUNT + columnOf(feature)] = row[i] ?? NaN)),
  );
  const { bytes } = adaptModel(bytesOf(name), { ...PLAIN, ...mapping }, {});
  const split = (flat: Float32Array, width: number): number[][] =>
    rows.map((_, r) => [...flat.subarray(r * width, (r + 1) * width)]);
  return {
    probabilities: split(await runModel(bytes, inputs, rows.length, 'probabilities', 9), 9),
    returns: split(await runModel(bytes, inputs, rows.length, 'returns', 3), 3),
    expected: outputs,
  };
}

const near = (found: readonly number[], expected: readonly number[], within = 1e-5): void =>
  expected.forEach((x, i) =>
    assert.ok(Math.abs(found[i]! - x) <= within, `${found.join()} for ${expected.join()}`),
  );

const THIRDS = [1 / 3, 1 / 3, 1 / 3];

test('a classifier of three classes gives the probabilities of the library it came from, in the columns of its horizon', async () => {
  for (const [name, isLogits] of [
    ['sklearn-logistic', false],
    ['xgboost', false],
    ['torch', true],
  ] as const) {
    const { probabilities, returns, expected } = await answered(name, {
      isLogits,
      classReturns: [-0.002, 0, 0.001],
    });
    assert.equal(expected.length, 12);
    expected.forEach((answer, row) => {
      near(probabilities[row]!, [...THIRDS, ...answer, ...THIRDS]);
      near(returns[row]!, [0, -0.002 * answer[0]! + 0.001 * answer[2]!, 0], 1e-7);
    });
  }
});

test('the order of the classes is the one that is stated', async () => {
  const { probabilities, expected } = await answered('sklearn-logistic', { classes: [1, 0, -1], horizon: 2 });
  expected.forEach(([a, b, c], row) => near(probabilities[row]!, [...THIRDS, ...THIRDS, c!, b!, a!]));
});

test('a classifier of down and up leaves flat the share that is stated', async () => {
  for (const name of ['sklearn-forest', 'lightgbm']) {
    const { probabilities, expected } = await answered(name, { task: 'updown', horizon: 0, flatShare: 0.2 });
    expected.forEach(([down, up], row) =>
      near(probabilities[row]!, [0.8 * down!, 0.2, 0.8 * up!, ...THIRDS, ...THIRDS]),
    );
  }
});

test('a regressor of returns gives them, and the chances that errors of its deviation leave', async () => {
  const { probabilities, returns, expected } = await answered('sklearn-ridge', {
    task: 'return',
    deviation: 0.001,
    deadZone: 0.0002,
  });
  // The error function of Abramowitz & Stegun 7.1.26, good to 1.5e-7.
  const erf = (x: number): number => {
    const t = 1 / (1 + 0.3275911 * Math.abs(x));
    const series =
      ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    return Math.sign(x) * (1 - series * Math.exp(-x * x));
  };
  const beyond = (r: number): number => 0.5 * (1 + erf((r - 0.0002) / (0.001 * Math.SQRT2)));
  expected.forEach(([r], row) => {
    near(returns[row]!, [0, r!, 0], 1e-8);
    const [down, up] = [beyond(-r!), beyond(r!)];
    near(probabilities[row]!.slice(3, 6), [down, 1 - down - up, up], 1e-5);
  });
  assert.throws(() => adaptModel(bytesOf('sklearn-ridge'), { ...PLAIN, task: 'return' }, {}), /--deviation/);
});

test('what is not known reaches the model as the number that is stated', async () => {
  const { rows } = answers['xgboost']!;
  const { bytes } = adaptModel(bytesOf('sklearn-logistic'), { ...PLAIN, fill: 0 }, {});
  const at = rows.findIndex((row) => row.includes(null));
  const inputs = new Float32Array(2 * FEATURE_COUNT);
  features.forEach((feature, i) => {
    inputs[columnOf(feature)] = rows[at]![i] ?? NaN;
    inputs[FEATURE_COUNT + columnOf(feature)] = rows[at]![i] ?? 0;
  });
  const found = await runModel(bytes, inputs, 2, 'probabilities', 9);
  assert.deepEqual(found.slice(0, 9), found.slice(9));
  assert.ok(found.every(Number.isFinite));
});

test('a file that keeps the contract is taken as it is, whatever its values are called', async () => {
  const { bytes } = adaptModel(
    plainPredictor(),
    { ...PLAIN, task: 'contract', features: undefined },
    { trainedThrough: '1' },
  );
  const found = await runModel(bytes, rowOf(0.25), 1, 'probabilities', 9);
  near([...found], [0.2, 0.3, 0.5, 0.2, 0.3, 0.5, 0.2, 0.3, 0.5]);
  near([...(await runModel(bytes, rowOf(0.25), 1, 'returns', 3))], [0.25, 0.25, 0.25]);
  assert.equal(inspectImport(bytes).metadata['trainedThrough'], '1');
});

test('what does not fit is one sentence that says what to do', () => {
  const refused = (name: string, mapping: Partial<ImportMapping>, words: RegExp): void => {
    assert.throws(
      () => adaptModel(bytesOf(name), { ...PLAIN, ...mapping }, {}),
      (error: unknown) => {
        assert.ok(error instanceof SuhoError && error.code === 'BAD_MODEL', String(error));
        assert.match(error.message, words);
        return true;
      },
    );
  };
  refused(
    'xgboost',
    { features: undefined },
    new RegExp(`takes 5 features a row and is to be given ${CATALOGUE.length}; name those`),
  );
  refused('xgboost', { features: ['rsi_14', 'moon'] }, /takes "moon", which the catalogue does not have/);
  refused('xgboost', { task: 'updown' }, /has 3 numbers a row; updown takes 1 or 2/);
  refused('xgboost', { output: 'prob' }, /no output "prob" of floats; there is "probabilities"/);
  refused(
    'xgboost',
    { task: 'contract' },
    /its output "probabilities" has 3 numbers a row; the contract has 9|no output "returns"/,
  );
  refused('sklearn-logistic', { task: 'updown' }, /has 3 numbers a row; updown takes 1 or 2/);
  refused('bad-shape', {}, /its output "Y" has 4 numbers a row; directions takes 3/);
  refused('bad-two-inputs', {}, /it has 2 inputs; a model takes one/);
  refused('bad-fixed-batch', {}, /takes 1 rows at a time; export it with a free \(dynamic\) first dimension/);
  refused('bad-endless', {}, /it uses Loop, whose running time has no bound/);
  refused('bad-external', {}, /it keeps data in other files; save it as one file/);
  refused('bad-custom', {}, /it uses operators of com\.example; only standard ones are allowed/);
  assert.throws(
    () => adaptModel(new Uint8Array([1, 2, 3]), PLAIN, {}),
    /cannot be imported: it cannot be read/,
  );
});

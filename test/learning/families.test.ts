import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SEQUENCE_VERSION } from '../../actors/features/sequence-channels.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { heldRows, logLossOf, priors } from '../../engine/learning/calibration.js';
import { buildDataset, type Dataset } from '../../engine/learning/dataset.js';
import { choose, familiesFor } from '../../engine/learning/families/auto.js';
import { BOOSTED_RULES, boosted, boostedTrees } from '../../engine/learning/families/boosted.js';
import { MEMBERS, membersFor, stack } from '../../engine/learning/families/ensemble.js';
import { familyOf } from '../../engine/learning/families/families.js';
import type { Fitted, Split } from '../../engine/learning/families/family.js';
import { FOREST_RULES, forest, randomForest } from '../../engine/learning/families/forest.js';
import { lstm } from '../../engine/learning/families/lstm.js';
import { TRAINABLE } from '../../engine/learning/families/names.js';
import { transformer } from '../../engine/learning/families/transformer.js';
import { classesOf } from '../../engine/learning/families/tree-model.js';
import { predict } from '../../engine/learning/predict.js';
import { faultOf } from '../../engine/learning/onnx/model-inspection.js';
import { summariseOnnx } from '../../engine/learning/onnx/model-format.js';
import { Random } from '../../engine/learning/random.js';
import { holdOut } from '../../engine/learning/split.js';
import { Binning } from '../../engine/learning/trees/binning.js';
import { boost, logitsOf } from '../../engine/learning/trees/booster.js';
import { inventedBars } from '../support/markets.js';

const SEED = 7;

interface Case {
  readonly dataset: Dataset;
  readonly split: Split;
}

/** A market in which each bar goes the way of the last with some chance; some features are missing now and then. */
function planted(bars: number, momentum: number, seed: number): Case {
  const dataset = buildDataset(inventedBars(bars, { momentum, seed }), BarGrid.of('1h'));
  for (let i = 0; i < dataset.features.length; i += 101) dataset.features[i] = NaN;
  return { dataset, split: holdOut(dataset, Math.floor(dataset.rows * 0.8), 0.2) };
}

const market = planted(1_900, 0.7, 21);
const fits = new Map(
  await Promise.all(
    TRAINABLE.map(async (name) => {
      const fitted = await familyOf(name).fit(market.dataset, market.split, { seed: SEED });
      return [name, fitted] as const;
    }),
  ),
);
const members = membersFor(market.split).map(({ name }) => fits.get(name)!);

async function answers(
  fitted: Fitted,
  rows: number,
  output: 'probabilities' | 'returns',
): Promise<Float32Array> {
  const width = output === 'probabilities' ? 9 : 3;
  return await predict(fitted.toOnnx(), market.dataset, { from: 0, to: rows }, output, width);
}

/** What a file must hold, so that its network and not only the path around it is compared. */
const NETWORK: Readonly<Record<string, string>> = { lstm: 'Tanh', transformer: 'Relu' };

/** Each kind, and a mixture of rows and sequences: of so few rows the ensemble takes no sequences. */
const compared: readonly (readonly [string, Fitted])[] = [
  ...fits,
  [
    'a mixture of all',
    stack({
      judged: MEMBERS.map(({ name }) => {
        const fitted = fits.get(name)!;
        return { fitted, probabilities: fitted.validated.probabilities };
      }),
      held: heldRows(market.dataset, market.split.validation, [1, 1, 1]),
      sharesApart: [1, 1, 1],
    }),
  ],
];

for (const [name, fitted] of compared) {
  test(`${name}: its file says of the validation rows what its trainer says of them without it`, async () => {
    const file = fitted.toOnnx();
    const { operators, metadata } = summariseOnnx(file);
    assert.ok(NETWORK[name] === undefined || operators.includes(NETWORK[name]), operators.join());
    const { validation } = market.split;
    for (const [output, width, within] of [
      ['probabilities', 9, 1e-5],
      // Returns are of the order of 0.001.
      ['returns', 3, 1e-8],
    ] as const) {
      const own = fitted.validated[output];
      assert.equal(own.length, (validation.to - validation.from) * width);
      assert.ok(new Set(own).size > 100, 'rows are told apart');
      const served = await predict(file, market.dataset, validation, output, width);
      served.forEach((x, i) => assert.ok(Math.abs(x - own[i]!) < within, `${output} ${i}: ${x}, ${own[i]!}`));
    }
    // 290 validation rows are too few for isotonic regression.
    const alone = ['sharpness', 'sharpness', 'sharpness'];
    const calibration = JSON.parse(metadata['calibration']!) as Readonly<Record<string, unknown>>;
    for (const by of Object.values(calibration)) assert.deepEqual(by, alone);
    const kinds = Object.keys(calibration);
    if (name === 'a mixture of all')
      assert.deepEqual(
        kinds,
        MEMBERS.map((each) => each.name),
      );
    else if (fitted.family !== 'ensemble') assert.deepEqual(kinds, [fitted.family]);
  });
}

for (const name of TRAINABLE) {
  test(`${name}: one sound file that names its kind, the same again for the same seed, and bit-equal at every batch size`, async () => {
    const fitted = fits.get(name)!;
    const again = await familyOf(name).fit(market.dataset, market.split, { seed: SEED });
    const file = fitted.toOnnx({ horizons: 'x' });
    assert.deepEqual(again.toOnnx({ horizons: 'x' }), file);
    assert.equal(faultOf(file), undefined);
    const { metadata } = summariseOnnx(file);
    const sequence = fitted.takesSequence ? { sequenceVersion: SEQUENCE_VERSION } : {};
    const calibration = JSON.stringify(fitted.calibratedBy);
    assert.deepEqual(metadata, { horizons: 'x', family: fitted.family, calibration, ...sequence });
    if (name === 'lstm' || name === 'transformer') assert.ok(fitted.takesSequence);
    assert.ok(name === 'auto' || fitted.family === name);
    const together = await answers(fitted, 64, 'probabilities');
    for (let row = 0; row < 64; row++)
      for (let horizon = 0; horizon < 3; horizon++) {
        const at = row * 9 + horizon * 3;
        const p = together.subarray(at, at + 3);
        assert.ok(p.every((x) => x >= 0 && x <= 1) && Math.abs(p[0]! + p[1]! + p[2]! - 1) < 1e-5);
      }
    for (const output of ['probabilities', 'returns'] as const) {
      const all = await answers(fitted, 64, output);
      for (const rows of [1, 2, 3, 16, 33, 63]) {
        const part = await answers(fitted, rows, output);
        assert.deepEqual(part, all.subarray(0, part.length), `${output} at batch ${rows}`);
      }
    }
  });
}

test('each kind finds a planted edge on rows it has not seen', async () => {
  const { dataset } = market;
  // Each bar goes the way of the last with a chance of 70 %.
  const from = Math.floor(dataset.rows * 0.8) + 24;
  for (const [name, fitted] of fits) {
    const probabilities = await answers(fitted, dataset.rows, 'probabilities');
    let right = 0;
    let moves = 0;
    for (let row = from; row < dataset.rows; row++) {
      const direction = dataset.directions[row * 3]!;
      if (!(Math.abs(direction) === 1)) continue;
      moves++;
      if (Math.sign(probabilities[row * 9 + 2]! - probabilities[row * 9]!) === direction) right++;
    }
    const edge = (right / moves - 0.5) / 0.2;
    // Some kinds want more rows than these; auto tries them only then.
    const most = familyOf(name).rowsMin > market.split.train.to ? 0.7 : 0.8;
    assert.ok(edge > most, `${name} took ${(100 * edge).toFixed(0)} % of it`);
  }
});

test('auto says what each kind was worth on the validation rows; the ensemble is a mixture of all', async () => {
  const { dataset, split } = market;
  const chosen = fits.get('auto')!;
  assert.deepEqual(
    chosen.trials.map(({ family }) => family),
    ['perceptron', 'boosted', 'forest', 'ensemble'],
  );
  assert.deepEqual(
    chosen.trials.filter(({ isChosen }) => isChosen).map(({ family }) => family),
    [chosen.family],
  );
  const held = heldRows(dataset, split.validation, [1, 1, 1]);
  for (const { family, logLoss, baseLogLoss } of chosen.trials) {
    assert.ok(logLoss < baseLogLoss);
    if (family === 'ensemble') continue;
    const all = await answers(fits.get(family)!, split.validation.to, 'probabilities');
    assert.ok(Math.abs(logLossOf(held, all.subarray(split.validation.from * 9)) - logLoss) < 1e-6);
  }
  const mixed = await answers(fits.get('ensemble')!, 200, 'probabilities');
  const parts = await Promise.all(members.map(async (f) => await answers(f, 200, 'probabilities')));
  mixed.forEach((p, i) => {
    const own = parts.map((each) => each[i]!);
    assert.ok(p >= Math.min(...own) - 1e-6 && p <= Math.max(...own) + 1e-6);
  });
});

test('auto keeps a kind that leads alone, and the mean of those that the validation rows cannot tell apart', async () => {
  const { dataset, split } = market;
  const held = heldRows(dataset, split.validation, [1, 1, 1]);
  const logPriors = priors(dataset, split.train);
  const [first, second] = [fits.get('boosted')!, fits.get('forest')!];
  const validated = (await answers(first, split.validation.to, 'probabilities')).subarray(
    split.validation.from * 9,
  );
  const base = validated.map((_, i) => Math.exp(logPriors[i % 9]!));
  const chooseOf = (probabilities: Float32Array): Fitted => {
    const judged = [
      { fitted: first, probabilities: validated },
      { fitted: second, probabilities },
    ];
    return choose({ judged, held, sharesApart: [1, 0.25, 1 / 24] }, logPriors);
  };
  const alone = chooseOf(base);
  assert.equal(alone.family, 'boosted');
  assert.deepEqual(
    alone.trials.map(({ isChosen }) => isChosen),
    [true, false, false],
  );
  const both = chooseOf(validated);
  assert.equal(both.family, 'ensemble');
  assert.deepEqual(
    both.trials.map(({ isChosen }) => isChosen),
    [false, false, true],
  );
  for (const output of ['probabilities', 'returns'] as const) {
    const [one, other, mean] = await Promise.all(
      [first, second, both].map(async (fitted) => await answers(fitted, 100, output)),
    );
    mean!.forEach((x, i) => assert.ok(Math.abs(x - (one![i]! + other![i]!) / 2) < 1e-6));
  }
});

test('auto leaves out what has too few rows or does not fit the budget, and always keeps one', () => {
  const names = (rows: number, trainTo: number, seconds: number): unknown[] =>
    familiesFor(3 * rows, { ...market.split, train: { from: 0, to: trainTo } }, seconds).map(
      ({ name }) => name,
    );
  const all = ['perceptron', 'boosted', 'forest', 'lstm', 'transformer'];
  assert.deepEqual(names(8_000, 4_000, 180), all);
  assert.deepEqual(names(20_000, 10_000, 180), all.slice(0, 4));
  assert.deepEqual(names(2_000, 1_000, 180), all.slice(0, 3));
  assert.deepEqual(names(2_000, 200, 180), ['perceptron']);
  assert.deepEqual(names(100_000, 50_000, 200), ['perceptron', 'boosted']);
  assert.deepEqual(names(100_000, 50_000, 0.1), ['perceptron']);
});

test('a training that is told to stop ends at its next step, whatever its kind', async () => {
  const stop = (): void => {
    throw new Error('stopped');
  };
  for (const name of TRAINABLE)
    await assert.rejects(
      async () => await familyOf(name).fit(market.dataset, market.split, { seed: SEED, beforeStep: stop }),
      /stopped/,
    );
});

test('rows without a known outcome, of one class, or with constant features still give a file with base rates', async () => {
  const { dataset, split } = planted(1_200, 0.5, 3);
  const cases: readonly Dataset[] = [
    { ...dataset, directions: dataset.directions.map((d, i) => (i % 3 === 2 ? NaN : d)) },
    { ...dataset, directions: dataset.directions.map((d, i) => (i % 3 === 0 ? 1 : d)) },
    {
      ...dataset,
      features: new Float32Array(dataset.features.length).fill(3),
      channels: new Float32Array(dataset.channels.length).fill(3),
    },
  ];
  for (const [i, each] of cases.entries())
    for (const family of [boosted, forest, lstm, transformer]) {
      const fitted = await family.fit(each, split, { seed: SEED });
      // A network that adds nothing is left out of the file.
      if (i === 2 && family === lstm) assert.ok(fitted.takesSequence && fitted.toOnnx().length < 4_000);
      const rows = 20;
      const p = await predict(fitted.toOnnx(), dataset, { from: 0, to: rows }, 'probabilities', 9);
      assert.ok(p.every(Number.isFinite));
      const base = priors(each, split.train).map(Math.exp);
      if (i !== 1)
        p.slice(18, 27).forEach((x, c) => (i === 0 && c < 6) || assert.ok(Math.abs(x - base[c]!) < 0.03));
      if (i === 1) assert.ok(p[2]! > 0.9);
    }
});

test('trees by other rules name them, and a column that is constrained upwards never lowers a logit', async () => {
  const { dataset, split } = market;
  const few = await randomForest({ ...FOREST_RULES, trees: 2 }).fit(dataset, split, { seed: SEED });
  assert.deepEqual(few.made.hyperparameters, { ...FOREST_RULES, trees: 2 });
  const monotone = new Int8Array(FEATURE_COUNT).fill(1);
  const rules = { ...BOOSTED_RULES, rounds: 4, patience: 4 };
  const fitted = await boostedTrees({ ...rules, monotone }).fit(dataset, split, { seed: SEED });
  assert.deepEqual(fitted.made.hyperparameters, rules);
  const binning = Binning.of(dataset.features, FEATURE_COUNT, split.train, rules.bins);
  const bins = binning.bin(dataset.features, split.train);
  const classes = classesOf(dataset, split.train, 0);
  const booster = boost(
    binning,
    { bins, classes },
    undefined,
    [0, 0, 0],
    { ...rules, monotone },
    { seed: SEED },
  );
  assert.equal(booster.rounds.length, 4);
  for (let row = 0; row < 200; row++) {
    const low = dataset.features.slice(row * FEATURE_COUNT, (row + 1) * FEATURE_COUNT);
    const high = low.map((x, column) => x + (column % 3) * 0.1 * Math.abs(x));
    const after = logitsOf(booster, high, 0);
    logitsOf(booster, low, 0).forEach((logit, c) => assert.ok(after[c]! >= logit - 1e-6));
  }
});

test('models of sequences find what no indicator holds: the way of the bar 15 bars ago, and the product of the last two ways', async () => {
  for (const rule of [
    (ways: readonly number[]) => ways.at(-15)!,
    (ways: readonly number[]) => ways.at(-1)! * ways.at(-2)!,
  ]) {
    const random = new Random(5);
    const ways: number[] = Array.from({ length: 15 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const bars = inventedBars(2_600, { seed: 6 }).map((bar) => {
      const said = rule(ways);
      const way = random.next() < 0.7 ? said : -said;
      ways.push(way);
      const size = bar.high - bar.low;
      const close = bar.open + way * size * (0.3 + 0.6 * random.next());
      return {
        ...bar,
        close,
        high: Math.max(bar.open, close) + size / 10,
        low: Math.min(bar.open, close) - size / 10,
      };
    });
    const dataset = buildDataset(bars, BarGrid.of('1h'));
    const split = holdOut(dataset, Math.floor(dataset.rows * 0.8), 0.2);
    const fitted = await lstm.fit(dataset, split, { seed: SEED });
    const p = await predict(fitted.toOnnx(), dataset, { from: 0, to: dataset.rows }, 'probabilities', 9);
    let right = 0;
    let moves = 0;
    for (let row = Math.floor(dataset.rows * 0.8) + 24; row < dataset.rows; row++) {
      const direction = dataset.directions[row * 3]!;
      if (Math.abs(direction) !== 1) continue;
      moves++;
      if (Math.sign(p[row * 9 + 2]! - p[row * 9]!) === direction) right++;
    }
    assert.ok((right / moves - 0.5) / 0.2 > 0.8, `${right} of ${moves}`);
  }
});

import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { CATALOGUE, FEATURE_COUNT, FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { SEQUENCE_VERSION } from '../../actors/features/sequence-channels.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { WARM_UP_BARS } from '../../actors/signal-actor.js';
import { buildDataset, sequenceOf } from '../../engine/learning/dataset.js';
import { withPostgres } from '../../engine/cli/postgres-session.js';
import type { ModelRecord } from '../../engine/registry/model-registry.js';
import { PostgresModelRegistry } from '../../engine/registry/postgres-model-registry.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand, type CommandResult } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { exportedModel, withMetadata } from '../support/imported-models.js';
import { inventedBars, toCsv } from '../support/markets.js';
import { plainPredictor } from '../support/models.js';
import { TestClient, eventually, protoBars, serve, type SignalUpdate } from '../support/served.js';

const HOUR = 3_600_000;
const bars = inventedBars(1_300, { momentum: 0.7, seed: 31 });
const THROUGH = String(bars[1_000]!.openTime + HOUR);
const FEATURES = ['--features', 'rsi_14,atr_14,adx_14,macd,hour_sin'];

function importArgs(name: string, data: string, ...more: readonly string[]): string[] {
  return [
    'models',
    'import',
    name,
    '--contract',
    'row',
    '--symbol',
    'EURUSD',
    '--timeframe',
    '1h',
    '--data',
    data,
    '--feature-set',
    FEATURE_SET_VERSION,
    '--trained-through',
    THROUGH,
    '--json',
    ...more,
  ];
}

/** Versions and statuses of the registry of a data folder, by training. */
const versions = async (data: string): Promise<unknown[]> =>
  await withPostgres({ data }, async (connection) => {
    const registry = new PostgresModelRegistry(connection);
    try {
      const models = await registry.list({
        tenantId: 'platform',
        feed: 'file',
        symbol: 'EURUSD',
        timeframe: '1h',
      });
      return models.map(({ version, status }) => [version, status]);
    } finally {
      await registry.close();
    }
  });

test('a model of another library is scored, staged, promoted and served; what is wrong registers nothing', async (t) => {
  const folder = temporaryFolder(t);
  const data = path.join(folder, 'data');
  const csv = path.join(folder, 'eurusd.csv');
  writeFileSync(csv, toCsv(bars.slice(0, 1_250)));
  const directions = ['--task', 'directions', '--horizon', '1h', ...FEATURES];

  const none = await runCommand(importArgs(exportedModel('xgboost'), data, ...directions));
  assert.match(none.stderr, /has no encoder for similar moments yet: give its bars with --evaluate FILE/);
  assert.equal(none.code, 2);

  const made = await runCommand(importArgs(exportedModel('xgboost'), data, ...directions, '--evaluate', csv));
  assert.equal(made.code, 0, made.stderr);
  const record = JSON.parse(made.stdout) as ModelRecord;
  assert.equal(record.version, 'v1.0.0');
  assert.equal(record.family, 'imported');
  assert.match(record.architecture, /^imported from OnnxMLTools/);
  // Rows that close after what it was trained on; the last has no outcome yet.
  assert.equal(record.scores[0]!.samples, 1_250 - 1_001 - 1);
  assert.deepEqual(record.edge, [false, false, false], 'it was fitted to noise');
  assert.deepEqual(await versions(data), [['v1.0.0', 'staging']]);

  // Another kind of model is a new major version, the same kind again a patch; nothing but the first needs bars.
  const torch = ['--task', 'directions', '--horizon', '1h', '--logits', ...FEATURES];
  for (const [name, args, version] of [
    ['torch', torch, 'v2.0.0'],
    ['torch', torch, 'v2.0.1'],
  ] as const) {
    const next = await runCommand(importArgs(exportedModel(name), data, ...args));
    assert.equal(next.code, 0, next.stderr);
    assert.equal((JSON.parse(next.stdout) as ModelRecord).version, version);
  }
  const before = await versions(data);

  const large = path.join(folder, 'large.onnx');
  writeFileSync(large, '');
  truncateSync(large, 2 * 2 ** 30);
  const refusals: Refusal[] = [
    [importArgs(large, data, ...directions), /it has 2147483648 bytes; a model may have 268435456/],
    [
      importArgs(exportedModel('bad-endless'), data, ...directions),
      /it uses Loop, whose running time has no bound/,
    ],
    [importArgs(exportedModel('bad-nan'), data, ...directions), /answered out of range: probabilities NaN/],
    [importArgs(exportedModel('bad-no-distribution'), data, ...directions), /answered out of range/],
    [importArgs(exportedModel('bad-shape'), data, ...directions), /has 4 numbers a row; directions takes 3/],
    [
      importArgs(exportedModel('sklearn-logistic'), data, ...directions),
      /answered out of range: probabilities NaN.*--fill/,
    ],
    [
      importArgs(exportedModel('xgboost'), data, '--task', 'updown', '--horizon', '1h', ...FEATURES),
      /updown takes 1 or 2/,
    ],
    [
      importArgs(exportedModel('xgboost'), data, ...FEATURES),
      /Neither --task nor the file's metadata says what the output is/,
    ],
    [
      importArgs(exportedModel('xgboost'), data, ...directions, '--feature-set', 'fs1-0'),
      /trained on feature set fs1-0, and this engine computes/,
    ],
    [
      importArgs(exportedModel('xgboost'), data, ...directions, '--trained-from', '2030-01-01'),
      /--trained-from is later than --trained-through/,
    ],
    [importArgs(folder, data, ...directions), /is no file/],
    [
      importArgs(exportedModel('bad-operator'), data, ...directions),
      /cannot be imported: it does not run \(/,
    ],
    [importArgs(path.join(folder, 'none.onnx'), data, ...directions), /none\.onnx cannot be read/],
    [importArgs(csv, data, ...directions), /cannot be imported: it cannot be read/],
    [
      importArgs(
        exportedModel('xgboost'),
        data,
        ...directions,
        '--evaluate',
        csv,
        '--trained-through',
        '2030-01-01',
      ),
      /bars to evaluate on end before or with those the model was trained on/,
    ],
  ];
  refusals.push(...learnedOtherwise(folder, data));
  for (const [args, words] of refusals) {
    const { code, stdout, stderr }: CommandResult = await runCommand(args);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, words);
    assert.doesNotMatch(stderr, /\n {4}at |Error:/);
  }
  assert.deepEqual(await versions(data), before, 'nothing of it is registered');

  const { signal } = await servedSignal(t, data, record);
  assert.equal(signal.model!.model_id, record.modelId);
  assert.equal(signal.model!.version, 'v1.0.0');
});

type Refusal = readonly [args: readonly string[], words: RegExp];

/** Files whose metadata say that they learned something else than they are imported for. */
function learnedOtherwise(folder: string, data: string): Refusal[] {
  const own = path.join(folder, 'own.onnx');
  writeFileSync(own, plainPredictor());
  const cases: readonly (readonly [Readonly<Record<string, string>>, string, RegExp])[] = [
    [{ horizon: '4h' }, '--task directions --horizon 1h', /trained on labels over 4h, not on 1h\.$/m],
    [{ horizon: '2h' }, '--task directions', /trained on labels over 2h, not on one of 1h, 4h, 1d\.$/m],
    [{ horizon: '1h', timeframe: '5m' }, '--task directions', /trained on bars of 5m, not on 1h\.$/m],
    [{ featureSet: 'fs1-0' }, '--task directions --horizon 1h', /trained on feature set fs1-0, not on /],
    [{ horizons: '["1h","8h","1d"]' }, '--task contract', /labels over 1h, 8h, 1d, not on 1h, 4h, 1d\.$/m],
    [{ task: 'contract', horizons: '2h' }, '', /trained on labels over 2h, not on 1h, 4h, 1d\.$/m],
  ];
  return cases.map(([metadata, options, words], i) => {
    const file = path.join(folder, `other-${i}.onnx`);
    const isOwn = 'horizons' in metadata;
    writeFileSync(file, withMetadata(isOwn ? own : exportedModel('xgboost'), metadata));
    const more = [...options.split(' ').filter(Boolean), ...(isOwn ? [] : FEATURES)];
    return [importArgs(file, data, ...more), words];
  });
}

/** Promotes a staged model, publishes bars from 750 on, and gives the signal of bar 1,250. */
async function servedSignal(t: TestContext, data: string, record: ModelRecord): Promise<SignalUpdate> {
  const engine = await openEngine(t, data);
  // What its monitors compare with, of the bars it was scored on.
  assert.ok(await engine.alerts.trainingFacts(record, record.modelId));
  const [staged] = await engine.registry.list(record);
  await engine.registry.promote(staged!);
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  engine.firstModels.open();
  const publish = async (rows: typeof bars): Promise<void> => {
    const call = client.bars();
    call.write({ request_id: 1, symbol: 'EURUSD', timeframe: 'TIMEFRAME_1H', bars: protoBars(rows) });
    call.end();
    for await (const ack of call as AsyncIterable<{ accepted: number }>)
      assert.equal(ack.accepted, rows.length);
  };
  await publish(bars.slice(750, 1_250));
  await eventually(
    'it is adopted',
    () => engine.instruments.routeOf('default', 'default@published/EURUSD/1h') !== undefined,
    300_000,
  );
  await publish(bars.slice(1_250, 1_251));
  const stream = client.stream({ resume_after: 0 });
  const update = await new Promise<SignalUpdate>((resolve, reject) => {
    stream.once('data', resolve);
    stream.once('error', reject);
  });
  stream.on('error', () => undefined);
  stream.cancel();
  return update;
}

test('an LSTM of PyTorch is imported by the sequence contract, scored, promoted and served', async (t) => {
  const folder = temporaryFolder(t);
  const data = path.join(folder, 'data');
  const csv = path.join(folder, 'eurusd.csv');
  writeFileSync(csv, toCsv(bars.slice(0, 1_250)));
  const args = (file: string, ...more: readonly string[]): string[] =>
    'models import --contract sequence --symbol EURUSD --timeframe 1h --task directions --horizon 1h --logits --json'
      .split(' ')
      .concat('--data', data, '--trained-through', THROUGH, '--evaluate', csv, file, more);
  const version = ['--sequence-version', SEQUENCE_VERSION];
  for (const [wrong, words] of [
    [
      args(exportedModel('torch-lstm')),
      /Neither --sequence-version nor the file's metadata says which sequence/,
    ],
    [
      args(exportedModel('torch-lstm'), '--sequence-version', 'sq0-1'),
      /trained on sequence channels of version sq0-1, and this engine computes/,
    ],
    [args(exportedModel('bad-sequence-bars'), ...version), /takes 16 bars, and a sequence has 32/],
    [args(exportedModel('bad-external'), ...version), /it keeps data in other files; save it as one file/],
  ] as const) {
    const { code, stderr } = await runCommand(wrong);
    assert.equal(code, 2, stderr);
    assert.match(stderr, words);
  }
  const made = await runCommand(args(exportedModel('torch-lstm'), ...version));
  assert.equal(made.code, 0, made.stderr);
  const record = JSON.parse(made.stdout) as ModelRecord;
  assert.deepEqual([record.family, record.sequenceVersion], ['imported', SEQUENCE_VERSION]);
  assert.equal(record.scores[0]!.samples, 1_250 - 1_001 - 1);
  assert.deepEqual(await versions(data), [['v1.0.0', 'staging']], 'the refused ones are not registered');

  const { signal } = await servedSignal(t, data, record);
  assert.equal(signal.model!.model_id, record.modelId);
});

test('what a Python program trains on is what a model is given, bit for bit', async (t) => {
  const folder = temporaryFolder(t);
  const csv = path.join(folder, 'eurusd.csv');
  const out = path.join(folder, 'rows.csv');
  writeFileSync(csv, toCsv(bars.slice(0, 400)));
  const { code, stderr } = await runCommand([
    'features',
    'export',
    csv,
    '--symbol',
    'EURUSD',
    '--timeframe',
    '1h',
    '--format',
    'csv',
    '--out',
    out,
    '--labels',
    '--model-form',
    '--channels',
  ]);
  assert.equal(code, 0, stderr);
  const [head, ...lines] = readFileSync(out, 'utf8').trim().split('\n');
  assert.deepEqual(
    head!.split(',').slice(1, FEATURE_COUNT + 1),
    CATALOGUE.map(({ name }) => name),
  );
  const dataset = buildDataset(bars.slice(0, 400), BarGrid.of('1h'));
  assert.equal(lines.length, 400);
  lines.slice(WARM_UP_BARS - 1).forEach((line, row) => {
    const cells = line.split(',').slice(1, FEATURE_COUNT + 1);
    cells.forEach((cell, column) => {
      const expected = dataset.features[row * FEATURE_COUNT + column]!;
      assert.ok(
        Object.is(cell === '' ? NaN : Math.fround(Number(cell)), expected) || Number(cell) === expected,
        `${cell} for ${expected}`,
      );
    });
  });

  // A model of sequences: the channels of the last bars, oldest first, are its input.
  const listed = await runCommand(['features', 'list', '--json']);
  const { sequence } = JSON.parse(listed.stdout) as {
    sequence: { version: string; bars: number; channels: { name: string }[] };
  };
  assert.equal(sequence.version, SEQUENCE_VERSION);
  const names = sequence.channels.map(({ name }) => `channel_${name}`);
  assert.deepEqual(head!.split(',').slice(FEATURE_COUNT + 1, FEATURE_COUNT + 1 + names.length), names);
  assert.equal(head!.split(',')[FEATURE_COUNT + 1 + names.length], 'quality_flags');
  const places = names.map((name) => head!.split(',').indexOf(name));
  for (let row = 0; row < dataset.rows; row++) {
    const last = row + WARM_UP_BARS;
    const given = lines.slice(last - sequence.bars, last).flatMap((line) => {
      const cells = line.split(',');
      return places.map((place) => (cells[place] === '' ? NaN : Math.fround(Number(cells[place]))));
    });
    assert.deepEqual(
      given.map((x) => x + 0),
      Array.from(sequenceOf(dataset, row), (x) => x + 0),
      `row ${row}`,
    );
  }
  const stored = ['features', 'export', '--from-store', '--symbol', 'EURUSD', '--timeframe', '1h'];
  const refused = await runCommand([...stored, '--format', 'csv', '--out', out, '--channels']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /The store has no sequence channels; give the file for --channels/);
});

test('options may stand in the file instead', async (t) => {
  const folder = temporaryFolder(t);
  const copy = path.join(folder, 'copy.onnx');
  const said = {
    task: 'directions',
    horizon: '4h',
    features: 'rsi_14, atr_14, adx_14, macd, hour_sin',
    featureSet: FEATURE_SET_VERSION,
    trainedThrough: THROUGH,
    rows: '400',
  };
  writeFileSync(copy, withMetadata(exportedModel('xgboost'), said));
  const csv = path.join(folder, 'eurusd.csv');
  writeFileSync(csv, toCsv(bars));
  const data = path.join(folder, 'data');
  const series = ['--symbol', 'EURUSD', '--timeframe', '1h', '--data', data];
  const made = await runCommand(
    ['models', 'import', copy, '--contract', 'row', '--evaluate', csv, '--json'].concat(series),
  );
  assert.equal(made.code, 0, made.stderr);
  const record = JSON.parse(made.stdout) as ModelRecord;
  assert.deepEqual(
    [record.primaryHorizon, record.rows, record.trainedThrough, record.hyperparameters],
    [1, 400, Number(THROUGH), { task: 'directions', horizon: '4h' }],
  );
});

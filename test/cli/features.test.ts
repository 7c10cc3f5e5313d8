import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { CATALOGUE, FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { FeatureEngine } from '../../actors/features/feature-engine.js';
import { runCommand, type CommandResult } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { inventedBars, toCsv } from '../support/markets.js';

const NAMES = CATALOGUE.map(({ name }) => name);

function isOneSentence(result: CommandResult, pattern: RegExp): void {
  assert.equal(result.code, 2, result.stderr);
  assert.match(result.stderr, pattern);
  // Before it a file may have been recognised, which is said in one line.
  const [last = '', ...before] = result.stderr.trim().split('\n').reverse();
  assert.match(last, pattern);
  assert.ok(
    before.length === 0 || (before.length === 1 && before[0]!.startsWith('bars.csv: ')),
    result.stderr,
  );
}

test('docs/features.md is what the catalogue says', async () => {
  const file = readFileSync(new URL('../../../docs/features.md', import.meta.url), 'utf8');
  const { stdout } = await runCommand(['features', 'list', '--markdown']);
  assert.equal(file, stdout, 'run: npm run generate');
  for (const name of NAMES) assert.ok(stdout.includes(`| \`${name}\` |`), name);
});

test('features are listed and described, and a wrong name gets a hint', async () => {
  const list = await runCommand(['features', 'list', '--json']);
  const { features } = JSON.parse(list.stdout) as { features: { name: string }[] };
  assert.deepEqual(
    features.map(({ name }) => name),
    NAMES,
  );
  const { stdout } = await runCommand(['features', 'describe', 'rsi_14']);
  assert.match(stdout, /rsi_14 \(momentum\)[\s\S]*TA-Lib's RSI/);
  isOneSentence(await runCommand(['features', 'describe', 'rsi']), /did you mean rsi_7, rsi_14/);
});

test('a bar file is exported in three formats with the same numbers; the store gives their Float32', async (t) => {
  const folder = temporaryFolder(t);
  const bars = inventedBars(450, { seed: 8 });
  const file = path.join(folder, 'bars.csv');
  writeFileSync(file, toCsv(bars));
  const engine = new FeatureEngine(3_600_000);
  const state = new Float64Array(engine.stateSize);
  const expected = bars.map((bar) => {
    engine.update(state, bar);
    return [...engine.row.subarray(0, FEATURE_COUNT)].map((x) => (Number.isNaN(x) ? null : x));
  });
  const series = ['--symbol', 'EUR/USD', '--timeframe', '1h'];
  const out = (name: string): string => path.join(folder, name);
  for (const format of ['csv', 'jsonl', 'parquet']) {
    const args = [
      'features',
      'export',
      file,
      ...series,
      '--format',
      format,
      '--out',
      out(`x.${format}`),
      '--json',
    ];
    const result = await runCommand(args);
    assert.equal(result.code, 0, result.stderr);
    assert.equal((JSON.parse(result.stdout) as { rows: number }).rows, 450);
  }
  const [header = '', ...lines] = readFileSync(out('x.csv'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(header.split(','), ['ts', ...NAMES]);
  const fields = lines.map((line) => line.split(',').map((text) => (text === '' ? null : Number(text))));
  assert.deepEqual(
    fields,
    expected.map((row, i) => [bars[i]!.openTime, ...row]),
  );
  const objects = readFileSync(out('x.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number | null>);
  assert.deepEqual(Object.keys(objects[0]!), ['ts', ...NAMES]);
  assert.deepEqual(
    objects.map((row) => NAMES.map((name) => row[name])),
    expected,
  );
  const parquet = await parquetReadObjects({ file: await asyncBufferFromFile(out('x.parquet')) });
  assert.deepEqual(
    parquet.map((row) => Number(row['ts'])),
    bars.map(({ openTime }) => openTime),
  );
  assert.deepEqual(
    parquet.map((row) => NAMES.map((name) => row[name] as number | null)),
    expected,
  );

  const data = out('data');
  assert.equal((await runCommand(['backfill', file, ...series, '--data', data])).code, 0);
  const stored = await runCommand([
    'features',
    'export',
    '--from-store',
    ...series,
    '--format',
    'jsonl',
    '--out',
    out('s.jsonl'),
    '--data',
    data,
  ]);
  assert.equal(stored.code, 0, stored.stderr);
  const storedRows = readFileSync(out('s.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number | null>);
  assert.deepEqual(
    storedRows.map((row) => NAMES.map((name) => row[name])),
    expected.map((row) => row.map((x) => (x === null ? null : Math.fround(x)))),
  );
  const at = new Date(bars[449]!.openTime + 3_600_000).toISOString();
  const show = ['features', 'show', ...series, '--data', data];
  const shown = await runCommand([...show, '--at', at, '--json']);
  const { features } = JSON.parse(shown.stdout) as { features: Record<string, number | null> };
  assert.deepEqual(
    NAMES.map((name) => features[name]),
    expected[449]!.map((x) => (x === null ? null : Math.fround(x))),
  );

  isOneSentence(
    await runCommand([...show, '--at', at, '--feed', 'other']),
    /no 1h features of EURUSD from feed other for platform\. The store has EURUSD 1h/,
  );
  isOneSentence(await runCommand([...show.slice(0, -1), out('none'), '--at', at]), /There is no data folder/);
  isOneSentence(
    await runCommand(['backfill', ...series, '--feed', 'other', '--data', data]),
    /There are no 1h bars of EURUSD from other/,
  );
  isOneSentence(
    await runCommand(['features', 'export', ...series, '--format', 'csv', '--out', out('y.csv')]),
    /Give either a file/,
  );
  isOneSentence(
    await runCommand(['features', 'export', file, ...series, '--format', 'csv', '--out', '/proc/none/y.csv']),
    /cannot be written/,
  );
});

test('suho verify says in words what holds, and refuses too few bars', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'bars.csv');
  writeFileSync(file, toCsv(inventedBars(500)));
  const result = await runCommand(['verify', file]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(
    result.stdout,
    /500 1h bars[\s\S]*holds {3}no look-ahead[\s\S]*holds {3}no skew[\s\S]*holds {3}restart/,
  );
  writeFileSync(file, toCsv(inventedBars(50)));
  isOneSentence(await runCommand(['verify', file]), /There are 50 bars; the proofs need at least 400/);
});

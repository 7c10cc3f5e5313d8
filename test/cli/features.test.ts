import { BarGrid } from '../../actors/market/bar-grid.js';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { CATALOGUE, FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { FeatureEngine } from '../../actors/features/feature-engine.js';
import type { Bar } from '../../actors/market/bar.js';
import { runCommand, type CommandResult } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { inventedBars, toCsv } from '../support/markets.js';

const HOUR = 3_600_000;
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
  const engine = new FeatureEngine(BarGrid.of('1h'));
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

/** Labels of a bar by their definition, from the bars after it. */
function labelsOf(bars: readonly Bar[], at: number, atr: number): Record<string, number | null> {
  const { close, openTime, bid, ask } = bars[at]!;
  const labels: Record<string, number | null> = {};
  for (const [horizon, hours] of [
    ['1h', 1],
    ['4h', 4],
    ['1d', 24],
  ] as const) {
    const end = openTime + HOUR + hours * HOUR;
    const exit = bars.findIndex((bar) => bar.openTime + HOUR >= end);
    const names = ['direction', 'return', 'max_gain', 'max_loss', 'barrier', 'resolved_at'];
    const after = bars.slice(at + 1, exit + 1);
    const scaled = atr * Math.sqrt(hours);
    const move = after.length === 0 ? NaN : after.at(-1)!.close - close;
    const touched = after.find(({ high, low }) => low <= close - scaled || high >= close + scaled);
    const spread = Number.isNaN(ask - bid) ? 0 : ask - bid;
    const dead = Math.max(spread, 0.1 * scaled);
    const values = [
      Math.abs(move) <= dead ? 0 : Math.sign(move),
      move / close,
      Math.max(0, Math.max(...after.map(({ high }) => high)) / close - 1),
      Math.min(0, Math.min(...after.map(({ low }) => low)) / close - 1),
      touched === undefined ? 0 : touched.low <= close - scaled ? -1 : 1,
      exit < 0 ? NaN : bars[exit]!.openTime + HOUR,
    ];
    names.forEach((name, i) => {
      const unknown = exit < 0 || (Number.isNaN(atr) && (name === 'direction' || name === 'barrier'));
      labels[`label_${name}_${horizon}`] = unknown ? null : values[i]!;
    });
  }
  return labels;
}

test('--labels puts the quality and what came of a bar beside its features, in every format, from file and store', async (t) => {
  const folder = temporaryFolder(t);
  // Two days are missing, and one bar has no volume.
  const bars = inventedBars(300, { seed: 12 })
    .filter((_, i) => i < 100 || i >= 148)
    .map((bar, i) => (i === 60 ? { ...bar, volume: 0 } : bar));
  const file = path.join(folder, 'bars.csv');
  writeFileSync(file, toCsv(bars));
  const series = ['--symbol', 'EUR/USD', '--timeframe', '1h'];
  const out = (name: string): string => path.join(folder, name);
  const from = bars[10]!.openTime;
  const exported = async (source: readonly string[], format: string): Promise<string> => {
    const target = out(`${source.length}.${format}`);
    const since = ['--from', new Date(from).toISOString()];
    const args = [
      'features',
      'export',
      ...source,
      ...series,
      '--format',
      format,
      '--out',
      target,
      '--labels',
    ];
    const result = await runCommand([...args, ...since]);
    assert.equal(result.code, 0, result.stderr);
    return target;
  };
  const jsonl = readFileSync(await exported([file], 'jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number | null>);
  assert.deepEqual(
    jsonl.map(({ ts }) => ts),
    bars.slice(10).map(({ openTime }) => openTime),
  );
  let unknown = 0;
  jsonl.forEach((row, i) => {
    const expected = labelsOf(bars, i + 10, row['atr_14'] ?? NaN);
    assert.deepEqual(Object.keys(row).slice(1 + NAMES.length), ['quality_flags', ...Object.keys(expected)]);
    for (const [name, value] of Object.entries(expected)) {
      if (value === null) unknown++;
      assert.ok(
        value === null
          ? row[name] === null
          : Math.abs(row[name]! - value) <= 1e-12 * Math.max(1, Math.abs(value)),
        `${name} of row ${i}: ${row[name]}, by definition ${value}`,
      );
    }
  });
  // The last day's rows know no day, the last hours' no four hours, the last none; four have no ATR yet.
  assert.equal(unknown, (24 + 4 + 1) * 6 + 4 * 3 * 2);
  assert.equal(jsonl[50]!['quality_flags']! & 16, 16, 'no volume');
  assert.equal(jsonl[90]!['quality_flags']! & 1, 1, 'bars are missing before it');

  const [header = '', ...lines] = readFileSync(await exported([file], 'csv'), 'utf8')
    .trimEnd()
    .split('\n');
  const names = header.split(',');
  assert.deepEqual(names, Object.keys(jsonl[0]!));
  assert.deepEqual(
    lines.map((line) => line.split(',').map((text) => (text === '' ? null : Number(text)))),
    jsonl.map((row) => Object.values(row)),
  );
  const parquet = await parquetReadObjects({
    file: await asyncBufferFromFile(await exported([file], 'parquet')),
  });
  assert.deepEqual(
    parquet.map((row) =>
      names.map((name) => (name === 'ts' ? Number(row[name]) : (row[name] as number | null))),
    ),
    jsonl.map((row) => Object.values(row)),
  );

  const data = out('data');
  assert.equal((await runCommand(['backfill', file, ...series, '--data', data])).code, 0);
  const stored = readFileSync(await exported(['--from-store', '--data', data], 'jsonl'), 'utf8');
  assert.deepEqual(
    stored
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number | null>),
    jsonl.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, x]) => [
          name,
          x !== null && NAMES.includes(name) ? Math.fround(x) : x,
        ]),
      ),
    ),
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

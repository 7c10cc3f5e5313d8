// A corrected history in place of a stored one.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import { backfill, type BackfillReport } from '../../engine/backfill/backfill.js';
import type { Engine } from '../../engine/engine.js';
import { SuhoError } from '../../engine/errors.js';
import { ClickHouseFeatureStore } from '../../engine/feature-store/clickhouse-feature-store.js';
import { EmbeddedClickHouse } from '../../engine/feature-store/embedded-clickhouse.js';
import type { SeriesIdentity } from '../../engine/feature-store/feature-store.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { eventually } from '../support/served.js';
import { inventedBars, toCsv } from '../support/markets.js';

const HOUR = 3_600_000;

/** Hours of some weeks, without weekends: labels of Friday's bars are known on Monday. */
const HISTORY = inventedBars(900, { seed: 11 }).filter(
  ({ openTime }) => new Date(openTime).getUTCDay() % 6 !== 0,
);

interface Place {
  readonly store: ClickHouseFeatureStore;
  readonly fill: (
    symbol: string,
    bars: readonly Bar[],
    replace?: { readonly from: number; readonly to: number },
  ) => Promise<BackfillReport>;
}

async function place(t: TestContext): Promise<Place> {
  const folder = temporaryFolder(t);
  const store = new ClickHouseFeatureStore(new EmbeddedClickHouse(folder));
  afterTest(t, () => store.close());
  await store.prepare();
  const fill: Place['fill'] = async (symbol, bars, replace) => {
    const file = path.join(folder, `${symbol}.csv`);
    writeFileSync(file, toCsv(bars));
    const request = { series: seriesOf(symbol), file, ...(replace === undefined ? {} : { replace }) };
    const [report] = await backfill(store, [request], { checkpoints: path.join(folder, 'checkpoints') });
    return report!;
  };
  return { store, fill };
}

function seriesOf(symbol: string): SeriesIdentity {
  return { tenantId: 'platform', feed: 'history', symbol, timeframe: '1h' };
}

/** All that both tables have of a symbol. */
async function stored(store: ClickHouseFeatureStore, symbol: string): Promise<Record<string, unknown>[][]> {
  const tables = ['aggregates', 'ml_features'].map(async (table) => [
    ...(await store.sql(
      `SELECT * EXCEPT (stored_at, symbol) FROM ${table} WHERE symbol = '${symbol}' ORDER BY bar_open_time`,
    )),
  ]);
  return await Promise.all(tables);
}

const changed = (bar: Bar): Bar => ({ ...bar, close: bar.close * 1.0001, high: bar.high * 1.0002 });
const at = (i: number): number => HISTORY[i]!.openTime;
const END = HISTORY.at(-1)!.openTime + HOUR;
const MORE = inventedBars(1_000, { seed: 11 }).filter(
  ({ openTime }) => new Date(openTime).getUTCDay() % 6 !== 0 && openTime >= END,
);

/** A corrected history and the span in which it differs. */
const CORRECTIONS: readonly (readonly [string, readonly Bar[], number, number])[] = [
  ['SHORTER', HISTORY.slice(0, -30), at(HISTORY.length - 31), END],
  ['LATERSTART', HISTORY.slice(60), at(0), at(61)],
  ['LONGER', [...HISTORY, ...MORE], at(HISTORY.length - 1), Infinity],
  ['BARGONE', HISTORY.filter((_, i) => i !== 300), at(300), at(301)],
  ['BARCHANGED', HISTORY.map((bar, i) => (i === 300 ? changed(bar) : bar)), at(300), at(300) + 1],
  ['LASTCHANGED', HISTORY.map((bar, i) => (i === HISTORY.length - 1 ? changed(bar) : bar)), at(500), END],
  [
    'MANY',
    HISTORY.filter((_, i) => i % 7 !== 3 || i > 400).map((bar, i) => (i % 5 === 0 ? changed(bar) : bar)),
    at(0),
    END,
  ],
];

test('a corrected history replaces the stored one: both tables are those of a store that never had another', async (t) => {
  const { store, fill } = await place(t);
  for (const [symbol, corrected, from, to] of CORRECTIONS) {
    await fill(symbol, HISTORY);
    const report = await fill(symbol, corrected, { from, to });
    assert.equal(report.conflicts, undefined, symbol);
    await fill(`${symbol}2`, corrected);
    const [bars, rows] = await stored(store, symbol);
    const [wantedBars, wantedRows] = await stored(store, `${symbol}2`);
    assert.deepEqual(bars, wantedBars, symbol);
    assert.equal(rows!.length, corrected.length, symbol);
    rows!.forEach((row, i) => assert.deepEqual(row, wantedRows![i], symbol));
    const replacement = await store.lastReplacement(seriesOf(symbol));
    assert.equal(replacement?.isDone, true, symbol);
    // A second time there is nothing to replace, and nothing changes.
    await fill(symbol, corrected, { from, to });
    assert.deepEqual((await store.lastReplacement(seriesOf(symbol)))?.at, replacement.at, symbol);
    assert.deepEqual(await stored(store, symbol), [bars, rows], symbol);
  }
});

test('without a replacement stored bars stand: conflicts and missing bars are counted, new ones are added', async (t) => {
  const { store, fill } = await place(t);
  await fill('EURUSD', HISTORY.slice(100, 400));
  const before = await stored(store, 'EURUSD');
  const other = HISTORY.slice(0, 450)
    .filter((_, i) => i !== 200)
    .map((bar, i) => (i >= 300 && i < 310 ? changed(bar) : bar));
  const report = await fill('EURUSD', other);
  assert.deepEqual([report.conflicts?.count, report.missing?.count, report.added], [10, 1, 150]);
  assert.equal(report.conflicts?.openTime, at(301));
  assert.equal(report.conflicts.stored?.close, HISTORY[301]!.close);
  assert.equal(report.missing?.openTime, at(200));
  await fill('WHOLE', HISTORY.slice(0, 450));
  assert.deepEqual(await stored(store, 'EURUSD'), await stored(store, 'WHOLE'));
  assert.equal(before[0]!.length, 300);
});

test('a replacement that the file has no bar for, or that cannot be read, removes nothing', async (t) => {
  const { store, fill } = await place(t);
  await fill('EURUSD', HISTORY);
  const before = await stored(store, 'EURUSD');
  const refusal = async (bars: readonly Bar[], from: number, to: number): Promise<unknown> =>
    await fill('EURUSD', bars, { from, to }).then(
      () => undefined,
      (error: unknown) => (error instanceof SuhoError ? error.code : error),
    );
  assert.equal(await refusal(HISTORY.slice(0, 100), at(200), at(300)), 'BAD_INPUT');
  assert.equal(await refusal([], at(200), at(300)), 'BAD_FILE');
  assert.deepEqual(await stored(store, 'EURUSD'), before);
  assert.equal(await store.lastReplacement(seriesOf('EURUSD')), undefined);
});

test('a replacement that was interrupted is finished by the same command', async (t) => {
  const { store, fill } = await place(t);
  const corrected = HISTORY.filter((_, i) => i !== 300);
  const span = { from: at(250), to: at(350) };
  await fill('EURUSD', HISTORY);
  await store.beginReplacement(seriesOf('EURUSD'), span);
  assert.equal((await store.lastReplacement(seriesOf('EURUSD')))?.isDone, false);
  await fill('EURUSD', corrected, span);
  await fill('WHOLE', corrected);
  assert.deepEqual(await stored(store, 'EURUSD'), await stored(store, 'WHOLE'));
  assert.equal((await store.lastReplacement(seriesOf('EURUSD')))?.isDone, true);
});

test('an engine rebuilds an instrument whose history was replaced, also the rows that wait for labels', async (t) => {
  const folder = temporaryFolder(t);
  const follow = {
    feed: 'test',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '4h',
  } as const;
  const series: SeriesIdentity = { tenantId: 'platform', feed: 'test', symbol: 'EURUSD', timeframe: '1h' };
  const taken = HISTORY.slice(0, 400);
  const corrected = taken.map((bar, i) => (i > 250 && i < 260 ? changed(bar) : bar));
  const begin = async (data: string, bars: readonly Bar[]): Promise<Engine> => {
    const engine = await openEngine(t, path.join(folder, data));
    const id = await engine.instruments.follow(follow);
    engine.intake.ingestBars(id, bars);
    await engine.settled();
    return engine;
  };
  await (await begin('data', taken)).stop();

  const store = new ClickHouseFeatureStore(new EmbeddedClickHouse(path.join(folder, 'data')));
  const file = path.join(folder, 'corrected.csv');
  writeFileSync(file, toCsv(corrected));
  const replace = { from: at(250), to: at(260) };
  await backfill(store, [{ series, file, replace }], { checkpoints: path.join(folder, 'checkpoints') });
  await store.close();

  const finish = async (engine: Engine): Promise<unknown[]> => {
    engine.intake.ingestBars('test/EURUSD', HISTORY.slice(400, 500));
    await engine.settled();
    await engine.stored();
    const states = engine.instruments.graph.states();
    const rows = await engine.features.sql(
      `SELECT * EXCEPT (stored_at) FROM ml_features WHERE timeframe = '1h' ORDER BY bar_open_time`,
    );
    await engine.stop();
    return [rows, states];
  };
  const engine = await openEngine(t, path.join(folder, 'data'));
  await eventually('it is rebuilt', () => engine.journal.fact('replacementsSeen') !== undefined);
  const rebuilt = await finish(engine);
  assert.deepEqual(rebuilt, await finish(await begin('reference', corrected)));
});

test('the command names conflicts and how to go on, and replaces when asked', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'bars.csv');
  const run = async (
    ...more: readonly string[]
  ): Promise<{ code: number | null; stdout: string; stderr: string }> => {
    const command = [
      'backfill',
      file,
      '--symbol',
      'EURUSD',
      '--timeframe',
      '1h',
      '--data',
      path.join(folder, 'data'),
    ];
    return await runCommand([...command, '--json', ...more]);
  };
  writeFileSync(file, toCsv(HISTORY.slice(0, 40)));
  assert.equal((await run()).code, 0);
  writeFileSync(file, toCsv(HISTORY.slice(0, 40).map(changed)));
  const refused = await run();
  assert.equal(refused.code, 2, refused.stderr);
  const day = '2024-01-01';
  assert.match(
    refused.stderr,
    /EURUSD 1h: 40 bars are stored with other values, first 2024-01-01 00:00 \(stored .* close [\d.]+, file .* close [\d.]+\)/,
  );
  assert.match(refused.stderr, /suho: .*--replace 2024-01-01T00:00:00Z\.\.2024-01-02T16:00:00Z/);
  const replaced = await run('--replace', `${day}..2024-02-01`);
  assert.equal(replaced.code, 0, replaced.stderr);
  const { series } = JSON.parse(replaced.stdout) as {
    series: { replaced: { changed: { count: number } } }[];
  };
  assert.equal(series[0]!.replaced.changed.count, 40);
  assert.match((await run('--replace', 'yesterday')).stderr, /FROM\.\.TO/);
  for (const from of ['2024-02-30', '2024-1-9', 'March 4 2024', '2024-02-31T12:00'])
    assert.match((await run('--replace', `${from}..2024-03-05`)).stderr, /is not a moment/, from);
  assert.match((await run('--replace', `${day}..2024-02-01`, '--from', day)).stderr, /--from/);
});

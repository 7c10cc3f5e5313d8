import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import { backfill } from '../../engine/backfill/backfill.js';
import { ClickHouseFeatureStore } from '../../engine/feature-store/clickhouse-feature-store.js';
import { EmbeddedClickHouse } from '../../engine/feature-store/embedded-clickhouse.js';
import type { SeriesIdentity } from '../../engine/feature-store/feature-store.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand, startCommand, type CommandResult } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { MONDAY, inventedBars } from '../support/markets.js';
import { PolygonServer, TEST_KEY, type Aggregate } from '../support/polygon-server.js';

const MINUTE = 60_000;
const FROM = new Date(MONDAY).toISOString();
const SERIES: SeriesIdentity = {
  tenantId: 'platform',
  feed: 'history',
  symbol: 'EURUSD',
  timeframe: '1m',
  calendar: 'fx',
};

function market(count: number, from = MONDAY): Aggregate[] {
  return inventedBars(count, { lengthMs: MINUTE, from }).map(
    ({ openTime: t, open: o, high: h, low: l, close: c, volume: v }) => ({ t, o, h, l, c, v, n: v, vw: c }),
  );
}

function variables(server: PolygonServer, key = TEST_KEY): Record<string, string> {
  return { POLYGON_API_KEY: key, SUHO_POLYGON_REST_URL: server.restUrl };
}

async function polygonBackfill(
  server: PolygonServer,
  data: string,
  more: readonly string[] = [],
  key = TEST_KEY,
): Promise<CommandResult> {
  const args = ['polygon', 'backfill', 'C:EURUSD', '--from', FROM, '--timeframe', '1m', '--json'];
  return await runCommand([...args, '--data', data, ...more], variables(server, key));
}

/** Bars and rows of the series that a folder has stored. */
async function stored(
  t: TestContext,
  data: string,
): Promise<{ readonly bars: Bar[]; readonly rows: Uint8Array }> {
  const store = new ClickHouseFeatureStore(new EmbeddedClickHouse(data));
  afterTest(t, () => store.close());
  await store.prepare();
  const bars = await store.bars(SERIES, Number.MAX_SAFE_INTEGER, 100_000);
  const rows = await store.rows(SERIES, 0, Number.MAX_SAFE_INTEGER, 100_000);
  await store.close();
  return { bars, rows };
}

/** Everything that stands in files of a folder. */
function textOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

test('pages of Polygon are stored as the same bars in a file are, row for row, and the key is nowhere', async (t) => {
  const folder = temporaryFolder(t);
  const server = await PolygonServer.start(t);
  const bars = market(2_500);
  server.aggregates.set('C:EURUSD', bars);
  server.pageSize = 900;
  const data = path.join(folder, 'polygon');
  const { code, stdout, stderr } = await polygonBackfill(server, data);
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout) as { series: { rows: number; added: number; rejected: number }[] };
  assert.deepEqual(
    report.series.map(({ rows, added, rejected }) => ({ rows, added, rejected })),
    [{ rows: 2_500, added: 2_500, rejected: 0 }],
  );
  assert.equal(server.requests.length, 3, 'a request for each page');
  assert.match(server.requests[0]!, /^\/v2\/aggs\/ticker\/C:EURUSD\/range\/1\/minute\/1704067200000\/\d+\?/);

  const file = path.join(folder, 'bars.csv');
  const lines = bars.map(({ t: ts, o, h, l, c, v }) => [ts, o, h, l, c, v].join(','));
  writeFileSync(file, `ts,open,high,low,close,volume\n${lines.join('\n')}\n`);
  const other = path.join(folder, 'file');
  const store = new ClickHouseFeatureStore(new EmbeddedClickHouse(other));
  afterTest(t, () => store.close());
  await store.prepare();
  await backfill(store, [{ series: SERIES, file }], { checkpoints: path.join(folder, 'checkpoints') });
  const expected = {
    bars: await store.bars(SERIES, Number.MAX_SAFE_INTEGER, 100_000),
    rows: await store.rows(SERIES, 0, Number.MAX_SAFE_INTEGER, 100_000),
  };
  await store.close();
  const found = await stored(t, data);
  assert.deepEqual(found.bars, expected.bars);
  assert.ok(found.rows.length > 0 && Buffer.compare(found.rows, expected.rows) === 0, 'rows differ');

  for (const text of [stdout, stderr, server.requests.join('\n'), textOf(data)])
    assert.ok(!text.includes(TEST_KEY), 'the key stands somewhere');
  assert.deepEqual(readdirSync(path.join(data, 'polygon')), [], 'the download is gone once it is stored');
});

test('a limit of calls is waited for as Polygon says, and a failing server is asked again', async (t) => {
  const folder = temporaryFolder(t);
  const server = await PolygonServer.start(t);
  server.aggregates.set('C:EURUSD', market(300));
  server.pageSize = 100;
  server.faults.push(
    undefined,
    { status: 429, headers: { 'retry-after': '1' }, body: { status: 'ERROR', error: 'exceeded' } },
    { status: 502 },
  );
  const { code, stdout, stderr } = await polygonBackfill(server, folder);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /limit of calls a minute is reached: waiting 1 s/);
  assert.match(stderr, /Polygon answers 502: waiting/);
  assert.equal((JSON.parse(stdout) as { rows: number }).rows, 300);
});

test('after kill -9 the same command goes on where it was, with the same bars and rows', async (t) => {
  const folder = temporaryFolder(t);
  const server = await PolygonServer.start(t);
  const bars = market(1_000);
  server.aggregates.set('C:EURUSD', bars);
  server.pageSize = 200;
  const data = path.join(folder, 'killed');
  let pages = 0;
  let reached: () => void = () => undefined;
  const third = new Promise<void>((resolve) => (reached = resolve));
  server.beforePage = async () => {
    if (++pages < 4) return;
    reached();
    await new Promise(() => undefined);
  };
  const args = ['polygon', 'backfill', 'C:EURUSD', '--from', FROM, '--data', data];
  const child = startCommand(args, variables(server));
  await third;
  child.kill('SIGKILL');
  await once(child, 'close');
  // As if it had been killed in the middle of a line.
  const [file] = readdirSync(path.join(data, 'polygon'));
  writeFileSync(path.join(data, 'polygon', file!), '1704100', { flag: 'a' });

  server.beforePage = async () => undefined;
  server.requests.length = 0;
  const { code, stderr } = await polygonBackfill(server, data);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /C:EURUSD: 400 bars from Polygon, 600 from the run before/);
  const next = MONDAY + 600 * MINUTE;
  assert.match(server.requests[0]!, new RegExp(`/minute/${next}/`), 'asks only for what is missing');
  assert.equal(server.requests.length, 2);

  const whole = path.join(folder, 'whole');
  await polygonBackfill(server, whole);
  const [again, unbroken] = [await stored(t, data), await stored(t, whole)];
  assert.equal(again.bars.length, 1_000);
  assert.deepEqual(again.bars, unbroken.bars);
  assert.equal(Buffer.compare(again.rows, unbroken.rows), 0, 'rows differ');
});

test('a wrong key and a plan that does not include the data are said in a sentence', async (t) => {
  const folder = temporaryFolder(t);
  const server = await PolygonServer.start(t);
  server.aggregates.set('C:EURUSD', market(10));
  const wrong = await polygonBackfill(server, folder, [], 'wrong-key-1234567890');
  assert.equal(wrong.code, 2);
  assert.equal(wrong.stderr, 'suho: Polygon refuses the key (Unknown API Key); correct POLYGON_API_KEY.\n');
  const message = 'You are not entitled to this data. Please upgrade your plan.';
  server.faults.push({ status: 403, body: { status: 'NOT_AUTHORIZED', message } });
  const poor = await polygonBackfill(server, folder);
  assert.equal(poor.code, 2);
  assert.equal(
    poor.stderr,
    'suho: The plan of the Polygon key does not include this (You are not entitled to this data. Please upgrade your plan).\n',
  );
  server.aggregates.clear();
  const nothing = await polygonBackfill(server, folder);
  assert.equal(nothing.code, 2);
  assert.match(nothing.stderr, /Polygon has no 1m bars of C:EURUSD in that time/);
});

test('bars without a price, out of order or twice are refused by name; the others are stored', async (t) => {
  const folder = temporaryFolder(t);
  const server = await PolygonServer.start(t);
  const bars: Partial<Aggregate>[] = market(50);
  const { c: _, ...withoutClose } = bars[10]!;
  bars[10] = withoutClose;
  bars.splice(21, 0, bars[5]!);
  server.aggregates.set('C:EURUSD', bars);
  const { code, stdout, stderr } = await polygonBackfill(server, folder);
  assert.equal(code, 0, stderr);
  const { series } = JSON.parse(stdout) as { series: { rows: number; rejected: number; late: number }[] };
  assert.deepEqual(
    series.map(({ rows, rejected, late }) => ({ rows, rejected, late })),
    [{ rows: 49, rejected: 1, late: 1 }],
  );
  assert.equal(stderr.split('\n').filter((line) => line.startsWith('refused')).length, 2, stderr);
});

test('times in another unit, and a next page on another server, end it before anything is stored', async (t) => {
  const folder = temporaryFolder(t);
  const server = await PolygonServer.start(t);
  server.aggregates.set('C:EURUSD', market(10));
  const inSeconds = market(10).map((bar) => ({ ...bar, t: bar.t / 1_000 }));
  server.faults.push({ status: 200, body: { status: 'OK', results: inSeconds } });
  const seconds = await polygonBackfill(server, folder);
  assert.equal(seconds.code, 1);
  assert.match(seconds.stderr, /Polygon sent a bar of time 1704067200 for the range from 1704067200000/);
  server.faults.push({
    status: 200,
    body: { status: 'OK', results: market(3), next_url: 'https://elsewhere.example/v2/aggs?cursor=1' },
  });
  const elsewhere = await polygonBackfill(server, folder);
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.stderr, /next page that is on another server/);
  server.faults.push({ status: 200, body: { results: 'none' } });
  const form = await polygonBackfill(server, folder);
  assert.match(form.stderr, /not in its documented form/);
});

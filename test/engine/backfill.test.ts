import { UTC_CALENDAR } from '../../actors/market/calendar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { calendarOfRule, ruleOf } from '../../engine/calendars.js';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { CATALOGUE, columnOf } from '../../actors/features/catalogue.js';
import { backfill } from '../../engine/backfill/backfill.js';
import { ClickHouseFeatureStore } from '../../engine/feature-store/clickhouse-feature-store.js';
import { EmbeddedClickHouse } from '../../engine/feature-store/embedded-clickhouse.js';
import type { SeriesIdentity } from '../../engine/feature-store/feature-store.js';
import { RowDecoder, RowEncoder } from '../../engine/feature-store/table.js';
import { simulatedBars } from '../../engine/feeds/simulator.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import { verify } from '../../engine/verify.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand, startCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars, toCsv } from '../support/markets.js';

const MINUTES: SeriesIdentity = { tenantId: 'platform', feed: 'history', symbol: 'EURUSD', timeframe: '1m' };

async function openStore(t: TestContext, folder: string): Promise<ClickHouseFeatureStore> {
  const store = new ClickHouseFeatureStore(new EmbeddedClickHouse(folder));
  afterTest(t, () => store.close());
  await store.prepare();
  return store;
}

test('all proofs hold on a simulated market: no look-ahead, no skew, restarts, sequences', async () => {
  const bars = simulatedBars('EURUSD', 5, '1h', 700);
  const proofs = await verify(bars, {
    symbol: 'EURUSD',
    timeframe: '1h',
    calendar: ruleOf(UTC_CALENDAR),
    seed: 2,
  });
  assert.deepEqual(
    proofs.map(({ name, holds, differences }) => ({ name, holds, differences })),
    ['no_look_ahead', 'no_skew', 'restart', 'sequences'].map((name) => ({
      name,
      holds: true,
      differences: 0,
    })),
  );
  for (const { compared } of proofs) assert.ok(compared > 500);
});

test('the proofs hold on days of a calendar that is configured, over changes of clocks', async () => {
  const berlin = { name: 'berlin', timeZone: 'Europe/Berlin', dayStart: '09:00' };
  const grid = BarGrid.of('4h', calendarOfRule(berlin));
  let next = grid.openOf(Date.UTC(2022, 9, 1));
  const bars = simulatedBars('DAX', 5, '4h', 700).map((bar) => {
    const openTime = next;
    next = grid.closeOf(openTime);
    return { ...bar, openTime };
  });
  const proofs = await verify(bars, { symbol: 'DAX', timeframe: '4h', calendar: berlin, seed: 2 });
  for (const { name, holds, detail } of proofs) assert.ok(holds, `${name}: ${detail}`);
});

test('a backfill from stored bars, of a range only, gives the rows the file gave', async (t) => {
  const folder = temporaryFolder(t);
  const store = await openStore(t, folder);
  const bars = inventedBars(3_000, { lengthMs: 60_000 });
  const file = path.join(folder, 'bars.csv');
  writeFileSync(file, toCsv(bars));
  const options = { checkpoints: path.join(folder, 'checkpoints') };
  const [whole] = await backfill(store, [{ series: MINUTES, file }], options);
  assert.equal(whole?.rows, 3_000);
  const [from, to] = [bars[1_000]!.openTime, bars[1_400]!.openTime];
  const before = await store.rows(MINUTES, from, to, 5_000);
  const other = { ...MINUTES, userId: 'ann' };
  await store.insert('aggregates', barsOf(other, bars));
  const [range] = await backfill(store, [{ series: other, from, to }], options);
  assert.equal(range?.rows, 400);
  assert.equal(range.bars, 3_000, 'all bars before count for the state');
  const after = new RowDecoder(other, await store.rows(other, 0, Infinity, 5_000));
  const reference = new RowDecoder(MINUTES, before);
  assert.equal(after.rows, 400);
  for (let row = 0; row < 400; row++) {
    assert.equal(after.openTime(row), reference.openTime(row));
    CATALOGUE.forEach(({ name }, column) =>
      assert.ok(Object.is(after.feature(row, column), reference.feature(row, column)), name),
    );
    for (let n = 0; n < 6; n++) assert.ok(Object.is(after.label(row, 2, n), reference.label(row, 2, n)));
  }
});

function barsOf(series: SeriesIdentity, bars: ReturnType<typeof inventedBars>): Buffer {
  const encoder = new RowEncoder(series);
  const bytes = Buffer.alloc(bars.length * encoder.barBytes);
  bars.forEach((bar, i) => encoder.writeBar(bytes, i * encoder.barBytes, bar, bar.openTime + 60_000));
  return bytes;
}

test('a backfill killed on its way goes on at its last stored segment, and ends as if it never stopped', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'bars.csv');
  writeFileSync(file, toCsv(inventedBars(32_000, { lengthMs: 60_000, seed: 4 })));
  const args = ['backfill', file, '--symbol', 'EURUSD', '--timeframe', '1m', '--json', '--data'];
  const killed = path.join(folder, 'killed');
  const child = startCommand([...args, killed]);
  const checkpoint = (): boolean => {
    try {
      return readdirSync(path.join(killed, 'backfill')).some((name) => name.endsWith('.checkpoint'));
    } catch {
      return false;
    }
  };
  while (child.exitCode === null && !checkpoint()) await sleep(5);
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  const second = await runCommand([...args, killed]);
  assert.equal(second.code, 0, second.stderr);
  const report = JSON.parse(second.stdout) as { series: { rows: number; resumed: number; bars: number }[] };
  assert.ok(report.series[0]!.resumed >= 10_000, 'it took up what was stored');
  assert.equal(report.series[0]!.bars, 32_000);
  assert.equal(report.series[0]!.rows + report.series[0]!.resumed, 32_000);
  const whole = path.join(folder, 'whole');
  assert.equal((await runCommand([...args, whole])).code, 0);
  const rows = async (data: string): Promise<Buffer> => {
    const store = await openStore(t, data);
    const bytes = Buffer.from(await store.rows(MINUTES, 0, Infinity, 40_000));
    await store.close();
    return bytes;
  };
  const [a, b] = [await rows(killed), await rows(whole)];
  assert.equal(new RowDecoder(MINUTES, a).rows, 32_000);
  assert.equal(Buffer.compare(a, b), 0);
});

test('a checkpoint of another file is not taken up', async (t) => {
  const folder = temporaryFolder(t);
  const store = await openStore(t, folder);
  const file = path.join(folder, 'bars.csv');
  const options = { checkpoints: path.join(folder, 'checkpoints') };
  writeFileSync(file, toCsv(inventedBars(12_000, { lengthMs: 60_000, seed: 1 })));
  await backfill(store, [{ series: MINUTES, file }], options);
  const [again] = await backfill(store, [{ series: MINUTES, file }], options);
  assert.equal(again?.resumed, 10_000);
  assert.equal(again.rows, 2_000, 'only what had labels to come is computed again');
  // Another store that never had these bars, and another file.
  const elsewhere = { ...MINUTES, feed: 'elsewhere' };
  const other = inventedBars(12_000, { lengthMs: 60_000, seed: 2 });
  const renamed: Pick<ClickHouseFeatureStore, 'insert' | 'barsAfter'> = {
    insert: async (table, rows) => {
      const moved = Buffer.from(rows);
      for (let at = 0; (at = moved.indexOf('history', at)) >= 0; at++) moved.write('newfeed', at);
      await store.insert(table, moved);
    },
    barsAfter: async (_, after, limit) => await store.barsAfter(elsewhere, after, limit),
  };
  writeFileSync(file, toCsv(other));
  const [changed] = await backfill(renamed, [{ series: MINUTES, file }], options);
  assert.equal(changed?.resumed, 0);
  assert.equal(changed.rows, 12_000);
  const series = { ...MINUTES, feed: 'newfeed' };
  const decoder = new RowDecoder(series, await store.rows(series, 0, Infinity, 20_000));
  assert.equal(decoder.rows, 12_000);
  assert.equal(decoder.feature(11_999, columnOf('close')), Math.fround(other[11_999]!.close));
});

test('the running engine checks live rows against history, and counts one that differs', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), { features: { checkEverySeconds: 0.01 } });
  const group = await engine.instruments.follow({
    feed: 'test',
    symbol: 'EURUSD',
    base: '1m',
    tenantId: 'default',
    timeframe: '1m',
  });
  const bars = inventedBars(1_200, { lengthMs: 60_000 });
  const seriesId = `${group}/1m`;
  let next = 0;
  const until = async (done: () => boolean): Promise<void> => {
    while (!done() && next < bars.length) {
      engine.intake.ingestBars(group, [bars[next++]!]);
      await engine.settled();
      await sleep(20);
    }
    assert.ok(done(), JSON.stringify(engine.status.counts().skew));
  };
  await until(() => engine.status.counts().skew.checked >= 1);
  assert.equal(engine.status.counts().skew.differing, 0);
  // Someone changes a raw bar of the past in the store, when its labels of 1 and 4 hours will not write it again.
  await until(() => next > 300);
  await engine.stored();
  const past = { ...bars[3]!, close: bars[3]!.close * 1.01, high: bars[3]!.high * 1.02 };
  await engine.features.insert('aggregates', barsOf(seriesIdentity(seriesId), [past]));
  await until(() => engine.status.counts().skew.differing >= 1);
});

// What every feature store must do, embedded or a server.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SuhoError } from '../../engine/errors.js';
import type { FeatureStore, SeriesIdentity } from '../../engine/feature-store/feature-store.js';
import { RowDecoder } from '../../engine/feature-store/table.js';
import { LABEL_NUMBERS, type StoredRow } from '../../engine/journal/records.js';
import { Random } from '../../engine/learning/random.js';
import type { Bar } from '../../actors/market/bar.js';
import { inventedBars } from './markets.js';

const HOUR = 3_600_000;

/** A row of a bar with invented features, the first `known` of them known. */
function storedRow(bar: Bar, random: Random, known: number, lengthMs = HOUR): StoredRow {
  const values = Float32Array.from({ length: FEATURE_COUNT }, () => random.normal());
  values.fill(NaN, known);
  return {
    seriesId: 'market/EURUSD/1h',
    closeTime: bar.openTime + lengthMs,
    bar,
    qualityScore: 1,
    qualityFlags: 0,
    values,
    labels: new Float64Array(LABEL_NUMBERS).fill(NaN),
  };
}

/** Features: what was written is read back bit for bit, a row written again is there once, with the newer labels. */
export async function featureStoreContract(store: FeatureStore): Promise<void> {
  await store.prepare();
  await store.prepare();
  const series: SeriesIdentity = {
    tenantId: `acme-${randomBytes(3).toString('hex')}`,
    feed: 'market',
    symbol: 'EURUSD',
    timeframe: '1h',
  };
  const random = new Random(3);
  const bars = inventedBars(300);
  const rows = bars.map((bar, i) => storedRow(bar, random, i < 20 ? 100 : FEATURE_COUNT));
  await store.write(rows.map((row) => ({ series, row })));
  const labelled = { ...rows[5]!, labels: Float64Array.from({ length: LABEL_NUMBERS }, (_, i) => i) };
  await store.write([{ series, row: labelled }]);
  const decoded = new RowDecoder(series, await store.rows(series, 0, Infinity, 1_000));
  assert.equal(decoded.rows, 300);
  rows.forEach((row, i) => {
    assert.equal(decoded.openTime(i), row.bar.openTime);
    row.values.forEach((value, column) => assert.ok(Object.is(decoded.feature(i, column), value)));
  });
  const [known] = await store.sql(
    `SELECT countIf(labels_known = 3) AS n FROM ml_features WHERE tenant_id = '${series.tenantId}'`,
  );
  assert.equal(Number(known!['n']), 1);
  assert.deepEqual(await store.bars(series, bars[99]!.openTime + HOUR, 10), bars.slice(90, 100));
  assert.deepEqual(await store.barsAfter(series, bars[289]!.openTime, 100), bars.slice(290));
  assert.deepEqual(await store.bars({ ...series, tenantId: 'zen' }, Infinity, 10).catch(() => []), []);
  const columns = await store.columns(series, ['rsi_14'], bars[0]!.openTime, bars[299]!.openTime + HOUR);
  assert.equal(columns.size, 300);
  await longHistoryIsStored(store);
  await timesNoStoreHoldsAreRefused(store);
  await replacedHistoryIsRemoved(store);
  await assert.rejects(
    store.sql('SELECT nothing FROM nowhere'),
    (error) => error instanceof SuhoError && error.code === 'BAD_INPUT',
  );
}

/** Twenty-five years of bars in one write: 300 months, of which ClickHouse takes a hundred in one block. */
async function longHistoryIsStored(store: FeatureStore): Promise<void> {
  const DAY = 24 * HOUR;
  const tenantId = `long-${randomBytes(3).toString('hex')}`;
  const of = (symbol: string): SeriesIdentity => ({ tenantId, feed: 'market', symbol, timeframe: '1d' });
  const bars = inventedBars(1_860, { lengthMs: DAY }).map((bar, i) => ({
    ...bar,
    // Two series, each with a bar every tenth day, so that neighbours in the batch are of different partitions.
    openTime: Date.UTC(1996, 0, 1) + Math.floor(i / 2) * 10 * DAY,
  }));
  const random = new Random(4);
  const written = bars.map((bar, i) => ({
    series: of(i % 2 === 0 ? 'EURUSD' : 'LONGER.NAME'),
    row: storedRow(bar, random, FEATURE_COUNT, DAY),
  }));
  await store.write(written);
  for (const [i, symbol] of ['EURUSD', 'LONGER.NAME'].entries()) {
    const own = bars.filter((_, at) => at % 2 === i);
    assert.deepEqual(await store.barsAfter(of(symbol), -1, 10_000), own);
    const decoded = new RowDecoder(of(symbol), await store.rows(of(symbol), 0, Infinity, 10_000));
    assert.equal(decoded.rows, own.length);
    const last = written[(own.length - 1) * 2 + i]!.row;
    assert.equal(decoded.openTime(own.length - 1), last.bar.openTime);
    assert.equal(decoded.feature(own.length - 1, FEATURE_COUNT - 1), last.values.at(-1));
  }
}

/** A replacement removes the bars of its span and the rows that may follow from them, in every version, and is told of. */
async function replacedHistoryIsRemoved(store: FeatureStore): Promise<void> {
  const tenantId = `replaced-${randomBytes(3).toString('hex')}`;
  const of = (symbol: string): SeriesIdentity => ({ tenantId, feed: 'market', symbol, timeframe: '1h' });
  const series = of('EURUSD');
  const random = new Random(6);
  const rows = inventedBars(60).map((bar) => {
    const row = storedRow(bar, random, FEATURE_COUNT);
    // All labels of a row are known ten hours after its bar.
    return { ...row, labels: row.labels.map((_, i) => (i % 6 === 5 ? row.closeTime + 10 * HOUR : 1)) };
  });
  const write = async (...written: readonly StoredRow[]): Promise<void> =>
    await store.write(
      written.flatMap((row) => [of('EURUSD'), of('GBPUSD')].map((own) => ({ series: own, row }))),
    );
  await write(...rows.map((row) => ({ ...row, labels: new Float64Array(LABEL_NUMBERS).fill(NaN) })));
  await write(...rows);
  const [from, to] = [rows[40]!.bar.openTime, rows[45]!.bar.openTime];
  await store.beginReplacement(series, { from, to });
  const openTimes = async (own: SeriesIdentity): Promise<number[]> => {
    const decoded = new RowDecoder(own, await store.rows(own, 0, Infinity, 100));
    return Array.from({ length: decoded.rows }, (_, i) => decoded.openTime(i));
  };
  const times = rows.map(({ bar }) => bar.openTime);
  const barTimes = async (): Promise<number[]> =>
    (await store.barsAfter(series, -1, 100)).map((bar) => bar.openTime);
  assert.deepEqual(await barTimes(), [...times.slice(0, 40), ...times.slice(45)]);
  // By hand: the label of bar 29 was known when bar 40 opened.
  assert.deepEqual(await openTimes(series), times.slice(0, 29));
  assert.deepEqual(await openTimes(of('GBPUSD')), times, 'another series keeps all');
  const first = await store.lastReplacement(series);
  assert.deepEqual([first?.from, first?.to, first?.isDone], [from, to, false]);
  await write({ ...rows[30]!, labels: new Float64Array(LABEL_NUMBERS).fill(NaN) });
  assert.equal((await openTimes(series)).length, 30, 'a row with fewer labels than before is there');
  await store.endReplacement(series);
  const own = (await store.replacementsSince(first!.at - 1)).filter(
    (found) => found.series.tenantId === tenantId,
  );
  assert.deepEqual(own, [{ ...first!, isDone: true }]);
  assert.equal(await store.lastReplacement(of('GBPUSD')), undefined);
}

/** A bar that no ClickHouse can hold is refused as a record; the store goes on with the next one. */
async function timesNoStoreHoldsAreRefused(store: FeatureStore): Promise<void> {
  const series: SeriesIdentity = {
    tenantId: `far-${randomBytes(3).toString('hex')}`,
    feed: 'market',
    symbol: 'EURUSD',
    timeframe: '1h',
  };
  const random = new Random(5);
  const [good] = inventedBars(1);
  for (const openTime of [
    Date.UTC(2300, 0, 1),
    Date.UTC(2299, 11, 31, 23),
    Date.UTC(10_000, 0, 1),
    8.64e15,
    Date.UTC(1899, 11, 31),
    1.7e18,
  ]) {
    const row = storedRow({ ...good!, openTime }, random, FEATURE_COUNT);
    await assert.rejects(
      store.write([{ series, row }]),
      (error) => error instanceof SuhoError && error.code === 'RECORD_REFUSED',
      String(openTime),
    );
  }
  const row = storedRow(good!, random, FEATURE_COUNT);
  const longName = { ...series, symbol: 'X'.repeat(200) };
  await assert.rejects(
    store.write([{ series: longName, row }]),
    (error) => error instanceof SuhoError && error.code === 'RECORD_REFUSED',
  );
  await store.write([{ series, row }]);
  assert.deepEqual(await store.barsAfter(series, -1, 10), [good]);
}

import { BarGrid } from '../../actors/market/bar-grid.js';
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import { SeriesCursor } from '../../actors/series-machine.js';
import type { Engine } from '../../engine/engine.js';
import { SuhoError } from '../../engine/errors.js';
import { whenTaken } from '../../engine/feeds/backpressure.js';
import { Journal } from '../../engine/journal/journal.js';
import { packBars } from '../../engine/journal/records.js';
import { partitionName } from '../../engine/patterns/pattern-index.js';
import { PatternRecorder } from '../../engine/patterns/pattern-recorder.js';
import { UsearchPatternIndex } from '../../engine/patterns/usearch-pattern-index.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { withheldOn } from '../support/invented-records.js';
import { MONDAY, inventedBars } from '../support/markets.js';
import { eventually } from '../support/served.js';
import { FeatureStoreAway } from '../support/stores-away.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DEFAULT = { tenantId: 'default', timeframe: '1h', signalTimeframes: [] } as const;
const bars = inventedBars(3_000, { seed: 41 });
const quick = { drainSeconds: 0.2, features: { checkEverySeconds: 0 } };

/** A journal that is full for longer is full for good. */
const PATIENCE = { msMax: 120_000 };

/** Publishes bars, waiting where the engine asks for it. */
async function publish(engine: Engine, symbol: string, rows: readonly Bar[]): Promise<void> {
  for (let i = 0; i < rows.length; i += 50)
    await whenTaken(
      async () => await engine.intake.publishBars({ ...DEFAULT, symbol, bars: rows.slice(i, i + 50) }),
      PATIENCE,
    );
}

/** Publishes bars until the journal is full; returns how many were taken. */
async function fill(engine: Engine, from: number): Promise<number> {
  for (let i = from; i < bars.length; i += 10) {
    try {
      await engine.intake.publishBars({ ...DEFAULT, symbol: 'EURUSD', bars: bars.slice(i, i + 10) });
    } catch (error) {
      assert.ok(error instanceof SuhoError && error.code === 'JOURNAL_FULL', String(error));
      return i;
    }
  }
  throw new Error('The journal never filled.');
}

async function storedRows(engine: Engine, symbol: string): Promise<unknown> {
  await engine.stored();
  const [row] = await engine.features.sql(
    `SELECT count() AS n FROM ml_features FINAL WHERE symbol = '${symbol}'`,
  );
  return Number(row?.['n']);
}

test('a journal that filled while a store was away takes input again by itself, also after a restart', async (t) => {
  const folder = temporaryFolder(t);
  const config = { ...quick, journal: { maxMegabytes: 0.6 } };
  let engine = await openEngine(t, folder, config, {});
  const away = new FeatureStoreAway(folder);
  const takesAgain = async (from: number): Promise<boolean> =>
    await engine.intake
      .publishBars({ ...DEFAULT, symbol: 'EURUSD', bars: bars.slice(from, from + 1) })
      .then(({ accepted }) => accepted === 1)
      .catch((error: unknown) => {
        assert.ok(error instanceof SuhoError && error.code === 'JOURNAL_FULL', String(error));
        return false;
      });

  away.begin();
  let next = await fill(engine, 0);
  away.end();
  await eventually('input is taken again', async () => await takesAgain(next));
  next++;

  away.begin();
  next = await fill(engine, next);
  await engine.stop();
  away.end();
  engine = await openEngine(t, folder, config, {});
  await eventually('input is taken again after a restart', async () => await takesAgain(next));
  assert.equal(await storedRows(engine, 'EURUSD'), next + 1, 'nothing that was taken is lost');
});

test('an instrument that is quiet and one that has failed never fill the journal for one that is busy', async (t) => {
  const folder = temporaryFolder(t);
  const first = await openEngine(t, folder, quick, {});
  await publish(first, 'GBPUSD', bars.slice(0, 60));
  await publish(first, 'USDJPY', bars.slice(0, 60));
  await first.stop();
  const sick = 'default@published/USDJPY';
  const journal = Journal.open(path.join(folder, 'journal'), 1e9);
  // An input no engine would have accepted: its series throws at it, now and at every start.
  journal.inputs.append({ kind: 'bars', instrument: sick, numbers: packBars([bars[10]!]) });
  await journal.close();

  const config = { ...quick, journal: { maxMegabytes: 1 } };
  const engine = await openEngine(t, folder, config, {});
  assert.deepEqual(
    engine.status.troubled().map(({ id }) => id),
    [sick],
  );
  await publish(engine, 'GBPUSD', bars.slice(60, 70));
  await publish(engine, 'EURUSD', bars.slice(0, 1_200));
  assert.equal(await storedRows(engine, 'EURUSD'), 1_200);
  await engine.stop();
  const next = await openEngine(t, folder, config, {});
  assert.equal(next.instruments.barsOf('default@published/GBPUSD/1h'), 70);
  assert.equal(next.instruments.barsOf('default@published/EURUSD/1h'), 1_200);
});

test('rows whose labels are still open do not keep a small journal full for good', async (t) => {
  // A minute series has 1,440 rows without their last label; this journal has room for 240.
  const engine = await openEngine(t, temporaryFolder(t), { ...quick, journal: { maxMegabytes: 1 } }, {});
  const minutes = 420;
  for (let i = 0; i < minutes; i++) {
    const quotes: Quote[] = [0, 1, 2].map((k) => {
      const bid = 1.1 + Math.sin(i + k / 3) * 1e-3;
      return { ts: MONDAY + i * MINUTE + k * 15_000, bid, ask: bid + 1e-4, bidSize: NaN, askSize: NaN };
    });
    const taken = await whenTaken(
      async () => await engine.intake.publishQuotes({ ...DEFAULT, symbol: 'EURUSD', quotes }),
      PATIENCE,
    );
    assert.equal(taken?.accepted, 3);
  }
  assert.equal(await storedRows(engine, 'EURUSD'), minutes - 1);
});

test('quotes within one bar, many times what the journal holds, never fill it for good', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), { ...quick, journal: { maxMegabytes: 0.6 } }, {});
  let bytes = 0;
  for (let i = 0; i < 400; i++) {
    // All of one hour and one bar: no row leaves the journal, only inputs can.
    const quotes: Quote[] = Array.from({ length: 100 }, (_, k) => ({
      ts: MONDAY + i * 9_000 + k * 90,
      bid: 1.1 + Math.sin(k) * 1e-4,
      ask: 1.1002,
      bidSize: 1,
      askSize: 1,
    }));
    const taken = await whenTaken(
      async () => await engine.intake.publishQuotes({ ...DEFAULT, symbol: 'EURUSD', quotes }),
      PATIENCE,
    );
    assert.equal(taken?.accepted, 100);
    bytes += quotes.length * 40;
  }
  assert.ok(bytes > 2 * 0.6e6, `${bytes} bytes of input`);
  assert.ok(engine.journal.stats().bytes < 1.2e6, `${engine.journal.stats().bytes} bytes`);
});

test('a clock that would close a bar is put off while the journal is full, and closes it once there is room', async (t) => {
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder, { ...quick, journal: { maxMegabytes: 0.6 } }, {});
  const away = new FeatureStoreAway(folder);
  const at = bars.at(-1)!.openTime + 7 * 24 * HOUR;
  const quote: Quote = { ts: at, bid: 1, ask: 1.1, bidSize: NaN, askSize: NaN };
  await engine.intake.publishQuotes({ ...DEFAULT, symbol: 'USDJPY', quotes: [quote] });
  away.begin();
  await fill(engine, 0);
  const closed = (): boolean => engine.instruments.barsOf('default@published/USDJPY/1m') === 1;
  for (let i = 0; i < 20; i++) engine.intake.tick('published', at + HOUR);
  await engine.settled();
  assert.equal(closed(), false);
  away.end();
  await eventually('the bar closes', () => {
    engine.intake.tick('published', at + HOUR);
    return closed();
  });
});

const moment = (i: number) => ({
  closeTime: MONDAY + i * MINUTE,
  vector: Float32Array.from({ length: 64 }, (_, k) => Math.sin(i * 64 + k)),
  directions: [1, 0, -1],
  returns: [0.1, 0, -0.1],
  resolvedAt: MONDAY + (i + 1_440) * MINUTE,
  conditions: { rsi_14: 50 },
});

const partition = (symbol: string) =>
  ({ tenantId: 'acme', symbol, timeframe: '1m', embeddingVersion: 'e' }) as const;

test('moments are bounded in the journal: of each partition the newest stay, also after a restart', async (t) => {
  const folder = temporaryFolder(t);
  const key = partition('EURUSD');
  for (let run = 0; run < 2; run++) {
    const journal = Journal.open(folder, 1e9);
    const recorder = new PatternRecorder(journal, new UsearchPatternIndex(), 1_000);
    await recorder.use(key);
    for (let i = 0; i < 2_500; i++) await recorder.addKnown(key, [moment(run * 2_500 + i)]);
    await journal.durable();
    const { known } = journal.moments.count(partitionName(key));
    assert.ok(known >= 1_000 && known <= 1_100, `${known} moments`);
    const [oldest] = journal.moments.of(partitionName(key));
    assert.ok(oldest![0] >= moment((run + 1) * 2_500 - 1_100).closeTime, 'the newest stay');
    await journal.close();
  }
});

test('moments of however many partitions leave room for input, those whose outcome never comes too', async (t) => {
  const journal = Journal.open(temporaryFolder(t), 2e6);
  const recorder = new PatternRecorder(journal, new UsearchPatternIndex(), 20_000);
  const keys = ['EURUSD', 'GBPUSD', 'USDJPY', 'XAUUSD', 'AUDUSD', 'NZDUSD'].map(partition);
  for (const key of keys) {
    await recorder.use(key);
    for (let i = 0; i < 1_000; i++) {
      await recorder.addKnown(key, [moment(i)]);
      const { closeTime, ...open } = moment(2_000 + i);
      recorder.note(key, closeTime, { ...open, anomaly: undefined });
    }
    await journal.compact();
    assert.ok(journal.stats().bytes < 1e6, `${journal.stats().bytes} bytes at ${key.symbol}`);
  }
  for (const key of keys) {
    const { known, open } = journal.moments.count(partitionName(key));
    assert.ok(known > 0 && open > 0, 'each has its share');
  }
  await journal.close();
});

test('conclusions without a signal leave the journal with the snapshot that holds them', async (t) => {
  const journal = Journal.open(temporaryFolder(t), 1e9);
  const actorId = 'signal:acme:market/EURUSD/1h';
  const conclude = (closeTime: number): void =>
    void journal.predictions.appendConclusion(withheldOn(actorId, closeTime));
  const sizes: number[] = [];
  for (let snapshot = 0; snapshot < 4; snapshot++) {
    const first = snapshot * 2_000 + 1;
    for (let i = 0; i < 2_000; i++) conclude(first + i);
    const record = {
      definition: {
        feed: 'market',
        owner: 'platform',
        symbol: 'EURUSD',
        base: '1h',
        longer: [],
        signals: [],
      },
      position: 0,
      cursor: new SeriesCursor(BarGrid.of('1h')).state,
      openBar: undefined,
      parts: new Map<string, Uint8Array>(),
    } as const;
    // All but the last ten.
    journal.snapshots.put('market/EURUSD', record, [actorId], first + 1_989);
    await journal.durable();
    const { conclusions } = journal.predictions;
    await eventually(
      'what the snapshot holds is dropped',
      () => conclusions.get(actorId, first + 1_989) === undefined,
    );
    await journal.compact();
    assert.equal(conclusions.get(actorId, first + 1_990)?.evidence.modelFailure, 'deadline');
    assert.equal(conclusions.lastOf(actorId), first + 1_999);
    sizes.push(journal.stats().bytes);
  }
  assert.ok(sizes.at(-1)! <= sizes[0]! + 20_000, `${sizes.join(', ')} bytes`);
  await journal.close();
});

test('records that stores refuse never fill a small journal', async (t) => {
  const journal = Journal.open(temporaryFolder(t), 1e6);
  for (let i = 0; i < 2_000; i++) {
    const record = { symbol: 'EURUSD', values: new Float32Array(300) };
    const about = String(i);
    journal.deadLetters.add({
      source: 'sink',
      name: 'features',
      tenantId: 'acme',
      about,
      error: 'no',
      record,
    });
    if (i % 100 === 0) await journal.durable();
  }
  await journal.compact();
  assert.ok(journal.stats().bytes < 0.3e6, `${journal.stats().bytes} bytes`);
  assert.equal(journal.deadLetters.list().at(-1)?.about, '1999', 'the newest stay');
  assert.equal(journal.deadLetters.size, journal.deadLetters.list().length);
  await journal.close();
});

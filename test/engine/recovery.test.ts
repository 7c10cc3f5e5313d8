import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { open } from 'lmdb';
import type { Quote } from '../../actors/market/quote.js';
import type { Engine } from '../../engine/engine.js';
import { SuhoError } from '../../engine/errors.js';
import { Journal } from '../../engine/journal/journal.js';
import { packBars } from '../../engine/journal/records.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';

const HOUR = 3_600_000;
const bars = inventedBars(900, { seed: 31 });

async function follow(engine: Engine, symbol: string): Promise<string> {
  return await engine.instruments.follow({
    feed: 'market',
    symbol,
    base: '1h',
    tenantId: 'default',
    timeframe: '4h',
  });
}

async function feed(engine: Engine, instrument: string, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i += 100) {
    engine.intake.ingestBars(instrument, bars.slice(i, Math.min(to, i + 100)));
    await engine.settled();
  }
}

/** Quotes of the hour after the 700th bar: they leave it open. */
const quotes: Quote[] = Array.from({ length: 50 }, (_, i) => ({
  ts: bars[700]!.openTime + i * 60_000,
  bid: bars[699]!.close * (1 + Math.sin(i) * 1e-3),
  ask: bars[699]!.close * (1 + Math.sin(i) * 1e-3) + 1e-4,
  bidSize: NaN,
  askSize: NaN,
}));

/** What both runs do after the first 700 bars: a timeframe more, an open hour of quotes. */
async function goOn(engine: Engine, instrument: string): Promise<void> {
  await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '1d',
  });
  engine.intake.ingestQuotes(instrument, quotes);
  await engine.settled();
}

test('an instrument whose snapshot is refused is made again from stored bars and the bar that quotes had begun', async (t) => {
  const unbroken = await openEngine(t, temporaryFolder(t));
  const whole = await follow(unbroken, 'EURUSD');
  await feed(unbroken, whole, 0, 700);
  await goOn(unbroken, whole);
  await feed(unbroken, whole, 701, 900);
  const expected = unbroken.instruments.graph.states();
  await unbroken.stop();

  const folder = temporaryFolder(t);
  const first = await openEngine(t, folder);
  await feed(first, await follow(first, 'EURUSD'), 0, 700);
  await goOn(first, 'market/EURUSD');
  await first.stop();

  // What a damaged disk, or a version with another layout, leaves.
  const root = open({ path: path.join(folder, 'journal'), maxDbs: 32 });
  const inputs = root.openDB<unknown, [string, number]>({ name: 'inputs' });
  assert.deepEqual([...inputs.getKeys()], [], 'the snapshot at the stop holds all inputs');
  const snapshots = root.openDB<Uint8Array, [string, string]>({ name: 'snapshots', encoding: 'binary' });
  const parts = [...snapshots.getKeys()];
  assert.ok(parts.length > 0);
  for (const key of parts)
    if (!key[1].startsWith('signal:')) snapshots.putSync(key, Buffer.from('not a snapshot'));
  await root.close();

  const second = await openEngine(t, folder);
  const instrument = await follow(second, 'EURUSD');
  assert.equal(second.instruments.barsOf(`${instrument}/1h`), 700);
  await feed(second, instrument, 701, 900);
  assert.deepEqual(second.instruments.graph.states(), expected);
  await second.stored();
  const [stored] = await second.features.sql(
    "SELECT count() AS n FROM ml_features WHERE timeframe = '1h' AND symbol = 'EURUSD'",
  );
  assert.equal(stored?.['n'], 900);
});

test('a timeframe followed in mid-run gives the same rows after a crash', async (t) => {
  const unbroken = await openEngine(t, temporaryFolder(t));
  const whole = await follow(unbroken, 'EURUSD');
  await feed(unbroken, whole, 0, 350);
  await goOn(unbroken, whole);
  await feed(unbroken, whole, 701, 801);
  const expected = unbroken.instruments.graph.states();
  await unbroken.stop();

  const folder = temporaryFolder(t);
  const first = await openEngine(t, folder);
  const instrument = await follow(first, 'EURUSD');
  await feed(first, instrument, 0, 350);
  await goOn(first, instrument);
  await feed(first, instrument, 701, 801);
  await first.journal.durable();
  // What kill -9 leaves: a stop would take a snapshot.
  assert.equal(first.journal.inputs.retained(instrument).records > 0, true);
  const killed = temporaryFolder(t);
  cpSync(path.join(folder, 'journal'), path.join(killed, 'journal'), { recursive: true });
  cpSync(path.join(folder, 'suho.json'), path.join(killed, 'suho.json'));
  await first.stop();
  const next = await openEngine(t, killed);
  assert.equal(next.journal.inputs.retained(instrument).records > 0, true, 'no snapshot holds the inputs');
  assert.deepEqual(next.instruments.graph.states(), expected);
});

test('an input that its actor always throws at fails its instrument, which refuses input and says why; others go on', async (t) => {
  const folder = temporaryFolder(t);
  const first = await openEngine(t, folder);
  const instruments = { sick: await follow(first, 'EURUSD'), well: await follow(first, 'GBPUSD') };
  for (const instrument of Object.values(instruments)) await feed(first, instrument, 0, 300);
  await first.stop();

  // An input that no engine would have accepted: a bar from before the last one.
  const journal = Journal.open(path.join(folder, 'journal'), 1e9);
  journal.inputs.append({ kind: 'bars', instrument: instruments.sick, numbers: packBars([bars[10]!]) });
  await journal.close();

  for (let start = 0; start < 2; start++) {
    const engine = await openEngine(t, folder);
    const [troubled] = engine.status.troubled();
    assert.equal(troubled?.id, instruments.sick);
    assert.equal(troubled.state, 'failed');
    assert.match(troubled.error, /is not after/);
    assert.equal(engine.status.counts().parked, 1);
    assert.ok(engine.status.counts().deadLetters >= 1, 'the failure is on record');
    assert.throws(
      () => engine.intake.ingestBars(instruments.sick, bars.slice(300, 301)),
      (error) => error instanceof SuhoError && error.code === 'INSTRUMENT_FAILED',
    );
    await feed(engine, instruments.well, 300, 400);
    assert.equal(engine.instruments.barsOf(`${instruments.well}/1h`), 400, 'the other instrument goes on');
    await engine.stop();
  }
});

test('a removed instrument is gone with its quota, also after a restart, and can be followed anew', async (t) => {
  const folder = temporaryFolder(t);
  const first = await openEngine(t, folder);
  const instrument = await follow(first, 'EURUSD');
  await feed(first, instrument, 0, 100);
  assert.equal(await first.instruments.remove(instrument), true);
  assert.equal(await first.instruments.remove(instrument), false);
  assert.throws(() => first.intake.ingestBars(instrument, bars.slice(100)), /not followed/);
  await first.stop();
  const second = await openEngine(t, folder);
  assert.deepEqual([...second.instruments.all()], []);
  await feed(second, await follow(second, 'EURUSD'), 200, 250);
  assert.equal(second.instruments.barsOf(`${instrument}/1h`), 50);
  assert.equal(second.instruments.lastClosedBar(`${instrument}/1h`), bars[249]!.openTime);
  assert.ok(bars[249]!.openTime > HOUR);
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { open } from 'lmdb';
import type { Engine } from '../../engine/engine.js';
import { ClickHouseFeatureStore } from '../../engine/feature-store/clickhouse-feature-store.js';
import { SimulatedFeed } from '../../engine/feeds/simulated-feed.js';
import { Journal } from '../../engine/journal/journal.js';
import { packBars } from '../../engine/journal/records.js';
import type { PublishedSignal } from '../../engine/publication/subscription.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { eventually, serve, TestClient } from '../support/served.js';

const HOUR = 3_600_000;
const TRAINED = 1_200;
const bars = inventedBars(1_400, { momentum: 0.7, seed: 71 });

async function follow(engine: Engine, symbol: string): Promise<string> {
  return await engine.instruments.follow({
    feed: 'market',
    symbol,
    base: '1h',
    tenantId: 'default',
    timeframe: '1h',
  });
}

/** Follows a symbol, feeds it and trains on what it was fed. */
async function trained(engine: Engine, symbol = 'EURUSD', market = bars): Promise<string> {
  const instrument = await follow(engine, symbol);
  engine.intake.ingestBars(instrument, market.slice(0, TRAINED));
  await engine.settled();
  await engine.training.train(`${instrument}/1h`, bars[TRAINED - 1]!.openTime + HOUR);
  return instrument;
}

/** Makes an actor that runs now throw at the `n`th message from now; what is made in its place is sound. */
function throwOnce(engine: Engine, actorId: string, n: number): void {
  const actor = engine.instruments.graph.signal(actorId) ?? engine.instruments.graph.series(actorId);
  assert.ok(actor !== undefined, actorId);
  const receive = actor.receive.bind(actor);
  let left = n;
  actor.receive = (...args) => {
    if (left-- === 0) throw new Error('this actor fails once');
    receive(...args);
  };
}

interface Outcome {
  readonly signals: readonly unknown[];
  readonly states: ReadonlyMap<string, Uint8Array>;
}

async function run(
  t: TestContext,
  disturb: (engine: Engine, instrument: string) => Promise<void>,
): Promise<Outcome> {
  const engine = await openEngine(t, temporaryFolder(t));
  const published: PublishedSignal[] = [];
  engine.publication.onSignal((signal) => published.push(signal));
  const instrument = await trained(engine);
  await disturb(engine, instrument);
  await engine.settled();
  await engine.journal.durable();
  assert.deepEqual(engine.status.troubled(), []);
  const outcome = {
    signals: published.map(({ sequence, signal }) => ({
      sequence,
      signal: { ...signal, timing: undefined },
    })),
    states: engine.instruments.graph.states(),
  };
  await engine.stop();
  return outcome;
}

/** Hands in what follows the training, in pieces; waits where the instrument is being recovered. */
async function feed(engine: Engine, instrument: string): Promise<void> {
  for (let i = TRAINED; i < bars.length; i += 25) {
    await engine.instruments.get(instrument)!.recovered();
    engine.intake.ingestBars(instrument, bars.slice(i, i + 25));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('an actor that fails once costs nothing: the rest of its mailbox is applied and each signal is made once', async (t) => {
  const calm = await run(t, feed);
  assert.equal(calm.signals.length, bars.length - TRAINED);
  for (const actorId of ['signal:default:market/EURUSD/1h', 'market/EURUSD/1h']) {
    const disturbed = await run(t, async (engine, instrument) => {
      throwOnce(engine, actorId, 37);
      await feed(engine, instrument);
      await engine.settled();
      assert.equal(engine.status.counts().actors.failed, 1, 'it did fail');
    });
    assert.deepEqual(disturbed, calm, actorId);
  }
});

test('models that come while an instrument is being recovered skip nothing', async (t) => {
  const disturbance = (fails: boolean) => async (engine: Engine, instrument: string) => {
    const one = engine.instruments.get(instrument)!;
    const route = one.routeOf('default', '1h')!;
    engine.intake.ingestBars(instrument, bars.slice(TRAINED, 1_250));
    if (fails) {
      throwOnce(engine, `${instrument}/1h`, 10);
      await eventually('it recovers', () => one.state === 'recovering');
      await engine.instruments.setRoute(one, 'default', '1h', { ...route, edge: [true, true, true] });
    } else {
      await engine.settled();
      await engine.instruments.setRoute(one, 'default', '1h', { ...route, edge: [true, true, true] });
    }
    engine.intake.ingestBars(instrument, bars.slice(1_250));
  };
  assert.deepEqual(await run(t, disturbance(true)), await run(t, disturbance(false)));
});

/** Spoils the series states in an instrument's snapshot, as a version with another layout does. */
async function spoilSnapshot(folder: string, instrument: string): Promise<void> {
  const root = open({ path: path.join(folder, 'journal'), maxDbs: 32 });
  const snapshots = root.openDB<Uint8Array, [string, string]>({ name: 'snapshots', encoding: 'binary' });
  for (const key of Array.from(snapshots.getKeys({ start: [instrument, ''], end: [instrument, '\uffff'] })))
    if (!key[1].startsWith('signal:')) snapshots.putSync(key, Buffer.from('not a snapshot'));
  await root.close();
}

test('a recovery that a store cannot be read for is named, refuses input for a while, and comes back by itself', async (t) => {
  const folder = temporaryFolder(t);
  const first = await openEngine(t, folder, {}, {});
  for (const symbol of ['EURUSD', 'GBPUSD'])
    first.intake.ingestBars(await follow(first, symbol), bars.slice(0, 300));
  await first.settled();
  await first.stored();
  await first.stop();
  await spoilSnapshot(folder, 'market/EURUSD');

  const away = t.mock.method(ClickHouseFeatureStore.prototype, 'barsAfter', async () => {
    await Promise.resolve();
    throw new Error('the store is away');
  });
  const engine = await openEngine(t, folder, {}, {});
  const { api, port } = await serve(t, engine);
  const [troubled] = api.health.snapshot().instruments;
  assert.deepEqual(
    [troubled?.name, troubled?.state, troubled?.error],
    ['market/EURUSD', 'recovering', 'the store is away'],
  );
  assert.equal(api.health.snapshot().degraded, true);
  assert.throws(() => engine.intake.ingestBars('market/EURUSD', bars.slice(300)), /is being recovered/);
  engine.intake.ingestBars('market/GBPUSD', bars.slice(300, 310));
  const client = new TestClient(port);
  const told = await client.call<{ instruments: { state: string }[] }>('EngineService', 'GetHealth', {});
  client.close();
  assert.equal(told.instruments.length, 1, 'suho status names it');
  away.mock.restore();
  await eventually('it is back', () => engine.status.troubled().length === 0);
  assert.equal(engine.instruments.barsOf('market/EURUSD/1h'), 300);
  assert.equal(engine.intake.ingestBars('market/EURUSD', bars.slice(300, 310)).accepted, 10);
});

test('a damaged model file withholds that model only, which status names; the other symbol has its signals', async (t) => {
  const folder = temporaryFolder(t);
  const first = await openEngine(t, folder);
  const markets = { EURUSD: bars, GBPUSD: inventedBars(1_400, { momentum: 0.7, seed: 72 }) };
  const ids = new Map<string, string>();
  for (const [symbol, market] of Object.entries(markets)) {
    const instrument = await trained(first, symbol, market);
    ids.set(symbol, first.instruments.routeOf('default', `${instrument}/1h`)!.modelId);
  }
  assert.notEqual(ids.get('EURUSD'), ids.get('GBPUSD'));
  const damaged = first.artifacts.path(ids.get('EURUSD')!);
  await first.stop();
  writeFileSync(damaged, 'not what was registered');

  const engine = await openEngine(t, folder);
  const published: PublishedSignal[] = [];
  engine.publication.onSignal((signal) => published.push(signal));
  await eventually('the model is withheld', () => engine.status.withheldModels().length > 0);
  assert.equal(engine.status.withheldModels().length, 1);
  assert.match(JSON.stringify(engine.status.withheldModels()), /market\/EURUSD/);
  const { api } = await serve(t, engine);
  assert.equal(api.health.snapshot().degraded, true);
  for (const [symbol, market] of Object.entries(markets))
    engine.intake.ingestBars(`market/${symbol}`, market.slice(TRAINED, TRAINED + 20));
  await engine.settled();
  await engine.journal.durable();
  assert.deepEqual(new Set(published.map(({ signal }) => signal.symbol)), new Set(['GBPUSD']));
  assert.equal(published.length, 20);
  assert.equal(engine.status.counts().withheld['model_error'], 20);
});

test('a simulated market whose instrument has failed is left out, and the others go on', async (t) => {
  const folder = temporaryFolder(t);
  const config = {
    simulator: { symbols: ['EURUSD', 'GBPUSD'], historyBars: 1_000, speed: 360_000 },
    drainSeconds: 0.1,
  };
  const first = await openEngine(t, folder, config, {});
  const history = new SimulatedFeed(first);
  await history.open('default');
  await history.fillHistory(300, () => undefined);
  await first.stop();
  const journal = Journal.open(path.join(folder, 'journal'), 1e9);
  journal.inputs.append({ kind: 'bars', instrument: 'simulated/EURUSD', numbers: packBars([bars[0]!]) });
  await journal.close();

  const engine = await openEngine(t, folder, config, {});
  const markets = new SimulatedFeed(engine);
  await markets.open('default');
  await markets.fillHistory(400, () => undefined);
  assert.deepEqual(
    markets.series.map(({ seriesId }) => seriesId),
    ['simulated/GBPUSD/1h'],
  );
  const before = engine.instruments.barsOf('simulated/GBPUSD/1h');
  markets.run();
  await eventually('it runs on', () => engine.instruments.barsOf('simulated/GBPUSD/1h') > before + 3);
  await markets.stop();
  assert.deepEqual(
    engine.status.troubled().map(({ id, state }) => [id, state]),
    [['simulated/EURUSD', 'failed']],
  );
});

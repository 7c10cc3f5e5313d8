import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { Bar } from '../../actors/market/bar.js';
import { TIMEFRAMES, timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import type { EngineHealth__Output as ProtoHealth } from '../../engine/api/generated/suho/v1/EngineHealth.js';
import type { FirstModels__Output as FirstModels } from '../../engine/api/generated/suho/v1/FirstModels.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Engine } from '../../engine/engine.js';
import { SuhoError } from '../../engine/errors.js';
import { ClickHouseFeatureStore } from '../../engine/feature-store/clickhouse-feature-store.js';
import { barsNeeded } from '../../engine/learning/history-needed.js';
import { train } from '../../engine/learning/trainer.js';
import { Turns } from '../../engine/learning/turns.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { KilledEngine } from '../support/killed-engine.js';
import { inventedBars, toCsv } from '../support/markets.js';
import { TestClient, eventually, protoBars, serve, type SignalUpdate } from '../support/served.js';

const HOUR = 3_600_000;
/** What the docs say. */
const NEEDED = 799;
const bars = inventedBars(1_200, { momentum: 0.7, seed: 31 });
const WAIT_MS = 300_000;

const keyOf = (tenant: string): string => `key-of-${tenant}`;
/** Tenants whose keys are traders': they see what is their own. */
const tenantsOf = (...ids: readonly string[]): ConfigInput => ({
  tenants: ids.map((id) => ({
    id,
    apiKeySha256: [{ sha256: createHash('sha256').update(keyOf(id)).digest('hex'), role: 'trader' as const }],
  })),
});

interface Fed {
  readonly engine: Engine;
  readonly client: TestClient;
  readonly events: string[];
}

/** A served engine that gives series their first models, as `suho start` makes it. */
async function fed(t: TestContext, folder: string, config: ConfigInput = {}, opens = true): Promise<Fed> {
  const engine = await openEngine(t, folder, config);
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const events: string[] = [];
  engine.firstModels.onEvent((event) => {
    const id = 'series' in event ? event.series.seriesId : event.seriesId;
    if (event.kind !== 'collecting') events.push(`${event.kind} ${id}`);
  });
  if (opens) engine.firstModels.open();
  return { engine, client, events };
}

/** Publishes bars in requests of 500 and waits for the answers. */
async function publish(
  client: TestClient,
  rows: readonly Bar[],
  {
    key,
    symbol = 'EURUSD',
    timeframe = '1h',
  }: { key?: string | undefined; symbol?: string; timeframe?: Timeframe } = {},
): Promise<void> {
  const call = client.bars(key);
  for (let i = 0; i < rows.length; i += 500)
    call.write({
      request_id: i,
      symbol,
      timeframe: `TIMEFRAME_${timeframe.toUpperCase()}`,
      bars: protoBars(rows.slice(i, i + 500)),
    });
  call.end();
  for await (const ack of call as AsyncIterable<{ accepted: number; duplicates: number; skipped: unknown[] }>)
    assert.ok(ack.accepted > 0 || ack.duplicates === ack.skipped.length);
}

async function healthOf(client: TestClient, key?: string): Promise<ProtoHealth> {
  return await client.call<ProtoHealth>('EngineService', 'GetHealth', {}, key);
}

async function waitingOf(client: TestClient, key?: string): Promise<FirstModels> {
  return (await healthOf(client, key)).first_models!;
}

async function untilServed(client: TestClient, key?: string): Promise<void> {
  await eventually('no series waits', async () => (await waitingOf(client, key)).waiting === 0, WAIT_MS);
}

async function untilTold(events: readonly string[], count: number): Promise<void> {
  await eventually(`${count} events`, () => events.length >= count, WAIT_MS);
}

/** The first signal that comes after a sequence number. */
async function nextSignal(client: TestClient, key?: string): Promise<SignalUpdate['signal']> {
  const stream = client.stream({ resume_after: 0 }, key);
  const update = await new Promise<SignalUpdate>((resolve, reject) => {
    stream.once('data', resolve);
    stream.once('error', reject);
  });
  stream.on('error', () => undefined);
  stream.cancel();
  return update.signal;
}

test('a client that publishes its own bars counts down in health and has its first signal after the bars that are said', async (t) => {
  const { client, engine, events } = await fed(t, temporaryFolder(t));
  assert.deepEqual(await waitingOf(client), { automatic: true, waiting: 0, series: [] });
  let published = 0;
  for (const upTo of [1, 300, NEEDED - 1]) {
    await publish(client, bars.slice(published, upTo));
    published = upTo;
    await engine.settled();
    const { waiting, series } = await waitingOf(client);
    assert.equal(waiting, 1);
    assert.deepEqual(series, [
      {
        name: 'default@published/EURUSD/1h',
        symbol: 'EURUSD',
        timeframe: 'TIMEFRAME_1H',
        state: 'collecting',
        bars: upTo,
        bars_needed: NEEDED,
        bars_missing: NEEDED - upTo,
        reason: '',
      },
    ]);
  }
  assert.deepEqual(events, []);
  await publish(client, bars.slice(published, NEEDED));
  await untilServed(client);
  await untilTold(events, 2);
  assert.deepEqual(events, ['training default@published/EURUSD/1h', 'trained default@published/EURUSD/1h']);
  const withheld = (await healthOf(client)).withheld;
  assert.equal(Number(withheld['no_model']), NEEDED);

  await publish(client, bars.slice(NEEDED, NEEDED + 1));
  const first = await nextSignal(client);
  assert.equal(Number(first.bar_close_time), bars[NEEDED]!.openTime + HOUR);
  assert.equal(first.model!.version, 'v1.0.0');
  assert.ok(first.patterns!.matches > 0, 'what came of the past is known to the first signal');
});

test('a random walk gives signals too: they abstain and say why', async (t) => {
  const walk = inventedBars(NEEDED + 1, { seed: 32 });
  const { client } = await fed(t, temporaryFolder(t));
  await publish(client, walk.slice(0, NEEDED));
  await untilServed(client);
  await publish(client, walk.slice(NEEDED));
  const { direction, abstained } = await nextSignal(client);
  assert.equal(direction, 'DIRECTION_FLAT');
  assert.ok(abstained.includes('no_edge'), abstained.join());
});

test('tenants take turns, one training at a time, and see only their own in health', async (t) => {
  const { client, engine, events } = await fed(t, temporaryFolder(t), tenantsOf('acme', 'zen'), false);
  const [acme, zen] = ['acme', 'zen'].map(keyOf);
  for (const symbol of ['AAA', 'BBB', 'CCC'])
    await publish(client, bars.slice(0, NEEDED), { key: acme, symbol });
  await publish(client, bars.slice(0, NEEDED), { key: zen });
  await engine.settled();
  const names = async (key?: string): Promise<string[]> =>
    (await waitingOf(client, key)).series.map(({ name }) => name).sort();
  assert.deepEqual(
    await names(acme),
    ['AAA', 'BBB', 'CCC'].map((symbol) => `acme@published/${symbol}/1h`),
  );
  assert.deepEqual(await names(zen), ['zen@published/EURUSD/1h']);
  engine.firstModels.open();
  await untilServed(client, acme);
  await untilServed(client, zen);
  await untilTold(events, 8);
  assert.deepEqual(
    events.map((event) => event.split(' ')[0]),
    Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? 'training' : 'trained')),
  );
  const order = events.filter((event) => event.startsWith('trained')).map((event) => event.split(/[ @]/)[1]);
  assert.ok(order.indexOf('zen') < 3, `zen came after all of acme: ${order.join()}`);
});

test('owners take turns: another owner with any number of jobs delays one by a job for each of its own', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('acme', 'zen', 'ops'), { minLength: 1, maxLength: 40 }),
      async (owners) => {
        const turns = new Turns();
        const done: string[] = [];
        for (const owner of owners)
          turns.add(owner, async () => void done.push(await Promise.resolve(owner)));
        await turns.ended();
        assert.deepEqual([...done].sort(), [...owners].sort());
        // The first job began at once; after it no owner is served twice while another waits.
        const rest = done.slice(1);
        for (const [i, owner] of rest.entries()) {
          const before = rest.lastIndexOf(owner, i - 1);
          if (i === 0 || before < 0) continue;
          const between = new Set(rest.slice(before + 1, i));
          const waiting = new Set(rest.slice(i + 1));
          for (const other of waiting) assert.ok(other === owner || between.has(other), done.join());
        }
      },
    ),
  );
});

test('a restart, a kill while it waits and a kill while it trains cost nothing: the first signal is that of an engine that never stopped', async (t) => {
  // Every bar has its signal, also on a machine too busy for the usual deadline.
  const config = { training: { folds: 1 }, inference: { deadlineMs: 60_000 } };
  const { client } = await fed(t, temporaryFolder(t), config);
  await publish(client, bars.slice(0, NEEDED));
  await untilServed(client);
  await publish(client, bars.slice(NEEDED, NEEDED + 1));
  const unbroken = await nextSignal(client);

  const folder = temporaryFolder(t);
  const file = path.join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  const broken = new KilledEngine(t, ['--config', file, '--data', path.join(folder, 'data')]);
  await broken.start();
  await publish(broken.reach()!, bars.slice(0, 300));
  await broken.stop();
  await broken.start();
  await publish(broken.reach()!, bars.slice(300, 600));
  await broken.kill();
  await broken.start();
  const [waiting] = (await waitingOf(broken.reach()!)).series;
  assert.deepEqual([waiting!.state, waiting!.bars, waiting!.bars_missing], ['collecting', 600, NEEDED - 600]);
  await publish(broken.reach()!, bars.slice(600, NEEDED));
  const state = async (): Promise<string | undefined> => (await waitingOf(broken.reach()!)).series[0]?.state;
  await eventually('it trains', async () => (await state()) === 'training', WAIT_MS);
  await broken.kill();
  await broken.start();
  await untilServed(broken.reach()!);
  await publish(broken.reach()!, bars.slice(NEEDED, NEEDED + 1));
  const signal = await nextSignal(broken.reach()!);
  assert.deepEqual({ ...signal, timing: null }, { ...unbroken, timing: null });
  await broken.stop();
});

test('with the setting off nothing trains, and health and a start say so', async (t) => {
  const { client, engine, events } = await fed(t, temporaryFolder(t), {
    training: { folds: 1, firstModels: false },
  });
  await publish(client, bars.slice(0, NEEDED + 1));
  await engine.settled();
  await engine.stored();
  const { automatic, series } = await waitingOf(client);
  assert.equal(automatic, false);
  assert.deepEqual(
    series.map(({ state, bars: have }) => [state, have]),
    [['off', NEEDED + 1]],
  );
  assert.deepEqual(events, []);
  assert.equal(engine.instruments.routeOf('default', 'default@published/EURUSD/1h'), undefined);
});

test('a model that suho train made on a file of the same symbol is taken, after the bars it has seen', async (t) => {
  const folder = temporaryFolder(t);
  const data = path.join(folder, 'data');
  const csv = path.join(folder, 'eurusd.csv');
  writeFileSync(csv, toCsv(bars.slice(0, 1_100)));
  const args = ['--symbol', 'EURUSD', '--timeframe', '1h', '--data', data];
  const trained = await runCommand(['train', csv, ...args]);
  assert.equal(trained.code, 0, trained.stderr);
  // Of 1,100 bars too few are left for anything else.
  assert.match(trained.stdout, /calibrated by the sharpness of each horizon alone\.$/m);
  const listed = (await runCommand(['train', csv, ...args, '--json'])).stdout;
  const { modelId } = JSON.parse(listed) as { modelId: string };

  const { client, engine, events } = await fed(t, data, tenantsOf('acme'));
  const key = keyOf('acme');
  // Of history that the model has seen none of its answers would mean anything.
  await publish(client, bars.slice(800, 1_099), { key });
  await engine.settled();
  await eventually('it is said what it waits for', async () => {
    const [one] = (await waitingOf(client, key)).series;
    return /^v1\.0\.0 of feed file was trained on bars up to .* and is used from then on$/.test(one!.reason);
  });
  assert.deepEqual(events, []);
  await publish(client, bars.slice(1_099, 1_100), { key });
  await untilServed(client, key);
  await untilTold(events, 1);
  assert.deepEqual(events, ['adopted acme@published/EURUSD/1h']);
  await publish(client, bars.slice(1_100, 1_101), { key });
  const signal = await nextSignal(client, key);
  assert.equal(signal.model!.model_id, modelId);
  assert.equal(Number(signal.bar_close_time), bars[1_100]!.openTime + HOUR);
  assert.ok(signal.patterns!.matches > 0);

  // What it uses is found again after a restart.
  await engine.stop();
  const again = await fed(t, data, tenantsOf('acme'));
  await publish(again.client, bars.slice(1_101, 1_102), { key });
  await eventually('a second signal', async () => {
    const { bar_close_time: time } = await again.client.call<SignalUpdate['signal']>(
      'SignalService',
      'GetLatestSignal',
      { symbol: 'EURUSD', timeframe: 'TIMEFRAME_1H' },
      key,
    );
    return Number(time) === bars[1_101]!.openTime + HOUR;
  });
});

test('a training that its data make fail says why and comes again with a quarter more history', async (t) => {
  const needed = barsNeeded('5m');
  const five = inventedBars(needed, { lengthMs: 300_000 });
  const { client, events } = await fed(t, temporaryFolder(t), { training: { folds: 1, rowsMax: 1_000 } });
  await publish(client, five, { timeframe: '5m' });
  await eventually('it failed', () => events.includes('failed default@published/EURUSD/5m'), WAIT_MS);
  const health = await healthOf(client);
  const [failed] = health.first_models!.series;
  assert.equal(failed!.state, 'failed');
  assert.match(failed!.reason, /training\.rowsMax is 1000: raise it/);
  assert.equal(failed!.bars_missing, Math.ceil(needed * 1.25) - needed);
  assert.equal(health.degraded, true);
});

test('a first model is trained when the feature store, which was away at the first try, is back', async (t) => {
  let asked = 0;
  const away = t.mock.method(ClickHouseFeatureStore.prototype, 'bars', async () => {
    asked++;
    return await Promise.reject(new SuhoError('STORE_UNAVAILABLE', 'connection refused'));
  });
  const { client, events } = await fed(t, temporaryFolder(t));
  await publish(client, bars.slice(0, NEEDED));
  await eventually(
    'it failed twice, and waits for the store, not for further bars',
    async () => {
      const [one] = (await waitingOf(client)).series;
      return (
        asked >= 2 &&
        one!.state === 'failed' &&
        one!.reason === 'connection refused' &&
        one!.bars_missing === 0
      );
    },
    WAIT_MS,
  );

  away.mock.restore();
  await untilServed(client);
  await eventually('it is told', () => events.at(-1) === 'trained default@published/EURUSD/1h', WAIT_MS);
  assert.deepEqual(
    new Set(events.slice(0, -2).map((event) => event.split(' ')[0])),
    new Set(['training', 'failed']),
  );
  await publish(client, bars.slice(NEEDED, NEEDED + 1));
  const { model } = await nextSignal(client);
  assert.equal(model!.version, 'v1.0.0');
});

test('a training that is asked for while the series trains is that training', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t));
  const request = { tenantId: 'default', symbol: 'EURUSD', timeframe: '1h', signalTimeframes: [] } as const;
  await engine.intake.publishBars({ ...request, bars: bars.slice(0, 900) });
  await engine.settled();
  const told: number[][] = [[], []];
  const through = bars[NEEDED - 1]!.openTime + HOUR;
  const series = 'default@published/EURUSD/1h';
  const [first, second] = await Promise.all([
    engine.training.train(series, through, (done) => told[0]!.push(done)),
    engine.training.train(series, through + HOUR, (done) => told[1]!.push(done)),
  ]);
  assert.equal(first, second);
  assert.deepEqual(told, [
    [1, 2, 3],
    [1, 2, 3],
  ]);
  const route = engine.instruments.routeOf('default', series);
  assert.equal(route!.trainedThrough, through);
});

test('the bars that are said are those a training needs, on every timeframe', async () => {
  const said = new Map(TIMEFRAMES.map((timeframe) => [timeframe, barsNeeded(timeframe)]));
  assert.deepEqual(Object.fromEntries(said), {
    '1m': 7_169,
    '5m': 1_985,
    '15m': 1_121,
    '30m': 905,
    '1h': NEEDED,
    '4h': NEEDED,
    '1d': NEEDED,
  });
  for (const timeframe of ['5m', '30m', '1d'] as const) {
    const count = said.get(timeframe)!;
    const options = { family: 'perceptron' as const, seed: 7, folds: 3, rowsMax: 20_000 };
    const history = inventedBars(count, { lengthMs: timeframeMs(timeframe) });
    await assert.rejects(train(history.slice(1), timeframe, options), /Training needs/);
    const { rows, scores } = await train(history, timeframe, options);
    assert.equal(rows, count - 199);
    assert.ok(scores[0]!.samples > 0);
  }
});

/** A user's model that is withdrawn: his own signals end, their actor goes, and he has his tenant's again. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import type { QuerySignalsResponse__Output as Queried } from '../../engine/api/generated/suho/v1/QuerySignalsResponse.js';
import type { Signal__Output as ProtoSignal } from '../../engine/api/generated/suho/v1/Signal.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Engine } from '../../engine/engine.js';
import type { SuhoError } from '../../engine/errors.js';
import { signalActorId } from '../../engine/instruments/ids.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { EURUSD, registerModel } from '../support/rollout.js';
import { TestClient, codeOf, eventually, serve, type SignalUpdate } from '../support/served.js';

const HOUR = 3_600_000;
const SERIES = 'market/EURUSD/1h';
const ANN = { tenantId: 'acme', userId: 'ann' };
const AUTHOR = { who: 'a test', role: 'engineer', reason: 'a test' };
const bars = inventedBars(420, { momentum: 0.6, seed: 21 });

function config(): ConfigInput {
  const keys = [
    ['ann', 'ann'],
    ['bob', 'bob'],
  ].map(([key, user]) => ({
    sha256: createHash('sha256').update(key!).digest('hex'),
    role: 'engineer' as const,
    user,
  }));
  return {
    tenants: [{ id: 'acme', apiKeySha256: keys }],
    inference: { deadlineMs: 60_000 },
    training: { firstModels: false },
  };
}

async function play(engine: Engine, id: string, from: number, to: number): Promise<void> {
  engine.intake.ingestBars(id, bars.slice(from, to));
  await engine.settled();
  await engine.journal.durable();
}

/** A market with a model of the tenant's in production, and one of ann's from bar 253 on. */
async function withAnn(engine: Engine): Promise<string> {
  const id = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'acme',
    timeframe: '1h',
  });
  await play(engine, id, 0, 250);
  await promoted(engine, { tenantId: 'acme' }, 1, 'v1.0.0');
  await play(engine, id, 250, 253);
  await promoted(engine, ANN, 2, 'v1.0.0');
  return id;
}

async function promoted(
  engine: Engine,
  owner: { readonly tenantId: string; readonly userId?: string },
  seed: number,
  version: string,
): Promise<void> {
  const series = { ...EURUSD, ...owner };
  await registerModel(engine, { seed, series, version });
  await engine.rollouts.act({ series, version }, { kind: 'promote' }, AUTHOR);
}

async function withdrawn(engine: Engine, version = 'v1.0.0'): Promise<void> {
  await engine.rollouts.act({ series: { ...EURUSD, ...ANN }, version }, { kind: 'withdraw' }, AUTHOR);
}

const actor = signalActorId('acme', SERIES, 'ann');
const closeOf = (bar: number): number => bars[bar]!.openTime + HOUR;

async function readAll(
  t: TestContext,
  engine: Engine,
  key: string,
): Promise<{ readonly live: ProtoSignal[]; readonly resumed: ProtoSignal[]; readonly client: TestClient }> {
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const [live, resumed] = [undefined, '0'].map((resumeAfter) => {
    const signals: ProtoSignal[] = [];
    const stream = client.stream(resumeAfter === undefined ? {} : { resume_after: resumeAfter }, key);
    stream.on('data', ({ signal }: SignalUpdate) => void signals.push(signal));
    stream.on('error', () => undefined);
    afterTest(t, () => stream.cancel());
    return signals;
  });
  return { live: live!, resumed: resumed!, client };
}

test('from the bar on that his model is withdrawn, a user has his tenant’s signals again, in every call, without gap or repeat', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), config());
  const id = await withAnn(engine);
  const { live, resumed, client } = await readAll(t, engine, 'ann');
  await play(engine, id, 253, 260);
  await withdrawn(engine);
  await play(engine, id, 260, 270);
  await promoted(engine, ANN, 3, 'v1.0.1');
  await play(engine, id, 270, 275);
  await withdrawn(engine, 'v1.0.1');
  await play(engine, id, 275, 280);
  await engine.stored();
  const isOwn = (bar: number): boolean => (bar >= 253 && bar < 260) || (bar >= 270 && bar < 275);
  const production = (engine.instruments.routeOf('acme', SERIES) ?? assert.fail()).modelId;
  const expected = Array.from({ length: 30 }, (_, i) => `${closeOf(250 + i)} ${isOwn(250 + i)}`);
  const told = (signals: readonly ProtoSignal[]): string[] =>
    signals.map(({ bar_close_time: time, model }) => `${time} ${model!.model_id !== production}`).sort();
  await eventually('the stream has all', () => live.length >= 27 && resumed.length >= 30);
  assert.deepEqual(told(resumed), expected);
  assert.deepEqual(told(live), expected.slice(3));
  const asked = { symbol: 'EURUSD', timeframe: 'TIMEFRAME_1H' };
  const latest = await client.call<ProtoSignal>('SignalService', 'GetLatestSignal', asked, 'ann');
  assert.equal(Number(latest.bar_close_time), closeOf(279));
  const stored: string[] = [];
  for (const key of ['ann', 'bob']) {
    const { signals } = await client.call<Queried>('SignalService', 'QuerySignals', { page_size: 500 }, key);
    stored.push(
      ...signals.map(({ bar_close_time: time, model_id: model }) => `${key} ${time} ${model !== production}`),
    );
  }
  assert.deepEqual(
    stored.sort(),
    [
      ...expected.map((each) => `ann ${each}`),
      ...Array.from({ length: 30 }, (_, i) => `bob ${closeOf(250 + i)} false`),
    ].sort(),
  );
});

test('the actor goes when what came of its last signal is known, also where the engine was restarted in between, bit for bit', async (t) => {
  const runs: string[][] = [];
  for (const stops of [[], [262, 284, 290]]) {
    const folder = temporaryFolder(t);
    let engine = await openEngine(t, folder, config());
    const id = await withAnn(engine);
    await play(engine, id, 253, 260);
    await withdrawn(engine);
    for (let bar = 260; bar < 320; bar++) {
      if (stops.includes(bar)) {
        if (bar === 284) await engine.instruments.foldAll();
        await engine.stop();
        engine = await openEngine(t, folder, config());
      }
      await play(engine, id, bar, bar + 1);
      // As it does every two seconds.
      await engine.plans.check();
      const instrument = engine.instruments.get(id)!;
      // Bar 259 is his last; the day after it has passed at the close of the first bar a day later.
      const isOver = closeOf(bar) >= closeOf(259) + 24 * HOUR;
      assert.equal(engine.instruments.graph.signal(actor) === undefined, isOver, `at bar ${bar}`);
      assert.equal(instrument.signalActors.includes(actor), !isOver);
      if (bar === 310) {
        await promoted(engine, ANN, 3, 'v1.0.1');
        assert.equal(instrument.userSignals('acme', 'ann', '1h')?.since, closeOf(310));
        await withdrawn(engine, 'v1.0.1');
        await play(engine, id, 311, 312);
        bar++;
        await promoted(engine, ANN, 4, 'v1.0.2');
        break;
      }
    }
    await play(engine, id, 312, 330);
    await engine.stored();
    const { conclusions } = engine.journal.predictions;
    const all = conclusions.after(0, 10_000).map(({ signal }) => {
      const timing = { queueMs: 0, inferenceMs: 0, patternsMs: 0 };
      return { ...signal, timing };
    });
    const own = all.filter(({ userId }) => userId === 'ann');
    assert.equal(own.length, 7 + 18);
    // What came of each of the first seven over an hour, four hours and a day is stored for her alone.
    const known = await engine.predictions.history.page('acme', {
      symbols: ['EURUSD'],
      timeframes: ['1h'],
      from: undefined,
      to: closeOf(259) + 1,
      onlyActionable: false,
      limit: 100,
      user: {
        userId: 'ann',
        own: [{ symbol: 'EURUSD', timeframe: '1h', since: closeOf(252), until: closeOf(259) }],
      },
    });
    assert.deepEqual(
      known.filter(({ userId }) => userId === 'ann').map(({ outcomes }) => outcomes.filter(Boolean).length),
      Array.from({ length: 7 }, () => 3),
    );
    runs.push([...all, ...known].map((each) => JSON.stringify(each)).sort());
    await engine.stop();
  }
  assert.deepEqual(runs[1], runs[0]);
});

test('a tenant’s production model can be withdrawn only while the platform’s serves in its place; nobody withdraws another’s', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), config());
  const id = await withAnn(engine);
  const { client } = await readAll(t, engine, 'bob');
  const withdrawing = (key: string, level: string): Promise<unknown> =>
    client.call(
      'ModelService',
      'ChangeModel',
      {
        model: { name: SERIES, version: 'v1.0.0', level: `MODEL_LEVEL_${level}` },
        change: 'MODEL_CHANGE_WITHDRAW',
        reason: 'a test',
      },
      key,
    );
  assert.equal(await codeOf(withdrawing('bob', 'USER')), 'NOT_FOUND');
  const ofAcme = { series: { ...EURUSD, tenantId: 'acme' }, version: 'v1.0.0' };
  await assert.rejects(engine.rollouts.act(ofAcme, { kind: 'withdraw' }, AUTHOR), (error: SuhoError) => {
    assert.equal(error.code, 'BAD_INPUT');
    assert.match(error.message, /no other model would serve in its place/);
    return true;
  });
  const platform = await registerModel(engine, { seed: 9 });
  await engine.rollouts.act({ series: EURUSD, version: 'v1.0.0' }, { kind: 'promote' }, AUTHOR);
  await assert.rejects(
    engine.rollouts.act({ series: EURUSD, version: 'v1.0.0' }, { kind: 'withdraw' }, AUTHOR),
    /no other model would serve in its place/,
  );
  await engine.rollouts.act(ofAcme, { kind: 'withdraw' }, AUTHOR);
  assert.equal(engine.instruments.routeOf('acme', SERIES)?.modelId, platform.modelId);
  await withdrawing('ann', 'USER');
  await play(engine, id, 253, 254);
  assert.equal(engine.instruments.routeOf('acme', SERIES, 'ann'), undefined);
});

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { SignalExplanation__Output as Explained } from '../../engine/api/generated/suho/v1/SignalExplanation.js';
import type { QuerySignalsResponse__Output as Queried } from '../../engine/api/generated/suho/v1/QuerySignalsResponse.js';
import type { ReportTradeResponse__Output as Reported } from '../../engine/api/generated/suho/v1/ReportTradeResponse.js';
import type { Signal__Output as ProtoSignal } from '../../engine/api/generated/suho/v1/Signal.js';
import type { Signal } from '../../actors/signals/signal.js';
import type { ConfigInput } from '../../engine/config.js';
import { PLATFORM } from '../../engine/credentials/tenant-id.js';
import type { Engine } from '../../engine/engine.js';
import type { ModelRecord } from '../../engine/registry/model-registry.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { tenantsOf } from '../support/console.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { EURUSD, registerModel } from '../support/rollout.js';
import { TestClient, codeOf, eventually, serve, type SignalUpdate } from '../support/served.js';

/** Callers by their keys. */
const ANN = 'ann';
const KEYS = {
  ann: ['acme', ANN],
  bob: ['acme', 'bob'],
  acme: ['acme', undefined],
  zenAnn: ['zen', ANN],
} as const;
type Key = keyof typeof KEYS;
const CALLERS = Object.keys(KEYS) as Key[];

const OWNERS = {
  platform: { tenantId: PLATFORM },
  acme: { tenantId: 'acme' },
  ann: { tenantId: 'acme', userId: ANN },
  /** As a token may name a user: with what ids are joined with. */
  odd: { tenantId: 'acme', userId: 'o:d/d@é|1' },
} as const;
type Level = keyof typeof OWNERS;
const LEVELS = ['platform', 'acme', 'ann'] as const;
const ODD = OWNERS.odd.userId;

/** The levels a caller has models from, nearest first. */
function levelsOf(key: Key): readonly Level[] {
  if (key === 'ann') return ['ann', 'acme', 'platform'];
  return key === 'zenAnn' ? ['platform'] : ['acme', 'platform'];
}

function nearest(key: Key, there: readonly Level[]): Level | undefined {
  return levelsOf(key).find((level) => there.includes(level));
}

const bars = inventedBars(420, { momentum: 0.6, seed: 21 });

function config(): ConfigInput {
  const tenants = tenantsOf(
    Object.fromEntries(CALLERS.map((key) => [key, [KEYS[key][0], 'trader', KEYS[key][1]] as const])),
  );
  // On a busy machine an answer takes longer than the deadline, and a bar without a signal tells nothing here.
  return { tenants, inference: { deadlineMs: 60_000 }, training: { firstModels: false } };
}

async function followed(engine: Engine, symbol = 'EURUSD', tenants = ['acme', 'zen']): Promise<string> {
  let id = '';
  for (const tenantId of tenants)
    id = await engine.instruments.follow({ feed: 'market', symbol, base: '1h', tenantId, timeframe: '1h' });
  return id;
}

/** A new model of a level, which becomes production there. */
async function inProduction(
  engine: Engine,
  level: Level,
  seed: number,
  more: { readonly symbol?: string; readonly version?: string } = {},
): Promise<ModelRecord> {
  const { symbol = 'EURUSD', version = 'v1.0.0' } = more;
  const series = { ...EURUSD, ...OWNERS[level], symbol };
  const record = await registerModel(engine, { seed, series, version });
  const author = { who: 'a test', role: 'engineer', reason: 'a test' };
  await engine.rollouts.act({ series, version }, { kind: 'promote' }, author);
  return record;
}

async function play(engine: Engine, id: string, from: number, to: number): Promise<void> {
  engine.intake.ingestBars(id, bars.slice(from, to));
  await engine.settled();
  await engine.journal.durable();
}

function clientOf(t: TestContext, port: number): TestClient {
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  return client;
}

/** What a caller's stream has brought. */
function listen(t: TestContext, client: TestClient, key: Key, resumeAfter?: string): ProtoSignal[] {
  const signals: ProtoSignal[] = [];
  const stream = client.stream(resumeAfter === undefined ? {} : { resume_after: resumeAfter }, key);
  stream.on('data', ({ signal }: SignalUpdate) => void signals.push(signal));
  stream.on('error', () => undefined);
  afterTest(t, () => stream.cancel());
  return signals;
}

const modelIds = (signals: readonly { readonly model: { readonly model_id: string } | null }[]): string[] =>
  signals.map(({ model }) => model!.model_id);

test('of every combination of levels with a model, each caller streams, asks for and reads the signals of its nearest, and no other’s', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), config());
  const { port } = await serve(t, engine);
  const client = clientOf(t, port);
  const streams = new Map(CALLERS.map((key) => [key, listen(t, client, key)]));
  const cases: { symbol: string; there: Level[]; models: Map<Level, string>; id: string }[] = [];
  for (let combination = 0; combination < 8; combination++) {
    const symbol = `AAA${'ABCDEFGH'[combination]!}SD`;
    const there = LEVELS.filter((_, i) => (combination >> i) % 2 === 1);
    const id = await followed(engine, symbol);
    await play(engine, id, 0, 250);
    const models = new Map<Level, string>();
    for (const level of there)
      models.set(
        level,
        (await inProduction(engine, level, 10 * combination + LEVELS.indexOf(level), { symbol })).modelId,
      );
    cases.push({ symbol, there, models, id });
  }
  for (const { id } of cases) await play(engine, id, 250, 253);
  await engine.stored();
  let checked = 0;
  for (const key of CALLERS) {
    const expected = cases.flatMap(({ there, models, symbol }) => {
      const level = nearest(key, there);
      return level === undefined ? [] : Array.from({ length: 3 }, () => `${symbol} ${models.get(level)!}`);
    });
    const live = streams.get(key)!;
    await eventually(`${key} has its signals`, () => live.length >= expected.length);
    const named = (all: readonly ProtoSignal[]): string[] =>
      all.map(({ symbol, model }) => `${symbol} ${model!.model_id}`).sort();
    assert.deepEqual(named(live), expected.toSorted(), `${key} live`);
    const resumed = listen(t, client, key, '0');
    await eventually(`${key} has caught up`, () => resumed.length >= expected.length);
    assert.deepEqual(named(resumed), expected.toSorted(), `${key} resumed`);
    const { signals } = await client.call<Queried>('SignalService', 'QuerySignals', { page_size: 500 }, key);
    assert.deepEqual(
      signals.map(({ symbol, model_id: modelId }) => `${symbol} ${modelId}`).sort(),
      expected.toSorted(),
      `${key} stored`,
    );
    for (const { symbol, there, models } of cases) {
      const level = nearest(key, there);
      const asked = { symbol, timeframe: 'TIMEFRAME_1H' };
      const latest = client.call<ProtoSignal>('SignalService', 'GetLatestSignal', asked, key);
      if (level === undefined) assert.equal(await codeOf(latest), 'NOT_FOUND');
      else assert.deepEqual(modelIds([await latest]), [models.get(level)!]);
      checked++;
    }
  }
  assert.equal(checked, 32);
  const actors = [...engine.instruments.all()].flatMap((instrument) => instrument.signalActors);
  // Two tenants' of each of the eight symbols, and one of ann's where she has a model.
  assert.equal(actors.length, 16 + 4);
});

test('a user’s signals, and what is told of them, are for that user alone: explanations, trades, SQL, the command', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), config());
  const { port } = await serve(t, engine);
  const client = clientOf(t, port);
  const id = await followed(engine);
  await play(engine, id, 0, 250);
  await inProduction(engine, 'platform', 1);
  await inProduction(engine, 'ann', 2);
  await play(engine, id, 250, 260);
  await engine.stored();
  const query = async (key: Key): Promise<Queried['signals']> =>
    (await client.call<Queried>('SignalService', 'QuerySignals', { page_size: 100 }, key)).signals;
  const [own] = await query('ann');
  const [ofTenant] = await query('bob');
  assert.equal(own!.bar_close_time, ofTenant!.bar_close_time);
  assert.notEqual(own!.prediction_id, ofTenant!.prediction_id, 'both are of version v1.0.0');

  const explain = (key: Key, replay = false): Promise<Explained> =>
    client.call('SignalService', 'ExplainSignal', { prediction_id: own!.prediction_id, replay }, key);
  const explained = await explain('ann', true);
  assert.equal(explained.replay?.same, true, JSON.stringify(explained.replay));
  assert.equal(explained.arms.length, 1);
  const entered = Number(own!.bar_close_time);
  const report = (key: Key, predictionId = own!.prediction_id): Promise<Reported> =>
    client.call(
      'FeedbackService',
      'ReportTrade',
      {
        trade_id: `${key} ${predictionId}`,
        prediction_id: predictionId,
        side: 'DIRECTION_LONG',
        quantity: 1,
        entry_time: entered,
        entry_price: 1.1,
        exit_time: entered + 60_000,
        exit_price: 1.2,
      },
      key,
    );
  for (const key of ['bob', 'acme', 'zenAnn'] as const) {
    assert.equal(await codeOf(explain(key)), 'NOT_FOUND', key);
    assert.equal((await report(key)).answer, 'TRADE_ANSWER_UNKNOWN_PREDICTION', key);
  }
  assert.equal((await report('ann')).answer, 'TRADE_ANSWER_ACCEPTED');
  assert.equal((await report('ann', ofTenant!.prediction_id)).answer, 'TRADE_ANSWER_ACCEPTED');
  await engine.stored();
  const history = engine.predictions.history;
  assert.equal(await history.get('acme', own!.prediction_id), undefined);
  assert.equal(await history.get('acme', own!.prediction_id, 'bob'), undefined);
  assert.equal((await history.get('acme', own!.prediction_id, ANN))?.userId, ANN);
  const sql = async (text: string): Promise<unknown[]> => [...(await engine.predictions.sql(text, 'acme'))];
  assert.deepEqual(
    await sql('SELECT count(*) AS n, count(user_id) AS own, sum(trades)::int AS trades FROM ml_predictions'),
    [{ n: 10, own: 0, trades: 1 }],
  );
  assert.deepEqual(await sql('SELECT sum(predictions)::int AS n FROM predictions_hourly'), [{ n: 10 }]);
  assert.deepEqual(
    await sql(
      `SELECT sum(predictions)::int AS n FROM model_performance_timeseries WHERE horizon = '1h' GROUP BY model_version`,
    ),
    // The last bar's outcome is open, and its trade makes it count.
    [{ n: 10 }],
  );
  process.env['SUHO_API_KEY'] = 'bob';
  afterTest(t, () => void delete process.env['SUHO_API_KEY']);
  const said = async (key: Key): Promise<string> => {
    process.env['SUHO_API_KEY'] = key;
    const { stdout, stderr } = await runCommand([
      'explain',
      own!.prediction_id,
      '--address',
      `localhost:${port}`,
    ]);
    return stdout + stderr;
  };
  assert.match(await said('bob'), /There is no signal/);
  assert.match(await said('ann'), /v1\.0\.0/);
});

/** All that was concluded for tenants and users, without what the clock says of it. */
function concluded(engine: Engine): Signal[] {
  const { conclusions } = engine.journal.predictions;
  return conclusions.after(0, 10_000).map(({ signal }) => {
    const timing = { queueMs: 0, inferenceMs: 0, patternsMs: 0 };
    return { ...signal, timing };
  });
}

test('restarted, with a snapshot and without, a user’s signals are those of an engine that never stopped, bit for bit', async (t) => {
  const runs: string[][] = [];
  for (const stops of [[], [257, 300, 330]]) {
    const folder = temporaryFolder(t);
    let engine = await openEngine(t, folder, config());
    const id = await followed(engine);
    await play(engine, id, 0, 250);
    await inProduction(engine, 'acme', 1);
    await play(engine, id, 250, 253);
    await inProduction(engine, 'odd', 2);
    for (let bar = 253; bar < 360; bar++) {
      if (stops.includes(bar)) {
        if (bar === 300) await engine.instruments.foldAll();
        await engine.stop();
        engine = await openEngine(t, folder, config());
        const plan = engine.instruments.routeOf('acme', 'market/EURUSD/1h', ODD);
        assert.deepEqual(plan?.level, OWNERS.odd);
      }
      if (bar === 320) await inProduction(engine, 'odd', 3, { version: 'v1.0.1' });
      await play(engine, id, bar, bar + 1);
    }
    await engine.stored();
    const signals = concluded(engine);
    const own = signals.filter(({ userId }) => userId === ODD);
    assert.deepEqual([signals.length, own.length], [110 + 107, 107]);
    assert.deepEqual(new Set(own.map(({ model }) => model.version)), new Set(['v1.0.0', 'v1.0.1']));
    const known = await engine.predictions.history.page('acme', {
      symbols: [],
      timeframes: [],
      from: undefined,
      to: undefined,
      onlyActionable: false,
      limit: 1_000,
      user: {
        userId: ODD,
        own: [
          {
            symbol: 'EURUSD',
            timeframe: '1h',
            since: bars[252]!.openTime + 3_600_000,
            until: Infinity,
          },
        ],
      },
    });
    assert.deepEqual([known.length, known.filter(({ userId }) => userId === ODD).length], [110, 107]);
    assert.equal(known.filter(({ outcomes }) => outcomes[0] !== undefined).length, 109);
    runs.push(
      [
        ...signals.map((signal) => JSON.stringify(signal)),
        ...known.map((each) => JSON.stringify(each)),
      ].sort(),
    );
    await engine.stop();
  }
  assert.deepEqual(runs[1], runs[0]);
});

test('a user’s trial is decided by the bars of that user, and his own signals end when it is withdrawn', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), config());
  const id = await followed(engine, 'EURUSD', ['acme']);
  await play(engine, id, 0, 250);
  const production = await inProduction(engine, 'acme', 1);
  const series = { ...EURUSD, ...OWNERS.odd };
  const tried = await registerModel(engine, { seed: 2, series });
  const target = { series, version: 'v1.0.0' };
  const author = { who: ODD, role: 'engineer', reason: 'a test' };
  const trial = { kind: 'manual' } as const;
  await engine.rollouts.act(target, { kind: 'canary', share: 0.5, trial }, author);
  const planOf = (userId?: string) => engine.instruments.routeOf('acme', 'market/EURUSD/1h', userId);
  assert.equal(planOf(ODD)?.modelId, production.modelId);
  assert.equal(planOf(ODD)?.canary?.route.modelId, tried.modelId);
  assert.equal(planOf()?.canary, undefined);
  await play(engine, id, 250, 300);
  await engine.stored();
  const running = engine.rollouts.trialOf({
    ...tried,
    status: 'canary',
    traffic: 0.5,
    trial,
    registeredAt: 0,
  });
  assert.equal(running?.userId, ODD);
  const figures = await engine.rollouts.figures(running!);
  // An hour's horizon: all but the last bar, each once, although his tenant's signals have production's answers too.
  assert.equal(figures.bars, 49);
  await engine.rollouts.act(target, { kind: 'withdraw' }, author);
  assert.equal(planOf(ODD), undefined);
});

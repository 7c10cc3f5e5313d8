/** Signals of every kind explained by a running engine: what they were made from, and whether they come out again. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { CATALOGUE } from '../../actors/features/catalogue.js';
import { SEQUENCE_VERSION } from '../../actors/features/sequence-channels.js';
import type { ExplainSignalRequest } from '../../engine/api/generated/suho/v1/ExplainSignalRequest.js';
import type { SignalExplanation__Output as SignalExplanation } from '../../engine/api/generated/suho/v1/SignalExplanation.js';
import type { Engine } from '../../engine/engine.js';
import type { PublishedSignal } from '../../engine/publication/subscription.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { TENANTS, asked, serveConsole } from '../support/console.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { sequencePredictor } from '../support/models.js';
import { registerModel } from '../support/rollout.js';
import { TestClient, codeOf, serve } from '../support/served.js';

const HOUR = 3_600_000;
const SERIES = 'acme@published/EURUSD/1h';
const OWN = { tenantId: 'acme', feed: 'published', symbol: 'EURUSD', timeframe: '1h' } as const;
const AUTHOR = { who: 'ann', role: 'engineer', reason: 'a test' };
const bars = inventedBars(1_320, { momentum: 0.7, seed: 32 });

interface Explainer {
  readonly explain: (request: ExplainSignalRequest, token?: string) => Promise<SignalExplanation>;
  readonly published: readonly PublishedSignal[];
  readonly publish: (from: number, to: number) => Promise<void>;
  readonly client: TestClient;
}

function explainer(engine: Engine, client: TestClient): Explainer {
  const published: PublishedSignal[] = [];
  engine.publication.onSignal((signal) => published.push(signal));
  return {
    client,
    published,
    explain: async (request, token = 'view-a') =>
      await client.call<SignalExplanation>('SignalService', 'ExplainSignal', request, token),
    publish: async (from, to) => {
      for (let i = from; i < to; i += 400)
        await client.publish(bars.slice(i, Math.min(to, i + 400)), 'key-a');
      await engine.settled();
      await engine.stored();
    },
  };
}

const outcomesOf = ({ replay }: SignalExplanation): Record<string, string> =>
  Object.fromEntries(replay!.steps.map(({ part, outcome }) => [part, outcome]));

const SAME = {
  'feature row': 'same',
  'sequence channels': 'not_used',
  model: 'same',
  'similar moments': 'same',
  signal: 'same',
};

test('a signal is explained with all it was made from, comes out again bit for bit, and is nobody else’s', async (t) => {
  const tenants = TENANTS.map((tenant) => ({ ...tenant, gates: { minDirectionalShare: 0.7 } }));
  const engine = await openEngine(t, temporaryFolder(t), { tenants, console: { port: 0 } });
  const { address, port } = await serveConsole(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const { explain, published, publish } = explainer(engine, client);
  await publish(0, 1_200);
  const { record } = await engine.training.train(SERIES, bars[1_199]!.openTime + HOUR);
  await publish(1_200, 1_300);
  const acting = published.findLast(
    ({ signal }) => signal.abstained.length === 0 && signal.patterns !== undefined,
  )!;
  const idle = published.findLast(({ signal }) => signal.abstained.length > 0)!;
  assert.ok(
    acting !== undefined && idle !== undefined,
    published.map(({ signal }) => `${signal.forecasts[0]!.up} ${signal.abstained.join()}`).join('; '),
  );

  const { signal } = acting;
  const told = await explain({ prediction_id: signal.predictionId, replay: true, moved_features: 12 });
  assert.deepEqual(outcomesOf(told), SAME, JSON.stringify(told.replay));
  assert.equal(told.replay!.same, true);
  const bar = bars.find(({ openTime }) => openTime === signal.barCloseTime - HOUR)!;
  assert.deepEqual([told.bar!.open, told.bar!.close, told.bar!.ask], [bar.open, bar.close, bar.ask]);
  assert.equal(told.features.length, CATALOGUE.length);
  assert.equal(told.features.find(({ name }) => name === 'close')!.value, Math.fround(bar.close));
  assert.deepEqual(told.model_probabilities, signal.model.probabilities.slice(0, 3));
  assert.equal(told.patterns!.matches, signal.patterns!.votes[0]!.matches);
  assert.equal(told.moments.length, 5);
  for (const { bar_close_time: time, similarity, outcomes } of told.moments) {
    assert.ok(Number(time) < signal.barCloseTime);
    assert.ok(similarity! > 0 && similarity! <= 1 + 1e-9);
    const at = bars.findIndex(({ openTime }) => openTime === Number(time) - HOUR);
    const hour = outcomes.find(({ horizon }) => horizon === '1h')!;
    assert.ok(
      Math.abs(hour.return - (bars[at + 1]!.close / bars[at]!.close - 1)) < 1e-8,
      'what the market did',
    );
  }
  assert.ok(Math.abs(told.moments[0]!.similarity! - signal.patterns!.similarity) < 1e-5);
  assert.deepEqual(
    told.gates.filter(({ passed }) => !passed),
    [],
  );
  const share = told.gates.find(({ reason }) => reason === 'low_confidence')!;
  assert.equal(share.limit, 0.7);
  const { up, down } = signal.forecasts[signal.primaryHorizon]!;
  assert.equal(share.value, Math.max(up, down) / (up + down));
  assert.deepEqual(
    [told.model!.model!.version, told.model!.model!.model_sha256, told.model!.plan.map(({ arm }) => arm)],
    [record.version, record.modelId, ['production']],
  );
  assert.equal(Number(told.model!.model!.trained_through), record.trainedThrough);
  assert.equal(told.moved!.note, '');
  assert.ok(told.moved!.features.length > 3);
  const changes = told.moved!.features.map(({ change }) => Math.abs(change));
  assert.deepEqual(
    changes,
    [...changes].sort((a, b) => b - a),
  );
  const again = await explain({ prediction_id: signal.predictionId, moved_features: 12 });
  assert.deepEqual(again.moved, told.moved, 'the draws follow from the prediction');
  assert.equal(again.replay, null);

  process.env['SUHO_API_KEY'] = 'view-a';
  afterTest(t, () => delete process.env['SUHO_API_KEY']);
  const command = ['explain', signal.predictionId, '--address', `127.0.0.1:${port}`];
  const shown = await runCommand(command);
  assert.equal(shown.code, 0, shown.stderr);
  for (const text of [
    `${signal.direction}, confidence ${(100 * signal.confidence).toFixed(1)} %`,
    `${told.moved!.features[0]!.name} (`,
    'the same signal, bit for bit: feature row, model, similar moments, signal',
    `${record.version} of published/EURUSD/1h, served as production`,
  ])
    assert.ok(shown.stdout.includes(text), `${text} is not in\n${shown.stdout}`);
  assert.ok(shown.stdout.split('\n').length <= 55, 'a screenful');
  const json = await runCommand([...command, '--json', '--no-replay', '--moved', '0']);
  const parsed = JSON.parse(json.stdout) as SignalExplanation;
  assert.equal(parsed.signal!.bar_close_time as unknown, signal.barCloseTime);
  assert.deepEqual([parsed.replay, parsed.moved], [null, null]);
  const features = await runCommand([...command, '--features']);
  assert.equal(features.stdout.trim().split('\n').length, CATALOGUE.length);

  const withheld = await explain({ prediction_id: idle.signal.predictionId, replay: true });
  assert.deepEqual(outcomesOf(withheld), SAME, JSON.stringify(withheld.replay));
  assert.deepEqual(
    withheld.gates
      .filter(({ passed }) => !passed)
      .map(({ reason }) => reason)
      .sort(),
    [...idle.signal.abstained].sort(),
  );

  const foreign = { prediction_id: signal.predictionId, replay: true };
  for (const key of ['key-z', 'key-o'])
    assert.equal(await codeOf(explain(foreign, key)), 'NOT_FOUND', 'of another tenant');
  assert.equal(await codeOf(explain({ prediction_id: 'none' })), 'NOT_FOUND');
  assert.equal(await codeOf(explain({ prediction_id: '' })), 'INVALID_ARGUMENT');
  assert.equal(await codeOf(explain({ ...foreign, moved_features: 301 })), 'INVALID_ARGUMENT');
  const moved = await asked(address, `/api/signal/moved?id=${signal.predictionId}`, { key: 'view-a' });
  assert.deepEqual(
    (moved.body['features'] as { name: string; change: number }[]).map(({ name, change }) => [name, change]),
    told.moved!.features.map(({ name, change }) => [name, change]),
    'the console shows the same',
  );
});

test('a canary’s signal is explained beside what production answered, with the limits it met then', async (t) => {
  const folder = temporaryFolder(t);
  const gated = TENANTS.map((tenant) =>
    tenant.id === 'acme' ? { ...tenant, gates: { maxAnomaly: 2.5 } } : tenant,
  );
  let engine = await openEngine(t, folder, { tenants: gated });
  const first = await serve(t, engine);
  const client = new TestClient(first.port);
  const { published, publish } = explainer(engine, client);
  await publish(0, 250);
  for (const seed of [0, 1]) await registerModel(engine, { series: OWN, version: `v1.0.${seed}`, seed });
  await engine.rollouts.propose({ series: OWN, version: 'v1.0.0', by: 'a test', reason: 'the first' });
  await engine.rollouts.act(
    { series: OWN, version: 'v1.0.1' },
    { kind: 'canary', share: 0.5, trial: { kind: 'manual' } },
    AUTHOR,
  );
  await publish(250, 300);
  const { signal } = published.findLast(({ signal: each }) => each.model.arm === 'canary')!;
  client.close();
  await first.api.stop();
  await engine.stop();

  const other = TENANTS.map((tenant) =>
    tenant.id === 'acme' ? { ...tenant, gates: { maxAnomaly: 9 } } : tenant,
  );
  engine = await openEngine(t, folder, { tenants: other });
  const second = new TestClient((await serve(t, engine)).port);
  afterTest(t, () => second.close());
  const { explain } = explainer(engine, second);
  const told = await explain({ prediction_id: signal.predictionId, replay: true, moved_features: 5 });
  assert.equal(told.replay!.same, true, JSON.stringify(told.replay));
  assert.equal(told.gates.find(({ reason }) => reason === 'anomalous')!.limit, 2.5);
  assert.deepEqual(
    told.arms.map(({ arm, version, served }) => [arm, version, served]),
    [
      ['canary', 'v1.0.1', true],
      ['production', 'v1.0.0', false],
    ],
  );
  assert.match(told.moved!.note, /No reference of its training/);
  assert.deepEqual(
    told.model!.plan.map(({ arm, share }) => [arm, share]),
    [
      ['production', 0.5],
      ['canary', 0.5],
    ],
  );
});

test('a signal of sequences comes out again, and says what is gone: its row, its model’s file', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), { tenants: TENANTS });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const { explain, published, publish } = explainer(engine, client);
  await publish(0, 250);
  const predictor = sequencePredictor({ sequenceVersion: SEQUENCE_VERSION });
  const record = await registerModel(engine, { series: OWN, predictor, sequenceVersion: SEQUENCE_VERSION });
  await engine.rollouts.propose({ series: OWN, version: 'v1.0.0', by: 'a test', reason: 'the first' });
  await publish(250, 300);
  const { signal } = published.at(-1)!;
  assert.ok(signal.model.returns[0] !== 0, 'the newest bar is in its answer');
  const request = { prediction_id: signal.predictionId, replay: true };
  const told = await explain(request);
  assert.deepEqual(outcomesOf(told), { ...SAME, 'sequence channels': 'same' }, JSON.stringify(told.replay));

  // The row leaves the journal and, with the bars it follows from, the store.
  await engine.journal.inTransaction(() => engine.journal.rows.drop([[SERIES, signal.barCloseTime]]));
  const stored = await explain(request);
  assert.equal(stored.replay!.same, true, 'the feature store has the row too');
  await engine.features.beginReplacement(seriesIdentity(SERIES), {
    from: signal.barCloseTime - HOUR,
    to: signal.barCloseTime,
  });
  const rowless = await explain(request);
  assert.deepEqual(outcomesOf(rowless), {
    'feature row': 'gone',
    'sequence channels': 'gone',
    model: 'gone',
    'similar moments': 'gone',
    signal: 'gone',
  });
  assert.equal(rowless.bar, null);
  assert.match(rowless.replay!.steps[0]!.note, /Neither the journal nor the feature store/);

  const earlier = published.at(-3)!.signal;
  const before = { prediction_id: earlier.predictionId, replay: true };
  rmSync(engine.artifacts.path(record.modelId));
  const modelless = await explain(before);
  assert.equal(modelless.replay!.same, false);
  assert.equal(outcomesOf(modelless)['model'], 'gone');
  assert.match(modelless.replay!.steps.find(({ part }) => part === 'model')!.note, /file is no longer there/);
});

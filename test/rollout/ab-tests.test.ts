/** What is on record of A/B tests, compared with the stored predictions themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Experiment__Output as Experiment } from '../../engine/api/generated/suho/v1/Experiment.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { TENANTS } from '../support/console.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { risingBars } from '../support/markets.js';
import { EURUSD, registerModel, statingPredictor } from '../support/rollout.js';
import { TestClient, serve } from '../support/served.js';

const OWN = { ...EURUSD, tenantId: 'acme' };
const AUTHOR = { who: 'acme/ann', role: 'engineer', reason: 'two kinds' };
const bars = risingBars(400);

interface Result {
  readonly decision: string;
  readonly winner: string | null;
  readonly reason: string;
  readonly by: string;
  readonly figures: { readonly bars: number; readonly challenger: { readonly logLoss: number } } | null;
}

test('an A/B test is on record from its first bar to its decision, with the figures that decided it', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), { tenants: TENANTS });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const id = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'acme',
    timeframe: '1h',
  });
  let fed = 0;
  const until = async (bar: number): Promise<void> => {
    engine.intake.ingestBars(id, bars.slice(fed, bar));
    fed = bar;
    await engine.settled();
    await engine.stored();
    await engine.rollouts.decideAll();
  };
  const listed = async (key = 'view-a'): Promise<Experiment[]> =>
    (await client.call<{ experiments: Experiment[] }>('ModelService', 'ListExperiments', {}, key))
      .experiments;
  const newest = async (): Promise<[Experiment, Result]> => {
    const [experiment] = await listed();
    return [experiment!, JSON.parse(experiment!.result) as Result];
  };
  const begin = async (version: string, share: number, end: number): Promise<void> => {
    const trial = { kind: 'ab', until: end } as const;
    await engine.rollouts.act({ series: OWN, version }, { kind: 'canary', share, trial }, AUTHOR);
  };
  await until(250);
  const says = [
    [0.3, 0.2, 0.5],
    [0.07, 0.08, 0.85],
    [0.08, 0.08, 0.84],
    [0.1, 0.1, 0.8],
  ] as const;
  const models = [];
  for (const [i, shares] of says.entries())
    models.push(
      await registerModel(engine, { series: OWN, version: `v1.0.${i}`, predictor: statingPredictor(shares) }),
    );
  await engine.rollouts.propose({ series: OWN, version: 'v1.0.0', by: 'a test', reason: 'the first' });
  assert.deepEqual(await listed(), []);

  const tomorrow = Date.now() + 86_400_000;
  await begin('v1.0.1', 0.4, tomorrow);
  let [experiment] = await newest();
  assert.match(experiment.name, /^ab market\/EURUSD\/1h v1\.0\.1 \d{4}-/);
  assert.deepEqual(
    [experiment.status, experiment.level, experiment.tenant_id, experiment.hypothesis],
    ['running', 'MODEL_LEVEL_TENANT', 'acme', 'two kinds'],
  );
  assert.deepEqual(JSON.parse(experiment.arms), {
    kind: 'ab',
    model: 'market/EURUSD/1h',
    until: tomorrow,
    startedBy: 'acme/ann',
    variants: [
      { arm: 'production', version: 'v1.0.0', model: models[0]!.modelId, share: 0.6 },
      { arm: 'canary', version: 'v1.0.1', model: models[1]!.modelId, share: 0.4 },
    ],
  });
  assert.deepEqual(await listed('key-z'), [], 'of nobody else');

  for (let bar = 270; bar <= 330 && experiment.status === 'running'; bar += 10) {
    await until(bar);
    [experiment] = await newest();
  }
  const [, decided] = await newest();
  assert.deepEqual(
    [experiment.status, decided.decision, decided.winner, decided.by],
    ['concluded', 'promote', 'v1.0.1', 'rollout'],
  );
  assert.match(decided.reason, /^v1\.0\.1 wins the A\/B test against v1\.0\.0, with evidence/);
  assert.ok(Number(experiment.concluded_at) >= Number(experiment.started_at));
  // A hundredth of each probability is an even chance, so that no outcome costs more than 5.7 nats.
  const [known] = await engine.predictions.sql(
    `SELECT count(*)::int AS bars, avg(-ln(0.99 * p + 0.01 / 3)) AS loss
     FROM (SELECT CASE actual_1h WHEN 1 THEN up_1h WHEN 0 THEN flat_1h ELSE down_1h END AS p
           FROM ml_predictions WHERE model_version = 'v1.0.1' AND actual_1h IS NOT NULL) AS said`,
    'acme',
  );
  assert.equal(decided.figures!.bars, known!['bars']);
  assert.ok(Math.abs(decided.figures!.challenger.logLoss - Number(known!['loss'])) < 1e-9);

  await begin('v1.0.2', 0.5, Date.now() - 1);
  await until(fed + 2);
  const [over, undecided] = await newest();
  assert.deepEqual([over.status, undecided.decision, undecided.winner], ['concluded', 'withdraw', null]);
  assert.match(undecided.reason, /is over without a winner/);

  await begin('v1.0.3', 0.2, tomorrow);
  await engine.rollouts.act({ series: OWN, version: 'v1.0.3' }, { kind: 'archive' }, AUTHOR);
  const [stopped, ended] = await newest();
  assert.deepEqual([stopped.status, ended.decision, ended.by], ['stopped', 'archive', 'acme/ann']);
  const rows = await engine.predictions.sql(
    `SELECT status, count(*)::int AS n FROM ml_registry.experiments GROUP BY status ORDER BY status`,
    'acme',
  );
  assert.deepEqual(rows, [
    { status: 'concluded', n: 2 },
    { status: 'stopped', n: 1 },
  ]);
});

test('suho experiment list and show tell of A/B tests', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t));
  const { port } = await serve(t, engine);
  for (const version of ['v1.0.0', 'v1.0.1'])
    await registerModel(engine, { version, seed: Number(version.at(-1)) });
  await engine.rollouts.propose({ series: EURUSD, version: 'v1.0.0', by: 'a test', reason: 'the first' });
  const trial = { kind: 'ab', until: Date.now() + 1e9 } as const;
  const target = { series: EURUSD, version: 'v1.0.1' };
  await engine.rollouts.act(target, { kind: 'canary', share: 0.3, trial }, AUTHOR);
  await engine.rollouts.act(target, { kind: 'withdraw' }, { ...AUTHOR, reason: 'spread widened' });
  const address = ['--address', `127.0.0.1:${port}`];
  const list = await runCommand(['experiment', 'list', '--json', ...address]);
  assert.equal(list.code, 0, list.stderr);
  const [experiment] = JSON.parse(list.stdout) as { name: string; status: string }[];
  assert.equal(experiment!.status, 'stopped');
  const shown = await runCommand(['experiment', 'show', experiment!.name, ...address]);
  assert.equal(shown.code, 0, shown.stderr);
  for (const text of ['production v1.0.0 on 70.0 %', 'canary v1.0.1 on 30.0 %', 'spread widened'])
    assert.ok(shown.stdout.includes(text), shown.stdout);
  const absent = await runCommand(['experiment', 'show', 'none', ...address]);
  assert.equal(absent.code, 2);
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { StageLatencies } from '../../engine/ops/stage-latencies.js';
import { bars } from '../support/api.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { EURUSD, registerModel } from '../support/rollout.js';
import { ACME, KEY, TestClient, serve } from '../support/served.js';
import { VirtualClock } from '../support/virtual-clock.js';
import type { EngineHealth__Output as EngineHealth } from '../../engine/api/generated/suho/v1/EngineHealth.js';
import { readHealth } from '../../engine/ops/health.js';

test('quantiles are of the last one to two minutes, buckets of all since start', async () => {
  const clock = new VirtualClock();
  const latencies = new StageLatencies(clock);
  // 1 to 100 ms, once each: the median is 50, the 99th percentile 99.
  for (let ms = 1; ms <= 100; ms++) latencies.observe('total', ms);
  const near = (actual: number, expected: number): void =>
    assert.ok(Math.abs(actual - expected) <= expected / 100 + 0.001, `${actual} is not ${expected}`);
  const [total, ...others] = latencies.recent();
  assert.deepEqual([total!.stage, total!.count, others], ['total', 100, []]);
  near(total!.p50Ms, 50);
  near(total!.p99Ms, 99);
  near(total!.maxMs, 100);
  await clock.advance(61_000);
  latencies.observe('total', 400);
  assert.equal(latencies.recent()[0]!.count, 101, 'the window before still counts');
  await clock.advance(61_000);
  assert.equal(latencies.recent()[0]!.count, 1, 'what is older does not');
  near(latencies.recent()[0]!.p99Ms, 400);
  await clock.advance(600_000);
  assert.deepEqual(latencies.recent(), [], 'nothing is recent after a pause');
  const { values } = await latencies.metric.get();
  const bucket = (le: number | string): number | undefined =>
    values.find(({ labels }) => labels.stage === 'total' && 'le' in labels && labels.le === le)?.value;
  assert.deepEqual(
    [bucket(0.01), bucket(0.1), bucket(0.2), bucket(0.5), bucket('+Inf')],
    [10, 100, 100, 101, 101],
  );
});

test('every signal is timed from its bar, and its stages are parts of the whole', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), {
    tenants: [
      ACME,
      {
        id: 'zen',
        apiKeySha256: [{ sha256: createHash('sha256').update('viewer').digest('hex'), role: 'viewer' }],
      },
    ],
  });
  const { api, port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const published = bars.slice(0, 300);
  await client.publish(published.slice(0, 250), KEY);
  await engine.settled();
  const series = { ...EURUSD, tenantId: 'acme', feed: 'published' };
  await registerModel(engine, { series });
  await engine.rollouts.propose({ series, version: 'v1.0.0', by: 'a test', reason: 'the first' });
  for (const bar of published.slice(250)) await client.publish([bar], KEY);
  await engine.settled();
  await engine.journal.durable();
  const { latencies, door, signals } = readHealth(
    await client.call<EngineHealth>('EngineService', 'GetHealth', {}, 'viewer'),
  );
  assert.deepEqual([latencies, door.rows_max], [[], 0], 'a tenant does not see how long others’ bars take');
  assert.equal(signals, 0);
  const recent = new Map(api.health.snapshot().latencies.map((stage) => [stage.stage, stage]));
  assert.equal(recent.get('accept')!.count, 51);
  for (const stage of ['queue', 'inference', 'patterns', 'commit', 'total'])
    assert.equal(recent.get(stage)!.count, 50, stage);
  const { values } = await engine.latencies.metric.get();
  const sum = (stage: string): number =>
    values.find(({ metricName, labels }) => metricName?.endsWith('_sum') === true && labels.stage === stage)!
      .value;
  const parts = sum('queue') + sum('inference') + sum('patterns') + sum('commit');
  assert.ok(parts > 0 && parts <= sum('total') * 1.000_001, `${parts} of ${sum('total')}`);
});

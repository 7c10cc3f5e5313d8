import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ListModelsResponse__Output as Listed } from '../../engine/api/generated/suho/v1/ListModelsResponse.js';
import type { ModelDetails__Output as Details } from '../../engine/api/generated/suho/v1/ModelDetails.js';
import type { Signal__Output as Signal } from '../../engine/api/generated/suho/v1/Signal.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { KilledEngine } from '../support/killed-engine.js';
import { inventedBars } from '../support/markets.js';
import { registerModel } from '../support/rollout.js';
import { eventually } from '../support/served.js';

const NAME = 'published/EURUSD/1h';
const SERIES = { tenantId: 'acme', feed: 'published', symbol: 'EURUSD', timeframe: '1h' } as const;
/** Keys of a user with models of his own, and of the whole tenant. */
const USER = 'key-of-ann';
const TENANT = 'key-of-acme';
const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const ACME = {
  id: 'acme',
  apiKeySha256: [
    { sha256: sha256(TENANT), role: 'engineer' },
    { sha256: sha256(USER), role: 'engineer', user: 'ann' },
  ],
};
const bars = inventedBars(300, { seed: 14 });
/** When the process is killed after it was asked to promote, milliseconds: before, amid and after what it does. */
const KILLED_AFTER_MS = [0, 4, 12, 40, 400];

test('killed at any moment of a promotion, registry, journal and serving agree after the next start', async (t) => {
  await killedAmidPromotions(t, 'tenant');
});

test('the same of a user’s own models, while his tenant’s go on serving the others', async (t) => {
  await killedAmidPromotions(t, 'user');
});

async function killedAmidPromotions(t: TestContext, level: 'tenant' | 'user'): Promise<void> {
  const series = level === 'user' ? { ...SERIES, userId: 'ann' } : SERIES;
  const key = level === 'user' ? USER : TENANT;
  const folder = temporaryFolder(t);
  const data = path.join(folder, 'data');
  const config = path.join(folder, 'config.json');
  // On a busy machine an answer takes longer than the deadline, and a bar without a signal tells nothing here.
  const settings = {
    tenants: [ACME],
    inference: { deadlineMs: 60_000 },
    console: { enabled: false },
    training: { firstModels: false },
  };
  writeFileSync(config, JSON.stringify(settings));
  const first = await openEngine(t, data, { training: { firstModels: false } });
  await first.intake.publishBars({
    tenantId: 'acme',
    symbol: 'EURUSD',
    timeframe: '1h',
    bars: bars.slice(0, 250),
    signalTimeframes: ['1h'],
  });
  await first.settled();
  const ofTenant = await registerModel(first, { seed: 7, series: SERIES });
  await first.rollouts.propose({ series: SERIES, version: 'v1.0.0', by: 'a test', reason: 'the first' });
  if (level === 'user') {
    await registerModel(first, { seed: 0, series });
    const author = { who: 'a test', role: 'engineer', reason: 'the first' };
    await first.rollouts.act({ series, version: 'v1.0.0' }, { kind: 'promote' }, author);
  }
  await registerModel(first, { version: 'v1.0.1', seed: 1, series });
  await first.stop();

  const engine = new KilledEngine(t, ['--data', data, '--config', config]);
  let bar = 250;
  let wanted = 'v1.0.1';
  const done = new Set<string>();
  for (const afterMs of KILLED_AFTER_MS) {
    await engine.start();
    const model = { name: NAME, version: wanted, level: `MODEL_LEVEL_${level.toUpperCase()}` };
    const promotion = engine
      .reach()!
      .call('ModelService', 'ChangeModel', { model, change: 'MODEL_CHANGE_PROMOTE', reason: 'a test' }, key);
    promotion.catch(() => undefined);
    await pause(afterMs);
    await engine.kill();

    await engine.start();
    const client = engine.reach()!;
    const { models } = await client.call<Listed>('ModelService', 'ListModels', { name: NAME }, key);
    const production = models.filter(
      (each) => each.status === 'production' && each.level === `MODEL_LEVEL_${level.toUpperCase()}`,
    );
    assert.equal(production.length, 1, JSON.stringify(models));
    const { version, model_sha256: modelId } = production[0]!;
    await eventually('the plan is what the registry says', async () => {
      const of = { model: { name: NAME, version, level: model.level } };
      const { uses } = await client.call<Details>('ModelService', 'GetModel', of, key);
      return uses.some(({ arm }) => arm === 'production');
    });
    await client.publish([bars[bar]!], TENANT);
    const closeTime = String(bars[bar]!.openTime + 3_600_000);
    bar++;
    const latest = async (of: string): Promise<Signal> => {
      const asked = { symbol: 'EURUSD', timeframe: 'TIMEFRAME_1H' };
      return await client.call<Signal>('SignalService', 'GetLatestSignal', asked, of);
    };
    await eventually('the bar has its signals', async () => {
      const signals = await Promise.all([latest(key), latest(TENANT)]).catch(() => []);
      return signals.length > 0 && signals.every((signal) => signal.bar_close_time === closeTime);
    });
    assert.equal((await latest(key)).model!.model_id, modelId, 'what serves is what the registry says');
    if (level === 'user') assert.equal((await latest(TENANT)).model!.model_id, ofTenant.modelId);
    done.add(version === wanted ? 'promoted' : 'as before');
    if (version === wanted) wanted = wanted === 'v1.0.1' ? 'v1.0.0' : 'v1.0.1';
    await engine.stop();
  }
  assert.ok(done.has('promoted'), 'the last kill comes long after');
}

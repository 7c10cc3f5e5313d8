import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
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
const SERIES = { tenantId: 'default', feed: 'published', symbol: 'EURUSD', timeframe: '1h' } as const;
const bars = inventedBars(300, { seed: 14 });
/** When the process is killed after it was asked to promote, milliseconds: before, amid and after what it does. */
const KILLED_AFTER_MS = [0, 4, 12, 40, 400];

test('killed at any moment of a promotion, registry, journal and serving agree after the next start', async (t) => {
  const folder = temporaryFolder(t);
  const data = path.join(folder, 'data');
  const config = path.join(folder, 'config.json');
  // On a busy machine an answer takes longer than the deadline, and a bar without a signal tells nothing here.
  writeFileSync(config, JSON.stringify({ inference: { deadlineMs: 60_000 }, console: { enabled: false } }));
  const first = await openEngine(t, data);
  await first.intake.publishBars({
    tenantId: 'default',
    symbol: 'EURUSD',
    timeframe: '1h',
    bars: bars.slice(0, 250),
    signalTimeframes: ['1h'],
  });
  await first.settled();
  for (const seed of [0, 1]) await registerModel(first, { version: `v1.0.${seed}`, seed, series: SERIES });
  await first.rollouts.propose({ series: SERIES, version: 'v1.0.0', by: 'a test', reason: 'the first' });
  await first.stop();

  const engine = new KilledEngine(t, ['--data', data, '--config', config]);
  let bar = 250;
  let wanted = 'v1.0.1';
  const done = new Set<string>();
  for (const afterMs of KILLED_AFTER_MS) {
    await engine.start();
    const model = { name: NAME, version: wanted };
    const promotion = engine
      .reach()!
      .call('ModelService', 'ChangeModel', { model, change: 'MODEL_CHANGE_PROMOTE', reason: 'a test' });
    promotion.catch(() => undefined);
    await pause(afterMs);
    await engine.kill();

    await engine.start();
    const client = engine.reach()!;
    const { models } = await client.call<Listed>('ModelService', 'ListModels', { name: NAME });
    const production = models.filter(({ status }) => status === 'production');
    assert.equal(production.length, 1, JSON.stringify(models));
    const { version } = production[0]!;
    await eventually('the plan is what the registry says', async () => {
      const { uses } = await client.call<Details>('ModelService', 'GetModel', {
        model: { name: NAME, version },
      });
      return uses.some(({ arm }) => arm === 'production');
    });
    await client.publish([bars[bar]!]);
    const closeTime = String(bars[bar]!.openTime + 3_600_000);
    bar++;
    const latest = async (): Promise<Signal> =>
      await client.call<Signal>('SignalService', 'GetLatestSignal', {
        symbol: 'EURUSD',
        timeframe: 'TIMEFRAME_1H',
      });
    await eventually('the bar has its signal', async () => {
      const signal = await latest().catch(() => undefined);
      return signal?.bar_close_time === closeTime;
    });
    assert.equal((await latest()).model!.version, version, 'what serves is what the registry says');
    done.add(version === wanted ? 'promoted' : 'as before');
    if (version === wanted) wanted = wanted === 'v1.0.1' ? 'v1.0.0' : 'v1.0.1';
    await engine.stop();
  }
  assert.ok(done.has('promoted'), 'the last kill comes long after');
});

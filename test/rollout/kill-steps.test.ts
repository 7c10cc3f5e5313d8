import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { ModelDetails__Output as Details } from '../../engine/api/generated/suho/v1/ModelDetails.js';
import type { Signal__Output as Signal } from '../../engine/api/generated/suho/v1/Signal.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { KilledEngine } from '../support/killed-engine.js';
import { inventedBars } from '../support/markets.js';
import { registerModel } from '../support/rollout.js';
import { eventually } from '../support/served.js';
import { checkAudit, sharedRegistry } from '../support/shared-registry.js';

const NAME = 'published/EURUSD/1h';
const SERIES = { tenantId: 'default', feed: 'published', symbol: 'EURUSD', timeframe: '1h' } as const;
const bars = inventedBars(300, { seed: 14 });

/**
 * Has the database itself kill a process amid an act on models: at its n-th entry in the audit, or as it commits. A program that
 * does not take its input, or fails since the process is gone already, would undo the act.
 */
const KILLER = `
  CREATE TABLE public.killing (pid int, step int, seen int);
  INSERT INTO public.killing VALUES (NULL, NULL, 0);
  CREATE FUNCTION public.kill_at_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE k public.killing;
    BEGIN
      UPDATE public.killing SET seen = seen + 1 RETURNING * INTO k;
      IF k.seen = k.step THEN EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; kill -9 ' || k.pid || '; true'); END IF;
      RETURN NULL;
    END $$;
  CREATE FUNCTION public.kill_at_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE k public.killing;
    BEGIN
      SELECT * INTO k FROM public.killing;
      IF k.step = 0 THEN EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; kill -9 ' || k.pid || '; true'); END IF;
      RETURN NULL;
    END $$;
  CREATE TRIGGER kill_at_step AFTER INSERT ON ml_registry.model_audit
    FOR EACH ROW EXECUTE FUNCTION public.kill_at_step();
  CREATE CONSTRAINT TRIGGER kill_at_commit AFTER INSERT ON ml_registry.model_audit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.kill_at_commit();`;
const AT_COMMIT = 0;

test('killed at every step of a promotion and of a rollback, it is done or not done everywhere: registry, journal, serving, after every restart', async (t) => {
  const folder = temporaryFolder(t);
  const shared = await sharedRegistry(t, folder);
  const data = path.join(folder, 'data');
  const config = path.join(folder, 'config.json');
  const settings = {
    ...shared.config,
    inference: { deadlineMs: 60_000 },
    console: { enabled: false },
    training: { firstModels: false },
  };
  writeFileSync(config, JSON.stringify(settings));
  const first = await openEngine(t, data, settings);
  await first.intake.publishBars({
    tenantId: 'default',
    symbol: 'EURUSD',
    timeframe: '1h',
    bars: bars.slice(0, 250),
    signalTimeframes: ['1h'],
  });
  await first.settled();
  await registerModel(first, { seed: 0, series: SERIES });
  await registerModel(first, { seed: 1, series: SERIES, version: 'v1.0.1' });
  await first.rollouts.propose({ series: SERIES, version: 'v1.0.0', by: 'a test', reason: 'the first' });
  await first.stop();
  await shared.query(KILLER);

  const engine = new KilledEngine(t, ['--data', data, '--config', config]);
  let bar = 250;
  /** Starts the engine and says what serves its next bar; registry and plan must say the same. */
  const servedNow = async (): Promise<string> => {
    await shared.query('UPDATE public.killing SET pid = NULL, step = NULL, seen = 0');
    await engine.start();
    const client = engine.reach()!;
    const [production] = await shared.query<{ version: string }>(
      `SELECT version FROM ml_registry.models WHERE status = 'production'`,
    );
    await checkAudit(shared);
    const version = production!.version;
    await eventually('the plan is what the registry says', async () => {
      const { uses } = await client.call<Details>('ModelService', 'GetModel', {
        model: { name: NAME, version },
      });
      return uses.some(({ arm }) => arm === 'production');
    });
    await client.publish([bars[bar]!]);
    const closeTime = String(bars[bar++]!.openTime + 3_600_000);
    let latest: Signal | undefined;
    await eventually('the bar has its signal', async () => {
      const asked = { symbol: 'EURUSD', timeframe: 'TIMEFRAME_1H' };
      latest = await client.call<Signal>('SignalService', 'GetLatestSignal', asked).catch(() => undefined);
      return latest?.bar_close_time === closeTime;
    });
    assert.equal(latest!.model!.version, version, 'what serves is what the registry says');
    return version;
  };
  /** Asks for an act that is cut off at a step; whether it was. */
  const isCutOff = async (version: string, change: string, step: number): Promise<boolean> => {
    await shared.query('UPDATE public.killing SET pid = $1, step = $2, seen = 0', [engine.pid, step]);
    const asked = { model: { name: NAME, version }, change: `MODEL_CHANGE_${change}`, reason: 'a test' };
    const answer = engine.reach()!.call('ModelService', 'ChangeModel', asked);
    const done = await answer.then(
      () => true,
      () => false,
    );
    await engine.kill();
    return !done;
  };

  for (const [change, version, before, after] of [
    ['PROMOTE', 'v1.0.1', 'v1.0.0', 'v1.0.1'],
    ['ROLLBACK', 'v1.0.1', 'v1.0.1', 'v1.0.0'],
  ] as const) {
    assert.equal(await servedNow(), before);
    let steps = 0;
    while (await isCutOff(version, change, steps + 1)) {
      steps++;
      assert.equal(await servedNow(), before, `${change} cut off at step ${steps}`);
    }
    // It was answered before it was killed.
    assert.ok(steps >= 2, `${steps} steps`);
    assert.equal(await servedNow(), after, `${change} after its answer`);
    await engine.kill();
    assert.equal(await servedNow(), after, `${change} after another restart`);
    await engine.kill();
  }
  await engine.start();
  assert.equal(await isCutOff('v1.0.1', 'PROMOTE', AT_COMMIT), true);
  assert.equal(await servedNow(), 'v1.0.1', 'a promotion that nobody heard of but the registry');
  assert.equal(await isCutOff('v1.0.1', 'ROLLBACK', AT_COMMIT), true);
  assert.equal(await servedNow(), 'v1.0.0', 'a rollback that nobody heard of but the registry');
});

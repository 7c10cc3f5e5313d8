import assert from 'node:assert/strict';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Engine } from '../../engine/engine.js';
import { SuhoError } from '../../engine/errors.js';
import { Random } from '../../engine/learning/random.js';
import type { PublishedSignal } from '../../engine/publication/subscription.js';
import type { ModelAct } from '../../engine/registry/model-registry.js';
import { planKey } from '../../engine/rollout/resolution.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars, risingBars } from '../support/markets.js';
import { EURUSD, registerModel, statingPredictor } from '../support/rollout.js';
import { checkAudit, sharedRegistry, type SharedRegistry } from '../support/shared-registry.js';

const INSTRUMENT = 'market/EURUSD';
const SERIES = `${INSTRUMENT}/1h`;
/** Rounds of things done at once; each follows from its number. */
const SEEDS = Number(process.env['SUHO_INTERLEAVINGS'] ?? 6);
/** What an engine may answer when another was quicker. */
const REFUSED = new Set(['BAD_INPUT', 'QUOTA_EXCEEDED']);

async function opened(t: TestContext, folder: string, shared: SharedRegistry): Promise<Engine> {
  const engine = await openEngine(t, folder, shared.config);
  await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'acme',
    timeframe: '1h',
  });
  return engine;
}

interface Asked {
  readonly version: string;
  readonly act: ModelAct | 'propose';
  readonly reason: string;
}

/** One of the things that an engine or a person may do to one of some models. */
function anything(random: Random, versions: number, reason: string): Asked {
  const version = `v1.0.${random.below(versions)}`;
  const trial = { kind: 'manual' } as const;
  const acts: readonly Asked['act'][] = [
    'propose',
    'propose',
    { kind: 'shadow', trial },
    { kind: 'canary', share: random.below(2) === 0 ? 0.1 : 0.5, trial },
    { kind: 'promote' },
    { kind: 'promote' },
    { kind: 'rollback' },
    { kind: 'withdraw' },
  ];
  return { version, act: acts[random.below(acts.length)]!, reason };
}

/** Does it; whether it was done. What else than a refusal comes is thrown. */
async function ask(engine: Engine, { version, act, reason }: Asked): Promise<boolean> {
  try {
    if (act === 'propose') await engine.rollouts.propose({ series: EURUSD, version, by: 'engine', reason });
    else
      await engine.rollouts.act({ series: EURUSD, version }, act, { who: 'ann', role: 'engineer', reason });
    return true;
  } catch (error) {
    if (error instanceof SuhoError && REFUSED.has(error.code)) return false;
    throw error;
  }
}

/** What an engine's signals are made by, as text. */
function planOf(engine: Engine): string | undefined {
  const route = engine.instruments.routeOf('acme', SERIES);
  return route === undefined ? undefined : planKey(route);
}

test('whatever two engines do to the models of one series at once, one plan comes of it, both serve it from the next bar on, and every act is in the audit', async (t) => {
  const folder = temporaryFolder(t);
  const shared = await sharedRegistry(t, folder);
  const engines = [
    await opened(t, path.join(folder, 'a'), shared),
    await opened(t, path.join(folder, 'b'), shared),
  ];
  const bars = inventedBars(250 + SEEDS, { momentum: 0.6, seed: 5 });
  const served: PublishedSignal['signal'][][] = [[], []];
  for (const [i, engine] of engines.entries()) {
    engine.publication.onSignal(({ signal }) => served[i]!.push(signal));
    engine.intake.ingestBars(INSTRUMENT, bars.slice(0, 250));
    await engine.settled();
  }
  const versions = 7;
  for (let i = 0; i < versions; i++) await registerModel(engines[i % 2]!, { version: `v1.0.${i}`, seed: i });
  // Both have their first model ready at once: one of them is in use, and the other challenges it.
  await Promise.all(
    engines.map(async (engine, i) => {
      await engine.rollouts.propose({ series: EURUSD, version: `v1.0.${i}`, by: 'engine', reason: 'first' });
    }),
  );
  const statuses = (await engines[0]!.registry.list(EURUSD)).map(({ status }) => status);
  assert.deepEqual(
    statuses.slice(0, 2).sort(),
    ['production', 'shadow'],
    'no challenger goes straight to production',
  );
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const asked: (Asked & { readonly done: Promise<boolean> })[] = [];
    await Promise.all(
      engines.map(async (engine, e) => {
        for (let i = 0; i < 5; i++) {
          await pause(random.below(12));
          const one = anything(random, versions, `${seed}/${e}/${i}`);
          asked.push({ ...one, done: ask(engine, one) });
        }
        await Promise.all(asked.map(async ({ done }) => await done));
      }),
    );
    await checkAudit(shared);
    const audit = new Set((await shared.audit()).map(({ reason }) => reason));
    for (const { done, reason } of asked)
      if (!(await done)) assert.ok(!audit.has(reason), `${reason} was refused, and is in the audit`);
    // What the registry's revision tells each within two seconds.
    for (const engine of engines) await engine.plans.check(true);
    assert.equal(planOf(engines[0]!), planOf(engines[1]!), `seed ${seed}`);
    const production = (await engines[0]!.registry.production(EURUSD))!;
    for (const engine of engines) {
      engine.intake.ingestBars(INSTRUMENT, bars.slice(249 + seed, 250 + seed));
      await engine.settled();
      await engine.journal.durable();
    }
    const [a, b] = served.map((signals) => signals.at(-1)!);
    assert.equal(a!.barCloseTime, bars[249 + seed]!.openTime + 3_600_000);
    assert.deepEqual([a!.model, a!.predictionId], [b!.model, b!.predictionId]);
    assert.equal(planOf(engines[0]!)!.split(' ')[0], production.version);
  }
});

test('two engines that look at the same outcomes decide once', async (t) => {
  const folder = temporaryFolder(t);
  const shared = await sharedRegistry(t, folder);
  const engines = [
    await opened(t, path.join(folder, 'a'), shared),
    await opened(t, path.join(folder, 'b'), shared),
  ];
  const bars = risingBars(400);
  let fed = 0;
  const until = async (bar: number): Promise<void> => {
    await Promise.all(
      engines.map(async (engine) => {
        engine.intake.ingestBars(INSTRUMENT, bars.slice(fed, bar));
        await engine.settled();
        await engine.stored();
      }),
    );
    fed = bar;
    await Promise.all(engines.map(async (engine) => await engine.rollouts.decideAll()));
    for (const engine of engines) await engine.plans.check();
  };
  await until(250);
  const says = [
    [0.3, 0.2, 0.5],
    [0.07, 0.08, 0.85],
    [0.5, 0.2, 0.3],
  ] as const;
  for (const [i, shares] of says.entries())
    await registerModel(engines[i % 2]!, { version: `v1.0.${i}`, predictor: statingPredictor(shares) });
  for (const [i] of says.entries())
    await engines[i % 2]!.rollouts.propose({
      series: EURUSD,
      version: `v1.0.${i}`,
      by: 'engine',
      reason: 'enough new bars',
    });
  for (const engine of engines) await engine.plans.check(true);
  for (let bar = 255; bar <= 360; bar += 5) await until(bar);
  await checkAudit(shared);
  const decided = (await shared.audit()).filter(({ actor }) => actor === 'rollout');
  const said = decided.map(({ version, to_status, traffic }) =>
    [version, to_status, ...(traffic === null ? [] : [traffic])].join(' '),
  );
  assert.deepEqual(said.sort(), [
    'v1.0.0 deprecated',
    'v1.0.1 canary 0.1',
    'v1.0.1 canary 0.5',
    'v1.0.1 production',
    'v1.0.2 archived',
  ]);
  const [row] = await shared.query<{ rows: number; ids: number; wrong: number }>(
    `SELECT count(*)::int AS rows, count(DISTINCT prediction_id)::int AS ids,
            count(*) FILTER (WHERE bar_close_time < to_timestamp($1) AND actual_1h IS NULL)::int AS wrong
     FROM suho_private.ml_predictions`,
    [bars[358]!.openTime / 1000],
  );
  assert.equal(row!.rows, row!.ids, 'an answer that both engines gave is stored once');
  assert.equal(row!.wrong, 0, 'every outcome is there');
});

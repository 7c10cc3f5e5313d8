import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Bar } from '../../actors/market/bar.js';
import type { Engine } from '../../engine/engine.js';
import { Random } from '../../engine/learning/random.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { killThreads } from '../support/threads.js';
import { inventedBars } from '../support/markets.js';

const HOUR = 3_600_000;
const SYMBOLS = ['EURUSD', 'GBPUSD', 'XAUUSD'];
const TENANTS = ['acme', 'zen'];
const HISTORY = 1_100;
const BARS = 1_240;

/** Replays with SUHO_SEED=N npm test. */
const seed = Number(process.env['SUHO_SEED'] ?? Date.now() % 1_000_000);

const markets = new Map(
  SYMBOLS.map((symbol, i) => [symbol, inventedBars(BARS, { seed: 100 + i, momentum: 0.62 })]),
);

async function follow(engine: Engine): Promise<Map<string, string>> {
  const groups = new Map<string, string>();
  for (const symbol of SYMBOLS) {
    for (const tenantId of TENANTS) {
      for (const timeframe of ['1h', '4h'] as const) {
        groups.set(
          symbol,
          await engine.instruments.follow({ feed: 'market', symbol, base: '1h', tenantId, timeframe }),
        );
      }
    }
  }
  return groups;
}

async function prepare(engine: Engine): Promise<Map<string, string>> {
  const groups = await follow(engine);
  for (const [symbol, group] of groups) {
    engine.intake.ingestBars(group, markets.get(symbol)!.slice(0, HISTORY));
    await engine.settled();
    await engine.training.train(`${group}/1h`, markets.get(symbol)![HISTORY - 1]!.openTime + HOUR);
  }
  return groups;
}

/** Waits until PostgreSQL, which may have been killed a moment ago, answers. */
async function answering(engine: Engine): Promise<void> {
  for (;;) {
    try {
      await engine.predictions.sql('SELECT 1');
      return;
    } catch {
      await sleep(50);
    }
  }
}

/** What a run leaves behind: states of all actors and all stored predictions. */
async function outcome(engine: Engine): Promise<unknown> {
  await engine.settled();
  await engine.stored();
  await answering(engine);
  return {
    states: engine.instruments.graph.states(),
    predictions: (
      await engine.predictions.sql('SELECT * FROM ml_predictions ORDER BY tenant_id, symbol, bar_close_time')
    ).map((row) => ({ ...row, stored_at: undefined })),
    rows: await engine.features.sql(
      'SELECT symbol, timeframe, count() AS n FROM ml_features GROUP BY ALL ORDER BY ALL',
    ),
  };
}

/** The feature store cannot take rows while a file lies where its folder should be. */
class StoreAway {
  readonly #folder: string;

  constructor(data: string) {
    this.#folder = path.join(data, 'segments');
  }

  begin(): void {
    if (existsSync(`${this.#folder}.away`)) return;
    renameSync(this.#folder, `${this.#folder}.away`);
    writeFileSync(this.#folder, '');
  }

  end(): void {
    if (!existsSync(`${this.#folder}.away`)) return;
    rmSync(this.#folder, { recursive: true });
    renameSync(`${this.#folder}.away`, this.#folder);
  }
}

/** Kills the PostgreSQL server under the engine. */
function killPostgres(data: string): void {
  const file = path.join(data, 'postgres', 'cluster', 'postmaster.pid');
  try {
    if (existsSync(file)) process.kill(Number(readFileSync(file, 'utf8').split('\n')[0]), 'SIGKILL');
  } catch {
    // It is down already.
  }
}

/** Takes the cores away from the inference workers for a while: they become slow. */
function hogCores(ms: number): void {
  const code = `const end = Date.now() + ${ms}; while (Date.now() < end);`;
  for (let i = 0; i < 3; i++) new Worker(code, { eval: true }).unref();
}

test(`late and repeated data, dying and slow workers, stores away and restarts in any order change nothing (SUHO_SEED=${seed})`, async (t) => {
  t.diagnostic(`seed ${seed}`);
  const calm = await openEngine(t, temporaryFolder(t));
  for (const [symbol, group] of await prepare(calm))
    calm.intake.ingestBars(group, markets.get(symbol)!.slice(HISTORY));
  const expected = await outcome(calm);
  await calm.stop();

  const random = new Random(seed);
  const folder = temporaryFolder(t);
  let engine = await openEngine(t, folder);
  let groups = await prepare(engine);
  const away = new StoreAway(folder);
  const next = new Map(SYMBOLS.map((symbol) => [symbol, HISTORY]));
  while ([...next.values()].some((i) => i < BARS)) {
    const symbol = SYMBOLS[random.below(SYMBOLS.length)]!;
    const bars = markets.get(symbol)!;
    const at = next.get(symbol)!;
    const to = Math.min(BARS, at + 1 + random.below(12));
    const late: Bar[] = random.next() < 0.4 ? bars.slice(Math.max(0, at - random.below(30)), at) : [];
    const result = engine.intake.ingestBars(groups.get(symbol)!, [...late, ...bars.slice(at, to)]);
    assert.equal(result.accepted, to - at);
    assert.equal(result.duplicates + result.late, late.length);
    next.set(symbol, to);
    const event = random.next();
    if (event < 0.06) killThreads(engine.inference.threads);
    else if (event < 0.12) {
      away.end();
      await engine.stop();
      engine = await openEngine(t, folder);
      groups = await follow(engine);
    } else if (event < 0.18) away.begin();
    else if (event < 0.24) away.end();
    else if (event < 0.28) killPostgres(folder);
    else if (event < 0.34) hogCores(200);
    else if (event < 0.5) await engine.settled();
  }
  away.end();
  const withheld = engine.status.counts().withheld['model_error'] ?? 0;
  assert.equal(withheld, 0, 'a row whose worker died was tried again');
  assert.deepEqual(await outcome(engine), expected);
});

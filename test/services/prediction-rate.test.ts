// How the predictions sink keeps up with many signals a second, on real servers.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import { pino } from 'pino';
import { SYSTEM_CLOCK } from '../../engine/clock.js';
import { applySchemas } from '../../engine/database/schemas.js';
import { Journal } from '../../engine/journal/journal.js';
import { PostgresPredictionStore } from '../../engine/prediction-store/postgres-prediction-store.js';
import { predictionTarget } from '../../engine/sinks/prediction-target.js';
import { Sink } from '../../engine/sinks/sink.js';
import { afterTest } from '../support/cleanup.js';
import { temporaryFolder } from '../support/engine.js';
import { conclusionOf } from '../support/invented-records.js';
import { inventedSignal } from '../support/prediction-contract.js';
import { adminUrl, engineUrl, makeEngineLogin, startServer, type ServerName } from '../support/servers.js';

const SIGNALS = 20_000;
const TENANTS = 4;
/** What the sink reads at once, and what one statement of one tenant takes. */
const BATCH = 4_000;
const STATEMENT = 500;

async function journalledSignalsArrive(t: TestContext, name: ServerName): Promise<void> {
  const server = await startServer(t, name);
  if (server === undefined) return;
  await applySchemas({ connectionString: adminUrl(server.port) });
  await makeEngineLogin(server.port);
  const journal = Journal.open(temporaryFolder(t), 1e9);
  afterTest(t, async () => await journal.close());
  const store = new PostgresPredictionStore({ connectionString: engineUrl(server.port) });
  afterTest(t, async () => await store.close());
  const parts = {
    journal,
    clock: SYSTEM_CLOCK,
    log: pino({ level: 'silent' }),
    random: Math.random,
  };
  const sink = new Sink(parts, predictionTarget(journal, store));
  for (let i = 0; i < SIGNALS; i++) {
    const tenant = `rate-${i % TENANTS}`;
    const signal = inventedSignal(tenant, Math.floor(i / TENANTS));
    journal.predictions.appendConclusion(conclusionOf(`signal:${tenant}`, signal));
  }
  await journal.durable();

  const start = performance.now();
  sink.start();
  await sink.caughtUp();
  const seconds = (performance.now() - start) / 1000;
  await sink.stop();
  t.diagnostic(`${name}: ${Math.round(SIGNALS / seconds)} signals/s`);

  const admin = new pg.Client({ connectionString: adminUrl(server.port) });
  await admin.connect();
  // PostgreSQL itself remembers which transaction, and which of its statements, wrote each row.
  const { rows } = await admin.query<Record<string, number>>(
    `SELECT count(*)::int AS stored, count(DISTINCT tenant_id)::int AS tenants,
            count(DISTINCT xmin::text)::int AS transactions,
            count(DISTINCT xmin::text || ' ' || cmin::text)::int AS statements
     FROM suho_private.ml_predictions`,
  );
  await admin.end();
  assert.deepEqual(rows, [
    {
      stored: SIGNALS,
      tenants: TENANTS,
      transactions: SIGNALS / BATCH,
      statements: SIGNALS / STATEMENT,
    },
  ]);
  const { lagRows, written, deadLetters } = sink.status();
  assert.deepEqual([lagRows, written, deadLetters], [0, SIGNALS, 0]);
}

test('twenty thousand journalled signals reach PostgreSQL in bounded batches', async (t) => {
  await journalledSignalsArrive(t, 'postgresql');
});

test('twenty thousand journalled signals reach TimescaleDB in bounded batches', async (t) => {
  await journalledSignalsArrive(t, 'timescaledb');
});

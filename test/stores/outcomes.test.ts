import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Label } from '../../actors/features/labels.js';
import { Database } from '../../engine/database/database.js';
import type { PredictionEvent, TradeRecord } from '../../engine/journal/records.js';
import { WRITE_OUTCOMES, insertTrades } from '../../engine/prediction-store/statements.js';
import { afterTest } from '../support/cleanup.js';
import { embeddedPredictions } from '../support/embedded-predictions.js';
import { tradeOn } from '../support/invented-records.js';
import { inventedSignal } from '../support/prediction-contract.js';

const HOUR = 3_600_000;
const SIGNALS = 3_000;
const TENANTS = ['acme', 'zen'];

function outcomeOf(tenantId: string, i: number, label: Partial<Label>): PredictionEvent {
  const { predictionId, barCloseTime } = inventedSignal(tenantId, i);
  const known = { closeTime: barCloseTime, horizon: 0, direction: 1, return: 0.01, maxGain: 0, maxLoss: 0 };
  const resolvedAt = barCloseTime + HOUR;
  return { kind: 'outcome', tenantId, predictionId, label: { ...known, barrier: 0, resolvedAt, ...label } };
}

async function storeWithSignals(t: TestContext) {
  const { server, store } = await embeddedPredictions(t);
  for (const tenantId of TENANTS)
    await store.write(
      Array.from({ length: SIGNALS }, (_, i) => ({
        kind: 'signal',
        sequence: i + 1,
        signal: inventedSignal(tenantId, i),
      })),
    );
  const database = new Database(server.connection);
  afterTest(t, async () => await database.close());
  return { store, database };
}

test('outcomes of several horizons, in one batch and in several, stand beside each other', async (t) => {
  const { store } = await storeWithSignals(t);
  const at = inventedSignal('acme', 7).barCloseTime;
  await store.write([
    outcomeOf('acme', 7, { horizon: 0, direction: -1, return: -0.25, resolvedAt: at + HOUR }),
    outcomeOf('acme', 7, { horizon: 1, direction: 0, return: 0.125, resolvedAt: at + 4 * HOUR }),
    outcomeOf('acme', 8, { horizon: 1, direction: NaN }),
  ]);
  await store.write([
    outcomeOf('acme', 7, { horizon: 2, direction: 1, return: 0.5, resolvedAt: at + 24 * HOUR }),
    outcomeOf('acme', 7, { horizon: 1, direction: 1, return: 0.75, resolvedAt: at + 5 * HOUR }),
  ]);
  const rows = await store.sql(
    `SELECT actual_1h, actual_4h, actual_1d, return_1h, return_4h, return_1d,
            extract(epoch FROM resolved_4h - bar_close_time)::int / 3600 AS hours
     FROM ml_predictions WHERE actual_1h IS NOT NULL OR actual_4h IS NOT NULL OR actual_1d IS NOT NULL`,
    'acme',
  );
  assert.deepEqual(rows, [
    {
      actual_1h: -1,
      actual_4h: 1,
      actual_1d: 1,
      return_1h: -0.25,
      return_4h: 0.75,
      return_1d: 0.5,
      hours: 5,
    },
  ]);
});

test('an outcome, or a trade, looks at its own row however many there are, also before PostgreSQL has statistics', async (t) => {
  const { store, database } = await storeWithSignals(t);
  const trade = tradeOn(inventedSignal('zen', 0));
  const trades = Array.from({ length: 5_000 }, (_, i) => ({ ...trade, tradeId: `old-${i}` }));
  await store.write(trades.map((each: TradeRecord) => ({ kind: 'trade', trade: each })));
  const seen = async (statement: string, rows: readonly object[]): Promise<number> =>
    await database.transaction({ tenantId: 'zen' }, async (client) => {
      await client.query(statement, [JSON.stringify(rows)]);
      const { rows: counts } = await client.query<{ n: number }>(
        `SELECT sum(coalesce(idx_tup_fetch, 0) + seq_tup_read)::int AS n FROM pg_stat_xact_all_tables
         WHERE relname ~ '^(ml_predictions|trade_results)_\\d+$'`,
      );
      return counts[0]!.n;
    });
  const outcomes = Array.from({ length: 20 }, (_, i) => {
    const { predictionId, barCloseTime } = inventedSignal('zen', i * 100);
    return { id: predictionId, bar: new Date(barCloseTime).toISOString(), actual_1h: 1 };
  });
  const ofOutcomes = await seen(WRITE_OUTCOMES, outcomes);
  // Each is fetched once.
  assert.ok(ofOutcomes >= 20 && ofOutcomes <= 40, `20 outcomes looked at ${ofOutcomes} rows`);
  const columns = ['trade_id', 'tenant_id', 'exit_time'];
  const again = trades.slice(0, 20).map(({ tradeId, tenantId, exitTime }) => ({
    trade_id: tradeId,
    tenant_id: tenantId,
    exit_time: new Date(exitTime).toISOString(),
  }));
  const ofTrades = await seen(insertTrades(columns), again);
  assert.ok(ofTrades >= 20 && ofTrades <= 40, `20 trades looked at ${ofTrades} rows`);
});

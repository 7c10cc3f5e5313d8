// What the door takes, the real embedded PostgreSQL stores; what it refuses names its field.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { SuhoError } from '../../engine/errors.js';
import { readTradeReport, tradeOf } from '../../engine/feedback/trade-report.js';
import type { PredictionEvent } from '../../engine/journal/records.js';
import { PostgresPredictionStore } from '../../engine/prediction-store/postgres-prediction-store.js';
import { embeddedPredictions } from '../support/embedded-predictions.js';
import { MONDAY } from '../support/markets.js';
import { inventedSignal } from '../support/prediction-contract.js';

const NOW = Date.UTC(2026, 0, 1);
const PREDICTION = { symbol: 'EURUSD', timeframe: '1h', barCloseTime: MONDAY, modelVersion: 'v1.0.0' };
const REPORT = {
  tradeId: 't1',
  predictionId: inventedSignal('acme', 0).predictionId,
  side: 'LONG',
  quantity: 1,
  entryTime: MONDAY,
  entryPrice: 1.1,
  exitTime: MONDAY + 1,
  exitPrice: 1.2,
};
const refused = (error: unknown): boolean => error instanceof SuhoError && error.code === 'RECORD_REFUSED';
const away = (error: unknown): boolean => error instanceof SuhoError && error.code === 'STORE_UNAVAILABLE';

test('a trade that no store can hold is refused by the name of its field', () => {
  const wrong: readonly (readonly [string, Record<string, unknown>])[] = [
    ['tradeId', { tradeId: 'a\u0000b' }],
    ['exitReason', { exitReason: 'stop\u0000' }],
    ['exitReason', { exitReason: 'half \ud800' }],
    ['marketConditions', { marketConditions: { 'a\u0000': 1 } }],
    ['marketConditions.a', { marketConditions: { a: '\udfff' } }],
    ['marketConditions', { marketConditions: Object.fromEntries([...Array(65).keys()].map((i) => [i, i])) }],
    ['exitTime', { exitTime: 8.64e15 }],
    ['exitTime', { exitTime: Date.UTC(10_000, 0, 2) }],
    ['exitTime', { exitTime: NOW + 86_400_001 }],
    ['entryTime', { entryTime: Date.UTC(1989, 11, 31) }],
    ['exitTime', { exitTime: MONDAY - 1 }],
    ['quantity', { quantity: 1e308 }],
    ['quantity', { quantity: Infinity }],
    ['entryPrice', { entryPrice: 1e-320 }],
    ['exitPrice', { exitPrice: 1e200 }],
    ['commission', { commission: -1e300 }],
    ['currency', { currency: 'U$D' }],
  ];
  for (const [field, change] of wrong)
    assert.throws(
      () => readTradeReport({ ...REPORT, ...change }, NOW),
      (error) => error instanceof SuhoError && error.code === 'BAD_INPUT' && error.message.startsWith(field),
      JSON.stringify(change),
    );
  assert.equal(readTradeReport(REPORT, NOW).quantity, 1);
});

/** Numbers of every size, and texts of every kind. */
const anyText = fc.oneof(
  fc.string({ maxLength: 130, unit: 'binary' }),
  fc.constantFrom('stop\u0000', '\ud83d', '\n', '€', '__proto__', '💶', '\u202e', '\uffff'),
);
const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, 5e-324, 1e-12, 1e12, 1e15, -1e15, 1e308, -1e308, NaN, Infinity),
  fc.double({ min: 1e-12, max: 1e12 }),
);
const anyTime = fc.oneof(
  fc.integer({ min: MONDAY, max: NOW + 86_400_000 }),
  fc.constantFrom(MONDAY, NOW, 8.64e15, Date.UTC(10_000, 0, 1), -1),
);
const anyReport = fc.record(
  {
    tradeId: anyText,
    predictionId: fc.constant(REPORT.predictionId),
    side: fc.constantFrom('LONG', 'SHORT'),
    quantity: anyNumber,
    entryTime: anyTime,
    entryPrice: anyNumber,
    exitTime: anyTime,
    exitPrice: anyNumber,
    pnlMoney: anyNumber,
    currency: fc.oneof(anyText, fc.constantFrom('USD', 'usdt', '1INCH')),
    commission: anyNumber,
    financing: anyNumber,
    slippagePips: anyNumber,
    exitReason: anyText,
    marketConditions: fc.dictionary(anyText, fc.oneof(anyText, anyNumber), { maxKeys: 4 }),
  },
  { requiredKeys: [] },
);
/** A report that is right but for a few fields. */
const nearlyRight = fc
  .tuple(anyReport, fc.subarray(Object.keys(REPORT), { minLength: 6 }))
  .map(([changes, kept]) => ({
    ...changes,
    ...Object.fromEntries(kept.map((key) => [key, REPORT[key as keyof typeof REPORT]])),
  }));

test('whatever trade is accepted is stored, a refused record is told from a store that is away', async (t) => {
  const { server, store } = await embeddedPredictions(t);
  const signal = inventedSignal('acme', 0);
  await store.write([{ kind: 'signal', sequence: 1, signal }]);
  let stored = 0;
  await fc.assert(
    fc.asyncProperty(nearlyRight, async (changes) => {
      let trade;
      try {
        const report = readTradeReport({ ...REPORT, ...changes }, NOW);
        trade = tradeOf({ ...report, tradeId: randomUUID() + report.tradeId }, PREDICTION, 'acme', undefined);
      } catch (error) {
        assert.ok(error instanceof SuhoError && error.code === 'BAD_INPUT');
        return;
      }
      await store.write([{ kind: 'trade', trade }]);
      stored++;
    }),
    { numRuns: 1_000, examples: [[{}], [{ quantity: 1e15, entryPrice: 1e-12, exitPrice: 1e12 }]] },
  );
  const [row] = await store.sql('SELECT count(*) AS n FROM trade_results', 'acme');
  assert.equal(row!['n'], stored);
  assert.ok(stored >= 20, `${stored} of the reports were acceptable`);

  // Records that came before the door was there, each of another kind.
  const trade = tradeOf(readTradeReport(REPORT, NOW), PREDICTION, 'acme', undefined);
  const poisoned: readonly PredictionEvent[] = [
    { kind: 'trade', trade: { ...trade, exitReason: 'stop\u0000' } },
    { kind: 'trade', trade: { ...trade, exitTime: Date.UTC(10_000, 0, 1) } },
    { kind: 'trade', trade: { ...trade, exitTime: 8.7e15 } },
    { kind: 'trade', trade: { ...trade, pnlMoney: Infinity } },
    { kind: 'trade', trade: { ...trade, predictionId: 'none' } },
    { kind: 'signal', sequence: 1, signal: { ...signal, confidence: NaN } },
    { kind: 'signal', sequence: 1, signal: { ...signal, predictionId: randomUUID(), confidence: 2 } },
    { kind: 'signal', sequence: 1, signal: { ...signal, barCloseTime: 1.7e15 } },
    { kind: 'signal', sequence: 1, signal: { ...signal, predictionId: randomUUID(), forecasts: [] } },
  ];
  for (const event of poisoned) await assert.rejects(store.write([event]), refused, JSON.stringify(event));

  await aMendedPasswordIsNoticed(server.connection);
  await server.stop();
  await assert.rejects(store.write([{ kind: 'trade', trade }]), away);
});

/** A login whose password is wrong for a while; the same store writes again once it is right, and again after a change. */
async function aMendedPasswordIsNoticed(admin: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(admin);
  await client.connect();
  await client.query(`CREATE ROLE login LOGIN PASSWORD 'other'; GRANT suho_engine TO login`);
  const store = new PostgresPredictionStore({ ...admin, user: 'login', password: 'right' });
  const signal = { kind: 'signal', sequence: 1, signal: inventedSignal('zen', 1) } as const;
  try {
    await assert.rejects(store.write([signal]), away);
    await client.query(`ALTER ROLE login PASSWORD 'right'`);
    await store.write([signal]);
    await client.query(`REVOKE suho_engine FROM login`);
    await assert.rejects(store.write([signal]), away);
    await client.query(`GRANT suho_engine TO login`);
    await store.write([signal]);
    assert.equal((await store.sql('SELECT 1 FROM ml_predictions', 'zen')).length, 1);
  } finally {
    await store.close();
    await client.end();
  }
}

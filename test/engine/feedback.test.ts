import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { ReportTradeRequest } from '../../engine/api/generated/suho/v1/ReportTradeRequest.js';
import type { ReportTradeResponse__Output as ReportTradeResponse } from '../../engine/api/generated/suho/v1/ReportTradeResponse.js';
import type { Engine } from '../../engine/engine.js';
import { SuhoError } from '../../engine/errors.js';
import { pipOf } from '../../engine/feedback/trade-report.js';
import { partitionName } from '../../engine/patterns/pattern-index.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { TestClient, codeOf, serve, type SignalUpdate } from '../support/served.js';

const HOUR = 3_600_000;
const bars = inventedBars(1_300, { momentum: 0.7, seed: 81 });
const SERIES = 'acme@published/EURUSD/1h';
const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const tenants = [
  { id: 'acme', apiKeySha256: [hash('key-a')] },
  { id: 'zen', apiKeySha256: [hash('key-z')] },
];

/** An engine that made 100 signals for acme on bars it published. */
async function withSignals(engine: Engine, client: TestClient): Promise<SignalUpdate[]> {
  for (let i = 0; i < 1_200; i += 400) await client.publish(bars.slice(i, i + 400), 'key-a');
  await engine.settled();
  await engine.training.train(SERIES, bars[1_199]!.openTime + HOUR);
  const stream = client.stream({}, 'key-a');
  const signals: SignalUpdate[] = [];
  const all = new Promise<void>((resolve) => {
    stream.on('data', (update: SignalUpdate) => {
      if (signals.push(update) === 100) resolve();
    });
  });
  stream.on('error', () => undefined);
  await new Promise<void>((resolve) => stream.once('metadata', () => resolve()));
  await client.publish(bars.slice(1_200), 'key-a');
  await all;
  stream.cancel();
  return signals;
}

function tradeOn({ signal }: SignalUpdate, tradeId: string, gain: number): ReportTradeRequest {
  return {
    trade_id: tradeId,
    prediction_id: signal.prediction_id,
    side: 'DIRECTION_LONG',
    quantity: 100_000,
    entry_time: Number(signal.bar_close_time),
    entry_price: 1.1,
    exit_time: Number(signal.bar_close_time) + 2 * HOUR,
    exit_price: 1.1 + gain,
    commission: 3,
    financing: 1,
    exit_reason: 'target',
    market_conditions: { spread: 0.8 },
  };
}

test('a pip is what FX venues call one', () => {
  const known = { EURUSD: 0.0001, USDJPY: 0.01, EURHUF: 0.01, XAUUSD: 0.1, XAGUSD: 0.01, BTCUSD: 1, AAPL: 1 };
  for (const [symbol, pip] of Object.entries(known)) assert.equal(pipOf(symbol), pip, symbol);
});

test('a trade result corrects the record and teaches its pattern, once, for its own tenant only', async (t) => {
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder, { tenants });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const signals = await withSignals(engine, client);
  const report = async (request: ReportTradeRequest, key = 'key-a'): Promise<ReportTradeResponse> =>
    await client.call<ReportTradeResponse>('FeedbackService', 'ReportTrade', request, key);

  const first = await report(tradeOn(signals[0]!, 't1', 0.0025));
  // By hand: 25 pips of 0.0001, 250 dollars on 100,000 euros, less 4; 0.0025 of 1.1.
  assert.equal(first.answer, 'TRADE_ANSWER_ACCEPTED');
  assert.ok(Math.abs(first.pnl_pips - 25) < 1e-6 && Math.abs(first.pnl_money - 246) < 1e-6);
  assert.ok(Math.abs(first.pnl_percent - (0.0025 / 1.1) * 100) < 1e-9);
  assert.equal(first.currency, 'USD');
  const again = await Promise.all([
    report(tradeOn(signals[0]!, 't1', 0.5)),
    ...Array.from({ length: 5 }, () => report(tradeOn(signals[1]!, 't2', -0.001))),
  ]);
  assert.equal(again[0]!.answer, 'TRADE_ANSWER_DUPLICATE');
  assert.ok(Math.abs(again[0]!.pnl_pips - 25) < 1e-6, 'the first report stands');
  assert.deepEqual(
    again
      .slice(1)
      .map(({ answer }) => answer)
      .sort(),
    ['TRADE_ANSWER_ACCEPTED', ...Array<string>(4).fill('TRADE_ANSWER_DUPLICATE')],
  );
  // Another tenant's prediction, with the other's key.
  for (const id of ['t3', 't1'])
    assert.equal(
      (await report(tradeOn(signals[2]!, id, 0.1), 'key-z')).answer,
      'TRADE_ANSWER_UNKNOWN_PREDICTION',
    );
  assert.equal(
    (
      await report({
        ...tradeOn(signals[2]!, 't4', 0.1),
        prediction_id: '00000000-0000-5000-8000-000000000000',
      })
    ).answer,
    'TRADE_ANSWER_UNKNOWN_PREDICTION',
  );
  for (const wrong of [
    { quantity: 0 },
    { side: 'DIRECTION_FLAT' as const },
    { exit_time: 5 },
    { prediction_id: 'none' },
    { entry_time: Number(signals[2]!.signal.bar_close_time) - 1 },
    { trade_id: '' },
  ])
    assert.equal(
      await codeOf(report({ ...tradeOn(signals[2]!, 'bad', 0.1), ...wrong })),
      'INVALID_ARGUMENT',
      JSON.stringify(wrong),
    );
  const latest = client.call(
    'SignalService',
    'GetLatestSignal',
    { symbol: 'EURUSD', timeframe: 'TIMEFRAME_1H' },
    'key-z',
  );
  assert.equal(await codeOf(latest), 'NOT_FOUND', 'no other tenant has the signal');

  // A CSV, in another process; its rows again change nothing.
  const csv = path.join(folder, 'trades.csv');
  const rows = signals
    .slice(10, 20)
    .map(({ signal }, i) =>
      [
        'csv-' + i,
        signal.prediction_id,
        'SHORT',
        1000,
        new Date(Number(signal.bar_close_time)).toISOString(),
        1.1,
        Number(signal.bar_close_time) + HOUR,
        1.101,
      ].join(','),
    );
  writeFileSync(
    csv,
    `trade_id,prediction_id,side,quantity,entry_time,entry_price,exit_time,exit_price\n${rows.join('\n')}\n`,
  );
  process.env['SUHO_API_KEY'] = 'key-a';
  afterTest(t, () => void delete process.env['SUHO_API_KEY']);
  for (const expected of [
    { ACCEPTED: 10, DUPLICATE: 0 },
    { ACCEPTED: 0, DUPLICATE: 10 },
  ]) {
    const { code, stdout, stderr } = await runCommand([
      'trades',
      'import',
      csv,
      '--json',
      '--address',
      `localhost:${port}`,
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { ...expected, UNKNOWN_PREDICTION: 0 });
  }

  await engine.stored();
  const ask = async (query: string, tenant = 'acme'): Promise<readonly Record<string, unknown>[]> =>
    await engine.predictions.sql(query, tenant);
  assert.equal((await ask('SELECT * FROM trade_results')).length, 12);
  assert.equal((await ask('SELECT * FROM trade_results', 'zen')).length, 0);
  const [told] = await ask(
    `SELECT * FROM ml_predictions WHERE prediction_id = '${signals[0]!.signal.prediction_id}'`,
  );
  assert.deepEqual([told!['trades'], told!['trade_won']], [1, true]);
  const [short] = await ask(`SELECT pnl_pips, pnl_money FROM trade_results WHERE trade_id = 'csv-0'`);
  assert.ok(
    Math.abs(Number(short!['pnl_pips']) + 10) < 1e-6 && Math.abs(Number(short!['pnl_money']) + 1) < 1e-6,
  );

  // The moment knows of its trade, while its outcome is open and after.
  const route = engine.instruments.routeOf('acme', SERIES)!;
  const partition = partitionName({
    tenantId: 'acme',
    embeddingVersion: route.embeddingVersion,
    symbol: 'EURUSD',
    timeframe: '1h',
  });
  const moment = engine.journal.moments.get(partition, Number(signals[0]!.signal.bar_close_time))!;
  assert.equal(moment.trades!.count, 1);
  assert.ok(Math.abs(moment.trades!.pips - 25) < 1e-6);
  assert.ok(moment.resolvedAt > 0);
  assert.ok(Math.abs(moment.conditions['close']! - bars[1_200]!.close) < 1e-6, 'and of its market');
  assert.ok(moment.conditions['rsi_14']! > 0);

  // After a restart a repeat is still one.
  await engine.stop();
  const next = await openEngine(t, folder, { tenants });
  const repeated = await next.feedback.report('acme', undefined, {
    tradeId: 't1',
    predictionId: signals[0]!.signal.prediction_id,
    side: 'LONG',
    quantity: 1,
    entryTime: Number(signals[0]!.signal.bar_close_time),
    entryPrice: 1,
    exitTime: Number(signals[0]!.signal.bar_close_time),
    exitPrice: 1,
  });
  assert.equal(repeated.answer, 'DUPLICATE');
});

test('a late trade finds its prediction in the store when the journal no longer has it', async (t) => {
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder, { tenants, journal: { maxMegabytes: 16 } });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const [early] = await withSignals(engine, client);
  const more = inventedBars(8_000, { momentum: 0.7, seed: 82 }).map((bar, i) => ({
    ...bar,
    openTime: bars.at(-1)!.openTime + (i + 1) * HOUR,
  }));
  for (
    let i = 0;
    i < more.length &&
    engine.journal.predictions.conclusions.signalOf(early!.signal.prediction_id) !== undefined;
    i += 250
  ) {
    await client.publish(more.slice(i, i + 250), 'key-a');
    await engine.settled();
    await engine.stored();
  }
  assert.equal(
    engine.journal.predictions.conclusions.signalOf(early!.signal.prediction_id),
    undefined,
    'the journal let it go',
  );
  const report = {
    tradeId: 'late',
    predictionId: early!.signal.prediction_id,
    side: 'LONG',
    quantity: 1_000,
    entryTime: Number(early!.signal.bar_close_time),
    entryPrice: 1.1,
    exitTime: Number(early!.signal.bar_close_time) + HOUR,
    exitPrice: 1.2,
  };
  assert.equal((await engine.feedback.report('zen', undefined, report)).answer, 'UNKNOWN_PREDICTION');
  assert.equal((await engine.feedback.report('acme', 'ann', report)).answer, 'ACCEPTED');
  await engine.stored();
  const [stored] = await engine.predictions.sql('SELECT user_id, symbol FROM trade_results', 'acme');
  assert.deepEqual({ ...stored }, { user_id: 'ann', symbol: 'EURUSD' });
  await engine.predictions.close();
  await assert.rejects(
    engine.feedback.report('acme', undefined, { ...report, tradeId: 'later' }),
    (error) => error instanceof SuhoError && error.code === 'STORE_UNAVAILABLE',
  );
});

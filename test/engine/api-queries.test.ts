import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { ServiceError } from '@grpc/grpc-js';
import { CATALOGUE } from '../../actors/features/catalogue.js';
import { FeatureEngine } from '../../actors/features/feature-engine.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { FX_CALENDAR } from '../../actors/market/calendar.js';
import type { GetFeaturesResponse__Output as Features } from '../../engine/api/generated/suho/v1/GetFeaturesResponse.js';
import type { ListInstrumentsResponse__Output as Instruments } from '../../engine/api/generated/suho/v1/ListInstrumentsResponse.js';
import type { QuerySignalsResponse__Output as Signals } from '../../engine/api/generated/suho/v1/QuerySignalsResponse.js';
import type { StoredSignal__Output as StoredSignal } from '../../engine/api/generated/suho/v1/StoredSignal.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { errorDetails } from '../support/error-details.js';
import { inventedBars } from '../support/markets.js';
import { bars as plainBars, definition, served } from '../support/api.js';
import { KEY, TestClient, protoBars, serve } from '../support/served.js';

const HOUR = 3_600_000;
const bars = inventedBars(1_260, { momentum: 0.7, seed: 5 });
const SIGNALS = 60;
const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const tenants = [
  { id: 'acme', apiKeySha256: [hash('key-a')] },
  { id: 'zen', apiKeySha256: [{ sha256: hash('key-z'), role: 'viewer' as const }] },
];

async function reasonOf(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => 'OK',
    (error: unknown) => errorDetails((error as ServiceError).metadata).reason,
  );
}

test('stored signals and features are read in pages, by their own tenant alone', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), { tenants });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const first = bars.length - SIGNALS;
  for (let i = 0; i < first; i += 400) await client.publish(bars.slice(i, Math.min(first, i + 400)), 'key-a');
  await engine.settled();
  await engine.training.train('acme@published/EURUSD/1h', bars[first - 1]!.openTime + HOUR);
  await client.publish(bars.slice(first), 'key-a');
  await engine.settled();
  await engine.stored();

  const query = async (request: object, key = 'key-a'): Promise<Signals> =>
    await client.call<Signals>('SignalService', 'QuerySignals', request, key);
  const all: StoredSignal[] = [];
  let token = '';
  let pages = 0;
  do {
    const page = await query({ symbols: ['eur/usd'], page_size: 25, page_token: token });
    assert.ok(page.signals.length <= 25);
    all.push(...page.signals);
    token = page.next_page_token;
    pages++;
  } while (token !== '');
  assert.equal(pages, 3);
  // Newest first, each once, one for each bar after the training.
  assert.deepEqual(
    all.map((signal) => Number(signal.bar_close_time)),
    bars
      .slice(first)
      .map(({ openTime }) => openTime + HOUR)
      .reverse(),
  );
  const stored = await engine.predictions.sql(
    'SELECT prediction_id, direction, confidence, actual_1h, return_1h FROM ml_predictions ORDER BY bar_close_time DESC',
    'acme',
  );
  assert.deepEqual(
    all.map(({ prediction_id: id, direction, confidence }) => [id, direction, confidence]),
    stored.map((row) => [row['prediction_id'], `DIRECTION_${String(row['direction'])}`, row['confidence']]),
  );
  // The hour after each bar but the last is over, so what came of it is known.
  for (const [i, { outcomes }] of all.entries()) {
    const outcome = outcomes.find(({ horizon }) => horizon === '1h');
    assert.equal(outcome?.direction ?? null, stored[i]!['actual_1h'], String(i));
    assert.equal(outcome?.return ?? null, stored[i]!['return_1h'], String(i));
  }
  assert.equal(all.filter(({ outcomes }) => outcomes.length > 0).length, SIGNALS - 1);
  const middle = await query({ from_time: all[20]!.bar_close_time, to_time: all[10]!.bar_close_time });
  assert.deepEqual(
    middle.signals.map(({ prediction_id: id }) => id),
    all.slice(11, 21).map(({ prediction_id: id }) => id),
  );
  const acting = await query({ only_actionable: true, page_size: 1000 });
  assert.deepEqual(
    acting.signals.map(({ prediction_id: id }) => id),
    all.filter(({ direction }) => direction !== 'DIRECTION_FLAT').map(({ prediction_id: id }) => id),
  );
  assert.deepEqual((await query({ timeframes: ['TIMEFRAME_4H'] })).signals, []);
  assert.deepEqual((await query({}, 'key-z')).signals, [], 'another tenant has none of them');

  const features = async (request: object, key = 'key-a'): Promise<Features> =>
    await client.call<Features>(
      'FeatureService',
      'GetFeatures',
      { timeframe: 'TIMEFRAME_1H', ...request },
      key,
    );
  const names = ['rsi_14', 'atr_14'];
  const rows: Features['rows'] = [];
  token = '';
  do {
    const page = await features({ symbol: 'EURUSD', names, page_size: 500, page_token: token });
    rows.push(...page.rows);
    token = page.next_page_token;
  } while (token !== '');
  // The same features computed here, from the bars alone.
  const own = new FeatureEngine(BarGrid.of('1h', FX_CALENDAR));
  const state = new Float64Array(own.stateSize);
  const columns = names.map((name) => CATALOGUE.findIndex((spec) => spec.name === name));
  const expected = bars.map((bar) => {
    own.update(state, bar);
    return {
      bar_open_time: String(bar.openTime),
      values: columns.map((column) => Math.fround(own.row[column]!)),
    };
  });
  assert.deepEqual(rows, expected);
  const whole = await features({ instrument_id: 'acme@published/EURUSD', page_size: 1000 });
  assert.equal(whole.names.length, CATALOGUE.length);
  assert.ok(whole.rows.length < 200 && whole.next_page_token !== '', 'an answer has at most 50,000 values');
  assert.equal(await reasonOf(features({ symbol: 'EURUSD' }, 'key-z')), 'NOT_FOUND');
  assert.equal(await reasonOf(features({ instrument_id: 'acme@published/EURUSD' }, 'key-z')), 'NOT_FOUND');

  const bad: [string, string, object, string][] = [
    ['SignalService', 'QuerySignals', { page_size: 1_001 }, 'page_size'],
    ['SignalService', 'QuerySignals', { page_token: 'bm9uZQ' }, 'page_token'],
    ['SignalService', 'QuerySignals', { symbols: ['?'] }, 'symbols[0]'],
    ['FeatureService', 'GetFeatures', { symbol: 'EURUSD' }, 'timeframe'],
    ['FeatureService', 'GetFeatures', { timeframe: 'TIMEFRAME_1H' }, 'symbol'],
    [
      'FeatureService',
      'GetFeatures',
      { timeframe: 'TIMEFRAME_1H', symbol: 'EURUSD', names: ['none'] },
      'names[0]',
    ],
    ['InstrumentService', 'ListInstruments', { page_token: '{}' }, 'page_token'],
  ];
  for (const [service, method, request, field] of bad) {
    const failure = await client.call(service, method, request, 'key-a').then(
      () => undefined,
      (error: unknown) => errorDetails((error as ServiceError).metadata),
    );
    assert.deepEqual([failure?.reason, failure?.field], ['INVALID_FIELD', field], method);
  }
  assert.equal(await reasonOf(query({}, 'nobody')), 'CREDENTIAL_UNKNOWN');
  assert.equal(await reasonOf(client.call('EngineService', 'GetHealth', {})), 'CREDENTIAL_MISSING');
});

test('instruments are listed in pages, in the order of their ids, each once', async (t) => {
  const { client } = await served(t);
  const symbols = Array.from({ length: 7 }, (_, i) => `S${i}USD`);
  for (const symbol of symbols)
    await new Promise((resolve, reject) => {
      const call = client.bars(KEY);
      call.on('data', resolve);
      call.on('error', reject);
      call.write({ symbol, timeframe: 'TIMEFRAME_1H', bars: protoBars(plainBars.slice(0, 1)) });
      call.end();
    });
  const list = async (request: object): Promise<Instruments> =>
    await client.call<Instruments>('InstrumentService', 'ListInstruments', request, KEY);
  const whole = await list({});
  assert.deepEqual(
    whole.instruments.map(({ symbol }) => symbol),
    symbols,
  );
  assert.equal(whole.next_page_token, '');
  const listed: string[] = [];
  let token = '';
  do {
    const page = await list({ page_size: 3, page_token: token });
    listed.push(...page.instruments.map(({ symbol }) => symbol));
    token = page.next_page_token;
  } while (token !== '');
  assert.deepEqual(listed, symbols);
});

test('the standard health service knows every service, and tells alive from ready', async (t) => {
  const { client, engine, api } = await served(t);
  const statuses = async (): Promise<Record<string, string>> => {
    const { statuses: found } = await client.health<{ statuses: Record<string, { status: string }> }>(
      'List',
      {},
    );
    return Object.fromEntries(Object.entries(found).map(([name, { status }]) => [name, status]));
  };
  const services = Object.keys(definition).filter((name) => /^suho\.v1\.\w+Service$/.test(name));
  assert.ok(services.length >= 10, services.join());
  const ready = await statuses();
  for (const name of ['', 'liveness', 'readiness', ...services]) assert.equal(ready[name], 'SERVING', name);
  api.health.preparing = true;
  const preparing = await statuses();
  assert.deepEqual(
    ['', 'liveness', 'readiness', 'suho.v1.SignalService'].map((name) => preparing[name]),
    ['NOT_SERVING', 'SERVING', 'NOT_SERVING', 'NOT_SERVING'],
  );
  assert.equal(engine.state, 'serving');
  assert.equal(await reasonOf(client.health('Check', { service: 'none' })), 'UNKNOWN_SERVICE');
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { status, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import { bars, served } from '../support/api.js';
import { errorDetails, type ErrorDetails } from '../support/error-details.js';
import { inventedSignal } from '../support/prediction-contract.js';
import { conclusionOf } from '../support/invented-records.js';
import { ACME, KEY, codeOf, protoBars } from '../support/served.js';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');

/** What a call fails with. */
async function failureOf(
  call: Promise<unknown> | ClientReadableStream<unknown>,
): Promise<ErrorDetails & { readonly error: ServiceError }> {
  const error = await new Promise<ServiceError>((resolve, reject) => {
    if (call instanceof Promise) {
      call.then(
        () => reject(new Error('the call did not fail')),
        (failure: unknown) => resolve(failure as ServiceError),
      );
      return;
    }
    call.on('data', () => undefined);
    call.on('end', () => reject(new Error('the call did not fail')));
    call.on('error', (failure) => resolve(failure as ServiceError));
  });
  return { ...errorDetails(error.metadata), error };
}

test('each meaning of RESOURCE_EXHAUSTED has a reason of its own, with its figures and when to come again', async (t) => {
  const { client } = await served(t, {
    journal: { maxMegabytes: 0.3 },
    tenants: [
      { ...ACME, quotas: { streams: 2, instruments: 1, callsPerSecond: 0 } },
      { id: 'zen', apiKeySha256: [hash('key-z')], quotas: { callsPerSecond: 1 } },
    ],
  });
  const health = async (): Promise<unknown> => await client.call('EngineService', 'GetHealth', {}, 'key-z');
  const limited = await failureOf(Promise.all([health(), health(), health()]));
  assert.equal(limited.error.code, status.RESOURCE_EXHAUSTED);
  assert.equal(limited.reason, 'RATE_LIMITED');
  assert.equal(limited.domain, 'suho');
  assert.deepEqual(limited.metadata, { quota: 'callsPerSecond', limit: '1' });
  assert.ok(limited.retryMs! > 0 && limited.retryMs! <= 1_000, String(limited.retryMs));
  assert.deepEqual(limited.error.metadata.get('retry-after-ms'), [String(limited.retryMs)]);
  assert.deepEqual([limited.code, limited.message], [limited.error.code, limited.error.details]);

  const open = [client.stream({}, KEY), client.stream({}, KEY)];
  for (const stream of open) {
    stream.on('error', () => undefined);
    await new Promise((resolve) => stream.once('metadata', resolve));
  }
  const streams = await failureOf(client.stream({}, KEY));
  assert.deepEqual([streams.reason, streams.metadata], ['QUOTA_EXCEEDED', { quota: 'streams', limit: '2' }]);
  assert.equal(streams.retryMs, undefined, 'waiting alone does not help');

  for (const stream of open) stream.cancel();

  const publish = async (symbol: string, from: number, to: number): Promise<void> =>
    await new Promise((resolve, reject) => {
      const call = client.bars(KEY);
      call.on('data', () => resolve());
      call.on('error', reject);
      call.write({ request_id: 1, symbol, timeframe: 'TIMEFRAME_1H', bars: protoBars(bars.slice(from, to)) });
      call.end();
    });
  await publish('EURUSD', 0, 1);
  const instruments = await failureOf(publish('GBPUSD', 0, 1));
  assert.deepEqual(
    [instruments.reason, instruments.metadata],
    ['QUOTA_EXCEEDED', { quota: 'instruments', limit: '1' }],
  );
  let full: ErrorDetails | undefined;
  for (let i = 1; i < bars.length - 100 && full === undefined; i += 100)
    full = await publish('EURUSD', i, i + 100).then(
      () => undefined,
      (error: unknown) => errorDetails((error as ServiceError).metadata),
    );
  assert.equal(full?.reason, 'JOURNAL_FULL');
  assert.ok(full!.retryMs! > 0);
});

test('a subscriber that falls behind is told the cursor to resume after', async (t) => {
  const { client, engine } = await served(t, { grpc: { port: 0, subscriberQueueMax: 3 } });
  const stream = client.stream({}, KEY);
  await new Promise((resolve) => stream.once('metadata', resolve));
  const slow = failureOf(stream);
  // It reads nothing while signals are made that fill its connection.
  stream.pause();
  const version = 'x'.repeat(60_000);
  for (let i = 0; i < 60; i++) {
    const signal = inventedSignal('acme', i);
    const model = { ...signal.model, version };
    engine.publication.conclude(conclusionOf('signal:acme:market/EURUSD/1h', { ...signal, model }));
    await engine.journal.durable();
  }
  stream.resume();
  const overflow = await slow;
  assert.deepEqual([overflow.reason, overflow.retryMs], ['SUBSCRIBER_TOO_SLOW', 0]);
  const cursor = overflow.metadata['resume_after'];
  assert.match(cursor ?? '', /^\d+$/);
  assert.deepEqual(overflow.error.metadata.get('suho-resume-after'), [cursor]);
});

test('a wrong field is named as the proto names it, and a cursor says where to resume', async (t) => {
  const { client } = await served(t);
  const wrong = await failureOf(
    client.stream({ timeframes: ['TIMEFRAME_1H', 'TIMEFRAME_UNSPECIFIED'] }, KEY),
  );
  assert.deepEqual([wrong.reason, wrong.field], ['INVALID_FIELD', 'timeframes[1]']);
  const trade = {
    trade_id: 't1',
    prediction_id: '6ba7b811-9dad-11d1-80b4-00c04fd430c8',
    side: 'DIRECTION_LONG',
    quantity: 1,
    entry_time: 1_700_000_000_000,
    entry_price: 1,
    exit_time: 1_600_000_000_000,
    exit_price: 1,
  };
  const early = await failureOf(client.call('FeedbackService', 'ReportTrade', trade, KEY));
  assert.deepEqual([early.reason, early.field], ['INVALID_FIELD', 'exit_time']);
  const ahead = await failureOf(client.stream({ resume_after: 1_000 }, KEY));
  assert.deepEqual([ahead.reason, ahead.metadata], ['CURSOR_AHEAD', { resume_after: '0' }]);
});

test('who may not call learns why, in a reason a program can act on', async (t) => {
  const { client } = await served(t, {
    tenants: [ACME, { id: 'zen', apiKeySha256: [{ sha256: hash('key-z'), role: 'viewer' as const }] }],
  });
  const unknown = await failureOf(client.call('EngineService', 'GetHealth', {}, 'nobody'));
  // The stores are away, so it cannot be told whether there is such a key.
  assert.deepEqual([unknown.reason, unknown.error.code], ['KEYS_UNAVAILABLE', status.UNAVAILABLE]);
  assert.ok(unknown.retryMs! > 0);
  const low = await failureOf(client.call('EngineService', 'ListDeadLetters', {}, 'key-z'));
  assert.deepEqual([low.reason, low.metadata], ['ROLE_TOO_LOW', { needed_role: 'operator', role: 'viewer' }]);
});

test('refused calls are in the log with who, what and why, and a flood of them is a few lines', async (t) => {
  const { client, log } = await served(t, {
    tenants: [{ ...ACME, quotas: { callsPerSecond: 0 } }],
  });
  const wrong = async (): Promise<string> =>
    await codeOf(client.call('SignalService', 'GetLatestSignal', { symbol: '?' }, KEY));
  assert.equal(await wrong(), 'INVALID_ARGUMENT');
  const lines = (): Record<string, unknown>[] =>
    log
      .filter((line) => line.includes('a call was refused'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const [line] = lines();
  assert.deepEqual(
    [line!['method'], line!['code'], line!['reason'], line!['tenant']],
    ['/suho.v1.SignalService/GetLatestSignal', 'INVALID_ARGUMENT', 'INVALID_FIELD', 'acme'],
  );
  assert.match(String(line!['peer']), /127\.0\.0\.1|::1/);
  assert.match(String(line!['message']), /^symbol: /);
  for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 100 }, wrong));
  const logged = lines();
  assert.ok(logged.length < 500, `${logged.length} lines of 1,001 calls`);
  const unlogged = logged.reduce((sum, one) => sum + Number(one['unlogged'] ?? 0), 0);
  assert.ok(logged.length + unlogged <= 1_001);
});

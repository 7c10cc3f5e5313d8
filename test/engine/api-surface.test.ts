import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { status, type ServiceError } from '@grpc/grpc-js';
import type { ListInstrumentsResponse__Output as Listed } from '../../engine/api/generated/suho/v1/ListInstrumentsResponse.js';
import type { PublishAck__Output as PublishAck } from '../../engine/api/generated/suho/v1/PublishAck.js';
import { bars, barsRequest, definition, method, outcome, served, type Method } from '../support/api.js';
import { runCommand } from '../support/command.js';
import { RawClient, frame } from '../support/raw-grpc.js';
import { conclusionOf } from '../support/invented-records.js';
import { inventedSignal } from '../support/prediction-contract.js';
import { ACME, KEY, codeOf, eventually, protoBars } from '../support/served.js';

const HOUR = 3_600_000;
const GARBAGE = Buffer.alloc(11, 0xff);

const quotesRequest = { request_id: 1, symbol: 'EURUSD', quotes: [{ ts: 1, bid: 1, ask: 1 }] };
const trade = {
  trade_id: 't1',
  prediction_id: '6ba7b811-9dad-11d1-80b4-00c04fd430c8',
  side: 'DIRECTION_LONG',
  quantity: 1,
  entry_time: 1_700_000_000_000,
  entry_price: 1,
  exit_time: 1_700_000_000_001,
  exit_price: 1,
};
const BEYOND = '18446744073709551615';
const LONG_NAME = 'x'.repeat(2_000_000);

test('every request field that is wrong is INVALID_ARGUMENT and named, in every call', async (t) => {
  const { raw, log } = await served(t);
  const wrong: [service: string, method: string, request: object, field: RegExp][] = [
    ['SignalService', 'GetLatestSignal', { symbol: 'EURUSD', timeframe: 99 }, /^timeframe: /],
    ['SignalService', 'GetLatestSignal', { symbol: '', timeframe: 1 }, /^symbol: /],
    ['SignalService', 'GetLatestSignal', { symbol: 'ß', timeframe: 1 }, /^symbol: /],
    ['SignalService', 'StreamSignals', { timeframes: [1, 99] }, /^timeframes\[1\]: /],
    ['SignalService', 'StreamSignals', { timeframes: [0] }, /^timeframes\[0\]: /],
    ['SignalService', 'StreamSignals', { slow_policy: 7 }, /^slow_policy: /],
    ['SignalService', 'StreamSignals', { symbols: ['EURUSD', '?'] }, /^symbols\[1\]: /],
    ['SignalService', 'StreamSignals', { symbols: Array(1_001).fill('EURUSD') }, /^symbols: at most 1000/],
    ['SignalService', 'StreamSignals', { timeframes: Array(1_001).fill(1) }, /^timeframes: at most 1000/],
    ['SignalService', 'StreamSignals', { resume_after: BEYOND }, /^resume_after: /],
    ['MarketDataService', 'PublishBars', { ...barsRequest, timeframe: 99 }, /^timeframe: /],
    [
      'MarketDataService',
      'PublishBars',
      { ...barsRequest, signal_timeframes: [99] },
      /^signal_timeframes\[0\]: /,
    ],
    ['MarketDataService', 'PublishBars', { ...barsRequest, bars: [] }, /^bars: /],
    ['MarketDataService', 'PublishBars', { ...barsRequest, symbol: LONG_NAME }, /^symbol: "x{32}…" is not/],
    [
      'MarketDataService',
      'PublishBars',
      { ...barsRequest, symbol: 'a\u0000\n\ud83d\ude00' },
      /^symbol: "a\\u0000\\u000a/,
    ],
    [
      'MarketDataService',
      'PublishBars',
      { ...barsRequest, bars: protoBars(bars.slice(0, 1_001)) },
      /^bars: at most 1000/,
    ],
    ['MarketDataService', 'PublishQuotes', { ...quotesRequest, quotes: [] }, /^quotes: /],
    [
      'MarketDataService',
      'PublishQuotes',
      { ...quotesRequest, signal_timeframes: [99] },
      /^signal_timeframes\[0\]: /,
    ],
    ['FeedbackService', 'ReportTrade', { ...trade, side: 99 }, /^side: /],
    ['FeedbackService', 'ReportTrade', { ...trade, side: 'DIRECTION_FLAT' }, /^side: /],
    ['FeedbackService', 'ReportTrade', { ...trade, trade_id: LONG_NAME }, /^trade_id: /],
    ['FeedbackService', 'ReportTrade', { ...trade, prediction_id: LONG_NAME }, /^prediction_id: /],
    ['FeedbackService', 'ReportTrade', { ...trade, quantity: NaN }, /^quantity: /],
    ['FeedbackService', 'ReportTrade', { ...trade, quantity: -1 }, /^quantity: /],
    ['FeedbackService', 'ReportTrade', { ...trade, entry_price: Infinity }, /^entry_price: /],
    ['FeedbackService', 'ReportTrade', { ...trade, exit_price: 0 }, /^exit_price: /],
    ['FeedbackService', 'ReportTrade', { ...trade, entry_time: BEYOND }, /^entry_time: /],
    ['FeedbackService', 'ReportTrade', { ...trade, exit_time: BEYOND }, /^exit_time: /],
    ['FeedbackService', 'ReportTrade', { ...trade, exit_time: 0 }, /^exit_time: /],
    ['FeedbackService', 'ReportTrade', { ...trade, commission: NaN }, /^commission: /],
    ['FeedbackService', 'ReportTrade', { ...trade, financing: -Infinity }, /^financing: /],
    ['FeedbackService', 'ReportTrade', { ...trade, pnl_money: NaN }, /^pnl_money: /],
    ['FeedbackService', 'ReportTrade', { ...trade, slippage_pips: Infinity }, /^slippage_pips: /],
    ['FeedbackService', 'ReportTrade', { ...trade, currency: LONG_NAME }, /^currency: /],
    ['FeedbackService', 'ReportTrade', { ...trade, exit_reason: LONG_NAME }, /^exit_reason: /],
    ['FeedbackService', 'ReportTrade', { ...trade, market_conditions: { a: NaN } }, /^market_conditions/],
    [
      'FeedbackService',
      'ReportTrade',
      { ...trade, market_conditions: { [LONG_NAME]: 1 } },
      /^market_conditions: /,
    ],
    ['InstrumentService', 'RemoveInstrument', { instrument_id: '' }, /^instrument_id: /],
    ['InstrumentService', 'RemoveInstrument', { instrument_id: LONG_NAME }, /^instrument_id: /],
  ];
  for (const [service, name, request, field] of wrong) {
    const { code, details } = await outcome(raw, service, name, request);
    assert.equal(code, 'INVALID_ARGUMENT', `${name} ${String(field)}: ${details}`);
    assert.match(details, field, name);
    assert.ok(details.length < 250, `${name}: ${details.length} characters`);
  }
  assert.deepEqual(
    log.filter((line) => line.includes('a call failed')),
    [],
  );
});

test('a request id of 64 bits comes back as it was, and a row whose time is no exact number is rejected', async (t) => {
  const { raw } = await served(t);
  const [bar] = protoBars(bars.slice(0, 1));
  for (const id of [BEYOND, '9007199254740993', '0']) {
    const { answers } = await outcome(raw, 'MarketDataService', 'PublishBars', {
      ...barsRequest,
      request_id: id,
      bars: [bar, { ...bar, open_time: BEYOND }],
    });
    const [ack] = answers as PublishAck[];
    assert.equal(ack!.request_id, id);
    assert.deepEqual(ack!.rejected, [{ index: 1, reason: 'bad_time' }]);
  }
});

test('an acknowledgement says what became of each row', async (t) => {
  const { client, engine } = await served(t);
  assert.deepEqual((await client.publish(bars.slice(0, 10), KEY)).skipped, []);
  const before = { ...bars[0]!, openTime: bars[0]!.openTime - HOUR };
  const other = { ...bars[5]!, close: bars[5]!.low };
  const unsound = { ...bars[10]!, close: NaN };
  const ack = await client.publish([bars[9]!, bars[4]!, other, before, unsound, bars[10]!], KEY);
  const { accepted, duplicates, late, conflicts, skipped, rejected } = ack;
  assert.deepEqual([accepted, duplicates, late, conflicts], [1, 2, 1, 1]);
  assert.deepEqual(skipped, [
    { index: 0, reason: 'duplicate' },
    { index: 1, reason: 'duplicate' },
    { index: 2, reason: 'conflict' },
    { index: 3, reason: 'late' },
  ]);
  assert.deepEqual(rejected, [{ index: 4, reason: 'not_finite' }]);
  const counts = engine.status.counts();
  assert.deepEqual(
    [counts.bars, counts.duplicates, counts.late, counts.conflicts, counts.rejected],
    [11, 2, 1, 1, 1],
  );
});

test('a stream with a message that cannot be decoded ends, after the answers of those before it', async (t) => {
  const { port } = await served(t);
  const { path, requestSerialize, responseDeserialize } = method('MarketDataService', 'PublishBars');
  const good = (n: number): Buffer =>
    frame(
      requestSerialize({
        ...barsRequest,
        request_id: n,
        symbol: `S${n}`,
        bars: protoBars(bars.slice(n, n + 1)),
      }),
    );
  let n = 0;
  // Together on one connection, and apart; in one frame, and in several; half-closed, and not.
  for (let round = 0; round < 20; round++) {
    const raw = new RawClient(port);
    await Promise.all(
      Array.from({ length: 18 }, async (_, i) => {
        const ids = Array.from({ length: i % 4 }, () => n++);
        const chunks = [...ids.map(good), frame(GARBAGE), good(n++)];
        const ended = await raw.call(path, i % 3 === 0 ? [Buffer.concat(chunks)] : chunks, {
          key: KEY,
          halfClose: i % 2 === 0,
        });
        assert.equal(ended.status, status.INVALID_ARGUMENT, `round ${round}, call ${i}: ${ended.details}`);
        assert.deepEqual(
          ended.answers.map((bytes) => Number((responseDeserialize(bytes) as PublishAck).request_id)),
          ids,
        );
      }),
    );
    raw.close();
  }
});

test('whatever is sent as a request of any call, the call ends', async (t) => {
  const { raw } = await served(t);
  const calls = Object.entries(definition).flatMap(([, service]) =>
    'format' in service ? [] : Object.values(service as unknown as Record<string, Method>),
  );
  assert.ok(calls.length >= 18, String(calls.length));
  const tooLong = Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), GARBAGE]);
  const badlyCompressed = Buffer.concat([Buffer.from([1, 0, 0, 0, 11]), GARBAGE]);
  for (const { path } of calls) {
    for (const chunks of [
      [frame(GARBAGE)],
      [tooLong],
      [badlyCompressed],
      [frame(GARBAGE), frame(GARBAGE)],
      [GARBAGE],
    ])
      for (const headers of [{}, { 'grpc-encoding': 'gzip' }]) {
        const ended = await raw.call(path, chunks, { key: KEY, headers });
        assert.notEqual(ended.status, 'open', path);
        assert.notEqual(ended.status, status.OK, path);
      }
  }
});

test('nothing of what a caller sent as metadata comes back', async (t) => {
  const { raw, client } = await served(t);
  const stream = client.stream({}, KEY);
  stream.on('error', () => undefined);
  const headers = await new Promise<object>((resolve) => stream.once('metadata', (m) => resolve(m.getMap())));
  stream.cancel();
  assert.doesNotMatch(JSON.stringify(headers), /Bearer|authorization|user-agent/i);
  for (const [service, name] of [
    ['SignalService', 'GetLatestSignal'],
    ['MarketDataService', 'PublishBars'],
    ['EngineService', 'GetHealth'],
  ] as const) {
    const { path } = method(service, name);
    const ended = await raw.call(path, [frame(Buffer.alloc(0))], { key: KEY, headers: { 'x-mine': 'mine' } });
    assert.doesNotMatch(JSON.stringify(ended.headers), /Bearer|authorization|x-mine/i, name);
  }
});

test('a cursor beyond the newest signal is OUT_OF_RANGE and says what the newest is', async (t) => {
  const { client } = await served(t);
  const error = await new Promise<ServiceError>((resolve) => {
    const stream = client.stream({ resume_after: 1_000 }, KEY);
    stream.on('data', () => undefined);
    stream.on('error', (failure) => resolve(failure as ServiceError));
  });
  assert.equal(error.code, status.OUT_OF_RANGE);
  assert.match(error.details, /newest signal is 0/);
  assert.deepEqual(error.metadata.get('suho-resume-after'), ['0']);
});

test('a failure of the engine is logged with its method and its stack, of calls and of streams', async (t) => {
  const { engine, raw, log } = await served(t);
  const broken = (): never => {
    throw new TypeError('broken on purpose');
  };
  await engine.instruments.follow({
    feed: 'published',
    owner: ACME.id,
    symbol: 'EURUSD',
    base: '1m',
    tenantId: ACME.id,
    timeframe: '1m',
  });
  engine.publication.latest = broken;
  engine.intake.publishBars = broken;
  Object.defineProperty(engine.journal.predictions.conclusions, 'purgedThrough', { get: broken });
  const failing: [string, string, object][] = [
    ['SignalService', 'GetLatestSignal', { symbol: 'EURUSD', timeframe: 1 }],
    ['SignalService', 'StreamSignals', { resume_after: 0 }],
    ['MarketDataService', 'PublishBars', barsRequest],
  ];
  for (const [service, name, request] of failing) {
    const { code, details } = await outcome(raw, service, name, request);
    assert.equal(code, 'INTERNAL');
    assert.doesNotMatch(details, /broken/);
    const line = log.find((each) => each.includes('a call failed') && each.includes(`${service}/${name}`));
    assert.match(line ?? '', /TypeError: broken on purpose\\n {4}at /, name);
  }
});

test('a failure while a subscriber catches up, or of a live signal, ends that stream and is logged; others go on', async (t) => {
  const { engine, client, log } = await served(t);
  const { conclusions } = engine.journal.predictions;
  const read = conclusions.after.bind(conclusions);
  const seen: string[] = [];
  const live = client.stream({ symbols: ['EURUSD'] }, KEY);
  live.on('data', ({ signal }: { signal: { sequence: string } }) => seen.push(signal.sequence));
  live.on('error', () => undefined);
  await new Promise((resolve) => live.once('metadata', resolve));
  conclusions.after = () => {
    throw new TypeError('broken on purpose');
  };
  for (let i = 0; i < 3; i++)
    assert.equal(await codeOf(client.stream({ symbols: ['NONE'], resume_after: 0 }, KEY)), 'INTERNAL');
  conclusions.after = read;
  const broken = client.stream({ symbols: ['GBPUSD'] }, KEY);
  await new Promise((resolve) => broken.once('metadata', resolve));
  const ended = codeOf(broken);
  const signal = inventedSignal('acme', 0);
  const conclude = (symbol: string, forecasts = signal.forecasts): void =>
    engine.publication.conclude(
      conclusionOf(`signal:acme:market/${symbol}/1h`, { ...signal, symbol, forecasts }),
    );
  // One that cannot be encoded: a forecast too many.
  conclude('GBPUSD', [...signal.forecasts, undefined as never]);
  conclude('EURUSD');
  assert.equal(await ended, 'INTERNAL');
  await eventually('the other stream has its signal', () => seen.length === 1);
  live.cancel();
  const lines = log.filter((each) => each.includes('a call failed') && each.includes('StreamSignals'));
  assert.equal(lines.length, 4, lines.join('\n'));
  assert.equal(lines.filter((line) => line.includes('TypeError: broken on purpose')).length, 3);
});

test('whatever the clock of the machine is set back to, no age is negative and input is taken', async (t) => {
  const { api, client } = await served(t);
  await client.publish(bars.slice(0, 10), KEY);
  const now = Date.now();
  for (const backMs of [1, 3_600_000, 400 * 86_400_000]) {
    t.mock.method(Date, 'now', () => now - backMs);
    const { uptime_seconds: uptime, sinks } = api.health.snapshot();
    assert.ok(uptime > 0, String(uptime));
    for (const { name, lag_seconds: lag, lag_rows: rows } of sinks)
      assert.ok(lag >= 0 && rows >= 0, `${name}: ${lag} s, ${rows} rows`);
    const { duplicates } = await client.publish(bars.slice(0, 10), KEY);
    assert.equal(duplicates, 10);
  }
  t.mock.restoreAll();
});

test('a stream in which nothing is sent ends well', async (t) => {
  const { client, engine } = await served(t);
  for (const stream of [client.bars(KEY), client.quotes(KEY)]) {
    stream.end();
    assert.equal(await codeOf(stream), 'OK');
  }
  assert.deepEqual([...engine.instruments.all()], []);
});

test('while history is prepared the engine says so, and the health service does not say SERVING', async (t) => {
  const { api, raw } = await served(t);
  const check = async (): Promise<number | undefined> => {
    const { answers } = await raw.call('/grpc.health.v1.Health/Check', [frame(Buffer.alloc(0))]);
    return answers[0]?.[1];
  };
  assert.equal(await check(), 1);
  api.health.preparing = true;
  assert.equal(api.health.snapshot().state, 'preparing');
  assert.equal(await check(), 2);
  api.health.preparing = false;
  assert.equal(api.health.snapshot().state, 'serving');
  assert.equal(await check(), 1);
});

test('a tenant sees the instruments it publishes, an operator all, and an unknown one is not there', async (t) => {
  const sha256 = createHash('sha256').update('key-z').digest('hex');
  const zen = { id: 'zen', apiKeySha256: [{ sha256, role: 'engineer' as const }] };
  const { client, port } = await served(t, { tenants: [ACME, zen] });
  await client.publish(bars.slice(0, 5), KEY);
  await client.publish(bars.slice(0, 3), 'key-z');
  const list = async (key: string): Promise<Listed['instruments']> =>
    (await client.call<Listed>('InstrumentService', 'ListInstruments', {}, key)).instruments;
  assert.deepEqual(
    (await list(KEY)).map(({ instrument_id: id }) => id),
    ['acme@published/EURUSD', 'zen@published/EURUSD'],
  );
  const [own, ...others] = await list('key-z');
  assert.deepEqual(others, []);
  assert.deepEqual(
    [own!.owner, own!.symbol, own!.base_timeframe, own!.calendar, own!.state, Number(own!.last_bar_time)],
    ['zen', 'EURUSD', 'TIMEFRAME_1H', 'fx', 'INSTRUMENT_STATE_LIVE', bars[2]!.openTime],
  );
  assert.equal(bars[2]!.openTime % HOUR, 0);
  const remove = async (id: string): Promise<ServiceError> =>
    (await client
      .call('InstrumentService', 'RemoveInstrument', { instrument_id: id }, 'key-z')
      .catch((error: unknown) => error)) as ServiceError;
  assert.equal((await remove('acme@published/EURUSD')).code, status.NOT_FOUND, 'another tenant’s');
  assert.equal((await remove('nothing')).code, status.NOT_FOUND);
  process.env['SUHO_API_KEY'] = 'key-z';
  t.after(() => delete process.env['SUHO_API_KEY']);
  const address = ['--address', `127.0.0.1:${port}`];
  const shown = await runCommand(['instruments', 'list', '--json', ...address]);
  const [only] = JSON.parse(shown.stdout) as { instrument_id: string; bars: number; last_bar_time: number }[];
  assert.deepEqual(
    [only!.instrument_id, only!.bars, only!.last_bar_time],
    ['zen@published/EURUSD', 3, bars[2]!.openTime],
  );
  assert.match(
    (await runCommand(['instruments', 'list', ...address])).stdout,
    /zen@published\/EURUSD.*1h.*live/,
  );
  const refused = await runCommand(['instruments', 'remove', 'nothing', ...address]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /There is no instrument "nothing"/);
});

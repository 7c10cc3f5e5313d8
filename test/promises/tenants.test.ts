import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { status, type ServiceError } from '@grpc/grpc-js';
import { TIMEFRAMES } from '../../actors/market/timeframe.js';
import type { PublishAck__Output as PublishAck } from '../../engine/api/generated/suho/v1/PublishAck.js';
import { SYSTEM_CLOCK } from '../../engine/clock.js';
import { loadConfig } from '../../engine/config.js';
import { Journal } from '../../engine/journal/journal.js';
import { WalStore } from '../../engine/journal/wal-store.js';
import type { Codec, Key, KeyRange, LogStore, Table } from '../../engine/journal/log-store.js';
import { bars, served } from '../support/api.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { conclusionOf, tradeOn } from '../support/invented-records.js';
import { inventedSignal } from '../support/prediction-contract.js';
import { ACME, KEY, STORES_AWAY, eventually, protoBars, type TestClient } from '../support/served.js';

const ZEN = { id: 'zen', apiKeySha256: [createHash('sha256').update('key-z').digest('hex')] };
const ALL = TIMEFRAMES.map((timeframe) => `TIMEFRAME_${timeframe.toUpperCase()}`);

/** Sends requests in one stream, each when the one before is answered, until all are or one fails. */
async function publishEach(
  client: TestClient,
  key: string,
  requests: readonly object[],
): Promise<{ readonly answers: readonly PublishAck[]; readonly error: ServiceError | undefined }> {
  const call = client.bars(key);
  const answers: PublishAck[] = [];
  return await new Promise((resolve) => {
    const next = (): void => {
      if (answers.length === requests.length) call.end();
      else call.write(requests[answers.length]!);
    };
    call.on('data', (answer: PublishAck) => {
      answers.push(answer);
      next();
    });
    call.on('error', (error: ServiceError) => resolve({ answers, error }));
    call.on('end', () => resolve({ answers, error: undefined }));
    next();
  });
}

const request = (symbol: string, rows = bars.slice(0, 1)): object => ({
  request_id: 1,
  symbol,
  timeframe: 'TIMEFRAME_1M',
  signal_timeframes: ALL,
  bars: protoBars(rows),
});

test('a tenant may have as many instruments and series as its quota says, by whatever messages, and removing one frees it', async (t) => {
  const minute = inventedBars(3, { lengthMs: 60_000 });
  const { client, engine } = await served(t, {
    tenants: [ACME, ZEN],
    quotas: { instruments: 4, series: 24 },
  });
  const symbols = Array.from({ length: 30 }, (_, i) => `SYM${i}`);
  const { answers, error } = await publishEach(
    client,
    KEY,
    symbols.map((symbol) => request(symbol, minute)),
  );
  assert.equal(answers.length, 3, 'seven series each: the fourth does not fit into 24');
  assert.equal(error?.code, status.RESOURCE_EXHAUSTED);
  assert.match(error.details, /24 series.*quotas\.series.*suho instruments remove/);
  const before = engine.status.counts().actors.actors;
  for (const symbol of symbols.slice(4)) {
    const again = await publishEach(client, KEY, [request(symbol, minute)]);
    assert.equal(again.error?.code, status.RESOURCE_EXHAUSTED);
    assert.match(again.error.details, /4 instruments.*quotas\.instruments/);
  }
  assert.equal(engine.status.counts().actors.actors, before, 'what is refused makes nothing');
  assert.equal((await publishEach(client, 'key-z', [request('SYM9', minute)])).answers.length, 1);
  await client.call('InstrumentService', 'RemoveInstrument', { instrument_id: 'acme@published/SYM0' }, KEY);
  await client.call('InstrumentService', 'RemoveInstrument', { instrument_id: 'acme@published/SYM3' }, KEY);
  assert.equal((await publishEach(client, KEY, [request('SYM9', minute)])).answers.length, 1);
});

test('the quotas are 500 instruments and 1,000 series unless they are set', () => {
  const { quotas } = loadConfig(undefined, {}, {});
  assert.deepEqual([quotas.instruments, quotas.series], [500, 1_000]);
});

test('messages without a usable bar make nothing, however many and of however many symbols', async (t) => {
  const { client, engine } = await served(t);
  const bad = [{ ...bars[0]!, high: -1 }];
  const { answers, error } = await publishEach(
    client,
    KEY,
    Array.from({ length: 200 }, (_, i) => request(`SYM${i}`, bad)),
  );
  assert.deepEqual([answers.length, error], [200, undefined]);
  assert.ok(answers.every(({ accepted, rejected }) => accepted === 0 && rejected.length === 1));
  const empty = await publishEach(client, KEY, [request('EURUSD', [])]);
  assert.equal(empty.error?.code, status.INVALID_ARGUMENT);
  assert.deepEqual([...engine.instruments.all()], []);
  assert.equal(engine.status.counts().actors.actors, 0);
});

test('a flood on one instrument delays neither another tenant nor the same tenant’s other instruments', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), { ...STORES_AWAY, drainSeconds: 0.1 }, {});
  const publish = async (tenantId: string, symbol: string, rows: typeof bars): Promise<number> => {
    const input = { tenantId, symbol, timeframe: '1m', signalTimeframes: TIMEFRAMES, bars: rows } as const;
    return (await engine.intake.publishBars(input)).accepted;
  };
  const outstanding = 20;
  const minutes = inventedBars(100_000, { lengthMs: 60_000 });
  let sent = 0;
  let answered = 0;
  const over = new AbortController();
  // As many requests wait at any moment, however fast they are answered.
  const flood = Array.from({ length: outstanding }, async () => {
    while (!over.signal.aborted && sent < minutes.length) {
      const rows = minutes.slice(sent, (sent += 1_000));
      assert.equal(await publish('acme', 'EURUSD', rows), rows.length);
      answered++;
    }
  });
  const others = 10;
  for (let i = 0; i < others / 2; i++) {
    assert.equal(await publish('zen', 'EURUSD', minutes.slice(i, i + 1)), 1);
    assert.equal(await publish('acme', 'GBPUSD', minutes.slice(i, i + 1)), 1);
  }
  // Whoever had to wait behind the flood would see all that waits answered first.
  assert.ok(
    answered < (others * outstanding) / 4,
    `${answered} requests of the flood were answered during ${others} others`,
  );
  over.abort();
  await Promise.all(flood);
});

test('a record of one tenant that the store refuses stops nobody: it is counted, and what follows is stored', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), {}, {});
  const { predictions, deadLetters } = engine.journal;
  const signalOf = (tenantId: string, i: number): ReturnType<typeof inventedSignal> => {
    const signal = inventedSignal(tenantId, i);
    predictions.appendConclusion(conclusionOf(`signal:${tenantId}:market/EURUSD/1h`, signal));
    return signal;
  };
  // Past the door, as an older version let them in.
  const trade = tradeOn(signalOf('acme', 0));
  const poison = [{ exitReason: 'st\0op' }, { exitTime: 8.64e15 }, { quantity: 1e308 }];
  poison.forEach((change, i) => predictions.appendTrade({ ...trade, ...change, tradeId: `t${i}` }));
  predictions.appendTrade({ ...trade, tradeId: 'good' });
  for (let i = 0; i < 30; i++) signalOf('zen', i);
  await engine.stored();
  const [stored] = await engine.predictions.sql(
    "SELECT count(*) AS n FROM ml_predictions WHERE tenant_id = 'zen'",
  );
  assert.equal(Number(stored?.['n']), 30);
  const [trades] = await engine.predictions.sql('SELECT count(*) AS n FROM trade_results');
  const letters = deadLetters.list();
  assert.ok(letters.length > 0);
  assert.equal(Number(trades?.['n']) + letters.length, poison.length + 1, 'each is stored or on record');
  assert.ok(letters.every(({ tenantId }) => tenantId === 'acme'));
  const [sink] = engine.status.sinks().filter(({ name }) => name === 'predictions');
  assert.deepEqual([sink?.lagRows, sink?.healthy, sink?.deadLetters], [0, true, letters.length]);
});

/** A store that counts the entries read of it. */
class CountingStore implements LogStore {
  readonly #store: LogStore;
  read = 0;

  constructor(store: LogStore) {
    this.#store = store;
  }

  table<V, K extends Key>(name: string, codec?: Codec<V>): Table<V, K> {
    const table = this.#store.table<V, K>(name, codec);
    const counted = <T>(range: (range?: KeyRange) => Iterable<T>) =>
      function* (this: CountingStore, wanted?: KeyRange): Generator<T> {
        for (const entry of range(wanted)) {
          this.read++;
          yield entry;
        }
      }.bind(this);
    return {
      get: (key) => {
        this.read++;
        return table.get(key);
      },
      has: (key) => {
        this.read++;
        return table.has(key);
      },
      put: (key, value) => table.put(key, value),
      remove: (key) => table.remove(key),
      entries: counted((range) => table.entries(range)),
      keys: counted((range) => table.keys(range)),
    };
  }

  transaction(write: () => void): Promise<void> {
    return this.#store.transaction(write);
  }

  bytes(): number {
    return this.#store.bytes();
  }

  compact(): Promise<void> {
    return this.#store.compact();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

test('how far a sink lags costs a look at one entry, however far it is', async (t) => {
  const store = new CountingStore(new WalStore(temporaryFolder(t)));
  const journal = new Journal(store, 1e9, SYSTEM_CLOCK);
  journal.readers.add('predictions', 'slow', false);
  const costs: number[] = [];
  for (const signals of [1, 2_000]) {
    for (let i = 0; i < signals; i++)
      journal.predictions.appendOutcome({ actorId: 'signal:a:market/EURUSD/1h', tenantId: 'a' }, 'p', {
        horizon: 0,
        closeTime: i,
        direction: 1,
        return: 0,
        maxGain: 0,
        maxLoss: 0,
        barrier: 0,
        resolvedAt: i + 1,
      });
    await journal.durable();
    store.read = 0;
    assert.equal(journal.lag('predictions', 0).entries, signals === 1 ? 1 : 2_001);
    journal.stats();
    costs.push(store.read);
  }
  assert.deepEqual(costs, [1, 1]);
  await journal.close();
});

test('a client that resumes with a filter that matches nothing is given turns like others: live signals still reach them', async (t) => {
  const { engine, client } = await served(t);
  const { predictions } = engine.journal;
  const add = (i: number): void => {
    const signal = inventedSignal('acme', i);
    engine.publication.conclude(conclusionOf('signal:acme:market/EURUSD/1h', signal));
  };
  for (let i = 0; i < 20_000; i++) add(i);
  await engine.journal.durable();
  assert.equal(predictions.conclusions.newest, 20_000);
  const seen: string[] = [];
  const live = client.stream({}, KEY);
  live.on('data', ({ signal }: { signal: { sequence: string } }) => seen.push(signal.sequence));
  live.on('error', () => undefined);
  await new Promise((resolve) => live.once('metadata', resolve));
  const idle = Array.from({ length: 3 }, () => client.stream({ symbols: ['NONE'], resume_after: 0 }, KEY));
  for (const stream of idle) {
    stream.on('data', () => assert.fail('nothing matches'));
    stream.on('error', () => undefined);
    await new Promise((resolve) => stream.once('metadata', resolve));
  }
  add(20_000);
  await eventually('the live client has its signal', () => seen.length === 1);
  for (const stream of [live, ...idle]) stream.cancel();
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import {
  Metadata,
  credentials,
  status,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Bar as ProtoBar } from '../../engine/api/generated/suho/v1/Bar.js';
import type { PublishAck__Output as PublishAck } from '../../engine/api/generated/suho/v1/PublishAck.js';
import type { SignalJson } from '../../engine/api/signal-encoding.js';
import { loadClients } from '../../engine/api/definition.js';
import { ApiServer } from '../../engine/api/server.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Engine } from '../../engine/engine.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { afterTest } from '../support/cleanup.js';
import { startCommand } from '../support/command.js';
import { inventedBars } from '../support/markets.js';
import type { SignalUpdate } from '../support/served.js';

const HOUR = 3_600_000;
const bars = inventedBars(1_300, { momentum: 0.7, seed: 31 });
const proto = (from: number, to: number): ProtoBar[] =>
  bars.slice(from, to).map(({ openTime, open, high, low, close, volume, bid, ask }) => ({
    open_time: openTime,
    open,
    high,
    low,
    close,
    volume,
    bid,
    ask,
  }));

interface Clients {
  readonly stream: (request: object, key?: string) => ClientReadableStream<SignalUpdate>;
  readonly publish: (key?: string) => ClientDuplexStream<object, PublishAck>;
}

function metadata(key?: string): Metadata {
  const made = new Metadata();
  if (key !== undefined) made.set('authorization', `Bearer ${key}`);
  return made;
}

async function serve(
  t: TestContext,
  folder: string,
  config: ConfigInput = {},
): Promise<{ engine: Engine; clients: Clients; address: string }> {
  const engine = await openEngine(t, folder, config);
  const api = new ApiServer(engine, { simulated: false });
  const port = await api.listen();
  const services = loadClients();
  const open = (name: string) =>
    new (services[name] as ServiceClientConstructor)(`127.0.0.1:${port}`, credentials.createInsecure());
  const signals = open('SignalService');
  const market = open('MarketDataService');
  afterTest(t, async () => {
    signals.close();
    market.close();
    await api.stop();
    await engine.stop();
  });
  return {
    engine,
    address: `127.0.0.1:${port}`,
    clients: {
      stream: (request, key) =>
        signals['StreamSignals']!(request, metadata(key)) as unknown as ClientReadableStream<SignalUpdate>,
      publish: (key) =>
        market['PublishBars']!(metadata(key)) as unknown as ClientDuplexStream<object, PublishAck>,
    },
  };
}

/** Publishes bars and waits for the answers. */
async function publish(clients: Clients, from: number, to: number, key?: string): Promise<PublishAck[]> {
  const call = clients.publish(key);
  for (let i = from; i < to; i += 500) {
    call.write({
      request_id: i,
      symbol: 'eur/usd',
      timeframe: 'TIMEFRAME_1H',
      bars: proto(i, Math.min(to, i + 500)),
    });
  }
  call.end();
  const acks: PublishAck[] = [];
  for await (const ack of call as AsyncIterable<PublishAck>) acks.push(ack);
  return acks;
}

async function train(engine: Engine, owner = 'default'): Promise<void> {
  await engine.settled();
  await engine.training.train(`${owner}@published/EURUSD/1h`, bars[1_199]!.openTime + HOUR);
}

/** Reads `count` signals, then hangs up. */
async function read(call: ClientReadableStream<SignalUpdate>, count: number): Promise<SignalUpdate[]> {
  const updates: SignalUpdate[] = [];
  await new Promise<void>((resolve, reject) => {
    call.on('data', (update: SignalUpdate) => {
      updates.push(update);
      if (updates.length === count) resolve();
    });
    call.on('error', (error: ServiceError) => (error.code === status.CANCELLED ? resolve() : reject(error)));
  });
  call.cancel();
  return updates.slice(0, count);
}

async function failure(
  call: ClientReadableStream<unknown> | ClientDuplexStream<object, PublishAck>,
): Promise<ServiceError> {
  return await new Promise((resolve) => {
    call.on('data', () => undefined);
    call.on('error', (error) => resolve(error as ServiceError));
  });
}

test('a client that is cut off resumes from its cursor and has every signal exactly once', async (t) => {
  const { engine, clients } = await serve(t, temporaryFolder(t));
  const acks = await publish(clients, 0, 1_200);
  assert.deepEqual(
    acks.map((ack) => [ack.request_id, ack.accepted]),
    [
      ['0', 500],
      ['500', 500],
      ['1000', 200],
    ],
  );
  await train(engine);
  const live = clients.stream({});
  await new Promise((resolve) => live.once('metadata', resolve));
  const first = read(live, 20);
  await publish(clients, 1_200, 1_260);
  const seen = await first;
  await publish(clients, 1_260, 1_300);
  const rest = await read(clients.stream({ resume_after: seen.at(-1)!.signal.sequence }), 80);
  await engine.stored();
  const stored = await engine.predictions.sql(
    'SELECT prediction_id FROM ml_predictions ORDER BY bar_close_time',
  );
  assert.deepEqual(
    [...seen, ...rest].map(({ signal }) => signal.prediction_id),
    stored.map((row) => row['prediction_id']),
  );
  const { signal } = rest.at(-1)!;
  assert.deepEqual(
    [signal.symbol, signal.timeframe, Number(signal.bar_close_time)],
    ['EURUSD', 'TIMEFRAME_1H', bars[1_299]!.openTime + HOUR],
  );
  for (const { down, flat, up } of signal.forecasts) assert.ok(Math.abs(down + flat + up - 1) < 1e-6);
});

/** Reads `count` signals with the real command in a process of its own, then kills it. */
async function readInProcess(address: string, after: number, count: number): Promise<SignalJson[]> {
  const child = startCommand([
    'signals',
    '--follow',
    '--json',
    '--address',
    address,
    '--resume-after',
    `${after}`,
  ]);
  const signals: SignalJson[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    signals.push(JSON.parse(line) as SignalJson);
    if (signals.length === count) break;
  }
  child.kill('SIGKILL');
  return signals;
}

test('a client process that is killed resumes in another one, and both together have every signal exactly once', async (t) => {
  const { engine, clients, address } = await serve(t, temporaryFolder(t));
  await publish(clients, 0, 1_200);
  await train(engine);
  const first = readInProcess(address, 0, 20);
  await publish(clients, 1_200, 1_260);
  const seen = await first;
  await publish(clients, 1_260, 1_300);
  const rest = await readInProcess(address, seen.at(-1)!.sequence, 80);
  await engine.stored();
  const stored = await engine.predictions.sql(
    'SELECT prediction_id FROM ml_predictions ORDER BY bar_close_time',
  );
  assert.deepEqual(
    [...seen, ...rest].map((signal) => signal.prediction_id),
    stored.map((row) => row['prediction_id']),
  );
});

test('a repeated bar is answered as a duplicate, a bad one with its reason, a bad request with its field', async (t) => {
  const { clients } = await serve(t, temporaryFolder(t));
  await publish(clients, 0, 10);
  const [again] = await publish(clients, 9, 10);
  assert.deepEqual([again!.accepted, again!.duplicates], [0, 1]);
  const call = clients.publish();
  call.write({
    request_id: 1,
    symbol: 'EURUSD',
    timeframe: 'TIMEFRAME_1H',
    bars: [{ ...proto(20, 21)[0], high: 0.1 }],
  });
  const ack = await new Promise<PublishAck>((resolve) => call.once('data', resolve));
  assert.deepEqual(ack.rejected, [{ index: 0, reason: 'high_below_low' }]);
  call.write({ request_id: 2, symbol: '?', timeframe: 'TIMEFRAME_1H', bars: [] });
  const error = await failure(call);
  assert.equal(error.code, status.INVALID_ARGUMENT);
  assert.match(error.details, /^symbol: /);
  const unknown = await failure(clients.stream({ timeframes: ['TIMEFRAME_UNSPECIFIED'] }));
  assert.equal(unknown.code, status.INVALID_ARGUMENT);
});

test('the tenant comes from the key: without one nothing is served, and another tenant sees nothing', async (t) => {
  const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
  const tenants = [
    { id: 'acme', apiKeySha256: [hash('key-a')] },
    { id: 'zen', apiKeySha256: [hash('key-z')] },
  ];
  const { engine, clients } = await serve(t, temporaryFolder(t), { tenants });
  assert.equal((await failure(clients.stream({}))).code, status.UNAUTHENTICATED);
  assert.equal((await failure(clients.stream({}, 'guess'))).code, status.UNAUTHENTICATED);
  await publish(clients, 0, 1_200, 'key-a');
  await train(engine, 'acme');
  const other = clients.stream({ resume_after: 0 }, 'key-z');
  let leaked = 0;
  other.on('data', () => leaked++);
  other.on('error', () => undefined);
  await publish(clients, 1_200, 1_230, 'key-a');
  const own = await read(clients.stream({ resume_after: 0 }, 'key-a'), 30);
  assert.equal(own.length, 30);
  assert.ok(own.every(({ signal }) => signal.tenant_id === 'acme'));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(leaked, 0);
  other.cancel();
});

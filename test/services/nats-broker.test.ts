// The real nats-server with deploy/nats.conf: poison, waiting subjects, refused logins, emptied streams, tenants' rights.
import assert from 'node:assert/strict';
import { writeFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect, type NatsConnection } from 'nats';
import { pino } from 'pino';
import type { Signal } from '../../actors/signals/signal.js';
import { SuhoError } from '../../engine/errors.js';
import { NatsFeed } from '../../engine/feeds/nats-feed.js';
import type { Intake, IntakeResult } from '../../engine/intake/intake.js';
import type { Delivery } from '../../engine/messaging/delivery.js';
import { NatsMessaging } from '../../engine/messaging/nats.js';
import { afterTest } from '../support/cleanup.js';
import { inventedSignal } from '../support/prediction-contract.js';
import { natsConfig, startServer } from '../support/servers.js';
import { eventually } from '../support/served.js';

const silent = pino({ level: 'silent' });

function engineSide(t: TestContext, port: number, tenants: readonly string[] = []): NatsMessaging {
  const messaging = new NatsMessaging(
    {
      url: `nats://127.0.0.1:${port}`,
      username: 'engine',
      password: 'engine-secret',
      inboxPrefix: '_INBOX_engine',
      consumer: 'suho',
      tenants,
    },
    silent,
  );
  afterTest(t, async () => await messaging.stop());
  return messaging;
}

async function tenant(t: TestContext, port: number, user: string): Promise<NatsConnection> {
  const connection = await connect({ servers: `127.0.0.1:${port}`, user, pass: `${user}-secret` });
  afterTest(t, async () => await connection.close());
  return connection;
}

async function administrator(t: TestContext, port: number): Promise<NatsConnection> {
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    user: 'admin',
    pass: 'admin-secret',
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  afterTest(t, async () => await connection.close());
  return connection;
}

const name = ({ tokens, json }: Delivery): string => `${tokens.join('/')} ${JSON.stringify(json())}`;

const signal = (tenantId: string, id: string): Signal => ({
  ...inventedSignal(tenantId, 1),
  symbol: 'EURUSD',
  timeframe: '1h',
  predictionId: id,
});

test('nothing a message holds ends a consumer: poison is terminated and counted, others are served', async (t) => {
  const server = await startServer(t, 'nats');
  if (server === undefined) return;
  const messaging = engineSide(t, server.port);
  const taken: string[] = [];
  const intake: Pick<Intake, 'publishInOrder'> = {
    publishInOrder: async (requests) => {
      const results: IntakeResult[] = [];
      for (const request of requests) {
        if ('quotes' in request && results.length === 0) throw new Error('no quotes here');
        if ('quotes' in request) break;
        const { tenantId, symbol, bars } = request;
        taken.push(`${tenantId}/${symbol}/${bars.length}`);
        results.push({
          accepted: bars.length,
          duplicates: 0,
          late: 0,
          conflicts: 0,
          skipped: [],
          rejected: [],
        });
      }
      return await Promise.resolve(results);
    },
  };
  const trades = { report: async () => await Promise.resolve({ answer: 'ACCEPTED' }) };
  new NatsFeed({ intake, trades, tenants: ['acme', 'zen'], log: silent }).start(messaging);
  await eventually('it reads', () => messaging.error === undefined);
  const acme = (await tenant(t, server.port, 'acme')).jetstream();
  const row = { open_time: 0, open: 1, high: 1, low: 1, close: 1 };
  const good = JSON.stringify({ timeframe: '1h', bars: [row] });
  const many = (count: number): string => JSON.stringify({ timeframe: '1h', bars: new Array(count).fill(0) });
  const poison: [string, string | Uint8Array][] = [
    ['suho.market.acme.%E0%A4%A', good],
    ['suho.market.acme.%', good],
    ['suho.market.acme.!', good],
    ['suho.market.acme.EURUSD', 'not json'],
    ['suho.market.acme.EURUSD', ''],
    ['suho.market.acme.EURUSD', 'null'],
    ['suho.market.acme.EURUSD', '[]'],
    ['suho.market.acme.EURUSD', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
    ['suho.market.acme.EURUSD', '['.repeat(250_000) + ']'.repeat(250_000)],
    ['suho.market.acme.EURUSD', many(200_000)],
    ['suho.market.acme.EURUSD', many(0)],
    ['suho.market.acme.EURUSD', JSON.stringify({ timeframe: 7, bars: [row] })],
    [
      'suho.market.acme.EURUSD',
      JSON.stringify({ timeframe: '1h', bars: [{ ...row, ['x'.repeat(9_000)]: 1 }] }),
    ],
    ['suho.market.acme.EURUSD', JSON.stringify({ quotes: [{ ts: 1, bid: 1, ask: 1 }] })],
    ['suho.trades.acme', '"a trade"'],
  ];
  for (const [subject, body] of poison) await acme.publish(subject, body as string);
  await acme.publish('suho.market.acme.EURUSD', good);
  await (await tenant(t, server.port, 'zen')).jetstream().publish('suho.market.zen.EURUSD', good);
  await eventually('both good messages are taken', () => taken.length === 2);
  await eventually('all poison is counted', () => messaging.counts().terminated['acme'] === poison.length);
  assert.deepEqual(taken.sort(), ['acme/EURUSD/1', 'zen/EURUSD/1']);
  assert.equal(messaging.error, undefined);
});

test('a subject that waits holds up no other, keeps its order, and is read in full, also after a crash', async (t) => {
  const server = await startServer(t, 'nats');
  if (server === undefined) return;
  const taken: string[] = [];
  let isStuck = true;
  const handle = async ([delivery]: readonly Delivery[]): Promise<number> => {
    if (isStuck && delivery!.tokens[0] === 'acme' && delivery!.tokens[1]!.startsWith('BAD'))
      throw new SuhoError('OVERLOADED', 'Being recovered.');
    taken.push(name(delivery!));
    return await Promise.resolve(1);
  };
  const first = engineSide(t, server.port);
  first.consume('SUHO_MARKET', handle);
  await eventually('it reads', () => first.error === undefined);
  const acme = (await tenant(t, server.port, 'acme')).jetstream();
  const zen = (await tenant(t, server.port, 'zen')).jetstream();
  // More subjects that wait, and more messages on each, than the shared consumer holds or the tenant has places for.
  const BAD = 20;
  const DEEP = 15;
  for (let i = 0; i < DEEP; i++)
    await Promise.all(
      Array.from({ length: BAD }, (_, k) => acme.publish(`suho.market.acme.BAD${k}`, String(i))),
    );
  await acme.publish('suho.market.acme.GOOD', '1');
  for (let i = 0; i < 300; i++) await zen.publish('suho.market.zen.EURUSD', String(i));
  const ofZen = (): string[] => taken.filter((x) => x.startsWith('zen'));
  await eventually('the other tenant is served', () => ofZen().length === 300);
  assert.deepEqual(
    ofZen(),
    Array.from({ length: 300 }, (_, i) => `zen/EURUSD ${i}`),
  );
  await eventually('waiting subjects are read by themselves', () => first.counts().apart > 0);
  assert.equal(first.error, undefined);
  await first.stop();

  isStuck = false;
  taken.length = 0;
  const second = engineSide(t, server.port);
  second.consume('SUHO_MARKET', handle);
  const distinct = (k: number): number[] => [
    ...new Set(taken.filter((x) => x.startsWith(`acme/BAD${k} `)).map((x) => Number(x.split(' ')[1]))),
  ];
  await eventually('all that waited is taken', () =>
    Array.from({ length: BAD }, (_, k) => distinct(k).length === DEEP).every(Boolean),
  );
  for (let k = 0; k < BAD; k++)
    assert.deepEqual(
      distinct(k),
      Array.from({ length: DEEP }, (_, i) => i),
    );
  await eventually('the subjects are back in the shared consumer', () => second.counts().apart === 0);
  taken.length = 0;
  for (let i = DEEP; i < DEEP + 50; i++) await acme.publish('suho.market.acme.BAD3', String(i));
  await eventually('later ones come once', () => taken.length >= 50);
  assert.deepEqual(
    distinct(3),
    Array.from({ length: 50 }, (_, i) => DEEP + i),
  );
});

test('a wrong password, at start and later, is seen and no longer matters once it is right', async (t) => {
  const server = await startServer(t, 'nats');
  if (server === undefined) return;
  const file = path.join(server.folder, 'nats.conf');
  const restartWith = async (password: string): Promise<void> => {
    await server.kill();
    writeFileSync(file, natsConfig(server.port, server.folder, password));
    await server.start();
  };
  await restartWith('another');
  const messaging = engineSide(t, server.port);
  const taken: string[] = [];
  messaging.consume(
    'SUHO_MARKET',
    async (deliveries) => deliveries.map((delivery) => taken.push(name(delivery))).length,
  );
  for (let round = 0; round < 2; round++) {
    await eventually('the refusal is seen', () => /refuses the login/.test(messaging.error ?? ''));
    // Long enough for several tries.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await assert.rejects(messaging.publishSignals([{ sequence: 1, signal: signal('acme', 'a') }]), /login/);
    await restartWith('engine-secret');
    await eventually('it is back', () => messaging.error === undefined);
    const acme = await tenant(t, server.port, 'acme');
    await acme.jetstream().publish('suho.market.acme.EURUSD', String(round));
    await eventually('input goes on', () => taken.at(-1) === `acme/EURUSD ${round}`);
    await acme.close();
    if (round === 0) await restartWith('another');
  }
});

test('a password changed by reload ends the connection; the right one is taken up again', async (t) => {
  const server = await startServer(t, 'nats');
  if (server === undefined) return;
  const messaging = engineSide(t, server.port);
  await eventually('it is there', () => messaging.error === undefined);
  const file = path.join(server.folder, 'nats.conf');
  writeFileSync(file, natsConfig(server.port, server.folder, 'another'));
  server.signal('SIGHUP');
  await eventually('the refusal is seen', () => /refuses the login/.test(messaging.error ?? ''));
  writeFileSync(file, natsConfig(server.port, server.folder));
  server.signal('SIGHUP');
  await eventually('it is back', () => messaging.error === undefined);
});

test('streams and consumers that are deleted, or wiped with the server’s disk, are made again', async (t) => {
  const server = await startServer(t, 'nats');
  if (server === undefined) return;
  const admin = await administrator(t, server.port);
  const messaging = engineSide(t, server.port, ['acme']);
  const taken: string[] = [];
  messaging.consume(
    'SUHO_MARKET',
    async (deliveries) => deliveries.map((delivery) => taken.push(name(delivery))).length,
  );
  messaging.consume(
    'SUHO_TRADES',
    async (deliveries) => deliveries.map((delivery) => taken.push(name(delivery))).length,
  );
  const flows = async (round: string): Promise<void> => {
    const acme = await tenant(t, server.port, 'acme');
    const publish = async (subject: string): Promise<boolean> =>
      await acme
        .jetstream()
        .publish(subject, JSON.stringify(round), { timeout: 1_000 })
        .then(
          () => true,
          () => false,
        );
    await eventually('bars are taken', async () => await publish('suho.market.acme.EURUSD'));
    await eventually('trades are taken', async () => await publish('suho.trades.acme'));
    await eventually('both come in', () => taken.filter((x) => x.endsWith(`"${round}"`)).length >= 2);
    await eventually(
      'signals go out',
      async () =>
        await messaging.publishSignals([{ sequence: 1, signal: signal('acme', round) }]).then(
          () => true,
          () => false,
        ),
    );
    const consumer = await acme.jetstream({ apiPrefix: 'suho.api' }).consumers.get('SUHO_SIGNALS', 'acme');
    const message = await consumer.next({ expires: 5_000 });
    assert.equal(message!.json<{ prediction_id: string }>().prediction_id, round);
    message!.ack();
    await acme.flush();
    await acme.close();
    await eventually('no error is left', () => messaging.error === undefined);
  };
  await flows('first');
  const manager = await admin.jetstreamManager();
  await manager.consumers.delete('SUHO_MARKET', 'suho');
  await flows('after the consumer was deleted');
  for (const stream of ['SUHO_MARKET', 'SUHO_TRADES', 'SUHO_SIGNALS']) await manager.streams.delete(stream);
  await flows('after the streams were deleted');
  await server.kill();
  rmSync(path.join(server.folder, 'jetstream'), { recursive: true });
  await server.start();
  await flows('after the disk was wiped');
});

test('with deploy/nats.conf a tenant has what is its own, and can neither read, forge nor destroy what is not', async (t) => {
  const server = await startServer(t, 'nats');
  if (server === undefined) return;
  const admin = await administrator(t, server.port);
  const messaging = engineSide(t, server.port, ['acme', 'zen']);
  await eventually('NATS is connected', () => messaging.error === undefined);
  const acme = await tenant(t, server.port, 'acme');
  const zen = await tenant(t, server.port, 'zen');
  const heard: string[] = [];
  const refused: string[] = [];
  void (async () => {
    for await (const { permissionContext } of acme.status())
      if (permissionContext !== undefined) refused.push(permissionContext.subject);
  })();
  for (const subject of ['>', 'suho.>', '_INBOX.>', '_INBOX_engine.>', '$JS.>', '_R_.>'])
    acme.subscribe(subject, { callback: (_error, message) => void heard.push(message.subject) });
  await acme.flush();

  // What zen and the engine do meanwhile, answers and acknowledgements included.
  assert.equal((await zen.jetstream().publish('suho.market.zen.EURUSD', '1')).stream, 'SUHO_MARKET');
  assert.equal((await zen.jetstream().publish('suho.trades.zen', '1')).stream, 'SUHO_TRADES');
  await messaging.publishSignals(
    ['acme', 'zen'].map((tenantId) => ({ sequence: 1, signal: signal(tenantId, `of-${tenantId}`) })),
  );
  const next = async (connection: NatsConnection, consumer: string): Promise<string | undefined> => {
    const { consumers } = connection.jetstream({ apiPrefix: 'suho.api', timeout: 1_000 });
    const message = await (await consumers.get('SUHO_SIGNALS', consumer)).next({ expires: 2_000 });
    message?.ack();
    return message?.subject;
  };
  assert.equal(await next(zen, 'zen'), 'suho.signals.zen.EURUSD.1h');
  await zen.flush();
  await acme.flush();
  assert.deepEqual(
    heard.filter((subject) => /zen|engine|MARKET|ACK/.test(subject)),
    [],
  );
  assert.ok(heard.includes('suho.signals.acme.EURUSD.1h'), 'its own signals are heard');

  // Its own consumer only.
  assert.equal(await next(acme, 'acme'), 'suho.signals.acme.EURUSD.1h');
  await assert.rejects(next(acme, 'zen'));
  await assert.rejects(acme.jetstreamManager({ timeout: 1_000 }));

  // Forged, into others' hands, and with answers sent where they would do harm.
  const jetstream = await admin.jetstreamManager();
  const state = async (): Promise<unknown> =>
    await Promise.all(
      ['SUHO_MARKET', 'SUHO_TRADES', 'SUHO_SIGNALS'].map(async (stream) => {
        const { state: at, created } = await jetstream.streams.info(stream);
        return [created, at.messages];
      }),
    );
  const before = await state();
  for (const subject of ['suho.market.zen.EURUSD', 'suho.trades.zen', 'suho.signals.acme.EURUSD.1h'])
    acme.publish(subject, '{}');
  for (const call of [
    'STREAM.DELETE.SUHO_MARKET',
    'STREAM.PURGE.SUHO_SIGNALS',
    'CONSUMER.DELETE.SUHO_SIGNALS.zen',
  ]) {
    for (const prefix of ['$JS.API', 'suho.api']) acme.publish(`${prefix}.${call}`);
    acme.publish(
      'suho.api.CONSUMER.MSG.NEXT.SUHO_SIGNALS.acme',
      JSON.stringify({ batch: 1, no_wait: true }),
      { reply: `$JS.API.${call}` },
    );
    acme.publish('suho.api.CONSUMER.INFO.SUHO_SIGNALS.acme', '', { reply: `$JS.API.${call}` });
  }
  acme.publish('suho.api.CONSUMER.MSG.NEXT.SUHO_SIGNALS.acme', '1', { reply: 'suho.market.zen.EURUSD' });
  await acme.flush();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.deepEqual(await state(), before);
  assert.equal((await jetstream.consumers.info('SUHO_SIGNALS', 'zen')).num_pending, 0);
  await assert.rejects(
    connect({ servers: `127.0.0.1:${server.port}`, user: 'acme', pass: 'wrong' }),
    /Author/i,
  );
  assert.deepEqual(refused, []);
});

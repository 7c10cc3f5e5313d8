// NATS and Redis: data in, signals out, and what a tenant's own login may do there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { connect, type NatsConnection } from 'nats';
import type { Bar } from '../../actors/market/bar.js';
import { natsFeedOf } from '../../engine/feeds/engine-intake.js';
import type { Alert } from '../../engine/drift/alert-store.js';
import type { SignalJson as ProtoSignal } from '../../engine/api/signal-encoding.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { startServer } from '../support/servers.js';
import { eventually, protoBars } from '../support/served.js';

const HOUR = 3_600_000;
/** The engine's login in deploy/nats.conf. */
const ENGINE = { username: 'engine', password: 'engine-secret', inboxPrefix: '_INBOX_engine' };
/** Every bar has its signal, also on a machine too busy for the usual deadline. */
const PATIENT = { deadlineMs: 60_000 };
const bars = inventedBars(1_300, { momentum: 0.7, seed: 71 });

const body = (some: readonly Bar[]): string => JSON.stringify({ timeframe: '1h', bars: protoBars(some) });

async function login(port: number, user: string, pass: string): Promise<NatsConnection> {
  return await connect({
    servers: `127.0.0.1:${port}`,
    user,
    pass,
    reconnect: false,
    ...(user === 'engine' ? { inboxPrefix: ENGINE.inboxPrefix } : {}),
  });
}

test('bars and trades come in over NATS once each, signals go out once each, bad messages end', async (t) => {
  const server = await startServer(t, 'nats');
  if (server === undefined) return;
  const folder = temporaryFolder(t);
  const config = {
    nats: { url: `nats://127.0.0.1:${server.port}`, ...ENGINE },
    inference: PATIENT,
  };
  let engine = await openEngine(t, folder, config, {});
  natsFeedOf(engine).start(engine.messaging!);
  await eventually('NATS is connected', () => engine.messaging!.error === undefined);
  const acme = await login(server.port, 'acme', 'acme-secret');
  afterTest(t, () => acme.close());
  const jetstream = acme.jetstream();
  for (let i = 0; i < 1_200; i += 200)
    await jetstream.publish('suho.market.acme.EURUSD', body(bars.slice(i, i + 200)), { msgID: `bars-${i}` });
  // A repeat that the broker no longer remembers, a message that is none, a symbol that is none.
  await jetstream.publish('suho.market.acme.EURUSD', body(bars.slice(0, 200)));
  await jetstream.publish('suho.market.acme.EURUSD', 'not json');
  await jetstream.publish('suho.market.acme.!', body(bars.slice(0, 1)));
  await jetstream.publish(
    'suho.market.acme.EURUSD',
    JSON.stringify({ timeframe: '1h', bars: [{ open_time: 1 }] }),
  );
  const seriesId = 'acme@published/EURUSD/1h';
  await eventually('all bars are in', () => engine.instruments.barsOf(seriesId) === 1_200);
  const { record } = await engine.training.train(seriesId, bars[1_199]!.openTime + HOUR);
  assert.equal(record.tenantId, 'acme');

  const heard: ProtoSignal[] = [];
  const zenHeard: string[] = [];
  const subscription = acme.subscribe('suho.signals.acme.>', {
    callback: (_error, message) => heard.push(message.json<ProtoSignal>()),
  });
  const zen = await login(server.port, 'zen', 'zen-secret');
  afterTest(t, () => zen.close());
  const alerts: string[] = [];
  acme.subscribe('suho.alerts.acme', {
    callback: (_error, message) => {
      const { alertId, state, summary } = message.json<Alert>();
      alerts.push(`${alertId} ${state} ${summary}`);
    },
  });
  zen.subscribe('suho.alerts.zen', { callback: (_error, message) => zenHeard.push(message.subject) });
  zen.subscribe('suho.signals.zen.>', { callback: (_error, message) => zenHeard.push(message.subject) });
  await zen.flush();
  await acme.flush();
  await jetstream.publish('suho.market.acme.EURUSD', body(bars.slice(1_200, 1_250)));
  await eventually('signals go out', () => heard.length === 50);
  const ids = heard.map(({ prediction_id: id }) => id);
  assert.equal(new Set(ids).size, 50);
  assert.deepEqual(
    heard.map(({ bar_close_time: time }) => time),
    bars.slice(1_200, 1_250).map(({ openTime }) => openTime + HOUR),
  );

  // An alert goes out when it is raised, not again while it is open, and when it is closed.
  const alert = {
    tenantId: 'acme',
    seriesId,
    home: record,
    modelId: record.modelId,
    version: record.version,
  };
  for (const summary of ['first', 'again'])
    engine.alerts.raise({
      ...alert,
      kind: 'performance',
      severity: 'critical',
      summary,
      details: {},
      raisedAt: heard[0]!.bar_close_time,
    });
  await eventually('the alert is heard', () => alerts.length > 0);
  const [open] = await engine.alerts.list({ tenantId: 'acme' }, false);
  await engine.alerts.close({ tenantId: 'acme' }, open!.alertId, { by: 'ann', at: 1 });
  await eventually('its end is heard', () => alerts.length > 1);
  assert.deepEqual(alerts, [`${open!.alertId} open first`, `${open!.alertId} closed first`]);

  // A trade on the first of them: told twice, told by another tenant, told wrongly.
  const trade = {
    trade_id: 'n1',
    prediction_id: ids[0],
    side: 'LONG',
    quantity: 1_000,
    entry_time: heard[0]!.bar_close_time,
    entry_price: 1.1,
    exit_time: heard[0]!.bar_close_time + HOUR,
    exit_price: 1.2,
  };
  await jetstream.publish('suho.trades.acme', JSON.stringify(trade));
  await jetstream.publish('suho.trades.acme', JSON.stringify(trade));
  await jetstream.publish('suho.trades.acme', JSON.stringify({ ...trade, trade_id: 'n2', quantity: -1 }));
  await zen.jetstream().publish('suho.trades.zen', JSON.stringify({ ...trade, trade_id: 'z1' }));
  await eventually('the trade is in', () => engine.status.counts().trades === 1);
  await engine.stored();
  const known = await engine.predictions.sql(
    'SELECT trades, trade_pnl_pips FROM ml_predictions WHERE trades > 0',
    'acme',
  );
  assert.equal(known.length, 1);
  assert.ok(Math.abs(Number(known[0]!['trade_pnl_pips']) - 1_000) < 1e-6);

  // While the engine is away the broker keeps what comes; what was published before is not published again.
  await engine.stop();
  await jetstream.publish('suho.market.acme.EURUSD', body(bars.slice(1_250)));
  engine = await openEngine(t, folder, config, {});
  natsFeedOf(engine).start(engine.messaging!);
  await eventually('the rest is in', () => heard.length === 100);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(new Set(heard.map(({ prediction_id: id }) => id)).size, 100);
  assert.equal(engine.instruments.barsOf(seriesId), 1_300);
  assert.deepEqual(zenHeard, [], 'another tenant heard nothing');
  subscription.unsubscribe();
});

test('a journal at its size keeps NATS messages waiting and takes them in order once there is room', async (t) => {
  const server = await startServer(t, 'nats');
  if (server === undefined) return;
  const config = {
    nats: { url: `nats://127.0.0.1:${server.port}`, ...ENGINE },
    inference: PATIENT,
  };
  const folder = temporaryFolder(t);
  let engine = await openEngine(t, folder, { ...config, journal: { maxMegabytes: 0.2 } }, {});
  natsFeedOf(engine).start(engine.messaging!);
  await eventually('NATS is connected', () => engine.messaging!.error === undefined);
  const acme = await login(server.port, 'acme', 'acme-secret');
  afterTest(t, () => acme.close());
  for (let i = 0; i < 1_300; i += 50)
    await acme.jetstream().publish('suho.market.acme.EURUSD', body(bars.slice(i, i + 50)));
  await eventually('the journal is full', () => engine.journal.stats().refused > 2);
  assert.ok(engine.instruments.barsOf('acme@published/EURUSD/1h') < 1_300);
  await engine.stop();
  engine = await openEngine(t, folder, config, {});
  natsFeedOf(engine).start(engine.messaging!);
  await eventually('all bars are in', () => engine.instruments.barsOf('acme@published/EURUSD/1h') === 1_300);
  assert.deepEqual([engine.status.counts().late, engine.status.counts().rejected], [0, 0]);
});

test('Redis has the newest signal and row of each series; a tenant’s login sees its own keys only', async (t) => {
  const server = await startServer(t, 'redis');
  if (server === undefined) return;
  const url = `redis://127.0.0.1:${server.port}`;
  const engine = await openEngine(t, temporaryFolder(t), { redis: { url }, inference: PATIENT }, {});
  const admin = new Redis(url);
  afterTest(t, () => admin.disconnect());
  for (const tenantId of ['acme', 'zen']) {
    const group = await engine.instruments.follow({
      feed: 'published',
      owner: tenantId,
      symbol: 'EURUSD',
      base: '1h',
      tenantId,
      timeframe: '1h',
    });
    engine.intake.ingestBars(group, bars.slice(0, 600));
  }
  await engine.settled();
  await engine.stored();
  const value = await admin.get('suho:acme:features:published:EURUSD:1h');
  const row = JSON.parse(value!.slice(16)) as { closeTime: number; features: Record<string, number> };
  assert.equal(row.closeTime, bars[599]!.openTime + HOUR);
  assert.equal(Number(value!.slice(0, 15)), row.closeTime);
  const [stored] = await engine.features.sql(
    `SELECT rsi_14 AS x FROM ml_features WHERE tenant_id = 'acme' ORDER BY bar_open_time DESC LIMIT 1`,
  );
  assert.ok(Math.abs(row.features['rsi_14']! - Number(stored!['x'])) < 1e-4);
  assert.ok((await admin.ttl('suho:acme:features:published:EURUSD:1h')) > 0, 'it is forgotten by itself');

  await admin.call(
    'ACL',
    'SETUSER',
    'acme',
    'on',
    '>acme-secret',
    '~suho:acme:*',
    '&suho:acme:*',
    '+get',
    '+set',
    '+subscribe',
    '+keys',
  );
  const acme = new Redis(`redis://acme:acme-secret@127.0.0.1:${server.port}`, { enableReadyCheck: false });
  afterTest(t, () => acme.disconnect());
  assert.ok(await acme.get('suho:acme:features:published:EURUSD:1h'));
  const zenKey = 'suho:zen:features:published:EURUSD:1h';
  assert.ok(await admin.exists(zenKey));
  await assert.rejects(acme.get(zenKey), /NOPERM/);
  await assert.rejects(acme.set(zenKey, 'x'), /NOPERM/);
  await assert.rejects(acme.subscribe(zenKey), /NOPERM/);
});

// The engine's own process killed in mid-stream, on real servers.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { connect } from 'nats';
import type { SignalJson as ProtoSignal } from '../../engine/api/signal-encoding.js';
import type { ConfigInput } from '../../engine/config.js';
import { applySchemas } from '../../engine/database/schemas.js';
import { PostgresPredictionStore } from '../../engine/prediction-store/postgres-prediction-store.js';
import { afterTest } from '../support/cleanup.js';
import { startCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { adminUrl, engineUrl, makeEngineLogin, startServer } from '../support/servers.js';
import { eventually, protoBars } from '../support/served.js';

const HOUR = 3_600_000;
const TRAINED = 1_200;
const bars = inventedBars(2_000, { momentum: 0.7, seed: 91 });

test('an engine killed -9 again and again while bars and trades come over NATS loses none, and repeats nothing', async (t) => {
  const nats = await startServer(t, 'nats');
  const postgres = await startServer(t, 'postgresql');
  if (nats === undefined || postgres === undefined) return;
  await applySchemas({ connectionString: adminUrl(postgres.port) });
  await makeEngineLogin(postgres.port);
  const data = path.join(temporaryFolder(t), 'data');
  const config: ConfigInput = {
    postgres: { url: engineUrl(postgres.port) },
    nats: {
      url: `nats://127.0.0.1:${nats.port}`,
      username: 'engine',
      password: 'engine-secret',
      inboxPrefix: '_INBOX_engine',
    },
    simulator: { enabled: false },
    grpc: { port: 0 },
    // Every bar has its signal, also on a machine too busy for the usual deadline.
    inference: { deadlineMs: 60_000 },
  };
  const file = path.join(path.dirname(data), 'suho.config.json');
  writeFileSync(file, JSON.stringify(config));

  const first = await openEngine(t, data, config, {});
  const group = await first.instruments.follow({
    feed: 'published',
    owner: 'acme',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'acme',
    timeframe: '1h',
  });
  await first.intake.ingestBars(group, bars.slice(0, TRAINED)).done();
  await first.settled();
  await first.training.train(`${group}/1h`, bars[TRAINED - 1]!.openTime + HOUR);
  await first.stop();

  const start = (): ChildProcess => {
    const child = startCommand(['start', '--config', file, '--data', data]);
    child.stdout!.resume();
    child.stderr!.resume();
    return child;
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await ended;
  };
  const acme = await connect({ servers: `127.0.0.1:${nats.port}`, user: 'acme', pass: 'acme-secret' });
  afterTest(t, () => acme.close());
  const heard = new Map<string, ProtoSignal>();
  acme.subscribe('suho.signals.acme.>', {
    callback: (_error, message) => {
      const signal = message.json<ProtoSignal>();
      heard.set(signal.prediction_id, signal);
    },
  });
  const jetstream = acme.jetstream();
  let engine = start();
  afterTest(t, () => engine.kill('SIGKILL'));
  let kills = 0;
  let trades = 0;
  for (let i = TRAINED; i < bars.length; i += 4) {
    const message = { timeframe: '1h', bars: protoBars(bars.slice(i, i + 4)) };
    await jetstream.publish('suho.market.acme.EURUSD', JSON.stringify(message));
    if (i % 40 === 0 && heard.size > trades) {
      const signal = [...heard.values()][trades]!;
      const trade = {
        trade_id: `k${trades++}`,
        prediction_id: signal.prediction_id,
        side: 'LONG',
        quantity: 1,
        entry_time: signal.bar_close_time,
        entry_price: 1,
        exit_time: signal.bar_close_time + 1,
        exit_price: 1.01,
      };
      await jetstream.publish('suho.trades.acme', JSON.stringify(trade));
    }
    // Something to trade on, however slow the first start was.
    if (i === TRAINED + 40) await eventually('signals are heard', () => heard.size >= 10);
    // At any moment: some of these fall into a start, some into the load.
    if (i % 160 === 0) {
      await new Promise((resolve) => setTimeout(resolve, 900 + 400 * kills));
      await end(engine, 'SIGKILL');
      kills++;
      engine = start();
    }
  }
  const owner = await connect({ servers: `127.0.0.1:${nats.port}`, user: 'admin', pass: 'admin-secret' });
  afterTest(t, () => owner.close());
  const manager = await owner.jetstreamManager();
  await eventually('all that was published is taken', async () => {
    const market = await manager.consumers.info('SUHO_MARKET', 'suho');
    const traded = await manager.consumers.info('SUHO_TRADES', 'suho');
    return (
      market.num_pending + market.num_ack_pending === 0 && traded.num_pending + traded.num_ack_pending === 0
    );
  });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await end(engine, 'SIGTERM');
  assert.ok(kills >= 5, `${kills} kills`);
  assert.ok(trades >= 5, `${trades} trades`);

  const last = await openEngine(t, data, config, {});
  await last.stored();
  assert.equal(last.instruments.barsOf(`${group}/1h`), bars.length, 'every bar, once');
  const [rows] = await last.features.sql('SELECT count() AS n, uniq(bar_open_time) AS u FROM ml_features');
  assert.deepEqual([Number(rows!['n']), Number(rows!['u'])], [bars.length, bars.length]);
  const store = new PostgresPredictionStore({ connectionString: engineUrl(postgres.port) });
  const stored = await store.sql('SELECT prediction_id, trades FROM ml_predictions', 'acme');
  const results = await store.sql('SELECT trade_id FROM trade_results', 'acme');
  await store.close();
  const { state } = await manager.streams.info('SUHO_SIGNALS');
  const ids = new Set(stored.map((row) => row['prediction_id']));
  assert.equal(ids.size, stored.length);
  assert.equal(state.messages, stored.length, 'each signal is in the stream once');
  for (const id of heard.keys()) assert.ok(ids.has(id), 'what was published is stored');
  assert.equal(stored.length, bars.length - TRAINED, 'every bar has its signal');
  assert.equal(results.length, trades, 'every trade, once');
  assert.equal(
    stored.reduce((sum, row) => sum + Number(row['trades']), 0),
    trades,
  );
});

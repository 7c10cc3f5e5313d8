import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AckPolicy, DeliverPolicy, connect, type NatsConnection } from 'nats';
import { loadConfig } from '../engine/config.js';
import { Engine } from '../engine/engine.js';
import { natsFeedOf } from '../engine/feeds/engine-intake.js';
import { inventedBars } from '../test/support/markets.js';
import { protoBars } from '../test/support/served.js';
import { paired, report } from './report.js';
import { withServer } from './with-server.js';

const MESSAGES = 20_000;
/** Publishes that are under way at once. */
const PUBLISHES = 256;
const ROUNDS = 3;
const AIM = 10_000;
/** Of messages of one bar: the symbols they are of. */
const SYMBOLS = [1, 20] as const;

interface Stream {
  readonly tenant: string;
  readonly symbols: number;
  readonly barsInMessage: number;
}

/** Bars in over NATS, each message acknowledged once it is durable, beside a consumer that acknowledges and does nothing. */
export async function benchNats(): Promise<void> {
  const lines: string[] = [];
  const result: Record<string, object> = {};
  await withServer('nats', lines, async (port) => {
    const admin = await connect({ servers: `127.0.0.1:${port}`, user: 'admin', pass: 'admin-secret' });
    try {
      await measure(port, admin, lines, result);
    } finally {
      await admin.close();
    }
  });
  report('nats', lines, result);
}

async function measure(
  port: number,
  admin: NatsConnection,
  lines: string[],
  result: Record<string, object>,
): Promise<void> {
  let run = 0;
  for (const [symbols, barsInMessage] of [...SYMBOLS.map((n) => [n, 1] as const), [20, 20] as const]) {
    const { ours, peer } = await paired(
      ROUNDS,
      async () => await engineRate(port, admin, { tenant: `bench${run++}`, symbols, barsInMessage }),
      async () => await floorRate(admin, `floor${run}`),
    );
    const name = `${symbols} symbols, ${barsInMessage} bars a message`;
    result[name] = { perSecond: ours, floorPerSecond: peer };
    const verdict = ours >= AIM ? 'reached' : 'missed';
    const aim = barsInMessage > 1 ? '' : ` (aim ${AIM}, ${verdict})`;
    lines.push(
      `${name}: ${ours.toFixed(0)} messages/s${aim}; acknowledged and thrown away ${peer.toFixed(0)}`,
    );
  }
}

function messagesOf({ barsInMessage }: Stream): number {
  return MESSAGES / barsInMessage;
}

async function publish(admin: NatsConnection, stream: Stream): Promise<void> {
  const { tenant, symbols, barsInMessage } = stream;
  const jetstream = admin.jetstream();
  const count = messagesOf(stream);
  const bars = inventedBars(Math.ceil(count / symbols) * barsInMessage, { lengthMs: 60_000 });
  let flying: Promise<unknown>[] = [];
  for (let i = 0; i < count; i++) {
    const first = Math.floor(i / symbols) * barsInMessage;
    const body = { timeframe: '1m', bars: protoBars(bars.slice(first, first + barsInMessage)) };
    flying.push(jetstream.publish(`suho.market.${tenant}.S${i % symbols}`, JSON.stringify(body)));
    if (flying.length < PUBLISHES) continue;
    await Promise.all(flying);
    flying = [];
  }
  await Promise.all(flying);
}

/** Messages a second into an engine: journalled, its features computed, acknowledged. */
async function engineRate(port: number, admin: NatsConnection, stream: Stream): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-bench-'));
  const engine = await Engine.open(
    loadConfig(
      undefined,
      {},
      {
        data: folder,
        log: 'silent',
        training: { firstModels: false },
        nats: {
          url: `nats://127.0.0.1:${port}`,
          username: 'engine',
          password: 'engine-secret',
          inboxPrefix: '_INBOX_engine',
          consumer: stream.tenant,
        },
      },
    ),
  );
  try {
    while (engine.messaging!.error !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    await admin.jetstreamManager().then(async (manager) => await manager.streams.purge('SUHO_MARKET'));
    await publish(admin, stream);
    const start = performance.now();
    natsFeedOf(engine).start(engine.messaging!);
    const all = messagesOf(stream) * stream.barsInMessage;
    while (engine.intake.counts().bars < all) await new Promise((resolve) => setTimeout(resolve, 5));
    while (engine.messaging!.counts().held > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    return (messagesOf(stream) * 1000) / (performance.now() - start);
  } finally {
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Messages a second through a consumer of the same client library that acknowledges each and does nothing with it. */
async function floorRate(admin: NatsConnection, name: string): Promise<number> {
  const manager = await admin.jetstreamManager();
  const { state } = await manager.streams.info('SUHO_MARKET');
  await manager.consumers.add('SUHO_MARKET', {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    max_ack_pending: 1_024,
  });
  const consumer = await admin.jetstream().consumers.get('SUHO_MARKET', name);
  const start = performance.now();
  let taken = 0;
  const messages = await consumer.consume({ max_messages: 1_024 });
  for await (const message of messages) {
    message.ack();
    if (++taken === state.messages) break;
  }
  const rate = (taken * 1000) / (performance.now() - start);
  await consumer.delete();
  return rate;
}

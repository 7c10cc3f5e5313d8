import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { status, type ServiceError } from '@grpc/grpc-js';
import type { Bar } from '../../actors/market/bar.js';
import type { PublishAck__Output as PublishAck } from '../../engine/api/generated/suho/v1/PublishAck.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { TestClient, eventually, protoBars } from '../support/served.js';
import { startEngine } from '../support/started.js';

const bars = inventedBars(1_000, { seed: 91 });

/** The real command, serving clients. */
class Served {
  readonly data: string;
  readonly child: ChildProcess;
  readonly client: TestClient;
  readonly ended: Promise<number | null>;

  private constructor(data: string, child: ChildProcess, port: number) {
    this.data = data;
    this.child = child;
    this.client = new TestClient(port);
    this.ended = new Promise((resolve) => child.once('close', resolve));
  }

  static async start(t: TestContext, config: object): Promise<Served> {
    const { child, data, output } = startEngine(t, temporaryFolder(t), config, {
      args: ['--no-simulator'],
    });
    await eventually('it serves', () => output().includes('serving gRPC'), 120_000);
    return new Served(data, child, Number(/serving gRPC on [\d.]+:(\d+)/.exec(output())![1]));
  }

  /** Publishes bars of a symbol and returns how many were accepted; undefined while the journal is full. */
  async publish(symbol: string, rows: readonly Bar[]): Promise<number | undefined> {
    const call = this.client.bars();
    return await new Promise((resolve, reject) => {
      call.on('data', ({ accepted }: PublishAck) => resolve(accepted));
      call.on('error', (error: ServiceError) => {
        if (error.code === status.RESOURCE_EXHAUSTED) resolve(undefined);
        else reject(error);
      });
      call.write({ request_id: 1, symbol, timeframe: 'TIMEFRAME_1H', bars: protoBars(rows) });
      call.end();
    });
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.client.close();
    this.child.kill(signal);
    return await this.ended;
  }
}

test('after a purge and kill -9 an instrument without a snapshot is where it was, like one that has many', async (t) => {
  const served = await Served.start(t, { journal: { maxMegabytes: 1 } });
  // The small journal may be full for a moment, as a client would see it.
  const take = async (symbol: string, rows: readonly Bar[]): Promise<void> =>
    await eventually('bars are taken', async () => (await served.publish(symbol, rows)) === rows.length);
  await take('USDJPY', bars.slice(0, 60));
  for (let i = 0; i < 600; i += 20) await take('EURUSD', bars.slice(i, i + 20));
  await take('GBPUSD', bars.slice(0, 7));
  await served.end('SIGKILL');

  const engine = await openEngine(t, served.data, {}, {});
  const counts = ['USDJPY', 'EURUSD', 'GBPUSD'].map((symbol) =>
    engine.instruments.barsOf(`default@published/${symbol}/1h`),
  );
  assert.deepEqual(counts, [60, 600, 7]);
  await engine.stored();
  const stored = await engine.features.sql(
    'SELECT symbol, count() AS n FROM ml_features FINAL GROUP BY symbol ORDER BY symbol',
  );
  assert.deepEqual(
    stored.map((row) => [row['symbol'], Number(row['n'])]),
    [
      ['EURUSD', 600],
      ['GBPUSD', 7],
      ['USDJPY', 60],
    ],
  );
  for (const [symbol, next] of [
    ['USDJPY', 60],
    ['EURUSD', 600],
    ['GBPUSD', 7],
  ] as const)
    assert.equal(
      engine.intake.ingestBars(`default@published/${symbol}`, bars.slice(next, next + 1)).accepted,
      1,
    );
});

test('what was acknowledged just before SIGTERM is in the store when the process has ended', async (t) => {
  const served = await Served.start(t, {});
  assert.equal(await served.publish('EURUSD', bars.slice(0, 900)), 900);
  assert.equal(await served.end('SIGTERM'), 0);
  const { stdout, stderr } = await runCommand([
    'sql',
    'features',
    'SELECT count() AS n FROM ml_features FINAL',
    '--json',
    '--data',
    served.data,
  ]);
  assert.match(stdout, /"n":\s*"?900"?/, stderr);
});

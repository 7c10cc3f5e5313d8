import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, credentials } from '@grpc/grpc-js';
import fc from 'fast-check';
import { TIMEFRAMES } from '../../actors/market/timeframe.js';
import type { EngineHealth__Output as EngineHealth } from '../../engine/api/generated/suho/v1/EngineHealth.js';
import { followPlan } from '../../engine/feeds/follow-plan.js';
import { loadConfig } from '../../engine/config.js';
import { whenTaken } from '../../engine/feeds/backpressure.js';
import { SuhoError } from '../../engine/errors.js';
import { afterTest } from '../support/cleanup.js';
import { MAIN, runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { TestClient, eventually } from '../support/served.js';
import { freePort } from '../support/servers/ports.js';
import { startEngine } from '../support/started.js';

test('what tenants follow does not depend on the order they and their series are in', () => {
  const series = fc.record({
    feed: fc.constantFrom('simulated', 'polygon'),
    symbol: fc.constantFrom('EURUSD', 'GBPUSD'),
    timeframe: fc.constantFrom(...TIMEFRAMES),
  });
  const tenants = fc.uniqueArray(fc.constantFrom('acme', 'zen', 'ops'), { minLength: 1 }).chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc.record({
          id: fc.constant(id),
          series: fc.uniqueArray(series, {
            selector: (s) => JSON.stringify([s.feed, s.symbol, s.timeframe]),
          }),
        }),
      ),
    ),
  );
  const sorted = (plan: readonly object[]): string[] =>
    plan.map((one) => JSON.stringify(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
  fc.assert(
    fc.property(
      tenants.chain((given) =>
        fc.tuple(
          fc.constant(given),
          fc.shuffledSubarray(given, { minLength: given.length }),
          fc.infiniteStream(fc.nat()),
        ),
      ),
      ([given, shuffled, numbers]) => {
        const next = (): number => numbers.next().value ?? 0;
        const other = shuffled.map(({ id, series: own }) => ({
          id,
          series: own
            .map((s) => [next(), s] as const)
            .sort(([a], [b]) => a - b)
            .map(([, s]) => s),
        }));
        const plan = followPlan(loadConfig(undefined, {}, { tenants: given }).tenants);
        assert.deepEqual(
          sorted(followPlan(loadConfig(undefined, {}, { tenants: other }).tenants)),
          sorted(plan),
        );
        for (const { feed, symbol, base, timeframe } of plan) {
          assert.ok(TIMEFRAMES.indexOf(base) <= TIMEFRAMES.indexOf(timeframe));
          const isFollowed = plan.some(
            (one) => one.feed === feed && one.symbol === symbol && one.timeframe === base,
          );
          // What Polygon sends is minutes, whoever follows them.
          assert.ok(feed === 'polygon' ? base === '1m' : isFollowed);
        }
      },
    ),
  );
});

test('an engine that is full or recovering makes a feed wait, and every other error does not', async () => {
  for (const code of ['JOURNAL_FULL', 'OVERLOADED'] as const) {
    let refusals = 3;
    const told: string[] = [];
    const taken = await whenTaken(
      () => {
        if (refusals-- > 0) throw new SuhoError(code, 'later');
        return 'taken';
      },
      { onWait: (error) => told.push(error.code) },
    );
    assert.deepEqual([taken, told], ['taken', [code]]);
    let stopped = false;
    const givenUp = whenTaken(
      () => {
        stopped = true;
        throw new SuhoError(code, 'later');
      },
      { isStopped: () => stopped },
    );
    assert.equal(await givenUp, undefined);
    const failing = (): never => {
      throw new SuhoError(code, 'later');
    };
    await assert.rejects(whenTaken(failing, { msMax: 0 }), /later/);
  }
  const wrong = (): never => {
    throw new SuhoError('STOPPING', 'stopping');
  };
  await assert.rejects(whenTaken(wrong), /stopping/);
});

test('simulated symbols of any tenant are trained once, a signal to stop drains, and the next start takes up', async (t) => {
  const folder = temporaryFolder(t);
  const config = {
    training: { folds: 1 },
    simulator: { symbols: ['EURUSD', 'GBPUSD'], historyBars: 1_300 },
    tenants: [
      { id: 'acme', series: [{ symbol: 'EURUSD', timeframe: '1h' }] },
      { id: 'zen', series: [{ symbol: 'GBPUSD', timeframe: '1h' }] },
    ],
  };
  const first = startEngine(t, folder, config);
  await eventually('it serves', () => first.output().includes('serving gRPC'), 300_000);
  assert.match(first.output(), /trained .* for EURUSD/);
  assert.match(first.output(), /trained .* for GBPUSD/);
  first.child.kill('SIGTERM');
  assert.equal(await first.ended, 0, first.output());
  // Signals of what was in progress may come in between.
  assert.match(first.output(), /draining\n[^]*stopped\n$/);

  const second = startEngine(t, folder, { ...config, tenants: config.tenants.toReversed() });
  await eventually('it serves again', () => second.output().includes('serving gRPC'), 300_000);
  assert.doesNotMatch(second.output(), /trained|inventing/);
  second.child.kill('SIGTERM');
  assert.equal(await second.ended, 0, second.output());
});

test('an engine that trains and serves writes nothing outside its data folder', async (t) => {
  const folder = temporaryFolder(t);
  const home = temporaryFolder(t);
  const config = { training: { folds: 1 }, simulator: { symbols: ['EURUSD'], historyBars: 1_300 } };
  // ONNX Runtime keeps its reports to itself in CI, and this process was told to as well.
  const shy = { CI: '', TF_BUILD: '', GITHUB_ACTIONS: '', ORT_DISABLE_TELEMETRY: '' };
  const homes = { HOME: home, XDG_CACHE_HOME: '', XDG_CONFIG_HOME: '', XDG_DATA_HOME: '' };
  const started = startEngine(t, folder, config, { variables: { ...shy, ...homes } });
  await eventually('it serves', () => started.output().includes('serving gRPC'), 300_000);
  started.child.kill('SIGTERM');
  assert.equal(await started.ended, 0, started.output());
  assert.deepEqual(readdirSync(home, { recursive: true }), []);
});

test('tenants in any order start, and a signal to stop in the middle of the start drains too', async (t) => {
  const tenants = [
    { id: 'acme', series: [{ feed: 'polygon', symbol: 'EURUSD', timeframe: '1h' }] },
    { id: 'zen', series: [{ feed: 'polygon', symbol: 'EURUSD', timeframe: '5m' }] },
  ];
  for (const ordered of [tenants, tenants.toReversed()]) {
    const started = startEngine(t, temporaryFolder(t), { simulator: { enabled: false }, tenants: ordered });
    await eventually('it serves', () => started.output().includes('serving gRPC'), 120_000);
    started.child.kill('SIGTERM');
    assert.equal(await started.ended, 0, started.output());
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const started = startEngine(t, temporaryFolder(t), {
      simulator: { symbols: ['EURUSD'], historyBars: 50_000 },
    });
    await eventually('it prepares', () => started.output().includes('inventing'), 120_000);
    started.child.kill(signal);
    assert.equal(await started.ended, 0, started.output());
    assert.match(started.output(), /draining\n[^]*stopped\n$/);
  }
});

/** The command line of a process; empty when there is none of that number. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

const script = '/usr/bin/script';
const noScript = platform() !== 'linux' || !existsSync(script) ? 'it needs script of util-linux' : false;

test('an engine whose terminal is closed drains', { skip: noScript }, async (t) => {
  const folder = temporaryFolder(t);
  const [log, config] = [join(folder, 'log'), join(folder, 'config.json')];
  writeFileSync(config, JSON.stringify({ simulator: { enabled: false }, console: { enabled: false } }));
  const engine = `exec ${process.execPath} ${MAIN} start --config ${config} --data ${join(folder, 'data')} --port 0`;
  const terminal = spawn(script, ['--quiet', '--command', `${engine} > ${log} 2>&1`, '/dev/null'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  afterTest(t, () => terminal.kill('SIGKILL'));
  const output = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  await eventually('it serves', () => output().includes('serving gRPC'), 120_000);
  terminal.kill('SIGKILL');
  await eventually('it stops', () => /draining\n[^]*stopped\n$/.test(output()), 120_000);
  const isOver = (): boolean => readdirSync('/proc').every((pid) => !commandOf(pid).includes(folder));
  await eventually('nothing of it is left', isOver, 120_000);
  assert.match(output(), /stopped\n$/);
});

test('while history is made the started engine says preparing and is not SERVING, and serves after', async (t) => {
  const port = await freePort();
  const started = startEngine(
    t,
    temporaryFolder(t),
    { simulator: { symbols: ['EURUSD'], historyBars: 1_300 }, training: { folds: 1 } },
    { args: ['--port', String(port)] },
  );
  const client = new TestClient(port);
  const raw = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  afterTest(t, () => {
    client.close();
    raw.close();
  });
  const state = async (): Promise<string> =>
    await client
      .call<EngineHealth>('EngineService', 'GetHealth', {})
      .then((health) => health.state)
      .catch(() => 'away');
  /** Status of the standard health service: 1 is SERVING, 2 NOT_SERVING. */
  const standard = async (): Promise<number | undefined> =>
    await new Promise((resolve, reject) => {
      const bytes = (given: Buffer): Buffer => given;
      const path = '/grpc.health.v1.Health/Check';
      raw.makeUnaryRequest<Buffer, Buffer>(path, bytes, bytes, Buffer.alloc(0), (error, answer) =>
        error === null ? resolve(answer?.[1]) : reject(error),
      );
    });
  const seen = new Set<string>();
  await eventually(
    'it serves',
    async () => {
      const before = started.output().includes('serving gRPC');
      const now = await state();
      if (now === 'preparing') {
        const answer = await standard();
        // It may have come to serve between the two answers.
        if ((await state()) === 'preparing') assert.equal(answer, 2);
      }
      seen.add(now);
      assert.ok(
        before || now !== 'serving' || started.output().includes('trained'),
        'serving before it was prepared',
      );
      return now === 'serving';
    },
    300_000,
  );
  assert.ok(seen.has('preparing'), [...seen].join());
  assert.equal(await standard(), 1);
  started.child.kill('SIGTERM');
  assert.equal(await started.ended, 0, started.output());
});

test('a start without the simulator says what it waits for, and what was begun is said again after a restart', async (t) => {
  const folder = temporaryFolder(t);
  const config = { simulator: { enabled: false }, training: { folds: 1 } };
  const first = startEngine(t, folder, config);
  await eventually('it serves', () => first.output().includes('first model by itself'), 120_000);
  assert.match(first.output(), /no data yet: publish bars or quotes over gRPC\n/);
  assert.match(first.output(), /a series gets its first model by itself: .*799 bars of 1h, 4h, 1d\n/);
  const port = Number(/serving gRPC on [\d.]+:(\d+)/.exec(first.output())![1]);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  await client.publish(inventedBars(410));
  const told = (bars: number): RegExp =>
    new RegExp(`^default@published/EURUSD/1h: ${bars} of the 799 bars .*, ${799 - bars} are missing$`, 'm');
  await eventually('half is there', () => told(400).test(first.output()), 60_000);
  const lines = first.output().match(/bars that make its first model/g) ?? [];
  assert.equal(lines.length, 3, first.output());
  const status = await runCommand(['status', '--address', `127.0.0.1:${port}`]);
  assert.match(status.stdout, told(410));
  assert.equal(status.code, 0, status.stdout);
  first.child.kill('SIGTERM');
  assert.equal(await first.ended, 0, first.output());

  const second = startEngine(t, folder, { ...config, training: { firstModels: false } });
  await eventually('it serves', () => second.output().includes('serving gRPC'), 120_000);
  await eventually('it says so', () => /410 bars, but no model/.test(second.output()), 60_000);
  assert.match(second.output(), /training\.firstModels is off: no series gets a model by itself\n/);
  assert.doesNotMatch(second.output(), /no data yet/);
});

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import type { Bar } from '../../actors/market/bar.js';
import { SYSTEM_CLOCK, type Clock } from '../../engine/clock.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Engine } from '../../engine/engine.js';
import { polygonFeedOf } from '../../engine/feeds/engine-intake.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { MONDAY, inventedBars } from '../support/markets.js';
import { PolygonServer, TEST_KEY, type Aggregate } from '../support/polygon-server.js';

const MINUTE = 60_000;
const INSTRUMENT = 'polygon/EURUSD';
/** Minutes of the market before the engine comes. */
const PAST = 200;
const START = MONDAY + PAST * MINUTE;

/** Timers that notice a dead peer: a busy machine must not look like one. */
const PEER_MS = 10_000;

/** A clock that begins at a time of the market and runs faster than ours, but for the timers of connections. */
function fastClock(from: number, speed: number): Clock & { advance(ms: number): void } {
  const began = performance.now();
  let ahead = 0;
  const now = (): number => Math.floor(from + ahead + (performance.now() - began) * speed);
  return {
    now,
    monotonic: now,
    setTimeout: (run, ms) => SYSTEM_CLOCK.setTimeout(run, ms < PEER_MS ? ms / speed : ms),
    setImmediate: (run) => SYSTEM_CLOCK.setImmediate(run),
    advance: (ms) => void (ahead += ms),
  };
}

const MARKET = inventedBars(PAST + 100, { lengthMs: MINUTE });

function aggregate({ openTime: t, open: o, high: h, low: l, close: c, volume: v }: Bar): Aggregate {
  return { t, o, h, l, c, v, n: v };
}

/** A minute's bar as the live channel CA carries it. */
function event(bar: Bar): object {
  const { t: s, o, h, l, c, v } = aggregate(bar);
  return { ev: 'CA', pair: 'EUR/USD', o, h, l, c, v, s, e: s + MINUTE };
}

/** The bars as an engine has them: what Polygon does not say is unknown. */
function expected(from: number, to: number): Bar[] {
  return MARKET.slice(from, to).map((bar) => ({ ...bar, tickCount: NaN, bid: NaN, ask: NaN }));
}

interface Setting {
  readonly server: PolygonServer;
  readonly engine: Engine;
  readonly clock: ReturnType<typeof fastClock>;
}

async function live(
  t: TestContext,
  polygon: ConfigInput['polygon'] = {},
  { key = TEST_KEY, server }: { readonly key?: string; readonly server?: PolygonServer } = {},
): Promise<Setting> {
  const polygonServer = server ?? (await PolygonServer.start(t));
  if (!polygonServer.aggregates.has('C:EURUSD'))
    polygonServer.aggregates.set('C:EURUSD', MARKET.slice(0, PAST).map(aggregate));
  const engine = await openEngine(t, temporaryFolder(t), {
    simulator: { enabled: false },
    polygon: {
      tickers: ['C:EURUSD'],
      timeframes: ['5m'],
      historyDays: 1,
      restUrl: polygonServer.restUrl,
      webSocketUrl: polygonServer.webSocketUrl,
      ...polygon,
    },
  });
  const clock = fastClock(START + 5_000, 20);
  const feed = polygonFeedOf(engine, key, clock);
  await feed.start('default');
  afterTest(t, () => feed.stop());
  return { server: polygonServer, engine, clock };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; !condition(); i++) {
    assert.ok(i < 2_000, `never ${what}`);
    await sleep(20);
  }
}

function barsIn(engine: Engine): number {
  return engine.instruments.barsOf(`${INSTRUMENT}/1m`);
}

async function storedBars(engine: Engine): Promise<Bar[]> {
  await engine.settled();
  await engine.stored();
  const series = seriesIdentity(`${INSTRUMENT}/1m`);
  return await engine.features.barsAfter(series, -Infinity, 10_000);
}

test('history comes by REST, live minutes by WebSocket, and the gap of a cut connection by REST again', async (t) => {
  const { server, engine, clock } = await live(t);
  await until(() => barsIn(engine) >= PAST - 1, 'history');
  await until(() => server.subscribed.length === 1, 'subscribed');
  assert.deepEqual(server.subscribed, ['CA.EUR-USD']);
  assert.deepEqual(engine.status.sources(), [{ name: 'polygon forex', error: undefined }]);

  // The last minute before the connection may come by both ways; the next ones live.
  server.aggregates.set('C:EURUSD', MARKET.slice(0, PAST + 1).map(aggregate));
  for (const bar of MARKET.slice(PAST - 1, PAST + 3)) server.send('forex', event(bar));
  await until(() => barsIn(engine) === PAST + 3, 'live bars');

  // Away until it was noticed: a new connection may be there sooner than one looks.
  server.isAway = true;
  server.cut('forex');
  await until(() => !server.isConnected('forex') && engine.status.sources()[0]!.error !== undefined, 'away');
  assert.match(engine.status.sources()[0]!.error!, /^Polygon forex closed the connection$/);
  server.isAway = false;
  // Ten minutes of market pass without a connection. One of them has no bar: nothing was quoted.
  const missing = PAST + 8;
  const known = MARKET.filter((_, i) => i < PAST + 13 && i !== missing);
  server.aggregates.set('C:EURUSD', known.map(aggregate));
  clock.advance(10 * MINUTE);
  await until(() => server.isConnected('forex'), 'connected again');
  // The last minute of the gap comes by both ways, twice.
  for (const bar of [...MARKET.slice(PAST + 12, PAST + 15), MARKET[PAST + 14]!])
    server.send('forex', event(bar));
  await until(() => barsIn(engine) === PAST + 14, 'the gap filled');
  assert.equal(engine.status.sources()[0]!.error, undefined);

  const bars = await storedBars(engine);
  assert.deepEqual(bars, [...expected(0, missing), ...expected(missing + 1, PAST + 15)]);
  const { late, conflicts, rejected } = engine.intake.counts();
  assert.deepEqual({ late, conflicts, rejected }, { late: 0, conflicts: 0, rejected: 0 });
  assert.ok(engine.instruments.barsOf(`${INSTRUMENT}/5m`) > PAST / 5 - 1, 'longer bars are built');
});

test('a bar that Polygon corrects later, and rows that no market has, change nothing and are counted', async (t) => {
  const { server, engine } = await live(t);
  await until(() => server.subscribed.length === 1 && barsIn(engine) >= PAST - 1, 'subscribed');
  const [first, second] = MARKET.slice(PAST, PAST + 2) as [Bar, Bar];
  // In seconds: not a time that could begin the live stream.
  server.send('forex', { ...event(first), s: first.openTime / 1_000, e: first.openTime / 1_000 + 60 });
  server.send('forex', event(first));
  await until(() => barsIn(engine) === PAST + 1, 'a live bar');
  const { c: _, ...noClose } = event(second) as Record<string, unknown>;
  server.send(
    'forex',
    { ...event(first), c: first.close * 1.0001, h: first.high * 1.001 },
    noClose,
    { ev: 'CA', pair: 'EUR/USD', h: 'high' },
    { ev: 'XT', pair: 'BTC-USD' },
  );
  server.send('forex', { ...event(second), e: second.openTime + 1_000 });
  server.send('forex', event(second));
  await until(() => barsIn(engine) === PAST + 2, 'the next bar');
  assert.deepEqual((await storedBars(engine)).slice(PAST), expected(PAST, PAST + 2));
  const { conflicts, rejected } = engine.intake.counts();
  assert.deepEqual({ conflicts, rejected }, { conflicts: 1, rejected: 4 });
});

test('quotes make the bars; the minutes around a new connection are those of REST', async (t) => {
  const { server, engine, clock } = await live(t, { live: 'quotes' });
  await until(() => server.subscribed.length === 1 && barsIn(engine) >= PAST - 1, 'subscribed');
  assert.deepEqual(server.subscribed, ['C.EUR-USD']);
  const quote = (ts: number, bid: number): object => ({
    ev: 'C',
    p: 'EUR/USD',
    x: 48,
    b: bid,
    a: bid + 0.0001,
    t: ts,
  });
  // The connection came in the middle of a minute: that minute is REST's.
  const during = START + 30_000;
  server.send('forex', quote(during, 1.5));
  server.aggregates.set('C:EURUSD', MARKET.slice(0, PAST + 1).map(aggregate));
  const next = START + MINUTE;
  for (const [i, bid] of [1.2, 1.3, 1.1, 1.25].entries()) server.send('forex', quote(next + i * 10_000, bid));
  await until(() => barsIn(engine) === PAST + 1, 'the minute of the connection');
  clock.advance(2 * MINUTE);
  await until(() => barsIn(engine) === PAST + 2, 'the first minute of quotes, closed by the clock');
  const bars = await storedBars(engine);
  assert.deepEqual(bars.slice(PAST, PAST + 1), expected(PAST, PAST + 1));
  const { openTime, open, high, low, close, tickCount } = bars.at(-1)!;
  assert.deepEqual(
    { openTime, open, high, low, close, tickCount },
    { openTime: next, open: 1.2, high: 1.3, low: 1.1, close: 1.25, tickCount: 4 },
  );
});

test('a refused key is said in health', async (t) => {
  const { engine } = await live(t, {}, { key: 'wrong-key-1234567890' });
  const error = (): string => engine.status.sources()[0]?.error ?? '';
  await until(() => /refuses the key/.test(error()), 'refused');
  assert.equal(
    error(),
    'Polygon forex refuses the key (authentication failed); correct POLYGON_API_KEY or the plan',
  );
});

test('a channel outside the plan, and a second program with the key, are said in health', async (t) => {
  const server = await PolygonServer.start(t);
  server.notEntitled.add('CA.EUR-USD');
  const { engine } = await live(t, {}, { server });
  const error = (): string => engine.status.sources()[0]?.error ?? '';
  await until(() => error() !== '' && !error().includes('not connected'), 'said');
  assert.match(error(), /does not give everything .*not authorized to subscribe to CA.EUR-USD/);

  server.notEntitled.clear();
  server.cut('forex');
  await until(() => error() === '', 'mended');
  const other = new WebSocket(`${server.webSocketUrl}/forex`);
  other.on('open', () => other.send(JSON.stringify({ action: 'auth', params: TEST_KEY })));
  afterTest(t, () => other.terminate());
  await until(() => /gave the connection to another program/.test(error()), 'taken over');
});

test('a gap that REST does not give is named in health, and live data goes on', async (t) => {
  const server = await PolygonServer.start(t);
  const message = 'Your plan does not include this data.';
  server.faults.push(...Array.from({ length: 20 }, () => ({ status: 403, body: { message } })));
  const { engine } = await live(t, {}, { server });
  await until(() => server.subscribed.length === 1, 'subscribed');
  for (const bar of MARKET.slice(PAST, PAST + 3)) server.send('forex', event(bar));
  await until(() => barsIn(engine) === 3, 'live bars');
  assert.match(
    engine.status.sources()[0]!.error!,
    /^C:EURUSD has a gap from .*Z to 2024-01-01T03:20:00Z: The plan of the Polygon key does not include this/,
  );
});

// The real `suho start` killed again and again while two tenants publish, against an engine that never broke.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Engine } from '../../engine/engine.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { KilledEngine } from '../support/killed-engine.js';
import { MarketClient, type MarketMessage, type Reach } from '../support/market-client.js';
import { inventedBars } from '../support/markets.js';
import { seeded } from '../support/seeded.js';
import { TestClient, eventually, serve } from '../support/served.js';
import { SignalReader } from '../support/signal-reader.js';

/** Set SUHO_KILLS=10 or more for the figures that are promised. */
const KILLS = Number(process.env['SUHO_KILLS'] ?? 3);
const SEED = Number(process.env['SUHO_SEED'] ?? 5);
/** Bars of history: on 5m bars as many as a training needs, and some. */
const TRAINED = 2_000;
/** Long ago enough that no load reaches today: 2014. */
const SHIFT_MS = 520 * 7 * 86_400_000;

interface Market {
  readonly tenantId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Whether some bars come as quotes. */
  readonly mixed: boolean;
  /** Whether its signals have a model. */
  readonly trained: boolean;
}

const MARKETS: readonly Market[] = [
  { tenantId: 'acme', symbol: 'EURUSD', timeframe: '1h', mixed: false, trained: true },
  { tenantId: 'zen', symbol: 'USDJPY', timeframe: '5m', mixed: true, trained: true },
  { tenantId: 'acme', symbol: 'GBPUSD', timeframe: '5m', mixed: true, trained: false },
  { tenantId: 'zen', symbol: 'EURUSD', timeframe: '1h', mixed: false, trained: false },
];
const TENANTS = ['acme', 'zen'];

const keyOf = (tenantId: string): string => `key-of-${tenantId}`;
const config: ConfigInput = {
  tenants: TENANTS.map((id) => ({
    id,
    apiKeySha256: [createHash('sha256').update(keyOf(id)).digest('hex')],
  })),
  bars: { base: '5m' },
  simulator: { enabled: false },
  // The untrained markets stay without a model.
  training: { folds: 1, firstModels: false },
  // Every bar has its signal, also on a machine too busy for the usual deadline.
  inference: { deadlineMs: 60_000 },
};

function barsOf({ timeframe }: Market, index: number, count: number): Bar[] {
  const bars = inventedBars(count, { momentum: 0.7, seed: SEED + index, lengthMs: timeframeMs(timeframe) });
  return bars.map((bar) => ({ ...bar, openTime: bar.openTime - SHIFT_MS }));
}

function quotesOf({ openTime, open, high, low, close }: Bar): Quote[] {
  return [open, high, low, close].map((bid, i) => ({
    ts: openTime + 1_000 + i * 70_000,
    bid,
    ask: bid * 1.00005,
    bidSize: NaN,
    askSize: NaN,
  }));
}

/** What a market's client sends, one message after the other: bars, quotes of a bar, later with hours asked for too. */
function messagesOf(market: Market, bars: readonly Bar[], from: number): () => MarketMessage {
  const random = seeded(SEED + from + market.symbol.charCodeAt(0));
  let next = from;
  let made = 0;
  return () => {
    const count = 1 + Math.floor(random() * 4);
    const isQuotes = market.mixed && random() < 0.5;
    const rows = bars.slice(next, next + (isQuotes ? 1 : count));
    next += rows.length;
    assert.ok(rows.length > 0, 'the invented market is over; make it longer');
    const longer: Timeframe[] = market.mixed && ++made > 20 ? ['1h'] : [];
    return {
      bars: isQuotes ? [] : rows,
      quotes: isQuotes ? rows.flatMap(quotesOf) : [],
      signalTimeframes: [market.timeframe, ...longer],
    };
  };
}

/** History and first models, made in a process that ends in order. */
async function prepare(t: TestContext, data: string): Promise<void> {
  const engine = await openEngine(t, data, config, { waitForEvidence: true });
  for (const [index, market] of MARKETS.entries()) {
    if (!market.trained) continue;
    const { tenantId, symbol, timeframe } = market;
    const bars = barsOf(market, index, TRAINED);
    const request = { tenantId, symbol, timeframe, signalTimeframes: [timeframe] };
    await engine.intake.publishBars({ ...request, bars });
    await engine.settled();
    const through = bars.at(-1)!.openTime + timeframeMs(timeframe);
    await engine.training.train(`${tenantId}@published/${symbol}/${timeframe}`, through);
    await engine.settled();
  }
  await engine.stop();
}

/** Hands an engine that never breaks what the clients sent, in their order. */
async function publishAll(engine: Engine, clients: readonly MarketClient[]): Promise<void> {
  for (const [index, { tenantId, symbol, timeframe }] of MARKETS.entries()) {
    for (const message of clients[index]!.sent) {
      const signalTimeframes = message.signalTimeframes;
      const common = { tenantId, symbol, signalTimeframes };
      if (message.bars.length > 0)
        await engine.intake.publishBars({ ...common, timeframe, bars: message.bars });
      else await engine.intake.publishQuotes({ ...common, quotes: message.quotes });
    }
  }
  await engine.settled();
}

interface Contents {
  readonly states: Map<string, string>;
  readonly features: string[];
  readonly bars: string[];
  readonly predictions: string[];
}

/** Everything an engine and its stores hold, without the moment it was stored. */
async function contentsOf(engine: Engine): Promise<Contents> {
  await engine.stored();
  const rows = async (table: string): Promise<string[]> => {
    const found = await engine.features.sql(
      `SELECT * EXCEPT (stored_at) FROM ${table} FINAL ORDER BY tenant_id, symbol, timeframe, bar_open_time`,
    );
    return found.map((row) => JSON.stringify(row));
  };
  const predictions: string[] = [];
  for (const tenantId of TENANTS) {
    const found = await engine.predictions.sql(
      'SELECT * FROM ml_predictions ORDER BY symbol, timeframe, bar_close_time, prediction_id',
      tenantId,
    );
    predictions.push(...found.map((row) => JSON.stringify({ ...row, stored_at: undefined })));
  }
  const states = [...engine.instruments.graph.states()].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    states: new Map(states.map(([id, state]) => [id, createHash('sha256').update(state).digest('hex')])),
    features: await rows('ml_features'),
    bars: await rows('aggregates'),
    predictions,
  };
}

/** Equal row for row; names the first that is not, instead of printing thousands. */
function assertSame(what: string, actual: readonly string[], expected: readonly string[]): void {
  const first = expected.findIndex((row, i) => row !== actual[i]);
  if (first >= 0) assert.equal(actual[first], expected[first], `${what}: row ${first}`);
  assert.equal(actual.length, expected.length, what);
}

/** Signals of each tenant that are in the stream; a prediction must be there once. */
function streamed(engine: Engine): Map<string, Map<string, number>> {
  const signals = new Map(TENANTS.map((tenantId) => [tenantId, new Map<string, number>()]));
  let cursor = 0;
  for (;;) {
    const page = engine.journal.predictions.conclusions.after(cursor, 1_000);
    if (page.length === 0) return signals;
    for (const { sequence, signal } of page) {
      const own = signals.get(signal.tenantId)!;
      assert.ok(!own.has(signal.predictionId), `${signal.predictionId} is in the stream twice`);
      own.set(signal.predictionId, sequence);
    }
    cursor = page.at(-1)!.sequence;
  }
}

/** Every bar that a client was told is taken must be a row; returns how many those are. */
function assertAllStored(clients: readonly MarketClient[], bars: readonly string[]): number {
  const stored = new Set<string>();
  for (const bar of bars) {
    const { tenant_id, symbol, timeframe, bar_open_time } = JSON.parse(bar) as Record<string, string>;
    stored.add(`${tenant_id}/${symbol}/${timeframe}/${Date.parse(`${bar_open_time!.replace(' ', 'T')}Z`)}`);
  }
  let acknowledged = 0;
  for (const [i, { tenantId, symbol, timeframe }] of MARKETS.entries()) {
    for (const openTime of clients[i]!.acknowledged) {
      const key = `${tenantId}/${symbol}/${timeframe}/${openTime}`;
      assert.ok(stored.has(key), `${key} was acknowledged and is not stored`);
      acknowledged++;
    }
  }
  return acknowledged;
}

/** Kills at any moment after the spawn and at any moment under load, in turn; between, each client gets on. */
async function killAgainAndAgain(engine: KilledEngine, publishers: readonly MarketClient[]): Promise<void> {
  const random = seeded(SEED);
  const getOn = async (): Promise<void> => {
    const before = publishers.map(({ answered }) => answered);
    await eventually('each client gets on', () =>
      publishers.every((each, i) => each.answered >= before[i]! + 8),
    );
  };
  for (let kill = 0; kill < KILLS; kill++) {
    const ms = 200 + random() * 2_800;
    const started = engine.start();
    if (kill % 2 === 0) {
      await started;
      await getOn();
    }
    await new Promise((resolve) => setTimeout(resolve, ms));
    await engine.kill();
    await started;
  }
  await engine.start();
  await getOn();
}

/** Both tenants' clients, with a way to reach whichever process serves. */
function clientsOf(reach: Reach): { readonly publishers: MarketClient[]; readonly readers: SignalReader[] } {
  const publishers = MARKETS.map((market, index) => {
    const { tenantId, symbol, timeframe, trained } = market;
    const bars = barsOf(market, index, TRAINED + 2_000 + KILLS * 1_500);
    const next = messagesOf(market, bars, trained ? TRAINED : 0);
    return new MarketClient({ symbol, timeframe, key: keyOf(tenantId), reach, next });
  });
  return { publishers, readers: TENANTS.map((tenantId) => new SignalReader(keyOf(tenantId), reach)) };
}

/** Bars after the warm-up that series with a model were given no signal for, by reason. */
function withheldOf(engine: Engine, clients: readonly MarketClient[]): Record<string, number[]> {
  const withheld: Record<string, number[]> = {};
  for (const [i, { tenantId, symbol, timeframe, trained }] of MARKETS.entries()) {
    if (!trained) continue;
    const actorId = `signal:${tenantId}:${tenantId}@published/${symbol}/${timeframe}`;
    for (const openTime of clients[i]!.acknowledged) {
      const closeTime = openTime + timeframeMs(timeframe);
      const result = engine.journal.predictions.conclusions.get(actorId, closeTime)?.result;
      if (result?.kind === 'withheld') (withheld[result.reason] ??= []).push(closeTime);
    }
  }
  return withheld;
}

/** Reads on, where the killed processes ended, until the readers have every signal; returns how many those are. */
async function readAll(engine: Engine, readers: readonly SignalReader[]): Promise<number> {
  const signals = streamed(engine);
  let count = 0;
  for (const [i, tenantId] of TENANTS.entries()) {
    const own = signals.get(tenantId)!;
    await eventually(`${tenantId} has got all signals`, () => readers[i]!.seen.size >= own.size);
    assert.deepEqual([...readers[i]!.seen], [...own], `${tenantId}: each signal, once, in order`);
    readers[i]!.stop();
    count += own.size;
  }
  return count;
}

test(`after each of ${KILLS} kill -9 while two tenants publish bars and quotes, all is as in an engine that never broke`, async (t) => {
  const folder = temporaryFolder(t);
  const [data, unbroken] = [path.join(folder, 'data'), path.join(folder, 'unbroken')];
  await prepare(t, data);
  execFileSync('cp', ['-a', data, unbroken]);
  const file = path.join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));

  const served = new KilledEngine(t, ['--config', file, '--data', data]);
  let reach = served.reach;
  const { publishers, readers } = clientsOf(() => reach());
  const reading = Promise.all(readers.map(async (reader) => await reader.run()));
  const publishing = Promise.all(publishers.map(async (publisher) => await publisher.run()));
  // A client that fails ends the test, not only itself.
  await Promise.race([killAgainAndAgain(served, publishers), reading, publishing]);
  for (const publisher of publishers) publisher.stop();
  await publishing;
  await served.stop();

  const last = await openEngine(t, data, config, {});
  await last.settled();
  const client = new TestClient((await serve(t, last)).port);
  afterTest(t, () => client.close());
  reach = () => client;
  const signals = await readAll(last, readers);
  await reading;
  const killed = await contentsOf(last);
  assert.deepEqual(withheldOf(last, publishers), {}, 'bars with a model and without a signal');
  await last.stop();

  const reference = await openEngine(t, unbroken, config, { waitForEvidence: true });
  await publishAll(reference, publishers);
  const expected = await contentsOf(reference);
  const acknowledged = assertAllStored(publishers, killed.bars);
  assertSame('raw bars', killed.bars, expected.bars);
  assertSame('feature rows', killed.features, expected.features);
  assertSame('predictions', killed.predictions, expected.predictions);
  assert.deepEqual(killed.states, expected.states);
  assert.equal(killed.predictions.length, signals, 'each signal is one prediction');
  assert.ok(signals > 0);
  const resent = publishers.reduce((sum, each) => sum + each.resent, 0);
  const startMs = served.startMs.map(Math.round).toSorted((a, b) => a - b);
  t.diagnostic(
    `${acknowledged} bars acknowledged, ${resent} requests sent again that had been taken, ${killed.bars.length} bars, ` +
      `${signals} signals, ${killed.states.size} states; ${startMs.length} starts came to serve, ` +
      `median ${startMs[startMs.length >> 1]} ms, longest ${startMs.at(-1)} ms`,
  );
});

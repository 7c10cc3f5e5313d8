/** Similar moments of related markets: as relations were known at a moment, for one tenant, in signals and what explains them. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import type { Engine } from '../../engine/engine.js';
import { FolderRelationStore } from '../../engine/relations/folder-relation-store.js';
import { RelatedMarkets } from '../../engine/relations/related-markets.js';
import type { MarketRelation } from '../../engine/relations/relations.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { MONDAY } from '../support/markets.js';
import { relatedMarkets } from '../support/related-markets.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const relation = (from: string, to: string, shrunk: number): MarketRelation => ({
  from,
  to,
  lag: 0,
  correlation: shrunk,
  shrunk,
  pValue: 0,
  qValue: 0,
  before: undefined,
  returns: 1_000,
  effective: 1_000,
  knownAt: MONDAY,
});

const partition = (tenantId: string, symbol = 'EURUSD') => ({
  tenantId,
  symbol,
  timeframe: '1h',
  embeddingVersion: 'e1',
});

test('markets are related as was known at the moment, by the tenant’s own relations before the platform’s', async (t) => {
  const store = new FolderRelationStore(path.join(temporaryFolder(t), 'relations'));
  let now = 0;
  const clock = { monotonic: () => now };
  const asked: number[] = [];
  const related = new RelatedMarkets({
    store,
    clock,
    max: 2,
    rememberMs: 60_000,
    onAsked: (_tenant, _timeframe, _asOf, knownAt) => asked.push(knownAt),
  });
  assert.deepEqual(await related.of(partition('acme'), MONDAY), []);
  const keep = async (tenantId: string, at: number, relations: MarketRelation[]): Promise<void> =>
    await store.keep({ tenantId, timeframe: '1h', at, relations });
  await keep('platform', MONDAY + DAY, [relation('EURUSD', 'XAUUSD', 0.3)]);
  await keep('acme', MONDAY + 2 * DAY, [
    relation('EURUSD', 'GBPUSD', 0.4),
    relation('USDCHF', 'EURUSD', -0.7),
    relation('EURUSD', 'USDJPY', 0.2),
    relation('GBPUSD', 'USDJPY', 0.6),
  ]);
  await keep('acme', MONDAY + 3 * DAY, []);
  assert.deepEqual(await related.of(partition('acme'), MONDAY + DAY), [], 'remembered for a minute');
  now = 60_000;
  assert.deepEqual(await related.of(partition('acme'), MONDAY + DAY), ['XAUUSD']);
  now = 120_000;
  assert.deepEqual(await related.of(partition('acme'), MONDAY + 2.5 * DAY), ['USDCHF', 'GBPUSD']);
  assert.deepEqual(await related.of(partition('acme', 'USDJPY'), MONDAY + 2.5 * DAY), ['GBPUSD', 'EURUSD']);
  assert.deepEqual(
    await related.of(partition('acme'), MONDAY + 2 * DAY - 1),
    ['XAUUSD'],
    'not from the future',
  );
  now = 180_000;
  assert.deepEqual(await related.of(partition('acme'), MONDAY + 4 * DAY), [], 'none is an answer too');
  now = 240_000;
  assert.deepEqual(
    await related.of(partition('zen'), MONDAY + 2.5 * DAY),
    ['XAUUSD'],
    'not another tenant’s',
  );
  assert.equal(asked.at(-1), MONDAY + DAY);
  assert.equal(asked[0], -Infinity);
});

/** An engine on which two tenants have signals on two markets that move together. */
async function fed(t: TestContext, max: number, from: number, to: number): Promise<Engine> {
  const engine = await openEngine(t, temporaryFolder(t), {
    patterns: { relatedMarkets: max },
    training: { firstModels: false, folds: 1 },
    simulator: { enabled: false },
    tenants: ['acme', 'zen'].map((id) => ({ id })),
  });
  await publish(engine, from, to);
  return engine;
}

const markets = relatedMarkets(1_300);

/** EURUSD for both tenants, GBPUSD for the first alone. */
async function publish(engine: Engine, from: number, to: number): Promise<void> {
  for (const [tenantId, symbol] of [
    ['acme', 'EURUSD'],
    ['zen', 'EURUSD'],
    ['acme', 'GBPUSD'],
  ] as const)
    await engine.instruments.follow({ feed: 'market', symbol, base: '1h', tenantId, timeframe: '1h' });
  for (const symbol of ['EURUSD', 'GBPUSD']) {
    const bars: readonly Bar[] = markets.get(symbol)!.slice(from, to);
    engine.intake.ingestBars(`market/${symbol}`, bars);
  }
  await engine.settled();
  await engine.stored();
}

const symbolsOf = (ids: readonly string[]): Set<string> => new Set(ids.map((id) => id.split('/')[0]!));

/** Trains both markets on their first thousand bars; gives whether they have one encoder. */
async function trained(engine: Engine): Promise<boolean> {
  const through = MONDAY + 1_000 * HOUR;
  const { record: euro } = await engine.training.train('market/EURUSD/1h', through);
  const { record: pound } = await engine.training.train('market/GBPUSD/1h', through);
  return euro.encoderId === pound.encoderId && euro.embeddingVersion === pound.embeddingVersion;
}

test('signals count related moments of their own tenant, known then, from when the relation was; off, each market has its own', async (t) => {
  const engine = await fed(t, 3, 0, 1_000);
  assert.equal(await trained(engine), true, 'markets that are compared have one encoder');
  const knownFrom = MONDAY + 1_100 * HOUR;
  await new FolderRelationStore(path.join(engine.config.data, 'relations')).keep({
    tenantId: 'acme',
    timeframe: '1h',
    at: knownFrom,
    relations: [relation('EURUSD', 'GBPUSD', 0.7)],
  });
  const published: {
    tenantId: string;
    symbol: string;
    id: string;
    at: number;
    nearest: readonly string[];
  }[] = [];
  engine.publication.onSignal(({ signal }) => {
    const { tenantId, symbol, predictionId: id, barCloseTime: at } = signal;
    published.push({ tenantId, symbol, id, at, nearest: signal.patterns!.nearest });
  });
  await publish(engine, 1_000, 1_200);
  const euros = published.filter(({ symbol }) => symbol === 'EURUSD');
  const before = euros.filter(({ at }) => at < knownFrom);
  const after = euros.filter(({ at, tenantId }) => at >= knownFrom && tenantId === 'acme');
  assert.ok(before.length > 150 && after.length > 90);
  for (const { nearest } of before) assert.deepEqual(symbolsOf(nearest), new Set(['EURUSD']));
  const wide = after.filter(({ nearest }) => symbolsOf(nearest).has('GBPUSD'));
  assert.ok(wide.length > after.length / 2, `${wide.length} of ${after.length}`);
  for (const { tenantId, nearest } of published)
    if (tenantId === 'zen') assert.deepEqual(symbolsOf(nearest), new Set(['EURUSD']), 'not another tenant’s');
  for (const { at, nearest } of published)
    for (const id of nearest)
      assert.ok(Number(id.split('/').at(-1)) + DAY <= at, `${id} was not known at ${at}`);

  const options = { replay: true, features: 0 };
  const { moments, replay } = await engine.explanations.explain({ tenantId: 'acme' }, wide[0]!.id, options);
  assert.deepEqual(
    moments.map(({ symbol, closeTime }) => `${symbol}/1h/${closeTime}`),
    wide[0]!.nearest,
  );
  for (const { similarity, returns } of moments) assert.ok(similarity! > 0 && returns.length === 3);
  assert.equal(replay!.isSame, true, JSON.stringify(replay));
  const other = moments.find(({ symbol }) => symbol === 'GBPUSD')!;
  const pounds = markets.get('GBPUSD')!;
  const place = (other.closeTime - MONDAY) / HOUR;
  const moved = pounds[place]!.close / pounds[place - 1]!.close - 1;
  assert.ok(Math.abs(other.returns[0]! - moved) < 1e-8, 'what that market did');

  await engine.stop();
  const alone = await fed(t, 0, 0, 1_000);
  assert.equal(await trained(alone), false);
});

test('a live engine finds out by itself which of a tenant’s markets are related', async (t) => {
  const engine = await openEngine(
    t,
    temporaryFolder(t),
    { patterns: { relatedMarkets: 3 }, training: { firstModels: false, folds: 1 } },
    {},
  );
  const follow = { feed: 'market', base: '1h', tenantId: 'default', timeframe: '1h' } as const;
  const ingest = async (from: number, to: number): Promise<void> => {
    for (const symbol of ['EURUSD', 'GBPUSD', 'USDJPY']) {
      const instrument = await engine.instruments.follow({ ...follow, symbol });
      engine.intake.ingestBars(instrument, markets.get(symbol)!.slice(from, to));
    }
    await engine.settled();
    await engine.stored();
  };
  await ingest(0, 1_000);
  await engine.training.train('market/EURUSD/1h', MONDAY + 1_000 * HOUR);
  await ingest(1_000, 1_002);
  const store = new FolderRelationStore(path.join(engine.config.data, 'relations'));
  const kept = async () => await store.asOf('default', '1h', MONDAY + 1_002 * HOUR);
  while ((await kept()) === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
  const { relations, at } = (await kept())!;
  assert.deepEqual(
    relations.map(({ from, to, lag }) => [from, to, lag]),
    [['EURUSD', 'GBPUSD', 0]],
  );
  assert.ok(at > MONDAY + 1_000 * HOUR);
});

/** Relations and drift as the console works them out, against what was planted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DriftView, RelationsView } from '../../engine/console/wire-analyses.js';
import type { Bar } from '../../actors/market/bar.js';
import { TENANTS, asked, openConsole } from '../support/console.js';
import { inventedBars } from '../support/markets.js';
import { PLANTED, relatedMarkets } from '../support/related-markets.js';

const SERIES = 'acme@published/EURUSD/1h';
const HOUR = 3_600_000;

test('relations that were planted are found with their direction and lag, and only by who sees the markets', async (t) => {
  const { engine, client, address } = await openConsole(t, TENANTS);
  const ask = async (key: string): Promise<RelationsView> =>
    (await asked(address, `/api/relations?series=${encodeURIComponent(SERIES)}`, { key }))
      .body as unknown as RelationsView;
  const markets = relatedMarkets(1_000);
  await client.publish(markets.get('EURUSD')!, 'key-a', 'EURUSD');
  await engine.settled();
  assert.deepEqual((await ask('view-a')).relations, [], 'one market has no relations');
  for (const [symbol, bars] of [...markets].slice(1))
    for (let i = 0; i < bars.length; i += 250) {
      await client.publish(bars.slice(i, i + 250), 'key-a', symbol);
      await engine.settled();
    }
  await engine.stored();

  const { relations, markets: shown, tested } = await ask('view-a');
  assert.equal(shown.length, 7);
  assert.ok(tested > 200);
  for (const [symbol, follows] of Object.entries(PLANTED)) {
    if (follows === undefined) continue;
    const { market, lag, weight } = follows;
    const found = relations.find(
      (each) =>
        each.lag === lag &&
        ((each.from === market && each.to === symbol) ||
          (lag === 0 && each.from === symbol && each.to === market)),
    );
    // The correlation of a standard normal with its weighted self; 999 returns leave an error of 0.03.
    assert.ok(
      found !== undefined && Math.abs(found.correlation - weight) < 0.12,
      `${market} to ${symbol}: ${JSON.stringify(found)}`,
    );
  }
  const yen = new Set(['USDJPY', 'XAUUSD']);
  const across = relations.filter(({ from, to }) => yen.has(from) !== yen.has(to));
  assert.ok(across.length <= 2, `at most 5 % are chance: ${JSON.stringify(across)}`);
  const other = await asked(address, `/api/relations?series=${encodeURIComponent(SERIES)}`, { key: 'key-z' });
  assert.equal(other.status, 404);
});

test('a market that changed is marked on the drift map from then on, and not before', async (t) => {
  const { engine, client, address } = await openConsole(t, TENANTS);
  const calm = inventedBars(1_800, { seed: 3 });
  const last = calm.at(-1)!;
  // Bars that are ten times as long, as after news; their closes are where they would have been.
  const wild = inventedBars(600, { seed: 4, from: last.openTime + HOUR }).map((bar) => ({
    ...bar,
    high: bar.high * 1.006,
    low: bar.low * 0.994,
  }));
  const publish = async (bars: readonly Bar[]): Promise<void> => {
    for (let i = 0; i < bars.length; i += 200) {
      await client.publish(bars.slice(i, i + 200), 'key-a');
      await engine.settled();
    }
  };
  await publish(calm);
  const ask = async (): Promise<DriftView> =>
    (await asked(address, `/api/drift?series=${encodeURIComponent(SERIES)}`, { key: 'view-a' }))
      .body as unknown as DriftView;
  assert.match((await ask()).note ?? '', /no model yet/);
  await engine.stored();
  const trainedThrough = calm[1_199]!.openTime + HOUR;
  await engine.training.train(SERIES, trainedThrough);
  await publish(wild);
  await engine.stored();

  const map = await ask();
  assert.equal(map.note, null, map.note ?? '');
  assert.equal(map.trainedThrough, trainedThrough);
  assert.equal(map.features.length, 277);
  const wildFrom = last.openTime + HOUR;
  const marked = (stretch: { readonly from: number }): number => {
    const at = map.stretches.findIndex(({ from }) => from === stretch.from);
    return map.features.filter(({ significant }) => significant[at] === true).length;
  };
  const before = map.stretches.filter(({ through }) => through <= wildFrom);
  const after = map.stretches.filter(({ from }) => from > wildFrom);
  assert.ok(before.length >= 4 && after.length >= 2, JSON.stringify(map.stretches));
  for (const stretch of before) assert.ok(marked(stretch) <= 1, `${marked(stretch)} of a market that stayed`);
  for (const stretch of after) assert.ok(marked(stretch) >= 5, `${marked(stretch)} of one that changed`);
  // A slow feature has few independent values in training, so even a large change of it may be chance; its size is shown.
  const { psi } = map.features.find(({ name }) => name === 'natr_14')!;
  assert.ok(psi.at(-1)! > 1 && Math.max(...psi.slice(0, before.length)) < 0.1, JSON.stringify(psi));
});

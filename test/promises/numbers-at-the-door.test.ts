import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '../../actors/features/catalogue.js';
import type { Bar } from '../../actors/market/bar.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { STORES_AWAY } from '../support/served.js';

const bars = inventedBars(1_100, { seed: 63, lengthMs: 60_000 });
const AT = 400;
const NUMBERS = [
  5e-324, 1e-200, 1e-13, 1e-12, 1e-6, 1e6, 1e12, 1e13, 1e17, 1e18, 1e40, 1e100, 1e200, 1e300, 4e307, 1.7e308,
];
/** There is none where no level lies on that side of the price. */
const MAY_BE_UNKNOWN = new Set(['support_distance_atr', 'resistance_distance_atr']);

test('one bar with whatever finite numbers is refused by name, or leaves every feature finite once it has left the windows', async (t) => {
  const quick = { ...STORES_AWAY, drainSeconds: 0.1, features: { checkEverySeconds: 0 } };
  const engine = await openEngine(t, temporaryFolder(t), quick, {});
  const seriesOf = (symbol: string): string => `default@published/${symbol}/1m`;
  /** Publishes the market with one bar changed; returns the reason it was refused, if it was. */
  const publish = async (symbol: string, change: Partial<Bar>): Promise<string | undefined> => {
    const rows = bars.map((bar, i) => (i === AT ? { ...bar, ...change } : bar));
    const request = { tenantId: 'default', symbol, timeframe: '1m', signalTimeframes: [] } as const;
    const first = await engine.intake.publishBars({ ...request, bars: rows.slice(0, 600) });
    await engine.intake.publishBars({ ...request, bars: rows.slice(600) });
    await engine.settled();
    await engine.journal.durable();
    return first.rejected[0]?.reason;
  };
  const notFinite = (symbol: string): string[] => {
    const row = engine.journal.rows.get(seriesOf(symbol), bars.at(-1)!.openTime + 60_000)!;
    return CATALOGUE.flatMap(({ name }, i) =>
      Number.isFinite(row.values[i]) || MAY_BE_UNKNOWN.has(name) ? [] : [name],
    );
  };
  await publish('CALM', {});
  const calm = notFinite('CALM');
  let taken = 0;
  for (const [i, x] of NUMBERS.entries()) {
    const changes: Partial<Bar>[] = [
      { open: x, high: x, low: x, close: x, bid: NaN, ask: NaN },
      { bid: x, ask: x },
      { volume: x, tickCount: x },
    ];
    for (const [k, change] of changes.entries()) {
      const symbol = `S${i}.${k}`;
      const reason = await publish(symbol, change);
      if (reason === undefined) taken++;
      else assert.match(reason, /^(implausible_price|implausible_size|not_finite)$/, JSON.stringify(change));
      assert.deepEqual(notFinite(symbol), calm, `${JSON.stringify(change)}: ${reason ?? 'taken'}`);
    }
  }
  assert.ok(taken >= 10, `${taken} were taken`);
  assert.deepEqual(engine.status.troubled(), []);
});

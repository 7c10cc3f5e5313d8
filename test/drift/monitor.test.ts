import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '../../actors/features/catalogue.js';
import { simulatedBars } from '../../engine/feeds/simulator.js';
import { followedBy, inventedBars } from '../support/markets.js';
import { moreVolatile, watch, type Found } from '../support/watched-market.js';

const TRAINED = 3_000;
const WARM_UP = 199;
const YEAR = 6_240;

function namesOf({ finding }: Found): string[] {
  return finding.kind === 'input_drift'
    ? finding.input.columns.map(({ column }) => CATALOGUE[column]!.name)
    : [];
}

test('markets that do not change, with and without regimes of volatility, raise fewer than one alarm a year', () => {
  let rows = 0;
  let alarms = 0;
  for (let seed = 1; seed <= 3; seed++) {
    const count = WARM_UP + TRAINED + 2 * YEAR;
    for (const bars of [
      inventedBars(count, { seed, momentum: 0.62 }),
      simulatedBars('EURUSD', seed, '1h', count),
    ]) {
      const watched = watch(bars, TRAINED);
      rows += watched.rows;
      alarms += watched.found.length;
    }
  }
  assert.ok(alarms < rows / YEAR, `${alarms} alarms in ${(rows / YEAR).toFixed(1)} years`);
});

test('twice the volatility, a spread twice as wide and a volume that is gone are each found in the first window', () => {
  const cut = WARM_UP + TRAINED;
  const bars = inventedBars(cut + 600, { seed: 9, momentum: 0.62 });
  const changed = (change: (bar: (typeof bars)[number]) => (typeof bars)[number]): typeof bars =>
    bars.map((bar, i) => (i < cut ? bar : change(bar)));
  for (const [market, feature] of [
    [moreVolatile(bars, cut, 2), 'realized_vol_20'],
    [changed((bar) => ({ ...bar, ask: bar.bid + 2 * (bar.ask - bar.bid) })), 'spread_bps'],
    [changed((bar) => ({ ...bar, volume: NaN })), 'volume_ratio_20'],
  ] as const) {
    const [first] = watch(market, TRAINED).found;
    assert.equal(first?.finding.kind, 'input_drift', feature);
    assert.equal(first.row, 511);
    assert.ok(namesOf(first).includes(feature), `${feature} among ${namesOf(first).join(', ')}`);
  }
});

test('an edge that turns round is found by its outcomes, long before any window is full', () => {
  const cut = WARM_UP + TRAINED;
  const before = inventedBars(cut, { seed: 4, momentum: 0.62 });
  const bars = followedBy(before, inventedBars(600, { seed: 5, momentum: 0.38 }));
  const [first] = watch(bars, TRAINED).found;
  assert.equal(first?.finding.kind, 'performance');
  assert.ok(first.row < 200, `after ${first.row} rows`);
});

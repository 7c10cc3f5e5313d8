/** One contract for every kernel: what the feature engine, snapshots and fifty thousand series rest on. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { CommodityChannelIndex } from '../../actors/indicators/commodity-channel-index.js';
import { History } from '../../actors/indicators/history.js';
import { PriceSma } from '../../actors/indicators/price-sma.js';
import { StateLayout } from '../../actors/indicators/state.js';
import {
  windowBelow,
  windowDeviations,
  windowMean,
  windowSquares,
} from '../../actors/indicators/window-statistics.js';
import type { Bar } from '../../actors/market/bar.js';
import type { MakeKernel } from '../support/kernels/kernel.js';
import { LEVEL_KERNELS } from '../support/kernels/level.js';
import { MOMENTUM_KERNELS } from '../support/kernels/momentum.js';
import { TREND_KERNELS } from '../support/kernels/trend.js';
import { VOLATILITY_KERNELS } from '../support/kernels/volatility.js';
import { VOLUME_KERNELS } from '../support/kernels/volume.js';
import { inventedBars } from '../support/markets.js';

const KERNELS: Readonly<Record<string, MakeKernel>> = {
  ...TREND_KERNELS,
  ...MOMENTUM_KERNELS,
  ...VOLATILITY_KERNELS,
  ...VOLUME_KERNELS,
  ...LEVEL_KERNELS,
};

const BARS = 400;
const [a, b] = [inventedBars(BARS, { seed: 41 }), inventedBars(BARS, { seed: 42, momentum: 0.7 })];

/** A kernel of its own with its history: takes the bars [from, to) and answers their outputs. */
function running(make: MakeKernel): {
  readonly size: number;
  readonly first: number | undefined;
  readonly take: (s: Float64Array, bars: readonly Bar[], i: number) => readonly number[];
} {
  const layout = new StateLayout();
  const history = new History(layout);
  const { first, step } = make(layout, history);
  return {
    size: layout.size,
    first,
    take: (s, bars, i) => {
      const bar = bars[i]!;
      history.push(s, bar.open, bar.high, bar.low, bar.close, bar.volume);
      return [...step(s, bar, bars[i - 1])];
    },
  };
}

for (const [name, make] of Object.entries(KERNELS)) {
  test(`${name}: zeros are its beginning, all it remembers is in the state, and series do not meet`, () => {
    const { size, first, take } = running(make);
    const state = new Float64Array(size);
    const alone = a.map((_, i) => take(state, a, i));
    if (first !== undefined) {
      const known = alone.findIndex((outputs) => outputs.some((x) => !Number.isNaN(x)));
      assert.ok(known <= first - 1, `first known output on bar ${known + 1}, declared ${first}`);
      assert.ok(
        alone.slice(first - 1).every((outputs) => outputs.some((x) => !Number.isNaN(x))),
        `unknown again after bar ${first}`,
      );
    }
    assert.ok(alone.at(-1)!.some((x) => Number.isFinite(x)));

    // Two series through the same code, in turn; the state copied at every seventh bar, as a restart does.
    const both = running(make);
    let one: Float64Array = new Float64Array(size);
    const other = new Float64Array(size);
    a.forEach((_, i) => {
      assert.deepEqual(both.take(one, a, i), alone[i], `bar ${i + 1}`);
      both.take(other, b, i);
      if (i % 7 === 0) one = one.slice();
    });
    assert.deepEqual(one, state);
  });
}

test('the contract covers every kernel there is', async () => {
  const folder = new URL('../../actors/indicators/', import.meta.url);
  const found: string[] = [];
  for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.js'))) {
    const module = (await import(new URL(file, folder).href)) as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(module)) {
      const { prototype } = value as { prototype?: { update?: unknown } };
      if (typeof value === 'function' && typeof prototype?.update === 'function') found.push(name);
    }
  }
  // The cycle is what three kernels share, and runs inside them above.
  assert.deepEqual(found.filter((name) => name !== 'HilbertCycle').sort(), Object.keys(KERNELS).sort());
});

test('statistics of a window are those of its values, whatever its length and wherever its ring begins again', () => {
  const base = 3;
  const mask = 31;
  const state = new Float64Array(base + mask + 1);
  const near = (actual: number, expected: number): void =>
    assert.ok(
      Math.abs(actual - expected) <= 1e-12 * Math.max(1, Math.abs(expected)),
      `${actual} ${expected}`,
    );
  const closes = a.map(({ close }, i) => (i % 7 === 0 ? -close : close));
  for (const [bar, close] of closes.entries()) {
    state[base + (bar & mask)] = close;
    const n = bar + 1;
    for (const window of [1, 2, 5, 18, 31].filter((length) => length <= n)) {
      const values = closes.slice(n - window, n);
      const sum = (f: (x: number) => number): number => values.reduce((total, x) => total + f(x), 0);
      const ring = { base, mask };
      near(
        windowMean(state, ring, n, window),
        sum((x) => x / window),
      );
      near(
        windowSquares(state, ring, n, window, 0.9),
        sum((x) => (x - 0.9) ** 2),
      );
      near(
        windowDeviations(state, ring, n, window, 0.9),
        sum((x) => Math.abs(x - 0.9)),
      );
      // The newest is in the window too, and is not below itself.
      assert.equal(
        windowBelow(state, ring, n, window, close),
        sum((x) => Number(x < close)),
      );
    }
  }
});

test('a window longer than the history keeps is refused when its kernel is made', () => {
  const layout = new StateLayout();
  const history = new History(layout);
  assert.throws(() => new PriceSma(layout, history, history.closes, 256), RangeError);
  assert.throws(() => new CommodityChannelIndex(layout, history, 33), RangeError);
  assert.doesNotThrow(() => new PriceSma(layout, history, history.closes, 255));
});

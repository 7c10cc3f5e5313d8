import { BarGrid } from '../../actors/market/bar-grid.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CATALOGUE, FEATURE_COUNT, columnOf } from '../../actors/features/catalogue.js';
import { FeatureEngine } from '../../actors/features/feature-engine.js';
import type { Bar } from '../../actors/market/bar.js';
import { inventedBars } from '../support/markets.js';
import { talibBars } from '../support/talib.js';

function run(bars: readonly Bar[], state?: Float64Array): { rows: Float64Array[]; state: Float64Array } {
  const engine = new FeatureEngine(BarGrid.of('1h'));
  const own = state ?? new Float64Array(engine.stateSize);
  const rows = bars.map((bar) => {
    engine.update(own, bar);
    return engine.row.slice(0, FEATURE_COUNT);
  });
  return { rows, state: own };
}

/** Features whose first value waits for something of the market: a swing, a trading day, ticks, quotes. */
const WAITS_FOR_MARKET =
  /^(pivot_|swing_|bars_since_swing|support_|resistance_|higher_|lower_|structure_trend|fib_|tick_count|spread_bps)/;
/** Features that are unknown when no level lies on that side. */
const MAY_BE_UNKNOWN = /^(support_distance|resistance_distance|tick_count|spread_bps)/;

test('every feature has its first value on the bar its warm-up says, and none is missing after', () => {
  const { rows } = run(talibBars('synthetic_h1'));
  CATALOGUE.forEach(({ name, warmUpBars }, column) => {
    const first = rows.findIndex((row) => !Number.isNaN(row[column]!));
    if (WAITS_FOR_MARKET.test(name))
      assert.ok(first < 0 || first + 1 >= warmUpBars, `${name} starts on bar ${first + 1}`);
    else if (name.startsWith('cdl_')) assert.equal(first, 0);
    else assert.equal(first + 1, warmUpBars, name);
    if (MAY_BE_UNKNOWN.test(name)) return;
    rows
      .slice(first)
      .forEach((row, i) => assert.ok(Number.isFinite(row[column]!), `${name} on bar ${first + i}`));
  });
});

test('the future changes no feature', () => {
  const bars = inventedBars(600);
  const cut = 450;
  const other = [
    ...bars.slice(0, cut),
    ...inventedBars(150, { seed: 99 }).map((b, i) => ({ ...b, openTime: bars[cut + i]!.openTime })),
  ];
  const a = run(bars).rows;
  const b = run(other).rows;
  for (let i = 0; i < cut; i++) assert.deepEqual(a[i], b[i]);
  assert.notDeepEqual(a[cut], b[cut]);
});

test('a restart at any bar changes nothing, bit for bit', () => {
  const bars = inventedBars(520, { seed: 3 });
  const whole = run(bars);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 519 }), (cut) => {
      const first = run(bars.slice(0, cut));
      const second = run(bars.slice(cut), first.state.slice());
      assert.deepEqual(second.rows.at(-1), whole.rows.at(-1));
      assert.deepEqual(second.state, whole.state);
    }),
    { numRuns: 25 },
  );
});

const anyBars = fc
  .record({
    scale: fc.constantFrom(1e-6, 1e-3, 1, 1e3, 1e9),
    steps: fc.array(
      fc.record({
        move: fc.constantFrom(0, 0, 0.001, -0.001, 0.05, -0.05, 0.3, -0.3),
        up: fc.double({ min: 0, max: 0.01, noNaN: true }),
        down: fc.double({ min: 0, max: 0.01, noNaN: true }),
        volume: fc.constantFrom(0, 1, 1000, 1e9),
      }),
      { minLength: 320, maxLength: 320 },
    ),
  })
  .map(({ scale, steps }) => {
    let price: number = scale;
    return steps.map(({ move, up, down, volume }, i): Bar => {
      const open = price;
      const close = Math.max(scale * 1e-3, Math.min(scale * 1e3, open * (1 + move)));
      price = close;
      return {
        openTime: i * 3_600_000,
        open,
        high: Math.max(open, close) * (1 + up),
        low: Math.min(open, close) * (1 - down),
        close,
        volume,
        tickCount: 1,
        bid: close,
        ask: close * 1.0001,
      };
    });
  });

const BOUNDS: readonly (readonly [RegExp, number, number])[] = [
  [/^(rsi|stoch|adx|dx|aroon_|plus_di|minus_di|mfi|ultosc|imi|connors)/, 0, 100],
  [/^(willr)/, -100, 0],
  [/^(cmo|tsi|aroonosc)/, -100, 100],
  [/^(bop|cmf|volume_price_corr|autocorrelation|ht_sine|ht_leadsine)/, -1, 1],
  [
    /^(body_ratio|close_position|donchian_position|position_in_range|trend_strength|up_volume|quality_score|linearreg_r2)/,
    0,
    1,
  ],
];

test('on any market, features are finite after warm-up and oscillators stay in their bounds', () => {
  fc.assert(
    fc.property(anyBars, (bars) => {
      const { rows } = run(bars);
      CATALOGUE.forEach(({ name, warmUpBars }, column) => {
        const bounds = BOUNDS.find(([pattern]) => pattern.test(name));
        for (let i = warmUpBars - 1; i < rows.length; i++) {
          const x = rows[i]![column]!;
          const waits = WAITS_FOR_MARKET.test(name) && Number.isNaN(x);
          assert.ok(Number.isFinite(x) || waits, `${name} is ${x} on bar ${i}`);
          if (bounds !== undefined && !waits)
            assert.ok(x >= bounds[1] - 1e-6 && x <= bounds[2] + 1e-6, `${name} is ${x}`);
        }
      });
    }),
    { numRuns: 12 },
  );
});

test('a symbol without volume has no volume features and says so in its quality', () => {
  const engine = new FeatureEngine(BarGrid.of('1h'));
  const state = new Float64Array(engine.stateSize);
  for (const bar of inventedBars(150, { volume: false })) engine.update(state, bar);
  for (const { name, group } of CATALOGUE) {
    if (group === 'volume' || name === 'volume') assert.ok(Number.isNaN(engine.row[columnOf(name)]!), name);
  }
  assert.ok(engine.quality.flags & 16);
});

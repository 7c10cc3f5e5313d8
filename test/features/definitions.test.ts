import { BarGrid } from '../../actors/market/bar-grid.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AwesomeOscillator, IchimokuCloud, KST } from 'technicalindicators';
import { CATALOGUE, FEATURE_COUNT, columnOf } from '../../actors/features/catalogue.js';
import { FeatureEngine } from '../../actors/features/feature-engine.js';
import type { Bar } from '../../actors/market/bar.js';
import { definitionsOf } from '../support/definitions/definitions.js';
import type { Series } from '../support/definitions/series.js';
import { inventedBars } from '../support/markets.js';
import { talibBars } from '../support/talib.js';

const HOUR = 3_600_000;

/** TA-Lib's invented bars, over a change to summer time, with quotes, ticks, spread spikes and some hours missing. */
const bars: readonly Bar[] = talibBars('synthetic_h1')
  .slice(0, 1700)
  .filter((_, i) => i % 97 !== 50 && i % 211 !== 100)
  .map((bar, i) => ({
    ...bar,
    bid: bar.close,
    ask: bar.close + (i % 333 === 200 ? 0.01 : 0.0001 + 0.00001 * (i % 5)),
    tickCount: 100 + (i % 17),
  }));
const N = bars.length;
const engine = new FeatureEngine(BarGrid.of('1h'));
const state = new Float64Array(engine.stateSize);
const rows = bars.map((bar) => {
  engine.update(state, bar);
  return engine.row.slice(0, FEATURE_COUNT);
});
const DEFINITIONS = definitionsOf(bars, rows);

for (const { name } of CATALOGUE.filter(({ talib }) => talib === undefined)) {
  test(`${name} is what its definition says, on every bar`, () => {
    const expected = DEFINITIONS[name];
    assert.ok(expected, 'no definition');
    const column = columnOf(name);
    let known = 0;
    for (let i = 0; i < N; i++) {
      const x = rows[i]![column]!;
      const y = expected[i]!;
      if (Number.isNaN(y) || Number.isNaN(x)) {
        assert.ok(Number.isNaN(x) && Number.isNaN(y), `bar ${i}: ${x}, by definition ${y}`);
        continue;
      }
      known++;
      // Sums of large and small terms lose what the terms' size costs; 1e-9 of it and of the value is kept.
      assert.ok(Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(y)), `bar ${i}: ${x}, by definition ${y}`);
    }
    assert.ok(known > N / 4, `known on ${known} bars only`);
  });
}

test('definitions are for what TA-Lib lacks, and for nothing else', () => {
  const lacks = CATALOGUE.filter(({ talib }) => talib === undefined).map(({ name }) => name);
  assert.deepEqual(Object.keys(DEFINITIONS).sort(), lacks.sort());
});

/** Compares the newest values of a peer's whole series with a feature. */
function assertPeer(peer: Series, name: string, shift = 0): void {
  assert.ok(peer.length > 1000, `${name}: the peer gave ${peer.length} values`);
  for (let back = 1; back <= peer.length; back++) {
    const i = N - back - shift;
    if (i < 300) return;
    const x = rows[i + shift]![columnOf(name)]!;
    const y = peer.at(-back)!;
    assert.ok(Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(y)), `${name} on bar ${i}: ${x}, the peer ${y}`);
  }
}

test('technicalindicators agrees on the awesome oscillator, KST and the lines of Ichimoku', () => {
  const [highs, lows, closes] = [
    bars.map((bar) => bar.high),
    bars.map((bar) => bar.low),
    bars.map((bar) => bar.close),
  ];
  assertPeer(
    new AwesomeOscillator({ fastPeriod: 5, slowPeriod: 34, high: highs, low: lows }).getResult() as number[],
    'ao_5_34',
  );
  const known = KST.calculate({
    ROCPer1: 10,
    ROCPer2: 15,
    ROCPer3: 20,
    ROCPer4: 30,
    SMAROCPer1: 10,
    SMAROCPer2: 10,
    SMAROCPer3: 10,
    SMAROCPer4: 15,
    signalPeriod: 9,
    values: closes,
  });
  assertPeer(
    known.map((value) => value.kst),
    'kst',
  );
  const cloud = IchimokuCloud.calculate({
    high: highs,
    low: lows,
    conversionPeriod: 9,
    basePeriod: 26,
    spanPeriod: 52,
    displacement: 26,
  });
  assertPeer(
    cloud.map(({ conversion }) => conversion),
    'ichimoku_tenkan_9',
  );
  assertPeer(
    cloud.map(({ base }) => base),
    'ichimoku_kijun_26',
  );
});

/** Features whose value is a matter of a window of bars alone: TA-Lib's too, by their definitions. */
const WINDOWED =
  /^(hma|ichimoku|vortex|linearreg_r2|sma_50_200|trend_strength|ao_|dpo|kst|coppock|zscore|rvi|donchian|realized|parkinson|garman|rogers|yang|ulcer|choppiness|skew|volume_|obv_slope|cmf|vwap_20|eom|vpt_slope|nvi|pvi|up_volume|amihud|position_in|bars_since_high|bars_since_low|autocorrelation|variance_ratio|hurst|vol_regime|range|body|upper_wick|lower_wick|close_position|log_return)/;
/** SUHO_LONG_BARS=10000000 runs what the project promises; fewer bars show a leak of rounding as well. */
const LONG = Number(process.env['SUHO_LONG_BARS'] ?? 300_000);

test(`windowed features are still exact after ${LONG} bars`, () => {
  const long = new FeatureEngine(BarGrid.of('1h'));
  const s = new Float64Array(long.stateSize);
  const pool = inventedBars(20_011, { seed: 21 });
  const last: Bar[] = [];
  const lastRows: Float64Array[] = [];
  // Prices wander over several orders of magnitude, so that rounding left behind would show.
  for (let i = 0; i < LONG; i++) {
    const scale = Math.exp(3 * Math.sin(i / 40_000));
    const bar = pool[i % pool.length]!;
    const now: Bar = {
      openTime: i * HOUR,
      open: bar.open * scale,
      high: bar.high * scale,
      low: bar.low * scale,
      close: bar.close * scale,
      volume: bar.volume,
      tickCount: 1,
      bid: bar.close * scale,
      ask: bar.close * scale * 1.0001,
    };
    long.update(s, now);
    if (i < LONG - 500) continue;
    last.push(now);
    lastRows.push(long.row.slice(0, FEATURE_COUNT));
  }
  const close = last.map((bar) => bar.close);
  const mean = (n: number): number => close.slice(-n).reduce((a, b) => a + b, 0) / n;
  const exact: Record<string, number> = Object.fromEntries(
    Object.entries(definitionsOf(last, lastRows))
      .filter(([name]) => WINDOWED.test(name))
      .map(([name, series]) => [name, series.at(-1)!]),
  );
  for (const n of [5, 10, 20, 50, 100, 200]) exact[`sma_${n}`] = mean(n);
  exact['stddev_20'] = Math.sqrt(close.slice(-20).reduce((a, b) => a + (b - mean(20)) ** 2, 0) / 20);
  exact['avgdev_20'] = close.slice(-20).reduce((a, b) => a + Math.abs(b - mean(20)), 0) / 20;
  exact['wma_20'] = close.slice(-20).reduce((a, b, i) => a + b * (i + 1), 0) / 210;
  exact['midprice_20'] =
    (Math.max(...last.slice(-20).map((bar) => bar.high)) +
      Math.min(...last.slice(-20).map((bar) => bar.low))) /
    2;
  exact['roc_20'] = 100 * (close.at(-1)! / close.at(-21)! - 1);
  assert.ok(Object.keys(exact).length > 60, String(Object.keys(exact).length));
  for (const [name, value] of Object.entries(exact)) {
    const actual = lastRows.at(-1)![columnOf(name)]!;
    // ATR, in whose units some are given, is no windowed value: its own history is bounded by 1e-9 all the same.
    assert.ok(
      Math.abs(actual - value) <= 1e-9 * Math.abs(value) + 1e-15,
      `${name}: ${actual}, exactly ${value}`,
    );
  }
});

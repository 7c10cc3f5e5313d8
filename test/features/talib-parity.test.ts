import { BarGrid } from '../../actors/market/bar-grid.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE, FEATURE_COUNT, columnOf } from '../../actors/features/catalogue.js';
import { FeatureEngine } from '../../actors/features/feature-engine.js';
import { talibBars, talibCalls } from '../support/talib.js';

/** TA-Lib calls that have several outputs, or another name than the feature. */
const CALL_OF: Readonly<Record<string, readonly [call: string, output: string]>> = {
  mama: ['mama', 'MAMA'],
  fama: ['mama', 'FAMA'],
  macd: ['macd_12_26_9', 'MACD'],
  macd_signal: ['macd_12_26_9', 'MACDSignal'],
  macd_hist: ['macd_12_26_9', 'MACDHist'],
  aroon_up_25: ['aroon_25', 'AroonUp'],
  aroon_down_25: ['aroon_25', 'AroonDown'],
  ht_sine: ['ht_sine', 'Sine'],
  ht_leadsine: ['ht_sine', 'LeadSine'],
  stoch_k: ['stoch_14_3_3', 'SlowK'],
  stoch_d: ['stoch_14_3_3', 'SlowD'],
  stochf_k: ['stochf_14_3', 'FastK'],
  stochf_d: ['stochf_14_3', 'FastD'],
  stochrsi_k: ['stochrsi_14_14_3', 'FastK'],
  stochrsi_d: ['stochrsi_14_14_3', 'FastD'],
  ppo: ['ppo_12_26', 'Real'],
  apo_12_26: ['apo_12_26', 'Real'],
  true_range: ['trange', 'Real'],
  bb_upper: ['bbands_20_2', 'RealUpperBand'],
  bb_middle: ['bbands_20_2', 'RealMiddleBand'],
  bb_lower: ['bbands_20_2', 'RealLowerBand'],
  accbands_upper: ['accbands_20', 'RealUpperBand'],
  accbands_middle: ['accbands_20', 'RealMiddleBand'],
  accbands_lower: ['accbands_20', 'RealLowerBand'],
};

/**
 * Invented markets: ordinary hours, hours on so coarse a grid that prices tie and stand still, a market that stands
 * still for long, prices of 2·10⁻⁷, volumes of 0.0006, and one print of 10⁹.
 */
const HOURLY = [
  'synthetic_h1',
  'coarse_grid_h1',
  'flat_h1',
  'tiny_h1',
  'fraction_volume_h1',
  'bad_print_h1',
] as const;

function deviationsFrom(expected: readonly (number | null)[], actual: readonly number[]): readonly string[] {
  // Relative, so that a price of 2e-7 is held to as many digits as one of 2e4; near zero, to the output's scale.
  const top = Math.max(...expected.map((value) => Math.abs(value ?? 0)));
  const floor = top * 1e-3 || 1;
  return expected.flatMap((value, bar) => {
    const x = actual[bar]!;
    if (value === null) return Number.isNaN(x) ? [] : [`bar ${bar}: ${x} before the first`];
    return Math.abs(x - value) <= 1e-9 * Math.max(Math.abs(value), floor)
      ? []
      : [`bar ${bar}: ${x}, TA-Lib ${value}`];
  });
}

for (const series of HOURLY) {
  const calls = talibCalls(series);
  const engine = new FeatureEngine(BarGrid.of('1h'));
  const state = new Float64Array(engine.stateSize);
  const rows = talibBars(series).map((bar) => {
    engine.update(state, bar);
    return engine.row.slice(0, FEATURE_COUNT);
  });

  for (const spec of CATALOGUE.filter(
    ({ talib, group }) => talib !== undefined && group !== 'candlesticks',
  )) {
    test(`${spec.name} is TA-Lib's ${spec.talib} on every bar of ${series}, from the same first bar`, () => {
      const [name, output] = CALL_OF[spec.name] ?? [spec.name, undefined];
      const call = calls[name];
      assert.ok(call, `no recorded call ${name}`);
      assert.equal(call.function, spec.talib);
      const expected = call.outputs[output ?? Object.keys(call.outputs)[0]!];
      assert.ok(expected, `no output ${output}`);
      assert.equal(expected.length, rows.length);
      assert.equal(spec.warmUpBars, call.begin + 1, 'declared warm-up');
      const column = columnOf(spec.name);
      assert.deepEqual(
        deviationsFrom(
          expected,
          rows.map((row) => row[column]!),
        ).slice(0, 5),
        [],
      );
    });
  }
}

for (const series of [...HOURLY, 'pattern_zoo_m1']) {
  test(`candlesticks equal TA-Lib's on every bar of ${series}`, () => {
    const zoo = talibBars(series);
    const recorded = talibCalls(series);
    const engine = new FeatureEngine(BarGrid.of('1m'));
    const state = new Float64Array(engine.stateSize);
    const patterns = CATALOGUE.filter(({ name }) => /^cdl_(?!bullish|bearish|net)/.test(name));
    const fired = new Map<string, number>();
    zoo.forEach((bar, i) => {
      engine.update(state, bar);
      for (const { name, talib } of patterns) {
        const call = Object.values(recorded).find((c) => c.function === talib);
        if (call === undefined) continue;
        const expected =
          call.nonzero === undefined ? (Object.values(call.outputs)[0]![i] ?? 0) : (call.nonzero[i] ?? 0);
        const actual = engine.row[columnOf(name)]!;
        assert.equal(actual, expected, `${name} on bar ${i}`);
        if (actual !== 0) fired.set(name, (fired.get(name) ?? 0) + 1);
      }
    });
    if (series === 'pattern_zoo_m1')
      for (const { name } of patterns) assert.ok(fired.has(name), `${name} fires`);
  });
}

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

/** Invented hours, and hours on so coarse a grid that prices tie and stand still. */
for (const series of ['synthetic_h1', 'coarse_grid_h1']) {
  const calls = talibCalls(series);
  const engine = new FeatureEngine(3_600_000);
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
      const column = columnOf(spec.name);
      assert.equal(spec.warmUpBars, call.begin + 1, 'declared warm-up');
      rows.forEach((row, bar) => {
        // TA-Lib 0.7 divides by zero where no bar has a body; 0.8 says 50.
        const value = expected[bar] ?? (spec.talib === 'IMI' && bar >= call.begin ? 50 : null);
        const actual = row[column]!;
        if (value === null) assert.ok(Number.isNaN(actual), `bar ${bar}: ${actual} before the first`);
        else
          assert.ok(
            Math.abs(actual - value) <= 1e-9 * Math.max(1, Math.abs(value)),
            `bar ${bar}: ${actual}, TA-Lib ${value}`,
          );
      });
    });
  }
}

for (const series of ['synthetic_h1', 'coarse_grid_h1', 'pattern_zoo_m1']) {
  test(`candlesticks equal TA-Lib's on every bar of ${series}`, () => {
    const zoo = talibBars(series);
    const recorded = talibCalls(series);
    const engine = new FeatureEngine(60_000);
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

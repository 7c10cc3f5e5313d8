import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE, FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { FeatureEngine } from '../../actors/features/feature-engine.js';
import { talibBars, talibCalls } from '../support/talib.js';

/** TA-Lib calls whose name or output is not the feature's own. */
const OUTPUT_OF: Readonly<Record<string, readonly [string, string]>> = {
  mama: ['mama', 'MAMA'],
  fama: ['mama', 'FAMA'],
  macd: ['macd', 'MACD'],
  macd_signal: ['macd', 'MACDSignal'],
  macd_hist: ['macd', 'MACDHist'],
};

function rows(series: string): { length: number; value(bar: number, column: number): number } {
  const bars = talibBars(series);
  const engine = new FeatureEngine(bars[1]!.openTime - bars[0]!.openTime);
  const state = new Float64Array(engine.stateSize);
  const out = new Float64Array(bars.length * FEATURE_COUNT);
  bars.forEach((bar, i) => {
    engine.update(state, bar);
    out.set(engine.row.subarray(0, FEATURE_COUNT), i * FEATURE_COUNT);
  });
  return { length: bars.length, value: (bar, column) => out[bar * FEATURE_COUNT + column]! };
}

const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
void OUTPUT_OF;
test('debug', () => {
  const calls = talibCalls('synthetic_h1');
  const r = rows('synthetic_h1');
  CATALOGUE.forEach((spec, column) => {
    if (spec.talib === undefined || spec.group === 'candlesticks') return;
    let found = false;
    for (const [name, call] of Object.entries(calls)) {
      for (const [out, values] of Object.entries(call.outputs)) {
        if (call.function !== spec.talib) continue;
        const v = r.value(2000, column);
        if (close(v, values[2000] ?? NaN) && close(r.value(1500, column), values[1500] ?? NaN)) {
          found = true;
          let bad = 0; let first = -1;
          for (let i = 0; i < r.length; i++) {
            const expected = values[i];
            const actual = r.value(i, column);
            if (expected === null || expected === undefined ? actual === actual : !close(actual, expected)) { bad++; if (first < 0) first = i; }
          }
          if (bad > 0) console.log(spec.name, name, out, 'bad', bad, 'first', first, r.value(first, column), values[first], 'begin', call.begin);
        }
      }
    }
    if (!found) console.log('NOT MATCHED', spec.name, r.value(2000, column), JSON.stringify(Object.entries(calls).filter(([, c]) => c.function === spec.talib).map(([n, c]) => [n, Object.values(c.outputs).map((o) => o[2000])])));
  });
  // warm-ups
  CATALOGUE.forEach((spec, column) => {
    let first = 0;
    while (first < r.length && r.value(first, column) !== r.value(first, column)) first++;
    if (first + 1 !== spec.warmUpBars) console.log('warm', spec.name, spec.warmUpBars, first + 1);
    let nan = 0;
    for (let i = first; i < r.length; i++) if (!Number.isFinite(r.value(i, column))) nan++;
    if (nan) console.log('nonfinite', spec.name, nan);
  });
  assert.ok(true);
});

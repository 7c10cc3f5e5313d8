import { BarGrid } from '../../actors/market/bar-grid.js';
import { UTC_CALENDAR } from '../../actors/market/calendar.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnOf } from '../../actors/features/catalogue.js';
import { FeatureEngine } from '../../actors/features/feature-engine.js';
import { HORIZONS, HORIZON_MS, Labeler, type Label } from '../../actors/features/labels.js';
import { StateLayout } from '../../actors/indicators/state.js';
import type { Bar } from '../../actors/market/bar.js';
import { inventedBars } from '../support/markets.js';

/** Minute bars with holes: single minutes, hours, a weekend. */
function minutes(): Bar[] {
  return inventedBars(5_000, { seed: 11, lengthMs: 60_000 }).filter(
    (_, i) => i % 101 !== 7 && !(i > 1200 && i < 1290) && !(i > 3000 && i < 3400),
  );
}

for (const [name, lengthMs, bars] of [
  ['minute', 60_000, minutes()],
  ['hourly', 3_600_000, inventedBars(700, { seed: 12 }).filter((_, i) => i % 13 !== 5)],
] as const) {
  test(`labels of ${name} bars are what their definition says, and known at the time it says`, () => {
    const layout = new StateLayout();
    const grid = new BarGrid(lengthMs, UTC_CALENDAR);
    const engine = new FeatureEngine(grid, layout);
    const labeler = new Labeler(layout, grid);
    const state = new Float64Array(layout.size);
    const atr: number[] = [];
    const labels: Label[] = [];
    bars.forEach((bar, i) => {
      engine.update(state, bar);
      atr[i] = engine.row[columnOf('atr_14')]!;
      labeler.update(state, bar, atr[i]!, (label) => {
        assert.equal(label.resolvedAt, bar.openTime + lengthMs, 'never before it is known');
        labels.push({ ...label });
      });
    });
    const indexOf = new Map(bars.map((bar, i) => [bar.openTime + lengthMs, i]));
    const expected = new Map<string, number>();
    HORIZON_MS.forEach((ms, horizon) => {
      bars.forEach((bar, i) => {
        const end = bar.openTime + lengthMs + ms;
        const exit = bars.findIndex((later, k) => k > i && later.openTime + lengthMs >= end);
        if (exit > 0) expected.set(`${i}/${horizon}`, exit);
      });
    });
    assert.equal(labels.length, expected.size);
    for (const label of labels) {
      const i = indexOf.get(label.closeTime)!;
      const exit = expected.get(`${i}/${label.horizon}`)!;
      assert.equal(label.resolvedAt, bars[exit]!.openTime + lengthMs, HORIZONS[label.horizon]);
      const { close, ask, bid } = bars[i]!;
      const scaled = atr[i]! * Math.sqrt(Math.max(1, HORIZON_MS[label.horizon]! / lengthMs));
      const move = bars[exit]!.close - close;
      const path = bars.slice(i + 1, exit + 1);
      assert.equal(label.return, move / close);
      assert.equal(label.maxGain, Math.max(0, Math.max(...path.map((bar) => bar.high)) / close - 1));
      assert.equal(label.maxLoss, Math.min(0, Math.min(...path.map((bar) => bar.low)) / close - 1));
      if (Number.isNaN(scaled)) {
        assert.ok(Number.isNaN(label.direction) && Number.isNaN(label.barrier));
        continue;
      }
      const flat = Math.abs(move) <= Math.max(ask - bid, 0.1 * scaled);
      assert.equal(label.direction, flat ? 0 : Math.sign(move));
      const touch = path.find((bar) => bar.low <= close - scaled || bar.high >= close + scaled);
      assert.equal(label.barrier, touch === undefined ? 0 : touch.low <= close - scaled ? -1 : 1);
    }
  });
}

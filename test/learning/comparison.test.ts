import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BarGrid } from '../../actors/market/bar-grid.js';
import type { Held } from '../../engine/learning/calibration.js';
import { alikeTheBest, sharesApart } from '../../engine/learning/comparison.js';
import { buildDataset } from '../../engine/learning/dataset.js';
import { inventedBars } from '../support/markets.js';

test('outcomes that overlap count as many as have no time in common', () => {
  const dataset = buildDataset(inventedBars(400), BarGrid.of('1h'));
  // Of 48 hours: each of one hour, every fourth of four, and two days.
  assert.deepEqual(sharesApart(dataset, { from: 20, to: 68 }), [1, 12 / 48, 2 / 48]);
  assert.deepEqual(sharesApart(dataset, { from: 20, to: 20 }), [0, 0, 0]);
});

/** Four rows whose first class came true over one horizon, and nothing is known of the others. */
function fourRows(horizon: number): Held {
  const classes = new Float32Array(36);
  for (let row = 0; row < 4; row++) classes[row * 9 + horizon * 3] = 1;
  return { rows: 4, classes, targets: new Float32Array(12), known: new Float32Array(12) };
}

test('a model is alike the best while it is less than one standard error of the paired difference below', () => {
  const held = fourRows(1);
  const model = (...chances: readonly number[]): Float32Array => {
    const p = new Float32Array(36).fill(0.1);
    chances.forEach((chance, row) => (p[row * 9 + 3] = chance));
    return p;
  };
  const best = model(0.5, 0.5, 0.5, 0.5);
  // Behind by ln 2 in two rows of four: 1.39, error √(2 ln² 2 − (2 ln 2)² / 4) = 0.69.
  const twice = model(0.25, 0.5, 0.25, 0.5);
  // In one row: 0.69, error √(ln² 2 − ln² 2 / 4) = 0.60.
  const once = model(0.5, 0.5, 0.25, 0.5);
  // Ahead in one row by ln 1.6, behind in one by ln 2: 0.22, error √(0.22 + 0.48 − 0.05 / 4) = 0.83.
  const both = model(0.8, 0.25, 0.5, 0.5);
  assert.deepEqual(alikeTheBest([twice, best, once, both], held, [1, 1, 1]), [false, true, false, true]);
  // Where only each second row counts, the differences are half as large, and their errors √½ times.
  assert.deepEqual(alikeTheBest([twice, best, once, both], held, [1, 0.5, 1]), [false, true, true, true]);
  assert.deepEqual(alikeTheBest([best], held, [1, 1, 1]), [true]);
});

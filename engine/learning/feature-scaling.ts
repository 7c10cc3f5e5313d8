import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS, HORIZON_MS } from '../../actors/features/labels.js';
import type { Dataset } from './dataset.js';
import type { RowRange } from './split.js';

const WIDTH = HORIZONS.length;

/** Numbers in columns: of row `row`, column `column` lies at `row · stride + column`, so that rows may overlap. */
export interface Columns {
  readonly values: Float32Array;
  readonly stride: number;
  readonly count: number;
}

/** The feature columns of a dataset. */
function featuresOf(dataset: Dataset): Columns {
  return { values: dataset.features, stride: FEATURE_COUNT, count: FEATURE_COUNT };
}

/** Mean and standard deviation of each column over some rows, unknown values left out; of the features by default. */
export function meanAndDeviation(
  dataset: Dataset,
  { from, to }: RowRange,
  { values, stride, count }: Columns = featuresOf(dataset),
): { mean: Float32Array; sigma: Float32Array } {
  const mean = new Float32Array(count);
  const sigma = new Float32Array(count);
  for (let column = 0; column < count; column++) {
    let n = 0;
    let sum = 0;
    let squares = 0;
    for (let row = from; row < to; row++) {
      const x = values[row * stride + column]!;
      if (!Number.isFinite(x)) continue;
      n++;
      sum += x;
      squares += x * x;
    }
    if (n === 0) continue;
    mean[column] = sum / n;
    sigma[column] = Math.sqrt(Math.max(0, squares / n - (sum / n) * (sum / n)));
  }
  return { mean, sigma };
}

/**
 * How much each column is let in, of the features by default. A feature that says nothing of any horizon on the training rows is scaled
 * down, so weight decay holds its weights near nothing: with few thousand rows and hundreds of features, the
 * noise of the many would drown the edge of the few. Measured by how the direction's mean differs between
 * ten quantile bins (chi-squared against no difference, in standard deviations).
 */
export function relevance(
  dataset: Dataset,
  range: RowRange,
  columns: Columns = featuresOf(dataset),
): Float32Array {
  const weights = new Float32Array(columns.count);
  const bins = 10;
  const rows = range.to - range.from;
  const values = new Float32Array(rows);
  for (let column = 0; column < columns.count; column++) {
    let known = 0;
    for (let row = 0; row < rows; row++) {
      const x = columns.values[(range.from + row) * columns.stride + column]!;
      if (Number.isFinite(x)) values[known++] = x;
    }
    if (known < rows / 4) continue;
    const sorted = values.slice(0, known).sort();
    const edges = Array.from({ length: bins - 1 }, (_, i) => sorted[Math.floor(((i + 1) * known) / bins)]!);
    let strongest = 0;
    for (let horizon = 0; horizon < WIDTH; horizon++) {
      strongest = Math.max(strongest, association(dataset, range, columns, column, horizon, edges));
    }
    weights[column] = Math.max(0.03, Math.min(1, (strongest - 2) / 6));
  }
  return weights;
}

function association(
  dataset: Dataset,
  range: RowRange,
  columns: Columns,
  column: number,
  horizon: number,
  edges: readonly number[],
): number {
  const counts = new Float64Array(edges.length + 1);
  const sums = new Float64Array(edges.length + 1);
  let n = 0;
  let sum = 0;
  let squares = 0;
  for (let row = range.from; row < range.to; row++) {
    const y = dataset.directions[row * WIDTH + horizon]!;
    const x = columns.values[row * columns.stride + column]!;
    if (y !== y || !Number.isFinite(x)) continue;
    let bin = 0;
    while (bin < edges.length && x >= edges[bin]!) bin++;
    counts[bin]!++;
    sums[bin]! += y;
    n++;
    sum += y;
    squares += y * y;
  }
  if (n < 100) return 0;
  const mean = sum / n;
  const variance = squares / n - mean * mean;
  if (variance <= 0) return 0;
  let chi = 0;
  let used = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (counts[bin] === 0) continue;
    used++;
    const deviation = sums[bin]! / counts[bin]! - mean;
    chi += (counts[bin]! * deviation * deviation) / variance;
  }
  const freedom = Math.max(1, used - 1);
  // Overlapping outcomes repeat each other; what is left counts like independent ones.
  const overlap = Math.max(1, overlapOf(dataset, horizon));
  return (chi / overlap - freedom) / Math.sqrt(2 * freedom);
}

function overlapOf(dataset: Dataset, horizon: number): number {
  const step =
    (dataset.closeTimes[dataset.rows - 1]! - dataset.closeTimes[0]!) / Math.max(1, dataset.rows - 1);
  return HORIZON_MS[horizon]! / step;
}

/** Root mean square of the returns over some rows; 1 where there are none. */
export function returnSpread(dataset: Dataset, { from, to }: RowRange, horizon: number): number {
  let n = 0;
  let squares = 0;
  for (let row = from; row < to; row++) {
    const r = dataset.returns[row * WIDTH + horizon]!;
    if (r !== r) continue;
    n++;
    squares += r * r;
  }
  return n === 0 || squares === 0 ? 1 : Math.sqrt(squares / n);
}

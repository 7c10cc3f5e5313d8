import { FEATURE_COUNT, columnOf } from '../../actors/features/catalogue.js';
import { FeatureEngine } from '../../actors/features/feature-engine.js';
import { HORIZONS, Labeler } from '../../actors/features/labels.js';
import {
  CHANNEL_COUNT,
  SEQUENCE_BARS,
  SEQUENCE_SIZE,
  SequenceChannels,
} from '../../actors/features/sequence-channels.js';
import { StateLayout } from '../../actors/indicators/state.js';
import type { Bar } from '../../actors/market/bar.js';
import type { BarGrid } from '../../actors/market/bar-grid.js';
import { WARM_UP_BARS } from '../../actors/signal-actor.js';

/**
 * Rows to learn from, oldest first: model-form features, and for each horizon what came of the row (NaN
 * where it is not known by the end of the bars).
 */
export interface Dataset {
  readonly rows: number;
  /** rows × FEATURE_COUNT. */
  readonly features: Float32Array;
  /**
   * (SEQUENCE_BARS − 1 + rows) × CHANNEL_COUNT: the sequence channels of each row's bar, after those of the bars before the
   * first row.
   */
  readonly channels: Float32Array;
  readonly closeTimes: Float64Array;
  /** rows × horizons: −1, 0, +1 or NaN. */
  readonly directions: Float32Array;
  /** rows × horizons. */
  readonly returns: Float32Array;
  /** rows × horizons: close time of the bar that made it known, NaN while unknown. */
  readonly resolvedAt: Float64Array;
}

/** Runs bars through the same feature engine that serves live rows, and keeps the warmed-up ones. */
export function buildDataset(bars: readonly Bar[], grid: BarGrid): Dataset {
  const layout = new StateLayout();
  const engine = new FeatureEngine(grid, layout);
  const labeler = new Labeler(layout, grid);
  const sequence = new SequenceChannels(layout);
  const state = new Float64Array(layout.size);
  const atr = columnOf('atr_14');
  const rows = Math.max(0, bars.length - WARM_UP_BARS + 1);
  const width = HORIZONS.length;
  const features = new Float32Array(rows * FEATURE_COUNT);
  const earlier = WARM_UP_BARS - SEQUENCE_BARS;
  const channels = new Float32Array(rows === 0 ? 0 : (bars.length - earlier) * CHANNEL_COUNT);
  const closeTimes = new Float64Array(rows);
  const directions = new Float32Array(rows * width).fill(NaN);
  const returns = new Float32Array(rows * width).fill(NaN);
  const resolvedAt = new Float64Array(rows * width).fill(NaN);
  const rowAt = new Map<number, number>();
  bars.forEach((bar, i) => {
    engine.update(state, bar);
    sequence.update(state, bar, engine);
    if (rows > 0 && i >= earlier) channels.set(sequence.values, (i - earlier) * CHANNEL_COUNT);
    const row = i - WARM_UP_BARS + 1;
    if (row >= 0) {
      engine.writeModelForm(features, row * FEATURE_COUNT);
      closeTimes[row] = engine.market.closeTime;
      rowAt.set(engine.market.closeTime, row);
    }
    labeler.update(state, bar, engine.row[atr]!, (label) => {
      const labelled = rowAt.get(label.closeTime);
      if (labelled === undefined) return;
      directions[labelled * width + label.horizon] = label.direction;
      returns[labelled * width + label.horizon] = label.return;
      resolvedAt[labelled * width + label.horizon] = label.resolvedAt;
    });
  });
  return { rows, features, channels, closeTimes, directions, returns, resolvedAt };
}

/** What a model of sequences sees of a row: its last SEQUENCE_BARS bars × CHANNEL_COUNT, oldest first. */
export function sequenceOf({ channels }: Pick<Dataset, 'channels'>, row: number): Float32Array {
  return channels.subarray(row * CHANNEL_COUNT, row * CHANNEL_COUNT + SEQUENCE_SIZE);
}

/** The newest rows of a dataset, `rowsMax` at most. */
export function newest(dataset: Dataset, rowsMax: number): Dataset {
  if (dataset.rows <= rowsMax) return dataset;
  const from = dataset.rows - rowsMax;
  return {
    rows: rowsMax,
    features: dataset.features.subarray(from * FEATURE_COUNT),
    channels: dataset.channels.subarray(from * CHANNEL_COUNT),
    closeTimes: dataset.closeTimes.subarray(from),
    directions: dataset.directions.subarray(from * HORIZONS.length),
    returns: dataset.returns.subarray(from * HORIZONS.length),
    resolvedAt: dataset.resolvedAt.subarray(from * HORIZONS.length),
  };
}

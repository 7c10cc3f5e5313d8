import { FEATURE_COUNT, columnOf } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { ModelMonitor, type Finding } from '../../engine/drift/model-monitor.js';
import { provenWorth } from '../../engine/drift/edge-watch.js';
import { decodeFacts } from '../../engine/drift/training-facts.js';
import { buildDataset, newest, type Dataset } from '../../engine/learning/dataset.js';
import { trainingFacts } from '../../engine/learning/training-facts.js';

const WIDTH = HORIZONS.length;

/** What a monitor found, and how many rows after training. */
export interface Found {
  readonly row: number;
  readonly finding: Finding;
}

export interface WatchedMarket {
  readonly found: readonly Found[];
  /** Rows watched. */
  readonly rows: number;
}

/** How sure the watched model is that the last bar's direction goes on over the next hour. */
const FOLLOWED = 0.62;

/** A model that follows the last bar's direction: probabilities of all horizons. */
function followed(dataset: Dataset, row: number): number[] {
  const rose = dataset.features[row * FEATURE_COUNT + columnOf('log_return_1')]! > 0;
  const up = rose ? FOLLOWED : 1 - FOLLOWED;
  return [1 - up, 0, up, 0.5, 0, 0.5, 0.5, 0, 0.5];
}

/** Anomaly score that stands in for an encoder's: how unusual the size of a bar is. */
function unusual(dataset: Dataset, row: number): number {
  return Math.abs(dataset.features[row * FEATURE_COUNT + columnOf('log_return_1')]!);
}

/** Watches a model that was trained on the first rows of hourly bars, run through the real feature engine, on those after. */
export function watch(bars: readonly Bar[], trainedRows: number): WatchedMarket {
  const dataset = buildDataset(bars, BarGrid.of('1h'));
  const trained = newest({ ...dataset, rows: trainedRows }, trainedRows);
  const scores = Float32Array.from({ length: trainedRows }, (_, row) => unusual(dataset, row));
  const towards: number[] = [];
  for (let row = 0; row < trainedRows; row++) {
    const direction = dataset.directions[row * WIDTH]!;
    const [down = 0, , up = 0] = followed(dataset, row);
    if (Math.abs(direction) === 1) towards.push(direction * Math.log(up / down));
  }
  const kept = { ...trained, features: dataset.features.subarray(0, trainedRows * FEATURE_COUNT) };
  const facts = decodeFacts(trainingFacts(kept, scores, 1, [provenWorth(towards, 1), 0, 0]), FEATURE_COUNT)!;
  const monitor = new ModelMonitor(facts, '1h');
  const found: Found[] = [];
  const note = (row: number, finding: Finding | undefined): void => {
    if (finding !== undefined) found.push({ row: row - trainedRows, finding });
  };
  let resolved = trainedRows;
  for (let row = trainedRows; row < dataset.rows; row++) {
    const closeTime = dataset.closeTimes[row]!;
    note(
      row,
      monitor.see(closeTime, dataset.features.subarray(row * FEATURE_COUNT, (row + 1) * FEATURE_COUNT)),
    );
    while (dataset.resolvedAt[resolved * WIDTH]! <= closeTime) {
      const label = {
        closeTime: dataset.closeTimes[resolved]!,
        horizon: 0,
        direction: dataset.directions[resolved * WIDTH]!,
        resolvedAt: dataset.resolvedAt[resolved * WIDTH]!,
      };
      note(row, monitor.resolved(label));
      resolved++;
    }
    note(row, monitor.answered(closeTime, followed(dataset, row), unusual(dataset, row)));
  }
  return { found, rows: dataset.rows - trainedRows };
}

/** Bars with every move after bar `from` this many times as large. */
export function moreVolatile(bars: readonly Bar[], from: number, times: number): Bar[] {
  let [before, last] = [bars[0]!.close, bars[0]!.close];
  return bars.map((bar, i) => {
    const at = (price: number): number => last * (price / before) ** (i < from ? 1 : times);
    const moved = { open: at(bar.open), high: at(bar.high), low: at(bar.low), close: at(bar.close) };
    [before, last] = [bar.close, moved.close];
    const spread = (bar.ask - bar.bid) / bar.close;
    return { ...bar, ...moved, bid: moved.close, ask: moved.close * (1 + spread) };
  });
}

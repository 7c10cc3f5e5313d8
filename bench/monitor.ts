import { FEATURE_COUNT } from '../actors/features/catalogue.js';
import { BarGrid } from '../actors/market/bar-grid.js';
import { InputDrift } from '../engine/drift/input-drift.js';
import { makeReference } from '../engine/drift/reference.js';
import { simulatedBars } from '../engine/feeds/simulator.js';
import { buildDataset } from '../engine/learning/dataset.js';
import { median, report } from './report.js';

const TRAINED = 3_000;
/** A long window: four short ones are judged in it, and one long one. */
const ROWS = 2_048;
const ROUNDS = 60;

/**
 * What a row costs the monitor of a model's inputs, judging included, beside the least that counting it can cost: one
 * comparison and one count for each of its values. Processor time, in turns; of each the median round.
 */
export function benchMonitor(): void {
  const dataset = buildDataset(simulatedBars('EURUSD', 1, '1h', 199 + TRAINED + ROWS), BarGrid.of('1h'));
  const reference = makeReference(dataset.features.subarray(0, TRAINED * FEATURE_COUNT), FEATURE_COUNT, []);
  const rows = Array.from({ length: ROWS }, (_, i) =>
    dataset.features.subarray((TRAINED + i) * FEATURE_COUNT, (TRAINED + i + 1) * FEATURE_COUNT),
  );
  const drift = new InputDrift(reference, { falseAlarmsAYear: 0.25, barMs: 3_600_000 });
  const counts = new Uint16Array(FEATURE_COUNT * 2);
  const sides = {
    monitor: (row: Float32Array): void => void drift.see(row),
    floor: (row: Float32Array): void => countHalves(row, reference.edges, counts),
  };
  const spent = { monitor: [] as number[], floor: [] as number[] };
  for (let round = 0; round < ROUNDS; round++)
    for (const side of ['monitor', 'floor'] as const) {
      const start = process.cpuUsage();
      for (const row of rows) sides[side](row);
      // The first rounds are compiled meanwhile.
      if (round >= ROUNDS / 6) spent[side].push(process.cpuUsage(start).user / ROWS);
    }
  const [monitor, floor] = [median(spent.monitor), median(spent.floor)];
  report(
    'monitor',
    [
      `a row of ${FEATURE_COUNT} inputs, counted and judged: ${monitor.toFixed(2)} µs (least ${Math.min(...spent.monitor).toFixed(2)})`,
      `one comparison and one count for each value: ${floor.toFixed(2)} µs (least ${Math.min(...spent.floor).toFixed(2)}); ratio ${(monitor / floor).toFixed(2)}`,
    ],
    { monitor, floor, ratio: monitor / floor },
  );
}

function countHalves(row: Float32Array, edges: Float32Array, counts: Uint16Array): void {
  const columns = counts.length / 2;
  const width = edges.length / columns;
  for (let column = 0, at = width >> 1; column < columns; column++, at += width) {
    const half = column * 2 + Number(row[column]! > edges[at]!);
    counts[half] = counts[half]! + 1;
  }
}

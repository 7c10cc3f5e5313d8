import type { Bar } from '../actors/market/bar.js';
import type { BarGrid } from '../actors/market/bar-grid.js';
import {
  CHANNELS,
  CHANNEL_COUNT,
  SEQUENCE_BARS,
  SEQUENCE_SIZE,
} from '../actors/features/sequence-channels.js';
import { buildDataset, sequenceOf, type Dataset } from './learning/dataset.js';

/** Compares sequences, bit for bit, with those that a training computes from the same bars. */
export class SequenceComparison {
  readonly #dataset: Dataset;
  readonly #rowAt: ReadonlyMap<number, number>;
  compared = 0;
  differences = 0;
  /** The first difference, empty while there is none. */
  detail = '';

  constructor(bars: readonly Bar[], grid: BarGrid) {
    this.#dataset = buildDataset(bars, grid);
    this.#rowAt = new Map(Array.from(this.#dataset.closeTimes, (closeTime, row) => [closeTime, row]));
  }

  /** Compares the sequence that `where` (for the sentence) holds after the bar that closes at `closeTime`; warm-up bars have none. */
  check(closeTime: number, sequence: Float32Array | undefined, where: string): void {
    const row = this.#rowAt.get(closeTime);
    if (row === undefined) return;
    this.compared++;
    const expected = sequenceOf(this.#dataset, row);
    let at = 0;
    while (at < SEQUENCE_SIZE && Object.is(sequence?.[at], expected[at])) at++;
    if (at === SEQUENCE_SIZE) return;
    this.differences++;
    if (this.detail !== '') return;
    const ago = SEQUENCE_BARS - 1 - Math.floor(at / CHANNEL_COUNT);
    const { name } = CHANNELS[at % CHANNEL_COUNT]!;
    this.detail = `sequence channel "${name}" of ${ago} bars before ${new Date(closeTime).toISOString()} is another ${where}`;
  }

  /** Compares with the same channels of bars that have another future after `known`. */
  checkFuture(changed: readonly Bar[], grid: BarGrid, known: number): void {
    const other = buildDataset(changed, grid);
    for (let row = 0; row < other.rows && other.closeTimes[row]! <= known; row++)
      this.check(other.closeTimes[row]!, sequenceOf(other, row), 'with another future');
  }
}

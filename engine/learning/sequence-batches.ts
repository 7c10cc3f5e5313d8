import { Tensor } from '../onnx-runtime.js';
import { CHANNEL_COUNT, SEQUENCE_BARS, SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { gather } from './batches.js';
import { heldRows, type Held } from './calibration.js';
import type { Dataset } from './dataset.js';
import type { Normalisation } from './network.js';
import { Random } from './random.js';
import type { RowRange } from './split.js';

const WIDTH = HORIZONS.length;
/** Rows of a training step. */
export const SEQUENCE_BATCH = 128;
/** Rows that are answered together. */
const ANSWERED = 512;

/** What rows were answered: logits (rows × 9) and scaled returns (rows × 3). */
export interface Answered {
  readonly logits: Float32Array;
  readonly returns: Float32Array;
}

/** Rows made ready for a network of sequences: each bar's channels normalised once, and batches of sequences of them. */
export class SequenceBatches implements Held {
  readonly rows: number;
  readonly classes: Float32Array;
  readonly targets: Float32Array;
  readonly known: Float32Array;
  readonly #channels: Float32Array;
  readonly #byChannel: Float64Array[] = [];
  readonly #random: Random;

  constructor(
    dataset: Dataset,
    range: RowRange,
    { mean, scale }: Normalisation,
    returnScale: readonly number[],
    seed: number,
  ) {
    const { rows, classes, targets, known } = heldRows(dataset, range, returnScale);
    this.rows = rows;
    this.classes = classes;
    this.targets = targets;
    this.known = known;
    this.#random = new Random(seed + 1);
    const bars = rows === 0 ? 0 : rows + SEQUENCE_BARS - 1;
    this.#channels = Float32Array.from({ length: bars * CHANNEL_COUNT }, (_, i) => {
      const x = dataset.channels[range.from * CHANNEL_COUNT + i]!;
      const c = i % CHANNEL_COUNT;
      return x === x ? Math.max(-5, Math.min(5, (x - mean[c]!) * scale[c]!)) : 0;
    });
  }

  /** Training batches of all rows in a seeded order, each with what was answered to its rows without the network. */
  *epoch({
    logits,
    returns,
  }: Answered): Generator<{ batch: Readonly<Record<string, Tensor>>; rows: number }> {
    const order = Uint32Array.from({ length: this.rows }, (_, i) => i);
    this.#random.shuffle(order);
    for (let from = 0; from + SEQUENCE_BATCH <= order.length || from === 0; from += SEQUENCE_BATCH) {
      const rows = order.subarray(from, from + SEQUENCE_BATCH);
      if (rows.length === 0) return;
      yield {
        rows: rows.length,
        batch: {
          x: this.#sequences(rows),
          logits: gather(logits, rows, WIDTH * 3),
          returns: gather(returns, rows, WIDTH),
          classes: gather(this.classes, rows, WIDTH * 3),
          targets: gather(this.targets, rows, WIDTH),
          targetKnown: gather(this.known, rows, WIDTH),
        },
      };
    }
  }

  /** All rows in order, in the same form. */
  *inOrder({
    logits,
    returns,
  }: Answered): Generator<{ readonly batch: Readonly<Record<string, Tensor>>; readonly from: number }> {
    for (let from = 0; from < this.rows; from += ANSWERED) {
      const rows = Uint32Array.from({ length: Math.min(ANSWERED, this.rows - from) }, (_, i) => from + i);
      yield {
        from,
        batch: {
          x: this.#sequences(rows),
          logits: gather(logits, rows, WIDTH * 3),
          returns: gather(returns, rows, WIDTH),
        },
      };
    }
  }

  /** One cell (bar · channels + channel) of every row's sequence. */
  cell(cell: number): Float64Array {
    const [bar, channel] = [Math.floor(cell / CHANNEL_COUNT), cell % CHANNEL_COUNT];
    this.#byChannel[channel] ??= Float64Array.from(
      { length: this.#channels.length / CHANNEL_COUNT },
      (_, i) => this.#channels[i * CHANNEL_COUNT + channel]!,
    );
    return this.#byChannel[channel].subarray(bar, bar + this.rows);
  }

  #sequences(rows: Uint32Array): Tensor {
    const data = new Float32Array(rows.length * SEQUENCE_SIZE);
    rows.forEach((row, i) => {
      const at = row * CHANNEL_COUNT;
      data.set(this.#channels.subarray(at, at + SEQUENCE_SIZE), i * SEQUENCE_SIZE);
    });
    return new Tensor('float32', data, [rows.length, SEQUENCE_BARS, CHANNEL_COUNT]);
  }
}

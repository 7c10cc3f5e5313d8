import { Tensor } from '../onnx-runtime.js';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { heldRows, type Held } from './calibration.js';
import type { Dataset } from './dataset.js';
import type { Normalisation } from './network.js';
import { Random } from './random.js';
import type { RowRange } from './split.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;
/** Rows of a training step. */
export const BATCH = 256;

/** Rows made ready for the network: normalised inputs and targets, and batches of them in a seeded order. */
export class Batches implements Held {
  readonly rows: number;
  readonly inputs: Float32Array;
  readonly classes: Float32Array;
  readonly targets: Float32Array;
  readonly known: Float32Array;
  readonly #random: Random;

  constructor(
    dataset: Dataset,
    { from, to }: RowRange,
    { mean, scale }: Normalisation,
    returnScale: readonly number[],
    seed: number,
  ) {
    const rows = Math.max(0, to - from);
    this.rows = rows;
    this.#random = new Random(seed + 1);
    this.inputs = new Float32Array(rows * FEATURE_COUNT);
    const { classes, targets, known } = heldRows(dataset, { from, to }, returnScale);
    this.classes = classes;
    this.targets = targets;
    this.known = known;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < FEATURE_COUNT; column++) {
        const x = dataset.features[(from + row) * FEATURE_COUNT + column]!;
        const z = x === x ? (x - mean[column]!) * scale[column]! : 0;
        this.inputs[row * FEATURE_COUNT + column] = Math.max(-5, Math.min(5, z));
      }
    }
  }

  *epoch(): Generator<{ batch: Readonly<Record<string, Tensor>>; rows: number }> {
    const order = Uint32Array.from({ length: this.rows }, (_, i) => i);
    this.#random.shuffle(order);
    for (let from = 0; from + BATCH <= order.length || from === 0; from += BATCH) {
      const rows = order.subarray(from, from + BATCH);
      if (rows.length === 0) return;
      yield {
        rows: rows.length,
        batch: {
          x: gather(this.inputs, rows, FEATURE_COUNT),
          classes: gather(this.classes, rows, CLASSES),
          targets: gather(this.targets, rows, WIDTH),
          targetKnown: gather(this.known, rows, WIDTH),
        },
      };
    }
  }
}

/** Some rows of an array, as a tensor. */
export function gather(from: Float32Array, rows: Uint32Array, width: number): Tensor {
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => data.set(from.subarray(row * width, (row + 1) * width), i * width));
  return new Tensor('float32', data, [rows.length, width]);
}

import { HORIZONS } from '../../actors/features/labels.js';
import { packReference, packedSize, unpackReference, type DriftReference } from './reference.js';

/** First number of the bytes; another means another layout. */
const FORMAT = 1;

/** What a training keeps of itself beside a model, for its monitors to compare with. */
export interface TrainingFacts {
  /** Of the model's inputs, as many columns as a row has. */
  readonly inputs: DriftReference;
  /** Of the anomaly score, one column. */
  readonly anomaly: DriftReference;
  /** Of each horizon, what a unit of the model's log-odds of up against down is worth at least, 0..1. */
  readonly promised: readonly number[];
}

/** Facts as bytes, little-endian float32. */
export function encodeFacts({ inputs, anomaly, promised }: TrainingFacts): Uint8Array {
  const numbers = Float32Array.from([
    FORMAT,
    ...promised,
    ...packReference(inputs),
    ...packReference(anomaly),
  ]);
  return new Uint8Array(numbers.buffer);
}

/** The facts that {@link encodeFacts} wrote for rows of so many columns; undefined for those of another format or width. */
export function decodeFacts(bytes: Uint8Array, columns: number): TrainingFacts | undefined {
  const head = 1 + HORIZONS.length;
  const inputs = packedSize(columns);
  const size = head + inputs + packedSize(1);
  if (bytes.length !== size * 4) return undefined;
  // Copied: float32 must lie on a multiple of four.
  const numbers = new Float32Array(bytes.slice().buffer);
  if (numbers[0] !== FORMAT || numbers[head] !== columns) return undefined;
  return {
    promised: [...numbers.subarray(1, head)],
    inputs: unpackReference(numbers.subarray(head, head + inputs)),
    anomaly: unpackReference(numbers.subarray(head + inputs)),
  };
}

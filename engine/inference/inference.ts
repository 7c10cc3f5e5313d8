import { isValidPrediction } from '../../actors/signals/evidence-validity.js';
import { SuhoError } from '../errors.js';
import { EMBEDDING, OUTPUT_STRIDE, PROBABILITIES, RETURNS } from './slab.js';

/** What an encoder says of one row. */
export interface Encoding {
  readonly embedding: Float32Array;
  readonly reconstructionError: number;
}

/** What the models say of one row. */
export interface Inference extends Encoding {
  /** Down, flat, up for each horizon. */
  readonly probabilities: readonly number[];
  readonly returns: readonly number[];
}

/**
 * Reads one row of a worker's outputs, of which the embedding stays a part; `encoded` is what the encoder said of it before,
 * where it did not run now. Throws `BAD_MODEL` when the predictor's numbers are no distribution or a return, the embedding or
 * the reconstruction error is not finite.
 */
export function readInference(outputs: Float32Array, row: number, encoded?: Encoding): Inference {
  const at = row * OUTPUT_STRIDE;
  const probabilities = numbersOf(outputs, at, PROBABILITIES);
  const returns = numbersOf(outputs, at + PROBABILITIES, RETURNS);
  if (!isValidPrediction(probabilities, returns))
    throw new SuhoError(
      'BAD_MODEL',
      `The predictor answered out of range: probabilities ${probabilities.join(', ')}; returns ${returns.join(', ')}.`,
    );
  const { embedding, reconstructionError } = encoded ?? readEncoding(outputs, at + PROBABILITIES + RETURNS);
  return { probabilities, returns, embedding, reconstructionError };
}

function readEncoding(outputs: Float32Array, at: number): Encoding {
  const embedding = outputs.subarray(at, at + EMBEDDING);
  const reconstructionError = outputs[at + EMBEDDING]!;
  if (!areFinite(embedding) || !(Number.isFinite(reconstructionError) && reconstructionError >= 0))
    throw new SuhoError(
      'BAD_MODEL',
      `The encoder answered out of range: reconstruction error ${reconstructionError}, ${embedding.filter((x) => !Number.isFinite(x)).length} of ${EMBEDDING} embedding numbers not finite.`,
    );
  return { embedding, reconstructionError };
}

/** A part of an array as numbers: six times as fast as `Array.from` of a subarray. */
function numbersOf(values: Float32Array, at: number, length: number): number[] {
  const numbers: number[] = [];
  for (let i = 0; i < length; i++) numbers.push(values[at + i]!);
  return numbers;
}

function areFinite(values: Float32Array): boolean {
  // What is not finite stays so in a sum with anything times 0.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0;
}

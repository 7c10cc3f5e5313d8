import { isValidPrediction } from '../../actors/signals/evidence-validity.js';
import { SuhoError } from '../errors.js';
import { EMBEDDING, OUTPUT_STRIDE, PROBABILITIES, RETURNS } from './slab.js';

/** What the models say of one row. */
export interface Inference {
  /** Down, flat, up for each horizon. */
  readonly probabilities: readonly number[];
  readonly returns: readonly number[];
  readonly embedding: Float32Array;
  readonly reconstructionError: number;
}

/**
 * Reads one row of a worker's outputs. Throws `BAD_MODEL` when the predictor's numbers are no distribution or a
 * return, the embedding or the reconstruction error is not finite.
 */
export function readInference(outputs: Float32Array, row: number): Inference {
  const at = row * OUTPUT_STRIDE;
  const probabilities = Array.from(outputs.subarray(at, at + PROBABILITIES));
  const returns = Array.from(outputs.subarray(at + PROBABILITIES, at + PROBABILITIES + RETURNS));
  const end = at + PROBABILITIES + RETURNS;
  const embedding = outputs.slice(end, end + EMBEDDING);
  const reconstructionError = outputs[end + EMBEDDING]!;
  if (!isValidPrediction(probabilities, returns))
    throw new SuhoError(
      'BAD_MODEL',
      `The predictor answered out of range: probabilities ${probabilities.join(', ')}; returns ${returns.join(', ')}.`,
    );
  if (
    !embedding.every(Number.isFinite) ||
    !(Number.isFinite(reconstructionError) && reconstructionError >= 0)
  )
    throw new SuhoError(
      'BAD_MODEL',
      `The encoder answered out of range: reconstruction error ${reconstructionError}, ${embedding.filter((x) => !Number.isFinite(x)).length} of ${EMBEDDING} embedding numbers not finite.`,
    );
  return { probabilities, returns, embedding, reconstructionError };
}

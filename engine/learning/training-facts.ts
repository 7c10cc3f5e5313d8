import { CATALOGUE, FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { makeReference } from '../drift/reference.js';
import { encodeFacts } from '../drift/training-facts.js';
import type { Dataset } from './dataset.js';

/**
 * What monitors compare with, of the rows that a training used: quantiles of each input and of the anomaly score (the
 * reconstruction `errors` over their scale), and what the directions of each horizon are worth at least.
 */
export function trainingFacts(
  dataset: Dataset,
  errors: Float32Array,
  scale: number,
  promised: readonly number[],
): Uint8Array {
  const windows = CATALOGUE.map(({ warmUpBars }) => warmUpBars);
  return encodeFacts({
    inputs: makeReference(dataset.features, FEATURE_COUNT, windows),
    anomaly: makeReference(
      errors.map((error) => error / scale),
      1,
      [1],
    ),
    promised,
  });
}

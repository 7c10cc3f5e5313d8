import { HORIZONS } from '../../../actors/features/labels.js';
import type { Graph, Value } from '../onnx/graph.js';

const CLASSES = HORIZONS.length * 3;

/** What turns logits into calibrated probabilities. */
export interface Calibration {
  /** For each horizon: 1 keeps the logits, 0 leaves only the base rates. */
  readonly sharpness: readonly number[];
  /** Log of the base rate of each class. */
  readonly logPriors: readonly number[];
}

/** Calibrated probabilities (batch × 9) of logits. */
export function calibrated(g: Graph, logits: Value, { sharpness, logPriors }: Calibration): Value {
  const sharp = g.constant(
    sharpness.flatMap((k) => [k, k, k]),
    [CLASSES],
  );
  const priors = g.constant(
    logPriors.map((p, i) => p * (1 - sharpness[Math.floor(i / 3)]!)),
    [CLASSES],
  );
  const scaled = g.reshape(g.add(g.mul(logits, sharp), priors), ['batch', HORIZONS.length, 3]);
  return g.reshape(g.softmax(scaled), ['batch', CLASSES]);
}

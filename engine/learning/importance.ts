import { InferenceSession, Tensor } from 'onnxruntime-node';
import { CATALOGUE, FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { heldRows, logLossOf } from './calibration.js';
import type { Dataset } from './dataset.js';
import type { FitOptions } from './families/family.js';
import { SESSION_OPTIONS } from './network.js';
import { Random } from './random.js';
import type { RowRange } from './split.js';

/** Rows looked at, at most: the model runs over all of them once for each feature. */
const ROWS_MAX = 512;
const NAMED = 20;

/** What a model loses when it is given a feature of other rows. */
export interface FeatureImportance {
  readonly feature: string;
  /** How much worse the mean log-loss becomes. */
  readonly logLoss: number;
}

/**
 * The features a model relies on most on rows it has not seen, strongest first: each is shuffled among the rows, and
 * the log-loss compared. Of features that say the same, each may seem to matter little. Source: Breiman 2001, sec. 10.
 */
export async function permutationImportance(
  model: Uint8Array,
  dataset: Dataset,
  { from, to }: RowRange,
  { seed, beforeStep }: FitOptions,
): Promise<FeatureImportance[]> {
  const rows = Math.min(ROWS_MAX, to - from);
  if (rows < 2) return [];
  // The newest, in one piece: what came of them is read the same way everywhere.
  const range = { from: to - rows, to };
  const held = heldRows(
    dataset,
    range,
    HORIZONS.map(() => 1),
  );
  const features = dataset.features.slice(range.from * FEATURE_COUNT, to * FEATURE_COUNT);
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  new Random(seed + 3).shuffle(order);
  const session = await InferenceSession.create(model, SESSION_OPTIONS);
  const loss = async (): Promise<number> => {
    beforeStep?.();
    const { probabilities } = await session.run({
      features: new Tensor('float32', features, [rows, FEATURE_COUNT]),
    });
    return logLossOf(held, probabilities!.data as Float32Array);
  };
  const found: FeatureImportance[] = [];
  try {
    const whole = await loss();
    for (const [column, { name }] of CATALOGUE.entries()) {
      const own = Float32Array.from({ length: rows }, (_, row) => features[row * FEATURE_COUNT + column]!);
      order.forEach((other, row) => (features[row * FEATURE_COUNT + column] = own[other]!));
      found.push({ feature: name, logLoss: (await loss()) - whole });
      own.forEach((x, row) => (features[row * FEATURE_COUNT + column] = x));
    }
  } finally {
    await session.release();
  }
  return found
    .filter(({ logLoss }) => logLoss > 0)
    .sort((a, b) => b.logLoss - a.logLoss)
    .slice(0, NAMED);
}

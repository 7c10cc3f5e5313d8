import { InferenceSession } from '../onnx-runtime.js';
import { CATALOGUE, FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { CHANNELS, CHANNEL_COUNT, SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';
import { heldRows, logLossOf } from './calibration.js';
import type { Dataset } from './dataset.js';
import type { FitOptions } from './families/family.js';
import { SESSION_OPTIONS } from './network.js';
import { feedsOf, inputsOf } from './predict.js';
import { Random } from './random.js';
import type { RowRange } from './split.js';

/** Rows looked at, at most: the model runs over all of them once for each feature. */
const ROWS_MAX = 512;
const NAMED = 20;

/** What a model loses when it is given a feature of other rows. */
export interface FeatureImportance {
  /** Name of a feature, or `sequence.` and that of a channel, of all bars of the sequence. */
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
  const given = inputsOf(dataset, range);
  const features = given.features.slice();
  const sequences = given.sequences();
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  new Random(seed + 3).shuffle(order);
  const session = await InferenceSession.create(model, SESSION_OPTIONS);
  const loss = async (): Promise<number> => {
    beforeStep?.();
    const feeds = feedsOf(session, { rows, features, sequences: () => sequences });
    const { probabilities } = await session.run(feeds);
    return logLossOf(held, probabilities!.data as Float32Array);
  };
  const columns: Column[] = [];
  if (session.inputNames.includes('features'))
    for (const [at, { name }] of CATALOGUE.entries())
      columns.push({ name, values: features, size: FEATURE_COUNT, at, every: FEATURE_COUNT });
  if (session.inputNames.includes('sequence'))
    for (const [at, { name }] of CHANNELS.entries())
      columns.push({
        name: `sequence.${name}`,
        values: sequences,
        size: SEQUENCE_SIZE,
        at,
        every: CHANNEL_COUNT,
      });
  const found: FeatureImportance[] = [];
  try {
    const whole = await loss();
    for (const column of columns) {
      const own = column.values.slice();
      shuffleColumn(column, own, order);
      found.push({ feature: column.name, logLoss: (await loss()) - whole });
      column.values.set(own);
    }
  } finally {
    await session.release();
  }
  return found
    .filter(({ logLoss }) => logLoss > 0)
    .sort((a, b) => b.logLoss - a.logLoss)
    .slice(0, NAMED);
}

/** Numbers that are shuffled among rows together: of each row of `size`, those at `at` and every so many further. */
interface Column {
  readonly name: string;
  readonly values: Float32Array;
  readonly size: number;
  readonly at: number;
  readonly every: number;
}

function shuffleColumn({ values, size, at, every }: Column, own: Float32Array, order: Uint32Array): void {
  order.forEach((other, row) => {
    for (let i = at; i < size; i += every) values[row * size + i] = own[other * size + i]!;
  });
}

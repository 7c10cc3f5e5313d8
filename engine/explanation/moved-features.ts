import { CATALOGUE, FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { CHANNELS, CHANNEL_COUNT, SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';
import { MODEL_WEIGHT } from '../../actors/signals/aggregation.js';
import { drawValue, type DriftReference } from '../drift/reference.js';
import type { Inference } from '../inference/inference.js';
import { Random } from '../learning/random.js';

/** Rows in which a feature is replaced. */
export const DRAWS = 16;
/** Inputs whose rows are asked for at a time: they run behind those that signals wait for, as a batch. */
const AT_ONCE = 4;

/** What a forecast owes to one of its inputs. */
export interface MovedFeature {
  readonly name: string;
  /** A feature of the row, or a channel of the last bars. */
  readonly kind: 'feature' | 'channel';
  /** As it enters the model; NaN where unknown, and for a channel. */
  readonly value: number;
  /**
   * How much higher the forecast's probability is than it would be, in the mean, with a value as training had them: positive
   * where the feature speaks for the direction.
   */
  readonly change: number;
}

export interface MovedInputs {
  readonly row: Float32Array;
  readonly sequence: Float32Array | undefined;
  /** What the features were in training. */
  readonly reference: DriftReference;
  /** Sequences of earlier bars, to take channels from. */
  readonly drawn: readonly Float32Array[];
  readonly seed: number;
  /** Index of the horizon and of the share (0 down, 2 up) whose probability is looked at. */
  readonly horizon: number;
  readonly share: 0 | 2;
  /** Similar moments that the forecast counts beside the model. */
  readonly effectiveSampleSize: number;
  readonly infer: (name: string, row: Float32Array, sequence: Float32Array | undefined) => Promise<Inference>;
}

/**
 * The inputs that moved a forecast most, by permutation: one is replaced by draws from what training had, the others stay, and
 * the mean change of the probability is its share in the forecast (Breiman 2001, of one prediction: Štrumbelj & Kononenko 2014).
 * Similar moments are held as they were. The same seed gives the same figures.
 */
export async function movedFeatures(inputs: MovedInputs, limit: number): Promise<MovedFeature[]> {
  const { row, sequence, horizon, share, effectiveSampleSize, infer } = inputs;
  const weight = MODEL_WEIGHT / (MODEL_WEIGHT + effectiveSampleSize);
  const place = horizon * 3 + share;
  const base = (await infer('as it was', row, sequence)).probabilities[place]!;
  const changeOf = async ({ rows, ...of }: Replacement): Promise<MovedFeature> => {
    const answers = await Promise.all(
      rows.map(async (each, i) => await infer(`${of.kind}/${of.name}/${i}`, each.row, each.sequence)),
    );
    const sum = answers.reduce((total, { probabilities }) => total + base - probabilities[place]!, 0);
    return { ...of, change: rows.length === 0 ? 0 : (weight * sum) / rows.length };
  };
  const moved: MovedFeature[] = [];
  let group: Replacement[] = [];
  for (const replacement of replacements(inputs)) {
    if (group.push(replacement) < AT_ONCE) continue;
    moved.push(...(await Promise.all(group.map(changeOf))));
    group = [];
  }
  moved.push(...(await Promise.all(group.map(changeOf))));
  return moved
    .filter(({ change }) => change !== 0)
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change))
    .slice(0, limit);
}

interface Replacement extends Omit<MovedFeature, 'change'> {
  readonly rows: readonly { readonly row: Float32Array; readonly sequence: Float32Array | undefined }[];
}

/** Each input with the rows in which another value stands in its place. */
function* replacements({ row, sequence, reference, drawn, seed }: MovedInputs): Generator<Replacement> {
  const random = new Random(seed);
  for (let column = 0; column < FEATURE_COUNT; column++) {
    const rows = Array.from({ length: DRAWS }, (_, i) => {
      // One draw from each sixteenth of the distribution: the mean of few draws is as exact as that of many.
      const value = drawValue(reference, column, (i + random.next()) / DRAWS, random.next());
      const changed = row.slice();
      changed[column] = value;
      return { row: changed, sequence };
    });
    yield { name: CATALOGUE[column]!.name, kind: 'feature', value: row[column]!, rows };
  }
  if (sequence === undefined) return;
  for (let channel = 0; channel < CHANNEL_COUNT; channel++) {
    const rows = drawn.map((other) => {
      const changed = sequence.slice();
      for (let at = channel; at < SEQUENCE_SIZE; at += CHANNEL_COUNT) changed[at] = other[at]!;
      return { row, sequence: changed };
    });
    yield { name: CHANNELS[channel]!.name, kind: 'channel', value: NaN, rows };
  }
}

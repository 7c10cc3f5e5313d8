import { HORIZONS } from '../../../actors/features/labels.js';
import { along, type Ascent } from '../isotonic.js';
import type { Graph, Value } from '../onnx/graph.js';
import type { FamilyName } from './names.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;
/** What leaves a probability as it is. */
const SAME: Ascent = { at: [0, 1], value: [0, 1] };

/** What turns logits into calibrated probabilities. */
export interface Calibration {
  /** For each horizon: 1 keeps the logits, 0 leaves only the base rates. */
  readonly sharpness: readonly number[];
  /** Log of the base rate of each class. */
  readonly logPriors: readonly number[];
  /**
   * For each horizon, what the probabilities of down, flat and up then go through, before they are divided by their sum; undefined
   * where the sharpness does as well. Source: one against the rest, Zadrozny & Elkan 2002.
   */
  readonly isotonic: readonly (readonly Ascent[] | undefined)[];
}

/** What calibrated each kind of model in a file, by horizon: a sharpness alone, or isotonic regression after it. */
export type CalibratedBy = Readonly<Partial<Record<FamilyName, readonly ('sharpness' | 'isotonic')[]>>>;

/** What calibrated one kind of model. */
export function calibratedBy(family: FamilyName, { isotonic }: Calibration): CalibratedBy {
  return { [family]: isotonic.map((ascents) => (ascents === undefined ? 'sharpness' : 'isotonic')) };
}

/** What calibrated the probabilities of a model, to follow "calibrated". */
export function calibrationInWords(by: CalibratedBy): string {
  const isotonic = Object.entries(by).flatMap(([family, kinds]) =>
    HORIZONS.flatMap((horizon, h) => (kinds[h] === 'isotonic' ? [`${horizon} of ${family}`] : [])),
  );
  return isotonic.length === 0
    ? 'by the sharpness of each horizon alone'
    : `by the sharpness of each horizon, and by isotonic regression after it: ${isotonic.join(', ')}`;
}

/** Calibrated probabilities (rows × 9) of logits of the same size, as the file computes them. */
export function allProbabilities(logits: Float32Array, calibration: Calibration): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let i = 0; i < logits.length; i += 3)
    probabilities.set(probabilitiesOf(logits, Math.floor(i / CLASSES), (i % CLASSES) / 3, calibration), i);
  return probabilities;
}

/** Calibrated probabilities of one row and horizon, as the file computes them. `logits` are rows × 9. */
export function probabilitiesOf(
  logits: ArrayLike<number>,
  row: number,
  horizon: number,
  { sharpness, logPriors, isotonic }: Calibration,
): number[] {
  const scaled = [0, 1, 2].map((c) => {
    const [k, prior] = [sharpness[horizon]!, logPriors[horizon * 3 + c]!];
    return logits[row * CLASSES + horizon * 3 + c]! * k + prior * (1 - k);
  });
  const most = Math.max(...scaled);
  const soft = normalised(scaled.map((x) => Math.exp(x - most)));
  const ascents = isotonic[horizon];
  return ascents === undefined ? soft : normalised(soft.map((p, c) => along(ascents[c]!, p)));
}

function normalised(parts: readonly number[]): number[] {
  const total = parts.reduce((sum, x) => sum + x, 0);
  return parts.map((x) => x / total);
}

/** Calibrated probabilities (batch × 9) of logits. */
export function calibrated(g: Graph, logits: Value, calibration: Calibration): Value {
  const { sharpness, logPriors, isotonic } = calibration;
  const sharp = g.constant(
    sharpness.flatMap((k) => [k, k, k]),
    [CLASSES],
  );
  const priors = g.constant(
    logPriors.map((p, i) => p * (1 - sharpness[Math.floor(i / 3)]!)),
    [CLASSES],
  );
  const scaled = g.reshape(g.add(g.mul(logits, sharp), priors), ['batch', WIDTH, 3]);
  const soft = g.reshape(g.softmax(scaled), ['batch', CLASSES]);
  if (isotonic.every((ascents) => ascents === undefined)) return soft;
  const risen = ascend(
    g,
    soft,
    isotonic.flatMap((ascents) => ascents ?? [SAME, SAME, SAME]),
  );
  const sums = g.matMul(
    risen,
    matrix(g, CLASSES, (i, c) => (Math.floor(i / 3) === Math.floor(c / 3) ? 1 : 0)),
  );
  return g.div(risen, sums);
}

/** Takes each column of `x` (batch × 9) along its own function: the sum of the share of each of its steps that is climbed. */
function ascend(g: Graph, x: Value, ascents: readonly Ascent[]): Value {
  const steps = Math.max(1, ...ascents.map(({ at }) => at.length - 1));
  const size = CLASSES * steps;
  const each = (of: (ascent: Ascent, k: number) => number): number[] =>
    ascents.flatMap((ascent) =>
      Array.from({ length: steps }, (_, k) => (k + 1 < ascent.at.length ? of(ascent, k) : 0)),
    );
  const wide = g.matMul(
    x,
    matrix(g, size, (i, column) => (Math.floor(column / steps) === i ? 1 : 0)),
  );
  const from = g.constant(
    each(({ at }, k) => at[k]!),
    [size],
  );
  const steepness = g.constant(
    each(({ at }, k) => 1 / (at[k + 1]! - at[k]!)),
    [size],
  );
  const climbed = g.clip(g.mul(g.sub(wide, from), steepness), 0, 1);
  const heights = each(({ value }, k) => value[k + 1]! - value[k]!);
  const rows = Float32Array.from({ length: size * CLASSES }, (_, i) => {
    const [step, column] = [Math.floor(i / CLASSES), i % CLASSES];
    return Math.floor(step / steps) === column ? heights[step]! : 0;
  });
  const risen = g.matMul(climbed, g.constant(rows, [size, CLASSES]));
  return g.add(
    risen,
    g.constant(
      ascents.map(({ value }) => value[0]!),
      [CLASSES],
    ),
  );
}

/** A matrix of 9 × `columns`. */
function matrix(g: Graph, columns: number, of: (row: number, column: number) => number): Value {
  const numbers = Float32Array.from({ length: CLASSES * columns }, (_, i) =>
    of(Math.floor(i / columns), i % columns),
  );
  return g.constant(numbers, [CLASSES, columns]);
}

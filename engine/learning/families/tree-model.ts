import { FEATURE_COUNT } from '../../../actors/features/catalogue.js';
import { HORIZONS } from '../../../actors/features/labels.js';
import { heldRows, priors, returnShrink } from '../calibration.js';
import { sharesApart } from '../comparison.js';
import type { Dataset } from '../dataset.js';
import { returnSpread } from '../feature-scaling.js';
import type { Graph, Value } from '../onnx/graph.js';
import type { RowRange } from '../split.js';
import { calibrate } from './calibrate.js';
import {
  allProbabilities,
  calibrated,
  calibratedBy,
  type CalibratedBy,
  type Calibration,
} from './calibrated.js';
import { Fitted, type Answers, type ModelInputs, type Outputs, type Split } from './family.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;

/** What turns the logits of trees into probabilities and expected returns. */
export interface TreeScale {
  readonly calibration: Calibration;
  /** Return that each class's probability counts, by horizon and class. */
  readonly classReturns: readonly number[];
  /** What that makes of the validation rows. */
  readonly validated: Answers;
}

/** A model of trees: an expected return is the mean return of each class, weighted by its probability. */
export abstract class FittedTrees extends Fitted {
  abstract readonly scale: TreeScale;

  get validated(): Answers {
    return this.scale.validated;
  }

  get calibratedBy(): CalibratedBy {
    return calibratedBy(this.family, this.scale.calibration);
  }

  /** Logits (batch × 9) of model-form features. */
  protected abstract logits(g: Graph, features: Value): Value;

  outputs(g: Graph, inputs: ModelInputs): Outputs {
    const { calibration, classReturns } = this.scale;
    const probabilities = calibrated(g, this.logits(g, inputs.features), calibration);
    const byHorizon = Float32Array.from({ length: CLASSES * WIDTH }, (_, i) => {
      const [c, horizon] = [Math.floor(i / WIDTH), i % WIDTH];
      return Math.floor(c / 3) === horizon ? classReturns[c]! : 0;
    });
    return { probabilities, returns: g.matMul(probabilities, g.constant(byHorizon, [CLASSES, WIDTH])) };
  }
}

/** Classes 0, 1, 2 of one horizon for some rows, −1 where the outcome is not known. */
export function classesOf(dataset: Dataset, { from, to }: RowRange, horizon: number): Int8Array {
  return Int8Array.from({ length: Math.max(0, to - from) }, (_, row) => {
    const direction = dataset.directions[(from + row) * WIDTH + horizon]!;
    return direction === direction ? direction + 1 : -1;
  });
}

/** Logits (rows × 9) of some rows; `logitsAt` tells those of the row whose features begin at a place of the dataset's. */
export function logitsOver(
  { from, to }: RowRange,
  logitsAt: (at: number) => readonly number[],
): Float32Array {
  const rows = Math.max(0, to - from);
  const logits = new Float32Array(rows * CLASSES);
  for (let row = 0; row < rows; row++) logits.set(logitsAt((from + row) * FEATURE_COUNT), row * CLASSES);
  return logits;
}

/** Calibrates trees on the validation rows, whose logits (rows × 9) are given. `sharpnessMax` bounds the sharpening. */
export function scaleOf(
  dataset: Dataset,
  { train, validation }: Split,
  logits: Float32Array,
  sharpnessMax: number,
): TreeScale {
  const returnScale = HORIZONS.map((_, horizon) => returnSpread(dataset, train, horizon));
  const held = heldRows(dataset, validation, returnScale);
  const calibration = calibrate({
    held,
    logits,
    logPriors: priors(dataset, train),
    sharesApart: sharesApart(dataset, validation),
    sharpnessMax,
  });
  const probabilities = allProbabilities(logits, calibration);
  const means = classMeans(dataset, train);
  const expected = expectedReturns(probabilities, means);
  const scaled = expected.map((r, i) => r / returnScale[i % WIDTH]!);
  const shrink = HORIZONS.map((_, horizon) => returnShrink(held, scaled, horizon));
  const classReturns = means.map((mean, c) => mean * shrink[Math.floor(c / 3)]!);
  const returns = expectedReturns(probabilities, classReturns);
  return { calibration, classReturns, validated: { probabilities, returns } };
}

/** Expected returns (rows × 3) of probabilities (rows × 9), with the return that goes with each class. */
function expectedReturns(probabilities: Float32Array, classReturns: readonly number[]): Float32Array {
  return Float32Array.from({ length: probabilities.length / 3 }, (_, cell) =>
    [0, 1, 2].reduce(
      (sum, c) => sum + probabilities[cell * 3 + c]! * classReturns[(cell % WIDTH) * 3 + c]!,
      0,
    ),
  );
}

/** Mean return of the training rows of each horizon and class, 0 where there are none. */
function classMeans(dataset: Dataset, { from, to }: RowRange): number[] {
  const sums = new Float64Array(CLASSES);
  const counts = new Float64Array(CLASSES);
  for (let i = from * WIDTH; i < to * WIDTH; i++) {
    const direction = dataset.directions[i]!;
    if (direction !== direction) continue;
    const c = (i % WIDTH) * 3 + direction + 1;
    sums[c]! += dataset.returns[i]!;
    counts[c]!++;
  }
  return Array.from(sums, (sum, c) => (counts[c]! > 0 ? sum / counts[c]! : 0));
}

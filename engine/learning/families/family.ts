import { FEATURE_COUNT } from '../../../actors/features/catalogue.js';
import {
  CHANNEL_COUNT,
  SEQUENCE_BARS,
  SEQUENCE_VERSION,
} from '../../../actors/features/sequence-channels.js';
import type { Dataset } from '../dataset.js';
import { Graph, type Value } from '../onnx/graph.js';
import type { Fold } from '../split.js';
import type { CalibratedBy } from './calibrated.js';
import type { FamilyName, Trainable } from './names.js';

/** Rows to fit to, and later rows to stop, calibrate and choose on. */
export type Split = Omit<Fold, 'test'>;

/** How a model is fitted. */
export interface FitOptions {
  readonly seed: number;
  /** Seconds of one core that the families which auto tries may take on `rowsTrained`, by their own estimates; 180 by default. */
  readonly budgetSeconds?: number;
  /** Rows that count in it; three times those of the dataset by default: a training's final model and its walk-forward folds. */
  readonly rowsTrained?: number;
  /** Called before every step; one that throws ends the training. */
  readonly beforeStep?: (() => void) | undefined;
}

/** What one of several kinds of model was worth on validation rows. */
export interface Trial {
  readonly family: FamilyName;
  readonly logLoss: number;
  /** What base rates alone are worth on the same rows. */
  readonly baseLogLoss: number;
  readonly isChosen: boolean;
}

/** What a model is made by, as the registry names it; a change here is a new major version. */
export interface FamilyForm {
  readonly architecture: string;
  readonly hyperparameters: Readonly<Record<string, number | string>>;
}

/** A way to make models. */
export interface Family {
  readonly name: Trainable;
  /** What its models take: one feature row, or the last rows of the sequence channels. */
  readonly form: 'row' | 'sequence';
  /** Rows to fit to that it needs, so that it can learn more than base rates. */
  readonly rowsMin: number;
  /** About how long a row takes to be trained on once, in milliseconds of one core. */
  readonly rowMs: number;
  /** Fits a model to rows and calibrates it. The same rows and seed give the same model. */
  fit(dataset: Dataset, split: Split, options: FitOptions): Promise<Fitted>;
}

/** What a model answers: `probabilities` (batch × 9) and `returns` (batch × 3). */
export interface Outputs {
  readonly probabilities: Value;
  readonly returns: Value;
}

/** What a model says of some rows. */
export interface Answers {
  /** rows × 9. */
  readonly probabilities: Float32Array;
  /** rows × 3. */
  readonly returns: Float32Array;
}

/** What a served model can read. What it does not ask for is no input of its file. */
export class ModelInputs {
  readonly #g: Graph;
  #features: Value | undefined;
  #sequence: Value | undefined;

  constructor(g: Graph) {
    this.#g = g;
  }

  /** Feature rows in model form: batch × 277. */
  get features(): Value {
    return (this.#features ??= this.#g.input('features', ['batch', FEATURE_COUNT]));
  }

  /** Sequence channels of the last bars, oldest first: batch × SEQUENCE_BARS × CHANNEL_COUNT. */
  get sequence(): Value {
    return (this.#sequence ??= this.#g.input('sequence', ['batch', SEQUENCE_BARS, CHANNEL_COUNT]));
  }

  get takesSequence(): boolean {
    return this.#sequence !== undefined;
  }
}

/** A model that is fitted. */
export abstract class Fitted {
  abstract readonly family: FamilyName;
  abstract readonly made: FamilyForm;
  /** What the trainer itself says of the validation rows. Its file says the same, but for rounding. */
  abstract readonly validated: Answers;
  abstract readonly calibratedBy: CalibratedBy;
  /** The kinds it was chosen from; none where there was no choice. */
  readonly trials: readonly Trial[] = [];

  /** Adds the model to a graph. */
  abstract outputs(g: Graph, inputs: ModelInputs): Outputs;

  /** Whether it reads sequence channels. */
  get takesSequence(): boolean {
    const g = new Graph();
    const inputs = new ModelInputs(g);
    this.outputs(g, inputs);
    return inputs.takesSequence;
  }

  /** The served file: feature rows, sequences or both in; normalisation, missing values and calibration inside. */
  toOnnx(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const g = new Graph();
    const inputs = new ModelInputs(g);
    const { probabilities, returns } = this.outputs(g, inputs);
    return g.encode('predictor', [g.named(probabilities, 'probabilities'), g.named(returns, 'returns')], {
      ...metadata,
      family: this.family,
      calibration: JSON.stringify(this.calibratedBy),
      ...(inputs.takesSequence ? { sequenceVersion: SEQUENCE_VERSION } : {}),
    });
  }
}

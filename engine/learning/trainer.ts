import { createHash } from 'node:crypto';
import { CATALOGUE, FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import type { Calendar } from '../../actors/market/calendar.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { walkForwardEquity, type WalkForwardEquity } from '../backtest/walk-forward-equity.js';
import { SuhoError } from '../errors.js';
import { buildDataset, newest, type Dataset } from './dataset.js';
import { checkLearnable } from './dataset-faults.js';
import {
  anomalyScale,
  encoderFault,
  history,
  reconstructionErrors,
  trainEncoder,
  type History,
} from './encoder.js';
import { trainingFacts } from './training-facts.js';
import type { HorizonScore } from './evaluation.js';
import type { CalibratedBy } from './families/calibrated.js';
import { familyOf } from './families/families.js';
import type { FamilyForm, FitOptions } from './families/family.js';
import type { FamilyName, Trainable } from './families/names.js';
import { rowsNeeded } from './history-needed.js';
import type { FeatureImportance } from './importance.js';
import { holdOut } from './split.js';
import { judge, type Verdict } from './verdict.js';
import { walkForward, type FoldScore } from './walk-forward.js';

export interface TrainingOptions extends FitOptions {
  /** The bars' calendar; UTC's by default. */
  readonly calendar?: Calendar;
  /** The kind of model. */
  readonly family: Trainable;
  readonly folds: number;
  /** Newest rows used at most; older markets teach less, and time is bounded. */
  readonly rowsMax: number;
  /** An encoder to keep instead of training one; when it is broken, one is trained all the same. */
  readonly encoder?: Uint8Array | undefined;
  readonly onProgress?: (done: number, total: number, stage: string) => void;
}

export interface TrainingResult {
  readonly predictor: Uint8Array;
  readonly family: FamilyName;
  readonly made: FamilyForm;
  readonly calibratedBy: CalibratedBy;
  readonly encoder: Uint8Array;
  /** Why the encoder that was given was not kept. */
  readonly encoderFault: string | undefined;
  readonly embeddingVersion: string;
  readonly anomalyScale: number;
  /** Walk-forward scores, one a horizon. */
  readonly scores: readonly HorizonScore[];
  /** The same fold by fold, oldest first. */
  readonly folds: readonly FoldScore[];
  /** Features that the last fold's model relies on, strongest first. */
  readonly importance: readonly FeatureImportance[];
  readonly verdict: Verdict;
  readonly trainedFrom: number;
  readonly trainedThrough: number;
  readonly rows: number;
  readonly history: History;
  /** What its monitors compare live rows and outcomes with, as the registry keeps it. */
  readonly facts: Uint8Array;
  /** What trading the walk-forward forecasts over the primary horizon came to. */
  readonly equity: WalkForwardEquity | undefined;
}

/**
 * Trains a multi-horizon predictor and an autoencoder on bars, oldest first, all of them closed. Everything
 * is seeded and single-threaded: the same bars and seed give the same files. Throws `BAD_INPUT` when there
 * are too few rows, or nothing to learn from them.
 */
export async function train(
  bars: readonly Bar[],
  timeframe: Timeframe,
  options: TrainingOptions,
): Promise<TrainingResult> {
  const grid = BarGrid.of(timeframe, options.calendar);
  const whole = buildDataset(bars, grid);
  const dataset = newest(whole, options.rowsMax);
  check(dataset, timeframe, options.rowsMax);
  const stages = options.folds + 2;
  let stage = 0;
  const progress = (name: string): void => options.onProgress?.(++stage, stages, name);

  const family = familyOf(options.family);
  const { scores, folds, trials, importance, promised, forecasts } = await walkForward(
    family,
    dataset,
    timeframeMs(timeframe),
    {
      ...options,
      onFold: () => progress('walk-forward'),
    },
  );
  const split = holdOut(dataset, dataset.rows, 0.15);
  const final = await family.fit(dataset, split, options);
  const verdict = judge(scores, [...trials, final.trials]);
  progress('final model');
  const metadata = describe(dataset, timeframe, scores, verdict.edge);
  const fault = options.encoder === undefined ? undefined : await encoderFault(options.encoder, whole);
  const kept = fault === undefined ? options.encoder : undefined;
  const encoder = kept ?? (await trainEncoder(dataset, split.train, options, timeframe, metadata));
  progress('encoder');
  const errors = await reconstructionErrors(encoder, dataset);
  const scale = anomalyScale(errors);
  return {
    predictor: final.toOnnx(metadata),
    family: final.family,
    made: final.made,
    calibratedBy: final.calibratedBy,
    encoder,
    encoderFault: fault,
    embeddingVersion: `e-${createHash('sha256').update(encoder).digest('hex').slice(0, 12)}`,
    anomalyScale: scale,
    scores,
    importance,
    folds,
    verdict,
    trainedFrom: dataset.closeTimes[0]!,
    trainedThrough: dataset.closeTimes[dataset.rows - 1]!,
    rows: dataset.rows,
    history: await history(encoder, whole),
    facts: trainingFacts(dataset, errors, scale, promised),
    equity: walkForwardEquity(bars.slice(-dataset.rows), grid, forecasts, verdict.primaryHorizon),
  };
}

/** Throws `BAD_INPUT` when nothing can be learned from rows. */
function check(dataset: Dataset, timeframe: Timeframe, rowsMax: number): void {
  const needed = rowsNeeded(timeframe);
  if (rowsMax < needed) {
    throw new SuhoError(
      'BAD_INPUT',
      `Training on ${timeframe} bars needs ${needed} of them; training.rowsMax is ${rowsMax}: raise it.`,
    );
  }
  checkLearnable(dataset, timeframe, 'Training', needed);
}

function describe(
  dataset: Dataset,
  timeframe: Timeframe,
  scores: readonly HorizonScore[],
  edge: readonly boolean[],
): Record<string, string> {
  return {
    featureSetVersion: FEATURE_SET_VERSION,
    features: JSON.stringify(CATALOGUE.map(({ name }) => name)),
    horizons: JSON.stringify(HORIZONS),
    timeframe,
    trainedFrom: String(dataset.closeTimes[0]),
    trainedThrough: String(dataset.closeTimes[dataset.rows - 1]),
    metrics: JSON.stringify(scores),
    edge: JSON.stringify(edge),
  };
}

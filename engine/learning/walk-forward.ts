import { HORIZONS, HORIZON_MS } from '../../actors/features/labels.js';
import type { Forecast } from '../backtest/positions.js';
import { provenWorth } from '../drift/edge-watch.js';
import type { Dataset } from './dataset.js';
import { score, type HorizonScore, type Outcome } from './evaluation.js';
import type { Answers, Family, FitOptions, Trial } from './families/family.js';
import { permutationImportance, type FeatureImportance } from './importance.js';
import { predict } from './predict.js';
import { walkForwardFolds, type Fold, type RowRange } from './split.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;

/** How good a model was on one stretch, fitted to nothing but what came before it. */
export interface FoldScore {
  /** Close times of the first and the last row it was tested on. */
  readonly from: number;
  readonly through: number;
  readonly trainedRows: number;
  /** One a horizon: how often the leaning was right where the market moved, always leaning the commoner way, and the log-losses. */
  readonly horizons: readonly {
    readonly samples: number;
    readonly directional: number;
    readonly baseline: number;
    readonly logLoss: number;
    readonly baseLogLoss: number;
  }[];
}

export interface WalkForward {
  /** One a horizon. */
  readonly scores: readonly HorizonScore[];
  /** One a fold, oldest first. */
  readonly folds: readonly FoldScore[];
  /** What was tried in each fold; empty where there was no choice. */
  readonly trials: readonly (readonly Trial[])[];
  /** Of the last fold's model on its test rows, strongest first. */
  readonly importance: readonly FeatureImportance[];
  /** Of each horizon, what a unit of stated log-odds of up against down was worth at least, 0..1. */
  readonly promised: readonly number[];
  /** Of every row that was tested, oldest first; `bar` is its row. */
  readonly forecasts: readonly Forecast[];
}

/**
 * Scores a family, by horizon: each fold is predicted by a model that was fitted to what came before
 * it. `lengthMs` is the bar length.
 */
export async function walkForward(
  family: Family,
  dataset: Dataset,
  lengthMs: number,
  options: FitOptions & { readonly folds: number; readonly onFold: () => void },
): Promise<WalkForward> {
  const outcomes: Outcome[][] = HORIZONS.map(() => []);
  const trials: (readonly Trial[])[] = [];
  const folds: FoldScore[] = [];
  const forecasts: Forecast[] = [];
  let importance: readonly FeatureImportance[] = [];
  for (const fold of walkForwardFolds(dataset, options.folds, 0.5)) {
    const fitted = await family.fit(dataset, fold, options);
    const model = fitted.toOnnx();
    const own: Outcome[][] = HORIZONS.map(() => []);
    const answers = await answersOf(model, dataset, fold.test);
    addOutcomes(dataset, answers, fold.test, own);
    forecasts.push(...forecastsOf(answers, fold.test.from, trials.length));
    for (const [horizon, list] of own.entries()) outcomes[horizon]!.push(...list);
    if (fold.test.to > fold.test.from) folds.push(foldScore(dataset, fold, own, lengthMs));
    trials.push(fitted.trials);
    if (fold.test.to === dataset.rows)
      importance = await permutationImportance(model, dataset, fold.test, options);
    options.onFold();
  }
  const scores = outcomes.map((list, horizon) => score(horizon, list, lengthMs));
  return { scores, folds, trials, importance, promised: promisedBy(outcomes, lengthMs), forecasts };
}

/** What a unit of stated log-odds of up against down was worth at least over each horizon, 0..1. */
export function promisedBy(outcomes: readonly (readonly Outcome[])[], lengthMs: number): readonly number[] {
  return outcomes.map((list, horizon) =>
    provenWorth(list.flatMap(towards), Math.max(1, HORIZON_MS[horizon]! / lengthMs)),
  );
}

function foldScore(
  { closeTimes }: Dataset,
  { train, test }: Fold,
  outcomes: readonly (readonly Outcome[])[],
  lengthMs: number,
): FoldScore {
  return {
    from: closeTimes[test.from]!,
    through: closeTimes[test.to - 1]!,
    trainedRows: train.to - train.from,
    horizons: outcomes.map((list, horizon) => {
      const { samples, directional, probabilities } = score(horizon, list, lengthMs);
      return {
        samples,
        directional: directional.accuracy,
        baseline: directional.baseline,
        logLoss: probabilities?.logLoss ?? 0,
        baseLogLoss: probabilities?.baseLogLoss ?? 0,
      };
    }),
  };
}

/** Log-odds that were stated for what came true; none for an outcome that was flat. */
function towards({ probabilities: [down, , up] = [1, 0, 1], actual }: Outcome): number[] {
  return actual === 0 ? [] : [actual * Math.log(up / down)];
}

/** Lets a model's file answer some rows of a dataset. */
export async function answersOf(model: Uint8Array, dataset: Dataset, range: RowRange): Promise<Answers> {
  return {
    probabilities: await predict(model, dataset, range, 'probabilities', CLASSES),
    returns: await predict(model, dataset, range, 'returns', WIDTH),
  };
}

/** Answers one by one, as a backtest trades them: the first is of bar `bar`. */
export function forecastsOf({ probabilities, returns }: Answers, bar: number, fold: number): Forecast[] {
  return Array.from({ length: returns.length / WIDTH }, (_, i) => ({
    bar: bar + i,
    fold,
    probabilities: [...probabilities.subarray(i * CLASSES, (i + 1) * CLASSES)],
    returns: [...returns.subarray(i * WIDTH, (i + 1) * WIDTH)],
  }));
}

/** Adds what was said of some rows, and what came of them, by horizon. */
export function addOutcomes(
  dataset: Dataset,
  { probabilities, returns }: Answers,
  range: RowRange,
  outcomes: readonly Outcome[][],
): void {
  const rows = range.to - range.from;
  for (let horizon = 0; horizon < WIDTH; horizon++) {
    const last = lastKnown(dataset, horizon);
    for (let row = 0; row < rows; row++) {
      const cell = (range.from + row) * WIDTH + horizon;
      const actual = dataset.directions[cell]!;
      if (actual !== actual) continue;
      const at = row * CLASSES + horizon * 3;
      const [down, flat, up] = [probabilities[at]!, probabilities[at + 1]!, probabilities[at + 2]!];
      const predicted = flat >= down && flat >= up ? 0 : up >= down ? 1 : -1;
      outcomes[horizon]!.push({
        closeTime: dataset.closeTimes[range.from + row]!,
        predicted,
        leaning: up >= down ? 1 : -1,
        actual,
        last: last(range.from + row),
        probabilities: [down, flat, up],
        returns: { expected: returns[row * WIDTH + horizon]!, realised: dataset.returns[cell]! },
      });
    }
  }
}

/** Direction of the newest row whose outcome was known when a row closed; rows must be asked in order. */
function lastKnown(dataset: Dataset, horizon: number): (row: number) => number {
  let next = 0;
  let direction = NaN;
  return (row) => {
    while (next < row && dataset.resolvedAt[next * WIDTH + horizon]! <= dataset.closeTimes[row]!) {
      direction = dataset.directions[next * WIDTH + horizon]!;
      next++;
    }
    return direction;
  };
}

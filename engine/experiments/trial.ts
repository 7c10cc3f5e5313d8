import { CATALOGUE, FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import type { Calendar } from '../../actors/market/calendar.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { WARM_UP_BARS } from '../../actors/signal-actor.js';
import { DEFAULT_COSTS, marketOf } from '../backtest/market.js';
import { performanceOf, type Performance } from '../backtest/performance.js';
import { DEFAULT_RULE, positionsOf, type Forecast } from '../backtest/positions.js';
import { simulate, type Trade } from '../backtest/simulation.js';
import { heldRows, logLossOf } from '../learning/calibration.js';
import { buildDataset, type Dataset } from '../learning/dataset.js';
import { score, type HorizonScore, type Outcome } from '../learning/evaluation.js';
import type { Answers } from '../learning/families/family.js';
import { holdOut, walkForwardFolds, type Fold } from '../learning/split.js';
import { addOutcomes, answersOf } from '../learning/walk-forward.js';
import { familyOfCandidate, type Candidate } from './search-space.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;

/** Share of the rows, the newest, that no trial sees; and of the others, that which the trials are compared on. */
const HELD_BACK = 0.2;
const COMPARED = 0.25;

/** The market of an experiment, as every trial has it. */
export interface ExperimentMarket {
  readonly bars: readonly Bar[];
  readonly timeframe: Timeframe;
  readonly calendar: Calendar;
  readonly basis: PriceBasis;
}

/** What a trial came to, on rows that its model was neither fitted to nor calibrated on. */
export interface TrialScore {
  /** Mean negative log-likelihood over all horizons, and that of the base rates of the same rows. */
  readonly logLoss: number;
  readonly baseLogLoss: number;
  /** Annual Sharpe ratio of trading it by the default rule and costs; undefined when it never traded. */
  readonly sharpe: number | undefined;
}

/** How the winner did on the rows that no trial saw. */
export interface FinalScore extends TrialScore {
  readonly scores: readonly HorizonScore[];
  readonly performance: Performance;
  /** Close times of those rows. */
  readonly from: number;
  readonly through: number;
}

/** Rows of an experiment: fitted, calibrated and compared on by the trials; and the same with the rows that they never see. */
interface Split {
  readonly search: Fold;
  readonly final: Fold;
}

/** Runs the trials of one market; it computes the features once. */
export class Trials {
  readonly #market: ExperimentMarket;
  readonly #dataset: Dataset;
  readonly #split: Split;

  constructor(market: ExperimentMarket) {
    this.#market = market;
    this.#dataset = buildDataset(market.bars, BarGrid.of(market.timeframe, market.calendar));
    this.#split = splitOf(this.#dataset);
  }

  /** Rows that trials are fitted to, and those that none of them sees. */
  get sizes(): { readonly fitted: number; readonly compared: number; readonly unseen: number } {
    const { search, final } = this.#split;
    const length = ({ from, to }: Fold['test']): number => to - from;
    return {
      fitted: length(search.train),
      compared: length(search.test),
      unseen: length(final.test),
    };
  }

  /** Fits a candidate to the newest `share` of the rows for fitting, and scores it on the rows that trials are compared on. */
  async run(candidate: Candidate, share: number, seed: number): Promise<TrialScore> {
    const { train, validation, test } = this.#split.search;
    const from = train.to - Math.floor((train.to - train.from) * share);
    const { score: found } = await this.#fitted(
      candidate,
      { train: { from, to: train.to }, validation, test },
      seed,
    );
    return found;
  }

  /** Fits a candidate to all rows before those that no trial saw, and scores it on them. */
  async final(candidate: Candidate, seed: number, tried: Tried): Promise<FinalScore> {
    const { final } = this.#split;
    const { answers, score: found } = await this.#fitted(candidate, final, seed);
    const outcomes: Outcome[][] = HORIZONS.map(() => []);
    addOutcomes(this.#dataset, answers, final.test, outcomes);
    const lengthMs = timeframeMs(this.#market.timeframe);
    return {
      ...found,
      scores: outcomes.map((list, horizon) => score(horizon, list, lengthMs)),
      performance: this.#traded(answers, final, tried),
      from: this.#dataset.closeTimes[final.test.from]!,
      through: this.#dataset.closeTimes[final.test.to - 1]!,
    };
  }

  async #fitted(
    candidate: Candidate,
    fold: Fold,
    seed: number,
  ): Promise<{ readonly answers: Answers; readonly score: TrialScore }> {
    const dataset = withGroups(this.#dataset, candidate.groups);
    const fitted = await familyOfCandidate(candidate).fit(dataset, fold, { seed });
    // The file is asked with all features: what it was not given, it must not use.
    const answers = await answersOf(fitted.toOnnx(), this.#dataset, fold.test);
    const held = heldRows(
      this.#dataset,
      fold.test,
      HORIZONS.map(() => 1),
    );
    const counts = new Float64Array(CLASSES);
    held.classes.forEach((came, i) => (counts[i % CLASSES]! += came));
    const base = Float32Array.from(held.classes, (_, i) => {
      const first = Math.floor((i % CLASSES) / 3) * 3;
      return counts[i % CLASSES]! / (counts[first]! + counts[first + 1]! + counts[first + 2]!);
    });
    return {
      answers,
      score: {
        logLoss: logLossOf(held, answers.probabilities),
        baseLogLoss: logLossOf(held, base),
        sharpe: this.#traded(answers, fold, { trials: 1, sharpeSpread: undefined }).sharpe?.annual,
      },
    };
  }

  #traded({ probabilities, returns }: Answers, { test }: Fold, tried: Tried): Performance {
    const { bars, timeframe, calendar, basis } = this.#market;
    const forecasts: Forecast[] = Array.from({ length: test.to - test.from }, (_, i) => ({
      bar: test.from + i + WARM_UP_BARS - 1,
      fold: 0,
      probabilities: [...probabilities.subarray(i * CLASSES, (i + 1) * CLASSES)],
      returns: [...returns.subarray(i * WIDTH, (i + 1) * WIDTH)],
    }));
    const market = marketOf(bars, BarGrid.of(timeframe, calendar), basis, DEFAULT_COSTS);
    const range = { from: test.from + WARM_UP_BARS - 1, to: test.to + WARM_UP_BARS - 1 };
    const trades: Trade[] = [];
    const positions = positionsOf(forecasts, DEFAULT_RULE, market);
    const run = simulate(market, positions, range, DEFAULT_COSTS, (trade) => trades.push(trade));
    const spanMs = market.closeTimes[range.to - 1]! - market.openTimes[range.from]!;
    return performanceOf(run, trades, spanMs, tried.trials, tried.sharpeSpread);
  }
}

/** What else was tried, for the deflated Sharpe ratio. */
export interface Tried {
  readonly trials: number;
  /** Standard deviation of their annual Sharpe ratios, undefined with fewer than two. */
  readonly sharpeSpread: number | undefined;
}

function splitOf(dataset: Dataset): Split {
  const [final] = walkForwardFolds(dataset, 1, HELD_BACK);
  // Labels of the rows that are searched were known before the first row that no trial sees.
  const { validation } = holdOut(dataset, Math.floor(dataset.rows * (1 - HELD_BACK)), 0.2);
  const [search] = walkForwardFolds({ ...dataset, rows: validation.to }, 1, COMPARED);
  return { search: search!, final: final! };
}

/** The rows with the features of other groups unknown throughout, so that nothing can be learned from them. */
function withGroups(dataset: Dataset, groups: readonly string[]): Dataset {
  const hidden = CATALOGUE.flatMap(({ group }, column) => (groups.includes(group) ? [] : [column]));
  if (hidden.length === 0) return dataset;
  const features = dataset.features.slice();
  for (let row = 0; row < dataset.rows; row++)
    for (const column of hidden) features[row * FEATURE_COUNT + column] = NaN;
  return { ...dataset, features };
}

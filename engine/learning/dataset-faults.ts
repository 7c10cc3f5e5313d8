import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { WARM_UP_BARS } from '../../actors/signal-actor.js';
import { SuhoError } from '../errors.js';
import type { Dataset } from './dataset.js';

const WIDTH = HORIZONS.length;
const DIRECTIONS = ['down', 'flat', 'up'] as const;

/** Throws `BAD_INPUT` when `what` wants more rows than there are, or nothing can be learned from them. */
export function checkLearnable(dataset: Dataset, timeframe: Timeframe, what: string, needed: number): void {
  if (dataset.rows < needed)
    throw new SuhoError(
      'BAD_INPUT',
      `${what} needs ${needed} ${timeframe} bars after the first ${WARM_UP_BARS - 1} that warm up the features; there are ${dataset.rows}.`,
    );
  const fault = datasetFault(dataset);
  if (fault !== undefined) throw new SuhoError('BAD_INPUT', fault);
}

/** Why nothing can be learned from rows, undefined when nothing speaks against it. */
export function datasetFault(dataset: Dataset): string | undefined {
  if (isConstant(dataset))
    return `None of the ${FEATURE_COUNT} features changes over these ${dataset.rows} rows: there is nothing to learn from. Check that their prices are those of a market.`;
  const seen = HORIZONS.map((_, horizon) => directionsSeen(dataset, horizon));
  if (seen.some((directions) => directions.size > 1)) return undefined;
  const only = seen.map(([direction], horizon) => {
    const what = direction === undefined ? 'unknown' : DIRECTIONS[direction + 1]!;
    return `${HORIZONS[horizon]!}: ${what}`;
  });
  return `The outcomes of these ${dataset.rows} rows are all the same (${only.join(', ')}): a model learns from moves up and down. Give a history that has both.`;
}

function isConstant({ features, rows }: Dataset): boolean {
  for (let i = FEATURE_COUNT; i < rows * FEATURE_COUNT; i++) {
    const [x, first] = [features[i]!, features[i % FEATURE_COUNT]!];
    if (x !== first && (x === x || first === first)) return false;
  }
  return true;
}

function directionsSeen({ directions }: Dataset, horizon: number): Set<number> {
  const seen = new Set<number>();
  for (let i = horizon; i < directions.length; i += WIDTH) {
    const direction = directions[i]!;
    if (direction === direction) seen.add(direction);
  }
  return seen;
}

import type { PairQuery, PredictionHistory, StoredPair } from '../prediction-store/prediction-store.js';
import { Comparison, type ComparisonFigures, type PairedOutcome } from './comparison.js';

/** Outcomes read at a time. */
const PAGE = 2_000;

function outcomeOf({ challengerArm, production, challenger, ...rest }: StoredPair): PairedOutcome {
  const forecast = ({ direction, ...shares }: StoredPair['production']): PairedOutcome['production'] => ({
    ...shares,
    acts: direction === 'LONG' ? 1 : direction === 'SHORT' ? -1 : 0,
  });
  return {
    ...rest,
    isCanary: challengerArm === 'canary',
    production: forecast(production),
    challenger: forecast(challenger),
  };
}

/** Of whose bars two models are compared, and over which horizon. */
export interface ComparedOutcomes extends Omit<PairQuery, 'after' | 'limit'> {
  readonly tenantId: string;
}

/** Reads outcomes of bars after a close time into a comparison; the close time of the newest. */
export async function readOutcomes(
  outcomes: Pick<PredictionHistory, 'pairs'>,
  { tenantId, ...of }: ComparedOutcomes,
  comparison: Comparison,
  after: number,
): Promise<number> {
  for (let through = after; ;) {
    const pairs = await outcomes.pairs(tenantId, { ...of, after: through, limit: PAGE });
    for (const pair of pairs) comparison.observe(outcomeOf(pair));
    through = pairs.at(-1)?.closeTime ?? through;
    if (pairs.length < PAGE) return through;
  }
}

/** Compares two models by every bar that both answered. */
export async function compareOutcomes(
  outcomes: Pick<PredictionHistory, 'pairs'>,
  worthHaving: number,
  of: ComparedOutcomes,
): Promise<ComparisonFigures> {
  const comparison = new Comparison(worthHaving);
  await readOutcomes(outcomes, of, comparison, 0);
  return comparison.figures();
}

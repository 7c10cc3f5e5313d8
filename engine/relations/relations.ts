import type { Bar } from '../../actors/market/bar.js';
import { normalCdf } from '../learning/normal.js';

/** Lags of each return's own correlation that count for how many of the returns stand alone. */
const MEMORY = 10;
/** Returns a window needs for a correlation to say anything. */
const RETURNS_MIN = 60;

/** One market's bars, by close time. */
export interface MarketSeries {
  readonly symbol: string;
  readonly bars: readonly Bar[];
  /** Close time of a bar. */
  readonly closeOf: (openTime: number) => number;
}

export interface RelationOptions {
  /** Moment it is asked at: bars that closed later do not exist. */
  readonly at: number;
  /** Bars a correlation is computed over. */
  readonly window: number;
  /** Bars that one market may lead by, at most. */
  readonly lagMax: number;
  /** Share of the relations that are reported which may be false. */
  readonly falseDiscoveries: number;
}

/** How relations are looked for unless it is said. */
export const DEFAULT_RELATIONS = { window: 1_000, lagMax: 6, falseDiscoveries: 0.05 } as const satisfies Omit<
  RelationOptions,
  'at'
>;

/** Bars of a market that those relations look at: the window, the one before it, and the bars that one market may lead by. */
export const RELATION_BARS = 2 * DEFAULT_RELATIONS.window + DEFAULT_RELATIONS.lagMax + 1;

/** One relation between two markets that is not chance, as it was known at a moment. */
export interface MarketRelation {
  readonly from: string;
  readonly to: string;
  /** Bars by which `from` leads; 0 when they move together. */
  readonly lag: number;
  /** Correlation of the returns, as it is found, and shrunk towards 0. */
  readonly correlation: number;
  readonly shrunk: number;
  /** Chance of one as strong without a relation, and the same adjusted for all that were looked at. */
  readonly pValue: number;
  readonly qValue: number;
  /** The same correlation in the window before, undefined where there is none. */
  readonly before: number | undefined;
  /** Returns that were compared, and how many of them stand alone. */
  readonly returns: number;
  readonly effective: number;
  /** Close time of the newest bar that was looked at. */
  readonly knownAt: number;
}

/** What was looked at, and what was found. */
export interface RelationReport {
  readonly tested: number;
  /** Share of each correlation that shrinking took. */
  readonly shrinkage: number;
  readonly relations: readonly MarketRelation[];
}

interface Tested extends Omit<MarketRelation, 'qValue' | 'shrunk'> {
  readonly variance: number;
}

/**
 * Relations between markets at a moment: correlations of their returns over the last `window` bars that both have, at the same time
 * and with either leading by up to `lagMax` bars.
 *
 * Significance is Fisher's z with the returns that stand alone, by both markets' own correlations over time (Bartlett 1935). False
 * discoveries among all pairs and lags are controlled under any dependence (Benjamini & Yekutieli 2001). Correlations are shrunk
 * towards 0 by one share, which makes their expected squared error least (Schäfer & Strimmer 2005).
 */
export function relationsOf(markets: readonly MarketSeries[], options: RelationOptions): RelationReport {
  return reportOf([...testedPairs(markets, options)].flat(), options);
}

/** The same, with a turn for others after each pair of markets: a pair takes some milliseconds. */
export async function relationsInTurns(
  markets: readonly MarketSeries[],
  options: RelationOptions,
  turn: () => Promise<void>,
): Promise<RelationReport> {
  const tested: Tested[] = [];
  for (const pair of testedPairs(markets, options)) {
    tested.push(...pair);
    await turn();
  }
  return reportOf(tested, options);
}

/** Every lag of one pair after the other. */
function* testedPairs(markets: readonly MarketSeries[], options: RelationOptions): Generator<Tested[]> {
  for (const [i, a] of markets.entries())
    for (const b of markets.slice(i + 1)) {
      const shared = sharedReturns(a, b, options.at);
      const tested: Tested[] = [];
      for (let lag = -options.lagMax; lag <= options.lagMax; lag++) {
        const found = test(a.symbol, b.symbol, shared, lag, options.window);
        if (found !== undefined) tested.push(found);
      }
      yield tested;
    }
}

function reportOf(tested: readonly Tested[], options: RelationOptions): RelationReport {
  const shrinkage = shrinkageOf(tested);
  const qValues = benjaminiYekutieli(tested.map(({ pValue }) => pValue));
  const relations = tested.flatMap(({ variance, ...relation }, i) =>
    qValues[i]! <= options.falseDiscoveries && variance > 0
      ? [{ ...relation, qValue: qValues[i]!, shrunk: relation.correlation * (1 - shrinkage) }]
      : [],
  );
  relations.sort((a, b) => Math.abs(b.shrunk) - Math.abs(a.shrunk));
  return { tested: tested.length, shrinkage, relations };
}

interface SharedReturns {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly knownAt: number;
}

/** Log returns of two markets between the moments at which both have a close, up to a moment. */
function sharedReturns(a: MarketSeries, b: MarketSeries, at: number): SharedReturns {
  const closes = new Map(b.bars.map((bar) => [b.closeOf(bar.openTime), bar.close]));
  const pairs: (readonly [number, number, number])[] = [];
  for (const bar of a.bars) {
    const time = a.closeOf(bar.openTime);
    const other = time <= at ? closes.get(time) : undefined;
    if (other !== undefined) pairs.push([time, bar.close, other]);
  }
  const returns = (of: 1 | 2): Float64Array =>
    Float64Array.from({ length: Math.max(0, pairs.length - 1) }, (_, i) =>
      Math.log(pairs[i + 1]![of] / pairs[i]![of]),
    );
  return { a: returns(1), b: returns(2), knownAt: pairs.at(-1)?.[0] ?? 0 };
}

/** Tests one lag of one pair: above 0 the first leads, below 0 the second. */
function test(a: string, b: string, shared: SharedReturns, lag: number, window: number): Tested | undefined {
  const [leader, follower] = lag >= 0 ? [shared.a, shared.b] : [shared.b, shared.a];
  const by = Math.abs(lag);
  const end = leader.length - by;
  const from = Math.max(0, end - window);
  const returns = end - from;
  if (returns < RETURNS_MIN) return undefined;
  const x = leader.subarray(from, end);
  const y = follower.subarray(from + by, end + by);
  const correlation = lagged(x, y, 0);
  if (correlation === undefined) return undefined;
  const effective = effectiveReturns(x, y);
  const z = Math.atanh(Math.max(-0.999_999, Math.min(0.999_999, correlation))) * Math.sqrt(effective - 3);
  const earlier = from - window;
  return {
    from: lag >= 0 ? a : b,
    to: lag >= 0 ? b : a,
    lag: by,
    correlation,
    pValue: 2 * normalCdf(-Math.abs(z)),
    before:
      earlier < 0
        ? undefined
        : lagged(leader.subarray(earlier, from), follower.subarray(earlier + by, from + by), 0),
    returns,
    effective,
    knownAt: shared.knownAt,
    variance: (1 - correlation * correlation) ** 2 / effective,
  };
}

/** Correlation of x with y `lag` later; undefined when either stands still. */
function lagged(x: Float64Array, y: Float64Array, lag: number): number | undefined {
  const n = x.length - lag;
  let [sumX, sumY] = [0, 0];
  for (let i = 0; i < n; i++) {
    sumX += x[i]!;
    sumY += y[i + lag]!;
  }
  let [squaresX, squaresY, product] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [x[i]! - sumX / n, y[i + lag]! - sumY / n];
    squaresX += dx * dx;
    squaresY += dy * dy;
    product += dx * dy;
  }
  const spread = Math.sqrt(squaresX * squaresY);
  return spread > 0 ? product / spread : undefined;
}

/** Returns that stand alone: n / (1 + 2 Σ r(k) s(k)), with both sides' own correlations; never more than n, never fewer than 4. */
function effectiveReturns(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let lag = 1; lag <= MEMORY; lag++)
    sum += (1 - lag / x.length) * (lagged(x, x, lag) ?? 0) * (lagged(y, y, lag) ?? 0);
  return Math.max(4, Math.min(x.length, x.length / Math.max(1e-9, 1 + 2 * sum)));
}

function shrinkageOf(tested: readonly Tested[]): number {
  let [variances, squares] = [0, 0];
  for (const { variance, correlation } of tested) {
    variances += variance;
    squares += correlation * correlation;
  }
  return squares > 0 ? Math.min(1, variances / squares) : 1;
}

/** P-values adjusted so that, of those at or below a share, no more than that share is expected to be false. */
export function benjaminiYekutieli(pValues: readonly number[]): number[] {
  const m = pValues.length;
  let harmonic = 0;
  for (let i = 1; i <= m; i++) harmonic += 1 / i;
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[b]! - pValues[a]!);
  const adjusted: number[] = pValues.map(() => 1);
  let least = 1;
  order.forEach((which, i) => {
    least = Math.min(least, (pValues[which]! * m * harmonic) / (m - i));
    adjusted[which] = least;
  });
  return adjusted;
}

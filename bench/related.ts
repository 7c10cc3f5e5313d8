import { FEATURE_COUNT } from '../actors/features/catalogue.js';
import { HORIZONS } from '../actors/features/labels.js';
import { vote, type Neighbour } from '../actors/signals/pattern-vote.js';
import { MODEL_WEIGHT } from '../actors/signals/aggregation.js';
import { EMBEDDING } from '../engine/inference/slab.js';
import { priors } from '../engine/learning/calibration.js';
import type { Dataset } from '../engine/learning/dataset.js';
import type { History } from '../engine/learning/encoder.js';
import { BOOSTED_RULES } from '../engine/learning/families/boosted.js';
import { walkForwardFolds, type RowRange } from '../engine/learning/split.js';
import { Binning } from '../engine/learning/trees/binning.js';
import { boost, logitsOf, type ClassedRows } from '../engine/learning/trees/booster.js';
import type { PartitionKey } from '../engine/patterns/pattern-index.js';
import { UsearchPatternIndex } from '../engine/patterns/usearch-pattern-index.js';
import type { MarketRelation } from '../engine/relations/relations.js';
import { dailyRelations, embedded, firstAfter, marketsOf, type Market } from './related-markets.js';
import { report } from './report.js';

const WIDTH = HORIZONS.length;
const WEEK = 7 * 86_400_000;
/** Every so many rows a moment is asked for: no multiple of a day, so that every hour comes. */
const EVERY = Number(process.env['SUHO_BENCH_EVERY'] ?? 7);
const NEIGHBOURS = 64;
const FOLDS = 4;
/** Bars ago of another market's returns, 0 with the row's own bar. */
const LAGS = [0, 1, 2, 3, 4, 5, 6];
/** Bars that returns of another market are scaled by. */
const SCALE_BARS = 100;

type Columns = Float32Array;
type Relations = (at: number) => readonly MarketRelation[];

/**
 * What relations between hourly markets are worth: to the vote of similar moments, and as further columns of boosted trees.
 * SUHO_BENCH_MARKETS names CSV files with commas between, the first symbol's own encoder being everyone's.
 */
export async function benchRelated(): Promise<void> {
  const files = (process.env['SUHO_BENCH_MARKETS'] ?? '').split(',').filter((file) => file !== '');
  if (files.length < 2) {
    report('related markets', ['NO MARKETS: SUHO_BENCH_MARKETS names two files of hourly bars or more'], []);
    return;
  }
  const markets = await marketsOf(files);
  const relations = dailyRelations(markets);
  const shared = await embedded(markets[0]!, markets);
  const lines: string[] = [];
  const say = (line: string): void => {
    lines.push(line);
    process.stdout.write(`  ${line}\n`);
  };
  for (const [i, market] of markets.entries()) {
    const own = i === 0 ? shared[0]! : (await embedded(market, [market]))[0]!;
    for (const line of votesOf(market, markets, own, shared, relations)) say(line);
  }
  for (const market of markets) say(asFeatures(market, markets, relations));
  report('related markets', lines, { files, every: EVERY });
}

/** Log-losses of base rates with a vote added, by the market's own encoder, the shared one, and with related markets. */
function votesOf(
  market: Market,
  markets: readonly Market[],
  own: History,
  shared: readonly History[],
  relations: Relations,
): string[] {
  const key = (symbol: string): PartitionKey => ({
    tenantId: 'bench',
    embeddingVersion: 'e',
    symbol,
    timeframe: '1h',
  });
  const ownIndex = new UsearchPatternIndex();
  ownIndex.add(key(market.symbol), patternsOf(own));
  const index = new UsearchPatternIndex();
  markets.forEach(({ symbol }, i) => index.add(key(symbol), patternsOf(shared[i]!)));
  const at = markets.indexOf(market);
  const { dataset } = market;
  const half = walkForwardFolds(dataset, 1, 0.5)[0]!;
  const base = priors(dataset, half.train).map(Math.exp);
  const losses = Array.from({ length: 3 }, () => HORIZONS.map(() => [] as number[]));
  const weeks: number[] = [];
  let [others, all] = [0, 0];
  for (let row = half.test.from; row < own.closeTimes.length; row += EVERY) {
    const asOf = own.closeTimes[row]!;
    const related = relatedOf(market.symbol, relations(asOf));
    const query = { k: NEIGHBOURS, asOf };
    const vectorOf = (of: History): Float32Array =>
      of.vectors.subarray(row * EMBEDDING, (row + 1) * EMBEDDING);
    const mine = { ...query, vector: vectorOf(shared[at]!) };
    const wide = index.search(key(market.symbol), { ...mine, related });
    others += wide.filter(({ symbol }) => symbol !== market.symbol).length;
    all += wide.length;
    const searches = [
      ownIndex.search(key(market.symbol), { ...query, vector: vectorOf(own) }),
      index.search(key(market.symbol), mine),
      wide,
    ];
    weeks.push(Math.floor(asOf / WEEK));
    searches.forEach((found, s) => addLosses(dataset, row, base, found, losses[s]!));
  }
  const told = HORIZONS.map((horizon, h) => {
    const [a, b, c] = losses.map((of) => mean(of[h]!)) as [number, number, number];
    const gain = weekly(losses[0]![h]!, losses[2]![h]!, weeks);
    return `${horizon} ${a.toFixed(4)}, ${b.toFixed(4)}, ${c.toFixed(4)} (better than own by ${gain})`;
  });
  return [
    `${market.symbol}, ${weeks.length} moments, ${((100 * others) / all).toFixed(0)} % of the neighbours of others: own encoder, shared, with related: ${told.join('; ')}`,
  ];
}

function patternsOf({
  closeTimes,
  resolvedAt,
  vectors,
  directions,
  returns,
}: History): Parameters<UsearchPatternIndex['add']>[1] {
  return Array.from(closeTimes, (closeTime, i) => ({
    closeTime,
    resolvedAt: resolvedAt[i]!,
    vector: vectors.subarray(i * EMBEDDING, (i + 1) * EMBEDDING),
    directions: Array.from(directions.subarray(i * WIDTH, (i + 1) * WIDTH)),
    returns: Array.from(returns.subarray(i * WIDTH, (i + 1) * WIDTH)),
  }));
}

function relatedOf(symbol: string, relations: readonly MarketRelation[]): string[] {
  const others = relations.flatMap(({ from, to }) => (from === symbol ? [to] : to === symbol ? [from] : []));
  return [...new Set(others)];
}

/** Adds the log-loss of each horizon's outcome of a row, by base rates worth some observations and what was found as further ones. */
function addLosses(
  dataset: Dataset,
  row: number,
  base: readonly number[],
  found: readonly Neighbour[],
  losses: readonly number[][],
): void {
  const { votes } = vote('e', found);
  votes.forEach(({ shares, effectiveSampleSize: size }, horizon) => {
    const outcome = dataset.directions[row * WIDTH + horizon]! + 1;
    const prior = base[horizon * 3 + outcome]!;
    const p = (MODEL_WEIGHT * prior + size * shares[outcome]!) / (MODEL_WEIGHT + size);
    losses[horizon]!.push(-Math.log(p));
  });
}

function mean(of: readonly number[]): number {
  return of.reduce((sum, x) => sum + x, 0) / of.length;
}

/** Mean of a less b with its standard error, by weeks: what lies in one week may hang together. */
function weekly(a: readonly number[], b: readonly number[], weeks: readonly number[]): string {
  const sums = new Map<number, number>();
  const average = mean(a) - mean(b);
  a.forEach((x, i) => sums.set(weeks[i]!, (sums.get(weeks[i]!) ?? 0) + x - b[i]! - average));
  const squares = [...sums.values()].reduce((sum, s) => sum + s * s, 0);
  return `${average.toFixed(4)} ± ${(Math.sqrt(squares) / a.length).toFixed(4)}`;
}

/** What boosted trees gain over the next hour from columns of the other markets, in walk-forward folds. */
function asFeatures(market: Market, markets: readonly Market[], relations: Relations): string {
  const { dataset } = market;
  const extra = markets
    .filter((other) => other !== market)
    .map((other) => columnsOf(market, other, relations));
  const width = FEATURE_COUNT + extra.reduce((sum, columns) => sum + columns.length / dataset.rows, 0);
  const wide = new Float32Array(dataset.rows * width);
  for (let row = 0; row < dataset.rows; row++) {
    wide.set(dataset.features.subarray(row * FEATURE_COUNT, (row + 1) * FEATURE_COUNT), row * width);
    let to = row * width + FEATURE_COUNT;
    for (const columns of extra) {
      const own = columns.length / dataset.rows;
      wide.set(columns.subarray(row * own, (row + 1) * own), to);
      to += own;
    }
  }
  const losses: [number[], number[]] = [[], []];
  const right: [number, number] = [0, 0];
  const weeks: number[] = [];
  let moved = 0;
  for (const fold of walkForwardFolds(dataset, FOLDS, 0.5)) {
    const predictors = [
      fitted(dataset, dataset.features, FEATURE_COUNT, fold.train, fold.validation),
      fitted(dataset, wide, width, fold.train, fold.validation),
    ];
    for (let row = fold.test.from; row < fold.test.to; row++) {
      const direction = dataset.directions[row * WIDTH]!;
      if (Number.isNaN(direction)) continue;
      weeks.push(Math.floor(dataset.closeTimes[row]! / WEEK));
      if (direction !== 0) moved++;
      predictors.forEach((predict, i) => {
        const p = predict(row);
        losses[i]!.push(-Math.log(Math.max(1e-9, p[direction + 1]!)));
        if (direction !== 0 && (p[2]! >= p[0]! ? 1 : -1) === direction) right[i]!++;
      });
    }
  }
  const percent = (n: number): string => `${((100 * n) / moved).toFixed(2)} %`;
  return `${market.symbol} over 1h, boosted trees of ${FEATURE_COUNT} and of ${width} columns: log-loss ${mean(losses[0]).toFixed(4)}, ${mean(losses[1]).toFixed(4)} (better by ${weekly(losses[0], losses[1], weeks)}); direction ${percent(right[0])}, ${percent(right[1])}`;
}

/** Returns of another market at and before each row, scaled by its own size, and the relation at the row's time by lag. */
function columnsOf(market: Market, other: Market, relations: Relations): Columns {
  const { dataset, symbol } = market;
  const width = LAGS.length + 1;
  const columns = new Float32Array(dataset.rows * width).fill(NaN);
  const returns = other.bars.map((bar, i) => (i === 0 ? 0 : Math.log(bar.close / other.bars[i - 1]!.close)));
  for (let row = 0; row < dataset.rows; row++) {
    const at = dataset.closeTimes[row]!;
    const newest = firstAfter(other, at) - 1;
    const scale = deviation(returns.slice(Math.max(0, newest - SCALE_BARS), newest + 1));
    // A market that is closed while this one trades says nothing of now.
    const isThere = newest >= 0 && other.closeOf(other.bars[newest]!.openTime) === at;
    for (const lag of LAGS)
      if (isThere && newest >= lag && scale > 0) columns[row * width + lag] = returns[newest - lag]! / scale;
    const together = relations(at).find(
      ({ from, to, lag }) => lag === 0 && [from, to].includes(symbol) && [from, to].includes(other.symbol),
    );
    columns[row * width + LAGS.length] = together?.shrunk ?? 0;
  }
  return columns;
}

function deviation(of: readonly number[]): number {
  return Math.sqrt(mean(of.map((x) => x * x)));
}

/** Boosted trees of the engine's own rules, over the first horizon. */
function fitted(
  dataset: Dataset,
  features: Float32Array,
  columns: number,
  train: RowRange,
  validation: RowRange,
): (row: number) => readonly number[] {
  const binning = Binning.of(features, columns, train, BOOSTED_RULES.bins);
  const classed = ({ from, to }: RowRange): ClassedRows => ({
    bins: binning.bin(features, { from, to }),
    classes: Int8Array.from({ length: to - from }, (_, i) => {
      const direction = dataset.directions[(from + i) * WIDTH]!;
      return Number.isNaN(direction) ? -1 : direction + 1;
    }),
  });
  const base = priors(dataset, train).slice(0, 3);
  const booster = boost(binning, classed(train), classed(validation), base, BOOSTED_RULES, { seed: 7 });
  return (row) => {
    const logits = logitsOf(booster, features, row * columns);
    const parts = logits.map((x) => Math.exp(x - Math.max(...logits)));
    const total = parts.reduce((sum, part) => sum + part, 0);
    return parts.map((part) => part / total);
  };
}

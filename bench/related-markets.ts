import path from 'node:path';
import { BarGrid } from '../actors/market/bar-grid.js';
import { buildDataset, type Dataset } from '../engine/learning/dataset.js';
import { trainEncoder, history, type History } from '../engine/learning/encoder.js';
import { walkForwardFolds } from '../engine/learning/split.js';
import {
  DEFAULT_RELATIONS,
  RELATION_BARS,
  relationsOf,
  type MarketRelation,
  type MarketSeries,
} from '../engine/relations/relations.js';
import { barsOf } from './market-bars.js';

const DAY = 86_400_000;

/** A market over the time that all of them have. */
export interface Market extends MarketSeries {
  readonly dataset: Dataset;
}

/** Hourly markets of some files, cut to the time that all have. */
export async function marketsOf(files: readonly string[]): Promise<Market[]> {
  const all = await Promise.all(files.map(async (file) => await barsOf(file, '1h')));
  const from = Math.max(...all.map((bars) => bars[0]!.openTime));
  const to = Math.min(...all.map((bars) => bars.at(-1)!.openTime));
  const grid = BarGrid.of('1h');
  return files.map((file, i) => {
    const bars = all[i]!.filter(({ openTime }) => openTime >= from && openTime <= to);
    const symbol = path.basename(file).split(/[_.]/)[0]!;
    return {
      symbol,
      bars,
      closeOf: (openTime) => grid.closeOf(openTime),
      dataset: buildDataset(bars, grid),
    };
  });
}

/** Relations between markets as known at a moment, computed once a day of market time: of the day's first question. */
export function dailyRelations(markets: readonly MarketSeries[]): (at: number) => readonly MarketRelation[] {
  const known = new Map<number, readonly MarketRelation[]>();
  return (at) => {
    const day = Math.floor(at / DAY);
    let relations = known.get(day);
    if (relations === undefined) {
      const newest = markets.map((market) => {
        const to = firstAfter(market, at);
        return { ...market, bars: market.bars.slice(Math.max(0, to - RELATION_BARS), to) };
      });
      ({ relations } = relationsOf(newest, { at, ...DEFAULT_RELATIONS }));
      known.set(day, relations);
    }
    return relations;
  };
}

/** Place of the first bar of a market that closes after a moment. */
export function firstAfter({ bars, closeOf }: MarketSeries, at: number): number {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (closeOf(bars[middle]!.openTime) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The moments of markets as an encoder embeds them that knows the older half of one of them. */
export async function embedded(home: Market, markets: readonly Market[]): Promise<History[]> {
  const [{ train }] = walkForwardFolds(home.dataset, 1, 0.5) as [ReturnType<typeof walkForwardFolds>[0]];
  const encoder = await trainEncoder(home.dataset, train, { seed: 7 }, '1h', {});
  const histories: History[] = [];
  for (const { dataset } of markets) histories.push(await history(encoder, dataset));
  return histories;
}

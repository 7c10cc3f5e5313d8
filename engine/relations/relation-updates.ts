import type { Logger } from 'pino';
import { BarGrid } from '../../actors/market/bar-grid.js';
import type { Calendars } from '../calendars.js';
import { turnOf, type Clock } from '../clock.js';
import { messageOf } from '../errors.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import { seriesIdentity } from '../instruments/ids.js';
import type { RelationStore } from './relation-store.js';
import { DEFAULT_RELATIONS, RELATION_BARS, relationsInTurns, type MarketSeries } from './relations.js';

/** Market time after which relations are computed again. */
const EVERY_MS = 86_400_000;

export interface RelationUpdatesParts {
  readonly features: Pick<FeatureStore, 'bars'>;
  readonly store: Pick<RelationStore, 'keep'>;
  readonly calendars: Calendars;
  readonly clock: Clock;
  /** Ids of the series on a timeframe that a tenant has signals on. */
  readonly seriesOf: (tenantId: string, timeframe: string) => readonly string[];
  readonly log: Logger;
}

/** Keeps the relations between the markets that a tenant has signals on: computed once a day of market time, one at a time. */
export class RelationUpdates {
  readonly #parts: RelationUpdatesParts;
  /** Moment of the newest relations that were computed or begun, by tenant and timeframe. */
  readonly #begun = new Map<string, number>();
  #last: Promise<void> = Promise.resolve();

  constructor(parts: RelationUpdatesParts) {
    this.#parts = parts;
  }

  /** Takes note that relations known at one moment were asked for at another; computes new ones where they are old. */
  see(tenantId: string, timeframe: string, asOf: number, knownAt: number): void {
    const key = `${tenantId}|${timeframe}`;
    const newest = Math.max(knownAt, this.#begun.get(key) ?? -Infinity);
    if (asOf - newest < EVERY_MS) return;
    this.#begun.set(key, asOf);
    this.#last = this.#last.then(async () => await this.#update(tenantId, timeframe, asOf));
  }

  async #update(tenantId: string, timeframe: string, at: number): Promise<void> {
    const { features, store, calendars, clock, seriesOf, log } = this.#parts;
    try {
      const markets = new Map<string, MarketSeries>();
      for (const id of seriesOf(tenantId, timeframe)) {
        const identity = seriesIdentity(id);
        // One feed of a symbol stands for it.
        if (markets.has(identity.symbol)) continue;
        const grid = BarGrid.of(identity.timeframe, calendars.get(identity.calendar));
        const closeOf = (openTime: number): number => grid.closeOf(openTime);
        markets.set(identity.symbol, {
          symbol: identity.symbol,
          bars: await features.bars(identity, at, RELATION_BARS),
          closeOf,
        });
      }
      if (markets.size < 2) return;
      const report = await relationsInTurns(
        [...markets.values()],
        { at, ...DEFAULT_RELATIONS },
        async () => await turnOf(clock),
      );
      await store.keep({ tenantId, timeframe, at, relations: report.relations });
    } catch (error) {
      log.warn({ tenantId, timeframe, error: messageOf(error) }, 'relations between markets not updated');
    }
  }
}

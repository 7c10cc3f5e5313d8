import type { MarketRelation } from './relations.js';

/** Relations of a tenant's markets on one timeframe, as they were known at a moment. */
export interface RelationSnapshot {
  /** `platform` for everyone's markets. */
  readonly tenantId: string;
  readonly timeframe: string;
  /** Moment they were asked at, epoch milliseconds. */
  readonly at: number;
  readonly relations: readonly MarketRelation[];
}

/** Keeps relations between markets beside the index of similar moments. */
export interface RelationStore {
  /** Keeps a snapshot; the same tenant, timeframe and moment again replaces it. Throws `STORE_UNAVAILABLE`. */
  keep(snapshot: RelationSnapshot): Promise<void>;
  /** The newest snapshot that was known at a moment; undefined when there is none. */
  asOf(tenantId: string, timeframe: string, at: number): Promise<RelationSnapshot | undefined>;
}

import type { Logger } from 'pino';
import type { Timeframe } from '../actors/market/timeframe.js';
import type { Calendars } from './calendars.js';
import { SYSTEM_CLOCK } from './clock.js';
import type { Config } from './config.js';
import type { FeatureStore } from './feature-store/feature-store.js';
import { instrumentOfSeries, seriesIdentity } from './instruments/ids.js';
import type { Instruments } from './instruments/instruments.js';
import type { DataFolder } from './journal/data-folder.js';
import type { PartitionKey } from './patterns/pattern-index.js';
import { openRelations } from './relations/open.js';
import { RelatedMarkets } from './relations/related-markets.js';
import { RelationUpdates } from './relations/relation-updates.js';

/** How long relations pass for the newest: those that another process keeps are seen after this. */
const REMEMBER_MS = 60_000;

/** Symbols related to a partition's, as known at a moment. */
export type RelatedTo = (partition: PartitionKey, asOf: number) => Promise<readonly string[]>;

/**
 * What says which markets are related; undefined where only a market's own moments are searched. `patient` rooms take what was kept up
 * to each moment and compute nothing: what is replayed must not depend on how fast the machine is, nor on another process.
 */
export function wireRelations(
  config: Config,
  { features, folder }: { readonly features: FeatureStore; readonly folder: DataFolder },
  calendars: Calendars,
  instruments: () => Instruments,
  patient: boolean,
  log: Logger,
): RelatedTo | undefined {
  const { relatedMarkets: max } = config.patterns;
  if (max === 0) return undefined;
  const clock = SYSTEM_CLOCK;
  const store = openRelations(patient ? { url: undefined } : config.weaviate, folder.path);
  const seriesOf = (tenantId: string, timeframe: string): string[] =>
    [...instruments().all()]
      .filter((instrument) => instrument.follows(tenantId, timeframe as Timeframe))
      .map((instrument) => instrument.seriesId(timeframe as Timeframe));
  const updates = new RelationUpdates({ features, store, calendars, clock, seriesOf, log });
  const markets = new RelatedMarkets({
    store,
    clock,
    max,
    rememberMs: patient ? 0 : REMEMBER_MS,
    ...(patient ? {} : { onAsked: (...asked) => updates.see(...asked) }),
  });
  return async (partition, asOf) => await markets.of(partition, asOf);
}

/** Says which series a first model may take its encoder from; undefined where only a market's own moments are searched. */
export function besidesOf(
  { patterns }: Config,
  instruments: Instruments,
): ((seriesId: string) => readonly string[]) | undefined {
  return patterns.relatedMarkets === 0 ? undefined : (seriesId) => seriesBeside(instruments, seriesId);
}

/** Ids of the other series with signals of one's owner and timeframe, in their order. */
function seriesBeside(instruments: Instruments, seriesId: string): string[] {
  const { tenantId, timeframe } = seriesIdentity(seriesId);
  return [...instruments.all()]
    .filter(({ id }) => id !== instrumentOfSeries(seriesId))
    .filter(({ definition }) => definition.signals.some((signal) => signal.timeframe === timeframe))
    .map((instrument) => instrument.seriesId(timeframe))
    .filter((id) => seriesIdentity(id).tenantId === tenantId)
    .toSorted();
}
